#![no_main]

//! Any bytes as the file of a list, plain or packed: nothing panics, and every rule that is read reads back as itself.

use std::path::PathBuf;
use std::sync::OnceLock;

use belisha_filter::{Pattern, Rule};
use belisha_formats::lists::{self, Limits};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static FILE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = FILE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("list");
        (folder, file)
    });
    // The first byte says what the file is called, and so how it is read.
    let (first, content) = bytes.split_first().unwrap_or((&0, &[]));
    let names = ["list", "domains", "urls", "expressions"];
    let file = file.with_file_name(names[usize::from(*first) % names.len()]);
    std::fs::write(&file, content).expect("a file");
    let Ok(source) = lists::read(&file, None, &Limits::default(), &mut |_| {}) else { return };
    for list in source.lists {
        assert_eq!(list.rules.lines().count() as u64, list.rule_count);
        for line in list.rules.lines().chain(list.expression_rules.lines()) {
            let again = match Rule::from_normalised(line) {
                Ok(rule) => rule.to_string(),
                Err(_) => Pattern::from_normalised(line).expect("a rule").to_string(),
            };
            assert_eq!(again, line);
        }
    }
});
