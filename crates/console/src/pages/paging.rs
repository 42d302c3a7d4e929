//! Long lists, a part at a time.

use std::ops::Range;

use crate::visit::Visit;

/// So many rows stand on a page.
const ROWS: usize = 100;

/// Which part of a list is shown.
pub(crate) struct Paging {
    /// The rows of all pages.
    pub(crate) rows: usize,
    /// The number of the page, from 1.
    pub(crate) page: usize,
    /// How many pages there are; at least one.
    pub(crate) pages: usize,
    /// Where the other pages are, up to their number.
    pub(crate) path: &'static str,
}

impl Paging {
    /// What is asked for of so many rows; the last page where it is more than there are.
    pub(crate) fn of(visit: &Visit, rows: usize, path: &'static str) -> Self {
        let pages = rows.div_ceil(ROWS).max(1);
        let page = visit.query.text("page").parse().unwrap_or(1).clamp(1, pages);
        Self { rows, page, pages, path }
    }

    /// Which of all rows stand on the page.
    pub(crate) fn range(&self) -> Range<usize> {
        let start = (self.page - 1) * ROWS;
        start..self.rows.min(start + ROWS)
    }

    /// The rows of the page.
    pub(crate) fn cut<'a, T>(&self, all: &'a [T]) -> impl Iterator<Item = &'a T> {
        all.get(self.range()).unwrap_or_default().iter()
    }
}
