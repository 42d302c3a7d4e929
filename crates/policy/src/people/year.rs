//! National curriculum years.

use core::fmt;
use core::str::FromStr;

/// A year of the national curriculum: two of nursery, reception, and 1 to 14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NcYear(i8);

/// Why a text is no year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a year: N1, N2, R, or 1 to 14 is expected")]
pub struct NcYearError;

impl NcYear {
    /// The reception year.
    pub const RECEPTION: Self = Self(0);

    /// A year by its number: -2 and -1 for nursery, 0 for reception, then 1 to 14.
    pub fn new(number: i8) -> Option<Self> {
        (-2..=14).contains(&number).then_some(Self(number))
    }

    /// Its number.
    pub fn number(self) -> i8 {
        self.0
    }

    /// The year after it; `None` after 14.
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }

    /// Whether it is of the primary phase: up to year 6 (decisions 8).
    pub fn is_primary(self) -> bool {
        self.0 <= 6
    }
}

/// `N1`, `N2`, `R`, `1` to `14`.
impl fmt::Display for NcYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            -2 => f.write_str("N1"),
            -1 => f.write_str("N2"),
            0 => f.write_str("R"),
            number => write!(f, "{number}"),
        }
    }
}

/// Reads what information systems write: `4`, `Year 4`, `Year  4`, `Y4`, `04`, `R`, `Reception`, `N2`, `Nursery 2`.
impl FromStr for NcYear {
    type Err = NcYearError;

    fn from_str(text: &str) -> Result<Self, NcYearError> {
        let text = text.trim();
        let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
        if is(&["r", "rec", "reception", "year r", "yr r"]) {
            return Ok(Self::RECEPTION);
        }
        if is(&["n1", "nursery 1"]) {
            return Ok(Self(-2));
        }
        if is(&["n2", "n", "nursery", "nursery 2"]) {
            return Ok(Self(-1));
        }
        let digits = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).trim_start();
        let word = text.get(..text.len() - digits.len()).unwrap_or_default().trim_end();
        let known = ["", "year", "y", "yr"].iter().any(|name| word.eq_ignore_ascii_case(name));
        if !known || digits.is_empty() || digits.len() > 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NcYearError);
        }
        digits.parse().ok().and_then(Self::new).ok_or(NcYearError)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn years_are_read_as_systems_write_them() {
        for (text, number) in [
            ("4", 4),
            ("Year 4", 4),
            ("Year  4", 4),
            ("y4", 4),
            ("04", 4),
            ("R", 0),
            ("Reception", 0),
            ("0", 0),
            ("N1", -2),
            ("Nursery", -1),
            ("Yr 13", 13),
        ] {
            assert_eq!(text.parse(), Ok(NcYear(number)), "{text}");
        }
        for text in ["", "Year", "15", "4A", "-1", "Ten", "Jahr 4", "004", "4.0"] {
            assert_eq!(text.parse::<NcYear>(), Err(NcYearError), "{text}");
        }
        for number in -2..=14 {
            assert_eq!(NcYear(number).to_string().parse(), Ok(NcYear(number)));
        }
    }
}
