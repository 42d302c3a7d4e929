//! Rules that are not about one name: what they add to a look-up, beside one automaton for all of them.
//!
//! Each set is compiled with UT1 and asked for real URLs: without patterns; with parts of URLs; with expressions as
//! squidGuard's lists have them; with both. The rival is a `RegexSet` of the same, which tells all that match.

use std::fmt::Write as _;
use std::hint::black_box;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_filter::{AlignedBytes, List, Pattern, Ruleset, Target};
use belisha_formats::lists;
use criterion::{Criterion, Throughput};
use regex::bytes::{RegexSet, RegexSetBuilder};

type Rules = Ruleset<AlignedBytes>;

const PARTS: usize = 1000;
const EXPRESSIONS: usize = 200;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let ut1 = data::ut1();
    let targets: Vec<Target> = data::real_urls().iter().filter_map(|url| url.parse().ok()).collect();
    let words = words(&ut1);
    let parts: Vec<String> = words.iter().take(PARTS).map(|word| format!("text:{word}")).collect();
    let expressions: Vec<String> = words.chunks(4).take(EXPRESSIONS).map(expression).collect();
    let both: Vec<String> = parts.iter().chain(&expressions).cloned().collect();
    let mut criterion = criterion();
    for (title, lines) in
        [("none", &[][..]), ("1000 parts", &parts), ("200 expressions", &expressions), ("both", &both)]
    {
        compare(&mut criterion, title, &ut1, lines, &targets);
    }
    criterion.final_summary();
}

/// First labels of listed names, each once, evenly taken.
fn words(ut1: &[lists::List]) -> Vec<String> {
    let labels = ut1.iter().flat_map(|list| list.rules.lines().step_by(499)).filter_map(|line| line.split('.').next());
    let plain = |label: &&str| (6..16).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut words: Vec<String> = labels.filter(plain).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Words between signs, as squidGuard's `expressions` are written.
fn expression(words: &[String]) -> String {
    format!("regexp:(^|[-./?=&_])({})s?[0-9]*([-./?=&_]|$)", words.join("|"))
}

fn compiled(ut1: &[lists::List], lines: &[String]) -> Rules {
    let mut compiler = data::gathered(ut1);
    let list = compiler.list(List::new("bench", "patterns", 14));
    for line in lines {
        let pattern = Pattern::from_normalised(line);
        compiler.add_pattern(list, &pattern.unwrap_or_else(|error| unreachable!("{line}: {error}")));
    }
    let bytes = compiler.finish().unwrap_or_else(|error| unreachable!("it does not compile: {error}"));
    Ruleset::open(bytes.into()).unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"))
}

fn compare(
    criterion: &mut Criterion<ThreadCpu>,
    title: &str,
    ut1: &[lists::List],
    lines: &[String],
    targets: &[Target],
) {
    let rules = compiled(ut1, lines);
    let set = rival(lines);
    let texts: Vec<String> = targets.iter().map(text).collect();
    let list = rules.lists().count() - 1;
    let by_us = |target: &Target| rules.classify(target).lists().any(|id| id.index() == list);
    let ours = targets.iter().filter(|target| by_us(target)).count();
    let theirs = texts.iter().filter(|text| set.is_match(text.as_bytes())).count();
    println!("{title}: of {} URLs ours holds {ours}, the set {theirs}", targets.len());
    let mut group = criterion.benchmark_group(format!("patterns/{title}"));
    group.throughput(Throughput::Elements(targets.len() as u64));
    group.bench_function("ours, with UT1", |b| {
        b.iter(|| targets.iter().filter(|target| !black_box(rules.classify(target)).is_empty()).count());
    });
    if !lines.is_empty() {
        group.bench_function("RegexSet, the patterns alone", |b| {
            b.iter(|| texts.iter().filter(|text| black_box(set.matches(text.as_bytes())).matched_any()).count());
        });
    }
    group.finish();
}

/// The same patterns as one set of expressions.
fn rival(lines: &[String]) -> RegexSet {
    let expressions = lines.iter().map(|line| match line.split_once(':') {
        Some(("text", text)) => regex::escape(text),
        Some((_, expression)) => expression.to_owned(),
        None => line.clone(),
    });
    let set = RegexSetBuilder::new(expressions).case_insensitive(true).unicode(false).size_limit(1 << 28).build();
    set.unwrap_or_else(|error| unreachable!("the set does not compile: {error}"))
}

/// What patterns look at, for the rival.
fn text(target: &Target) -> String {
    let mut text = format!("{}/{}", target.host(), target.rule_path());
    if let Some(query) = target.query() {
        // Writing to a string does not fail.
        let _ = write!(text, "?{}", query.to_lowercase());
    }
    text
}
