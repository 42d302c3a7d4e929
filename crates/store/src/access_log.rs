//! The access log: day files or a server's partitions, a writer on a thread of its own, a reader.

mod cache;
mod carry;
mod closed;
mod code;
mod copy;
mod counting;
mod day;
mod dictionary;
mod file;
mod file_reader;
mod intake;
mod json;
mod lookup;
mod meanings;
mod people;
mod place;
mod postgres;
mod reader;
mod same;
mod schema;
mod server;
mod shelf;
mod status;
mod turn;
mod writer;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::path::{Path, absolute};
use std::time::{SystemTime, UNIX_EPOCH};

use belisha_policy::AccessRecord;
use chrono::DateTime;

use crate::StoreError;

use self::day::Day;
use self::people::People;
use self::server::Server;
use self::shelf::{Folder, InDoubt};

pub(crate) use self::postgres::SCHEMA;

pub use self::carry::carry_day;
pub use self::closed::{ClosedFile, close_day};
pub use self::copy::{LogFile, copy_log, log_file_day, put_log_file};
pub use self::counting::{SchoolHours, count_day};
pub use self::intake::{Intake, intake_done, intake_left};
pub use self::json::{JsonLinesError, json_lines};
pub use self::lookup::{Names, names, person_day};
pub use self::people::{DayNumber, Logged, PeopleOpener, PeopleSeal, SealFault, SealedToNobody};
pub use self::place::{Place, days, read_day, remove_day};
pub use self::reader::DayRecords;
pub use self::status::LogStatus;
pub use self::writer::{Limits, Writer};

/// The access log of a folder, open for writing: one SQLite file for each day, named by the date in UTC
/// (`2026-11-23.db`). A record goes into the file of its own date, whenever it comes; within a file the order is that
/// of appending, whatever the clock said.
///
/// At most two files are open: the latest one written to and the one before. Files are in write-ahead mode, so that
/// readers in this and in other processes never wait for the writer, nor the writer for them. Several processes may
/// append to one folder; they take turns, and wait for each other up to five seconds.
///
/// No name of a person or device is written in clear: a record has the [`DayNumber`], and the name is sealed by the
/// [`PeopleSeal`] that was handed in. What numbers stand for is in this value's memory, for two days at most.
///
/// Cost: about 2 µs and 35 bytes a record, and once for each day about twice the length of a host and once that of a
/// path (longer paths than 1,024 bytes each time); up to 130 MiB of memory for an open file, typically 16.
#[derive(Debug)]
pub struct AccessLog {
    shelf: Shelf,
    people: People,
    in_doubt: InDoubt,
}

/// Where records go.
#[derive(Debug)]
enum Shelf {
    Folder(Folder),
    Server(Box<Server>),
}

impl AccessLog {
    /// Opens a log. A folder is made where there is none (on Unix for its owner alone).
    ///
    /// Today's file, where there is one, is opened and checked at once, or the server is signed in to, so that a
    /// program can say at its start what is wrong; other files when a record comes for them.
    pub fn open(place: impl Into<Place>, seal: impl PeopleSeal + 'static) -> Result<Self, StoreError> {
        let mut log = Self::at(&place.into(), Box::new(seal))?;
        log.check_today()?;
        Ok(log)
    }

    fn at(place: &Place, seal: Box<dyn PeopleSeal>) -> Result<Self, StoreError> {
        let shelf = match place {
            Place::Folder(folder) => {
                // From here on the working folder does not matter, nor does a name that SQLite would take for a URI.
                let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
                make_folder(&folder).map_err(|error| StoreError::io(&folder, error))?;
                Shelf::Folder(Folder::new(folder))
            }
            Place::Server(server) => Shelf::Server(Box::new(Server::new((**server).clone()))),
        };
        Ok(Self { shelf, people: People::new(seal), in_doubt: InDoubt::default() })
    }

    /// Opens today's file, where there is one, or the connection.
    fn check_today(&mut self) -> Result<(), StoreError> {
        match &mut self.shelf {
            Shelf::Folder(folder) => folder.check(today()),
            Shelf::Server(server) => server.check(),
        }
    }

    /// Appends records, each to the file of its day, in the order given. What is finer than a millisecond is cut off
    /// from `at`. Returns when all are committed.
    ///
    /// # Errors
    /// A file cannot be opened or written to, or names cannot be sealed. The days are written in the order of the calendar, one transaction
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
        let Self { shelf, people, in_doubt } = self;
        let people = people.table(day, |day| in_doubt.is_about(day))?;
        match shelf {
            Shelf::Folder(folder) => folder.append(day, |file| in_doubt.append(day, file, people, records)),
            Shelf::Server(server) => server.append(day, |on| in_doubt.append(day, on, people, records)),
        }
    }

    fn close_idle(&mut self) {
        if let Shelf::Folder(folder) = &mut self.shelf {
            folder.close_idle();
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

    use super::day::Part;
    use super::shelf::DayStore;

    use super::*;

    fn records(bytes: std::ops::Range<u64>) -> Vec<AccessRecord> {
        let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![]).unwrap();
        let (address, at) = ("192.0.2.7".parse().unwrap(), DateTime::from_timestamp(1_793_620_800, 0).unwrap());
        let record = AccessRecord::new(at, &policy.identify(address), address);
        let person = |bytes| (bytes % 2 == 0).then(|| "p17".into());
        bytes.map(|bytes| AccessRecord { bytes, person: person(bytes), ..record.clone() }).collect()
    }

    /// Appends as a call would that commits and then fails.
    fn append_and_fail(log: &mut AccessLog, records: &[AccessRecord]) {
        let records: Vec<_> = records.iter().collect();
        let day = Day::of(records[0].at);
        let AccessLog { shelf, people, in_doubt } = log;
        let people = people.table(day, |day| in_doubt.is_about(day)).unwrap();
        let mut failing = |to: &mut dyn DayStore| {
            let there = in_doubt.there_already(day, to, people, &records).unwrap();
            let written = to.append(people, &records[there..]).unwrap();
            in_doubt.push(day, written);
            Err(StoreError::Busy { file: "in doubt".into() })
        };
        let failed = match shelf {
            Shelf::Folder(folder) => folder.append(day, |file| failing(file)),
            Shelf::Server(server) => server.append(day, |on| failing(on)),
        };
        failed.unwrap_err();
    }

    fn open(place: impl Into<Place>) -> AccessLog {
        AccessLog::open(place, SealedToNobody).unwrap()
    }

    fn read(place: impl Into<Place>) -> Vec<AccessRecord> {
        let place = place.into();
        let name = |logged: Logged| AccessRecord { person: logged.person.map(|_| "p17".into()), ..logged.record };
        read_day(&place, days(&place).unwrap()[0]).unwrap().map(Result::unwrap).map(name).collect()
    }

    fn are_not_doubled(place: &Place) {
        let mut log = open(place);
        log.append(&records(0..10)).unwrap();
        append_and_fail(&mut log, &records(10..5_000));
        append_and_fail(&mut log, &records(10..5_003));
        log.append(&records(10..5_005)).unwrap();
        log.append(&records(5_005..5_010)).unwrap();
        assert!(read(place) == records(0..5_010));
        // And where others follow instead, they are written.
        append_and_fail(&mut log, &records(5_010..5_020));
        log.append(&records(6_000..6_005)).unwrap();
        assert!(read(place) == [records(0..5_020), records(6_000..6_005)].concat());
    }

    #[test]
    fn commits_that_failed_and_took_effect_are_not_doubled() {
        let folder = tempfile::tempdir().unwrap();
        are_not_doubled(&folder.path().into());
    }

    #[test]
    fn nor_are_they_in_postgresql() {
        use crate::postgres::{Postgres, enrol, install};
        let Some(server) = belisha_testkit::Postgres::start() else { return };
        let admin = Postgres::parse(&server.admin_url()).unwrap();
        install(&admin).unwrap();
        enrol(&admin, crate::SchoolId::from_bytes([1; 16]), "One", "one", "p").unwrap();
        are_not_doubled(&Postgres::parse(&server.url("one", "p")).unwrap().into());
    }

    #[test]
    fn a_commit_that_failed_and_took_no_effect_is_made_up_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        append_and_fail(&mut log, &records(0..10));
        let file = Part::first(Day::of(records(0..1)[0].at)).open(folder.path());
        std::fs::remove_file(file).unwrap();
        log.append(&records(0..10)).unwrap();
        assert!(read(folder.path()) == records(0..10));
    }

    #[test]
    fn other_records_after_a_commit_in_doubt_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        append_and_fail(&mut log, &records(0..10));
        log.append(&records(20..30)).unwrap();
        let expected = [records(0..10), records(20..30)].concat();
        assert!(read(folder.path()) == expected);
    }
}
