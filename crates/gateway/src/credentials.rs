//! What clients show to prove who they are (RFC 7617), from the head of a request to whoever asks for it.
//!
//! The guard takes it out of the head and hangs it up here, so that neither hyper nor anything behind it ever holds a
//! password: in the head that goes on stands the number of the peg.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use zeroize::Zeroizing;

use crate::door::Secret;

/// Longest user name and password together, in bytes.
const LONGEST: usize = 1024;
/// So many requests of one connection may have been read and not answered. hyper reads one ahead.
const PEGS: usize = 16;

/// Base64 with or without the signs at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request shows.
#[derive(Clone, Debug, Default)]
pub(crate) enum Shown {
    /// Nothing.
    #[default]
    Nothing,
    /// Something of which no user name and password can be made.
    Nonsense,
    /// A user name and a password.
    Credentials(Arc<Credentials>),
}

/// A user name and a password, as they were typed.
#[derive(PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) login: Zeroizing<String>,
    pub(crate) password: Secret,
}

/// Neither of them: a user name is mostly made of a name.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Shown {
    /// Reads the values of all fields `Proxy-Authorization`. There may be one.
    pub(crate) fn read<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Nothing,
            (Some(value), None) => basic(value).map_or(Self::Nonsense, |it| Self::Credentials(Arc::new(it))),
            (Some(_), Some(_)) => Self::Nonsense,
        }
    }
}

/// `Basic`, spaces, base64 of user name, colon, password. Nothing in it is percent-encoded; the name has no colon; no
/// control characters (RFC 7617 §2). We ask for UTF-8, and what is none is Latin-1, which old clients send.
fn basic(value: &[u8]) -> Option<Credentials> {
    let (scheme, rest) = value.split_at_checked(5)?;
    let encoded = rest.trim_ascii();
    let fits = encoded.len() <= LONGEST.div_ceil(3) * 4;
    if !scheme.eq_ignore_ascii_case(b"basic") || !rest.starts_with(b" ") || !fits {
        return None;
    }
    // As much room as it can take: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(encoded.len()));
    BASE64.decode_vec(encoded, &mut bytes).ok()?;
    if bytes.len() > LONGEST {
        return None;
    }
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    match std::str::from_utf8(&bytes) {
        Ok(utf8) => text.push_str(utf8),
        Err(_) => text.extend(bytes.iter().copied().map(char::from)),
    }
    let (login, password) = text.split_once(':')?;
    if login.is_empty() || password.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let owned = |part: &str| Zeroizing::new(part.to_owned());
    Some(Credentials { login: owned(login), password: Secret::new(owned(password)) })
}

/// What the requests of one connection show, each on a peg with a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cloakroom(Arc<Mutex<VecDeque<(u64, Shown)>>>);

impl Cloakroom {
    /// Hangs up what the request of this number shows.
    pub(crate) fn hang(&self, number: u64, shown: Shown) {
        if matches!(shown, Shown::Nothing) {
            return;
        }
        let mut pegs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pegs.push_back((number, shown));
        if pegs.len() > PEGS {
            pegs.pop_front();
        }
    }

    /// Takes what a request shows, and the number out of its fields.
    pub(crate) fn take(&self, fields: &mut HeaderMap) -> Shown {
        let Some(number) = fields.remove(PROXY_AUTHORIZATION) else { return Shown::Nothing };
        let mut pegs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = number.to_str().ok().and_then(|number| number.parse::<u64>().ok());
        // What hung before belongs to requests that nobody will answer any more.
        while let Some((peg, shown)) = pegs.pop_front() {
            if Some(peg) == number {
                return shown;
            }
        }
        Shown::Nonsense
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        BASE64.encode(bytes)
    }

    fn read(value: &[u8]) -> Option<(String, String)> {
        match Shown::read([value].into_iter()) {
            Shown::Credentials(it) => Some((it.login.to_string(), it.password.expose().to_owned())),
            Shown::Nothing | Shown::Nonsense => None,
        }
    }

    #[test]
    fn what_browsers_send_is_read() {
        for (bytes, login, password) in [
            (b"ada:amber".as_slice(), "ada", "amber"),
            (b"ada:am:ber:", "ada", "am:ber:"),
            ("zo\u{eb}:\u{20ac}20".as_bytes(), "zo\u{eb}", "\u{20ac}20"),
            (b"zo\xeb:caf\xe9", "zo\u{eb}", "caf\u{e9}"),
            // No percent-encoding: it stays as it is.
            (b"a%3Ab:%20+", "a%3Ab", "%20+"),
            (b"SCHOOL\\ada:amber", "SCHOOL\\ada", "amber"),
        ] {
            for scheme in ["Basic ", "basic ", "BASIC   "] {
                let value = format!("{scheme}{}", encode(bytes));
                assert_eq!(read(value.as_bytes()), Some((login.into(), password.into())), "{value}");
                let bare = value.trim_end_matches('=');
                assert_eq!(read(bare.as_bytes()), Some((login.into(), password.into())), "{bare}");
            }
        }
    }

    #[test]
    fn what_makes_no_user_name_and_password_is_nonsense() {
        let long = [b"ada:".as_slice(), &[b'x'; LONGEST]].concat();
        for value in [
            String::new(),
            "Basic".into(),
            "Basic ".into(),
            format!("Basic{}", encode(b"ada:amber")),
            format!("Basic\t{}", encode(b"ada:amber")),
            format!("Bearer {}", encode(b"ada:amber")),
            "Negotiate TlRMTVNTUAAB".into(),
            "Basic ada:amber".into(),
            "Basic !!!!".into(),
            "Basic =".into(),
            format!("Basic {} {}", encode(b"ada:"), encode(b"amber")),
            format!("Basic {}", encode(b"no colon")),
            format!("Basic {}", encode(b":amber")),
            format!("Basic {}", encode(b"ada:")),
            format!("Basic {}", encode(b"ada\0:amber")),
            format!("Basic {}", encode(b"ada:am\nber")),
            format!("Basic {}", encode("ada:am\u{85}ber".as_bytes())),
            format!("Basic {}", encode(&long)),
            format!("Basic {}", "A".repeat(1 << 20)),
        ] {
            assert_eq!(read(value.as_bytes()), None, "{value:.60}");
        }
        assert!(read(format!("Basic {}", encode(&long[..LONGEST])).as_bytes()).is_some());
        let one = format!("Basic {}", encode(b"ada:amber"));
        let two = Shown::read([one.as_bytes(), one.as_bytes()].into_iter());
        assert!(matches!(two, Shown::Nonsense));
    }

    #[test]
    fn nothing_is_printed() {
        let value = format!("Basic {}", encode(b"ada-login:amber-secret"));
        let shown = Shown::read([value.as_bytes()].into_iter());
        let printed = format!("{shown:?} {shown:#?}");
        assert!(printed.contains("Credentials(..)") && !printed.contains("amber") && !printed.contains("ada"));
    }

    #[test]
    fn each_request_gets_its_own() {
        let room = Cloakroom::default();
        let shown = |login: &str| Shown::read([format!("Basic {}", encode(login.as_bytes())).as_bytes()].into_iter());
        let fields = |number: &str| {
            let mut fields = HeaderMap::new();
            fields.insert(PROXY_AUTHORIZATION, HeaderValue::from_str(number).unwrap());
            fields
        };
        let login = |shown: Shown| match shown {
            Shown::Credentials(it) => it.login.to_string(),
            other => format!("{other:?}"),
        };
        room.hang(1, shown("a:x"));
        room.hang(2, Shown::Nothing);
        room.hang(3, shown("b:x"));
        assert_eq!(login(room.take(&mut HeaderMap::new())), "Nothing");
        assert_eq!(login(room.take(&mut fields("1"))), "a");
        let mut third = fields("3");
        assert_eq!(login(room.take(&mut third)), "b");
        assert!(third.is_empty());
        // Once, and no other's.
        room.hang(4, shown("c:x"));
        assert_eq!(login(room.take(&mut fields("3"))), "Nonsense");
        for number in 10..100 {
            room.hang(number, shown("d:x"));
        }
        assert_eq!(login(room.take(&mut fields("10"))), "Nonsense");
        for number in 100..200 {
            room.hang(number, shown("e:x"));
        }
        assert_eq!(room.0.lock().unwrap().len(), PEGS);
        assert_eq!(login(room.take(&mut fields("199"))), "e");
    }

    proptest! {
        /// Any bytes give a user name and a password, or nonsense; and what was encoded is what is read.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..60), login in "[^:\\pC]{1,20}", password in "\\PC{1,20}") {
            let _ = read(&bytes);
            let _ = read(&[b"Basic ", bytes.as_slice()].concat());
            let _ = read(format!("Basic {}", encode(&bytes)).as_bytes());
            let value = format!("Basic {}", encode(format!("{login}:{password}").as_bytes()));
            prop_assert_eq!(read(value.as_bytes()), Some((login, password)));
        }
    }
}
