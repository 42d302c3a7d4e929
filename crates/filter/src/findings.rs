//! What the rules say of a target, with the reasons.

use alloc::vec::Vec;
use core::fmt;

use crate::hash;
use crate::host::{Host, without_service_label};
use crate::layout::ExactKind;
use crate::list::{CategoryId, List, ListId};
use crate::path::{segments, write_escaped};
use crate::ruleset::{Ruleset, Value};

/// How much of a target is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    Host(&'a Host),
    Url { host: &'a Host, path: &'a [u8] },
}

impl<'a> View<'a> {
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Url { .. })
    }

    pub(crate) fn host(self) -> &'a Host {
        match self {
            Self::Host(host) | Self::Url { host, .. } => host,
        }
    }

    pub(crate) fn path(self) -> &'a [u8] {
        match self {
            Self::Host(_) => &[],
            Self::Url { path, .. } => path,
        }
    }
}

/// What a ruleset says of a target: which rule of which list.
///
/// Finding out *that* lists hold a target costs the look-up; *which entry* it was is worked out when asked.
#[derive(Clone)]
pub struct Findings<'a, B> {
    ruleset: &'a Ruleset<B>,
    view: View<'a>,
    value: Value,
    under_path: u32,
}

/// One rule that holds a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    id: ListId,
    list: List,
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
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) | Self::Host(name) => f.write_str(name),
            Self::UrlPrefix(host, path) => {
                write!(f, "{host}/")?;
                write_escaped(path, f)
            }
        }
    }
}

impl<'a> Hit<'a> {
    /// The number of the list.
    pub fn id(&self) -> ListId {
        self.id
    }

    /// The list.
    pub fn list(&self) -> &List {
        &self.list
    }

    /// The rule; where several rules of a list hold the target, the broadest.
    pub fn entry(&self) -> Entry<'a> {
        self.entry
    }
}

impl<'a, B: AsRef<[u8]>> Findings<'a, B> {
    pub(crate) fn new(ruleset: &'a Ruleset<B>, view: View<'a>, value: Value, under_path: u32) -> Self {
        Self { ruleset, view, value, under_path }
    }

    /// The host that was looked up.
    pub fn host(&self) -> &'a Host {
        self.view.host()
    }

    /// How much of the target was looked up.
    pub(crate) fn view(&self) -> View<'a> {
        self.view
    }

    /// Whether no list holds the target, and none holds paths of a host whose path is not known yet.
    pub fn is_empty(&self) -> bool {
        self.value == Value::default() && self.under_path == 0
    }

    /// The lists that hold the target, each once, in the order of their numbers within each kind of rule.
    pub fn lists(&self) -> impl Iterator<Item = ListId> + '_ {
        let Value { below, alone, .. } = self.value;
        let alone_only = self.ruleset.set(alone).filter(move |list| !self.has(below, *list));
        let paths_only =
            self.ruleset.set(self.under_path).filter(move |list| !self.has(below, *list) && !self.has(alone, *list));
        let needs_exact = [below, alone, self.under_path].into_iter().any(|set| self.ruleset.needs_exact(set));
        let all = self.ruleset.set(below).chain(alone_only).chain(paths_only);
        all.filter(move |list| !needs_exact || self.confirmed(*list))
    }

    /// The categories of lists that hold paths of a host of which only the name is known. Whether they hold the
    /// request shows when its URL is known; nothing is here once it is.
    pub fn categories_of_paths(&self) -> impl Iterator<Item = CategoryId> + '_ {
        let paths = if self.view.is_whole() { 0 } else { self.value.paths };
        self.ruleset.set(paths).filter_map(|list| self.ruleset.category(list))
    }

    /// The rules, one of each list. Costs a second look-up for each list.
    pub fn hits(&self) -> impl Iterator<Item = Hit<'a>> + '_ {
        self.lists().filter_map(|id| Some(Hit { id, list: self.ruleset.list(id)?, entry: self.entry(id)? }))
    }

    fn has(&self, set: u32, list: ListId) -> bool {
        self.ruleset.set(set).any(|other| other == list)
    }

    /// A list whose rules must not match by hash alone: is one of them this target, letter by letter?
    fn confirmed(&self, list: ListId) -> bool {
        !self.ruleset.is_exact(list) || self.entry(list).is_some_and(|entry| self.is_written(list, entry))
    }

    fn is_written(&self, list: ListId, entry: Entry<'_>) -> bool {
        match entry {
            Entry::Domain(name) => self.ruleset.holds_exactly(list, ExactKind::Domain, &[name.as_bytes()]),
            Entry::Host(name) => self.ruleset.holds_exactly(list, ExactKind::Host, &[name.as_bytes()]),
            Entry::UrlPrefix(host, path) => {
                self.ruleset.holds_exactly(list, ExactKind::Path, &[host.as_bytes(), b"/", path])
            }
        }
    }

    /// The broadest entry of a list that holds the target.
    fn entry(&self, list: ListId) -> Option<Entry<'a>> {
        let host = self.view.host();
        let name = host.as_str();
        if self.has(self.value.below, list) {
            let mut suffixes = Vec::new();
            hash::suffixes(self.ruleset.seed(), name, host.is_ip(), |hash| suffixes.push(hash));
            let labels = suffixes.iter().position(|hash| self.has(self.ruleset.value_of(*hash).below, list))? + 1;
            let suffix = if host.is_ip() { name } else { last_labels(name, labels) };
            return Some(Entry::Domain(suffix));
        }
        if self.has(self.value.alone, list) {
            return Some(Entry::Host(name));
        }
        self.path_entry(list)
    }

    fn path_entry(&self, list: ListId) -> Option<Entry<'a>> {
        let host = self.view.host();
        let name = if host.is_ip() { host.as_str() } else { without_service_label(host.as_str()) };
        let path = self.view.path();
        let mut state = hash::path_start(hash::host(self.ruleset.seed(), name, host.is_ip()));
        if self.has(self.ruleset.set_of_path(state), list) {
            return Some(Entry::UrlPrefix(name, &[]));
        }
        let mut end = 0;
        for segment in segments(path).take(self.ruleset.path_segments()) {
            state = hash::path_step(state, segment);
            end += segment.len();
            if self.has(self.ruleset.set_of_path(state), list) {
                return Some(Entry::UrlPrefix(name, path.get(..end)?));
            }
            end += 1;
        }
        None
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Findings<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hits()).finish()
    }
}

/// The last `count` labels of a name.
fn last_labels(name: &str, count: usize) -> &str {
    let cut = name.rmatch_indices('.').nth(count - 1).map_or(0, |(at, _)| at + 1);
    name.get(cut..).unwrap_or(name)
}
