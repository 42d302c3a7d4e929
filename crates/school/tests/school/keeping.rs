//! Closing days, keeping records as long as they must be, and forgetting them.

use belisha_policy::Action;
use belisha_policy::retention::{Facts, RecordClass};
use belisha_school::events::{DayRemoved, HoldOn, RecordErased};
use belisha_school::retention::{self, RetentionError};
use belisha_school::{LedgerError, Stream, days, integrity};
use belisha_store::journal::Verdict;
use belisha_store::keys::Readers;
use belisha_store::{StreamId, read_day};

use crate::support::{TestSchool, at, day, permit, stands_in_files};

#[test]
fn days_are_closed_once_with_a_manifest_each() {
    let test = TestSchool::new();
    for day in ["2026-11-20", "2026-11-23", "2026-11-24", "2026-11-25"] {
        test.browse(day);
    }
    let now = at("2026-11-25T03:00:00Z");
    let closed = days::close_due(&test.school, now).unwrap();
    assert_eq!(closed.len(), 2, "today and yesterday stay open");
    assert!(closed.iter().all(|file| file.records == 7));
    let manifests = days::manifests(test.school.ledger()).unwrap();
    assert_eq!(manifests.iter().map(|it| it.day).collect::<Vec<_>>(), [day("2026-11-20"), day("2026-11-23")]);
    days::close_due(&test.school, now).unwrap();
    assert_eq!(days::manifests(test.school.ledger()).unwrap(), manifests, "nothing new, nothing said twice");
    let lines = read_day(test.school.log_place(), day("2026-11-20")).unwrap();
    assert_eq!(lines.map(Result::unwrap).count(), 7, "closed days are read like others");
}

#[test]
fn the_log_goes_when_its_time_has_come_unless_it_is_held() {
    let test = TestSchool::new();
    for day in ["2025-11-20", "2025-11-21", "2025-11-24", "2026-11-24"] {
        test.browse(day);
    }
    let now = at("2026-11-25T03:00:00Z");
    let reason = "Police have asked for it";
    let on = HoldOn::AccessLog(day("2025-11-21"), day("2025-11-21"));
    let refused = retention::hold(&test.school, &permit(Action::PlaceHold), on.clone(), " ", now);
    assert!(matches!(refused, Err(RetentionError::Reason)));
    let hold = retention::hold(&test.school, &permit(Action::PlaceHold), on, reason, now).unwrap();
    let plan = retention::plan(&test.school, day("2026-11-24")).unwrap();
    assert_eq!(plan.days, [day("2025-11-20")], "a day is over when its anniversary is");
    assert_eq!(test.school.log_days().unwrap().len(), 4, "a plan changes nothing");
    retention::carry_out(&test.school, day("2026-11-26"), now).unwrap();
    assert_eq!(test.school.log_days().unwrap(), [day("2025-11-21"), day("2026-11-24")]);
    let told = test.school.ledger().read_own(&Stream::DAYS).unwrap();
    let gone = told.iter().filter_map(|told| told.read::<DayRemoved>().unwrap()).map(|told| told.body.day);
    assert_eq!(gone.collect::<Vec<_>>(), [day("2025-11-20"), day("2025-11-24")]);
    retention::lift(&test.school, &permit(Action::LiftHold), hold, "The police have it", now).unwrap();
    let again = retention::lift(&test.school, &permit(Action::LiftHold), hold, "The police have it", now);
    assert!(matches!(again, Err(RetentionError::NoHold)));
    retention::carry_out(&test.school, day("2026-11-26"), now).unwrap();
    assert_eq!(test.school.log_days().unwrap(), [day("2026-11-24")]);
}

#[test]
fn a_record_goes_by_its_keys_and_leaves_a_tombstone() {
    let test = TestSchool::new();
    let (school, ledger) = (&test.school, test.school.ledger());
    let stream = Stream { id: StreamId::random().unwrap(), class: RecordClass::Guest, readers: Readers::School };
    let now = at("2026-03-01T12:00:00Z");
    let event = DayRemoved { day: day("2026-01-01"), because: "a canary in the coal mine".into() };
    for _ in 0..3 {
        ledger.note(&stream, None, now, &event).unwrap();
    }
    let facts = Facts { closed: Some(day("2026-03-01")), ..Facts::new(day("2026-03-01")) };
    retention::file(school, None, stream.id, RecordClass::Guest, facts, now).unwrap();
    let early = retention::carry_out(school, day("2026-05-30"), now).unwrap();
    assert!(early.records.is_empty() && early.records_kept.len() == 1);
    let hold =
        retention::hold(school, &permit(Action::PlaceHold), HoldOn::Record(stream.id), "An inquiry", now).unwrap();
    assert!(retention::carry_out(school, day("2027-01-01"), now).unwrap().records.is_empty());
    let erase = permit(Action::EraseRecord);
    let refused = retention::erase_by_decision(school, &erase, stream.id, "by mistake", now);
    assert!(matches!(refused, Err(RetentionError::Held)));
    retention::lift(school, &permit(Action::LiftHold), hold, "It is over", now).unwrap();
    let gone = retention::carry_out(school, day("2027-01-01"), now).unwrap();
    assert_eq!(gone.records, [(stream.id, RecordClass::Guest)]);
    let told = ledger.read_own(&stream).unwrap();
    assert_eq!(told.len(), 3, "that there was something stays");
    assert!(told.iter().all(|told| told.read::<DayRemoved>().unwrap().is_none()), "what it said does not");
    let tombstones = ledger.read_own(&Stream::RETENTION).unwrap();
    let tombstone = tombstones.iter().find_map(|told| told.read::<RecordErased>().unwrap()).unwrap();
    assert_eq!((tombstone.body.stream, tombstone.body.events), (stream.id, 3));
    assert!(matches!(integrity::verify(ledger, None).unwrap(), Verdict::Sound { .. }));
    assert!(!stands_in_files(test.folder.path(), "a canary in the coal mine"));
    assert!(retention::carry_out(school, day("2027-01-01"), now).unwrap().records.is_empty(), "once");
}

#[test]
fn a_key_that_is_gone_before_its_text_is_read_as_erased() {
    let test = TestSchool::new();
    let ledger = test.school.ledger();
    let stream = Stream { id: StreamId::random().unwrap(), class: RecordClass::Guest, readers: Readers::School };
    let event = DayRemoved { day: day("2026-01-01"), because: String::new() };
    ledger.note(&stream, None, at("2026-03-01T12:00:00Z"), &event).unwrap();
    ledger.keys().erase_stream(stream.id).unwrap();
    let told = ledger.read_own(&stream).unwrap();
    assert!(told[0].read::<DayRemoved>().unwrap().is_none());
    let next: Result<_, LedgerError> = ledger.note(&stream, None, at("2026-03-01T12:00:00Z"), &event);
    next.unwrap();
    assert!(ledger.read_own(&stream).unwrap()[1].read::<DayRemoved>().unwrap().is_some());
}

#[test]
fn an_erasure_that_a_crash_cut_short_is_ended_by_the_next_run() {
    let test = TestSchool::new();
    let (school, ledger) = (&test.school, test.school.ledger());
    let stream = Stream { id: StreamId::random().unwrap(), class: RecordClass::Guest, readers: Readers::School };
    let now = at("2026-03-01T12:00:00Z");
    let event = DayRemoved { day: day("2026-01-01"), because: "a canary in the coal mine".into() };
    ledger.note(&stream, None, now, &event).unwrap();
    // The tombstone was written, and then the power went.
    let tombstone = RecordErased { stream: stream.id, class: "guest".into(), events: 1, because: "its time".into() };
    ledger.note(&Stream::RETENTION, None, now, &tombstone).unwrap();
    assert!(ledger.read_own(&stream).unwrap()[0].read::<DayRemoved>().unwrap().is_some());
    retention::carry_out(school, day("2026-03-02"), now).unwrap();
    assert!(ledger.read_own(&stream).unwrap()[0].read::<DayRemoved>().unwrap().is_none());
    assert!(matches!(integrity::verify(ledger, None).unwrap(), Verdict::Sound { .. }));
}
