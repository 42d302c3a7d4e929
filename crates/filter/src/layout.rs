//! The bytes of a ruleset file: what stands where. `docs/ruleset-format.md` says the same in words.

/// The first eight bytes.
pub(crate) const MAGIC: [u8; 8] = *b"BELISHA\0";
/// The version that is written.
pub(crate) const VERSION: u32 = 3;
/// The oldest version that is read.
pub(crate) const OLDEST: u32 = 2;
/// Bytes of the header before the section table.
pub(crate) const HEADER: usize = 64;
/// Bytes of an entry of the section table.
pub(crate) const SECTION_ENTRY: usize = 24;
/// Sections start at multiples of this.
#[cfg(feature = "compile")]
pub(crate) const ALIGN: usize = 64;

/// Offsets within the header.
pub(crate) mod header {
    pub(crate) const VERSION: usize = 8;
    pub(crate) const SECTIONS: usize = 12;
    pub(crate) const LENGTH: usize = 16;
    pub(crate) const SEED: usize = 24;
    pub(crate) const RULES: usize = 32;
    pub(crate) const PATH_SEGMENTS: usize = 40;
    /// XXH3-64 of everything else.
    pub(crate) const CHECKSUM: usize = 48;
    /// What hashes are multiplied by for tags; odd.
    pub(crate) const MULTIPLIER: usize = 56;
}

/// The sections, by the number that the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Section {
    /// The lists and what is known about them.
    Lists = 1,
    /// Sets of lists.
    Sets = 2,
    /// What a host slot means: a set for the name and below, one for the name alone, one for paths of it.
    Values = 3,
    /// The host table.
    Hosts = 4,
    /// The path table; its values are sets.
    Paths = 5,
    /// The rules of lists that must match by exact string.
    Exact = 6,
    /// Which hosts there may be.
    Filter = 7,
    /// Rules that are not about one name; absent where there are none, as are the next four.
    Patterns = 8,
    /// Four letters of each pattern that no name keeps.
    Grams = 9,
    /// The patterns that are kept by a name.
    Bound = 10,
    /// Ranges of addresses.
    Networks = 11,
    /// Rules that nobody may read.
    Locked = 12,
    /// Four letters of each rule of an ad blocker that no name keeps.
    AdblockGrams = 13,
    AdblockPages = 14,
    /// Which names are crowded, beside each line of the filter. Since version 3.
    Crowds = 15,
}

impl Section {
    pub(crate) const ALL: [Self; 15] = [
        Self::Lists,
        Self::Sets,
        Self::Values,
        Self::Hosts,
        Self::Paths,
        Self::Exact,
        Self::Filter,
        Self::Patterns,
        Self::Grams,
        Self::Bound,
        Self::Networks,
        Self::Locked,
        Self::AdblockGrams,
        Self::AdblockPages,
        Self::Crowds,
    ];

    /// Whether a file may do without it.
    pub(crate) fn is_optional(self) -> bool {
        self as u32 > Self::Filter as u32
    }
}

/// How a rule is keyed in the section of exact strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ExactKind {
    Domain = b'd',
    Host = b'h',
    Path = b'p',
}

#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at.checked_add(8)?)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.first_chunk().map(|chunk| u16::from_le_bytes(*chunk))
}

/// A count, the offsets of items and of their end, then the items.
#[derive(Clone, Copy)]
pub(crate) struct Items<'a> {
    count: usize,
    section: &'a [u8],
}

impl<'a> Items<'a> {
    /// The items of a section.
    pub(crate) fn new(section: &'a [u8]) -> Option<Self> {
        u32_at(section, 0).map(|count| Self { count: count as usize, section })
    }

    /// How many there are.
    pub(crate) fn len(self) -> usize {
        self.count
    }

    /// An item; nothing where there is none, or where the offsets are wrong.
    pub(crate) fn get(self, at: usize) -> Option<&'a [u8]> {
        let base = self.count.checked_add(2)?.checked_mul(4)?;
        let offset = |n: usize| base.checked_add(u32_at(self.section, n.checked_mul(4)?.checked_add(4)?)? as usize);
        if at < self.count { self.section.get(offset(at)?..offset(at + 1)?) } else { None }
    }
}
