//! What is known of a pupil, and no more than is needed.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chrono::NaiveDate;

use super::NcYear;
use crate::person::PersonId;

/// A pupil.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pupil {
    /// The unique pupil number, once there is one.
    pub upn: Option<Upn>,
    /// Born on.
    pub born: Option<NaiveDate>,
    /// The year of the national curriculum.
    pub year: Option<NcYear>,
    /// The form or class in which they are registered.
    pub class: Option<String>,
    /// Those who may have to be told, and those who may not be.
    pub contacts: Vec<Contact>,
}

/// A parent, carer or other contact of a pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub person: PersonId,
    /// What they are to the pupil, as the school wrote it.
    pub relationship: String,
    /// The order in which they are called, from 1.
    pub priority: Option<u8>,
    /// Whether they hold parental responsibility.
    pub responsibility: Responsibility,
    /// What they must not be sent.
    pub restriction: Restriction,
}

/// Whether somebody holds parental responsibility. What is not known is not assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Responsibility {
    Held,
    NotHeld,
    Unknown,
}

/// What a contact must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restriction {
    /// Nothing is known against it.
    None,
    /// A court order: nothing about the pupil goes to them.
    CourtOrder,
}

impl Contact {
    /// Whether a person may be asked to send them something about the pupil (decisions 5 and 12): they hold parental
    /// responsibility, and no order stands against it.
    pub fn may_be_told(&self) -> bool {
        self.responsibility == Responsibility::Held && self.restriction == Restriction::None
    }
}

/// A unique pupil number: a letter, eleven digits, and a digit or, while it is temporary, a letter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Upn([u8; 13]);

/// Why a text is no unique pupil number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpnError {
    /// A spreadsheet made a number of it.
    #[error("a spreadsheet made a number of this UPN: format the column as text and export again")]
    Number,
    /// Something else.
    #[error("not a UPN: a letter, eleven digits, and a digit or a letter are expected")]
    Shape,
}

/// The letters that check, by remainder.
const CHECK: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

impl Upn {
    /// Its 13 characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it is one that a school gave until the permanent one is known.
    pub fn is_temporary(&self) -> bool {
        self.0.last().is_some_and(u8::is_ascii_alphabetic)
    }

    /// Whether its first letter fits the digits. A temporary number's letter counts by its place among the letters
    /// that check.
    pub fn check_letter_fits(&self) -> bool {
        let [letter, rest @ ..] = &self.0;
        let value = |byte: &u8| match byte {
            b'0'..=b'9' => Some(usize::from(byte - b'0')),
            letter => CHECK.iter().position(|known| known == letter),
        };
        let sum = rest.iter().zip(2..).try_fold(0, |sum, (byte, weight)| Some(sum + value(byte)? * weight));
        sum.is_some_and(|sum| CHECK.get(sum % 23) == Some(letter))
    }
}

impl FromStr for Upn {
    type Err = UpnError;

    fn from_str(text: &str) -> Result<Self, UpnError> {
        let text = text.trim();
        let number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        // The check letter may be an E, and then nothing but the beginning tells.
        if number && text.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(UpnError::Number);
        }
        let Ok(mut bytes) = <[u8; 13]>::try_from(text.as_bytes()) else { return Err(UpnError::Shape) };
        bytes.make_ascii_uppercase();
        let [letter, digits @ .., last] = &bytes;
        let fits = letter.is_ascii_uppercase() && digits.iter().all(u8::is_ascii_digit) && last.is_ascii_alphanumeric();
        if fits { Ok(Self(bytes)) } else { Err(UpnError::Shape) }
    }
}

/// It names a child.
impl fmt::Debug for Upn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upn(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_and_its_letter_checked() {
        // The worked example: 2×9 + 3×9 + 4×9 + … of an authority that does not exist.
        let upn: Upn = " k999319721001".parse().expect("a number");
        assert_eq!(upn.as_str(), "K999319721001");
        assert!(upn.check_letter_fits() && !upn.is_temporary());
        let wrong: Upn = "L999319721001".parse().expect("a number");
        assert!(!wrong.check_letter_fits());
        assert_eq!("E999319721001".parse::<Upn>().map(|upn| upn.is_temporary()), Ok(false));
        assert!("A00000000000A".parse::<Upn>().expect("a number").is_temporary());
    }

    #[test]
    fn what_a_spreadsheet_made_of_it_is_told_apart() {
        for text in ["9.99E+11", "999319721001", "9.99319721001E+11"] {
            assert_eq!(text.parse::<Upn>(), Err(UpnError::Number), "{text}");
        }
        for text in ["", "K99931972100", "K9993197210011", "KK99319721001", "K99931972100é", "K99931972100-"] {
            assert_eq!(text.parse::<Upn>(), Err(UpnError::Shape), "{text}");
        }
    }
}
