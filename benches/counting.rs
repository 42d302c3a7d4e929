//! A day of the access log counted for the summary of the web, beside reading its lines one after the other.

use std::net::{IpAddr, Ipv4Addr};

use belisha_benches::cpu_time::criterion;
use belisha_benches::data;
use belisha_filter::Target;
use belisha_policy::{AccessRecord, Category, Group, Outcome, Policy, Profile, View};
use belisha_store::{AccessLog, SchoolHours, SealedToNobody, close_day, count_day, days, read_day};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use criterion::Throughput;
use tempfile::TempDir;

/// As many as a school of 280 pupils asks for on a busy day.
const LINES: usize = 50_000;

fn main() {
    if belisha_testkit::test_data().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap_or_else(|error| unreachable!("no folder for the bench: {error}"));
    let date = write(&folder).unwrap_or_else(|error| unreachable!("{error}"));
    let mut criterion = criterion().sample_size(10);
    let mut group = criterion.benchmark_group("counting");
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("a closed day", |b| b.iter(|| count_day(folder.path(), date, &hours(date), View::Observed)));
    group.bench_function("its lines, read and checked", |b| {
        b.iter(|| read_day(folder.path(), date).map(|lines| lines.flatten().count()));
    });
    group.finish();
    criterion.final_summary();
}

/// All of the day.
fn hours(date: NaiveDate) -> SchoolHours {
    let mut hour = 0;
    [(); 24].map(|()| {
        hour += 1;
        Some((date, hour - 1))
    })
}

/// A closed day of real URLs and 400 people, one in twenty of whose requests is blocked.
fn write(folder: &TempDir) -> Result<NaiveDate, Box<dyn std::error::Error>> {
    let profiles = vec![Profile::pupils("pupils"), Profile::staff("staff")];
    let groups = vec![Group { name: "pupils".into(), profile: "pupils".into() }];
    let policy = Policy::new(profiles, groups, vec![])?;
    let targets: Vec<Target> = data::real_urls().iter().filter_map(|url| url.parse().ok()).collect();
    let start = DateTime::<Utc>::from_timestamp(1_795_600_800, 0).unwrap_or_default();
    let record = |(at, target): (usize, &Target)| {
        let address = IpAddr::V4(Ipv4Addr::from(0x0A14_0000 + u32::try_from(at % 400).unwrap_or(0)));
        let time = start + TimeDelta::milliseconds(i64::try_from(at * 400).unwrap_or(0));
        let blocked = at.is_multiple_of(20);
        AccessRecord {
            group: Some(format!("year {}", at % 400 / 50).into()),
            method: "GET".into(),
            scheme: target.scheme().as_str().into(),
            host: target.host().as_str().into(),
            port: target.port(),
            path: target.path().into(),
            observed: if blocked { Outcome::Blocked } else { Outcome::Allowed },
            categories: if blocked { vec![Category::Advertising] } else { vec![] },
            status: 200,
            profile: "pupils".into(),
            bytes: 1_000 + at as u64 % 9_000,
            person: Some(format!("pupil {}", at % 400).into()),
            ..AccessRecord::new(time, &policy.identify(address), address)
        }
    };
    let records: Vec<_> = targets.iter().cycle().take(LINES).enumerate().map(record).collect();
    let mut log = AccessLog::open(folder.path(), SealedToNobody)?;
    for batch in records.chunks(2_000) {
        log.append(batch)?;
    }
    drop(log);
    let date = days(folder.path())?.first().copied().ok_or("no day was written")?;
    close_day(folder.path(), date)?;
    Ok(date)
}
