//! The journal in one SQLite file, for the programs of one machine.
//!
//! Write-ahead logging, and every commit is on the disk before anybody hears of it. Readers never wait for the writer
//! nor the writer for them; writers of several processes take turns.

mod read;
mod write;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf, absolute};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::sqlite::{self, Identity, Kind, NotOurs};
use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::{Found, Plan, Tail, Wanted};
use super::row::{End, Receipt, Row, RowRef};
use super::session::{Session, Store, StoredTask};
use super::{IdempotencyKey, NewTask, TaskId};

/// `Blsj`, in the header of the file: this is a journal of ours.
const KIND: Kind = Kind { application_id: 0x426C_736A, version: 1 };

/// `docs/journal-format.md` says what stands where. Streams have small numbers, in the order in which they began, so
/// that those in use lie side by side; keys of receipts are made so that those of one time do. Payloads come last: a
/// long one spills over, and what stands before it is found without it.
const TABLES: &str = "
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
  position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL, previous INTEGER NOT NULL,
  class INTEGER NOT NULL, at INTEGER NOT NULL, key BLOB, hash BLOB NOT NULL, erased BLOB, payload BLOB
);
CREATE TABLE streams (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, last INTEGER NOT NULL
);
CREATE TABLE receipts (
  key BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE tasks (
  id BLOB PRIMARY KEY, role TEXT NOT NULL, due INTEGER NOT NULL, settled INTEGER NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX owed ON tasks (due) WHERE settled = 0;
CREATE TABLE leases (name TEXT PRIMARY KEY, holder BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
";

/// Where a journal is.
pub(super) struct File {
    path: PathBuf,
    place: String,
    school: SchoolId,
}

impl File {
    /// Looks whether it may be used, and makes it where there is none.
    pub(super) fn new(file: &Path, school: SchoolId) -> Result<Self, JournalError> {
        // From here on the working folder does not matter, nor does a name that SQLite would take for a URI.
        let path = absolute(file).map_err(|source| JournalError::Io { file: file.to_owned(), source })?;
        let store = Self { place: path.display().to_string(), path, school };
        let mut session = store.open()?;
        // What an erasure left in the log, when the program ended before it could clear it.
        session.clear();
        Ok(store)
    }

    fn open(&self) -> Result<SqliteSession, JournalError> {
        let file = || self.path.clone();
        match sqlite::look(&self.path, KIND) {
            Ok(sqlite::Found::Ours(_)) => self.check_school_from_outside()?,
            Ok(sqlite::Found::Nothing) => self.make_file()?,
            Ok(sqlite::Found::Unmade) => {}
            Err(NotOurs::Io(source)) => return Err(JournalError::Io { file: file(), source }),
            Err(NotOurs::Foreign(found)) => return Err(JournalError::Foreign { file: file(), found }),
            Err(NotOurs::Newer(version)) => {
                return Err(JournalError::Newer { file: file(), version, known: KIND.version });
            }
        }
        let school = self.school;
        let tables = format!("{TABLES} INSERT INTO about VALUES ('school', X'{school}');");
        let db = sqlite::open(&self.path, KIND, &tables).and_then(settle);
        let db = db.map_err(|error| JournalError::sqlite(&self.place, error))?;
        self.check_school(&db)?;
        Ok(SqliteSession::new(db, self))
    }

    /// A journal of another school must stay as it is to the last byte, and SQLite may tidy up in what it opens. The
    /// school was written before the log of the file began, so the file alone tells.
    fn check_school_from_outside(&self) -> Result<(), JournalError> {
        let escaped = self.place.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).and_then(|db| school_of(&db)) {
            Ok(Some(theirs)) if theirs.len() == 16 && theirs != self.school.as_bytes() => {
                Err(JournalError::OtherSchool { place: self.place.clone() })
            }
            // What is wrong with it otherwise shows when it is opened in earnest.
            _ => Ok(()),
        }
    }

    fn check_school(&self, db: &Connection) -> Result<(), JournalError> {
        match school_of(db).map_err(|error| JournalError::sqlite(&self.place, error))? {
            Some(theirs) if theirs == self.school.as_bytes() => Ok(()),
            Some(theirs) if theirs.len() == 16 => Err(JournalError::OtherSchool { place: self.place.clone() }),
            _ => Err(JournalError::damaged(&self.place, "it does not say whose it is")),
        }
    }

    /// For its owner alone; SQLite gives the files beside it the same rights.
    fn make_file(&self) -> Result<(), JournalError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path).map(drop).map_err(|source| JournalError::Io { file: self.path.clone(), source })
    }
}

fn school_of(db: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    db.query_row("SELECT value FROM about WHERE name = 'school'", [], |row| row.get(0)).optional()
}

fn settle(mut db: Connection) -> rusqlite::Result<Connection> {
    db.busy_handler(Some(wait_a_moment))?;
    // In pages. A log of 16 MiB is written over and over, which spares the disk the news of a file that grows.
    db.pragma_update(None, "wal_autocheckpoint", 4_096)?;
    db.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // In KiB.
    db.pragma_update(None, "cache_size", -16_384)?;
    // What is erased is overwritten, and not just marked as free.
    db.pragma_update(None, "secure_delete", true)?;
    db.set_prepared_statement_cache_capacity(48);
    Ok(db)
}

/// Another process is writing. It will not take long, so neither should the wait: some ten seconds at most.
fn wait_a_moment(times: i32) -> bool {
    sleep(Duration::from_micros(match times {
        0..50 => 100,
        50..500 => 1_000,
        _ => 10_000,
    }));
    times < 1_450
}

impl Store for File {
    fn session(&self) -> Result<Box<dyn Session>, JournalError> {
        Ok(Box::new(self.open()?))
    }

    fn place(&self) -> &str {
        &self.place
    }
}

struct SqliteSession {
    db: Connection,
    path: PathBuf,
    place: String,
    school: SchoolId,
    identity: Option<Identity>,
    /// The ids of the streams, by their numbers.
    names: Vec<StreamId>,
    /// Erased payloads may still be in the log.
    uncleared: bool,
}

impl SqliteSession {
    fn new(db: Connection, file: &File) -> Self {
        Self {
            db,
            path: file.path.clone(),
            place: file.place.clone(),
            school: file.school,
            identity: Identity::of(&file.path),
            names: Vec::new(),
            uncleared: false,
        }
    }

    fn error(&self, error: rusqlite::Error) -> JournalError {
        JournalError::sqlite(&self.place, error)
    }

    fn execute(&self, sql: &str) -> Result<(), JournalError> {
        self.db.prepare_cached(sql).and_then(|mut it| it.execute([])).map(drop).map_err(|error| self.error(error))
    }

    /// Empties the log, where nobody is reading an older state; else at another time.
    fn clear(&mut self) {
        let mut empty = || -> rusqlite::Result<bool> {
            self.db.busy_timeout(Duration::from_millis(50))?;
            let busy: i64 = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            self.db.busy_handler(Some(wait_a_moment))?;
            Ok(busy == 0)
        };
        self.uncleared = !empty().unwrap_or(false);
    }

    /// A file that was moved or deleted would take events that nobody finds.
    fn check_in_place(&self) -> Result<(), JournalError> {
        if self.identity.is_some() && Identity::of(&self.path) == self.identity {
            return Ok(());
        }
        Err(JournalError::damaged(&self.place, "the file was moved or replaced while it was in use"))
    }
}

impl Session for SqliteSession {
    fn begin(&mut self) -> Result<Tail, JournalError> {
        self.check_in_place()?;
        self.execute("BEGIN IMMEDIATE")?;
        write::tail(&self.db, self.school).map_err(|error| self.error(error))
    }

    fn look_up(&mut self, wanted: &Wanted) -> Result<Found, JournalError> {
        write::look_up(&self.db, wanted).map_err(|error| self.error(error))
    }

    fn write(&mut self, plan: &Plan) -> Result<(), JournalError> {
        self.uncleared |= !plan.erased.is_empty();
        write::write(&self.db, plan).map_err(|error| self.error(error))
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        self.execute("COMMIT")?;
        if self.uncleared {
            self.clear();
        }
        Ok(())
    }

    fn roll_back(&mut self) {
        // Where there is nothing to roll back, SQLite has done it.
        if !self.db.is_autocommit() {
            let _ = self.execute("ROLLBACK");
        }
    }

    fn harden(&mut self) -> Result<(), JournalError> {
        let busy: i64 = self
            .db
            .query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get(0))
            .map_err(|error| self.error(error))?;
        if busy == 0 { Ok(()) } else { Err(JournalError::damaged(&self.place, "its log cannot be put away")) }
    }

    fn tidy(&mut self) {
        if self.uncleared {
            self.clear();
        }
    }

    fn snapshot(&mut self) -> Result<(), JournalError> {
        self.execute("BEGIN")
    }

    fn head(&mut self) -> Result<Head, JournalError> {
        write::head(&self.db, self.school).map_err(|error| self.error(error))
    }

    fn hash_at(&mut self, position: u64) -> Result<Option<Hash>, JournalError> {
        read::hash_at(&self.db, position).map_err(|error| self.error(error))
    }

    fn scan(&mut self, from: u64, most: u64, each: &mut dyn FnMut(RowRef<'_>)) -> Result<(), JournalError> {
        let Self { db, names, .. } = self;
        read::scan(db, names, from, most, each).map_err(|error| JournalError::sqlite(&self.place, error))
    }

    fn end(&mut self, stream: StreamId) -> Result<Option<End>, JournalError> {
        read::end(&self.db, stream).map_err(|error| self.error(error))
    }

    fn streams(&mut self, after: u64, most: u64) -> Result<Vec<(StreamId, End)>, JournalError> {
        read::streams(&self.db, after, most).map_err(|error| self.error(error))
    }

    fn receipts(
        &mut self,
        after: Option<IdempotencyKey>,
        most: u64,
    ) -> Result<Vec<(IdempotencyKey, Receipt)>, JournalError> {
        read::receipts(&self.db, after, most).map_err(|error| self.error(error))
    }

    fn tasks(&mut self, after: Option<TaskId>, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        read::tasks(&self.db, after, most).map_err(|error| self.error(error))
    }

    fn owed(&mut self, until: i64, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        read::owed(&self.db, until, most).map_err(|error| self.error(error))
    }

    fn owe(&mut self, task: &NewTask) -> Result<(), JournalError> {
        write::owe(&self.db, task).map_err(|error| self.error(error))
    }

    fn settle(&mut self, id: TaskId) -> Result<bool, JournalError> {
        write::settle(&self.db, id).map_err(|error| self.error(error))
    }

    fn lease(&mut self, name: &str, holder: [u8; 16], now: i64, until: i64) -> Result<bool, JournalError> {
        write::lease(&self.db, name, holder, now, until).map_err(|error| self.error(error))
    }

    fn release(&mut self, name: &str, holder: [u8; 16]) -> Result<(), JournalError> {
        write::release(&self.db, name, holder).map_err(|error| self.error(error))
    }

    fn begin_import(&mut self) -> Result<bool, JournalError> {
        let tail = self.begin()?;
        Ok(tail.head.position == 0 && self.tasks(None, 1)?.is_empty())
    }

    fn import_rows(&mut self, rows: &[(u64, Row)]) -> Result<(), JournalError> {
        write::rows(&self.db, rows).map_err(|error| self.error(error))
    }

    fn import_streams(&mut self, streams: &[(StreamId, End)]) -> Result<(), JournalError> {
        write::ends(&self.db, streams, 0).map_err(|error| self.error(error))
    }

    fn import_receipts(&mut self, receipts: &[(IdempotencyKey, Receipt)]) -> Result<(), JournalError> {
        write::receipts(&self.db, receipts).map_err(|error| self.error(error))
    }

    fn import_tasks(&mut self, tasks: &[StoredTask]) -> Result<(), JournalError> {
        tasks.iter().try_for_each(|task| write::task(&self.db, task)).map_err(|error| self.error(error))
    }
}
