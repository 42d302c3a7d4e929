//! A host looked up: one line of the filter, and one of the table for each name that may be listed.

use super::Line;
use super::filter::{Filter, LineOfName, may_hold};
use super::keys::{Keys, SHORT, place};
use super::lines::NOTHING;
use super::table::Table;
use super::ways::{Lanes, Names, ShortName, Way};
use crate::few::Few;
use crate::host::Host;

/// Names of a short host that are looked up at once.
pub(crate) const LANES: usize = 8;
/// Names of a short host that may be found.
pub(crate) const AT_ONCE: u32 = 4;

/// The tables of hosts, and the keys of their hash.
#[derive(Clone)]
pub(crate) struct Hosts {
    pub(crate) keys: Keys,
    pub(crate) filter: Filter,
    pub(crate) table: Table,
}

/// The names of a short host that were found: the length of each and the number of its value, the shortest first.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The numbers of their values, the first in the lowest 16 bits. 0 stands for a name that might have been found, and was not.
    values: u64,
    /// Their lengths, the first in the lowest eight bits.
    lengths: u32,
}

impl Found {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self { values: 0, lengths: 0 };
    /// The answer for a name that must go the long way. No lengths are all the same.
    pub(crate) const NOT_SHORT: Self = Self { values: u64::MAX, lengths: u32::MAX };

    /// The first so many of these; [`Self::NOT_SHORT`] where they are more than there is room for.
    #[inline]
    pub(crate) fn of(values: [u16; AT_ONCE as usize], lengths: [u8; AT_ONCE as usize], count: usize) -> Self {
        let all = values.iter().rev().fold(0, |all, value| all << 16 | u64::from(*value));
        match AT_ONCE.checked_sub(u32::try_from(count).unwrap_or(u32::MAX)) {
            None => Self::NOT_SHORT,
            Some(none) => {
                let values = all & u64::MAX.checked_shr(16 * none).unwrap_or(0);
                Self { values, lengths: u32::from_le_bytes(lengths) }
            }
        }
    }

    /// Takes in a name as that of this number, below [`AT_ONCE`]. Without a jump on the value: that would wait for the line of the
    /// table.
    #[inline]
    fn put(&mut self, number: u32, value: u16, length: u32) {
        self.values |= u64::from(value) << (16 * number);
        self.lengths |= length << (8 * number);
    }

    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        self.values == 0
    }

    #[inline]
    pub(crate) fn is_short(&self) -> bool {
        self.lengths != u32::MAX
    }
}

impl Iterator for Found {
    type Item = (u8, u16);

    #[inline]
    fn next(&mut self) -> Option<(u8, u16)> {
        if self.values == 0 {
            return None;
        }
        let not_found = self.values.trailing_zeros() / 16;
        self.values >>= 16 * not_found;
        self.lengths >>= 8 * not_found;
        let ([length, ..], [low, high, ..]) = (self.lengths.to_le_bytes(), self.values.to_le_bytes());
        self.values >>= 16;
        self.lengths >>= 8;
        Some((length, u16::from_le_bytes([low, high])))
    }
}

/// The lines of the filter that a short host is asked of: the one of its shortest name, and the one of the others.
#[derive(Clone, Copy)]
pub(crate) struct AskedLines<'f> {
    pub(crate) first: &'f Line,
    pub(crate) second: &'f Line,
    /// Whether some names are in lines chosen by more labels than the second.
    are_deeper: bool,
}

/// Names of a short host, and which of them may be listed, a bit for each.
pub(crate) struct Listed {
    held: u32,
    names: Names,
}

impl Listed {
    /// Which of a host's names are listed, in one way. Apart from [`Hosts::short_by`], so that a host that no list holds costs
    /// no saving of registers.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn found_by<L: Lanes>(&self, table: Table, file: &[u8]) -> Found {
        let mut held = self.held;
        let mut next = || {
            let lane = held.trailing_zeros();
            held &= held.wrapping_sub(1);
            self.names.get(lane)
        };
        let (hash, length) = next();
        let value = table.get_by::<L>(file, hash);
        let mut found = Found { values: value.into(), lengths: length };
        if self.held.is_power_of_two() {
            return found;
        }
        if self.held.count_ones() > AT_ONCE {
            return Found::NOT_SHORT;
        }
        for number in 1..self.held.count_ones() {
            let (hash, length) = next();
            found.put(number, table.get_by::<L>(file, hash), length);
        }
        found
    }
}

/// A host's name, where it goes the short way.
#[inline]
pub(crate) fn short_name(host: &Host) -> Option<&[u8]> {
    let name = host.as_str().as_bytes();
    (name.len() <= SHORT && !host.is_ip()).then_some(name)
}

impl AskedLines<'_> {
    /// Of no host.
    pub(crate) const NONE: Self = Self { first: NOTHING, second: NOTHING, are_deeper: false };
}

impl Hosts {
    /// Looks a short name up; [`Found::NOT_SHORT`] for one that must go the long way, and for addresses.
    #[inline]
    pub(crate) fn short(&self, file: &[u8], way: Way, host: &Host) -> Found {
        short_name(host).map_or(Found::NOT_SHORT, |name| way.short(self, file, name))
    }

    /// [`Hosts::short`], in one way.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn short_by<L: Lanes>(&self, file: &[u8], name: &[u8]) -> Found {
        let names = L::read(&self.keys, name);
        let first = self.filter.line_of_name(file, place(names.hash(0)));
        match self.held(file, &names, self.asked_lines(file, &names, first)) {
            None => Found::NOT_SHORT,
            Some(0) => Found::NOTHING,
            Some(held) => {
                let mut listed = Listed { held, names: Names::default() };
                names.store(&mut listed.names);
                L::found(self.table, file, &listed)
            }
        }
    }

    /// The lines of the filter that a host is asked of, of which that of its shortest name is known.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn asked_lines<'f>(
        &self,
        file: &'f [u8],
        names: &impl ShortName,
        first: LineOfName<'f>,
    ) -> AskedLines<'f> {
        let (shortest, next) = (place(names.hash(0)), place(names.hash(1)));
        let is_below = (names.count() > 1) & first.is_crowded(shortest, 0);
        // Chosen, not jumped to: which names are crowded cannot be foreseen.
        let second = self.filter.line_of_name(file, if is_below { next } else { shortest });
        let are_deeper = is_below & second.is_crowded(next, 1);
        AskedLines { first: first.line, second: second.line, are_deeper }
    }

    /// Which names may be listed, a bit for each; `None` for a host that must go the long way.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn held<N: ShortName>(&self, file: &[u8], names: &N, lines: AskedLines<'_>) -> Option<u32> {
        let AskedLines { first, second, are_deeper } = lines;
        let mut held = names.held(first, second);
        if are_deeper {
            let mut all = Names::default();
            names.store(&mut all);
            held = self.held_deeper(file, &all, held);
        }
        (names.count() as usize <= LANES).then_some(held)
    }

    /// [`Hosts::held`], of which names with two labels more than the shortest, or more than that, are in other lines. Apart from
    /// it and in one way for all: they are few, and the loop would take registers from the others.
    #[inline(never)]
    fn held_deeper(&self, file: &[u8], names: &Names, mut held: u32) -> u32 {
        // One label more as a rule, and rarely two.
        for level in (2_u32..).take(LANES - 2) {
            let place = place(names.hash(level));
            let chosen = self.filter.line_of_name(file, place);
            held = names.held_below(level, held, chosen.line);
            if !chosen.is_crowded(place, level as usize) {
                break;
            }
        }
        held
    }

    /// Looks up a name of any length, or an address: the lengths and values of the names that are found, the shortest
    /// first.
    pub(crate) fn long(&self, file: &[u8], name: &[u8], whole: bool) -> Few<(u8, u16), 8> {
        let mut names = Few::<(u64, u8), 8>::new();
        self.keys.names(name, whole, |hash, length| names.push((hash, u8::try_from(length).unwrap_or(0))));
        let mut found = Few::new();
        let lines = self.filter.lines_of(file, names.iter().map(|(hash, _)| *hash));
        for ((hash, length), line) in names.iter().zip(lines) {
            let may_be = may_hold(self.filter.lines.get(file, line), *hash);
            let value = if may_be { self.table.get(file, *hash) } else { 0 };
            if value != 0 {
                found.push((*length, value));
            }
        }
        found
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;
    use crate::engine::LINE;
    use crate::engine::build::{Entry, Name, filter, tables};
    use crate::engine::filter::CROWDS;
    use crate::engine::lines::Lines;
    use crate::engine::many::{MANY, Many};
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Names of few labels, so that some are crowded, and names of any.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::collection::vec("[a-c]{1,2}", 1..8).prop_map(|labels| labels.join(".")),
            "[a-c]{1,4}\\.[ab]\\.a\\.a",
            prop::collection::vec("[a-z0-9-]{1,30}", 1..5).prop_map(|labels| labels.join(".")),
        ]
    }

    /// Names as a compiler gathers them, each with its number from 1 as its value.
    fn gathered(keys: &Keys, listed: &[&str]) -> (Vec<Name>, Vec<u64>) {
        let (mut names, mut between) = (Vec::new(), Vec::new());
        for (value, name) in (1..).zip(listed) {
            let mut all = Vec::new();
            keys.names(name.as_bytes(), false, |hash, _| all.push(hash));
            let hash = all.pop().unwrap_or_default();
            let group = all.first().copied().unwrap_or(hash);
            let inner = all.get(1..).unwrap_or_default();
            let between_at = u32::try_from(between.len()).unwrap_or(u32::MAX);
            between.extend_from_slice(inner);
            let between_count = u8::try_from(inner.len()).unwrap_or(u8::MAX);
            names.push(Name { group, hash, between_at, between_count, value });
        }
        names.sort_by_key(|name| (name.group, name.hash));
        (names, between)
    }

    /// A file of nothing but the tables of these names.
    fn compiled(listed: &[&str], seed: u64) -> (Hosts, Vec<u8>) {
        let keys = Keys::new(seed);
        let (names, between) = gathered(&keys, listed);
        let entries: Vec<Entry> = names.iter().map(|name| Entry { hash: name.hash, value: name.value }).collect();
        let ([table], multiplier) = tables([&entries]).unwrap_or_default();
        let [lines, crowds] = filter(&names, &between);
        let lines_of = |bytes: &[u8], first| Lines { first, count: bytes.len() / LINE };
        let (of_filter, of_table) = (lines_of(&lines, 0), lines_of(&table, lines.len() / LINE));
        let filter = Filter { lines: of_filter, crowds: (lines.len() + table.len()) / CROWDS };
        (Hosts { keys, filter, table: Table { lines: of_table, multiplier } }, [lines, table, crowds].concat())
    }

    /// The names of a host that are found in each way there is, with their values.
    fn found_in_all_ways(hosts: &Hosts, file: &[u8], host: &Host) -> Vec<Vec<(u8, u16)>> {
        let one = Way::all().map(|way| hosts.short(file, way, host));
        let many = Way::all().flat_map(|way| {
            let mut many = Many::default();
            while !many.are_done() {
                many.begin([Some(host); MANY]);
                way.many(hosts, file, &mut many);
            }
            many.done().map(|(_, found)| found).collect::<Vec<_>>()
        });
        let short = one.chain(many).filter(Found::is_short);
        let long = hosts.long(file, host.as_str().as_bytes(), false).iter().copied().collect();
        short.map(Iterator::collect).chain([long]).collect()
    }

    #[test]
    fn names_below_crowded_names_are_found() {
        let above = ["crowd.test", "many.crowd.test", "more.many.crowd.test", "most.more.many.crowd.test"];
        let below = above.iter().flat_map(|name| (0..40).map(move |at| alloc::format!("a{at}.{name}")));
        let below: Vec<String> = below.collect();
        let listed: Vec<&str> = below.iter().map(String::as_str).chain(["crowd.test"]).collect();
        let (hosts, file) = compiled(&listed, 7);
        let hash = |name: &str| hosts.keys.whole(name.as_bytes());
        let chain = |names: &[&str]| hosts.filter.lines_of(&file, names.iter().map(|name| hash(name))).last();
        let of_own = |name: &str| Some(hosts.filter.lines.of(place(hash(name))));
        for (at, name) in above.iter().enumerate() {
            let below = alloc::format!("a1.{name}");
            assert_eq!(chain(&[&above[..=at], &[below.as_str()]].concat()), of_own(&below));
        }
        for name in &listed {
            let host: Host = alloc::format!("www.{name}").parse().unwrap();
            for found in found_in_all_ways(&hosts, &file, &host) {
                let names: Vec<&str> = found
                    .iter()
                    .map(|(length, _)| &host.as_str()[host.as_str().len() - usize::from(*length)..])
                    .collect();
                let expected =
                    if *name == "crowd.test" { alloc::vec!["crowd.test"] } else { alloc::vec!["crowd.test", *name] };
                assert_eq!(names, expected);
            }
        }
    }

    proptest! {
        /// - Every way that this processor can take finds the same names of a host, and so does the long way.
        /// - Those are the listed ones.
        #[test]
        fn all_ways_find_the_same(
            listed in prop::collection::btree_set(name(), 0..200), others in prop::collection::vec(name(), 0..20), seed: u64,
        ) {
            let values: Vec<&str> = listed.iter().map(String::as_str).collect();
            let (hosts, file) = compiled(&values, seed);
            for host in listed.iter().chain(&others).flat_map(|name| [name.clone(), alloc::format!("x.{name}")]) {
                let Ok(host) = host.parse::<Host>() else { continue };
                let mut ways = found_in_all_ways(&hosts, &file, &host);
                let long = ways.pop().unwrap_or_default();
                prop_assert!(ways.iter().all(|short| *short == long), "{host}: {ways:?}, {long:?}");
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

    /// - A name of any length, of labels of any length, is read to its first byte in every way.
    /// - What lies around it is not.
    #[test]
    fn names_of_every_length_are_read_and_nothing_around_them() {
        for (length, label) in (1..=SHORT).flat_map(|length| (1..10).map(move |label| (length, label))) {
            let byte = |at: usize| if (length - at).is_multiple_of(label + 1) && at > 0 { '.' } else { 'a' };
            let name: String = (0..length).map(byte).collect();
            let suffixes = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
            let listed: Vec<&str> = suffixes.chain([name.as_str()]).collect();
            let (hosts, file) = compiled(&listed, 7);
            let expected: Vec<(u8, u16)> = hosts.long(&file, name.as_bytes(), false).iter().copied().collect();
            let around = alloc::format!("a.a.{name}.a.a");
            for way in Way::all() {
                let found = way.short(&hosts, &file, &around.as_bytes()[4..4 + length]);
                if found.is_short() {
                    assert_eq!(found.collect::<Vec<_>>(), expected, "{way:?}: {name}");
                } else {
                    assert!(expected.len() > AT_ONCE as usize, "{way:?}: {name}");
                }
            }
        }
    }

    #[test]
    fn the_portable_way_can_always_be_taken() {
        assert_eq!(Way::all().last(), Some(Way::Portable));
    }
}
