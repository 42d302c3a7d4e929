//! Reading a day back.

use core::fmt::Write as _;
use core::iter::FusedIterator;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::vec::IntoIter;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, RuleRef};
use chrono::NaiveDate;
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ffi};

use super::cache::Cache;
use super::code::{self, checksum};
use super::day::Day;
use super::file::{BATCH, check_day, settle};
use super::schema::{self, Found};
use crate::StoreError;

/// Meanings of numbers that are kept in memory.
const KEPT: usize = 16_384;

/// Reads the log of a day (in UTC), in the order in which it was appended, as it was when this was called: what is
/// written meanwhile is not in it. The file may be in use by a writer; neither waits for the other.
///
/// Each record is equal to the one that was appended, with `at` cut to the millisecond (a leap second becomes the
/// second after it).
///
/// # Errors
/// There is no file of that day (or one that is just being made), or it is not ours, of a later version, or cannot be read.
pub fn read_day(folder: &Path, date: NaiveDate) -> Result<DayRecords, StoreError> {
    let day = Day::from(date);
    let file = absolute(day.file(folder)).map_err(|error| StoreError::io(folder, error))?;
    if schema::look(&file)? != Found::Ours {
        return Err(StoreError::Missing { file });
    }
    let db = match connect(&file) {
        Ok(db) => db,
        // Only the making of a file uses a rollback journal: it was cut short, and there are no records yet.
        Err(error) if extended_code(&error) == Some(ffi::SQLITE_READONLY_ROLLBACK) => {
            return Err(StoreError::Missing { file });
        }
        Err(error) => return Err(StoreError::database(&file, error)),
    };
    check_day(&db, &file, day)?;
    let last = last(&db, &file)?;
    Ok(DayRecords { db, day, file, next: 1, last, ready: IntoIter::default(), meanings: Meanings::default() })
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    match db.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())) {
        // In a folder that cannot be written to, a file in write-ahead mode opens only when nobody can be writing.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) && !has_log(file) => {
            let db = Connection::open_with_flags(unchanging(file), flags | OpenFlags::SQLITE_OPEN_URI)?;
            settle(&db)?;
            Ok(db)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(db),
    }
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

fn has_log(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    fs::exists(log).unwrap_or(true)
}

/// The file as an SQLite URI that promises that nobody writes to it.
fn unchanging(file: &Path) -> String {
    let escaped = file.as_os_str().as_encoded_bytes().iter().fold(String::from("file://"), |mut uri, byte| {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            // Writing to a `String` cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
        uri
    });
    escaped + "?immutable=1"
}

/// The id of the last record. Records and batches must agree on it, or one of them has lost its end.
fn last(db: &Connection, file: &Path) -> Result<i64, StoreError> {
    // One statement, so that a writer cannot come between.
    let both = "SELECT coalesce((SELECT max(id) FROM records), 0), coalesce((SELECT max(last) FROM batches), 0)";
    let (records, batches): (i64, i64) = db
        .query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(|error| StoreError::database(file, error))?;
    if records == batches && records >= 0 {
        return Ok(records);
    }
    Err(StoreError::damaged(
        file,
        format!("the last record has number {records}, and the last checksum is for {batches}"),
    ))
}

/// The records of a day, from [`read_day`]. Holds up to 2,048 of them in memory. After an error it ends: no record
/// is given that has not been checked, and none after a gap.
#[derive(Debug)]
pub struct DayRecords {
    db: Connection,
    day: Day,
    file: PathBuf,
    next: i64,
    last: i64,
    ready: IntoIter<AccessRecord>,
    meanings: Meanings,
}

impl DayRecords {
    /// How many records there are, those included that were given already.
    pub fn total(&self) -> u64 {
        self.last.unsigned_abs()
    }

    fn read_batch(&mut self) -> Result<Vec<AccessRecord>, StoreError> {
        let Self { db, day, file, next, meanings, .. } = self;
        let failed = |error| StoreError::database(file, error);
        // For the time of a batch, so that not every look-up asks for the lock, and the writer is not kept from
        // ending its write-ahead log.
        let _reading = db.unchecked_transaction().map_err(failed)?;
        let (until, expected) = batch_from(db, *next)
            .map_err(failed)?
            .ok_or_else(|| StoreError::damaged(file, format!("record {next} has no checksum")))?;
        let records = meanings.records(db, *day, *next, until).map_err(failed)?;
        if checksum(&records) != expected {
            return Err(StoreError::damaged(
                file,
                format!("records {next} to {until} are not those that were written"),
            ));
        }
        *next = until.saturating_add(1);
        Ok(records)
    }
}

impl Iterator for DayRecords {
    type Item = Result<AccessRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.ready.next() {
            return Some(Ok(record));
        }
        if self.next > self.last {
            return None;
        }
        match self.read_batch() {
            Ok(records) => {
                self.ready = records.into_iter();
                self.ready.next().map(Ok)
            }
            Err(error) => {
                self.next = i64::MAX;
                self.last = 0;
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for DayRecords {}

/// The end and the checksum of the batch that begins with a record; `None` where there is none of a size that we write.
fn batch_from(db: &Connection, first: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT first, last, checksum FROM batches WHERE last >= ?1 ORDER BY last LIMIT 1";
    let found: Option<(i64, i64, i64)> =
        db.prepare_cached(sql)?.query_row([first], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let fits = |(begin, last, _): &(i64, i64, i64)| *begin == first && last.abs_diff(first) < BATCH as u64;
    Ok(found.filter(fits).map(|(_, last, checksum)| (last, checksum)))
}

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
struct Meanings {
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
    fn records(&mut self, db: &Connection, day: Day, first: i64, last: i64) -> rusqlite::Result<Vec<AccessRecord>> {
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
    let inside = text.strip_prefix("[[").and_then(|text| text.strip_suffix("]]"));
    let (categories, rules) = inside.and_then(|text| text.split_once("],[")).ok_or_else(malformed)?;
    let numbers = |list: &str| -> rusqlite::Result<Vec<i64>> {
        let parts = list.split(',').filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(|error| conversion(0, error))).collect()
    };
    let category = |number| Category::ALL.iter().copied().find(|it| i64::from(it.id().0) == number);
    let categories = numbers(categories)?.into_iter().map(|number| category(number).ok_or_else(malformed));
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

fn out_of_range(row: &Row<'_>, column: usize) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(column, row.get(column).unwrap_or_default())
}

fn conversion(column: usize, error: impl core::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
