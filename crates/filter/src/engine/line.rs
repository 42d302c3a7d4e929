//! One line of a table: ten entries in the 64 bytes that a processor reads at once.

#[cfg(feature = "compile")]
use super::LINE;
use super::Line;
use super::keys::eighth;
use crate::layout::{u16_at, u32_at};

/// Entries of a line.
pub(crate) const ENTRIES: usize = 10;
/// Bits of a tag.
pub(crate) const TAG_BITS: u32 = 34;

/// The first word: a bit for each eighth of the places, then the upper two bits of each tag.
const UPPER: u32 = 8;
/// The value of each entry. In front of the tags, so that sixteen of them would still be within the line: what is found
/// needs no question whether it is there.
const VALUE: usize = 4;
/// The lower four bytes of each tag.
pub(crate) const LOW: usize = VALUE + 2 * ENTRIES;
const _: () = assert!(LOW + 4 * ENTRIES == super::LINE && VALUE + 2 * 16 < super::LINE, "a line is full");

#[inline]
fn control(line: &Line) -> u32 {
    u32_at(line, 0).unwrap_or(0)
}

/// Whether an entry of this place may be in the next line.
#[inline]
pub(crate) fn goes_on(line: &Line, place: u64) -> bool {
    control(line) >> eighth(place) & 1 != 0
}

/// Whether the upper bits of an entry's tag are these.
#[inline]
pub(crate) fn agrees(line: &Line, at: u32, tag: u64) -> bool {
    // The same two bits for each entry: what differs is found before it is known which entry it is about.
    let [upper, ..] = (tag >> 32).to_le_bytes();
    let differs = control(line) ^ (u32::from(upper) * (0x5555_5555 << UPPER));
    differs.wrapping_shr(UPPER + 2 * at).trailing_zeros() >= 2
}

/// The value of an entry; of none there is, any number.
#[inline]
pub(crate) fn value(line: &Line, at: u32) -> u16 {
    u16_at(line, VALUE + 2 * (at as usize & 15)).unwrap_or(0)
}

/// A tag's lower half.
#[inline]
pub(crate) fn lower(tag: u64) -> u32 {
    let [a, b, c, d, ..] = tag.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Writes an entry; `None` where the place is none.
#[cfg(feature = "compile")]
pub(crate) fn write(line: &mut [u8; LINE], at: u32, tag: u64, value: u16) -> Option<()> {
    let word = control(line) | u32::try_from(tag >> 32).ok()? << (UPPER + 2 * at);
    let low = LOW + 4 * at as usize;
    let values = VALUE + 2 * at as usize;
    line.get_mut(..4)?.copy_from_slice(&word.to_le_bytes());
    line.get_mut(low..low + 4)?.copy_from_slice(&lower(tag).to_le_bytes());
    line.get_mut(values..values + 2)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}

/// Notes that an entry of this place may be in the next line.
#[cfg(feature = "compile")]
pub(crate) fn let_go_on(line: &mut [u8; LINE], place: u64) {
    if let Some(bits) = line.first_mut() {
        *bits |= 1 << eighth(place);
    }
}
