//! One host looked up: ours beside a hash map and a transducer, on UT1, on all lists, and on 2.3 and 5 million names.
//!
//! `BELISHA_BENCH_SETS` chooses the sets (`ut1,all,2.3M,5M`; all by default).

use std::hint::black_box;
use std::time::Duration;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data::{self, Names};
use belisha_benches::rivals::{BackwardsFst, SuffixMap};
use belisha_filter::{AlignedBytes, Host, Ruleset, Target};
use criterion::{Criterion, Throughput};

type Rules = Ruleset<AlignedBytes>;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let wanted = std::env::var("BELISHA_BENCH_SETS").unwrap_or_else(|_| "ut1,all,2.3M,5M".into());
    let wanted: Vec<&str> = wanted.split(',').collect();
    let mut criterion =
        criterion().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    let ut1 = data::ut1();
    if wanted.contains(&"ut1") {
        let rules = open(data::gathered(&ut1).finish().unwrap_or_default());
        classify(&mut criterion, &Names::of_ut1(&ut1), &rules);
        urls(&mut criterion, &rules);
    }
    if wanted.iter().any(|it| *it != "ut1") {
        let all = Names::of_all(&ut1);
        drop(ut1);
        for (title, count) in [("all", 0), ("2.3M", 2_342_469), ("5M", 5_000_000)] {
            if wanted.contains(&title) {
                let names = all.filled(title, count);
                let rules = open(names.gathered().finish().unwrap_or_default());
                classify(&mut criterion, &names, &rules);
            }
        }
    }
    criterion.final_summary();
}

fn open(bytes: Vec<u8>) -> Rules {
    let bytes = AlignedBytes::from(bytes);
    Ruleset::open(bytes).unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"))
}

fn classify(criterion: &mut Criterion<ThreadCpu>, names: &Names, rules: &Rules) {
    let map = SuffixMap::build(&names.names);
    let fst = BackwardsFst::build(&names.names);
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let a_name = |bytes: usize| bytes as f64 / names.names.len() as f64;
    println!(
        "{}: {} names, {} rules; bytes a name: ours {:.2} with all reasons, fst {:.2}",
        names.title,
        names.names.len(),
        rules.rule_count(),
        a_name(rules.as_bytes().len()),
        a_name(fst.size())
    );
    for stream in data::streams(&names.names) {
        let hosts = in_a_row(&stream.hosts);
        drop(stream.hosts);
        let mut group = criterion.benchmark_group(format!("{}/{}", names.title, stream.name));
        group.throughput(Throughput::Elements(hosts.len() as u64));
        group.bench_function("ours", |b| {
            // Looked at where it is: handed on by value it would be copied, which nobody does who asks.
            let found = |host: &&Host| {
                let findings = rules.classify_host(host);
                black_box(&findings);
                !findings.is_empty()
            };
            b.iter(|| hosts.iter().filter(found).count());
        });
        group.bench_function("ours, in a row", |b| {
            b.iter(|| {
                let mut count = 0_usize;
                rules.classify_hosts(&hosts, |findings| {
                    black_box(findings);
                    count += usize::from(!findings.is_empty());
                });
                count
            });
        });
        group.bench_function("ours, first list", |b| {
            let first = |host: &&Host| {
                let findings = rules.classify_host(host);
                black_box(&findings);
                findings.lists().next().is_some()
            };
            b.iter(|| hosts.iter().filter(first).count());
        });
        group.bench_function("hashbrown+ahash", |b| {
            b.iter(|| hosts.iter().filter(|host| black_box(map.get(host.as_str())).is_some()).count());
        });
        if names.names.len() < 1_000_000 {
            group.bench_function("fst", |b| {
                b.iter(|| hosts.iter().filter(|host| black_box(fst.get(host.as_str())).is_some()).count());
            });
        }
        group.finish();
    }
}

/// The hosts of a stream, one behind the other in memory: a thread of its own has a heap without the holes of ours, and
/// fetching the texts from all over the memory would be most of what is measured, for all.
fn in_a_row(hosts: &[String]) -> Vec<Host> {
    let parsed = || hosts.iter().filter_map(|host| host.parse().ok()).collect();
    std::thread::scope(|scope| scope.spawn(parsed).join()).unwrap_or_default()
}

fn urls(criterion: &mut Criterion<ThreadCpu>, rules: &Rules) {
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
