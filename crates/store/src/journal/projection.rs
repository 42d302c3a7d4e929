//! Views of a journal: what its events add up to.

use super::error::JournalError;
use super::{Event, Journal};

/// Something that events add up to. Applied to the same events in the same order it must become the same, so that it
/// can be thrown away and built again.
///
/// What was erased comes as [`Payload::Erased`](super::Payload::Erased) when a view is built anew. One that follows
/// saw it before it was erased, and learns of it from the event whose [`Event::erased`] names it.
pub trait Projection {
    /// Takes in the next event.
    fn apply(&mut self, event: &Event);
}

/// A projection, and how far it has come.
#[derive(Clone, Debug)]
pub struct Follower<P> {
    projection: P,
    position: u64,
}

impl<P: Projection> Follower<P> {
    /// One that has seen nothing.
    pub fn new(projection: P) -> Self {
        Self { projection, position: 0 }
    }

    /// One that was kept: it has seen all up to this position.
    pub fn resume(projection: P, position: u64) -> Self {
        Self { projection, position }
    }

    /// Takes in all that was appended since; gives how many events that were.
    ///
    /// # Errors
    /// The journal cannot be read. What was taken in up to there stays, and the next call goes on from it.
    pub fn catch_up(&mut self, journal: &Journal) -> Result<u64, JournalError> {
        let before = self.position;
        for event in journal.events(self.position + 1) {
            let event = event?;
            self.projection.apply(&event);
            self.position = event.position;
        }
        Ok(self.position - before)
    }

    /// What the events up to here add up to.
    pub fn view(&self) -> &P {
        &self.projection
    }

    /// The position of the last event that was taken in.
    pub fn position(&self) -> u64 {
        self.position
    }
}
