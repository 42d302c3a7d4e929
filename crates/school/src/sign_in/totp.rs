//! Codes of six digits that change every half minute (RFC 6238).

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Seconds of a step.
const STEP: i64 = 30;

/// Steps before and after the present one whose codes do too, for clocks that differ.
const AROUND: i64 = 1;

/// The secret that an app on a telephone shares with the school: 160 random bits.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; 20]);

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits")]
pub struct BadCode;

impl TotpSecret {
    /// A new one.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text to type into the app: 32 letters and digits of base 32.
    pub fn base32(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut text = String::with_capacity(32);
        for five in self.0.chunks(5) {
            let number = five.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            for shift in (0..8).rev() {
                let letter = LETTERS.get((number >> (shift * 5) & 31) as usize).copied().unwrap_or(b'A');
                text.push(char::from(letter));
            }
        }
        text
    }

    /// The secret with this text.
    pub fn from_base32(text: &str) -> Option<Self> {
        let digit = |letter: u8| match letter {
            b'A'..=b'Z' => Some(letter - b'A'),
            b'2'..=b'7' => Some(letter - b'2' + 26),
            _ => None,
        };
        let mut bytes = Vec::with_capacity(20);
        for eight in text.trim().as_bytes().chunks(8) {
            let number =
                eight.iter().try_fold(0_u64, |number, letter| Some(number << 5 | u64::from(digit(*letter)?)))?;
            bytes.extend_from_slice(number.to_be_bytes().get(3..)?);
        }
        Self::from_bytes(&bytes)
    }

    /// The code of an instant.
    pub fn code_at(&self, now: DateTime<Utc>) -> String {
        self.code(u64::try_from(now.timestamp().div_euclid(STEP)).unwrap_or(0))
    }

    /// The address that apps read from a picture. `account` and `school` are shown by the app.
    pub fn uri(&self, school: &str, account: &str) -> String {
        let (school, account) = (escaped(school), escaped(account));
        format!("otpauth://totp/{school}:{account}?secret={}&issuer={school}", self.base32())
    }

    /// Whether a code is of this secret, now or about now.
    pub fn is_shown_by(&self, code: &str, now: DateTime<Utc>) -> bool {
        self.step_of(code, now).is_some()
    }

    /// The step whose code this is, now or about now.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<u64> {
        let code = code.trim().replace(' ', "");
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let present = now.timestamp().div_euclid(STEP);
        let steps = (present - AROUND..=present + AROUND).filter_map(|step| u64::try_from(step).ok());
        // All of them are made, so that the time does not tell which it was.
        steps.fold(None, |found, step| if self.code(step) == code { Some(step) } else { found })
    }

    fn code(&self, step: u64) -> String {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else { return String::new() };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash.last().copied().unwrap_or(0) & 15);
        let four = hash.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or([0; 4]);
        format!("{:06}", (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 1_000_000)
    }
}

/// Percent-encoded: letters, digits and `-._~` stand for themselves.
fn escaped(text: &str) -> String {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| if stands(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The vectors of RFC 6238, appendix B, to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret(*b"12345678901234567890");
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::from_base32(&secret.base32()).unwrap().bytes(), secret.bytes());
        assert!(TotpSecret::from_base32("GEZDGNBV").is_none() && TotpSecret::from_base32("1").is_none());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(seconds / STEP).unwrap();
            assert_eq!(secret.code(step), code);
            assert_eq!(secret.step_of(code, at(seconds)), Some(step));
            assert_eq!(secret.step_of(code, at(seconds + 30)), Some(step));
            assert_eq!(secret.step_of(code, at(seconds + 61)), None);
        }
        for wrong in ["", "28708", "2870820", "28708x", "+87082"] {
            assert_eq!(secret.step_of(wrong, at(59)), None);
        }
        assert_eq!(secret.step_of("287 082", at(59)), Some(1));
    }

    #[test]
    fn the_address_is_escaped() {
        let uri = TotpSecret([0; 20]).uri("Amber Hill & Co", "r.tolland@a.example");
        assert!(uri.starts_with("otpauth://totp/Amber%20Hill%20%26%20Co:r.tolland%40a.example?secret=AAAA"), "{uri}");
    }
}
