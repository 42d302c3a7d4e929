//! The calendar, as it is written.

use std::sync::{Arc, LazyLock};

use belisha_policy::calendar::{
    Calendar, Closure, ExtendedHours, Lesson, OpenDay, Plan, Proclaimed, SchoolHours, Term,
};
use chrono::{NaiveDate, WeekdaySet};
use serde::{Deserialize, Serialize};

use super::dates::WrittenDay;
use super::times::{SCHOOL_WEEK, weekdays};

/// The calendar of a school, as it is written. Without anything every Monday to Friday from 08:30 to 15:30 that is no bank
/// holiday is school.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenCalendar {
    /// The terms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<WrittenStretch>,
    /// Half-terms, and other days in a term on which the school is closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<WrittenStretch>,
    /// Days on which staff work and pupils stay at home.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inset: Vec<WrittenDay>,
    /// Days with school that would have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<WrittenOpen>,
    /// Bank holidays proclaimed since this program was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bank_holidays: Vec<WrittenHoliday>,
    /// When pupils are at school.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub school_hours: Vec<WrittenHours>,
    /// Lessons, where they have names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<WrittenLesson>,
    /// When pupils are on the premises outside of school hours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended_hours: Vec<WrittenHours>,
    /// What counts as night; 21:00-07:00 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub night: Option<String>,
}

/// A term, a half-term: `{ name = "Michaelmas", first = 2026-09-01, last = 2026-12-16 }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenStretch {
    /// What it is called.
    pub name: String,
    /// Its first day.
    pub first: WrittenDay,
    /// Its last day.
    pub last: WrittenDay,
}

/// A day with school that would have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOpen {
    /// Which.
    pub date: WrittenDay,
    /// The day of the week whose hours it has.
    pub runs_as: String,
}

/// A bank holiday by proclamation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenHoliday {
    /// What it is called.
    pub name: String,
    /// The day.
    pub date: WrittenDay,
    /// The bank holiday that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<WrittenDay>,
}

/// Hours: `{ on = "mon-fri", hours = "08:30-15:30" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenHours {
    /// On which days of the week; Monday to Friday where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// From when to when.
    pub hours: String,
}

/// A lesson: `{ name = "P1", hours = "09:00-09:55" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenLesson {
    /// What it is called.
    pub name: String,
    /// On which days of the week; Monday to Friday where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// From when to when.
    pub hours: String,
}

/// The calendar of a school that has set none: worked out once, since it is of every day of a century.
pub(super) fn starter() -> Arc<Calendar> {
    static STARTER: LazyLock<Arc<Calendar>> = LazyLock::new(|| Arc::new(Calendar::starter()));
    STARTER.clone()
}

fn on(days: Option<&String>) -> Result<WeekdaySet, String> {
    days.map_or(Ok(SCHOOL_WEEK), |days| weekdays(days))
}

fn hours(text: &str) -> Result<belisha_policy::calendar::Interval, String> {
    text.parse().map_err(|error| format!("{text:?} is {error}"))
}

impl WrittenCalendar {
    /// The calendar.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn calendar(&self) -> Result<Arc<Calendar>, String> {
        if *self == Self::default() {
            return Ok(starter());
        }
        let starter = Plan::default();
        let day = |day: &WrittenDay| day.0;
        let week = self
            .school_hours
            .iter()
            .map(|it| Ok(SchoolHours { weekdays: on(it.on.as_ref())?, hours: hours(&it.hours)? }));
        let week = week.collect::<Result<Vec<_>, String>>()?;
        let lessons = self
            .lessons
            .iter()
            .map(|it| Ok(Lesson { name: it.name.clone(), weekdays: on(it.on.as_ref())?, hours: hours(&it.hours)? }));
        let extended = self.extended_hours.iter();
        let extended = extended.map(|it| Ok(ExtendedHours { weekdays: on(it.on.as_ref())?, hours: hours(&it.hours)? }));
        let open = self.open.iter().map(|open| {
            let days = weekdays(&open.runs_as)?;
            let day = days.first().filter(|_| days.len() == 1);
            let runs_as = day.ok_or_else(|| format!("{:?} is not one day of the week", open.runs_as))?;
            Ok(OpenDay { date: open.date.0, runs_as })
        });
        let proclaimed = self.bank_holidays.iter().map(|it| Proclaimed {
            name: it.name.clone(),
            date: it.date.0,
            instead_of: it.instead_of.as_ref().map(day),
        });
        let plan = Plan {
            terms: self.terms.iter().map(WrittenStretch::term).collect(),
            closures: self.closed.iter().map(WrittenStretch::closure).collect(),
            inset: self.inset.iter().map(day).collect(),
            open: open.collect::<Result<_, String>>()?,
            proclaimed: proclaimed.collect(),
            week: if week.is_empty() { starter.week } else { week },
            lessons: lessons.collect::<Result<_, String>>()?,
            extended: extended.collect::<Result<_, String>>()?,
            night: self.night.as_deref().map_or(Ok(starter.night), hours)?,
        };
        Calendar::new(plan).map(Arc::new).map_err(|error| error.to_string())
    }

    /// In plain English, what another would change in this one.
    pub(super) fn changes(&self, to: &Self, changes: &mut Vec<String>) {
        stretches("term", &self.terms, &to.terms, changes);
        stretches("closed days", &self.closed, &to.closed, changes);
        let differs = [
            ("INSET days", self.inset != to.inset),
            ("open days", self.open != to.open),
            ("bank holidays", self.bank_holidays != to.bank_holidays),
            ("school hours", self.school_hours != to.school_hours),
            ("lessons", self.lessons != to.lessons),
            ("extended hours", self.extended_hours != to.extended_hours),
            ("night", self.night != to.night),
        ];
        changes.extend(differs.iter().filter(|(_, is)| *is).map(|(what, _)| format!("calendar: the {what} change")));
    }
}

fn stretches(what: &str, now: &[WrittenStretch], then: &[WrittenStretch], changes: &mut Vec<String>) {
    let gone = now.iter().filter(|it| !then.contains(it)).map(|it| format!("{what} {} goes", it.describe()));
    changes.extend(gone);
    let new = then.iter().filter(|it| !now.contains(it)).map(|it| format!("new {what} {}", it.describe()));
    changes.extend(new);
}

impl WrittenStretch {
    fn term(&self) -> Term {
        Term { name: self.name.clone(), first: self.first.0, last: self.last.0 }
    }

    fn closure(&self) -> Closure {
        Closure { name: self.name.clone(), first: self.first.0, last: self.last.0 }
    }

    fn describe(&self) -> String {
        let day = |day: NaiveDate| day.format("%-d %B %Y");
        format!("{}, {} to {}", self.name, day(self.first.0), day(self.last.0))
    }
}
