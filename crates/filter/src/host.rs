//! The canonical host: one spelling for every way of writing the same machine.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

mod ipv4;

/// Longest host name in bytes, without the dot of the root (RFC 1035 §3.1).
pub const MAX_NAME: usize = 253;
/// Longest label in bytes (RFC 1035 §3.1).
pub const MAX_LABEL: usize = 63;

/// A host in its one canonical spelling.
///
/// Names are lower-case ASCII (A-labels) without a trailing dot; IPv4 addresses are dotted decimal whatever the
/// input's notation; IPv6 addresses are compressed, without brackets, and an IPv4-mapped one is the IPv4 address
/// that it stands for. Two inputs that a browser would send to the same machine by name compare equal.
///
/// Parsing follows the host parser of the WHATWG URL standard, percent-decoding and IDNA included, but:
///
/// - Empty labels, labels over 63 bytes and names over 253 bytes are refused, because no resolver answers for them.
/// - The dot of the root goes: with and without it a name is the same machine.
/// - An IPv4-mapped address (`::ffff:0:0/96`) is the IPv4 address, because that is what a socket connects to. Other
///   IPv6 addresses that hold an IPv4 address (IPv4-compatible, NAT64, 6to4) stay what they are: where a packet to
///   them ends depends on the network.
///
/// ```
/// use belisha_filter::Host;
/// let host: Host = "WWW.Example.ORG.".parse()?;
/// assert_eq!(host.as_str(), "www.example.org");
/// assert_eq!("0x7f.1".parse::<Host>()?.as_str(), "127.0.0.1");
/// assert_eq!("[::ffff:10.1.2.3]".parse::<Host>()?.as_str(), "10.1.2.3");
/// assert!("a..b".parse::<Host>().is_err());
/// # Ok::<(), belisha_filter::HostError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    text: String,
    ip: Option<IpAddr>,
}

/// Why a text is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing, or nothing but dots.
    #[error("the host is empty")]
    Empty,
    /// Two dots with nothing between them, or a dot at the front.
    #[error("the host has an empty label")]
    EmptyLabel,
    /// A label longer than [`MAX_LABEL`].
    #[error("a label of the host has {0} bytes; {MAX_LABEL} is the limit")]
    LabelTooLong(usize),
    /// A name longer than [`MAX_NAME`].
    #[error("the host has {0} bytes; {MAX_NAME} is the limit")]
    TooLong(usize),
    /// A character that no host may hold, or letters of another script that IDNA refuses.
    #[error("the host has characters that no host name may have")]
    Forbidden,
    /// The last label is a number, so that it must be an IPv4 address, and it is not.
    #[error("the host ends in a number and is not an IPv4 address")]
    BadIpv4,
    /// Brackets, or a colon, around something that is not an IPv6 address.
    #[error("the host is not an IPv6 address")]
    BadIpv6,
}

impl Host {
    /// Parses a host from the bytes of a request or a question: as in a URL; an IPv6 address with or without brackets.
    pub fn parse(input: &[u8]) -> Result<Self, HostError> {
        if let Some(host) = Self::of_plain(input) {
            return Ok(host);
        }
        match core::str::from_utf8(input).map(str::parse::<Ipv6Addr>) {
            Ok(Ok(ip)) => Ok(Self::from(ip)),
            _ => Self::from_url_bytes(input),
        }
    }

    /// The canonical text; IPv6 without brackets.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address, where the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The host as it stands in a URL or a `Host` field: IPv6 in brackets.
    pub fn to_url(&self) -> Cow<'_, str> {
        match self.ip {
            Some(IpAddr::V6(_)) => Cow::Owned(alloc::format!("[{}]", self.text)),
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// A name that is canonical beyond doubt; nothing for any other, good or bad.
    pub(crate) fn of_plain(name: &[u8]) -> Option<Self> {
        plain_last_label(name)?;
        Some(Self { text: core::str::from_utf8(name).ok()?.into(), ip: None })
    }

    pub(crate) fn is_ip(&self) -> bool {
        self.ip.is_some()
    }

    /// Parses the host of a URL from raw bytes: percent-decoding, IDNA and the notations of IPv4 included.
    pub(crate) fn from_url_bytes(input: &[u8]) -> Result<Self, HostError> {
        if let Some(inner) = input.strip_prefix(b"[") {
            let inner = inner.strip_suffix(b"]").ok_or(HostError::BadIpv6)?;
            let text = core::str::from_utf8(inner).map_err(|_| HostError::BadIpv6)?;
            return Ok(Self::from(text.parse::<Ipv6Addr>().map_err(|_| HostError::BadIpv6)?));
        }
        let (text, ip) = canonical_name(input)?;
        Ok(Self { text: text.into_owned(), ip: ip.map(IpAddr::V4) })
    }
}

impl From<Ipv4Addr> for Host {
    fn from(ip: Ipv4Addr) -> Self {
        Self { text: ip.to_string(), ip: Some(IpAddr::V4(ip)) }
    }
}

impl From<Ipv6Addr> for Host {
    /// An IPv4-mapped address becomes the IPv4 address.
    fn from(ip: Ipv6Addr) -> Self {
        match ip.to_ipv4_mapped() {
            Some(v4) => Self::from(v4),
            None => Self { text: ip.to_string(), ip: Some(IpAddr::V6(ip)) },
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::from(v4),
            IpAddr::V6(v6) => Self::from(v6),
        }
    }
}

impl FromStr for Host {
    type Err = HostError;

    /// As in a URL; an IPv6 address with or without brackets.
    fn from_str(input: &str) -> Result<Self, HostError> {
        Self::parse(input.as_bytes())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.text)
    }
}

/// The canonical form of a name or an IPv4 address, borrowed where the input is in that form already.
///
/// Costs one pass over a name that is canonical; allocates otherwise.
pub(crate) fn canonical_name(input: &[u8]) -> Result<(Cow<'_, str>, Option<Ipv4Addr>), HostError> {
    if input.is_empty() {
        return Err(HostError::Empty);
    }
    if plain_last_label(input).is_some()
        && let Ok(text) = core::str::from_utf8(input)
    {
        return Ok((Cow::Borrowed(text), None));
    }
    let decoded = percent_decode(input);
    let ascii = to_ascii(&decoded)?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    if let Some(ip) = ipv4::parse(name)? {
        return Ok((Cow::Owned(ip.to_string()), Some(ip)));
    }
    check_lengths(name)?;
    Ok((Cow::Owned(name.to_string()), None))
}

/// Where the last label starts, if a name is canonical beyond doubt: lower-case letters, digits, `-`, `_` and single
/// dots, and a last label that starts with a letter (no number). 0 stands for a name without a dot.
pub(crate) fn plain_last_label(input: &[u8]) -> Option<usize> {
    if input.len() > MAX_NAME {
        return None;
    }
    let mut label_start = 0;
    for (at, &byte) in input.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            b'.' if at > label_start && at - label_start <= MAX_LABEL => label_start = at + 1,
            _ => return None,
        }
    }
    let last = input.get(label_start..).unwrap_or_default();
    (last.len() <= MAX_LABEL && last.first().is_some_and(u8::is_ascii_lowercase)).then_some(label_start)
}

fn check_lengths(name: &str) -> Result<(), HostError> {
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(HostError::TooLong(name.len()));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err(HostError::EmptyLabel);
        }
        if label.len() > MAX_LABEL {
            return Err(HostError::LabelTooLong(label.len()));
        }
    }
    Ok(())
}

fn percent_decode(input: &[u8]) -> Cow<'_, [u8]> {
    if !input.contains(&b'%') {
        return Cow::Borrowed(input);
    }
    Cow::Owned(crate::path::percent_decode(input))
}

/// The name in ASCII and lower case, whatever its script. A name that is ASCII already is not looked into further: its
/// A-labels, good or bad, are what a resolver is asked for.
fn to_ascii(input: &[u8]) -> Result<Cow<'_, str>, HostError> {
    if !input.is_ascii() {
        return other_script(input);
    }
    let forbidden = |byte: &u8| !byte.is_ascii_graphic() || b"#/:<>?@[\\]^|%".contains(byte);
    if input.iter().any(forbidden) {
        return Err(HostError::Forbidden);
    }
    let text = core::str::from_utf8(input).map_err(|_| HostError::Forbidden)?;
    Ok(if input.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    })
}

#[cfg(feature = "idna")]
fn other_script(input: &[u8]) -> Result<Cow<'_, str>, HostError> {
    idna::domain_to_ascii_cow(input, idna::AsciiDenyList::URL).map_err(|_| HostError::Forbidden)
}

/// Without IDNA, names of other scripts cannot be asked for.
#[cfg(not(feature = "idna"))]
fn other_script(_: &[u8]) -> Result<Cow<'_, str>, HostError> {
    Err(HostError::Forbidden)
}

/// The name without one leading `www`, `web` or `ftp` label with or without digits, as squidGuard reads hosts in its
/// `urls` files; the name itself where it has none, or where a bare top-level domain would be left.
#[inline]
pub(crate) fn without_service_label(name: &str) -> &str {
    let Some(rest) = ["www", "web", "ftp"].iter().find_map(|prefix| name.strip_prefix(prefix)) else {
        return name;
    };
    match rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('.') {
        Some(stripped) if stripped.contains('.') => stripped,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(input: &str) -> Result<String, HostError> {
        input.parse::<Host>().map(|host| host.to_string())
    }

    #[test]
    fn spellings_of_one_host_become_one() {
        for (input, expected) in [
            ("example.org", "example.org"),
            ("EXAMPLE.org.", "example.org"),
            ("ex%61mple.org", "example.org"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("_dmarc.example.org", "_dmarc.example.org"),
            ("XN--A.Example.xn--0", "xn--a.example.xn--0"),
            ("2130706433", "127.0.0.1"),
            ("017700000001", "127.0.0.1"),
            ("0x7F000001", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("[::1]", "::1"),
            ("[0:0:0:0:0:ffff:7f00:1]", "127.0.0.1"),
        ] {
            assert_eq!(canonical(input).as_deref(), Ok(expected), "{input}");
        }
    }

    #[cfg(feature = "idna")]
    #[test]
    fn spellings_in_other_scripts_become_one() {
        for (input, expected) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("example\u{3002}org", "example.org"),
            ("\u{ff45}xample.org", "example.org"),
            ("ex\u{ad}ample.org", "example.org"),
        ] {
            assert_eq!(canonical(input).as_deref(), Ok(expected), "{input}");
        }
    }

    #[cfg(not(feature = "idna"))]
    #[test]
    fn other_scripts_are_refused_without_idna() {
        assert_eq!(canonical("b\u{fc}cher.example"), Err(HostError::Forbidden));
        assert_eq!(canonical("%C3%BC.example"), Err(HostError::Forbidden));
    }

    #[test]
    fn what_is_no_host_is_refused_with_its_reason() {
        let long = "a".repeat(64);
        for (input, expected) in [
            ("", HostError::Empty),
            (".", HostError::Empty),
            ("a..b", HostError::EmptyLabel),
            (".a", HostError::EmptyLabel),
            ("a b", HostError::Forbidden),
            ("a%00b", HostError::Forbidden),
            ("a%2fb", HostError::Forbidden),
            ("[example.org]", HostError::BadIpv6),
            ("1.2.3.256", HostError::BadIpv4),
            ("1.2.3.4.5", HostError::BadIpv4),
            ("example.09", HostError::BadIpv4),
            ("xn--\u{fc}", HostError::Forbidden),
            (&long, HostError::LabelTooLong(64)),
        ] {
            assert_eq!(canonical(input), Err(expected), "{input}");
        }
    }

    #[test]
    fn service_labels_go_once_and_never_the_whole_name() {
        for (input, expected) in [
            ("www.example.org", "example.org"),
            ("www12.example.org", "example.org"),
            ("ftp.www.example.org", "www.example.org"),
            ("website.example.org", "website.example.org"),
            ("www.com", "www.com"),
            ("wwwx.example.org", "wwwx.example.org"),
        ] {
            assert_eq!(without_service_label(input), expected, "{input}");
        }
    }
}
