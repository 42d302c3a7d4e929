//! The access log: day files, a writer on a thread of its own, a reader.

mod cache;
mod code;
mod day;
mod dictionary;
mod file;
mod reader;
mod schema;
mod status;
mod writer;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf, absolute};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use belisha_policy::AccessRecord;
use chrono::DateTime;

use crate::StoreError;

use self::day::Day;
use self::file::{DayFile, Failure, Written};

pub use self::day::days;
pub use self::reader::{DayRecords, read_day};
pub use self::status::LogStatus;
pub use self::writer::{Limits, Writer};

/// Today's file, and one more around midnight.
const OPEN: usize = 2;
/// A file that is not the latest is closed when nothing came for it this long.
const IDLE: Duration = Duration::from_mins(10);

/// The access log of a folder, open for writing: one SQLite file for each day, named by the date in UTC
/// (`2026-11-23.db`). A record goes into the file of its own date, whenever it comes; within a file the order is that
/// of appending, whatever the clock said.
///
/// At most two files are open: the latest one written to and the one before. Files are in write-ahead mode, so that
/// readers in this and in other processes never wait for the writer, nor the writer for them. Several processes may
/// append to one folder; they take turns, and wait for each other up to five seconds.
///
/// Cost: about 2 µs and 35 bytes a record, and once for each day about twice the length of a host and once that of a
/// path (longer paths than 1,024 bytes each time); up to 130 MiB of memory for an open file, typically 16.
#[derive(Debug)]
pub struct AccessLog {
    folder: PathBuf,
    /// The latest used at the end.
    open: Vec<DayFile>,
    in_doubt: Vec<(Day, Box<Written>)>,
}

impl AccessLog {
    /// Opens the log of a folder, and makes the folder where there is none (on Unix for its owner alone).
    ///
    /// Today's file, where there is one, is opened and checked at once, so that a program can say at its start what
    /// is wrong; others when a record comes for them.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        // From here on the working folder does not matter, nor does a name that SQLite would take for a URI.
        let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
        make_folder(&folder).map_err(|error| StoreError::io(&folder, error))?;
        let mut log = Self { folder, open: Vec::new(), in_doubt: Vec::new() };
        if let Some(today) = today().filter(|today| today.file(&log.folder).exists()) {
            let file = log.take(today)?;
            log.keep(file);
        }
        Ok(log)
    }

    /// Appends records, each to the file of its day, in the order given. What is finer than a millisecond is cut off
    /// from `at`. Returns when all are committed.
    ///
    /// # Errors
    /// A file cannot be opened or written to. The days are written in the order of the calendar, one transaction
    /// each, and the first failure ends it: of the days before it all records are written, of the day itself and
    /// those after it none. Append those again, in the same order, at any later time; more records may follow them.
    /// (In the rare case that a commit both failed and took effect, the records are recognised and not doubled.)
    pub fn append(&mut self, records: &[AccessRecord]) -> Result<(), StoreError> {
        let mut by_day: BTreeMap<Day, Vec<&AccessRecord>> = BTreeMap::new();
        for record in records {
            by_day.entry(Day::of(record.at)).or_default().push(record);
        }
        for (day, records) in by_day {
            self.append_to(day, &records)?;
        }
        self.close_idle();
        Ok(())
    }

    fn append_to(&mut self, day: Day, records: &[&AccessRecord]) -> Result<(), StoreError> {
        let mut file = self.take(day)?;
        let there = match self.in_doubt.iter().find(|(of, _)| *of == day) {
            Some((_, earlier)) => file.there_already(earlier, records)?,
            None => 0,
        };
        let missing = records.get(there..).unwrap_or_default();
        if !missing.is_empty() {
            // On a failure the file is dropped, and with it what its dictionaries remember of the transaction.
            if let Err(Failure { error, in_doubt }) = file.append(missing) {
                if let Some(written) = in_doubt {
                    self.in_doubt.retain(|(of, _)| *of != day);
                    self.in_doubt.push((day, written));
                }
                return Err(error);
            }
        }
        self.in_doubt.retain(|(of, _)| *of != day);
        self.keep(file);
        Ok(())
    }

    /// The file of a day, taken out of those that are open, or opened.
    fn take(&mut self, day: Day) -> Result<DayFile, StoreError> {
        if let Some(at) = self.open.iter().position(|file| file.day() == day) {
            let file = self.open.remove(at);
            if file.is_in_place() {
                return Ok(file);
            }
        }
        DayFile::open(&self.folder, day)
    }

    fn keep(&mut self, file: DayFile) {
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push(file);
    }

    /// Closes what is not the latest file and has had no record for ten minutes. A closed file is one file, without
    /// the write-ahead log beside it.
    fn close_idle(&mut self) {
        if self.open.len() > 1 {
            self.open.retain(|file| file.idle() < IDLE);
        }
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn today() -> Option<Day> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    DateTime::from_timestamp(since.as_secs().try_into().ok()?, 0).map(Day::of)
}
