//! Reading a day back.

use std::collections::HashMap;
use std::sync::Arc;

use ::postgres::{Client, Row, Statement};
use belisha_policy::AccessRecord;

use super::super::code::{Checksum, Whom};
use super::super::day::Day;
use super::super::file::BATCH;
use super::super::lookup::{Names, SealedNames};
use super::super::people::{DayNumber, Logged};
use super::super::reader::Batches;
use super::super::{PeopleOpener, StoreError};
use super::copy::unescape;
use super::meaning::{Answer, Asker, Kind, Reason, read_answer, read_asker, read_reason};
use super::{connect, day_number, partition};
use crate::postgres::Postgres;

const NEXT: &str = "SELECT first, last, checksum FROM belisha_access.batches \
                    WHERE school = $1 AND day = date '1970-01-01' + $2::int AND last >= $3 ORDER BY last LIMIT 1";
const MEANINGS: &str = "SELECT kind, id, value FROM belisha_access.meanings \
                        WHERE school = $1 AND day = date '1970-01-01' + $2::int";

/// The records of a day. No transaction is open between batches: nothing is kept from being removed or cleaned up.
pub(in super::super) struct ServerRecords {
    at: Postgres,
    client: Client,
    school: i32,
    day: Day,
    number: i32,
    next: i64,
    last: i64,
    records: Statement,
    meanings: Meanings,
}

#[derive(Default)]
struct Meanings {
    askers: HashMap<i32, Arc<Asker>>,
    answers: HashMap<i32, Arc<Answer>>,
    reasons: HashMap<i32, Arc<Reason>>,
}

impl ServerRecords {
    /// Opens a day; an error where there is none.
    pub(in super::super) fn open(at: &Postgres, day: Day) -> Result<Self, StoreError> {
        let missing = || StoreError::MissingDay { server: at.server().into(), day: day.name() };
        let number = day_number(at, day)?;
        let (mut client, school) = connect(at)?;
        let mut begin = || {
            let there = "SELECT FROM belisha_access.days WHERE school = $1 AND day = date '1970-01-01' + $2::int";
            if client.query_opt(there, &[&school, &number])?.is_none() {
                return Ok(None);
            }
            let from = partition(day, school);
            // One statement for both, so that a writer cannot come between; and the meanings after, so that all are there.
            let ends = format!(
                "SELECT (SELECT max(last) FROM belisha_access.batches \
                   WHERE school = $1 AND day = date '1970-01-01' + $2::int), (SELECT max(id) FROM {from})"
            );
            let ends = client.query_one(&ends, &[&school, &number])?;
            let meanings = client.query(MEANINGS, &[&school, &number])?;
            let records = client.prepare(&format!(
                "SELECT id, at, asker, answer, reason, bytes, duration_ms, host, path, query FROM {from} \
                 WHERE id BETWEEN $1 AND $2 ORDER BY id"
            ))?;
            Ok(Some((ends.get::<_, Option<i64>>(0), ends.get::<_, Option<i64>>(1), meanings, records)))
        };
        let (batches, last, rows, records) = begin().map_err(|source| at.said(source))?.ok_or_else(missing)?;
        if batches != last {
            return Err(damaged(at, day, "records and checksums do not end together"));
        }
        let last = last.ok_or_else(|| damaged(at, day, "it has lost its records"))?;
        let meanings = Meanings::read(&rows).ok_or_else(|| damaged(at, day, "a meaning is not of our making"))?;
        Ok(Self { at: at.clone(), client, school, day, number, next: 1, last, records, meanings })
    }

    fn read(&mut self) -> Result<Option<(Vec<Row>, i64)>, postgres::Error> {
        let Self { client, school, number, next, .. } = self;
        let Some(batch) = client.query_opt(NEXT, &[school, number, next])? else { return Ok(None) };
        let (first, last, checksum): (i64, i64, i64) = (batch.get(0), batch.get(1), batch.get(2));
        if first != *next || last.abs_diff(first) >= BATCH as u64 {
            return Ok(None);
        }
        Ok(Some((client.query(&self.records, &[&first, &last])?, checksum)))
    }

    fn damaged(&self, found: &str) -> StoreError {
        damaged(&self.at, self.day, found)
    }
}

pub(in super::super) fn damaged(at: &Postgres, day: Day, found: &str) -> StoreError {
    StoreError::DamagedDay { server: at.server().into(), day: day.name(), found: found.into() }
}

impl Batches for ServerRecords {
    fn total(&self) -> u64 {
        self.last.unsigned_abs()
    }

    fn next_batch(&mut self) -> Result<Option<Vec<Logged>>, StoreError> {
        if self.next > self.last {
            return Ok(None);
        }
        let read = self.read().map_err(|source| self.at.said(source))?;
        let (rows, expected) = read.ok_or_else(|| self.damaged("a record has no checksum"))?;
        let mut checksum = Checksum::default();
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let logged = self.meanings.record(self.day, self.next, row, &mut checksum);
            records.push(logged.ok_or_else(|| self.damaged("a record is missing or makes no sense"))?);
            self.next = self.next.saturating_add(1);
        }
        if checksum.get() != expected || records.is_empty() {
            return Err(self.damaged("records are not those that were written"));
        }
        Ok(Some(records))
    }

    fn sealed_names(&mut self) -> Result<Option<SealedNames>, StoreError> {
        let Self { at, client, school, number, meanings, .. } = self;
        let mut read = || {
            let mut sealed = SealedNames::default();
            let keys = "SELECT id, sealed FROM belisha_access.keys \
                        WHERE school = $1 AND day = date '1970-01-01' + $2::int ORDER BY id";
            let names = "SELECT number, kind, key, sealed FROM belisha_access.names \
                         WHERE school = $1 AND day = date '1970-01-01' + $2::int";
            // Names before their keys: a writer may add both meanwhile, the key first.
            for row in client.query(names, &[&*school, &*number])? {
                sealed.names.push((row.get(0), row.get::<_, i16>(1).into(), row.get(2), row.get(3)));
            }
            for row in client.query(keys, &[&*school, &*number])? {
                sealed.keys.push((row.get(0), row.get(1)));
            }
            Ok(sealed)
        };
        let mut sealed = read().map_err(|source| at.said(source))?;
        sealed.nameless = meanings.nameless(&sealed);
        Ok(Some(sealed))
    }

    fn names(&mut self, opener: &dyn PeopleOpener) -> Result<Names, StoreError> {
        let sealed = self.sealed_names()?.unwrap_or_default();
        sealed.open(self.day, opener, |found| self.damaged(found))
    }
}

impl Meanings {
    fn read(rows: &[Row]) -> Option<Self> {
        let mut meanings = Self::default();
        for row in rows {
            let (kind, id, value): (i16, i32, &str) = (row.get(0), row.get(1), row.get(2));
            if kind == Kind::Asker as i16 {
                meanings.askers.insert(id, Arc::new(read_asker(value)?));
            } else if kind == Kind::Answer as i16 {
                meanings.answers.insert(id, Arc::new(read_answer(value)?));
            } else if kind == Kind::Reason as i16 {
                meanings.reasons.insert(id, Arc::new(read_reason(value)?));
            }
        }
        Some(meanings)
    }

    /// How many numbers of people and devices have no name among these.
    fn nameless(&self, sealed: &SealedNames) -> i64 {
        let named: std::collections::HashSet<(i64, i64)> =
            sealed.names.iter().map(|(number, kind, ..)| (*kind, *number)).collect();
        let numbers = self.askers.values().flat_map(|it| [(1, it.who.person), (2, it.who.device)]);
        let missing = numbers.filter(|(kind, number)| *number != 0 && !named.contains(&(*kind, (*number).into())));
        missing.count().try_into().unwrap_or(i64::MAX)
    }

    /// The record of a row that must have this id; `None` where it is another, or makes no sense.
    fn record(&self, day: Day, id: i64, row: &Row, checksum: &mut Checksum) -> Option<Logged> {
        if row.get::<_, i64>(0) != id {
            return None;
        }
        let asker = self.askers.get(&row.get(2))?;
        let answer = self.answers.get(&row.get(3))?;
        let reason = self.reasons.get(&row.get(4))?;
        let text = |column: usize| unescape(row.get(column)).map(Box::from);
        let record = AccessRecord {
            at: day.at(row.get::<_, i32>(1).into())?,
            phase: answer.phase,
            group: asker.group.clone(),
            person: None,
            attribution: asker.attribution,
            address: asker.address,
            device: None,
            place: asker.place.clone(),
            method: answer.method.clone(),
            scheme: answer.scheme.clone(),
            host: text(7)?,
            port: answer.port,
            path: text(8)?,
            query: text(9)?,
            observed: answer.observed,
            note: answer.note.clone(),
            status: answer.status,
            profile: answer.profile.clone(),
            categories: reason.categories.clone(),
            rules: reason.rules.clone(),
            ruleset: answer.ruleset,
            bytes: row.get::<_, i64>(5).cast_unsigned(),
            duration_ms: row.get::<_, i64>(6).try_into().ok()?,
            navigation: answer.navigation,
            replayed: answer.replayed.clone(),
        };
        checksum.add(&record, Whom::Numbers(asker.who));
        let number = |number: u32| DayNumber::from_column(number.into()).ok().flatten();
        Some(Logged { record, person: number(asker.who.person), device: number(asker.who.device) })
    }
}
