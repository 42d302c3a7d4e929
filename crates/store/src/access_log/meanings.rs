//! From the numbers in a day file back to records.

use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Replayed, RuleRef};
use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::cache::Cache;
use super::code::{self, Checksum, Fields, Whom};
use super::day::Day;
use super::people::{DayNumber, Logged, Who};
use super::schema::Format;

/// Meanings of numbers that are kept in memory.
const KEPT: usize = 16_384;

/// Whom a record is about.
#[derive(Debug)]
struct Asker {
    group: Option<Arc<str>>,
    person: Option<DayNumber>,
    /// The name, in files of version 1.
    name: Option<Arc<str>>,
    device: Option<DayNumber>,
    place: Option<Arc<str>>,
    attribution: Attribution,
    address: IpAddr,
}

/// What came of it.
#[derive(Debug)]
struct Answer {
    method: Box<str>,
    note: Box<str>,
    profile: Arc<str>,
    phase: Phase,
    navigation: Navigation,
    observed: Outcome,
    status: u16,
    ruleset: u64,
    scheme: Box<str>,
    port: u16,
    replayed: Option<Arc<Replayed>>,
}

/// Why.
#[derive(Debug, Default)]
struct Reason {
    categories: Vec<Category>,
    rules: Vec<RuleRef>,
}

/// What the numbers in records stand for.
#[derive(Debug)]
pub(super) struct Meanings {
    format: Format,
    askers: Cache<i64, Arc<Asker>>,
    hosts: Cache<i64, Arc<str>>,
    answers: Cache<i64, Arc<Answer>>,
    reasons: Cache<i64, Arc<Reason>>,
}

const RECORDS: &str = "SELECT r.id, r.at, r.asker, r.host, p.text, r.answer, r.reason, r.bytes, \
                       r.duration_ms, p.query FROM records r LEFT JOIN paths p ON p.id = r.path \
                       WHERE r.id BETWEEN ?1 AND ?2 ORDER BY r.id";

const RECORDS_V1: &str = "SELECT r.id, r.at, r.asker, r.host, p.text, r.answer, r.reason, r.bytes, \
                          r.duration_ms, NULL FROM records r LEFT JOIN paths p ON p.id = r.path \
                          WHERE r.id BETWEEN ?1 AND ?2 ORDER BY r.id";

const ASKER: &str = "SELECT g.text, a.person, l.text, a.attribution, d.text, a.device, NULL FROM askers a \
                     JOIN addresses d ON d.id = a.address LEFT JOIN labels g ON g.id = a.\"group\" \
                     LEFT JOIN labels l ON l.id = a.place WHERE a.id = ?1";

const ASKER_V1: &str = "SELECT g.text, a.person, l.text, a.attribution, d.text, 0, p.text FROM askers a \
                        JOIN devices d ON d.id = a.device LEFT JOIN labels g ON g.id = a.\"group\" \
                        LEFT JOIN people p ON p.id = a.person LEFT JOIN labels l ON l.id = a.place WHERE a.id = ?1";

const HOST: &str = "SELECT text FROM hosts WHERE id = ?1";

const ANSWER: &str = "SELECT coalesce(m.text, ''), coalesce(n.text, ''), coalesce(p.text, ''), a.phase, a.navigation, \
                      a.observed, a.status, a.ruleset, coalesce(s.text, ''), a.port, a.replayed FROM answers a \
                      LEFT JOIN labels m ON m.id = a.method LEFT JOIN labels n ON n.id = a.note \
                      LEFT JOIN labels p ON p.id = a.profile LEFT JOIN labels s ON s.id = a.scheme WHERE a.id = ?1";

const ANSWER_V1: &str = "SELECT coalesce(m.text, ''), coalesce(n.text, ''), coalesce(p.text, ''), a.phase, \
                         a.navigation, a.outcome, a.status, a.ruleset, coalesce(s.text, ''), a.port, 0 FROM answers a \
                         LEFT JOIN labels m ON m.id = a.method LEFT JOIN labels n ON n.id = a.note \
                         LEFT JOIN labels p ON p.id = a.profile LEFT JOIN labels s ON s.id = a.scheme WHERE a.id = ?1";

const REPLAY: &str = "SELECT r.verdict, coalesce(p.text, ''), r.ruleset, r.reason FROM replays r \
                      LEFT JOIN labels p ON p.id = r.profile WHERE r.id = ?1";

const REASON: &str = "SELECT text FROM reasons WHERE id = ?1";

const RULE: &str = "SELECT coalesce(s.text, ''), coalesce(l.text, ''), coalesce(e.text, '') FROM rules r \
                    LEFT JOIN labels s ON s.id = r.source LEFT JOIN labels l ON l.id = r.list \
                    LEFT JOIN labels e ON e.id = r.entry WHERE r.id = ?1";

impl Meanings {
    pub(super) fn new(format: Format) -> Self {
        let (askers, hosts) = (Cache::new(KEPT), Cache::new(KEPT));
        Self { format, askers, hosts, answers: Cache::new(KEPT), reasons: Cache::new(KEPT) }
    }

    /// The records with these ids, each of which must be there, and their checksum.
    pub(super) fn records(
        &mut self,
        db: &Connection,
        day: Day,
        first: i64,
        last: i64,
    ) -> rusqlite::Result<(Vec<Logged>, i64)> {
        let mut records = Vec::new();
        let sum = self.each(db, day, first, last, |line| records.push(line.record()))?;
        Ok((records, sum))
    }

    /// The checksum of the records with these ids, each of which must be there. Makes no records, which is most of the time that
    /// reading takes.
    pub(super) fn checksum(&mut self, db: &Connection, day: Day, first: i64, last: i64) -> rusqlite::Result<i64> {
        self.each(db, day, first, last, |_| ())
    }

    fn each(
        &mut self,
        db: &Connection,
        day: Day,
        first: i64,
        last: i64,
        mut each: impl FnMut(&Line<'_>),
    ) -> rusqlite::Result<i64> {
        let mut select = db.prepare_cached(self.sql(RECORDS, RECORDS_V1))?;
        let mut rows = select.query([first, last])?;
        let mut checksum = Checksum::default();
        for id in first..=last {
            let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            if row.get::<_, i64>(0)? != id {
                return Err(rusqlite::Error::QueryReturnedNoRows);
            }
            let line = self.line(db, day, row)?;
            checksum.add_fields(&line.fields(), line.asker.whom(self.format));
            each(&line);
        }
        Ok(checksum.get())
    }

    fn sql(&self, now: &'static str, v1: &'static str) -> &'static str {
        match self.format {
            Format::V1 => v1,
            Format::V2 => now,
        }
    }

    fn host(&mut self, db: &Connection, id: i64) -> rusqlite::Result<Option<Arc<str>>> {
        if id == 0 {
            return Ok(None);
        }
        remember(&mut self.hosts, id, |id| one(db, HOST, id, |row| row.get::<_, Box<str>>(0))).map(Some)
    }

    fn line<'r>(&mut self, db: &Connection, day: Day, row: &'r Row<'_>) -> rusqlite::Result<Line<'r>> {
        let millisecond = row.get(1)?;
        let at = day.at(millisecond).ok_or_else(|| out_of_range(row, 1))?;
        let sql = self.sql(ASKER, ASKER_V1);
        let asker = remember(&mut self.askers, row.get(2)?, |id| one(db, sql, id, read_asker))?;
        let sql = self.sql(ANSWER, ANSWER_V1);
        let answer = remember(&mut self.answers, row.get(5)?, |id| one(db, sql, id, |row| read_answer(db, row)))?;
        let reason = remember(&mut self.reasons, row.get(6)?, |id| read_reason(db, id))?;
        Ok(Line {
            at,
            millisecond,
            asker,
            answer,
            reason,
            host: self.host(db, row.get(3)?)?,
            path: text(row, 4)?,
            query: text(row, 9)?,
            bytes: row.get::<_, i64>(7)?.cast_unsigned(),
            duration_ms: row.get(8)?,
        })
    }
}

/// A record, as far as it stands in memory already or in the row.
struct Line<'r> {
    at: DateTime<Utc>,
    millisecond: i64,
    asker: Arc<Asker>,
    answer: Arc<Answer>,
    reason: Arc<Reason>,
    host: Option<Arc<str>>,
    path: &'r str,
    query: &'r str,
    bytes: u64,
    duration_ms: u32,
}

impl Line<'_> {
    fn fields(&self) -> Fields<'_> {
        let Self { asker, answer, reason, .. } = self;
        Fields {
            millisecond: self.millisecond,
            phase: answer.phase,
            group: asker.group.as_deref(),
            attribution: asker.attribution,
            address: asker.address,
            place: asker.place.as_deref(),
            method: &answer.method,
            scheme: &answer.scheme,
            host: self.host.as_deref().unwrap_or_default(),
            port: answer.port,
            path: self.path,
            query: self.query,
            observed: answer.observed,
            note: &answer.note,
            status: answer.status,
            profile: &answer.profile,
            categories: &reason.categories,
            rules: &reason.rules,
            ruleset: answer.ruleset,
            bytes: self.bytes,
            duration_ms: self.duration_ms,
            navigation: answer.navigation,
            replayed: answer.replayed.as_deref(),
        }
    }

    fn record(&self) -> Logged {
        let Self { asker, answer, reason, .. } = self;
        let record = AccessRecord {
            at: self.at,
            phase: answer.phase,
            group: asker.group.clone(),
            person: None,
            attribution: asker.attribution,
            address: asker.address,
            device: None,
            place: asker.place.clone(),
            method: answer.method.clone(),
            scheme: answer.scheme.clone(),
            host: self.host.as_deref().unwrap_or_default().into(),
            port: answer.port,
            path: self.path.into(),
            query: self.query.into(),
            observed: answer.observed,
            note: answer.note.clone(),
            status: answer.status,
            profile: answer.profile.clone(),
            categories: reason.categories.clone(),
            rules: reason.rules.clone(),
            ruleset: answer.ruleset,
            bytes: self.bytes,
            duration_ms: self.duration_ms,
            navigation: answer.navigation,
            replayed: answer.replayed.clone(),
        };
        Logged { record, person: asker.person, device: asker.device }
    }
}

impl Asker {
    fn whom(&self, format: Format) -> Whom<'_> {
        let number = |number: Option<DayNumber>| number.map_or(0, DayNumber::get);
        match format {
            Format::V1 => Whom::Name(self.name.as_deref()),
            Format::V2 => Whom::Numbers(Who { person: number(self.person), device: number(self.device) }),
        }
    }
}

/// The text of a column, where it stands; empty where there is none.
fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(|error| conversion(column, error))?;
    Ok(text.unwrap_or_default())
}

fn remember<V: ?Sized, O: Into<Arc<V>>>(
    cache: &mut Cache<i64, Arc<V>>,
    id: i64,
    read: impl FnOnce(i64) -> rusqlite::Result<O>,
) -> rusqlite::Result<Arc<V>> {
    if let Some(value) = cache.get(&id) {
        return Ok(value);
    }
    let value = read(id)?.into();
    cache.insert(id, Arc::clone(&value));
    Ok(value)
}

fn one<V>(
    db: &Connection,
    sql: &str,
    id: i64,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<V>,
) -> rusqlite::Result<V> {
    db.prepare_cached(sql)?.query_row([id], read)
}

fn read_asker(row: &Row<'_>) -> rusqlite::Result<Asker> {
    let address: Box<str> = row.get(4)?;
    let number = |column| DayNumber::from_column(row.get(column)?).map_err(|_| out_of_range(row, column));
    Ok(Asker {
        group: row.get(0)?,
        person: number(1)?,
        name: row.get(6)?,
        device: number(5)?,
        place: row.get(2)?,
        attribution: code::attribution(row.get(3)?).ok_or_else(|| out_of_range(row, 3))?,
        address: address.parse().map_err(|error| conversion(4, error))?,
    })
}

fn read_answer(db: &Connection, row: &Row<'_>) -> rusqlite::Result<Answer> {
    Ok(Answer {
        method: row.get(0)?,
        note: row.get(1)?,
        profile: row.get(2)?,
        phase: code::phase(row.get(3)?).ok_or_else(|| out_of_range(row, 3))?,
        navigation: code::navigation(row.get(4)?).ok_or_else(|| out_of_range(row, 4))?,
        observed: code::outcome(row.get(5)?).ok_or_else(|| out_of_range(row, 5))?,
        status: row.get(6)?,
        ruleset: row.get::<_, i64>(7)?.cast_unsigned(),
        scheme: row.get(8)?,
        port: row.get(9)?,
        replayed: read_replay(db, row.get(10)?)?,
    })
}

fn read_replay(db: &Connection, id: i64) -> rusqlite::Result<Option<Arc<Replayed>>> {
    if id == 0 {
        return Ok(None);
    }
    one(db, REPLAY, id, |row| {
        let Reason { categories, rules } = read_reason(db, row.get(3)?)?;
        Ok(Some(Arc::new(Replayed {
            verdict: code::verdict(row.get(0)?).ok_or_else(|| out_of_range(row, 0))?,
            profile: row.get(1)?,
            categories,
            rules,
            ruleset: row.get::<_, i64>(2)?.cast_unsigned(),
        })))
    })
}

/// Reads `[[14,33],[1,5]]`.
fn read_reason(db: &Connection, id: i64) -> rusqlite::Result<Reason> {
    if id == 0 {
        return Ok(Reason::default());
    }
    let text: String = one(db, REASON, id, |row| row.get(0))?;
    let malformed = || conversion(0, Malformed);
    let unknown = || conversion(0, UnknownCategory);
    let inside = text.strip_prefix("[[").and_then(|text| text.strip_suffix("]]"));
    let (categories, rules) = inside.and_then(|text| text.split_once("],[")).ok_or_else(malformed)?;
    let numbers = |list: &str| -> rusqlite::Result<Vec<i64>> {
        let parts = list.split(',').filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(|error| conversion(0, error))).collect()
    };
    let categories = numbers(categories)?.into_iter().map(|number| code::category(number).ok_or_else(unknown));
    let rules = numbers(rules)?.into_iter().map(|rule| one(db, RULE, rule, read_rule));
    Ok(Reason { categories: categories.collect::<Result<_, _>>()?, rules: rules.collect::<Result<_, _>>()? })
}

fn read_rule(row: &Row<'_>) -> rusqlite::Result<RuleRef> {
    Ok(RuleRef { source: row.get(0)?, list: row.get(1)?, entry: row.get(2)? })
}

/// A text that is not of the form that we write.
#[derive(Debug, thiserror::Error)]
#[error("a reason that cannot be read")]
struct Malformed;

/// A number that a later version of this program may have given.
#[derive(Debug, thiserror::Error)]
#[error("a category that this program does not know")]
struct UnknownCategory;

fn out_of_range(row: &Row<'_>, column: usize) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(column, row.get(column).unwrap_or_default())
}

fn conversion(column: usize, error: impl core::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
