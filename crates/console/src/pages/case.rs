//! A case: what happened, what is to be done, and the forms to do it.

use askama::Template;
use belisha_incident::{Body, Event, Fact, Progress, Response, Step};
use belisha_school::cases::{Branch, CaseError, Desk, Reference, Referral, kept, tasks};
use belisha_school::plain;
use belisha_school::sign_in::SignInError;
use http::StatusCode;

use super::acts::{Act, Field, command, offered};
use super::shown;
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who};

struct Line {
    at: String,
    by: String,
    what: String,
    /// The words of whoever told of it, as they were written.
    words: Option<String>,
}

struct ToDo {
    what: String,
    due: Option<String>,
    is_overdue: bool,
    judged: Option<&'static str>,
}

/// A step on the way of an allegation.
struct Pace {
    what: String,
    says: &'static str,
    /// When it was done and by whom; nothing where it is not.
    done: Option<String>,
    is_next: bool,
    /// What of the tasks is done with it.
    tasks: Vec<ToDo>,
}

#[derive(Template)]
#[template(path = "case.html")]
struct Case {
    frame: Frame,
    reference: String,
    stage: String,
    kind: Option<String>,
    severity: Option<u8>,
    law: String,
    known: String,
    /// How long it took until somebody acted, and until it was closed.
    took: Vec<(&'static str, String)>,
    /// Until when.
    kept: String,
    /// How it came about, and by what the school acts where that was not at school.
    circumstances: Vec<(&'static str, &'static str)>,
    people: Vec<(String, String, String)>,
    steps: Vec<Pace>,
    /// What is to be done and is no step.
    tasks: Vec<ToDo>,
    lines: Vec<Line>,
    acts: Vec<Act>,
    version: u64,
    is_held: bool,
}

#[derive(Template)]
#[template(path = "why.html")]
struct Why {
    frame: Frame,
    reference: String,
    is_too_short: bool,
}

/// What is shown to somebody who comes to a case that others handle from now on.
#[derive(Template)]
#[template(path = "others.html")]
struct Others {
    frame: Frame,
    reference: String,
}

/// What to think of before a document is made.
#[derive(Template)]
#[template(path = "refer.html")]
struct Refer {
    frame: Frame,
    reference: String,
    body: Body,
    /// The name in the directory that was asked for; empty where none was.
    agency: String,
    /// Whom to reach, where the directory knows somebody.
    reach: Option<String>,
    named: Vec<String>,
    risks: Vec<String>,
}

fn reference(visit: &Visit) -> Result<Reference, Trouble> {
    visit.name.parse().map_err(|_| Trouble::NotFound)
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    show(visit, who, None)
}

/// A case that is shown on request, with the reason.
pub(crate) fn on_request(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    show(visit, who, Some(form.text("because")))
}

fn show(visit: &Visit, who: &Who, because: Option<&str>) -> Result<Reply, Trouble> {
    let (reference, desk) = (reference(visit)?, visit.desk(who)?);
    let branch = match desk.show(reference, because) {
        Ok(branch) => branch,
        Err(CaseError::Purpose) => {
            let frame = Frame::of(visit, Some(who));
            let why = Why { frame, reference: reference.to_string(), is_too_short: because.is_some() };
            return Ok(Reply::with(StatusCode::FORBIDDEN, &why));
        }
        Err(error) => return Err(error.into()),
    };
    let acts = offered(visit, &desk, &branch);
    Ok(Reply::page(&of(visit, who, &desk, &branch, acts)))
}

fn of(visit: &Visit, who: &Who, desk: &Desk<'_>, branch: &Branch, acts: Vec<Act>) -> Case {
    let Branch { reference, case, events, .. } = branch;
    let task = |task: belisha_school::cases::Task| ToDo {
        what: sentence(&task.what.to_string()),
        is_overdue: task.is_overdue(visit.now),
        due: task.due.map(shown),
        judged: task.judged,
    };
    let steps = case.steps(events);
    let (of_steps, others): (Vec<_>, Vec<_>) = tasks(&visit.school, branch)
        .into_iter()
        .partition(|task| steps.iter().any(|step| step.closes.contains(&task.what)));
    let of_step =
        |step: &Step| of_steps.iter().filter(|it| step.closes.contains(&it.what)).cloned().map(task).collect();
    let part = |(person, part, since): (_, belisha_incident::Part, _)| {
        (part.title().to_owned(), visit.called(person), shown(since))
    };
    Case {
        frame: Frame::of(visit, Some(who)),
        circumstances: case.circumstances().rows_at(visit.school.settings().kind).collect(),
        reference: reference.to_string(),
        stage: case.stage().to_string(),
        kind: case.sorted().map(|(category, _)| category.in_full()),
        severity: case.sorted().map(|(_, severity)| severity.number()),
        law: case.sorted().map(|(category, _)| category.law().join("; ")).unwrap_or_default(),
        kept: kept(desk.keeping(branch).1),
        known: case.first_known().map(shown).unwrap_or_default(),
        took: case.response().into_iter().flat_map(Response::rows).collect(),
        people: case.parts().map(part).collect(),
        steps: steps.iter().map(|step| pace(visit, step, of_step(step))).collect(),
        tasks: others.into_iter().map(task).collect(),
        lines: events.iter().map(|event| line(visit, event)).collect(),
        acts,
        version: branch.version(),
        is_held: case.is_held(),
    }
}

fn pace(visit: &Visit, step: &Step, tasks: Vec<ToDo>) -> Pace {
    let done = match step.progress {
        Progress::Done { at, by } => {
            let by = by.map(|by| format!(", by {}", visit.called(by))).unwrap_or_default();
            Some(format!("{}{by}", shown(at)))
        }
        Progress::Next | Progress::Later => None,
    };
    let is_next = step.progress == Progress::Next;
    Pace { what: sentence(&step.what), says: step.says, done, is_next, tasks }
}

fn line(visit: &Visit, event: &Event) -> Line {
    let nobody = if matches!(event.fact, Fact::Reported { .. }) { "Somebody who was not signed in" } else { "Belisha" };
    let by = event.by.map_or_else(|| nobody.to_owned(), |by| visit.called(by));
    let (what, words) = match &event.fact {
        Fact::Reported { first_known, words, danger, says, matter } => {
            let says = says.as_ref().map(|says| format!(" Says to be: {says}.")).unwrap_or_default();
            let matter = matter.map(|matter| format!(" Holds it to be: {matter}.")).unwrap_or_default();
            let danger = if *danger { " Said that somebody is in danger." } else { "" };
            (format!("told of it, known since {}.{says}{matter}{danger}", shown(*first_known)), Some(words.clone()))
        }
        Fact::Imported(imported) => {
            let rows: Vec<String> = imported.rows().map(|(heading, text)| format!("{heading}: {text}")).collect();
            let what = format!("{imported}. It happened on {}.", shown(imported.happened));
            (what, Some(format!("{}\n\n{}", rows.join("\n"), imported.words)))
        }
        _ => (event.told(|person| visit.called(person), shown), None),
    };
    Line { at: shown(event.at), by, what: plain(&what), words: words.as_deref().map(plain) }
}

/// Does something about a case, as it was seen.
pub(crate) fn act(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let (reference, desk) = (reference(visit)?, visit.desk(who)?);
    if visit.verb == "link" {
        let other = form.text("other").parse::<Reference>();
        let other = other.map_err(|error| Trouble::Refused(error.to_string()))?;
        desk.link(reference, other)?;
        return Ok(Reply::to(&format!("/cases/{reference}")));
    }
    if visit.verb == "refer" {
        return refer(visit, who, &desk, reference, form);
    }
    let version = form.text("version").parse().map_err(|_| Trouble::FromElsewhere)?;
    let command = command(visit, &visit.verb, form)?;
    let second = if visit.verb == "give-back" { Some(second(visit, form)?) } else { None };
    let acted = desk.act_at(reference, version, command, second)?;
    if acted.is_out_of_sight {
        let page = Others { frame: Frame::of(visit, Some(who)), reference: reference.to_string() };
        return Ok(Reply::page(&page));
    }
    Ok(Reply::to(&format!("/cases/{reference}")))
}

/// A document for a body outside: first whom it is for and what to think of, and then, when they have read that, the document.
fn refer(visit: &Visit, who: &Who, desk: &Desk<'_>, reference: Reference, form: &Form) -> Result<Reply, Trouble> {
    let body: Body = form.text("body").parse().map_err(|_| Trouble::Refused("say for whom it is".into()))?;
    let agency = form.given("agency");
    if form.is_ticked("make") {
        let made = desk.refer(reference, body, agency.as_deref())?;
        return Ok(Reply::document(&format!("{reference}-{}.html", body.slug()), made.html));
    }
    let Referral { agency: found, named, risks, .. } = desk.referral(reference, body, agency.as_deref())?;
    let reach = found.map(|it| format!("{}, {} ({})", it.name, it.contact, it.hours));
    let frame = Frame::of(visit, Some(who));
    let (reference, agency) = (reference.to_string(), agency.unwrap_or_default());
    Ok(Reply::page(&Refer { frame, reference, body, agency, reach, named, risks }))
}

/// The second person, who signs in for this alone.
fn second(visit: &Visit, form: &Form) -> Result<belisha_policy::PersonId, Trouble> {
    let wrong = || Trouble::Refused("user name, password or code of the second are not right".into());
    let account = visit.authority.roll().account_of(form.text("second")).ok_or_else(wrong)?;
    let person = visit.authority.person_of(account).ok_or_else(wrong)?;
    let password = form.as_typed("second_password");
    let sign_ins = &visit.office.sign_ins;
    match sign_ins.second(visit.school.ledger(), account, password, form.text("second_code"), visit.now) {
        Ok(_) => Ok(person),
        Err(SignInError::Wrong | SignInError::ChangeFirst | SignInError::NoSecondFactor) => Err(wrong()),
        Err(error) => Err(error.into()),
    }
}
