//! Lines of another filter's log: read and judged, taken into the access log, and asked about under two policies.
//!
//! Thread CPU time a line of the invented school's sample, with UT1's rules and the school's people, three hundred
//! thousand lines of it: the sample six times over, each twenty weeks after the one before.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot go on fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_formats::mis;
use belisha_school::authority::Authority;
use belisha_school::imported_log::{Today, import_log, try_log};
use belisha_school::past::LogFormat;
use belisha_school::people::{Lists, MOST_LEAVERS, Options, Returning, apply, plan_all};
use belisha_school::replay::{WhatIf, replay};
use belisha_school::rules::{self, Loaded};
use belisha_school::sources::{Import, import};
use belisha_school::{DataFolder, School, Settings};
use belisha_testkit::test_data;
use chrono::Utc;
use criterion::{BatchSize, Criterion, Throughput};
use tempfile::TempDir;

const TIMES: u32 = 6;
const WEEK: u64 = 7 * 24 * 3600;

fn main() {
    let Some(data) = test_data() else { return };
    let mut criterion = criterion().sample_size(10);
    lines(&mut criterion, &data);
    criterion.final_summary();
}

/// A school with people and rules.
struct Ready {
    folder: TempDir,
    settings: Settings,
    loaded: Loaded,
    log: PathBuf,
    lines: u64,
}

fn ready(data: &Path) -> Ready {
    let folder = tempfile::tempdir().unwrap();
    let settings_file = folder.path().join("school.toml");
    fs::write(&settings_file, include_str!("../crates/school/data/prep.toml")).unwrap();
    let settings = Settings::load(Some(&settings_file)).unwrap();
    let home = DataFolder::new(folder.path());
    let lists =
        Import { paths: vec![data.join("ut1/ut1-squidguard.tar.zst")], name: Some("ut1".into()), ..Import::default() };
    import(&home, &settings, &lists, (1, Utc::now().timestamp()), &mut |_| {}).unwrap();
    let school = School::open(&home, &settings, Utc::now()).unwrap();
    let gathered = mis::read(&data.join("school/prep/mis"), &mut |_| {}).unwrap();
    let authority = Authority::load(school.ledger()).unwrap();
    let options = Options {
        now: Utc::now(),
        most_leavers: MOST_LEAVERS,
        lists: Lists::Everybody,
        role_holders: authority.role_holders(Utc::now()),
        returning: Returning::default(),
        elsewhere: None,
    };
    let plan = plan_all(authority.roll(), &gathered[0].claims, &options).unwrap();
    apply(school.ledger(), authority.roll(), &plan, None, Utc::now()).unwrap();
    let (log, lines) = long_log(folder.path(), data);
    let loaded = rules::load(&home).unwrap();
    Ready { settings: school.settings().clone(), folder, loaded, log, lines }
}

/// The sample several times over, later each time.
fn long_log(folder: &Path, data: &Path) -> (PathBuf, u64) {
    let sample = belisha_testkit::unpack(&data.join("school/prep/access-sample.log.zst"));
    let mut text = String::new();
    for time in 0..TIMES {
        for line in sample.lines() {
            let (seconds, rest) = line.split_once('.').unwrap();
            let later = seconds.parse::<u64>().unwrap() + u64::from(time) * WEEK * 20;
            let _ = writeln!(text, "{later}.{rest}");
        }
    }
    let log = folder.join("long.log");
    fs::write(&log, &text).unwrap();
    (log, text.lines().count() as u64)
}

fn lines(criterion: &mut Criterion<ThreadCpu>, data: &Path) {
    let ready = ready(data);
    let home = DataFolder::new(ready.folder.path());
    let school = School::open(&home, &ready.settings, Utc::now()).unwrap();
    let authority = Authority::load(school.ledger()).unwrap();
    let (policy, rules) = (&ready.settings.policy, &ready.loaded.rules);
    // Years from now, so that no line is from the future.
    let now = Utc::now() + chrono::TimeDelta::days(3_650);
    let today = Today { rules, policy, authority: &authority, now };
    let format = LogFormat::default();
    let mut group = criterion.benchmark_group("past");
    group.throughput(Throughput::Elements(ready.lines));
    group.bench_function("read and judged", |bencher| {
        bencher.iter(|| try_log(None, &ready.log, &format, &today, &mut |_, _| {}).unwrap());
    });
    let other = Settings::load(None).unwrap();
    let ask = WhatIf { rules, policy, other: &other.policy, authority: &authority, now, top: 5 };
    group.bench_function("asked under two policies", |bencher| {
        bencher.iter(|| replay(&[&ready.log], &format, &ask, &mut |_, _, _| {}).unwrap());
    });
    group.bench_function("imported", |bencher| {
        bencher.iter_batched(
            || {
                let folder = tempfile::tempdir().unwrap();
                let school = School::open(&DataFolder::new(folder.path()), &ready.settings, Utc::now()).unwrap();
                (folder, school)
            },
            |(folder, school)| {
                import_log(&school, &ready.log, &format, &today, &mut |_, _| {}).unwrap();
                (folder, school)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}
