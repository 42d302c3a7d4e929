//! Those who were let in of late, so that not every request costs what checking a password costs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::credentials::Credentials;
use crate::door::Admitted;

/// How long somebody is remembered from the moment they were checked.
const REMEMBERED: Duration = Duration::from_mins(10);
/// Most who are remembered; about 300 bytes each.
const MOST: usize = 8192;

/// Makes names for credentials that say nothing without the key: SHA-256 of a key of this process, the length of the
/// user name, and both. The names never leave the process, so that nothing can be appended to one.
pub(crate) struct Namer(Zeroizing<[u8; 32]>);

/// The name of a user name with a password.
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Name([u8; 32]);

impl Namer {
    /// With a key of its own.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        Ok(Self(key))
    }

    pub(crate) fn name(&self, credentials: &Credentials) -> Name {
        let mut hash = Sha256::new();
        hash.update(*self.0);
        hash.update((credentials.login.len() as u64).to_le_bytes());
        hash.update(credentials.login.as_bytes());
        hash.update(credentials.password.expose().as_bytes());
        Name(hash.finalize().into())
    }
}

/// See the module. Everything in it was checked under one version of the accounts.
#[derive(Default)]
pub(crate) struct Remembered {
    version: u64,
    people: HashMap<Name, (Arc<Admitted>, Instant)>,
}

impl Remembered {
    /// Forgets everybody if the accounts have changed.
    pub(crate) fn move_to(&mut self, version: u64) {
        if self.version != version {
            self.people.clear();
            self.version = version;
        }
    }

    /// Somebody who was let in, under the version that was moved to last.
    pub(crate) fn get(&mut self, name: &Name, now: Instant) -> Option<Arc<Admitted>> {
        let (admitted, since) = self.people.get(name)?;
        if now.duration_since(*since) < REMEMBERED {
            return Some(admitted.clone());
        }
        self.people.remove(name);
        None
    }

    /// Remembers somebody. Where there is no room, whoever was checked longest ago is forgotten.
    pub(crate) fn insert(&mut self, name: Name, admitted: Arc<Admitted>, now: Instant) {
        if self.people.len() >= MOST {
            self.people.retain(|_, (_, since)| now.duration_since(*since) < REMEMBERED);
        }
        if self.people.len() >= MOST {
            let oldest = self.people.iter().min_by_key(|(_, (_, since))| *since).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| self.people.remove(&oldest));
        }
        self.people.insert(name, (admitted, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Secret;
    use belisha_policy::people::AccountId;
    use belisha_policy::roles::RoleSet;
    use belisha_policy::{AccountKind, Attribution, SignedIn};

    fn credentials(login: &str, password: &str) -> Credentials {
        let owned = |text: &str| Zeroizing::new(text.to_owned());
        Credentials { login: owned(login), password: Secret::new(owned(password)) }
    }

    fn admitted() -> Arc<Admitted> {
        let who = SignedIn {
            person: "p".into(),
            user: "p".into(),
            attribution: Attribution::Individual,
            account: AccountKind::Individual,
            kinds: vec![],
            roles: RoleSet::EMPTY,
            year: None,
            class: None,
            agreement: belisha_policy::Agreement::default(),
        };
        Arc::new(Admitted { who: Arc::new(who), account: AccountId::from_bytes([1; 16]), credential: 0, until: None })
    }

    #[test]
    fn names_differ_by_every_part_and_by_process() {
        let namer = Namer::new().unwrap();
        let name = |login: &str, password: &str| namer.name(&credentials(login, password)).0;
        assert_eq!(name("ada", "amber"), name("ada", "amber"));
        for (login, password) in
            [("ada", "ambe"), ("adaa", "mber"), ("ad", "aamber"), ("Ada", "amber"), ("ada", "Amber")]
        {
            assert_ne!(name(login, password), name("ada", "amber"), "{login} {password}");
        }
        let other = Namer::new().unwrap();
        assert_ne!(other.name(&credentials("ada", "amber")).0, name("ada", "amber"));
    }

    #[test]
    fn somebody_is_remembered_for_a_time_and_under_one_version() {
        let namer = Namer::new().unwrap();
        let name = namer.name(&credentials("ada", "amber"));
        let start = Instant::now();
        let mut remembered = Remembered::default();
        remembered.move_to(7);
        remembered.insert(name.clone(), admitted(), start);
        assert!(remembered.get(&name, start + Duration::from_secs(599)).is_some());
        remembered.move_to(7);
        assert!(remembered.get(&name, start).is_some());
        assert!(remembered.get(&name, start + REMEMBERED).is_none());
        assert!(remembered.get(&name, start).is_none(), "what is over is gone");
        remembered.insert(name.clone(), admitted(), start);
        remembered.move_to(6);
        assert!(remembered.get(&name, start).is_none(), "any other version, not only a later one");
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let namer = Namer::new().unwrap();
        let start = Instant::now();
        let mut remembered = Remembered::default();
        let name = |number: usize| namer.name(&credentials(&number.to_string(), "x"));
        let at = |number: usize| start + Duration::from_millis(number as u64);
        for number in 0..MOST + 10 {
            remembered.insert(name(number), admitted(), at(number));
        }
        assert_eq!(remembered.people.len(), MOST);
        assert!(remembered.get(&name(9), at(MOST)).is_none() && remembered.get(&name(10), at(MOST)).is_some());
        remembered.insert(name(0), admitted(), start + 2 * REMEMBERED);
        assert_eq!(remembered.people.len(), 1, "what is over makes room first");
    }
}
