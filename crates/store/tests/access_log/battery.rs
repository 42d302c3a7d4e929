//! What an access log promises wherever it is, in a folder and in PostgreSQL alike:
//! - every record comes back as it was given, with numbers for names, in the order of appending within its day;
//! - several writers take turns, and what one wrote another finds;
//! - names come back for those who may look, and a person's day is theirs alone;
//! - a day that is removed is gone, and may begin anew;
//! - what is not there is said to be not there.

use std::collections::{BTreeMap, BTreeSet};

use belisha_policy::AccessRecord;
use belisha_store::{
    AccessLog, ErrorKind, Place, SealFault, SealedToNobody, days, names, person_day, read_day, remove_day,
};
use belisha_store::{PeopleOpener, json_lines};
use chrono::NaiveDate;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use zeroize::Zeroizing;

use crate::round_trip::{any_record, by_day};
use crate::server::School;
use crate::support::{Everybody, NOON, at, date, numbers, open, read, read_all, record};

const DAY: &str = "2026-11-02";
const DAY_LENGTH: i64 = 86_400_000;

type Property = fn(&Place);

const BATTERY: [(&str, Property); 9] = [
    ("every record comes back", every_record_comes_back),
    ("large appends over many days", large_appends_over_many_days),
    ("nothing appended, nothing there", nothing_appended_nothing_there),
    ("writers take turns", writers_take_turns),
    ("what was written before a restart is found", what_was_written_before_a_restart_is_found),
    ("a person's day is theirs", a_persons_day_is_theirs),
    ("names only for those who may look", names_only_for_those_who_may_look),
    ("a removed day begins anew", a_removed_day_begins_anew),
    ("lines come out as JSON", lines_come_out_as_json),
];

#[test]
fn in_a_folder() {
    for (name, property) in BATTERY {
        println!("{name}");
        let folder = tempfile::tempdir().unwrap();
        property(&folder.path().into());
    }
}

#[test]
fn in_postgresql() {
    let Some(mut schools) = School::start() else { return };
    for (name, property) in BATTERY {
        println!("{name}");
        property(&schools.next());
    }
}

fn every_record_comes_back(place: &Place) {
    let mut runner = TestRunner::deterministic();
    let pool = proptest::collection::vec(any_record(), 1..12);
    let mut log = open(place);
    let mut expected = BTreeMap::<NaiveDate, Vec<AccessRecord>>::new();
    for round in 0..40 {
        let pool = pool.new_tree(&mut runner).unwrap().current();
        // Drawn from a pool, so that much of it comes again.
        let batch: Vec<_> = pool.iter().cycle().take(round * 7 % 50).cloned().collect();
        log.append(&batch).unwrap();
        for (day, records) in by_day(batch) {
            expected.entry(day).or_default().extend(records);
        }
        if round % 5 == 0 {
            log = open(place);
        }
    }
    assert_eq!(days(place).unwrap(), expected.keys().copied().collect::<Vec<_>>());
    for (day, records) in expected {
        assert_eq!(read_day(place, day).unwrap().total(), records.len() as u64);
        assert_eq!(read(place, day).unwrap(), records);
    }
}

fn large_appends_over_many_days(place: &Place) {
    let records: Vec<_> = (0..)
        .zip(numbers(0, 12_000))
        .map(|(number, record)| AccessRecord { at: at(NOON + number % 5 * DAY_LENGTH + number), ..record })
        .collect();
    open(place).append(&records).unwrap();
    assert_eq!(days(place).unwrap().len(), 5);
    let expected: Vec<_> = by_day(records).into_values().flatten().collect();
    assert!(read_all(place) == expected);
}

fn nothing_appended_nothing_there(place: &Place) {
    open(place).append(&[]).unwrap();
    assert_eq!(days(place).unwrap(), []);
    for error in [
        read_day(place, date(DAY)).unwrap_err(),
        names(place, date(DAY), &Everybody).unwrap_err(),
        person_day(place, date(DAY), "p17", &Everybody).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert!(error.to_string().contains(DAY), "{error}");
    }
    assert!(!remove_day(place, date(DAY)).unwrap());
}

fn writers_take_turns(place: &Place) {
    let mut logs = [open(place), open(place)];
    for turn in 0..20 {
        logs[usize::try_from(turn % 2).unwrap()].append(&numbers(turn * 7, 7)).unwrap();
    }
    assert_eq!(read_all(place), numbers(0, 140));
    // And at the same time: each writer's records in its order, and none lost.
    let threads = (1..4_u64).map(|writer| {
        let place = place.clone();
        std::thread::spawn(move || {
            let mut log = open(&place);
            for turn in 0..30 {
                log.append(&numbers(writer * 100_000 + turn * 5, 5)).unwrap();
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    let there = read_all(place);
    assert_eq!(there.len(), 140 + 3 * 150);
    for writer in 1..4 {
        let theirs: Vec<_> = there.iter().filter(|it| it.bytes / 100_000 == writer).cloned().collect();
        assert!(theirs == numbers(writer * 100_000, 150), "writer {writer}");
    }
}

fn what_was_written_before_a_restart_is_found(place: &Place) {
    for turn in 0..6 {
        open(place).append(&numbers(turn * 500, 500)).unwrap();
        assert!(read_all(place) == numbers(0, (turn + 1) * 500));
    }
}

fn by(person: &str, number: i64) -> AccessRecord {
    let record = record(NOON + number, "a.example", "/");
    AccessRecord { person: Some(person.into()), bytes: number.unsigned_abs(), ..record }
}

fn a_persons_day_is_theirs(place: &Place) {
    let record = |n: i64| match n % 4 {
        0 => by("Zebediah Quillfeather", n),
        // A device of that name is no person.
        1 => AccessRecord { device: Some("Zebediah Quillfeather".into()), ..by("p1", n) },
        2 => AccessRecord { person: None, ..by("", n) },
        _ => by(&format!("p{}", n % 40), n),
    };
    let records: Vec<_> = (0..4_000).map(record).collect();
    for part in records.chunks(1_500) {
        open(place).append(part).unwrap();
    }
    let theirs = person_day(place, date(DAY), "Zebediah Quillfeather", &Everybody).unwrap();
    assert!(theirs.iter().map(|line| line.record.bytes).eq((0..4_000).step_by(4)));
    let numbers: BTreeSet<_> = theirs.iter().map(|line| line.person.unwrap()).collect();
    assert_eq!(numbers.len(), 3, "one for each writer");
    assert_eq!(person_day(place, date(DAY), "nobody", &Everybody).unwrap(), []);
}

struct Refused;

impl PeopleOpener for Refused {
    fn open(&self, _sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        Err("this key opens nothing here".into())
    }
}

fn names_only_for_those_who_may_look(place: &Place) {
    AccessLog::open(place, SealedToNobody).unwrap().append(&[by("Zebediah Quillfeather", 1)]).unwrap();
    let line = read_day(place, date(DAY)).unwrap().next().unwrap().unwrap();
    assert_eq!(names(place, date(DAY), &Refused).unwrap().get(line.person.unwrap()), None, "nobody's");
    open(place).append(&[by("Zebediah Quillfeather", 2)]).unwrap();
    assert_eq!(names(place, date(DAY), &Refused).unwrap_err().kind(), ErrorKind::Keys);
    assert_eq!(person_day(place, date(DAY), "Zebediah Quillfeather", &Everybody).unwrap().len(), 1);
}

fn a_removed_day_begins_anew(place: &Place) {
    let mut log = open(place);
    let tomorrow = AccessRecord { at: at(NOON + DAY_LENGTH), ..by("p1", 3) };
    log.append(&[by("p1", 1), by("p2", 2), tomorrow.clone()]).unwrap();
    assert!(remove_day(place, date(DAY)).unwrap());
    assert!(!remove_day(place, date(DAY)).unwrap());
    assert_eq!(days(place).unwrap(), [date("2026-11-03")]);
    // By the writer who knew it: nothing that he remembers may be relied on.
    let again = [by("p2", 4), by("p3", 5)];
    log.append(&again).unwrap();
    assert_eq!(read(place, date(DAY)).unwrap(), again);
    assert_eq!(read(place, date("2026-11-03")).unwrap(), [tomorrow]);
    assert_eq!(person_day(place, date(DAY), "p2", &Everybody).unwrap().len(), 1);
}

fn lines_come_out_as_json(place: &Place) {
    open(place).append(&numbers(0, 3_000)).unwrap();
    let mut out = Vec::new();
    assert_eq!(json_lines(read_day(place, date(DAY)).unwrap(), &mut out).unwrap(), 3_000);
    let lines = String::from_utf8(out).unwrap();
    assert_eq!(lines.lines().count(), 3_000);
    for (number, line) in (0_u64..).zip(lines.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["bytes"], number);
    }
}
