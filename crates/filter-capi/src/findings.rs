//! What a look-up found, kept for C: made once, filled again and again.

use std::ffi::c_char;
use std::fmt::{self, Write};
use std::sync::Arc;

use belisha_filter::{AlignedBytes, CategoryId, Entry};

use crate::failure::Failure;
use crate::loaded::{Loaded, Terminated};

/// Bit of `belisha_finding.flags`: the rules of the list are compared letter by letter and never by hash alone, as
/// those of lists that allow should be.
pub const BELISHA_LIST_EXACT: u32 = 1;

/// The findings of one look-up. One thread at a time may use them.
///
/// They keep the ruleset that they came from, whatever happens to the rules, until the next look-up with them, or until
/// they are cleared or freed. They keep their memory too: a look-up that finds nothing takes none for them, and one that
/// finds something takes some only where it finds more than any before.
#[derive(Debug, Default)]
pub struct Findings {
    /// Where they came from. Kept over look-ups: to count it up and down each time is what many threads would wait for.
    pub(crate) of: Option<Arc<Loaded>>,
    pub(crate) said: Said,
}

/// What a ruleset said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    found: Vec<Found>,
    /// The host, and the rules that are no end of it, each with a NUL behind it.
    rules: Vec<u8>,
    categories_of_paths: Vec<u16>,
}

/// One rule that was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    list: u32,
    place: Place,
}

/// What a rule names, and where its text is in `rules`, without the NUL.
#[derive(Clone, Copy, Debug)]
struct Place {
    kind: RuleKind,
    start: u32,
    end: u32,
}

/// What a rule names. A later library may give numbers that are not here: treat them as `BELISHA_RULE_KIND_OTHER`.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleKind {
    /// No rule: the finding tells of a list.
    None = 0,
    /// A name and every name below it, or an address.
    Domain = 1,
    /// A name alone.
    Host = 2,
    /// A host and every path that starts with these segments.
    UrlPrefix = 3,
    /// A part of the URL's text.
    Text = 4,
    /// A regular expression that is found in the URL's text.
    Regex = 5,
    /// A form of names with `*`, and everything below them.
    Wildcard = 6,
    /// A name and everything below it, or any host, at a port.
    Port = 7,
    /// A range of addresses.
    Network = 8,
    /// A rule of a locked list: the text is a handle, and says nothing of the rule.
    Locked = 9,
    /// A network rule in the syntax of ad blockers.
    Adblock = 10,
    /// A kind for which this library has no number. The text says what it is.
    Other = 255,
}

/// A text in UTF-8: so many bytes, and a NUL behind them. Never null.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes, without the NUL.
    pub length: usize,
}

/// One rule that holds what was looked up, and the list that it is in. The texts live as long as the findings are not
/// looked up with again, cleared or freed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// The rule, such as `wager.example` or `shared.example/casino`.
    pub rule: Text,
    /// Whose list it is.
    pub source: Text,
    /// The name of the list.
    pub name: Text,
    /// The licence of the list, and whom to name.
    pub licence: Text,
    /// When the list was made or fetched, in seconds since 1970; 0 where nobody knows.
    pub dated: i64,
    /// How many rules of the list there are.
    pub entries: u64,
    /// The number of the list in this ruleset, from 0.
    pub list: u32,
    /// What the rule names.
    pub kind: RuleKind,
    /// The category of the list, 0 to 65535, in the taxonomy of who compiled the ruleset.
    pub category: u32,
    /// `BELISHA_LIST_EXACT` or 0. Further bits may come.
    pub flags: u32,
}

impl Findings {
    /// Forgets what was found, and lets go of the ruleset.
    pub(crate) fn clear(&mut self) {
        self.said.forget();
        self.of = None;
    }

    pub(crate) fn count(&self) -> usize {
        self.said.found.len()
    }

    pub(crate) fn categories_of_paths(&self) -> &[u16] {
        &self.said.categories_of_paths
    }

    /// A finding by its number.
    pub(crate) fn get(&self, index: usize) -> Result<Finding, Failure> {
        self.said.found.get(index).and_then(|found| self.finding(*found)).ok_or(Failure::Argument {
            name: "index",
            value: index,
            limit: self.count(),
        })
    }

    fn finding(&self, found: Found) -> Option<Finding> {
        let loaded = self.of.as_ref()?;
        let number = usize::try_from(found.list).ok()?;
        let list = loaded.ruleset.lists().nth(number)?;
        let texts = loaded.texts(number)?;
        let rule = usize::try_from(found.place.start).ok()?..=usize::try_from(found.place.end).ok()?;
        Some(Finding {
            rule: Text::of(self.said.rules.get(rule)?),
            source: Text::from(&texts.source),
            name: Text::from(&texts.name),
            licence: Text::from(&texts.licence),
            dated: list.date(),
            entries: list.entries(),
            list: found.list,
            kind: found.place.kind,
            category: u32::from(list.category().0),
            flags: if list.is_exact() { BELISHA_LIST_EXACT } else { 0 },
        })
    }
}

impl Said {
    /// Forgets what was found. Costs nothing.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.found.clear();
        self.rules.clear();
        self.categories_of_paths.clear();
    }

    /// Takes in what a ruleset says; there is nothing in here before.
    #[inline]
    pub(crate) fn keep(&mut self, said: &belisha_filter::Findings<'_, AlignedBytes>) {
        let host = said.host().as_str();
        self.rules.extend_from_slice(host.as_bytes());
        self.rules.push(0);
        let mut before: Option<(Entry<'_>, Place)> = None;
        said.hits().for_each(|hit| {
            let entry = hit.entry();
            let place = match entry {
                Entry::Domain(name) => end_of(host, RuleKind::Domain, name),
                Entry::Host(name) => end_of(host, RuleKind::Host, name),
                _ => None,
            };
            let place = place.unwrap_or_else(|| match before {
                // One rule is often in several lists, which then come one after the other.
                Some((same, place)) if is_same(same, entry) => place,
                _ => {
                    let place = self.write(entry);
                    before = Some((entry, place));
                    place
                }
            });
            self.found.push(Found { list: narrow(hit.id().index()), place });
        });
    }

    /// Takes in the categories of lists that hold paths of the host.
    #[inline]
    pub(crate) fn keep_paths(&mut self, said: &belisha_filter::Findings<'_, AlignedBytes>) {
        self.categories_of_paths.extend(said.categories_of_paths().map(|CategoryId(category)| category));
    }

    /// Takes in every list of a ruleset; there is nothing in here before.
    pub(crate) fn keep_lists(&mut self, loaded: &Loaded) {
        self.rules.push(0);
        let lists = 0..narrow(loaded.ruleset.lists().count());
        let place = Place { kind: RuleKind::None, start: 0, end: 0 };
        self.found.extend(lists.map(|list| Found { list, place }));
    }

    /// Writes a rule behind what is there.
    #[cold]
    fn write(&mut self, entry: Entry<'_>) -> Place {
        let kind = match entry {
            Entry::Domain(_) => RuleKind::Domain,
            Entry::Host(_) => RuleKind::Host,
            Entry::UrlPrefix(..) => RuleKind::UrlPrefix,
            Entry::Text(_) => RuleKind::Text,
            Entry::Regex(_) => RuleKind::Regex,
            Entry::Wildcard(_) => RuleKind::Wildcard,
            Entry::Port(..) => RuleKind::Port,
            Entry::Network(_) => RuleKind::Network,
            Entry::Locked(_) => RuleKind::Locked,
            Entry::Adblock(_) => RuleKind::Adblock,
            _ => RuleKind::Other,
        };
        let start = narrow(self.rules.len());
        // Writing to memory does not fail.
        let _ = write!(Bytes(&mut self.rules), "{entry}");
        let end = narrow(self.rules.len());
        self.rules.push(0);
        Place { kind, start, end }
    }
}

/// Where a name stands that is an end of the host, which is at the front of the rules.
#[inline]
fn end_of(host: &str, kind: RuleKind, name: &str) -> Option<Place> {
    let is_end = name.as_bytes().as_ptr_range().end == host.as_bytes().as_ptr_range().end;
    is_end.then(|| Place { kind, start: narrow(host.len() - name.len()), end: narrow(host.len()) })
}

impl Text {
    /// A text that ends with its NUL.
    fn of(terminated: &[u8]) -> Self {
        Self { data: terminated.as_ptr().cast(), length: terminated.len().saturating_sub(1) }
    }
}

impl From<&Terminated> for Text {
    fn from(text: &Terminated) -> Self {
        Self::of(text.bytes())
    }
}

/// A number of a list or a place in the rules that were found: neither is ever near the limit.
#[inline]
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Whether both are the same part of what was looked up; no bytes are compared.
#[inline]
fn is_same(one: Entry<'_>, other: Entry<'_>) -> bool {
    match (one, other) {
        (Entry::Domain(one), Entry::Domain(other)) | (Entry::Host(one), Entry::Host(other)) => std::ptr::eq(one, other),
        (Entry::UrlPrefix(_, one), Entry::UrlPrefix(_, other)) => std::ptr::eq(one, other),
        _ => false,
    }
}

struct Bytes<'a>(&'a mut Vec<u8>);

impl Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
