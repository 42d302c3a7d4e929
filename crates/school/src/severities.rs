//! How bad a school takes kinds of incidents to be, where that is not as the table has it.

use belisha_incident::{Category, IsLess, Relaxed, Severity, Terms};
use belisha_policy::retention::RecordClass;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::journal::Recorded;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::events::recorded;
use crate::ledger::{Ledger, LedgerError, Stream, Told};
use crate::school::School;

recorded! {
    "incident.severity-set" => SeveritySet,
}

/// Somebody said how bad the school takes a kind of incident to be, from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeveritySet {
    /// The kind.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// Why it is less than the table has it, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeverityError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// What is held on suspicion stays as bad as it is.
    #[error("{} is preserved and referred on mere suspicion, and is not taken for less bad", .0.in_full())]
    Held(Category),
    /// There is no reason.
    #[error("{}: say why the school takes it for less bad (--because)", .0)]
    Reason(#[from] IsLess),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What has to be permitted so that a kind is taken for this bad.
pub fn action(category: Category, severity: Severity) -> Action {
    if severity < category.severity() { Action::RelaxIncidents } else { Action::TightenIncidents }
}

/// Says how bad the school takes a kind of incident to be. What was sorted before stays as it was sorted.
///
/// # Errors
/// The permit is for something else; it is less than the table has it and no reason is given, or it may not be less.
pub fn set(school: &School, permit: &Permit, set: &SeveritySet, now: DateTime<Utc>) -> Result<(), SeverityError> {
    let SeveritySet { category, severity, .. } = *set;
    permit.allows(action(category, severity))?;
    if severity < category.severity() && category.is_held_when_suspected() {
        return Err(SeverityError::Held(category));
    }
    apply(&mut Terms::default(), permit.actor(), set)?;
    let by = permit.actor().to_string();
    school.ledger().note(&stream(), Some(&by), now, set)?;
    Ok(())
}

impl School {
    /// How bad it takes incidents to be. Costs one look-up.
    pub fn terms(&self) -> Result<Terms, LedgerError> {
        let settings = self.settings();
        let mut terms = Terms::of(settings.kind).with_cp_record(settings.cp_record);
        for (by, set) in said(self.ledger())? {
            // What the table of a later version does not let be so is as the table has it.
            let _ = apply(&mut terms, by, &set);
        }
        Ok(terms)
    }
}

fn apply(terms: &mut Terms, by: PersonId, set: &SeveritySet) -> Result<(), IsLess> {
    let SeveritySet { category, severity, because } = set;
    if *severity >= category.severity() {
        return terms.tighten(*category, *severity);
    }
    let reason = because.clone().unwrap_or_default();
    terms.relax(*category, *severity, Relaxed { by, reason })
}

/// What was said, in its order, and by whom.
fn said(ledger: &Ledger) -> Result<Vec<(PersonId, SeveritySet)>, LedgerError> {
    let one = |told: &Told| {
        let Some(set) = told.read::<SeveritySet>()? else { return Ok(None) };
        let by = set.actor.as_ref().and_then(|by| by.parse().ok());
        Ok(by.map(|by| (by, set.body)))
    };
    ledger.read_own(&stream())?.iter().filter_map(|told| one(told).transpose()).collect()
}

fn stream() -> Stream {
    Stream::of(*b"belisha:severity", RecordClass::Settings)
}
