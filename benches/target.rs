//! A URL of real browsing parsed, and looked up: ours beside the parsers of browsers and an ad blocker, on UT1 with its
//! `urls`.

use std::hint::black_box;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data::{self, BrowserRequest};
use belisha_filter::{Ruleset, Target};
use criterion::{Criterion, Throughput};

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let requests = data::requests();
    let mut criterion = criterion();
    parse(&mut criterion, &requests);
    look_up(&mut criterion, &requests);
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion<ThreadCpu>, requests: &[BrowserRequest]) {
    let urls: Vec<&str> = requests.iter().map(|request| &*request.url).collect();
    let bytes: usize = urls.iter().map(|url| url.len()).sum();
    println!("{} URLs of {} bytes on average", urls.len(), bytes / urls.len());
    let mut group = criterion.benchmark_group("target/parse");
    group.throughput(Throughput::Elements(urls.len() as u64));
    group.bench_function("ours", |b| {
        b.iter(|| urls.iter().filter(|url| black_box(Target::parse(url.as_bytes())).is_ok()).count());
    });
    group.bench_function("url", |b| {
        b.iter(|| urls.iter().filter(|url| black_box(url::Url::parse(url)).is_ok()).count());
    });
    group.bench_function("adblock Request::new", |b| {
        b.iter(|| requests.iter().filter(|request| black_box(of_adblock(request)).is_some()).count());
    });
    group.finish();
}

fn look_up(criterion: &mut Criterion<ThreadCpu>, requests: &[BrowserRequest]) {
    let lists = data::ut1();
    let bytes = data::gathered(&lists).finish().unwrap_or_else(|error| unreachable!("UT1 does not compile: {error}"));
    let rules = Ruleset::open(bytes).unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"));
    let engine = adblock::Engine::new_with_list_text(data::in_adblock_syntax(&lists));
    let by_us = |request: &BrowserRequest| {
        Target::parse(request.url.as_bytes()).is_ok_and(|target| rules.classify(&target).lists().next().is_some())
    };
    let by_adblock = |request: &BrowserRequest| {
        of_adblock(request).is_some_and(|it| engine.check_network_request(&it).should_block())
    };
    let found = |by: &dyn Fn(&BrowserRequest) -> bool| requests.iter().filter(|request| by(request)).count();
    println!("of {} requests a list holds: ours {}, adblock {}", requests.len(), found(&by_us), found(&by_adblock));
    let mut group = criterion.benchmark_group("target/parse and look up");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("ours", |b| b.iter(|| found(&|request| black_box(by_us(request)))));
    group.bench_function("ours, each list named", |b| {
        let named = |request: &BrowserRequest| {
            Target::parse(request.url.as_bytes()).map_or(0, |target| rules.classify(&target).lists().count())
        };
        b.iter(|| requests.iter().map(|request| black_box(named(request))).sum::<usize>());
    });
    group.bench_function("adblock", |b| b.iter(|| found(&|request| black_box(by_adblock(request)))));
    group.finish();
}

fn of_adblock(request: &BrowserRequest) -> Option<adblock::request::Request> {
    adblock::request::Request::new(&request.url, &request.page, &request.kind, "GET").ok()
}
