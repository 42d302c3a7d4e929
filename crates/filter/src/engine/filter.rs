//! The filter: whether a name may be listed, asked before the table.
//!
//! The names that a host is, or is below of, share one line of it, so that a host that no list holds costs one access:
//! the line is chosen by their last two labels. A name that many names are below of is *crowded*: those are in lines chosen
//! by three labels, and where that name is crowded too, by four, and so on. Whether a name is crowded says a bit beside its own line,
//! which it may share with others: what is crowded is what the bit says, for whoever writes and whoever reads.

#[cfg(feature = "compile")]
use super::LINE;
use super::Line;
use super::keys::{eighth, place};
use super::lines::{Lines, NOTHING};
use crate::layout::u64_at;

/// From where on in a hash the number of a name's word stands: three bits from its middle, which all of a name has a part in.
pub(crate) const WORD_AT: u32 = 26;
/// From where on the numbers stand, six bits each, by which the two pairs of a name's bits are turned.
pub(crate) const TURN_AT: [u32; 2] = [29, 35];
/// The pairs before they are turned.
pub(crate) const PAIRS: [u64; 2] = [1 | 1 << 11, 1 | 1 << 27];

/// Bytes that say what is crowded, for each line.
pub(crate) const CROWDS: usize = 2;

/// The filter: its lines, and where beside them is said what is crowded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) lines: Lines,
    /// Counted as what is said beside each line is long.
    pub(crate) crowds: usize,
}

/// The word of a line that a name's bits are in.
#[inline]
fn word_of(hash: u64) -> usize {
    (hash >> WORD_AT & 7) as usize
}

/// A name's bits.
#[inline]
fn bits_of(hash: u64) -> u64 {
    let turned = TURN_AT.iter().zip(PAIRS).map(|(at, pair)| pair.rotate_left((hash >> at & 63) as u32));
    turned.fold(0, |bits, pair| bits | pair)
}

/// The bit that says that a name of so many labels beyond two is crowded.
#[inline]
fn crowd_bit(place: u64, level: usize) -> u16 {
    let of_level = if level == 0 { 0 } else { 8 };
    1 << (of_level + eighth(place))
}

/// Whether a name may be listed; it is in its line, or one of about sixty names that are not.
#[inline]
pub(crate) fn may_hold(line: &Line, hash: u64) -> bool {
    let bits = bits_of(hash);
    u64_at(line, 8 * word_of(hash)).unwrap_or(0) & bits == bits
}

/// Notes a name.
#[cfg(feature = "compile")]
pub(crate) fn note(line: &mut [u8; LINE], hash: u64) {
    if let Some(word) = line.as_chunks_mut().0.get_mut(word_of(hash)) {
        *word = (u64::from_le_bytes(*word) | bits_of(hash)).to_le_bytes();
    }
}

/// Notes that a name is crowded.
#[cfg(feature = "compile")]
pub(crate) fn note_crowd(crowds: &mut [u8; CROWDS], place: u64, level: usize) {
    *crowds = (u16::from_le_bytes(*crowds) | crowd_bit(place, level)).to_le_bytes();
}

/// A line that a name has chosen.
#[derive(Clone, Copy)]
pub(crate) struct LineOfName<'f> {
    pub(crate) line: &'f Line,
    /// What is said beside it.
    pub(crate) crowds: &'f [u8; CROWDS],
}

impl LineOfName<'_> {
    /// That of no name.
    pub(crate) const NONE: Self = Self { line: NOTHING, crowds: &[0; CROWDS] };

    /// Whether the names below the one that has this place are in lines chosen by one label more.
    #[inline]
    pub(crate) fn is_crowded(self, place: u64, level: usize) -> bool {
        is_crowded(*self.crowds, place, level)
    }
}

/// Whether what is said beside a line calls the name that has this place crowded.
#[inline]
pub(crate) fn is_crowded(crowds: [u8; CROWDS], place: u64, level: usize) -> bool {
    u16::from_le_bytes(crowds) & crowd_bit(place, level) != 0
}

impl Filter {
    /// What is said beside a line.
    #[inline]
    fn beside(self, file: &[u8], at: usize) -> &[u8; CROWDS] {
        file.as_chunks().0.get(self.crowds + at).unwrap_or(&[0; CROWDS])
    }

    /// The line that a name of this place chooses.
    #[inline]
    pub(crate) fn line_of_name(self, file: &[u8], place: u64) -> LineOfName<'_> {
        let at = self.lines.of(place);
        LineOfName { line: self.lines.get(file, at), crowds: self.beside(file, at) }
    }

    /// The number of the line of each of these names, of which each is below the one before; they come as their hashes.
    pub(crate) fn lines_of(self, file: &[u8], names: impl Iterator<Item = u64>) -> impl Iterator<Item = usize> {
        let (mut line, mut is_crowded_above) = (0, true);
        names.enumerate().map(move |(level, hash)| {
            if is_crowded_above {
                let place = place(hash);
                line = self.lines.of(place);
                is_crowded_above = is_crowded(*self.beside(file, line), place, level);
            }
            line
        })
    }
}
