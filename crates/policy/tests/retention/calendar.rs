//! Each rule on days that are easy to get wrong, and all of them over a hundred years.

use belisha_policy::retention::{Facts, Image, Keep, RecordClass, Rule, Schedule, Start, keep};
use chrono::{Datelike as _, NaiveDate};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn until(class: RecordClass, facts: Facts) -> Keep {
    keep(class, &facts, &Schedule::default())
}

fn made(text: &str) -> Facts {
    Facts::new(day(text))
}

#[test]
fn every_rule_on_a_day() {
    let on = |text: &str| Some(day(text));
    let old = made("2020-01-15");
    for (class, facts, expected) in [
        (RecordClass::AccessLog, made("2026-09-01"), "2027-09-02"),
        // 28 February is a year's end only once it is over.
        (RecordClass::AccessLog, made("2027-02-28"), "2028-02-29"),
        (RecordClass::AccessLog, made("2028-02-29"), "2029-03-02"),
        (RecordClass::Capture, Facts { reviewed: on("2026-01-31"), ..old }, "2026-03-03"),
        // Reviewed elsewhere before it came here: counted from when it came.
        (RecordClass::Capture, Facts { reviewed: on("2019-06-01"), ..old }, "2020-02-15"),
        (RecordClass::CaptureFalsePositive, made("2026-01-31"), "2026-01-31"),
        (RecordClass::PupilIncident, Facts { left_school: on("2026-05-08"), ..old }, "2027-09-01"),
        (RecordClass::PupilIncident, Facts { left_school: on("2026-08-31"), ..old }, "2027-09-01"),
        (RecordClass::PupilIncident, Facts { left_school: on("2026-09-01"), ..old }, "2028-09-01"),
        // What comes to light after a pupil left is kept a year from then.
        (RecordClass::PupilIncident, Facts { left_school: on("2012-07-20"), ..old }, "2021-09-01"),
        (RecordClass::LowLevelConcern, Facts { employment_ended: on("2026-12-31"), ..old }, "2027-01-01"),
        (RecordClass::StaffAllegation, Facts { pension_age: on("2055-04-06"), ..old }, "2055-04-06"),
        (RecordClass::StaffAllegation, Facts { pension_age: on("2025-04-06"), ..old }, "2030-01-16"),
        (RecordClass::AgreementSignature, Facts { left_school: on("2026-07-21"), ..old }, "2027-09-01"),
        (RecordClass::AgreementSignature, Facts { employment_ended: on("2026-07-21"), ..old }, "2027-07-22"),
        (RecordClass::PhotoConsent, Facts { left_school: on("2026-07-21"), ..old }, "2027-09-01"),
        (RecordClass::PhotoConsent, Facts { image: Image::Withdrawn(day("2026-07-21")), ..old }, "2027-07-22"),
        (
            RecordClass::PhotoConsent,
            Facts { image: Image::Withdrawn(day("2029-02-01")), left_school: on("2026-07-21"), ..old },
            "2030-02-02",
        ),
        (RecordClass::FilterChange, old, "2027-01-16"),
        (RecordClass::FilterChange, Facts { closed: on("2024-02-29"), ..old }, "2031-03-02"),
        (RecordClass::UnblockDecision, old, "2027-01-16"),
        (RecordClass::PolicyVersion, Facts { closed: on("2024-09-01"), ..old }, "2031-09-02"),
        (RecordClass::Duty, Facts { closed: on("2024-09-01"), ..old }, "2031-09-02"),
        (RecordClass::Device, Facts { released: on("2026-06-30"), ..old }, "2027-07-01"),
        (RecordClass::Guest, Facts { closed: on("2026-11-30"), ..old }, "2027-03-01"),
        (RecordClass::Settings, Facts { closed: on("2024-09-01"), ..old }, "2031-09-02"),
        (RecordClass::SignIn, old, "2021-01-16"),
        (RecordClass::DayManifest, old, "2027-01-16"),
    ] {
        assert_eq!(until(class, facts), Keep::Until(day(expected)), "{class}: {facts:?}");
    }
}

#[test]
fn what_a_person_reviews() {
    let old = made("2020-01-15");
    for (class, facts, expected) in [
        (RecordClass::SafeguardingIncident, Facts { born: Some(day("2008-02-29")), ..old }, "2033-03-01"),
        (RecordClass::SafeguardingIncident, Facts { born: Some(day("2008-02-28")), ..old }, "2033-02-28"),
        // Somebody who is told of it as an adult: at once, but not on the same day.
        (RecordClass::SafeguardingIncident, Facts { born: Some(day("1980-05-05")), ..old }, "2020-01-16"),
        (RecordClass::SexualAbuse, old, "2095-01-16"),
        (RecordClass::SexualAbuse, Facts { closed: Some(day("2025-03-31")), ..old }, "2100-04-01"),
        (RecordClass::KeysAndRoles, old, "2095-01-16"),
    ] {
        assert_eq!(until(class, facts), Keep::ReviewOn(day(expected)), "{class}: {facts:?}");
    }
}

#[test]
fn what_is_not_recorded_keeps() {
    let old = made("1950-01-15");
    for (class, fact) in [
        (RecordClass::Capture, "its review"),
        (RecordClass::PupilIncident, "the day on which the pupil left"),
        (RecordClass::SafeguardingIncident, "the date of birth"),
        (RecordClass::StaffAllegation, "the day of reaching pension age"),
        (RecordClass::StaffFileEntry, "the day of reaching pension age"),
        (RecordClass::LowLevelConcern, "the end of the employment"),
        (RecordClass::AgreementSignature, "the day on which the person left"),
        (RecordClass::PhotoConsent, "the day on which the child left"),
        (RecordClass::PolicyVersion, "its end"),
        (RecordClass::Device, "the release of the device"),
    ] {
        assert_eq!(until(class, old), Keep::WhileFactMissing(fact), "{class}");
    }
    let used = Facts { image: Image::InUse, left_school: Some(day("1960-07-20")), ..old };
    assert_eq!(until(RecordClass::PhotoConsent, used), Keep::WhileFactMissing("that the image was withdrawn"));
    assert_eq!(until(RecordClass::RetentionDecision, old), Keep::Always);
    assert_eq!(until(RecordClass::CaptureLinked, old), Keep::WithAnother);
    assert_eq!(until(RecordClass::AccessAudit, old), Keep::WithAnother);
}

#[test]
fn a_false_allegation_leaves_the_file_and_not_the_case() {
    let facts = Facts { pension_age: Some(day("2060-01-01")), ..made("2026-01-15") };
    let found = Facts { found_false: Some(day("2026-03-02")), ..facts };
    for class in [RecordClass::StaffAllegation, RecordClass::StaffFileEntry] {
        assert_eq!(until(class, facts), Keep::Until(day("2060-01-01")));
    }
    assert_eq!(until(RecordClass::StaffAllegation, found), Keep::Until(day("2060-01-01")));
    assert_eq!(until(RecordClass::StaffFileEntry, found), Keep::Until(day("2026-03-03")));
}

#[test]
fn a_person_may_keep_a_record_longer_and_not_shorter() {
    let case = Facts { born: Some(day("2008-02-29")), ..made("2026-01-15") };
    for (kept_until, expected) in [("2040-06-01", "2040-06-01"), ("2030-06-01", "2033-03-01")] {
        let kept = Facts { kept_until: Some(day(kept_until)), ..case };
        assert_eq!(until(RecordClass::SafeguardingIncident, kept), Keep::ReviewOn(day(expected)));
    }
    let picture = Facts { kept_until: Some(day("2026-02-01")), ..made("2026-01-15") };
    assert_eq!(until(RecordClass::CaptureFalsePositive, picture), Keep::Until(day("2026-02-01")));
}

/// The day, and facts that all fell on it.
fn all_on(day: NaiveDate) -> Facts {
    Facts {
        reviewed: Some(day),
        closed: Some(day),
        released: Some(day),
        born: Some(day),
        left_school: Some(day),
        employment_ended: Some(day),
        pension_age: Some(day),
        ..Facts::new(day)
    }
}

/// How many years, or else how many days, a rule counts by default. Not read from the rule: from the table of the law.
fn naive(class: RecordClass) -> Option<(i32, i64)> {
    Some(match class.slug() {
        "access-log" | "sign-in" | "pupil-incident" | "agreement-signature" | "photo-consent" | "device" | "person" => {
            (1, 0)
        }
        "filter-change" | "unblock-decision" | "policy-version" | "duty" | "settings" | "day-manifest" => (7, 0),
        "staff-allegation" | "staff-file-entry" => (10, 0),
        "safeguarding-incident" => (25, 0),
        "sexual-abuse" | "keys-and-roles" => (75, 0),
        "capture" => (0, 30),
        "guest" => (0, 90),
        "capture-false-positive" | "low-level-concern" => (0, 0),
        "capture-linked" | "access-audit" | "retention-decision" => return None,
        other => panic!("what of {other}?"),
    })
}

#[test]
fn over_a_hundred_years_never_before_the_anniversary_and_hardly_after() {
    let schedule = Schedule::default();
    for day in day("1999-12-31").iter_days().take(36_600) {
        let facts = all_on(day);
        for class in RecordClass::ALL {
            let (Keep::Until(first) | Keep::ReviewOn(first)) = keep(*class, &facts, &schedule) else {
                assert_eq!(naive(*class), None, "{class}");
                continue;
            };
            let (years, days) = naive(*class).unwrap();
            // Dates as triples compare rightly, 29 February of any year among them.
            let anniversary = if years == 0 { day + chrono::Days::new(days as u64) } else { day };
            let naive = (anniversary.year() + years, anniversary.month(), anniversary.day());
            assert!((first.year(), first.month(), first.day()) >= naive, "{class} of {day} may go on {first}");
            let left =
                matches!(class.default_rule(), Rule::After(Start::Left | Start::PersonLeft | Start::ImageWithdrawn, _));
            let slack = if left { 367 } else { 2 };
            let length = first.signed_duration_since(day).num_days();
            assert!(
                length <= i64::from(years) * 366 - i64::from(years / 2) + days + slack,
                "{class} of {day}: {first}"
            );
            assert!(length > 0 || *class == RecordClass::CaptureFalsePositive, "{class} of {day}: {first}");
            if left {
                assert_eq!((first.month(), first.day()), (9, 1), "{class} of {day}: {first}");
            }
        }
    }
}

#[test]
fn no_day_panics() {
    let schedule = Schedule::default();
    let days = day("1900-01-01").iter_days().take(110_000).step_by(7);
    for day in days.chain([NaiveDate::MIN, NaiveDate::MAX]) {
        for class in RecordClass::ALL {
            let (created, facts) = (Facts::new(day), all_on(day));
            keep(*class, &created, &schedule);
            keep(*class, &facts, &schedule);
            keep(*class, &Facts { created: NaiveDate::MAX, ..facts }, &schedule);
            keep(*class, &Facts { created: NaiveDate::MIN, kept_until: Some(day), ..facts }, &schedule);
        }
    }
}
