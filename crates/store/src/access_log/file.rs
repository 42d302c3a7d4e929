//! One day file, open for writing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use belisha_policy::AccessRecord;
use chrono::NaiveDate;
use rusqlite::{
    CachedStatement, Connection, OpenFlags, OptionalExtension, Statement, Transaction, TransactionBehavior, params,
};

use super::code::{Checksum, Whom};
use super::day::{Day, Part};
use super::dictionary::{Dictionaries, References};
use super::people::Table;
use super::schema::{self, Format, Found};
use super::shelf::{DayStore, Failure, Written};
use crate::StoreError;
use crate::sqlite::{Identity, settle};

/// Records under one checksum; readers hold as many in memory.
pub(super) const BATCH: usize = 2_048;

const ADD: &str = "INSERT INTO records (id, at, asker, host, path, answer, reason, bytes, duration_ms) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

#[derive(Debug)]
pub(super) struct DayFile {
    day: Day,
    path: PathBuf,
    /// Where the file stands when it is closed.
    closed: PathBuf,
    db: Connection,
    dictionaries: Dictionaries,
    identity: Option<Identity>,
    used: Instant,
}

impl DayFile {
    /// Opens the file of a day that takes records, or makes it. A file that is not ours is refused and stays as it is.
    pub(super) fn open(folder: &Path, day: Day) -> Result<Self, StoreError> {
        let mut part = Part::first(day);
        loop {
            let (path, closed) = (part.open(folder), part.closed(folder));
            if !exists(&closed)? && schema::look(&path)? != Found::Ours(Format::V1) {
                let connected = connect(day, &path).map_err(|error| StoreError::database(&path, error));
                let (db, dictionaries) = connected?;
                check_day(&db, &path, day)?;
                let identity = Identity::of(&path);
                return Ok(Self { day, path, closed, db, dictionaries, identity, used: Instant::now() });
            }
            part = part.next();
        }
    }

    pub(super) fn day(&self) -> Day {
        self.day
    }

    pub(super) fn idle(&self) -> Duration {
        self.used.elapsed()
    }

    /// Whether the file still stands where it stood, and is not closed: one that was moved, deleted or closed would take
    /// records that nobody finds.
    pub(super) fn is_in_place(&self) -> bool {
        self.identity.is_some() && Identity::of(&self.path) == self.identity && !self.closed.exists()
    }
}

impl DayStore for DayFile {
    fn holds(&mut self, earlier: &Written) -> Result<bool, StoreError> {
        let there: Option<i64> = self
            .db
            .query_row("SELECT checksum FROM batches WHERE last = ?1", [earlier.last()], |row| row.get(0))
            .optional()
            .map_err(|error| StoreError::database(&self.path, error))?;
        Ok(there.as_ref() == earlier.checksums.last())
    }

    fn append(&mut self, people: &mut Table, records: &[&AccessRecord]) -> Result<Written, Box<Failure>> {
        self.used = Instant::now();
        let Self { path, db, dictionaries, .. } = self;
        let failed = |error| Box::new(Failure { error: StoreError::database(path, error), in_doubt: None });
        let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate).map_err(failed)?;
        let mut refer = |_, record: &AccessRecord| dictionaries.refer(&transaction, people, record);
        let written = write(&transaction, &mut refer, records).map_err(failed)?;
        match transaction.commit() {
            Ok(()) => Ok(written),
            Err(error) => Err(Box::new(Failure { error: StoreError::database(path, error), in_doubt: Some(written) })),
        }
    }
}

fn connect(day: Day, path: &Path) -> rusqlite::Result<(Connection, Dictionaries)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags)?;
    settle(&db)?;
    schema::make(&mut db, day)?;
    // The header says that the file is ours before the write-ahead log begins, so that `look` need not read that.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    // In pages: 16 MiB. The default of 4 MiB writes the upper tables again four times as often.
    db.pragma_update(None, "wal_autocheckpoint", 4_096)?;
    db.pragma_update(None, "journal_size_limit", 16 << 20)?;
    // In KiB.
    db.pragma_update(None, "cache_size", -8_192)?;
    db.set_prepared_statement_cache_capacity(64);
    schema::explain(&db)?;
    let dictionaries = Dictionaries::of(&db)?;
    Ok((db, dictionaries))
}

/// Writes records. `refer` says what each refers to; its first argument is which of these records it is.
pub(super) fn write(
    db: &Connection,
    refer: &mut dyn FnMut(usize, &AccessRecord) -> rusqlite::Result<References>,
    records: &[&AccessRecord],
) -> rusqlite::Result<Written> {
    let mut adding = Adding::new(db)?;
    let first = adding.next;
    let mut add = statement(db)?;
    for (at, record) in records.iter().enumerate() {
        let of = refer(at, record)?;
        adding.add(db, &mut add, record, &of)?;
    }
    adding.finish(db)?;
    Ok(Written { first, records: records.len(), checksums: adding.checksums })
}

/// What adds a record: held for many of them, since looking it up for each takes a third of what adding takes.
pub(super) fn statement(db: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    db.prepare_cached(ADD)
}

/// Adds records to a file, and a checksum to each batch of them.
#[derive(Debug)]
pub(super) struct Adding {
    next: i64,
    /// The first of the batch that is being added.
    begin: i64,
    checksum: Checksum,
    checksums: Vec<i64>,
}

impl Adding {
    /// Behind the records that there are.
    pub(super) fn new(db: &Connection) -> rusqlite::Result<Self> {
        let next: i64 = db.query_row("SELECT coalesce(max(id), 0) + 1 FROM records", [], |row| row.get(0))?;
        Ok(Self { next, begin: next, checksum: Checksum::default(), checksums: Vec::new() })
    }

    pub(super) fn add(
        &mut self,
        db: &Connection,
        statement: &mut Statement<'_>,
        record: &AccessRecord,
        of: &References,
    ) -> rusqlite::Result<()> {
        self.checksum.add(record, Whom::Numbers(of.who));
        let (_, at) = Day::split(record.at);
        let (bytes, duration) = (record.bytes.cast_signed(), record.duration_ms);
        let row = params![self.next, at, of.asker, of.host, of.path, of.answer, of.reason, bytes, duration];
        statement.execute(row)?;
        self.next = self.next.saturating_add(1);
        if self.next.abs_diff(self.begin) >= BATCH as u64 {
            self.finish(db)?;
        }
        Ok(())
    }

    /// Ends the batch.
    pub(super) fn finish(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.next == self.begin {
            return Ok(());
        }
        let sum = std::mem::take(&mut self.checksum).get();
        let batch = params![self.next.saturating_sub(1), self.begin, sum];
        db.prepare_cached("INSERT INTO batches (last, first, checksum) VALUES (?1, ?2, ?3)")?.execute(batch)?;
        self.checksums.push(sum);
        self.begin = self.next;
        Ok(())
    }
}

fn exists(file: &Path) -> Result<bool, StoreError> {
    file.try_exists().map_err(|error| StoreError::io(file, error))
}

/// Refuses a file that stands under the name of another day.
pub(super) fn check_day(db: &Connection, path: &Path, day: Day) -> Result<(), StoreError> {
    let inside: String = db
        .query_row("SELECT value FROM about WHERE name = 'day'", [], |row| row.get(0))
        .map_err(|error| StoreError::database(path, error))?;
    match inside.parse::<NaiveDate>() {
        Ok(date) if Day::from(date) == day => Ok(()),
        Ok(date) => {
            let found = format!("it is the log of {date} under another name");
            Err(StoreError::Foreign { file: path.to_owned(), found })
        }
        Err(_) => Err(StoreError::damaged(path, "it does not say of which day it is")),
    }
}
