//! One line of a table, as it stands there.

use chrono::NaiveDate;

use super::Mapped;
use super::field::Field;
use crate::sheet::{Row, date};

/// A line of a table.
pub struct Line<'a, F> {
    of: &'a Mapped<F>,
    row: &'a Row,
}

impl<F> Clone for Line<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Line<'_, F> {}

impl<'a, F: Field> Line<'a, F> {
    pub(super) fn of(of: &'a Mapped<F>, row: &'a Row) -> Self {
        Self { of, row }
    }

    /// The line on which it begins, from 1.
    pub fn number(&self) -> u64 {
        self.row.line
    }

    /// The row as it stands in the file, without the end of its line; of a file in another encoding, as UTF-8.
    pub fn raw(&self) -> &'a str {
        self.of.text.get(self.row.place.clone()).unwrap_or_default()
    }

    /// What stands in a field, unchanged; nothing where the table has no such column.
    pub fn get(&self, field: F) -> &'a str {
        self.of.columns.get(&field).map_or("", |column| self.row.get(*column))
    }

    /// The day that stands in a field, in the order of its column; `None` where none can be read.
    pub fn day(&self, field: F) -> Option<NaiveDate> {
        date::read(self.get(field), self.of.order(field))
    }

    /// What somebody ticked in a field; `None` for words that say neither yes nor no.
    pub fn said(&self, field: F) -> Option<Said> {
        Said::of(self.get(field))
    }
}

/// What stands in a cell in which somebody ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// Nothing is said.
    Nothing,
    /// Yes.
    Yes,
    /// No.
    No,
    /// A cross. In a list it is a tick; under a question it may be either.
    Cross,
}

const YES: [&str; 9] = ["yes", "y", "true", "t", "1", "✓", "✔", "☑", "signed"];
const NO: [&str; 6] = ["no", "n", "false", "f", "0", "not signed"];
const NOTHING: [&str; 5] = ["", "-", "–", "n/a", "☐"];
const CROSS: [&str; 6] = ["x", "✗", "✘", "☒", "×", "✕"];

impl Said {
    /// Reads a cell, in any case of its letters.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let is = |words: &[&str]| words.contains(&text.as_str());
        if is(&NOTHING) {
            Some(Self::Nothing)
        } else if is(&YES) {
            Some(Self::Yes)
        } else if is(&NO) {
            Some(Self::No)
        } else {
            is(&CROSS).then_some(Self::Cross)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ticked_is_read_in_any_case_and_nothing_is_guessed() {
        for (text, said) in [
            (" YES ", Said::Yes),
            ("1", Said::Yes),
            ("n", Said::No),
            ("False", Said::No),
            ("X", Said::Cross),
            ("", Said::Nothing),
            ("N/A", Said::Nothing),
        ] {
            assert_eq!(Said::of(text), Some(said), "{text}");
        }
        for text in ["maybe", "yes, but", "=TRUE()", "10", "nope"] {
            assert_eq!(Said::of(text), None, "{text}");
        }
    }
}
