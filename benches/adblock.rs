//! Rules in the syntax of ad blockers: `EasyList` and `EasyPrivacy`, asked about requests of real browsing, ours beside an
//! ad blocker.

use std::hint::black_box;
use std::path::Path;

use belisha_benches::ad_requests::AdRequest;
use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_filter::{AlignedBytes, Compiler, List, Pattern, Rule, Ruleset, Target};
use belisha_formats::lists;
use belisha_testkit::{test_data, unpack};
use criterion::{Criterion, Throughput};

type Rules = Ruleset<AlignedBytes>;

fn main() {
    let Some(data) = test_data() else { return };
    let paths = ["easylist", "easyprivacy"].map(|name| data.join(format!("lists/adblock/easylist_{name}.txt.zst")));
    let requests: Vec<AdRequest> = data::requests()
        .into_iter()
        .map(|request| AdRequest { url: request.url, page: request.page, kind: request.kind })
        .collect();
    let mut criterion = criterion();
    ask(&mut criterion, &paths, &requests);
    compile(&mut criterion, &paths);
    criterion.final_summary();
}

/// Both as one list: an ad blocker has one set of rules, in which an exception of each list counts for the other.
fn compiled(paths: &[impl AsRef<Path>]) -> Rules {
    let mut compiler = Compiler::new(1);
    let id = compiler.list(List::new("bench", "ads", 1));
    for path in paths {
        let source = lists::read(path.as_ref(), None, &lists::Limits::default(), &mut |_| {})
            .unwrap_or_else(|error| unreachable!("{error}"));
        for list in &source.lists {
            for line in list.rules.lines() {
                match Rule::from_normalised(line) {
                    Ok(rule) => compiler.add(id, &rule),
                    Err(_) => compiler.add_pattern(id, &pattern(line)),
                }
            }
        }
    }
    let bytes = compiler.finish().unwrap_or_else(|error| unreachable!("they do not compile: {error}"));
    Ruleset::open(bytes.into()).unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"))
}

fn pattern(line: &str) -> Pattern<'_> {
    Pattern::from_normalised(line).unwrap_or_else(|error| unreachable!("{line}: {error}"))
}

fn of_adblock(request: &AdRequest) -> Option<adblock::request::Request> {
    adblock::request::Request::new(&request.url, &request.page, &request.kind, "GET").ok()
}

fn ask(criterion: &mut Criterion<ThreadCpu>, paths: &[impl AsRef<Path>], requests: &[AdRequest]) {
    let rules = compiled(paths);
    let engine = adblock::Engine::new_with_list_text(texts(paths));
    println!("{} rules in {} bytes", rules.rule_count(), rules.as_bytes().len());
    let by_us = |request: &AdRequest| {
        Target::parse(request.url.as_bytes()).is_ok_and(|target| {
            request.with(&target, |request| rules.classify_request(request).lists().next().is_some())
        })
    };
    let by_adblock =
        |request: &AdRequest| of_adblock(request).is_some_and(|it| engine.check_network_request(&it).should_block());
    let (mut by_both, mut by_one) = (0, Vec::new());
    for request in requests {
        match (by_us(request), by_adblock(request)) {
            (true, true) => by_both += 1,
            (false, false) => {}
            (ours, _) => by_one.push((if ours { "ours" } else { "adblock" }, request)),
        }
    }
    println!("of {} requests both hold {by_both}, one alone {}", requests.len(), by_one.len());
    for (who, request) in by_one.iter().take(20) {
        println!("  {who} alone: {} {} of {}", request.kind, request.url, request.page);
    }
    let mut group = criterion.benchmark_group("adblock/parse and ask");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("ours", |b| b.iter(|| requests.iter().filter(|it| black_box(by_us(it))).count()));
    group.bench_function("adblock", |b| b.iter(|| requests.iter().filter(|it| black_box(by_adblock(it))).count()));
    group.finish();
    let targets: Vec<(&AdRequest, Target)> =
        requests.iter().filter_map(|it| Some((it, Target::parse(it.url.as_bytes()).ok()?))).collect();
    let parsed: Vec<_> = requests.iter().filter_map(of_adblock).collect();
    let mut group = criterion.benchmark_group("adblock/ask");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("ours, the page parsed each time", |b| {
        let held = |(request, target): &&(&AdRequest, Target)| {
            request.with(target, |request| black_box(rules.classify_request(request).lists().next().is_some()))
        };
        b.iter(|| targets.iter().filter(held).count());
    });
    group.bench_function("adblock", |b| {
        b.iter(|| parsed.iter().filter(|it| black_box(engine.check_network_request(it).should_block())).count());
    });
    group.finish();
}

fn compile(criterion: &mut Criterion<ThreadCpu>, paths: &[impl AsRef<Path>]) {
    let both = texts(paths);
    let mut group = criterion.benchmark_group("adblock/read and compile");
    group.bench_function("ours, unpacked from disk", |b| b.iter(|| black_box(compiled(paths)).rule_count()));
    group.bench_function("adblock", |b| b.iter(|| black_box(adblock::Engine::new_with_list_text(both.as_str()))));
    group.finish();
}

fn texts(paths: &[impl AsRef<Path>]) -> String {
    paths.iter().map(|path| unpack(path.as_ref())).collect::<Vec<_>>().join("\n")
}
