//! Reading events back, each held against the hash before it, so that what was changed in the store is never given
//! out as what was written.

use core::ops::RangeInclusive;
use std::collections::{BTreeMap, HashMap};

use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::Wanted;
use super::session::Session;
use super::{Event, Journal};

/// How many events are read at once while iterating.
const PAGE: u64 = 512;

/// How many streams are looked up at once.
const ENDS: usize = 500;

/// One event that is read by itself takes as long as so many that lie side by side.
const WORTH: usize = 8;

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
        self.read_streams(&[(stream, after)])
    }

    /// The events of streams whose versions come after those that are given with them: one stream after the other as they
    /// are asked for, each in its own order. None is to be asked for twice.
    ///
    /// Cost: a look-up for each stream, some hundred of which go together. Events that lie near each other are read
    /// together, whosever they are; those that lie alone cost twice as much.
    pub fn read_streams(&self, streams: &[(StreamId, u64)]) -> Result<Vec<Event>, JournalError> {
        let (school, place) = (self.school(), self.store().place());
        self.with(|session| {
            let mut gathered = Gathered::default();
            for (stream, after) in streams {
                gathered.streams.insert(*stream, (*after, Vec::new()));
            }
            for some in streams.chunks(ENDS) {
                let wanted = Wanted { streams: some.iter().map(|(stream, _)| *stream).collect(), ..Wanted::default() };
                for (stream, end) in session.look_up(&wanted)?.streams {
                    gathered.want(stream, end.version, end.last);
                }
            }
            let mut most = 1;
            while let Some(last) = gathered.wanted.last_key_value().map(|(position, _)| *position) {
                let page = match read(session, school, place, last.saturating_sub(most - 1).max(1)..=last) {
                    Ok(page) => page,
                    // What is damaged may be an event that nobody asked for.
                    Err(_) if most > 1 => {
                        most = 1;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let (long, mut brought) = (page.len(), 0);
                // Each event knows where the one before it in its stream is.
                for (event, previous) in page.into_iter().rev() {
                    brought += usize::from(gathered.take(event, previous).ok_or_else(|| leads_nowhere(place))?);
                }
                // Pages grow where much of what they bring is wanted, and are short where it lies alone.
                most = if brought * WORTH >= long { (most * 2).min(PAGE) } else { (most / 2).max(1) };
            }
            let mut all = Vec::new();
            for (stream, _) in streams {
                let (_, events) = gathered.streams.remove(stream).unwrap_or_default();
                all.extend(events.into_iter().rev());
            }
            Ok(all)
        })
    }
}

fn leads_nowhere(place: &str) -> JournalError {
    JournalError::damaged(place, "a stream does not lead to its events")
}

/// What is read of streams, from their ends to their beginnings.
#[derive(Default)]
struct Gathered {
    /// After which version, and what was found so far: the last first.
    streams: HashMap<StreamId, (u64, Vec<Event>)>,
    /// Where events are that are wanted, and which.
    wanted: BTreeMap<u64, (StreamId, u64)>,
}

impl Gathered {
    fn want(&mut self, stream: StreamId, version: u64, position: u64) {
        if self.streams.get(&stream).is_some_and(|(after, _)| version > *after) {
            self.wanted.insert(position, (stream, version));
        }
    }

    /// Takes an event, where it is wanted, and wants the one before it; `None` where it is not the one that was to be there.
    fn take(&mut self, event: Event, previous: u64) -> Option<bool> {
        let Some(wanted) = self.wanted.remove(&event.position) else { return Some(false) };
        if wanted != (event.stream, event.version) {
            return None;
        }
        if event.version > 1 {
            (1..event.position).contains(&previous).then_some(())?;
            self.want(event.stream, event.version - 1, previous);
        }
        self.streams.get_mut(&event.stream)?.1.push(event);
        Some(true)
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
