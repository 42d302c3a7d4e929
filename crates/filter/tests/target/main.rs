//! The canonical request target against the vectors of the standards, against the parser of a browser engine, and
//! against those who would walk around a rule by spelling.

#![cfg(feature = "idna")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[cfg(all(feature = "compile", feature = "regex", feature = "locked"))]
mod changed;
mod deviation;
mod differential;
mod domains;
mod fuzzed;
#[cfg(feature = "compile")]
mod spelling;
mod standard;

use std::path::PathBuf;

use serde_json::Value;

/// A file of test vectors that is one JSON array, without its remarks. Nothing where there is no test data.
fn cases(file: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(vectors(file)?).unwrap();
    let Value::Array(cases) = serde_json::from_str(&without_lone_surrogates(&text)).unwrap() else {
        unreachable!("{file} is an array")
    };
    Some(cases.into_iter().filter(Value::is_object).collect())
}

/// A half of a pair that stands alone in an escape is no character; where text is taken from a page, U+FFFD stands for it.
fn without_lone_surrogates(json: &str) -> String {
    let half = |text: &str, of: &[char]| {
        text.to_ascii_lowercase().strip_prefix("\\ud").is_some_and(|rest| rest.starts_with(of))
    };
    let (high, low) = (['8', '9', 'a', 'b'], ['c', 'd', 'e', 'f']);
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let take = match escape.get(..6) {
            Some(first) if half(first, &high) && escape.get(6..12).is_some_and(|second| half(second, &low)) => 12,
            Some(first) if half(first, &high) || half(first, &low) => {
                out.push('\u{fffd}');
                rest = &escape[6..];
                continue;
            }
            _ => 2,
        };
        out.push_str(&escape[..take]);
        rest = &escape[take..];
    }
    out + rest
}

fn vectors(file: &str) -> Option<PathBuf> {
    Some(belisha_testkit::test_data()?.join("conformance").join(file))
}

fn text<'a>(case: &'a Value, field: &str) -> Option<&'a str> {
    case.get(field)?.as_str()
}
