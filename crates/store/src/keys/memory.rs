//! Keys in memory, for tests and for trying out: nothing outlives the process.

use core::fmt;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::KeyError;
use super::backend::{Backend, Changed, Incoming, Rewrap, SealedRing, by_block};
use super::secret::Secret;
use super::slots::{Block, BlockId};
use crate::{KeyRef, SchoolId, StreamId};

/// A place in memory for the keys of one school. Clones are the same place.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Option<Kept>>>);

struct Kept {
    school: SchoolId,
    secret: Secret,
    ring: SealedRing,
    blocks: BTreeMap<BlockId, Block>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

const PLACE: &str = "memory";

impl Memory {
    pub(super) fn create(
        &self,
        school: SchoolId,
        secret: &Secret,
        ring: SealedRing,
        blocks: Incoming<'_>,
    ) -> Result<(), KeyError> {
        let blocks = blocks.map(|block| block.map(|block| (block.id, block))).collect::<Result<_, _>>()?;
        let mut kept = self.lock();
        if kept.is_some() {
            return Err(KeyError::Exists { place: PLACE.into() });
        }
        *kept = Some(Kept { school, secret: secret.clone(), ring, blocks });
        Ok(())
    }

    pub(super) fn secret(&self, school: SchoolId) -> Result<Secret, KeyError> {
        match &*self.lock() {
            None => Err(KeyError::Missing { place: PLACE.into() }),
            Some(kept) if kept.school != school => Err(KeyError::OtherSchool { place: PLACE.into() }),
            Some(kept) => Ok(kept.secret.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> Result<T, KeyError> {
        self.lock().as_mut().map(work).ok_or(KeyError::Missing { place: PLACE.into() })
    }
}

impl Backend for Memory {
    fn ring(&mut self) -> Result<SealedRing, KeyError> {
        self.with(|kept| kept.ring.clone())
    }

    fn add(&mut self, blocks: &[(u64, &Block)]) -> Result<Vec<bool>, KeyError> {
        self.with(|kept| {
            let newest = kept.ring.edition;
            let add = |(edition, block): &(u64, &Block)| {
                let fresh = *edition == newest;
                if fresh {
                    kept.blocks.entry(block.id).or_insert_with(|| (*block).clone());
                }
                fresh
            };
            blocks.iter().map(add).collect()
        })
    }

    fn blocks(&mut self, ids: &[BlockId]) -> Result<(u64, Vec<Block>), KeyError> {
        self.with(|kept| (kept.ring.edition, ids.iter().filter_map(|id| kept.blocks.get(id).cloned()).collect()))
    }

    fn page(&mut self, after: Option<BlockId>, most: u32) -> Result<Vec<Block>, KeyError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.with(|kept| {
            kept.blocks.range((from, Bound::Unbounded)).take(most as usize).map(|(_, block)| block.clone()).collect()
        })
    }

    fn of_stream(&mut self, stream: StreamId) -> Result<Vec<Block>, KeyError> {
        self.with(|kept| kept.blocks.values().filter(|block| block.stream == stream).cloned().collect())
    }

    fn change(&mut self, edition: u64, ring: &[u8], rewrap: &Rewrap) -> Result<Changed, KeyError> {
        self.with(|kept| {
            if kept.ring.edition != edition {
                return Changed::Stale;
            }
            let mut taken = kept.blocks.values().filter(|block| rewrap.which.takes(block));
            if taken.any(|block| !rewrap.heads.contains_key(&block.id)) {
                return Changed::Incomplete;
            }
            for (id, head) in &rewrap.heads {
                if let Some(front) = kept.blocks.get_mut(id).and_then(|block| block.bytes.first_chunk_mut()) {
                    *front = *head;
                }
            }
            kept.ring = SealedRing { edition: edition + 1, bytes: ring.to_vec() };
            Changed::Done
        })
    }

    fn erase(&mut self, keys: &[KeyRef]) -> Result<u64, KeyError> {
        self.with(|kept| {
            let mut erased = 0;
            for (id, slots) in by_block(keys) {
                if let Some(block) = kept.blocks.get_mut(&id) {
                    erased += slots.into_iter().map(|slot| u64::from(block.erase(slot))).sum::<u64>();
                }
            }
            erased
        })
    }

    fn erase_stream(&mut self, stream: StreamId) -> Result<u64, KeyError> {
        self.with(|kept| kept.blocks.values_mut().filter(|block| block.stream == stream).map(Block::erase_all).sum())
    }
}
