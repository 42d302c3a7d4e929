//! A table: the values of hashes.

use super::Line;
use super::keys::place;
use super::line::{TAG_BITS, agrees, goes_on, lower, value};
use super::lines::Lines;
use super::ways::{Lanes, Portable};

/// A table of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) lines: Lines,
    /// What hashes are multiplied by for a tag.
    pub(crate) multiplier: u64,
}

impl Table {
    /// The value of a hash, or 0. One line as a rule.
    pub(crate) fn get(self, file: &[u8], hash: u64) -> u16 {
        self.get_by::<Portable>(file, hash)
    }

    /// [`Table::get`], in one way.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn get_by<L: Lanes>(self, file: &[u8], hash: u64) -> u16 {
        let (tag, place) = (tag(hash, self.multiplier), place(hash));
        let mut at = self.lines.of(place);
        for _ in 0..self.lines.count {
            let line = self.lines.get(file, at);
            let mut equal = L::equal(line, lower(tag));
            // One as a rule: few lower tags are shared.
            while equal != 0 {
                let entry = equal.trailing_zeros();
                let value = value(line, entry);
                if agrees(line, entry, tag) {
                    return value;
                }
                equal &= equal - 1;
            }
            if !goes_on(line, place) {
                break;
            }
            at = self.lines.behind(at);
        }
        0
    }

    /// What the first line that a hash may be in says of it: its value, or 0 where [`Table::get_by`] may know one. Without a jump
    /// on what it says.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn in_line<L: Lanes>(self, line: &Line, hash: u64) -> u16 {
        let tag = tag(hash, self.multiplier);
        let equal = L::equal(line, lower(tag));
        let entry = equal.trailing_zeros();
        let is_here = (equal != 0) & agrees(line, entry, tag);
        u16::from(is_here) * value(line, entry)
    }
}

/// What of a hash stands in a line.
#[inline]
pub(crate) fn tag(hash: u64, multiplier: u64) -> u64 {
    hash.wrapping_mul(multiplier) >> (u64::BITS - TAG_BITS)
}
