//! What goes into the file.

use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::journal::chain::{Hash, Head, digest};
use crate::journal::plan::{Erasable, Found, Plan, Tail, TaskChange, Wanted};
use crate::journal::row::{ERASURE, End, Receipt, Row};
use crate::journal::session::StoredTask;
use crate::journal::{IdempotencyKey, NewTask, TaskId};
use crate::{SchoolId, StreamId};

use super::read::{self, bytes, number};

/// `OR ROLLBACK` everywhere: whatever fails ends the transaction, so that SQLite need not copy pages before a statement
/// touches them, in case that it must be taken back alone.
///
/// Rows in one statement: a fifth cheaper than one by one, and no more is gained by more.
const AT_ONCE: usize = 16;

const ADD_16_EVENTS: &str = "INSERT OR ROLLBACK INTO events VALUES \
    (?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),\
    (?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),\
    (?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),\
    (?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?),(?,?,?,?,?,?,?,?,?,?)";
const ADD_EVENT: &str = "INSERT OR ROLLBACK INTO events VALUES (?,?,?,?,?,?,?,?,?,?)";
const ADD_16_RECEIPTS: &str = "INSERT OR ROLLBACK INTO receipts VALUES \
    (?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),\
    (?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?),(?,?,?,?)";
const ADD_RECEIPT: &str = "INSERT OR ROLLBACK INTO receipts VALUES (?,?,?,?)";

pub(super) fn head(db: &Connection, school: SchoolId) -> rusqlite::Result<Head> {
    let mut last = db.prepare_cached("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1")?;
    let head = last
        .query_row([], |row| Ok(Head { position: number(row, 0)?, hash: Hash::from_bytes(bytes(row, 1)?) }))
        .optional()?;
    Ok(head.unwrap_or_else(|| Head { position: 0, hash: Hash::genesis(school) }))
}

pub(super) fn tail(db: &Connection, school: SchoolId) -> rusqlite::Result<Tail> {
    let head = head(db, school)?;
    let mut count = db.prepare_cached("SELECT coalesce(max(number), 0) FROM streams")?;
    Ok(Tail { head, streams: count.query_row([], |row| number(row, 0))? })
}

pub(super) fn look_up(db: &Connection, wanted: &Wanted) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let mut receipt = db.prepare_cached(
        "SELECT fingerprint, first, count, hash FROM receipts JOIN events ON position = first + count - 1 \
         WHERE receipts.key = ?",
    )?;
    for key in &wanted.keys {
        let there = receipt.query_row([key.as_bytes()], |row| {
            let receipt = Receipt { fingerprint: bytes(row, 0)?, first: number(row, 1)?, count: number(row, 2)? };
            Ok((*key, receipt, Hash::from_bytes(bytes(row, 3)?)))
        });
        found.receipts.extend(there.optional()?);
    }
    for stream in &wanted.streams {
        found.streams.extend(read::end(db, *stream)?.map(|end| (*stream, end)));
    }
    for position in &wanted.erases {
        found.erasable.extend(erasable(db, *position)?.map(|what| (*position, what)));
    }
    if wanted.greatest_key {
        let mut greatest = db.prepare_cached("SELECT key FROM receipts ORDER BY key DESC LIMIT 1")?;
        let key = greatest.query_row([], |row| Ok(IdempotencyKey::from_bytes(bytes(row, 0)?)));
        found.greatest_key = key.optional()?;
    }
    Ok(found)
}

fn erasable(db: &Connection, position: u64) -> rusqlite::Result<Option<Erasable>> {
    let mut payload = db.prepare_cached("SELECT payload FROM events WHERE position = ? AND class <> ?")?;
    let erasable = payload.query_row(params![position.cast_signed(), ERASURE], |row| {
        Ok(row.get_ref(0)?.as_blob_or_null()?.map_or(Erasable::Gone, |bytes| Erasable::Payload(digest(bytes))))
    });
    erasable.optional()
}

pub(super) fn write(db: &Connection, plan: &Plan) -> rusqlite::Result<()> {
    rows(db, &plan.rows)?;
    receipts(db, &plan.receipts)?;
    ends(db, &plan.ends, plan.streams)?;
    for (position, digest) in &plan.erased {
        let mut erase = db.prepare_cached("UPDATE events SET payload = NULL, erased = ? WHERE position = ?")?;
        erase.execute(params![digest, position.cast_signed()])?;
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

pub(super) fn rows(db: &Connection, rows: &[(u64, Row)]) -> rusqlite::Result<()> {
    let (sixteens, rest) = rows.as_chunks::<AT_ONCE>();
    let insert = |sql, rows: &[(u64, Row)]| {
        let mut add = db.prepare_cached(sql)?;
        for (at, (stream, row)) in rows.iter().enumerate() {
            bind_event(&mut add, at * 10, *stream, row)?;
        }
        add.raw_execute().map(drop)
    };
    sixteens.iter().try_for_each(|rows| insert(ADD_16_EVENTS, rows))?;
    rest.iter().try_for_each(|row| insert(ADD_EVENT, std::slice::from_ref(row)))
}

fn bind_event(add: &mut Statement<'_>, before: usize, stream: u64, row: &Row) -> rusqlite::Result<()> {
    let header = &row.header;
    add.raw_bind_parameter(before + 1, header.position.cast_signed())?;
    add.raw_bind_parameter(before + 2, stream.cast_signed())?;
    add.raw_bind_parameter(before + 3, header.version.cast_signed())?;
    add.raw_bind_parameter(before + 4, header.previous.cast_signed())?;
    add.raw_bind_parameter(before + 5, header.class)?;
    add.raw_bind_parameter(before + 6, header.at)?;
    add.raw_bind_parameter(before + 7, header.key.as_ref().map(|key| &key.as_bytes()[..]))?;
    add.raw_bind_parameter(before + 8, &row.hash.as_bytes()[..])?;
    add.raw_bind_parameter(before + 9, row.bytes.is_none().then_some(&row.digest[..]))?;
    add.raw_bind_parameter(before + 10, row.bytes.as_deref())
}

pub(super) fn receipts(db: &Connection, receipts: &[(IdempotencyKey, Receipt)]) -> rusqlite::Result<()> {
    let (sixteens, rest) = receipts.as_chunks::<AT_ONCE>();
    let insert = |sql, receipts: &[(IdempotencyKey, Receipt)]| {
        let mut add = db.prepare_cached(sql)?;
        for (at, (key, receipt)) in receipts.iter().enumerate() {
            add.raw_bind_parameter(at * 4 + 1, &key.as_bytes()[..])?;
            add.raw_bind_parameter(at * 4 + 2, &receipt.fingerprint[..])?;
            add.raw_bind_parameter(at * 4 + 3, receipt.first.cast_signed())?;
            add.raw_bind_parameter(at * 4 + 4, receipt.count.cast_signed())?;
        }
        add.raw_execute().map(drop)
    };
    sixteens.iter().try_for_each(|receipts| insert(ADD_16_RECEIPTS, receipts))?;
    rest.iter().try_for_each(|receipt| insert(ADD_RECEIPT, std::slice::from_ref(receipt)))
}

/// Streams that there are already get another end, those after them are begun.
pub(super) fn ends(db: &Connection, ends: &[(StreamId, End)], already: u64) -> rusqlite::Result<()> {
    let mut add =
        db.prepare_cached("INSERT OR ROLLBACK INTO streams (version, last, number, id) VALUES (?, ?, ?, ?)")?;
    let mut put = db.prepare_cached("UPDATE OR ROLLBACK streams SET version = ?, last = ? WHERE number = ?")?;
    for (stream, end) in ends {
        let (number, version, last) = (end.number.cast_signed(), end.version.cast_signed(), end.last.cast_signed());
        if end.number > already {
            add.execute(params![version, last, number, stream.as_bytes()])?;
        } else {
            put.execute(params![version, last, number])?;
        }
    }
    Ok(())
}

pub(super) fn owe(db: &Connection, task: &NewTask) -> rusqlite::Result<()> {
    let NewTask { id, role, due, body } = task;
    let mut add = db.prepare_cached("INSERT INTO tasks VALUES (?, ?, ?, 0, ?) ON CONFLICT DO NOTHING")?;
    add.execute(params![id.as_bytes(), role, due.timestamp_millis(), body]).map(drop)
}

pub(super) fn task(db: &Connection, task: &StoredTask) -> rusqlite::Result<()> {
    let mut add = db.prepare_cached("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)")?;
    add.execute(params![task.id.as_bytes(), task.role, task.due, task.settled, task.body]).map(drop)
}

pub(super) fn settle(db: &Connection, id: TaskId) -> rusqlite::Result<bool> {
    let mut settle = db.prepare_cached("UPDATE tasks SET settled = 1, body = x'' WHERE id = ? AND settled = 0")?;
    Ok(settle.execute([id.as_bytes()])? > 0)
}

pub(super) fn lease(db: &Connection, name: &str, holder: [u8; 16], now: i64, until: i64) -> rusqlite::Result<bool> {
    let mut take = db.prepare_cached(
        "INSERT INTO leases VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE \
         SET holder = excluded.holder, until = excluded.until WHERE holder = excluded.holder OR until <= ?4",
    )?;
    Ok(take.execute(params![name, holder, until, now])? > 0)
}

pub(super) fn release(db: &Connection, name: &str, holder: [u8; 16]) -> rusqlite::Result<()> {
    let mut release = db.prepare_cached("DELETE FROM leases WHERE name = ? AND holder = ?")?;
    release.execute(params![name, holder]).map(drop)
}
