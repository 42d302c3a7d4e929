//! Whom a line is about, and which of their parents it means.

use std::collections::HashMap;

use belisha_aua::Audience;
use belisha_formats::mapped::Line;
use belisha_policy::PersonId;
use belisha_policy::people::Upn;
use chrono::{Datelike as _, NaiveDate};

use super::fault::Fault;
use super::field::Field;
use crate::people::{ByName, Entry, Roll, same_words};

/// What stands before a name and is none of it.
const TITLES: [&str; 9] = ["mr", "mrs", "ms", "miss", "mx", "dr", "rev", "prof", "sir"];

/// Those who may be asked to agree to something, and pupils: parents are found among the contacts of their child alone.
pub(super) struct Register<'a> {
    roll: &'a Roll,
    by_upn: HashMap<Upn, Vec<&'a Entry>>,
    by_name: ByName<'a>,
    today: NaiveDate,
}

impl<'a> Register<'a> {
    pub(super) fn of(roll: &'a Roll, today: NaiveDate) -> Self {
        let mut by_upn = HashMap::<_, Vec<_>>::new();
        for entry in roll.people() {
            if let Some(upn) = entry.person.pupil().and_then(|pupil| pupil.upn) {
                by_upn.entry(upn).or_default().push(entry);
            }
        }
        let is_asked = |entry: &Entry| entry.person.pupil().is_some() || Audience::of(&entry.person).is_some();
        Self { roll, by_upn, by_name: ByName::of(roll, is_asked), today }
    }

    /// Whom a line is about; where it says so, on which day they signed. Nobody is guessed: whoever has left counts as well,
    /// since it may be them.
    pub(super) fn whom(&self, line: Line<'a, Field>, on: Option<NaiveDate>) -> Result<&'a Entry, Fault> {
        let text = |field| line.get(field).trim();
        let (upn, user, name) = (text(Field::Upn), text(Field::User), whole_name(line));
        let born = match text(Field::Born) {
            "" => None,
            _ => Some(line.day(Field::Born).ok_or(Fault::Born)?),
        };
        let found: Vec<&Entry> = if !upn.is_empty() {
            let theirs = self.by_upn.get(&upn.parse()?).cloned().unwrap_or_default();
            agreeing(theirs, name.as_deref(), born)?
        } else if !user.is_empty() {
            let account = self.roll.account_of(user);
            let person = account.and_then(|it| self.roll.person(PersonId::from_bytes(*it.id.as_bytes())));
            agreeing(person.into_iter().collect(), name.as_deref(), born)?
        } else {
            let name = name.ok_or(Fault::Nameless)?;
            let called = born_on(self.by_name.called(&name), born);
            // A class of an earlier year is another class by now, in which somebody of the same name may be.
            let is_of_this_year = on.is_some_and(|on| school_year(on) == school_year(self.today));
            if called.len() > 1 && is_of_this_year { in_class(called, text(Field::Class)) } else { called }
        };
        match found.as_slice() {
            [] => Err(Fault::Unknown),
            [one] if one.person.is_here(self.today) => Ok(one),
            [_] => Err(Fault::Left),
            _ => Err(Fault::Several),
        }
    }

    /// The contact of a child whom a name means.
    pub(super) fn parent(&self, child: &Entry, name: &str) -> Result<PersonId, Fault> {
        let is_title = |word: &&str| TITLES.contains(&word.trim_end_matches('.').to_lowercase().as_str());
        let name: Vec<&str> = name.split_whitespace().skip_while(is_title).collect();
        match self.roll.contacts_called(child.person.id, &name.join(" ")).as_slice() {
            [one] => Ok(*one),
            [] => Err(Fault::ParentUnknown),
            _ => Err(Fault::ParentSeveral),
        }
    }
}

/// The name of a line, in one field or in two.
fn whole_name(line: Line<'_, Field>) -> Option<String> {
    let [whole, surname, forename] =
        [Field::Pupil, Field::Surname, Field::Forename].map(|field| line.get(field).trim());
    if !surname.is_empty() && !forename.is_empty() {
        return Some(format!("{forename} {surname}"));
    }
    (!whole.is_empty()).then(|| whole.to_owned())
}

/// Whoever has a number or a user name, unless the line says something else of them: where a column was sorted without the
/// others, each number stands beside another's name.
fn agreeing<'a>(found: Vec<&'a Entry>, name: Option<&str>, born: Option<NaiveDate>) -> Result<Vec<&'a Entry>, Fault> {
    let differs = |entry: &&Entry| {
        let theirs = born_of(entry);
        let other_day = born.is_some_and(|born| theirs.is_some_and(|theirs| theirs != born));
        other_day || name.is_some_and(|name| !same_words(&entry.person.name, name))
    };
    if found.iter().any(differs) { Err(Fault::Differs) } else { Ok(found) }
}

fn born_of(entry: &Entry) -> Option<NaiveDate> {
    entry.person.pupil().and_then(|pupil| pupil.born)
}

/// Those of some who were born on a day; where it is known of none, those of whom no day is known.
fn born_on<'a>(called: &[&'a Entry], born: Option<NaiveDate>) -> Vec<&'a Entry> {
    let Some(born) = born else { return called.to_vec() };
    let with = |day: Option<NaiveDate>| called.iter().copied().filter(move |entry| born_of(entry) == day);
    if with(Some(born)).next().is_some() { with(Some(born)).collect() } else { with(None).collect() }
}

/// The one of some who is in a class; all where that does not tell.
fn in_class<'a>(called: Vec<&'a Entry>, class: &str) -> Vec<&'a Entry> {
    let is_in = |entry: &&&Entry| entry.class().is_some_and(|theirs| theirs.eq_ignore_ascii_case(class));
    let found: Vec<&Entry> = called.iter().filter(is_in).copied().collect();
    if found.len() == 1 { found } else { called }
}

/// The year in which the school year of a day begins, on 1 September.
fn school_year(day: NaiveDate) -> i32 {
    if day.month() >= 9 { day.year() } else { day.year() - 1 }
}
