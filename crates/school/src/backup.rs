//! Backups: made while everything runs, apart in two files, and restored only whole.
//!
//! A backup is two files, in two folders: the *records* (journal, access log, lists, settings) and the *keys*, without
//! which nothing that is sealed in the records can be read. Copies of keys older than [`KEYS_KEPT`] are removed, so
//! that what was erased is forgotten by every backup within that time: whoever restores uses the newest copy of keys,
//! and what was erased since the records were copied is erased again.
//!
//! Both are encrypted to a recipient whose secret the machine does not have: it can make backups and not read them.

mod drill;
mod files;
mod gather;
mod names;
mod opened;
mod restore;
mod target;
mod write;

use std::path::PathBuf;

use belisha_store::backup::{BackupError as ArchiveError, JournalPart, Written};
use belisha_store::journal::{CopyError, JournalError};
use belisha_store::keys::KeyError;
use belisha_store::postgres::PostgresError;
use belisha_store::{SchoolId, StoreError};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::folder::FileError;
use crate::ledger::LedgerError;

pub use self::drill::{Drill, drill};
pub use self::restore::{BrokenJournal, Restore, UnknownKeys, restore};
pub use self::write::write;

/// How long copies of keys are kept: within this time every backup has forgotten what was erased.
pub const KEYS_KEPT: TimeDelta = TimeDelta::days(35);

/// How far something has come, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub doing: Doing,
    /// Bytes that are done.
    pub done: u64,
    /// Of so many; 0 where that is not known yet.
    pub of: u64,
}

/// A step of a backup or restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// Copying what changes while it is copied.
    Copying,
    /// Writing the file of records.
    Writing,
    /// Reading a backup without doing anything.
    Checking,
    /// Writing what was backed up into its place.
    Restoring,
    /// Erasing again what was erased since, and holding everything against its checksums.
    Finishing,
}

/// A backup that was made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Made {
    /// The file of records.
    pub records: Written,
    /// The file of keys.
    pub keys: Written,
    /// The journal in it. Where that is not sound, it was copied as it was found: say so loudly.
    pub journal: JournalState,
    /// Days of the access log in it.
    pub days: u64,
    /// Days of the access log in a database that are damaged there: there is no copy of them in it.
    pub days_left_out: Vec<NaiveDate>,
    /// Files of lists that have names which no list gets from this program: they were left out.
    pub left_out: u64,
    /// Copies of keys of this school that were older than [`KEYS_KEPT`] and are gone.
    pub removed: Vec<PathBuf>,
    /// Copies of keys that should be gone and could not be removed: remove them by hand.
    pub not_removed: Vec<PathBuf>,
    /// Why the journal does not say that this backup was made.
    pub not_noted: Option<LedgerError>,
}

/// In which state a journal was backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// Every event is what was written.
    Sound(JournalPart),
    /// The chain does not hold: its events were copied as they are. Restoring them must be asked for.
    Broken(JournalPart),
    /// Not every event can be read: the file was copied as it is.
    Unreadable,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Whose it is.
    pub school: SchoolId,
    /// The school's name.
    pub name: String,
    /// When the backup of the records was made.
    pub made: DateTime<Utc>,
    /// When that of the keys was made.
    pub keys_made: DateTime<Utc>,
    /// The journal in it; `None` where it could not be read when the backup was made and was restored as a file.
    pub journal: Option<JournalPart>,
    /// Events whose content was erased after the records were copied, and is erased again.
    pub forgotten: u64,
    /// Events whose keys are not in the copy of keys, and whose content was given up.
    pub given_up: u64,
    /// Days of the access log that were restored.
    pub days: u64,
    /// Days that had been kept long enough meanwhile, and are gone.
    pub days_removed: Vec<NaiveDate>,
    /// Days that do not hold what was written there: they were like that when the backup was made.
    pub days_damaged: Vec<NaiveDate>,
    /// Days that could not be brought into a database without loss and stay in the folder, as files in `access/`: their
    /// names stand in clear, they are damaged, or two files of one day gave one number to two people. No program looks
    /// there; remove them by hand when their time has come.
    pub days_left: Vec<NaiveDate>,
    /// What became of `school.toml`.
    pub settings: SettingsFile,
}

/// What became of the settings of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsFile {
    /// There were none: it is the starter school.
    None,
    /// They are in their place.
    InPlace,
    /// They name another store than that into which was restored: they stand beside, as `school.toml.from-backup`.
    PutAside,
}

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Both files would stand in one folder.
    #[error(
        "records and keys would stand in one folder: whoever has both has everything. Name another folder for the keys"
    )]
    SameFolder,
    /// A folder that is not there.
    #[error("{} is no folder that can be used: {source}. Make it, or name another one", .folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something in the data folder changes all the time.
    #[error(
        "what is to be copied changes all the time. No backup was made; try again when no lists are being imported"
    )]
    Restless,
    /// The file of a backup.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] CopyError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// A file of the data folder.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The file of a backup.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file of records where one of keys belongs, or the other way round.
    #[error("{} does not hold the {expected}. Nothing was changed; a backup is two files, and both are needed", .file.display())]
    Swapped {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Records and keys of two schools.
    #[error(
        "the records are of the school {records}, and the keys of the school {keys}. Nothing was changed; use two files of one school"
    )]
    TwoSchools {
        /// Whose the records are.
        records: SchoolId,
        /// Whose the keys are.
        keys: SchoolId,
    },
    /// A part that no backup of this format has.
    #[error("{} holds something that no backup of Belisha holds. Nothing was changed; use another copy of it", .file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The journal does not end as the manifest says.
    #[error("the journal in {} does not end where its manifest says. Nothing was changed; use another backup", .file.display())]
    OtherHead {
        /// The file.
        file: PathBuf,
    },
    /// The backup is of a broken journal, and that was not accepted.
    #[error(
        "the journal was broken when this backup was made: something in it is not what had been written. Nothing was \
         changed; restore an earlier backup, or accept the journal as it was found"
    )]
    BrokenJournal,
    /// The journal cannot be read, and can only be restored as the file that it was.
    #[error(
        "the journal in this backup is a damaged file, which cannot be restored into a database. Nothing was changed; restore it into a folder, or restore an earlier backup"
    )]
    DamagedFile,
    /// The copy of keys lacks keys that the records need.
    #[error(
        "the keys of {events} events are not in this copy of the keys: it is older than the records, and their content \
         cannot be read with it. Nothing was changed; use the copy that was made with these records or a later one, or \
         give their content up"
    )]
    KeysTooOld {
        /// How many events.
        events: u64,
    },
    /// There is something where it should be restored.
    #[error("{} is not empty. Nothing was changed; restore into an empty folder, and put that in its place", .folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// Another program restores there.
    #[error("another program is restoring into {}. Nothing was changed; wait until it has ended", .folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Another restore stopped halfway there.
    #[error("restoring another backup into a database stopped halfway in {}. Nothing was changed; run that restore again, with its files, or restore this one into another folder and another database", .folder.display())]
    OtherRestore {
        /// The folder.
        folder: PathBuf,
    },
    /// The database holds something of the school.
    #[error(
        "the database at {server} already holds records of this school. Nothing was changed; restore into a database that holds none"
    )]
    StoreNotEmpty {
        /// Host and database.
        server: String,
    },
    /// The login is another school's.
    #[error(
        "the login at {server} is that of the school {theirs}, and this backup of the school {ours}. Nothing was changed; enrol the school of the backup under its own id, and use that login"
    )]
    OtherSchool {
        /// Host and database.
        server: String,
        /// The school of the login.
        theirs: SchoolId,
        /// The school of the backup.
        ours: SchoolId,
    },
    /// It failed when part of it stood in a database, from which a school's login can take nothing away.
    #[error(
        "restoring stopped halfway: {source}. What is in the database so far is right, and no program will use it: run the same restore again, with the same files and folder, and it goes on from there"
    )]
    Halfway {
        /// Why.
        source: Box<RestoreError>,
    },
    /// The journal is not sound after all was restored.
    #[error("the journal does not verify after it was restored. Nothing was kept; try again, and look at the disk")]
    NotSound,
    /// The journal.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// A file of the data folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is written down of it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The database of a trust.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}
