//! Files of version 1, with names in clear: they are read and closed, and no longer written to.

use std::fs;

use belisha_policy::{AccessRecord, Category, RuleRef};
use belisha_store::{close_day, days, names, person_day, read_day};

use crate::support::{Everybody, NOON, date, numbers, open, read_all, record};

/// A file that version 0.1.0 wrote.
const FILE: &[u8] = include_bytes!("data/version-1.db.zst");

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("2026-11-02.db"), zstd::decode_all(FILE).unwrap()).unwrap();
    folder
}

/// What was written to it.
fn written() -> Vec<AccessRecord> {
    let record = |number: i64| AccessRecord {
        bytes: number.unsigned_abs(),
        person: (number % 3 == 0).then(|| format!("p{}", number % 5).into()),
        categories: vec![Category::Gambling, Category::Advertising],
        rules: vec![RuleRef { source: "our lists".into(), list: "betting".into(), entry: "wager.example".into() }],
        ..record(NOON + number, &format!("host{}.example", number % 7), &format!("/page/{}", number % 11))
    };
    (0..100).map(record).collect()
}

#[test]
fn it_is_read() {
    let folder = folder();
    assert_eq!(days(folder.path()).unwrap(), [date("2026-11-02")]);
    assert_eq!(read_all(folder.path()), written());
    let lines = person_day(folder.path(), date("2026-11-02"), "p3", &Everybody).unwrap();
    let theirs: Vec<_> = written().into_iter().filter(|it| it.person.as_deref() == Some("p3")).collect();
    assert!(lines.iter().map(|it| it.record.bytes).eq(theirs.iter().map(|it| it.bytes)));
    assert!(lines.len() > 5 && lines.iter().all(|line| line.record.person.is_none()));
}

#[test]
fn what_comes_after_it_goes_into_a_file_of_today() {
    let folder = folder();
    let before = fs::read(folder.path().join("2026-11-02.db")).unwrap();
    open(folder.path()).append(&numbers(0, 50)).unwrap();
    open(folder.path()).append(&numbers(50, 50)).unwrap();
    assert!(fs::read(folder.path().join("2026-11-02.db")).unwrap() == before);
    assert!(folder.path().join("2026-11-02.2.db").exists());
    assert_eq!(read_all(folder.path()), [written(), numbers(0, 100)].concat());
    assert_eq!(read_day(folder.path(), date("2026-11-02")).unwrap().total(), 200);
}

#[test]
fn it_is_closed_like_any_other() {
    let folder = folder();
    assert_eq!(close_day(folder.path(), date("2026-11-02")).unwrap()[0].records, 100);
    assert!(!folder.path().join("2026-11-02.db").exists());
    assert_eq!(read_all(folder.path()), written());
}

#[test]
fn damage_is_found() {
    let folder = folder();
    let file = folder.path().join("2026-11-02.db");
    for sql in ["UPDATE people SET text = 'p9' WHERE id = 1", "UPDATE records SET bytes = 77 WHERE id = 50"] {
        rusqlite::Connection::open(&file).unwrap().execute(sql, []).unwrap();
        assert!(read_day(folder.path(), date("2026-11-02")).unwrap().any(|line| line.is_err()), "{sql}");
    }
    assert!(names(folder.path(), date("2026-11-02"), &Everybody).is_ok());
}
