//! The accounts with which people sign in.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chrono::{DateTime, Utc};

use crate::actor::Attribution;
use crate::person::PersonId;

/// An account: 16 random bytes. The individual account of a person has the bytes of the person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId([u8; 16]);

impl AccountId {
    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The individual account of a person.
    pub const fn of(person: PersonId) -> Self {
        Self(*person.as_bytes())
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&PersonId::from_bytes(self.0), f)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

/// What is typed as user name: small letters, digits, and `.`, `-`, `_`, `@`, `'`; 1 to 100 characters. Letters are made
/// small, so that two accounts never differ in case alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Login(String);

/// Why a text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a user name: 1 to 100 letters, digits, and any of . - _ @ ' are expected")]
pub struct LoginError;

impl Login {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = LoginError;

    fn from_str(text: &str) -> Result<Self, LoginError> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@'".contains(&byte);
        if text.is_empty() || text.len() > 100 || !text.bytes().all(fits) {
            return Err(LoginError);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// A user name is mostly made of a name.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// What is typed to sign in.
    pub login: Login,
    /// Whose it is.
    pub holder: AccountHolder,
    /// Whether it can be signed in with.
    pub switch: Switch,
    /// From which to which instant its credential was known to others.
    pub doubts: Vec<Doubt>,
}

/// Whose an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountHolder {
    /// One person's.
    Individual(PersonId),
    /// A class shares it.
    Class {
        /// The class.
        class: String,
    },
    /// A guest's: occasional, for a time, and somebody answers for them.
    Guest {
        /// What the guest is called on screens, such as `visiting author`.
        called: String,
        /// Who answers for them.
        sponsor: PersonId,
        /// At this instant it ends.
        until: DateTime<Utc>,
    },
}

/// Whether an account can be signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It can.
    On,
    /// It cannot, since this instant.
    Off(DateTime<Utc>),
}

/// A time in which others could have signed in with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one; `None` while no new credential was given.
    pub until: Option<DateTime<Utc>>,
}

impl Doubt {
    /// Whether an instant is in it.
    pub fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Account {
    /// Whether it can be signed in with at an instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let on = match self.switch {
            Switch::On => true,
            Switch::Off(since) => at < since,
        };
        let lasts = match &self.holder {
            AccountHolder::Guest { until, .. } => at < *until,
            AccountHolder::Individual(_) | AccountHolder::Class { .. } => true,
        };
        on && lasts
    }

    /// Whether others know its credential, and no new one was given.
    pub fn is_in_doubt(&self) -> bool {
        self.doubts.iter().any(|doubt| doubt.until.is_none())
    }

    /// How far what is done with it at an instant can be held to be one person's (decisions 7).
    pub fn attribution(&self, at: DateTime<Utc>) -> Attribution {
        if self.doubts.iter().any(|doubt| doubt.covers(at)) {
            return Attribution::CredentialInDoubt;
        }
        match self.holder {
            AccountHolder::Individual(_) => Attribution::Individual,
            AccountHolder::Class { .. } => Attribution::ClassAccount,
            AccountHolder::Guest { .. } => Attribution::Guest,
        }
    }
}
