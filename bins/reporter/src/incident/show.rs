//! One incident.

use std::fmt::Write as _;

use belisha_incident::{Event, Response};
use belisha_school::cases::{Branch, Desk, kept, tasks};
use belisha_school::plain;
use serde_json::json;

use crate::session::{Session, shown};

pub(super) fn show(session: &Session, desk: &Desk<'_>, branch: &Branch, as_json: bool) {
    let tasks = tasks(&session.school, branch);
    let Branch { reference, case, events, .. } = branch;
    let circumstances = || case.circumstances().rows_at(session.school.settings().kind);
    let (class, keep) = desk.keeping(branch);
    let parts = || case.parts().map(|(person, part, since)| (session.user(person), part, since));
    if as_json {
        let tasks = tasks.iter().map(|task| json!({ "what": task.what.to_string(), "due": task.due }));
        let parts = parts().map(|(user, part, since)| json!({ "user": user, "part": part, "since": since }));
        let page = json!({
            "reference": reference.to_string(),
            "stage": case.stage().to_string(),
            "kind": case.sorted().map(|(category, _)| category.code()),
            "severity": case.sorted().map(|(_, severity)| severity.number()),
            "first_known": case.first_known(),
            "seconds_to_act": case.response().and_then(Response::to_act).map(|it| it.num_seconds()),
            "seconds_to_close": case.response().and_then(Response::to_close).map(|it| it.num_seconds()),
            "circumstances": circumstances().map(|(what, is)| json!({ "what": what, "is": is })).collect::<Vec<_>>(),
            "people": parts.collect::<Vec<_>>(),
            "tasks": tasks.collect::<Vec<_>>(),
            "kept_as": class.slug(),
            "kept": kept(keep),
            "events": events.iter().map(|event| {
                let (by, what) = told(session, event);
                json!({ "at": event.at, "by": by, "what": what })
            }).collect::<Vec<_>>(),
        });
        println!("{page}");
        return;
    }
    let mut page = format!("{reference}: {}", case.stage());
    if let Some((category, severity)) = case.sorted() {
        let _ = write!(page, "; {}, severity {}", category.in_full(), severity.number());
    }
    if let Some(known) = case.first_known() {
        let _ = write!(page, "\nFirst known on {}", shown(known));
    }
    for (what, took) in case.response().into_iter().flat_map(Response::rows) {
        let _ = write!(page, "\n{what}: {took}");
    }
    for (user, part, since) in parts() {
        let _ = write!(page, "\n{part}: {user}, since {}", shown(since));
    }
    for (what, is) in circumstances() {
        let _ = write!(page, "\n{what}: {is}");
    }
    let _ = write!(page, "\nKept {}", kept(keep));
    if !tasks.is_empty() {
        page.push_str("\nTo be done:");
    }
    for task in tasks {
        let due = task.due.map(|due| format!(", by {}", shown(due))).unwrap_or_default();
        let overdue = if task.is_overdue(session.now) { " OVERDUE" } else { "" };
        let judged = task.judged.map(|judged| format!(" (where {judged})")).unwrap_or_default();
        let _ = write!(page, "\n  {}{judged}{due}{overdue}", task.what);
    }
    page.push_str("\nWhat happened:");
    for event in events {
        let (by, what) = told(session, event);
        // What somebody wrote in lines stands in lines, and none of them is taken for one of ours.
        let what = plain(&what).replace('\n', "\n      ");
        let _ = write!(page, "\n  {} {by}: {what}", shown(event.at));
    }
    println!("{page}");
}

/// Who did it, and what.
fn told(session: &Session, event: &Event) -> (String, String) {
    let by = event.by.map_or_else(|| "(nobody who signed in)".to_owned(), |by| session.user(by));
    (by, event.told(|person| session.user(person), shown))
}
