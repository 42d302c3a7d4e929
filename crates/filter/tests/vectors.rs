//! The published vectors, as a Rust program passes them; `vectors/README.md` says how to read them.

#![cfg(all(feature = "compile", feature = "regex"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use belisha_filter::{
    CategoryId, Compiler, Entry, Findings, Host, HostError, List, Pattern, Rule, Ruleset, Target, TargetError,
};

const VECTORS: &str = include_str!("../vectors/vectors.tsv");

fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    VECTORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// The bytes of a field.
fn bytes(field: &str) -> Vec<u8> {
    let mut parts = field.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

fn rules() -> Ruleset<Vec<u8>> {
    let mut compiler = Compiler::new(7);
    let mut ids = BTreeMap::new();
    for fields in lines() {
        match *fields.as_slice() {
            ["list", name, source, category, dated, exact, licence] => {
                let licence = String::from_utf8(bytes(licence)).unwrap();
                let list = List::new(source, name, category.parse().unwrap()).dated(dated.parse().unwrap());
                let list = list.licence(if licence == "-" { "" } else { &licence });
                ids.insert(name, compiler.list(if exact == "exact" { list.compared_exactly() } else { list }));
            }
            ["rule", list, line] => compiler.add(ids[list], &Rule::from_normalised(line).unwrap()),
            ["pattern", list, line] => compiler.add_pattern(ids[list], &Pattern::from_normalised(line).unwrap()),
            _ => {}
        }
    }
    let rules = Ruleset::open(compiler.finish().unwrap()).unwrap();
    rules.verify().unwrap();
    rules
}

/// Findings as fields.
fn fields(findings: &Findings<'_, Vec<u8>>) -> Vec<String> {
    let hit = findings.hits().map(|hit| {
        let kind = match hit.entry() {
            Entry::Domain(_) => "domain",
            Entry::Host(_) => "host",
            Entry::UrlPrefix(..) => "url-prefix",
            Entry::Text(_) => "text",
            Entry::Regex(_) => "regex",
            Entry::Wildcard(_) => "wildcard",
            Entry::Port(..) => "port",
            Entry::Network(_) => "network",
            _ => "other",
        };
        format!("{} {kind} {}", hit.list().name(), hit.entry())
    });
    let paths = findings.categories_of_paths().map(|CategoryId(category)| format!("paths-in {category}"));
    hit.chain(paths).collect()
}

fn why_no_url(error: TargetError) -> &'static str {
    match error {
        TargetError::Scheme => "scheme",
        TargetError::Host(_) => "host",
        TargetError::Port => "port",
        TargetError::NulInPath => "nul",
        TargetError::TooLong(_) => "too-long",
        _ => "other",
    }
}

fn why_no_host(error: HostError) -> &'static str {
    match error {
        HostError::Empty => "empty",
        HostError::EmptyLabel => "empty-label",
        HostError::LabelTooLong(_) => "label-too-long",
        HostError::TooLong(_) => "too-long",
        HostError::Forbidden => "forbidden",
        HostError::BadIpv4 => "bad-ipv4",
        HostError::BadIpv6 => "bad-ipv6",
        _ => "other",
    }
}

#[test]
fn every_case_is_as_published() {
    let rules = rules();
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in lines() {
        let input = bytes(line[1]);
        let found = match line[0] {
            "list" | "rule" | "pattern" => continue,
            "url" | "no-url" => Target::parse(&input).map_err(why_no_url).map(|target| {
                let mut found = vec![target.to_string()];
                found.extend(fields(&rules.classify(&target)));
                found
            }),
            "host" | "no-host" => Host::parse(&input).map_err(why_no_host).map(|host| {
                let mut found = vec![host.to_string()];
                found.extend(fields(&rules.classify_host(&host)));
                found
            }),
            other => panic!("{other} is no kind of line"),
        };
        let is_error = line[0].starts_with("no-");
        let found = found.unwrap_or_else(|why| vec![format!("{}{why}", if is_error { "" } else { "error: " })]);
        if found != line[2..] {
            wrong.push(format!("{}\n    found {found:?}", line.join(" | ")));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{} of {cases} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 150, "{cases} cases were read");
}
