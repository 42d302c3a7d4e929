//! The access log: day files, a writer on a thread of its own, a reader.

mod cache;
mod code;
mod day;
mod dictionary;
mod file;
mod meanings;
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
    /// Transactions whose commit failed, in their order: they may have taken effect all the same.
    in_doubt: BTreeMap<Day, Vec<Written>>,
}

impl AccessLog {
    /// Opens the log of a folder, and makes the folder where there is none (on Unix for its owner alone).
    ///
    /// Today's file, where there is one, is opened and checked at once, so that a program can say at its start what
    /// is wrong; others when a record comes for them.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let mut log = Self::of_folder(folder)?;
        log.check_today()?;
        Ok(log)
    }

    fn of_folder(folder: &Path) -> Result<Self, StoreError> {
        // From here on the working folder does not matter, nor does a name that SQLite would take for a URI.
        let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
        make_folder(&folder).map_err(|error| StoreError::io(&folder, error))?;
        Ok(Self { folder, open: Vec::new(), in_doubt: BTreeMap::new() })
    }

    /// Opens today's file, where there is one.
    fn check_today(&mut self) -> Result<(), StoreError> {
        if let Some(today) = today().filter(|today| today.file(&self.folder).exists()) {
            let file = self.take(today)?;
            self.keep(file);
        }
        Ok(())
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
        let there = self.there_already(&file, records)?;
        let missing = records.get(there..).unwrap_or_default();
        if !missing.is_empty()
            && let Err(failure) = file.append(missing)
        {
            // The file is closed, and with it goes what its dictionaries remember of the transaction.
            let Failure { error, in_doubt } = *failure;
            self.in_doubt.entry(day).or_default().extend(in_doubt);
            return Err(error);
        }
        self.in_doubt.remove(&day);
        self.keep(file);
        Ok(())
    }

    /// How many of these records earlier calls have written after all.
    fn there_already(&mut self, file: &DayFile, records: &[&AccessRecord]) -> Result<usize, StoreError> {
        let Some(in_doubt) = self.in_doubt.get_mut(&file.day()) else { return Ok(0) };
        let (mut there, mut held) = (0, 0);
        for earlier in in_doubt.iter() {
            if !file.holds(earlier, records.get(there..).unwrap_or_default())? {
                break;
            }
            there += earlier.records();
            held += 1;
        }
        // What is not there now never will be; and what came after it was only tried when it was there.
        in_doubt.truncate(held);
        Ok(there)
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

#[cfg(test)]
mod tests {
    use belisha_policy::{Policy, Profile};

    use super::*;

    fn records(bytes: std::ops::Range<u64>) -> Vec<AccessRecord> {
        let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![]).unwrap();
        let (address, at) = ("192.0.2.7".parse().unwrap(), DateTime::from_timestamp(1_793_620_800, 0).unwrap());
        let record = AccessRecord::new(at, &policy.identify(address), address);
        bytes.map(|bytes| AccessRecord { bytes, ..record.clone() }).collect()
    }

    /// Appends as a call would that commits and then fails.
    fn append_and_fail(log: &mut AccessLog, records: &[AccessRecord]) {
        let records: Vec<_> = records.iter().collect();
        let mut file = log.take(Day::of(records[0].at)).unwrap();
        let there = log.there_already(&file, &records).unwrap();
        let written = file.append(&records[there..]).unwrap();
        log.in_doubt.entry(file.day()).or_default().push(written);
    }

    fn read(folder: &Path) -> Vec<AccessRecord> {
        read_day(folder, days(folder).unwrap()[0]).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn commits_that_failed_and_took_effect_are_not_doubled() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = AccessLog::open(folder.path()).unwrap();
        log.append(&records(0..10)).unwrap();
        append_and_fail(&mut log, &records(10..5_000));
        append_and_fail(&mut log, &records(10..5_003));
        log.append(&records(10..5_005)).unwrap();
        log.append(&records(5_005..5_010)).unwrap();
        assert!(read(folder.path()) == records(0..5_010));
    }

    #[test]
    fn a_commit_that_failed_and_took_no_effect_is_made_up_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = AccessLog::open(folder.path()).unwrap();
        append_and_fail(&mut log, &records(0..10));
        let file = Day::of(records(0..1)[0].at).file(folder.path());
        std::fs::remove_file(file).unwrap();
        log.append(&records(0..10)).unwrap();
        assert!(read(folder.path()) == records(0..10));
    }

    #[test]
    fn other_records_after_a_commit_in_doubt_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = AccessLog::open(folder.path()).unwrap();
        append_and_fail(&mut log, &records(0..10));
        log.append(&records(20..30)).unwrap();
        let expected = [records(0..10), records(20..30)].concat();
        assert!(read(folder.path()) == expected);
    }
}
