//! What an instant, and a day, is at a school.

use belisha_policy::calendar::{
    Calendar, Closure, DayKind, ExtendedHours, OpenDay, PartOfDay, Plan, Proclaimed, Term, bank_holiday, local,
};
use chrono::{Datelike as _, NaiveDate, TimeDelta, Timelike as _, Weekday, WeekdaySet};
use proptest::prelude::*;

use super::{at, day, hours, plan, prep, prep_school, term};

/// What kind of day it is, by looking through the whole plan.
fn slow_kind(plan: &Plan, date: NaiveDate) -> DayKind<'_> {
    let between = |first: NaiveDate, last: NaiveDate| first <= date && date <= last;
    let runs = plan.week.iter().any(|it| it.weekdays.contains(date.weekday()));
    if plan.open.iter().any(|open| open.date == date) {
        return DayKind::SchoolDay;
    }
    if plan.inset.contains(&date) {
        return DayKind::Inset;
    }
    if let Some(name) = bank_holiday(date) {
        return DayKind::BankHoliday(name);
    }
    if let Some(closure) = plan.closures.iter().find(|closure| between(closure.first, closure.last)) {
        return DayKind::Holiday(&closure.name);
    }
    let in_term = plan.terms.iter().any(|term| between(term.first, term.last));
    let begun = plan.terms.iter().any(|term| term.first <= date);
    let to_come = plan.terms.iter().any(|term| date <= term.last);
    match (in_term || plan.terms.is_empty(), begun && to_come, runs) {
        (true, _, true) => DayKind::SchoolDay,
        (true, _, false) | (false, false, false) => DayKind::Weekend,
        (false, true, _) => DayKind::OutOfTerm,
        (false, false, true) => DayKind::Unplanned,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_day_is_what_the_whole_plan_says(plan in plan(), dates in prop::collection::vec(super::date(), 50)) {
        let near = plan.terms.iter().flat_map(|term| [term.first, term.last, term.last.succ_opt().unwrap()]);
        let near = near.chain(plan.closures.iter().flat_map(|closure| [closure.first, closure.last]));
        let near = near.chain(plan.inset.iter().copied()).chain(plan.open.iter().map(|open| open.date));
        let dates: Vec<NaiveDate> = near.chain(dates).collect();
        let calendar = Calendar::new(plan.clone()).unwrap();
        for date in dates {
            let today = calendar.day(date);
            prop_assert_eq!(today.kind(), slow_kind(&plan, date), "{}", date);
            let term = plan.terms.iter().find(|term| term.first <= date && date <= term.last);
            prop_assert_eq!(today.term(), term.map(|term| &*term.name));
            let open = plan.open.iter().find(|open| open.date == date);
            prop_assert_eq!(today.runs_as(), open.map_or(date.weekday(), |open| open.runs_as));
            let begun = plan.terms.is_empty() || plan.terms.iter().any(|term| term.first <= date);
            let to_come = plan.terms.is_empty() || plan.terms.iter().any(|term| date <= term.last);
            prop_assert_eq!(calendar.covers(date), date.year() < 2100 && begun && to_come);
        }
    }

    #[test]
    fn a_moment_is_of_its_day(plan in plan(), instants in prop::collection::vec(super::instant(), 30)) {
        let calendar = Calendar::new(plan).unwrap();
        for at in instants {
            let moment = calendar.when(at);
            let shown = local(at);
            let date = shown.date_naive();
            prop_assert_eq!((moment.at(), moment.local(), moment.time()), (at, shown, shown.time()));
            prop_assert_eq!(*moment.local().offset(), *shown.offset());
            prop_assert_eq!((moment.weekday(), moment.day()), (date.weekday(), calendar.day(date)));
            prop_assert_eq!(moment.yesterday(), calendar.day(date.pred_opt().unwrap()).kind());
            prop_assert_eq!(moment.tomorrow(), calendar.day(date.succ_opt().unwrap()).kind());
        }
    }

    /// The order in which a plan lists things means nothing.
    #[test]
    fn a_plan_is_a_set(plan in plan()) {
        let mut other = plan.clone();
        other.terms.reverse();
        other.closures.reverse();
        other.inset.reverse();
        other.open.reverse();
        prop_assert_eq!(Calendar::new(plan), Calendar::new(other));
    }
}

/// Over a whole year, every five minutes.
#[test]
fn there_is_school_within_school_hours_and_nowhere_else() {
    let plan = prep();
    let calendar = prep_school();
    let mut seen = std::collections::BTreeSet::new();
    let mut instant = at("2026-08-25T00:00:00Z");
    while instant < at("2027-08-01T00:00:00Z") {
        let moment = calendar.when(instant);
        let (kind, time) = (moment.kind(), moment.time());
        let weekday = moment.day().runs_as();
        let school = plan.week.iter().find(|it| it.weekdays.contains(weekday));
        let at_school = kind.has_school() && school.is_some_and(|it| it.hours.holds(time).is_some());
        let lesson = plan.lessons.iter().find(|it| it.weekdays.contains(weekday) && it.hours.holds(time).is_some());
        let lesson = lesson.filter(|_| at_school).map(|lesson| &*lesson.name);
        let extended = plan.extended.iter().any(|it| it.weekdays.contains(weekday) && it.hours.holds(time).is_some());
        // Saturday mornings have no named lessons.
        let expected = match moment.part() {
            PartOfDay::Lesson => at_school && (lesson.is_some() || weekday == Weekday::Sat),
            PartOfDay::Break => at_school && lesson.is_none() && weekday != Weekday::Sat,
            PartOfDay::ExtendedDay => !at_school && extended && (kind.has_school() || kind == DayKind::Weekend),
            PartOfDay::Night => !at_school && plan.night.holds(time).is_some(),
            PartOfDay::BeforeSchool => kind.has_school() && time.hour() < 9,
            PartOfDay::Evening => kind.has_school() && time.hour() >= 12,
            PartOfDay::DayOff => !kind.has_school() && plan.night.holds(time).is_none(),
        };
        assert!(expected, "{instant}: {:?} on {kind:?}", moment.part());
        assert_eq!(moment.lesson(), lesson, "{instant}");
        assert_eq!(at_school, matches!(moment.part(), PartOfDay::Lesson | PartOfDay::Break), "{instant}");
        seen.insert(moment.part());
        instant += TimeDelta::minutes(5);
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}

#[test]
fn moments_of_a_school() {
    use PartOfDay::{Break, DayOff, Evening, ExtendedDay, Lesson, Night};
    let calendar = prep_school();
    for (instant, kind, part, lesson) in [
        // Summer time.
        ("2026-09-07T07:59:59Z", DayKind::SchoolDay, Break, None),
        ("2026-09-07T08:00:00Z", DayKind::SchoolDay, Lesson, Some("P1")),
        ("2026-09-07T08:54:59Z", DayKind::SchoolDay, Lesson, Some("P1")),
        ("2026-09-07T08:55:00Z", DayKind::SchoolDay, Lesson, Some("P2")),
        ("2026-09-07T09:50:00Z", DayKind::SchoolDay, Break, None),
        // The same clock time in winter is an hour later.
        ("2026-11-09T09:00:00Z", DayKind::SchoolDay, Lesson, Some("P1")),
        ("2026-11-09T16:00:00Z", DayKind::SchoolDay, ExtendedDay, None),
        ("2026-11-09T18:00:00Z", DayKind::SchoolDay, Evening, None),
        ("2026-11-09T21:00:00Z", DayKind::SchoolDay, Night, None),
        ("2026-11-10T06:59:59Z", DayKind::SchoolDay, Night, None),
        ("2026-11-10T07:30:00Z", DayKind::SchoolDay, ExtendedDay, None),
        // Friday ends earlier, Saturday has school without named lessons, Sunday has boarders.
        ("2026-11-13T14:59:59Z", DayKind::SchoolDay, Lesson, Some("P4")),
        ("2026-11-13T15:00:00Z", DayKind::SchoolDay, ExtendedDay, None),
        ("2026-11-14T09:00:00Z", DayKind::SchoolDay, Lesson, None),
        ("2026-11-14T12:30:00Z", DayKind::SchoolDay, Evening, None),
        ("2026-11-15T09:59:59Z", DayKind::Weekend, DayOff, None),
        ("2026-11-15T10:00:00Z", DayKind::Weekend, ExtendedDay, None),
        // INSET, half-term and snow have neither lessons nor clubs.
        ("2026-09-02T09:00:00Z", DayKind::Inset, DayOff, None),
        ("2026-10-19T09:00:00Z", DayKind::Holiday("half-term"), DayOff, None),
        ("2026-10-25T00:30:00Z", DayKind::Holiday("half-term"), Night, None),
        ("2027-01-20T10:00:00Z", DayKind::Holiday("snow"), DayOff, None),
        // A bank holiday on which the school is open, and those on which it is not.
        ("2027-05-03T08:00:00Z", DayKind::SchoolDay, Lesson, Some("P1")),
        ("2027-05-31T08:00:00Z", DayKind::BankHoliday("Spring bank holiday"), DayOff, None),
        ("2026-12-25T09:00:00Z", DayKind::BankHoliday("Christmas Day"), DayOff, None),
        ("2026-12-27T09:00:00Z", DayKind::OutOfTerm, DayOff, None),
        // Before and after all that was entered: a weekday may be a school day, and is held to its hours.
        ("2026-09-01T08:00:00Z", DayKind::Unplanned, Lesson, Some("P1")),
        ("2027-09-06T08:00:00Z", DayKind::Unplanned, Lesson, Some("P1")),
        ("2027-09-05T08:00:00Z", DayKind::Weekend, DayOff, None),
        ("2027-09-05T12:00:00Z", DayKind::Weekend, ExtendedDay, None),
        ("2027-08-30T08:00:00Z", DayKind::BankHoliday("Summer bank holiday"), DayOff, None),
    ] {
        let moment = calendar.when(at(instant));
        assert_eq!((moment.kind(), moment.part(), moment.lesson()), (kind, part, lesson), "{instant}");
    }
    assert_eq!(calendar.when(at("2026-10-25T12:00:00Z")).term(), Some("Michaelmas"));
    assert_eq!(calendar.when(at("2026-12-25T12:00:00Z")).term(), None);
    assert_eq!(calendar.day(day("2027-05-03")).runs_as(), Weekday::Mon);
    assert_eq!(calendar.term_of(day("2027-07-09")).map(|term| &*term.name), Some("Trinity"));
}

#[test]
fn a_school_of_which_nothing_is_known_has_school_on_weekdays_that_are_no_bank_holidays() {
    let calendar = Calendar::starter();
    assert_eq!(Calendar::new(Plan::default()).as_ref(), Ok(&calendar));
    let (mut school, mut closed) = (0, 0);
    for date in day("2000-01-01").iter_days().take_while(|date| date.year() < 2100) {
        let today = calendar.day(date);
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let expected = bank_holiday(date).map_or(DayKind::SchoolDay, DayKind::BankHoliday);
        assert_eq!(today.kind(), if weekend { DayKind::Weekend } else { expected }, "{date}");
        assert_eq!((today.term(), calendar.covers(date)), (None, true));
        school += u32::from(today.kind() == DayKind::SchoolDay);
        closed += u32::from(matches!(today.kind(), DayKind::BankHoliday(_)));
    }
    assert!(school > 25_000 && closed >= 800, "{school} and {closed}");
    for (instant, part) in [
        ("2026-11-09T08:29:59Z", PartOfDay::BeforeSchool),
        ("2026-11-09T08:30:00Z", PartOfDay::Lesson),
        ("2026-11-09T15:30:00Z", PartOfDay::Evening),
        ("2026-11-09T21:00:00Z", PartOfDay::Night),
        ("2026-11-14T12:00:00Z", PartOfDay::DayOff),
    ] {
        assert_eq!(calendar.when(at(instant)).part(), part, "{instant}");
    }
}

#[test]
fn outside_of_the_century_nothing_is_planned_and_nothing_panics() {
    for calendar in [Calendar::starter(), prep_school()] {
        assert_eq!(calendar.day(day("2100-01-04")).kind(), DayKind::Unplanned);
        assert_eq!(calendar.day(day("1999-12-30")).kind(), DayKind::Unplanned);
        assert_eq!(calendar.day(day("2100-01-03")).kind(), DayKind::Weekend);
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            assert!(!calendar.covers(date));
            calendar.day(date);
        }
        for at in [chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC] {
            assert_eq!(calendar.when(at).at(), at);
        }
    }
}

#[test]
fn who_boards_is_there_on_weekends_of_the_term_and_never_in_the_holidays() {
    let boarding = ExtendedHours { weekdays: WeekdaySet::ALL, hours: hours("06:30-22:00") };
    let calendar = Calendar::new(Plan { extended: vec![boarding], ..prep() }).unwrap();
    for (instant, part) in [
        ("2026-11-09T06:30:00Z", PartOfDay::ExtendedDay),
        ("2026-11-09T09:00:00Z", PartOfDay::Lesson),
        ("2026-11-09T21:59:59Z", PartOfDay::ExtendedDay),
        ("2026-11-09T22:00:00Z", PartOfDay::Night),
        ("2026-11-15T21:00:00Z", PartOfDay::ExtendedDay),
        ("2026-10-25T12:00:00Z", PartOfDay::DayOff),
        ("2026-12-20T12:00:00Z", PartOfDay::DayOff),
        ("2026-12-25T12:00:00Z", PartOfDay::DayOff),
    ] {
        assert_eq!(calendar.when(at(instant)).part(), part, "{instant}");
    }
}

#[test]
fn a_day_runs_as_another() {
    let open = vec![OpenDay { date: day("2026-11-15"), runs_as: Weekday::Fri }];
    let calendar = Calendar::new(Plan { open, ..prep() }).unwrap();
    let sunday = |time: &str| calendar.when(at(&format!("2026-11-15T{time}Z")));
    assert_eq!((sunday("14:00:00").lesson(), sunday("14:00:00").kind()), (Some("P4"), DayKind::SchoolDay));
    assert_eq!(sunday("15:00:00").part(), PartOfDay::ExtendedDay);
    assert_eq!((sunday("12:00:00").weekday(), sunday("12:00:00").day().runs_as()), (Weekday::Sun, Weekday::Fri));
}

#[test]
fn a_bank_holiday_that_is_proclaimed_takes_the_place_of_another() {
    let proclaimed = vec![
        Proclaimed { name: "Jubilee".into(), date: day("2028-06-05"), instead_of: Some(day("2028-05-29")) },
        Proclaimed { name: "Jubilee holiday".into(), date: day("2028-06-06"), instead_of: None },
    ];
    let calendar = Calendar::new(Plan { proclaimed, ..Plan::default() }).unwrap();
    assert_eq!(bank_holiday(day("2028-05-29")), Some("Spring bank holiday"));
    for (date, kind) in [
        ("2028-05-29", DayKind::SchoolDay),
        ("2028-06-05", DayKind::BankHoliday("Jubilee")),
        ("2028-06-06", DayKind::BankHoliday("Jubilee holiday")),
        ("2028-06-07", DayKind::SchoolDay),
    ] {
        assert_eq!(calendar.day(day(date)).kind(), kind, "{date}");
        assert_eq!(calendar.is_working_day(day(date)), kind == DayKind::SchoolDay, "{date}");
    }
}

#[test]
fn terms_may_have_one_name_and_follow_each_other_at_once() {
    let terms = vec![term("Autumn", "2026-09-01", "2026-10-16"), term("Autumn", "2026-10-17", "2026-12-18")];
    let closures = vec![Closure::day("training", day("2026-10-17"))];
    let calendar = Calendar::new(Plan { terms, closures, ..Plan::default() }).unwrap();
    assert_eq!(calendar.day(day("2026-10-16")).kind(), DayKind::SchoolDay);
    assert_eq!(calendar.day(day("2026-10-17")).kind(), DayKind::Holiday("training"));
    assert_eq!(
        calendar.term_of(day("2026-10-17")),
        Some(&Term { name: "Autumn".into(), first: day("2026-10-17"), last: day("2026-12-18") })
    );
}
