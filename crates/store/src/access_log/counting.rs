//! What a day adds up to, without putting every line together again.

mod counter;
mod lines;
mod packed;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, absolute};

use belisha_policy::{DayCounts, View};
use chrono::NaiveDate;

use super::day::{self, Day, Part};
use super::file_reader::FileRecords;
use super::schema::Format;
use super::{Place, StoreError, closed};

use self::counter::Counter;

/// When the hours of a day in UTC are at the school: the date and the hour that its clock shows. What comes in an hour
/// that is `None` is not counted.
pub type SchoolHours = [Option<(NaiveDate, u8)>; 24];

/// Counts the log of a day (in UTC), by days of the school, of which one in UTC can have part of two. Names are neither
/// needed nor opened.
///
/// Costs about 0.3 µs a record of a closed day, and as much as reading it otherwise; PostgreSQL counts by itself.
///
/// What is checked: of a closed file the checksum over all of it, which says that it is what was checked line by line when the
/// day was closed; of an open file that of each batch, as in [`read_day`](crate::read_day). Of a day in PostgreSQL that
/// none of its lines is missing; its checksums are not read.
///
/// # Errors
/// There is no log of that day, or it is damaged, not ours, or cannot be read. Nothing of it was counted then.
pub fn count_day(
    place: impl Into<Place>,
    date: NaiveDate,
    hours: &SchoolHours,
    view: View,
) -> Result<BTreeMap<NaiveDate, DayCounts>, StoreError> {
    let (day, mut counter) = (Day::from(date), Counter::new(hours, view));
    match place.into() {
        Place::Folder(folder) => count_files(&folder, day, &mut counter)?,
        Place::Server(at) => server::count(&at, day, &mut counter)?,
    }
    Ok(counter.finish())
}

fn count_files(folder: &Path, day: Day, counter: &mut Counter) -> Result<(), StoreError> {
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let parts = day::parts(&folder).map_err(|error| StoreError::io(&folder, error))?.remove(&day);
    let mut found = false;
    for part in parts.unwrap_or_default() {
        found |= count_file(&folder, part, counter)?;
    }
    if found { Ok(()) } else { Err(StoreError::Missing { file: Part::first(day).open(&folder) }) }
}

fn count_file(folder: &Path, part: Part, counter: &mut Counter) -> Result<bool, StoreError> {
    let closed = part.closed(folder);
    let records = match closed::open(&closed)? {
        Some((db, Format::V2)) => {
            let mut records = FileRecords::of(db, Format::V2, part.day, closed.clone())?;
            return packed::count(&mut records, &closed, counter).map(|()| true);
        }
        Some((db, format)) => Some(FileRecords::of(db, format, part.day, closed)?),
        None => FileRecords::open(folder, part)?,
    };
    let Some(mut records) = records else { return Ok(false) };
    lines::count(&mut records, counter)?;
    Ok(true)
}
