//! One network rule.

use alloc::borrow::Cow;
use alloc::string::String;
#[cfg(feature = "compile")]
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::kind::Kinds;
use super::options::{Options, Party};
use super::request::{Known, Text};
use super::shape::{Anchors, matches_at, whole_name};
use crate::layout::u16_at;
use crate::rule::RuleError;

/// A network rule in the syntax of ad blockers, such as `||ads.example/banner^$image,third-party`.
///
/// Supported are anchors (`||`, `|`), `*`, `^`, exceptions (`@@`), regular expressions between slashes, and the options
/// `third-party` and `first-party` (`3p`, `1p`), `domain=` (`from=`), kinds of requests, `document`, `all`, `important`,
/// `match-case`, and `redirect=` as far as it keeps back. A rule with anything else is refused whole: half of a rule is another rule.
///
/// Letters are compared without regard to case unless it says `match-case`. `Display` writes the rule, in lower case where
/// case does not matter.
///
/// ```
/// use belisha_filter::adblock::NetworkRule;
/// let rule = NetworkRule::parse("||Ads.example/banner^$image,third-party")?;
/// assert_eq!(rule.to_string(), "||ads.example/banner^$image,third-party");
/// assert!(NetworkRule::parse("example.org##.banner").is_err());
/// # Ok::<(), belisha_filter::RuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkRule<'a>(Cow<'a, str>);

/// Longest rule in bytes: places in it are 16 bits wide.
const MAX_RULE: usize = 60_000;

/// What a rule says, read from its text.
#[cfg_attr(not(feature = "compile"), expect(dead_code, reason = "a rule that is not compiled is only seen to be one"))]
#[expect(clippy::struct_excessive_bools, reason = "a rule has so many options that are there or not")]
struct Parts {
    anchors: Anchors,
    is_exception: bool,
    is_regex: bool,
    /// Where in the text the pattern stands, and the domains.
    pattern: Range<usize>,
    domains: Range<usize>,
    kinds: Kinds,
    names_kinds: bool,
    party: Party,
    is_important: bool,
    minds_case: bool,
}

impl<'a> NetworkRule<'a> {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`RuleError::Unsupported`] for cosmetic rules and options that are not supported, [`RuleError::TooBroad`] for a rule
    /// without a pattern and without pages that it is for, and those of expressions.
    pub fn parse(line: &'a str) -> Result<Self, RuleError> {
        if line.len() > MAX_RULE {
            return Err(RuleError::RegexSize);
        }
        let parts = parts(line)?;
        if parts.is_regex {
            crate::patterns::regex::check(line.get(parts.pattern.clone()).unwrap_or_default())?;
        }
        let text = if parts.minds_case || !line.bytes().any(|byte| byte.is_ascii_uppercase()) || parts.is_regex {
            Cow::Borrowed(line)
        } else {
            let mut lower = String::from(line);
            lower.make_ascii_lowercase();
            Cow::Owned(lower)
        };
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the rule says, for those who compile it. It was read before, and reads again.
    #[cfg(feature = "compile")]
    pub(crate) fn anatomy(&self) -> Option<Anatomy<'_>> {
        Some(Anatomy { text: &self.0, parts: parts(&self.0).ok()? })
    }

    pub(crate) fn into_owned(self) -> NetworkRule<'static> {
        NetworkRule(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for NetworkRule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule taken apart.
#[cfg(feature = "compile")]
pub(crate) struct Anatomy<'r> {
    text: &'r str,
    parts: Parts,
}

#[cfg(feature = "compile")]
impl<'r> Anatomy<'r> {
    fn pattern(&self) -> &'r str {
        self.text.get(self.parts.pattern.clone()).unwrap_or_default()
    }

    /// The name that all hosts are or are below of which the rule holds.
    pub(crate) fn whole_name(&self) -> Option<&'r str> {
        let name =
            whole_name(self.pattern().as_bytes()).filter(|_| self.parts.anchors.at_label && !self.parts.is_regex)?;
        core::str::from_utf8(name).ok()
    }

    /// Whether it says nothing of the URL but the host.
    pub(crate) fn is_about_whole_host(&self) -> bool {
        self.whole_name().is_some_and(|name| self.pattern().strip_suffix('^') == Some(name))
    }

    /// The parts of its pattern that stand in every URL that it holds, each with how far behind the beginning of the pattern
    /// it stands where no `*` is in front of it.
    pub(crate) fn fixed_parts(&self) -> Vec<(String, Option<usize>)> {
        let pattern = self.pattern();
        let first = super::shape::first_part(pattern.as_bytes()).len();
        let mut found = Vec::new();
        let mut at = 0;
        for part in pattern.split_inclusive(['*', '^']) {
            let fixed = part.trim_end_matches(['*', '^']).to_ascii_lowercase();
            found.push((fixed, (at < first).then_some(at)));
            at += part.len();
        }
        found
    }

    /// The names of the pages, or above them, that it is for; empty where it is for any but some.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &'r str> {
        let domains = self.text.get(self.parts.domains.clone()).unwrap_or_default();
        domains.split('|').filter(|domain| !domain.is_empty() && !domain.starts_with('~'))
    }

    /// The expression, where it is one.
    pub(crate) fn expression(&self) -> Option<&'r str> {
        self.parts.is_regex.then(|| self.pattern())
    }

    /// The rule as a file holds it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let parts = &self.parts;
        let bits = [
            parts.is_exception,
            parts.is_important,
            parts.minds_case,
            parts.anchors.at_label,
            parts.anchors.at_start,
            parts.anchors.at_end,
            parts.is_regex,
            parts.names_kinds,
        ];
        let flags = bits.iter().enumerate().fold(0_u8, |flags, (at, bit)| flags | u8::from(*bit) << at);
        let mut out = Vec::from([flags, parts.party as u8]);
        let places = [parts.pattern.start, parts.pattern.end, parts.domains.start, parts.domains.end];
        // A rule is shorter than 16 bits can say.
        let places = places.map(|place| u16::try_from(place).unwrap_or(u16::MAX));
        out.extend([parts.kinds.0].iter().chain(&places).flat_map(|number| number.to_le_bytes()));
        out.extend(self.text.bytes());
        out
    }
}

fn parts(line: &str) -> Result<Parts, RuleError> {
    const COSMETIC: [&str; 6] = ["##", "#@#", "#?#", "#$#", "#%#", "#@?#"];
    if line.starts_with('!') || line.is_empty() || COSMETIC.iter().any(|sign| line.contains(sign)) {
        return Err(RuleError::Unsupported);
    }
    if line.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
        return Err(RuleError::NotAText);
    }
    let is_exception = line.starts_with("@@");
    let start = if is_exception { 2 } else { 0 };
    let body = line.get(start..).unwrap_or_default();
    let end = options_at(body);
    let options = match end {
        Some(at) => Options::read(body.get(at + 1..).unwrap_or_default())?,
        None => Options::NONE,
    };
    let pattern = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
    let domains = if options.domains.is_empty() {
        0..0
    } else {
        // It is a part of the line: how far in it stands.
        let at = line.rfind(options.domains).unwrap_or(0);
        at..at + options.domains.len()
    };
    let mut parts = Parts {
        anchors: Anchors::default(),
        is_exception,
        is_regex: false,
        pattern: start..start + pattern.len(),
        domains,
        kinds: options.kinds,
        names_kinds: options.names_kinds,
        party: options.party,
        is_important: options.is_important,
        minds_case: options.minds_case,
    };
    if let Some(expression) = pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
        && !expression.is_empty()
    {
        if options.minds_case {
            return Err(RuleError::Unsupported);
        }
        (parts.is_regex, parts.pattern) = (true, start + 1..start + 1 + expression.len());
        return Ok(parts);
    }
    trim(pattern, start, &mut parts);
    if parts.pattern.is_empty() && parts.domains.is_empty() {
        return Err(RuleError::TooBroad);
    }
    Ok(parts)
}

/// Takes anchors from a pattern, and stars that say nothing.
fn trim(pattern: &str, start: usize, parts: &mut Parts) {
    let mut rest = pattern;
    if let Some(behind) = rest.strip_prefix("||") {
        (rest, parts.anchors.at_label) = (behind, true);
    } else if let Some(behind) = rest.strip_prefix('|') {
        (rest, parts.anchors.at_start) = (behind, true);
    }
    if let Some(before) = rest.strip_suffix('|') {
        (rest, parts.anchors.at_end) = (before, true);
    }
    let front = rest.trim_start_matches('*');
    if front.len() < rest.len() {
        (parts.anchors.at_label, parts.anchors.at_start) = (false, false);
    }
    let trimmed = front.trim_end_matches('*');
    if trimmed.len() < front.len() {
        parts.anchors.at_end = false;
    }
    let skipped = pattern.len() - pattern.trim_start_matches('|').len();
    let begin = start + skipped.min(2) + (rest.len() - front.len());
    parts.pattern = begin..begin + trimmed.len();
}

/// Where the dollar sign stands that options follow.
fn options_at(body: &str) -> Option<usize> {
    if body.len() > 1 && body.starts_with('/') && body.ends_with('/') {
        return None;
    }
    let at = body.rfind('$')?;
    let options = body.get(at + 1..)?;
    let first = options.bytes().next()?;
    let looks_so = first.is_ascii_alphabetic() || first == b'~' || first.is_ascii_digit();
    looks_so.then_some(at)
}

/// Bytes of a rule in a file before its text.
const HEAD: usize = 12;

/// A rule as a file holds it.
#[derive(Clone, Copy)]
pub(crate) struct Compact<'a> {
    flags: u8,
    party: Party,
    kinds: Kinds,
    pattern: &'a [u8],
    domains: &'a [u8],
    pub(crate) text: &'a [u8],
}

impl<'a> Compact<'a> {
    pub(crate) fn read(item: &'a [u8]) -> Option<Self> {
        let text = item.get(HEAD..)?;
        let place = |at: usize| u16_at(item, at).map(usize::from);
        Some(Self {
            flags: *item.first()?,
            party: Party::of(*item.get(1)?)?,
            kinds: Kinds(u16_at(item, 2)?),
            pattern: text.get(place(4)?..place(6)?)?,
            domains: text.get(place(8)?..place(10)?)?,
            text,
        })
    }

    fn has(self, bit: u8) -> bool {
        self.flags >> bit & 1 != 0
    }

    pub(crate) fn is_exception(self) -> bool {
        self.has(0)
    }

    pub(crate) fn is_regex(self) -> bool {
        self.has(6)
    }

    pub(crate) fn is_important(self) -> bool {
        self.has(1)
    }

    /// Whether it holds a request. `begins` is where its pattern would begin, where that is known; `found` says whether an
    /// expression is found in a text.
    pub(crate) fn holds(self, request: &Text<'_>, begins: Option<usize>, found: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let known = request.known();
        let is_of_page = || Options::means(self.domains, known.source());
        // What costs least first: pages may be a hundred, and an expression costs more than they.
        self.is_for(known)
            && if self.is_regex() {
                is_of_page() && found(self.pattern, request.lower())
            } else {
                self.matches(request, begins) && is_of_page()
            }
    }

    /// The name of which it holds every host and every host below, whatever they are asked for, where there is one.
    pub(crate) fn whole_host(self) -> Option<&'a [u8]> {
        let nothing = Known::default();
        let name = self.pattern.strip_suffix(b"^").filter(|name| whole_name(self.pattern) == Some(name))?;
        let is_whole = self.has(3) && !self.has(5) && !self.is_regex();
        (is_whole && self.is_for(&nothing) && Options::means(self.domains, nothing.source())).then_some(name)
    }

    fn is_for(self, known: &Known<'_>) -> bool {
        let names_kinds = self.has(7);
        let is_kind = match known.kind {
            Some(kind) => self.kinds.has(kind),
            None => !names_kinds,
        };
        is_kind
            && match (self.party, known.is_third_party()) {
                (Party::Any, _) => true,
                (Party::Third, is_third) => is_third == Some(true),
                (Party::First, is_third) => is_third == Some(false),
            }
    }

    fn matches(self, request: &Text<'_>, begins: Option<usize>) -> bool {
        let text = request.lower();
        let exact;
        let text = if self.has(2) {
            exact = request.exact();
            exact.as_bytes()
        } else {
            text
        };
        let (pattern, at_end) = (self.pattern, self.has(5));
        let at = |start: usize| matches_at(pattern, text, start, at_end);
        if self.has(3) {
            let host = request.host();
            if let Some(start) = begins {
                return host.contains(&start) && is_label(text, start, &host) && at(start);
            }
            if let Some(name) = whole_name(self.pattern) {
                return host
                    .end
                    .checked_sub(name.len())
                    .is_some_and(|start| host.start <= start && is_label(text, start, &host) && at(start));
            }
            return (host.start..host.end).any(|start| is_label(text, start, &host) && at(start));
        }
        match begins {
            _ if self.has(4) => begins.is_none_or(|start| start == 0) && at(0),
            Some(start) => at(start),
            None => match self.pattern.first() {
                // A letter that stands for itself: looking for it is quicker than trying each place.
                Some(first) if !matches!(first, b'*' | b'^') => {
                    let starts = text.iter().enumerate().filter(|(_, byte)| *byte == first);
                    starts.map(|(start, _)| start).any(at)
                }
                _ => (0..=text.len()).any(at),
            },
        }
    }
}

/// Whether a label of the host begins there.
fn is_label(text: &[u8], start: usize, host: &Range<usize>) -> bool {
    start == host.start || start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'.')
}
