//! One incident.

use std::fmt::Write as _;

use belisha_incident::{Event, Progress, Response, Step};
use belisha_school::cases::{Branch, Desk, Task, kept, tasks};
use belisha_school::plain;
use serde_json::json;

use crate::session::{Session, shown};

pub(super) fn show(session: &Session, desk: &Desk<'_>, branch: &Branch, as_json: bool) {
    let tasks = tasks(&session.school, branch);
    let Branch { reference, case, events, .. } = branch;
    let steps = case.steps(events);
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
            "steps": steps.iter().map(|step| {
                let (progress, at, by) = match step.progress {
                    Progress::Done { at, by } => ("done", Some(at), by),
                    Progress::Next => ("next", None, None),
                    Progress::Later => ("later", None, None),
                };
                let by = by.map(|by| session.user(by));
                json!({ "what": step.what, "says": step.says, "progress": progress, "at": at, "by": by })
            }).collect::<Vec<_>>(),
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
    write_steps(&mut page, session, &steps, &tasks);
    // What stands among the steps is not said twice.
    let mut others = tasks.iter().filter(|task| !steps.iter().any(|step| step.closes.contains(&task.what))).peekable();
    if others.peek().is_some() {
        page.push_str("\nTo be done:");
    }
    for task in others {
        let _ = write!(page, "\n  {}{}", task.what, when(session, task));
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

/// The steps in their order: of what is done by whom and when, of the rest what to mind.
fn write_steps(page: &mut String, session: &Session, steps: &[Step], tasks: &[Task]) {
    if !steps.is_empty() {
        page.push_str("\nStep by step:");
    }
    for (number, step) in steps.iter().enumerate() {
        let number = number + 1;
        let _ = match step.progress {
            Progress::Done { at, by } => {
                let by = by.map_or_else(String::new, |by| format!(" by {}", session.user(by)));
                write!(page, "\n  {number:>2}. done   {} ({}{by})", step.what, shown(at))
            }
            Progress::Next => write!(page, "\n  {number:>2}. NEXT   {}", step.what),
            Progress::Later => write!(page, "\n  {number:>2}. later  {}", step.what),
        };
        for task in tasks.iter().filter(|task| step.closes.contains(&task.what)) {
            page.push_str(&when(session, task));
        }
        if !step.is_done() {
            let _ = write!(page, "\n             {}", step.says);
        }
    }
}

/// In which case, by when, and whether that is over.
fn when(session: &Session, task: &Task) -> String {
    let due = task.due.map(|due| format!(", by {}", shown(due))).unwrap_or_default();
    let overdue = if task.is_overdue(session.now) { " OVERDUE" } else { "" };
    let judged = task.judged.map(|judged| format!(" (where {judged})")).unwrap_or_default();
    format!("{judged}{due}{overdue}")
}

/// Who did it, and what.
fn told(session: &Session, event: &Event) -> (String, String) {
    let by = event.by.map_or_else(|| "(nobody who signed in)".to_owned(), |by| session.user(by));
    (by, event.told(|person| session.user(person), shown))
}
