//! What can be wrong with a calendar, and what to do about it.

use alloc::string::String;

use chrono::{NaiveDate, Weekday};

use super::interval::Interval;

/// Why a plan makes no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// Something without a name, or with one that nobody could read.
    #[error("a {what} has no name that can be shown: give it one of 1 to {most} characters", most = super::LONGEST_NAME)]
    Name {
        /// What it is.
        what: &'static str,
    },
    /// A day of which this program does not know what the clocks do.
    #[error("{date} of {what:?} is not between 2000 and 2099: correct the year")]
    OutOfReach {
        /// Its name.
        what: String,
        /// The day.
        date: NaiveDate,
    },
    /// The last day before the first.
    #[error("{what:?} ends on {last}, before it begins on {first}: swap the two, or correct the year")]
    EndBeforeStart {
        /// Its name.
        what: String,
        /// Its first day.
        first: NaiveDate,
        /// Its last day.
        last: NaiveDate,
    },
    /// Longer than a year.
    #[error("the term {name:?} is {days} days long: correct the year of its first or last day")]
    TermTooLong {
        /// Its name.
        name: String,
        /// How many days.
        days: i64,
    },
    /// Two terms, or two closures, that share a day.
    #[error("{on} is in {one:?} and in {other:?}: end the one before the other begins")]
    Overlap {
        /// The one that begins first.
        one: String,
        /// The other.
        other: String,
        /// The first day that both have.
        on: NaiveDate,
    },
    /// Days off that are not in one term.
    #[error(
        "{name:?}, {first} to {last}, is not within one term: holidays between terms need no entry, so leave it out, or \
         correct its days"
    )]
    ClosureOutsideTerm {
        /// Its name.
        name: String,
        /// Its first day.
        first: NaiveDate,
        /// Its last day.
        last: NaiveDate,
    },
    /// A day that is meant to be in a term.
    #[error("the {what} {date} is in no term: correct it, or let a term begin or end with it")]
    OutsideTerm {
        /// What it is.
        what: &'static str,
        /// The day.
        date: NaiveDate,
    },
    /// A day that is two things which exclude each other.
    #[error("{date} is {one} and {other}: leave one of them out")]
    Contradiction {
        /// The day.
        date: NaiveDate,
        /// What it is.
        one: String,
        /// What else it is.
        other: String,
    },
    /// An open day that has the hours of a day without any.
    #[error("the open day {date} is to run as a {day}, which has no school hours: name a day of the week that has", day = called(*.weekday))]
    OpenWithoutHours {
        /// The day.
        date: NaiveDate,
        /// The day of the week.
        weekday: Weekday,
    },
    /// No day with school.
    #[error("no day of the week has school hours: give some, such as Monday to Friday 08:30-15:30")]
    NoSchool,
    /// No day at all was given.
    #[error("no day of the week is named for {what}: name the days")]
    NoWeekdays {
        /// What it is.
        what: String,
    },
    /// School hours twice for one day.
    #[error("{day} has school hours twice, {one} and {other}: leave one out", day = called(*.weekday))]
    HoursTwice {
        /// The day of the week.
        weekday: Weekday,
        /// The one.
        one: Interval,
        /// The other.
        other: Interval,
    },
    /// What has to be within one day.
    #[error("{what} {hours} would go past midnight: end at 24:00, and go on with another from 00:00 of the next day")]
    CrossesMidnight {
        /// What it is.
        what: String,
        /// From when to when.
        hours: Interval,
    },
    /// A lesson on a day without school.
    #[error("the lesson {lesson:?} is on {day}, which has no school hours: give it some, or leave the day out", day = called(*.weekday))]
    LessonWithoutSchool {
        /// The lesson.
        lesson: String,
        /// The day of the week.
        weekday: Weekday,
    },
    /// A lesson before or after school.
    #[error(
        "the lesson {lesson:?}, {hours}, is not within the school hours of {day}, {school}: change the one or the \
         other",
        day = called(*.weekday)
    )]
    LessonOutsideSchool {
        /// The lesson.
        lesson: String,
        /// From when to when.
        hours: Interval,
        /// The day of the week.
        weekday: Weekday,
        /// The school hours of that day.
        school: Interval,
    },
    /// Two lessons at once.
    #[error("the lessons {one:?} and {other:?} overlap on {day}: end the one before the other begins", day = called(*.weekday))]
    LessonsOverlap {
        /// The one.
        one: String,
        /// The other.
        other: String,
        /// The day of the week.
        weekday: Weekday,
    },
    /// Two lessons of one name.
    #[error("two lessons on {day} are named {name:?}: give each its own name", day = called(*.weekday))]
    LessonTwice {
        /// The name.
        name: String,
        /// The day of the week.
        weekday: Weekday,
    },
    /// A bank holiday on a weekend.
    #[error("the bank holiday {name:?}, {date}, is on a weekend: give the weekday that is taken for it")]
    ProclaimedOnWeekend {
        /// Its name.
        name: String,
        /// The day.
        date: NaiveDate,
    },
    /// A bank holiday that is one already.
    #[error("{date} is a bank holiday already ({known}): leave {name:?} out")]
    AlreadyProclaimed {
        /// Its name.
        name: String,
        /// The day.
        date: NaiveDate,
        /// What it is.
        known: String,
    },
    /// What is replaced is no bank holiday.
    #[error("{name:?} is to replace the bank holiday of {date}, which is none: correct that day, or leave it out")]
    ReplacesNothing {
        /// Its name.
        name: String,
        /// The day.
        date: NaiveDate,
    },
}

/// The calendar says nothing of a day that had to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotInCalendar {
    /// Before its first term.
    #[error("{day} is before the first term of the calendar, which begins on {first}: add the term before")]
    Before {
        /// The day.
        day: NaiveDate,
        /// The first day of the first term.
        first: NaiveDate,
    },
    /// After its last term.
    #[error("{day} is after the last term of the calendar, which ends on {last}: add the terms that follow")]
    After {
        /// The day.
        day: NaiveDate,
        /// The last day of the last term.
        last: NaiveDate,
    },
    /// Outside of the years in which it is known what the clocks do.
    #[error("what is due would be outside of the years 2000 to 2099")]
    OutOfReach,
}

/// The whole name of a day of the week.
fn called(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}
