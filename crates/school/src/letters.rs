//! Names and secrets that people read aloud and type: letters and digits that are not mistaken for each other.

use std::fmt;
use std::str::FromStr;

/// The alphabet of Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many stand together where it is shown.
const GROUP: usize = 5;

/// So many of them, of five bits each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Letters<const N: usize>([u8; N]);

/// It is not so many letters of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotLetters;

impl<const N: usize> Letters<N> {
    /// New ones.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of_bytes(bytes))
    }

    /// The lowest five bits of each count.
    pub(crate) fn of_bytes(bytes: [u8; N]) -> Self {
        Self(bytes.map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')))
    }

    /// They, small, without the hyphens.
    pub(crate) fn small(&self) -> String {
        self.0.iter().map(|letter| char::from(letter.to_ascii_lowercase())).collect()
    }
}

/// Groups of five.
impl<const N: usize> fmt::Display for Letters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// Small letters do as well, with or without hyphens; what is easily mistaken is taken for what was meant.
impl<const N: usize> FromStr for Letters<N> {
    type Err = NotLetters;

    fn from_str(text: &str) -> Result<Self, NotLetters> {
        let mut letters = [0; N];
        let mut places = letters.iter_mut();
        for byte in text.trim().bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
            let letter = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&letter) {
                return Err(NotLetters);
            }
            *places.next().ok_or(NotLetters)? = letter;
        }
        if places.next().is_some() { Err(NotLetters) } else { Ok(Self(letters)) }
    }
}
