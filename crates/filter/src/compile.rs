//! From rules to the bytes of a ruleset.

use alloc::collections::BTreeMap;
use alloc::string::String;
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
/// the seed. Memory: about 30 bytes a rule plus its text, until [`Compiler::finish`] returns.
#[derive(Clone, Debug)]
pub struct Compiler {
    seed: u64,
    lists: Vec<List>,
    entries: Vec<Entry>,
    names: String,
    paths: Vec<PathEntry>,
    exact: Vec<Vec<u8>>,
}

/// A rule about a name: which list says it, and where the name is.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    at: u32,
    len: u8,
    kind: Kind,
    list: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Below,
    Alone,
    Paths,
}

/// The host table before it is laid out.
struct HostTable {
    slots: Vec<(u64, u16)>,
    values: Vec<Value>,
}

/// A rule about a path: the hashes of all prefixes are worked out again where they are needed.
#[derive(Clone, Debug)]
struct PathEntry {
    host: u64,
    path: Vec<u8>,
    list: u16,
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
    /// More text than a ruleset can hold.
    #[error("the names have {0} bytes in all, and a ruleset holds 4 GiB at most")]
    TooMuchText(usize),
}

impl Compiler {
    /// A compiler with the seed that hashes names; a number that nobody can foresee keeps names from being crafted to
    /// collide.
    pub fn new(seed: u64) -> Self {
        Self { seed, lists: Vec::new(), entries: Vec::new(), names: String::new(), paths: Vec::new(), exact: Vec::new() }
    }

    /// Adds a list; its rules follow with [`Compiler::add`].
    pub fn list(&mut self, list: List) -> ListId {
        let id = ListId(u16::try_from(self.lists.len()).unwrap_or(u16::MAX));
        self.lists.push(list);
        id
    }

    /// Adds a rule to a list.
    pub fn add(&mut self, list: ListId, rule: &Rule<'_>) {
        let name = rule.host_name();
        let whole = is_address(name);
        let hash = hash::host(self.seed, name, whole);
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
        // Positions are 32 bits wide; `finish` refuses a text that outgrew them.
        let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
        self.names.push_str(name);
        self.entries.push(Entry { hash, at, len, kind, list: list.0 });
    }

    /// Writes the ruleset.
    pub fn finish(mut self) -> Result<Vec<u8>, CompileError> {
        if self.lists.len() >= usize::from(u16::MAX) {
            return Err(CompileError::TooManyLists(self.lists.len()));
        }
        if u32::try_from(self.names.len()).is_err() {
            return Err(CompileError::TooMuchText(self.names.len()));
        }
        if self.entries.is_empty() {
            return Err(CompileError::Empty);
        }
        self.entries.sort_unstable_by_key(|entry| (entry.hash, entry.kind, entry.list));
        self.paths.sort_unstable_by(|a, b| (a.host, &a.path, a.list).cmp(&(b.host, &b.path, b.list)));
        self.paths.dedup_by(|a, b| (a.host, &a.path, a.list) == (b.host, &b.path, b.list));
        self.exact.sort_unstable();
        self.exact.dedup();
        let rules = self.count();
        let mut sets = Sets::new();
        let hosts = self.hosts(&mut sets)?;
        let (paths, depth) = self.paths(&mut sets)?;
        let lists: Vec<Vec<u8>> = self.lists.iter().map(List::encode).collect();
        let sections = [
            (Section::Lists, with_lengths(&lists)),
            (Section::Sets, sets.encode()),
            (Section::Values, hosts.values.iter().flat_map(value_bytes).collect()),
            (Section::Hosts, table::build(hosts.slots.into_iter())),
            (Section::Paths, table::build(paths.into_iter())),
            (Section::Exact, with_offsets(&self.exact)),
        ];
        Ok(assemble(self.seed, rules, depth, &sections))
    }

    /// Counts the distinct rules of each list and of all.
    fn count(&mut self) -> u64 {
        let mut counts = vec![0_u64; self.lists.len()];
        let mut add = |list: u16| {
            if let Some(count) = counts.get_mut(usize::from(list)) {
                *count += 1;
            }
        };
        let mut last = None;
        for entry in self.entries.iter().filter(|entry| entry.kind != Kind::Paths) {
            let key = (entry.hash, entry.kind, entry.list);
            if last.replace(key) != Some(key) {
                add(entry.list);
            }
        }
        self.paths.iter().for_each(|path| add(path.list));
        for (list, count) in self.lists.iter_mut().zip(&counts) {
            list.set_entries(*count);
        }
        counts.iter().sum()
    }

    /// The slots of the host table and the values that they point to.
    ///
    /// A name takes over what is said of the names above it, so that one hit says everything; a name that adds nothing
    /// to that is left out.
    fn hosts(&self, sets: &mut Sets) -> Result<HostTable, CompileError> {
        let mut nodes: HashMap<u64, Value, hashbrown::DefaultHashBuilder> = HashMap::default();
        let mut order: Vec<(u8, u64, u32, u8)> = Vec::new();
        for group in self.entries.chunk_by(|a, b| a.hash == b.hash) {
            let Some(first) = group.first() else { continue };
            let mut of = |kind| sets.intern(group.iter().filter(|entry| entry.kind == kind).map(|entry| entry.list));
            let value = Value { below: of(Kind::Below), alone: of(Kind::Alone), paths: of(Kind::Paths) };
            nodes.insert(first.hash, value);
            let name = self.name(first);
            let labels = if is_address(name) { 0 } else { name.bytes().filter(|byte| *byte == b'.').count() };
            order.push((u8::try_from(labels).unwrap_or(u8::MAX), first.hash, first.at, first.len));
        }
        order.sort_unstable();
        let mut slots = Vec::with_capacity(order.len());
        let mut values = Values::new();
        for (_, hash, at, len) in order {
            let name = self.name_at(at, len);
            let above = self.above(name, &nodes);
            let Some(node) = nodes.get_mut(&hash) else { continue };
            node.below = sets.union(above, node.below);
            if node.below != above || node.alone != 0 || node.paths != 0 {
                slots.push((hash, values.intern(*node)?));
            }
        }
        Ok(HostTable { slots, values: values.list })
    }

    /// What is said of the nearest listed name above.
    fn above(&self, name: &str, nodes: &HashMap<u64, Value>) -> u32 {
        let mut found = 0;
        if is_address(name) {
            return found;
        }
        let mut remaining = name.bytes().filter(|byte| *byte == b'.').count();
        hash::suffixes(self.seed, name, false, |hash| {
            // The last one is the name itself.
            if remaining > 0
                && let Some(node) = nodes.get(&hash)
            {
                found = node.below;
            }
            remaining = remaining.saturating_sub(1);
        });
        found
    }

    /// The slots of the path table, and the most segments that a path has.
    fn paths(&self, sets: &mut Sets) -> Result<(Vec<(u64, u16)>, usize), CompileError> {
        let mut nodes: BTreeMap<(u64, &[u8]), u32> = BTreeMap::new();
        let mut depth = 0;
        for group in self.paths.chunk_by(|a, b| (a.host, &a.path) == (b.host, &b.path)) {
            let Some(first) = group.first() else { continue };
            nodes.insert((first.host, &first.path), sets.intern(group.iter().map(|entry| entry.list)));
            depth = depth.max(segments(&first.path).count());
        }
        // A prefix sorts before what it is a prefix of: one walk hands everything down.
        let keys: Vec<(u64, &[u8])> = nodes.keys().copied().collect();
        let mut slots = Vec::with_capacity(keys.len());
        for (host, path) in keys {
            let mut set = nodes.get(&(host, path)).copied().unwrap_or(0);
            for prefix in prefixes(path) {
                set = sets.union(set, nodes.get(&(host, prefix)).copied().unwrap_or(0));
            }
            nodes.insert((host, path), set);
            let hash = segments(path).fold(hash::path_start(host), hash::path_step);
            slots.push((hash, u16::try_from(set).map_err(|_| CompileError::TooManySets(sets.count()))?));
        }
        Ok((slots, depth))
    }

    fn name(&self, entry: &Entry) -> &str {
        self.name_at(entry.at, entry.len)
    }

    fn name_at(&self, at: u32, len: u8) -> &str {
        self.names.get(at as usize..at as usize + usize::from(len)).unwrap_or_default()
    }
}

/// Whether a canonical name is an address: it holds a colon, or its last label starts with a digit, which no other
/// canonical name's does.
fn is_address(name: &str) -> bool {
    name.contains(':') || name.parse::<core::net::Ipv4Addr>().is_ok()
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
struct Sets {
    list: Vec<Vec<u16>>,
    numbers: HashMap<Vec<u16>, u32>,
    unions: HashMap<(u32, u32), u32>,
    scratch: Vec<u16>,
}

impl Sets {
    fn new() -> Self {
        Self {
            list: vec![Vec::new()],
            numbers: HashMap::from_iter([(Vec::new(), 0)]),
            unions: HashMap::default(),
            scratch: Vec::new(),
        }
    }

    fn count(&self) -> usize {
        self.list.len()
    }

    /// The number of a set whose members come in order.
    fn intern(&mut self, members: impl Iterator<Item = u16>) -> u32 {
        self.scratch.clear();
        self.scratch.extend(members);
        self.scratch.dedup();
        if let Some(number) = self.numbers.get(&self.scratch) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(self.scratch.clone());
        self.numbers.insert(self.scratch.clone(), number);
        number
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        if let Some(number) = self.unions.get(&(a, b)) {
            return *number;
        }
        let of = |set: u32| self.list.get(set as usize).cloned().unwrap_or_default();
        let mut both = of(a);
        both.extend(of(b));
        both.sort_unstable();
        let number = self.intern(both.into_iter());
        self.unions.insert((a, b), number);
        number
    }

    fn encode(&self) -> Vec<u8> {
        let sets: Vec<Vec<u8>> =
            self.list.iter().map(|set| set.iter().flat_map(|list| list.to_le_bytes()).collect()).collect();
        let mut out = Vec::new();
        out.extend(length(sets.len()));
        let mut offset = 0;
        out.extend(length(offset));
        for set in &sets {
            offset += set.len() / 2;
            out.extend(length(offset));
        }
        out.extend(sets.into_iter().flatten());
        out
    }
}

/// Values, each once; number 0 is none.
struct Values {
    list: Vec<Value>,
    numbers: HashMap<(u32, u32, u32), u16>,
}

impl Values {
    fn new() -> Self {
        Self { list: vec![Value::default()], numbers: HashMap::default() }
    }

    fn intern(&mut self, value: Value) -> Result<u16, CompileError> {
        let key = (value.below, value.alone, value.paths);
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let number = u16::try_from(self.list.len()).map_err(|_| CompileError::TooManySets(self.list.len()))?;
        self.list.push(value);
        self.numbers.insert(key, number);
        Ok(number)
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
