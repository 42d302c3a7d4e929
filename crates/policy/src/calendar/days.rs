//! What kind of day a date is at a school.

use core::fmt;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::bank_holidays::bank_holiday;
use super::error::NotInCalendar;
use super::plan::{MONDAY_TO_FRIDAY, Term};
use super::{Calendar, within_reach};

/// What kind of day it is at a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayKind<'a> {
    /// Pupils come.
    SchoolDay,
    /// Staff work, pupils stay at home.
    Inset,
    /// A bank holiday on which the school is closed, and its name.
    BankHoliday(&'a str),
    /// Closed during a term, and what that is called: half-term, snow.
    Holiday(&'a str),
    /// Between two terms.
    OutOfTerm,
    /// A day of the week that has no school: Saturday and Sunday, at most schools.
    Weekend,
    /// Before the first term or after the last: the calendar does not say whether there is school.
    Unplanned,
}

impl DayKind<'_> {
    /// Whether rules for the time of day take it for a day with school. Beside school days those are days of which the
    /// calendar says nothing: a school that has not entered next year's terms is not on holiday.
    pub fn has_school(self) -> bool {
        matches!(self, Self::SchoolDay | Self::Unplanned)
    }
}

/// `a school day`, `a bank holiday (Good Friday)`, `closed (half-term)`.
impl fmt::Display for DayKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SchoolDay => f.write_str("a school day"),
            Self::Inset => f.write_str("an INSET day"),
            Self::BankHoliday(name) => write!(f, "a bank holiday ({name})"),
            Self::Holiday(name) => write!(f, "closed ({name})"),
            Self::OutOfTerm => f.write_str("between two terms"),
            Self::Weekend => f.write_str("a weekend"),
            Self::Unplanned => f.write_str("not in the calendar"),
        }
    }
}

/// A day at a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day<'a> {
    pub(super) date: NaiveDate,
    pub(super) kind: DayKind<'a>,
    pub(super) term: Option<&'a str>,
    pub(super) runs_as: Weekday,
}

impl<'a> Day<'a> {
    /// Its date.
    pub fn date(&self) -> NaiveDate {
        self.date
    }

    /// What kind of day it is.
    pub fn kind(&self) -> DayKind<'a> {
        self.kind
    }

    /// The name of the term that it is in, half-terms and weekends included.
    pub fn term(&self) -> Option<&'a str> {
        self.term
    }

    /// The day of the week whose hours and lessons it has.
    pub fn runs_as(&self) -> Weekday {
        self.runs_as
    }
}

impl Calendar {
    /// What a date is at this school. Costs about 20 ns and no allocation.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        self.entry(date).day(self, date)
    }

    /// The term in which a date is.
    pub fn term_of(&self, date: NaiveDate) -> Option<&Term> {
        self.plan.terms.get(self.term_at(date)?)
    }

    /// Where the term of a date stands in the plan.
    pub(super) fn term_at(&self, date: NaiveDate) -> Option<usize> {
        let at = self.plan.terms.partition_point(|term| term.first <= date).checked_sub(1)?;
        self.plan.terms.get(at).filter(|term| date <= term.last).map(|_| at)
    }

    /// Where the closure of a date stands in the plan.
    pub(super) fn closure_at(&self, date: NaiveDate) -> Option<usize> {
        let at = self.plan.closures.partition_point(|closure| closure.first <= date).checked_sub(1)?;
        self.plan.closures.get(at).filter(|closure| date <= closure.last).map(|_| at)
    }

    /// The name of the bank holiday that a date is: by rule, or as this school has entered it. Whether it is open on that
    /// day changes nothing.
    pub fn bank_holiday(&self, date: NaiveDate) -> Option<&str> {
        if let Some(own) = self.plan.proclaimed.iter().find(|own| own.date == date) {
            return Some(&own.name);
        }
        let replaced = || self.plan.proclaimed.iter().any(|own| own.instead_of == Some(date));
        bank_holiday(date).filter(|_| !replaced())
    }

    /// Whether a date is Monday to Friday and no bank holiday, whatever the school does on it.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        MONDAY_TO_FRIDAY.contains(date.weekday()) && self.bank_holiday(date).is_none()
    }

    /// Whether the calendar says of a day if there is school.
    pub(super) fn covered(&self, day: NaiveDate) -> Result<(), NotInCalendar> {
        within_reach(day)?;
        let (Some(first), Some(last)) = (self.plan.terms.first(), self.plan.terms.last()) else { return Ok(()) };
        let (first, last) = (first.first, last.last);
        if day < first {
            return Err(NotInCalendar::Before { day, first });
        }
        if day > last { Err(NotInCalendar::After { day, last }) } else { Ok(()) }
    }
}
