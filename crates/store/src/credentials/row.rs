//! How an account signs in, as it is kept.

use core::fmt;

use chrono::{DateTime, Utc};

/// How an account signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which one of the account it is, counted from 1.
    pub serial: u64,
    /// The hash of the password, with its costs, as PHC writes it; `None` for one that lets nobody in.
    pub hash: Option<String>,
    /// Whether somebody else chose it, so that it is to be changed.
    pub issued: bool,
    /// When it was given.
    pub set: DateTime<Utc>,
    /// When one that was issued lapses if nobody changes it.
    pub lapses: Option<DateTime<Utc>>,
    /// Since when others knew it, where somebody said so: it lets nobody in.
    pub void_since: Option<DateTime<Utc>>,
}

/// A credential that is to be given to an account.
pub enum NewCredential {
    /// A password that the person chose.
    Chosen {
        /// Its hash.
        hash: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A password that somebody else gave them.
    Issued {
        /// Its hash.
        hash: String,
        /// When.
        at: DateTime<Utc>,
        /// When it lapses.
        lapses: Option<DateTime<Utc>>,
    },
    /// None that works: the one before was known to others.
    Void {
        /// When that was said.
        at: DateTime<Utc>,
        /// Since when.
        since: DateTime<Utc>,
    },
}

impl NewCredential {
    /// As it is kept: to the millisecond.
    pub(super) fn with_serial(self, serial: u64) -> Credential {
        let whole = |at: DateTime<Utc>| DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
        let (hash, issued, set, lapses, void_since) = match self {
            Self::Chosen { hash, at } => (Some(hash), false, at, None, None),
            Self::Issued { hash, at, lapses } => (Some(hash), true, at, lapses, None),
            Self::Void { at, since } => (None, true, at, None, Some(since)),
        };
        let (set, lapses, void_since) = (whole(set), lapses.map(whole), void_since.map(whole));
        Credential { serial, hash, issued, set, lapses, void_since }
    }
}

/// A second factor, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    /// The secret, sealed by the caller.
    pub sealed: Vec<u8>,
    /// The last time step whose code was used.
    pub last_step: Option<u64>,
}

/// Never the hash.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, ..)", self.serial)
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factor(..)")
    }
}
