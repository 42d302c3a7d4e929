//! Bank holidays: as they were, and as they must be in every year.

use std::collections::BTreeSet;

use belisha_policy::calendar::{bank_holiday, bank_holidays, easter};
use chrono::{Datelike as _, NaiveDate, Weekday};

use super::day;

/// As they were published for England and Wales.
const PUBLISHED: &[(i32, &str)] = &[
    (1995, "01-02 04-14 04-17 05-08 05-29 08-28 12-25 12-26"),
    (1999, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28 12-31"),
    (2002, "01-01 03-29 04-01 05-06 06-03 06-04 08-26 12-25 12-26"),
    (2011, "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27"),
    (2012, "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26"),
    (2013, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"),
    (2014, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
    (2015, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
    (2016, "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27"),
    (2017, "01-02 04-14 04-17 05-01 05-29 08-28 12-25 12-26"),
    (2018, "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26"),
    (2019, "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26"),
    (2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28"),
    (2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"),
    (2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"),
    (2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"),
    (2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"),
    (2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
    (2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
    (2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
];

#[test]
fn they_are_as_published() {
    for (year, published) in PUBLISHED {
        let days: Vec<String> = bank_holidays(*year).map(|(day, _)| day.format("%m-%d").to_string()).collect();
        assert_eq!(days.join(" "), *published, "{year}");
    }
}

#[test]
fn each_has_its_name() {
    for (date, name) in [
        ("2026-04-03", "Good Friday"),
        ("2026-04-06", "Easter Monday"),
        ("2022-01-03", "New Year's Day, substitute day"),
        // Christmas on a Sunday: Boxing Day is on its own day, and Christmas Day is made up for after it.
        ("2022-12-26", "Boxing Day"),
        ("2022-12-27", "Christmas Day, substitute day"),
        // On a Saturday: both are made up for.
        ("2027-12-27", "Christmas Day, substitute day"),
        ("2027-12-28", "Boxing Day, substitute day"),
        ("2020-12-28", "Boxing Day, substitute day"),
        ("2022-06-02", "Spring bank holiday"),
        ("2022-09-19", "State Funeral of Queen Elizabeth II"),
    ] {
        assert_eq!(bank_holiday(day(date)), Some(name), "{date}");
    }
    for date in ["2022-05-30", "2020-05-04", "2022-01-01", "2022-12-25", "2026-03-06", "2026-04-20", "2026-12-29"] {
        assert_eq!(bank_holiday(day(date)), None, "{date}");
    }
}

#[test]
fn over_a_hundred_years_there_are_eight_at_least_and_never_on_a_weekend() {
    let mut twice = BTreeSet::new();
    for year in 2000..2100 {
        let days: Vec<_> = bank_holidays(year).collect();
        let names: BTreeSet<_> = days.iter().map(|(_, name)| *name).collect();
        assert_eq!(names.len(), days.len(), "two of one name in {year}");
        assert!(days.len() >= 8, "{year}: {days:?}");
        assert!(days.len() == 8 || [2002, 2011, 2012, 2022, 2023].contains(&year), "{year}: {days:?}");
        for (day, name) in days {
            assert_eq!(day.year(), year);
            assert!(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun), "{name}, {day}");
            assert!(twice.insert(day), "{day} twice");
        }
    }
}

/// The first full moon of spring by golden number, from the table in the Book of Common Prayer for 1900 to 2199.
const FULL_MOONS: [(u32, u32); 19] = [
    (4, 14),
    (4, 3),
    (3, 23),
    (4, 11),
    (3, 31),
    (4, 18),
    (4, 8),
    (3, 28),
    (4, 16),
    (4, 5),
    (3, 25),
    (4, 13),
    (4, 2),
    (3, 22),
    (4, 10),
    (3, 30),
    (4, 17),
    (4, 7),
    (3, 27),
];

#[test]
fn easter_is_the_sunday_after_the_full_moon_of_the_prayer_book() {
    for year in 1900..2200 {
        let (month, of_month) = FULL_MOONS[usize::try_from(year % 19).unwrap()];
        let full_moon = NaiveDate::from_ymd_opt(year, month, of_month).unwrap();
        let sunday = full_moon.iter_days().skip(1).find(|day| day.weekday() == Weekday::Sun);
        assert_eq!(easter(year), sunday, "{year}");
    }
}

#[test]
fn easter_is_in_its_five_weeks_and_no_year_panics() {
    for year in 1583..=9999 {
        let sunday = easter(year).unwrap();
        assert_eq!(sunday.weekday(), Weekday::Sun);
        let (month, of_month) = (sunday.month(), sunday.day());
        assert!((month == 3 && of_month >= 22) || (month == 4 && of_month <= 25), "{sunday}");
    }
    for year in [i32::MIN, -1, 0, 1582, 10_000, i32::MAX] {
        assert_eq!(easter(year), None);
        assert_eq!(bank_holidays(year).filter(|(_, name)| name.contains("Easter")).count(), 0);
    }
    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        bank_holiday(date);
    }
}
