//! Who somebody is, as a name that tells nothing.

use core::fmt;
use core::str::FromStr;

/// A person: 16 bytes that the school draws at random when it first writes of them.
///
/// Not made from a name, a login or a pupil number, so that one person's events can be told together without saying
/// whose they are, and a change of name changes nothing. Which person it is stands in the school's own records, sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId([u8; 16]);

/// Why a text names no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a person's id: 32 hexadecimal digits are expected")]
pub struct PersonIdError;

impl PersonId {
    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonId({self})")
    }
}

impl FromStr for PersonId {
    type Err = PersonIdError;

    fn from_str(text: &str) -> Result<Self, PersonIdError> {
        // The digits are looked at first: `from_str_radix` would take a plus sign.
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(PersonIdError);
        }
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| PersonIdError)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn the_text_of_an_id_leads_back_to_it() {
        let id = PersonId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for wrong in ["", "00", &"g".repeat(32), &"0".repeat(33), &std::format!("+{}", "0".repeat(31))] {
            assert_eq!(wrong.parse::<PersonId>(), Err(PersonIdError), "{wrong}");
        }
    }
}
