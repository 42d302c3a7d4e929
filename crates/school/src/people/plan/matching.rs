//! Who is it? Unique pupil number, then the number in the school's system, then name and birthday, and then nobody:
//! never by name alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use belisha_policy::PersonId;
use belisha_policy::people::{Name, Upn};
use chrono::NaiveDate;

use crate::people::fold::{Folded, folded};
use crate::people::roll::{Entry, Roll};
use crate::people::written::SourceId;

/// What tells one pupil from another.
pub(super) struct Marks<'a> {
    pub(super) upn: Option<Upn>,
    pub(super) ids: &'a BTreeSet<SourceId>,
    pub(super) name: &'a Name,
    pub(super) born: Option<NaiveDate>,
}

/// Whom a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Somebody we know.
    Known(PersonId),
    /// Nobody we know.
    New,
    /// It cannot be told, or would mix up two people; who may be meant, and why.
    Stop(Option<PersonId>, &'static str),
}

/// Those whom we know, by what they are told by.
pub(super) struct Known {
    pupils: BTreeMap<PersonId, Facts>,
    by_upn: HashMap<Upn, PersonId>,
    by_id: HashMap<SourceId, PersonId>,
    /// By surname and forename, folded: those of the register and those that they go by.
    by_name: HashMap<(String, String), BTreeSet<PersonId>>,
    /// Those of whose names letters were lost, which no folded name finds.
    torn: BTreeSet<PersonId>,
}

struct Facts {
    upn: Option<Upn>,
    born: Option<NaiveDate>,
    folded: Folded,
}

const ANOTHER_CHILD: &str = "the UPN is that of another child on the roll: neither surname nor date of birth agree. \
                             Nothing was merged; find out whose it is";
const ANOTHERS_NUMBER: &str = "the number in the school's system is that of another child on the roll: neither surname \
                               nor date of birth agree. Nothing was merged";
const TWO_UPNS: &str = "a child with this number in the school's system is on the roll with another UPN. Nothing was \
                        merged; find out which UPN is right";
const SAME_CHILD_TWO_UPNS: &str = "a child of this name and birthday is on the roll with another UPN. Nothing was merged; \
                                   find out whether it is the same child";
const NAMESAKES: &str = "there are several children of this name and birthday: give UPNs that tell them apart";
const NAME_ALONE: &str = "a child of this name is on the roll, and nothing else tells whether it is the same: give a \
                          UPN or a date of birth";

impl Known {
    pub(super) fn pupils(roll: &Roll) -> Self {
        let mut known = Self {
            pupils: BTreeMap::new(),
            by_upn: HashMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            torn: BTreeSet::new(),
        };
        for entry in roll.people() {
            known.add(entry);
        }
        known
    }

    fn add(&mut self, entry: &Entry) {
        let Some(pupil) = entry.person.pupil() else { return };
        let id = entry.person.id;
        if let Some(upn) = pupil.upn {
            self.by_upn.insert(upn, id);
        }
        self.by_id.extend(entry.written.ids.iter().map(|source| (source.clone(), id)));
        let name = &entry.person.name;
        for key in keys(name) {
            self.by_name.entry(key).or_default().insert(id);
        }
        if crate::people::fold::is_torn(name) {
            self.torn.insert(id);
        }
        self.pupils.insert(id, Facts { upn: pupil.upn, born: pupil.born, folded: Folded::of(name) });
    }

    pub(super) fn find(&self, marks: &Marks<'_>) -> Match {
        let folded = Folded::of(marks.name);
        if let Some((id, facts)) = marks.upn.and_then(|upn| self.facts(*self.by_upn.get(&upn)?)) {
            let agrees = facts.folded.surname_agrees(&folded) || same_day(facts.born, marks.born);
            return if agrees { Match::Known(id) } else { Match::Stop(Some(id), ANOTHER_CHILD) };
        }
        if let Some((id, facts)) = marks.ids.iter().find_map(|source| self.facts(*self.by_id.get(source)?)) {
            if two_children(facts.upn, marks.upn) {
                return Match::Stop(Some(id), TWO_UPNS);
            }
            let agrees = facts.folded.surname_agrees(&folded) || same_day(facts.born, marks.born);
            return if agrees { Match::Known(id) } else { Match::Stop(Some(id), ANOTHERS_NUMBER) };
        }
        self.by_name_and_birthday(marks, &folded)
    }

    fn by_name_and_birthday(&self, marks: &Marks<'_>, folded: &Folded) -> Match {
        let namesakes = self.namesakes(marks.name, folded);
        let mut candidates = namesakes.iter().filter(|(_, facts)| same_day(facts.born, marks.born));
        match (candidates.next(), candidates.next()) {
            (Some((id, facts)), None) if two_children(facts.upn, marks.upn) => {
                Match::Stop(Some(*id), SAME_CHILD_TWO_UPNS)
            }
            (Some((id, _)), None) => Match::Known(*id),
            (Some((id, _)), Some(_)) => Match::Stop(Some(*id), NAMESAKES),
            // Where both birthdays are known they differ, and where both have UPNs these do: another child.
            (None, _) => {
                let unclear = |(_, facts): &&(PersonId, &Facts)| {
                    (facts.born.is_none() || marks.born.is_none()) && !two_children(facts.upn, marks.upn)
                };
                match namesakes.iter().find(unclear) {
                    Some((id, _)) => Match::Stop(Some(*id), NAME_ALONE),
                    None => Match::New,
                }
            }
        }
    }

    fn namesakes(&self, name: &Name, folded: &Folded) -> Vec<(PersonId, &Facts)> {
        let same = |id: &PersonId| self.facts(*id).filter(|(_, facts)| facts.folded.agrees(folded));
        if crate::people::fold::is_torn(name) {
            return self.pupils.keys().filter_map(same).collect();
        }
        let found: BTreeSet<PersonId> =
            keys(name).into_iter().filter_map(|key| self.by_name.get(&key)).flatten().copied().collect();
        found.union(&self.torn).filter_map(same).collect()
    }

    fn facts(&self, id: PersonId) -> Option<(PersonId, &Facts)> {
        self.pupils.get(&id).map(|facts| (id, facts))
    }
}

/// The names by which somebody is looked for: surname and forename, each as in the register and as they go by.
fn keys(name: &Name) -> BTreeSet<(String, String)> {
    let surnames = [folded(name.surname()), folded(name.known_surname())];
    let forenames = [folded(name.forename()), folded(name.known_forename())];
    surnames.iter().flat_map(|surname| forenames.iter().map(|name| (surname.clone(), name.clone()))).collect()
}

fn same_day(one: Option<NaiveDate>, other: Option<NaiveDate>) -> bool {
    one.is_some() && one == other
}

/// Whether two numbers say that these are two children. A temporary number gives way to a permanent one.
pub(super) fn two_children(one: Option<Upn>, other: Option<Upn>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one != other && !one.is_temporary() && !other.is_temporary(),
        _ => false,
    }
}
