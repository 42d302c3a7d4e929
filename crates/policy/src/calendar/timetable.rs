//! The parts of a day.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chrono::{NaiveTime, Timelike as _, Weekday};

use super::days::{Day, DayKind};
use super::plan::{Lesson, Plan};

/// Which part of a day it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartOfDay {
    /// In a lesson; where the school names no lessons on this day, at school.
    Lesson,
    /// At school, between lessons.
    Break,
    /// On the premises before or after school: clubs, homework, boarding.
    ExtendedDay,
    /// Before school, by day.
    BeforeSchool,
    /// After school, before night.
    Evening,
    /// By day, where there is no school.
    DayOff,
    /// At night.
    Night,
}

impl PartOfDay {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Lesson, Self::Break, Self::ExtendedDay, Self::BeforeSchool, Self::Evening, Self::DayOff, Self::Night];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::Break => "break",
            Self::ExtendedDay => "extended-day",
            Self::BeforeSchool => "before-school",
            Self::Evening => "evening",
            Self::DayOff => "day-off",
            Self::Night => "night",
        }
    }
}

/// Why a text names no part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no part of a day: lesson, break, extended-day, before-school, evening, day-off and night are")]
pub struct UnknownPart;

impl FromStr for PartOfDay {
    type Err = UnknownPart;

    fn from_str(slug: &str) -> Result<Self, UnknownPart> {
        Self::ALL.into_iter().find(|part| part.slug() == slug).ok_or(UnknownPart)
    }
}

/// `in a lesson`, `after school`, `at night`.
impl fmt::Display for PartOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lesson => "in a lesson",
            Self::Break => "in a break",
            Self::ExtendedDay => "in the extended day",
            Self::BeforeSchool => "before school",
            Self::Evening => "after school",
            Self::DayOff => "by day, without school",
            Self::Night => "at night",
        })
    }
}

/// From when on it is which part of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    /// Seconds since midnight, by the clock.
    from: u32,
    part: PartOfDay,
    /// Where the lesson stands in the plan.
    lesson: Option<usize>,
}

/// The parts of every kind of day, worked out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timetable {
    /// With school, from Monday on.
    school: [Vec<Segment>; 7],
    /// Without school for the day of the week alone, from Monday on.
    weekend: [Vec<Segment>; 7],
    /// Any other.
    off: Vec<Segment>,
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

impl Timetable {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            school: WEEK.map(|weekday| segments(plan, |time| on_school_day(plan, weekday, time))),
            weekend: WEEK.map(|weekday| segments(plan, |time| (on_weekend(plan, weekday, time), None))),
            off: segments(plan, |time| (by_day(plan, time, PartOfDay::DayOff), None)),
        }
    }

    /// Which part of a day it is at a time, and where the lesson stands in the plan.
    pub(super) fn at(&self, day: &Day<'_>, time: NaiveTime) -> (PartOfDay, Option<usize>) {
        let weekday = day.runs_as().num_days_from_monday() as usize;
        let segments = match day.kind() {
            kind if kind.has_school() => self.school.get(weekday),
            DayKind::Weekend => self.weekend.get(weekday),
            _ => Some(&self.off),
        };
        let second = time.num_seconds_from_midnight();
        let segment = segments.and_then(|segments| {
            let after = segments.partition_point(|segment| segment.from <= second);
            segments.get(after.checked_sub(1)?)
        });
        segment.map_or((PartOfDay::Night, None), |segment| (segment.part, segment.lesson))
    }
}

/// Cuts a day at all times at which it could become something else.
fn segments(plan: &Plan, part_at: impl Fn(NaiveTime) -> (PartOfDay, Option<usize>)) -> Vec<Segment> {
    let hours = plan.week.iter().map(|it| it.hours);
    let hours = hours.chain(plan.lessons.iter().map(|it| it.hours)).chain(plan.extended.iter().map(|it| it.hours));
    let hours = hours.chain([plan.night]);
    let mut cuts: Vec<NaiveTime> = hours.flat_map(|it| [it.start(), it.end()]).chain([NaiveTime::MIN]).collect();
    cuts.sort_unstable();
    let mut segments: Vec<Segment> = Vec::new();
    for time in cuts {
        let (part, lesson) = part_at(time);
        if segments.last().is_none_or(|last| (last.part, last.lesson) != (part, lesson)) {
            segments.push(Segment { from: time.num_seconds_from_midnight(), part, lesson });
        }
    }
    segments
}

fn on_school_day(plan: &Plan, weekday: Weekday, time: NaiveTime) -> (PartOfDay, Option<usize>) {
    let Some(school) = plan.week.iter().find(|it| it.weekdays.contains(weekday)) else {
        return (on_weekend(plan, weekday, time), None);
    };
    if school.hours.holds(time).is_some() {
        let of_day = |lesson: &Lesson| lesson.weekdays.contains(weekday);
        let lesson = plan.lessons.iter().position(|lesson| of_day(lesson) && lesson.hours.holds(time).is_some());
        let is_lesson = lesson.is_some() || !plan.lessons.iter().any(of_day);
        return (if is_lesson { PartOfDay::Lesson } else { PartOfDay::Break }, lesson);
    }
    if is_extended(plan, weekday, time) {
        return (PartOfDay::ExtendedDay, None);
    }
    let free = if time < school.hours.start() { PartOfDay::BeforeSchool } else { PartOfDay::Evening };
    (by_day(plan, time, free), None)
}

fn on_weekend(plan: &Plan, weekday: Weekday, time: NaiveTime) -> PartOfDay {
    if is_extended(plan, weekday, time) { PartOfDay::ExtendedDay } else { by_day(plan, time, PartOfDay::DayOff) }
}

fn is_extended(plan: &Plan, weekday: Weekday, time: NaiveTime) -> bool {
    plan.extended.iter().any(|it| it.weekdays.contains(weekday) && it.hours.holds(time).is_some())
}

fn by_day(plan: &Plan, time: NaiveTime, part: PartOfDay) -> PartOfDay {
    if plan.night.holds(time).is_some() { PartOfDay::Night } else { part }
}
