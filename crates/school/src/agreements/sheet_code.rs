//! What is printed on a sheet as squares, and read from it when it comes back.

use std::fmt;
use std::str::FromStr;

use belisha_aua::Key;
use belisha_policy::PersonId;

/// Which sheet: of which agreement, in which edition, and whose. It says so by an id that tells nothing, and opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SheetCode {
    /// Which agreement.
    pub key: Key,
    /// Which of its editions that are signed anew.
    pub major: u32,
    /// Whose.
    pub person: PersonId,
}

/// A text that is no code of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no code of a form: read the squares in its corner")]
pub struct SheetCodeError;

/// Such as `ks2.3.` and the 32 digits of the id.
impl fmt::Display for SheetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.key, self.major, self.person)
    }
}

/// Reads the code, and the address that ends with it.
impl FromStr for SheetCode {
    type Err = SheetCodeError;

    fn from_str(text: &str) -> Result<Self, SheetCodeError> {
        let code = text.trim().rsplit('=').next().unwrap_or_default();
        let mut parts = code.split('.');
        let mut next = || parts.next().ok_or(SheetCodeError);
        let (key, major, person) = (next()?, next()?, next()?);
        let code = Self {
            key: key.parse().map_err(|_| SheetCodeError)?,
            major: major.parse().map_err(|_| SheetCodeError)?,
            person: person.parse().map_err(|_| SheetCodeError)?,
        };
        if parts.next().is_none() { Ok(code) } else { Err(SheetCodeError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_with_its_address_or_without() {
        let code = SheetCode { key: "ks2".parse().unwrap(), major: 3, person: PersonId::from_bytes([7; 16]) };
        assert_eq!(code.to_string().parse(), Ok(code.clone()));
        assert_eq!(format!(" https://a.example/returns?sheet={code}\r").parse(), Ok(code.clone()));
        for wrong in ["", "ks2.3", "ks2.x.07", &format!("{code}.9"), "https://a.example/sign/0123"] {
            assert_eq!(wrong.parse::<SheetCode>(), Err(SheetCodeError), "{wrong}");
        }
    }
}
