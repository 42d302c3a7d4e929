//! Tables of counts, and what of them may be shown to whoever does not handle what is counted.
//!
//! ```
//! use belisha_report::tables::{Count, Table};
//!
//! let counts = [("Games", 7), ("Shopping", 2), ("Piracy", 0), ("Malware", 1)];
//! let rows = counts.map(|(what, count)| (what.to_owned(), count)).into();
//! let table = Table::exact("By kind", "Kind", rows).together("All other kinds");
//! let shown: Vec<_> = table.rows.iter().map(|(what, count)| (what.as_str(), *count)).collect();
//! // The two small ones hide with the one that is not.
//! assert_eq!(shown, [("Piracy", Count::Exactly(0)), ("All other kinds", Count::Exactly(10))]);
//! ```

use std::fmt;

use serde::{Serialize, Serializer};

/// From so many on they hide each other.
const HIDDEN_FROM: u64 = 5;

/// A number as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// More than none, and so few that somebody could be told.
    UnderFive,
}

impl Count {
    /// A number of its own, to which nothing is added up.
    pub fn alone(number: u64) -> Self {
        if (1..HIDDEN_FROM).contains(&number) { Self::UnderFive } else { Self::Exactly(number) }
    }
}

/// As people read it.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => f.write_str(&crate::words::number(*number)),
            Self::UnderFive => f.write_str("under 5"),
        }
    }
}

/// A number, or the text `under 5`.
impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exactly(number) => to.serialize_u64(*number),
            Self::UnderFive => to.serialize_str("under 5"),
        }
    }
}

/// Counts of one thing by another. Each incident is in one row, or in none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it is.
    pub title: &'static str,
    /// What the rows are.
    pub of: &'static str,
    /// What, and how many.
    pub rows: Vec<(String, Count)>,
}

impl Table {
    /// One for those who can count for themselves.
    pub fn exact(title: &'static str, of: &'static str, rows: Vec<(String, u64)>) -> Self {
        Self { title, of, rows: rows.into_iter().map(|(what, number)| (what, Count::Exactly(number))).collect() }
    }

    /// The same for others: rows of fewer than five are one row, which takes in the smallest of the rest until it has five. So no
    /// small number is found by subtracting the others from what they add up to.
    #[must_use]
    pub fn together(self, others: &str) -> Self {
        let number = |row: &(String, Count)| if let Count::Exactly(number) = row.1 { number } else { 0 };
        // Those of none stay as they are; of the rest the smallest are first.
        let mut by_size: Vec<u64> = self.rows.iter().map(number).filter(|number| *number > 0).collect();
        by_size.sort_unstable();
        let (mut hidden, mut largest) = (0, 0);
        for size in by_size {
            if size >= HIDDEN_FROM && !(1..HIDDEN_FROM).contains(&hidden) {
                break;
            }
            hidden += size;
            largest = size;
        }
        // Of several of one size either all hide or none.
        let mut rows = self.rows;
        let hides = |row: &(String, Count)| (1..=largest).contains(&number(row));
        hidden = rows.iter().filter(|row| hides(row)).map(number).sum();
        rows.retain(|row| !hides(row));
        if hidden > 0 {
            rows.push((others.to_owned(), Count::alone(hidden)));
        }
        Self { rows, ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(numbers: &[u64]) -> Table {
        Table::exact("", "", numbers.iter().enumerate().map(|(at, number)| (at.to_string(), *number)).collect())
    }

    #[test]
    fn where_all_are_fewer_than_five_it_says_so() {
        assert_eq!(table(&[1, 2, 0]).together("others").rows.last(), Some(&("others".into(), Count::UnderFive)));
        assert_eq!(table(&[0, 0]).together("others"), table(&[0, 0]));
        assert_eq!(table(&[9, 5]).together("others"), table(&[9, 5]));
    }

    proptest! {
        /// No row shows a small number, nothing is lost, and where there is a row of the others it has five at least, or is all that
        /// there is.
        #[test]
        fn no_small_number_is_shown_or_left_over(numbers in prop::collection::vec(0_u64..12, 0..9)) {
            let rows = table(&numbers).together("others").rows;
            let exact = |count: &Count| if let Count::Exactly(number) = count { *number } else { 0 };
            prop_assert!(rows.iter().all(|(_, count)| !(1..HIDDEN_FROM).contains(&exact(count))));
            let (shown, all) = (rows.iter().map(|(_, count)| exact(count)).sum::<u64>(), numbers.iter().sum::<u64>());
            let is_hidden = rows.iter().any(|(_, count)| *count == Count::UnderFive);
            prop_assert!(if is_hidden { shown == 0 && all < HIDDEN_FROM } else { shown == all }, "{rows:?}");
        }
    }
}
