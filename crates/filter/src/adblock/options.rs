//! What stands behind the dollar sign.

use super::kind::{Kinds, RequestKind};
use crate::rule::RuleError;

/// Whose page asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Party {
    Any = 0,
    /// A page of another site.
    Third = 1,
    /// A page of the same site.
    First = 2,
}

impl Party {
    pub(super) fn of(byte: u8) -> Option<Self> {
        [Self::Any, Self::Third, Self::First].into_iter().find(|party| *party as u8 == byte)
    }
}

/// The options of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options<'a> {
    pub(super) kinds: Kinds,
    /// Whether kinds are named: then a request of which the kind is not known is not held.
    pub(super) names_kinds: bool,
    pub(super) party: Party,
    pub(super) is_important: bool,
    pub(super) minds_case: bool,
    /// The sites whose pages are meant, parted by `|`, those that are not meant behind `~`; empty where any is.
    pub(super) domains: &'a str,
}

impl<'a> Options<'a> {
    pub(super) const NONE: Self = Self {
        kinds: Kinds::OF_PAGES,
        names_kinds: false,
        party: Party::Any,
        is_important: false,
        minds_case: false,
        domains: "",
    };

    /// Reads options.
    ///
    /// # Errors
    /// [`RuleError::Unsupported`] with the first that is not supported: half of a rule is another rule.
    pub(super) fn read(text: &'a str) -> Result<Self, RuleError> {
        let mut options = Self::NONE;
        let (mut named, mut denied) = (Kinds::NONE, Kinds::NONE);
        for option in text.split(',') {
            let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let (name, is_negated) = name.strip_prefix('~').map_or((name, false), |name| (name, true));
            match (name, value, is_negated) {
                ("third-party" | "3p", None, false) | ("first-party" | "1p", None, true) => {
                    options.party = Party::Third;
                }
                ("third-party" | "3p", None, true) | ("first-party" | "1p", None, false) => {
                    options.party = Party::First;
                }
                // What is sent in its place is not for us; that it is kept back is.
                ("redirect", Some(_), false) => {}
                ("important", None, false) => options.is_important = true,
                ("match-case", None, false) => options.minds_case = true,
                ("all", None, false) => (named, options.names_kinds) = (Kinds::ALL, true),
                ("domain" | "from", Some(domains), false) => options.domains = domains_of(domains)?,
                (kind, None, _) => match RequestKind::of_option(kind) {
                    Some(kind) if is_negated => denied = denied.with(kind),
                    Some(kind) => named = named.with(kind),
                    None => return Err(RuleError::Unsupported),
                },
                _ => return Err(RuleError::Unsupported),
            }
        }
        options.names_kinds = named != Kinds::NONE || denied != Kinds::NONE;
        options.kinds = if named == Kinds::NONE { Kinds::OF_PAGES } else { named };
        options.kinds.0 &= !denied.0;
        Ok(options)
    }

    /// Whether a page's host is one of those that are meant. Without a page a rule that names some holds nothing.
    pub(super) fn means(domains: &[u8], source: Option<&[u8]>) -> bool {
        let (mut names_some, mut is_one) = (false, false);
        for domain in domains.split(|byte| *byte == b'|').filter(|domain| !domain.is_empty()) {
            let (name, is_meant) = domain.strip_prefix(b"~").map_or((domain, true), |name| (name, false));
            let is_of = source.is_some_and(|source| is_below(source, name));
            match is_meant {
                false if is_of => return false,
                false => {}
                true => (names_some, is_one) = (true, is_one || is_of),
            }
        }
        is_one || !names_some
    }
}

/// Names alone: entities (`example.*`) and expressions are not supported.
fn domains_of(domains: &str) -> Result<&str, RuleError> {
    let is_name = |name: &str| {
        let name = name.strip_prefix('~').unwrap_or(name);
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !name.is_empty() && name.bytes().all(is_letter)
    };
    if domains.split('|').all(is_name) { Ok(domains) } else { Err(RuleError::Unsupported) }
}

fn is_below(host: &[u8], name: &[u8]) -> bool {
    host.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_whole_or_not_at_all() {
        let read = Options::read("script,~third-party,domain=a.example|~b.a.example,important").unwrap();
        assert_eq!((read.party, read.is_important, read.names_kinds), (Party::First, true, true));
        assert!(read.kinds.has(RequestKind::Script) && !read.kinds.has(RequestKind::Image));
        let read = Options::read("~image").unwrap();
        assert!(!read.kinds.has(RequestKind::Image) && read.kinds.has(RequestKind::Xhr));
        assert!(!read.kinds.has(RequestKind::Document));
        assert!(Options::read("all").unwrap().kinds.has(RequestKind::Document));
        for text in
            ["redirect-rule=noop.js", "script,csp=x", "popup", "domain=a.*", "domain=", "", "removeparam", "badfilter"]
        {
            assert_eq!(Options::read(text), Err(RuleError::Unsupported), "{text}");
        }
    }

    #[test]
    fn pages_are_meant_by_name_and_below() {
        for (domains, source, expected) in [
            ("", None, true),
            ("", Some("a.example"), true),
            ("a.example", None, false),
            ("a.example", Some("x.a.example"), true),
            ("a.example", Some("xa.example"), false),
            ("a.example|~b.a.example", Some("c.b.a.example"), false),
            ("~a.example", Some("b.example"), true),
            ("~a.example", None, true),
            ("~a.example", Some("a.example"), false),
        ] {
            assert_eq!(Options::means(domains.as_bytes(), source.map(str::as_bytes)), expected, "{domains} {source:?}");
        }
    }
}
