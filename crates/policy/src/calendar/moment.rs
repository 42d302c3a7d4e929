//! What an instant is at a school.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDateTime, NaiveTime, Utc, Weekday};

use super::Calendar;
use super::days::{Day, DayKind};
use super::timetable::PartOfDay;

/// What an instant is at a school: all that rules can depend on which depend on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    at: DateTime<Utc>,
    local: NaiveDateTime,
    offset: FixedOffset,
    day: Day<'a>,
    yesterday: DayKind<'a>,
    tomorrow: DayKind<'a>,
    part: PartOfDay,
    lesson: Option<&'a str>,
}

impl<'a> Moment<'a> {
    pub(super) fn of(calendar: &'a Calendar, at: DateTime<Utc>) -> Self {
        let utc = at.naive_utc();
        let of_utc = calendar.around(utc.date());
        let offset = of_utc[1].offset(at);
        let local = utc.checked_add_offset(offset).unwrap_or(utc);
        let date = local.date();
        let [yesterday, today, tomorrow] = if date == utc.date() { of_utc } else { calendar.around(date) };
        let day = today.day(calendar, date);
        let yesterday = yesterday.kind(calendar, date.pred_opt().unwrap_or(date));
        let tomorrow = tomorrow.kind(calendar, date.succ_opt().unwrap_or(date));
        let (part, lesson) = calendar.timetable.at(&day, local.time());
        let lesson = lesson.and_then(|at| calendar.plan.lessons.get(at)).map(|lesson| &*lesson.name);
        Self { at, local, offset, day, yesterday, tomorrow, part, lesson }
    }

    /// The instant.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Date and time at the school.
    pub fn local(&self) -> DateTime<FixedOffset> {
        self.at.with_timezone(&self.offset)
    }

    /// The time that the clock at the school shows.
    pub fn time(&self) -> NaiveTime {
        self.local.time()
    }

    /// The day of the week at the school.
    pub fn weekday(&self) -> Weekday {
        self.local.weekday()
    }

    /// The day.
    pub fn day(&self) -> Day<'a> {
        self.day
    }

    /// What kind of day it is.
    pub fn kind(&self) -> DayKind<'a> {
        self.day.kind()
    }

    /// The name of the term, half-terms and weekends included.
    pub fn term(&self) -> Option<&'a str> {
        self.day.term()
    }

    /// The name of the lesson, where it is in one that has a name.
    pub fn lesson(&self) -> Option<&'a str> {
        self.lesson
    }

    /// Which part of the day it is.
    pub fn part(&self) -> PartOfDay {
        self.part
    }

    /// What kind of day the one before is.
    pub fn yesterday(&self) -> DayKind<'a> {
        self.yesterday
    }

    /// What kind of day the next is.
    pub fn tomorrow(&self) -> DayKind<'a> {
        self.tomorrow
    }
}
