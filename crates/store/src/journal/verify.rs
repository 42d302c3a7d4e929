//! Whether a journal is what was written: every event, in its order, and nothing besides.

use core::fmt;
use std::collections::{HashMap, HashSet};

use crate::{SchoolId, StreamId};

use super::Journal;
use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::erased_positions;
use super::row::{Body, End, RowRef};
use super::session::Session;

/// Streams that are compared at once.
const PAGE: u64 = 4_096;

/// What [`Journal::verify`] found. To everybody a journal is sound or broken; the place of a fault is for those who may
/// know what is where.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every event is what was written.
    Sound {
        /// Where the journal ends: what to print, and hold a later journal against.
        head: Head,
    },
    /// Something was altered, removed, reordered or inserted.
    Broken(Fault),
}

/// Sound or broken, and the head; never the place.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound { head } => write!(f, "sound, and ends with {}", head.hash),
            Self::Broken(_) => f.write_str("broken"),
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first thing that does not fit.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    place: Place,
}

impl Fault {
    /// Where it is and what. Positions tell how much happened and when: the caller shows them only to those who may
    /// know, such as two key holders who signed in.
    pub fn reveal(&self) -> Place {
        self.place
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault(..)")
    }
}

/// Where a journal is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// What comes next is not the event of this position.
    Missing(u64),
    /// The event at this position is not what was written there.
    Altered(u64),
    /// The event at this position does not follow on the one before it in its stream.
    Stream(u64),
    /// The payload at this position is gone, and no event says that it was erased.
    Lost(u64),
    /// The payload at this position was erased, and is there again.
    Returned(u64),
    /// The list of streams does not agree with the events.
    Streams,
    /// The journal ends before the head that it was held against.
    Shorter,
    /// At the head that it was held against, the journal had another hash.
    Other,
    /// From this position on the store cannot be read.
    Unreadable(u64),
}

/// Takes events in one after the other, and stops believing at the first that does not fit.
pub(super) struct Checker {
    school: SchoolId,
    head: Head,
    ends: HashMap<StreamId, End, ahash::RandomState>,
    /// Positions without a payload, and positions that events of erasure name.
    gone: HashSet<u64>,
    named: HashSet<u64>,
    kept: Option<Head>,
    fault: Option<Place>,
}

impl Checker {
    pub(super) fn new(school: SchoolId, kept: Option<Head>) -> Self {
        let head = Head { position: 0, hash: Hash::genesis(school) };
        let mut checker = Self {
            school,
            head,
            ends: HashMap::default(),
            gone: HashSet::new(),
            named: HashSet::new(),
            kept,
            fault: None,
        };
        checker.hold_against_kept();
        checker
    }

    fn hold_against_kept(&mut self) {
        if self.kept.is_some_and(|kept| kept.position == self.head.position && kept.hash != self.head.hash) {
            self.fault.get_or_insert(Place::Other);
        }
    }

    /// The number of its stream, where all is well up to here.
    pub(super) fn take(&mut self, row: RowRef<'_>) -> Option<u64> {
        if self.fault.is_none()
            && let Err(place) = self.check(row)
        {
            self.fault = Some(place);
        }
        if self.fault.is_some() {
            return None;
        }
        self.ends.get(&row.header.stream).map(|end| end.number)
    }

    fn check(&mut self, row: RowRef<'_>) -> Result<(), Place> {
        let header = &row.header;
        let position = self.head.position + 1;
        if header.position != position {
            return Err(Place::Missing(position));
        }
        if !row.follows(self.school, self.head.hash) {
            return Err(Place::Altered(position));
        }
        let count = self.ends.len() as u64;
        let end = self.ends.entry(header.stream).or_insert(End { number: count + 1, version: 0, last: 0 });
        if (header.version, header.previous) != (end.version + 1, end.last) {
            return Err(Place::Stream(position));
        }
        (end.version, end.last) = (header.version, position);
        match row.body {
            Body::Erased(_) => {
                self.gone.insert(position);
            }
            Body::Bytes(bytes) if header.key.is_none() => {
                self.named.extend(erased_positions(header.class, bytes).into_iter().flatten());
            }
            Body::Bytes(_) => {}
        }
        self.head = Head { position, hash: row.hash };
        self.hold_against_kept();
        Ok(())
    }

    /// Where it ends and which streams it has, or what does not fit.
    pub(super) fn finish(mut self) -> Result<(Head, HashMap<StreamId, End, ahash::RandomState>), Place> {
        self.take_end()
    }

    /// The same for whoever does not own it; it is of no use afterwards.
    pub(super) fn take_end(&mut self) -> Result<(Head, HashMap<StreamId, End, ahash::RandomState>), Place> {
        if let Some(place) = self.fault {
            return Err(place);
        }
        if self.kept.is_some_and(|kept| kept.position > self.head.position) {
            return Err(Place::Shorter);
        }
        if let Some(position) = self.gone.difference(&self.named).min() {
            return Err(Place::Lost(*position));
        }
        if let Some(position) = self.named.difference(&self.gone).min() {
            return Err(Place::Returned(*position));
        }
        Ok((self.head, core::mem::take(&mut self.ends)))
    }

    /// The position of the next event.
    pub(super) fn next(&self) -> u64 {
        self.head.position + 1
    }
}

impl Journal {
    /// Reads the whole journal and tells whether it is what was written. Needs no key; others may append meanwhile.
    ///
    /// # Errors
    /// The store cannot be reached. One that can be and cannot be read is no error but broken.
    pub fn verify(&self) -> Result<Verdict, JournalError> {
        self.verify_with(None)
    }

    /// The same, and that an earlier head is in it: one that was printed, say. Without one, whoever can write to the
    /// store could take away its end, or write all of it anew.
    pub fn verify_against(&self, kept: Head) -> Result<Verdict, JournalError> {
        self.verify_with(Some(kept))
    }

    fn verify_with(&self, kept: Option<Head>) -> Result<Verdict, JournalError> {
        // A session of its own: one that was used remembers names of streams.
        let mut session = self.store().session()?;
        session.snapshot()?;
        Ok(match check(&mut *session, self.school(), kept)? {
            Ok(head) => Verdict::Sound { head },
            Err(place) => Verdict::Broken(Fault { place }),
        })
    }
}

fn check(session: &mut dyn Session, school: SchoolId, kept: Option<Head>) -> Result<Result<Head, Place>, JournalError> {
    let mut checker = Checker::new(school, kept);
    let scanned = session.scan(0, u64::MAX, &mut |row| {
        checker.take(row);
    });
    let unreadable = Place::Unreadable(checker.next());
    match scanned {
        Err(JournalError::Damaged { .. }) => return Ok(Err(checker.fault.unwrap_or(unreadable))),
        other => other?,
    }
    let (head, ends) = match checker.finish() {
        Ok(sound) => sound,
        Err(place) => return Ok(Err(place)),
    };
    match agree(session, &ends) {
        Ok(true) => Ok(Ok(head)),
        Ok(false) | Err(JournalError::Damaged { .. }) => Ok(Err(Place::Streams)),
        Err(error) => Err(error),
    }
}

/// Whether the list of streams is what the events say.
fn agree(session: &mut dyn Session, ends: &HashMap<StreamId, End, ahash::RandomState>) -> Result<bool, JournalError> {
    let mut count = 0;
    loop {
        let page = session.streams(count, PAGE)?;
        if page.is_empty() {
            return Ok(count == ends.len() as u64);
        }
        for (stream, end) in page {
            count += 1;
            if end.number != count || ends.get(&stream) != Some(&end) {
                return Ok(false);
            }
        }
    }
}
