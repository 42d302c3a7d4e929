//! At which times something holds.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use chrono::{NaiveTime, Weekday, WeekdaySet};

use crate::calendar::{Began, DaySpan, Days, Moment, PartOfDay, Which};

/// At which times something holds: in any of its spans, or during any of its parts of the school day.
///
/// Asking costs a few nanoseconds for each.
///
/// ```
/// use belisha_policy::When;
/// use belisha_policy::calendar::{Calendar, DaySpan, Days};
///
/// let evenings = When::in_any(vec![DaySpan { days: Days::SCHOOL_NIGHTS, hours: "18:00-21:00".parse()? }], vec![]);
/// let evenings = evenings.expect("there is a span");
/// let calendar = Calendar::starter();
/// assert!(evenings.holds(&calendar.when("2026-11-25T19:00:00Z".parse().unwrap())));
/// assert!(!evenings.holds(&calendar.when("2026-11-25T10:00:00Z".parse().unwrap())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    spans: Vec<DaySpan>,
    during: Vec<During>,
}

/// A part of the school day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct During {
    /// Which.
    pub what: Part,
    /// The spans in which it is on days that run as the calendar has it, for the question whether it meets others.
    pub usually: Vec<DaySpan>,
}

/// Which part of the school day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A lesson by its name.
    Lesson(Arc<str>),
    /// Any that is so.
    Of(PartOfDay),
}

impl When {
    /// At all times.
    pub const ALWAYS: Self = Self { spans: Vec::new(), during: Vec::new() };

    /// In any of these; `None` without any, since that would be never.
    pub fn in_any(spans: Vec<DaySpan>, during: Vec<During>) -> Option<Self> {
        (!spans.is_empty() || !during.is_empty()).then_some(Self { spans, during })
    }

    /// Whether it holds at all times.
    pub fn is_always(&self) -> bool {
        self.spans.is_empty() && self.during.is_empty()
    }

    /// Whether it holds at a moment.
    pub fn holds(&self, moment: &Moment<'_>) -> bool {
        self.is_always()
            || self.spans.iter().any(|span| span.contains(moment))
            || self.during.iter().any(|during| during.what.holds(moment))
    }

    /// An hour at which this and another hold, in words; `None` where there is none. Days that run as another day of the
    /// week are not looked at.
    pub(crate) fn overlap(&self, other: &Self) -> Option<String> {
        if self.is_always() || other.is_always() {
            return self.usual().chain(other.usual()).next().map_or(Some("any day".into()), |span| {
                Some(format!("days at {}", span.hours.start().format("%H:%M")))
            });
        }
        self.usual().find_map(|one| other.usual().find_map(|two| overlap(one, two)))
    }

    fn usual(&self) -> impl Iterator<Item = DaySpan> + '_ {
        self.spans.iter().chain(self.during.iter().flat_map(|during| &during.usually)).copied()
    }

    /// The times of day at which it may begin or end to hold.
    pub(crate) fn edges(&self) -> impl Iterator<Item = NaiveTime> + '_ {
        self.usual().flat_map(|span| [span.hours.start(), span.hours.end()])
    }
}

impl Part {
    fn holds(&self, moment: &Moment<'_>) -> bool {
        match self {
            Self::Lesson(name) => moment.lesson() == Some(&**name),
            Self::Of(part) => moment.part() == *part,
        }
    }
}

/// A day and an hour at which both hold.
fn overlap(one: DaySpan, two: DaySpan) -> Option<String> {
    let begins = [one.hours.start(), two.hours.start(), NaiveTime::MIN];
    begins.into_iter().find_map(|time| {
        let day = match (one.hours.holds(time)?, two.hours.holds(time)?) {
            (Began::Today, Began::Today) => shared(one.days, two.days),
            (Began::Yesterday, Began::Yesterday) => shared(one.days, two.days).map(|day| day.succ()),
            (Began::Today, Began::Yesterday) => day_after(one.days, two.days),
            (Began::Yesterday, Began::Today) => day_after(two.days, one.days),
        };
        day.map(|day| format!("{} at {}", name_of(day), time.format("%H:%M")))
    })
}

fn shared(one: Days, two: Days) -> Option<Weekday> {
    let weekdays = one.weekdays.intersection(two.weekdays);
    if one.which.meets(two.which) { weekdays.first() } else { None }
}

/// A day of the one whose eve is one of the other.
fn day_after(day: Days, eve: Days) -> Option<Weekday> {
    let after: WeekdaySet = eve.weekdays.iter(Weekday::Mon).map(|day| day.succ()).collect();
    day.weekdays.intersection(after).first()
}

impl Which {
    /// Whether a day can be of both kinds.
    fn meets(self, other: Self) -> bool {
        use Which::{DaysOff, Every, Holidays, Inset, SchoolDays, SchoolNights, Weekends};
        match (self, other) {
            (Every | SchoolNights, _)
            | (_, Every | SchoolNights)
            | (DaysOff, Inset | Weekends | Holidays)
            | (Inset | Weekends | Holidays, DaysOff) => true,
            (SchoolDays | DaysOff | Inset | Weekends | Holidays, _) => self == other,
        }
    }
}

fn name_of(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}
