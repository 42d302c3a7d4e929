//! Rules that nobody may read: lists of unlawful material.
//!
//! Of such a rule only a keyed hash is kept. Who has the file cannot list the rules; who has an address can ask whether it
//! is held, which is what a filter is for, and so could guess addresses one by one: the file is to be kept like a secret.

use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use crate::host::Host;
use crate::layout::u32_at;
#[cfg(feature = "locked")]
use crate::rule::Rule;

/// What stands for a rule of a locked list: 128 bits of HMAC-SHA-256 of its normalised line. `Display` writes 32
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle([u8; HANDLE]);

/// Bytes of a handle.
const HANDLE: usize = 16;
/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of an entry: a handle and the number of a set.
pub(crate) const ENTRY: usize = HANDLE + 4;

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

    #[cfg(feature = "compile")]
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

/// The key that rules are hashed with: 32 bytes that nobody can foresee, one for all locked lists of a ruleset. It stands
/// in the ruleset.
#[derive(Clone)]
pub struct LockKey {
    #[cfg(any(feature = "compile", not(feature = "locked")))]
    bytes: [u8; KEY],
    #[cfg(feature = "locked")]
    keyed: hmac::Hmac<sha2::Sha256>,
}

impl fmt::Debug for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockKey(…)")
    }
}

#[cfg(feature = "locked")]
impl LockKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY]) -> Self {
        use hmac::KeyInit as _;
        // A key shorter than a block of the hash is filled up with zeros (RFC 2104 §2).
        let mut block = [0; 64];
        block.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Self {
            #[cfg(feature = "compile")]
            bytes,
            keyed: hmac::Hmac::new(&block.into()),
        }
    }

    #[cfg(feature = "compile")]
    pub(crate) fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }

    fn hash(&self, parts: &[&[u8]]) -> Handle {
        use hmac::Mac as _;
        let mut mac = self.keyed.clone();
        for part in parts {
            mac.update(part);
        }
        let sum = mac.finalize().into_bytes();
        let mut handle = [0; HANDLE];
        for (to, from) in handle.iter_mut().zip(sum) {
            *to = from;
        }
        Handle(handle)
    }

    /// Hashes a rule: afterwards nobody can tell which it was.
    pub fn lock(&self, rule: &Rule<'_>) -> LockedRule {
        match rule {
            Rule::Domain(name) => LockedRule { handle: self.hash(&[b"d", name.as_bytes()]), host: None },
            Rule::Host(name) => LockedRule { handle: self.hash(&[b"h", name.as_bytes()]), host: None },
            Rule::UrlPrefix { host, path } => LockedRule {
                handle: self.hash(&[b"p", host.as_bytes(), b"/", path.as_bytes()]),
                host: Some(self.host_of_paths(host)),
            },
        }
    }

    fn host_of_paths(&self, host: &str) -> Handle {
        self.hash(&[b"x", host.as_bytes()])
    }
}

/// The locked rules of an open file.
#[derive(Clone)]
pub(crate) struct Locked {
    entries: Range<usize>,
    #[cfg_attr(not(feature = "locked"), expect(dead_code, reason = "there are none then"))]
    key: LockKey,
}

impl Locked {
    /// The rules of a section; nothing where it is no whole one, or where this crate was built without them.
    #[cfg(feature = "locked")]
    pub(crate) fn open(all: &[u8], section: Range<usize>) -> Option<Self> {
        let key = LockKey::new(*all.get(section.clone())?.first_chunk()?);
        let entries = section.start + KEY..section.end;
        entries.len().is_multiple_of(ENTRY).then_some(Self { entries, key })
    }

    #[cfg(not(feature = "locked"))]
    pub(crate) fn open(_: &[u8], _: Range<usize>) -> Option<Self> {
        None
    }

    fn entries<'a>(&self, all: &'a [u8]) -> &'a [[u8; ENTRY]] {
        all.get(self.entries.clone()).unwrap_or_default().as_chunks().0
    }

    /// A rule by its number.
    pub(crate) fn get(&self, all: &[u8], at: u32) -> Option<Handle> {
        self.entries(all).get(at as usize)?.first_chunk().map(|bytes| Handle(*bytes))
    }

    #[cfg(feature = "locked")]
    fn find(&self, all: &[u8], Handle(wanted): &Handle) -> Option<(u32, u32)> {
        let entries = self.entries(all);
        let at = entries.binary_search_by(|entry| entry.get(..HANDLE).unwrap_or_default().cmp(wanted)).ok()?;
        Some((u32::try_from(at).ok()?, u32_at(entries.get(at)?, HANDLE)?))
    }

    /// Calls `each` with the number and set of each rule that holds a host or its path, and gives the set of those that
    /// hold paths of a host of which no path is known.
    #[cfg(feature = "locked")]
    pub(crate) fn holding(
        &self,
        all: &[u8],
        host: &Host,
        bare: &str,
        path: Option<&[u8]>,
        mut each: impl FnMut(u32, u32),
    ) -> u32 {
        let name = host.as_str();
        let mut say = |handle: Handle| {
            if let Some((number, set)) = self.find(all, &handle) {
                each(number, set);
            }
        };
        let dots = name.bytes().enumerate().filter(|(_, byte)| *byte == b'.' && !host.is_ip());
        let starts = core::iter::once(0).chain(dots.map(|(at, _)| at + 1));
        for suffix in starts.filter_map(|at| name.get(at..)) {
            say(self.key.hash(&[b"d", suffix.as_bytes()]));
        }
        say(self.key.hash(&[b"h", name.as_bytes()]));
        let of_paths = self.find(all, &self.key.host_of_paths(bare)).map_or(0, |(_, set)| set);
        let Some(path) = path else { return of_paths };
        if of_paths != 0 {
            let cuts = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
            for end in core::iter::once(0).chain(cuts).chain((!path.is_empty()).then_some(path.len())) {
                let prefix = path.get(..end).unwrap_or_default();
                say(self.key.hash(&[b"p", bare.as_bytes(), b"/", prefix]));
            }
        }
        0
    }

    #[cfg(not(feature = "locked"))]
    #[expect(clippy::unused_self, reason = "the same calls as with locked rules")]
    pub(crate) fn holding(&self, _: &[u8], _: &Host, _: &str, _: Option<&[u8]>, _: impl FnMut(u32, u32)) -> u32 {
        0
    }
}

/// The section: the key, and the rules in order.
#[cfg(all(feature = "compile", feature = "locked"))]
pub(crate) fn encode(key: &LockKey, entries: &alloc::collections::BTreeMap<Handle, u32>) -> alloc::vec::Vec<u8> {
    let mut out = key.bytes().to_vec();
    for (Handle(bytes), set) in entries {
        out.extend(bytes);
        out.extend(set.to_le_bytes());
    }
    out
}
