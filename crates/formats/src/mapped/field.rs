//! What the columns of a kind of table hold.

use std::collections::BTreeMap;
use std::fmt;

/// What a column of a kind of table holds, as far as it is read. It is shown by the name that is typed, which also stands in
/// profiles and is stable.
pub trait Field: Copy + Ord + fmt::Display + 'static {
    /// What such a table is, such as `incident log`.
    const TABLE: &'static str;
    /// Names that no saved mapping of such tables has.
    const TAKEN: &'static [&'static str];

    /// The names that are typed, or how they are made, for whoever has to choose.
    fn names() -> Vec<String>;

    /// Whether days stand in it.
    fn is_day(self) -> bool;

    /// What has to be said besides of a table that has these columns, before it says anything.
    fn lacks(columns: &BTreeMap<Self, usize>) -> Vec<Self>;
}

/// A field, and the headings by which it is known, folded.
pub type Known<F> = (F, &'static [&'static str]);

/// Which column holds what, as somebody said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping<F> {
    /// The headings, in any case of their letters.
    pub columns: BTreeMap<F, String>,
}

/// One that says nothing.
impl<F> Default for Mapping<F> {
    fn default() -> Self {
        Self { columns: BTreeMap::new() }
    }
}
