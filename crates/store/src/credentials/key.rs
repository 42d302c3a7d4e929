//! The key with which the school's programs vouch for rows.

use core::fmt;

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Credential, SignedIn};

/// A key that only the school's programs have: made by [`KeyStore::fingerprint`](crate::keys::KeyStore::fingerprint).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CredentialKey([u8; 32]);

impl CredentialKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn of_token(&self, hash: &[u8; 32], signed_in: &SignedIn) -> [u8; 32] {
        let until = signed_in.until.timestamp_millis().to_be_bytes();
        let carried = signed_in.carried.as_deref().unwrap_or_default();
        self.of(&[b"token", hash, signed_in.person.as_bytes(), &until, carried])
    }

    pub(super) fn of_credential(&self, account: [u8; 16], credential: &Credential) -> [u8; 32] {
        let millis = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or(i64::MIN, |at| at.timestamp_millis());
        self.of(&[
            b"credential",
            &account,
            &credential.serial.to_be_bytes(),
            credential.hash.as_deref().unwrap_or_default().as_bytes(),
            &[u8::from(credential.issued)],
            &millis(Some(credential.set)).to_be_bytes(),
            &millis(credential.lapses).to_be_bytes(),
            &millis(credential.void_since).to_be_bytes(),
        ])
    }

    /// With the key in front and behind, and every part after its length: no parts stand for others.
    fn of(&self, parts: &[&[u8]]) -> [u8; 32] {
        let hash = parts.iter().fold(Sha256::new().chain_update(self.0), |hash, part| {
            hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
        });
        hash.chain_update(self.0).finalize().into()
    }

    /// Whether two are equal, in the same time wherever they differ.
    #[expect(clippy::unused_self, reason = "what is compared was made with the key")]
    pub(super) fn is(&self, ours: &[u8; 32], theirs: &[u8]) -> bool {
        theirs.len() == ours.len() && ours.iter().zip(theirs).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl fmt::Debug for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialKey(..)")
    }
}
