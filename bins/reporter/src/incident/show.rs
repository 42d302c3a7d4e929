//! One incident.

use std::fmt::Write as _;

use belisha_incident::{Case, Event, Fact, Imported, Settled, Stage};
use belisha_policy::PersonId;
use belisha_school::cases::{Branch, tasks};
use belisha_school::hex;
use serde_json::json;

use crate::session::{Session, shown};

/// How far a case has come.
pub(super) fn stage(case: &Case) -> &'static str {
    match case.stage() {
        Stage::Nothing => "not there",
        Stage::Reported => "reported",
        Stage::Sorted(_) => "sorted",
        Stage::Inquiry(_) => "being looked into",
        Stage::Held => "preserved and referred",
        Stage::WithPolice => "with the police",
        Stage::Returned => "back from the police",
        Stage::Concluded => "concluded",
        Stage::Closed => "closed",
        Stage::Archived => "archived, from another system",
    }
}

pub(super) fn show(session: &Session, branch: &Branch, as_json: bool) {
    let tasks = tasks(&session.school, branch);
    let Branch { reference, case, events, .. } = branch;
    let parts = || case.parts().map(|(person, part, since)| (session.user(person), part, since));
    if as_json {
        let tasks = tasks.iter().map(|task| json!({ "what": task.what.to_string(), "due": task.due }));
        let parts = parts().map(|(user, part, since)| json!({ "user": user, "part": part, "since": since }));
        let page = json!({
            "reference": reference.to_string(),
            "stage": stage(case),
            "kind": case.sorted().map(|(category, _)| category.code()),
            "severity": case.sorted().map(|(_, severity)| severity.number()),
            "first_known": case.first_known(),
            "people": parts.collect::<Vec<_>>(),
            "tasks": tasks.collect::<Vec<_>>(),
            "events": events.iter().map(|event| json!({
                "at": event.at,
                "by": who(session, event.by),
                "what": told(session, event),
            })).collect::<Vec<_>>(),
        });
        println!("{page}");
        return;
    }
    let mut page = format!("{reference}: {}", stage(case));
    if let Some((category, severity)) = case.sorted() {
        let _ = write!(page, "; {} {category}, severity {}", category.code(), severity.number());
    }
    if let Some(known) = case.first_known() {
        let _ = write!(page, "\nFirst known on {}", shown(known));
    }
    for (user, part, since) in parts() {
        let _ = write!(page, "\n{part}: {user}, since {}", shown(since));
    }
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
        let _ = write!(page, "\n  {} {}: {}", shown(event.at), who(session, event.by), told(session, event));
    }
    println!("{page}");
}

/// Who did it.
fn who(session: &Session, by: PersonId) -> String {
    if by == Event::NOBODY { "(import)".to_owned() } else { session.user(by) }
}

/// What another system said of it, with all the words.
fn brought(imported: &Imported) -> String {
    let Imported { system, id, happened, words, category, status, also, row_digest, line, file, file_digest, replaces } =
        imported;
    let id = id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let replaces = replaces
        .as_ref()
        .map(|before| format!(" It replaces {before}, as the system said before."))
        .unwrap_or_default();
    let (row, whole) = (hex(row_digest), hex(file_digest));
    let mut page = format!(
        "brought from {system}{id}: line {line} of {file} (SHA-256 of the row {row}, of the file {whole}).{replaces} It \
         happened on {}",
        shown(*happened)
    );
    let own = [("Category", category), ("Status", status)].map(|(heading, text)| (heading.to_owned(), text.clone()));
    for (heading, text) in own.iter().chain(also).filter(|(_, text)| !text.trim().is_empty()) {
        let _ = write!(page, "\n    {heading}: {text}");
    }
    let _ = write!(page, "\n    In its words: {words}");
    page
}

/// What happened, in a sentence.
fn told(session: &Session, event: &Event) -> String {
    let user = |person: &PersonId| session.user(*person);
    match &event.fact {
        Fact::Reported { first_known, words, danger } => {
            let danger = if *danger { ", and that somebody is in danger" } else { "" };
            format!("told of it, known since {}{danger}: {words}", shown(*first_known))
        }
        Fact::Imported(imported) => brought(imported),
        Fact::Named { person, part } => format!("named {} ({})", user(person), part.slug()),
        Fact::Sorted { category, severity, track } => {
            format!("sorted it: {} {category}, severity {}, {}", category.code(), severity.number(), track.slug())
        }
        Fact::Suspected { first_seen } => {
            format!("said that it may be illegal, first seen {}: preserved and referred", shown(*first_seen))
        }
        Fact::HoldConfirmed => "confirmed the hold: parents are not told before it is lifted".to_owned(),
        Fact::TakenByPolice { reference } => format!("gave it to the police, whose reference is {reference}"),
        Fact::Returned { note, second } => {
            format!("lifted the hold together with {}: the police gave it back ({note})", user(second))
        }
        Fact::HarmTested(test) => {
            let answers = [
                (test.harmed, "harmed a child, or may have"),
                (test.offence, "possibly an offence"),
                (test.risk, "a risk to children"),
                (test.unsuitable, "may not be suited to work with children"),
            ];
            let met: Vec<&str> = answers.iter().filter(|(met, _)| *met).map(|(_, what)| *what).collect();
            let met = if met.is_empty() { "not met, a low-level concern".to_owned() } else { met.join("; ") };
            format!("tested the threshold of harm: {met}")
        }
        Fact::InquiryBegan { second } => format!("began to look into it, together with {}", user(second)),
        Fact::Settled { body, how: Settled::Told(theirs) } => {
            let theirs = theirs.as_ref().map(|theirs| format!(", whose reference is {theirs}")).unwrap_or_default();
            format!("told {}{theirs}", body.slug())
        }
        Fact::Settled { body, how: Settled::NotApplicable(reason) } => {
            format!("did not tell {}: {reason}", body.slug())
        }
        Fact::ParentsTold(child) => format!("told the parents of {}", user(child)),
        Fact::ParentsDeferred { child, reason } => {
            format!("did not tell the parents of {} yet: {reason}", user(child))
        }
        Fact::EvidenceNoted { description, reference, digest } => {
            let kept = reference.as_ref().map(|kept| format!(", kept as {kept}")).unwrap_or_default();
            let digest = digest.as_ref().map(|digest| format!(", SHA-256 {}", hex(digest))).unwrap_or_default();
            format!("described what shows it: {description}{kept}{digest}")
        }
        Fact::Supported { person, how } => format!("supports {}: {how}", user(person)),
        Fact::Remedied { person, remedy } => format!("{}: {}", user(person), remedy.title()),
        Fact::Linked { to } => format!("linked it with {to}"),
        Fact::Concluded(outcome) => format!("concluded: {}", outcome.slug()),
        Fact::ReporterAnswered => "answered whoever told of it".to_owned(),
        Fact::Closed => "closed it".to_owned(),
        Fact::Reopened { reason } => format!("opened it again: {reason}"),
    }
}
