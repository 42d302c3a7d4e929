//! What is appended is read back:
//! - every record equal to the one given, with its time cut to the millisecond, whatever its texts hold;
//! - in the order of appending within a day, whatever the clock says;
//! - in the file of its own date in UTC;
//! - however often the log was closed and opened between, and after a file was taken away.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Replayed, RuleRef, Verdict};
use belisha_store::{AccessLog, DayRecords, ErrorKind, LogStatus, StoreError, Writer, days, read_day};
use chrono::{DateTime, NaiveDate, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::{NOON, at, date, numbers, open, read, read_all, record};

const HOSTILE: [&str; 12] = [
    "",
    "'; DROP TABLE records; --",
    "\"quoted\" and \\ and `ticks`",
    "a\0b\0",
    "line\r\nline\u{2028}line\u{85}",
    "\u{1b}[31mred\u{7}",
    "\u{202e}gnp.exe \u{5d0}\u{628}",
    "👩‍👩‍👧‍👦 \u{1f3f4}\u{e0067}\u{e0062}",
    "e\u{301}\u{301}\u{301}",
    "[[1,2],[3,4]]",
    "0",
    "\u{feff}\u{fffe}\u{10ffff}",
];

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![select(&HOSTILE[..]).prop_map(Into::into), "[a-z]{1,12}".prop_map(Into::into), any::<Box<str>>()]
}

fn label() -> impl Strategy<Value = Option<Arc<str>>> {
    option::of(text().prop_map(Into::into))
}

/// Within four days, so that days are shared; to the nanosecond; a leap second now and then.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let second = NOON / 1_000 - 86_400..NOON / 1_000 + 3 * 86_400;
    let any = (second, 0..1_000_000_000_u32).prop_map(|(second, nano)| DateTime::from_timestamp(second, nano).unwrap());
    prop_oneof![
        20 => any,
        1 => Just("2026-11-03T23:59:60.75Z".parse().unwrap()),
        1 => Just("2026-11-03T23:59:59.9999999Z".parse().unwrap()),
    ]
}

fn path() -> impl Strategy<Value = Box<str>> {
    prop_oneof![9 => text(), 1 => (text(), 0..70_000_usize).prop_map(|(end, length)| {
        ("/".repeat(length) + &end).into()
    })]
}

fn rule() -> impl Strategy<Value = RuleRef> {
    (text(), text(), text()).prop_map(|(source, list, entry)| RuleRef { source, list, entry })
}

prop_compose! {
    fn who()(
        group in label(), person in label(), device in label(), place in label(), address in any::<IpAddr>(),
        attribution in select(&Attribution::ALL[..]),
    ) -> AccessRecord {
        AccessRecord { group, person, device, place, address, attribution, ..record(NOON, "", "") }
    }
}

prop_compose! {
    fn what()(
        method in text(), scheme in text(), host in text(), port in any::<u16>(), path in path(),
        phase in select(&[Phase::Whole, Phase::Opened, Phase::Closed][..]),
        navigation in select(&[Navigation::Navigation, Navigation::SubResource, Navigation::Unknown][..]),
        bytes in any::<u64>(), duration_ms in any::<u32>(), at in time(),
    ) -> AccessRecord {
        let filled = record(NOON, "", "");
        AccessRecord { at, method, scheme, host, port, path, phase, navigation, bytes, duration_ms, ..filled }
    }
}

prop_compose! {
    fn replayed()(
        verdict in select(&[Verdict::Allow, Verdict::Block][..]), profile in text(),
        categories in vec(select(Category::ALL), 0..3), rules in vec(rule(), 0..3), ruleset in any::<u64>(),
    ) -> Arc<Replayed> {
        Arc::new(Replayed { verdict, profile: profile.into(), categories, rules, ruleset })
    }
}

prop_compose! {
    pub(crate) fn any_record()(
        who in who(), what in what(), observed in select(&Outcome::ALL[..]), note in text(), status in any::<u16>(),
        profile in text(), categories in vec(select(Category::ALL), 0..5), rules in vec(rule(), 0..5),
        ruleset in any::<u64>(), query in text(), replayed in option::weighted(0.3, replayed()),
    ) -> AccessRecord {
        let AccessRecord { group, person, device, place, address, attribution, .. } = who;
        let profile = profile.into();
        AccessRecord {
            group, person, device, place, address, attribution, observed, note, status, profile, categories, rules,
            ruleset, query, replayed, ..what
        }
    }
}

/// What the reader promises to give for what was appended.
pub(crate) fn by_day(records: impl IntoIterator<Item = AccessRecord>) -> BTreeMap<NaiveDate, Vec<AccessRecord>> {
    let mut days = BTreeMap::<_, Vec<_>>::new();
    for record in records {
        let at = at(record.at.timestamp_millis());
        days.entry(at.date_naive()).or_default().push(AccessRecord { at, ..record });
    }
    days
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_record_comes_back_in_order(
        pool in vec(any_record(), 1..12),
        batches in vec((vec(any::<Index>(), 0..40), any::<bool>()), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        let mut given = Vec::new();
        for (batch, reopen) in batches {
            // Drawn from a pool, so that much of it comes again.
            let batch: Vec<_> = batch.iter().map(|index| index.get(&pool).clone()).collect();
            log.append(&batch).unwrap();
            given.extend(batch);
            if reopen {
                drop(log);
                log = open(folder.path());
            }
        }
        let expected = by_day(given);
        prop_assert_eq!(days(folder.path()).unwrap(), expected.keys().copied().collect::<Vec<_>>());
        for (day, records) in expected {
            prop_assert_eq!(read_day(folder.path(), day).unwrap().total(), records.len() as u64);
            prop_assert_eq!(read(folder.path(), day).unwrap(), records);
        }
    }
}

#[test]
fn a_call_may_hold_more_records_than_a_batch_and_more_days_than_stay_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let records: Vec<_> = (0..)
        .zip(numbers(0, 20_000))
        .map(|(number, record)| AccessRecord { at: at(NOON + number % 5 * 86_400_000 + number), ..record })
        .collect();
    log.append(&records).unwrap();
    assert_eq!(days(folder.path()).unwrap().len(), 5);
    let expected: Vec<_> = by_day(records).into_values().flatten().collect();
    assert_eq!(read_all(folder.path()), expected);
}

#[test]
fn a_clock_that_goes_backwards_does_not_change_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let records: Vec<_> = [5_000, 4_000, 0, 9_000, 1].map(|by| record(NOON + by, "a.example", "/")).into();
    log.append(&records[..2]).unwrap();
    log.append(&records[2..]).unwrap();
    assert_eq!(read_all(folder.path()), records);
}

#[test]
fn a_late_record_goes_to_its_own_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    for (time, host) in [(NOON, "a.example"), (NOON + 86_400_000, "b.example"), (NOON + 1, "c.example")] {
        log.append(&[record(time, host, "/")]).unwrap();
    }
    let hosts = |day| read(folder.path(), date(day)).unwrap().into_iter().map(|it| it.host).collect::<Vec<_>>();
    assert_eq!(hosts("2026-11-02"), ["a.example".into(), "c.example".into()]);
    assert_eq!(hosts("2026-11-03"), ["b.example".into()]);
}

#[test]
fn nothing_appended_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data/access");
    open(&inner).append(&[]).unwrap();
    assert_eq!(days(&inner).unwrap(), []);
    let error = read_day(&inner, date("2026-11-02")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("2026-11-02.db"), "{error}");
    assert_eq!(days(folder.path().join("elsewhere")).unwrap_err().kind(), ErrorKind::Missing);
}

#[test]
fn many_texts_leave_the_memory_and_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let numbers = || (0..70_000).chain(0..100);
    let records: Vec<_> =
        numbers().map(|number| record(NOON, &format!("h{number}.example"), &format!("/{number}"))).collect();
    log.append(&records).unwrap();
    assert!(read_all(folder.path()) == records);
    let db = rusqlite::Connection::open(folder.path().join("2026-11-02.db")).unwrap();
    let hosts: i64 = db.query_row("SELECT count(*) FROM hosts", [], |row| row.get(0)).unwrap();
    assert_eq!(hosts, 70_000, "a host stands once");
}

#[test]
fn a_file_that_is_taken_away_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.append(&numbers(0, 10)).unwrap();
    fs::remove_file(folder.path().join("2026-11-02.db")).unwrap();
    log.append(&numbers(10, 10)).unwrap();
    assert_eq!(read_all(folder.path()), numbers(10, 10));
}

#[test]
fn two_logs_of_one_folder_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = [open(folder.path()), open(folder.path())];
    for turn in 0..20 {
        logs[usize::try_from(turn % 2).unwrap()].append(&numbers(turn * 7, 7)).unwrap();
    }
    assert_eq!(read_all(folder.path()), numbers(0, 140));
}

#[test]
fn the_folder_is_its_owners_alone() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("access");
        open(&inner);
        assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

/// As on a medium that cannot be written to.
#[cfg(unix)]
#[test]
fn a_day_in_a_folder_that_is_read_only_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("ac?ess %25 #1");
    open(&inner).append(&numbers(0, 10)).unwrap();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(inner.join("probe"), b"").is_ok() {
        println!("skipped: this user may write anywhere");
        return;
    }
    let read = read(&inner, date("2026-11-02"));
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(read.unwrap(), numbers(0, 10));
}

#[test]
fn values_can_go_to_other_threads() {
    fn send<T: Send>() {}
    fn share<T: Send + Sync>() {}
    send::<AccessLog>();
    send::<DayRecords>();
    share::<Writer>();
    share::<LogStatus>();
    share::<StoreError>();
}
