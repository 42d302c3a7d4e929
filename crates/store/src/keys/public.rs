//! Sealing away from the key store: for those who write and cannot read.

use core::fmt;
use core::ops::Range;

use zeroize::Zeroizing;

use super::KeyError;
use super::seal::{self, Key, TAG};
use super::secret::{Lock, PublicKey, Secret};
use super::slots::Slot;
use crate::{KeyRef, SchoolId, StreamId};

const PAIR: &str = "belisha pair 1";
const CONTENT: &str = "belisha sealed apart 1";
const ENTRY: &str = "belisha entry of a table 1";
const MAGIC: [u8; 4] = *b"BLs1";

/// Bytes of a secret as text, sealed.
const SECRET: usize = 74 + TAG;
/// Where the parts of a sealed text are; the content follows.
const STREAM: Range<usize> = 4..20;
const KEY: Range<usize> = 20..36;
const SEALED_SECRET: Range<usize> = 36..36 + SECRET;
const LOCK: Range<usize> = SEALED_SECRET.end..SEALED_SECRET.end + Lock::BYTES;

/// A public key that seals to readers, without the key store at hand. It holds no secret.
///
/// Its secret half is sealed with a data key of the store. So what it seals is opened by those who are the readers
/// *now*, also after a role has changed hands, and is erased with that one key: a seal for each day, and destroying
/// its key forgets the day.
#[derive(Clone)]
pub struct PublicSeal {
    school: SchoolId,
    key: KeyRef,
    public: PublicKey,
    /// Magic, stream, key and sealed secret: how each sealed text begins.
    front: Vec<u8>,
}

impl fmt::Debug for PublicSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicSeal({})", self.key)
    }
}

impl PublicSeal {
    pub(super) fn make(school: SchoolId, stream: StreamId, slot: &Slot) -> Result<Self, KeyError> {
        let secret = Secret::generate();
        let about = seal::about(PAIR, school, stream, slot.key);
        let sealed = slot.data.seal_one(0, &about, secret.text().as_bytes())?;
        let front = [&MAGIC[..], stream.as_bytes(), slot.key.as_bytes(), &sealed].concat();
        Ok(Self { school, key: slot.key, public: secret.public(), front })
    }

    /// The data key with which everything that this sealed is erased.
    pub fn key(&self) -> KeyRef {
        self.key
    }

    /// Seals bytes. [`KeyStore::open_apart`](super::KeyStore::open_apart) opens them.
    ///
    /// Cost: two multiplications on a curve (about 0.1 ms) and 217 bytes; for many small things use a [`TableKey`].
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut inner = Zeroizing::new([0; 16]);
        getrandom::fill(&mut *inner)?;
        let mut sealed = [&self.front[..], &self.public.lock(&inner)?.0].concat();
        let about = [CONTENT.as_bytes(), &[0], self.school.as_bytes(), &sealed].concat();
        let content = Key::derive(CONTENT, &*inner).seal_one(0, &about, plaintext)?;
        sealed.extend_from_slice(&content);
        Ok(sealed)
    }
}

/// A text that a [`PublicSeal`] sealed, taken apart.
pub(super) struct Apart<'a> {
    pub(super) stream: StreamId,
    pub(super) key: KeyRef,
    sealed_secret: &'a [u8],
    lock: Lock,
    front: &'a [u8],
    content: &'a [u8],
}

impl<'a> Apart<'a> {
    pub(super) fn read(sealed: &'a [u8]) -> Option<Self> {
        let (front, content) = sealed.split_at_checked(LOCK.end)?;
        front.starts_with(&MAGIC).then_some(())?;
        Some(Self {
            stream: StreamId::from_bytes(front.get(STREAM)?.try_into().ok()?),
            key: KeyRef::from_bytes(front.get(KEY)?.try_into().ok()?),
            sealed_secret: front.get(SEALED_SECRET)?,
            lock: Lock(front.get(LOCK)?.try_into().ok()?),
            front,
            content,
        })
    }

    pub(super) fn open(&self, school: SchoolId, data: &Key) -> Option<Zeroizing<Vec<u8>>> {
        let about = seal::about(PAIR, school, self.stream, self.key);
        let secret = data.open_one(0, &about, self.sealed_secret)?;
        let secret = Secret::parse(core::str::from_utf8(&secret).ok()?)?;
        let inner = secret.unlock(&self.lock)?;
        let about = [CONTENT.as_bytes(), &[0], school.as_bytes(), self.front].concat();
        Key::derive(CONTENT, &*inner).open_one(0, &about, self.content)
    }
}

/// A key for the many small entries of one table, sealed once to those who may read them.
///
/// Whoever has it opens every entry: the program that fills the table keeps it in memory only, and no longer than it
/// must.
pub struct TableKey(Key);

impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableKey(..)")
    }
}

impl TableKey {
    /// A new one.
    pub fn random() -> Result<Self, KeyError> {
        Key::random().map(Self)
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Key::from_slice(bytes).map(Self)
    }

    /// The key itself, sealed: to be kept beside the table. [`KeyStore::open_table`](super::KeyStore::open_table)
    /// gives it back.
    pub fn sealed(&self, to: &PublicSeal) -> Result<Vec<u8>, KeyError> {
        to.seal(self.0.bytes())
    }

    /// Seals an entry. `place` says which it is, and must be the same at opening: an entry cannot be passed off for
    /// another.
    ///
    /// Cost: about 1 µs and 40 bytes.
    pub fn seal(&self, place: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.seal_again(&entry(place), plaintext)
    }

    /// Opens an entry.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.0.open_again(&entry(place), sealed).ok_or(KeyError::Damaged { what: "an entry of a table" })
    }
}

fn entry(place: &[u8]) -> Vec<u8> {
    [ENTRY.as_bytes(), &[0], place].concat()
}
