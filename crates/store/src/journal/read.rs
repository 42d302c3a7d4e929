//! Reading events back, each held against the hash before it, so that what was changed in the store is never given
//! out as what was written.

use core::ops::RangeInclusive;

use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::session::Session;
use super::{Event, Journal};

/// How many events are read at once while iterating.
const PAGE: u64 = 512;

fn does_not_hold(place: &str) -> JournalError {
    JournalError::damaged(place, "an event is not what was written")
}

/// The events from one position to another, both of which there must be. With each, where the event before it in its
/// stream is.
fn read(
    session: &mut dyn Session,
    school: SchoolId,
    place: &str,
    positions: RangeInclusive<u64>,
) -> Result<Vec<(Event, u64)>, JournalError> {
    let (first, last) = positions.into_inner();
    let before = match first {
        0 => None,
        1 => Some(Hash::genesis(school)),
        _ => session.hash_at(first - 1)?,
    };
    let mut hash = before.ok_or_else(|| does_not_hold(place))?;
    let (mut events, mut sound, mut next) = (Vec::new(), true, first);
    session.scan(first, last - first + 1, &mut |row| {
        let holds = row.header.position == next && row.follows(school, hash);
        match row.event().filter(|_| holds) {
            Some(event) => events.push((event, row.header.previous)),
            None => sound = false,
        }
        (hash, next) = (row.hash, next + 1);
    })?;
    if sound && next == last + 1 { Ok(events) } else { Err(does_not_hold(place)) }
}

/// Where the journal ends, held against the event before: nothing is built upon an end that is not what was written.
pub(super) fn check_head(
    session: &mut dyn Session,
    school: SchoolId,
    place: &str,
    head: Head,
) -> Result<(), JournalError> {
    if head.position == 0 {
        return Ok(());
    }
    read(session, school, place, head.position..=head.position).map(drop)
}

impl Journal {
    /// Where the journal ends. Costs three look-ups.
    pub fn head(&self) -> Result<Head, JournalError> {
        let (school, place) = (self.school(), self.store().place());
        self.with(|session| {
            let head = session.head()?;
            check_head(session, school, place, head)?;
            Ok(head)
        })
    }

    /// At which version a stream is; 0 where it has not begun.
    pub fn version(&self, stream: StreamId) -> Result<u64, JournalError> {
        Ok(self.with(|session| session.end(stream))?.map_or(0, |end| end.version))
    }

    /// The events from a position on, in their order, at most so many; none beyond the end.
    pub fn read(&self, from: u64, most: usize) -> Result<Vec<Event>, JournalError> {
        let (school, place, first) = (self.school(), self.store().place(), from.max(1));
        let events = self.with(|session| {
            let last = session.head()?.position.min(first.saturating_add(most as u64).saturating_sub(1));
            if last < first { Ok(Vec::new()) } else { read(session, school, place, first..=last) }
        })?;
        Ok(events.into_iter().map(|(event, _)| event).collect())
    }

    /// All events from a position on, read as they are wanted. Those that are appended meanwhile come too.
    pub fn events(&self, from: u64) -> Events<'_> {
        Events { journal: self, next: from.max(1), page: Vec::new().into_iter(), ended: false }
    }

    /// The events of a stream whose versions come after this one, in their order; 0 for all of them.
    ///
    /// Cost: about twice that of reading as many events that lie side by side.
    pub fn read_stream(&self, stream: StreamId, after: u64) -> Result<Vec<Event>, JournalError> {
        let (school, place) = (self.school(), self.store().place());
        self.with(|session| {
            let Some(end) = session.end(stream)? else { return Ok(Vec::new()) };
            let (mut events, mut position, mut version) = (Vec::new(), end.last, end.version);
            // Each event knows where the one before it in its stream is.
            while version > after {
                let found = read(session, school, place, position..=position)?.pop();
                let Some((event, previous)) =
                    found.filter(|(event, _)| (event.stream, event.version) == (stream, version))
                else {
                    return Err(JournalError::damaged(place, "a stream does not lead to its events"));
                };
                events.push(event);
                (position, version) = (previous, version - 1);
            }
            events.reverse();
            Ok(events)
        })
    }
}

/// Events one after the other; ends with the journal, or with the first error.
#[derive(Debug)]
pub struct Events<'a> {
    journal: &'a Journal,
    next: u64,
    page: std::vec::IntoIter<Event>,
    ended: bool,
}

impl Iterator for Events<'_> {
    type Item = Result<Event, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(event) = self.page.next() {
            self.next = event.position + 1;
            return Some(Ok(event));
        }
        match self.journal.read(self.next, usize::try_from(PAGE).unwrap_or(usize::MAX)) {
            Ok(page) => {
                self.page = page.into_iter();
                let event = self.page.next();
                self.ended = event.is_none();
                self.next += u64::from(event.is_some());
                event.map(Ok)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
