//! `belisha-reporter settings`.

use std::process::ExitCode;

use crate::args::{Args, SettingsAction, fail};
use crate::opened;

/// Said until people can sign in.
const NOT_YET: &str = "refused: a proposal is applied by a signed-in person who may, and this version of Belisha has \
no sign-in yet. Nothing was changed; the settings in force stay";

pub(crate) fn run(args: &Args, action: &SettingsAction) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
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
        SettingsAction::Apply => fail(&NOT_YET, 1),
    }
}
