//! One incident of a log, as it stands there.

use std::fmt;

use belisha_policy::people::Upn;
use chrono::{Datelike, NaiveDate, NaiveTime};

use super::OldLog;
use super::columns::Field;
use crate::access_log::{DateOrder, When, clock};
use crate::mapped::Line;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// It has not as many fields as there are headings.
    Ragged,
    /// There is no date, or none that can be read.
    When,
    /// There are no words.
    Empty,
}

/// What is wrong. No word of the line is in it.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ragged => "not as many fields as there are headings",
            Self::When => "no date and time that can be read",
            Self::Empty => "no words: nothing is said of what happened",
        })
    }
}

/// A line that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// `line 3: …`.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

/// Nobody wrote incidents into such a system before this year, and numbers of another kind are read as days before it.
const EARLIEST: i32 = 1980;
const LATEST: i32 = 2100;

/// An incident as it stands in a log.
#[derive(Clone, Copy)]
pub struct OldIncident<'a> {
    log: &'a OldLog,
    row: Line<'a, Field>,
    when: When,
}

impl<'a> OldIncident<'a> {
    pub(super) fn of(log: &'a OldLog, row: Line<'a, Field>) -> Result<Self, Complaint> {
        let complain = |fault| Complaint { line: row.number(), fault };
        if row.get(Field::Text).trim().is_empty() && row.get(Field::Title).trim().is_empty() {
            return Err(complain(Fault::Empty));
        }
        let when = when(log.order(), row.get(Field::When), row.get(Field::Time));
        Ok(Self { log, row, when: when.ok_or_else(|| complain(Fault::When))? })
    }

    /// The line on which it begins, from 1.
    pub fn line(&self) -> u64 {
        self.row.number()
    }

    /// The row as it stands in the file, without the end of its line; of a file in another encoding, as UTF-8.
    pub fn raw(&self) -> &'a str {
        self.row.raw()
    }

    /// When it happened, as the log says.
    pub fn when(&self) -> When {
        self.when
    }

    /// What stands in a field, unchanged; nothing where the log has no such column.
    pub fn get(&self, field: Field) -> &'a str {
        self.row.get(field)
    }

    /// All that is said of it, with the headings under which it stands.
    pub fn said(&self) -> impl Iterator<Item = (Field, &'a str, &'a str)> + use<'a> {
        let row = self.row;
        let said = self.log.columns().map(move |(field, heading)| (field, heading, row.get(field)));
        said.filter(|(_, _, text)| !text.trim().is_empty())
    }

    /// The unique pupil numbers in it, each once: of the pupil, and of others where they are given by number. One whose check
    /// letter does not fit is nobody's.
    pub fn upns(&self) -> Vec<Upn> {
        let mut upns: Vec<Upn> = Vec::new();
        for field in [Field::Upn, Field::Pupil, Field::Linked] {
            let words = self.get(field).split(|letter: char| !letter.is_ascii_alphanumeric());
            for upn in words.filter_map(|word| word.parse::<Upn>().ok()) {
                if upn.check_letter_fits() && !upns.contains(&upn) {
                    upns.push(upn);
                }
            }
        }
        upns
    }

    /// The names by which the pupil may be looked for, surname first, together with the birthday: nobody is looked for by
    /// name alone, and of several in one field nobody knows whose the birthday is.
    pub fn pupil(&self) -> Option<(PupilName<'a>, NaiveDate)> {
        let born = self.row.day(Field::Born)?;
        let [surname, forename, whole] =
            [Field::Surname, Field::Forename, Field::Pupil].map(|field| self.get(field).trim());
        if !surname.is_empty() && !forename.is_empty() {
            return Some((PupilName::Parts { surname, forename }, born));
        }
        let is_one = !whole.is_empty() && !whole.contains([';', '\n', '|', '&', '/']);
        is_one.then_some((PupilName::Whole(whole), born))
    }
}

/// A name as a log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PupilName<'a> {
    /// In two fields.
    #[expect(missing_docs, reason = "the names say it")]
    Parts { surname: &'a str, forename: &'a str },
    /// In one, in any order.
    Whole(&'a str),
}

/// Date and time of one field, or of two; the beginning of the day where no time is said.
fn when(order: DateOrder, text: &str, time: &str) -> Option<When> {
    let text = text.trim();
    let day = || clock::date(text.as_bytes(), order);
    let when = match clock::time_of_day(time.trim().as_bytes()) {
        Some((time, _)) => day().map(|day| When::Local(day.and_time(time))),
        None => clock::written(text.as_bytes(), order)
            .or_else(|| day().map(|day| When::Local(day.and_time(NaiveTime::MIN)))),
    };
    let year = |when: &When| match when {
        When::Instant(at) => at.year(),
        When::Local(clock) => clock.year(),
    };
    when.filter(|when| (EARLIEST..=LATEST).contains(&year(when)))
}
