//! From sources to a ruleset in memory.

use belisha_filter::{CompileError, Compiler, List, Rule};
use belisha_policy::{Kind, UNMAPPED};

use super::manifest::{ManifestList, Source};
use crate::rules::{Rules, open_verified};

/// Compiles sources, in the order of their names, and checks what came out.
pub(crate) fn compile<'a>(sources: impl Iterator<Item = &'a Source>, seed: u64) -> Result<Rules, CompileError> {
    let mut compiler = Compiler::new(seed);
    for source in sources {
        for (list, rules) in source.manifest.lists.iter().zip(&source.rules) {
            let id = compiler.list(about(source, list));
            for line in rules.lines() {
                // The lines were written from rules; one that a later version reads differently is no rule now.
                if let Ok(rule) = Rule::from_normalised(line) {
                    compiler.add(id, &rule);
                }
            }
        }
    }
    let bytes = compiler.finish()?;
    // What was just written reads back, or the compiler is broken: then there are no rules to put in force.
    open_verified(bytes).map_err(|_| CompileError::Empty)
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
