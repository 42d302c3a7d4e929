//! Lines appended to the access log, beside plain inserts into SQLite and a plain `COPY` into PostgreSQL; bytes a line;
//! and one pupil's day out of a term.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Instant;

use belisha_benches::cpu_time::{ThreadCpu, criterion};
use belisha_benches::data;
use belisha_filter::Target;
use belisha_policy::{AccessRecord, Group, Outcome, Policy, Profile};
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{
    AccessLog, PeopleOpener, PeopleSeal, Place, SchoolId, SealFault, close_day, days, person_day, read_day,
};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// Lines of one run; written two thousand at a time, as the proxy writes them.
const LINES: usize = 100_000;
const BATCH: usize = 2_000;
/// A term: five million lines of a thousand pupils on seventy days.
const DAYS: i64 = 70;
const LINES_A_DAY: usize = 5_000_000 / 70;
const PUPILS: usize = 1_000;
const DAY: i64 = 86_400_000;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let mut criterion = criterion().sample_size(10);
    append(&mut criterion);
    criterion.final_summary();
    // Beside a server, and with files to read, the time on the clock counts.
    if std::env::args().all(|argument| argument != "--test") {
        sizes();
        copy();
        term();
    }
}

/// What is sealed does not matter here; what it costs beyond this is one sealing a day.
struct Plain;

impl PeopleSeal for Plain {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        Ok(table_key.to_vec())
    }
}

impl PeopleOpener for Plain {
    fn open(&self, sealed: &[u8]) -> Result<zeroize::Zeroizing<[u8; 32]>, SealFault> {
        Ok(zeroize::Zeroizing::new(sealed.try_into()?))
    }
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
            person: Some(format!("pupil {}", at % 400).into()),
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
    write_to(folder.path(), records);
    folder
}

fn write_to(place: impl Into<Place>, records: &[AccessRecord]) {
    let mut log = AccessLog::open(place, Plain).unwrap_or_else(|error| unreachable!("{error}"));
    for batch in records.chunks(BATCH) {
        log.append(batch).unwrap_or_else(|error| unreachable!("{error}"));
    }
}

/// Bytes a line in an open and in a closed file, whole and besides the texts of paths.
fn sizes() {
    let repeating = records();
    let fresh: Vec<_> = (0..).zip(&repeating).map(|(at, it)| fresh_path(at, it)).collect();
    for (what, records) in [("paths that come again", repeating), ("paths that are new", fresh)] {
        let folder = write_ours(&records);
        let day = days(folder.path()).ok().and_then(|days| days.first().copied()).unwrap_or_default();
        let open = folder.path().join(format!("{day}.db"));
        let file = Connection::open(&open).unwrap_or_else(|error| unreachable!("{error}"));
        let paths: u64 = file
            .query_row("SELECT sum(length(CAST(text AS BLOB))) FROM paths", [], |row| row.get::<_, i64>(0))
            .map_or(0, i64::cast_unsigned);
        drop(file);
        let open = std::fs::metadata(open).map_or(0, |file| file.len());
        let closed: u64 = close_day(folder.path(), day)
            .unwrap_or_else(|error| unreachable!("{error}"))
            .iter()
            .map(|it| it.bytes)
            .sum();
        let a_line = |bytes: u64| bytes * 10 / LINES as u64;
        let show = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
        println!(
            "bytes a line, {what}: open {} ({} besides paths), closed {} with paths",
            show(a_line(open)),
            show(a_line(open - paths)),
            show(a_line(closed)),
        );
    }
}

/// The record with a path that nobody else has, of the usual length.
fn fresh_path(number: u64, record: &AccessRecord) -> AccessRecord {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    AccessRecord { path: format!("{}/{mixed:x}", record.path).into(), ..record.clone() }
}

/// Ours into PostgreSQL beside a plain `COPY` of the same values, both two thousand lines a transaction.
fn copy() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap_or_else(|error| unreachable!("{error}"));
    install(&admin).unwrap_or_else(|error| unreachable!("{error}"));
    let id = SchoolId::from_bytes([1; 16]);
    enrol(&admin, id, "Amber Hill", "amber_hill", "p").unwrap_or_else(|error| unreachable!("{error}"));
    let login = Postgres::parse(&server.url("amber_hill", "p")).unwrap_or_else(|error| unreachable!("{error}"));
    let records = records();
    for round in 0..4 {
        // Each round a day of its own.
        let records: Vec<_> =
            records.iter().map(|it| AccessRecord { at: it.at + TimeDelta::days(round), ..it.clone() }).collect();
        rate("PostgreSQL, ours", || write_to(&login, &records));
        rate("PostgreSQL, plain COPY", || plain_copy(&admin, &records).unwrap_or_else(|error| unreachable!("{error}")));
    }
    let bytes = |table: &str| {
        let sql = format!(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE '{table}' AND relkind = 'r'"
        );
        let row =
            admin.connect().ok().and_then(|mut client| client.query_one(&*format!("SELECT ({sql})::bigint"), &[]).ok());
        row.map_or(0, |row| row.get::<_, i64>(0)) / (4 * 100_000)
    };
    println!("bytes a line in PostgreSQL: ours {}, plain {}", bytes("records_%"), bytes("plain"));
}

fn rate(what: &str, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    let lines = LINES as u128 * 1_000_000 / start.elapsed().as_micros().max(1);
    println!("{what}: {lines} lines a second");
}

fn plain_copy(server: &Postgres, records: &[AccessRecord]) -> Result<(), Box<dyn std::error::Error>> {
    let mut client = server.connect()?;
    client.batch_execute(
        "CREATE TABLE IF NOT EXISTS plain (at bigint, device text, grp text, person text, method text, scheme text, host text,
         port int, path text, observed text, status int, profile text, bytes bigint, duration bigint)",
    )?;
    for batch in records.chunks(BATCH) {
        let mut transaction = client.transaction()?;
        let mut copy = transaction.copy_in("COPY plain FROM STDIN")?;
        for it in batch {
            let (at, group, person) = (it.at.timestamp_millis(), it.group.as_deref(), it.person.as_deref());
            let (group, person) = (group.unwrap_or("\\N"), person.unwrap_or("\\N"));
            let path = it.path.replace('\\', "\\\\");
            let observed = it.observed.slug();
            writeln!(
                copy,
                "{at}\t{}\t{group}\t{person}\t{}\t{}\t{}\t{}\t{path}\t{observed}\t{}\t{}\t{}\t{}",
                it.address, it.method, it.scheme, it.host, it.port, it.status, it.profile, it.bytes, it.duration_ms
            )?;
        }
        copy.finish()?;
        transaction.commit()?;
    }
    Ok(())
}

/// One pupil's day out of a term, from open and from closed files.
fn term() {
    let folder = folder();
    let pattern = records();
    let mut log = AccessLog::open(folder.path(), Plain).unwrap_or_else(|error| unreachable!("{error}"));
    let start = Instant::now();
    for day in 0..DAYS {
        let records: Vec<_> = (0..LINES_A_DAY).map(|at| of_term(&pattern, day, at)).collect();
        for batch in records.chunks(BATCH) {
            log.append(batch).unwrap_or_else(|error| unreachable!("{error}"));
        }
    }
    drop(log);
    println!("a term of {} lines written in {:?}", LINES_A_DAY * 70, start.elapsed());
    look_up(folder.path(), "open");
    let start = Instant::now();
    for day in days(folder.path()).unwrap_or_default() {
        close_day(folder.path(), day).unwrap_or_else(|error| unreachable!("{error}"));
    }
    println!("closed in {:?}", start.elapsed());
    look_up(folder.path(), "closed");
}

fn of_term(pattern: &[AccessRecord], day: i64, at: usize) -> AccessRecord {
    let number = day.cast_unsigned() * LINES_A_DAY as u64 + at as u64;
    let record = pattern.get((at * 31 + 7) % pattern.len()).cloned().unwrap_or_else(|| unreachable!("a pattern"));
    let midnight = record.at.timestamp_millis().div_euclid(DAY) * DAY;
    let time = midnight + day * DAY + 28_800_000 + i64::try_from(at * 28_800_000 / LINES_A_DAY).unwrap_or(0);
    let person = Some(format!("pupil {}", (at * 7) % PUPILS).into());
    let record = AccessRecord { at: DateTime::from_timestamp_millis(time).unwrap_or_default(), person, ..record };
    // Half of the paths are new.
    if at.is_multiple_of(2) { fresh_path(number, &record) } else { record }
}

fn look_up(folder: &Path, what: &str) {
    let all = days(folder).unwrap_or_default();
    let mut worst = std::time::Duration::ZERO;
    let mut found = 0;
    let start = Instant::now();
    for (number, day) in all.iter().enumerate() {
        let began = Instant::now();
        let name = format!("pupil {}", number * 13 % PUPILS);
        found += person_day(folder, *day, &name, &Plain).unwrap_or_else(|error| unreachable!("{error}")).len();
        worst = worst.max(began.elapsed());
    }
    let mean = start.elapsed() / u32::try_from(all.len()).unwrap_or(1);
    println!("a pupil's day of {} lines, {what}: {mean:?} on average, {worst:?} at worst", found / all.len().max(1));
    let start = Instant::now();
    let lines = all.first().map_or(0, |day| read_day(folder, *day).map_or(0, Iterator::count));
    println!("a whole day of {lines} lines read in {:?}", start.elapsed());
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
