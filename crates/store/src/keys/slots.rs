//! Data keys made ahead: a block of slots of one stream, and what this process has left of them.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::KeyError;
use super::readers::{Mark, Readers};
use super::seal::{self, Key, TAG};
use super::secret::{Lock, PublicKey, Secret};
use crate::{KeyRef, SchoolId, StreamId};

/// Bytes of a wrapped data key.
pub(super) const SLOT: usize = 32 + TAG;
/// Bytes in front of the slots: readers, edition, lock, and one that fills up.
pub(super) const HEAD: usize = 8 + 4 + Lock::BYTES + 1;
/// The largest block.
pub(super) const MOST: u16 = 256;
/// The first block of a stream; each further one is twice as large.
const FIRST: u16 = 8;
/// Streams in each of two generations of the pool.
const STREAMS: usize = 1_024;

const KEY_OF_BLOCK: &str = "belisha key of a block 1";
const DATA_KEY: &str = "belisha data key 1";

/// A block of data keys. It is the front of the names of all its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct BlockId(pub(super) [u8; 14]);

impl BlockId {
    fn random() -> Result<Self, KeyError> {
        let mut id = [0; 14];
        getrandom::fill(&mut id)?;
        Ok(Self(id))
    }

    fn key(self, slot: u16) -> KeyRef {
        let mut bytes = [0; 16];
        let (front, back) = bytes.split_at_mut(14);
        front.copy_from_slice(&self.0);
        back.copy_from_slice(&slot.to_be_bytes());
        KeyRef::from_bytes(bytes)
    }
}

/// Block and slot of a key.
pub(super) fn place(key: KeyRef) -> (BlockId, u16) {
    let [front @ .., high, low] = *key.as_bytes();
    (BlockId(front), u16::from_be_bytes([high, low]))
}

/// What a block says in front: who may open it. It is written over where it stands when keys change hands, so its
/// length never changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) mark: Mark,
    /// The edition of the role's key; 0 for the school's key.
    pub(super) edition: u32,
    lock: Lock,
}

impl Head {
    pub(super) fn bytes(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let parts =
            self.mark.0.iter().chain(&self.edition.to_be_bytes()).chain(&self.lock.0).copied().collect::<Vec<_>>();
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk()?;
        let (edition, rest) = rest.split_first_chunk()?;
        let (lock, rest) = rest.split_first_chunk()?;
        (rest.first() == Some(&0)).then_some(Self {
            mark: Mark(*mark),
            edition: u32::from_be_bytes(*edition),
            lock: Lock(*lock),
        })
    }

    /// The key of the block, for whoever has the readers' secret.
    pub(super) fn open(&self, secret: &Secret) -> Option<Key> {
        secret.unlock(&self.lock).map(|inner| Key::derive(KEY_OF_BLOCK, &*inner))
    }

    /// The same block for other readers. `None` where the secret does not fit.
    pub(super) fn for_others(&self, secret: &Secret, to: &Audience) -> Result<Option<Self>, KeyError> {
        let Some(inner) = secret.unlock(&self.lock) else { return Ok(None) };
        Ok(Some(Self { mark: to.mark, edition: to.edition, lock: to.public.lock(&inner)? }))
    }

    /// Says that others are its readers; the lock, which nobody could open, stays as it is.
    pub(super) fn given_up(&self, to: &Audience) -> Self {
        Self { mark: to.mark, edition: to.edition, lock: self.lock }
    }
}

/// Readers, as they are at one edition of the ring.
#[derive(Clone)]
pub(super) struct Audience {
    pub(super) mark: Mark,
    pub(super) edition: u32,
    pub(super) public: PublicKey,
}

/// A block as it is stored: nothing in it opens anything by itself.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) id: BlockId,
    pub(super) stream: StreamId,
    /// Head and slots. An erased slot is all zeros.
    pub(super) bytes: Vec<u8>,
}

/// A data key that nothing was sealed with so far.
pub(super) struct Slot {
    pub(super) key: KeyRef,
    pub(super) data: Key,
}

impl Block {
    /// New data keys under a new key of the block, which is locked for the readers and forgotten.
    pub(super) fn make(
        school: SchoolId,
        stream: StreamId,
        audience: &Audience,
        slots: u16,
    ) -> Result<(Self, Vec<Slot>), KeyError> {
        let id = BlockId::random()?;
        let mut inner = Zeroizing::new([0; 16]);
        getrandom::fill(&mut *inner)?;
        let lock = audience.public.lock(&inner)?;
        let of_block = Key::derive(KEY_OF_BLOCK, &*inner);
        let head = Head { mark: audience.mark, edition: audience.edition, lock };
        let mut bytes = Vec::with_capacity(HEAD + usize::from(slots) * SLOT);
        bytes.extend_from_slice(&head.bytes());
        let mut made = Vec::with_capacity(slots.into());
        for (slot, data) in (0..slots).zip(Key::random_many(slots)?) {
            let key = id.key(slot);
            bytes.extend(of_block.seal_one(slot, &seal::about(DATA_KEY, school, stream, key), data.bytes())?);
            made.push(Slot { key, data });
        }
        Ok((Self { id, stream, bytes }, made))
    }

    pub(super) fn head(&self) -> Option<Head> {
        Head::read(&self.bytes)
    }

    /// The wrapped data key of a slot; `None` for one that never was.
    pub(super) fn slot(&self, slot: u16) -> Option<&[u8; SLOT]> {
        let from = HEAD + usize::from(slot) * SLOT;
        self.bytes.get(from..)?.first_chunk()
    }

    pub(super) fn slots(&self) -> u16 {
        u16::try_from(self.bytes.len().saturating_sub(HEAD) / SLOT).unwrap_or(u16::MAX)
    }

    /// Whether it has the length of a block.
    pub(super) fn is_shaped(&self) -> bool {
        let slots = self.slots();
        (1..=MOST).contains(&slots) && self.bytes.len() == HEAD + usize::from(slots) * SLOT && self.head().is_some()
    }

    /// Destroys a data key. Whether there was one.
    pub(super) fn erase(&mut self, slot: u16) -> bool {
        let from = HEAD + usize::from(slot) * SLOT;
        match self.bytes.get_mut(from..from + SLOT) {
            Some(wrapped) if wrapped != [0; SLOT] => {
                wrapped.fill(0);
                true
            }
            _ => false,
        }
    }

    /// Destroys all data keys. How many there were.
    pub(super) fn erase_all(&mut self) -> u64 {
        (0..self.slots()).map(|slot| u64::from(self.erase(slot))).sum()
    }
}

/// Whether a data key was destroyed.
pub(super) fn is_erased(wrapped: &[u8; SLOT]) -> bool {
    *wrapped == [0; SLOT]
}

/// Brings a data key to light.
pub(super) fn open(
    school: SchoolId,
    stream: StreamId,
    key: KeyRef,
    of_block: &Key,
    wrapped: &[u8; SLOT],
) -> Result<Key, KeyError> {
    if is_erased(wrapped) {
        return Err(KeyError::Erased);
    }
    let opened = of_block.open_one(place(key).1, &seal::about(DATA_KEY, school, stream, key), wrapped);
    opened.and_then(|data| Key::from_slice(&data)).ok_or(KeyError::Damaged { what: "a data key" })
}

/// The slots that this process has left. What it forgets is never used, which costs 48 bytes on the disk.
#[derive(Default)]
pub(super) struct Pool {
    recent: HashMap<(StreamId, Readers), Left>,
    before: HashMap<(StreamId, Readers), Left>,
}

struct Left {
    slots: Vec<Slot>,
    /// Slots of the next block.
    next: u16,
}

impl Pool {
    /// A slot of a stream, else how large the next block should be.
    pub(super) fn take(&mut self, stream: StreamId, readers: &Readers) -> Result<Slot, u16> {
        let name = (stream, readers.clone());
        let Some(left) = self.left(&name) else { return Err(FIRST) };
        left.slots.pop().ok_or(left.next)
    }

    /// Keeps the slots of a block that is on the disk.
    pub(super) fn put(&mut self, stream: StreamId, readers: &Readers, slots: Vec<Slot>) {
        let next = u16::try_from(slots.len()).unwrap_or(MOST).saturating_mul(2).clamp(FIRST, MOST);
        let name = (stream, readers.clone());
        if let Some(left) = self.left(&name) {
            left.slots.extend(slots);
            left.next = left.next.max(next);
        } else {
            self.make_room();
            self.recent.insert(name, Left { slots, next });
        }
    }

    /// Throws away what is left of a stream.
    pub(super) fn forget(&mut self, stream: StreamId) {
        self.recent.retain(|(of, _), _| *of != stream);
        self.before.retain(|(of, _), _| *of != stream);
    }

    fn left(&mut self, name: &(StreamId, Readers)) -> Option<&mut Left> {
        if !self.recent.contains_key(name)
            && let Some(left) = self.before.remove(name)
        {
            self.make_room();
            self.recent.insert(name.clone(), left);
        }
        self.recent.get_mut(name)
    }

    fn make_room(&mut self) {
        if self.recent.len() >= STREAMS {
            self.before = core::mem::take(&mut self.recent);
        }
    }
}
