//! What a network manager sees.

use std::process::Command;

use belisha_policy::{AccessRecord, Navigation, Outcome, Phase, Replayed, Verdict};
use belisha_store::read_day;

use crate::support::{NOON, date, open, record};

const COLUMNS: [&str; 20] = [
    "time",
    "group",
    "person",
    "attribution",
    "address",
    "device",
    "place",
    "method",
    "url",
    "observed",
    "note",
    "status",
    "profile",
    "categories",
    "rules",
    "bytes",
    "duration_ms",
    "navigation",
    "phase",
    "replayed",
];

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let page = record(NOON + 7_123, "bets.wager.example", "/play");
    let tunnel = AccessRecord {
        phase: Phase::Closed,
        group: None,
        person: Some("p17".into()),
        device: Some("laptop 4".into()),
        address: "2001:db8::7".parse().unwrap(),
        method: "CONNECT".into(),
        host: "2001:db8::1".into(),
        port: 8_443,
        path: "".into(),
        observed: Outcome::Failed,
        note: "the origin did not answer".into(),
        categories: vec![],
        rules: vec![],
        navigation: Navigation::Unknown,
        ..record(NOON, "", "")
    };
    let asked_again = Replayed {
        verdict: Verdict::Allow,
        profile: "sixth form".into(),
        categories: vec![],
        rules: vec![],
        ruleset: 1,
    };
    let page = AccessRecord { query: "stake=5".into(), replayed: Some(asked_again.into()), ..page };
    let unreadable = AccessRecord { scheme: "".into(), port: 0, ..record(NOON, "", "") };
    open(folder.path()).append(&[page, tunnel, unreadable]).unwrap();
    folder
}

#[test]
fn a_day_file_has_readable_lines() {
    let folder = written();
    let db = rusqlite::Connection::open(folder.path().join("2026-11-02.db")).unwrap();
    let mut lines = db.prepare("SELECT * FROM lines").unwrap();
    assert!(lines.column_names().eq(COLUMNS));
    let line = |row: &rusqlite::Row<'_>| {
        let cell = |at| match row.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => "-".to_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            text => text.as_str().unwrap().to_owned(),
        };
        Ok((0..COLUMNS.len()).map(cell).collect::<Vec<_>>().join("|"))
    };
    let lines: Vec<String> = lines.query_map([], line).unwrap().map(Result::unwrap).collect();
    let tunnel = read_day(folder.path(), date("2026-11-02")).unwrap().nth(1).unwrap().unwrap();
    let (person, device) = (tunnel.person.unwrap(), tunnel.device.unwrap());
    assert_eq!(
        lines,
        [
            "2026-11-02T12:00:07.123Z|year 9|-|address-only|10.20.0.7|-|library|GET|https://bets.wager.example/play?stake=5|\
             blocked||403|pupils|gambling, advertising|\
             our lists/betting: wager.example; ut1/publicite: ads.wager.example|1234|56|navigation|whole|\
             allow"
                .to_owned(),
            format!(
                "2026-11-02T12:00:00.000Z|-|{person}|address-only|2001:db8::7|{device}|library|CONNECT|\
                 https://[2001:db8::1]:8443|failed|the origin did not answer|403|pupils|-|-|1234|56|unknown|closed|-"
            ),
            "2026-11-02T12:00:00.000Z|year 9|-|address-only|10.20.0.7|-|library|GET||blocked||403|pupils|\
             gambling, advertising|our lists/betting: wager.example; ut1/publicite: ads.wager.example|1234|56|\
             navigation|whole|-"
                .to_owned(),
        ]
    );
}

/// The program is often older than the SQLite that we bring along.
#[test]
fn the_sqlite3_program_of_this_machine_reads_it() {
    let folder = written();
    let asked = "select time, \"group\", url, categories from lines where observed = 'blocked' limit 1";
    let output = match Command::new("sqlite3").arg(folder.path().join("2026-11-02.db")).arg(asked).output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: no sqlite3 program ({error})");
            return;
        }
    };
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        "2026-11-02T12:00:07.123Z|year 9|https://bets.wager.example/play?stake=5|gambling, advertising",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
