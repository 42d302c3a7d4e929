//! Pupils, by what an old record has of them.

use std::collections::HashMap;

use belisha_policy::PersonId;
use belisha_policy::people::Upn;
use chrono::NaiveDate;

use super::fold::Folded;
use super::roll::Roll;

/// Pupils of the roll, those who left among them, as far as they can be told apart. Nobody is found by name alone.
pub(crate) struct Pupils {
    by_upn: HashMap<Upn, Vec<PersonId>>,
    by_birthday: HashMap<NaiveDate, Vec<(PersonId, Folded)>>,
}

impl Pupils {
    pub(crate) fn of(roll: &Roll) -> Self {
        let (mut by_upn, mut by_birthday) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for person in roll.people().map(|entry| &entry.person) {
            let Some(pupil) = person.pupil() else { continue };
            if let Some(upn) = pupil.upn {
                by_upn.entry(upn).or_default().push(person.id);
            }
            if let Some(born) = pupil.born {
                by_birthday.entry(born).or_default().push((person.id, Folded::of(&person.name)));
            }
        }
        Self { by_upn, by_birthday }
    }

    /// Whoever has this number, where one has.
    pub(crate) fn with_upn(&self, upn: Upn) -> Option<PersonId> {
        match self.by_upn.get(&upn)?.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// Whoever was born on this day and is called so, where one is: surname and forename.
    pub(crate) fn called(&self, surname: &str, forename: &str, born: NaiveDate) -> Option<PersonId> {
        let name = Folded::of_parts([surname; 2], [forename; 2]);
        self.only(born, |theirs| theirs.agrees(&name))
    }

    /// The same by a whole name, whichever part of it comes first.
    pub(crate) fn called_whole(&self, name: &str, born: NaiveDate) -> Option<PersonId> {
        self.only(born, |theirs| theirs.agrees_whole(name))
    }

    fn only(&self, born: NaiveDate, is: impl Fn(&Folded) -> bool) -> Option<PersonId> {
        let mut found = self.by_birthday.get(&born)?.iter().filter(|(_, name)| is(name));
        match (found.next(), found.next()) {
            (Some((person, _)), None) => Some(*person),
            _ => None,
        }
    }
}
