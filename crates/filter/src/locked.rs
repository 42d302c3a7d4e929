//! Rules that nobody may read: lists of unlawful material.
//!
//! Of such a rule only a keyed hash is kept. Who has the file cannot list the rules; who has an address can ask whether it
//! is held, which is what a filter is for, and so could guess addresses one by one: the file is to be kept like a secret.

use core::fmt;
use core::str::FromStr;

#[cfg(feature = "locked")]
mod hashed;
#[cfg(not(feature = "locked"))]
mod none;

#[cfg(feature = "locked")]
pub use hashed::LockKey;
#[cfg(feature = "locked")]
pub(crate) use hashed::Locked;
#[cfg(all(feature = "compile", feature = "locked"))]
pub(crate) use hashed::encode;
#[cfg(not(feature = "locked"))]
pub(crate) use none::Locked;

/// What stands for a rule of a locked list: 128 bits of HMAC-SHA-256 of its normalised line. `Display` writes 32
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle([u8; HANDLE]);

/// Bytes of a handle.
const HANDLE: usize = 16;

/// A rule of a locked list, which was hashed where it came in.
///
/// `Display` writes the line that a list keeps of it (`locked:` and the handle, and behind a slash that of the host where
/// the rule is about paths), and `FromStr` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedRule {
    handle: Handle,
    /// Of a rule about paths, what stands for its host: that some path is listed must be known before the path is.
    host: Option<Handle>,
}

const PREFIX: &str = "locked:";

impl LockedRule {
    /// What stands for the rule.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    #[cfg(all(feature = "compile", feature = "locked"))]
    pub(crate) fn host(&self) -> Option<Handle> {
        self.host
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for LockedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.handle)?;
        self.host.map_or(Ok(()), |host| write!(f, "/{host}"))
    }
}

/// A line that is not one of a locked list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the line is not a locked rule")]
pub struct NotLocked;

impl FromStr for Handle {
    type Err = NotLocked;

    fn from_str(text: &str) -> Result<Self, NotLocked> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(NotLocked) };
        let mut bytes = [0; HANDLE];
        if pairs.len() != HANDLE {
            return Err(NotLocked);
        }
        for (to, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *to = digit(*high).ok_or(NotLocked)? << 4 | digit(*low).ok_or(NotLocked)?;
        }
        Ok(Self(bytes))
    }
}

impl FromStr for LockedRule {
    type Err = NotLocked;

    fn from_str(line: &str) -> Result<Self, NotLocked> {
        let handles = line.strip_prefix(PREFIX).ok_or(NotLocked)?;
        let (handle, host) = match handles.split_once('/') {
            Some((handle, host)) => (handle, Some(host.parse()?)),
            None => (handles, None),
        };
        Ok(Self { handle: handle.parse()?, host })
    }
}
