//! What a day file and a server's day have in common: records go in all or nothing, and what a failed commit left can be
//! looked for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use belisha_policy::AccessRecord;

use super::code::{Checksum, Whom};
use super::day::{Day, Part};
use super::file::{BATCH, DayFile};
use super::people::Table;
use super::turn::Turn;
use crate::StoreError;

/// Today's file, and one more around midnight.
const OPEN: usize = 2;
/// A file that is not the latest is closed when nothing came for it this long.
const IDLE: Duration = Duration::from_mins(10);

/// What a transaction wrote, or would have written: enough to recognise it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) first: i64,
    pub(super) records: usize,
    pub(super) checksums: Vec<i64>,
}

impl Written {
    pub(super) fn last(&self) -> i64 {
        self.first.saturating_add_unsigned(self.records as u64) - 1
    }

    /// First and last id of each batch, and its checksum.
    pub(super) fn batches(&self) -> impl Iterator<Item = (i64, i64, i64)> {
        let size = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let firsts = (0..).map(move |batch: i64| self.first.saturating_add(batch.saturating_mul(size)));
        let last = self.last();
        firsts.zip(&self.checksums).map(move |(first, sum)| (first, first.saturating_add(size - 1).min(last), *sum))
    }

    /// Whether records begin with those that were written.
    fn begins(&self, people: &Table, records: &[&AccessRecord]) -> bool {
        let Some(again) = records.get(..self.records) else { return false };
        let sum = |batch: &[&AccessRecord]| {
            let mut checksum = Checksum::default();
            for record in batch {
                checksum.add(record, Whom::Numbers(people.known(record)?));
            }
            Some(checksum.get())
        };
        again.chunks(BATCH).map(sum).eq(self.checksums.iter().map(|sum| Some(*sum)))
    }
}

/// An append that failed. Where the commit itself failed, nobody knows but the store: `in_doubt` tells what to look for.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    pub(super) in_doubt: Option<Written>,
}

/// Where the records of one day go.
pub(super) trait DayStore {
    /// Whether an earlier transaction, of which that was not known, took effect.
    fn holds(&mut self, earlier: &Written) -> Result<bool, StoreError>;

    /// Appends all or nothing. After a failure it must be thrown away: what its dictionaries remember may be gone.
    fn append(&mut self, people: &mut Table, records: &[&AccessRecord]) -> Result<Written, Box<Failure>>;
}

/// Transactions whose commit failed, in their order: they may have taken effect all the same.
#[derive(Debug, Default)]
pub(super) struct InDoubt(BTreeMap<Day, Vec<Written>>);

impl InDoubt {
    pub(super) fn is_about(&self, day: Day) -> bool {
        self.0.contains_key(&day)
    }

    /// Appends what of these records is not there already.
    pub(super) fn append(
        &mut self,
        day: Day,
        to: &mut dyn DayStore,
        people: &mut Table,
        records: &[&AccessRecord],
    ) -> Result<(), StoreError> {
        let there = self.there_already(day, to, people, records)?;
        let missing = records.get(there..).unwrap_or_default();
        if !missing.is_empty()
            && let Err(failure) = to.append(people, missing)
        {
            let Failure { error, in_doubt } = *failure;
            if let Some(written) = in_doubt {
                self.0.entry(day).or_default().push(written);
            }
            return Err(error);
        }
        self.0.remove(&day);
        Ok(())
    }

    /// How many of these records earlier calls have written after all.
    pub(super) fn there_already(
        &mut self,
        day: Day,
        store: &mut dyn DayStore,
        people: &Table,
        records: &[&AccessRecord],
    ) -> Result<usize, StoreError> {
        let Some(in_doubt) = self.0.get_mut(&day) else { return Ok(0) };
        let (mut there, mut held) = (0, 0);
        for earlier in in_doubt.iter() {
            let begins = earlier.begins(people, records.get(there..).unwrap_or_default());
            if !begins || !store.holds(earlier)? {
                break;
            }
            there += earlier.records;
            held += 1;
        }
        // What is not there now never will be; and what came after it was only tried when it was there.
        in_doubt.truncate(held);
        Ok(there)
    }

    #[cfg(test)]
    pub(super) fn push(&mut self, day: Day, written: Written) {
        self.0.entry(day).or_default().push(written);
    }
}

/// The day files of a folder that are open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The latest used at the end.
    open: Vec<DayFile>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: Vec::new() }
    }

    /// Opens today's file, where there is one.
    pub(super) fn check(&mut self, today: Option<Day>) -> Result<(), StoreError> {
        match today.filter(|today| Part::first(*today).open(&self.path).exists()) {
            Some(today) => self.append(today, |_| Ok(())),
            None => Ok(()),
        }
    }

    /// Appends to the file of a day. After a failure the file is closed, and with it goes what its dictionaries remember
    /// of the transaction.
    pub(super) fn append(
        &mut self,
        day: Day,
        append: impl FnOnce(&mut DayFile) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // While we have our turn nobody takes the file away.
        let _turn = Turn::shared(&self.path)?;
        let mut file = self.take(day)?;
        append(&mut file)?;
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
        DayFile::open(&self.path, day)
    }

    fn keep(&mut self, file: DayFile) {
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push(file);
    }

    /// Closes what is not the latest file and has had no record for ten minutes. A file that nobody has open is one
    /// file, without the write-ahead log beside it.
    pub(super) fn close_idle(&mut self) {
        if self.open.len() > 1 {
            self.open.retain(|file| file.idle() < IDLE);
        }
    }
}
