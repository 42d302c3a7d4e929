//! Who may open: everybody who works with the school's own key, or the holders of a role.

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::KeyError;

/// A duty with a key of its own, such as the handling of cases.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(Cow<'static, str>);

impl Role {
    /// Those who handle cases of pupils.
    pub const CASES: Self = Self(Cow::Borrowed("cases"));
    /// Those who handle cases of child protection, and what nobody has sorted yet.
    pub const PROTECTION_CASES: Self = Self(Cow::Borrowed("cases-protection"));
    /// Those who handle cases about staff.
    pub const STAFF_CASES: Self = Self(Cow::Borrowed("cases-staff"));
    /// Those who handle cases about the head.
    pub const HEAD_CASES: Self = Self(Cow::Borrowed("cases-head"));
    /// Those who handle cases about the designated safeguarding lead.
    pub const LEAD_CASES: Self = Self(Cow::Borrowed("cases-dsl"));
    /// Those who handle cases about the chair of governors.
    pub const CHAIR_CASES: Self = Self(Cow::Borrowed("cases-chair"));
    /// Those who review captures.
    pub const CAPTURES: Self = Self(Cow::Borrowed("captures"));
    /// Those who may look up what a named person visited.
    pub const HISTORY: Self = Self(Cow::Borrowed("history"));

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// 1 to 32 small letters, digits and hyphens.
impl FromStr for Role {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        name.to_owned().try_into()
    }
}

impl TryFrom<String> for Role {
    type Error = KeyError;

    fn try_from(name: String) -> Result<Self, KeyError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=32).contains(&name.len()) && name.bytes().all(plain);
        if fits { Ok(Self(Cow::Owned(name))) } else { Err(KeyError::Name) }
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.0.into_owned()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// For whom something is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Readers {
    /// The programs of the school, with nobody signed in: `keys/school.key` opens it.
    School,
    /// The holders of a role. Until the role has holders, it is sealed to the school's key, and sealed anew to the
    /// role's when they are named.
    Role(Role),
}

impl Readers {
    /// How the readers are called in a block of keys.
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::School => Mark::SCHOOL,
            Self::Role(role) => Mark::of(role),
        }
    }
}

/// A reader's name in a block: of one length, whatever the role is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Mark(pub(super) [u8; 8]);

impl Mark {
    pub(super) const SCHOOL: Self = Self([0; 8]);

    pub(super) fn of(role: &Role) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"belisha role\0").chain_update(role.name()).finalize().into();
        Self(digest.first_chunk().copied().unwrap_or([1; 8]))
    }
}
