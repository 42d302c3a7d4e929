//! Pairs of keys: age's X25519 identities and recipients, as types that show nothing.

use core::fmt;
use core::str::FromStr;
use std::io::{Read, Write};
use std::iter::once;

use age::secrecy::{ExposeSecret, SecretString};
use age::{Decryptor, Encryptor, Identity, Recipient, scrypt, x25519};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::KeyError;

/// The secret half of a pair. It is wiped when dropped, and there is no way to print it.
#[derive(Clone)]
pub(super) struct Secret(x25519::Identity);

impl Secret {
    pub(super) fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// `AGE-SECRET-KEY-1..`, 74 letters.
    pub(super) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }

    pub(super) fn public(&self) -> PublicKey {
        PublicKey(self.0.to_public())
    }

    /// Opens an age file that was sealed to the other half.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&self.0, sealed)
    }

    /// Opens an age file with another secret in it.
    pub(super) fn open_secret(&self, sealed: &[u8]) -> Option<Self> {
        Self::parse(core::str::from_utf8(&self.open(sealed)?).ok()?)
    }

    pub(super) fn unlock(&self, lock: &Lock) -> Option<Zeroizing<[u8; 16]>> {
        let (share, body) = lock.0.split_at_checked(SHARE)?;
        let share = core::str::from_utf8(share).ok()?.to_owned();
        let stanza = Stanza { tag: "X25519".to_owned(), args: vec![share], body: body.to_vec() };
        let key = self.0.unwrap_stanza(&stanza)?.ok()?;
        Some(Zeroizing::new(*key.expose_secret()))
    }
}

/// The public half of a pair: whoever has it can seal, and not open.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(x25519::Recipient);

impl PublicKey {
    /// An age file that the other half opens.
    pub(super) fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        seal(&self.0, plaintext)
    }

    /// Locks 16 bytes for the other half: what an age file does with its own key, without the file around it.
    pub(super) fn lock(&self, key: &[u8; 16]) -> Result<Lock, KeyError> {
        let key = FileKey::init_with_mut(|bytes| *bytes = *key);
        let odd = KeyError::Damaged { what: "a lock" };
        let Ok((stanzas, _)) = self.0.wrap_file_key(&key) else { return Err(odd) };
        let [Stanza { args, body, .. }] = stanzas.as_slice() else { return Err(odd) };
        let bytes = [args.concat().as_bytes(), body].concat();
        bytes.try_into().map(Lock).map_err(|_| odd)
    }
}

/// `age1..`
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.0)
    }
}

/// A text that is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key: age1 and 58 more letters and digits are expected")]
pub struct PublicKeyError;

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        text.trim().parse().map(Self).map_err(|_| PublicKeyError)
    }
}

/// Bytes of an X25519 share as age writes it: base64 of 32 bytes.
const SHARE: usize = 43;

/// 16 bytes that only the secret half of a pair brings to light: age's X25519 stanza, always of the same length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Lock(pub(super) [u8; Self::BYTES]);

impl Lock {
    pub(super) const BYTES: usize = SHARE + 32;
}

/// How much work a guess at a password is: scrypt with N = 2^this. Each step doubles time and memory; 18 takes about a
/// second and 256 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work(u8);

impl Work {
    const MOST: u8 = 20;

    /// N = 2^`log2`, from 1 to 20.
    pub fn log2(log2: u8) -> Result<Self, KeyError> {
        if (1..=Self::MOST).contains(&log2) { Ok(Self(log2)) } else { Err(KeyError::Work) }
    }
}

/// What age takes for a second on a machine of today, whatever else this machine is busy with.
impl Default for Work {
    fn default() -> Self {
        Self(18)
    }
}

/// An age file that the password opens.
pub(super) fn seal_with_password(password: &str, work: Work, secret: &Secret) -> Result<Vec<u8>, KeyError> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(password));
    recipient.set_work_factor(work.0);
    seal(&recipient, secret.text().as_bytes())
}

pub(super) fn open_with_password(password: &str, sealed: &[u8]) -> Option<Secret> {
    let mut identity = scrypt::Identity::new(SecretString::from(password));
    identity.set_max_work_factor(Work::MOST);
    let text = open(&identity, sealed)?;
    Secret::parse(core::str::from_utf8(&text).ok()?)
}

fn seal(recipient: &dyn Recipient, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
    let encryptor = Encryptor::with_recipients(once(recipient)).map_err(|_| KeyError::Damaged { what: "a lock" })?;
    let mut sealed = Vec::new();
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(plaintext)?;
        writer.finish()
    });
    written.map_err(KeyError::Stream)?;
    Ok(sealed)
}

fn open(identity: &dyn Identity, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut reader = Decryptor::new_buffered(sealed).ok()?.decrypt(once(identity)).ok()?;
    // Large enough at once: growing would leave copies behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len() + 32));
    reader.read_to_end(&mut plaintext).ok()?;
    Some(plaintext)
}
