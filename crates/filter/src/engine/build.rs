//! Lays entries out in lines, and names in the filter.

use alloc::vec;
use alloc::vec::Vec;

use super::filter::{CROWDS, is_crowded, note, note_crowd};
use super::keys::{line_of, place};
use super::line::{ENTRIES, agrees, let_go_on, lower, write};
use super::table::tag;
use super::ways::{Lanes as _, Portable};
use super::{LINE, Line};

/// An entry before it has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) hash: u64,
    /// Never 0.
    pub(crate) value: u16,
}

/// How full lines are, in hundredths: more saves bytes, less saves second lines. Of large tables, of which a second line is in no
/// near cache, that is worth more.
fn fullness(entries: usize) -> usize {
    if entries <= 1_000_000 { 93 } else { 87 }
}

/// What hashes are first multiplied by for a tag; then by the next odd number, and so on.
const MULTIPLIER: u64 = 0xD1B5_4A32_D192_ED03;
/// How many multipliers are tried.
const TRIES: u64 = 32;
/// Lines are filled in parts of so many, so that a part stays in the cache.
const PART: usize = 512;

/// The bytes of tables, and what hashes are multiplied by for their tags: the first multiplier with which no two entries
/// of a table could be taken for one another. `None` where there is none, which is to say never: two hashes would have to
/// be alike.
///
/// The bytes depend on nothing but the entries and their order.
pub(crate) fn tables<const N: usize>(tables: [&[Entry]; N]) -> Option<([Vec<u8>; N], u64)> {
    let tables = tables.map(|entries| {
        let lines = (entries.len() * 100).div_ceil(fullness(entries.len()) * ENTRIES).max(1);
        (in_parts(entries, lines), lines)
    });
    let mut multipliers = (0..TRIES).map(|at| MULTIPLIER.wrapping_add(2 * at));
    multipliers.find_map(|multiplier| {
        let laid_out = tables.each_ref().map(|(entries, lines)| lay_out(entries, *lines, multiplier));
        laid_out.iter().all(Option::is_some).then(|| (laid_out.map(Option::unwrap_or_default), multiplier))
    })
}

fn lay_out(entries: &[Entry], count: usize, multiplier: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0_u8; count * LINE];
    let mut used = vec![0_u8; count];
    let (lines, _) = bytes.as_chunks_mut::<LINE>();
    for Entry { hash, value } in entries {
        let (tag, place) = (tag(*hash, multiplier), place(*hash));
        let mut at = line_of(place, count);
        loop {
            let (line, used) = (lines.get_mut(at)?, used.get_mut(at)?);
            if holds_tag(line, *used, tag) {
                return None;
            }
            if usize::from(*used) < ENTRIES {
                write(line, u32::from(*used), tag, *value)?;
                *used += 1;
                break;
            }
            let_go_on(line, place);
            at = if at + 1 == count { 0 } else { at + 1 };
        }
    }
    Some(bytes)
}

/// Whether one of the first entries of a line has this tag.
fn holds_tag(line: &Line, used: u8, tag: u64) -> bool {
    let equal = Portable::equal(line, lower(tag));
    equal != 0 && (0..u32::from(used)).any(|at| equal >> at & 1 != 0 && agrees(line, at, tag))
}

/// The entries, those of neighbouring lines together; else in their order. They are carried there, not fetched when they are
/// written: to follow a number for each costs a third of all the work.
fn in_parts(entries: &[Entry], lines: usize) -> Vec<Entry> {
    let part_of = |entry: &Entry| line_of(place(entry.hash), lines) / PART;
    // Where each part begins, then where its next entry belongs.
    let mut next = vec![0_usize; lines.div_ceil(PART)];
    for entry in entries {
        if let Some(count) = next.get_mut(part_of(entry)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for next in &mut next {
        sum += core::mem::replace(next, sum);
    }
    let mut sorted = vec![Entry { hash: 0, value: 0 }; entries.len()];
    for entry in entries {
        if let Some(next) = next.get_mut(part_of(entry)) {
            if let Some(slot) = sorted.get_mut(*next) {
                *slot = *entry;
            }
            *next += 1;
        }
    }
    sorted
}

/// A name, and where the names of two labels or more that it is below of are to be found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// The hash of its last two labels; its own where it has two, or one.
    pub(crate) group: u64,
    pub(crate) hash: u64,
    /// Where in a row of hashes those of the names between the two begin.
    pub(crate) between_at: u32,
    pub(crate) between_count: u8,
    /// Never 0.
    pub(crate) value: u16,
}

impl Name {
    /// How many labels it has beyond two.
    fn depth(&self) -> usize {
        if self.hash == self.group { 0 } else { usize::from(self.between_count) + 1 }
    }

    /// The hash of the name of so many labels beyond two that it is, or is below of.
    fn above(&self, level: usize, between: &[u64]) -> u64 {
        match level.checked_sub(1) {
            None => self.group,
            Some(at) if at == usize::from(self.between_count) => self.hash,
            Some(at) => between.get(self.between_at as usize + at).copied().unwrap_or(self.hash),
        }
    }
}

/// Bits of the filter for each name.
const FILTER_BITS: usize = 14;

/// More names below one name than this have lines of the filter by one label more. Half of what a line is for: more
/// would make it useless for all of them, less would cost many hosts a second line.
const CROWD: usize = 16;

/// The bytes of the filter of names, and of what is crowded. The names of a group come together.
pub(crate) fn filter(names: &[Name], between: &[u64]) -> [Vec<u8>; 2] {
    let mut draft = Draft::new(names.len());
    let mut below = Vec::new();
    for group in names.chunk_by(|a, b| a.group == b.group).filter(|group| group.len() > CROWD) {
        for level in 0.. {
            below.clear();
            let deep = group.iter().filter(|name| name.depth() >= level);
            below.extend(deep.map(|name| name.above(level, between)));
            below.sort_unstable();
            let crowds = below.chunk_by(|a, b| a == b).filter(|same| same.len() > CROWD).filter_map(<[u64]>::first);
            if crowds.map(|name| draft.crowd(*name, level)).count() == 0 {
                break;
            }
        }
    }
    for name in names {
        draft.note(name.above(draft.level(name, between), between), name.hash);
    }
    [draft.lines, draft.crowds]
}

/// A filter while it is made.
struct Draft {
    lines: Vec<u8>,
    crowds: Vec<u8>,
    count: usize,
}

impl Draft {
    fn new(names: usize) -> Self {
        let count = (names * FILTER_BITS).div_ceil(8 * LINE).max(1);
        Self { lines: vec![0; count * LINE], crowds: vec![0; count * CROWDS], count }
    }

    /// Lets the names below a name have lines of their own.
    fn crowd(&mut self, hash: u64, level: usize) {
        let place = place(hash);
        if let Some(crowds) = self.crowds.as_chunks_mut().0.get_mut(line_of(place, self.count)) {
            note_crowd(crowds, place, level);
        }
    }

    fn is_crowded(&self, hash: u64, level: usize) -> bool {
        let place = place(hash);
        let crowds = self.crowds.as_chunks().0.get(line_of(place, self.count));
        is_crowded(crowds.copied().unwrap_or_default(), place, level)
    }

    /// How many labels beyond two the line of a name is chosen by.
    fn level(&self, name: &Name, between: &[u64]) -> usize {
        (0..name.depth()).take_while(|level| self.is_crowded(name.above(*level, between), *level)).count()
    }

    /// Notes a name in the line of another.
    fn note(&mut self, of: u64, hash: u64) {
        if let Some(line) = self.lines.as_chunks_mut().0.get_mut(line_of(place(of), self.count)) {
            note(line, hash);
        }
    }
}
