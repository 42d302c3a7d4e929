//! The rules in force: imported ones, the starter rules until then, the last good ones when a file is damaged.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use belisha_filter::{AlignedBytes, Compiler, List, Rule, Ruleset, RulesetError};
use belisha_policy::{Category, Kind};

use crate::folder::DataFolder;

/// A ruleset that this process holds in memory: nothing that happens to the file afterwards changes it.
pub type Rules = Ruleset<AlignedBytes>;

const STARTER: &str = include_str!("../data/starter-rules.txt");
/// The name of the source of the starter rules.
pub const STARTER_SOURCE: &str = "starter";

/// Where the rules in force come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Compiled from the imported sources.
    Imported,
    /// Written by us, because nothing was imported yet.
    Starter,
    /// An earlier generation, because the file in force cannot be used.
    Earlier {
        /// The generation.
        file: PathBuf,
        /// What is wrong with the file in force.
        problem: String,
    },
}

/// The rules and where they come from.
#[derive(Debug)]
pub struct Loaded {
    /// The rules, every byte of them checked.
    pub rules: Rules,
    /// Where they come from.
    pub origin: Origin,
}

/// There are no rules that can be used: nothing but the block page may be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: {problem}; no earlier generation can be used either. Import the lists again with belisha-importer",
    file.display()
)]
pub struct NoRules {
    file: PathBuf,
    problem: String,
}

/// Loads the rules of a data folder.
///
/// Without a compiled file and without sources the starter rules serve. A compiled file that is damaged or gone is
/// replaced, in memory only, by the newest generation that is whole.
pub fn load(folder: &DataFolder) -> Result<Loaded, NoRules> {
    let file = folder.rules();
    let problem = match read(&file) {
        Ok(rules) => return Ok(Loaded { rules, origin: Origin::Imported }),
        Err(problem) => problem,
    };
    let earlier = folder.earlier_rules();
    if !file.exists() && earlier.is_empty() && !has_sources(folder) {
        let no_rules = |error: &dyn std::fmt::Display| NoRules { file: file.clone(), problem: error.to_string() };
        let rules = starter().map_err(|error| no_rules(&error))?;
        return Ok(Loaded { rules, origin: Origin::Starter });
    }
    for generation in earlier {
        if let Ok(rules) = read(&generation) {
            return Ok(Loaded { rules, origin: Origin::Earlier { file: generation, problem } });
        }
    }
    Err(NoRules { file, problem })
}

fn read(file: &Path) -> Result<Rules, String> {
    let bytes = read_whole(file).map_err(|error| format!("the rules cannot be read: {error}"))?;
    open_verified(bytes).map_err(|error| error.to_string())
}

fn read_whole(file: &Path) -> io::Result<AlignedBytes> {
    let mut file = File::open(file)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut bytes = AlignedBytes::zeroed(length);
    file.read_exact(bytes.as_mut())?;
    Ok(bytes)
}

/// Opens bytes and checks every one of them.
pub(crate) fn open_verified(bytes: AlignedBytes) -> Result<Rules, RulesetError> {
    let rules = Ruleset::open(bytes)?;
    rules.verify()?;
    Ok(rules)
}

fn has_sources(folder: &DataFolder) -> bool {
    fs::read_dir(folder.lists()).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| !entry.file_name().to_string_lossy().starts_with('.')))
    })
}

/// What is wrong with the starter rules. They are part of the program, so that only a developer meets this.
#[derive(Debug, thiserror::Error)]
#[error("the starter rules: {0}")]
struct StarterError(String);

/// The starter rules. Their seed is fixed: they come with the program, and nobody adds names to them.
fn starter() -> Result<Rules, StarterError> {
    let wrong = |line: &str, error: &dyn std::fmt::Display| StarterError(format!("{line}: {error}"));
    let mut compiler = Compiler::new(0x42_45_4C_49);
    let mut list = None;
    for line in STARTER.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(slug) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let category: Category = slug.parse().map_err(|error| wrong(line, &error))?;
            let about = List::new(STARTER_SOURCE, slug, category.id().0).dated(starter_date());
            list = Some(compiler.list(if category.kind() == Kind::Vouched { about.compared_exactly() } else { about }));
        } else if let Some(list) = list {
            compiler.add(list, &Rule::domain(line).map_err(|error| wrong(line, &error))?);
        }
    }
    let bytes = compiler.finish().map_err(|error| StarterError(error.to_string()))?;
    open_verified(bytes.into()).map_err(|error| StarterError(error.to_string()))
}

/// The day that the starter rules name as theirs, in seconds since 1970.
fn starter_date() -> i64 {
    let date = STARTER.lines().find_map(|line| line.strip_prefix("# dated "));
    let date = date.and_then(|date| date.trim().parse::<chrono::NaiveDate>().ok());
    date.map_or(0, |date| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_rules_compile_and_are_dated() {
        let rules = starter().unwrap();
        assert!(rules.rule_count() > 100);
        assert!(rules.lists().all(|list| list.date() > 1_700_000_000));
        assert!(rules.lists().all(|list| Category::from_id(list.category()).is_some()));
    }
}
