//! `belisha-reporter agencies`.

use std::io::Write;
use std::process::ExitCode;

use belisha_policy::directory::{Agency, Purpose};
use chrono::{NaiveDate, Utc};
use serde_json::json;

use crate::args::{AgenciesAction, Args};
use crate::opened;

/// Whom to call is no secret: everybody at the machine may read it.
pub(crate) fn run(args: &Args, action: &AgenciesAction) -> ExitCode {
    let AgenciesAction::List { purpose, json } = action;
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let (directory, today) = (&school.settings().directory, Utc::now().date_naive());
    let out = &mut std::io::stdout().lock();
    let wanted = Purpose::ALL.iter().filter(|it| purpose.is_none_or(|purpose| purpose == **it));
    for agency in wanted.flat_map(|purpose| directory.for_purpose(*purpose)) {
        let line = if *json { object(agency, today) } else { page(agency, today) };
        if writeln!(out, "{line}").is_err() {
            return ExitCode::SUCCESS;
        }
    }
    let mut lacks = false;
    for missing in directory.missing().filter(|it| !json && purpose.is_none_or(|purpose| purpose == *it)) {
        if writeln!(out, "WARNING: nobody is known for {} ({missing})", missing.slug()).is_err() {
            break;
        }
        lacks = true;
    }
    if lacks {
        let how = "write them as [[agencies]] in school.toml, and put them in force: belisha-reporter settings apply";
        // Where nobody reads on there is nobody to tell.
        let _ = writeln!(out, "{how}");
    }
    ExitCode::SUCCESS
}

fn page(agency: &Agency, today: NaiveDate) -> String {
    let Agency { name, purpose, contact, hours, checked } = agency;
    let stale = if agency.is_stale(today) { ", more than 12 months ago: make sure that it is right" } else { "" };
    format!("{purpose}\n    {name}: {contact}\n    answers: {hours}; last checked {checked}{stale}")
}

fn object(agency: &Agency, today: NaiveDate) -> String {
    let Agency { name, purpose, contact, hours, checked } = agency;
    let stale = agency.is_stale(today);
    let purpose = purpose.slug();
    json!({ "purpose": purpose, "name": name, "contact": contact, "hours": hours, "checked": checked, "stale": stale })
        .to_string()
}
