//! Questions about keys that open nothing.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::store::{KeyStore, lock};
use super::{KeyError, school_key};
use crate::SchoolId;

/// The school whose key stands in a folder; `None` where there is none.
pub fn school_of(folder: &Path) -> Result<Option<SchoolId>, KeyError> {
    Ok(school_key::read(folder)?.map(|(school, _)| school))
}

impl KeyStore {
    /// Whether nothing was ever sealed with these keys.
    pub fn is_unused(&self) -> Result<bool, KeyError> {
        Ok(lock(&self.0.backend).page(None, 1)?.is_empty())
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
