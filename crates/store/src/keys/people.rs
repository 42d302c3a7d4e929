//! People and roles: who gets a key, who hands one over, who helps when a password is lost.
//!
//! Nothing here asks whether somebody *may*: the caller has asked that. What is asked here is whether they *can*.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::KeyError;
use super::backend::{Changed, Rewrap, Which};
use super::readers::{Mark, Readers, Role};
use super::ring::{Ring, Two};
use super::secret::{self, Secret};
use super::slots::{Audience, Block, BlockId, HEAD};
use super::store::{KeyStore, lock};
use super::unlocked::{Known, Unlocked};
use crate::StreamId;

/// Blocks that are looked at together.
const PAGE: u32 = 1_000;

/// A person with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderInfo {
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether two recovery people, other than the holder, can give the holder a new password.
    pub recoverable: bool,
    /// Whether the holder is one of the recovery people.
    pub recovers: bool,
    /// What tells the key from any other: eight groups of four hexadecimal digits of the SHA-256 of its public half.
    pub fingerprint: String,
}

/// A role that has holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleInfo {
    /// The role.
    pub role: Role,
    /// How often its key was made anew; 1 for the first.
    pub edition: u32,
    /// Who holds it.
    pub holders: Vec<String>,
    /// Whether two recovery people can hand it over when no holder is there.
    pub recoverable: bool,
}

/// What was sealed anew when keys changed hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Blocks of data keys; a stream has at least one.
    pub blocks: usize,
    /// Blocks that could not be opened before either: they are damaged, and only a backup has them whole.
    pub damaged: usize,
}

impl KeyStore {
    /// Gives a person a key, with the secret half behind a password. The person holds no role yet.
    ///
    /// Cost: as much as [`Work`](super::Work) says.
    pub fn add_holder(&self, name: &str, password: &str) -> Result<(), KeyError> {
        if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
            return Err(KeyError::Name);
        }
        if self.refresh()?.ring.holders.contains_key(name) {
            return Err(KeyError::HolderExists);
        }
        let secret = Secret::generate();
        let locked = self.lock_up(password, &secret)?;
        self.change(|ring| ring.add_holder(name, &secret, locked.clone()))
    }

    /// Takes the key of a holder who holds no role and does not help to recover.
    pub fn remove_holder(&self, name: &str) -> Result<(), KeyError> {
        self.change(|ring| ring.remove_holder(name))
    }

    /// Proves that a holder is at hand. One password is tried at a time, each at the cost of [`Work`](super::Work),
    /// also where there is no such holder.
    ///
    /// Where the recovery people have changed, what they need is put by for them now.
    pub fn unlock(&self, name: &str, password: &str) -> Result<Unlocked, KeyError> {
        let known = self.refresh()?;
        let secret = self.secret_of(&known, name, password)?;
        let mut ring = known.ring.clone();
        if ring.put_by(name, &secret)? {
            // If somebody else changes the ring at this moment, it is done at the next time.
            self.replace(&known, ring, &Rewrap::default())?;
        }
        Ok(Unlocked::holder(name, secret))
    }

    /// Takes another password for a holder. What is unlocked stays so.
    pub fn change_password(&self, name: &str, old: &str, new: &str) -> Result<(), KeyError> {
        let known = self.refresh()?;
        let secret = self.secret_of(&known, name, old)?;
        let locked = self.lock_up(new, &secret)?;
        self.change(|ring| ring.set_password(name, &secret, locked.clone()))
    }

    /// Says who helps to recover, two or more; any two of them together can then. What was put by for others is thrown
    /// away, and what these need is put by when each holder next unlocks.
    ///
    /// # Errors
    /// There are recovery people already, and `by` is not two of them.
    pub fn set_recovery(&self, people: &[&str], by: Option<[&Unlocked; 2]>) -> Result<(), KeyError> {
        self.change(|ring| {
            if !ring.recovery.is_empty() {
                let two = by.ok_or(KeyError::NotTheTwo)?;
                ring.are_the_two(two_of(two)?, None).then_some(()).ok_or(KeyError::NotTheTwo)?;
            }
            ring.set_recovery(people)?;
            for (name, secret) in by.into_iter().flatten().filter_map(Unlocked::person) {
                ring.put_by(name, secret)?;
            }
            Ok(())
        })
    }

    /// Gives a holder a new password, with the help of two recovery people. One alone never can.
    pub fn recover(&self, name: &str, two: [&Unlocked; 2], new: &str) -> Result<(), KeyError> {
        let secret = self.refresh()?.ring.recover_holder(name, two_of(two)?)?;
        let locked = self.lock_up(new, &secret)?;
        self.change(|ring| ring.set_password(name, &secret, locked.clone()))
    }

    /// Names the first holders of a role. What was sealed to the school's key for it is sealed to theirs, and the
    /// school's key opens it no more.
    pub fn name_role(&self, role: &Role, holders: &[&str]) -> Result<HandedOver, KeyError> {
        self.hand_over(role, holders, |ring| match ring.roles.get(role) {
            None => Ok(self.0.secret.clone()),
            Some(_) => Err(KeyError::RoleIsHeld),
        })
    }

    /// Lets one more holder open what a role may. Nothing is sealed anew.
    pub fn admit(&self, role: &Role, name: &str, by: &Unlocked) -> Result<(), KeyError> {
        self.change(|ring| {
            let secret = by.role(ring, role)?;
            ring.admit(role, name, &secret)
        })
    }

    /// Gives a role a new key and new holders. Everything of the role is sealed anew to that key, and the old key's
    /// secret half is destroyed: whoever held the role before opens nothing more in this store.
    ///
    /// Cost: about 0.2 ms for each block of keys of the role, and one transaction.
    pub fn rotate(&self, role: &Role, holders: &[&str], by: &Unlocked) -> Result<HandedOver, KeyError> {
        self.hand_over(role, holders, |ring| by.role(ring, role))
    }

    /// The same, by two recovery people, when none of the role's holders is there.
    pub fn recover_role(&self, role: &Role, holders: &[&str], two: [&Unlocked; 2]) -> Result<HandedOver, KeyError> {
        self.hand_over(role, holders, |ring| ring.recover_role(role, two_of(two)?))
    }

    /// Seals a stream anew for other readers, by somebody who can open it. What is sealed to the stream from now on
    /// must name the new readers too.
    pub fn move_stream(&self, stream: StreamId, to: &Readers, by: &Unlocked) -> Result<HandedOver, KeyError> {
        loop {
            let known = self.refresh()?;
            let audience = known.ring.audience(to, &self.0.secret.public());
            let blocks = lock(&self.0.backend).of_stream(stream)?;
            let mut anew = Anew::default();
            let sealed = blocks.iter().try_for_each(|block| {
                let secret = by.secret_for(&known, &self.0.secret, block)?;
                anew.add(block, &secret, &audience)
            });
            if let Err(error) = sealed {
                // Unless keys changed hands between the two look-ups.
                if self.refresh()?.edition == known.edition {
                    return Err(error);
                }
                continue;
            }
            let rewrap = Rewrap { which: Which::Stream(stream), heads: anew.heads };
            if self.replace(&known, known.ring.clone(), &rewrap)? == Changed::Done {
                self.forget(stream);
                return Ok(anew.done);
            }
        }
    }

    /// Who has a key.
    pub fn holders(&self) -> Result<Vec<HolderInfo>, KeyError> {
        let ring = &self.refresh()?.ring;
        let roles = |name: &String| {
            ring.roles.iter().filter(|(_, key)| key.sealed.contains_key(name)).map(|(role, _)| role.clone()).collect()
        };
        let info = |(name, holder): (&String, &super::ring::Holder)| HolderInfo {
            name: name.clone(),
            fingerprint: fingerprint(&holder.public.0),
            roles: roles(name),
            recoverable: ring.is_recoverable(name),
            recovers: ring.recovery.contains(name),
        };
        Ok(ring.holders.iter().map(info).collect())
    }

    /// Which roles have holders.
    pub fn roles(&self) -> Result<Vec<RoleInfo>, KeyError> {
        let ring = &self.refresh()?.ring;
        let info = |(role, key): (&Role, &super::ring::RoleKey)| RoleInfo {
            role: role.clone(),
            edition: key.edition,
            holders: key.sealed.keys().cloned().collect(),
            recoverable: ring.is_role_recoverable(key),
        };
        Ok(ring.roles.iter().map(info).collect())
    }

    fn secret_of(&self, known: &Known, name: &str, password: &str) -> Result<Secret, KeyError> {
        let Some(holder) = known.ring.holders.get(name) else {
            // As much work as for a wrong password, so that the time tells no names.
            self.lock_up(password, &Secret::generate())?;
            return Err(KeyError::NotUnlocked);
        };
        let _one = lock(&self.0.passwords);
        let secret = secret::open_with_password(password, &holder.locked.0);
        secret.filter(|secret| known.ring.is_holder(name, secret)).ok_or(KeyError::NotUnlocked)
    }

    fn lock_up(&self, password: &str, secret: &Secret) -> Result<Vec<u8>, KeyError> {
        let _one = lock(&self.0.passwords);
        secret::seal_with_password(password, self.0.work, secret)
    }

    /// Gives a role a new key, for which `old` gives the one before.
    fn hand_over(
        &self,
        role: &Role,
        holders: &[&str],
        old: impl Fn(&Ring) -> Result<Secret, KeyError>,
    ) -> Result<HandedOver, KeyError> {
        loop {
            let known = self.refresh()?;
            let secret = old(&known.ring)?;
            let which = Which::Role(Mark::of(role), known.ring.roles.get(role).map_or(0, |role| role.edition));
            let mut ring = known.ring.clone();
            let audience = ring.new_edition(role, holders)?;
            let mut anew = Anew::default();
            loop {
                self.each_block(|block| if which.takes(block) { anew.add(block, &secret, &audience) } else { Ok(()) })?;
                let rewrap = Rewrap { which, heads: core::mem::take(&mut anew.heads) };
                match self.replace(&known, ring.clone(), &rewrap)? {
                    Changed::Done => return Ok(anew.done),
                    Changed::Stale => break,
                    // A block was added meanwhile: only what is new is sealed anew.
                    Changed::Incomplete => anew.heads = rewrap.heads,
                }
            }
        }
    }

    /// Looks at every block, some at a time, so that others can work meanwhile.
    pub(super) fn each_block(&self, mut look: impl FnMut(&Block) -> Result<(), KeyError>) -> Result<(), KeyError> {
        let mut after = None;
        loop {
            let page = lock(&self.0.backend).page(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            page.iter().try_for_each(&mut look)?;
        }
    }
}

/// Blocks that are sealed anew.
#[derive(Default)]
struct Anew {
    heads: HashMap<BlockId, [u8; HEAD]>,
    done: HandedOver,
}

impl Anew {
    fn add(&mut self, block: &Block, secret: &Secret, to: &Audience) -> Result<(), KeyError> {
        let Some(head) = block.head().filter(|_| !self.heads.contains_key(&block.id)) else { return Ok(()) };
        let changed = head.for_others(secret, to)?;
        match changed {
            Some(_) => self.done.blocks += 1,
            None => self.done.damaged += 1,
        }
        self.heads.insert(block.id, changed.unwrap_or_else(|| head.given_up(to)).bytes());
        Ok(())
    }
}

fn two_of<'a>([one, other]: [&'a Unlocked; 2]) -> Result<Two<'a>, KeyError> {
    let person = |it: &'a Unlocked| it.person().ok_or(KeyError::NotTheTwo);
    Ok([person(one)?, person(other)?])
}

/// Eight groups of four digits.
fn fingerprint(public: &super::secret::PublicKey) -> String {
    let hash = Sha256::digest(public.to_string().as_bytes());
    let groups =
        hash.chunks(2).take(8).map(|two| two.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")));
    groups.collect::<Vec<_>>().join(" ")
}
