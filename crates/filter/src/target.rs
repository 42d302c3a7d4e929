//! The canonical request target: what was ruled on is what is connected to and what is sent.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::host::{Host, HostError};
use crate::path::RulePath;

/// Longest URL in bytes that is looked at; a browser's own limit is far below it.
pub const MAX_URL: usize = 65_536;

/// The schemes that a web filter rules on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `ws`, which is HTTP/1.1 upgraded
    Ws,
    /// `wss`
    Wss,
}

impl Scheme {
    /// The name in lower case, without a colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port that a URL means when it names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http | Self::Ws => 80,
            Self::Https | Self::Wss => 443,
        }
    }
}

/// A URL in its one canonical form: what rules look at, and what is written to the origin.
///
/// Parsing follows the WHATWG URL standard for its special schemes: tabs and line ends are dropped, backslashes are
/// slashes, dot segments are resolved, the host is a [`Host`]. A user name and a password are dropped, and so is the
/// fragment: neither may reach an origin through a proxy. A NUL in the path is refused.
///
/// ```
/// use belisha_filter::Target;
/// let target: Target = "HTTP://user:pw@WWW.Example.org:80/a/./b/%2e%2e/c?q=1#top".parse()?;
/// assert_eq!(target.to_string(), "http://www.example.org/a/c?q=1");
/// assert_eq!(target.host().as_str(), "www.example.org");
/// assert_eq!((target.port(), target.path()), (80, "/a/c"));
/// # Ok::<(), belisha_filter::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    scheme: Scheme,
    host: Host,
    port: u16,
    path: String,
    query: Option<String>,
    rule_path: RulePath,
}

/// Why a text is not a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// No `http`, `https`, `ws` or `wss` in front.
    #[error("the address does not start with http://, https://, ws:// or wss://")]
    Scheme,
    /// The host is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The port is not a number from 1 to 65,535, or is missing where it must stand.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// A user name where none may stand.
    #[error("a user name has no place in this address")]
    UserInfo,
    /// The path holds a NUL, which ends a name for some servers and not for others.
    #[error("the path holds a NUL byte")]
    NulInPath,
    /// Longer than [`MAX_URL`].
    #[error("the address has {0} bytes; {MAX_URL} is the limit")]
    TooLong(usize),
}

impl Target {
    /// Parses a URL from the bytes of a request line or a list.
    pub fn parse(input: &[u8]) -> Result<Self, TargetError> {
        if input.len() > MAX_URL {
            return Err(TargetError::TooLong(input.len()));
        }
        let trimmed = input.trim_ascii();
        let cleaned: Vec<u8>;
        let input = if trimmed.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r')) {
            cleaned = trimmed.iter().copied().filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r')).collect();
            &cleaned
        } else {
            trimmed
        };
        let (scheme, rest) = scheme(input).ok_or(TargetError::Scheme)?;
        let skip = rest.iter().position(|byte| !matches!(byte, b'/' | b'\\')).unwrap_or(rest.len());
        let rest = rest.get(skip..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let host_port = match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => authority.get(at + 1..).unwrap_or_default(),
            None => authority,
        };
        let (host, port) = split_port(host_port);
        let port = match port {
            None | Some(b"") => scheme.default_port(),
            Some(digits) => parse_port(digits)?,
        };
        let host = Host::from_url_bytes(host)?;
        let rest = rest.split(|byte| *byte == b'#').next().unwrap_or_default();
        let (path, query) = match rest.iter().position(|byte| *byte == b'?') {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
            None => (rest, None),
        };
        let path = canonical_path(path);
        let rule_path = RulePath::fold(path.as_bytes());
        if rule_path.as_bytes().contains(&0) {
            return Err(TargetError::NulInPath);
        }
        let query = query.map(|query| encode(query, |byte| matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\'')));
        Ok(Self { scheme, host, port, path, query, rule_path })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The canonical host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, that of the scheme where the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, `/` at least, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What follows the `?`, where there is one.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The path as rules compare it.
    pub fn rule_path(&self) -> &RulePath {
        &self.rule_path
    }

    /// The `Host` field of a request for this target: the port only where it is not the scheme's.
    pub fn host_field(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_url().into_owned()
        } else {
            alloc::format!("{}:{}", self.host.to_url(), self.port)
        }
    }

    /// Path and query, as a request line to the origin holds them.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => alloc::format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(input: &str) -> Result<Self, TargetError> {
        Self::parse(input.as_bytes())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.host_field(), self.path_and_query())
    }
}

/// The target of a CONNECT: a host and a port, both named, and nothing else (RFC 9110 §9.3.6).
///
/// ```
/// use belisha_filter::Authority;
/// let authority: Authority = "WWW.example.org.:443".parse()?;
/// assert_eq!((authority.host().as_str(), authority.port()), ("www.example.org", 443));
/// assert!("user@example.org:443".parse::<Authority>().is_err());
/// assert!("example.org".parse::<Authority>().is_err());
/// # Ok::<(), belisha_filter::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: Host,
    port: u16,
}

impl Authority {
    /// The canonical host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Authority {
    type Err = TargetError;

    fn from_str(input: &str) -> Result<Self, TargetError> {
        if input.contains('@') {
            return Err(TargetError::UserInfo);
        }
        let (host, port) = split_port(input.as_bytes());
        let port = parse_port(port.ok_or(TargetError::Port)?)?;
        Ok(Self { host: Host::from_url_bytes(host)?, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host.to_url(), self.port)
    }
}

fn scheme(input: &[u8]) -> Option<(Scheme, &[u8])> {
    let colon = input.iter().take(6).position(|byte| *byte == b':')?;
    let name = input.get(..colon)?;
    let scheme = [Scheme::Http, Scheme::Https, Scheme::Ws, Scheme::Wss]
        .into_iter()
        .find(|scheme| name.eq_ignore_ascii_case(scheme.as_str().as_bytes()))?;
    Some((scheme, input.get(colon + 1..)?))
}

fn split_port(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    let after_brackets = input.iter().rposition(|byte| *byte == b']').map_or(0, |at| at + 1);
    match input.get(after_brackets..).and_then(|tail| tail.iter().position(|byte| *byte == b':')) {
        Some(at) => {
            let at = after_brackets + at;
            (input.get(..at).unwrap_or_default(), input.get(at + 1..))
        }
        None => (input, None),
    }
}

fn parse_port(digits: &[u8]) -> Result<u16, TargetError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(TargetError::Port);
    }
    let significant = core::str::from_utf8(digits).unwrap_or_default().trim_start_matches('0');
    match significant.parse::<u16>() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(TargetError::Port),
    }
}

/// The path by the standard's path state: backslashes as slashes, dot segments resolved, the path percent-encode set
/// applied; always with a leading slash.
fn canonical_path(input: &[u8]) -> String {
    let mut path = String::with_capacity(input.len() + 1);
    let body = match input.split_first() {
        Some((b'/' | b'\\', rest)) => rest,
        _ => input,
    };
    let mut segments = body.split(|byte| matches!(byte, b'/' | b'\\')).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match dots(segment) {
            2 => {
                let keep = path.rfind('/').unwrap_or(0);
                path.truncate(keep);
                if last {
                    path.push('/');
                }
            }
            1 => {
                if last {
                    path.push('/');
                }
            }
            _ => {
                path.push('/');
                let set = |byte| matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}');
                path.push_str(&encode(segment, set));
            }
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    path
}

/// 1 for a single-dot segment, 2 for a double-dot segment (`%2e` counts as a dot), 0 for any other.
fn dots(segment: &[u8]) -> usize {
    let mut rest = segment;
    let mut count = 0;
    while !rest.is_empty() {
        rest = match rest {
            [b'.', tail @ ..] | [b'%', b'2', b'e' | b'E', tail @ ..] => tail,
            _ => return 0,
        };
        count += 1;
    }
    if count > 2 { 0 } else { count }
}

/// Percent-encodes controls, spaces, everything outside ASCII, and what `set` names.
fn encode(input: &[u8], set: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(input.len());
    for &byte in input {
        if byte <= b' ' || byte >= 0x7f || set(byte) {
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn canonical(input: &str) -> Result<String, TargetError> {
        input.parse::<Target>().map(|target| target.to_string())
    }

    #[test]
    fn spellings_of_one_url_become_one() {
        for (input, expected) in [
            ("http:\\\\example.org\\a", "http://example.org/a"),
            ("http:example.org", "http://example.org/"),
            ("http:////example.org//a", "http://example.org//a"),
            ("ht\ttp://exam\nple.org/", "http://example.org/"),
            ("http://listed.test@example.org/", "http://example.org/"),
            ("http://a@b@example.org/", "http://example.org/"),
            ("http://example.org:/", "http://example.org/"),
            ("http://example.org:00080/", "http://example.org/"),
            ("https://example.org:8443", "https://example.org:8443/"),
            ("http://example.org?q", "http://example.org/?q"),
            ("http://example.org?@listed.test/", "http://example.org/?@listed.test/"),
            ("http://example.org/a b\u{e9}", "http://example.org/a%20b%C3%A9"),
            ("http://example.org/..", "http://example.org/"),
            ("http://example.org/a/..", "http://example.org/"),
            ("http://example.org/a/../../b/.", "http://example.org/b/"),
            ("http://[2A0E:BAD:0::2]/", "http://[2a0e:bad::2]/"),
        ] {
            assert_eq!(canonical(input).as_deref(), Ok(expected), "{input}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused_with_its_reason() {
        for (input, expected) in [
            ("example.org/", TargetError::Scheme),
            ("ftp://example.org/", TargetError::Scheme),
            ("http://", TargetError::Host(HostError::Empty)),
            ("http://@/", TargetError::Host(HostError::Empty)),
            ("http://example.org:65536/", TargetError::Port),
            ("http://example.org:4294967739/", TargetError::Port),
            ("http://example.org:80a/", TargetError::Port),
            ("http://example.org:0/", TargetError::Port),
            ("http://example.org/a%00b", TargetError::NulInPath),
            ("http://example.org/a%2500b", TargetError::NulInPath),
        ] {
            assert_eq!(canonical(input), Err(expected), "{input}");
        }
    }

    #[test]
    fn a_connect_names_a_host_and_a_port_and_nothing_else() {
        for input in ["example.org", "example.org:", ":443", "[example.org]:443", "u@example.org:443", "a.b:443x"] {
            assert!(input.parse::<Authority>().is_err(), "{input}");
        }
        let authority: Authority = "[2a0e:bad::2]:443".parse().unwrap();
        assert_eq!(authority.to_string(), "[2a0e:bad::2]:443");
    }

    proptest! {
        /// Any bytes give a target or an error; and a target, written and read again, is itself.
        #[test]
        fn canonical_form_is_a_fixed_point(
            input in prop_oneof![
                "[hH][tT][tT][pP][sS]?:[/\\\\]{0,3}[a-zA-Z0-9.@:%\\[\\]_-]{0,20}[/?#\\\\.%a-zA-Z0-9;]{0,20}",
                "http://\\PC{0,30}",
            ],
            junk in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let _ = Target::parse(&junk);
            if let Ok(target) = input.parse::<Target>() {
                let again: Target = target.to_string().parse().unwrap();
                prop_assert_eq!(again, target);
            }
        }
    }
}
