//! The key store: sealing and opening.

use core::fmt;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use zeroize::Zeroizing;

use super::backend::{Backend, Changed, Rewrap};
use super::place::Place;
use super::public::{Apart, PublicSeal, TableKey};
use super::readers::Readers;
use super::ring::Ring;
use super::seal::{self, Key};
use super::secret::{Secret, Work};
use super::slots::{self, Block, BlockId, Pool, Slot};
use super::unlocked::{Known, Unlocked};
use super::{KeyError, school_key};
use crate::{KeyRef, SchoolId, StreamId};

const PAYLOAD: &str = "belisha payload 1";

/// Blocks that are asked for at once.
pub(super) const AT_ONCE: usize = 500;

/// The keys of a school. Clones are the same store; other stores may be open at the same place, in this process and in
/// others.
///
/// Sealing takes a data key from memory: a few microseconds. Where none is left for the stream, a block of them is made
/// first, at about 0.1 ms and a wait for the disk; blocks grow from 8 to 256, and callers who wait at the same time
/// share one transaction. Opening asks the database: about 20 µs for one, 6 µs each for many of one stream.
#[derive(Clone)]
pub struct KeyStore(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) school: SchoolId,
    pub(super) secret: Secret,
    pub(super) ring_key: Key,
    pub(super) backend: Mutex<Box<dyn Backend>>,
    pub(super) work: Work,
    /// One password at a time: each takes as much memory as [`Work`] says.
    pub(super) passwords: Mutex<()>,
    known: Mutex<Arc<Known>>,
    pool: Mutex<Pool>,
    waiting: Mutex<Vec<Waiting>>,
    own: Unlocked,
}

/// Blocks that somebody waits for.
struct Waiting {
    edition: u64,
    blocks: Arc<Vec<Block>>,
    outcome: Arc<OnceLock<Outcome>>,
}

#[derive(Clone, Copy)]
enum Outcome {
    Added,
    Stale,
    Failed,
}

/// A block that is wanted: of which stream, for whom, and how large.
type Wanted<'a> = (StreamId, &'a Readers, u16);

/// Blocks by their ids, each with the ring as it was when it was so.
type Blocks = HashMap<BlockId, (Block, Arc<Known>)>;

/// So many blocks, made or opened, are worth a thread.
const MANY: usize = 64;

/// What was sealed, and the name of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The key. Without it the bytes are noise.
    pub key: KeyRef,
    /// The ciphertext: 16 bytes longer than what was sealed.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyStore({})", self.0.school)
    }
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyStore {
    /// Makes the keys of a new school: its own key, and a ring with nobody on it.
    ///
    /// # Errors
    /// There are keys already, or some of their files; nothing is changed.
    pub fn create(place: &Place, school: SchoolId, work: Work) -> Result<Self, KeyError> {
        place.create(school)?;
        Self::open_at(place, school, work)
    }

    /// Opens the keys of a school. `work` is for passwords that are set from now on.
    ///
    /// # Errors
    /// They are not there, not ours, of a later version, another school's, or the school's key is missing or another
    /// one; nothing is changed.
    pub fn open_at(place: &Place, school: SchoolId, work: Work) -> Result<Self, KeyError> {
        let (secret, mut backend) = place.open(school)?;
        let ring_key = Ring::key(&secret);
        let sealed = backend.ring()?;
        let ring = Ring::open(&sealed.bytes, &ring_key, school, sealed.edition)?;
        Ok(Self(Arc::new(Inner {
            school,
            secret,
            ring_key,
            backend: Mutex::new(backend),
            work,
            passwords: Mutex::default(),
            known: Mutex::new(Arc::new(Known { edition: sealed.edition, ring })),
            pool: Mutex::default(),
            waiting: Mutex::default(),
            own: Unlocked::school(),
        })))
    }

    /// The school whose keys they are.
    pub fn school(&self) -> SchoolId {
        self.0.school
    }

    /// How often who opens what has changed: whoever keeps what was opened keeps it for one edition. Costs one look-up.
    pub fn edition(&self) -> Result<u64, KeyError> {
        Ok(self.refresh()?.edition)
    }

    /// What the programs of the school open with nobody signed in: all that is sealed to [`Readers::School`], and to
    /// roles that have no holders yet.
    pub fn as_school(&self) -> &Unlocked {
        &self.0.own
    }

    /// The text of `school.key`, for the copy that is kept apart.
    pub fn school_key(&self) -> Zeroizing<String> {
        school_key::text(self.0.school, &self.0.secret)
    }

    /// Seals a payload of a stream. Its key is on the disk when this returns; the key seals nothing else, ever.
    pub fn seal(&self, stream: StreamId, readers: &Readers, plaintext: &[u8]) -> Result<Sealed, KeyError> {
        let slot = self.slot(stream, readers)?;
        self.seal_with(stream, &slot, plaintext)
    }

    /// Seals payloads of streams, with one wait for the disk where keys must be made.
    pub fn seal_many(&self, payloads: &[(StreamId, &Readers, &[u8])]) -> Result<Vec<Sealed>, KeyError> {
        let mut taken: Vec<Option<Slot>> = Vec::with_capacity(payloads.len());
        let mut lacking: HashMap<(StreamId, &Readers), u16> = HashMap::new();
        {
            let mut pool = lock(&self.0.pool);
            for (stream, readers, _) in payloads {
                let slot = pool.take(*stream, readers);
                if let Err(size) = &slot {
                    let lack = lacking.entry((*stream, readers)).or_insert(0);
                    // At least as many as are lacking; a block holds no more than its most.
                    *lack = lack.saturating_add(1).max(*size).min(slots::MOST);
                }
                taken.push(slot.ok());
            }
        }
        let wanted: Vec<_> = lacking.into_iter().map(|((stream, readers), size)| (stream, readers, size)).collect();
        // Used as they come and not by way of the pool, which has no room for very many streams.
        let made = self.make(&wanted)?;
        let mut made: HashMap<_, _> =
            wanted.iter().zip(made).map(|((stream, readers, _), slots)| ((*stream, *readers), slots)).collect();
        for ((stream, readers, _), slot) in payloads.iter().zip(&mut taken).filter(|(_, slot)| slot.is_none()) {
            *slot = made.get_mut(&(*stream, *readers)).and_then(Vec::pop);
        }
        {
            let mut pool = lock(&self.0.pool);
            for ((stream, readers), slots) in made {
                pool.put(stream, readers, slots);
            }
        }
        let sealed = |((stream, readers, plaintext), slot): (&(StreamId, &Readers, &[u8]), Option<Slot>)| {
            let slot = slot.map_or_else(|| self.slot(*stream, readers), Ok)?;
            self.seal_with(*stream, &slot, plaintext)
        };
        payloads.iter().zip(taken).map(sealed).collect()
    }

    fn seal_with(&self, stream: StreamId, slot: &Slot, plaintext: &[u8]) -> Result<Sealed, KeyError> {
        let about = seal::about(PAYLOAD, self.0.school, stream, slot.key);
        Ok(Sealed { key: slot.key, bytes: slot.data.seal_one(0, &about, plaintext)? })
    }

    /// Opens a payload.
    ///
    /// # Errors
    /// [`NotAReader`](KeyError::NotAReader), whatever became of the key, where it is not sealed to whoever asks; else
    /// [`Erased`](KeyError::Erased) or [`Damaged`](KeyError::Damaged), or [`Unknown`](KeyError::Unknown) for a key that
    /// is not there.
    pub fn open(
        &self,
        stream: StreamId,
        key: KeyRef,
        bytes: &[u8],
        with: &Unlocked,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.open_many(&[(stream, key, bytes)], with)?.pop().ok_or(KeyError::Unknown)?
    }

    /// Opens payloads, each for itself, with one look-up for all. The outer error is that of the database.
    #[expect(clippy::type_complexity, reason = "a result for each, and one for all")]
    pub fn open_many(
        &self,
        payloads: &[(StreamId, KeyRef, &[u8])],
        with: &Unlocked,
    ) -> Result<Vec<Result<Zeroizing<Vec<u8>>, KeyError>>, KeyError> {
        let keys: Vec<_> = payloads.iter().map(|(_, key, _)| *key).collect();
        let blocks = self.blocks_of(&keys)?;
        let open = |(stream, key, bytes): &(StreamId, KeyRef, &[u8])| {
            let about = seal::about(PAYLOAD, self.0.school, *stream, *key);
            let data = self.data_key(&blocks, *stream, *key, with)?;
            data.open_one(0, &about, bytes).ok_or(KeyError::Damaged { what: "a payload" })
        };
        Ok(on_all_cores(payloads, open))
    }

    /// The blocks of keys, each with the ring as it was when it was so.
    fn blocks_of(&self, keys: &[KeyRef]) -> Result<Blocks, KeyError> {
        let ids: BTreeSet<BlockId> = keys.iter().map(|key| slots::place(*key).0).collect();
        let ids: Vec<BlockId> = ids.into_iter().collect();
        let mut blocks = HashMap::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let (known, found) = self.blocks(some)?;
            blocks.extend(found.into_iter().map(|block| (block.id, (block, Arc::clone(&known)))));
        }
        Ok(blocks)
    }

    fn data_key(&self, blocks: &Blocks, stream: StreamId, key: KeyRef, with: &Unlocked) -> Result<Key, KeyError> {
        let (id, slot) = slots::place(key);
        let (block, known) = blocks.get(&id).filter(|it| it.0.stream == stream).ok_or(KeyError::Unknown)?;
        let of_block = with.key_of(known, &self.0.secret, block)?;
        let wrapped = block.slot(slot).ok_or(KeyError::Unknown)?;
        slots::open(self.0.school, stream, key, &of_block, wrapped)
    }

    /// Blocks, and the ring as it was when they were so.
    fn blocks(&self, ids: &[BlockId]) -> Result<(Arc<Known>, Vec<Block>), KeyError> {
        loop {
            let (edition, found) = lock(&self.0.backend).blocks(ids)?;
            let known = Arc::clone(&lock(&self.0.known));
            if known.edition == edition {
                return Ok((known, found));
            }
            let known = self.refresh()?;
            if known.edition == edition {
                return Ok((known, found));
            }
        }
    }

    /// A seal that needs no key store: a public key, for the readers of a stream.
    pub fn public_seal(&self, stream: StreamId, readers: &Readers) -> Result<PublicSeal, KeyError> {
        PublicSeal::make(self.0.school, stream, &self.slot(stream, readers)?)
    }

    /// Opens what a [`PublicSeal`] sealed.
    pub fn open_apart(&self, sealed: &[u8], with: &Unlocked) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let damaged = || KeyError::Damaged { what: "what was sealed apart" };
        let apart = Apart::read(sealed).ok_or_else(damaged)?;
        let data = self.data_key(&self.blocks_of(&[apart.key])?, apart.stream, apart.key, with)?;
        apart.open(self.0.school, &data).ok_or_else(damaged)
    }

    /// Opens the key of a table.
    pub fn open_table(&self, sealed: &[u8], with: &Unlocked) -> Result<TableKey, KeyError> {
        TableKey::from_slice(&self.open_apart(sealed, with)?).ok_or(KeyError::Damaged { what: "the key of a table" })
    }

    /// Destroys keys: what they sealed can never be opened again, by anybody. Keys that are not there are passed over,
    /// so it may be asked twice. Gives how many were destroyed.
    ///
    /// In a folder, no file holds their bytes when this returns. In PostgreSQL the server keeps old versions of rows
    /// until it vacuums, and in its own log. Copies made earlier hold the keys still.
    pub fn erase(&self, keys: &[KeyRef]) -> Result<u64, KeyError> {
        lock(&self.0.backend).erase(keys)
    }

    /// Destroys all keys of a stream that has ended, those that were made ahead among them.
    ///
    /// Another program that has keys of the stream at hand does not learn of it: what it seals with them nobody ever
    /// opens. To erase from a stream that goes on, [`erase`](Self::erase) the keys that were used.
    pub fn erase_stream(&self, stream: StreamId) -> Result<u64, KeyError> {
        // What this process has left of it was made for nothing, and would seal what nobody can open.
        self.forget(stream);
        lock(&self.0.backend).erase_stream(stream)
    }

    pub(super) fn forget(&self, stream: StreamId) {
        lock(&self.0.pool).forget(stream);
    }

    fn slot(&self, stream: StreamId, readers: &Readers) -> Result<Slot, KeyError> {
        loop {
            let size = match lock(&self.0.pool).take(stream, readers) {
                Ok(slot) => return Ok(slot),
                Err(size) => size,
            };
            // Others may take what was made; then it is made once more.
            self.fill(&[(stream, readers, size)])?;
        }
    }

    /// Makes blocks, and puts them by for use when they are on the disk.
    fn fill(&self, wanted: &[Wanted<'_>]) -> Result<(), KeyError> {
        let made = self.make(wanted)?;
        let mut pool = lock(&self.0.pool);
        wanted.iter().zip(made).for_each(|((stream, readers, _), slots)| pool.put(*stream, readers, slots));
        Ok(())
    }

    /// Makes blocks. Their slots may be used when this returns: they are on the disk.
    fn make(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Vec<Slot>>, KeyError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let known = Arc::clone(&lock(&self.0.known));
            let (blocks, slots) = self.blocks_for(&known, wanted)?.into_iter().unzip();
            if self.add(known.edition, blocks)? {
                return Ok(slots);
            }
            self.refresh()?;
        }
    }

    /// Makes blocks for an edition of the ring. Each costs some 60 µs, so that many are made by all cores.
    fn blocks_for(&self, known: &Known, wanted: &[Wanted<'_>]) -> Result<Vec<(Block, Vec<Slot>)>, KeyError> {
        let public = self.0.secret.public();
        let make = |(stream, readers, size): &Wanted<'_>| {
            Block::make(self.0.school, *stream, &known.ring.audience(readers, &public), *size)
        };
        on_all_cores(wanted, make).into_iter().collect()
    }

    /// Adds blocks, unless the ring has changed since the edition they were made for. Whoever comes first writes for
    /// all who wait.
    fn add(&self, edition: u64, blocks: Vec<Block>) -> Result<bool, KeyError> {
        let (outcome, blocks) = (Arc::new(OnceLock::new()), Arc::new(blocks));
        let own = Waiting { edition, blocks: Arc::clone(&blocks), outcome: Arc::clone(&outcome) };
        lock(&self.0.waiting).push(own);
        let mut backend = lock(&self.0.backend);
        if outcome.get().is_none() {
            let waiting = core::mem::take(&mut *lock(&self.0.waiting));
            let all: Vec<(u64, &Block)> =
                waiting.iter().flat_map(|it| it.blocks.iter().map(|block| (it.edition, block))).collect();
            match backend.add(&all) {
                Ok(added) => {
                    let mut added = added.into_iter();
                    for it in &waiting {
                        let fresh = added.by_ref().take(it.blocks.len()).filter(|fresh| *fresh).count();
                        let outcome = if fresh == it.blocks.len() { Outcome::Added } else { Outcome::Stale };
                        let _ = it.outcome.set(outcome);
                    }
                }
                Err(error) => {
                    for it in &waiting {
                        let _ = it.outcome.set(Outcome::Failed);
                    }
                    return Err(error);
                }
            }
        }
        match outcome.get() {
            Some(Outcome::Added) => Ok(true),
            Some(Outcome::Stale) => Ok(false),
            // Another's attempt failed for all: an attempt of one's own tells why, or succeeds.
            Some(Outcome::Failed) | None => {
                let again: Vec<_> = blocks.iter().map(|block| (edition, block)).collect();
                backend.add(&again).map(|added| added.into_iter().all(|fresh| fresh))
            }
        }
    }

    /// The ring as it is now.
    pub(super) fn refresh(&self) -> Result<Arc<Known>, KeyError> {
        let sealed = lock(&self.0.backend).ring()?;
        let known = Arc::clone(&lock(&self.0.known));
        if known.edition == sealed.edition {
            return Ok(known);
        }
        let ring = Ring::open(&sealed.bytes, &self.0.ring_key, self.0.school, sealed.edition)?;
        Ok(self.learn(Known { edition: sealed.edition, ring }))
    }

    fn learn(&self, new: Known) -> Arc<Known> {
        let mut known = lock(&self.0.known);
        *known = Arc::new(new);
        Arc::clone(&known)
    }

    /// Changes the ring that was known, and with it the readers of blocks.
    pub(super) fn replace(&self, known: &Known, ring: Ring, rewrap: &Rewrap) -> Result<Changed, KeyError> {
        let edition = known.edition + 1;
        let sealed = ring.sealed(&self.0.ring_key, self.0.school, edition)?;
        let changed = lock(&self.0.backend).change(known.edition, &sealed, rewrap)?;
        if changed == Changed::Done {
            self.learn(Known { edition, ring });
        }
        Ok(changed)
    }

    /// Changes the ring, and does so again where somebody else was faster.
    pub(super) fn change(&self, with: impl Fn(&mut Ring) -> Result<(), KeyError>) -> Result<(), KeyError> {
        loop {
            let known = self.refresh()?;
            let mut ring = known.ring.clone();
            with(&mut ring)?;
            if self.replace(&known, ring, &Rewrap::default())? == Changed::Done {
                return Ok(());
            }
        }
    }
}

/// Does with each what takes some 60 µs; where they are many, on all cores.
fn on_all_cores<T: Sync, R: Send>(all: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    if all.len() < MANY || cores == 1 {
        return all.iter().map(each).collect();
    }
    let do_part = |part: &[T]| part.iter().map(&each).collect::<Vec<R>>();
    std::thread::scope(|scope| {
        let parts = all.chunks(all.len().div_ceil(cores));
        let working: Vec<_> = parts.map(|part| (part, scope.spawn(|| do_part(part)))).collect();
        let mut done = Vec::with_capacity(all.len());
        for (part, thread) in working {
            // A thread that could not go on is no reason to fail: what it had to do is done here.
            done.extend(thread.join().unwrap_or_else(|_| do_part(part)));
        }
        done
    })
}
