//! What a school may set, and how it is told what it may not.

use belisha_policy::retention::{Limits, RecordClass, Schedule, ScheduleError};

fn refused(slug: &str, text: &str) -> String {
    let mut schedule = Schedule::default();
    let error = schedule.set(slug, text).unwrap_err();
    assert_eq!(schedule, Schedule::default(), "what is refused changes nothing");
    error.to_string()
}

fn set(slug: &str, text: &str) -> String {
    let mut schedule = Schedule::default();
    schedule.set(slug, text).unwrap();
    schedule.rule(slug.parse().unwrap()).to_string()
}

#[test]
fn what_may_be_set() {
    for (slug, text, rule) in [
        ("access-log", "90 days", "90 days after it was made"),
        ("access-log", "  6   months ", "6 months after it was made"),
        ("access-log", "1 year", "12 months after it was made"),
        ("access-log", "365 days", "365 days after it was made"),
        ("capture", "60 days", "60 days after it was reviewed"),
        ("capture", "2 months", "2 months after it was reviewed"),
        ("pupil-incident", "3 years", "3 years after the end of the school year of leaving"),
        ("pupil-incident", "3 years after leaving", "3 years after the end of the school year of leaving"),
        ("pupil-incident", "25 years after birth", "25 years after birth"),
        ("safeguarding-incident", "30 years", "30 years after birth, then a person reviews it"),
        ("staff-allegation", "15 years", "until pension age or 15 years after it was made, whichever is later"),
        ("low-level-concern", "0 days", "until employment ends"),
        ("low-level-concern", "6 years", "6 years after employment ended"),
        ("filter-change", "200 years", "200 years after it was made or, if later, closed"),
    ] {
        assert_eq!(set(slug, text), rule);
    }
}

#[test]
fn what_may_not_be_set_and_what_would_be_right() {
    for (slug, text, error) in [
        ("access-log", "2 years", "access-log may be kept for 90 days to 12 months, not for 2 years"),
        ("access-log", "89 days", "access-log may be kept for 90 days to 12 months, not for 89 days"),
        (
            "access-log",
            "3 months",
            "access-log may be kept for 90 days to 12 months, not for 3 months (3 months: 89 to 92 days)",
        ),
        (
            "access-log",
            "366 days",
            "access-log may be kept for 90 days to 12 months, not for 366 days (12 months: 365 to 366 days)",
        ),
        ("access-log", "0 months", "access-log may be kept for 90 days to 12 months, not for 0 months"),
        ("capture", "7 days", "capture may be kept for 30 days after it was reviewed or longer, not for 7 days"),
        (
            "safeguarding-incident",
            "10 years",
            "safeguarding-incident may be kept for 25 years after birth or longer, not for 10 years",
        ),
        (
            "pupil-incident",
            "24 years after birth",
            "pupil-incident may be kept for 25 years after birth or longer, not for 24 years",
        ),
        (
            "pupil-incident",
            "25 years after arrival",
            "pupil-incident is not counted from \"arrival\": write \"12 months after leaving\" or \"25 years after birth\"",
        ),
        (
            "access-log",
            "1 year after leaving",
            "access-log is not counted from \"leaving\": write \"90 days\" or \"12 months\"",
        ),
        (
            "device",
            "a year",
            "\"a year\" is not a period for device: write up to 200 years as a number and days, months or years, such \
             as \"12 months\"",
        ),
        (
            "capture-linked",
            "1 year",
            "no period can be set for capture-linked: it is kept as long as the record that it belongs to",
        ),
        (
            "capture-false-positive",
            "1 year",
            "no period can be set for capture-false-positive: it is kept not at all: it goes at once, and a count stays",
        ),
    ] {
        assert_eq!(refused(slug, text), error);
    }
    for text in
        ["", "12", "months", "12months", "-1 years", "1.5 years", "12 weeks", "1 year 6 months", "201 years", "١ year"]
    {
        assert!(refused("device", text).contains("is not a period for device"), "{text}");
    }
    let unknown = refused("accesslog", "90 days");
    assert!(unknown.starts_with("no kind of record is called \"accesslog\"; those with a period of their own are access-log, capture, pupil-incident,"), "{unknown}");
    assert!(!unknown.contains("capture-linked"), "{unknown}");
}

#[test]
fn the_default_can_be_set_and_is_no_change() {
    let mut schedule = Schedule::default();
    for class in RecordClass::ALL {
        let result = schedule.set(class.slug(), "150 years");
        match class.limits() {
            Limits::Fixed => assert!(matches!(result, Err(ScheduleError::Fixed { .. })), "{class}"),
            Limits::Between(..) => assert!(matches!(result, Err(ScheduleError::OutOfRange { .. })), "{class}"),
            _ => assert_eq!(result, Ok(()), "{class}"),
        }
    }
    assert_eq!(
        schedule.own().count(),
        RecordClass::ALL.iter().filter(|it| !matches!(it.limits(), Limits::Fixed | Limits::Between(..))).count()
    );
    let mut schedule = Schedule::default();
    schedule.set("access-log", "6 months").unwrap();
    assert_ne!(schedule, Schedule::default());
    schedule.set("access-log", "1 year").unwrap();
    assert_eq!(schedule, Schedule::default());
    schedule.set("pupil-incident", "25 years after birth").unwrap();
    // Without a word it is counted from the same day as before.
    assert!(schedule.set("pupil-incident", "2 years").is_err());
    schedule.set("pupil-incident", "1 year after leaving").unwrap();
    assert_eq!(schedule.own().count(), 0);
}
