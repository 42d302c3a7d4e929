//! What people are called.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// The longest part of a name, in characters (the longest that a school's information system takes is 60).
const LONGEST: usize = 100;

/// A person's name: that of the register, and what they go by.
///
/// Kept as it was written, accents and apostrophes included; nothing in it is folded.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    surname: String,
    forename: String,
    preferred_surname: Option<String>,
    preferred_forename: Option<String>,
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is nothing in it.
    #[error("the name is empty")]
    Empty,
    /// It is longer than any name.
    #[error("the name is longer than {LONGEST} characters")]
    TooLong,
    /// Something in it that is in no name.
    #[error("the name has a control character in it")]
    Control,
}

impl Name {
    /// The name of the register.
    ///
    /// # Errors
    /// A part is empty, has a control character, or is longer than 100 characters.
    pub fn new(surname: &str, forename: &str) -> Result<Self, NameError> {
        Ok(Self {
            surname: part(surname)?,
            forename: part(forename)?,
            preferred_surname: None,
            preferred_forename: None,
        })
    }

    /// The same with what the person goes by; what is empty or the same as in the register changes nothing.
    pub fn going_by(self, surname: &str, forename: &str) -> Result<Self, NameError> {
        let other = |text: &str, legal: &str| match part(text) {
            Err(NameError::Empty) => Ok(None),
            Ok(text) if text == legal => Ok(None),
            made => made.map(Some),
        };
        let preferred_surname = other(surname, &self.surname)?;
        let preferred_forename = other(forename, &self.forename)?;
        Ok(Self { preferred_surname, preferred_forename, ..self })
    }

    /// The surname of the register.
    pub fn surname(&self) -> &str {
        &self.surname
    }

    /// The forename of the register.
    pub fn forename(&self) -> &str {
        &self.forename
    }

    /// The surname that the person goes by.
    pub fn known_surname(&self) -> &str {
        self.preferred_surname.as_deref().unwrap_or(&self.surname)
    }

    /// The forename that the person goes by.
    pub fn known_forename(&self) -> &str {
        self.preferred_forename.as_deref().unwrap_or(&self.forename)
    }

    /// The forename and the surname that the person goes by.
    pub fn in_full(&self) -> String {
        format!("{} {}", self.known_forename(), self.known_surname())
    }
}

fn part(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > LONGEST {
        return Err(NameError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    Ok(text.into())
}

/// Never the name.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn a_name_is_kept_as_written_and_never_printed() {
        let name = Name::new("  O'Brien ", "Zoë").expect("a name");
        assert_eq!((name.surname(), name.forename()), ("O'Brien", "Zoë"));
        assert_eq!((name.known_surname(), name.known_forename()), ("O'Brien", "Zoë"));
        let name = name.going_by("Vane", "").expect("a name");
        assert_eq!((name.known_surname(), name.known_forename()), ("Vane", "Zoë"));
        assert_eq!(format!("{name:?}"), "Name(..)");
    }

    #[test]
    fn what_is_no_name_is_said() {
        assert_eq!(Name::new("", "Zoë"), Err(NameError::Empty));
        assert_eq!(Name::new("Vane", "\u{0}Zoë"), Err(NameError::Control));
        assert_eq!(Name::new(&"x".repeat(101), "Zoë"), Err(NameError::TooLong));
    }
}
