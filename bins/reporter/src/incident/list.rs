//! Incidents, tasks and kinds of incidents, a line each.

use std::io::Write;
use std::sync::Arc;

use belisha_incident::{AS_OF, Category};
use belisha_school::cases::{Branch, Task};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::session::{Session, shown};

pub(super) fn cases(session: &Session, cases: &[Arc<Branch>], with_closed: bool, as_json: bool) {
    let is_open = |branch: &&Arc<Branch>| with_closed || !branch.case.is_closed();
    let lines = cases.iter().filter(is_open).map(|branch| {
        let Branch { reference, case, .. } = &**branch;
        let tasks = belisha_school::cases::tasks(&session.school, branch);
        let overdue = tasks.iter().filter(|task| task.is_overdue(session.now)).count();
        let sorted = case.sorted();
        if as_json {
            return json!({
                "reference": reference.to_string(),
                "first_known": case.first_known(),
                "stage": case.stage().to_string(),
                "kind": sorted.map(|(category, _)| category.code()),
                "severity": sorted.map(|(_, severity)| severity.number()),
                "tasks": tasks.len(),
                "overdue": overdue,
            })
            .to_string();
        }
        let known = case.first_known().map(shown).unwrap_or_default();
        let kind = sorted.map_or("not sorted yet".into(), |(category, severity)| {
            format!("{}, severity {}", category.in_full(), severity.number())
        });
        let overdue = if overdue > 0 { format!(" ({overdue} overdue)") } else { String::new() };
        format!("{reference}  {known}  {:<22} {kind}; {} to be done{overdue}", case.stage(), tasks.len())
    });
    print(lines);
}

pub(super) fn tasks(tasks: &[Task], now: DateTime<Utc>, as_json: bool) {
    let lines = tasks.iter().map(|task| {
        let overdue = task.is_overdue(now);
        if as_json {
            return json!({
                "reference": task.reference.to_string(),
                "what": task.what.to_string(),
                "due": task.due,
                "overdue": overdue,
                "where": task.judged,
            })
            .to_string();
        }
        let due = task.due.map_or_else(|| "before it is closed".to_owned(), |due| format!("by {}", shown(due)));
        let judged = task.judged.map(|judged| format!(" (where {judged})")).unwrap_or_default();
        let overdue = if overdue { "  OVERDUE" } else { "" };
        format!("{}  {due:<20} {}{judged}{overdue}", task.reference, task.what)
    });
    print(lines);
}

pub(super) fn kinds(as_json: bool) {
    if !as_json {
        println!("As of {AS_OF}. How bad it is at least and at most, whom it is reported to, and the law:");
    }
    let lines = Category::ALL.iter().map(|category| {
        let bodies: Vec<&str> = category.duties().iter().map(|duty| duty.body.title()).collect();
        let (least, worst) = (category.severity().number(), category.worst().number());
        if as_json {
            return json!({
                "code": category.code(),
                "title": category.title(),
                "severity": least,
                "worst": worst,
                "reported_to": category.duties().iter().map(|duty| duty.body.slug()).collect::<Vec<_>>(),
                "law": category.law(),
                "risk": category.risk(),
                "national_risk": category.national_risk(),
                "as_of": AS_OF,
            })
            .to_string();
        }
        let law = if category.law().is_empty() { String::new() } else { format!(" [{}]", category.law().join("; ")) };
        let range = if least == worst { least.to_string() } else { format!("{least}-{worst}") };
        let to = if bodies.is_empty() { "-".to_owned() } else { bodies.join(", ") };
        format!("{:<4} {category} ({range}): {to}{law}", category.code())
    });
    print(lines);
}

fn print(lines: impl Iterator<Item = String>) {
    let out = &mut std::io::stdout().lock();
    for line in lines {
        // Where nobody reads on there is nobody to tell.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
}
