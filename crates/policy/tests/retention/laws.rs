//! What holds for every record, every schedule and every day.

use belisha_policy::PersonId;
use belisha_policy::retention::{
    Facts, Image, Keep, Kept, LegalHold, Other, Record, RecordClass, Schedule, Verdict, deletable, keep,
};
use chrono::{DateTime, Days, NaiveDate};
use proptest::prelude::*;

pub(crate) fn class() -> impl Strategy<Value = RecordClass> {
    prop::sample::select(RecordClass::ALL)
}

fn date() -> impl Strategy<Value = NaiveDate> {
    // Ends of months and of school years more often than chance has them.
    let random = (0..109_000u64).prop_map(|days| NaiveDate::from_ymd_opt(1901, 1, 1).unwrap() + Days::new(days));
    let edge = (1901..2199, prop::sample::select(vec![(2, 28), (3, 1), (8, 31), (9, 1), (1, 31), (12, 31), (2, 29)]));
    let edge = edge.prop_filter_map("no such day", |(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day));
    prop_oneof![random, edge]
}

fn image() -> impl Strategy<Value = Image> {
    prop_oneof![Just(Image::None), Just(Image::InUse), date().prop_map(Image::Withdrawn)]
}

fn facts() -> impl Strategy<Value = Facts> {
    let maybe = || prop::option::weighted(0.8, date());
    let days = (date(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let rest = (prop::option::of(date()), image(), prop::option::weighted(0.2, date()), prop::bool::weighted(0.1));
    (days, rest).prop_map(|(days, (found_false, image, kept_until, open))| {
        let (created, reviewed, closed, released, born, left_school, employment_ended, pension_age) = days;
        Facts {
            created,
            reviewed,
            closed,
            released,
            born,
            left_school,
            employment_ended,
            pension_age,
            found_false,
            image,
            kept_until,
            open,
        }
    })
}

/// A schedule in which some periods are the school's own; what is refused is left out.
fn schedule() -> impl Strategy<Value = Schedule> {
    let unit = prop::sample::select(vec!["days", "months", "years", "years after birth", "years after leaving"]);
    prop::collection::vec((class(), 0..100u32, unit), 0..12).prop_map(|own| {
        let mut schedule = Schedule::default();
        for (class, number, unit) in own {
            let _ = schedule.set(class.slug(), &format!("{number} {unit}"));
        }
        schedule
    })
}

fn hold() -> LegalHold {
    LegalHold { reason: "an inquiry".into(), since: DateTime::UNIX_EPOCH, by: PersonId::from_bytes([7; 16]) }
}

fn alone(class: RecordClass, facts: Facts) -> Record<'static> {
    Record { class, facts, holds: &[], other: Other::Unknown }
}

/// The first day on which something may become of it; what has none comes after every day.
fn first(keep: Keep) -> (bool, NaiveDate) {
    match keep {
        Keep::Until(day) | Keep::ReviewOn(day) => (false, day),
        _ => (true, NaiveDate::MAX),
    }
}

/// The facts with one of their days later, or taken away.
fn later(facts: Facts, which: usize, by: Option<u64>) -> Facts {
    let shift = |day: Option<NaiveDate>| day.and_then(|day| Some(day + Days::new(by?)));
    let mut facts = facts;
    match which {
        0 => facts.created = facts.created + Days::new(by.unwrap_or(0)),
        1 => facts.reviewed = shift(facts.reviewed),
        // A case that is closed later is kept longer; that it was closed at all may make it longer, never shorter.
        2 if by.is_some() => facts.closed = shift(facts.closed),
        3 => facts.released = shift(facts.released),
        4 => facts.born = shift(facts.born),
        5 if by.is_some() => facts.left_school = shift(facts.left_school),
        6 if by.is_some() => facts.employment_ended = shift(facts.employment_ended),
        7 => facts.pension_age = shift(facts.pension_age),
        8 => facts.found_false = shift(facts.found_false),
        9 => {
            if let (Image::Withdrawn(day), Some(by)) = (facts.image, by) {
                facts.image = Image::Withdrawn(day + Days::new(by));
            } else if facts.image != Image::None {
                facts.image = Image::InUse;
            }
        }
        10 if by.is_some() => facts.kept_until = shift(facts.kept_until),
        _ => facts.open = true,
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_later_or_missing_fact_never_lets_a_record_go_earlier(
        class in class(), facts in facts(), schedule in schedule(),
        which in 0..12usize, by in prop::option::weighted(0.8, 1..40_000u64),
    ) {
        let (before, after) = (keep(class, &facts, &schedule), keep(class, &later(facts, which, by), &schedule));
        prop_assert!(first(after) >= first(before), "{class}: {before:?}, then {after:?}");
    }

    #[test]
    fn a_longer_period_never_lets_a_record_go_earlier(
        class in class(), facts in facts(), number in 0..99u32, more in 0..99u32,
        unit in prop::sample::select(vec!["days", "months", "years"]),
    ) {
        let (mut short, mut long) = (Schedule::default(), Schedule::default());
        if short.set(class.slug(), &format!("{number} {unit}")).is_ok()
            && long.set(class.slug(), &format!("{} {unit}", number + more)).is_ok()
        {
            prop_assert!(first(keep(class, &facts, &long)) >= first(keep(class, &facts, &short)));
        }
    }

    #[test]
    fn what_a_school_sets_is_never_shorter_than_the_default_but_where_a_range_says_so(
        facts in facts(), schedule in schedule(),
    ) {
        for (class, rule) in schedule.own() {
            // Birth is another clock than leaving: the two cannot be compared.
            if class == RecordClass::AccessLog || class == RecordClass::PupilIncident {
                continue;
            }
            let (own, default) = (keep(class, &facts, &schedule), keep(class, &facts, &Schedule::default()));
            prop_assert!(first(own) >= first(default), "{class}, {rule}: {own:?} and {default:?}");
        }
    }

    #[test]
    fn a_hold_and_an_open_case_always_win(
        class in class(), facts in facts(), schedule in schedule(), today in date(), other in class(), of in facts(),
    ) {
        let holds = [hold()];
        let held = Record { holds: &holds, ..alone(class, facts) };
        prop_assert_eq!(deletable(&held, &schedule, today), Verdict::Keep(Kept::Held));
        prop_assert_eq!(deletable(&held, &schedule, NaiveDate::MAX), Verdict::Keep(Kept::Held));
        let open = alone(class, Facts { open: true, ..facts });
        prop_assert_eq!(deletable(&open, &schedule, today), Verdict::Keep(Kept::Open));
        // What belongs to another that is held or open stays with it.
        let facts = Facts { open: false, ..facts };
        for (belongs, to, why) in [
            (RecordClass::AccessAudit, Record { holds: &holds, ..alone(other, of) }, Kept::Held),
            (RecordClass::CaptureLinked, alone(other, Facts { open: true, ..of }), Kept::Open),
        ] {
            let record = Record { other: Other::There(&to), ..alone(belongs, facts) };
            prop_assert_eq!(deletable(&record, &schedule, today), Verdict::Keep(why));
        }
    }

    #[test]
    fn nothing_goes_on_the_day_on_which_it_was_made_but_false_positives(
        class in class(), facts in facts(), schedule in schedule(), before in 0..400u64,
    ) {
        let gone = alone(class, facts);
        let parent = alone(RecordClass::CaptureFalsePositive, Facts { open: false, ..Facts::new(NaiveDate::MIN) });
        for record in [gone, Record { other: Other::Gone, ..gone }, Record { other: Other::There(&parent), ..gone }] {
            let verdict = deletable(&record, &schedule, facts.created - Days::new(before));
            prop_assert!(
                matches!(verdict, Verdict::Keep(_)) || (class == RecordClass::CaptureFalsePositive && before == 0),
                "{class}: {verdict:?}"
            );
        }
    }

    #[test]
    fn the_same_answer_each_time_and_no_way_back(
        class in class(), facts in facts(), schedule in schedule(), today in date(), days in 1..9_000u64,
    ) {
        let record = alone(class, facts);
        let verdict = deletable(&record, &schedule, today);
        prop_assert_eq!(verdict, deletable(&record.clone(), &schedule.clone(), today));
        if !matches!(verdict, Verdict::Keep(_)) {
            prop_assert_eq!(verdict, deletable(&record, &schedule, today + Days::new(days)));
        }
    }

    #[test]
    fn coming_of_age_shortens_nothing(class in class(), facts in facts(), schedule in schedule(), days in -40..40i64) {
        let Some(born) = facts.born else { return Ok(()) };
        let majority = born + chrono::Months::new(18 * 12) + chrono::TimeDelta::days(days);
        let (before, after) =
            (deletable(&alone(class, facts), &schedule, majority), keep(class, &facts, &schedule));
        prop_assert_eq!(matches!(before, Verdict::Keep(_)), first(after).1 > majority);
    }
}

#[test]
fn what_belongs_to_another_goes_with_it() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let schedule = Schedule::default();
    let incident = Facts { left_school: Some(day("2026-07-20")), ..Facts::new(day("2026-01-15")) };
    let incident = alone(RecordClass::PupilIncident, incident);
    let made = Facts::new(day("2026-02-01"));
    let capture = Record { other: Other::There(&incident), ..alone(RecordClass::CaptureLinked, made) };
    let audit = Record { other: Other::There(&capture), ..alone(RecordClass::AccessAudit, made) };
    for record in [incident, capture, audit] {
        assert_eq!(deletable(&record, &schedule, day("2027-08-31")), Verdict::Keep(Kept::Until(day("2027-09-01"))));
        assert_eq!(deletable(&record, &schedule, day("2027-09-01")), Verdict::Delete);
    }
    // Somebody looked on the last day: that they did is not forgotten on the same day, though its record is.
    let late = Record { facts: Facts::new(day("2027-09-01")), ..audit };
    assert_eq!(deletable(&late, &schedule, day("2027-09-01")), Verdict::Keep(Kept::Until(day("2027-09-02"))));
    let orphan = |other| Record { other, ..alone(RecordClass::AccessAudit, made) };
    assert_eq!(deletable(&orphan(Other::Unknown), &schedule, NaiveDate::MAX), Verdict::Keep(Kept::OtherUnknown));
    assert_eq!(deletable(&orphan(Other::Gone), &schedule, day("2026-02-02")), Verdict::Delete);
    // What a person is to decide is decided on the record, not on each look at it.
    let abuse = alone(RecordClass::SexualAbuse, Facts::new(day("1940-01-01")));
    assert_eq!(deletable(&abuse, &schedule, day("2027-09-01")), Verdict::Review);
    let look = orphan(Other::There(&abuse));
    assert_eq!(deletable(&look, &schedule, day("2027-09-01")), Verdict::Keep(Kept::OtherInReview));
}

#[test]
fn why_it_stays_is_a_sentence_that_tells_nothing_of_the_hold() {
    let day = "2033-03-01".parse().unwrap();
    for (kept, sentence) in [
        (Kept::Held, "A legal hold rests on it."),
        (Kept::Open, "It is still open or in force."),
        (Kept::Until(day), "It may go on 2033-03-01."),
        (Kept::ReviewOn(day), "It is to be reviewed on 2033-03-01."),
        (Kept::FactMissing("the date of birth"), "It stays until the date of birth is recorded."),
        (Kept::OtherInReview, "It belongs to a record that is due for review."),
        (Kept::OtherUnknown, "It belongs to a record of which nothing is known here."),
        (Kept::Always, "It is kept as long as the journal."),
    ] {
        assert_eq!(kept.to_string(), sentence);
    }
    assert!(!format!("{:?}", hold()).contains("inquiry"));
}

#[test]
fn numbers_and_slugs_lead_back_and_no_two_are_alike() {
    for (at, class) in RecordClass::ALL.iter().enumerate() {
        assert_eq!(RecordClass::from_id(class.id()), Some(*class));
        assert_eq!(class.slug().parse(), Ok(*class));
        assert!(RecordClass::ALL[..at].iter().all(|before| before.id() < class.id() && before.slug() != class.slug()));
    }
    assert_eq!(RecordClass::from_id(0), None);
    assert_eq!(RecordClass::from_id(u16::MAX), None);
    assert!("capture linked".parse::<RecordClass>().is_err());
}
