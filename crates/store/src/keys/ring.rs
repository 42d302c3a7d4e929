//! The key ring: who holds what, as a plain value. It holds public keys, and secrets only in sealed form; the value as
//! a whole is kept sealed under a key that only the school's key gives, so that a database of many schools shows no
//! names, and nobody without that key can slip in a key of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::KeyError;
use super::readers::{Mark, Readers, Role};
use super::seal::Key;
use super::sealed_text::{Bytes, Text};
use super::secret::{PublicKey, Secret};
use super::slots::Audience;
use crate::SchoolId;

const RING: &str = "belisha key ring 1";
const RING_KEY: &str = "belisha key of the ring 1";

/// Who holds which key.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Ring {
    pub(super) holders: BTreeMap<String, Holder>,
    pub(super) roles: BTreeMap<Role, RoleKey>,
    pub(super) recovery: BTreeSet<String>,
}

/// A person with a key of their own.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) public: Text<PublicKey>,
    /// The secret half, which the password opens.
    pub(super) locked: Bytes,
    escrow: Vec<Escrow>,
}

/// The key of a role, as it is now. Of earlier editions nothing is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct RoleKey {
    pub(super) edition: u32,
    pub(super) public: Text<PublicKey>,
    /// The secret half, sealed to each holder.
    pub(super) sealed: BTreeMap<String, Bytes>,
    escrow: Vec<Escrow>,
}

/// A secret that two people together open: sealed to the second, and that to the first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Escrow {
    first: String,
    second: String,
    sealed: Bytes,
}

/// Two people who are at hand with their secrets.
pub(super) type Two<'a> = [(&'a str, &'a Secret); 2];

impl Ring {
    /// The key of the ring, from the school's.
    pub(super) fn key(school: &Secret) -> Key {
        Key::derive(RING_KEY, school.text().as_bytes())
    }

    pub(super) fn sealed(&self, key: &Key, school: SchoolId, edition: u64) -> Result<Vec<u8>, KeyError> {
        let text = serde_json::to_vec(self).map_err(|_| KeyError::Damaged { what: "the key ring" })?;
        key.seal_again(&about(school, edition), &text)
    }

    pub(super) fn open(sealed: &[u8], key: &Key, school: SchoolId, edition: u64) -> Result<Self, KeyError> {
        let text = key.open_again(&about(school, edition), sealed);
        let ring = text.and_then(|text| serde_json::from_slice(&text).ok());
        ring.ok_or(KeyError::Damaged { what: "the key ring" })
    }

    /// To whom something for these readers is sealed now.
    pub(super) fn audience(&self, readers: &Readers, school: &PublicKey) -> Audience {
        let held = match readers {
            Readers::School => None,
            Readers::Role(role) => self.roles.get(role),
        };
        match held {
            Some(role) => Audience { mark: readers.mark(), edition: role.edition, public: role.public.0.clone() },
            None => Audience { mark: readers.mark(), edition: 0, public: school.clone() },
        }
    }

    pub(super) fn role_of(&self, mark: Mark) -> Option<&RoleKey> {
        self.roles.iter().find(|(role, _)| Mark::of(role) == mark).map(|(_, key)| key)
    }

    fn holder(&self, name: &str) -> Result<&Holder, KeyError> {
        self.holders.get(name).ok_or(KeyError::NoSuchHolder)
    }

    pub(super) fn add_holder(&mut self, name: &str, secret: &Secret, locked: Vec<u8>) -> Result<(), KeyError> {
        if self.holders.contains_key(name) {
            return Err(KeyError::HolderExists);
        }
        let escrow = self.escrow(Some(name), secret)?;
        let holder = Holder { public: Text(secret.public()), locked: Bytes(locked), escrow };
        self.holders.insert(name.to_owned(), holder);
        Ok(())
    }

    /// Takes another password for a holder whose secret is at hand.
    pub(super) fn set_password(&mut self, name: &str, secret: &Secret, locked: Vec<u8>) -> Result<(), KeyError> {
        let holder = self.holders.get_mut(name).ok_or(KeyError::NoSuchHolder)?;
        if holder.public.0 != secret.public() {
            return Err(KeyError::NotUnlocked);
        }
        holder.locked = Bytes(locked);
        Ok(())
    }

    pub(super) fn remove_holder(&mut self, name: &str) -> Result<(), KeyError> {
        self.holder(name)?;
        if self.recovery.contains(name) || self.roles.values().any(|role| role.sealed.contains_key(name)) {
            return Err(KeyError::StillHolds);
        }
        self.holders.remove(name);
        Ok(())
    }

    /// Gives a role a new key, and forgets the one before.
    pub(super) fn new_edition(&mut self, role: &Role, holders: &[&str]) -> Result<Audience, KeyError> {
        if holders.is_empty() {
            return Err(KeyError::NoHolders);
        }
        let secret = Secret::generate();
        let edition = self.roles.get(role).map_or(0, |role| role.edition).saturating_add(1);
        let mut key = RoleKey {
            edition,
            public: Text(secret.public()),
            sealed: BTreeMap::new(),
            escrow: self.escrow(None, &secret)?,
        };
        for name in holders {
            key.sealed.insert((*name).to_owned(), self.sealed_to(name, &secret)?);
        }
        let audience = Audience { mark: Mark::of(role), edition, public: secret.public() };
        self.roles.insert(role.clone(), key);
        Ok(audience)
    }

    /// Lets one more person hold a role.
    pub(super) fn admit(&mut self, role: &Role, name: &str, secret: &Secret) -> Result<(), KeyError> {
        let sealed = self.sealed_to(name, secret)?;
        let key = self.roles.get_mut(role).ok_or(KeyError::RoleIsFree)?;
        key.sealed.insert(name.to_owned(), sealed);
        Ok(())
    }

    fn sealed_to(&self, name: &str, secret: &Secret) -> Result<Bytes, KeyError> {
        self.holder(name)?.public.0.seal(secret.text().as_bytes()).map(Bytes)
    }

    /// Whether this is the secret of the holder of that name.
    pub(super) fn is_holder(&self, name: &str, secret: &Secret) -> bool {
        self.holders.get(name).is_some_and(|holder| holder.public.0 == secret.public())
    }

    /// The secret of a role, for one of its holders.
    pub(super) fn role_secret(&self, key: &RoleKey, name: &str, secret: &Secret) -> Result<Secret, KeyError> {
        let sealed = key.sealed.get(name).filter(|_| self.is_holder(name, secret)).ok_or(KeyError::NotAReader)?;
        let opened = secret.open_secret(&sealed.0).filter(|opened| opened.public() == key.public.0);
        opened.ok_or(KeyError::Damaged { what: "the key of a role" })
    }

    /// Says who helps to recover. What was put by for others is thrown away.
    pub(super) fn set_recovery(&mut self, people: &[&str]) -> Result<(), KeyError> {
        let recovery: BTreeSet<String> = people.iter().map(|name| (*name).to_owned()).collect();
        if recovery.len() < 2 {
            return Err(KeyError::TooFew);
        }
        recovery.iter().try_for_each(|name| self.holder(name).map(drop))?;
        let kept = |escrow: &mut Vec<Escrow>| {
            escrow.retain(|it| recovery.contains(&it.first) && recovery.contains(&it.second));
        };
        self.holders.values_mut().for_each(|holder| kept(&mut holder.escrow));
        self.roles.values_mut().for_each(|role| kept(&mut role.escrow));
        self.recovery = recovery;
        Ok(())
    }

    /// Whether these are two of the recovery people, neither of them the one who is recovered.
    pub(super) fn are_the_two(&self, two: Two<'_>, of: Option<&str>) -> bool {
        let [(one, _), (other, _)] = two;
        one != other
            && two.iter().all(|(name, secret)| {
                Some(*name) != of && self.recovery.contains(*name) && self.is_holder(name, secret)
            })
    }

    pub(super) fn recover_holder(&self, name: &str, two: Two<'_>) -> Result<Secret, KeyError> {
        let holder = self.holder(name)?;
        self.recover(&holder.escrow, &holder.public.0, two, Some(name))
    }

    pub(super) fn recover_role(&self, role: &Role, two: Two<'_>) -> Result<Secret, KeyError> {
        let key = self.roles.get(role).ok_or(KeyError::RoleIsFree)?;
        self.recover(&key.escrow, &key.public.0, two, None)
    }

    fn recover(&self, from: &[Escrow], public: &PublicKey, two: Two<'_>, of: Option<&str>) -> Result<Secret, KeyError> {
        if !self.are_the_two(two, of) {
            return Err(KeyError::NotTheTwo);
        }
        let [mut first, mut second] = two;
        if first.0 > second.0 {
            core::mem::swap(&mut first, &mut second);
        }
        let escrow = from.iter().find(|it| it.first == first.0 && it.second == second.0).ok_or(KeyError::NotPutBy)?;
        let inner = first.1.open(&escrow.sealed.0);
        let secret = inner.and_then(|inner| second.1.open_secret(&inner)).filter(|secret| secret.public() == *public);
        secret.ok_or(KeyError::Damaged { what: "what was put by for recovery" })
    }

    /// The pairs of recovery people, without somebody whose own secret it is.
    fn pairs(&self, but: Option<&str>) -> Vec<(&str, &str)> {
        let people: Vec<&str> = self.recovery.iter().map(String::as_str).filter(|name| Some(*name) != but).collect();
        let after = |at: usize| people.get(at + 1..).unwrap_or_default().iter();
        people.iter().enumerate().flat_map(|(at, first)| after(at).map(|second| (*first, *second))).collect()
    }

    fn escrow(&self, of: Option<&str>, secret: &Secret) -> Result<Vec<Escrow>, KeyError> {
        let put_by = |(first, second): (&str, &str)| {
            let inner = self.holder(second)?.public.0.seal(secret.text().as_bytes())?;
            let sealed = Bytes(self.holder(first)?.public.0.seal(&inner)?);
            Ok(Escrow { first: first.to_owned(), second: second.to_owned(), sealed })
        };
        self.pairs(of).into_iter().map(put_by).collect()
    }

    fn is_put_by(&self, escrow: &[Escrow], of: Option<&str>) -> bool {
        self.pairs(of).iter().all(|(first, second)| escrow.iter().any(|it| it.first == *first && it.second == *second))
    }

    /// Whether two people other than the holder can give the holder a new password.
    pub(super) fn is_recoverable(&self, name: &str) -> bool {
        let put_by = self.holders.get(name).is_some_and(|holder| self.is_put_by(&holder.escrow, Some(name)));
        put_by && !self.pairs(Some(name)).is_empty()
    }

    /// Whether two people can hand a role over when none of its holders is there.
    pub(super) fn is_role_recoverable(&self, role: &RoleKey) -> bool {
        !self.pairs(None).is_empty() && self.is_put_by(&role.escrow, None)
    }

    /// Puts by for the recovery people what this holder can, where it has not been done. Whether there was anything.
    pub(super) fn put_by(&mut self, name: &str, secret: &Secret) -> Result<bool, KeyError> {
        let mut changed = false;
        if self.is_holder(name, secret)
            && !self.holders.get(name).is_some_and(|it| self.is_put_by(&it.escrow, Some(name)))
        {
            let escrow = self.escrow(Some(name), secret)?;
            self.holders.entry(name.to_owned()).and_modify(|holder| holder.escrow = escrow);
            changed = true;
        }
        let lacking =
            |(_, key): &(&Role, &RoleKey)| key.sealed.contains_key(name) && !self.is_put_by(&key.escrow, None);
        let roles: Vec<Role> = self.roles.iter().filter(lacking).map(|(role, _)| role.clone()).collect();
        for role in roles {
            let Some(key) = self.roles.get(&role) else { continue };
            let Ok(opened) = self.role_secret(key, name, secret) else { continue };
            let escrow = self.escrow(None, &opened)?;
            self.roles.entry(role).and_modify(|key| key.escrow = escrow);
            changed = true;
        }
        Ok(changed)
    }
}

fn about(school: SchoolId, edition: u64) -> Vec<u8> {
    [RING.as_bytes(), &[0], school.as_bytes(), &edition.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring_of(names: &[&str]) -> (Ring, Vec<Secret>) {
        let mut ring = Ring::default();
        let secrets: Vec<Secret> = names.iter().map(|_| Secret::generate()).collect();
        for (name, secret) in names.iter().zip(&secrets) {
            ring.add_holder(name, secret, b"locked".to_vec()).unwrap();
        }
        (ring, secrets)
    }

    #[test]
    fn two_recover_and_one_alone_never_does() {
        let (mut ring, secrets) = ring_of(&["head", "chair", "coordinator"]);
        ring.set_recovery(&["head", "chair"]).unwrap();
        assert!(!ring.is_recoverable("coordinator"));
        assert!(ring.put_by("coordinator", &secrets[2]).unwrap());
        assert!(!ring.put_by("coordinator", &secrets[2]).unwrap());
        assert!(ring.is_recoverable("coordinator"));
        let (head, chair) = (("head", &secrets[0]), ("chair", &secrets[1]));
        for two in [[head, chair], [chair, head]] {
            let recovered = ring.recover_holder("coordinator", two).unwrap();
            assert_eq!(recovered.public(), secrets[2].public());
        }
        for two in [[head, head], [chair, chair], [head, ("coordinator", &secrets[2])], [head, ("chair", &secrets[0])]]
        {
            assert!(matches!(ring.recover_holder("coordinator", two), Err(KeyError::NotTheTwo)));
        }
        // With two people, neither can be recovered: there are no two others.
        assert!(!ring.is_recoverable("head"));
        assert!(matches!(ring.recover_holder("head", [head, chair]), Err(KeyError::NotTheTwo)));
    }

    #[test]
    fn what_was_put_by_for_a_person_who_left_is_thrown_away() {
        let (mut ring, secrets) = ring_of(&["head", "chair", "governor", "coordinator"]);
        ring.set_recovery(&["head", "chair"]).unwrap();
        ring.put_by("coordinator", &secrets[3]).unwrap();
        ring.set_recovery(&["head", "governor"]).unwrap();
        let (head, chair) = (("head", &secrets[0]), ("chair", &secrets[1]));
        assert!(matches!(ring.recover_holder("coordinator", [head, chair]), Err(KeyError::NotTheTwo)));
        let two = [head, ("governor", &secrets[2])];
        assert!(matches!(ring.recover_holder("coordinator", two), Err(KeyError::NotPutBy)));
        ring.remove_holder("chair").unwrap();
        assert!(matches!(ring.remove_holder("head"), Err(KeyError::StillHolds)));
    }

    #[test]
    fn a_new_edition_leaves_nothing_of_the_old() {
        let (mut ring, secrets) = ring_of(&["a", "b"]);
        let first = ring.new_edition(&Role::CASES, &["a"]).unwrap();
        let of_first = ring.role_secret(&ring.roles[&Role::CASES], "a", &secrets[0]).unwrap();
        assert_eq!(of_first.public(), first.public);
        let second = ring.new_edition(&Role::CASES, &["b"]).unwrap();
        assert_eq!((first.edition, second.edition), (1, 2));
        let key = &ring.roles[&Role::CASES];
        assert!(matches!(ring.role_secret(key, "a", &secrets[0]), Err(KeyError::NotAReader)));
        assert!(matches!(ring.role_secret(key, "b", &secrets[0]), Err(KeyError::NotAReader)));
        assert_eq!(ring.role_secret(key, "b", &secrets[1]).unwrap().public(), second.public);
        assert_eq!(key.sealed.len(), 1);
    }

    #[test]
    fn the_sealed_ring_opens_with_its_own_key_school_and_edition_only() {
        let (ring, _) = ring_of(&["a"]);
        let (key, other) = (Ring::key(&Secret::generate()), Ring::key(&Secret::generate()));
        let (ours, theirs) = (SchoolId::from_bytes([1; 16]), SchoolId::from_bytes([2; 16]));
        let sealed = ring.sealed(&key, ours, 7).unwrap();
        assert!(Ring::open(&sealed, &key, ours, 7).unwrap().holders.contains_key("a"));
        assert!(Ring::open(&sealed, &key, ours, 8).is_err());
        assert!(Ring::open(&sealed, &key, theirs, 7).is_err());
        assert!(Ring::open(&sealed, &other, ours, 7).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Ring::open(&damaged, &key, ours, 7).is_err(), "bit {bit}");
        }
    }
}
