//! By when something is due.

use belisha_policy::calendar::{
    Calendar, DayKind, NotInCalendar, Plan, Proclaimed, Within, bank_holiday, end_of, local, start_of,
};
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc, Weekday};
use proptest::prelude::*;

use super::{at, day, plan, prep_school};

/// The day with whose end something is due.
fn last_day(due: DateTime<Utc>) -> NaiveDate {
    local(due - TimeDelta::seconds(1)).date_naive()
}

/// SC-01: on the Thursday before Easter at 17:40, due with the end of the next working day.
#[test]
fn the_next_working_day_after_maundy_thursday_is_tuesday() {
    let thursday = at("2026-04-02T16:40:00Z");
    for calendar in [Calendar::starter(), prep_school()] {
        assert_eq!(calendar.due(Within::WorkingDays(1), thursday), Ok(at("2026-04-07T23:00:00Z")));
        assert_eq!(calendar.due(Within::WorkingDays(0), thursday), Ok(at("2026-04-02T23:00:00Z")));
    }
}

/// SC-05: five days from the day of leaving.
#[test]
fn days_are_counted_from_the_day_after() {
    let calendar = Calendar::starter();
    assert_eq!(calendar.due(Within::Days(5), start_of(day("2026-05-08"))), Ok(end_of(day("2026-05-13"))));
    assert_eq!(
        calendar.due(Within::Days(5), end_of(day("2026-05-08")) - TimeDelta::seconds(1)),
        Ok(at("2026-05-13T23:00:00Z"))
    );
    assert_eq!(calendar.due(Within::Days(0), at("2026-05-08T12:00:00Z")), Ok(at("2026-05-08T23:00:00Z")));
}

/// SC-13: INSET days and holidays make no obligation for pupils.
#[test]
fn school_days_run_while_pupils_are_there() {
    let calendar = prep_school();
    for (within, from, due) in [
        // Across half-term, and Saturdays count where there is school.
        (Within::SchoolDays(1), "2026-10-16T10:00:00Z", "2026-11-02"),
        (Within::SchoolDays(2), "2026-11-06T10:00:00Z", "2026-11-09"),
        // Across Christmas; term begins with an INSET day.
        (Within::SchoolDays(1), "2026-12-16T10:00:00Z", "2027-01-07"),
        (Within::StaffDays(1), "2026-12-16T10:00:00Z", "2027-01-06"),
        // It begins in the holidays.
        (Within::SchoolDays(0), "2026-12-20T10:00:00Z", "2027-01-07"),
        (Within::SchoolDays(1), "2026-12-20T10:00:00Z", "2027-01-07"),
        // Snow; and a bank holiday on which the school is open.
        (Within::SchoolDays(1), "2027-01-19T10:00:00Z", "2027-01-21"),
        (Within::SchoolDays(1), "2027-05-01T10:00:00Z", "2027-05-03"),
        (Within::WorkingDays(1), "2027-05-01T10:00:00Z", "2027-05-04"),
        // Working days go on.
        (Within::WorkingDays(1), "2026-10-16T10:00:00Z", "2026-10-19"),
        (Within::WorkingDays(5), "2026-12-22T10:00:00Z", "2026-12-31"),
    ] {
        assert_eq!(calendar.due(within, at(from)), Ok(end_of(day(due))), "{within:?} from {from}");
    }
}

#[test]
fn elapsed_time_is_not_stopped_by_clocks_or_holidays() {
    let calendar = prep_school();
    let found = at("2026-10-24T09:12:00Z");
    assert_eq!(calendar.due(Within::Elapsed(TimeDelta::hours(72)), found), Ok(at("2026-10-27T09:12:00Z")));
    // A request for one's data: one month, to the end of the same day.
    for (from, due) in [("2026-09-30", "2026-10-30"), ("2027-01-31", "2027-02-28"), ("2028-01-31", "2028-02-29")] {
        assert_eq!(calendar.due(Within::Months(1), start_of(day(from))), Ok(end_of(day(due))), "{from}");
    }
}

#[test]
fn where_the_calendar_ends_it_says_so() {
    let calendar = prep_school();
    let last_day = at("2027-07-09T10:00:00Z");
    let error = calendar.due(Within::SchoolDays(1), last_day).unwrap_err();
    assert_eq!(error, NotInCalendar::After { day: day("2027-07-10"), last: day("2027-07-09") });
    assert_eq!(
        error.to_string(),
        "2027-07-10 is after the last term of the calendar, which ends on 2027-07-09: add the terms that follow"
    );
    assert_eq!(calendar.due(Within::SchoolDays(0), last_day), Ok(end_of(day("2027-07-09"))));
    let early = at("2026-08-20T10:00:00Z");
    let error = calendar.due(Within::SchoolDays(1), early).unwrap_err();
    assert_eq!(error, NotInCalendar::Before { day: day("2026-08-21"), first: day("2026-09-02") });
    // On the eve of the first day all is known that is counted.
    assert_eq!(calendar.due(Within::SchoolDays(1), at("2026-09-01T10:00:00Z")), Ok(end_of(day("2026-09-03"))));
    // Working days need no terms.
    assert_eq!(calendar.due(Within::WorkingDays(1), early), Ok(end_of(day("2026-08-21"))));
    for within in [
        Within::Elapsed(TimeDelta::MAX),
        Within::Elapsed(TimeDelta::days(30_000)),
        Within::Days(u32::MAX),
        Within::Months(u32::MAX),
        Within::WorkingDays(u32::MAX),
        Within::SchoolDays(u32::MAX),
    ] {
        assert_eq!(Calendar::starter().due(within, early), Err(NotInCalendar::OutOfReach), "{within:?}");
    }
    for from in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, at("2100-01-01T00:00:00Z")] {
        assert_eq!(calendar.due(Within::WorkingDays(0), from), Err(NotInCalendar::OutOfReach));
    }
}

#[test]
fn a_proclaimed_bank_holiday_is_no_working_day() {
    let proclaimed = vec![Proclaimed { name: "Jubilee".into(), date: day("2028-06-02"), instead_of: None }];
    let calendar = Calendar::new(Plan { proclaimed, ..Plan::default() }).unwrap();
    let thursday = at("2028-06-01T10:00:00Z");
    assert_eq!(calendar.due(Within::WorkingDays(1), thursday), Ok(end_of(day("2028-06-05"))));
    assert_eq!(Calendar::starter().due(Within::WorkingDays(1), thursday), Ok(end_of(day("2028-06-02"))));
}

/// By the rule alone.
fn works(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && bank_holiday(date).is_none()
}

fn counted() -> impl Strategy<Value = fn(u32) -> Within> {
    prop::sample::select(vec![
        Within::Days as fn(u32) -> Within,
        Within::Months,
        Within::SchoolDays,
        Within::StaffDays,
        Within::WorkingDays,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_begins_later_or_is_given_longer_is_never_due_earlier(
        plan in plan(), within in counted(), number in 0..60_u32, from in super::instant(), later in 0..40_i64,
    ) {
        let calendar = Calendar::new(plan).unwrap();
        let Ok(due) = calendar.due(within(number), from) else { return Ok(()) };
        prop_assert!(due > from);
        if let Ok(longer) = calendar.due(within(number + 1), from) {
            prop_assert!(due <= longer);
        }
        if let Ok(afterwards) = calendar.due(within(number), from + TimeDelta::hours(later * later)) {
            prop_assert!(due <= afterwards);
        }
    }

    #[test]
    fn as_many_days_count_as_were_given(plan in plan(), number in 1..60_u32, from in super::instant()) {
        let calendar = Calendar::new(plan).unwrap();
        let today = local(from).date_naive();
        let kind = |date| calendar.day(date).kind();
        let staff = |date: NaiveDate| matches!(kind(date), DayKind::SchoolDay | DayKind::Inset);
        let pupils = |date: NaiveDate| kind(date) == DayKind::SchoolDay;
        let cases: [(Within, &dyn Fn(NaiveDate) -> bool); 3] = [
            (Within::SchoolDays(number), &pupils),
            (Within::StaffDays(number), &staff),
            (Within::WorkingDays(number), &works),
        ];
        for (within, counts) in cases {
            let Ok(due) = calendar.due(within, from) else { continue };
            let last = last_day(due);
            prop_assert_eq!(due, end_of(last));
            prop_assert!(counts(last), "{:?} is due on {}, which does not count", within, last);
            let passed = today.iter_days().skip(1).take_while(|date| *date <= last).filter(|date| counts(*date));
            prop_assert_eq!(passed.count(), usize::try_from(number).unwrap());
        }
    }

    /// Never a silent answer about days of which nothing is known: an error, exactly where such a day would be passed.
    #[test]
    fn no_unplanned_day_is_passed(plan in plan(), number in 0..60_u32, from in super::instant()) {
        let calendar = Calendar::new(plan).unwrap();
        let today = local(from).date_naive();
        let skipped = usize::from(number > 0);
        match calendar.due(Within::SchoolDays(number), from) {
            Ok(due) => {
                let passed = today.iter_days().skip(skipped).take_while(|date| *date <= last_day(due));
                for date in passed {
                    prop_assert_ne!(calendar.day(date).kind(), DayKind::Unplanned);
                }
            }
            Err(NotInCalendar::Before { day, .. } | NotInCalendar::After { day, .. }) => {
                prop_assert_eq!(calendar.day(day).kind(), DayKind::Unplanned);
                prop_assert!(day >= today);
            }
            Err(_) => prop_assert!(today.year() == 2099 || calendar.plan().terms.is_empty()),
        }
    }
}

#[test]
fn over_a_hundred_years_the_next_working_day_is_one_and_never_more_than_five_days_away() {
    let calendar = Calendar::starter();
    let mut before = at("2000-01-01T00:00:00Z");
    for date in day("2000-01-01").iter_days().take_while(|date| *date < day("2099-12-26")) {
        let due = calendar.due(Within::WorkingDays(1), start_of(date)).unwrap();
        let last = last_day(due);
        assert!(works(last) && last > date, "{date}");
        assert!((last - date).num_days() <= 6, "{date}: {last}");
        assert!(before <= due);
        before = due;
    }
}
