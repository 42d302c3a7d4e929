//! What goes into PostgreSQL: columns at a time, since a round trip costs more than a row.

use crate::journal::chain::{Hash, Head, digest};
use crate::journal::plan::{Erasable, Found, Plan, Tail, TaskChange, Wanted};
use crate::journal::row::{ERASURE, End, Receipt, Row};
use crate::journal::session::StoredTask;
use crate::journal::{IdempotencyKey, NewTask, TaskId};
use crate::{SchoolId, StreamId};

use super::read::{self, bytes, number};
use super::{Db, Trouble};

pub(super) fn tail(db: &mut Db, school: SchoolId) -> Result<Tail, Trouble> {
    let number_of_school = db.number;
    let sql = "SELECT position, hash, \
                 (SELECT coalesce(max(number), 0) FROM belisha_journal.streams WHERE school = $1) \
               FROM belisha_journal.events WHERE school = $1 ORDER BY position DESC LIMIT 1";
    let rows = db.query(sql, &[&number_of_school])?;
    let Some(row) = rows.first() else {
        return Ok(Tail { head: Head { position: 0, hash: Hash::genesis(school) }, streams: 0 });
    };
    let head = Head { position: number(row, 0)?, hash: Hash::from_bytes(bytes(row, 1)?) };
    Ok(Tail { head, streams: number(row, 2)? })
}

pub(super) fn look_up(db: &mut Db, wanted: &Wanted) -> Result<Found, Trouble> {
    let school = db.number;
    let mut found = Found::default();
    if !wanted.keys.is_empty() {
        found.receipts = look_up_receipts(db, &wanted.keys)?;
    }
    if !wanted.streams.is_empty() {
        found.streams = read::ends(db, &wanted.streams)?;
    }
    if !wanted.erases.is_empty() {
        found.erasable = look_up_erasable(db, &wanted.erases)?;
    }
    if wanted.greatest_key {
        let sql = "SELECT key FROM belisha_journal.receipts WHERE school = $1 ORDER BY key DESC LIMIT 1";
        let rows = db.query(sql, &[&school])?;
        found.greatest_key = rows.first().map(|row| bytes(row, 0).map(IdempotencyKey::from_bytes)).transpose()?;
    }
    Ok(found)
}

fn look_up_receipts(db: &mut Db, keys: &[IdempotencyKey]) -> Result<Vec<(IdempotencyKey, Receipt, Hash)>, Trouble> {
    let school = db.number;
    let keys: Vec<&[u8]> = keys.iter().map(|key| &key.as_bytes()[..]).collect();
    let sql = "SELECT r.key, r.fingerprint, r.first, r.count, e.hash FROM belisha_journal.receipts r \
               JOIN belisha_journal.events e ON e.school = r.school AND e.position = r.first + r.count - 1 \
               WHERE r.school = $1 AND r.key = ANY ($2)";
    let rows = db.query(sql, &[&school, &keys])?;
    let receipt = |row: &::postgres::Row| {
        let receipt = Receipt { fingerprint: bytes(row, 1)?, first: number(row, 2)?, count: number(row, 3)? };
        Ok((IdempotencyKey::from_bytes(bytes(row, 0)?), receipt, Hash::from_bytes(bytes(row, 4)?)))
    };
    rows.iter().map(receipt).collect()
}

fn look_up_erasable(db: &mut Db, positions: &[u64]) -> Result<Vec<(u64, Erasable)>, Trouble> {
    let school = db.number;
    let mut erasable = Vec::new();
    let sql = "SELECT payload FROM belisha_journal.events WHERE school = $1 AND position = $2 AND class <> $3";
    for position in positions {
        let rows = db.query(sql, &[&school, &position.cast_signed(), &i32::from(ERASURE)])?;
        if let Some(row) = rows.first() {
            let payload: Option<&[u8]> = row.try_get(0)?;
            let what = payload.map_or(Erasable::Gone, |payload| Erasable::Payload(digest(payload)));
            erasable.push((*position, what));
        }
    }
    Ok(erasable)
}

/// Events, receipts and streams in one statement: three round trips fewer for every commit.
const WRITE: &str = "
WITH e AS (
  INSERT INTO belisha_journal.events (school, position, stream, version, previous, class, at, key, hash, payload)
  SELECT $1::int, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[],
    $8::bytea[], $9::bytea[], $10::bytea[])
), r AS (
  INSERT INTO belisha_journal.receipts (school, key, fingerprint, first, count)
  SELECT $1::int, * FROM unnest($11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[])
)
INSERT INTO belisha_journal.streams (school, number, id, version, last)
SELECT $1::int, * FROM unnest($15::bigint[], $16::bytea[], $17::bigint[], $18::bigint[])
ON CONFLICT (school, number) DO UPDATE SET version = excluded.version, last = excluded.last";

pub(super) fn write(db: &mut Db, plan: &Plan) -> Result<(), Trouble> {
    let school = db.number;
    let (events, receipts, ends) = (Events::of(&plan.rows), Receipts::of(&plan.receipts), Ends::of(&plan.ends));
    db.execute(
        WRITE,
        &[
            &school,
            &events.positions,
            &events.streams,
            &events.versions,
            &events.previous,
            &events.classes,
            &events.times,
            &events.keys,
            &events.hashes,
            &events.payloads,
            &receipts.keys,
            &receipts.fingerprints,
            &receipts.firsts,
            &receipts.counts,
            &ends.numbers,
            &ends.ids,
            &ends.versions,
            &ends.lasts,
        ],
    )?;
    for (position, digest) in &plan.erased {
        let sql = "UPDATE belisha_journal.events SET payload = NULL, erased = $3 WHERE school = $1 AND position = $2";
        db.execute(sql, &[&school, &position.cast_signed(), &&digest[..]])?;
    }
    for change in &plan.tasks {
        match change {
            TaskChange::Owe(task) => owe(db, task)?,
            TaskChange::Settle(id) => {
                settle(db, *id)?;
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Events<'a> {
    positions: Vec<i64>,
    streams: Vec<i64>,
    versions: Vec<i64>,
    previous: Vec<i64>,
    classes: Vec<i32>,
    times: Vec<i64>,
    keys: Vec<Option<&'a [u8]>>,
    hashes: Vec<&'a [u8]>,
    erased: Vec<Option<&'a [u8]>>,
    payloads: Vec<Option<&'a [u8]>>,
}

impl<'a> Events<'a> {
    fn of(rows: &'a [(u64, Row)]) -> Self {
        let mut events = Self::default();
        for (stream, row) in rows {
            let header = &row.header;
            events.positions.push(header.position.cast_signed());
            events.streams.push(stream.cast_signed());
            events.versions.push(header.version.cast_signed());
            events.previous.push(header.previous.cast_signed());
            events.classes.push(header.class.into());
            events.times.push(header.at);
            events.keys.push(header.key.as_ref().map(|key| &key.as_bytes()[..]));
            events.hashes.push(row.hash.as_bytes());
            events.erased.push(row.bytes.is_none().then_some(&row.digest[..]));
            events.payloads.push(row.bytes.as_deref());
        }
        events
    }
}

#[derive(Default)]
struct Receipts<'a> {
    keys: Vec<&'a [u8]>,
    fingerprints: Vec<&'a [u8]>,
    firsts: Vec<i64>,
    counts: Vec<i64>,
}

impl<'a> Receipts<'a> {
    fn of(receipts: &'a [(IdempotencyKey, Receipt)]) -> Self {
        let mut columns = Self::default();
        for (key, receipt) in receipts {
            columns.keys.push(key.as_bytes());
            columns.fingerprints.push(&receipt.fingerprint);
            columns.firsts.push(receipt.first.cast_signed());
            columns.counts.push(receipt.count.cast_signed());
        }
        columns
    }
}

#[derive(Default)]
struct Ends<'a> {
    numbers: Vec<i64>,
    ids: Vec<&'a [u8]>,
    versions: Vec<i64>,
    lasts: Vec<i64>,
}

impl<'a> Ends<'a> {
    fn of(ends: &'a [(StreamId, End)]) -> Self {
        let mut columns = Self::default();
        for (stream, end) in ends {
            columns.numbers.push(end.number.cast_signed());
            columns.ids.push(stream.as_bytes());
            columns.versions.push(end.version.cast_signed());
            columns.lasts.push(end.last.cast_signed());
        }
        columns
    }
}

pub(super) fn rows(db: &mut Db, rows: &[(u64, Row)]) -> Result<(), Trouble> {
    let school = db.number;
    let events = Events::of(rows);
    let sql = "INSERT INTO belisha_journal.events \
                 (school, position, stream, version, previous, class, at, key, hash, erased, payload) \
               SELECT $1::int, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[], \
                 $7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[])";
    db.execute(
        sql,
        &[
            &school,
            &events.positions,
            &events.streams,
            &events.versions,
            &events.previous,
            &events.classes,
            &events.times,
            &events.keys,
            &events.hashes,
            &events.erased,
            &events.payloads,
        ],
    )?;
    Ok(())
}

pub(super) fn receipts(db: &mut Db, receipts: &[(IdempotencyKey, Receipt)]) -> Result<(), Trouble> {
    let columns = Receipts::of(receipts);
    let sql = "INSERT INTO belisha_journal.receipts (school, key, fingerprint, first, count) \
               SELECT $1::int, * FROM unnest($2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[])";
    let number = db.number;
    db.execute(sql, &[&number, &columns.keys, &columns.fingerprints, &columns.firsts, &columns.counts])?;
    Ok(())
}

pub(super) fn ends(db: &mut Db, ends: &[(StreamId, End)]) -> Result<(), Trouble> {
    let columns = Ends::of(ends);
    let sql = "INSERT INTO belisha_journal.streams (school, number, id, version, last) \
               SELECT $1::int, * FROM unnest($2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[])";
    let number = db.number;
    db.execute(sql, &[&number, &columns.numbers, &columns.ids, &columns.versions, &columns.lasts])?;
    Ok(())
}

pub(super) fn owe(db: &mut Db, task: &NewTask) -> Result<(), Trouble> {
    let (school, due) = (db.number, task.due.timestamp_millis());
    let sql = "INSERT INTO belisha_journal.tasks (school, id, role, due, settled, body) \
               VALUES ($1, $2, $3, $4, false, $5) ON CONFLICT DO NOTHING";
    db.execute(sql, &[&school, &&task.id.as_bytes()[..], &task.role, &due, &task.body])?;
    Ok(())
}

pub(super) fn tasks(db: &mut Db, tasks: &[StoredTask]) -> Result<(), Trouble> {
    let sql = "INSERT INTO belisha_journal.tasks (school, id, role, due, settled, body) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    for task in tasks {
        let number = db.number;
        db.execute(sql, &[&number, &&task.id.as_bytes()[..], &task.role, &task.due, &task.settled, &task.body])?;
    }
    Ok(())
}

pub(super) fn settle(db: &mut Db, id: TaskId) -> Result<bool, Trouble> {
    let school = db.number;
    let sql = "UPDATE belisha_journal.tasks SET settled = true, body = '' \
               WHERE school = $1 AND id = $2 AND NOT settled";
    Ok(db.execute(sql, &[&school, &&id.as_bytes()[..]])? > 0)
}

pub(super) fn lease(db: &mut Db, name: &str, holder: [u8; 16], now: i64, until: i64) -> Result<bool, Trouble> {
    let school = db.number;
    let sql = "INSERT INTO belisha_journal.leases AS l (school, name, holder, until) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (school, name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
               WHERE l.holder = excluded.holder OR l.until <= $5";
    Ok(db.execute(sql, &[&school, &name, &&holder[..], &until, &now])? > 0)
}

pub(super) fn release(db: &mut Db, name: &str, holder: [u8; 16]) -> Result<(), Trouble> {
    let school = db.number;
    let sql = "DELETE FROM belisha_journal.leases WHERE school = $1 AND name = $2 AND holder = $3";
    db.execute(sql, &[&school, &name, &&holder[..]])?;
    Ok(())
}
