//! From sources to a ruleset in memory.

use belisha_filter::{CompileError, Compiler, List, ListId, LockKey, Pattern, Rule};
use belisha_policy::{Kind, UNMAPPED};

use super::manifest::{ManifestList, Source};
use crate::rules::{Rules, open_verified};

/// Gathers the rules of sources, in the order given, on all cores. `key` is that of locked rules.
pub(crate) fn gather<'a>(
    sources: impl Iterator<Item = &'a Source>,
    seed: u64,
    key: Option<LockKey>,
) -> Result<Compiler, CompileError> {
    let mut compiler = Compiler::new(seed);
    if let Some(key) = key {
        compiler.lock(key);
    }
    let mut lists: Vec<(ListId, &str)> = Vec::new();
    for source in sources {
        for (list, rules) in source.manifest.lists.iter().zip(&source.rules) {
            lists.push((compiler.list(about(source, list)), rules));
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let helpers = std::thread::scope(|scope| {
        let shares = shares(&lists, threads).into_iter().map(|share| {
            let helper = compiler.helper();
            scope.spawn(move || read_share(helper, share))
        });
        let running: Vec<_> = shares.collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    for helper in helpers {
        // A thread can only have panicked: then there are no rules to put in force.
        compiler.join(helper.map_err(|_| CompileError::Empty)??);
    }
    Ok(compiler)
}

/// Compiles what was gathered, and checks what came out.
pub(crate) fn finish(compiler: Compiler) -> Result<Rules, CompileError> {
    let bytes = compiler.finish()?;
    // What was just written reads back, or the compiler is broken: then there are no rules to put in force.
    open_verified(bytes.into()).map_err(|_| CompileError::Empty)
}

fn read_share(mut helper: Compiler, share: Vec<(ListId, &str)>) -> Result<Compiler, CompileError> {
    for (list, rules) in share {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', rules.as_bytes()) {
            let line = rules.get(start..end).unwrap_or_default();
            start = end + 1;
            // The lines were written from rules; one that a later version reads differently is no rule now.
            if let Ok(rule) = Rule::from_normalised(line) {
                helper.add(list, &rule);
            } else if let Ok(locked) = line.parse() {
                helper.add_locked(list, locked)?;
            } else if let Ok(pattern) = Pattern::from_normalised(line) {
                helper.add_pattern(list, &pattern);
            }
        }
    }
    Ok(helper)
}

/// Deals lists out in shares of about the same size: the largest first, each to the share that has least.
fn shares<'a>(lists: &[(ListId, &'a str)], count: usize) -> Vec<Vec<(ListId, &'a str)>> {
    let mut by_size = lists.to_vec();
    by_size.sort_by_key(|(_, rules)| std::cmp::Reverse(rules.len()));
    let mut shares: Vec<(usize, Vec<_>)> = vec![(0, Vec::new()); count];
    for list in by_size {
        if let Some((size, share)) = shares.iter_mut().min_by_key(|(size, _)| *size) {
            *size += list.1.len();
            share.push(list);
        }
    }
    shares.into_iter().map(|(_, share)| share).collect()
}

fn about(source: &Source, list: &ManifestList) -> List {
    let category = list.category();
    let number = category.map_or(UNMAPPED.0, |category| category.id().0);
    let about = List::new(&source.manifest.source, &list.name, number).dated(list.dated);
    let about = about.licence(&source.manifest.licence);
    match category.map(belisha_policy::Category::kind) {
        Some(Kind::Vouched) => about.compared_exactly(),
        _ => about,
    }
}
