//! What the key store asks of a database: to keep blocks and one sealed ring, and nothing that opens anything.

use std::collections::{BTreeMap, HashMap};

use super::KeyError;
use super::readers::Mark;
use super::slots::{Block, BlockId, HEAD, Head};
use crate::{KeyRef, StreamId};

/// The sealed ring. Its edition grows with each change.
#[derive(Clone)]
pub(super) struct SealedRing {
    pub(super) edition: u64,
    pub(super) bytes: Vec<u8>,
}

/// Blocks whose readers change together with the ring.
#[derive(Default)]
pub(super) struct Rewrap {
    pub(super) which: Which,
    pub(super) heads: HashMap<BlockId, [u8; HEAD]>,
}

/// Which blocks must be among those whose readers change: none may be left behind.
#[derive(Clone, Copy, Default)]
pub(super) enum Which {
    /// None.
    #[default]
    None,
    /// Those of a role at an edition.
    Role(Mark, u32),
    /// Those of a stream.
    Stream(StreamId),
}

impl Which {
    pub(super) fn takes(self, block: &Block) -> bool {
        match self {
            Self::None => false,
            Self::Role(mark, edition) => {
                block.head().is_some_and(|head: Head| head.mark == mark && head.edition == edition)
            }
            Self::Stream(stream) => block.stream == stream,
        }
    }

    /// The front of a block of a role, where readers and edition stand.
    pub(super) fn front(self) -> Option<Vec<u8>> {
        match self {
            Self::Role(mark, edition) => Some([&mark.0[..], &edition.to_be_bytes()].concat()),
            Self::None | Self::Stream(_) => None,
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Done,
    /// Somebody else changed the ring; nothing was done.
    Stale,
    /// A block was left out; nothing was done.
    Incomplete,
}

/// The kinds of database differ in this only. Each call is one transaction; what it wrote is on the disk when it
/// returns.
pub(super) trait Backend: Send {
    fn ring(&mut self) -> Result<SealedRing, KeyError>;

    /// Adds blocks that were made for an edition of the ring, and tells of each whether that is still the newest; one
    /// that is not is not added. A block that is there already stays.
    fn add(&mut self, blocks: &[(u64, &Block)]) -> Result<Vec<bool>, KeyError>;

    /// Those of these blocks that are there, and the edition of the ring.
    fn blocks(&mut self, ids: &[BlockId]) -> Result<(u64, Vec<Block>), KeyError>;

    /// Blocks in the order of their ids.
    fn page(&mut self, after: Option<BlockId>, most: u32) -> Result<Vec<Block>, KeyError>;

    /// The blocks of a stream.
    fn of_stream(&mut self, stream: StreamId) -> Result<Vec<Block>, KeyError>;

    /// Puts the ring of the next edition in the place of that of an edition, and changes the readers of blocks.
    fn change(&mut self, edition: u64, ring: &[u8], rewrap: &Rewrap) -> Result<Changed, KeyError>;

    /// Destroys data keys; those that are not there are passed over. Gives how many were destroyed.
    fn erase(&mut self, keys: &[KeyRef]) -> Result<u64, KeyError>;

    /// Destroys all data keys of a stream.
    fn erase_stream(&mut self, stream: StreamId) -> Result<u64, KeyError>;
}

/// Blocks that come one after another, each of which may be damaged.
pub(super) type Incoming<'a> = &'a mut dyn Iterator<Item = Result<Block, KeyError>>;

/// The slots to erase in each block, in the order of their ids.
pub(super) fn by_block(keys: &[KeyRef]) -> BTreeMap<BlockId, Vec<u16>> {
    let mut blocks: BTreeMap<BlockId, Vec<u16>> = BTreeMap::new();
    for key in keys {
        let (block, slot) = super::slots::place(*key);
        blocks.entry(block).or_default().push(slot);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::super::place::About;
    use super::super::readers::Role;
    use super::super::secret::Secret;
    use super::super::slots::Audience;
    use super::super::sqlite::File;
    use super::*;
    use crate::SchoolId;

    const SCHOOL: SchoolId = SchoolId::from_bytes([1; 16]);

    fn block(secret: &Secret, of: StreamId) -> Block {
        let audience = Audience { mark: Mark::of(&Role::CASES), edition: 0, public: secret.public() };
        Block::make(SCHOOL, of, &audience, 4).unwrap().0
    }

    /// Nothing is done by halves: neither when the ring is another, nor when a block was left out.
    fn changes(backend: &mut dyn Backend, secret: &Secret) {
        let streams = [1, 1, 2].map(|it| StreamId::from_bytes([it; 16]));
        let blocks = streams.map(|of| block(secret, of));
        let added = backend.add(&[(1, &blocks[0]), (2, &blocks[1]), (1, &blocks[2])]).unwrap();
        assert_eq!(added, [true, false, true]);
        assert_eq!(backend.add(&[(1, &blocks[1]), (1, &blocks[0])]).unwrap(), [true, true]);
        let stored = |backend: &mut dyn Backend| -> Vec<Vec<u8>> {
            backend.page(None, 10).unwrap().into_iter().map(|block| block.bytes).collect()
        };
        let before = stored(backend);
        assert_eq!(before.len(), 3);
        let other = [9; HEAD];
        for which in [Which::Role(Mark::of(&Role::CASES), 0), Which::Stream(streams[0])] {
            let heads = HashMap::from([(blocks[0].id, other), (blocks[2].id, other)]);
            let changed = backend.change(1, b"another ring", &Rewrap { which, heads }).unwrap();
            assert_eq!(changed, Changed::Incomplete);
        }
        assert_eq!(backend.change(2, b"another ring", &Rewrap::default()).unwrap(), Changed::Stale);
        assert!(stored(backend) == before && backend.ring().unwrap().edition == 1);
        let heads = HashMap::from([(blocks[0].id, other), (blocks[1].id, other)]);
        let rewrap = Rewrap { which: Which::Stream(streams[0]), heads };
        assert_eq!(backend.change(1, b"another ring", &rewrap).unwrap(), Changed::Done);
        let ring = backend.ring().unwrap();
        assert_eq!((ring.edition, &ring.bytes[..]), (2, &b"another ring"[..]));
        let changed = stored(backend).iter().filter(|bytes| bytes.starts_with(&other)).count();
        assert_eq!(changed, 2);
    }

    #[test]
    fn changes_are_whole() {
        let (secret, ring) = (Secret::generate(), SealedRing { edition: 1, bytes: b"a ring".to_vec() });
        let mut memory = Memory::default();
        memory.create(SCHOOL, &secret, ring.clone(), &mut core::iter::empty()).unwrap();
        changes(&mut memory, &secret);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data-keys.db");
        File::create(&path, &About::of(SCHOOL, &secret.public()), &ring, &mut core::iter::empty()).unwrap();
        changes(&mut File::open(&path).unwrap(), &secret);
    }
}
