//! How bad the school takes kinds of incidents to be.

use std::process::ExitCode;

use belisha_incident::{Category, Severity};
use belisha_policy::may::About;
use belisha_school::plain;
use belisha_school::severities::{self, SeverityError, SeveritySet, action};
use serde_json::json;

use crate::args::fail;
use crate::session::Session;

pub(super) fn set(
    session: &Session,
    category: Category,
    severity: Severity,
    because: Option<&str>,
) -> Result<(), ExitCode> {
    let permit = session.permit(action(category, severity), &About::NOTHING)?;
    let because = because.map(str::to_owned);
    let set = SeveritySet { category, severity, because };
    severities::set(&session.school, &permit, &set, session.now)
        .map_err(|error| fail(&error, if matches!(error, SeverityError::Ledger(_)) { 74 } else { 1 }))?;
    println!("{} is {} at this school from now on.", category.in_full(), severity.number());
    Ok(())
}

pub(super) fn list(session: &Session, as_json: bool) -> Result<(), ExitCode> {
    let terms = session.school.terms().map_err(|error| fail(&error, 74))?;
    let relaxed = |category| terms.relaxed().find(|(it, _)| *it == category).map(|(_, relaxed)| relaxed);
    let mut none = true;
    for category in Category::ALL.iter().copied().filter(|it| terms.severity(*it) != it.severity()) {
        none = false;
        let (here, table) = (terms.severity(category).number(), category.severity().number());
        let why = relaxed(category).map(|it| (session.user(it.by), it.reason.clone()));
        if as_json {
            let (by, because) = why.unzip();
            println!(
                "{}",
                json!({ "code": category.code(), "severity": here, "table": table, "by": by, "because": because })
            );
        } else {
            let why = why.map(|(by, because)| format!(", because ({by}): {}", plain(&because))).unwrap_or_default();
            println!("{}: {here} here, {table} in the table{why}", category.in_full());
        }
    }
    if none && !as_json {
        println!("The school takes every kind as the table has it: incident kinds");
    }
    Ok(())
}
