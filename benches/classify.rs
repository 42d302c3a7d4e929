//! One host looked up: ours beside a hash map and a transducer, on UT1.

use std::hint::black_box;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_benches::rivals::{BackwardsFst, SuffixMap};
use belisha_filter::{Host, Ruleset, Target};
use criterion::{Criterion, Throughput};

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let mut criterion = criterion();
    classify(&mut criterion);
    criterion.final_summary();
}

fn classify(criterion: &mut Criterion<ThreadCpu>) {
    let lists = data::ut1();
    let names = data::names(&lists);
    let bytes = data::gathered(&lists).finish().unwrap_or_else(|error| unreachable!("UT1 does not compile: {error}"));
    let rules = Ruleset::open(bytes).unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"));
    let map = SuffixMap::build(&names);
    let fst = BackwardsFst::build(&names);
    println!(
        "{} names, {} rules; bytes a name: ours {} with paths and reasons, fst {}",
        names.len(),
        rules.rule_count(),
        rules.as_bytes().len() / names.len(),
        fst.size() / names.len()
    );
    for stream in data::streams(&names) {
        let hosts: Vec<Host> = stream.hosts.iter().filter_map(|host| host.parse().ok()).collect();
        let mut group = criterion.benchmark_group(format!("classify/{}", stream.name));
        group.throughput(Throughput::Elements(hosts.len() as u64));
        group.bench_function("ours", |b| {
            b.iter(|| hosts.iter().filter(|host| !black_box(rules.classify_host(host)).is_empty()).count());
        });
        group.bench_function("hashbrown+ahash", |b| {
            b.iter(|| stream.hosts.iter().filter(|host| black_box(map.get(host)).is_some()).count());
        });
        group.bench_function("fst", |b| {
            b.iter(|| stream.hosts.iter().filter(|host| black_box(fst.get(host)).is_some()).count());
        });
        group.finish();
    }
    let urls = data::real_urls();
    let mut group = criterion.benchmark_group("url");
    group.throughput(Throughput::Elements(urls.len() as u64));
    group.bench_function("parse", |b| {
        b.iter(|| urls.iter().filter(|url| black_box(Target::parse(url.as_bytes())).is_ok()).count());
    });
    group.bench_function("parse+classify", |b| {
        let hit = |url: &String| Target::parse(url.as_bytes()).is_ok_and(|it| !rules.classify(&it).is_empty());
        b.iter(|| urls.iter().filter(|url| black_box(hit(url))).count());
    });
    group.finish();
}
