//! Somebody tells of something. Nobody can be kept from it, and it takes no key.

use belisha_incident::{Case, Command, Part, Terms, decide};
use belisha_policy::may::{About, Handlers, OutsideBody, handlers};
use belisha_policy::{Action, PersonId};
use belisha_store::StreamId;
use belisha_store::journal::Expected;
use chrono::{DateTime, Utc};

use super::acting::{CaseError, permitted};
use super::circle::Circle;
use super::desk::{people, roles};
use super::events::{CaseArrived, CaseOpened, Receipt};
use super::reference::Reference;
use super::reminders::{Reminded, Reminders};
use crate::authority::Authority;
use crate::ledger::{Batch, LedgerError};
use crate::school::School;

/// What somebody tells.
#[derive(Clone, Debug)]
pub struct Report {
    /// Since when they know it.
    pub first_known: DateTime<Utc>,
    /// In their words.
    pub words: String,
    /// Whether somebody is in danger now.
    pub danger: bool,
    /// Whether it may be illegal: everything is preserved from now on.
    pub may_be_illegal: bool,
    /// Of whom they know that they have a part in it, and which.
    pub named: Vec<(PersonId, Part)>,
}

/// What they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What the case is called.
    pub reference: Reference,
    /// Whom to call, where nobody at the school is left who may handle it.
    pub call: Option<OutsideBody>,
}

/// Writes down what somebody tells, sealed to those who handle it.
///
/// # Errors
/// There are no words, or it cannot be written. Whoever is signed in may tell.
pub fn report(
    school: &School,
    authority: &Authority,
    by: PersonId,
    report: Report,
    now: DateTime<Utc>,
) -> Result<Reported, CaseError> {
    let Report { first_known, words, danger, may_be_illegal, named } = report;
    let permit = |action| permitted(authority.may(by, action, &About::NOTHING, now));
    let mut case = Case::default();
    let mut events = decide(
        &case,
        &Terms::default(),
        Command::Report { first_known: first_known.min(now), words, danger, named },
        &permit(Action::ReportConcern)?,
    )?;
    case.evolve_all(&events);
    if may_be_illegal {
        let suspect = Command::Suspect { first_seen: first_known.min(now) };
        let held = decide(&case, &Terms::default(), suspect, &permit(Action::DeclareIllegal)?)?;
        case.evolve_all(&held);
        events.extend(held);
    }
    let reference = Reference::random().map_err(LedgerError::from)?;
    let stream = StreamId::random().map_err(LedgerError::from)?;
    let (topic, kept_away) = (case.topic(roles(authority, &case, now)), case.kept_away().collect::<Vec<_>>());
    let people = people(authority, now);
    let keys = school.ledger().keys();
    let circle = Circle::without((topic, &kept_away), reference, &people, keys, None, now)?;
    let mut batch = Batch::new(Some(&by.to_string()));
    batch.add(&circle.list(), Expected::Any, &CaseArrived { stream, reference, is_sealed: true })?;
    batch.add(&circle.case(stream), Expected::Version(0), &CaseOpened { reference, carries_on: None, events })?;
    batch.add(&Receipt::stream(reference), Expected::Version(0), &Receipt { is_answered: false })?;
    let reminders = Reminders { keys, calendar: school.settings().policy.calendar(), now };
    reminders.begin(&mut batch, Reminded { stream, version: 1, circle: &circle, carries_on: None }, &case);
    school.ledger().append_all(&batch, now)?;
    let call = match handlers(topic, &people, &kept_away, school.settings().kind, now) {
        Handlers::People(_) => None,
        Handlers::Outside(body) => Some(body),
    };
    Ok(Reported { reference, call })
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
