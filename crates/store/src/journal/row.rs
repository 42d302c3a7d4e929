//! Events as they lie in the store, and what there is to know of a journal's end.

use chrono::{DateTime, Utc};

use crate::{KeyRef, SchoolId, StreamId};

use super::chain::{Hash, Header, digest};
use super::{Event, Payload};

/// The record class of the journal's own events, each of which names what was erased.
pub(super) const ERASURE: u16 = u16::MAX;

/// What is left of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    Bytes(&'a [u8]),
    /// The digest of bytes that were erased.
    Erased([u8; 32]),
}

impl Body<'_> {
    pub(super) fn digest(self) -> [u8; 32] {
        match self {
            Self::Bytes(bytes) => digest(bytes),
            Self::Erased(digest) => digest,
        }
    }
}

/// An event in the store, seen where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowRef<'a> {
    pub(super) header: Header,
    pub(super) body: Body<'a>,
    pub(super) hash: Hash,
}

impl RowRef<'_> {
    /// Whether it is what follows on the event of this hash.
    pub(super) fn follows(&self, school: SchoolId, before: Hash) -> bool {
        self.header.hash(school, before, &self.body.digest()) == self.hash
    }

    /// As an event; `None` where the time is none that an event can have.
    pub(super) fn event(&self) -> Option<Event> {
        let Header { position, stream, version, class, at, key, .. } = self.header;
        let payload = match (self.body, key) {
            (Body::Erased(_), _) => Payload::Erased,
            (Body::Bytes(bytes), None) => Payload::Open(bytes.to_vec()),
            (Body::Bytes(bytes), Some(key)) => Payload::Sealed { key, bytes: bytes.to_vec() },
        };
        Some(Event { position, stream, version, class, at: DateTime::from_timestamp_millis(at)?, payload })
    }
}

/// An event in the store, taken out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) header: Header,
    pub(super) hash: Hash,
    /// `None` where they were erased.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) digest: [u8; 32],
}

impl Row {
    pub(super) fn as_ref(&self) -> RowRef<'_> {
        let body = self.bytes.as_deref().map_or(Body::Erased(self.digest), Body::Bytes);
        RowRef { header: self.header, body, hash: self.hash }
    }
}

/// Where a stream ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// The stream's number: 1 and up, in the order in which streams began. 0 for one that has not begun.
    pub(super) number: u64,
    pub(super) version: u64,
    /// The position of its last event; 0 where there is none.
    pub(super) last: u64,
}

/// What an append was answered, kept for when it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) fingerprint: [u8; 32],
    pub(super) first: u64,
    pub(super) count: u64,
}

impl Receipt {
    pub(super) fn last(&self) -> u64 {
        (self.first + self.count).saturating_sub(1)
    }
}

/// A payload as it is to be stored.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) at: i64,
    pub(super) key: Option<KeyRef>,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: [u8; 32],
}

impl Prepared {
    /// Digested here, in the thread of the caller. `None` for an erased one.
    pub(super) fn of(at: DateTime<Utc>, payload: Payload) -> Option<Self> {
        let (key, bytes) = match payload {
            Payload::Open(bytes) => (None, bytes),
            Payload::Sealed { key, bytes } => (Some(key), bytes),
            Payload::Erased => return None,
        };
        Some(Self { at: at.timestamp_millis(), key, digest: digest(&bytes), bytes })
    }
}

/// Events for one stream, as they are to be stored.
#[derive(Debug)]
pub(super) struct PreparedWrite {
    pub(super) stream: StreamId,
    pub(super) class: u16,
    pub(super) expected: super::Expected,
    pub(super) events: Vec<Prepared>,
}
