//! Remember, in order: the access log in day files.
//!
//! Every request that the wire handled is one [`AccessRecord`](belisha_policy::AccessRecord); this crate writes them
//! to SQLite files, one a day, and reads them back exactly as they were. It never overwrites or reorders a record,
//! never says that a record is written before its transaction is committed, never changes a file that is not its own,
//! and never puts a host, an address or a name into the program's own log. It decides nothing, and reads no settings.
//!
//! ```
//! use belisha_policy::{AccessRecord, Policy, Profile};
//! use belisha_store::{AccessLog, SealedToNobody, days, read_day};
//! use chrono::DateTime;
//!
//! let folder = tempfile::tempdir()?;
//! let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![])?;
//! let (device, at) = ("192.0.2.7".parse()?, DateTime::from_timestamp_millis(1_795_424_707_123).ok_or("no such time")?);
//! let record = AccessRecord { host: "example.org".into(), ..AccessRecord::new(at, &policy.identify(device), device) };
//!
//! let mut log = AccessLog::open(folder.path(), SealedToNobody)?;
//! log.append(&[record.clone(), record.clone()])?;
//!
//! let written = days(folder.path())?;
//! assert_eq!(written, [at.date_naive()]);
//! let lines = read_day(folder.path(), written[0])?.collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(lines.into_iter().map(|line| line.record).collect::<Vec<_>>(), [record.clone(), record]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A proxy does not call [`AccessLog::append`] itself: it hands its records to a [`Writer`], which writes them in
//! batches on a thread of its own, keeps them when the disk is full, and tells of it in a [`LogStatus`].
//!
//! **Looking into a day by hand.** Each file has a view `lines` for people:
//! `sqlite3 2026-11-23.db "select time, person, url, observed from lines where observed = 'blocked'"`.
//!
//! **What survives what.** A record that was acknowledged survives the end of the program, however sudden. When the
//! power fails, the last moments may be missing (SQLite's `synchronous=NORMAL`); the file is whole all the same.
//!
//! **Privacy.** Names of people and devices do not stand in the files but sealed ([`PeopleSeal`]); a record has a number
//! that means nothing and is another one tomorrow. Groups, places and addresses stand in the files as they were given.
//! A folder that this crate makes is open to its owner alone.

mod access_log;
pub mod backup;
pub mod credentials;
mod error;
mod ids;
pub mod journal;
pub mod keys;
pub mod postgres;
mod sqlite;

pub use access_log::{
    AccessLog, ClosedFile, DayNumber, DayRecords, Intake, JsonLinesError, Limits, LogFile, LogStatus, Logged, Names,
    PeopleOpener, PeopleSeal, Place, SchoolHours, SealFault, SealedToNobody, Writer, carry_day, close_day, copy_log,
    count_day, days, intake_done, intake_left, json_lines, log_file_day, names, person_day, put_log_file, read_day,
    remove_day,
};
pub use error::{ErrorKind, StoreError};
pub use ids::{IdError, KeyRef, SchoolId, StreamId};
