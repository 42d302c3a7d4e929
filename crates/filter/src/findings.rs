//! What the rules say of a target, with the reasons.

use core::fmt;

use ipnet::IpNet;

use crate::engine::find::Found;
use crate::few::Few;
use crate::host::Host;
use crate::layout::ExactKind;
use crate::list::{CategoryId, List, ListId};
use crate::locked::Handle;
use crate::path::write_escaped;
use crate::ruleset::{Ruleset, SetLists, Value, bare};

/// The lists of a set, and what of the target they name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    set: u32,
    about: About,
}

/// A part of a target, as a number: below 256 the last so many bytes of the host and everything below, 256 the host alone,
/// from 257 on the path's first bytes; then patterns, ranges and locked rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct About(u32);

/// From where on numbers are those of patterns: a path is far shorter.
const PATTERNS: u32 = 1 << 28;
const NETWORKS: u32 = 2 << 28;
const LOCKED: u32 = 3 << 28;

/// The number of a rule that is not about a part of the target's own text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BeyondNames {
    Pattern(u32),
    Network(u32),
    Locked(u32),
}

impl About {
    /// The host alone.
    pub(crate) const ALONE: Self = Self(256);

    /// The last so many bytes of the host, and everything below.
    #[inline]
    pub(crate) fn below(length: u8) -> Self {
        Self(u32::from(length))
    }

    /// The first so many bytes of the path.
    pub(crate) fn path(end: u32) -> Self {
        Self(end.saturating_add(257))
    }

    /// A pattern by its number.
    pub(crate) fn pattern(number: u32) -> Self {
        Self(number.saturating_add(PATTERNS).min(NETWORKS - 1))
    }

    /// A range of addresses by its number.
    pub(crate) fn network(number: u32) -> Self {
        Self(number.saturating_add(NETWORKS).min(LOCKED - 1))
    }

    /// A locked rule by its number.
    pub(crate) fn locked(number: u32) -> Self {
        Self(number.saturating_add(LOCKED))
    }

    /// What a number from [`PATTERNS`] on means.
    fn beyond_names(self) -> BeyondNames {
        let Self(number) = self;
        match number {
            LOCKED.. => BeyondNames::Locked(number - LOCKED),
            NETWORKS..LOCKED => BeyondNames::Network(number - NETWORKS),
            _ => BeyondNames::Pattern(number.saturating_sub(PATTERNS)),
        }
    }
}

/// What a ruleset says of a target: which rule of which list.
///
/// Everything was found by the look-up: asking for lists and rules costs a step for each of them, and allocates
/// nothing, unless rules name more than six parts of the target.
#[derive(Clone)]
pub struct Findings<'a, B> {
    ruleset: &'a Ruleset<B>,
    host: &'a Host,
    /// None where only the host is known.
    path: Option<&'a [u8]>,
    /// The names of the host that were found. What is said of them is read when it is asked for.
    names: Found,
    /// What is said besides, if anything is: nearly always it is not, and then nothing of it is written.
    more: Option<More>,
}

/// What is said of a target beyond four names of a short host.
#[derive(Clone, Default)]
struct More {
    /// The names that were found and are not among those four.
    names: Few<(u8, u16), 4>,
    /// What is said of something else than the host's names.
    said: Few<Said, 4>,
    /// The locked lists that hold paths of a host whose path is not known.
    locked_paths: u32,
    /// The lists of which an exception holds the request.
    excepted: Few<u32, 1>,
}

/// One rule that holds a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    id: ListId,
    list: &'a List,
    entry: Entry<'a>,
}

/// A rule as found: the part of the target that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry<'a> {
    /// The name and everything below it.
    Domain(&'a str),
    /// The name alone.
    Host(&'a str),
    /// The host and every path that starts with these (folded) segments.
    UrlPrefix(&'a str, &'a [u8]),
    /// A part of the URL's text.
    Text(&'a str),
    /// An expression that is found in the URL's text.
    Regex(&'a str),
    /// A form of names, and everything below them.
    Wildcard(&'a str),
    /// A name and everything below it, or any host where it is empty, at a port.
    Port(&'a str, u16),
    /// A range of addresses.
    Network(IpNet),
    /// A network rule of an ad blocker, as [`adblock::NetworkRule`](crate::adblock::NetworkRule) writes it.
    Adblock(&'a str),
    /// A rule of a locked list: its handle, which its maker can find the rule by and nobody else.
    Locked(Handle),
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) | Self::Host(name) => f.write_str(name),
            Self::UrlPrefix(host, path) => {
                write!(f, "{host}/")?;
                write_escaped(path, f)
            }
            Self::Text(text) => write!(f, "text:{text}"),
            Self::Regex(text) => write!(f, "regexp:{text}"),
            Self::Wildcard(form) => f.write_str(form),
            Self::Port(name, port) => write!(f, "port:{name}:{port}"),
            Self::Network(network) => write!(f, "ip:{network}"),
            Self::Adblock(rule) => write!(f, "adblock:{rule}"),
            Self::Locked(handle) => write!(f, "locked:{handle}"),
        }
    }
}

impl<'a> Hit<'a> {
    /// The number of the list.
    pub fn id(&self) -> ListId {
        self.id
    }

    /// The list.
    pub fn list(&self) -> &'a List {
        self.list
    }

    /// The rule; where several rules of a list hold the target, the broadest.
    pub fn entry(&self) -> Entry<'a> {
        self.entry
    }
}

impl<'a, B: AsRef<[u8]>> Findings<'a, B> {
    #[inline]
    pub(crate) fn new(ruleset: &'a Ruleset<B>, host: &'a Host, path: Option<&'a [u8]>, names: Found) -> Self {
        Self { ruleset, host, path, names, more: None }
    }

    /// What is said besides, to be added to.
    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Adds a name that was found, by its length and the number of its value; the shortest comes first.
    pub(crate) fn say_name(&mut self, length: u8, value: u16) {
        self.more().names.push((length, value));
    }

    /// Adds what a set of lists says of something else than the host's names; the broadest comes first.
    pub(crate) fn say(&mut self, set: u32, about: About) {
        if set != 0 {
            self.more().said.push(Said { set, about });
        }
    }

    /// Notes the locked lists that hold paths of the host.
    pub(crate) fn hold_locked_paths(&mut self, set: u32) {
        if set != 0 {
            self.more().locked_paths = set;
        }
    }

    /// Takes back what ordinary rules say in a set of lists.
    pub(crate) fn except(&mut self, set: u32) {
        self.more().excepted.push(set);
    }

    /// Adds what a set of lists says by a rule that may have been found before.
    pub(crate) fn say_once(&mut self, set: u32, about: About) {
        if !self.said().any(|said| said.about == about) {
            self.say(set, about);
        }
    }

    /// The host that was looked up.
    pub fn host(&self) -> &'a Host {
        self.host
    }

    /// The path that was looked up, where it is known.
    pub(crate) fn path(&self) -> Option<&'a [u8]> {
        self.path
    }

    /// Whether no list holds the target, and none holds paths of a host whose path is not known yet.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.holds_nothing() || !self.says_at_once() && self.says_nothing()
    }

    /// Whether a list holds the shortest name that was found with everything below it, and nothing takes that back. As a rule
    /// it is so.
    #[inline]
    fn says_at_once(&self) -> bool {
        let mut names = self.names.clone();
        self.more.is_none() && names.next().is_some_and(|(_, value)| self.ruleset.value(value).below != 0)
    }

    /// Whether nothing was found at all.
    #[inline]
    fn holds_nothing(&self) -> bool {
        self.names.is_nothing() && self.more.is_none()
    }

    /// Whether what was found says nothing of this target.
    fn says_nothing(&self) -> bool {
        let is_said = if self.excepted().next().is_none() {
            self.names().any(|(length, value)| value.below != 0 || self.is_whole(length) && value.alone != 0)
                || self.said().next().is_some()
        } else {
            self.found().next().is_some()
        };
        !is_said && self.paths().all(|set| set == 0)
    }

    /// Whether a name of this length is the whole host.
    fn is_whole(&self, length: u8) -> bool {
        usize::from(length) == self.host.as_str().len()
    }

    /// The names that were found, each with what is said of it.
    fn names(&self) -> impl Iterator<Item = (u8, Value)> + Clone + '_ {
        let more = self.more.iter().flat_map(|more| more.names.iter().copied());
        let names = self.names.clone().chain(more);
        names.map(|(length, value)| (length, self.ruleset.value(value)))
    }

    /// What is said of something else than the host's names.
    fn said(&self) -> impl Iterator<Item = &Said> {
        self.more.iter().flat_map(|more| more.said.iter())
    }

    /// The lists of which an exception holds the request.
    fn excepted(&self) -> impl Iterator<Item = &u32> {
        self.more.iter().flat_map(|more| more.excepted.iter())
    }

    /// What is said, the broadest first.
    fn all_said(&self) -> Few<Said, 6> {
        let (mut all, mut alone) = (Few::new(), 0);
        let mut take = |set, about| {
            if set != 0 {
                all.push(Said { set, about });
            }
        };
        for (length, value) in self.names() {
            take(value.below, About::below(length));
            // A rule for a name alone says nothing of names below it.
            alone = if self.is_whole(length) { value.alone } else { alone };
        }
        take(alone, About::ALONE);
        self.said().for_each(|said| take(said.set, said.about));
        all
    }

    /// The lists that hold paths of the host; 0 for none.
    pub(crate) fn paths_of_names(&self) -> u32 {
        let of_bare = |(length, value): (u8, Value)| {
            (value.paths != 0 && usize::from(length) == bare(self.host).len()).then_some(value.paths)
        };
        self.names().find_map(of_bare).unwrap_or(0)
    }

    /// The sets of lists that hold paths of a host whose path is not known, those of locked lists last.
    fn paths(&self) -> impl Iterator<Item = u32> {
        let of_names = if self.path.is_none() { self.paths_of_names() } else { 0 };
        [of_names, self.more.as_ref().map_or(0, |more| more.locked_paths)].into_iter()
    }

    /// The lists that hold the target, each once: those of the broadest rules first, in the order of their numbers
    /// within each rule.
    pub fn lists(&self) -> impl Iterator<Item = ListId> + '_ {
        self.found().map(|(list, _)| list)
    }

    /// The categories of lists that hold paths of a host of which only the name is known. Whether they hold the
    /// request shows when its URL is known; nothing is here once it is.
    pub fn categories_of_paths(&self) -> impl Iterator<Item = CategoryId> + '_ {
        self.paths().flat_map(|set| self.ruleset.set(set)).filter_map(|list| self.ruleset.category(list))
    }

    /// The rules, one of each list, in the order of [`Findings::lists`].
    pub fn hits(&self) -> impl Iterator<Item = Hit<'a>> + '_ {
        let ruleset = self.ruleset;
        self.found().filter_map(move |(id, entry)| Some(Hit { id, list: ruleset.list(id)?, entry }))
    }

    fn found(&self) -> FoundLists<'a, '_, B> {
        FoundLists { findings: self, all: self.all_said(), at: 0, lists: SetLists::default(), now: None }
    }

    fn says(&self, said: Said, list: ListId) -> bool {
        self.ruleset.set(said.set).any(|other| other == list)
            && self.entry(said.about).is_some_and(|entry| self.counts(list, said.about, entry))
    }

    /// Whether what a rule says in a list counts: it is confirmed where it has to be, and no exception takes it back.
    fn counts(&self, list: ListId, about: About, entry: Entry<'_>) -> bool {
        self.is_confirmed(list, entry) && !self.is_excepted(list, about)
    }

    fn is_excepted(&self, list: ListId, about: About) -> bool {
        self.excepted().any(|set| self.ruleset.set(*set).any(|other| other == list))
            && (about.0 < PATTERNS || self.ruleset.yields_to_exceptions(about.beyond_names()))
    }

    fn entry(&self, about: About) -> Option<Entry<'a>> {
        let host = self.host;
        let name = host.as_str();
        let About(number) = about;
        if number >= PATTERNS {
            return self.ruleset.entry_beyond_names(about.beyond_names());
        }
        let number = usize::try_from(number).ok()?;
        Some(match number.checked_sub(256) {
            None => Entry::Domain(name.get(name.len().checked_sub(number)?..)?),
            Some(0) => Entry::Host(name),
            Some(behind) => Entry::UrlPrefix(bare(host), self.path?.get(..behind - 1)?),
        })
    }

    /// A list whose rules must not match by hash alone: is this one of them, letter by letter?
    fn is_confirmed(&self, list: ListId, entry: Entry<'_>) -> bool {
        if !self.ruleset.is_exact(list) {
            return true;
        }
        match entry {
            Entry::Domain(name) => self.ruleset.holds_exactly(list, ExactKind::Domain, &[name.as_bytes()]),
            Entry::Host(name) => self.ruleset.holds_exactly(list, ExactKind::Host, &[name.as_bytes()]),
            Entry::UrlPrefix(host, path) => {
                self.ruleset.holds_exactly(list, ExactKind::Path, &[host.as_bytes(), b"/", path])
            }
            // These were compared letter by letter, or are as sure as SHA-256 is.
            _ => true,
        }
    }
}

/// The lists that hold a target, each with the broadest of its rules.
struct FoundLists<'a, 'f, B> {
    findings: &'f Findings<'a, B>,
    all: Few<Said, 6>,
    /// How many of them were begun.
    at: usize,
    /// What is left of the one that is looked at, and what it is.
    lists: SetLists<'a>,
    now: Option<(Said, Entry<'a>)>,
}

impl<'a, B: AsRef<[u8]>> Iterator for FoundLists<'a, '_, B> {
    type Item = (ListId, Entry<'a>);

    fn next(&mut self) -> Option<(ListId, Entry<'a>)> {
        loop {
            if let Some((said, entry)) = self.now {
                for list in self.lists.by_ref() {
                    // A list is named once, by its broadest rule.
                    let mut before = self.all.iter().take(self.at - 1);
                    if self.findings.counts(list, said.about, entry) && !before.any(|it| self.findings.says(*it, list))
                    {
                        return Some((list, entry));
                    }
                }
            }
            let said = *self.all.iter().nth(self.at)?;
            self.at += 1;
            self.lists = self.findings.ruleset.set(said.set);
            self.now = self.findings.entry(said.about).map(|entry| (said, entry));
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Findings<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hits()).finish()
    }
}
