//! Names, for those who may look them up.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use belisha_policy::may::{About, Answer, Relation, Topic};
use belisha_policy::people::AccountHolder;
use belisha_policy::roles::Role;
use belisha_policy::{Action, Permit, PersonId, Scope};
use chrono::{DateTime, Utc};

use super::{Replayed, Whose};
use crate::audit::AuditReceipt;
use crate::authority::Authority;
use crate::events::LookedUp;
use crate::ledger::{LedgerError, Stream};
use crate::lookup::says_why;
use crate::past::Person;
use crate::school::School;

/// Why no names are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NamesError {
    /// No purpose was given.
    #[error("say why, in a sentence (--purpose): it is written down with your name before anything is shown")]
    Purpose,
    /// There is nobody whom this person may look up.
    #[error("there is nobody among them whom you may look up")]
    Nobody,
    /// It cannot be written down.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The people of a replay whom somebody may look up.
#[derive(Debug)]
pub struct Named {
    /// The proof that it was written down before.
    pub receipt: AuditReceipt,
    /// The names of each change, in the order of the changes.
    pub people: Vec<BTreeSet<String>>,
    /// People who are not named: they may not be looked up, or nobody here has their user name.
    pub unnamed: usize,
}

/// Names those whom a signed-in person may look up. Each look-up is written down first; where it cannot be, nobody is
/// named.
///
/// # Errors
/// There is no purpose, or nobody may be named: then nothing was written.
pub fn name(
    school: &School,
    authority: &Authority,
    by: PersonId,
    purpose: &str,
    replayed: &Replayed,
    now: DateTime<Utc>,
) -> Result<Named, NamesError> {
    if !says_why(purpose) {
        return Err(NamesError::Purpose);
    }
    let all: BTreeSet<PersonId> =
        replayed.changes.iter().flat_map(|it| &it.who).filter_map(|it| person(authority, it)).collect();
    let mut may = BTreeMap::new();
    for person in all {
        if let Some(permit) = permitted(authority, by, person, now) {
            may.insert(person, permit.second_person().ok().map(|second| second.to_string()));
        }
    }
    let Some((from, to)) = replayed.days.filter(|_| !may.is_empty()) else { return Err(NamesError::Nobody) };
    let event = |(person, second): (&PersonId, &Option<String>)| LookedUp {
        person: person.to_string(),
        from,
        to,
        purpose: purpose.to_owned(),
        second: second.clone(),
    };
    let events: Vec<LookedUp> = may.iter().map(event).collect();
    let stream = Stream::look_ups();
    let looks: Vec<_> = events.iter().map(|event| (&stream, event)).collect();
    let receipt = AuditReceipt::take_all(school.ledger(), &looks, &by.to_string(), now)?;
    let mut unnamed = HashSet::new();
    let mut named = |whose| {
        let person = person(authority, whose).filter(|person| may.contains_key(person));
        if person.is_none() {
            unnamed.insert(whose);
        }
        person.map(|person| called(authority, person))
    };
    let people = replayed.changes.iter().map(|change| change.who.iter().filter_map(&mut named).collect());
    let people = people.collect();
    Ok(Named { receipt, people, unnamed: unnamed.len() })
}

fn person(authority: &Authority, whose: &Whose) -> Option<PersonId> {
    let Whose::Person(Person::Known(account)) = whose else { return None };
    match authority.roll().account_by_id(*account)?.holder {
        AccountHolder::Individual(person) => Some(person),
        AccountHolder::Class { .. } | AccountHolder::Guest { .. } => None,
    }
}

/// The permit to look a person up, where there is one.
fn permitted(authority: &Authority, by: PersonId, person: PersonId, now: DateTime<Utc>) -> Option<Permit> {
    let entry = authority.roll().person(person)?;
    let topic = if authority.assignments().holds(person, Role::Head, now) {
        Topic::HeadHistory
    } else if entry.person.pupil().is_some() {
        Topic::PupilHistory
    } else {
        Topic::StaffHistory
    };
    let relation = Relation { subject: person == by, ..Relation::default() };
    let about = About { relation, ..About::of(topic).person(person) };
    match authority.may(by, Action::LookUpHistory, &about, now) {
        Answer::Permit(permit) if !matches!(permit.scope(), Scope::Aggregate | Scope::InstructOnly) => Some(permit),
        Answer::Permit(_) | Answer::Refusal(_) | Answer::NotFound => None,
    }
}

fn called(authority: &Authority, person: PersonId) -> String {
    let name = authority.roll().person(person).map(|entry| &entry.person.name);
    name.map_or_else(String::new, |name| format!("{} {}", name.known_forename(), name.known_surname()))
}
