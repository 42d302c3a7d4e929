//! Locked rules hashed, and looked up.

use core::fmt;
use core::ops::Range;

use super::{HANDLE, Handle, LockedRule};
use crate::host::Host;
use crate::layout::u32_at;
use crate::rule::Rule;

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of an entry: a handle and the number of a set.
const ENTRY: usize = HANDLE + 4;

/// The key that rules are hashed with: 32 bytes that nobody can foresee, one for all locked lists of a ruleset. It stands
/// in the ruleset.
#[derive(Clone)]
pub struct LockKey {
    #[cfg(feature = "compile")]
    bytes: [u8; KEY],
    keyed: hmac::Hmac<sha2::Sha256>,
}

impl fmt::Debug for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockKey(…)")
    }
}

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
    key: LockKey,
}

impl Locked {
    /// The rules of a section; nothing where it is no whole one, or where this crate was built without them.
    pub(crate) fn open(all: &[u8], section: Range<usize>) -> Option<Self> {
        let key = LockKey::new(*all.get(section.clone())?.first_chunk()?);
        let entries = section.start + KEY..section.end;
        entries.len().is_multiple_of(ENTRY).then_some(Self { entries, key })
    }

    fn entries<'a>(&self, all: &'a [u8]) -> &'a [[u8; ENTRY]] {
        all.get(self.entries.clone()).unwrap_or_default().as_chunks().0
    }

    /// A rule by its number.
    pub(crate) fn get(&self, all: &[u8], at: u32) -> Option<Handle> {
        self.entries(all).get(at as usize)?.first_chunk().map(|bytes| Handle(*bytes))
    }

    fn find(&self, all: &[u8], Handle(wanted): &Handle) -> Option<(u32, u32)> {
        let entries = self.entries(all);
        let at = entries.binary_search_by(|entry| entry.get(..HANDLE).unwrap_or_default().cmp(wanted)).ok()?;
        Some((u32::try_from(at).ok()?, u32_at(entries.get(at)?, HANDLE)?))
    }

    /// Calls `each` with the number and set of each rule that holds a host or its path, and gives the set of those that
    /// hold paths of a host of which no path is known.
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
}

/// The section: the key, and the rules in order.
#[cfg(feature = "compile")]
pub(crate) fn encode(key: &LockKey, entries: &alloc::collections::BTreeMap<Handle, u32>) -> alloc::vec::Vec<u8> {
    let mut out = key.bytes().to_vec();
    for (Handle(bytes), set) in entries {
        out.extend(bytes);
        out.extend(set.to_le_bytes());
    }
    out
}
