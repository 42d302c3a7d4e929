//! `docs/requirements.tsv` against the tests: what is called done is done by a test that names it, and no test names
//! what is not called done.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LAST_C: u32 = 127;
const LAST_R: u32 = 91;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Id and state of each line.
fn table() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/requirements.tsv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id\trequirement\tcrate\tstate"));
    let mut table = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, requirement, owner, state] = cells[..] else { panic!("not four cells: {line}") };
        assert!(!requirement.is_empty() && !owner.is_empty(), "{line}");
        assert!(table.insert(id.to_string(), state.to_string()).is_none(), "{id} stands twice");
    }
    table
}

/// Every Rust file with tests, as a path from the root, with its text.
fn tests() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["crates", "bins"] {
        walk(&root().join(folder), &mut found);
    }
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    let own = name(&root().join("crates/testkit/tests/requirements.rs"));
    let read = |path: PathBuf| (name(&path), fs::read_to_string(&path).unwrap());
    found.into_iter().map(read).filter(|(name, text)| *name != own && text.contains("#[test]")).collect()
}

/// The ids that a text names.
fn ids(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes.get(at..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let is_id = |at: &usize| {
        matches!(bytes[*at], b'C' | b'R')
            && bytes.get(at + 1) == Some(&b'-')
            && digits(at + 2)
            && !bytes.get(at + 5).is_some_and(u8::is_ascii_alphanumeric)
            && (*at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'-')
    };
    (0..bytes.len()).filter(is_id).map(|at| text[at..at + 5].to_string()).collect()
}

#[test]
fn every_clause_has_its_line() {
    let expected: BTreeSet<String> =
        (1..=LAST_C).map(|n| format!("C-{n:03}")).chain((1..=LAST_R).map(|n| format!("R-{n:03}"))).collect();
    assert_eq!(table().into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn what_is_called_done_is_done_by_a_test_that_names_it() {
    let tests = tests();
    let mut done = BTreeSet::new();
    for (id, state) in table() {
        let Some(test) = state.strip_prefix("done by ") else {
            assert!(state == "not yet" || state == "out of scope", "{id}: {state}");
            continue;
        };
        let (file, function) = test.split_once("::").unwrap();
        let (_, code) =
            tests.iter().find(|(name, _)| name == file).unwrap_or_else(|| panic!("{id}: no such file as {file}"));
        assert!(code.contains(&format!("fn {function}(")), "{id}: no test {function} in {file}");
        assert!(ids(code).contains(&id), "{id}: {file} does not name it");
        done.insert(id);
    }
    for (file, text) in tests {
        for id in ids(&text) {
            assert!(done.contains(&id), "{file} names {id}, which docs/requirements.tsv does not call done");
        }
    }
}
