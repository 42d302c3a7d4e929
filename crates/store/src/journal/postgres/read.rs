//! What comes out of PostgreSQL.

use ::postgres::Row;

use crate::journal::chain::{Hash, Header};
use crate::journal::row::{Body, End, Receipt, RowRef};
use crate::journal::session::StoredTask;
use crate::journal::{IdempotencyKey, TaskId};
use crate::{KeyRef, StreamId};

use super::{Db, Trouble};

/// Rows that are held at once.
const PAGE: u64 = 2_048;

/// A number that is never negative.
pub(super) fn number(row: &Row, column: usize) -> Result<u64, Trouble> {
    u64::try_from(row.try_get::<_, i64>(column)?).map_err(|_| Trouble::Wrong)
}

/// Bytes of a fixed number.
pub(super) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Trouble> {
    row.try_get::<_, &[u8]>(column)?.try_into().map_err(|_| Trouble::Wrong)
}

pub(super) fn hash_at(db: &mut Db, position: u64) -> Result<Option<Hash>, Trouble> {
    let school = db.number;
    let sql = "SELECT hash FROM belisha_journal.events WHERE school = $1 AND position = $2";
    let rows = db.query(sql, &[&school, &position.cast_signed()])?;
    rows.first().map(|row| bytes(row, 0).map(Hash::from_bytes)).transpose()
}

pub(super) fn scan(db: &mut Db, from: u64, most: u64, each: &mut dyn FnMut(RowRef<'_>)) -> Result<(), Trouble> {
    let school = db.number;
    let sql = "SELECT position, stream, version, previous, class, at, key, hash, erased, payload \
               FROM belisha_journal.events WHERE school = $1 AND position >= $2 ORDER BY position LIMIT $3";
    let (mut next, mut left) = (if from == 0 { i64::MIN } else { from.cast_signed() }, most);
    while left > 0 {
        let page = left.min(PAGE);
        let rows = db.query(sql, &[&school, &next, &page.cast_signed()])?;
        meet(db, &rows)?;
        for row in &rows {
            let row = row_of(db, row)?;
            next = row.header.position.cast_signed().saturating_add(1);
            each(row);
        }
        left -= page;
        if (rows.len() as u64) < page {
            break;
        }
    }
    Ok(())
}

/// Learns the ids of the streams of these rows.
fn meet(db: &mut Db, rows: &[Row]) -> Result<(), Trouble> {
    let school = db.number;
    let mut unknown = Vec::new();
    for row in rows {
        let number = number(row, 1)?;
        if !db.names.contains_key(&number) {
            unknown.push(number.cast_signed());
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let sql = "SELECT number, id FROM belisha_journal.streams WHERE school = $1 AND number = ANY ($2)";
    for row in db.query(sql, &[&school, &unknown])? {
        db.names.insert(number(&row, 0)?, StreamId::from_bytes(bytes(&row, 1)?));
    }
    Ok(())
}

fn row_of<'a>(db: &Db, row: &'a Row) -> Result<RowRef<'a>, Trouble> {
    let header = Header {
        position: number(row, 0)?,
        stream: *db.names.get(&number(row, 1)?).ok_or(Trouble::Wrong)?,
        version: number(row, 2)?,
        previous: number(row, 3)?,
        class: u16::try_from(row.try_get::<_, i32>(4)?).map_err(|_| Trouble::Wrong)?,
        at: row.try_get(5)?,
        key: row.try_get::<_, Option<&[u8]>>(6)?.map(|_| bytes(row, 6)).transpose()?.map(KeyRef::from_bytes),
    };
    let body = match row.try_get::<_, Option<&[u8]>>(9)? {
        Some(payload) => Body::Bytes(payload),
        None => Body::Erased(bytes(row, 8)?),
    };
    Ok(RowRef { header, body, hash: Hash::from_bytes(bytes(row, 7)?) })
}

fn end_of(row: &Row) -> Result<(StreamId, End), Trouble> {
    let end = End { number: number(row, 1)?, version: number(row, 2)?, last: number(row, 3)? };
    Ok((StreamId::from_bytes(bytes(row, 0)?), end))
}

pub(super) fn ends(db: &mut Db, streams: &[StreamId]) -> Result<Vec<(StreamId, End)>, Trouble> {
    let school = db.number;
    let ids: Vec<&[u8]> = streams.iter().map(|id| &id.as_bytes()[..]).collect();
    let sql = "SELECT id, number, version, last FROM belisha_journal.streams WHERE school = $1 AND id = ANY ($2)";
    db.query(sql, &[&school, &ids])?.iter().map(end_of).collect()
}

pub(super) fn streams(db: &mut Db, after: u64, most: u64) -> Result<Vec<(StreamId, End)>, Trouble> {
    let school = db.number;
    let sql = "SELECT id, number, version, last FROM belisha_journal.streams \
               WHERE school = $1 AND number > $2 ORDER BY number LIMIT $3";
    db.query(sql, &[&school, &after.cast_signed(), &most.cast_signed()])?.iter().map(end_of).collect()
}

pub(super) fn receipts(
    db: &mut Db,
    after: Option<IdempotencyKey>,
    most: u64,
) -> Result<Vec<(IdempotencyKey, Receipt)>, Trouble> {
    let school = db.number;
    let sql = "SELECT key, fingerprint, first, count FROM belisha_journal.receipts \
               WHERE school = $1 AND key > $2 ORDER BY key LIMIT $3";
    let after = after.as_ref().map_or(&[][..], |key| &key.as_bytes()[..]);
    let rows = db.query(sql, &[&school, &after, &most.cast_signed()])?;
    let receipt = |row: &Row| {
        let receipt = Receipt { fingerprint: bytes(row, 1)?, first: number(row, 2)?, count: number(row, 3)? };
        Ok((IdempotencyKey::from_bytes(bytes(row, 0)?), receipt))
    };
    rows.iter().map(receipt).collect()
}

fn task(row: &Row) -> Result<StoredTask, Trouble> {
    Ok(StoredTask {
        id: TaskId::from_bytes(bytes(row, 0)?),
        role: row.try_get(1)?,
        due: row.try_get(2)?,
        settled: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

pub(super) fn tasks(db: &mut Db, after: Option<TaskId>, most: u64) -> Result<Vec<StoredTask>, Trouble> {
    let school = db.number;
    let sql = "SELECT id, role, due, settled, body FROM belisha_journal.tasks \
               WHERE school = $1 AND id > $2 ORDER BY id LIMIT $3";
    let after = after.as_ref().map_or(&[][..], |id| &id.as_bytes()[..]);
    db.query(sql, &[&school, &after, &most.cast_signed()])?.iter().map(task).collect()
}

pub(super) fn owed(db: &mut Db, until: i64, most: u64) -> Result<Vec<StoredTask>, Trouble> {
    let school = db.number;
    let sql = "SELECT id, role, due, settled, body FROM belisha_journal.tasks \
               WHERE school = $1 AND NOT settled AND due <= $2 ORDER BY due, id LIMIT $3";
    db.query(sql, &[&school, &until, &most.cast_signed()])?.iter().map(task).collect()
}
