//! One line of a table: nine entries in the 64 bytes that a processor reads at once.

use crate::layout::{u16_at, u32_at};

/// Bytes of a line.
pub(crate) const LINE: usize = 64;
/// Entries of a line.
pub(crate) const ENTRIES: usize = 9;
/// Bits of a tag.
pub(crate) const TAG_BITS: u32 = 40;

/// The lower four bytes of each tag.
pub(crate) const LOW: usize = 1;
/// The upper byte of each tag.
pub(crate) const HIGH: usize = LOW + 4 * ENTRIES;
/// The value of each entry.
pub(crate) const VALUE: usize = HIGH + ENTRIES;
const _: () = assert!(VALUE + 2 * ENTRIES == LINE, "a line is full");

/// A line as it lies in the file.
pub(crate) type Line = [u8; LINE];

/// Which groups have entries further on: a bit for each eighth of the groups.
#[inline]
pub(crate) fn goes_on(line: &Line, place: u64) -> bool {
    line.first().is_some_and(|control| control >> bit_of(place) & 1 != 0)
}

/// The bit of a group in the first byte of a line.
#[inline]
pub(crate) fn bit_of(place: u64) -> u32 {
    u32::from(place.to_le_bytes().first().copied().unwrap_or(0) & 7)
}

/// The value of an entry, where the upper byte of its tag agrees; else 0.
#[inline]
pub(crate) fn confirmed(line: &Line, at: usize, tag: u64) -> u16 {
    let agrees = line.get(HIGH + at).copied() == tag.to_le_bytes().get(4).copied();
    let value = u16_at(line, VALUE + 2 * at).unwrap_or(0);
    if agrees { value } else { 0 }
}

/// The entries of a line: tag and value, those that are free left out.
pub(crate) fn entries(line: &Line) -> impl Iterator<Item = (u64, u16)> + '_ {
    (0..ENTRIES).filter_map(|at| {
        let value = u16_at(line, VALUE + 2 * at).filter(|value| *value != 0)?;
        let high = u64::from(line.get(HIGH + at).copied()?);
        Some((high << 32 | u64::from(u32_at(line, LOW + 4 * at)?), value))
    })
}

/// Writes an entry; `None` where the place is none.
#[cfg(feature = "compile")]
pub(crate) fn write(line: &mut [u8], at: usize, tag: u64, value: u16) -> Option<()> {
    let tag = tag.to_le_bytes();
    let low = LOW + 4 * at;
    line.get_mut(low..low + 4)?.copy_from_slice(tag.get(..4)?);
    *line.get_mut(HIGH + at)? = *tag.get(4)?;
    line.get_mut(VALUE + 2 * at..VALUE + 2 * at + 2)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}
