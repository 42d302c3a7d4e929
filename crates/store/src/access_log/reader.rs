//! Reading a day back.

use core::fmt::Write as _;
use core::iter::FusedIterator;
use std::fs;
use std::io;
use std::path::{Path, PathBuf, absolute};
use std::vec::IntoIter;

use belisha_policy::AccessRecord;
use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi};

use super::code::checksum;
use super::day::Day;
use super::file::{BATCH, check_day, settle};
use super::meanings::Meanings;
use super::schema::{self, Found};
use crate::StoreError;

/// Reads the log of a day (in UTC), in the order in which it was appended, as it was when this was called: what is
/// written meanwhile is not in it. The file is opened for reading only, and may be in use by a writer; neither waits
/// for the other. (SQLite may leave two files beside it, `-wal` and `-shm`. They belong to it: move, copy and delete
/// them with it.)
///
/// Each record is equal to the one that was appended, with `at` cut to the millisecond (a leap second becomes the
/// second after it).
///
/// # Errors
/// There is no file of that day (or one that is just being made), or it is not ours, of a later version, or cannot be
/// read. Damage within the file shows while reading.
pub fn read_day(folder: &Path, date: NaiveDate) -> Result<DayRecords, StoreError> {
    let day = Day::from(date);
    let file = absolute(day.file(folder)).map_err(|error| StoreError::io(folder, error))?;
    if schema::look(&file)? != Found::Ours {
        return Err(StoreError::Missing { file });
    }
    let db = match connect(&file) {
        Ok(db) => db,
        // Only the making of a file uses a rollback journal: it was cut short, and there are no records yet.
        Err(error) if extended_code(&error) == Some(ffi::SQLITE_READONLY_ROLLBACK) => {
            return Err(StoreError::Missing { file });
        }
        Err(error) => return Err(StoreError::database(&file, error)),
    };
    check_day(&db, &file, day)?;
    let last = last(&db, &file)?;
    Ok(DayRecords { db, day, file, next: 1, last, ready: IntoIter::default(), meanings: Meanings::default() })
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    match db.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())) {
        // In a folder that cannot be written to, SQLite opens a file in write-ahead mode only on the promise that
        // nobody writes. Should somebody begin to, the checksums tell.
        Err(error) if needs_folder(&error) && !has_log(file) => {
            let db = Connection::open_with_flags(unchanging(file), flags | OpenFlags::SQLITE_OPEN_URI)?;
            settle(&db)?;
            Ok(db)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(db),
    }
}

fn needs_folder(error: &rusqlite::Error) -> bool {
    let codes = [ffi::SQLITE_CANTOPEN, ffi::SQLITE_READONLY_CANTINIT, ffi::SQLITE_READONLY_DIRECTORY];
    extended_code(error).is_some_and(|code| codes.contains(&code))
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

fn has_log(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    match fs::metadata(log) {
        Ok(log) => log.len() > 0,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The file as an SQLite URI that promises that nobody writes to it.
fn unchanging(file: &Path) -> String {
    let escaped = file.as_os_str().as_encoded_bytes().iter().fold(String::from("file://"), |mut uri, byte| {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            _ => {
                // Writing to a `String` cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri
    });
    escaped + "?immutable=1"
}

/// The id of the last record. Records and batches must agree on it, or one of them has lost its end.
fn last(db: &Connection, file: &Path) -> Result<i64, StoreError> {
    // One statement, so that a writer cannot come between.
    let both = "SELECT coalesce((SELECT max(id) FROM records), 0), coalesce((SELECT max(last) FROM batches), 0)";
    let (records, batches): (i64, i64) = db
        .query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(|error| StoreError::database(file, error))?;
    if records == batches && records >= 0 {
        return Ok(records);
    }
    Err(StoreError::damaged(
        file,
        format!("the last record has number {records}, and the last checksum is for {batches}"),
    ))
}

/// The records of a day, from [`read_day`]. Holds up to 2,048 of them in memory. After an error it ends: no record
/// is given that has not been checked, and none after a gap.
#[derive(Debug)]
pub struct DayRecords {
    db: Connection,
    day: Day,
    file: PathBuf,
    next: i64,
    last: i64,
    ready: IntoIter<AccessRecord>,
    meanings: Meanings,
}

impl DayRecords {
    /// How many records there are, those included that were given already.
    pub fn total(&self) -> u64 {
        self.last.unsigned_abs()
    }

    fn read_batch(&mut self) -> Result<Vec<AccessRecord>, StoreError> {
        let Self { db, day, file, next, meanings, .. } = self;
        let failed = |error| StoreError::database(file, error);
        // For the time of a batch, so that not every look-up asks for the lock, and the writer is not kept from
        // ending its write-ahead log.
        let _reading = db.unchecked_transaction().map_err(failed)?;
        let (until, expected) = batch_from(db, *next)
            .map_err(failed)?
            .ok_or_else(|| StoreError::damaged(file, format!("record {next} has no checksum")))?;
        let records = meanings.records(db, *day, *next, until).map_err(failed)?;
        if checksum(&records) != expected {
            return Err(StoreError::damaged(
                file,
                format!("records {next} to {until} are not those that were written"),
            ));
        }
        *next = until.saturating_add(1);
        Ok(records)
    }
}

impl Iterator for DayRecords {
    type Item = Result<AccessRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.ready.next() {
            return Some(Ok(record));
        }
        if self.next > self.last {
            return None;
        }
        match self.read_batch() {
            Ok(records) => {
                self.ready = records.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => {
                self.next = i64::MAX;
                self.last = 0;
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for DayRecords {}

/// The end and the checksum of the batch that begins with a record; `None` where there is none of a size that we write.
fn batch_from(db: &Connection, first: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT first, last, checksum FROM batches WHERE last >= ?1 ORDER BY last LIMIT 1";
    let found: Option<(i64, i64, i64)> =
        db.prepare_cached(sql)?.query_row([first], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let fits = |(begin, last, _): &(i64, i64, i64)| *begin == first && last.abs_diff(first) < BATCH as u64;
    Ok(found.filter(fits).map(|(_, last, checksum)| (last, checksum)))
}
