//! Lengths of time in the calendar's own units, added so that they end later rather than earlier.

use core::fmt;
use core::str::FromStr;

use chrono::{Datelike as _, Days, NaiveDate};

/// No longer than this many years, so that dates stay within what people can check.
const MOST_YEARS: u32 = 200;
const MONTHS_A_YEAR: u32 = 12;
const MOST_DAYS: u32 = MOST_YEARS * 366;

/// A length of time: so many days, or so many months. A year is twelve months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period(Length);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Length {
    Days(u32),
    Months(u32),
}

impl Period {
    /// Twelve months.
    pub const A_YEAR: Self = Self::years(1);

    pub(super) const fn days(days: u32) -> Self {
        Self(Length::Days(days))
    }

    pub(super) const fn months(months: u32) -> Self {
        Self(Length::Months(months))
    }

    pub(super) const fn years(years: u32) -> Self {
        Self::months(years * MONTHS_A_YEAR)
    }

    /// Reads a number and a unit: `90 days`, `12 months`, `1 year`. `None` for anything else, and for more than 200
    /// years.
    pub(super) fn parse(number: &str, unit: &str) -> Option<Self> {
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u32 = number.parse().ok()?;
        let (length, fits) = match unit {
            "day" | "days" => (Self::days(number), number <= MOST_DAYS),
            "month" | "months" => (Self::months(number), number <= MOST_YEARS * MONTHS_A_YEAR),
            "year" | "years" => (Self::months(number.checked_mul(MONTHS_A_YEAR)?), number <= MOST_YEARS),
            _ => return None,
        };
        fits.then_some(length)
    }

    /// The anniversary: this long after a day. Where the calendar has no such day, the first of the month after; past
    /// the end of the calendar, its last day.
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        match self.0 {
            Length::Days(days) => day.checked_add_days(Days::new(days.into())),
            Length::Months(months) => months_after(day, months),
        }
        .unwrap_or(NaiveDate::MAX)
    }

    /// Whether it never ends before the other, whatever the day from which both are counted.
    pub fn covers(self, other: Self) -> bool {
        match (self.0, other.0) {
            (Length::Days(own), Length::Days(others)) | (Length::Months(own), Length::Months(others)) => own >= others,
            _ => self.fewest_days() >= other.most_days(),
        }
    }

    /// Whether both are counted in the same unit, so that anybody sees which is longer.
    pub(super) fn is_like(self, other: Self) -> bool {
        core::mem::discriminant(&self.0) == core::mem::discriminant(&other.0)
    }

    /// How many days it is at least.
    pub(super) fn fewest_days(self) -> u32 {
        match self.0 {
            Length::Days(days) => days,
            Length::Months(months) => lengths(months).min().unwrap_or_default(),
        }
    }

    /// How many days it is at most.
    pub(super) fn most_days(self) -> u32 {
        match self.0 {
            Length::Days(days) => days,
            Length::Months(months) => lengths(months).max().unwrap_or(u32::MAX),
        }
    }
}

fn months_after(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    let months = i64::from(day.year()) * i64::from(MONTHS_A_YEAR) + i64::from(day.month0()) + i64::from(months);
    let in_month = |months: i64, day: u32| {
        let year = i32::try_from(months.div_euclid(MONTHS_A_YEAR.into())).ok()?;
        let month = u32::try_from(months.rem_euclid(MONTHS_A_YEAR.into())).ok()? + 1;
        NaiveDate::from_ymd_opt(year, month, day)
    };
    in_month(months, day.day()).or_else(|| in_month(months + 1, 1))
}

/// How many days so many months can be. The calendar repeats after 400 years; and as the first of a month always has
/// its anniversary, counting from there finds both the fewest and the most.
fn lengths(months: u32) -> impl Iterator<Item = u32> {
    let firsts =
        (2000..2400).flat_map(|year| (1..=12).filter_map(move |month| NaiveDate::from_ymd_opt(year, month, 1)));
    firsts.filter_map(move |first| {
        let end = months_after(first, months)?;
        u32::try_from(end.signed_duration_since(first).num_days()).ok()
    })
}

/// Why a text is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no period: a number and days, months or years, such as \"12 months\"")]
pub struct NoPeriod;

/// Reads a number and a unit: `90 days`, `12 months`, `1 year`.
impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let (number, unit) = text.trim().split_once(' ').ok_or(NoPeriod)?;
        Self::parse(number, unit.trim_start()).ok_or(NoPeriod)
    }
}

/// `90 days`, `12 months`, `7 years`: years from two on.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            Length::Days(days) => (days, "day"),
            Length::Months(months) if months > MONTHS_A_YEAR && months.is_multiple_of(MONTHS_A_YEAR) => {
                (months / MONTHS_A_YEAR, "year")
            }
            Length::Months(months) => (months, "month"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_calendar_lacks_comes_later() {
        for (from, period, to) in [
            ("2008-02-29", Period::years(25), "2033-03-01"),
            ("2008-02-29", Period::years(24), "2032-02-29"),
            ("1900-02-28", Period::years(100), "2000-02-28"),
            ("2096-02-29", Period::years(4), "2100-03-01"),
            ("2026-01-31", Period::months(1), "2026-03-01"),
            ("2028-01-30", Period::months(1), "2028-03-01"),
            ("2026-08-31", Period::months(3), "2026-12-01"),
            ("2026-12-31", Period::months(2), "2027-03-01"),
            ("2026-12-31", Period::days(1), "2027-01-01"),
            ("2026-12-31", Period::months(0), "2026-12-31"),
        ] {
            assert_eq!(period.after(day(from)), day(to), "{from} and {period}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_panic() {
        for period in [Period::days(MOST_DAYS), Period::years(MOST_YEARS)] {
            assert_eq!(period.after(NaiveDate::MAX), NaiveDate::MAX);
            assert!(period.after(NaiveDate::MIN) > NaiveDate::MIN);
        }
    }

    #[test]
    fn a_period_covers_another_only_if_it_always_does() {
        // February and March: three months from 1 February are 89 days.
        assert_eq!(Period::months(3).fewest_days(), 89);
        assert_eq!(Period::months(3).most_days(), 92);
        assert!(!Period::months(3).covers(Period::days(90)));
        assert!(Period::months(4).covers(Period::days(90)));
        assert!(Period::months(12).covers(Period::days(365)) && !Period::months(12).covers(Period::days(366)));
        assert!(Period::days(366).covers(Period::years(1)) && !Period::days(365).covers(Period::years(1)));
        assert!(Period::years(1).covers(Period::months(12)) && !Period::months(11).covers(Period::years(1)));
    }

    #[test]
    fn what_covers_never_ends_earlier() {
        let periods = [0, 1, 27, 28, 29, 30, 31, 59, 89, 90, 92, 365, 366, 1461].map(Period::days);
        let periods = periods.into_iter().chain([0, 1, 2, 3, 11, 12, 13, 48].map(Period::months));
        let periods: std::vec::Vec<_> = periods.collect();
        for one in &periods {
            for other in &periods {
                let never_earlier = (0..3000).all(|n| {
                    let from = day("2095-06-15") + Days::new(n);
                    one.after(from) >= other.after(from)
                });
                // Counting from 2095 sees the year 2100, which is none of 366 days, and leap years on both sides.
                assert!(!one.covers(*other) || never_earlier, "{one} is said to cover {other}");
                if one.is_like(*other) {
                    assert_eq!(one.covers(*other), never_earlier, "{one} and {other}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, period) in [
            ("90 days", Period::days(90)),
            ("1 day", Period::days(1)),
            ("0 days", Period::days(0)),
            ("12 months", Period::months(12)),
            ("7 years", Period::years(7)),
            ("18 months", Period::months(18)),
        ] {
            let (number, unit) = text.split_once(' ').unwrap();
            assert_eq!(Period::parse(number, unit), Some(period));
            assert_eq!(period.to_string(), text);
        }
        assert_eq!(Period::parse("1", "year"), Some(Period::months(12)));
        assert_eq!(Period::parse("200", "years"), Some(Period::years(200)));
        for (number, unit) in
            [("", "days"), ("-1", "days"), ("+1", "days"), ("1.5", "years"), ("1", "week"), ("201", "years")]
        {
            assert_eq!(Period::parse(number, unit), None, "{number} {unit}");
        }
        assert_eq!(Period::parse("4294967295", "years"), None);
        assert_eq!(Period::parse("99999999999", "days"), None);
    }
}
