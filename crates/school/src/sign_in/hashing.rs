//! Argon2id, and how many hashes are made at once.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// What a guess at a password costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    memory: u32,
    /// Passes over it.
    passes: u32,
}

impl Cost {
    /// For staff and governors: 64 MiB, three passes.
    pub const STAFF: Self = Self { memory: 64 * 1024, passes: 3 };
    /// For pupils, classes and guests: 19 MiB, two passes.
    pub const PUPILS: Self = Self { memory: 19 * 1024, passes: 2 };
    /// Next to nothing, for tests.
    #[doc(hidden)]
    pub const TESTS: Self = Self { memory: 8, passes: 1 };

    fn argon2(self) -> Result<Argon2<'static>, String> {
        let params = Params::new(self.memory, self.passes, 1, None).map_err(|error| error.to_string())?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// Whether a hash was made at this cost.
    pub(super) fn is_of(self, hash: &str) -> bool {
        let parsed = PasswordHash::new(hash).ok();
        let params = parsed.as_ref().and_then(|hash| Params::try_from(hash).ok());
        params.is_some_and(|params| params.m_cost() == self.memory && params.t_cost() == self.passes)
    }
}

/// Lets so many hash at once; others wait for their turn. 64 MiB each, however many sign in.
#[derive(Clone)]
pub struct Gate {
    free: Arc<(Mutex<usize>, Condvar)>,
}

impl Gate {
    /// As many at once as there are cores, four at most: 256 MiB.
    pub fn of_cores() -> Self {
        Self::of(available_parallelism().map_or(1, NonZero::get).min(4))
    }

    /// So many at once, one at least.
    pub fn of(places: usize) -> Self {
        Self { free: Arc::new((Mutex::new(places.max(1)), Condvar::new())) }
    }

    fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let (free, changed) = &*self.free;
        {
            let waiting = free.lock().unwrap_or_else(PoisonError::into_inner);
            let mut free = changed.wait_while(waiting, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
            *free -= 1;
        }
        // Whatever becomes of the work, the place is free again.
        let place = Place(self);
        // On a thread of its own: an allocator keeps what a thread gave back for that thread, and of the many that ask
        // each would be left with the memory of a hash.
        let done = thread::scope(|scope| scope.spawn(work).join());
        drop(place);
        done.unwrap_or_else(|panicked| resume_unwind(panicked))
    }

    pub(super) fn hash(&self, password: &str, cost: Cost) -> Result<String, String> {
        let argon2 = cost.argon2()?;
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
        let salt = Salt::new(&salt).map_err(|error| error.to_string())?;
        self.within(|| {
            let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        })
    }

    /// Whether a password has a hash. Without one, it takes as long and is not so.
    pub(super) fn verify(&self, password: &str, hash: Option<&str>, cost: Cost) -> Result<bool, String> {
        let Some(hash) = hash else {
            self.hash(password, cost)?;
            return Ok(false);
        };
        let Ok(hash) = PasswordHash::new(hash) else { return Ok(false) };
        let argon2 = cost.argon2()?;
        Ok(self.within(|| argon2.verify_password(password.as_bytes(), &hash).is_ok()))
    }
}

struct Place<'a>(&'a Gate);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let (free, changed) = &*self.0.free;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_hash_says_what_it_cost() {
        let gate = Gate::of(1);
        let hash = gate.hash("an amber light", Cost::TESTS).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(Cost::TESTS.is_of(&hash) && !Cost::PUPILS.is_of(&hash));
        assert_eq!(gate.verify("an amber light", Some(&hash), Cost::TESTS), Ok(true));
        assert_eq!(gate.verify("a red light", Some(&hash), Cost::TESTS), Ok(false));
        assert_eq!(gate.verify("an amber light", None, Cost::TESTS), Ok(false));
        assert_eq!(gate.verify("an amber light", Some("no hash"), Cost::TESTS), Ok(false));
        assert_ne!(hash, gate.hash("an amber light", Cost::TESTS).unwrap());
        // The costs of the product, which are those that OWASP asks for at least.
        assert!(gate.hash("x", Cost::STAFF).unwrap().contains("m=65536,t=3,p=1"));
        assert!(gate.hash("x", Cost::PUPILS).unwrap().contains("m=19456,t=2,p=1"));
    }

    /// 200 who sign in together: never more hashes at once than places.
    #[test]
    fn no_more_hash_at_once_than_there_are_places() {
        let gate = Gate::of(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..200 {
                scope.spawn(|| {
                    gate.within(|| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }
}
