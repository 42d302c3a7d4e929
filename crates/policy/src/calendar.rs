//! When is it at this school: terms, INSET days, half-terms and bank holidays, lessons and evenings, and by when
//! something is due.
//!
//! A [`Plan`] is what a school writes down; [`Calendar::new`] checks it and says what is wrong and what to do about it.
//! The calendar is asked with instants of UTC, which come in as arguments, and answers in school time, Europe/London:
//! [`Calendar::when`] with the [`Moment`] that an instant is, [`Calendar::day`] with the [`Day`] that a date is, and
//! [`Calendar::due`] with the instant at which so many school days or working days are over.
//!
//! - A day belongs to one kind. The first that fits counts: an open day, an INSET day, a bank holiday, a closure, out of
//!   term, a weekend, a school day.
//! - Where a school has written down no terms, every school day of its week counts that is none of the others.
//! - Before the first term and after the last the calendar knows weekends and bank holidays. Any other day is
//!   [`DayKind::Unplanned`]: rules for the time of day take it for a school day, and [`Calendar::due`] says that the
//!   calendar has to be continued, and counts none of it.
//! - What ends on a day ends with it: at the instant at which the next one begins ([`end_of`]), however long it is.
//!
//! ```
//! use belisha_policy::calendar::{Calendar, Closure, DayKind, PartOfDay, Plan, Term, Within};
//! use chrono::{DateTime, NaiveDate, Utc};
//!
//! let day = |text: &str| text.parse::<NaiveDate>().unwrap();
//! let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
//! let calendar = Calendar::new(Plan {
//!     terms: vec![
//!         Term { name: "Michaelmas".into(), first: day("2026-09-01"), last: day("2026-12-16") },
//!         Term { name: "Lent".into(), first: day("2027-01-05"), last: day("2027-03-24") },
//!     ],
//!     closures: vec![Closure { name: "half-term".into(), first: day("2026-10-19"), last: day("2026-10-30") }],
//!     ..Plan::default()
//! })?;
//!
//! // Ten past nine on a Monday in summer time.
//! let moment = calendar.when(at("2026-09-07T08:10:00Z"));
//! assert_eq!((moment.kind(), moment.part(), moment.term()), (DayKind::SchoolDay, PartOfDay::Lesson, Some("Michaelmas")));
//! assert_eq!(calendar.day(day("2026-10-21")).kind(), DayKind::Holiday("half-term"));
//!
//! // Two school days from the Thursday before half-term: the end of Monday after it.
//! let due = calendar.due(Within::SchoolDays(2), at("2026-10-15T15:00:00Z"))?;
//! assert_eq!(due, at("2026-11-03T00:00:00Z"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bank_holidays;
mod check;
mod clocks;
mod days;
mod error;
mod interval;
mod moment;
mod plan;
mod span;
mod table;
mod timetable;
mod zone;

use core::ops::RangeInclusive;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc, WeekdaySet};

pub use bank_holidays::{bank_holiday, bank_holidays, easter};
pub use clocks::Within;
pub use days::{Day, DayKind};
pub use error::{CalendarError, NotInCalendar};
pub use interval::{Began, Interval, IntervalError};
pub use moment::Moment;
pub use plan::{Closure, ExtendedHours, Lesson, MONDAY_TO_FRIDAY, OpenDay, Plan, Proclaimed, SchoolHours, Term};
pub use span::{DaySpan, Days, UnknownDays, Which};
pub use timetable::{PartOfDay, UnknownPart};
pub(crate) use zone::{clock_change, shown};
pub use zone::{end_of, instant, local, start_of};

use table::Table;
use timetable::Timetable;

/// The longest name of a term, a lesson or a day off, in characters.
const LONGEST_NAME: usize = 100;

/// The years in which it is known what the clocks do.
const REACH: RangeInclusive<i32> = 2000..=2099;

fn within_reach(day: NaiveDate) -> Result<(), NotInCalendar> {
    if REACH.contains(&day.year()) { Ok(()) } else { Err(NotInCalendar::OutOfReach) }
}

/// The calendar of one school, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Each list in the order of its days.
    plan: Plan,
    /// The days of the week that have school hours.
    school_week: WeekdaySet,
    timetable: Timetable,
    table: Table,
}

impl Calendar {
    /// The calendar of a plan. The order in which things are listed means nothing. Takes about 3 ms and 400 KB: every day
    /// of the century is worked out once.
    ///
    /// # Errors
    /// The first thing that is wrong, with what to do about it: days that contradict each other, that are in no term or
    /// in two, hours that overlap, years that nobody can mean.
    pub fn new(plan: Plan) -> Result<Self, CalendarError> {
        let calendar = Self::in_order(plan);
        calendar.check()?;
        Ok(calendar.worked_out())
    }

    /// The calendar of a school of which nothing is known: Monday to Friday 08:30 to 15:30 is school, but on bank
    /// holidays.
    pub fn starter() -> Self {
        Self::in_order(Plan::default()).worked_out()
    }

    fn in_order(mut plan: Plan) -> Self {
        plan.terms.sort_by_key(|term| term.first);
        plan.closures.sort_by_key(|closure| closure.first);
        plan.inset.sort_unstable();
        plan.open.sort_by_key(|open| open.date);
        plan.proclaimed.sort_by_key(|proclaimed| proclaimed.date);
        let school_week = plan.week.iter().fold(WeekdaySet::EMPTY, |week, hours| week.union(hours.weekdays));
        let timetable = Timetable::of(&plan);
        Self { plan, school_week, timetable, table: Table::default() }
    }

    fn worked_out(self) -> Self {
        Self { table: Table::of(&self), ..self }
    }

    /// What it was made of, each list in the order of its days.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether it says of a day if there is school: from the first day of the first term to the last of the last. Without
    /// terms, of every day from 2000 to 2099.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.covered(day).is_ok()
    }

    /// The moment that an instant is at this school. Costs about 50 ns and no allocation.
    pub fn when(&self, at: DateTime<Utc>) -> Moment<'_> {
        Moment::of(self, at)
    }
}
