//! Lines appended to the access log, beside plain inserts into SQLite.

use std::net::{IpAddr, Ipv4Addr};

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_filter::Target;
use belisha_policy::{AccessRecord, Group, Outcome, Policy, Profile};
use belisha_store::{AccessLog, SealedToNobody};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// Lines of one run; written two thousand at a time, as the proxy writes them.
const LINES: usize = 100_000;
const BATCH: usize = 2_000;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let mut criterion = criterion().sample_size(10);
    append(&mut criterion);
    criterion.final_summary();
}

fn append(criterion: &mut Criterion<ThreadCpu>) {
    let records = records();
    let size = |folder: &TempDir| {
        let files = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum::<u64>()
    };
    let (ours, plain) = (write_ours(&records), write_plain(&records));
    println!("bytes a line: ours {}, plain {}", size(&ours) / LINES as u64, size(&plain) / LINES as u64);
    let mut group = criterion.benchmark_group("log");
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("ours", |b| b.iter_batched(|| (), |()| write_ours(&records), BatchSize::PerIteration));
    group.bench_function("plain inserts", |b| {
        b.iter_batched(|| (), |()| write_plain(&records), BatchSize::PerIteration);
    });
    group.finish();
}

/// Lines as a school would make them: real URLs, four hundred devices.
fn records() -> Vec<AccessRecord> {
    let profiles = vec![Profile::pupils("pupils"), Profile::staff("staff")];
    let groups = vec![Group { name: "pupils".into(), profile: "pupils".into() }];
    let policy = Policy::new(profiles, groups, vec![]).unwrap_or_else(|error| unreachable!("{error}"));
    let targets: Vec<Target> = data::real_urls().iter().filter_map(|url| url.parse().ok()).collect();
    let start = DateTime::<Utc>::from_timestamp(1_795_600_000, 0).unwrap_or_default();
    let record = |(at, target): (usize, &Target)| {
        let device = IpAddr::V4(Ipv4Addr::from(0x0A14_0000 + u32::try_from(at % 400).unwrap_or(0)));
        let time = start + TimeDelta::milliseconds(i64::try_from(at * 7).unwrap_or(0));
        AccessRecord {
            method: "GET".into(),
            scheme: target.scheme().as_str().into(),
            host: target.host().as_str().into(),
            port: target.port(),
            path: target.path().into(),
            observed: Outcome::Allowed,
            status: 200,
            profile: "pupils".into(),
            bytes: 1_000 + at as u64 % 9_000,
            duration_ms: u32::try_from(at % 300).unwrap_or(0),
            ..AccessRecord::new(time, &policy.identify(device), device)
        }
    };
    targets.iter().cycle().take(LINES).enumerate().map(record).collect()
}

fn folder() -> TempDir {
    TempDir::new().unwrap_or_else(|error| unreachable!("no folder for the bench: {error}"))
}

fn write_ours(records: &[AccessRecord]) -> TempDir {
    let folder = folder();
    let mut log = AccessLog::open(folder.path(), SealedToNobody).unwrap_or_else(|error| unreachable!("{error}"));
    for batch in records.chunks(BATCH) {
        log.append(batch).unwrap_or_else(|error| unreachable!("{error}"));
    }
    folder
}

/// The same in one table, texts as they are.
fn write_plain(records: &[AccessRecord]) -> TempDir {
    let folder = folder();
    let write = || -> rusqlite::Result<()> {
        let mut file = Connection::open(folder.path().join("plain.db"))?;
        file.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = normal;
             create table line (at, device, grp, method, scheme, host, port, path, outcome, status, profile, bytes, duration);",
        )?;
        for batch in records.chunks(BATCH) {
            let transaction = file.transaction()?;
            let mut insert =
                transaction.prepare_cached("insert into line values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            for record in batch {
                insert.execute(params![
                    record.at.timestamp_millis(),
                    record.address.to_string(),
                    record.group.as_deref(),
                    record.method,
                    record.scheme,
                    record.host,
                    record.port,
                    record.path,
                    record.observed.slug(),
                    record.status,
                    &*record.profile,
                    i64::try_from(record.bytes).unwrap_or(0),
                    record.duration_ms,
                ])?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    };
    write().unwrap_or_else(|error| unreachable!("{error}"));
    folder
}
