//! The hash table of the file: lines of eight 64-bit slots, each a 48-bit tag and a 16-bit value.
//!
//! The line comes from the high bits of the hash, the tag is its low 48 bits. A full line spills into the next; a
//! line with an empty slot ends the search. The chance that a probe finds a name that is not there is below
//! 8 · 2⁻⁴⁸, about 3 in 10¹⁴.

#[cfg(feature = "compile")]
use crate::layout::SLOTS;
use crate::layout::{LINE, u64_at};

/// Bits of a slot that hold the value.
const VALUE_BITS: u32 = 16;

/// A table as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    lines: u64,
}

#[inline]
fn line_of(hash: u64, lines: u64) -> u64 {
    ((u128::from(hash) * u128::from(lines)) >> 64) as u64
}

impl<'a> Table<'a> {
    /// A table that holds nothing.
    pub(crate) const EMPTY: Self = Self { bytes: &[], lines: 0 };

    /// A table over a section; `None` where its length is no whole number of lines.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(LINE).then_some(Self { bytes, lines: (bytes.len() / LINE) as u64 })
    }

    /// The value of a hash, or 0. Costs one cache line as a rule.
    #[inline]
    pub(crate) fn get(&self, hash: u64) -> u16 {
        if self.lines == 0 {
            return 0;
        }
        let tag = hash << VALUE_BITS;
        let mut line = line_of(hash, self.lines);
        for _ in 0..self.lines {
            let Ok(at) = usize::try_from(line * LINE as u64) else { return 0 };
            let Some(slots) = self.bytes.get(at..at + LINE) else { return 0 };
            for slot in slots.as_chunks::<8>().0 {
                let slot = u64::from_le_bytes(*slot);
                if (slot ^ tag) >> VALUE_BITS == 0 && slot != 0 {
                    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the value")]
                    return slot as u16;
                }
                // Lines fill up from their start.
                if slot == 0 {
                    return 0;
                }
            }
            line = if line + 1 == self.lines { 0 } else { line + 1 };
        }
        0
    }

    /// The values of all slots that hold one.
    pub(crate) fn values(&self) -> impl Iterator<Item = u16> {
        #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the value")]
        (0..self.bytes.len() / 8)
            .filter_map(|slot| u64_at(self.bytes, slot * 8))
            .filter(|slot| *slot != 0)
            .map(|slot| slot as u16)
    }
}

/// Builds the bytes of a table from hashes and values; values are never 0, hashes are distinct.
#[cfg(feature = "compile")]
pub(crate) fn build(entries: impl ExactSizeIterator<Item = (u64, u16)>) -> alloc::vec::Vec<u8> {
    use alloc::vec;

    // Four fifths full: about one look-up in forty goes on to a second line.
    let lines = (entries.len() * 5).div_ceil(4 * SLOTS).max(1);
    let mut slots = vec![0_u64; lines * SLOTS];
    for (hash, value) in entries {
        let first = usize::try_from(line_of(hash, lines as u64)).unwrap_or(0) * SLOTS;
        // From the line's first slot onwards, around the end: the next free slot is in the first line with room.
        let free = (first..slots.len()).chain(0..first).find(|at| slots.get(*at) == Some(&0));
        if let Some(slot) = free.and_then(|at| slots.get_mut(at)) {
            *slot = hash << VALUE_BITS | u64::from(value);
        }
    }
    slots.iter().flat_map(|slot| slot.to_le_bytes()).collect()
}
