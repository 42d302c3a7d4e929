//! How much memory compiling takes at most, beyond the names themselves, beside a hash map.
//!
//! Counted by the allocator: what a process is seen to hold counts what it was given and did not give back too.
//! `BELISHA_BENCH_SETS` chooses the sets (`ut1,5M`; both by default).

use belisha_benches::data::{self, Names};
use belisha_benches::rivals::SuffixMap;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let wanted = std::env::var("BELISHA_BENCH_SETS").unwrap_or_else(|_| "ut1,5M".into());
    let lists = data::ut1();
    if wanted.contains("ut1") {
        compare(&Names::of_ut1(&lists));
    }
    if wanted.contains("5M") {
        compare(&Names::of_all(&lists).filled("5M", 5_000_000));
    }
}

fn compare(names: &Names) {
    let count = names.names.len();
    println!("{}: {count} names; most bytes a name at a time", names.title);
    println!("  ours, names of all lists: {:.1}", most(|| names.gathered().finish(), count));
    println!("  ours, each name once: {:.1}", most(|| names.gathered_once().finish(), count));
    println!("  hashbrown+ahash: {:.1}", most(|| SuffixMap::build(&names.names), count));
}

/// How many bytes something takes at most at a time while it is made, for each of so many.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn most<T>(make: impl FnOnce() -> T, count: usize) -> f64 {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = make();
    let most = MEMORY.peak_usage() - before;
    drop(result);
    most as f64 / count as f64
}
