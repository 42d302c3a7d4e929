//! Times of day on certain days: when a rule holds.

use core::str::FromStr;

use chrono::{Weekday, WeekdaySet};

use super::days::DayKind;
use super::interval::{Began, Interval};
use super::moment::Moment;

/// Times of day on certain days, such as `21:00–07:00` on the nights before school. What crosses midnight belongs to the
/// day on which it begins.
///
/// ```
/// use belisha_policy::calendar::{Calendar, DaySpan, Days};
///
/// let bedtime = DaySpan { days: Days::SCHOOL_NIGHTS, hours: "21:00-07:00".parse()? };
/// let calendar = Calendar::starter();
/// let at = |text: &str| bedtime.contains(&calendar.when(text.parse().unwrap()));
/// // Sunday evening, and Monday before breakfast; not Friday evening, nor Saturday before breakfast.
/// assert_eq!((at("2026-11-08T22:00:00Z"), at("2026-11-09T06:00:00Z")), (true, true));
/// assert_eq!((at("2026-11-06T22:00:00Z"), at("2026-11-07T06:00:00Z")), (false, false));
/// # Ok::<(), belisha_policy::calendar::IntervalError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DaySpan {
    /// On which days it begins.
    pub days: Days,
    /// From when to when.
    pub hours: Interval,
}

/// Days that are of a kind and of certain days of the week, both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// Of which kind.
    pub which: Which,
    /// On which days of the week.
    pub weekdays: WeekdaySet,
}

/// Kinds of days, as rules ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Which {
    /// All.
    Every,
    /// Days with school, and those of which the calendar says nothing.
    SchoolDays,
    /// Days without school: INSET days, weekends, holidays.
    DaysOff,
    /// The days before those with school.
    SchoolNights,
    /// INSET days.
    Inset,
    /// Days of the week that have no school, in term.
    Weekends,
    /// Bank holidays, half-terms and the time between terms, with the weekends in them.
    Holidays,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Every, Self::SchoolDays, Self::DaysOff, Self::SchoolNights, Self::Inset, Self::Weekends, Self::Holidays];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Every => "every-day",
            Self::SchoolDays => "school-days",
            Self::DaysOff => "days-off",
            Self::SchoolNights => "school-nights",
            Self::Inset => "inset-days",
            Self::Weekends => "weekends",
            Self::Holidays => "holidays",
        }
    }

    /// Whether a day is of this kind, when the one after it is known too.
    fn holds(self, day: DayKind<'_>, next: DayKind<'_>) -> bool {
        match self {
            Self::Every => true,
            Self::SchoolDays => day.has_school(),
            Self::DaysOff => !day.has_school(),
            Self::SchoolNights => next.has_school(),
            Self::Inset => day == DayKind::Inset,
            Self::Weekends => day == DayKind::Weekend,
            Self::Holidays => matches!(day, DayKind::BankHoliday(_) | DayKind::Holiday(_) | DayKind::OutOfTerm),
        }
    }
}

/// Why a text names no kind of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of days: every-day, school-days, days-off, school-nights, inset-days, weekends and holidays are")]
pub struct UnknownDays;

impl FromStr for Which {
    type Err = UnknownDays;

    fn from_str(slug: &str) -> Result<Self, UnknownDays> {
        Self::ALL.into_iter().find(|which| which.slug() == slug).ok_or(UnknownDays)
    }
}

impl Days {
    /// Every day.
    pub const EVERY: Self = Self::which(Which::Every);
    /// Days with school.
    pub const SCHOOL_DAYS: Self = Self::which(Which::SchoolDays);
    /// Days without.
    pub const DAYS_OFF: Self = Self::which(Which::DaysOff);
    /// Days before those with school.
    pub const SCHOOL_NIGHTS: Self = Self::which(Which::SchoolNights);

    /// Those of a kind.
    pub const fn which(which: Which) -> Self {
        Self { which, weekdays: WeekdaySet::ALL }
    }

    /// These, on certain days of the week alone.
    #[must_use]
    pub const fn on(self, weekdays: WeekdaySet) -> Self {
        Self { weekdays: self.weekdays.intersection(weekdays), ..self }
    }

    fn hold(self, weekday: Weekday, day: DayKind<'_>, next: DayKind<'_>) -> bool {
        self.weekdays.contains(weekday) && self.which.holds(day, next)
    }
}

impl DaySpan {
    /// At any time.
    pub const ALWAYS: Self = Self { days: Days::EVERY, hours: Interval::WHOLE_DAY };

    /// Whether a moment is in it. Costs a few nanoseconds.
    pub fn contains(&self, moment: &Moment<'_>) -> bool {
        let today = moment.kind();
        match self.hours.holds(moment.time()) {
            None => false,
            Some(Began::Today) => self.days.hold(moment.weekday(), today, moment.tomorrow()),
            Some(Began::Yesterday) => self.days.hold(moment.weekday().pred(), moment.yesterday(), today),
        }
    }
}
