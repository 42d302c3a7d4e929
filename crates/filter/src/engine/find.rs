//! A host looked up: one line as a rule, whatever names above it are listed.
//!
//! The line of a name is chosen by its last two labels, so that the entries of all suffixes of a host lie together. A
//! name that has very many names below it carries a mark: names below are then placed by three labels, and so on.

use super::keys::{Keys, SHORT, place};
use super::line::{LINE, Line, TAG_BITS, confirmed, entries, goes_on};
use super::simd::{Lanes, ShortName as _, Way};
use crate::few::Few;
use crate::host::Host;
use crate::layout::u32_at;

/// Bytes of a value.
pub(crate) const VALUE: usize = 16;
/// Where in a value its flags stand.
pub(crate) const FLAGS: usize = 12;
/// The flag of a value: names below are placed by one label more.
pub(crate) const CROWDED: u32 = 1;
/// The flag of a value: patterns are kept by the name.
pub(crate) const KEEPS_PATTERNS: u32 = 2;

/// Suffixes that are looked up at once.
const AT_ONCE: u32 = 4;

/// A table as it lies in the file.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    lines: &'a [Line],
    /// What hashes are multiplied by for a tag.
    multiplier: u64,
}

/// Which groups there are: bits in words, a word for each group's place and three bits in it.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a> {
    words: &'a [[u8; 8]],
}

impl<'a> Filter<'a> {
    /// A filter over a section of whole words.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { words: bytes.as_chunks().0 }
    }

    /// Whether the file may hold names of a group; it does where this says so, but for about one in fourteen.
    #[inline]
    pub(crate) fn may_hold(&self, place: u64) -> bool {
        let word = self.words.get(line_of(place, self.words.len())).map_or(0, |word| u64::from_le_bytes(*word));
        word & bits_of(place) == bits_of(place)
    }
}

/// The bits of a place in its word.
#[inline]
pub(crate) fn bits_of(place: u64) -> u64 {
    1 << (place & 63) | 1 << (place >> 6 & 63) | 1 << (place >> 12 & 63)
}

/// What is needed for looking hosts up.
#[derive(Clone, Copy)]
pub(crate) struct Finder<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) filter: Filter<'a>,
    pub(crate) hosts: Table<'a>,
    /// The file, and where in it the values begin.
    pub(crate) file: &'a [u8],
    pub(crate) values_at: usize,
}

/// The suffixes of a short name that were found.
pub(crate) struct Found {
    /// The numbers of their values, the shortest suffix first, the first in the lowest 16 bits; 0 for one that is not
    /// listed.
    values: u64,
    /// Their lengths, the first in the lowest eight bits.
    lengths: u32,
}

impl Found {
    /// Nothing.
    const NOTHING: Self = Self { values: 0, lengths: 0 };
    /// The answer for a name that must go the long way. No lengths are all the same.
    pub(crate) const NOT_SHORT: Self = Self { values: u64::MAX, lengths: u32::MAX };

    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        self.values == 0
    }

    #[inline]
    pub(crate) fn is_short(&self) -> bool {
        self.lengths != u32::MAX
    }
}

/// The lengths and values of the suffixes that were found, the shortest first.
impl Iterator for Found {
    type Item = (u8, u16);

    #[inline]
    fn next(&mut self) -> Option<(u8, u16)> {
        if self.values == 0 {
            return None;
        }
        let before = self.values.trailing_zeros() / 16;
        self.values >>= 16 * before;
        self.lengths >>= 8 * before;
        let [low, high, ..] = self.values.to_le_bytes();
        let [length, ..] = self.lengths.to_le_bytes();
        self.values &= !0xFFFF;
        Some((length, u16::from_le_bytes([low, high])))
    }
}

/// The lower half of a tag.
#[inline]
fn lower(tag: u64) -> u32 {
    let [a, b, c, d, ..] = tag.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Bits without the highest of them.
#[inline]
pub(crate) fn without_first(bits: u64) -> u64 {
    bits & (u64::MAX >> 1).checked_shr(bits.leading_zeros()).unwrap_or(0)
}

impl<'a> Table<'a> {
    /// A table over a section of whole lines.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], multiplier: u64) -> Self {
        Self { lines: bytes.as_chunks::<LINE>().0, multiplier }
    }

    #[inline]
    pub(crate) fn tag(&self, hash: u64) -> u64 {
        tag(hash, self.multiplier)
    }

    /// Calls `each` with the lines in which a group may have entries. One as a rule.
    #[inline]
    fn lines_of(&self, place: u64, mut each: impl FnMut(&Line)) {
        let mut at = line_of(place, self.lines.len());
        for _ in 0..self.lines.len() {
            let Some(line) = self.lines.get(at) else { return };
            each(line);
            if !goes_on(line, place) {
                return;
            }
            at = if at + 1 == self.lines.len() { 0 } else { at + 1 };
        }
    }

    /// The value of a hash that is a group of its own, or 0.
    pub(crate) fn get(&self, hash: u64) -> u16 {
        let tag = self.tag(hash);
        let mut value = 0;
        self.lines_of(place(hash), |line| {
            if value == 0 {
                value = entries(line).find(|(other, _)| *other == tag).map_or(0, |(_, value)| value);
            }
        });
        value
    }
}

/// What of a hash stands in a line.
#[inline]
pub(crate) fn tag(hash: u64, multiplier: u64) -> u64 {
    hash.wrapping_mul(multiplier) >> (u64::BITS - TAG_BITS)
}

/// The line of a place among so many.
#[inline]
pub(crate) fn line_of(place: u64, lines: usize) -> usize {
    // Below `lines`, so that it fits.
    usize::try_from((u128::from(place) * lines as u128) >> 64).unwrap_or(0)
}

impl Finder<'_> {
    /// Looks a short name up; [`Found::NOT_SHORT`] for one that must go the long way, and for addresses.
    #[inline]
    pub(crate) fn short(&self, way: Way, host: &Host) -> Found {
        let name = host.as_str().as_bytes();
        if name.len() > SHORT || host.is_ip() { Found::NOT_SHORT } else { way.short(self, name) }
    }

    /// [`Finder::short`], in one way.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn short_by<L: Lanes>(&self, name: &[u8]) -> Found {
        let read = L::read(name);
        let dots = read.dots();
        // The bare last label is no rule's name.
        let mut left = without_first(dots);
        #[expect(clippy::cast_possible_truncation, reason = "a short name has at most 63 bytes")]
        let whole = name.len() as u32;
        let mut next = || {
            let length = left.leading_zeros().min(whole);
            left = without_first(left);
            length
        };
        let first = next();
        let group = read.hash(self.keys, first);
        let mut place = place(group);
        if !self.filter.may_hold(place) {
            return Found::NOTHING;
        }
        let count = dots.count_ones().max(1);
        if count > AT_ONCE {
            return Found::NOT_SHORT;
        }
        // A name of fewer labels fills the rest with itself.
        let second = next();
        let mut lengths = first | second << 8;
        let mut hashes = [group, read.hash(self.keys, second), 0, 0];
        let has_more = count > 2;
        if has_more {
            let (third, fourth) = (next(), next());
            lengths |= third << 16 | fourth << 24;
            let [_, _, c, d] = &mut hashes;
            (*c, *d) = (read.hash(self.keys, third), read.hash(self.keys, fourth));
        }
        let [a, b, c, d] = hashes.map(|hash| self.hosts.tag(hash));
        let known = u64::MAX >> (64 - 16 * count);
        let lines = self.hosts.lines;
        let mut values = 0_u64;
        for level in 0..count {
            // A loop of its own: a closure would be compiled without the instructions of the function around.
            let mut at = line_of(place, lines.len());
            for _ in 0..lines.len() {
                let Some(line) = lines.get(at) else { break };
                let mut equal = L::equal(line, lower(a)) | L::equal(line, lower(b)) << 16;
                if has_more {
                    equal |= L::equal(line, lower(c)) << 32 | L::equal(line, lower(d)) << 48;
                }
                let mut equal = equal & known;
                while equal != 0 {
                    let bit = equal.trailing_zeros();
                    equal &= equal - 1;
                    let (suffix, entry) = (bit / 16, bit % 16);
                    let tag = [a, b, c, d].get(suffix as usize).copied().unwrap_or(0);
                    let value = u64::from(confirmed(line, entry as usize, tag)) << (16 * suffix);
                    // The first that is found stands: entries further on are of other groups.
                    let is_first = values & (0xFFFF << (16 * suffix)) == 0;
                    values |= if is_first { value } else { 0 };
                }
                if !goes_on(line, place) {
                    break;
                }
                at = if at + 1 == lines.len() { 0 } else { at + 1 };
            }
            let own = values >> (16 * level) & 0xFFFF;
            if own == 0 || level + 1 == count || !self.is_crowded(own) {
                break;
            }
            place = super::keys::place(hashes.get(level as usize + 1).copied().unwrap_or(0));
            if !self.filter.may_hold(place) {
                break;
            }
        }
        if values == 0 { Found::NOTHING } else { Found { values, lengths } }
    }

    /// Looks up a name of any length, or an address: the lengths and values of the suffixes that are found, the shortest
    /// first.
    pub(crate) fn long(&self, name: &[u8], whole: bool) -> Few<(u8, u16), 8> {
        let mut hashes = Few::<(u64, u8, u16), 8>::new();
        self.keys.names(name, whole, |hash, length| hashes.push((hash, u8::try_from(length).unwrap_or(0), 0)));
        let mut level = 0;
        while let Some((group, ..)) = hashes.get(level).copied() {
            let place = place(group);
            if !self.filter.may_hold(place) {
                break;
            }
            self.hosts.lines_of(place, |line| {
                for (tag, found) in entries(line) {
                    let same = hashes.iter_mut().filter(|(hash, _, value)| *value == 0 && self.hosts.tag(*hash) == tag);
                    same.for_each(|(.., value)| *value = found);
                }
            });
            let own = hashes.get(level).map_or(0, |(.., value)| u64::from(*value));
            if own == 0 || !self.is_crowded(own) {
                break;
            }
            level += 1;
        }
        let mut found = Few::new();
        for (_, length, value) in hashes.iter().filter(|(.., value)| *value != 0) {
            found.push((*length, *value));
        }
        found
    }

    #[inline]
    fn is_crowded(&self, value: u64) -> bool {
        let at = usize::try_from(value).ok().map(|value| self.values_at + value * VALUE + FLAGS);
        at.and_then(|at| u32_at(self.file, at)).is_some_and(|flags| flags & CROWDED != 0)
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;
    use crate::engine::build::{Placed, build, filter};
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::collection::vec("[a-c]{1,2}", 1..8).prop_map(|labels| labels.join(".")),
            prop::collection::vec("[a-z0-9-]{1,30}", 1..5).prop_map(|labels| labels.join(".")),
        ]
    }

    proptest! {
        /// - Every way that this processor can take finds the same suffixes of a name, and so does the long way.
        /// - Those are the listed ones.
        #[test]
        fn all_ways_find_the_same(
            listed in prop::collection::btree_set(name(), 0..60), others in prop::collection::vec(name(), 0..20), seed: u64,
        ) {
            let keys = Keys::new(seed);
            let mut placed = Vec::new();
            let mut values = Vec::new();
            for name in &listed {
                let mut all = Vec::new();
                keys.names(name.as_bytes(), false, |hash, _| all.push(hash));
                let group = place(all.first().copied().unwrap());
                let value = u16::try_from(values.len() + 1).unwrap();
                placed.push(Placed { place: group, hash: all.last().copied().unwrap(), value });
                values.push(name.as_str());
            }
            placed.sort_unstable();
            let ([bytes], multiplier) = build([&placed]).unwrap();
            let filter = filter(&placed);
            let filter = Filter::new(&filter);
            let finder = Finder { keys: &keys, filter, hosts: Table::new(&bytes, multiplier), file: &[], values_at: 0 };
            for host in listed.iter().chain(&others).flat_map(|name| [name.clone(), alloc::format!("x.{name}")]) {
                let Ok(host) = host.parse::<Host>() else { continue };
                let long: Vec<(u8, u16)> = finder.long(host.as_str().as_bytes(), false).iter().copied().collect();
                for way in Way::all() {
                    let short = finder.short(way, &host);
                    if short.is_short() {
                        prop_assert_eq!(&short.collect::<Vec<_>>(), &long, "{:?}", way);
                    }
                }
                let text = host.as_str();
                let is_listed = |suffix: &str| values.contains(&suffix);
                let dots = text.match_indices('.').map(|(at, _)| at + 1).chain([0]);
                let mut expected: Vec<u8> = dots
                    .map(|at| &text[at..])
                    .filter(|suffix| (suffix.contains('.') || suffix.len() == text.len()) && is_listed(suffix))
                    .map(|suffix| u8::try_from(suffix.len()).unwrap())
                    .collect();
                expected.sort_unstable();
                let lengths: Vec<u8> = long.iter().map(|(length, _)| *length).collect();
                prop_assert_eq!(lengths, expected);
                for (length, value) in long {
                    prop_assert_eq!(values[usize::from(value) - 1], &text[text.len() - usize::from(length)..]);
                }
            }
        }
    }

    #[test]
    fn the_portable_way_can_always_be_taken() {
        assert_eq!(Way::all().last(), Some(Way::Portable));
    }
}
