//! How far a round has come: of everybody, by class and audience, and who is still to be asked.

use std::collections::{BTreeMap, BTreeSet};

use belisha_aua::{Audience, Key, Lacking, State, Subject};
use belisha_policy::PersonId;
use chrono::{DateTime, Utc};

use crate::authority::Authority;

/// How it stands with one document of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// Who.
    pub person: PersonId,
    /// Their audience.
    pub audience: Audience,
    /// A pupil's class.
    pub class: Option<String>,
    /// Which document.
    pub key: Key,
    /// How it stands.
    pub state: State,
}

/// How it stands with everybody who is here at an instant, with each of their documents. Costs about a microsecond for each.
pub fn outstanding(authority: &Authority, at: DateTime<Utc>) -> impl Iterator<Item = Outstanding> + '_ {
    authority.roll().here(at).flat_map(move |entry| {
        let (agreements, subject) = (authority.agreements(), Subject::of(&entry.person));
        let audience = subject.audience(at);
        let lines = agreements.book().lines(agreements.file(entry.person.id), &subject, at);
        let line = move |(key, state): (Key, State)| {
            let class = entry.class().map(str::to_owned);
            Some(Outstanding { person: entry.person.id, audience: audience?, class, key, state })
        };
        let lines: Vec<_> = lines.map(|(document, state)| (document.key().clone(), state)).collect();
        lines.into_iter().filter_map(line)
    })
}

/// How many of some people have signed a document, and whose signatures are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Of how many it is asked.
    pub asked: usize,
    /// Who have signed, with all whom it takes.
    pub signed: usize,
    /// Of the others, those whose time runs.
    pub grace: usize,
    /// Whose parent has not signed, while the pupil has.
    pub parents: usize,
    /// Where the pupil has not, while a parent has.
    pub pupils: usize,
    /// Where nobody has.
    pub nobody: usize,
    /// Where a parent says no.
    pub disputed: usize,
}

impl Coverage {
    fn count(&mut self, state: State) {
        self.asked += 1;
        self.signed += usize::from(matches!(state, State::Signed { .. }));
        self.grace += usize::from(matches!(state, State::Grace { .. }));
        match state.lacking() {
            None => {}
            Some(Lacking::Parents) => self.parents += 1,
            Some(Lacking::Pupils) => self.pupils += 1,
            Some(Lacking::Both | Lacking::Theirs) => self.nobody += 1,
            Some(Lacking::Disputed) => self.disputed += 1,
        }
    }

    /// Of a hundred of whom it is asked, how many have signed; a hundred where it is asked of nobody.
    pub fn percent(&self) -> usize {
        (100 * self.signed).checked_div(self.asked).unwrap_or(100)
    }
}

/// Coverage of each document by audience and class, in their order.
pub fn coverage(authority: &Authority, at: DateTime<Utc>) -> BTreeMap<(Key, Audience, Option<String>), Coverage> {
    let mut covered: BTreeMap<_, Coverage> = BTreeMap::new();
    for Outstanding { key, audience, class, state, .. } in outstanding(authority, at) {
        covered.entry((key, audience, class)).or_default().count(state);
    }
    covered
}

/// The audiences to which somebody here belongs and whom no agreement asks, so that their access depends on nothing (C-051).
pub fn unasked(authority: &Authority, at: DateTime<Utc>) -> BTreeSet<Audience> {
    let book = authority.agreements().book();
    let asks = |audience: Audience| {
        let editions = book.asked(at).filter_map(|document| document.to_sign(at));
        editions.map(|edition| &edition.terms).any(|terms| terms.bears_on_access() && terms.is_for(audience))
    };
    let here: BTreeSet<Audience> =
        authority.roll().here(at).filter_map(|entry| Subject::of(&entry.person).audience(at)).collect();
    here.into_iter().filter(|audience| !asks(*audience)).collect()
}

/// Somebody who is still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chased {
    /// Who.
    pub person: PersonId,
    /// A pupil's class.
    pub class: Option<String>,
    /// For which document.
    pub key: Key,
    /// Whose signature is missing.
    pub lacking: Lacking,
    /// Until when what they have is good; `None` where it is good no more.
    pub until: Option<DateTime<Utc>>,
}

/// Everybody who is still to be asked, by class.
pub fn chase(authority: &Authority, at: DateTime<Utc>) -> Vec<Chased> {
    let chased = |line: Outstanding| {
        let lacking = line.state.lacking()?;
        let until = if let State::Grace { until, .. } = line.state { Some(until) } else { None };
        Some(Chased { person: line.person, class: line.class, key: line.key, lacking, until })
    };
    let mut chased: Vec<Chased> = outstanding(authority, at).filter_map(chased).collect();
    chased.sort_by(|one, other| (&one.key, &one.class, one.person).cmp(&(&other.key, &other.class, other.person)));
    chased
}
