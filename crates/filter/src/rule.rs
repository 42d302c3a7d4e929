//! One rule of a list, in the three kinds that lists are made of.

use alloc::borrow::Cow;
use core::fmt;

use crate::host::{Host, HostError, canonical_name, plain_last_label, without_service_label};
use crate::path::RulePath;

/// A rule of a list, with its host in canonical form.
///
/// `Display` writes the normalised line (`example.org`, `full:example.org`, `example.org/path`) and
/// [`Rule::from_normalised`] reads it.
///
/// ```
/// use belisha_filter::Rule;
/// let rule = Rule::url_prefix("WWW2.Example.org/Arcade/")?;
/// assert_eq!(rule.to_string(), "example.org/arcade");
/// assert_eq!(Rule::from_normalised("example.org/arcade")?, rule);
/// # Ok::<(), belisha_filter::RuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule<'a> {
    /// A name and every name below it; an address is itself alone.
    Domain(Cow<'a, str>),
    /// A name alone.
    Host(Cow<'a, str>),
    /// A host (with or without a leading `www`, `web` or `ftp` label, as squidGuard reads its `urls` files) and every
    /// path that starts with these segments, whatever the case of its letters.
    UrlPrefix {
        /// The host without such a label.
        host: Cow<'a, str>,
        /// The segments; none stands for the whole host.
        path: RulePath,
    },
}

/// Why a line is not a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The host is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A single label such as `com`, which would stand for everything below it.
    #[error("a name without a dot would stand for everything below it")]
    SingleLabel,
    /// A `*`, a scheme, spaces or another sign that the line is of another kind of list.
    #[error("the line is not a host name")]
    NotAHost,
    /// The URL has a query, which rules do not look at.
    #[error("the URL has a query, which is not compared")]
    HasQuery,
    /// A part of URLs that is too short to say anything, or longer than any that lists have.
    #[error("the text has {0} bytes; from 3 to 255 can be looked for")]
    TextLength(usize),
    /// A control character in a part of URLs.
    #[error("the text holds a control character, and no web address does")]
    NotAText,
    /// An expression that is none, or one of a kind that takes more than linear time.
    #[error("the regular expression cannot be read")]
    NotARegex,
    /// An expression that is too long, or takes too much memory compiled.
    #[error("the regular expression is too large")]
    RegexSize,
    /// A range that is none.
    #[error("the line is not a range of addresses such as 192.0.2.0/24")]
    NotARange,
    /// A port that is none.
    #[error("the line is not a port from 1 to 65535 behind a name and a colon")]
    NotAPort,
    /// A rule of an ad blocker that says what a list of addresses cannot: of parts of pages, of redirects, of cookies.
    #[error("a rule of a kind that is not supported")]
    Unsupported,
    /// A rule that nearly everything would match.
    #[error("the rule would take in far too much")]
    TooBroad,
}

const FULL: &str = "full:";

impl<'a> Rule<'a> {
    /// A name and everything below it.
    pub fn domain(name: &'a str) -> Result<Self, RuleError> {
        host_of(name).map(Self::Domain)
    }

    /// A name alone.
    pub fn host(name: &'a str) -> Result<Self, RuleError> {
        host_of(name).map(Self::Host)
    }

    /// `host/path…` as squidGuard reads its `urls` files, a scheme tolerated. A port is dropped, as it is there.
    ///
    /// # Errors
    /// [`RuleError::HasQuery`] for a line with `?`: look-ups ignore queries, so that it could never match as meant.
    pub fn url_prefix(text: &'a str) -> Result<Self, RuleError> {
        let text = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
        let (host, path) = host_and_path(text)?;
        let host = match host {
            Cow::Borrowed(name) => Cow::Borrowed(without_service_label(name)),
            Cow::Owned(name) => Cow::Owned(without_service_label(&name).into()),
        };
        Ok(Self::UrlPrefix { host, path })
    }

    /// Reads the line that `Display` writes.
    pub fn from_normalised(line: &'a str) -> Result<Self, RuleError> {
        if let Some(name) = plain(line) {
            Ok(Self::Domain(Cow::Borrowed(name)))
        } else if let Some(name) = line.strip_prefix(FULL) {
            Self::host(name)
        } else if line.contains('/') {
            let (host, path) = host_and_path(line)?;
            Ok(Self::UrlPrefix { host, path })
        } else {
            Self::domain(line)
        }
    }

    /// The same rule, which owns its text.
    pub fn into_owned(self) -> Rule<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Domain(name) => Rule::Domain(owned(name)),
            Self::Host(name) => Rule::Host(owned(name)),
            Self::UrlPrefix { host, path } => Rule::UrlPrefix { host: owned(host), path },
        }
    }

    /// The host that the rule is about.
    pub fn host_name(&self) -> &str {
        match self {
            Self::Domain(host) | Self::Host(host) | Self::UrlPrefix { host, .. } => host,
        }
    }
}

fn host_and_path(text: &str) -> Result<(Cow<'_, str>, RulePath), RuleError> {
    if text.contains('?') {
        return Err(RuleError::HasQuery);
    }
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let host = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let path = path.split('#').next().unwrap_or_default();
    Ok((host_of(host)?, RulePath::fold(path.as_bytes())))
}

/// The name itself where it is canonical and has a dot, as nearly every line of every list is and has.
fn plain(name: &str) -> Option<&str> {
    plain_last_label(name.as_bytes()).filter(|start| *start > 0).map(|_| name)
}

fn host_of(name: &str) -> Result<Cow<'_, str>, RuleError> {
    if let Some(name) = plain(name) {
        return Ok(Cow::Borrowed(name));
    }
    if name.starts_with('[') || name.matches(':').count() > 1 {
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        let ip: core::net::Ipv6Addr = bare.parse().map_err(|_| RuleError::Host(HostError::BadIpv6))?;
        return Ok(Cow::Owned(Host::from(ip).as_str().into()));
    }
    let (host, ip) = canonical_name(name.as_bytes())?;
    if ip.is_none() && !host.contains('.') {
        return Err(RuleError::SingleLabel);
    }
    if host.bytes().any(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))) {
        return Err(RuleError::NotAHost);
    }
    Ok(host)
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(host) => f.write_str(host),
            Self::Host(host) => write!(f, "{FULL}{host}"),
            Self::UrlPrefix { host, path } => {
                let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
                write!(f, "{open}{host}{close}/{path}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn normalised_lines_read_back() {
        for line in [
            "example.org",
            "full:example.org",
            "example.org/",
            "example.org/a/b",
            "www.example.org/a",
            "10.1.2.3",
            "2a0e:bad::2",
            "[2a0e:bad::2]/x",
        ] {
            assert_eq!(Rule::from_normalised(line).map(|rule| rule.to_string()).as_deref(), Ok(line));
        }
    }

    #[test]
    fn lines_that_would_cut_off_too_much_are_refused() {
        assert_eq!(Rule::domain("."), Err(RuleError::Host(HostError::Empty)));
        assert_eq!(Rule::domain("com"), Err(RuleError::SingleLabel));
        assert_eq!(Rule::domain("*"), Err(RuleError::SingleLabel));
        assert_eq!(Rule::domain("*.example.org"), Err(RuleError::NotAHost));
        assert_eq!(Rule::url_prefix("example.org/x?id=1"), Err(RuleError::HasQuery));
        assert!(Rule::domain("example.org some words").is_err());
        assert!(Rule::domain("<html>").is_err());
    }
}
