//! Rules in the syntax of ad blockers, against published vectors and against the `adblock` crate.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use belisha_benches::ad_requests::AdRequest;
use belisha_filter::adblock::NetworkRule;
use belisha_filter::{Compiler, List, Pattern, Rule, Ruleset, Target};
use belisha_testkit::{test_data, unpack};

/// A rule alone; an exception without its sign, so that what it holds is found.
fn alone(filter: &str) -> Option<Ruleset<Vec<u8>>> {
    let rule = NetworkRule::parse(filter.strip_prefix("@@").unwrap_or(filter)).ok()?;
    let mut compiler = Compiler::new(1);
    let list = compiler.list(List::new("test", "alone", 1));
    // A site whole is a rule of its own, as where lists are read.
    match rule.as_str().strip_prefix("||").and_then(|rest| rest.strip_suffix('^')).map(Rule::domain) {
        Some(Ok(site)) => compiler.add(list, &site),
        _ => compiler.add_pattern(list, &Pattern::Adblock(rule)),
    }
    Some(Ruleset::open(compiler.finish().unwrap()).unwrap())
}

#[test]
fn every_published_vector_is_held_by_each_of_its_rules() {
    let Some(data) = test_data() else { return };
    let vectors = unpack(&data.join("requests/adblock_match_vectors.jsonl.zst"));
    let (mut count, mut hostless, mut wrong) = (0, 0, Vec::new());
    for line in vectors.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| vector[key].as_str().unwrap().to_owned();
        let request = AdRequest { url: text("url"), page: text("sourceUrl"), kind: text("type") };
        // Without a host nothing can be asked for, and nobody's rule can hold it.
        if ["http://", "https://"].contains(&request.url.as_str()) {
            hostless += 1;
            continue;
        }
        let target: Target = request.url.parse().unwrap();
        for filter in vector["filters"].as_array().unwrap() {
            count += 1;
            let filter = filter.as_str().unwrap();
            let held =
                alone(filter).map(|rules| request.with(&target, |request| !rules.classify_request(request).is_empty()));
            if held != Some(true) {
                wrong.push(format!("{filter} and {line}: {held:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 6_000 && hostless < 60, "{count} pairs, {hostless} without a host");
}

#[test]
fn every_rule_of_the_vectors_holds_what_the_adblock_crate_says() {
    let Some(data) = test_data() else { return };
    let vectors = unpack(&data.join("requests/adblock_match_vectors.jsonl.zst"));
    let filters: BTreeSet<String> = vectors
        .lines()
        .flat_map(|line| {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let filters = vector["filters"].as_array().unwrap().iter();
            filters.map(|filter| filter.as_str().unwrap().trim_start_matches("@@").to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let stream = unpack(&data.join("requests/stream_500k.tsv.zst"));
    let requests: Vec<AdRequest> = stream
        .lines()
        .step_by(499)
        .take(1000)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            AdRequest { kind: cells[0].into(), page: cells[1].into(), url: cells[2].into() }
        })
        .collect();
    let parsed: Vec<(&AdRequest, Target, adblock::request::Request)> = requests
        .iter()
        .filter_map(|it| {
            let theirs = adblock::request::Request::new(&it.url, &it.page, &it.kind, "GET").ok()?;
            Some((it, it.url.parse().ok()?, theirs))
        })
        .collect();
    assert!(parsed.len() > 950);
    let (mut asked, mut held, mut wrong) = (0, 0, Vec::new());
    for filter in &filters {
        let rules = alone(filter).unwrap();
        let engine = adblock::Engine::new_with_list_text(filter.clone());
        for (request, target, theirs) in &parsed {
            let ours = request.with(target, |request| !rules.classify_request(request).is_empty());
            let other = engine.check_network_request(theirs).should_block();
            asked += 1;
            held += u32::from(other);
            if ours != other {
                wrong.push(format!("{filter}\t{}\t{}\t{}\tours {ours}", request.kind, request.page, request.url));
            }
        }
    }
    println!("{asked} pairs, {held} held by the adblock crate");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    assert!(held > 100);
}
