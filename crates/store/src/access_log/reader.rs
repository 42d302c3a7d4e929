//! Reading a day back.

use core::fmt;
use core::iter::FusedIterator;
use std::vec::IntoIter;

use super::lookup::{Names, SealedNames};
use super::people::Logged;
use super::{PeopleOpener, StoreError};

/// What a day is read from, a batch with its checksum at a time.
pub(super) trait Batches: Send {
    /// How many records there are, those included that were given already.
    fn total(&self) -> u64;

    /// The next records, checked; `None` at the end.
    fn next_batch(&mut self) -> Result<Option<Vec<Logged>>, StoreError>;

    /// The names behind the numbers of these records, as they stand there. `None` where they stand in clear.
    fn sealed_names(&mut self) -> Result<Option<SealedNames>, StoreError>;

    /// The names behind the numbers of these records.
    fn names(&mut self, opener: &dyn PeopleOpener) -> Result<Names, StoreError>;
}

/// The records of a day, from [`read_day`](crate::read_day). Holds up to 2,048 of them in memory. After an error it
/// ends: no record is given that has not been checked, and none after a gap.
pub struct DayRecords {
    total: u64,
    sources: IntoIter<Box<dyn Batches>>,
    now: Option<Box<dyn Batches>>,
    ready: IntoIter<Logged>,
}

impl DayRecords {
    pub(super) fn of(sources: Vec<Box<dyn Batches>>) -> Self {
        let total = sources.iter().map(|source| source.total()).sum();
        Self { total, sources: sources.into_iter(), now: None, ready: IntoIter::default() }
    }

    /// How many records there are, those included that were given already.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn next_batch(&mut self) -> Result<Option<Vec<Logged>>, StoreError> {
        loop {
            if let Some(source) = &mut self.now
                && let Some(records) = source.next_batch()?
            {
                return Ok(Some(records));
            }
            self.now = self.sources.next();
            if self.now.is_none() {
                return Ok(None);
            }
        }
    }
}

impl Iterator for DayRecords {
    type Item = Result<Logged, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.ready.next() {
            return Some(Ok(record));
        }
        match self.next_batch() {
            Ok(records) => {
                self.ready = records?.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => {
                (self.now, self.sources) = (None, IntoIter::default());
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for DayRecords {}

impl fmt::Debug for DayRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayRecords").field("total", &self.total).finish_non_exhaustive()
    }
}
