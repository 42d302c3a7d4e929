//! Lines in a file.

use core::ops::Range;

use super::keys::line_of;
use super::{LINE, Line};

/// Where in the file some lines lie: the number of the first, and how many there are.
///
/// Sections begin where lines do, so that a line is found from the start of the file by one addition, and whether it is
/// there is asked once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// What stands for a line that is not there.
pub(crate) const NOTHING: &Line = &[0; LINE];

impl Lines {
    /// The lines of a section; `None` where it does not begin or end where lines do.
    pub(crate) fn new(section: &Range<usize>) -> Option<Self> {
        let is_whole = section.start.is_multiple_of(LINE) && section.len().is_multiple_of(LINE);
        is_whole.then_some(Self { first: section.start / LINE, count: section.len() / LINE })
    }

    /// The number among these of the line that a place belongs to.
    #[inline]
    pub(crate) fn of(self, place: u64) -> usize {
        line_of(place, self.count)
    }

    /// The number of the next line; behind the last comes the first.
    #[inline]
    pub(crate) fn behind(self, at: usize) -> usize {
        if at + 1 == self.count { 0 } else { at + 1 }
    }

    /// A line by its number among these.
    #[inline]
    pub(crate) fn get(self, file: &[u8], at: usize) -> &Line {
        file.as_chunks().0.get(self.first + at).unwrap_or(NOTHING)
    }
}
