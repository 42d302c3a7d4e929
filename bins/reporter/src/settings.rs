//! `belisha-reporter settings`.

use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::{Action, Scope};
use belisha_school::in_force::{self, ApplyError};
use chrono::Utc;

use crate::args::{Args, SettingsAction, fail};
use crate::opened;
use crate::session::Session;

pub(crate) fn run(args: &Args, action: &SettingsAction) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    if let Err(error) = school.settings().check_days(Utc::now().date_naive()) {
        return fail(&error, 78);
    }
    let proposal = school.proposal();
    if proposal.is_empty() {
        println!("What the file says about school policy is in force.");
        return ExitCode::SUCCESS;
    }
    println!("The file proposes:");
    for change in proposal {
        println!("  {change}");
    }
    match action {
        SettingsAction::Diff => ExitCode::SUCCESS,
        SettingsAction::Apply => apply(args).unwrap_or_else(|code| code),
    }
}

fn apply(args: &Args) -> Result<ExitCode, ExitCode> {
    let session = Session::open(args)?;
    let permit = session.permit(Action::ApplySettings, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"a proposal is put in force by those who decide about the filter", 1));
    }
    let school = &session.school;
    let applied = in_force::apply(school.ledger(), &permit, school.in_force(), school.proposed(), session.now);
    applied.map_err(|error| fail(&error, if matches!(error, ApplyError::Ledger(_)) { 74 } else { 1 }))?;
    println!("It is in force. A running proxy follows within a second.");
    Ok(ExitCode::SUCCESS)
}
