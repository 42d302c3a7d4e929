//! From numbers back to names, for those who may.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use chrono::NaiveDate;

use super::day::Day;
use super::people::{DayNumber, Kind, Logged, open};
use super::{PeopleOpener, Place, StoreError};

/// Who the numbers of a day are.
#[derive(Default)]
pub struct Names {
    /// `None` for a number that two writers gave to two names.
    names: HashMap<DayNumber, Option<(Kind, Arc<str>)>, RandomState>,
}

impl Names {
    /// The name of a person or device. `None` where nobody can know it: its table was sealed to nobody.
    pub fn get(&self, number: DayNumber) -> Option<&Arc<str>> {
        self.names.get(&number)?.as_ref().map(|(_, name)| name)
    }

    /// The numbers of a person; none where they did nothing that day.
    pub fn of_person(&self, name: &str) -> impl Iterator<Item = DayNumber> {
        let named = self.names.iter().filter_map(|(number, named)| Some((number, named.as_ref()?)));
        named.filter(move |(_, named)| named.0 == Kind::Person && *named.1 == *name).map(|(number, _)| *number)
    }

    pub(super) fn in_clear(names: Vec<(i64, Box<str>)>, kind: Kind) -> Option<Self> {
        let names =
            names.into_iter().map(|(id, name)| Some((DayNumber::from_column(id).ok()??, Some((kind, name.into())))));
        Some(Self { names: names.collect::<Option<_>>()? })
    }

    fn add(&mut self, number: DayNumber, kind: Kind, name: &Arc<str>) {
        let named = self.names.entry(number).or_insert_with(|| Some((kind, name.clone())));
        if named.as_ref().is_some_and(|(known_kind, known)| (*known_kind, known) != (kind, name)) {
            *named = None;
        }
    }

    fn extend(&mut self, other: Self) {
        for (number, named) in other.names {
            if let Some((kind, name)) = named {
                self.add(number, kind, &name);
            }
        }
    }
}

/// How many, and not who.
impl core::fmt::Debug for Names {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Names({})", self.names.len())
    }
}

/// What stands in a log of names.
#[derive(Debug, Default)]
pub(super) struct SealedNames {
    /// Id and sealed table key.
    pub(super) keys: Vec<(i64, Vec<u8>)>,
    /// Number, kind, id of the table key, sealed name.
    pub(super) names: Vec<(i64, i64, i64, Vec<u8>)>,
    /// How many numbers in records have no name here.
    pub(super) nameless: i64,
}

impl SealedNames {
    pub(super) fn open(
        self,
        day: Day,
        opener: &dyn PeopleOpener,
        damaged: impl Fn(&str) -> StoreError,
    ) -> Result<Names, StoreError> {
        // A list that lacks some would be taken for the whole.
        if self.nameless > 0 {
            return Err(damaged("it has lost sealed names"));
        }
        let mut keys = HashMap::new();
        for (id, sealed) in self.keys {
            // What is empty was sealed to nobody.
            let key = (!sealed.is_empty()).then(|| opener.open(&sealed)).transpose();
            keys.insert(id, key.map_err(|source| StoreError::Unsealed { day: day.name(), source })?);
        }
        let mut names = Names::default();
        for (number, kind, key, sealed) in self.names {
            let number = DayNumber::from_column(number).ok().flatten();
            let (Some(number), Some(kind)) = (number, Kind::from_column(kind)) else {
                return Err(damaged("a name has a number or kind that never was"));
            };
            let key = keys.get(&key).ok_or_else(|| damaged("it has lost a table key"))?;
            if let Some(key) = key {
                let name = open(key, day, kind, number.get(), &sealed);
                names.add(number, kind, &name.ok_or_else(|| damaged("a sealed name is not what was written"))?);
            }
        }
        Ok(names)
    }
}

/// Who the numbers of a day (in UTC) are, for somebody who may know. Numbers in different files of one day that are the
/// same by chance and not the same name are left out.
///
/// Costs one opening of a table key for each start of a writer on that day, and about a microsecond a name.
///
/// # Errors
/// As [`read_day`](crate::read_day); and the opener cannot open one of the table keys.
pub fn names(place: impl Into<Place>, date: NaiveDate, opener: &dyn PeopleOpener) -> Result<Names, StoreError> {
    let mut all = Names::default();
    for mut source in place.into().sources(date)? {
        all.extend(source.names(opener)?);
    }
    Ok(all)
}

/// What one person did on a day (in UTC), for somebody who may know, in the order of the log. All records of the day
/// are read and checked: it costs as much as reading the day.
///
/// # Errors
/// As [`names`].
pub fn person_day(
    place: impl Into<Place>,
    date: NaiveDate,
    person: &str,
    opener: &dyn PeopleOpener,
) -> Result<Vec<Logged>, StoreError> {
    let mut found = Vec::new();
    for mut source in place.into().sources(date)? {
        let numbers: Vec<DayNumber> = source.names(opener)?.of_person(person).collect();
        if numbers.is_empty() {
            continue;
        }
        while let Some(records) = source.next_batch()? {
            let theirs = |logged: &Logged| logged.person.is_some_and(|number| numbers.contains(&number));
            found.extend(records.into_iter().filter(theirs));
        }
    }
    Ok(found)
}
