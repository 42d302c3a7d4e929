//! Those who work here since lately, and what each of them has to read and to sign (C-121).

use belisha_aua::{Audience, Key, State, Subject};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::authority::Authority;

/// How long somebody is new, in days: about a term.
pub const NEW_FOR: Days = Days::new(120);

/// An adult who joined lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joiner {
    /// Who.
    pub person: PersonId,
    /// On which day they joined.
    pub joined: NaiveDate,
    /// What they have to read or to sign, and how that stands.
    pub documents: Vec<(Key, State)>,
}

/// The adults who joined since a day and are here, the last of them first. Of whom no day is known when they joined, nothing
/// is said.
pub fn joiners(authority: &Authority, since: NaiveDate, at: DateTime<Utc>) -> Vec<Joiner> {
    let agreements = authority.agreements();
    let joiner = |entry: &crate::people::Entry| {
        let joined = entry.person.joined.filter(|joined| *joined >= since)?;
        let subject = Subject::of(&entry.person);
        subject.audience(at).filter(|audience| matches!(audience, Audience::Adults(_)))?;
        let lines = agreements.book().lines(agreements.file(entry.person.id), &subject, at);
        let documents = lines.map(|(document, state)| (document.key().clone(), state)).collect();
        Some(Joiner { person: entry.person.id, joined, documents })
    };
    let mut joiners: Vec<Joiner> = authority.roll().here(at).filter_map(joiner).collect();
    joiners.sort_by(|one, other| (other.joined, one.person).cmp(&(one.joined, other.person)));
    joiners
}

/// The day since when whoever joined is new.
pub fn new_since(at: DateTime<Utc>) -> NaiveDate {
    let today = local(at).date_naive();
    today.checked_sub_days(NEW_FOR).unwrap_or(today)
}
