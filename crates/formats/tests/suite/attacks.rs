//! The attack sample's cases for lists: what is to be refused is, or its numbers say so to the caller.

use std::path::PathBuf;

use belisha_formats::lists::{Fault, Limits, ReadError, Source};

use crate::common::*;

/// The case's file, unless there is no test data.
fn case(id: &str, name: &str) -> Option<PathBuf> {
    Some(belisha_testkit::test_data()?.join("attacks/lists").join(id).join(name))
}

fn outcome(id: &str, name: &str) -> Option<Result<Source, ReadError>> {
    Some(try_read(&case(id, name)?, None, &Limits::default()))
}

#[test]
fn half_of_the_lines_malformed() {
    let Some(outcome) = outcome("M0001", "domains") else { return };
    let source = outcome.unwrap();
    let list = list(&source, "M0001");
    assert_eq!(list.malformed * 2, list.lines);
    assert_eq!(list.complaints.len(), 20);
}

#[test]
fn a_stale_checksum_of_gzip() {
    let Some(outcome) = outcome("M0002", "domains.gz") else { return };
    assert!(matches!(outcome.unwrap_err().fault(), Some(Fault::Damaged(_))));
}

#[test]
fn a_line_that_would_stand_for_everything() {
    let Some(path) = case("M0003", "domains") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let source = read(&path);
    let list = list(&source, "M0003");
    assert_eq!((list.malformed, list.complaints.len()), (1, 1));
    let number = text.lines().position(|line| line == ".").unwrap() + 1;
    assert_eq!(list.complaints[0].line, number as u64);
    assert_eq!(list.rule_count, text.lines().count() as u64 - 1);
}

#[test]
fn upper_case_is_read_as_lower() {
    let Some(path) = case("M0004", "domains") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let mut expected: Vec<_> = text.lines().map(|line| format!("{}\n", line.to_ascii_lowercase())).collect();
    expected.sort();
    let source = read(&path);
    assert_eq!(list(&source, "M0004").rules, expected.concat());
    assert_eq!(list(&source, "M0004").malformed, 0);
}

#[test]
fn a_header_that_claims_gigabytes() {
    let Some(outcome) = outcome("M0006", "list.tar") else { return };
    assert!(matches!(outcome.unwrap_err().fault(), Some(Fault::Damaged(_))));
}
