//! Rules that are not about one name, as they lie in a file and are looked up.
//!
//! Those that have a name all their hosts are below of are kept by it, and asked when the name was found. Others are
//! found by four of their letters that stand together in the text; ranges of addresses by each length of a prefix.

mod grams;
mod networks;
pub(crate) mod regex;
mod text;
mod wildcard;

use alloc::sync::Arc;
use core::ops::Range;

#[cfg(feature = "compile")]
pub(crate) use self::grams::{ANYWHERE, BUCKET, GRAM, MOST_BITS, bit_of};
use self::grams::{Candidate, Grams};
#[cfg(feature = "compile")]
pub(crate) use self::networks::key as network_key;
pub(crate) use self::networks::{ENTRY as NETWORK, Networks};
use self::regex::Regexes;
pub(crate) use self::text::UrlText;
#[cfg(feature = "compile")]
pub(crate) use self::wildcard::name_above;
use crate::adblock::{self, Compact, Request};
use crate::host::Host;
use crate::layout::{Items, u16_at, u32_at, u64_at};

/// Kinds of patterns as they stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum PatternKind {
    Text = b't',
    Regex = b'r',
    /// Two bytes of the port, then the name.
    Port = b'p',
    Wildcard = b'w',
    /// A network rule of an ad blocker, as [`Compact`] reads it.
    Adblock = b'a',
}

impl PatternKind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Text, Self::Regex, Self::Port, Self::Wildcard, Self::Adblock]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Bytes of an entry before its text: the number of a set, the kind.
pub(crate) const HEAD: usize = 5;
/// Bytes of an entry of the index by name: the hash of a name, the number of a pattern.
pub(crate) const BOUND: usize = 12;

/// A pattern as it lies in a file.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub(crate) set: u32,
    pub(crate) kind: PatternKind,
    pub(crate) text: &'a [u8],
    /// The port, of that kind.
    pub(crate) port: u16,
    /// The rule, of that kind.
    pub(crate) adblock: Option<Compact<'a>>,
}

impl Kept<'_> {
    fn is_expression(&self) -> bool {
        self.kind == PatternKind::Regex || self.adblock.is_some_and(Compact::is_regex)
    }
}

/// A pattern that holds what was asked.
pub(crate) struct Held {
    pub(crate) number: u32,
    pub(crate) set: u32,
    /// Whether it takes back what other rules of its lists say.
    pub(crate) is_exception: bool,
}

/// What is looked up.
pub(crate) struct Asked<'a> {
    host: &'a Host,
    /// The port, where it is known.
    port: Option<u16>,
    /// The text of the URL, or of the host where that alone is known. Of that only rules of ad blockers have no need.
    text: Option<UrlText>,
    /// Whether it is that of a URL.
    is_whole: bool,
    /// The request, for rules of ad blockers; nothing where the host alone is known, or where there are no such rules.
    request: Option<adblock::Text<'a>>,
}

impl Asked<'_> {
    fn text(&self) -> &[u8] {
        self.text.as_ref().map_or(&[], UrlText::as_bytes)
    }
}

/// The patterns of an open file: where they lie, and the expressions that were compiled.
#[derive(Clone)]
pub(crate) struct Patterns {
    items: Range<usize>,
    grams: Range<usize>,
    bound: Range<usize>,
    adblock: Range<usize>,
    pages: Range<usize>,
    /// How many there are; they come first.
    expressions: usize,
    regexes: Arc<Regexes>,
}

impl Patterns {
    /// The patterns of the sections of a file; nothing where the sections do not agree, or where there are expressions and
    /// this crate was built without them.
    pub(crate) fn open(all: &[u8], [items, grams, bound, adblock, pages]: [Range<usize>; 5]) -> Option<Self> {
        let held = Items::new(all.get(items.clone())?)?;
        for index in [&grams, &adblock, &pages].into_iter().filter(|index| !index.is_empty()) {
            Grams::new(all.get(index.clone())?)?;
        }
        bound.len().is_multiple_of(BOUND).then_some(())?;
        // They stand in front, so that not every pattern has to be looked at.
        let expressions = expressions_in_front(held)?;
        if expressions > 0 && !cfg!(feature = "regex") {
            return None;
        }
        let regexes = Arc::new(Regexes::new(expressions));
        Some(Self { items, grams, bound, adblock, pages, expressions, regexes })
    }

    /// Whether every pattern can be read, and expressions stand where they are looked for.
    pub(crate) fn are_sound(&self, all: &[u8]) -> bool {
        let Some(items) = all.get(self.items.clone()).and_then(Items::new) else { return false };
        (0..items.len()).all(|at| {
            let kept = items.get(at).and_then(kept);
            kept.is_some_and(|kept| kept.is_expression() == (at < self.expressions))
        })
    }

    /// A pattern by its number.
    pub(crate) fn get<'a>(&self, all: &'a [u8], at: u32) -> Option<Kept<'a>> {
        kept(Items::new(all.get(self.items.clone())?)?.get(at as usize)?)
    }

    /// What is asked of them: a host, its port where it is known, and the request where it is.
    pub(crate) fn asked<'a>(&self, host: &'a Host, port: Option<u16>, request: Option<&Request<'a>>) -> Asked<'a> {
        let text = || request.map_or_else(|| UrlText::of_host(host), |request| UrlText::of(request.target()));
        Asked {
            host,
            port,
            text: (!self.grams.is_empty()).then(text),
            is_whole: request.is_some(),
            request: request.filter(|_| !self.adblock.is_empty()).map(|request| adblock::Text::of(*request)),
        }
    }

    /// Calls `each` with each pattern that holds what is asked and is kept by no name; with one more than once, it may be.
    pub(crate) fn anywhere(&self, all: &[u8], asked: &Asked<'_>, mut each: impl FnMut(Held)) {
        let mut search = |index: &Range<usize>, text: &[u8]| {
            let Some(grams) = all.get(index.clone()).and_then(Grams::new) else { return };
            grams.candidates(text, |candidate| self.offer(all, candidate, asked, &mut each));
        };
        search(&self.grams, asked.text());
        if let Some(request) = &asked.request {
            search(&self.adblock, request.lower());
        }
    }

    /// Calls `each` with each pattern that holds what is asked and is kept by a name of this hash.
    pub(crate) fn of_name(&self, all: &[u8], hash: u64, asked: &Asked<'_>, mut each: impl FnMut(Held)) {
        let entries = all.get(self.bound.clone()).unwrap_or_default().as_chunks::<BOUND>().0;
        let of = |entry: &[u8; BOUND]| u64_at(entry, 0).unwrap_or(0);
        let first = entries.partition_point(|entry| of(entry) < hash);
        for entry in entries.iter().skip(first).take_while(|entry| of(entry) == hash) {
            let pattern = u32_at(entry, 8).unwrap_or(0);
            self.offer(all, Candidate { pattern, begins: None }, asked, &mut each);
        }
    }

    /// Calls `each` with each pattern that holds what is asked and is kept by the page that asks, or by a name above it.
    pub(crate) fn of_page(
        &self,
        all: &[u8],
        asked: &Asked<'_>,
        hash: impl Fn(&[u8]) -> u64,
        mut each: impl FnMut(Held),
    ) {
        let index = all.get(self.pages.clone()).filter(|index| !index.is_empty()).and_then(Grams::new);
        let Some((index, page)) = index.zip(asked.request.as_ref().and_then(adblock::Text::page)) else { return };
        let mut name = Some(page);
        while let Some(whole) = name {
            index.of_key(page_key(hash(whole)), |candidate| self.offer(all, candidate, asked, &mut each));
            name = whole.iter().position(|byte| *byte == b'.').and_then(|dot| whole.get(dot + 1..));
        }
    }

    fn offer(&self, all: &[u8], candidate: Candidate, asked: &Asked<'_>, each: &mut impl FnMut(Held)) {
        if let Some(kept) = self.get(all, candidate.pattern)
            && self.holds(candidate, kept, asked)
        {
            let is_exception = kept.adblock.is_some_and(Compact::is_exception);
            each(Held { number: candidate.pattern, set: kept.set, is_exception });
        }
    }

    fn holds(&self, candidate: Candidate, kept: Kept<'_>, asked: &Asked<'_>) -> bool {
        match kept.kind {
            PatternKind::Text => {
                let (part, text) = (kept.text, asked.text());
                match candidate.begins {
                    Some(begins) => text.get(begins..).is_some_and(|rest| rest.starts_with(part)),
                    None => text.windows(part.len().max(1)).any(|found| found == part),
                }
            }
            PatternKind::Regex => {
                let at = candidate.pattern as usize;
                self.regexes.is_in(at, kept.text, asked.text(), asked.is_whole)
            }
            PatternKind::Port => {
                asked.port == Some(kept.port) && (kept.text.is_empty() || is_below(asked.host, kept.text))
            }
            PatternKind::Adblock => kept.adblock.is_some_and(|rule| match &asked.request {
                Some(request) => {
                    let found = |expression: &[u8], text: &[u8]| {
                        self.regexes.is_in(candidate.pattern as usize, expression, text, true)
                    };
                    rule.holds(request, candidate.begins, found)
                }
                None => rule.whole_host().is_some_and(|name| is_below(asked.host, name)),
            }),
            PatternKind::Wildcard => {
                !asked.host.is_ip() && wildcard::matches(kept.text, asked.host.as_str().as_bytes())
            }
        }
    }
}

/// What patterns are found by that are kept by a page, instead of a gram: the lower half of the hash of its name.
#[expect(clippy::cast_possible_truncation, reason = "half of the hash is meant")]
pub(crate) fn page_key(hash: u64) -> u32 {
    hash as u32
}

/// Whether a host is a name, or below it.
fn is_below(host: &Host, name: &[u8]) -> bool {
    let head = host.as_str().as_bytes().strip_suffix(name);
    head.is_some_and(|head| head.is_empty() || head.ends_with(b".") && !host.is_ip())
}

/// How many patterns are expressions; nothing where an item cannot be read.
fn expressions_in_front(items: Items<'_>) -> Option<usize> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        let kept = kept(items.get(middle)?)?;
        (low, high) = if kept.is_expression() { (middle + 1, high) } else { (low, middle) };
    }
    Some(low)
}

/// A pattern of an item.
fn kept(item: &[u8]) -> Option<Kept<'_>> {
    let (set, kind) = (u32_at(item, 0)?, PatternKind::of(*item.get(4)?)?);
    let rest = item.get(HEAD..)?;
    if kind == PatternKind::Adblock {
        let rule = Compact::read(rest)?;
        return Some(Kept { set, kind, text: rule.text, port: 0, adblock: Some(rule) });
    }
    let (port, text) = match kind {
        PatternKind::Port => (u16_at(rest, 0)?, rest.get(2..)?),
        _ => (0, rest),
    };
    Some(Kept { set, kind, text, port, adblock: None })
}
