//! The table of paths.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::CompileError;
use super::sets::{FinalSets, Sets};
use crate::engine::build::Entry;
use crate::hash;
use crate::list::List;
use crate::path::segments;

/// A rule about a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathEntry {
    pub(super) host: u64,
    pub(super) path: Vec<u8>,
    pub(super) list: u16,
}

/// The entries of the table, and the most segments that a path has. The rules come in order, each once; they are counted
/// in their lists. A list that holds a shorter prefix says nothing of a longer one.
pub(super) fn paths(
    rules: &[PathEntry],
    lists: &mut [List],
    sets: &mut Sets,
    final_sets: &mut FinalSets,
) -> Result<(Vec<Entry>, usize), CompileError> {
    let mut nodes: BTreeMap<(u64, &[u8]), u32> = BTreeMap::new();
    for rule in rules {
        let set = nodes.entry((rule.host, &rule.path)).or_insert(0);
        *set = sets.with(*set, rule.list);
        if let Some(list) = lists.get_mut(usize::from(rule.list)) {
            list.count_one();
        }
    }
    let mut depth = 0;
    let mut found = Vec::with_capacity(nodes.len());
    for ((host, path), own) in &nodes {
        let shorter = prefixes(path).filter_map(|prefix| nodes.get(&(*host, prefix)));
        let said = shorter.fold(0, |said, set| sets.union(said, *set));
        let set = sets.without(*own, said);
        if set != 0 {
            depth = depth.max(segments(path).count());
            let hash = segments(path).fold(hash::path_start(*host), hash::path_step);
            let value =
                u16::try_from(final_sets.number(set)).map_err(|_| CompileError::TooManySets(final_sets.len()))?;
            found.push(Entry { hash, value });
        }
    }
    Ok((found, depth))
}

/// All shorter prefixes of a folded path, the empty one first.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let cuts = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    (!path.is_empty()).then_some(0).into_iter().chain(cuts).filter_map(|at| path.get(..at))
}
