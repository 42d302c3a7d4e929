//! What kind of day a date is at a school.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::bank_holidays::bank_holiday;
use super::error::NotInCalendar;
use super::plan::{MONDAY_TO_FRIDAY, Term};
use super::{Calendar, clocks};

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

/// A day at a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day<'a> {
    date: NaiveDate,
    kind: DayKind<'a>,
    term: Option<&'a str>,
    runs_as: Weekday,
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
        let term = self.term_of(date).map(|term| &*term.name);
        let open = self.plan.open.binary_search_by_key(&date, |open| open.date).ok();
        let runs_as = open.and_then(|at| self.plan.open.get(at)).map_or_else(|| date.weekday(), |open| open.runs_as);
        let kind = if open.is_some() { DayKind::SchoolDay } else { self.kind(date, term.is_some()) };
        Day { date, kind, term, runs_as }
    }

    /// The kind of a day that is no open day.
    fn kind(&self, date: NaiveDate, in_term: bool) -> DayKind<'_> {
        if self.plan.inset.binary_search(&date).is_ok() {
            return DayKind::Inset;
        }
        if let Some(name) = self.bank_holiday(date) {
            return DayKind::BankHoliday(name);
        }
        if let Some(name) = self.closure_of(date) {
            return DayKind::Holiday(name);
        }
        let runs = self.school_week.contains(date.weekday());
        match self.covered(date) {
            Ok(()) if !in_term && !self.plan.terms.is_empty() => DayKind::OutOfTerm,
            Ok(()) if runs => DayKind::SchoolDay,
            Err(_) if runs => DayKind::Unplanned,
            Ok(()) | Err(_) => DayKind::Weekend,
        }
    }

    /// The term in which a date is.
    pub fn term_of(&self, date: NaiveDate) -> Option<&Term> {
        let after = self.plan.terms.partition_point(|term| term.first <= date);
        self.plan.terms.get(after.checked_sub(1)?).filter(|term| date <= term.last)
    }

    /// The name of the closure in which a date is.
    pub(super) fn closure_of(&self, date: NaiveDate) -> Option<&str> {
        let after = self.plan.closures.partition_point(|closure| closure.first <= date);
        let closure = self.plan.closures.get(after.checked_sub(1)?).filter(|closure| date <= closure.last);
        closure.map(|closure| &*closure.name)
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
        clocks::within_reach(day)?;
        let (Some(first), Some(last)) = (self.plan.terms.first(), self.plan.terms.last()) else { return Ok(()) };
        let (first, last) = (first.first, last.last);
        if day < first {
            return Err(NotInCalendar::Before { day, first });
        }
        if day > last { Err(NotInCalendar::After { day, last }) } else { Ok(()) }
    }
}
