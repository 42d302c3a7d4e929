//! Days and clocks at the school.

use belisha_policy::calendar::{end_of, instant, local, start_of};
use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _, Utc, Weekday,
};
use proptest::prelude::*;

use super::{at, day};

/// The last Sunday of a month with 31 days.
fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let last = NaiveDate::from_ymd_opt(year, month, 31).unwrap();
    last - Days::new(last.weekday().num_days_from_sunday().into())
}

/// Whether it is summer time, by the rule alone: from 01:00 UTC of the last Sunday of March to that of October.
fn is_summer(at: DateTime<Utc>) -> bool {
    let change = |month| last_sunday(at.year(), month).and_time(NaiveTime::from_hms_opt(1, 0, 0).unwrap()).and_utc();
    change(3) <= at && at < change(10)
}

/// SC-09.
#[test]
fn an_allowance_to_the_last_day_of_half_term_ends_with_the_day_of_25_hours() {
    let end = end_of(day("2026-10-25"));
    for (instant, shown) in [
        ("2026-10-25T00:30:00Z", "01:30:00"),
        ("2026-10-25T01:30:00Z", "01:30:00"),
        ("2026-10-25T23:59:59Z", "23:59:59"),
    ] {
        assert_eq!(local(at(instant)).time().to_string(), shown);
        assert_eq!(local(at(instant)).date_naive(), day("2026-10-25"));
        assert!(at(instant) < end, "{instant}");
    }
    assert_eq!(end, at("2026-10-26T00:00:00Z"));
    assert_eq!(end - start_of(day("2026-10-25")), TimeDelta::hours(25));
    assert_eq!(end_of(day("2026-03-29")), at("2026-03-29T23:00:00Z"));
}

#[test]
fn for_a_hundred_years_days_follow_each_other_without_gap_and_only_two_a_year_are_not_of_24_hours() {
    let mut end = at("2000-01-01T00:00:00Z");
    for day in day("2000-01-01").iter_days().take_while(|day| day.year() < 2100) {
        assert_eq!(start_of(day), end, "{day} does not begin when the day before ends");
        end = end_of(day);
        let hours = if day == last_sunday(day.year(), 3) {
            23
        } else if day == last_sunday(day.year(), 10) {
            25
        } else {
            24
        };
        assert_eq!(end - start_of(day), TimeDelta::hours(hours), "{day}");
        assert!(hours == 24 || day.weekday() == Weekday::Sun);
    }
    assert_eq!(end, at("2100-01-01T00:00:00Z"));
}

#[test]
fn what_is_shown_twice_is_the_first_and_what_is_never_shown_is_as_long_after_midnight() {
    for (shown, expected) in [
        ("2026-10-25T00:59:59", "2026-10-24T23:59:59Z"),
        ("2026-10-25T01:00:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T01:59:59", "2026-10-25T00:59:59Z"),
        ("2026-10-25T02:00:00", "2026-10-25T02:00:00Z"),
        ("2026-03-29T00:59:59", "2026-03-29T00:59:59Z"),
        ("2026-03-29T01:00:00", "2026-03-29T01:00:00Z"),
        ("2026-03-29T01:59:59", "2026-03-29T01:59:59Z"),
        ("2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
    ] {
        assert_eq!(instant(shown.parse().unwrap()), at(expected), "{shown}");
    }
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        assert!(start_of(date) <= end_of(date));
    }
    for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(local(at) == at);
        let _ = local(at).date_naive();
    }
    instant(NaiveDateTime::MIN);
    instant(NaiveDateTime::MAX);
}

proptest! {
    #[test]
    fn each_instant_belongs_to_exactly_one_day(at in super::instant()) {
        let date = local(at).date_naive();
        prop_assert!(start_of(date) <= at && at < end_of(date));
        let (before, after) = (date.pred_opt().unwrap(), date.succ_opt().unwrap());
        prop_assert!(end_of(before) <= at && at < start_of(after));
    }

    #[test]
    fn clocks_are_an_hour_ahead_in_summer_and_never_else(at in super::instant()) {
        prop_assert_eq!(local(at).offset().local_minus_utc(), if is_summer(at) { 3600 } else { 0 });
    }

    #[test]
    fn from_what_the_clock_shows_comes_the_first_instant_at_which_it_shows_it(at in super::instant()) {
        let shown = local(at).naive_local();
        let first = instant(shown);
        prop_assert_eq!(local(first).naive_local(), shown);
        prop_assert!(first == at || first == at - TimeDelta::hours(1));
        let an_hour_before = local(first - TimeDelta::hours(1)).naive_local();
        prop_assert_ne!(an_hour_before, shown);
    }

    /// What is never shown comes out an hour later than written; everything else as it is.
    #[test]
    fn every_time_of_day_has_its_instant(date in super::date(), second in 0..86_400_u32) {
        let written = date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap());
        let shown = local(instant(written)).naive_local();
        let never = date == last_sunday(date.year(), 3) && written.hour() == 1;
        prop_assert_eq!(shown - written, if never { TimeDelta::hours(1) } else { TimeDelta::zero() });
    }
}
