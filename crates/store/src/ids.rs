//! Names that mean nothing: random, so that neither their order nor their number tells of what they stand for.

use core::fmt;
use core::str::FromStr;

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 32 hexadecimal digits are expected")]
pub struct IdError;

macro_rules! id {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new one, of 128 random bits.
            ///
            /// # Errors
            /// The system gives no random bytes.
            pub fn random() -> Result<Self, getrandom::Error> {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes)?;
                Ok(Self(bytes))
            }

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
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 16];
                if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(IdError);
                }
                for (at, byte) in bytes.iter_mut().enumerate() {
                    let digits = text.get(2 * at..2 * at + 2).ok_or(IdError)?;
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| IdError)?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

id! {
    /// A school. The first thing that is written of it, and in every hash of its journal.
    SchoolId
}

id! {
    /// A stream of events: one incident, one agreement, the settings.
    StreamId
}

id! {
    /// A data key: the key of one payload. It names the key and is none itself.
    KeyRef
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_id_leads_back_to_it() {
        let id = StreamId::random().unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for wrong in ["", "00", &"g".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
            assert_eq!(wrong.parse::<StreamId>(), Err(IdError), "{wrong}");
        }
    }
}
