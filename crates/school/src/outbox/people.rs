//! Who holds which key, and where their mail goes.

use std::collections::BTreeMap;
use std::fmt;

use belisha_policy::PersonId;
use belisha_store::keys::{KeyStore, Role};
use chrono::{DateTime, Utc};

use crate::authority::Authority;
use crate::cases::{Circle, circles_of};
use crate::ledger::{Ledger, LedgerError};

/// Those who hold the keys of cases, at an instant.
#[derive(Debug, Default)]
pub(super) struct Holders {
    by_key: BTreeMap<String, Vec<Holder>>,
}

/// Somebody who holds a key of cases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) person: PersonId,
    /// Whether they are here and their roles handle such cases. Who has the key alone sees nothing, and is not told.
    pub(super) handles: bool,
}

impl Holders {
    /// Reads them.
    pub(super) fn load(keys: &KeyStore, authority: &Authority, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        let mut by_key = BTreeMap::new();
        for held in keys.roles()? {
            let holder = |name: &String| {
                let person: PersonId = name.parse().ok()?;
                Some(Holder { person, handles: handles(authority, person, &held.role, now) })
            };
            by_key.insert(held.role.name().to_owned(), held.holders.iter().filter_map(holder).collect());
        }
        Ok(Self { by_key })
    }

    /// Of a key.
    pub(super) fn of(&self, key: &str) -> &[Holder] {
        self.by_key.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of them who handle its cases.
    pub(super) fn handle(&self, key: &str) -> impl Iterator<Item = PersonId> {
        self.of(key).iter().filter(|holder| holder.handles).map(|holder| holder.person)
    }

    /// Of any key of cases, each once.
    fn all(&self) -> impl Iterator<Item = PersonId> {
        let mut all: Vec<PersonId> =
            self.by_key.values().flatten().filter(|holder| holder.handles).map(|holder| holder.person).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }
}

fn handles(authority: &Authority, person: PersonId, key: &Role, now: DateTime<Utc>) -> bool {
    let Some(standing) = authority.standing(person, now) else { return false };
    let circles = circles_of(&standing, now);
    if Circle::is_of_one_case(key) { !circles.is_empty() } else { circles.iter().any(|circle| circle.key() == key) }
}

/// Where somebody's mail goes.
pub(super) fn address(authority: &Authority, person: PersonId) -> Option<&str> {
    authority.roll().person(person)?.address()
}

/// People who handle cases and cannot be reminded. It is the same whatever cases there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreached {
    /// How many of those who handle cases have no address for mail.
    pub people: usize,
    /// The keys of kinds of cases of whose holders nobody has one.
    pub keys: Vec<String>,
}

impl Unreached {
    /// Looks who there is.
    ///
    /// # Errors
    /// Keys cannot be read.
    pub fn look(ledger: &Ledger, authority: &Authority, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        Ok(Self::of(&Holders::load(ledger.keys(), authority, now)?, authority))
    }

    pub(super) fn of(holders: &Holders, authority: &Authority) -> Self {
        let has_none = |person: &PersonId| address(authority, *person).is_none();
        let of_a_kind = |key: &&String| key.parse().is_ok_and(|role| Circle::is_of_a_kind(&role));
        let is_out_of_reach = |key: &&String| holders.handle(key).all(|person| has_none(&person));
        let keys = holders.by_key.keys().filter(of_a_kind).filter(is_out_of_reach).cloned().collect();
        Self { people: holders.all().filter(has_none).count(), keys }
    }

    /// Whether everybody can be reminded.
    pub fn is_nobody(&self) -> bool {
        self.people == 0 && self.keys.is_empty()
    }
}

/// A sentence, for the log and the console.
impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nobody() {
            return f.write_str("everybody who handles incidents has an address for mail");
        }
        let have =
            if self.people == 1 { "person who handles incidents has" } else { "people who handle incidents have" };
        write!(f, "{} {have} no address for mail, and nobody can remind them", self.people)?;
        if !self.keys.is_empty() {
            write!(f, "; of the holders of these keys nobody can be reminded: {}", self.keys.join(", "))?;
        }
        f.write_str(". Import people with their addresses: what is owed waits for them")
    }
}
