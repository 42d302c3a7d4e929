//! Where a log is.

use std::path::{Path, PathBuf, absolute};

use chrono::NaiveDate;

use super::StoreError;
use super::closed;
use super::day::{self, Day, Part};
use super::file_reader::FileRecords;
use super::reader::{Batches, DayRecords};
use super::server::{self, ServerRecords};
use crate::postgres::Postgres;

/// Where an access log is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Place {
    /// A folder with a file for each day.
    Folder(PathBuf),
    /// PostgreSQL, with a partition for each day.
    Server(Box<Postgres>),
}

impl From<Postgres> for Place {
    fn from(server: Postgres) -> Self {
        Self::Server(server.into())
    }
}

impl From<&Postgres> for Place {
    fn from(server: &Postgres) -> Self {
        Self::Server(server.clone().into())
    }
}

impl From<&Path> for Place {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<PathBuf> for Place {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&PathBuf> for Place {
    fn from(folder: &PathBuf) -> Self {
        Self::Folder(folder.clone())
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl Place {
    /// What a day is to be read from.
    pub(super) fn sources(&self, date: NaiveDate) -> Result<Vec<Box<dyn Batches>>, StoreError> {
        match self {
            Self::Folder(folder) => {
                let files = files(folder, Day::from(date))?;
                Ok(files.into_iter().map(|file| Box::new(file) as Box<dyn Batches>).collect())
            }
            Self::Server(at) => Ok(vec![Box::new(ServerRecords::open(at, Day::from(date))?)]),
        }
    }
}

/// The files of a day, opened.
pub(super) fn files(folder: &Path, day: Day) -> Result<Vec<FileRecords>, StoreError> {
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let first = Part::first(day);
    let parts = match day::parts(&folder) {
        Ok(mut all) => all.remove(&day).unwrap_or_default(),
        // What is wrong with the folder, the file says.
        Err(_) => [first].into(),
    };
    let mut files = Vec::new();
    for part in parts {
        files.extend(FileRecords::open(&folder, part)?);
    }
    if files.is_empty() {
        return Err(StoreError::Missing { file: first.open(&folder) });
    }
    Ok(files)
}

/// The days that there is a log of, in the order of the calendar. In a folder other files are passed over, and none is
/// opened, so that one that [`read_day`] refuses may be among them.
pub fn days(place: impl Into<Place>) -> Result<Vec<NaiveDate>, StoreError> {
    match place.into() {
        Place::Folder(folder) => {
            let found = day::parts(&folder).map_err(|error| StoreError::io(&folder, error))?;
            Ok(found.into_keys().filter_map(Day::date).collect())
        }
        Place::Server(at) => server::days(&at),
    }
}

/// Reads the log of a day (in UTC), in the order in which it was appended, as it was when this was called: what is
/// written meanwhile is not in it. Files are opened for reading only, and may be in use by a writer; neither waits for
/// the other. (SQLite may leave two files beside an open day file, `-wal` and `-shm`. They belong to it: move, copy and
/// delete them with it.) A closed day is unpacked into memory, and never onto a disk.
///
/// Each record is equal to the one that was appended, with `at` cut to the millisecond (a leap second becomes the
/// second after it), and with numbers for the names of person and device.
///
/// # Errors
/// There is no log of that day (or one that is just being made), or it is not ours, of a later version, or cannot be
/// read. Damage within it shows while reading.
pub fn read_day(place: impl Into<Place>, date: NaiveDate) -> Result<DayRecords, StoreError> {
    place.into().sources(date).map(DayRecords::of)
}

/// Removes the log of a day (in UTC), names and all; false where there is none. A record that comes for it later begins
/// it anew. What stood in it may be found on the disk until something else is written there, and in backups.
pub fn remove_day(place: impl Into<Place>, date: NaiveDate) -> Result<bool, StoreError> {
    match place.into() {
        Place::Folder(folder) => closed::remove(&folder, Day::from(date)),
        Place::Server(at) => server::remove(&at, Day::from(date)),
    }
}
