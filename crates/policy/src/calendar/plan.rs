//! A school's calendar as it was written down, not yet checked.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{NaiveDate, Weekday, WeekdaySet};

use super::interval::Interval;

/// Monday to Friday.
pub const MONDAY_TO_FRIDAY: WeekdaySet =
    WeekdaySet::from_array([Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]);

/// A school's calendar as it was written down. [`Calendar::new`](super::Calendar::new) checks it.
///
/// The default is that of a school of which nothing is known: Monday to Friday 08:30 to 15:30, no terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The terms. Where there is none, every school day of the week counts that is no bank holiday.
    pub terms: Vec<Term>,
    /// Half-terms, and other days in a term on which the school is closed.
    pub closures: Vec<Closure>,
    /// Days on which staff work and pupils stay at home.
    pub inset: Vec<NaiveDate>,
    /// Days on which there is school although it is a weekend or a bank holiday.
    pub open: Vec<OpenDay>,
    /// Bank holidays proclaimed since this program was made.
    pub proclaimed: Vec<Proclaimed>,
    /// When pupils are at school, by day of the week.
    pub week: Vec<SchoolHours>,
    /// Lessons, where the school names them. Without any, all the time at school counts as lessons.
    pub lessons: Vec<Lesson>,
    /// When pupils are on the premises before and after school: clubs, homework, boarding.
    pub extended: Vec<ExtendedHours>,
    /// What counts as night.
    pub night: Interval,
}

/// A term, or any other stretch of the school year that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What the school calls it, such as `Michaelmas` or `Autumn 2026`.
    pub name: String,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day, which belongs to it.
    pub last: NaiveDate,
}

/// Days in a term on which the school is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// What it is called, such as `half-term` or `snow`.
    pub name: String,
    /// The first day.
    pub first: NaiveDate,
    /// The last day, which belongs to it.
    pub last: NaiveDate,
}

/// A day with school that would have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenDay {
    /// Which.
    pub date: NaiveDate,
    /// The day of the week whose hours and lessons it has.
    pub runs_as: Weekday,
}

/// A bank holiday by proclamation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proclaimed {
    /// What it is called.
    pub name: String,
    /// The day.
    pub date: NaiveDate,
    /// The bank holiday that it replaces, where it does.
    pub instead_of: Option<NaiveDate>,
}

/// From when to when pupils are at school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolHours {
    /// On which days of the week.
    pub weekdays: WeekdaySet,
    /// From when to when.
    pub hours: Interval,
}

/// A lesson of the timetable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What it is called, such as `P1`.
    pub name: String,
    /// On which days of the week.
    pub weekdays: WeekdaySet,
    /// From when to when.
    pub hours: Interval,
}

/// When pupils are on the premises outside of school hours. It may surround these: `06:30–22:00` for those who board.
///
/// It counts on days with school, and on weekends where they are named, such as the Sundays of those who board; never on
/// bank holidays and INSET days, in half-terms and between terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedHours {
    /// On which days of the week.
    pub weekdays: WeekdaySet,
    /// From when to when.
    pub hours: Interval,
}

impl Closure {
    /// One day.
    pub fn day(name: &str, date: NaiveDate) -> Self {
        Self { name: name.into(), first: date, last: date }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            terms: Vec::new(),
            closures: Vec::new(),
            inset: Vec::new(),
            open: Vec::new(),
            proclaimed: Vec::new(),
            week: Vec::from([SchoolHours { weekdays: MONDAY_TO_FRIDAY, hours: Interval::between((8, 30), (15, 30)) }]),
            lessons: Vec::new(),
            extended: Vec::new(),
            night: Interval::between((21, 0), (7, 0)),
        }
    }
}
