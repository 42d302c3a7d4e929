//! The table of hosts of format version 2, which is still read: names placed by their last two labels, and names below a
//! name that has many by one label more.

use crate::engine::Line;
use crate::engine::keys::{Keys, from_the_right, line_of};
use crate::few::Few;
use crate::hash::fold;
use crate::host::Host;
use crate::layout::{u16_at, u32_at};
use crate::ruleset::FLAGS;

/// Entries of a line, behind its first byte: four bytes of each tag, then the fifth of each, then the values.
const ENTRIES: usize = 9;
const LOW: usize = 1;
const HIGH: usize = LOW + 4 * ENTRIES;
const VALUE: usize = HIGH + ENTRIES;
/// Bits of a tag.
const TAG_BITS: u32 = 40;
/// The flag of a value: names below are placed by one label more.
const CROWDED: u32 = 1;

const GROUP: u64 = 0x9E6C_63D0_6736_51A7;

/// A table as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    lines: &'a [Line],
    /// What hashes are multiplied by for a tag.
    multiplier: u64,
}

impl<'a> Table<'a> {
    /// A table over a section of whole lines.
    pub(crate) fn new(bytes: &'a [u8], multiplier: u64) -> Self {
        Self { lines: bytes.as_chunks().0, multiplier }
    }

    /// The value of a hash that is a group of its own, or 0.
    pub(crate) fn get(self, hash: u64) -> u16 {
        self.get_in(place(hash), hash)
    }

    /// The lengths and values of the names that a host is, or is below of, the shortest first. `values` is the section
    /// that says which names are crowded.
    pub(crate) fn names(self, keys: &Keys, host: &Host, values: &[u8]) -> Few<(u8, u16), 8> {
        let mut found = Few::new();
        let (mut group, mut is_crowded_above) = (0, true);
        let name = host.as_str().as_bytes();
        let all = (0..name.len()).rev().filter(|at| *at == 0 || !host.is_ip() && name.get(at - 1) == Some(&b'.'));
        // The bare last label is no rule's name, unless it is all there is.
        let skipped = usize::from(!host.is_ip() && name.contains(&b'.'));
        for suffix in all.skip(skipped).filter_map(|at| name.get(at..)) {
            let hash = whole(keys, suffix);
            if is_crowded_above {
                group = place(hash);
            }
            let value = self.get_in(group, hash);
            is_crowded_above &= is_crowded(values, value);
            if value != 0 {
                found.push((u8::try_from(suffix.len()).unwrap_or(0), value));
            }
        }
        found
    }

    /// The value of a hash in a group, or 0.
    fn get_in(self, place: u64, hash: u64) -> u16 {
        let tag = hash.wrapping_mul(self.multiplier) >> (u64::BITS - TAG_BITS);
        let mut at = line_of(place, self.lines.len());
        for _ in 0..self.lines.len() {
            let Some(line) = self.lines.get(at) else { break };
            if let Some((_, value)) = entries(line).find(|(other, _)| *other == tag) {
                return value;
            }
            // The first byte says which groups go on, a bit for each eighth of them.
            if line.first().is_none_or(|control| control >> (place & 7) & 1 == 0) {
                break;
            }
            at = if at + 1 == self.lines.len() { 0 } else { at + 1 };
        }
        0
    }
}

/// Where a group of names belongs.
fn place(hash: u64) -> u64 {
    fold(hash ^ GROUP, GROUP)
}

/// The hash of a name. Its words have their bytes the other way round, the last is filled up in front, and what a word of
/// zeros would add is taken away.
pub(crate) fn whole(keys: &Keys, name: &[u8]) -> u64 {
    let of_word = |place, word| keys.of_word(place, word).wrapping_sub(keys.of_word(place, 0));
    let words = from_the_right(name).enumerate().map(|(place, (word, _))| of_word(place, word.swap_bytes()));
    words.fold(0, u64::wrapping_add)
}

/// The entries of a line: tag and value, those that are free left out.
fn entries(line: &Line) -> impl Iterator<Item = (u64, u16)> + '_ {
    (0..ENTRIES).filter_map(|at| {
        let value = u16_at(line, VALUE + 2 * at).filter(|value| *value != 0)?;
        let high = u64::from(line.get(HIGH + at).copied()?);
        Some((high << 32 | u64::from(u32_at(line, LOW + 4 * at)?), value))
    })
}

fn is_crowded(values: &[u8], value: u16) -> bool {
    let at = usize::from(value) * crate::ruleset::VALUE + FLAGS;
    value != 0 && u32_at(values, at).is_some_and(|flags| flags & CROWDED != 0)
}
