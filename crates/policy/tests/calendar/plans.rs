//! Plans with mistakes in them.

use belisha_policy::calendar::{
    Calendar, Closure, ExtendedHours, Interval, MONDAY_TO_FRIDAY, OpenDay, Plan, Proclaimed, SchoolHours,
};
use chrono::{Weekday, WeekdaySet};

use super::{FRIDAY, SATURDAY, closure, day, hours, lesson, prep, term};

fn proclaimed(name: &str, date: &str, instead_of: Option<&str>) -> Proclaimed {
    Proclaimed { name: name.into(), date: day(date), instead_of: instead_of.map(day) }
}

/// The plan of a school with one mistake in it, and what is said of it.
fn error(spoil: impl FnOnce(&mut Plan)) -> String {
    let mut plan = prep();
    spoil(&mut plan);
    Calendar::new(plan).unwrap_err().to_string()
}

#[test]
fn mistakes_in_days() {
    for (said, expected) in [
        (
            error(|plan| plan.terms.push(term("Lent II", "2027-03-24", "2027-04-02"))),
            "2027-03-24 is in \"Lent\" and in \"Lent II\": end the one before the other begins",
        ),
        (
            error(|plan| plan.terms.push(term("Autumn", "2027-12-16", "2027-09-02"))),
            "\"Autumn\" ends on 2027-09-02, before it begins on 2027-12-16: swap the two, or correct the year",
        ),
        (
            error(|plan| plan.terms.push(term("Autumn", "2027-09-02", "2028-12-16"))),
            "the term \"Autumn\" is 472 days long: correct the year of its first or last day",
        ),
        (
            error(|plan| plan.terms.push(term("Autumn", "1927-09-02", "1927-12-16"))),
            "1927-09-02 of \"Autumn\" is not between 2000 and 2099: correct the year",
        ),
        (
            error(|plan| plan.terms.push(term(" ", "2027-09-02", "2027-12-16"))),
            "a term has no name that can be shown: give it one of 1 to 100 characters",
        ),
        (
            error(|plan| plan.closures.push(closure("Christmas", "2026-12-17", "2027-01-05"))),
            "\"Christmas\", 2026-12-17 to 2027-01-05, is not within one term: holidays between terms need no entry, so \
             leave it out, or correct its days",
        ),
        (
            error(|plan| plan.closures.push(closure("Christmas", "2026-12-15", "2027-01-05"))),
            "\"Christmas\", 2026-12-15 to 2027-01-05, is not within one term: holidays between terms need no entry, so \
             leave it out, or correct its days",
        ),
        (
            error(|plan| plan.closures.push(closure("leave", "2026-10-30", "2026-11-03"))),
            "2026-10-30 is in \"half-term\" and in \"leave\": end the one before the other begins",
        ),
        (
            error(|plan| plan.closures.push(closure("leave", "2026-11-30", "2026-11-27"))),
            "\"leave\" ends on 2026-11-27, before it begins on 2026-11-30: swap the two, or correct the year",
        ),
        (
            error(|plan| plan.inset.push(day("2027-07-12"))),
            "the INSET day 2027-07-12 is in no term: correct it, or let a term begin or end with it",
        ),
        (
            error(|plan| plan.inset.push(day("2026-10-19"))),
            "2026-10-19 is an INSET day and closed (half-term): leave one of them out",
        ),
        (
            error(|plan| plan.inset.push(day("2027-05-31"))),
            "2027-05-31 is an INSET day and a bank holiday (Spring bank holiday): leave one of them out",
        ),
        (
            error(|plan| plan.inset.push(day("2026-09-02"))),
            "2026-09-02 is an INSET day and an INSET day again: leave one of them out",
        ),
        (
            error(|plan| plan.open.push(OpenDay { date: day("2026-12-19"), runs_as: Weekday::Mon })),
            "the open day 2026-12-19 is in no term: correct it, or let a term begin or end with it",
        ),
        (
            error(|plan| plan.open.push(OpenDay { date: day("2027-01-06"), runs_as: Weekday::Mon })),
            "2027-01-06 is an open day and an INSET day: leave one of them out",
        ),
        (
            error(|plan| plan.open.push(OpenDay { date: day("2027-01-20"), runs_as: Weekday::Mon })),
            "2027-01-20 is an open day and closed (snow): leave one of them out",
        ),
        (
            error(|plan| plan.open.push(OpenDay { date: day("2026-11-15"), runs_as: Weekday::Sun })),
            "the open day 2026-11-15 is to run as a Sunday, which has no school hours: name a day of the week that has",
        ),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn mistakes_in_bank_holidays() {
    for (said, expected) in [
        (
            error(|plan| plan.proclaimed.push(proclaimed("Jubilee", "2027-06-12", None))),
            "the bank holiday \"Jubilee\", 2027-06-12, is on a weekend: give the weekday that is taken for it",
        ),
        (
            error(|plan| plan.proclaimed.push(proclaimed("Jubilee", "2027-05-31", None))),
            "2027-05-31 is a bank holiday already (Spring bank holiday): leave \"Jubilee\" out",
        ),
        (
            error(|plan| plan.proclaimed.push(proclaimed("Jubilee", "2027-06-14", Some("2027-06-07")))),
            "\"Jubilee\" is to replace the bank holiday of 2027-06-07, which is none: correct that day, or leave it out",
        ),
        (
            error(|plan| plan.proclaimed.extend(["One", "Two"].map(|name| proclaimed(name, "2027-06-14", None)))),
            "2027-06-14 is a bank holiday and a bank holiday again: leave one of them out",
        ),
        (
            error(|plan| plan.proclaimed.push(proclaimed("Jubilee", "2126-06-14", None))),
            "2126-06-14 of \"Jubilee\" is not between 2000 and 2099: correct the year",
        ),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn mistakes_in_hours() {
    let school = |weekdays: WeekdaySet, text: &str| SchoolHours { weekdays, hours: hours(text) };
    for (said, expected) in [
        (
            error(|plan| plan.week.clear()),
            "no day of the week has school hours: give some, such as Monday to Friday 08:30-15:30",
        ),
        (
            error(|plan| plan.week.push(school(FRIDAY, "08:00-12:00"))),
            "Friday has school hours twice, 08:30–15:00 and 08:00–12:00: leave one out",
        ),
        (
            error(|plan| plan.week.push(school(WeekdaySet::EMPTY, "08:00-12:00"))),
            "no day of the week is named for the school hours: name the days",
        ),
        (
            error(|plan| plan.week = vec![school(MONDAY_TO_FRIDAY, "22:00-06:00")]),
            "the school hours 22:00–06:00 would go past midnight: end at 24:00, and go on with another from 00:00 of the next day",
        ),
        (
            error(|plan| plan.extended.push(ExtendedHours { weekdays: FRIDAY, hours: hours("18:00-02:00") })),
            "the extended hours 18:00–02:00 would go past midnight: end at 24:00, and go on with another from 00:00 of the next day",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P5", FRIDAY, "14:30-15:00"))),
            "the lessons \"P4\" and \"P5\" overlap on Friday: end the one before the other begins",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P1", FRIDAY, "13:00-13:30"))),
            "two lessons on Friday are named \"P1\": give each its own name",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P6", MONDAY_TO_FRIDAY, "15:00-15:30"))),
            "the lesson \"P6\", 15:00–15:30, is not within the school hours of Friday, 08:30–15:00: change the one or the \
             other",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P6", SATURDAY, "12:00-24:00"))),
            "the lesson \"P6\", 12:00–24:00, is not within the school hours of Saturday, 09:00–12:30: change the one or the \
             other",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P6", WeekdaySet::single(Weekday::Sun), "15:00-15:30"))),
            "the lesson \"P6\" is on Sunday, which has no school hours: give it some, or leave the day out",
        ),
        (
            error(|plan| plan.lessons.push(lesson("P6", WeekdaySet::EMPTY, "15:00-15:30"))),
            "no day of the week is named for the lesson \"P6\": name the days",
        ),
        (
            error(|plan| plan.lessons.push(lesson("", SATURDAY, "09:00-09:30"))),
            "a lesson has no name that can be shown: give it one of 1 to 100 characters",
        ),
        (
            error(|plan| plan.lessons.push(lesson("a\u{202e}\u{7}", SATURDAY, "09:00-09:30"))),
            "a lesson has no name that can be shown: give it one of 1 to 100 characters",
        ),
        (
            error(|plan| plan.lessons.push(lesson("night", SATURDAY, "23:00-09:30"))),
            "the lesson \"night\" 23:00–09:30 would go past midnight: end at 24:00, and go on with another from 00:00 of the next day",
        ),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn what_only_looks_like_a_mistake_is_none() {
    let spoil = |spoil: fn(&mut Plan)| {
        let mut plan = prep();
        spoil(&mut plan);
        Calendar::new(plan).map(|_| ())
    };
    // Lessons at one time on different days, or that follow each other at once; school that lasts to midnight.
    assert_eq!(spoil(|plan| plan.lessons.push(lesson("P1", SATURDAY, "09:00-09:55"))), Ok(()));
    assert_eq!(spoil(|plan| plan.lessons.push(lesson("P0", MONDAY_TO_FRIDAY, "08:30-09:00"))), Ok(()));
    let evening = SchoolHours { weekdays: WeekdaySet::single(Weekday::Sun), hours: hours("18:00-24:00") };
    let plan =
        Plan { week: vec![evening], lessons: vec![lesson("late", evening.weekdays, "23:00-24:00")], ..Plan::default() };
    assert_eq!(Calendar::new(plan).map(|_| ()), Ok(()));
    // Closed on a bank holiday; a term of one day; without terms, days off and INSET days anywhere.
    assert_eq!(spoil(|plan| plan.closures.push(Closure::day("May", day("2027-05-24")))), Ok(()));
    assert_eq!(spoil(|plan| plan.terms.push(term("exams", "2027-07-12", "2027-07-12"))), Ok(()));
    assert_eq!(spoil(|plan| plan.terms.clear()), Ok(()));
    let whole_day = SchoolHours { weekdays: WeekdaySet::ALL, hours: Interval::WHOLE_DAY };
    assert_eq!(Calendar::new(Plan { week: vec![whole_day], ..Plan::default() }).map(|_| ()), Ok(()));
}
