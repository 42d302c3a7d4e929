//! The canonical request target: what was ruled on is what is connected to and what is sent.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::host::{Host, HostError};
use crate::path::RulePath;

mod authority;
mod escape;
mod plain;
mod port;
mod scheme;

pub use authority::Authority;
pub use scheme::Scheme;

/// Longest URL in bytes that is looked at, as it comes and in canonical form; a browser's own limit is far below it.
pub const MAX_URL: usize = 65_536;

/// A URL in its one canonical form: what rules look at, and what is written to the origin.
///
/// Parsing follows the WHATWG URL standard for its special schemes but `file`: what stands around the URL is trimmed,
/// tabs and line ends are dropped, backslashes are slashes, dot segments are resolved, the host is a [`Host`]. It
/// differs from the standard in these ways and in those of [`Host`]:
///
/// - A user name and a password are dropped, and so is the fragment: neither may reach an origin through a proxy.
/// - A NUL in the path is refused, raw or escaped however often: it ends a name for some servers and not for others.
/// - Port 0 is refused: nothing can be connected to there.
/// - Bytes that are no UTF-8 are escaped as they are, and not replaced.
///
/// Written and parsed again, a target is itself. Parsing costs one pass and three allocations (host, path and query,
/// the path of rules) where the URL is in canonical form already, and a few passes where it is not.
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
    /// Path and query, as a request line holds them.
    text: String,
    /// Where in `text` the path ends: at its end or at the question mark.
    path_end: usize,
    rule_path: RulePath,
}

/// Why a text is not a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// None of the schemes of [`Scheme`] in front.
    #[error("the address does not start with http://, https://, ws://, wss:// or ftp://")]
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
    /// Longer than [`MAX_URL`], as it came or in canonical form.
    #[error("the address has {0} bytes; {MAX_URL} is the limit")]
    TooLong(usize),
}

impl Target {
    /// Parses a URL from the bytes of a request line or a list.
    pub fn parse(input: &[u8]) -> Result<Self, TargetError> {
        if input.len() > MAX_URL {
            return Err(TargetError::TooLong(input.len()));
        }
        match plain::parse(input) {
            Some(target) => Ok(target),
            None => Self::parse_any(input),
        }
    }

    /// Parses any URL, step by step as the standard has it.
    fn parse_any(input: &[u8]) -> Result<Self, TargetError> {
        let input = &*without_breaks(trim(input));
        let (scheme, rest) = Scheme::split(input).ok_or(TargetError::Scheme)?;
        let skip = rest.iter().position(|byte| !matches!(byte, b'/' | b'\\')).unwrap_or(rest.len());
        let rest = rest.get(skip..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let host_port = match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => authority.get(at + 1..).unwrap_or_default(),
            None => authority,
        };
        let (host, port) = port::split(host_port);
        let port = match port {
            None | Some(b"") => scheme.default_port(),
            Some(digits) => port::parse(digits)?,
        };
        let host = Host::from_url_bytes(host)?;
        let rest = rest.split(|byte| *byte == b'#').next().unwrap_or_default();
        let (path, query) = match rest.iter().position(|byte| *byte == b'?') {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
            None => (rest, None),
        };
        let mut text = String::with_capacity(rest.len() + 1);
        escape::push_path(path, &mut text);
        let path_end = text.len();
        let rule_path = RulePath::fold_without_nul(text.as_bytes()).ok_or(TargetError::NulInPath)?;
        if let Some(query) = query {
            text.push('?');
            escape::push_query(query, &mut text);
        }
        let target = Self { scheme, host, port, text, path_end, rule_path };
        match target.written_length() {
            length if length > MAX_URL => Err(TargetError::TooLong(length)),
            _ => Ok(target),
        }
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
        self.text.get(..self.path_end).unwrap_or_default()
    }

    /// What follows the `?`, where there is one.
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_end + 1..)
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
    pub fn path_and_query(&self) -> &str {
        &self.text
    }

    /// How many bytes `Display` writes.
    fn written_length(&self) -> usize {
        let mut length = Length(0);
        // Counting cannot fail.
        let _ = fmt::Write::write_fmt(&mut length, format_args!("{self}"));
        length.0
    }
}

/// Counts what is written.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
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
        write!(f, "{}://{}", self.scheme.as_str(), self.host.to_url())?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.text)
    }
}

/// Without the control characters and spaces around it.
fn trim(input: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| *byte > b' ';
    let Some(begin) = input.iter().position(is_kept) else { return &[] };
    let end = input.iter().rposition(is_kept).map_or(begin, |at| at + 1);
    input.get(begin..end).unwrap_or_default()
}

/// Without tabs and line ends, wherever they stand.
fn without_breaks(input: &[u8]) -> Cow<'_, [u8]> {
    let is_break = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r');
    if input.iter().any(is_break) {
        Cow::Owned(input.iter().copied().filter(|byte| !is_break(byte)).collect())
    } else {
        Cow::Borrowed(input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
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
            ("http://example.org/c:/..//", "http://example.org//"),
            ("http://[2A0E:BAD:0::2]/", "http://[2a0e:bad::2]/"),
            ("\u{1}\u{1f} http://example.org/ \0", "http://example.org/"),
            ("FTP://example.org:21/a", "ftp://example.org/a"),
            ("wss://example.org:443", "wss://example.org/"),
            ("ws://example.org:0081?", "ws://example.org:81/?"),
            ("http://example.org/%2E%2e%2fa/.%2e/b", "http://example.org/b"),
            ("http://example.org/it's?it's", "http://example.org/it's?it%27s"),
            ("http://example.org/{^}`|", "http://example.org/%7B%5E%7D%60|"),
        ] {
            assert_eq!(canonical(input).as_deref(), Ok(expected), "{input}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused_with_its_reason() {
        for (input, expected) in [
            ("example.org/", TargetError::Scheme),
            ("file:///etc/hosts", TargetError::Scheme),
            ("gopher://example.org/", TargetError::Scheme),
            ("http://", TargetError::Host(HostError::Empty)),
            ("http://@/", TargetError::Host(HostError::Empty)),
            ("http://example.org:65536/", TargetError::Port),
            ("http://example.org:4294967739/", TargetError::Port),
            ("http://example.org:80a/", TargetError::Port),
            ("http://example.org:0/", TargetError::Port),
            ("http://example.org/a%00b", TargetError::NulInPath),
            ("http://example.org/a%2500b", TargetError::NulInPath),
            ("http://example.org/a%25%32%35%3000b", TargetError::NulInPath),
            ("http://example.org/a;%00/b", TargetError::NulInPath),
            ("http://example.org/a\0b", TargetError::NulInPath),
        ] {
            assert_eq!(canonical(input), Err(expected), "{input}");
        }
    }

    #[test]
    fn what_grows_too_long_is_refused() {
        let fits = |length: usize| format!("http://a.test?{}", "q".repeat(length));
        // The slash of the path is added.
        assert!(Target::parse(fits(MAX_URL - 15).as_bytes()).is_ok());
        assert_eq!(Target::parse(fits(MAX_URL - 14).as_bytes()), Err(TargetError::TooLong(MAX_URL + 1)));
        let spaces = format!("http://a.test/?{}q", " ".repeat(30_000));
        assert_eq!(Target::parse(spaces.as_bytes()), Err(TargetError::TooLong(15 + 90_000 + 1)));
    }

    proptest! {
        /// A URL that is copied as it stands is the same target as one that is written step by step.
        #[test]
        fn plain_and_general_parsing_agree(
            scheme in "(https?|wss?|ftp)://",
            host in "[a-z0-9_-]{1,9}(\\.[a-zA-Z0-9_-]{1,5}){0,2}(:[0-9]{0,5})?",
            rest in prop_oneof!["([/?][a-zA-Z0-9%;.=&~!'-]{0,9}){0,5}", "(/(\\.|%2e|a|%|/|;|\\\\|A|\\?|#|\\^| ){0,4}){0,5}"],
        ) {
            let url = format!("{scheme}{host}{rest}");
            if let Some(plain) = plain::parse(url.as_bytes()) {
                prop_assert_eq!(Target::parse_any(url.as_bytes()), Ok(plain));
            }
        }

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
