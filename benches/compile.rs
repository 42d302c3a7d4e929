//! Names to something that can be asked: ours beside a hash map and a transducer, on UT1.

use std::hint::black_box;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_benches::rivals::{BackwardsFst, SuffixMap};
use belisha_filter::Ruleset;
use criterion::{Criterion, Throughput};

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let mut criterion = criterion().sample_size(10);
    compile(&mut criterion);
    criterion.final_summary();
}

fn compile(criterion: &mut Criterion<ThreadCpu>) {
    let lists = data::ut1();
    let names = data::names(&lists);
    let ours = || data::gathered(&lists).finish();
    let mut group = criterion.benchmark_group("compile");
    group.throughput(Throughput::Elements(names.len() as u64));
    group.bench_function("ours (1.07 M lines of 64 lists)", |b| b.iter(ours));
    group.bench_function("hashbrown+ahash (names already merged)", |b| b.iter(|| SuffixMap::build(&names)));
    group.bench_function("fst (names already merged)", |b| b.iter(|| BackwardsFst::build(&names)));
    group.bench_function("read UT1's archive", |b| b.iter(data::ut1));
    group.finish();
    let bytes = ours().unwrap_or_default();
    let mut group = criterion.benchmark_group("open");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("open", |b| b.iter(|| black_box(Ruleset::open(&bytes)).is_ok()));
    group.bench_function("open+verify", |b| b.iter(|| Ruleset::open(&bytes).and_then(|rules| rules.verify())));
    group.finish();
}
