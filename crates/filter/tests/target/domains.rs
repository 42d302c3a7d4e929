//! The vectors of the Public Suffix List: a canonical host is what the list can be asked about, whatever the spelling.

use belisha_filter::Host;

use crate::vectors;

#[test]
fn registrable_domains_are_found_in_any_spelling() {
    for file in ["psl/tests.txt", "psl/test_psl.txt"] {
        let Some(path) = vectors(file) else { return };
        let lines = std::fs::read_to_string(path).unwrap();
        let mut count = 0;
        for (input, expected) in lines.lines().filter_map(pair) {
            count += 1;
            let host: Option<Host> = input.as_deref().and_then(|input| input.parse().ok());
            let found = host.as_ref().and_then(|host| registrable(host.as_str()));
            let expected = expected.map(|expected| expected.parse::<Host>().unwrap());
            assert_eq!(found, expected.as_ref().map(Host::as_str), "{input:?}");
        }
        assert!(count > 70, "the vectors of {file} are there");
    }
}

/// Input and expected domain of a line; in one file the words stand alone, in the other they are arguments.
fn pair(line: &str) -> Option<(Option<String>, Option<String>)> {
    if line.starts_with("//") {
        return None;
    }
    let line = line.strip_prefix("checkPublicSuffix(").unwrap_or(line).trim_end_matches([')', ';', ' ']);
    let mut words = line.split([',', ' ']).filter(|word| !word.is_empty());
    let mut word = || {
        let word = words.next()?.trim_matches('\'');
        Some((word != "null").then(|| word.to_string()))
    };
    Some((word()?, word()?))
}

/// The registrable domain by a public suffix list that may be of another date: a suffix alone has none.
fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}
