//! The rulesets that the C programs read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use belisha_filter::{Compiler, List, Pattern, Rule};

/// The published vectors of the matcher.
pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../filter/vectors/vectors.tsv")
}

/// The lists and rules of the vectors, compiled into a file of a folder.
pub(crate) fn of_vectors(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(vectors()).unwrap();
    let mut compiler = Compiler::new(11);
    let mut ids = BTreeMap::new();
    for line in text.lines() {
        match *line.split('\t').collect::<Vec<_>>().as_slice() {
            ["list", name, source, category, dated, exact, licence] => {
                // Of the bytes that stand escaped, licences here have spaces alone.
                let licence = licence.replace("\\x20", " ");
                let list = List::new(source, name, category.parse().unwrap()).dated(dated.parse().unwrap());
                let list = list.licence(if licence == "-" { "" } else { &licence });
                ids.insert(name, compiler.list(if exact == "exact" { list.compared_exactly() } else { list }));
            }
            ["rule", list, line] => compiler.add(*ids.get(list).unwrap(), &Rule::from_normalised(line).unwrap()),
            ["pattern", list, line] => {
                compiler.add_pattern(*ids.get(list).unwrap(), &Pattern::from_normalised(line).unwrap());
            }
            _ => {}
        }
    }
    write(folder, "vectors.belisha", compiler)
}

/// A ruleset of one list with these rules, whose category is also its date.
pub(crate) fn of_one_list(folder: &Path, name: &str, category: u16, rules: &[&str]) -> PathBuf {
    let mut compiler = Compiler::new(u64::from(category));
    let list = compiler.list(List::new("tests", name, category).dated(i64::from(category)));
    for rule in rules {
        compiler.add(list, &Rule::from_normalised(rule).unwrap());
    }
    write(folder, &format!("{name}.belisha"), compiler)
}

fn write(folder: &Path, name: &str, compiler: Compiler) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, compiler.finish().unwrap()).unwrap();
    file
}
