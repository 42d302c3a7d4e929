//! By when something is due: time that goes on, days at school, and days on which the world outside works.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};

use super::days::DayKind;
use super::error::NotInCalendar;
use super::zone::{end_of, local};
use super::{Calendar, within_reach};

/// Within how long something is due.
///
/// Days are counted from the day after the one on which it begins, and the last is over when the next begins. None at
/// all means the same day, or the next that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Within {
    /// So long afterwards, whatever day it is: 72 hours.
    Elapsed(TimeDelta),
    /// The end of the day that is so many days later, whatever day it is.
    Days(u32),
    /// The end of the same day so many months later; of the last of the month, where it has no such day.
    Months(u32),
    /// So many days on which pupils are at school. INSET days are not counted.
    SchoolDays(u32),
    /// So many days on which staff are at school: school days and INSET days.
    StaffDays(u32),
    /// So many days of Monday to Friday that are no bank holidays. They run on in the holidays.
    WorkingDays(u32),
}

impl Calendar {
    /// The instant by which something is due that begins at another: it is late from then on. Costs about 20 ns for each
    /// day that passes, none of them for elapsed time.
    ///
    /// What begins later, or may take longer, is never due earlier.
    ///
    /// # Errors
    /// Before so many school days or staff days are over the calendar ends, or what begins does so before its first term:
    /// it has to be continued, and until then working days may do instead. Or it would be outside of the years 2000 to
    /// 2099.
    ///
    /// ```
    /// use belisha_policy::calendar::{Calendar, Within};
    ///
    /// // One working day from the Thursday before Easter: the end of Tuesday.
    /// let thursday = "2026-04-02T16:40:00Z".parse().unwrap();
    /// let due = Calendar::starter().due(Within::WorkingDays(1), thursday)?;
    /// assert_eq!(due.to_string(), "2026-04-07 23:00:00 UTC");
    /// # Ok::<(), belisha_policy::calendar::NotInCalendar>(())
    /// ```
    pub fn due(&self, within: Within, from: DateTime<Utc>) -> Result<DateTime<Utc>, NotInCalendar> {
        let today = local(from).date_naive();
        within_reach(today)?;
        let last = match within {
            Within::Elapsed(time) => {
                let at = from.checked_add_signed(time).ok_or(NotInCalendar::OutOfReach)?;
                within_reach(local(at).date_naive())?;
                return Ok(at);
            }
            Within::Days(days) => today.checked_add_days(Days::new(days.into())).ok_or(NotInCalendar::OutOfReach)?,
            Within::Months(months) => today.checked_add_months(Months::new(months)).ok_or(NotInCalendar::OutOfReach)?,
            Within::SchoolDays(days) => after(today, days, |day| self.counts(day, is_school_day))?,
            Within::StaffDays(days) => after(today, days, |day| self.counts(day, is_staff_day))?,
            Within::WorkingDays(days) => after(today, days, |day| Ok(self.is_working_day(day)))?,
        };
        within_reach(last)?;
        Ok(end_of(last))
    }

    fn counts(&self, day: NaiveDate, counts: fn(DayKind<'_>) -> bool) -> Result<bool, NotInCalendar> {
        let kind = self.day(day).kind();
        if kind == DayKind::Unplanned {
            self.covered(day)?;
        }
        Ok(counts(kind))
    }
}

/// The last of so many days that count after a day; of none, that day or the next that counts.
fn after(
    today: NaiveDate,
    days: u32,
    counts: impl Fn(NaiveDate) -> Result<bool, NotInCalendar>,
) -> Result<NaiveDate, NotInCalendar> {
    let (first, mut left) = if days == 0 { (Some(today), 1) } else { (today.succ_opt(), days) };
    for day in first.into_iter().flat_map(|first| first.iter_days()) {
        within_reach(day)?;
        left -= u32::from(counts(day)?);
        if left == 0 {
            return Ok(day);
        }
    }
    Err(NotInCalendar::OutOfReach)
}

fn is_school_day(kind: DayKind<'_>) -> bool {
    kind == DayKind::SchoolDay
}

fn is_staff_day(kind: DayKind<'_>) -> bool {
    matches!(kind, DayKind::SchoolDay | DayKind::Inset)
}
