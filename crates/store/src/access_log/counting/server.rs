//! Counting in PostgreSQL, by PostgreSQL.

use std::collections::HashMap;

use ::postgres::{IsolationLevel, Row, Transaction};
use ahash::RandomState;
use belisha_policy::Category;

use super::super::StoreError;
use super::super::day::Day;
use super::super::server::{Answer, Asker, Kind, connect, damaged, day_number, partition, read_answer, read_asker};
use super::super::server::{read_reason, unescape};
use super::counter::{Asked, Counter, Seen, TableKeys, is_locked};
use crate::postgres::Postgres;

/// Each kind of pair with an answer, in one reading of the day. Which kind a row is says `kind`: a bit for each of the
/// columns that it has not.
const PAIRS: &str = "SELECT grouping(hour, asker, reason, host) AS kind, slot, answer, hour, asker, reason, host, \
                     count(*) FROM (SELECT at / 3600000 AS hour, ($1::int[])[at / 3600000 + 1] AS slot, answer, asker, \
                     reason, \
                     CASE WHEN reason = ANY ($2::int[]) THEN '' ELSE host END AS host FROM {partition}) lines WHERE slot >= 0 GROUP BY GROUPING SETS \
                     ((answer, slot, hour), (answer, slot, asker), (answer, slot, reason), (answer, slot, host))";

const MEANINGS: &str = "SELECT kind, id, value FROM belisha_access.meanings \
                        WHERE school = $1 AND day = date '1970-01-01' + $2::int";

const NAMES: &str = "SELECT number, key FROM belisha_access.names \
                     WHERE school = $1 AND day = date '1970-01-01' + $2::int AND kind = 1";

/// What a day's rows say, unread.
struct Rows {
    pairs: Vec<Row>,
    meanings: Vec<Row>,
    names: Vec<Row>,
    whole: bool,
}

pub(super) fn count(at: &Postgres, day: Day, counter: &mut Counter) -> Result<(), StoreError> {
    let missing = || StoreError::MissingDay { server: at.server().into(), day: day.name() };
    let number = day_number(at, day)?;
    let (mut client, school) = connect(at)?;
    let slots: Vec<i32> =
        (0..24).map(|hour| counter.slot(hour).map_or(-1, |slot| i32::try_from(slot).unwrap_or(-1))).collect();
    let mut read = || {
        // Of one moment, whatever is written meanwhile.
        let reading = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let mut reading = reading.start()?;
        let there = "SELECT FROM belisha_access.days WHERE school = $1 AND day = date '1970-01-01' + $2::int";
        if reading.query_opt(there, &[&school, &number])?.is_none() {
            return Ok(None);
        }
        let from = partition(day, school);
        let (meanings, names) =
            (reading.query(MEANINGS, &[&school, &number])?, reading.query(NAMES, &[&school, &number])?);
        // Their hosts do not leave the server.
        let locked: Vec<i32> = Meanings::read(&meanings).map(|meanings| meanings.locked()).unwrap_or_default();
        let pairs = reading.query(&PAIRS.replace("{partition}", &from), &[&slots, &locked])?;
        let whole = is_whole(&mut reading, &from, school, number)?;
        reading.commit()?;
        Ok(Some(Rows { pairs, meanings, names, whole }))
    };
    let rows = read().map_err(|source| at.said(source))?.ok_or_else(missing)?;
    if !rows.whole {
        return Err(damaged(at, day, "records are missing, or of another day"));
    }
    count_rows(&rows, counter).ok_or_else(|| damaged(at, day, "a record is not of our making"))
}

/// Whether all records that were written are there: their numbers have no gaps, and the last has a checksum.
fn is_whole(reading: &mut Transaction<'_>, from: &str, school: i32, number: i32) -> Result<bool, postgres::Error> {
    let sql = format!(
        "SELECT count(*), coalesce(max(id), 0), count(*) FILTER (WHERE at NOT BETWEEN 0 AND 86399999), \
         (SELECT max(last) FROM belisha_access.batches WHERE school = $1 AND day = date '1970-01-01' + $2::int) \
         FROM {from}"
    );
    let row = reading.query_one(&sql, &[&school, &number])?;
    let (records, last, astray, batches): (i64, i64, i64, Option<i64>) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    Ok(records > 0 && records == last && astray == 0 && batches == Some(last))
}

#[derive(Default)]
struct Meanings {
    answers: HashMap<i32, Answer, RandomState>,
    askers: HashMap<i32, Asked, RandomState>,
    reasons: HashMap<i32, Vec<Category>, RandomState>,
}

impl Meanings {
    fn read(rows: &[Row]) -> Option<Self> {
        let mut meanings = Self::default();
        for row in rows {
            let (kind, id, value): (i16, i32, &str) = (row.get(0), row.get(1), row.get(2));
            if kind == Kind::Asker as i16 {
                let Asker { address, who, attribution, group, .. } = read_asker(value)?;
                meanings.askers.insert(id, Asked { attribution, group, person: who.person, address });
            } else if kind == Kind::Answer as i16 {
                meanings.answers.insert(id, read_answer(value)?);
            } else if kind == Kind::Reason as i16 {
                meanings.reasons.insert(id, read_reason(value)?.categories);
            }
        }
        Some(meanings)
    }

    fn locked(&self) -> Vec<i32> {
        self.reasons.iter().filter(|(_, categories)| is_locked(categories)).map(|(id, _)| *id).collect()
    }

    fn seen(&self, answer: i32) -> Option<Seen<'_>> {
        let Answer { phase, navigation, observed, replayed, .. } = self.answers.get(&answer)?;
        let replayed = Seen::replay(replayed.as_deref());
        Some(Seen { phase: *phase, navigation: *navigation, observed: *observed, replayed })
    }
}

/// `None` where something was never written by us.
fn count_rows(rows: &Rows, counter: &mut Counter) -> Option<()> {
    let meanings = Meanings::read(&rows.meanings)?;
    for row in &rows.pairs {
        let lines = u64::try_from(row.get::<_, i64>(7)).ok()?;
        let (slot, seen) = (usize::try_from(row.get::<_, i32>(1)).ok()?, meanings.seen(row.get(2))?);
        match row.get::<_, i32>(0) {
            0b0111 => counter.hour(usize::try_from(row.get::<_, i32>(3)).ok()?, seen, lines),
            0b1011 => counter.asker(slot, seen, meanings.askers.get(&row.get(4))?, lines),
            0b1101 => counter.reason(slot, seen, meanings.reasons.get(&row.get(5))?, lines),
            _ if seen.wants_host(counter.view()) => counter.host(slot, seen, &unescape(row.get(6))?, lines),
            _ => {}
        }
    }
    let key = |row: &Row| Some((u32::try_from(row.get::<_, i64>(0)).ok()?, row.get(1)));
    let keys: TableKeys = rows.names.iter().map(key).collect::<Option<_>>()?;
    counter.count_people(&keys);
    Some(())
}
