//! Questions about keys that open nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::slots::{self, Block, BlockId};
use super::store::{AT_ONCE, KeyStore, lock};
use super::{KeyError, school_key};
use crate::{KeyRef, SchoolId, StreamId};

/// What is left of a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is there. Whether it opens anything is another question.
    There,
    /// It was destroyed.
    Destroyed,
    /// It never was here: it is of another school, or younger than the copy from which these keys were restored.
    Unknown,
}

/// The school whose key stands in a folder; `None` where there is none.
pub fn school_of(folder: &Path) -> Result<Option<SchoolId>, KeyError> {
    Ok(school_key::read(folder)?.map(|(school, _)| school))
}

impl KeyStore {
    /// Whether nothing was ever sealed with these keys.
    pub fn is_unused(&self) -> Result<bool, KeyError> {
        Ok(lock(&self.0.backend).page(None, 1)?.is_empty())
    }

    /// What is left of data keys, whoever may open what they sealed; one look-up for all.
    pub fn states(&self, keys: &[(StreamId, KeyRef)]) -> Result<Vec<KeyState>, KeyError> {
        let ids: BTreeSet<BlockId> = keys.iter().map(|(_, key)| slots::place(*key).0).collect();
        let ids: Vec<BlockId> = ids.into_iter().collect();
        let mut blocks: HashMap<BlockId, Block> = HashMap::new();
        for some in ids.chunks(AT_ONCE) {
            let (_, found) = lock(&self.0.backend).blocks(some)?;
            blocks.extend(found.into_iter().map(|block| (block.id, block)));
        }
        let state = |(stream, key): &(StreamId, KeyRef)| {
            let (id, slot) = slots::place(*key);
            match blocks.get(&id).filter(|block| block.stream == *stream).and_then(|block| block.slot(slot)) {
                None => KeyState::Unknown,
                Some(wrapped) if slots::is_erased(wrapped) => KeyState::Destroyed,
                Some(_) => KeyState::There,
            }
        };
        Ok(keys.iter().map(state).collect())
    }

    /// A hash of these parts that only the school's programs can make: two are equal when what was asked is, and
    /// whoever has the hash alone cannot try guesses against it.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = super::seal::Key::derive("belisha fingerprint 1", self.0.secret.text().as_bytes());
        // With the key in front and behind, and every part after its length: no text stands for another.
        let hash = parts.iter().fold(Sha256::new().chain_update(key.bytes()), |hash, part| {
            hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
        });
        hash.chain_update(key.bytes()).finalize().into()
    }
}
