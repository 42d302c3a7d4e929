//! Intervals and spans.

use std::collections::BTreeSet;

use belisha_policy::calendar::{Began, Calendar, DayKind, DaySpan, Days, Interval, IntervalError, PartOfDay, Which};
use chrono::{NaiveTime, TimeDelta, Timelike as _, Weekday, WeekdaySet};
use proptest::prelude::*;

use super::{SATURDAY, at, hours, plan, prep_school};

fn time() -> impl Strategy<Value = NaiveTime> {
    let second = prop_oneof![0..86_400_u32, (0..48_u32).prop_map(|half_hours| half_hours * 1800)];
    second.prop_map(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap())
}

fn interval() -> impl Strategy<Value = Interval> {
    (time(), time()).prop_filter_map("no time at all", |(start, end)| Interval::new(start, end).ok())
}

fn days() -> impl Strategy<Value = Days> {
    let which = prop::sample::select(Which::ALL.to_vec());
    let week = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let weekdays = prop::sample::subsequence(week.to_vec(), 0..=7).prop_map(WeekdaySet::from_iter);
    (which, weekdays).prop_map(|(which, weekdays)| Days::which(which).on(weekdays))
}

/// Whether a span begins on a day, by what the calendar says of the day alone.
fn begins(days: Days, calendar: &Calendar, date: chrono::NaiveDate) -> bool {
    let kind = |date| calendar.day(date).kind();
    let school = |date| matches!(kind(date), DayKind::SchoolDay | DayKind::Unplanned);
    let holds = match days.which {
        Which::Every => true,
        Which::SchoolDays => school(date),
        Which::DaysOff => !school(date),
        Which::SchoolNights => school(date.succ_opt().unwrap()),
        Which::Inset => kind(date) == DayKind::Inset,
        Which::Weekends => kind(date) == DayKind::Weekend,
        Which::Holidays => matches!(kind(date), DayKind::BankHoliday(_) | DayKind::Holiday(_) | DayKind::OutOfTerm),
    };
    holds && days.weekdays.contains(chrono::Datelike::weekday(&date))
}

proptest! {
    #[test]
    fn an_interval_holds_from_its_first_second_to_its_last(interval in interval(), time in time()) {
        let second = TimeDelta::seconds(1);
        let last = interval.end() - second;
        let began = if interval.crosses_midnight() { Began::Yesterday } else { Began::Today };
        prop_assert_eq!(interval.holds(interval.start()), Some(Began::Today));
        prop_assert_eq!(interval.holds(last), Some(began));
        if interval != Interval::WHOLE_DAY {
            prop_assert_eq!(interval.holds(interval.end()), None);
            prop_assert_eq!(interval.holds(interval.start() - second), None);
        }
        // Counted in seconds from its start, the day around.
        let from_start = |time: NaiveTime| {
            let day = 86_400;
            (time.num_seconds_from_midnight() + day - interval.start().num_seconds_from_midnight()) % day
        };
        let length = if interval == Interval::WHOLE_DAY { 86_400 } else { from_start(interval.end()) };
        prop_assert_eq!(interval.holds(time).is_some(), from_start(time) < length);
    }

    #[test]
    fn what_is_written_is_read(interval in interval()) {
        prop_assert_eq!(interval.to_string().parse(), Ok(interval));
    }

    #[test]
    fn no_text_panics(text in "[-–:0-9 a24]{0,14}") {
        if let Ok(interval) = text.parse::<Interval>() {
            prop_assert_eq!(interval.to_string().parse(), Ok(interval));
        }
    }

    #[test]
    fn a_span_belongs_to_the_day_on_which_it_begins(
        plan in plan(), days in days(), hours in interval(), instants in prop::collection::vec(super::instant(), 40),
    ) {
        let calendar = Calendar::new(plan).unwrap();
        let span = DaySpan { days, hours };
        for at in instants {
            let moment = calendar.when(at);
            let date = moment.day().date();
            let expected = match hours.holds(moment.time()) {
                None => false,
                Some(Began::Today) => begins(days, &calendar, date),
                Some(Began::Yesterday) => begins(days, &calendar, date.pred_opt().unwrap()),
            };
            prop_assert_eq!(span.contains(&moment), expected, "{} {:?}", at, moment.kind());
            prop_assert!(DaySpan::ALWAYS.contains(&moment));
        }
    }
}

#[test]
fn a_span_crosses_midnight_and_stays_with_its_day() {
    let calendar = prep_school();
    let bedtime = DaySpan { days: Days::SCHOOL_NIGHTS, hours: hours("21:00-07:00") };
    let saturday_late = DaySpan { days: Days::EVERY.on(SATURDAY), hours: hours("21:00-07:00") };
    for (instant, bed, saturday) in [
        // There is school on Saturday, so Friday's is a school night and Saturday's is not.
        ("2026-11-06T20:59:59Z", false, false),
        ("2026-11-06T21:00:00Z", true, false),
        ("2026-11-07T06:59:59Z", true, false),
        ("2026-11-07T07:00:00Z", false, false),
        ("2026-11-07T21:00:00Z", false, true),
        ("2026-11-08T06:59:59Z", false, true),
        ("2026-11-08T21:00:00Z", true, false),
        // The night in which clocks go back is in half-term; it is an hour longer.
        ("2026-10-24T20:00:00Z", false, true),
        ("2026-10-25T06:59:59Z", false, true),
        ("2026-10-25T07:00:00Z", false, false),
        // The last night of half-term is one before school.
        ("2026-11-01T21:00:00Z", true, false),
        ("2026-11-02T06:59:59Z", true, false),
        // Before the early May bank holiday, on which this school is open.
        ("2027-05-02T20:00:00Z", true, false),
    ] {
        let moment = calendar.when(at(instant));
        assert_eq!((bedtime.contains(&moment), saturday_late.contains(&moment)), (bed, saturday), "{instant}");
    }
}

#[test]
fn intervals_are_read_as_people_write_them() {
    for (text, shown) in [
        ("09:00-09:55", "09:00–09:55"),
        (" 9:00 – 9:55 ", "09:00–09:55"),
        ("21:00-07:00", "21:00–07:00"),
        ("18:00-24:00", "18:00–24:00"),
        ("18:00-00:00", "18:00–24:00"),
        ("00:00-24:00", "00:00–24:00"),
        ("08:30:15-08:30:20", "08:30:15–08:30:20"),
    ] {
        assert_eq!(text.parse::<Interval>().map(|it| it.to_string()), Ok(shown.into()), "{text}");
    }
    for text in
        ["", "-", "09:00", "9-10", "09:00-25:00", "24:00-09:00", "09:60-10:00", "09:00-10:00-11:00", "+9:00-1:0:0:0"]
    {
        assert_eq!(text.parse::<Interval>(), Err(IntervalError::Shape), "{text}");
    }
    let empty = "09:00-09:00".parse::<Interval>().unwrap_err();
    assert_eq!(empty.to_string(), "09:00 to 09:00 is no time at all: write 00:00-24:00 for the whole day");
}

#[test]
fn kinds_of_days_and_parts_of_a_day_have_names_of_their_own() {
    for which in Which::ALL {
        assert_eq!(which.slug().parse(), Ok(which));
        assert!("Sundays".parse::<Which>().unwrap_err().to_string().contains(which.slug()));
    }
    for part in PartOfDay::ALL {
        assert_eq!(part.slug().parse(), Ok(part));
        assert!("noon".parse::<PartOfDay>().unwrap_err().to_string().contains(part.slug()));
    }
    let said: BTreeSet<String> = PartOfDay::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), PartOfDay::ALL.len());
    assert_eq!(DayKind::BankHoliday("Good Friday").to_string(), "a bank holiday (Good Friday)");
}
