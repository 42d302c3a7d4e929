//! A closed day:
//! - reads as it did when it was open;
//! - is whole, the open file or the packed one, whenever the process that closes it is killed;
//! - takes late records all the same, in another file;
//! - is told from a damaged one.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use belisha_policy::AccessRecord;
use belisha_store::{ClosedFile, ErrorKind, close_day, days, read_day, remove_day};
use sha2::{Digest, Sha256};

use crate::support::{Dice, Everybody, NOON, at, child, child_folder, date, numbered, numbers, open, read, read_all};

const DAY: &str = "2026-11-02";

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn close(folder: &Path) -> Vec<ClosedFile> {
    close_day(folder, date(DAY)).unwrap()
}

#[test]
fn a_closed_day_reads_as_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.append(&numbers(0, 5_000)).unwrap();
    let length = fs::metadata(folder.path().join("2026-11-02.db")).unwrap().len()
        + fs::metadata(folder.path().join("2026-11-02.db-wal")).unwrap().len();
    // The writer has it open, and records in the write-ahead log.
    let closed = close(folder.path());
    assert_eq!(files(folder.path()), ["2026-11-02.db.zst"]);
    let packed = fs::read(folder.path().join("2026-11-02.db.zst")).unwrap();
    assert_eq!(
        closed,
        [ClosedFile {
            name: "2026-11-02.db.zst".into(),
            records: 5_000,
            sha256: Sha256::digest(&packed).into(),
            bytes: packed.len() as u64,
        }]
    );
    assert!(closed[0].bytes * 2 < length, "{} of {length}", closed[0].bytes);
    assert_eq!(read(folder.path(), date(DAY)).unwrap(), numbers(0, 5_000));
    assert_eq!(read_day(folder.path(), date(DAY)).unwrap().total(), 5_000);
    assert_eq!(days(folder.path()).unwrap(), [date(DAY)]);
    assert_eq!(close(folder.path()), closed, "again, the same");
}

#[test]
fn late_records_are_taken_and_read_after_the_others() {
    let folder = tempfile::tempdir().unwrap();
    // Two that have it open, and one that comes later.
    let mut logs = [open(folder.path()), open(folder.path())];
    logs[0].append(&numbers(0, 100)).unwrap();
    logs[1].append(&numbers(100, 100)).unwrap();
    close(folder.path());
    logs[1].append(&numbers(200, 100)).unwrap();
    logs[0].append(&numbers(300, 100)).unwrap();
    open(folder.path()).append(&numbers(400, 100)).unwrap();
    drop(logs);
    assert_eq!(files(folder.path()), ["2026-11-02.2.db", "2026-11-02.db.zst"]);
    assert_eq!(read_all(folder.path()), numbers(0, 500));
    let closed = close(folder.path());
    assert_eq!(
        closed.iter().map(|it| (&*it.name, it.records)).collect::<Vec<_>>(),
        [("2026-11-02.db.zst", 200), ("2026-11-02.2.db.zst", 300)]
    );
    open(folder.path()).append(&numbers(500, 1)).unwrap();
    assert_eq!(read_all(folder.path()), numbers(0, 501));
    assert_eq!(days(folder.path()).unwrap(), [date(DAY)]);
}

#[test]
fn a_reader_who_was_there_before_reads_on() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 5_000)).unwrap();
    let mut before = read_day(folder.path(), date(DAY)).unwrap();
    assert!(before.next().unwrap().is_ok());
    close(folder.path());
    assert_eq!(before.map(Result::unwrap).count(), 4_999);
}

#[test]
fn what_is_not_there_or_not_ours_is_not_closed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(close_day(folder.path(), date(DAY)).unwrap_err().kind(), ErrorKind::Missing);
    fs::write(folder.path().join("2026-11-02.db"), b"notes of a meeting").unwrap();
    assert_eq!(close_day(folder.path(), date(DAY)).unwrap_err().kind(), ErrorKind::Foreign);
    assert_eq!(fs::read(folder.path().join("2026-11-02.db")).unwrap(), b"notes of a meeting");
}

#[test]
fn a_damaged_day_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 5_000)).unwrap();
    let file = folder.path().join("2026-11-02.db");
    rusqlite::Connection::open(&file).unwrap().execute("UPDATE records SET bytes = 1 WHERE id = 4000", []).unwrap();
    let before = fs::read(&file).unwrap();
    assert_eq!(close_day(folder.path(), date(DAY)).unwrap_err().kind(), ErrorKind::Damaged);
    assert!(fs::read(&file).unwrap() == before);
    assert!(!folder.path().join("2026-11-02.db.zst").exists());
}

#[test]
fn damage_to_a_packed_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 400)).unwrap();
    close(folder.path());
    let file = folder.path().join("2026-11-02.db.zst");
    let good = fs::read(&file).unwrap();
    let lines = read_day(folder.path(), date(DAY)).unwrap().map(Result::unwrap).collect::<Vec<_>>();
    let (mut dice, mut found) = (Dice::new(6), 0);
    for round in 0..600 {
        let mut bad = good.clone();
        let at = if round < 160 { round / 8 } else { dice.index(good.len()) };
        match round % 5 {
            0 => bad.truncate(at),
            1 => bad.push(0),
            _ => bad[at] ^= 1 << (round % 8),
        }
        fs::write(&file, &bad).unwrap();
        let read = read_day(folder.path(), date(DAY)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        found += u32::from(read.is_err());
        assert!(read.is_err() || read.is_ok_and(|read| read == lines), "round {round}, byte {at}");
    }
    assert!(found > 400, "{found}");
    fs::write(&file, &good).unwrap();
    assert_eq!(read_all(folder.path()), numbers(0, 400));
}

/// As a crash leaves it that came between giving the one name and taking the other.
#[test]
fn a_day_that_is_open_and_closed_is_one_day() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("2026-11-02.db");
    open(folder.path()).append(&numbers(0, 400)).unwrap();
    let left = fs::read(&file).unwrap();
    let closed = close(folder.path());
    fs::write(&file, &left).unwrap();
    assert_eq!(read_all(folder.path()), numbers(0, 400));
    open(folder.path()).append(&numbers(400, 10)).unwrap();
    assert_eq!(read_all(folder.path()), numbers(0, 410), "nothing is written to what is closed");
    assert_eq!(close(folder.path())[0], closed[0]);
    assert_eq!(files(folder.path()), ["2026-11-02.2.db.zst", "2026-11-02.db.zst"]);

    // One that holds something else is left for people to look at.
    rusqlite::Connection::open({
        fs::write(&file, &left).unwrap();
        &file
    })
    .unwrap()
    .execute("UPDATE batches SET checksum = 1", [])
    .unwrap();
    assert_eq!(close_day(folder.path(), date(DAY)).unwrap_err().kind(), ErrorKind::Damaged);
    assert!(file.exists());
}

/// Not a test but what the next one runs and kills: closes the day again and again, with records between.
#[test]
fn closer_that_is_killed() {
    let Some(folder) = child_folder() else { return };
    println!("begun");
    while close_day(&folder, date(DAY)).is_ok() {
        open(&folder).append(&[numbered(9_999_999)]).unwrap();
    }
}

#[test]
fn a_closer_that_is_killed_loses_nothing() {
    let mut dice = Dice::new(u64::from(std::process::id()));
    for round in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).append(&numbers(0, 3_000)).unwrap();
        let mut child = child("closing::closer_that_is_killed", folder.path()).spawn().unwrap();
        let start = Instant::now();
        let moment = Duration::from_millis(5 + dice.below(150));
        while start.elapsed() < moment {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let late = |records: &[AccessRecord]| records[3_000..].iter().all(|it| *it == numbered(9_999_999));
        let there = read_all(folder.path());
        assert!(there[..3_000] == numbers(0, 3_000) && late(&there), "round {round}");
        close(folder.path());
        assert!(read_all(folder.path()) == there, "round {round}");
        // Save for a file that was being made, and holds nothing.
        let names = files(folder.path());
        let unmade = |name: &str| names.contains(&format!("{}-journal", name.trim_end_matches("-journal")));
        let begun = |name: &str| std::fs::metadata(folder.path().join(name)).is_ok_and(|about| about.len() == 0);
        let packed = |name: &String| name.strip_suffix(".zst").is_some();
        assert!(names.iter().all(|name| packed(name) || unmade(name) || begun(name)), "{names:?}");
    }
}

/// Writers that do not know of the closing lose nothing by it.
#[test]
fn closing_beside_writers_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    open(&path).append(&numbers(0, 1)).unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let writing = std::thread::spawn({
        let (path, enough) = (path.clone(), enough.clone());
        move || {
            let mut log = open(&path);
            let mut next = 1;
            while !enough.load(Ordering::Relaxed) {
                // As the thread that writes does: what found no turn is tried again.
                match log.append(&numbers(next, 1)) {
                    Ok(()) => next += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Busy, "{error}"),
                }
            }
            next
        }
    });
    let mut closed = 0;
    while closed < 4 {
        assert!(!writing.is_finished(), "nothing more comes that could be closed");
        match close_day(&path, date(DAY)) {
            Ok(files) => closed = files.len(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Busy, "{error}"),
        }
    }
    enough.store(true, Ordering::Relaxed);
    let written = writing.join().unwrap();
    assert!(read_all(&path) == numbers(0, written));
}

#[test]
fn a_removed_day_is_gone_and_may_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let tomorrow = AccessRecord { at: at(NOON + 86_400_000), ..numbered(1) };
    log.append(&[numbered(0), tomorrow]).unwrap();
    close(folder.path());
    log.append(&numbers(1, 5)).unwrap();
    assert!(remove_day(folder.path(), date(DAY)).unwrap());
    assert!(!remove_day(folder.path(), date(DAY)).unwrap());
    assert_eq!(days(folder.path()).unwrap(), [date("2026-11-03")]);
    log.append(&numbers(6, 2)).unwrap();
    assert_eq!(read(folder.path(), date(DAY)).unwrap(), numbers(6, 2));
    assert!(belisha_store::names(folder.path(), date(DAY), &Everybody).is_ok());
}
