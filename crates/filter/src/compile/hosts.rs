//! The table of hosts: names gathered in groups, and groups given their places.

use alloc::vec::Vec;

use super::CompileError;
use super::sets::{FinalSets, Sets, Values};
use crate::engine::build::Placed;
use crate::engine::keys::place;
use crate::list::List;
use crate::ruleset::Value;

/// Names of more entries below one name than this are placed by one label more. Two thirds of a line: more would crowd
/// others out of it, less would cost many hosts a second line.
const CROWD: usize = 6;

/// A rule about a name: which list says it, and where the hashes of the names above are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The hash of the last two labels.
    pub(super) group: u64,
    pub(super) hash: u64,
    pub(super) list: u16,
    pub(super) kind: Kind,
    /// How many names there are between.
    pub(super) between_count: u8,
    pub(super) between_at: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Below,
    Alone,
    Paths,
    /// A pattern is kept by the name.
    Pattern,
}

/// The table before it is laid out.
pub(super) struct Hosts {
    pub(super) placed: Vec<Placed>,
    pub(super) values: Values,
}

/// A name and what is said of it, as numbers of sets.
#[derive(Clone, Copy, Debug)]
struct Node {
    hash: u64,
    value: Value,
    between_at: u32,
    between_count: u8,
}

/// Gathers names. Rules are counted in their lists, doubles once.
///
/// A list that holds a name says nothing of names below it; a name of which nothing is left to say is left out. Groups
/// come in the order of their places, and sets and values are numbered as they come: the bytes do not depend on the
/// order in which rules came.
pub(super) fn hosts(
    parts: Vec<Vec<Entry>>,
    between: &[u64],
    lists: &mut [List],
    sets: &mut Sets,
    final_sets: &mut FinalSets,
) -> Result<Hosts, CompileError> {
    let mut gathering =
        Gathering { between, sets, final_sets, values: Values::new(), placed: Vec::new(), apart: Vec::new() };
    let mut nodes = Vec::new();
    for mut part in parts {
        part.sort_unstable();
        count(&part, lists);
        let start = gathering.placed.len();
        for group in part.chunk_by(|a, b| a.group == b.group) {
            let Some(hash) = group.first().map(|entry| entry.group) else { continue };
            gathering.nodes(group, &mut nodes);
            gathering.leave_what_is_new(hash, &mut nodes);
            gathering.put(hash, &nodes, 0)?;
        }
        if let Some(new) = gathering.placed.get_mut(start..) {
            new.sort_unstable();
        }
    }
    let Gathering { mut placed, mut apart, values, .. } = gathering;
    apart.sort_unstable();
    placed.append(&mut apart);
    Ok(Hosts { placed, values })
}

/// Counts the distinct rules of each list; those about paths and patterns are counted with theirs.
fn count(sorted: &[Entry], lists: &mut [List]) {
    let same = |a: &Entry, b: &Entry| (a.hash, a.list, a.kind) == (b.hash, b.list, b.kind);
    for first in sorted
        .chunk_by(same)
        .filter_map(<[Entry]>::first)
        .filter(|entry| matches!(entry.kind, Kind::Below | Kind::Alone))
    {
        if let Some(list) = lists.get_mut(usize::from(first.list)) {
            list.count_one();
        }
    }
}

struct Gathering<'a> {
    between: &'a [u64],
    sets: &'a mut Sets,
    final_sets: &'a mut FinalSets,
    values: Values,
    /// Entries of names that are placed by two labels.
    placed: Vec<Placed>,
    /// Those of names that are placed by more.
    apart: Vec<Placed>,
}

impl<'a> Gathering<'a> {
    /// Each name of a group once, with what its own rules say, in the order of the hashes.
    fn nodes(&mut self, group: &[Entry], nodes: &mut Vec<Node>) {
        nodes.clear();
        for entry in group {
            if nodes.last().is_none_or(|node| node.hash != entry.hash) {
                let Entry { hash, between_at, between_count, .. } = *entry;
                nodes.push(Node { hash, value: Value::default(), between_at, between_count });
            }
            if let Some(node) = nodes.last_mut() {
                let set = match entry.kind {
                    Kind::Pattern => {
                        node.value.keeps_patterns = true;
                        continue;
                    }
                    Kind::Below => &mut node.value.below,
                    Kind::Alone => &mut node.value.alone,
                    Kind::Paths => &mut node.value.paths,
                };
                *set = self.sets.with(*set, entry.list);
            }
        }
    }

    /// Takes from each name what is said of it by the names above, and leaves out those of which nothing is left.
    fn leave_what_is_new(&mut self, group: u64, nodes: &mut Vec<Node>) {
        if nodes.len() > 1 {
            for at in 0..nodes.len() {
                let Some(node) = nodes.get(at).copied().filter(|node| node.hash != group) else { continue };
                let above = core::iter::once(group).chain(self.between(&node).iter().copied());
                let found = above.filter_map(|hash| {
                    let at = nodes.binary_search_by_key(&hash, |node| node.hash).ok()?;
                    nodes.get(at).map(|node| node.value.below)
                });
                let sets = &mut *self.sets;
                let said = found.fold(0, |said, below| sets.union(said, below));
                if let Some(node) = nodes.get_mut(at) {
                    node.value.below = self.sets.without(node.value.below, said);
                }
            }
        }
        nodes.retain(|node| node.value != Value::default());
    }

    fn between(&self, node: &Node) -> &'a [u64] {
        let (between, at) = (self.between, node.between_at as usize);
        between.get(at..at + usize::from(node.between_count)).unwrap_or_default()
    }

    /// Places the names of a group that share so many labels beyond two.
    fn put(&mut self, group: u64, nodes: &[Node], depth: usize) -> Result<(), CompileError> {
        if nodes.len() <= CROWD {
            return nodes.iter().try_for_each(|node| self.push(group, node.hash, node.value, depth, false));
        }
        let own = nodes.iter().find(|node| node.hash == group).map(|node| node.value);
        self.push(group, group, own.unwrap_or_default(), depth, true)?;
        let below = nodes.iter().filter(|node| node.hash != group);
        let mut below: Vec<(u64, Node)> =
            below.map(|node| (self.between(node).get(depth).copied().unwrap_or(node.hash), *node)).collect();
        below.sort_unstable_by_key(|(next, node)| (*next, node.hash));
        for part in below.chunk_by(|a, b| a.0 == b.0) {
            let Some((next, _)) = part.first() else { continue };
            let nodes: Vec<Node> = part.iter().map(|(_, node)| *node).collect();
            self.put(*next, &nodes, depth + 1)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        group: u64,
        hash: u64,
        value: Value,
        depth: usize,
        is_crowded: bool,
    ) -> Result<(), CompileError> {
        let Value { below, alone, paths, keeps_patterns } = value;
        let mut number = |set| self.final_sets.number(set);
        let value = Value { below: number(below), alone: number(alone), paths: number(paths), keeps_patterns };
        let placed = Placed { place: place(group), hash, value: self.values.intern(value, is_crowded)? };
        if depth == 0 {
            self.placed.push(placed);
        } else {
            self.apart.push(placed);
        }
        Ok(())
    }
}
