//! A host looked up: one line as a rule, whatever names above it are listed.
//!
//! The line of a name is chosen by its last two labels, so that the entries of all suffixes of a host lie together. A
//! name that has very many names below it carries a mark: names below are then placed by three labels, and so on.

use super::keys::{Keys, SHORT, place};
use super::line::{LINE, Line, TAG_BITS, confirmed, entries, goes_on};
use super::simd::{AT_ONCE, Lanes, Way};
use crate::host::Host;
use crate::layout::u32_at;

/// Bytes of a value.
pub(crate) const VALUE: usize = 16;
/// The flag of a value: names below are placed by one label more.
pub(crate) const CROWDED: u32 = 1;
/// Most suffixes that a name has, the bare last label left out.
pub(crate) const MAX_SUFFIXES: usize = crate::host::MAX_NAME / 2 + 1;

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
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// The numbers of their values, the shortest suffix first; 0 for one that is not listed.
    pub(crate) values: [u16; AT_ONCE],
    /// Where the name's dots are: bit 63 for the last byte, 62 for the one before.
    dots: u64,
}

impl Found {
    /// The answer for a name of more suffixes than are looked up at once.
    const TOO_MANY: Self = Self { values: [0; AT_ONCE], dots: u64::MAX };

    /// Calls `each` with the length and value of every suffix of a name that was found, the shortest first.
    pub(crate) fn each(&self, name: &[u8], each: &mut dyn FnMut(u8, u16)) {
        let mut left = without_first(self.dots);
        for value in self.values {
            let length = left.leading_zeros().min(u32::try_from(name.len()).unwrap_or(0));
            left = without_first(left);
            if value != 0 {
                each(u8::try_from(length).unwrap_or(0), value);
            }
        }
    }
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
    usize::try_from(u128::from(place) * lines as u128 >> 64).unwrap_or(0)
}

impl Finder<'_> {
    /// Looks a short name up; `None` for one that must go the long way, and for addresses.
    #[inline]
    pub(crate) fn short(&self, way: Way, host: &Host) -> Option<Found> {
        let name = host.as_str().as_bytes();
        if name.len() > SHORT || host.is_ip() {
            return None;
        }
        let found = way.short(self, name);
        (found.dots != u64::MAX).then_some(found)
    }

    /// [`Finder::short`], in one way.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn short_by<L: Lanes>(&self, name: &[u8]) -> Found {
        let read = L::read(name);
        let dots = L::dots(&read);
        // The bare last label is no rule's name.
        let shortest = without_first(dots).leading_zeros() as usize;
        let mut place = place(L::hash(self.keys, &read, shortest.min(name.len())));
        let lines = self.hosts.lines;
        if let Some(line) = lines.get(line_of(place, lines.len())) {
            L::fetch(line);
        }
        let mut values = [0; AT_ONCE];
        if !self.filter.may_hold(place) {
            return Found { values, dots };
        }
        let count = dots.count_ones().max(1) as usize;
        if count > AT_ONCE {
            return Found::TOO_MANY;
        }
        let suffixes = L::suffixes(self.keys, self.hosts.multiplier, &read);
        for level in 1..=count {
            // A loop of its own: a closure would be compiled without the instructions of the function around.
            let mut at = line_of(place, lines.len());
            for _ in 0..lines.len() {
                let Some(line) = lines.get(at) else { break };
                let equal = L::equal(line, &suffixes);
                if equal != [0; AT_ONCE] {
                    for (at, (value, candidates)) in values.iter_mut().zip(equal).enumerate().take(count) {
                        if *value == 0 && candidates != 0 {
                            *value = confirmed(line, candidates, self.hosts.tag(L::hash_of(&suffixes, at)));
                        }
                    }
                }
                if !goes_on(line, place) {
                    break;
                }
                at = if at + 1 == lines.len() { 0 } else { at + 1 };
            }
            if level == count || !self.is_crowded(values.get(level - 1).copied().unwrap_or(0)) {
                break;
            }
            place = super::keys::place(L::hash_of(&suffixes, level));
            if !self.filter.may_hold(place) {
                break;
            }
        }
        Found { values, dots }
    }

    /// Looks up a name of any length, or an address, and calls `each` with the length and value of every suffix that
    /// is found, the shortest first.
    pub(crate) fn long(&self, name: &[u8], whole: bool, each: &mut dyn FnMut(u8, u16)) {
        let mut hashes = [(0_u64, 0_usize); MAX_SUFFIXES];
        let mut count = 0;
        let push = |hash, length| {
            if let Some(slot) = hashes.get_mut(count) {
                *slot = (hash, length);
                count += 1;
            }
        };
        self.keys.names(name, whole, push);
        let mut values = [0_u16; MAX_SUFFIXES];
        let hashes = hashes.get(..count).unwrap_or_default();
        for (level, (hash, _)) in hashes.iter().enumerate() {
            if !self.filter.may_hold(place(*hash)) {
                break;
            }
            self.hosts.lines_of(place(*hash), |line| {
                for (tag, found) in entries(line) {
                    let same = hashes.iter().zip(&mut values).filter(|((hash, _), _)| self.hosts.tag(*hash) == tag);
                    same.for_each(|(_, value)| *value = if *value == 0 { found } else { *value });
                }
            });
            if !self.is_crowded(values.get(level).copied().unwrap_or(0)) {
                break;
            }
        }
        for ((_, length), value) in hashes.iter().zip(values).filter(|(_, value)| *value != 0) {
            each(u8::try_from(*length).unwrap_or(0), value);
        }
    }

    #[inline]
    fn is_crowded(&self, value: u16) -> bool {
        value != 0 && u32_at(self.file, self.values_at + usize::from(value) * VALUE + 12).is_some_and(|flags| flags & CROWDED != 0)
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;
    use crate::engine::build::{Placed, build, filter};
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::collection::vec("[a-c]{1,2}", 1..8).prop_map(|labels| labels.join(".")),
            prop::collection::vec("[a-z0-9-]{1,30}", 1..5).prop_map(|labels| labels.join(".")),
        ]
    }

    fn found(finder: &Finder<'_>, way: Way, host: &Host) -> Option<Vec<(u8, u16)>> {
        let mut all = Vec::new();
        finder.short(way, host)?.each(host.as_str().as_bytes(), &mut |length, value| all.push((length, value)));
        Some(all)
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
            for host in listed.iter().chain(&others).flat_map(|name| [name.to_string(), alloc::format!("x.{name}")]) {
                let Ok(host) = host.parse::<Host>() else { continue };
                let mut long = Vec::new();
                finder.long(host.as_str().as_bytes(), false, &mut |length, value| long.push((length, value)));
                for way in Way::all() {
                    if let Some(short) = found(&finder, way, &host) {
                        prop_assert_eq!(&short, &long, "{:?}", way);
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
