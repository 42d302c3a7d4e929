//! Days as systems and spreadsheets write them.

use chrono::{Datelike, NaiveDate};

/// How a column writes days with slashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The day first, as here.
    #[default]
    DayFirst,
    /// The month first, as in America: only where the column itself proves it.
    MonthFirst,
}

/// Days before this are nobody's.
const EARLIEST: i32 = 1900;
const LATEST: i32 = 2100;

/// What order a column has, by all that stands in it.
pub(crate) fn order<'a>(values: impl Iterator<Item = &'a str>) -> Order {
    let mut month_first = false;
    for value in values {
        let Some([first, second, _]) = slashed(value) else { continue };
        if first > 12 {
            return Order::DayFirst;
        }
        month_first |= second > 12;
    }
    if month_first { Order::MonthFirst } else { Order::DayFirst }
}

/// Reads `2021-08-04`, `04/08/2021`, `04-08-2021`, `04.08.2021`, `04 Aug 2021`, `4 August 2021`, a serial number of a
/// spreadsheet, and any of them with midnight behind it. `None` for everything else, two-digit years among it.
pub(crate) fn read(text: &str, order: Order) -> Option<NaiveDate> {
    let text = day_of(text.trim());
    let date = iso(text).or_else(|| ordered(text, order)).or_else(|| named(text)).or_else(|| serial(text))?;
    (EARLIEST..=LATEST).contains(&date.year()).then_some(date)
}

/// What stands before a time of day.
fn day_of(text: &str) -> &str {
    let is_time = |time: &str| time.starts_with(|digit: char| digit.is_ascii_digit()) && time.contains(':');
    match text.rsplit_once(['T', ' ']) {
        Some((day, time)) if is_time(time) => day.trim_end(),
        _ => text,
    }
}

fn iso(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// Three numbers, the last of four digits.
fn slashed(text: &str) -> Option<[u32; 3]> {
    let mut parts = day_of(text.trim()).split(['/', '-', '.']);
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let fits = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let numbers = [number(1..=2)?, number(1..=2)?, number(4..=4)?];
    parts.next().is_none().then_some(numbers)
}

fn ordered(text: &str, order: Order) -> Option<NaiveDate> {
    let [first, second, year] = slashed(text)?;
    let (day, month) = match order {
        Order::DayFirst => (first, second),
        Order::MonthFirst => (second, first),
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn named(text: &str) -> Option<NaiveDate> {
    let text = text.replace([' ', '-'], " ");
    let mut parts = text.split_whitespace();
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let month = month.to_ascii_lowercase();
    let number = MONTHS
        .iter()
        .position(|name| month.len() >= 3 && name.starts_with(&month) || month == "sept" && *name == "september")?;
    NaiveDate::from_ymd_opt(year.parse().ok()?, u32::try_from(number).ok()? + 1, day.parse().ok()?)
}

/// A spreadsheet counts days from the end of 1899.
fn serial(text: &str) -> Option<NaiveDate> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    let days: u64 = (digits.len() == 5).then(|| digits.parse().ok()).flatten()?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(chrono::Days::new(days))
}

/// Whether it is a serial number of a spreadsheet, which is worth a remark.
pub(crate) fn is_serial(text: &str) -> bool {
    serial(text.trim()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        for text in [
            "2021-08-04",
            "04/08/2021",
            "4/8/2021",
            "04-08-2021",
            "04.08.2021",
            "04 Aug 2021",
            "4 August 2021",
            "04-Aug-2021",
            "44412",
            "2021-08-04T00:00:00Z",
            "2021-08-04 00:00:00",
            "04/08/2021 00:00",
        ] {
            assert_eq!(read(text, Order::DayFirst), NaiveDate::from_ymd_opt(2021, 8, 4), "{text}");
        }
        assert_eq!(read("8/4/2021", Order::MonthFirst), NaiveDate::from_ymd_opt(2021, 8, 4));
        for text in
            ["", "31/02/2021", "04/08/21", "2021-8-4", "4th Aug 2021", "04/08/1821", "4.4412E4", "Aug 2021", "1"]
        {
            assert_eq!(read(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn the_month_comes_first_only_where_the_column_proves_it() {
        assert_eq!(order(["4/2/2000", "12/19/1997"].into_iter()), Order::MonthFirst);
        assert_eq!(order(["4/2/2000", "3/4/1997"].into_iter()), Order::DayFirst);
        assert_eq!(order(["19/12/1997", "12/19/1997"].into_iter()), Order::DayFirst);
    }
}
