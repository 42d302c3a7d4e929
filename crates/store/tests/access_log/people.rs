//! Names of people and devices:
//! - stand in no file in clear, and in no other form that a reader without the key could compare from day to day;
//! - come back, for those whose keys open the table;
//! - and where they cannot be sealed nothing is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use belisha_policy::AccessRecord;
use belisha_store::{
    AccessLog, DayNumber, ErrorKind, Logged, PeopleOpener, PeopleSeal, Place, SealFault, SealedToNobody, close_day,
    names, person_day, read_day,
};
use chrono::NaiveDate;
use zeroize::Zeroizing;

use crate::support::{Everybody, NOON, at, date, open, read, record};

const NAME: &str = "Zebediah Quillfeather";
const DEVICE: &str = "Quillfeather's laptop";
const DAY: i64 = 86_400_000;

fn by(name: &str, milliseconds: i64) -> AccessRecord {
    AccessRecord { person: Some(name.into()), device: Some(DEVICE.into()), ..record(milliseconds, "a.example", "/") }
}

fn lines(place: impl Into<Place>, date: NaiveDate) -> Vec<Logged> {
    read_day(place, date).unwrap().map(Result::unwrap).collect()
}

fn numbers_of(lines: &[Logged]) -> BTreeSet<DayNumber> {
    lines.iter().filter_map(|line| line.person).collect()
}

/// Whether a text stands in any file of a folder.
fn is_in_clear(folder: &Path, text: &str) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn no_file_holds_a_name_and_the_key_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let records = [by(NAME, NOON), by("p17", NOON + 1), by(NAME, NOON + 2)];
    let mut log = open(folder.path());
    log.append(&records).unwrap();
    for name in [NAME, DEVICE, "Quill"] {
        assert!(!is_in_clear(folder.path(), name), "while it is open");
    }
    drop(log);
    for name in [NAME, DEVICE, "Quill"] {
        assert!(!is_in_clear(folder.path(), name), "when it is closed");
    }
    assert!(is_in_clear(folder.path(), "a.example"), "else this test sees nothing");
    let lines = lines(folder.path(), date("2026-11-02"));
    assert_eq!((lines[0].person, lines[0].device), (lines[2].person, lines[2].device), "one number a day");
    assert!(lines[0].person != lines[1].person && lines[0].device == lines[1].device);
    assert_ne!(lines[0].person, lines[0].device);
    assert_eq!(read(folder.path(), date("2026-11-02")).unwrap(), records);
}

#[test]
fn a_number_is_of_one_day_and_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let mut log = open(folder.path());
        log.append(&[by(NAME, NOON), by(NAME, NOON + DAY)]).unwrap();
    }
    for day in ["2026-11-02", "2026-11-03"] {
        let lines = lines(folder.path(), date(day));
        assert_eq!((lines.len(), numbers_of(&lines).len()), (2, 2), "another after a restart");
        seen.extend(numbers_of(&lines));
        assert_eq!(person_day(folder.path(), date(day), NAME, &Everybody).unwrap(), lines);
    }
    assert_eq!(seen.len(), 4, "another on another day");
}

/// Three days at once are one more than are kept.
#[test]
fn what_a_writer_no_longer_keeps_gets_a_new_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let days: Vec<_> = [0, 1, 2, 0].map(|day| by(NAME, NOON + day * DAY)).into();
    for day in days.chunks(1) {
        log.append(day).unwrap();
    }
    let first = lines(folder.path(), date("2026-11-02"));
    assert_eq!(numbers_of(&first).len(), 2);
    assert_eq!(person_day(folder.path(), date("2026-11-02"), NAME, &Everybody).unwrap().len(), 2);
}

#[test]
fn a_persons_day_is_theirs_alone_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    // Two writers side by side, a restart, and a day that is closed between.
    let mut logs = [open(folder.path()), open(folder.path())];
    let record = |n: i64| match n % 5 {
        0 => AccessRecord { bytes: n.unsigned_abs(), ..by(NAME, NOON + n) },
        1 => AccessRecord { person: Some(DEVICE.into()), device: Some(NAME.into()), ..by("", NOON + n) },
        2 => AccessRecord { person: None, device: None, ..by("", NOON + n) },
        _ => by(&format!("p{}", n % 30), NOON + n),
    };
    let mut given = Vec::new();
    for turn in 0..60 {
        let batch: Vec<_> = (turn * 100..turn * 100 + 100).map(record).collect();
        logs[usize::try_from(turn % 2).unwrap()].append(&batch).unwrap();
        given.extend(batch);
        if turn == 20 {
            logs = [open(folder.path()), open(folder.path())];
        }
        if turn == 40 {
            close_day(folder.path(), date("2026-11-02")).unwrap();
        }
    }
    let theirs = person_day(folder.path(), date("2026-11-02"), NAME, &Everybody).unwrap();
    let bytes: Vec<_> = theirs.iter().map(|line| line.record.bytes).collect();
    let expected: Vec<_> = given.iter().filter(|it| it.person.as_deref() == Some(NAME)).map(|it| it.bytes).collect();
    assert_eq!(bytes, expected);
    assert_eq!(bytes.len(), 1_200);
    assert_eq!(person_day(folder.path(), date("2026-11-02"), "nobody", &Everybody).unwrap(), []);
    assert_eq!(read(folder.path(), date("2026-11-02")).unwrap(), given);
}

struct Another;

impl PeopleOpener for Another {
    fn open(&self, _sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        Ok(Zeroizing::new([7; 32]))
    }
}

struct Refused;

impl PeopleOpener for Refused {
    fn open(&self, _sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        Err("this key opens nothing here".into())
    }
}

#[test]
fn without_the_key_there_are_lines_and_no_names() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&[by(NAME, NOON)]).unwrap();
    let day = date("2026-11-02");
    let error = names(folder.path(), day, &Refused).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Keys);
    assert!(error.to_string().contains("2026-11-02") && error.to_string().contains("opens nothing"), "{error}");
    assert_eq!(person_day(folder.path(), day, NAME, &Refused).unwrap_err().kind(), ErrorKind::Keys);
    assert_eq!(names(folder.path(), day, &Another).unwrap_err().kind(), ErrorKind::Damaged);
    assert_eq!(lines(folder.path(), day).len(), 1);
    let shown = format!("{:?}", names(folder.path(), day, &Everybody).unwrap());
    assert!(!shown.contains(NAME), "{shown}");
}

#[test]
fn what_is_sealed_to_nobody_nobody_opens() {
    let folder = tempfile::tempdir().unwrap();
    AccessLog::open(folder.path(), SealedToNobody).unwrap().append(&[by(NAME, NOON)]).unwrap();
    let day = date("2026-11-02");
    let line = lines(folder.path(), day).remove(0);
    assert_eq!(names(folder.path(), day, &Refused).unwrap().get(line.person.unwrap()), None);
    // A writer who seals to somebody may come after.
    open(folder.path()).append(&[by(NAME, NOON + 1)]).unwrap();
    assert_eq!(person_day(folder.path(), day, NAME, &Everybody).unwrap().len(), 1);
}

struct Broken;

impl PeopleSeal for Broken {
    fn seal(&self, _table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        Err("the key is not there".into())
    }
}

#[test]
fn where_names_cannot_be_sealed_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let error = AccessLog::open(folder.path(), Broken).unwrap().append(&[by(NAME, NOON)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Keys);
    assert!(error.to_string().contains("the key is not there") && !error.to_string().contains(NAME), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_table_is_sealed_once_for_each_day_of_a_writer() {
    struct Counting(std::sync::atomic::AtomicUsize);
    impl PeopleSeal for Counting {
        fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Everybody.seal(table_key)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let counting = Arc::new(Counting(0.into()));
    let mut log = AccessLog::open(folder.path(), counting.clone()).unwrap();
    for turn in 0..50 {
        log.append(&[by(&format!("p{turn}"), NOON + turn % 2 * DAY)]).unwrap();
    }
    assert_eq!(counting.0.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[test]
fn a_name_that_is_lost_or_moved_is_damage() {
    let day = date("2026-11-02");
    let spoil = "DELETE FROM names WHERE kind = 1; DELETE FROM names WHERE kind = 2; DELETE FROM keys;
                 UPDATE names SET sealed = (SELECT sealed FROM names ORDER BY number LIMIT 1);
                 UPDATE names SET kind = 3 - kind; UPDATE names SET key = key + 1";
    for sql in spoil.split(';') {
        let folder = tempfile::tempdir().unwrap();
        let records: Vec<_> = (0..20).map(|n| by(&format!("p{n}"), NOON + n)).collect();
        open(folder.path()).append(&records).unwrap();
        let db = rusqlite::Connection::open(folder.path().join("2026-11-02.db")).unwrap();
        assert!(db.execute(sql, []).unwrap() > 0);
        let error = person_day(folder.path(), day, "p7", &Everybody).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{sql}");
        assert_eq!(lines(folder.path(), day).len(), 20, "the records are whole");
    }
}

#[test]
fn at_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&[by(NAME, NOON + 17)]).unwrap();
    assert_eq!(person_day(folder.path(), date("2026-11-02"), NAME, &Everybody).unwrap()[0].record.at, at(NOON + 17));
}
