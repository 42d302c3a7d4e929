//! Reading one file of a day, open or closed.

use core::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi};

use super::closed;
use super::day::{Day, Part};
use super::file::{BATCH, check_day};
use super::lookup::{Names, SealedNames};
use super::meanings::Meanings;
use super::people::{Kind, Logged};
use super::reader::Batches;
use super::schema::{self, Format, Found};
use super::{PeopleOpener, StoreError};
use crate::sqlite::{beside, settle};

const NAMELESS: &str = "SELECT count(*) FROM askers a \
                        WHERE a.person NOT IN (SELECT number FROM names WHERE kind = 1 UNION SELECT 0) \
                        OR a.device NOT IN (SELECT number FROM names WHERE kind = 2 UNION SELECT 0)";

/// The records of one file.
#[derive(Debug)]
pub(super) struct FileRecords {
    db: Connection,
    format: Format,
    day: Day,
    file: PathBuf,
    next: i64,
    last: i64,
    meanings: Meanings,
}

impl FileRecords {
    /// Opens a file of a day, the closed one where there is one; `None` where there is no file, or one that is just
    /// being made.
    pub(super) fn open(folder: &Path, part: Part) -> Result<Option<Self>, StoreError> {
        let closed = part.closed(folder);
        let packed = || {
            let opened = closed::open(&closed)?;
            opened.map(|(db, format)| Self::of(db, format, part.day, closed.clone())).transpose()
        };
        if let Some(packed) = packed()? {
            return Ok(Some(packed));
        }
        match Self::open_plain(&part.open(folder), part.day) {
            Ok(Some(open)) => Ok(Some(open)),
            // It may have been closed since we looked.
            other => packed()?.map_or(other, |packed| Ok(Some(packed))),
        }
    }

    /// Opens an open file.
    pub(super) fn open_plain(file: &Path, day: Day) -> Result<Option<Self>, StoreError> {
        let Found::Ours(format) = schema::look(file)? else { return Ok(None) };
        match connect(file) {
            Ok(db) => Self::of(db, format, day, file.to_owned()).map(Some),
            // Only the making of a file uses a rollback journal: it was cut short, and there are no records yet.
            Err(error) if extended_code(&error) == Some(ffi::SQLITE_READONLY_ROLLBACK) => Ok(None),
            Err(error) => Err(StoreError::database(file, error)),
        }
    }

    /// Reads what stands in a database, whatever it is called.
    pub(super) fn of(db: Connection, format: Format, day: Day, file: PathBuf) -> Result<Self, StoreError> {
        check_day(&db, &file, day)?;
        let last = last(&db, &file)?;
        Ok(Self { db, format, day, file, next: 1, last, meanings: Meanings::new(format) })
    }

    pub(super) fn database(&mut self) -> &mut Connection {
        &mut self.db
    }

    /// The last checksum: two files with the same one and as many records hold the same records.
    pub(super) fn end(&self) -> Result<(i64, Option<i64>), StoreError> {
        let sql = "SELECT checksum FROM batches ORDER BY last DESC LIMIT 1";
        let sum = self.db.query_row(sql, [], |row| row.get(0)).optional();
        Ok((self.last, sum.map_err(|error| StoreError::database(&self.file, error))?))
    }

    /// Checks all records that were not given yet, and gives none.
    pub(super) fn check(&mut self) -> Result<(), StoreError> {
        let check = |meanings: &mut Meanings, db: &Connection, day, first, last| {
            Ok(((), meanings.checksum(db, day, first, last)?))
        };
        while self.batch(check)?.is_some() {}
        Ok(())
    }

    /// What is made of the next batch, whose checksum is given with it; `None` at the end.
    fn batch<T>(
        &mut self,
        read: impl FnOnce(&mut Meanings, &Connection, Day, i64, i64) -> rusqlite::Result<(T, i64)>,
    ) -> Result<Option<T>, StoreError> {
        if self.next > self.last {
            return Ok(None);
        }
        let Self { db, day, file, next, meanings, .. } = self;
        let failed = |error| StoreError::database(file, error);
        // For the time of a batch, so that not every look-up asks for the lock, and the writer is not kept from
        // ending its write-ahead log.
        let _reading = db.unchecked_transaction().map_err(failed)?;
        let (until, expected) = batch_from(db, *next)
            .map_err(failed)?
            .ok_or_else(|| StoreError::damaged(file, format!("record {next} has no checksum")))?;
        let (made, sum) = read(meanings, db, *day, *next, until).map_err(failed)?;
        if sum != expected {
            return Err(StoreError::damaged(
                file,
                format!("records {next} to {until} are not those that were written"),
            ));
        }
        *next = until.saturating_add(1);
        Ok(Some(made))
    }

    fn sealed(&self) -> rusqlite::Result<SealedNames> {
        let mut sealed = SealedNames::default();
        let mut keys = self.db.prepare("SELECT id, sealed FROM keys ORDER BY id")?;
        for key in keys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            sealed.keys.push(key?);
        }
        let mut names = self.db.prepare("SELECT number, kind, key, sealed FROM names")?;
        for name in names.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))? {
            sealed.names.push(name?);
        }
        sealed.nameless = self.db.query_row(NAMELESS, [], |row| row.get(0))?;
        Ok(sealed)
    }

    /// The names of a file of version 1, which stand there in clear.
    fn clear_names(&self) -> rusqlite::Result<Vec<(i64, Box<str>)>> {
        let mut people = self.db.prepare("SELECT id, text FROM people")?;
        people.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}

impl Batches for FileRecords {
    fn total(&self) -> u64 {
        self.last.unsigned_abs()
    }

    fn next_batch(&mut self) -> Result<Option<Vec<Logged>>, StoreError> {
        self.batch(Meanings::records)
    }

    fn sealed_names(&mut self) -> Result<Option<SealedNames>, StoreError> {
        match self.format {
            Format::V1 => Ok(None),
            Format::V2 => self.sealed().map(Some).map_err(|error| StoreError::database(&self.file, error)),
        }
    }

    fn names(&mut self, opener: &dyn PeopleOpener) -> Result<Names, StoreError> {
        let failed = |error| StoreError::database(&self.file, error);
        let damaged = |found: &str| StoreError::damaged(&self.file, found);
        match self.format {
            Format::V1 => Names::in_clear(self.clear_names().map_err(failed)?, Kind::Person)
                .ok_or_else(|| damaged("a person has no number that ever was")),
            Format::V2 => self.sealed().map_err(failed)?.open(self.day, opener, damaged),
        }
    }
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
    match fs::metadata(beside(file, "-wal")) {
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

/// The end and the checksum of the batch that begins with a record; `None` where there is none of a size that we write.
fn batch_from(db: &Connection, first: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT first, last, checksum FROM batches WHERE last >= ?1 ORDER BY last LIMIT 1";
    let found: Option<(i64, i64, i64)> =
        db.prepare_cached(sql)?.query_row([first], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let fits = |(begin, last, _): &(i64, i64, i64)| *begin == first && last.abs_diff(first) < BATCH as u64;
    Ok(found.filter(fits).map(|(_, last, checksum)| (last, checksum)))
}
