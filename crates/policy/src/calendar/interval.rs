//! Times of day, from one to another.

use core::fmt;
use core::str::FromStr;

use chrono::NaiveTime;

/// From one time of day to another, the second not included. `21:00–07:00` crosses midnight and belongs to the day on
/// which it begins; midnight as the end is that of the same day, so `00:00–24:00` is the whole of it.
///
/// It is held against what the clock at the school shows: in the night in which clocks go back, `01:00–02:00` lasts two
/// hours, and where they go forward it does not come.
///
/// ```
/// use belisha_policy::calendar::{Began, Interval};
/// use chrono::NaiveTime;
///
/// let night: Interval = "21:00-07:00".parse()?;
/// let time = |text: &str| text.parse::<NaiveTime>().unwrap();
/// assert_eq!(night.holds(time("23:30:00")), Some(Began::Today));
/// assert_eq!(night.holds(time("06:59:59")), Some(Began::Yesterday));
/// assert_eq!(night.holds(time("07:00:00")), None);
/// # Ok::<(), belisha_policy::calendar::IntervalError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    start: NaiveTime,
    end: NaiveTime,
}

/// On which day an interval began that holds at a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Began {
    /// On the same day.
    Today,
    /// On the day before: midnight is between.
    Yesterday,
}

/// Why times make no interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalError {
    /// It ends where it begins.
    #[error("{time} to {time} is no time at all: write 00:00-24:00 for the whole day", time = .0.format("%H:%M"))]
    Empty(NaiveTime),
    /// Not two times.
    #[error("not two times of day: write such as 09:00-09:55, or 21:00-07:00 across midnight")]
    Shape,
}

const MIDNIGHT: NaiveTime = NaiveTime::MIN;

impl Interval {
    /// From midnight to midnight.
    pub const WHOLE_DAY: Self = Self { start: MIDNIGHT, end: MIDNIGHT };

    /// From one time to another, where midnight as the end is that of the same day.
    ///
    /// # Errors
    /// The two are the same, and not midnight.
    pub fn new(start: NaiveTime, end: NaiveTime) -> Result<Self, IntervalError> {
        if start == end && start != MIDNIGHT {
            return Err(IntervalError::Empty(start));
        }
        Ok(Self { start, end })
    }

    /// From one hour and minute to another, for those that are written in this program.
    pub(super) const fn between(start: (u32, u32), end: (u32, u32)) -> Self {
        match (NaiveTime::from_hms_opt(start.0, start.1, 0), NaiveTime::from_hms_opt(end.0, end.1, 0)) {
            (Some(start), Some(end)) => Self { start, end },
            _ => Self::WHOLE_DAY,
        }
    }

    /// From which time.
    pub fn start(self) -> NaiveTime {
        self.start
    }

    /// Before which time; midnight is that at the end of the day.
    pub fn end(self) -> NaiveTime {
        self.end
    }

    /// Whether a part of it is on the day after.
    pub fn crosses_midnight(self) -> bool {
        self.end < self.start && self.end != MIDNIGHT
    }

    /// Whether it holds at a time of day, and then on which day it began.
    pub fn holds(self, time: NaiveTime) -> Option<Began> {
        let begun = self.start <= time;
        let before_end = time < self.end;
        match (begun, before_end) {
            (true, true) => Some(Began::Today),
            (true, false) if self.end <= self.start => Some(Began::Today),
            (false, true) if self.crosses_midnight() => Some(Began::Yesterday),
            _ => None,
        }
    }

    /// Whether, on the day on which it begins, it holds at a time that the other holds too. The parts after midnight are
    /// left out.
    pub(super) fn meets(self, other: Self) -> bool {
        self.holds(other.start) == Some(Began::Today) || other.holds(self.start) == Some(Began::Today)
    }

    /// Whether it is within another; neither may cross midnight.
    pub(super) fn is_within(self, other: Self) -> bool {
        let by = |end: NaiveTime| (end == MIDNIGHT, end);
        other.start <= self.start && by(self.end) <= by(other.end)
    }
}

/// `09:00–09:55`; seconds where there are some.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_time(f, self.start)?;
        f.write_str("–")?;
        if self.end == MIDNIGHT { f.write_str("24:00") } else { write_time(f, self.end) }
    }
}

fn write_time(f: &mut fmt::Formatter<'_>, time: NaiveTime) -> fmt::Result {
    let seconds = time.signed_duration_since(MIDNIGHT).num_seconds();
    write!(f, "{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
    if seconds % 60 == 0 { Ok(()) } else { write!(f, ":{:02}", seconds % 60) }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interval({self})")
    }
}

/// Reads `09:00-09:55` and `09:00–09:55`, with spaces or without; `24:00` is the end of the day.
impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let (start, end) = text.split_once(['-', '–']).ok_or(IntervalError::Shape)?;
        let end = if end.trim() == "24:00" { Some(MIDNIGHT) } else { time_of_day(end) };
        let (Some(start), Some(end)) = (time_of_day(start), end) else { return Err(IntervalError::Shape) };
        Self::new(start, end)
    }
}

/// Reads `9:00`, `09:00` and `09:00:00`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let mut parts = text.trim().split(':').map(|part| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u32>().ok() } else { None }
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() { None } else { NaiveTime::from_hms_opt(hour, minute, second) }
}
