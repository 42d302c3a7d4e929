//! Days of the access log: closed when nothing more is to come, with a manifest in the journal.

use std::collections::BTreeSet;
use std::path::Path;

use belisha_store::{ClosedFile, Place, StoreError, close_day, remove_day};
use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::events::{DayClosed, DayRemoved};
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::school::School;

/// How many days stay open besides today: a clock may be wrong, and a proxy may have been cut off from its disk.
const STAY_OPEN: Days = Days::new(1);

/// Why a day was not closed or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DayError {
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Closes the days of which nothing more is to come, and writes their manifests. Gives the files that were closed.
///
/// A crash at any point leaves a day open or closed, never half; a manifest that is missing is written the next time.
pub fn close_due(school: &School, now: DateTime<Utc>) -> Result<Vec<ClosedFile>, DayError> {
    let Some(last) = now.date_naive().checked_sub_days(STAY_OPEN) else { return Ok(Vec::new()) };
    // In PostgreSQL days are partitions, and stay as they are.
    let Place::Folder(folder) = school.log_place() else { return Ok(Vec::new()) };
    let mut closed = Vec::new();
    for day in school.log_days()? {
        if day < last {
            closed.extend(close(school, &folder, day, now)?);
        }
    }
    Ok(closed)
}

fn close(school: &School, folder: &Path, day: NaiveDate, now: DateTime<Utc>) -> Result<Vec<ClosedFile>, DayError> {
    let files = close_day(folder, day)?;
    let known = manifests(school.ledger())?;
    for file in &files {
        let manifest = DayClosed {
            day,
            file: file.name.clone(),
            records: file.records,
            bytes: file.bytes,
            sha256: crate::hex(&file.sha256),
        };
        if !known.contains(&manifest) {
            school.ledger().note(&Stream::DAYS, None, now, &manifest)?;
        }
    }
    Ok(files)
}

/// The manifests of the days that were closed, in the order of closing.
pub fn manifests(ledger: &Ledger) -> Result<Vec<DayClosed>, LedgerError> {
    let told = ledger.read_own(&Stream::DAYS)?;
    told.iter().filter_map(|told| told.read().transpose()).map(|told| told.map(|told| told.body)).collect()
}

/// The days that had been kept long enough and were removed.
pub(crate) fn removed(ledger: &Ledger) -> Result<BTreeSet<NaiveDate>, LedgerError> {
    let told = ledger.read_own(&Stream::DAYS)?;
    let removed = told.iter().filter_map(|told| told.read::<DayRemoved>().transpose());
    removed.map(|told| told.map(|told| told.body.day)).collect()
}

/// Removes a day for good. The tombstone is written first: of a day that is gone the journal says so.
pub(crate) fn remove(school: &School, day: NaiveDate, because: String, now: DateTime<Utc>) -> Result<(), DayError> {
    school.ledger().note(&Stream::DAYS, None, now, &DayRemoved { day, because })?;
    remove_day(school.log_place(), day)?;
    Ok(())
}
