//! Lines of JSON, for what reads logs: Vector, `ClickHouse`, a trust's own tools.

use std::io::{self, Write};

use belisha_policy::RuleRef;
use chrono::SecondsFormat;
use serde::Serialize;

use super::{DayNumber, Logged, StoreError};

/// Why lines could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonLinesError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The lines could not be written.
    #[error("lines of the access log could not be written: {0}. Look at where they go")]
    Write(#[from] io::Error),
}

/// One line. The names are part of the format: `docs/access-log.md` describes them, `docs/clickhouse.sql` has a column
/// for each.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    phase: &'static str,
    group: Option<&'a str>,
    person: Option<u32>,
    attribution: &'static str,
    address: String,
    device: Option<u32>,
    place: Option<&'a str>,
    method: &'a str,
    scheme: &'a str,
    host: &'a str,
    port: u16,
    path: &'a str,
    query: &'a str,
    observed: &'static str,
    note: &'a str,
    status: u16,
    profile: &'a str,
    categories: Vec<&'static str>,
    rules: Vec<Rule<'a>>,
    ruleset: String,
    bytes: u64,
    duration_ms: u32,
    navigation: &'static str,
    replayed_verdict: Option<&'static str>,
    replayed_profile: Option<&'a str>,
    replayed_categories: Vec<&'static str>,
    replayed_rules: Vec<Rule<'a>>,
    replayed_ruleset: Option<String>,
}

#[derive(Serialize)]
struct Rule<'a> {
    source: &'a str,
    list: &'a str,
    entry: &'a str,
}

/// Writes lines of JSON, one object for each record, and gives their number. People and devices are numbers of the day:
/// no name leaves the log in this way. Rulesets are 16 hexadecimal digits, since not every reader of JSON has numbers of
/// 64 bits.
///
/// # Errors
/// The log cannot be read, or `out` not be written to. What came before is written.
pub fn json_lines(
    records: impl IntoIterator<Item = Result<Logged, StoreError>>,
    out: &mut impl Write,
) -> Result<u64, JsonLinesError> {
    let mut written = 0;
    for logged in records {
        serde_json::to_writer(&mut *out, &line(&logged?)).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    out.flush()?;
    Ok(written)
}

fn line(logged: &Logged) -> Line<'_> {
    let Logged { record, person, device } = logged;
    let replayed = record.replayed.as_deref();
    let slugs = |categories: &[belisha_policy::Category]| categories.iter().map(|category| category.slug()).collect();
    let hex = |ruleset: u64| format!("{ruleset:016x}");
    Line {
        at: record.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        phase: record.phase.slug(),
        group: record.group.as_deref(),
        person: person.map(DayNumber::get),
        attribution: record.attribution.slug(),
        address: record.address.to_string(),
        device: device.map(DayNumber::get),
        place: record.place.as_deref(),
        method: &record.method,
        scheme: &record.scheme,
        host: &record.host,
        port: record.port,
        path: &record.path,
        query: &record.query,
        observed: record.observed.slug(),
        note: &record.note,
        status: record.status,
        profile: &record.profile,
        categories: slugs(&record.categories),
        rules: rules(&record.rules),
        ruleset: hex(record.ruleset),
        bytes: record.bytes,
        duration_ms: record.duration_ms,
        navigation: record.navigation.slug(),
        replayed_verdict: replayed.map(|it| it.verdict.slug()),
        replayed_profile: replayed.map(|it| &*it.profile),
        replayed_categories: replayed.map(|it| slugs(&it.categories)).unwrap_or_default(),
        replayed_rules: replayed.map(|it| rules(&it.rules)).unwrap_or_default(),
        replayed_ruleset: replayed.map(|it| hex(it.ruleset)),
    }
}

fn rules(rules: &[RuleRef]) -> Vec<Rule<'_>> {
    rules.iter().map(|rule| Rule { source: &rule.source, list: &rule.list, entry: &rule.entry }).collect()
}
