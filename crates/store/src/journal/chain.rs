//! What binds each event to all before it. The layout stands in `docs/journal-format.md`.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

use crate::{IdError, KeyRef, SchoolId, StreamId};

const GENESIS: &[u8; 24] = b"belisha/journal/start/1\0";
const EVENT: &[u8; 24] = b"belisha/journal/event/1\0";

/// The SHA-256 of an event and, through it, of all before.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What stands before the first event of a school.
    pub(super) fn genesis(school: SchoolId) -> Self {
        Self(Sha256::new().chain_update(GENESIS).chain_update(school.as_bytes()).finalize().into())
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(IdError);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or(IdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| IdError)?;
        }
        Ok(Self(bytes))
    }
}

/// Where a journal ends: the number of its events, and the hash that covers them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 where there is none.
    pub position: u64,
    /// Its hash; of an empty journal, one that only the school's id went into.
    pub hash: Hash,
}

/// All of an event but its payload: what the hash covers, besides the payload's digest and the hash before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) position: u64,
    pub(super) stream: StreamId,
    pub(super) version: u64,
    /// The position of the event before it in its stream; 0 for the first.
    pub(super) previous: u64,
    pub(super) class: u16,
    /// Milliseconds since 1970.
    pub(super) at: i64,
    pub(super) key: Option<KeyRef>,
}

pub(super) fn digest(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

impl Header {
    /// The hash of the event: of three blocks, one after the other, whatever the payload.
    pub(super) fn hash(&self, school: SchoolId, before: Hash, payload: &[u8; 32]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(EVENT);
        hash.update(before.as_bytes());
        hash.update(school.as_bytes());
        hash.update(self.position.to_le_bytes());
        hash.update(self.stream.as_bytes());
        hash.update(self.version.to_le_bytes());
        hash.update(self.previous.to_le_bytes());
        hash.update(self.class.to_le_bytes());
        hash.update(self.at.to_le_bytes());
        hash.update([u8::from(self.key.is_some())]);
        hash.update(self.key.map_or([0; 16], |key| *key.as_bytes()));
        hash.update(payload);
        Hash(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: SchoolId = SchoolId::from_bytes([1; 16]);

    fn header() -> Header {
        Header {
            position: 7,
            stream: StreamId::from_bytes([2; 16]),
            version: 3,
            previous: 4,
            class: 5,
            at: 1_795_424_707_123,
            key: Some(KeyRef::from_bytes([6; 16])),
        }
    }

    /// Worked out by another program from `docs/journal-format.md`: who changes this changes every journal there is.
    #[test]
    fn the_hashes_are_those_of_the_document() {
        let genesis = Hash::genesis(SCHOOL);
        assert_eq!(genesis.to_string(), "300b78275030cddbc38df30620e67c88f917c0590c73fae128033fb9fdcf7550");
        let hash = header().hash(SCHOOL, genesis, &digest(b"sealed"));
        assert_eq!(hash.to_string(), "e2bb2b78dccf904d761ad3eb35ab245f7abc74299bb5b8475992e80515c5d268");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        let open = Header { key: None, ..header() }.hash(SCHOOL, hash, &digest(b""));
        assert_eq!(open.to_string(), "cb5e08d7c3114072d87cb9ad014aef38b48530325a42b76b722763910c1e96fc");
    }

    #[test]
    fn every_field_counts() {
        let hash = |header: Header| header.hash(SCHOOL, Hash::genesis(SCHOOL), &digest(b"sealed"));
        let it = header();
        let mut all = vec![
            hash(it),
            hash(Header { position: 8, ..it }),
            hash(Header { stream: StreamId::from_bytes([3; 16]), ..it }),
            hash(Header { version: 4, ..it }),
            hash(Header { previous: 5, ..it }),
            hash(Header { class: 6, ..it }),
            hash(Header { at: it.at + 1, ..it }),
            hash(Header { key: None, ..it }),
            hash(Header { key: Some(KeyRef::from_bytes([0; 16])), ..it }),
            it.hash(SchoolId::from_bytes([2; 16]), Hash::genesis(SCHOOL), &digest(b"sealed")),
            it.hash(SCHOOL, Hash::genesis(SchoolId::from_bytes([2; 16])), &digest(b"sealed")),
            it.hash(SCHOOL, Hash::genesis(SCHOOL), &digest(b"Sealed")),
        ];
        let count = all.len();
        all.sort_by_key(|hash| *hash.as_bytes());
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(65), &format!("+{}", "0".repeat(63))] {
            assert_eq!(wrong.parse::<Hash>(), Err(IdError), "{wrong}");
        }
    }
}
