//! From the numbers in a day file back to records.

use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, RuleRef};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::cache::Cache;
use super::code;
use super::day::Day;

/// Meanings of numbers that are kept in memory.
const KEPT: usize = 16_384;

/// Whom a record is about.
#[derive(Debug)]
struct Asker {
    group: Option<Arc<str>>,
    person: Option<Arc<str>>,
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
    outcome: Outcome,
    status: u16,
    ruleset: u64,
    scheme: Box<str>,
    port: u16,
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
    askers: Cache<i64, Arc<Asker>>,
    hosts: Cache<i64, Arc<str>>,
    answers: Cache<i64, Arc<Answer>>,
    reasons: Cache<i64, Arc<Reason>>,
}

impl Default for Meanings {
    fn default() -> Self {
        Self { askers: Cache::new(KEPT), hosts: Cache::new(KEPT), answers: Cache::new(KEPT), reasons: Cache::new(KEPT) }
    }
}

const RECORDS: &str = "SELECT r.id, r.at, r.asker, r.host, coalesce(p.text, ''), r.answer, r.reason, r.bytes, \
                       r.duration_ms FROM records r LEFT JOIN paths p ON p.id = r.path \
                       WHERE r.id BETWEEN ?1 AND ?2 ORDER BY r.id";

const ASKER: &str = "SELECT g.text, p.text, l.text, a.attribution, d.text FROM askers a \
                     JOIN devices d ON d.id = a.device LEFT JOIN labels g ON g.id = a.\"group\" \
                     LEFT JOIN people p ON p.id = a.person LEFT JOIN labels l ON l.id = a.place WHERE a.id = ?1";

const HOST: &str = "SELECT text FROM hosts WHERE id = ?1";

const ANSWER: &str = "SELECT coalesce(m.text, ''), coalesce(n.text, ''), coalesce(p.text, ''), a.phase, a.navigation, \
                      a.outcome, a.status, a.ruleset, coalesce(s.text, ''), a.port FROM answers a \
                      LEFT JOIN labels m ON m.id = a.method LEFT JOIN labels n ON n.id = a.note \
                      LEFT JOIN labels p ON p.id = a.profile LEFT JOIN labels s ON s.id = a.scheme WHERE a.id = ?1";

const REASON: &str = "SELECT text FROM reasons WHERE id = ?1";

const RULE: &str = "SELECT coalesce(s.text, ''), coalesce(l.text, ''), coalesce(e.text, '') FROM rules r \
                    LEFT JOIN labels s ON s.id = r.source LEFT JOIN labels l ON l.id = r.list \
                    LEFT JOIN labels e ON e.id = r.entry WHERE r.id = ?1";

impl Meanings {
    /// The records with these ids, each of which must be there.
    pub(super) fn records(
        &mut self,
        db: &Connection,
        day: Day,
        first: i64,
        last: i64,
    ) -> rusqlite::Result<Vec<AccessRecord>> {
        let mut select = db.prepare_cached(RECORDS)?;
        let mut rows = select.query([first, last])?;
        let mut records = Vec::new();
        for id in first..=last {
            let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            if row.get::<_, i64>(0)? != id {
                return Err(rusqlite::Error::QueryReturnedNoRows);
            }
            records.push(self.record(db, day, row)?);
        }
        Ok(records)
    }

    fn host(&mut self, db: &Connection, id: i64) -> rusqlite::Result<Box<str>> {
        if id == 0 {
            return Ok(Box::default());
        }
        let host = remember(&mut self.hosts, id, |id| one(db, HOST, id, |row| row.get::<_, Box<str>>(0)))?;
        Ok((&*host).into())
    }

    fn record(&mut self, db: &Connection, day: Day, row: &Row<'_>) -> rusqlite::Result<AccessRecord> {
        let at = day.at(row.get(1)?).ok_or_else(|| out_of_range(row, 1))?;
        let asker = remember(&mut self.askers, row.get(2)?, |id| one(db, ASKER, id, read_asker))?;
        let answer = remember(&mut self.answers, row.get(5)?, |id| one(db, ANSWER, id, read_answer))?;
        let reason = remember(&mut self.reasons, row.get(6)?, |id| read_reason(db, id))?;
        Ok(AccessRecord {
            at,
            phase: answer.phase,
            group: asker.group.clone(),
            person: asker.person.clone(),
            attribution: asker.attribution,
            address: asker.address,
            place: asker.place.clone(),
            method: answer.method.clone(),
            scheme: answer.scheme.clone(),
            host: self.host(db, row.get(3)?)?,
            port: answer.port,
            path: row.get(4)?,
            outcome: answer.outcome,
            note: answer.note.clone(),
            status: answer.status,
            profile: answer.profile.clone(),
            categories: reason.categories.clone(),
            rules: reason.rules.clone(),
            ruleset: answer.ruleset,
            bytes: row.get::<_, i64>(7)?.cast_unsigned(),
            duration_ms: row.get(8)?,
            navigation: answer.navigation,
        })
    }
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
    Ok(Asker {
        group: row.get(0)?,
        person: row.get(1)?,
        place: row.get(2)?,
        attribution: code::attribution(row.get(3)?).ok_or_else(|| out_of_range(row, 3))?,
        address: address.parse().map_err(|error| conversion(4, error))?,
    })
}

fn read_answer(row: &Row<'_>) -> rusqlite::Result<Answer> {
    Ok(Answer {
        method: row.get(0)?,
        note: row.get(1)?,
        profile: row.get(2)?,
        phase: code::phase(row.get(3)?).ok_or_else(|| out_of_range(row, 3))?,
        navigation: code::navigation(row.get(4)?).ok_or_else(|| out_of_range(row, 4))?,
        outcome: code::outcome(row.get(5)?).ok_or_else(|| out_of_range(row, 5))?,
        status: row.get(6)?,
        ruleset: row.get::<_, i64>(7)?.cast_unsigned(),
        scheme: row.get(8)?,
        port: row.get(9)?,
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
    let category = |number| Category::ALL.iter().copied().find(|it| i64::from(it.id().0) == number);
    let categories = numbers(categories)?.into_iter().map(|number| category(number).ok_or_else(unknown));
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
