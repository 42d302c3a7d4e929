//! Names to something that can be asked: ours beside a hash map and a transducer.
//!
//! `BELISHA_BENCH_SETS` chooses the sets (`ut1,5M`; both by default).

use std::hint::black_box;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data::{self, Names};
use belisha_benches::rivals::{BackwardsFst, SuffixMap};
use belisha_filter::{AlignedBytes, Ruleset};
use criterion::{Criterion, Throughput};

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let wanted = std::env::var("BELISHA_BENCH_SETS").unwrap_or_else(|_| "ut1,5M".into());
    let mut criterion = criterion().sample_size(10);
    let lists = data::ut1();
    if wanted.contains("ut1") {
        let names = Names::of_ut1(&lists);
        let mut group = criterion.benchmark_group("compile/UT1");
        group.throughput(Throughput::Elements(names.names.len() as u64));
        group.bench_function("ours, lines of all lists", |b| b.iter(|| data::gathered(&lists).finish()));
        group.bench_function("read UT1's archive", |b| b.iter(data::ut1));
        group.finish();
        compile(&mut criterion, &names);
    }
    if wanted.contains("5M") {
        compile(&mut criterion, &Names::of_all(&lists).filled("5M", 5_000_000));
    }
    criterion.final_summary();
}

fn compile(criterion: &mut Criterion<ThreadCpu>, names: &Names) {
    let mut group = criterion.benchmark_group(format!("compile/{}", names.title));
    group.throughput(Throughput::Elements(names.names.len() as u64));
    group.bench_function("ours, names of all lists", |b| b.iter(|| names.gathered().finish()));
    group.bench_function("ours, each name once", |b| b.iter(|| names.gathered_once().finish()));
    group.bench_function("hashbrown+ahash, names merged", |b| b.iter(|| SuffixMap::build(&names.names)));
    group.bench_function("fst, names merged", |b| b.iter(|| BackwardsFst::build(&names.names)));
    group.finish();
    let bytes = AlignedBytes::from(names.gathered().finish().unwrap_or_default());
    let mut group = criterion.benchmark_group(format!("open/{}", names.title));
    group.throughput(Throughput::Bytes(bytes.as_ref().len() as u64));
    group.bench_function("open", |b| b.iter(|| black_box(Ruleset::open(&bytes)).is_ok()));
    group.bench_function("open and verify", |b| b.iter(|| Ruleset::open(&bytes).and_then(|rules| rules.verify())));
    group.finish();
}
