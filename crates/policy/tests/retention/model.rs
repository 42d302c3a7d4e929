//! Ten thousand random histories against a model of its own: plain numbers for days, no calendar library, no rules as
//! data. `deletable = age > limit AND no hold AND no open case`, and an allegation against staff stays until pension
//! age or ten years, whichever is longer.

use belisha_policy::PersonId;
use belisha_policy::retention::{Facts, Image, LegalHold, Other, Record, RecordClass, Schedule, Verdict, deletable};
use chrono::{DateTime, Days, NaiveDate};
use proptest::prelude::*;

use crate::laws::class;

/// What happens to a record.
#[derive(Clone, Copy, Debug)]
enum Event {
    Opened,
    Closed,
    Reviewed,
    Held,
    Lifted,
    Released,
    PupilLeft,
    PupilCameBack,
    EmploymentEnded,
    EmployedAgain,
    FoundFalse,
    ImageUsed,
    ImageWithdrawn,
    KeptLonger(u16),
}

/// What the model knows: days are numbered from 1 January 1900.
#[derive(Clone, Debug, Default)]
struct State {
    created: i64,
    born: Option<i64>,
    pension: Option<i64>,
    reviewed: Option<i64>,
    closed: Option<i64>,
    released: Option<i64>,
    left: Option<i64>,
    ended: Option<i64>,
    found_false: Option<i64>,
    withdrawn: Option<i64>,
    image_in_use: bool,
    kept: Option<i64>,
    open: bool,
    holds: u32,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a number.
fn date(mut number: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1900, 1);
    while number >= 365 + i64::from(is_leap(year)) {
        number -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    while number >= month_length(year, month) {
        number -= month_length(year, month);
        month += 1;
    }
    (year, month, number + 1)
}

/// The number of a date; one day too many in a month is the first of the next.
fn number((year, month, day): (i64, i64, i64)) -> i64 {
    let years: i64 = (1900..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = (1..month).map(|month| month_length(year, month)).sum();
    years + months + (day - 1).min(month_length(year, month))
}

fn years_after(day: i64, years: i64) -> i64 {
    let (year, month, day) = date(day);
    number((year + years, month, day))
}

fn school_year_end(day: i64) -> i64 {
    let (year, month, _) = date(day);
    number((if month >= 9 { year + 1 } else { year }, 8, 31))
}

/// Whether it is old enough today, by the table of the schedule; `None` where that is not for a clock to say.
fn old_enough(class: &str, state: &State, today: i64) -> Option<bool> {
    let past = |start: Option<i64>, years: i64, days: i64| {
        start.is_some_and(|start| today > years_after(start.max(state.created), years) + days)
    };
    let left = state.left.map(|left| school_year_end(left.max(state.created)));
    let last_entry = state.closed.map_or(state.created, |closed| closed.max(state.created));
    let pension = || {
        let age = state.pension.is_some_and(|pension| today >= pension);
        age && past(Some(state.created), 10, 0)
    };
    Some(match class {
        "access-log" | "sign-in" => past(Some(state.created), 1, 0),
        "capture" => past(state.reviewed, 0, 30),
        "capture-false-positive" => true,
        "pupil-incident" => past(left, 1, 0),
        "safeguarding-incident" => state.born.is_some_and(|born| today >= years_after(born, 25)),
        "sexual-abuse" | "keys-and-roles" => past(Some(last_entry), 75, 0),
        "staff-allegation" => pension(),
        "staff-file-entry" => state.found_false.is_some_and(|found| today > found) || pension(),
        "low-level-concern" => past(state.ended, 0, 0),
        "agreement-signature" | "person" => {
            (left.is_some() || state.ended.is_some())
                && (left.is_none() || past(left, 1, 0))
                && (state.ended.is_none() || past(state.ended, 1, 0))
        }
        "photo-consent" => {
            !state.image_in_use
                && (left.is_some() || state.withdrawn.is_some())
                && (left.is_none() || past(left, 1, 0))
                && (state.withdrawn.is_none() || past(state.withdrawn, 1, 0))
        }
        "filter-change" | "unblock-decision" => past(Some(last_entry), 7, 0),
        "policy-version" | "duty" | "settings" => past(state.closed, 7, 0),
        "device" => past(state.released, 1, 0),
        "guest" => past(state.closed, 0, 90),
        "day-manifest" => past(Some(state.created), 7, 0),
        "capture-linked" | "access-audit" | "retention-decision" => return None,
        other => panic!("the model does not know {other}"),
    })
}

/// What the model says.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Delete,
    Review,
    Keep,
}

fn says(class: &str, state: &State, today: i64) -> Says {
    let made_today = today <= state.created && class != "capture-false-positive";
    let kept_longer = state.kept.is_some_and(|kept| today < kept) || today < state.created;
    if state.holds > 0 || state.open || made_today || kept_longer {
        return Says::Keep;
    }
    match (old_enough(class, state, today), class) {
        (Some(true), "safeguarding-incident" | "sexual-abuse" | "keys-and-roles") => Says::Review,
        (Some(true), _) => Says::Delete,
        _ => Says::Keep,
    }
}

fn happen(state: &mut State, event: Event, today: i64) {
    match event {
        Event::Opened => state.open = true,
        Event::Closed => (state.open, state.closed) = (false, Some(today)),
        Event::Reviewed => state.reviewed = Some(today),
        Event::Held => state.holds += 1,
        Event::Lifted => state.holds = state.holds.saturating_sub(1),
        Event::Released => state.released = Some(today),
        Event::PupilLeft => state.left = Some(today),
        Event::PupilCameBack => state.left = None,
        Event::EmploymentEnded => state.ended = Some(today),
        Event::EmployedAgain => state.ended = None,
        Event::FoundFalse => state.found_false = Some(today),
        Event::ImageUsed => (state.image_in_use, state.withdrawn) = (true, None),
        Event::ImageWithdrawn => (state.image_in_use, state.withdrawn) = (false, Some(today)),
        Event::KeptLonger(days) => state.kept = Some(today + i64::from(days)),
    }
}

fn real(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(number as u64)
}

fn facts(state: &State) -> Facts {
    Facts {
        created: real(state.created),
        reviewed: state.reviewed.map(real),
        closed: state.closed.map(real),
        released: state.released.map(real),
        born: state.born.map(real),
        left_school: state.left.map(real),
        employment_ended: state.ended.map(real),
        pension_age: state.pension.map(real),
        found_false: state.found_false.map(real),
        image: match (state.image_in_use, state.withdrawn) {
            (true, _) => Image::InUse,
            (false, Some(day)) => Image::Withdrawn(real(day)),
            (false, None) => Image::None,
        },
        kept_until: state.kept.map(real),
        open: state.open,
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => Just(Event::Opened),
        3 => Just(Event::Closed),
        2 => Just(Event::Reviewed),
        1 => Just(Event::Held),
        1 => Just(Event::Lifted),
        2 => Just(Event::Released),
        3 => Just(Event::PupilLeft),
        1 => Just(Event::PupilCameBack),
        3 => Just(Event::EmploymentEnded),
        1 => Just(Event::EmployedAgain),
        1 => Just(Event::FoundFalse),
        1 => Just(Event::ImageUsed),
        2 => Just(Event::ImageWithdrawn),
        1 => (0..9000u16).prop_map(Event::KeptLonger),
    ]
}

/// Gaps of days, weeks, about a year and many years.
fn gap() -> impl Strategy<Value = i64> {
    prop_oneof![0..3i64, 28..32i64, 88..93i64, 364..368i64, 2555..2560i64, 0..12_000i64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_history_ends_as_the_model_says(
        class in class(),
        created in 20_000..73_000i64,
        born in prop::option::weighted(0.9, 0..11_000i64),
        pension in prop::option::weighted(0.9, 0..20_000i64),
        history in prop::collection::vec((gap(), event()), 0..16),
        looks in prop::collection::vec(gap(), 1..6),
    ) {
        let mut state = State {
            created,
            born: born.map(|before| created - before),
            pension: pension.map(|after| created + after),
            ..State::default()
        };
        let schedule = Schedule::default();
        let hold = LegalHold { reason: "an inquiry".into(), since: DateTime::UNIX_EPOCH, by: PersonId::from_bytes([7; 16]) };
        let mut today = created;
        for (gap, event) in history.into_iter().map(|(gap, event)| (gap, Some(event))).chain(looks.into_iter().map(|gap| (gap, None))) {
            today += gap;
            if let Some(event) = event {
                happen(&mut state, event, today);
            }
            let holds = vec![hold.clone(); state.holds as usize];
            let record = Record { class, facts: facts(&state), holds: &holds, other: Other::Unknown };
            let said = match deletable(&record, &schedule, real(today)) {
                Verdict::Delete => Says::Delete,
                Verdict::Review => Says::Review,
                Verdict::Keep(_) => Says::Keep,
            };
            prop_assert_eq!(said, says(class.slug(), &state, today), "{} on {}: {:?}", class, real(today), facts(&state));
        }
    }
}

/// The model is worth nothing where its own calendar is wrong.
#[test]
fn the_models_calendar_is_the_real_one() {
    for day in 0..120_000 {
        let (year, month, of_month) = date(day);
        assert_eq!(NaiveDate::from_ymd_opt(year as i32, month as u32, of_month as u32), Some(real(day)));
        assert_eq!(number((year, month, of_month)), day);
    }
}

/// Nor where the histories never come to an end: each kind that can go does so in some of them.
#[test]
fn the_model_lets_each_kind_go() {
    let state = State {
        created: 30_000,
        born: Some(25_000),
        pension: Some(40_000),
        reviewed: Some(30_001),
        closed: Some(30_001),
        released: Some(30_001),
        left: Some(30_001),
        ended: Some(30_001),
        ..State::default()
    };
    for class in RecordClass::ALL {
        let never =
            matches!(class, RecordClass::CaptureLinked | RecordClass::AccessAudit | RecordClass::RetentionDecision);
        assert_eq!(says(class.slug(), &state, 99_000) == Says::Keep, never, "{class}");
    }
}
