//! From rules to the bytes of a ruleset.

mod bytes;
mod grams;
mod hosts;
mod paths;
mod patterns;
mod sets;

#[cfg(feature = "locked")]
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use self::bytes::{Head, assemble, with_lengths, with_offsets};
use self::hosts::{Entry, Kind};
use self::paths::PathEntry;
use self::patterns::{Gathered, kept_by};
use self::sets::{FinalSets, Sets};
use crate::engine::build::{filter, tables};
use crate::engine::keys::{Keys, place};
use crate::layout::{ExactKind, Section};
use crate::list::{List, ListId};
#[cfg(feature = "locked")]
use crate::locked::{self, Handle, LockKey, LockedRule};
use crate::pattern::Pattern;
use crate::rule::Rule;

/// Entries are kept apart by so many of the highest bits of their places, so that each part is sorted in the cache; more
/// parts than these are more places in memory than a processor keeps at hand.
const PART_BITS: u32 = 8;

/// Gathers lists and their rules and writes a ruleset.
///
/// The bytes depend on the lists in the order given, on the rules as a set (neither order nor doubles matter) and on
/// the seed. Memory: 24 bytes a rule, at most twice that, until [`Compiler::finish`] returns, which needs about twice as
/// much again for each name, while the rules go.
pub struct Compiler {
    seed: u64,
    keys: Keys,
    lists: Vec<List>,
    parts: Vec<Vec<Entry>>,
    /// The hashes of the names between the last two labels of names and the names themselves.
    between: Vec<u64>,
    paths: Vec<PathEntry>,
    exact: Vec<Vec<u8>>,
    patterns: Gathered,
    #[cfg(feature = "locked")]
    locked: Option<(LockKey, BTreeSet<(LockedRule, u16)>)>,
}

/// Why no ruleset could be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// There is no such thing as an empty ruleset.
    #[error("there are no rules to compile")]
    Empty,
    /// More lists than a ruleset can tell apart.
    #[error("{0} lists, and a ruleset holds 65,535 at most")]
    TooManyLists(usize),
    /// More combinations of lists than a ruleset can tell apart.
    #[error("the names are in {0} different combinations of lists, and a ruleset holds 65,535 at most")]
    TooManySets(usize),
    /// More names than a compiler can hold.
    #[error("the names of the rules have {0} names above them, and a compiler holds 4,294,967,295 at most")]
    TooManyNames(usize),
    /// Two names have the same hash. With another seed they do not.
    #[error("two names of the rules have the same hash; compile them with another seed")]
    Seed,
    /// More patterns that no index helps with than a look-up can bear: ports without a name, parts of three letters, and
    /// expressions and wildcards without four fixed letters that stand together.
    #[error(
        "{0} rules that every address would be held against one by one, and a ruleset holds 500 at most: parts of \
             three letters, ports of any host, and expressions without four fixed letters together"
    )]
    TooManyUnindexed(usize),
    /// A locked rule, and no key that it was hashed with.
    #[error("the key of the locked rules is missing. Import the locked lists again")]
    NoKey,
}

impl core::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let rules: usize = self.parts.iter().map(Vec::len).sum();
        f.debug_struct("Compiler").field("lists", &self.lists.len()).field("rules", &rules).finish_non_exhaustive()
    }
}

impl Compiler {
    /// A compiler with the seed that hashes names; a number that nobody can foresee keeps names from being crafted to
    /// collide.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            keys: Keys::new(seed),
            lists: Vec::new(),
            parts: vec![Vec::new(); 1 << PART_BITS],
            between: Vec::new(),
            paths: Vec::new(),
            exact: Vec::new(),
            patterns: Gathered::default(),
            #[cfg(feature = "locked")]
            locked: None,
        }
    }

    /// Adds a list; its rules follow with [`Compiler::add`].
    pub fn list(&mut self, list: List) -> ListId {
        let id = ListId(u16::try_from(self.lists.len()).unwrap_or(u16::MAX));
        self.lists.push(list.without_entries());
        id
    }

    /// Adds a rule to a list.
    pub fn add(&mut self, list: ListId, rule: &Rule<'_>) {
        let name = rule.host_name();
        let kind = match rule {
            Rule::Domain(_) => Kind::Below,
            Rule::Host(_) => Kind::Alone,
            Rule::UrlPrefix { .. } => Kind::Paths,
        };
        let hash = self.add_name(list, name, kind);
        if let Rule::UrlPrefix { path, .. } = rule {
            self.paths.push(PathEntry { host: hash, path: path.as_bytes().to_vec(), list: list.0 });
        }
        if self.lists.get(list.index()).is_some_and(List::is_exact) {
            self.exact.push(exact_key(list, rule));
        }
    }

    /// Adds a rule that is not about one name.
    pub fn add_pattern(&mut self, list: ListId, pattern: &Pattern<'_>) {
        if let Some(name) = kept_by(pattern) {
            self.add_name(list, name, Kind::Pattern);
        }
        self.patterns.add(pattern.clone().into_owned(), list.0);
    }

    /// Sets the key that locked rules were hashed with; needed before the first of them.
    #[cfg(feature = "locked")]
    pub fn lock(&mut self, key: LockKey) {
        self.locked.get_or_insert((key, BTreeSet::new()));
    }

    /// Adds a rule that was hashed with the key given to [`Compiler::lock`]. With another it would hold nothing.
    ///
    /// # Errors
    /// [`CompileError::NoKey`]: none was given.
    #[cfg(feature = "locked")]
    pub fn add_locked(&mut self, list: ListId, rule: LockedRule) -> Result<(), CompileError> {
        let (_, rules) = self.locked.as_mut().ok_or(CompileError::NoKey)?;
        rules.insert((rule, list.0));
        Ok(())
    }

    /// Adds that something is said of a name; gives the hash of the name.
    fn add_name(&mut self, list: ListId, name: &str, kind: Kind) -> u64 {
        // Positions are 32 bits wide; `finish` refuses what outgrew them.
        let first = self.between.len();
        let (mut group, mut hash) = (None, 0);
        self.keys.names(name.as_bytes(), is_address(name), |longer, _| {
            match group {
                None => group = Some(longer),
                Some(group) if group != hash => self.between.push(hash),
                Some(_) => {}
            }
            hash = longer;
        });
        let group = group.unwrap_or_default();
        let between_count = u8::try_from(self.between.len() - first).unwrap_or(u8::MAX);
        let between_at = u32::try_from(first).unwrap_or(u32::MAX);
        let entry = Entry { group, hash, kind, list: list.0, between_at, between_count };
        let part = usize::try_from(place(group) >> (64 - PART_BITS)).unwrap_or(0);
        if let Some(part) = self.parts.get_mut(part) {
            part.push(entry);
        }
        hash
    }

    /// An empty compiler with the same seed and lists, for adding some of the rules on another thread.
    #[must_use]
    pub fn helper(&self) -> Self {
        Self {
            lists: self.lists.clone(),
            #[cfg(feature = "locked")]
            locked: self.locked.as_ref().map(|(key, _)| (key.clone(), BTreeSet::new())),
            ..Self::new(self.seed)
        }
    }

    /// Takes over the rules that a [helper](Compiler::helper) has gathered.
    pub fn join(&mut self, helper: Self) {
        let shift = u32::try_from(self.between.len()).unwrap_or(u32::MAX);
        let shifted = |entry: Entry| Entry { between_at: entry.between_at.saturating_add(shift), ..entry };
        for (part, other) in self.parts.iter_mut().zip(helper.parts) {
            part.extend(other.into_iter().map(shifted));
        }
        self.between.extend(helper.between);
        self.paths.extend(helper.paths);
        self.exact.extend(helper.exact);
        self.patterns.append(helper.patterns);
        #[cfg(feature = "locked")]
        if let (Some((_, rules)), Some((_, others))) = (&mut self.locked, helper.locked) {
            rules.extend(others);
        }
    }

    fn is_empty(&self) -> bool {
        #[cfg(feature = "locked")]
        let is_unlocked = self.locked.as_ref().is_none_or(|(_, rules)| rules.is_empty());
        #[cfg(not(feature = "locked"))]
        let is_unlocked = true;
        is_unlocked && self.patterns.is_empty() && self.parts.iter().all(Vec::is_empty)
    }

    /// Writes the ruleset.
    pub fn finish(mut self) -> Result<Vec<u8>, CompileError> {
        if self.lists.len() >= usize::from(u16::MAX) {
            return Err(CompileError::TooManyLists(self.lists.len()));
        }
        if u32::try_from(self.between.len()).is_err() {
            return Err(CompileError::TooManyNames(self.between.len()));
        }
        if self.is_empty() {
            return Err(CompileError::Empty);
        }
        self.paths.sort_unstable();
        self.paths.dedup();
        self.exact.sort_unstable();
        self.exact.dedup();
        let mut sets = Sets::new();
        let mut final_sets = FinalSets::new();
        let parts = core::mem::take(&mut self.parts);
        let hosts = hosts::hosts(parts, &self.between, &mut self.lists, &mut sets, &mut final_sets)?;
        let (paths, path_segments) = paths::paths(&self.paths, &mut self.lists, &mut sets, &mut final_sets)?;
        let ([host_table, path_table], multiplier) = tables([&hosts.entries(), &paths]).ok_or(CompileError::Seed)?;
        let values = hosts.values.encode();
        let [filter, crowds] = filter(&hosts.names, &self.between);
        drop(hosts);
        let patterns = core::mem::take(&mut self.patterns);
        let mut beyond = patterns.sections(&self.keys, &mut self.lists, &mut sets, &mut final_sets)?;
        #[cfg(feature = "locked")]
        beyond.extend(self.locked_section(&mut sets, &mut final_sets));
        let lists: Vec<Vec<u8>> = self.lists.iter().map(List::encode).collect();
        let mut sections = Vec::from([
            (Section::Lists, with_lengths(&lists)),
            (Section::Sets, final_sets.encode(&sets)),
            (Section::Values, values),
            (Section::Filter, filter),
            (Section::Crowds, crowds),
            (Section::Hosts, host_table),
            (Section::Paths, path_table),
            (Section::Exact, with_offsets(&self.exact)),
        ]);
        sections.append(&mut beyond);
        let rules = self.lists.iter().map(List::entries).sum();
        Ok(assemble(&Head { seed: self.seed, rules, path_segments, multiplier }, &sections))
    }
}

#[cfg(feature = "locked")]
impl Compiler {
    /// The section of locked rules. They are counted in their lists.
    fn locked_section(&mut self, sets: &mut Sets, final_sets: &mut FinalSets) -> Option<(Section, Vec<u8>)> {
        let (key, rules) = self.locked.take().filter(|(_, rules)| !rules.is_empty())?;
        let mut by_handle: BTreeMap<Handle, u32> = BTreeMap::new();
        for (rule, list) in rules {
            if let Some(list) = self.lists.get_mut(usize::from(list)) {
                list.count_one();
            }
            for handle in [Some(rule.handle()), rule.host()].into_iter().flatten() {
                let set = by_handle.entry(handle).or_insert(0);
                *set = sets.with(*set, list);
            }
        }
        for set in by_handle.values_mut() {
            *set = final_sets.number(*set);
        }
        Some((Section::Locked, locked::encode(&key, &by_handle)))
    }
}

/// Whether a canonical name is an address. Nearly all names end in a letter that no address ends in.
fn is_address(name: &str) -> bool {
    match name.as_bytes().last() {
        Some(b'0'..=b'9') => name.parse::<core::net::IpAddr>().is_ok(),
        Some(b'a'..=b'f' | b':') => name.contains(':'),
        _ => false,
    }
}

fn exact_key(list: ListId, rule: &Rule<'_>) -> Vec<u8> {
    let kind = match rule {
        Rule::Domain(_) => ExactKind::Domain,
        Rule::Host(_) => ExactKind::Host,
        Rule::UrlPrefix { .. } => ExactKind::Path,
    };
    let mut key = list.0.to_be_bytes().to_vec();
    key.push(kind as u8);
    key.extend(rule.host_name().bytes());
    if let Rule::UrlPrefix { path, .. } = rule {
        key.push(b'/');
        key.extend(path.as_bytes());
    }
    key
}
