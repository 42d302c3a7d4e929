//! What is held against a calendar before it is one.

use alloc::format;
use alloc::string::{String, ToString as _};

use chrono::{Datelike as _, NaiveDate, Weekday, WeekdaySet};

use super::bank_holidays::bank_holiday;
use super::days::DayKind;
use super::error::CalendarError;
use super::interval::Interval;
use super::plan::{Lesson, MONDAY_TO_FRIDAY, OpenDay, Proclaimed, Term};
use super::{Calendar, LONGEST_NAME, within_reach};

type Checked = Result<(), CalendarError>;

/// The longest term, in days: that of a school which calls its whole year one.
const LONGEST_TERM: i64 = 366;

impl Calendar {
    /// Holds everything against everything; the lists are in order.
    pub(super) fn check(&self) -> Checked {
        self.check_week()?;
        self.plan.terms.iter().try_for_each(check_term)?;
        let terms = self.plan.terms.iter().map(|term| (&*term.name, term.first, term.last));
        no_overlap(terms)?;
        self.check_closures()?;
        each_once(self.plan.inset.iter().copied(), "an INSET day")?;
        self.plan.inset.iter().try_for_each(|date| self.check_inset(*date))?;
        each_once(self.plan.open.iter().map(|open| open.date), "an open day")?;
        self.plan.open.iter().try_for_each(|open| self.check_open(*open))?;
        each_once(self.plan.proclaimed.iter().map(|it| it.date), "a bank holiday")?;
        self.plan.proclaimed.iter().try_for_each(check_proclaimed)?;
        self.check_lessons()
    }

    fn check_closures(&self) -> Checked {
        for closure in &self.plan.closures {
            let (name, first, last) = (&closure.name, closure.first, closure.last);
            check_range("closure", name, first, last)?;
            let one_term = self.term_of(first).is_some_and(|term| last <= term.last);
            if !one_term && !self.plan.terms.is_empty() {
                return Err(CalendarError::ClosureOutsideTerm { name: name.clone(), first, last });
            }
        }
        no_overlap(self.plan.closures.iter().map(|closure| (&*closure.name, closure.first, closure.last)))
    }

    fn check_inset(&self, date: NaiveDate) -> Checked {
        self.check_in_term("INSET day", date)?;
        match self.closure_or_bank_holiday(date) {
            Some(other) => Err(CalendarError::Contradiction { date, one: DayKind::Inset.to_string(), other }),
            None => Ok(()),
        }
    }

    fn check_open(&self, OpenDay { date, runs_as }: OpenDay) -> Checked {
        self.check_in_term("open day", date)?;
        let contradicts = |other: String| Err(CalendarError::Contradiction { date, one: "an open day".into(), other });
        if self.plan.inset.contains(&date) {
            return contradicts(DayKind::Inset.to_string());
        }
        if let Some(closed) = self.closed(date) {
            return contradicts(closed);
        }
        if self.school_week.contains(runs_as) {
            Ok(())
        } else {
            Err(CalendarError::OpenWithoutHours { date, weekday: runs_as })
        }
    }

    fn check_in_term(&self, what: &'static str, date: NaiveDate) -> Checked {
        check_reach(what, date)?;
        if self.plan.terms.is_empty() || self.term_of(date).is_some() {
            Ok(())
        } else {
            Err(CalendarError::OutsideTerm { what, date })
        }
    }

    fn closure_or_bank_holiday(&self, date: NaiveDate) -> Option<String> {
        let bank_holiday = self.bank_holiday(date).map(|name| DayKind::BankHoliday(name).to_string());
        bank_holiday.or_else(|| self.closed(date))
    }

    fn closed(&self, date: NaiveDate) -> Option<String> {
        let closure = self.plan.closures.get(self.closure_at(date)?)?;
        Some(DayKind::Holiday(&closure.name).to_string())
    }

    fn check_week(&self) -> Checked {
        if self.school_week.is_empty() {
            return Err(CalendarError::NoSchool);
        }
        let mut seen = WeekdaySet::EMPTY;
        for (at, it) in self.plan.week.iter().enumerate() {
            check_hours("the school hours", it.weekdays, it.hours)?;
            if let Some(weekday) = seen.intersection(it.weekdays).first() {
                let other = self.plan.week.iter().take(at).find(|other| other.weekdays.contains(weekday));
                let one = other.map_or(it.hours, |other| other.hours);
                return Err(CalendarError::HoursTwice { weekday, one, other: it.hours });
            }
            seen = seen.union(it.weekdays);
        }
        self.plan.extended.iter().try_for_each(|it| check_hours("the extended hours", it.weekdays, it.hours))
    }

    fn check_lessons(&self) -> Checked {
        for (at, lesson) in self.plan.lessons.iter().enumerate() {
            check_name("lesson", &lesson.name)?;
            check_hours(&format!("the lesson {:?}", lesson.name), lesson.weekdays, lesson.hours)?;
            for weekday in lesson.weekdays.iter(Weekday::Mon) {
                self.check_at_school(lesson, weekday)?;
            }
            self.plan.lessons.iter().take(at).try_for_each(|other| check_pair(other, lesson))?;
        }
        Ok(())
    }

    fn check_at_school(&self, lesson: &Lesson, weekday: Weekday) -> Checked {
        let name = || lesson.name.clone();
        let Some(school) = self.plan.week.iter().find(|it| it.weekdays.contains(weekday)) else {
            return Err(CalendarError::LessonWithoutSchool { lesson: name(), weekday });
        };
        let (hours, school) = (lesson.hours, school.hours);
        if hours.is_within(school) {
            Ok(())
        } else {
            Err(CalendarError::LessonOutsideSchool { lesson: name(), hours, weekday, school })
        }
    }
}

fn check_pair(one: &Lesson, other: &Lesson) -> Checked {
    let Some(weekday) = one.weekdays.intersection(other.weekdays).first() else { return Ok(()) };
    if one.name == other.name {
        return Err(CalendarError::LessonTwice { name: one.name.clone(), weekday });
    }
    if one.hours.meets(other.hours) {
        let (one, other) = (one.name.clone(), other.name.clone());
        return Err(CalendarError::LessonsOverlap { one, other, weekday });
    }
    Ok(())
}

fn check_term(term: &Term) -> Checked {
    check_range("term", &term.name, term.first, term.last)?;
    let days = term.last.signed_duration_since(term.first).num_days() + 1;
    if days > LONGEST_TERM { Err(CalendarError::TermTooLong { name: term.name.clone(), days }) } else { Ok(()) }
}

fn check_proclaimed(it: &Proclaimed) -> Checked {
    check_name("bank holiday", &it.name)?;
    let (name, date) = (it.name.clone(), it.date);
    check_reach(&name, date)?;
    if !MONDAY_TO_FRIDAY.contains(date.weekday()) {
        return Err(CalendarError::ProclaimedOnWeekend { name, date });
    }
    if let Some(known) = bank_holiday(date) {
        return Err(CalendarError::AlreadyProclaimed { name, date, known: known.into() });
    }
    match it.instead_of.filter(|replaced| bank_holiday(*replaced).is_none()) {
        Some(date) => Err(CalendarError::ReplacesNothing { name, date }),
        None => Ok(()),
    }
}

fn check_range(what: &'static str, name: &str, first: NaiveDate, last: NaiveDate) -> Checked {
    check_name(what, name)?;
    check_reach(name, first)?;
    check_reach(name, last)?;
    if last < first { Err(CalendarError::EndBeforeStart { what: name.into(), first, last }) } else { Ok(()) }
}

fn check_reach(what: &str, date: NaiveDate) -> Checked {
    within_reach(date).map_err(|_| CalendarError::OutOfReach { what: what.into(), date })
}

fn check_name(what: &'static str, name: &str) -> Checked {
    let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(CalendarError::Name { what }) }
}

fn check_hours(what: &str, weekdays: WeekdaySet, hours: Interval) -> Checked {
    if weekdays.is_empty() {
        return Err(CalendarError::NoWeekdays { what: what.into() });
    }
    if hours.crosses_midnight() { Err(CalendarError::CrossesMidnight { what: what.into(), hours }) } else { Ok(()) }
}

/// Of ranges in the order of their first days, no two share a day.
fn no_overlap<'a>(ranges: impl Iterator<Item = (&'a str, NaiveDate, NaiveDate)> + Clone) -> Checked {
    for ((one, _, last), (other, first, _)) in ranges.clone().zip(ranges.skip(1)) {
        if first <= last {
            return Err(CalendarError::Overlap { one: one.into(), other: other.into(), on: first });
        }
    }
    Ok(())
}

/// Of days in order, no two are the same.
fn each_once(days: impl Iterator<Item = NaiveDate> + Clone, what: &str) -> Checked {
    match days.clone().zip(days.skip(1)).find(|(one, other)| one == other) {
        Some((date, _)) => Err(CalendarError::Contradiction { date, one: what.into(), other: format!("{what} again") }),
        None => Ok(()),
    }
}
