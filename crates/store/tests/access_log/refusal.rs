//! A file that is not ours, or is of another version or day, is refused with a message that helps, by writer and
//! reader alike, and stays as it is.

use std::fs;
use std::path::Path;
use std::sync::{Arc, mpsc};

use belisha_store::{AccessLog, ErrorKind, Limits, LogStatus, StoreError, Writer, read_day};

use crate::support::{Everybody, date, numbers, open, read_all};

const FILE: &str = "2026-11-02.db";

/// What writer and reader say of a file, which must not change.
fn refused(folder: &Path, kind: ErrorKind) -> String {
    let before = fs::read(folder.join(FILE)).unwrap();
    let errors: [StoreError; 2] =
        [open(folder).append(&numbers(0, 3)).unwrap_err(), read_day(folder, date("2026-11-02")).unwrap_err()];
    assert!(fs::read(folder.join(FILE)).unwrap() == before, "it was changed");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "something was put beside it");
    let [writing, reading] = errors.map(|error| {
        assert_eq!(error.kind(), kind, "{error}");
        error.to_string()
    });
    assert_eq!(writing, reading);
    assert!(writing.contains(FILE) && writing.contains("move"), "{writing}");
    writing
}

fn database(folder: &Path, sql: &str) {
    rusqlite::Connection::open(folder.join(FILE)).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    for content in [&b"notes of a meeting"[..], &[0; 8_192], b"SQLite format 3\0 and no more"] {
        fs::write(folder.path().join(FILE), content).unwrap();
        assert!(refused(folder.path(), ErrorKind::Foreign).contains("is not an access log"));
    }
}

#[test]
fn a_database_of_another_program() {
    let folder = tempfile::tempdir().unwrap();
    database(folder.path(), "PRAGMA journal_mode = WAL; CREATE TABLE records (id INTEGER PRIMARY KEY)");
    assert!(refused(folder.path(), ErrorKind::Foreign).contains("another program"));
}

#[test]
fn a_file_of_a_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 3)).unwrap();
    database(folder.path(), "PRAGMA user_version = 7");
    let error = refused(folder.path(), ErrorKind::Newer);
    assert!(error.contains("format 7") && error.contains("up to 2") && error.contains("newer version of"), "{error}");
}

#[test]
fn a_file_of_a_version_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 3)).unwrap();
    database(folder.path(), "PRAGMA user_version = 0");
    refused(folder.path(), ErrorKind::Foreign);
}

#[test]
fn a_file_of_another_day() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 3)).unwrap();
    fs::rename(folder.path().join(FILE), folder.path().join("2026-11-03.db")).unwrap();
    let error = read_day(folder.path(), date("2026-11-03")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Foreign);
    assert!(error.to_string().contains("2026-11-02 under another name"), "{error}");
}

#[test]
fn an_empty_file_is_taken_for_one_whose_making_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), b"").unwrap();
    assert_eq!(read_day(folder.path(), date("2026-11-02")).unwrap_err().kind(), ErrorKind::Missing);
    open(folder.path()).append(&numbers(0, 3)).unwrap();
    assert_eq!(read_all(folder.path()), numbers(0, 3));
}

#[test]
fn a_program_learns_at_its_start_that_the_folder_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access");
    fs::write(&file, b"a file where the folder should be").unwrap();
    let (_sender, incoming) = mpsc::channel();
    let error =
        Writer::spawn(file, Everybody, incoming, Limits::default(), Arc::new(LogStatus::default())).unwrap_err();
    assert!(error.to_string().contains("access"), "{error}");
}

/// Only today's file is looked at when a log is opened, so this one has to be named by the clock.
#[test]
fn a_program_learns_at_its_start_that_todays_file_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    block_today(folder.path());
    assert_eq!(AccessLog::open(folder.path(), Everybody).unwrap_err().kind(), ErrorKind::Foreign);
}

#[test]
fn a_writer_starts_all_the_same_and_raises_the_alarm() {
    let folder = tempfile::tempdir().unwrap();
    block_today(folder.path());
    let (sender, incoming) = mpsc::channel();
    let status = Arc::new(LogStatus::default());
    let writer = Writer::spawn(folder.path(), Everybody, incoming, Limits::default(), Arc::clone(&status)).unwrap();
    let wait_for = |failing| {
        while status.failing() != failing {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    wait_for(true);
    assert_eq!(status.last_error(), Some(ErrorKind::Foreign));
    for day in belisha_store::days(folder.path()).unwrap() {
        fs::remove_file(folder.path().join(format!("{day}.db"))).unwrap();
    }
    wait_for(false);
    sender.send(numbers(0, 1).remove(0)).unwrap();
    drop(sender);
    writer.join();
    assert_eq!(read_all(folder.path()), numbers(0, 1));
}

fn block_today(folder: &Path) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for second in [now, now + 60] {
        let day = chrono::DateTime::from_timestamp(second.cast_signed(), 0).unwrap().date_naive();
        fs::write(folder.join(format!("{day}.db")), b"notes of a meeting").unwrap();
    }
}
