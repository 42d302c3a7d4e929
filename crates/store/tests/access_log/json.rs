//! Lines of JSON:
//! - each is one object, valid whatever the texts hold, and its fields have the values of the record;
//! - they hold no name;
//! - the sample table has a column for each field and no other, and the sample configuration leads to it.

use std::collections::BTreeSet;
use std::io;

use belisha_policy::{AccessRecord, RuleRef};
use belisha_store::{DayNumber, JsonLinesError, Logged, json_lines, read_day};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::round_trip::{any_record, by_day};
use crate::support::{date, numbers, open};

fn lines_of(records: &[AccessRecord]) -> Vec<(Logged, Value)> {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(records).unwrap();
    let mut pairs = Vec::new();
    for day in belisha_store::days(folder.path()).unwrap() {
        let logged: Vec<_> = read_day(folder.path(), day).unwrap().map(Result::unwrap).collect();
        let mut out = Vec::new();
        let count = json_lines(logged.iter().cloned().map(Ok), &mut out).unwrap();
        assert_eq!(count, logged.len() as u64);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with('\n'));
        let values: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(values.len(), logged.len(), "one object a line");
        pairs.extend(logged.into_iter().zip(values));
    }
    pairs
}

fn rules(rules: &[RuleRef]) -> Value {
    rules.iter().map(|it| json!({"source": it.source, "list": it.list, "entry": it.entry})).collect()
}

/// The line of a record, put together from the documentation and not from the code.
fn documented(line: &Logged) -> Value {
    let it = &line.record;
    let slugs = |categories: &[belisha_policy::Category]| categories.iter().map(|it| it.slug()).collect::<Value>();
    let again = it.replayed.as_deref();
    json!({
        "at": it.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "phase": it.phase.slug(),
        "group": it.group.as_deref(),
        "person": line.person.map(DayNumber::get),
        "attribution": it.attribution.slug(),
        "address": it.address.to_string(),
        "device": line.device.map(DayNumber::get),
        "place": it.place.as_deref(),
        "method": it.method,
        "scheme": it.scheme,
        "host": it.host,
        "port": it.port,
        "path": it.path,
        "query": it.query,
        "observed": it.observed.slug(),
        "note": it.note,
        "status": it.status,
        "profile": &*it.profile,
        "categories": slugs(&it.categories),
        "rules": rules(&it.rules),
        "ruleset": format!("{:016x}", it.ruleset),
        "bytes": it.bytes,
        "duration_ms": it.duration_ms,
        "navigation": it.navigation.slug(),
        "replayed_verdict": again.map(|it| it.verdict.slug()),
        "replayed_profile": again.map(|it| &*it.profile),
        "replayed_categories": again.map_or(json!([]), |it| slugs(&it.categories)),
        "replayed_rules": again.map_or(json!([]), |it| rules(&it.rules)),
        "replayed_ruleset": again.map(|it| format!("{:016x}", it.ruleset)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_line_parses_back_to_the_same_values(records in proptest::collection::vec(any_record(), 1..12)) {
        let lines = lines_of(&records);
        prop_assert_eq!(lines.len(), by_day(records).into_values().flatten().count());
        for (logged, value) in lines {
            prop_assert_eq!(documented(&logged), value);
        }
    }
}

#[test]
fn lines_hold_no_names() {
    let named = |record| AccessRecord {
        person: Some("Zebediah Quillfeather".into()),
        device: Some("Quillfeather's laptop".into()),
        ..record
    };
    let records: Vec<_> = numbers(0, 20).into_iter().map(named).collect();
    for (logged, value) in lines_of(&records) {
        assert!(!value.to_string().contains("Quill"), "{value}");
        assert_eq!(value["person"], logged.person.unwrap().get());
    }
}

/// A disk without room.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_log_that_breaks_off_and_a_full_disk_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 5_000)).unwrap();
    let db = rusqlite::Connection::open(folder.path().join("2026-11-02.db")).unwrap();
    db.execute("UPDATE records SET bytes = 1 WHERE id = 4000", []).unwrap();
    let mut out = Vec::new();
    let error = json_lines(read_day(folder.path(), date("2026-11-02")).unwrap(), &mut out).unwrap_err();
    assert!(matches!(error, JsonLinesError::Read(_)), "{error}");
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2_048, "what was checked before");
    let error = json_lines(read_day(folder.path(), date("2026-11-02")).unwrap(), &mut Full).unwrap_err();
    assert!(matches!(&error, JsonLinesError::Write(error) if error.kind() == io::ErrorKind::StorageFull), "{error}");
}

fn docs(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The columns of the sample table, and their types.
fn columns() -> Vec<(String, String)> {
    let sql = docs("clickhouse.sql");
    let inside = sql.split_once("\n(\n").unwrap().1.split_once("\n)\n").unwrap().0;
    let column = |line: &str| {
        let (name, kind) = line.trim().trim_end_matches(',').split_once(' ').unwrap();
        (name.to_owned(), kind.trim().to_owned())
    };
    inside.lines().map(column).collect()
}

#[test]
fn the_sample_table_has_our_fields_and_no_others() {
    let (_, line) = lines_of(&numbers(17, 1)).remove(0);
    let fields: BTreeSet<_> = line.as_object().unwrap().keys().cloned().collect();
    let columns = columns();
    assert_eq!(columns.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), fields);
    assert_eq!(columns.len(), fields.len());
    // And each takes what may stand there.
    for (_, line) in lines_of(&numbers(0, 400)) {
        for (name, kind) in &columns {
            let bare = kind.trim_start_matches("LowCardinality(").trim_start_matches("Nullable(");
            let fits = match &line[name] {
                Value::Null => kind.contains("Nullable"),
                Value::String(text) if bare.starts_with("DateTime64") => {
                    text.parse::<chrono::DateTime<chrono::Utc>>().is_ok()
                }
                Value::String(_) => bare.starts_with("String"),
                Value::Number(number) => match bare.trim_end_matches(')') {
                    "UInt16" => number.as_u64().is_some_and(|it| u16::try_from(it).is_ok()),
                    "UInt32" => number.as_u64().is_some_and(|it| u32::try_from(it).is_ok()),
                    "UInt64" => number.is_u64(),
                    _ => false,
                },
                Value::Array(_) => bare.starts_with("Array("),
                Value::Bool(_) | Value::Object(_) => false,
            };
            assert!(fits, "{name} {kind}: {}", line[name]);
        }
    }
}

#[test]
fn the_sample_configuration_leads_to_that_table() {
    let vector: toml::Table = docs("vector.toml").parse().unwrap();
    let sink = &vector["sinks"]["clickhouse"];
    let table = format!("{}.{}", sink["database"].as_str().unwrap(), sink["table"].as_str().unwrap());
    assert!(docs("clickhouse.sql").contains(&format!("CREATE TABLE IF NOT EXISTS {table}\n")), "{table}");
    // Each part takes from one that is there.
    for inputs in [&vector["transforms"]["lines"]["inputs"], &sink["inputs"]] {
        for input in inputs.as_array().unwrap() {
            let name = input.as_str().unwrap();
            assert!(["sources", "transforms"].iter().any(|part| vector[*part].get(name).is_some()), "{name}");
        }
    }
    assert_eq!(sink["skip_unknown_fields"].as_bool(), Some(false));
}
