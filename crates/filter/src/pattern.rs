//! Rules that are not about one name: parts of URLs, expressions, address ranges, ports, names with wildcards.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::str::FromStr as _;

use ipnet::IpNet;

use crate::adblock::NetworkRule;
use crate::rule::{Rule, RuleError};

/// A rule of a list that looks at more than one name.
///
/// Parts of URLs and expressions look at the *URL text*: the canonical host, `/`, the path as rules compare it
/// ([`RulePath`](crate::RulePath)), and, where there is one, `?` and the query, decoded. All of it is in lower case, without
/// scheme and port. Where only the host is known, the text is the host and a slash, and expressions that ask what stands
/// around a place (`$`, `\b`) are not tried, unless it is the beginning.
///
/// `Display` writes the normalised line and [`Pattern::from_normalised`] reads it.
///
/// ```
/// use belisha_filter::Pattern;
/// for line in ["text:big-win", "regexp:(slots|poker)[0-9]+", "ip:192.0.2.0/24", "port:example.org:8443", "*.ads.example"] {
///     assert_eq!(Pattern::from_normalised(line)?.to_string(), line);
/// }
/// # Ok::<(), belisha_filter::RuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Pattern<'a> {
    /// URLs whose text holds this, in lower case; three to 255 bytes.
    Text(Cow<'a, str>),
    /// URLs in whose text this expression is found, whatever the case of its letters. The syntax is that of the `regex`
    /// crate, without Unicode classes; time is linear in the text.
    Regex(Cow<'a, str>),
    /// Hosts that are addresses of a range.
    Network(IpNet),
    /// A name with everything below it, or any host, at one port.
    Port(Option<Cow<'a, str>>, u16),
    /// Names of this form, and every name below them. A `*` stands for any letters of one label, none included; a first
    /// label that is `*` stands for one label or more (all names below a name), and a last one for one or more, too.
    Wildcard(Cow<'a, str>),
    /// A network rule in the syntax of ad blockers.
    Adblock(NetworkRule<'a>),
}

/// Shortest and longest text, in bytes.
const TEXT: core::ops::RangeInclusive<usize> = 3..=255;
/// Longest expression in bytes; lists have been seen with all their words in one line.
const MAX_REGEX: usize = 16 * 1024;
/// Letters of a label that says enough by itself: that of a country or of a kind of names has fewer.
const ENOUGH: usize = 4;
/// The broadest ranges that a list may name: the sixteenth part of all IPv4 addresses is more than anybody means.
const BROADEST: (u8, u8) = (8, 16);

impl<'a> Pattern<'a> {
    /// URLs that hold a text.
    pub fn text(text: &'a str) -> Result<Self, RuleError> {
        if !TEXT.contains(&text.len()) {
            return Err(RuleError::TextLength(text.len()));
        }
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(RuleError::NotAText);
        }
        Ok(Self::Text(lower(text)))
    }

    /// URLs in which an expression is found.
    ///
    /// # Errors
    /// It is none, it is longer than 16 KiB, it would take more than 1 MiB compiled, or it is found in the empty text and
    /// so in everything.
    pub fn regex(text: &'a str) -> Result<Self, RuleError> {
        if text.len() > MAX_REGEX {
            return Err(RuleError::RegexSize);
        }
        crate::patterns::regex::check(text)?;
        Ok(Self::Regex(Cow::Borrowed(text)))
    }

    /// Hosts that are addresses of a range, such as `192.0.2.0/24`. Bits behind the prefix are dropped.
    ///
    /// # Errors
    /// It is no range, or one of more than 2²⁴ IPv4 or 2¹¹² IPv6 addresses.
    pub fn network(text: &str) -> Result<Self, RuleError> {
        let network = IpNet::from_str(text).map_err(|_| RuleError::NotARange)?.trunc();
        let broadest = if network.addr().is_ipv4() { BROADEST.0 } else { BROADEST.1 };
        if network.prefix_len() < broadest { Err(RuleError::TooBroad) } else { Ok(Self::Network(network)) }
    }

    /// A name with everything below it at a port, `name:port`, or any host at it, `:port`.
    pub fn port(text: &'a str) -> Result<Self, RuleError> {
        let (name, port) = text.rsplit_once(':').ok_or(RuleError::NotAPort)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(RuleError::NotAPort)?;
        let Rule::Domain(name) =
            (if name.is_empty() { return Ok(Self::Port(None, port)) } else { Rule::domain(name)? })
        else {
            return Err(RuleError::NotAHost);
        };
        Ok(Self::Port(Some(name), port))
    }

    /// Names with wildcards, such as `*.example.org`, `ads*.example.org` or `example.*`.
    ///
    /// # Errors
    /// No label of it holds a `*`, a letter stands in it that names do not have, or it fixes too little: fewer than two
    /// labels without a `*` and no label of four letters, or, before a last label that is `*`, no such label without a `*`.
    pub fn wildcard(text: &'a str) -> Result<Self, RuleError> {
        let text = lower(text.strip_suffix('.').unwrap_or(text));
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*');
        if !text.contains('*') || text.len() > crate::MAX_NAME || !text.bytes().all(is_letter) {
            return Err(RuleError::NotAHost);
        }
        if text.split('.').any(|label| label.is_empty() || label.len() > crate::MAX_LABEL) {
            return Err(RuleError::NotAHost);
        }
        let letters = |label: &str| label.bytes().filter(|byte| *byte != b'*').count();
        let is_fixed = |label: &&str| !label.contains('*');
        let is_narrow = match text.strip_suffix(".*") {
            Some(rest) => rest.split('.').any(|label| is_fixed(&label) && letters(label) >= ENOUGH),
            None => {
                text.split('.').filter(is_fixed).count() >= 2 || text.split('.').any(|label| letters(label) >= ENOUGH)
            }
        };
        if is_narrow { Ok(Self::Wildcard(text)) } else { Err(RuleError::TooBroad) }
    }

    /// Reads the line that `Display` writes.
    ///
    /// # Errors
    /// [`RuleError::NotAHost`] for a line of no such kind, and what the kinds refuse.
    pub fn from_normalised(line: &'a str) -> Result<Self, RuleError> {
        match line.split_once(':') {
            Some(("text", text)) => Self::text(text),
            Some(("regexp", text)) => Self::regex(text),
            Some(("ip", text)) => Self::network(text),
            Some(("port", text)) => Self::port(text),
            Some(("adblock", text)) => NetworkRule::parse(text).map(Self::Adblock),
            _ => Self::wildcard(line),
        }
    }

    /// The same pattern, which owns its text.
    pub fn into_owned(self) -> Pattern<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Text(text) => Pattern::Text(owned(text)),
            Self::Regex(text) => Pattern::Regex(owned(text)),
            Self::Network(network) => Pattern::Network(network),
            Self::Port(name, port) => Pattern::Port(name.map(owned), port),
            Self::Wildcard(text) => Pattern::Wildcard(owned(text)),
            Self::Adblock(rule) => Pattern::Adblock(rule.into_owned()),
        }
    }
}

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "text:{text}"),
            Self::Regex(text) => write!(f, "regexp:{text}"),
            Self::Network(network) => write!(f, "ip:{network}"),
            Self::Port(name, port) => write!(f, "port:{}:{port}", name.as_deref().unwrap_or_default()),
            Self::Wildcard(text) => f.write_str(text),
            Self::Adblock(rule) => write!(f, "adblock:{rule}"),
        }
    }
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let mut text = String::from(text);
        text.make_ascii_lowercase();
        Cow::Owned(text)
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn normalised_lines_read_back() {
        for line in [
            "text:big-win",
            "text:caf\u{e9}",
            "ip:192.0.2.0/24",
            "ip:2a0e:bad::/48",
            "port:example.org:8443",
            "port:10.1.2.3:81",
            "port::1080",
            "*.example.org",
            "ads*.example.org",
            "a.*.example.org",
            "example.*",
            "adblock:@@||ads.example/banner^$image,third-party",
        ] {
            assert_eq!(Pattern::from_normalised(line).map(|it| it.to_string()).as_deref(), Ok(line));
        }
        assert_eq!(Pattern::network("10.1.2.3/8").map(|it| it.to_string()).as_deref(), Ok("ip:10.0.0.0/8"));
        assert_eq!(Pattern::text("Big-Win").map(|it| it.to_string()).as_deref(), Ok("text:big-win"));
    }

    #[test]
    fn what_would_take_in_too_much_is_refused() {
        for line in ["ip:0.0.0.0/0", "ip:10.0.0.0/7", "ip:::/0", "*", "*.com", "*.*", "com.*.*", "ab.*", "*a.*b"] {
            let told = Pattern::from_normalised(line);
            assert_eq!(told, Err(RuleError::TooBroad), "{line}");
        }
        for text in ["", "x", "xy"] {
            assert_eq!(Pattern::text(text), Err(RuleError::TextLength(text.len())));
        }
        for line in ["port:example.org:0", "port:example.org:65536", "port:8080", "port:example.org"] {
            assert_eq!(Pattern::from_normalised(line), Err(RuleError::NotAPort), "{line}");
        }
        for line in ["ip:10.0.0.0", "ip:10.0.0.0/33", "ip:example.org/8"] {
            assert_eq!(Pattern::from_normalised(line), Err(RuleError::NotARange), "{line}");
        }
        for line in ["*..example.org", "*.exa mple.org", "<*>", "b\u{fc}*.example.org", "example.org"] {
            assert_eq!(Pattern::from_normalised(line), Err(RuleError::NotAHost), "{line}");
        }
    }

    #[cfg(feature = "regex")]
    #[test]
    fn expressions_that_are_none_or_too_much_are_refused() {
        for text in [".*", "a?", "x{0,3}", "^", "()"] {
            assert_eq!(Pattern::regex(text), Err(RuleError::TooBroad), "{text}");
        }
        for text in ["(", "[a", "a{2", r"(a)\1", r"\p{Greek}"] {
            assert_eq!(Pattern::regex(text), Err(RuleError::NotARegex), "{text}");
        }
        assert_eq!(Pattern::regex(&"a".repeat(MAX_REGEX + 1)), Err(RuleError::RegexSize));
        assert_eq!(Pattern::regex(&alloc::format!("({}){{9000}}", "[a-z]{20}")), Err(RuleError::RegexSize));
        assert!(Pattern::regex(r"(^|[-.?+=/_0-9])(bet|poker)([-.?+=/_0-9]|$)").is_ok());
    }
}
