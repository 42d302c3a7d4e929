//! What a case is called where people speak of it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::letters::{Letters, NotLetters};

/// The name of a case, such as `K7QF2-M9X4D`: 50 random bits in letters and digits that are not mistaken for each other. It
/// says nothing of the case, and whoever has it can still not open it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(Letters<LETTERS>);

const LETTERS: usize = 10;

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
        Letters::random().map(Self)
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
        Self(Letters::of_bytes(letters))
    }

    /// The ten letters, small, without the hyphen.
    pub(super) fn small(self) -> String {
        self.0.small()
    }
}

/// Two groups of five.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As it is shown.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({self})")
    }
}

/// Small letters do as well, with or without the hyphen; what is easily mistaken is taken for what was meant.
impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        text.parse().map(Self).map_err(|NotLetters| ReferenceError)
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
