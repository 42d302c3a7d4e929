//! From rules to the bytes of a ruleset.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

use crate::hash;
use crate::layout::{self, ALIGN, ExactKind, HEADER, MAGIC, SECTION_ENTRY, Section};
use crate::list::{List, ListId};
use crate::path::segments;
use crate::rule::Rule;
use crate::ruleset::{Value, checksum};
use crate::table;

/// Gathers lists and their rules and writes a ruleset.
///
/// The bytes depend on the lists in the order given, on the rules as a set (neither order nor doubles matter) and on
/// the seed. Memory: 16 bytes a rule and 8 for each name above its own, until [`Compiler::finish`] returns, which
/// needs about three times as much.
#[derive(Debug)]
pub struct Compiler {
    seed: u64,
    lists: Vec<List>,
    entries: Vec<Entry>,
    /// The hashes of the names above the names of rules.
    above: Vec<u64>,
    paths: Vec<PathEntry>,
    exact: Vec<Vec<u8>>,
}

/// A rule about a name: which list says it, and where the hashes of the names above are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    kind: Kind,
    above_count: u8,
    list: u16,
    above_at: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Below,
    Alone,
    Paths,
}

/// A rule about a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PathEntry {
    host: u64,
    path: Vec<u8>,
    list: u16,
}

/// A name and what is said of it, as numbers of sets.
#[derive(Clone, Copy, Debug)]
struct Node {
    hash: u64,
    value: Value,
    above_at: u32,
    above_count: u8,
}

/// The host table before it is laid out.
struct HostTable {
    slots: Vec<(u64, u16)>,
    values: Vec<Value>,
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
}

impl Compiler {
    /// A compiler with the seed that hashes names; a number that nobody can foresee keeps names from being crafted to
    /// collide.
    pub fn new(seed: u64) -> Self {
        Self { seed, lists: Vec::new(), entries: Vec::new(), above: Vec::new(), paths: Vec::new(), exact: Vec::new() }
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
        // Positions are 32 bits wide; `finish` refuses a text that outgrew them.
        let first_above = self.above.len();
        let mut hash = None;
        let mut first = true;
        hash::suffixes(self.seed, name, is_address(name), |longer| {
            // The bare last label is no rule's name; the last hash is the name's own.
            if let Some(shorter) = hash.replace(longer)
                && !core::mem::take(&mut first)
            {
                self.above.push(shorter);
            }
        });
        let hash = hash.unwrap_or_default();
        let kind = match rule {
            Rule::Domain(_) => Kind::Below,
            Rule::Host(_) => Kind::Alone,
            Rule::UrlPrefix { path, .. } => {
                self.paths.push(PathEntry { host: hash, path: path.as_bytes().to_vec(), list: list.0 });
                Kind::Paths
            }
        };
        if self.lists.get(list.index()).is_some_and(List::is_exact) {
            self.exact.push(exact_key(list, rule));
        }
        let above_count = u8::try_from(self.above.len() - first_above).unwrap_or(u8::MAX);
        let above_at = u32::try_from(first_above).unwrap_or(u32::MAX);
        self.entries.push(Entry { hash, kind, above_count, list: list.0, above_at });
    }

    /// An empty compiler with the same seed and lists, for adding some of the rules on another thread.
    #[must_use]
    pub fn helper(&self) -> Self {
        Self { lists: self.lists.clone(), ..Self::new(self.seed) }
    }

    /// Takes over the rules that a [helper](Compiler::helper) has gathered.
    pub fn join(&mut self, helper: Self) {
        let shift = u32::try_from(self.above.len()).unwrap_or(u32::MAX);
        let shifted = |entry: Entry| Entry { above_at: entry.above_at.saturating_add(shift), ..entry };
        self.entries.extend(helper.entries.into_iter().map(shifted));
        self.above.extend(helper.above);
        self.paths.extend(helper.paths);
        self.exact.extend(helper.exact);
    }

    /// Writes the ruleset.
    pub fn finish(mut self) -> Result<Vec<u8>, CompileError> {
        if self.lists.len() >= usize::from(u16::MAX) {
            return Err(CompileError::TooManyLists(self.lists.len()));
        }
        if u32::try_from(self.above.len()).is_err() {
            return Err(CompileError::TooManyNames(self.above.len()));
        }
        if self.entries.is_empty() {
            return Err(CompileError::Empty);
        }
        sort(&mut self.entries);
        self.paths.sort_unstable();
        self.paths.dedup();
        self.exact.sort_unstable();
        self.exact.dedup();
        self.count();
        let mut sets = Sets::new();
        let mut final_sets = FinalSets::new();
        let hosts = self.hosts(&mut sets, &mut final_sets)?;
        let (paths, depth) = self.path_slots(&mut sets, &mut final_sets)?;
        let lists: Vec<Vec<u8>> = self.lists.iter().map(List::encode).collect();
        let sections = [
            (Section::Lists, with_lengths(&lists)),
            (Section::Sets, final_sets.encode(&sets)),
            (Section::Values, hosts.values.iter().flat_map(value_bytes).collect()),
            (Section::Hosts, table::build(hosts.slots.into_iter())),
            (Section::Paths, table::build(paths.into_iter())),
            (Section::Exact, with_offsets(&self.exact)),
        ];
        let rules = self.lists.iter().map(List::entries).sum();
        Ok(assemble(self.seed, rules, depth, &sections))
    }

    /// Counts the distinct rules of each list.
    fn count(&mut self) {
        let mut last = None;
        let names = self.entries.iter().filter(|entry| entry.kind != Kind::Paths);
        let distinct = names.filter(|entry| {
            let key = Some((entry.hash, entry.kind, entry.list));
            core::mem::replace(&mut last, key) != key
        });
        for list in distinct.map(|entry| entry.list).chain(self.paths.iter().map(|path| path.list)) {
            if let Some(list) = self.lists.get_mut(usize::from(list)) {
                list.count_one();
            }
        }
    }

    /// The slots of the host table and the values that they point to.
    ///
    /// A name takes over what is said of the names above it, so that one hit says everything; a name that adds nothing
    /// to that is left out. Slots are in the order of their hashes, which is that of their places, and sets and values
    /// are numbered in that order: the bytes do not depend on the order in which rules came.
    fn hosts(&self, sets: &mut Sets, final_sets: &mut FinalSets) -> Result<HostTable, CompileError> {
        let nodes = self.nodes(sets);
        let index = Index::new(&nodes);
        let mut values = Values::new();
        let mut slots = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let at = node.above_at as usize;
            let names_above = self.above.get(at..at + usize::from(node.above_count)).unwrap_or_default();
            let found = names_above.iter().filter_map(|hash| index.find(&nodes, *hash));
            let above = found.fold(0, |said, node| sets.union(said, node.value.below));
            let below = sets.union(above, node.value.below);
            if below != above || node.value.alone != 0 || node.value.paths != 0 {
                let mut number = |set| final_sets.number(set);
                let (alone, paths) = (number(node.value.alone), number(node.value.paths));
                slots.push((node.hash, values.intern(Value { below: number(below), alone, paths })?));
            }
        }
        Ok(HostTable { slots, values: values.list })
    }

    /// Each name once, with what its own rules say, in the order of the hashes.
    fn nodes(&self, sets: &mut Sets) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            if nodes.last().is_none_or(|node| node.hash != entry.hash) {
                let Entry { hash, above_at, above_count, .. } = *entry;
                nodes.push(Node { hash, value: Value::default(), above_at, above_count });
            }
            if let Some(node) = nodes.last_mut() {
                let set = match entry.kind {
                    Kind::Below => &mut node.value.below,
                    Kind::Alone => &mut node.value.alone,
                    Kind::Paths => &mut node.value.paths,
                };
                *set = sets.with(*set, entry.list);
            }
        }
        nodes
    }

    /// The slots of the path table, and the most segments that a path has.
    fn path_slots(&self, sets: &mut Sets, final_sets: &mut FinalSets) -> Result<PathTable, CompileError> {
        let mut nodes: BTreeMap<(u64, &[u8]), u32> = BTreeMap::new();
        for entry in &self.paths {
            let set = nodes.entry((entry.host, &entry.path)).or_insert(0);
            *set = sets.with(*set, entry.list);
        }
        let mut depth = 0;
        let mut found = Vec::with_capacity(nodes.len());
        for ((host, path), own) in &nodes {
            let shorter = prefixes(path).filter_map(|prefix| nodes.get(&(*host, prefix)));
            let set = shorter.fold(*own, |set, other| sets.union(set, *other));
            depth = depth.max(segments(path).count());
            found.push((segments(path).fold(hash::path_start(*host), hash::path_step), set));
        }
        found.sort_unstable();
        let number = |(hash, set)| {
            let number = u16::try_from(final_sets.number(set));
            Ok((hash, number.map_err(|_| CompileError::TooManySets(final_sets.order.len()))?))
        };
        Ok((found.into_iter().map(number).collect::<Result<_, CompileError>>()?, depth))
    }
}

/// The slots of the path table, and the most segments that a path has.
type PathTable = (Vec<(u64, u16)>, usize);

/// Sorts entries: first apart by the highest bits of their hashes, which are evenly spread, then each part in the
/// cache. Twice as fast as sorting a million at once.
fn sort(entries: &mut Vec<Entry>) {
    const PARTS: usize = 1 << 11;
    let part = |entry: &Entry| usize::try_from(entry.hash >> (64 - 11)).unwrap_or(0);
    let mut ends = vec![0_usize; PARTS];
    for entry in &*entries {
        if let Some(count) = ends.get_mut(part(entry)) {
            *count += 1;
        }
    }
    let mut start = 0;
    for end in &mut ends {
        start += core::mem::replace(end, start);
    }
    let Some(filler) = entries.first().copied() else { return };
    let mut sorted = vec![filler; entries.len()];
    for entry in &*entries {
        if let Some(end) = ends.get_mut(part(entry))
            && let Some(slot) = sorted.get_mut(*end)
        {
            *slot = *entry;
            *end += 1;
        }
    }
    let mut rest = sorted.as_mut_slice();
    let mut taken = 0;
    for end in ends {
        let Some((one, others)) = rest.split_at_mut_checked(end - taken) else { break };
        one.sort_unstable();
        taken = end;
        rest = others;
    }
    *entries = sorted;
}

/// Where the nodes whose hashes begin alike start, for finding one in a step or two.
struct Index {
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    fn new(nodes: &[Node]) -> Self {
        let bits = nodes.len().next_power_of_two().trailing_zeros().clamp(1, 31);
        let shift = 64 - bits;
        let mut starts = vec![0_u32; 1 << bits];
        let mut at = 0;
        for (prefix, start) in starts.iter_mut().enumerate() {
            while nodes.get(at).is_some_and(|node| node.hash >> shift < prefix as u64) {
                at += 1;
            }
            *start = u32::try_from(at).unwrap_or(u32::MAX);
        }
        Self { starts, shift }
    }

    fn find<'a>(&self, nodes: &'a [Node], hash: u64) -> Option<&'a Node> {
        let start = *self.starts.get(usize::try_from(hash >> self.shift).ok()?)?;
        nodes.get(start as usize..)?.iter().take_while(|node| node.hash <= hash).find(|node| node.hash == hash)
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

/// All shorter prefixes of a folded path, the empty one first.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let cuts = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    (!path.is_empty()).then_some(0).into_iter().chain(cuts).filter_map(|at| path.get(..at))
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

/// Sets of lists, each once; number 0 is the empty set.
#[derive(Debug)]
struct Sets {
    list: Vec<Vec<u16>>,
    numbers: HashMap<Vec<u16>, u32>,
    /// The sets of one list alone: nearly every rule that comes is its name's first.
    single: Vec<u32>,
    with: HashMap<(u32, u16), u32>,
    unions: HashMap<(u32, u32), u32>,
}

impl Sets {
    fn new() -> Self {
        Self {
            list: vec![Vec::new()],
            numbers: HashMap::from_iter([(Vec::new(), 0)]),
            single: Vec::new(),
            with: HashMap::default(),
            unions: HashMap::default(),
        }
    }

    fn members(&self, set: u32) -> &[u16] {
        self.list.get(set as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of a set, given in any order.
    fn intern(&mut self, mut members: Vec<u16>) -> u32 {
        members.sort_unstable();
        members.dedup();
        if let Some(number) = self.numbers.get(&members) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(members.clone());
        self.numbers.insert(members, number);
        number
    }

    /// A set and one list more.
    fn with(&mut self, set: u32, list: u16) -> u32 {
        if set != 0 {
            if let Some(number) = self.with.get(&(set, list)) {
                return *number;
            }
            let members = self.members(set).iter().copied().chain([list]).collect();
            let number = self.intern(members);
            self.with.insert((set, list), number);
            return number;
        }
        let at = usize::from(list);
        if self.single.len() <= at {
            self.single.resize(at + 1, 0);
        }
        match self.single.get(at) {
            Some(number) if *number != 0 => *number,
            _ => {
                let number = self.intern(vec![list]);
                if let Some(slot) = self.single.get_mut(at) {
                    *slot = number;
                }
                number
            }
        }
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        let key = (a.min(b), a.max(b));
        if let Some(number) = self.unions.get(&key) {
            return *number;
        }
        let number = self.intern(self.members(a).iter().chain(self.members(b)).copied().collect());
        self.unions.insert(key, number);
        number
    }
}

/// The sets that are written, numbered as they are first needed.
struct FinalSets {
    order: Vec<u32>,
    /// The number of each set, plus one; 0 for a set that has none yet.
    numbers: Vec<u32>,
}

impl FinalSets {
    fn new() -> Self {
        Self { order: vec![0], numbers: vec![1] }
    }

    fn number(&mut self, set: u32) -> u32 {
        let at = set as usize;
        if self.numbers.len() <= at {
            self.numbers.resize(at + 1, 0);
        }
        match self.numbers.get_mut(at) {
            Some(0) | None => {
                self.order.push(set);
                let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
                if let Some(number) = self.numbers.get_mut(at) {
                    *number = next;
                }
                next - 1
            }
            Some(number) => *number - 1,
        }
    }

    fn encode(&self, sets: &Sets) -> Vec<u8> {
        let mut out = length(self.order.len()).to_vec();
        let mut offset = 0;
        out.extend(length(offset));
        for set in &self.order {
            offset += sets.members(*set).len();
            out.extend(length(offset));
        }
        out.extend(self.order.iter().flat_map(|set| sets.members(*set)).flat_map(|list| list.to_le_bytes()));
        out
    }
}

/// Values, each once; number 0 is none.
struct Values {
    list: Vec<Value>,
    /// The numbers of values that say something of the name and below alone, by that set: nearly all.
    plain: Vec<u16>,
    others: HashMap<(u32, u32, u32), u16>,
}

impl Values {
    fn new() -> Self {
        Self { list: vec![Value::default()], plain: Vec::new(), others: HashMap::default() }
    }

    fn intern(&mut self, value: Value) -> Result<u16, CompileError> {
        let next = u16::try_from(self.list.len()).map_err(|_| CompileError::TooManySets(self.list.len()))?;
        let slot = if (value.alone, value.paths) == (0, 0) {
            let at = value.below as usize;
            if self.plain.len() <= at {
                self.plain.resize(at + 1, 0);
            }
            self.plain.get_mut(at)
        } else {
            Some(self.others.entry((value.below, value.alone, value.paths)).or_insert(0))
        };
        match slot {
            Some(number) if *number != 0 => Ok(*number),
            slot => {
                if let Some(number) = slot {
                    *number = next;
                }
                self.list.push(value);
                Ok(next)
            }
        }
    }
}

fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()
}

fn value_bytes(value: &Value) -> impl Iterator<Item = u8> + use<> {
    [value.below, value.alone, value.paths].into_iter().flat_map(u32::to_le_bytes)
}

/// A count, then each item behind its length.
fn with_lengths(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = length(items.len()).to_vec();
    for item in items {
        out.extend(length(item.len()));
        out.extend(item);
    }
    out
}

/// A count, the offsets of the items and of their end, then the items.
fn with_offsets(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = length(items.len()).to_vec();
    let mut offset = 0;
    out.extend(length(offset));
    for item in items {
        offset += item.len();
        out.extend(length(offset));
    }
    out.extend(items.iter().flatten());
    out
}

fn assemble(seed: u64, rules: u64, depth: usize, sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let mut table = Vec::with_capacity(sections.len() * SECTION_ENTRY);
    let mut body = Vec::new();
    let first = (HEADER + sections.len() * SECTION_ENTRY).next_multiple_of(ALIGN);
    for (section, bytes) in sections {
        table.extend((*section as u32).to_le_bytes());
        table.extend(0_u32.to_le_bytes());
        table.extend(((first + body.len()) as u64).to_le_bytes());
        table.extend((bytes.len() as u64).to_le_bytes());
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(ALIGN), 0);
    }
    let mut out = Vec::with_capacity(first + body.len());
    out.extend(MAGIC);
    out.extend(layout::VERSION.to_le_bytes());
    out.extend(length(sections.len()));
    out.extend(((first + body.len()) as u64).to_le_bytes());
    out.extend(seed.to_le_bytes());
    out.extend(rules.to_le_bytes());
    out.extend((depth as u64).to_le_bytes());
    let head_end = out.len();
    let mut rest = vec![0; HEADER - head_end - 8];
    rest.extend(table);
    rest.resize(first - head_end - 8, 0);
    rest.extend(body);
    out.extend(checksum(&out, &rest).to_le_bytes());
    out.extend(rest);
    out
}
