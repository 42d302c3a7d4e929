//! When it is at a school, and by when something is due. From 2000 to 2099:
//!
//! - Each instant belongs to exactly one day at the school. A day is 24 hours long, but on the last Sunday of March,
//!   which has 23, and on that of October, which has 25.
//! - What the clock shows is told from an instant, and the instant from what the clock shows: the first, where it shows
//!   it twice.
//! - There are at least eight bank holidays a year, each from Monday to Friday, no two on one day; Easter is when the
//!   Prayer Book says.
//! - What kind of day it is, a slow model says too that looks through the whole plan, whatever the plan.
//! - Parts of a day follow each other without a gap: school within school hours and nowhere else.
//! - A span holds from its first second to its last, and belongs to the day on which it begins, across midnight too.
//! - What begins later, or is given longer, is never due earlier. It is never due on a day that does not count, and
//!   there are as many that count as were given.
//! - A plan with any one mistake in it is no calendar, and the error names what is wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bank_holidays;
mod clocks;
mod moments;
mod plans;
mod spans;
mod zone;

use belisha_policy::calendar::{
    Calendar, Closure, ExtendedHours, Interval, Lesson, MONDAY_TO_FRIDAY, OpenDay, Plan, SchoolHours, Term,
};
use chrono::{DateTime, NaiveDate, Utc, Weekday, WeekdaySet};
use proptest::prelude::*;

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn hours(text: &str) -> Interval {
    text.parse().unwrap()
}

pub(crate) fn term(name: &str, first: &str, last: &str) -> Term {
    Term { name: name.into(), first: day(first), last: day(last) }
}

pub(crate) fn closure(name: &str, first: &str, last: &str) -> Closure {
    Closure { name: name.into(), first: day(first), last: day(last) }
}

pub(crate) fn lesson(name: &str, weekdays: WeekdaySet, text: &str) -> Lesson {
    Lesson { name: name.into(), weekdays, hours: hours(text) }
}

pub(crate) const SATURDAY: WeekdaySet = WeekdaySet::single(Weekday::Sat);
pub(crate) const FRIDAY: WeekdaySet = WeekdaySet::single(Weekday::Fri);

/// A preparatory school with boarders: lessons on Saturday morning, an early end on Friday, school on the early May
/// bank holiday.
pub(crate) fn prep() -> Plan {
    let but_friday = MONDAY_TO_FRIDAY.difference(FRIDAY);
    Plan {
        terms: vec![
            term("Trinity", "2027-04-20", "2027-07-09"),
            term("Michaelmas", "2026-09-02", "2026-12-16"),
            term("Lent", "2027-01-06", "2027-03-24"),
        ],
        closures: vec![
            closure("half-term", "2027-05-29", "2027-06-06"),
            closure("half-term", "2026-10-17", "2026-11-01"),
            closure("half-term", "2027-02-13", "2027-02-21"),
            Closure::day("snow", day("2027-01-20")),
        ],
        inset: vec![day("2027-01-06"), day("2026-09-02")],
        open: vec![OpenDay { date: day("2027-05-03"), runs_as: Weekday::Mon }],
        week: vec![
            SchoolHours { weekdays: but_friday, hours: hours("08:30-16:00") },
            SchoolHours { weekdays: FRIDAY, hours: hours("08:30-15:00") },
            SchoolHours { weekdays: SATURDAY, hours: hours("09:00-12:30") },
        ],
        lessons: vec![
            lesson("P1", MONDAY_TO_FRIDAY, "09:00-09:55"),
            lesson("P2", MONDAY_TO_FRIDAY, "09:55-10:50"),
            lesson("P3", MONDAY_TO_FRIDAY, "11:10-12:05"),
            lesson("P4", but_friday, "14:00-16:00"),
            lesson("P4", FRIDAY, "14:00-15:00"),
        ],
        extended: vec![
            ExtendedHours { weekdays: MONDAY_TO_FRIDAY, hours: hours("07:30-18:00") },
            ExtendedHours { weekdays: WeekdaySet::single(Weekday::Sun), hours: hours("10:00-18:00") },
        ],
        ..Plan::default()
    }
}

pub(crate) fn prep_school() -> Calendar {
    Calendar::new(prep()).unwrap()
}

/// Days of 2000 to 2099, those on which clocks change or a year ends more often than chance has them.
pub(crate) fn date() -> impl Strategy<Value = NaiveDate> {
    let random = (0..36_525_u64).prop_map(|days| day("2000-01-01") + chrono::Days::new(days));
    let month_and_day = prop::sample::select(vec![(3, 25), (3, 31), (10, 25), (10, 31), (12, 31), (1, 1), (2, 28)]);
    let edge = (2000..2100, month_and_day, 0..7_u64).prop_map(|(year, (month, of_month), days)| {
        let date = NaiveDate::from_ymd_opt(year, month, of_month).unwrap() + chrono::Days::new(days);
        date.min(day("2099-12-31"))
    });
    prop_oneof![random, edge]
}

/// Instants of these days, those at which something begins more often.
pub(crate) fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let hour = prop::sample::select(vec![0, 1, 2, 7, 8, 21, 22, 23]);
    let second = prop_oneof![
        0..86_400_i64,
        (hour, -1..=1_i64).prop_map(|(hour, second)| (hour * 3600 + second).clamp(0, 86_399))
    ];
    (date(), second)
        .prop_map(|(date, second)| date.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::seconds(second))
}

/// A plan of terms one after another with breaks, or none at all, that makes a calendar.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let week = prop_oneof![
        4 => Just(MONDAY_TO_FRIDAY),
        1 => Just(MONDAY_TO_FRIDAY.union(SATURDAY)),
        1 => Just(WeekdaySet::from_array([Weekday::Mon, Weekday::Tue, Weekday::Thu])),
    ];
    // The length of a term, and where a closure, an INSET day and an open day are in it, or how long the gap before it.
    let one = (20..100_u64, 0..40_u64, 0..20_u64, 1..15_u64, prop::bool::ANY);
    (0..30_000_u64, prop::collection::vec(one, 0..8), week).prop_map(|(first, terms, weekdays)| {
        let mut plan = Plan { week: vec![SchoolHours { weekdays, hours: hours("08:30-15:30") }], ..Plan::default() };
        let mut next = day("2000-01-01") + chrono::Days::new(first);
        for (number, (length, gap, into, closed, open)) in terms.into_iter().enumerate() {
            let after = |days: u64| next + chrono::Days::new(days);
            plan.terms.push(Term { name: format!("term {number}"), first: next, last: after(length - 1) });
            let (first, last) = (after(into), after((into + closed).min(length - 1)));
            plan.closures.push(Closure { name: format!("closure {number}"), first, last });
            if let Some(date) = last.succ_opt().filter(|date| *date <= after(length - 1)) {
                if open {
                    plan.open.push(OpenDay { date, runs_as: Weekday::Mon });
                } else if belisha_policy::calendar::bank_holiday(date).is_none() {
                    plan.inset.push(date);
                }
            }
            next = after(length + gap);
        }
        plan
    })
}
