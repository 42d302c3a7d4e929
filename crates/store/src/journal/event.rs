//! What is appended and what is read: values, without a thought of where they lie.

use core::fmt;
use core::ops::Range;
use core::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{KeyRef, StreamId};

use super::Hash;
use super::plan::erased_positions;

/// What an event holds. The journal neither seals nor opens it.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// Bytes that anybody who reads the journal may read.
    Open(Vec<u8>),
    /// Bytes sealed under the data key of this name.
    Sealed {
        /// The data key.
        key: KeyRef,
        /// The ciphertext.
        bytes: Vec<u8>,
    },
    /// Bytes that were erased. Only ever read: an append that holds one is refused.
    Erased,
}

impl Payload {
    /// The bytes, where they are still there.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Open(bytes) | Self::Sealed { bytes, .. } => Some(bytes),
            Self::Erased => None,
        }
    }
}

/// Its kind and length; never a byte of it.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(bytes) => write!(f, "Open({} bytes)", bytes.len()),
            Self::Sealed { key, bytes } => write!(f, "Sealed({key}, {} bytes)", bytes.len()),
            Self::Erased => f.write_str("Erased"),
        }
    }
}

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened, as its maker says. Kept to the millisecond; it orders nothing.
    pub at: DateTime<Utc>,
    /// What it holds.
    pub payload: Payload,
}

/// An event as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the journal of the school: 1 and up, without gaps.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in its stream: 1 and up, without gaps.
    pub version: u64,
    /// Its record class.
    pub class: u16,
    /// When it happened, as its maker said.
    pub at: DateTime<Utc>,
    /// What it holds.
    pub payload: Payload,
}

impl Event {
    /// Whose payloads this event tells that they were erased: their positions, the least first. `None` for all events
    /// but those of [`Journal::erase`](super::Journal::erase).
    pub fn erased(&self) -> Option<Vec<u64>> {
        let Payload::Open(bytes) = &self.payload else { return None };
        erased_positions(self.class, bytes).map(Iterator::collect)
    }
}

/// Where the writer believes that a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Wherever it ends.
    Any,
    /// At this version; 0 for a stream that does not exist yet.
    Version(u64),
}

/// Events for the end of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The stream; it begins with its first event.
    pub stream: StreamId,
    /// The record class of the events. The journal gives it no meaning; 65,535 is its own, for erasures.
    pub class: u16,
    /// Where the stream must end, or else all of the [`Append`] is refused.
    pub expected: Expected,
    /// The events, in their order.
    pub events: Vec<NewEvent>,
}

/// What is appended in one piece, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Names this wish, so that asking twice does it once.
    pub key: IdempotencyKey,
    /// Of what is asked, keyed by the caller: the same key with another fingerprint is refused.
    pub fingerprint: [u8; 32],
    /// At least one event, in one stream or several. The same stream may come more than once.
    pub writes: Vec<Write>,
    /// What is owed from now on.
    pub owes: Vec<NewTask>,
    /// What is owed no longer. One that is not owed (any more) is passed over.
    pub settles: Vec<TaskId>,
}

/// Where the events of an [`Append`] are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Their positions.
    pub positions: Range<u64>,
    /// The hash of the last of them.
    pub head: Hash,
    /// An earlier append with this key had put them there; this one added nothing.
    pub again: bool,
}

/// The name of one wish to append. It is stored as it is given, so a caller who makes it from content keys it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey([u8; 16]);

impl IdempotencyKey {
    /// The first one there can be.
    pub(super) const LEAST: Self = Self([0; 16]);

    /// One that nobody has used. Keys that are made one after the other lie side by side, which keeps appending cheap:
    /// the first six bytes are milliseconds, then two that count, then eight random ones.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        static COUNT: AtomicU16 = AtomicU16::new(0);
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        // A clock that is wrong costs a little time and nothing else.
        let milliseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let time = milliseconds.to_be_bytes().into_iter().skip(10);
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(time.chain(count).chain(random)).for_each(|(to, from)| *to = from);
        Ok(Self(bytes))
    }

    /// The one of this content: the same bytes, whenever and wherever it is made. Whoever has the journal can try
    /// contents against it; a caller whose content is not public puts a secret in front.
    pub fn of(content: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(b"belisha/journal/key/1\0").chain_update(content).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The name of something owed: 16 random bytes. Whoever is told twice of one task knows it by this.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId([u8; 16]);

impl TaskId {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskId(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Something that is owed from now on: a reminder, a letter, a deadline.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its name. One that was owed before, settled or not, is passed over.
    pub id: TaskId,
    /// To which role; at most 200 bytes, and readable for everybody.
    pub role: String,
    /// From when on. Kept to the millisecond.
    pub due: DateTime<Utc>,
    /// What it is, sealed by the caller.
    pub body: Vec<u8>,
}

/// Without the body.
impl fmt::Debug for NewTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTask")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}
