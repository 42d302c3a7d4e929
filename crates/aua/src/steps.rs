//! What happened about one person, in the order of the journal.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

/// What happened, and from when each counts. Nothing counts before what stands before it: an event whose clock was behind counts
/// from the one that it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Steps<F>(Vec<(DateTime<Utc>, F)>);

impl<F> Default for Steps<F> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<F> Steps<F> {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    /// What happened next.
    pub(crate) fn push(&mut self, at: DateTime<Utc>, fact: F) {
        let at = self.0.last().map_or(at, |(last, _)| at.max(*last));
        self.0.push((at, fact));
    }

    /// All of it.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &F)> {
        self.0.iter().map(|(at, fact)| (*at, fact))
    }

    /// What had happened by an instant.
    pub(crate) fn by(&self, at: DateTime<Utc>) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &F)> {
        let until = self.0.partition_point(|(when, _)| *when <= at);
        self.0.iter().take(until).map(|(at, fact)| (*at, fact))
    }
}
