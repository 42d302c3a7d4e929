//! Who is at hand with a secret, and what that opens.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::KeyError;
use super::readers::{Mark, Role};
use super::ring::Ring;
use super::seal::Key;
use super::secret::Secret;
use super::slots::{Block, BlockId};

/// Keys of blocks that are kept at hand.
const BLOCKS: usize = 4_096;

/// The ring of an edition, opened.
pub(super) struct Known {
    pub(super) edition: u64,
    pub(super) ring: Ring,
}

/// The proof that somebody's secret is at hand: a holder's, whose password was right, or the school's own.
///
/// It is worth what the secret is worth for as long as it lives: keep it no longer than the person works, and drop it,
/// which wipes it. What it opens is asked of the key ring each time, so that a holder who lost a role opens nothing
/// more of it.
pub struct Unlocked {
    who: Who,
    cache: Mutex<Cache>,
}

enum Who {
    School,
    Holder(String, Secret),
}

#[derive(Default)]
struct Cache {
    edition: u64,
    roles: HashMap<Mark, Secret>,
    blocks: HashMap<BlockId, Arc<Key>>,
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked(..)")
    }
}

impl Unlocked {
    pub(super) fn school() -> Self {
        Self { who: Who::School, cache: Mutex::default() }
    }

    pub(super) fn holder(name: &str, secret: Secret) -> Self {
        Self { who: Who::Holder(name.to_owned(), secret), cache: Mutex::default() }
    }

    /// The holder's name; `None` for the school itself.
    pub fn name(&self) -> Option<&str> {
        match &self.who {
            Who::School => None,
            Who::Holder(name, _) => Some(name),
        }
    }

    /// Name and secret of a holder.
    pub(super) fn person(&self) -> Option<(&str, &Secret)> {
        match &self.who {
            Who::School => None,
            Who::Holder(name, secret) => Some((name, secret)),
        }
    }

    /// The secret of a role as it is now, if this holder has the role.
    pub(super) fn role(&self, ring: &Ring, role: &Role) -> Result<Secret, KeyError> {
        let key = ring.roles.get(role).ok_or(KeyError::RoleIsFree)?;
        let (name, secret) = self.person().ok_or(KeyError::NotAReader)?;
        ring.role_secret(key, name, secret)
    }

    /// The secret that opens a block, where it is one of the school's or of a role of this holder.
    pub(super) fn secret_for(&self, known: &Known, school: &Secret, block: &Block) -> Result<Secret, KeyError> {
        let head = block.head().ok_or(KeyError::Damaged { what: "a block of keys" })?;
        if head.edition == 0 {
            return Ok(school.clone());
        }
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.turn_to(known.edition);
        let role = known.ring.role_of(head.mark).filter(|role| role.edition == head.edition);
        let (role, (name, secret)) = role.zip(self.person()).ok_or(KeyError::NotAReader)?;
        if let Some(secret) = cache.roles.get(&head.mark) {
            return Ok(secret.clone());
        }
        let opened = known.ring.role_secret(role, name, secret)?;
        cache.roles.insert(head.mark, opened.clone());
        Ok(opened)
    }

    /// The key of a block.
    pub(super) fn key_of(&self, known: &Known, school: &Secret, block: &Block) -> Result<Arc<Key>, KeyError> {
        {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.turn_to(known.edition);
            if let Some(key) = cache.blocks.get(&block.id) {
                return Ok(Arc::clone(key));
            }
        }
        let secret = self.secret_for(known, school, block)?;
        let damaged = KeyError::Damaged { what: "a block of keys" };
        let key = Arc::new(block.head().and_then(|head| head.open(&secret)).ok_or(damaged)?);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.blocks.len() >= BLOCKS {
            cache.blocks.clear();
        }
        cache.blocks.insert(block.id, Arc::clone(&key));
        Ok(key)
    }
}

impl Cache {
    /// When keys changed hands, nothing from before counts.
    fn turn_to(&mut self, edition: u64) {
        if self.edition != edition {
            *self = Self { edition, ..Self::default() };
        }
    }
}
