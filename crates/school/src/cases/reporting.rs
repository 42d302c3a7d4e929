//! Somebody tells of something. Nobody can be kept from it, and it takes no key.

use belisha_incident::{Body, Case, Command, Doer, Event, Matter, Part, StrangerTold, Terms, decide, told_by_stranger};
use belisha_policy::may::{About, Handlers, OutsideBody, handlers};
use belisha_policy::roles::RoleSet;
use belisha_policy::{Action, PersonId};
use belisha_store::StreamId;
use belisha_store::journal::{AppendError, Expected};
use chrono::{DateTime, Utc};

use super::acting::{CaseError, permitted};
use super::circle::Circle;
use super::desk::{people, roles};
use super::events::{CaseArrived, CaseOpened, Receipt};
use super::reference::Reference;
use super::reminders::{Reminded, Reminders};
use super::spoken_of::spoken_of;
use crate::authority::Authority;
use crate::ledger::{Batch, LedgerError};
use crate::school::School;

/// What somebody tells.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Since when they know it.
    pub first_known: DateTime<Utc>,
    /// In their words.
    pub words: String,
    /// Whether somebody is in danger now.
    pub danger: bool,
    /// Whether it may be illegal: everything is preserved from now on.
    pub may_be_illegal: bool,
    /// What they hold it to be, where they say so.
    pub matter: Option<Matter>,
    /// What kind of person did it, where they say so.
    pub done_by: Option<Doer>,
    /// Of whom they know that they have a part in it, and which.
    pub named: Vec<(PersonId, Part)>,
    /// Whom outside they have told already, and the reference of those, where they gave one.
    pub told: Vec<(Body, Option<String>)>,
}

/// What somebody tells who is not signed in.
#[derive(Clone, Debug, Default)]
pub struct Worry {
    /// In their words.
    pub words: String,
    /// Whether somebody is in danger now.
    pub danger: bool,
    /// Who they say they are.
    pub says: Option<String>,
    /// Whom it is about, as they write it.
    pub about: String,
}

/// What they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What the case is called.
    pub reference: Reference,
    /// Whom to call, where nobody at the school is left who may handle it.
    pub call: Option<OutsideBody>,
}

/// Writes down what somebody tells, sealed to those who handle it. `form` names the form that they filled in, where they did:
/// the same sent twice is one report.
///
/// # Errors
/// There are no words, or it cannot be written. Whoever is signed in may tell.
pub fn report(
    school: &School,
    authority: &Authority,
    by: PersonId,
    report: Report,
    form: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Reported, CaseError> {
    let Report { first_known, words, danger, may_be_illegal, matter, done_by, named, told: outside } = report;
    let permit = |action| permitted(authority.may(by, action, &About::NOTHING, now));
    let mut case = Case::default();
    // Nothing of what is told depends on how bad the school takes it to be.
    let terms = Terms::of(school.settings().kind);
    let told = Command::Report { first_known: first_known.min(now), words, danger, matter, done_by, named };
    let mut events = decide(&case, &terms, told, &permit(Action::ReportConcern)?)?;
    case.evolve_all(&events);
    for (body, theirs) in outside {
        let told = Command::ToldBefore { body, theirs };
        events.extend(decide(&case, &terms, told, &permit(Action::ReportConcern)?)?);
    }
    if may_be_illegal {
        let suspect = Command::Suspect { first_seen: first_known.min(now) };
        let held = decide(&case, &terms, suspect, &permit(Action::DeclareIllegal)?)?;
        events.extend(held);
    }
    write_down(school, authority, Some(by), events, form, now)
}

/// Writes down what somebody tells who is not signed in. Those who handle cases and of whom they speak are kept away from it
/// (decisions 9): who is named by mistake loses one case, and a child who is read by whom they fear loses more.
///
/// # Errors
/// There are no words, or it cannot be written.
pub fn worry(
    school: &School,
    authority: &Authority,
    worry: Worry,
    form: &str,
    now: DateTime<Utc>,
) -> Result<Reported, CaseError> {
    let Worry { words, danger, says, about } = worry;
    let kept_away = spoken_of(authority, &words, &about, now);
    let words = if about.trim().is_empty() { words } else { format!("{words}\n\nIt is about: {}", about.trim()) };
    let events = told_by_stranger(StrangerTold { words, danger, says, kept_away }, now)?;
    write_down(school, authority, None, events, Some(form), now)
}

fn write_down(
    school: &School,
    authority: &Authority,
    by: Option<PersonId>,
    events: Vec<Event>,
    form: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Reported, CaseError> {
    let case = Case::of(&events);
    let reference = form.map_or_else(Reference::random, |form| Ok(Reference::of_form(form)));
    let reference = reference.map_err(LedgerError::from)?;
    let stream = StreamId::random().map_err(LedgerError::from)?;
    let (topic, kept_away) = (case.topic(roles(authority, &case, now)), case.kept_away().collect::<Vec<_>>());
    let people = people(authority, now);
    let keys = school.ledger().keys();
    let circle = Circle::without((topic, &kept_away), reference, &people, keys, None, now)?;
    let mut batch = Batch::new(by.map(|by| by.to_string()).as_deref());
    batch.add(&circle.list(), Expected::Any, &CaseArrived { stream, reference, is_sealed: true, is_closed: false })?;
    batch.add(&circle.case(stream), Expected::Version(0), &CaseOpened { reference, carries_on: None, events })?;
    batch.add(&Receipt::stream(reference), Expected::Version(0), &Receipt { is_answered: false })?;
    let reminders = Reminders { keys, calendar: school.settings().policy.calendar(), now };
    reminders.begin(&mut batch, Reminded { stream, version: 1, circle: &circle, carries_on: None }, &case);
    match school.ledger().append_all(&batch, now) {
        Ok(_) => {}
        // It was sent before, and is there.
        Err(LedgerError::Append(AppendError::Conflict { stream, .. })) if stream == Receipt::stream(reference).id => {}
        Err(error) => return Err(error.into()),
    }
    let call = match handlers(topic, &people, &kept_away, school.settings().kind, now) {
        Handlers::People(_) => None,
        Handlers::Outside(body) => Some(body),
    };
    Ok(Reported { reference, call })
}

/// Whether anybody is named yet who reads what is told. What was told before is kept for them.
///
/// # Errors
/// The keys cannot be read.
pub fn is_read(school: &School) -> Result<bool, LedgerError> {
    let circle = Circle::of(Case::default().topic(|_| RoleSet::EMPTY));
    Ok(!circle.holders(school.ledger().keys())?.is_empty())
}

/// What has become of a report, for whoever has its reference: that it was received and when, and whether it was answered.
///
/// # Errors
/// There is no such report, or the journal cannot be read.
pub fn receipt(school: &School, reference: Reference) -> Result<(DateTime<Utc>, bool), CaseError> {
    let told = school.ledger().read_own(&Receipt::stream(reference))?;
    let received = told.first().map(|first| first.at).ok_or(CaseError::NotFound)?;
    let last = told.iter().rev().find_map(|told| told.read::<Receipt>().transpose()).transpose()?;
    Ok((received, last.is_some_and(|receipt| receipt.body.is_answered)))
}
