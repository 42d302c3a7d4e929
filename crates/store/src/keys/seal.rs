//! Symmetric sealing: every key seals one thing, or is told apart by a nonce that never comes twice.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::KeyError;
use crate::{KeyRef, SchoolId, StreamId};

/// Bytes that sealing adds.
pub(super) const TAG: usize = 16;
/// Bytes of the nonce that [`seal_again`] puts in front.
const NONCE: usize = 24;

/// A symmetric key, on the heap, so that moving it leaves no copy behind.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Key(Box<[u8; 32]>);

impl Key {
    pub(super) fn random() -> Result<Self, KeyError> {
        let mut bytes = Box::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// So many, with one question to the system.
    pub(super) fn random_many(count: u16) -> Result<Vec<Self>, KeyError> {
        let mut bytes = Zeroizing::new(vec![0; 32 * usize::from(count)]);
        getrandom::fill(&mut bytes)?;
        Ok(bytes.chunks_exact(32).filter_map(Self::from_slice).collect())
    }

    /// A key for one use, from a secret that has as much chance in it as a key.
    pub(super) fn derive(purpose: &str, secret: &[u8]) -> Self {
        let mut digest = Sha256::new();
        digest.update(purpose.as_bytes());
        digest.update([0]);
        digest.update(secret);
        Self(Box::new(digest.finalize().into()))
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Box::new([0; 32]);
        (bytes.len() == key.len()).then(|| key.copy_from_slice(bytes))?;
        Some(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals what is told apart by its number among all that this key ever seals; 0 for a key that seals one thing.
    pub(super) fn seal_one(&self, number: u16, about: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let cipher = ChaCha20Poly1305::new((&*self.0).into());
        cipher.encrypt(&nonce(number).into(), Payload { msg: plaintext, aad: about }).map_err(|_| KeyError::TooLong)
    }

    pub(super) fn open_one(&self, number: u16, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = ChaCha20Poly1305::new((&*self.0).into());
        cipher.decrypt(&nonce(number).into(), Payload { msg: sealed, aad: about }).ok().map(Zeroizing::new)
    }

    /// Seals one of many things, with a random nonce in front.
    pub(super) fn seal_again(&self, about: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut sealed = Vec::with_capacity(NONCE + plaintext.len() + TAG);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        sealed.extend_from_slice(&nonce);
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let text = cipher.encrypt(&nonce.into(), Payload { msg: plaintext, aad: about });
        sealed.extend_from_slice(&text.map_err(|_| KeyError::TooLong)?);
        Ok(sealed)
    }

    pub(super) fn open_again(&self, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        cipher.decrypt(nonce.into(), Payload { msg: text, aad: about }).ok().map(Zeroizing::new)
    }
}

fn nonce(number: u16) -> [u8; 12] {
    let mut nonce = [0; 12];
    if let Some(end) = nonce.last_chunk_mut() {
        *end = number.to_be_bytes();
    }
    nonce
}

/// What a sealed thing is bound to: moved elsewhere, it no longer opens.
pub(super) fn about(purpose: &str, school: SchoolId, stream: StreamId, key: KeyRef) -> Vec<u8> {
    [purpose.as_bytes(), &[0], school.as_bytes(), stream.as_bytes(), key.as_bytes()].concat()
}
