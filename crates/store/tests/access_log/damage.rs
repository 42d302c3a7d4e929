//! A damaged file gives an error or exactly what was written, and never a panic: bits that flip, pages that change
//! places, an end that is cut off, in the file or in the write-ahead log beside it.

use std::fs;
use std::path::Path;

use belisha_policy::AccessRecord;
use belisha_store::AccessLog;

use crate::support::{Dice, Everybody, date, numbers, open, read};

const FILE: &str = "2026-11-02.db";
const LOG: &str = "2026-11-02.db-wal";

/// What can be read of these bytes, or `None` where that is refused.
fn try_to_read(bytes: &[u8], log: Option<&[u8]>) -> Option<Vec<AccessRecord>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), bytes).unwrap();
    if let Some(log) = log {
        fs::write(folder.path().join(LOG), log).unwrap();
    }
    read(folder.path(), date("2026-11-02")).ok()
}

/// A closed file of many small batches.
fn undamaged(records: &[AccessRecord]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    for batch in records.chunks(40) {
        log.append(batch).unwrap();
    }
    drop(log);
    fs::read(folder.path().join(FILE)).unwrap()
}

#[test]
fn flipped_bits_are_found_or_do_not_matter() {
    let records = numbers(0, 400);
    let good = undamaged(&records);
    let mut dice = Dice::new(1);
    let header = (0..100 * 8).step_by(3);
    let anywhere: Vec<_> = (0..1_000).map(|_| dice.index(good.len() * 8)).collect();
    let mut found = 0;
    for bit in header.chain(anywhere) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        match try_to_read(&bad, None) {
            Some(read) => assert!(read == records, "bit {bit} changed what is read"),
            None => found += 1,
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn pages_in_each_others_place_are_found() {
    let records = numbers(0, 400);
    let good = undamaged(&records);
    let (mut dice, pages) = (Dice::new(2), good.len() / 4_096);
    for _ in 0..300 {
        let (one, other) = (dice.index(pages), dice.index(pages));
        let mut bad = good.clone();
        bad[one * 4_096..][..4_096].copy_from_slice(&good[other * 4_096..][..4_096]);
        bad[other * 4_096..][..4_096].copy_from_slice(&good[one * 4_096..][..4_096]);
        if let Some(read) = try_to_read(&bad, None) {
            assert!(read == records, "pages {one} and {other}");
        }
    }
}

#[test]
fn an_end_that_is_cut_off_is_found() {
    let records = numbers(0, 400);
    let good = undamaged(&records);
    let mut dice = Dice::new(3);
    for _ in 0..200 {
        let length = dice.index(good.len());
        if let Some(read) = try_to_read(&good[..length], None) {
            assert!(read == records, "cut to {length}");
        }
    }
}

/// SQLite cannot tell a damaged end of the write-ahead log from one that a crash cut off: it gives what came before.
#[test]
fn a_damaged_write_ahead_log_gives_an_earlier_state() {
    let folder = tempfile::tempdir().unwrap();
    let records = numbers(0, 400);
    let mut log = open(folder.path());
    for batch in records.chunks(40) {
        log.append(batch).unwrap();
    }
    let (file, good) = (fs::read(folder.path().join(FILE)).unwrap(), fs::read(folder.path().join(LOG)).unwrap());
    assert_eq!(try_to_read(&file, Some(&good)).as_ref(), Some(&records));
    let mut dice = Dice::new(4);
    for round in 0..200 {
        let at = dice.index(good.len());
        let mut bad = good.clone();
        if round % 3 == 0 {
            bad.truncate(at);
        } else {
            bad[at] ^= 1 << (round % 8);
        }
        if let Some(read) = try_to_read(&file, Some(&bad)) {
            assert!(records.starts_with(&read) && read.len().is_multiple_of(40), "byte {at} changed what is read");
        }
    }
}

#[test]
fn writing_to_a_damaged_file_fails_or_goes_on() {
    let records = numbers(0, 400);
    let good = undamaged(&records);
    let mut dice = Dice::new(5);
    for _ in 0..200 {
        let bit = dice.index(good.len() * 8);
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        append_to(&bad, &records);
    }
}

fn append_to(bytes: &[u8], before: &[AccessRecord]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), bytes).unwrap();
    let appended = append(folder.path()).is_ok();
    if let Ok(read) = read(folder.path(), date("2026-11-02")) {
        let (start, rest) = read.split_at(before.len().min(read.len()));
        assert!(start == before, "what stood there is another");
        assert_eq!(rest, if appended { numbers(400, 60) } else { vec![] });
    }
}

fn append(folder: &Path) -> Result<(), belisha_store::StoreError> {
    AccessLog::open(folder, Everybody)?.append(&numbers(400, 60))
}
