//! The table of hosts: names gathered in groups, and what is said of each.

use alloc::vec::Vec;

use super::CompileError;
use super::sets::{FinalSets, Sets, Values};
use crate::engine::build::{self, Name};
use crate::list::List;
use crate::ruleset::Value;

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

/// What there is before it is laid out: names, those of a group together, and their values.
pub(super) struct Hosts {
    pub(super) names: Vec<Name>,
    pub(super) values: Values,
}

impl Hosts {
    /// The entries of the table.
    pub(super) fn entries(&self) -> Vec<build::Entry> {
        self.names.iter().map(|name| build::Entry { hash: name.hash, value: name.value }).collect()
    }
}

/// The hashes of the names between a name and its last two labels.
fn between_of(between: &[u64], at: u32, count: u8) -> &[u64] {
    let at = at as usize;
    between.get(at..at + usize::from(count)).unwrap_or_default()
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
    let mut gathering = Gathering { between, sets, final_sets, values: Values::new(), names: Vec::new() };
    let mut nodes = Vec::new();
    for mut part in parts {
        part.sort_unstable();
        count(&part, lists);
        for group in part.chunk_by(|a, b| a.group == b.group) {
            let Some(hash) = group.first().map(|entry| entry.group) else { continue };
            gathering.nodes(group, &mut nodes);
            gathering.leave_what_is_new(hash, &mut nodes);
            nodes.iter().try_for_each(|node| gathering.push(hash, node))?;
        }
    }
    Ok(Hosts { names: gathering.names, values: gathering.values })
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
    names: Vec<Name>,
}

impl Gathering<'_> {
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
                let above = core::iter::once(group)
                    .chain(between_of(self.between, node.between_at, node.between_count).iter().copied());
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

    /// Takes in a name of a group.
    fn push(&mut self, group: u64, node: &Node) -> Result<(), CompileError> {
        let Node { hash, value: Value { below, alone, paths, keeps_patterns }, between_at, between_count } = *node;
        let mut number = |set| self.final_sets.number(set);
        let value = Value { below: number(below), alone: number(alone), paths: number(paths), keeps_patterns };
        self.names.push(Name { group, hash, between_at, between_count, value: self.values.intern(value)? });
        Ok(())
    }
}
