//! What one line says, in each of the forms that lists come in.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use belisha_filter::adblock::NetworkRule;
use belisha_filter::{Pattern, Rule, RuleError};
use psl::Psl as _;

/// How the lines of a file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Syntax {
    /// A squidGuard `domains` file.
    SquidDomains,
    /// A squidGuard `urls` file.
    SquidUrls,
    /// A squidGuard `expressions` file.
    SquidExpressions,
    /// A file of expressions that squidGuard uses only where it is named, such as `very_restrictive_expression`: counted,
    /// never applied.
    OtherExpressions,
    /// Names, one a line.
    Domains,
    /// An address and the names that are to get it.
    Hosts,
    /// Rules of ad blockers.
    Adblock,
    /// One of the last three; the first lines tell.
    Undecided,
}

impl Syntax {
    /// Whether a line with this first byte is a comment.
    pub(super) fn is_comment(self, first: u8) -> bool {
        match self {
            Self::SquidDomains | Self::SquidUrls | Self::SquidExpressions | Self::OtherExpressions => first == b'#',
            Self::Domains | Self::Hosts | Self::Undecided => matches!(first, b'#' | b'!' | b';'),
            Self::Adblock => matches!(first, b'!' | b'['),
        }
    }

    /// The line without a comment behind its content.
    pub(super) fn without_comment(self, line: &[u8]) -> &[u8] {
        if !matches!(self, Self::Domains | Self::Hosts | Self::Undecided) {
            return line;
        }
        let starts = |pair: &[u8]| matches!(pair, [b' ' | b'\t', b'#']);
        let end = line.windows(2).position(starts).unwrap_or(line.len());
        line.get(..end).unwrap_or(line).trim_ascii_end()
    }
}

/// What a line of a plain list stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    Rule(Rule<'a>),
    Pattern(Pattern<'a>),
}

impl fmt::Display for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

impl<'a> Meaning<'a> {
    /// Reads a line of the form in which lists are kept.
    fn from_normalised(line: &'a str) -> Result<Self, RuleError> {
        Rule::from_normalised(line).map(Self::Rule).or_else(|_| Pattern::from_normalised(line).map(Self::Pattern))
    }
}

/// Why a line, or a name in it, is not a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Rule(RuleError),
    /// A line of another kind of list, named with its article.
    OtherKind(&'static str),
    PublicSuffix,
    Unstable,
    NotUtf8,
    Nul,
    TooLong(usize),
    NoAddress,
    NoName,
    /// The line answers for a name with something, and does not block it.
    Redirect,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(error) => error.fmt(f),
            Self::OtherKind(kind) => write!(f, "{kind}: this kind of list is not read yet"),
            Self::PublicSuffix => f.write_str("the name is a public suffix, and everything below it would be meant"),
            Self::Unstable => f.write_str("the line means something else once it is written in normal form"),
            Self::NotUtf8 => f.write_str("the line is not UTF-8"),
            Self::Nul => f.write_str("the line has a NUL byte"),
            Self::TooLong(limit) => write!(f, "the line has more than {limit} bytes"),
            Self::NoAddress => f.write_str("a hosts line starts with an address"),
            Self::NoName => f.write_str("no name follows the address"),
            Self::Redirect => f.write_str("the answer does not stand for “nowhere”: a redirect, not a block"),
        }
    }
}

impl From<RuleError> for Malformed {
    fn from(error: RuleError) -> Self {
        Self::Rule(error)
    }
}

/// A squidGuard domain: the name and everything below it. The leading dot that squid writes is tolerated.
pub(super) fn squid_domain(line: &str) -> Result<Rule<'_>, Malformed> {
    below(line).map_err(|why| told_apart(line, why))
}

/// A line of a plain list: `name`, `.name` and `domain:name` are the name and everything below it, `full:name` is
/// the name alone, `name/path` is a prefix of web addresses as in squidGuard's `urls`; `*` stands in names with wildcards,
/// `text:` and `port:` before what patterns of these kinds are made of, and ranges of addresses have their slash.
pub(super) fn plain(line: &str) -> Result<Meaning<'_>, Malformed> {
    let rule = match line.split_once(':') {
        Some(("full", name)) => Rule::host(name).map_err(Malformed::from),
        Some(("text", text)) => return Ok(Meaning::Pattern(Pattern::text(text)?)),
        Some(("port", text)) => return Ok(Meaning::Pattern(Pattern::port(text)?)),
        _ if is_network(line) => return Ok(Meaning::Pattern(Pattern::network(line)?)),
        // Adblock rules have slashes and stars, too.
        _ if line.contains('/') => other_kind(line)
            .map_or_else(|| Rule::url_prefix(line).map_err(Malformed::from), |kind| Err(Malformed::OtherKind(kind))),
        _ => match line.strip_prefix("*.") {
            // As in hosts files, makers of lists mean the site: the name itself, too.
            Some(name) if !name.contains('*') => below(name),
            _ if line.contains('*') && other_kind(line).is_none() => return wildcard(line).map(Meaning::Pattern),
            _ => below(line.strip_prefix("domain:").unwrap_or(line)),
        },
    };
    rule.map(Meaning::Rule).map_err(|why| told_apart(line, why))
}

/// Names with wildcards; not those that leave open nearly all of a country.
fn wildcard(line: &str) -> Result<Pattern<'_>, Malformed> {
    /// Letters of a label that say enough by themselves.
    const ENOUGH: usize = 4;
    let pattern = Pattern::wildcard(line)?;
    let (forms, name) = line.rsplit_once('*').unwrap_or(("", line));
    let name = name.split_once('.').map_or("", |(_, name)| name);
    let says_enough = |label: &str| label.bytes().filter(|byte| *byte != b'*').count() >= ENOUGH;
    let is_narrow = forms.split('.').any(says_enough);
    if cuts_off_a_country(name) && !is_narrow { Err(Malformed::PublicSuffix) } else { Ok(pattern) }
}

/// A squidGuard expression.
pub(super) fn expression(line: &str) -> Result<Pattern<'_>, RuleError> {
    Pattern::regex(line)
}

/// A name of a hosts file. It is exact there, yet its makers mean the site: name and everything below it.
pub(super) fn hosts_name(name: &str) -> Result<Rule<'_>, Malformed> {
    below(name)
}

fn below(name: &str) -> Result<Rule<'_>, Malformed> {
    let rule = Rule::domain(name.strip_prefix('.').unwrap_or(name))?;
    if cuts_off_a_country(rule.host_name()) { Err(Malformed::PublicSuffix) } else { Ok(rule) }
}

/// Whether a rule on this name would cut off a country: a public suffix of the United Kingdom, or one such as
/// `com.au` that says nothing of the names below it. Other suffixes (`gouv.fr`, `github.io`) are entries of good
/// lists, and meant.
fn cuts_off_a_country(name: &str) -> bool {
    const GENERIC: [&str; 4] = ["co.", "com.", "net.", "org."];
    // Almost every name is done with here: looking up a suffix costs as much as the rest of a line.
    if !name.as_bytes().ends_with(b".uk") && !GENERIC.iter().any(|label| name.starts_with(label)) {
        return false;
    }
    // `sch.uk` is none itself, and every name below it is.
    is_public_suffix(name) || is_public_suffix(&format!("any.{name}"))
}

fn is_public_suffix(name: &str) -> bool {
    let suffix = psl::List.suffix(name.as_bytes());
    suffix.is_some_and(|suffix| suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes().len() == name.len())
}

/// The address and the names of a hosts line.
pub(super) fn hosts(line: &str) -> Option<(IpAddr, impl Iterator<Item = &str>)> {
    let mut words = line.split_ascii_whitespace();
    let address = words.next()?.split('%').next()?.parse().ok()?;
    Some((address, words))
}

/// Whether an address stands for “nowhere”, as block lists use it.
pub(super) fn is_nowhere(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_loopback()
}

/// Names that every hosts file has for the machine itself.
pub(super) fn is_local_name(name: &str) -> bool {
    const NAMES: [&str; 5] = ["localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0"];
    NAMES.iter().any(|local| name.eq_ignore_ascii_case(local))
        || name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("ip6-"))
}

/// The reason, or what kind of list the line is from where that is plain to see.
fn told_apart(line: &str, why: Malformed) -> Malformed {
    other_kind(line).map_or(why, Malformed::OtherKind)
}

fn other_kind(line: &str) -> Option<&'static str> {
    const ADBLOCK_STARTS: [&str; 3] = ["||", "@@", "|http"];
    const ADBLOCK_SIGNS: [&str; 5] = ["##", "#@#", "#?#", "#$#", "$domain="];
    const OTHERS: [(&str, &str); 11] = [
        ("ipset=/", "a dnsmasq line"),
        ("local-data:", "an unbound line"),
        ("zone \"", "a BIND line"),
        ("$TTL", "a zone file's line"),
        ("@ ", "a zone file's line"),
        ("regexp:", "a regular expression"),
        ("/", "a regular expression"),
        ("keyword:", "a keyword"),
        ("include:", "an include line"),
        ("hxxp", "a defused web address"),
        ("<", "markup"),
    ];
    if ADBLOCK_STARTS.iter().any(|start| line.starts_with(start))
        || ADBLOCK_SIGNS.iter().any(|sign| line.contains(sign))
        || line.ends_with('^')
    {
        return Some(ADBLOCK);
    }
    if let Some((_, kind)) = OTHERS.iter().find(|(start, _)| line.starts_with(start)) {
        return Some(kind);
    }
    let mut words = line.split_ascii_whitespace();
    let first: Option<IpAddr> = words.next().and_then(|word| word.parse().ok());
    let second = words.next();
    match (first, second) {
        (Some(_), Some(_)) => Some("a line of a hosts file"),
        (None, Some("CNAME" | "IN" | "A" | "AAAA" | "SOA" | "NS")) => Some("a zone file's line"),
        _ => None,
    }
}

fn is_network(line: &str) -> bool {
    line.split_once('/').is_some_and(|(address, bits)| address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok())
}

/// A rule of an ad blocker.
pub(super) fn adblock(line: &str) -> Result<Meaning<'_>, RuleError> {
    NetworkRule::parse(line).map(|rule| Meaning::Pattern(Pattern::Adblock(rule)))
}

/// Whether a line looks like one of a list for ad blockers: its first, a rule, or what such lists say of pages.
pub(super) fn looks_like_adblock(line: &[u8]) -> bool {
    line.starts_with(b"[Adblock") || std::str::from_utf8(line).is_ok_and(|line| other_kind(line) == Some(ADBLOCK))
}

const ADBLOCK: &str = "an adblock rule";

/// Whether a line looks like one of a hosts file.
pub(super) fn looks_like_hosts(line: &[u8]) -> bool {
    let line = Syntax::Hosts.without_comment(line);
    std::str::from_utf8(line).ok().and_then(hosts).is_some_and(|(_, mut names)| names.next().is_some())
}

/// The rule's line, where it is in normal form already and is sure to read back as itself.
pub(super) fn plainly_written<'a>(rule: &'a Meaning<'_>) -> Option<&'a str> {
    match rule {
        Meaning::Rule(Rule::Domain(name @ Cow::Borrowed(_))) => Some(name),
        _ => None,
    }
}

/// Writes a rule's line into `line`, and checks that it reads back as the same rule: the ruleset is compiled from
/// what is written here. Paths with deeply nested percent signs do not, nor does what is left of `www.com`.
pub(super) fn write(rule: &Meaning<'_>, line: &mut String) -> Result<(), Malformed> {
    use std::fmt::Write as _;
    line.clear();
    // Writing to a string does not fail.
    let _ = write!(line, "{rule}");
    match Meaning::from_normalised(line) {
        Ok(again) if again == *rule => Ok(()),
        _ => Err(Malformed::Unstable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rule: Result<Meaning<'_>, Malformed>) -> Result<String, Malformed> {
        let mut line = String::new();
        rule.and_then(|rule| write(&rule, &mut line))?;
        Ok(line)
    }

    #[test]
    fn plain_lines_in_the_spellings_that_lists_use() {
        for (line, expected) in [
            ("example.org", "example.org"),
            (".example.org", "example.org"),
            ("EXAMPLE.org.", "example.org"),
            ("domain:example.org", "example.org"),
            ("full:Example.org", "full:example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("10.1.2.3", "10.1.2.3"),
            ("github.io", "github.io"),
            ("gouv.fr", "gouv.fr"),
            ("com.example", "com.example"),
            ("example.co.uk", "example.co.uk"),
            ("example.uk", "example.uk"),
            ("www.example.org/Arcade/", "example.org/arcade"),
            ("https://example.org/x", "example.org/x"),
            ("https://example.org", "example.org/"),
            ("*.Example.org", "example.org"),
            ("*.a.*.example.org", "*.a.*.example.org"),
            ("ads*.example.org", "ads*.example.org"),
            ("poker*.co.uk", "poker*.co.uk"),
            ("10.1.2.3/8", "ip:10.0.0.0/8"),
            ("2a0e:bad::/48", "ip:2a0e:bad::/48"),
            ("text:Big-Win", "text:big-win"),
            ("port:example.org:8443", "port:example.org:8443"),
        ] {
            assert_eq!(written(plain(line)).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn names_that_would_cut_off_a_country_are_refused() {
        for line in ["co.uk", ".co.uk", "gov.uk", "sch.uk", "county.sch.uk", "CO.UK.", "com.au", "domain:ac.uk"] {
            assert_eq!(written(plain(line)), Err(Malformed::PublicSuffix), "{line}");
            if !line.contains(':') {
                assert_eq!(written(squid_domain(line).map(Meaning::Rule)), Err(Malformed::PublicSuffix), "{line}");
            }
        }
        assert_eq!(written(plain("full:co.uk")).as_deref(), Ok("full:co.uk"));
    }

    #[test]
    fn lines_of_other_kinds_are_named() {
        for (line, expected) in [
            ("||example.org/x^", "an adblock rule"),
            ("example.org##.banner", "an adblock rule"),
            ("@@||example.org^", "an adblock rule"),
            ("ipset=/example.org/vpn", "a dnsmasq line"),
            ("local-data: \"example.org A 0.0.0.0\"", "an unbound line"),
            ("example.org CNAME .", "a zone file's line"),
            ("0.0.0.0 example.org", "a line of a hosts file"),
            ("/^ads\\./", "a regular expression"),
        ] {
            assert_eq!(written(plain(line)), Err(Malformed::OtherKind(expected)), "{line}");
        }
        for line in ["*.co.uk", "ab*.co.uk", "*.sch.uk", "*.*.co.uk"] {
            assert_eq!(written(plain(line)), Err(Malformed::PublicSuffix), "{line}");
        }
        assert_eq!(written(plain("*.com")), Err(Malformed::Rule(RuleError::SingleLabel)));
        for line in ["0.0.0.0/0", "*", "*.*.com"] {
            assert_eq!(written(plain(line)), Err(Malformed::Rule(RuleError::TooBroad)), "{line}");
        }
        assert_eq!(written(plain("com")), Err(Malformed::Rule(RuleError::SingleLabel)));
        assert!(matches!(written(squid_domain(".").map(Meaning::Rule)), Err(Malformed::Rule(_))));
    }

    #[test]
    fn what_is_escaped_many_times_reads_back() {
        for (line, expected) in
            [("example.org/%2525252525252541", "example.org/a"), ("example.org/a%20b", "example.org/a%20b")]
        {
            let rule = Rule::url_prefix(line).unwrap();
            assert_eq!(written(Ok(Meaning::Rule(rule))).as_deref(), Ok(expected));
        }
    }
}
