//! `belisha-reporter settings`.

mod trust;

use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::{Action, Scope};
use belisha_school::in_force::{self, ApplyError};
use belisha_school::{School, SettingsError, WrittenInstant};
use chrono::Utc;

use crate::args::{Args, SettingsAction, fail};
use crate::opened;
use crate::session::Session;

pub(crate) fn run(args: &Args, action: &SettingsAction) -> ExitCode {
    let done = match action {
        SettingsAction::Diff => opened(args).and_then(|school| diff(&school).map(drop)),
        SettingsAction::Apply => apply(args),
        SettingsAction::List { json } => opened(args).and_then(|school| trust::list(&school, *json)),
        SettingsAction::Baseline { file, end: _ } => trust::baseline(args, file.as_deref()),
        SettingsAction::Approve { categories, whom, until } => {
            trust::approve(args, whom.audience(), categories, until.map(WrittenInstant::end))
        }
        SettingsAction::Withdraw { categories, whom } => trust::withdraw(args, whom.audience(), categories),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

/// Whether the file proposes anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proposal {
    Something,
    Nothing,
}

fn diff(school: &School) -> Result<Proposal, ExitCode> {
    let now = Utc::now();
    let wrong = |error: SettingsError| fail(&error, 78);
    school.settings().check_days(now.date_naive()).map_err(wrong)?;
    let kept_shut = school.kept_shut(now).map_err(wrong)?;
    let proposal = school.proposal();
    if proposal.is_empty() {
        println!("What the file says about school policy is in force.");
    } else {
        println!("The file proposes:");
    }
    for change in &proposal {
        println!("  {change}");
    }
    for kept in kept_shut {
        println!("WARNING: {kept}");
    }
    if let Err(waits) = school.settings().check_networks() {
        println!("WARNING: until this is applied a running proxy keeps what it has, and none starts: {waits}");
    }
    Ok(if proposal.is_empty() { Proposal::Nothing } else { Proposal::Something })
}

fn apply(args: &Args) -> Result<(), ExitCode> {
    if diff(&opened(args)?)? == Proposal::Nothing {
        return Ok(());
    }
    let session = Session::open(args)?;
    let permit = session.permit(Action::ApplySettings, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"a proposal is put in force by those who decide about the filter", 1));
    }
    let school = &session.school;
    let applied = in_force::apply(school.ledger(), &permit, school.in_force(), school.proposed(), session.now);
    applied.map_err(|error| fail(&error, if matches!(error, ApplyError::Ledger(_)) { 74 } else { 1 }))?;
    println!("It is in force. A running proxy follows within a second.");
    Ok(())
}
