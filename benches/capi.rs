//! The call from C beside the call in Rust, from the same bytes to the same answer, on UT1.
//!
//! Both parse the host or the URL, look it up and count the rules that were found; `reasons` reads each rule with its
//! list too.

#![expect(unsafe_code, reason = "the functions are those that C calls")]

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::time::Duration;

use belisha::{
    Finding, Findings, Rules, Status, belisha_findings_count, belisha_findings_free, belisha_findings_get,
    belisha_findings_new, belisha_rules_free, belisha_rules_load_memory, belisha_rules_look_up_host,
    belisha_rules_look_up_url,
};
use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data::{self, Names};
use belisha_filter::{AlignedBytes, Entry, Host, Ruleset, Target};
use criterion::measurement::Measurement;
use criterion::{Criterion, Throughput};

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let mut criterion =
        criterion().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    let ut1 = data::ut1();
    let bytes = data::gathered(&ut1).finish().unwrap_or_default();
    let c = C::new(&bytes);
    let rust = Ruleset::open(AlignedBytes::from(bytes))
        .unwrap_or_else(|error| unreachable!("what was compiled does not open: {error}"));
    for stream in data::streams(&Names::of_ut1(&ut1).names) {
        compare(&mut criterion, &format!("host/{}", stream.name), &in_a_row(&stream.hosts), &c.of_hosts(), &|host| {
            let Ok(host) = host.parse::<Host>() else { return 0 };
            rust.classify_host(&host).hits().count()
        });
    }
    compare(&mut criterion, "url/real", &in_a_row(&data::real_urls()), &c.of_urls(), &|url| {
        let Ok(target) = Target::parse(url.as_bytes()) else { return 0 };
        rust.classify(&target).hits().count()
    });
    let hosts = in_a_row(&data::streams(&Names::of_ut1(&ut1).names).pop().map(|hit| hit.hosts).unwrap_or_default());
    compare(&mut criterion, "reasons/hit", &hosts, &|host| c.reasons(host), &|host| {
        let Ok(host) = host.parse::<Host>() else { return 0 };
        let findings = rust.classify_host(&host);
        let length = |entry: Entry<'_>| match entry {
            Entry::Domain(name) | Entry::Host(name) => name.len(),
            other => other.to_string().len(),
        };
        findings.hits().map(|hit| hit.list().name().len() + length(hit.entry())).sum()
    });
    criterion.final_summary();
}

/// Both ways over the same texts, which must give the same.
fn compare(
    criterion: &mut Criterion<ThreadCpu>,
    title: &str,
    texts: &[String],
    c: &dyn Fn(&str) -> usize,
    rust: &dyn Fn(&str) -> usize,
) {
    let sum = |ask: &dyn Fn(&str) -> usize| texts.iter().map(|text| black_box(ask(text))).sum::<usize>();
    assert_eq!(sum(c), sum(rust), "C and Rust find the same");
    in_pairs(title, texts, c, rust);
    let mut group = criterion.benchmark_group(title);
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("rust", |b| b.iter(|| sum(rust)));
    group.bench_function("c", |b| b.iter(|| sum(c)));
    group.finish();
}

/// The two over the same thousand texts, one straight after the other, again and again, so that what disturbs one
/// disturbs the other: the median of each, and of their difference.
fn in_pairs(title: &str, texts: &[String], c: &dyn Fn(&str) -> usize, rust: &dyn Fn(&str) -> usize) {
    let time = |ask: &dyn Fn(&str) -> usize, part: &[String]| {
        let start = ThreadCpu.start();
        black_box(part.iter().map(|text| black_box(ask(text))).sum::<usize>());
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let a_text = ThreadCpu.to_f64(&ThreadCpu.end(start)) / part.len() as f64;
        a_text
    };
    let mut pairs = Vec::new();
    for round in 0..4 {
        for part in texts.chunks_exact(1000) {
            // Whoever comes second finds the texts in the cache: each is that as often.
            pairs.push(if round % 2 == 0 {
                let rust = time(rust, part);
                (rust, time(c, part))
            } else {
                let c = time(c, part);
                (time(rust, part), c)
            });
        }
    }
    let median = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_unstable_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (rust, c, more) = (median(&|pair| pair.0), median(&|pair| pair.1), median(&|pair| pair.1 - pair.0));
    println!("{title}: rust {rust:.0} ns, c {c:.0} ns, c over rust {more:.0} ns (medians of {} pairs)", pairs.len());
}

/// Texts one behind the other in memory, as a thread of its own has them.
fn in_a_row(texts: &[String]) -> Vec<String> {
    std::thread::scope(|scope| scope.spawn(|| texts.to_vec()).join()).unwrap_or_default()
}

/// Rules and findings as C has them.
struct C {
    rules: *mut Rules,
    findings: *mut Findings,
}

impl C {
    fn new(bytes: &[u8]) -> Self {
        let mut c = Self { rules: null_mut(), findings: null_mut() };
        // SAFETY: the bytes and the places are there.
        unsafe {
            let loaded = belisha_rules_load_memory(bytes.as_ptr().cast(), bytes.len(), &raw mut c.rules);
            assert_eq!(loaded, Status::Ok, "what was compiled does not open");
            belisha_findings_new(&raw mut c.findings);
        }
        c
    }

    fn look_up_host(&self, host: &str) -> usize {
        // SAFETY: the handles and the bytes are there.
        unsafe {
            belisha_rules_look_up_host(self.rules, host.as_ptr().cast(), host.len(), self.findings);
            belisha_findings_count(self.findings)
        }
    }

    fn of_hosts(&self) -> impl Fn(&str) -> usize {
        |host| self.look_up_host(host)
    }

    fn of_urls(&self) -> impl Fn(&str) -> usize {
        |url| {
            // SAFETY: the handles and the bytes are there.
            unsafe {
                belisha_rules_look_up_url(self.rules, url.as_ptr().cast(), url.len(), self.findings);
                belisha_findings_count(self.findings)
            }
        }
    }

    fn reasons(&self, host: &str) -> usize {
        let mut finding = MaybeUninit::<Finding>::uninit();
        let length = |at| {
            // SAFETY: the handle and the place are there, and the place is filled where the call succeeds.
            unsafe {
                match belisha_findings_get(self.findings, at, finding.as_mut_ptr(), size_of::<Finding>()) {
                    Status::Ok => finding.assume_init().name.length + finding.assume_init().rule.length,
                    _ => 0,
                }
            }
        };
        (0..self.look_up_host(host)).map(length).sum()
    }
}

impl Drop for C {
    fn drop(&mut self) {
        // SAFETY: both came from where such come from, and are freed once.
        unsafe {
            belisha_findings_free(self.findings);
            belisha_rules_free(self.rules);
        }
    }
}
