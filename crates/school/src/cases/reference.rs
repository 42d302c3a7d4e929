//! What a case is called where people speak of it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The name of a case, such as `K7QF2-M9X4D`: 50 random bits in letters and digits that are not mistaken for each other. It
/// says nothing of the case, and whoever has it can still not open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference([u8; LETTERS]);

const LETTERS: usize = 10;

/// The alphabet of Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text names no case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the reference of an incident: ten letters and digits are expected, such as K7QF2-M9X4D")]
pub struct ReferenceError;

impl Reference {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; LETTERS];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of_bytes(bytes))
    }

    /// The one of a form that was filled in: sent twice, it is one report.
    pub(super) fn of_form(form: &str) -> Self {
        let digest: [u8; 32] = Sha256::new().chain_update("belisha report").chain_update(form).finalize().into();
        Self::of(digest.first_chunk().unwrap_or(&[0; 16]))
    }

    /// One that follows from a digest.
    pub(crate) fn of(digest: &[u8; 16]) -> Self {
        let mut letters = [0; LETTERS];
        letters.iter_mut().zip(digest).for_each(|(letter, byte)| *letter = *byte);
        Self::of_bytes(letters)
    }

    /// The lowest five bits of each count.
    fn of_bytes(bytes: [u8; LETTERS]) -> Self {
        Self(bytes.map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')))
    }

    /// The ten letters, small, without the hyphen.
    pub(super) fn small(self) -> String {
        self.0.iter().map(|letter| char::from(letter.to_ascii_lowercase())).collect()
    }
}

/// Two groups of five.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at == LETTERS / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// Small letters do as well, with or without the hyphen; what is easily mistaken is taken for what was meant.
impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let mut letters = [0; LETTERS];
        let mut places = letters.iter_mut();
        for byte in text.trim().bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
            let letter = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&letter) {
                return Err(ReferenceError);
            }
            *places.next().ok_or(ReferenceError)? = letter;
        }
        if places.next().is_some() { Err(ReferenceError) } else { Ok(Self(letters)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_however_it_is_typed() {
        for _ in 0..100 {
            let reference = Reference::random().unwrap();
            let text = reference.to_string();
            assert_eq!(text.parse(), Ok(reference));
            assert_eq!(text.to_lowercase().replace('-', "").parse(), Ok(reference));
            assert_eq!(text.replace('0', "o").replace('1', "l").parse(), Ok(reference));
        }
        for wrong in ["", "K7QF2", "K7QF2-M9X4U", "K7QF2-M9X4DD", "K7QF2-M9X4é"] {
            assert_eq!(wrong.parse::<Reference>(), Err(ReferenceError), "{wrong}");
        }
    }
}
