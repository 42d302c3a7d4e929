//! Writing what was planned: in one piece, or not at all.

use std::collections::BTreeSet;

use belisha_formats::mis::claims::ListOf;
use belisha_policy::PersonId;
use belisha_policy::retention::{Facts, RecordClass};
use belisha_store::StreamId;
use belisha_store::journal::Expected;
use chrono::{DateTime, NaiveDate, Utc};

use super::events::{Changed, PeopleChanged, PersonRecorded};
use super::plan::{Change, Plan, Planned};
use super::roll::{Entry, Roll};
use crate::events::RecordFiled;
use crate::ledger::{Batch, Ledger, LedgerError, Stream};

/// Why what was planned was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Somebody else changed people.
    #[error("somebody else has changed people meanwhile: nothing was written. Import again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Writes a plan. Nothing is written where it changes nothing.
///
/// # Errors
/// Somebody else changed people since the roll was read, or the journal cannot take it: nothing is written then.
pub fn apply(
    ledger: &Ledger,
    roll: &Roll,
    plan: &Plan,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), ApplyError> {
    if plan.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new(by);
    let count = |change| plan.people.iter().filter(|planned| planned.change == change).count() as u64;
    let changed = plan
        .people
        .iter()
        .map(|planned| Changed { stream: Stream::person(planned.person).id, version: planned.version + 1 });
    let index = PeopleChanged {
        source: plan.source.clone(),
        people: changed.collect(),
        joined: count(Change::Joins),
        left: count(Change::Leaves),
        ..PeopleChanged::default()
    };
    batch.add(&Stream::PEOPLE, Expected::Version(plan.version), &index)?;
    for planned in &plan.people {
        let event = PersonRecorded { person: planned.written.clone(), source: plan.source.clone() };
        batch.add(&Stream::person(planned.person), Expected::Version(planned.version), &event)?;
    }
    let of_people = filed(roll, plan, now);
    for filed in of_agreements(ledger, &of_people)?.into_iter().chain(of_people) {
        batch.add(&Stream::RETENTION, Expected::Any, &filed)?;
    }
    ledger.append_all(&batch, now).map(drop).map_err(|error| error.or(ApplyError::Meanwhile))
}

/// From when the records of those who leave are kept no longer than their time; those who return are kept again.
pub(super) fn filed(roll: &Roll, plan: &Plan, now: DateTime<Utc>) -> Vec<RecordFiled> {
    let made = Facts::new(now.date_naive());
    let file = |stream: StreamId, facts: Facts| RecordFiled { stream, class: RecordClass::Person.slug().into(), facts };
    let of_family = |left: Option<NaiveDate>| Facts { left_school: left, ..made };
    let facts = |planned: &Planned| match planned.list {
        ListOf::Staff | ListOf::Governors => Facts { employment_ended: planned.written.left, ..made },
        ListOf::Pupils | ListOf::Contacts => of_family(planned.written.left),
    };
    let comes_or_goes = plan.people.iter().filter(|planned| matches!(planned.change, Change::Leaves | Change::Returns));
    let mut filed: Vec<RecordFiled> =
        comes_or_goes.clone().map(|planned| file(Stream::person(planned.person).id, facts(planned))).collect();
    // A parent belongs to the school as long as one of their children does.
    let leavers: BTreeSet<PersonId> =
        plan.people.iter().filter(|planned| planned.change == Change::Leaves).map(|planned| planned.person).collect();
    let stays = |entry: &&Entry| entry.person.left.is_none() && !leavers.contains(&entry.person.id);
    let needed: BTreeSet<PersonId> = roll.people().filter(stays).flat_map(contacts).collect();
    let last = comes_or_goes.filter(|planned| planned.change == Change::Leaves);
    for planned in last {
        let Some(entry) = roll.person(planned.person) else { continue };
        let parents = contacts(entry).into_iter().filter(|parent| !needed.contains(parent));
        filed.extend(parents.map(|parent| file(Stream::person(parent).id, of_family(planned.written.left))));
    }
    filed
}

/// What those who leave have agreed to, and what was said of pictures of them, is kept as long as the law of each says.
pub(super) fn of_agreements(ledger: &Ledger, people: &[RecordFiled]) -> Result<Vec<RecordFiled>, LedgerError> {
    let mut filed = Vec::new();
    for RecordFiled { stream, facts, .. } in people {
        let person = PersonId::from_bytes(*stream.as_bytes());
        for stream in crate::agreements::streams_of(ledger, person)? {
            filed.push(RecordFiled { stream: stream.id, class: stream.class.slug().into(), facts: *facts });
        }
    }
    Ok(filed)
}

fn contacts(entry: &Entry) -> Vec<PersonId> {
    let contacts = entry.written.pupil.iter().flat_map(|pupil| &pupil.contacts);
    contacts.map(|contact| contact.person).collect()
}
