//! What comes out of the file. Whatever cannot be what was written is an error.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::journal::chain::{Hash, Header};
use crate::journal::row::{Body, End, Receipt, RowRef};
use crate::journal::session::StoredTask;
use crate::journal::{IdempotencyKey, TaskId};
use crate::{KeyRef, StreamId};

/// A number that is never negative.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// Bytes of a fixed number.
pub(super) fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; N]> {
    let value = row.get_ref(column)?;
    let wrong = || rusqlite::Error::InvalidColumnType(column, String::new(), value.data_type());
    let ValueRef::Blob(blob) = value else { return Err(wrong()) };
    blob.try_into().map_err(|_| wrong())
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    let value = row.get_ref(column)?;
    value.as_blob_or_null().map_err(|_| rusqlite::Error::InvalidColumnType(column, String::new(), value.data_type()))
}

pub(super) fn hash_at(db: &Connection, position: u64) -> rusqlite::Result<Option<Hash>> {
    let mut hash = db.prepare_cached("SELECT hash FROM events WHERE position = ?")?;
    hash.query_row([position.cast_signed()], |row| bytes(row, 0).map(Hash::from_bytes)).optional()
}

pub(super) fn scan(
    db: &Connection,
    names: &mut Vec<StreamId>,
    from: u64,
    most: u64,
    each: &mut dyn FnMut(RowRef<'_>),
) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT position, stream, version, previous, class, at, key, hash, erased, payload FROM events \
         WHERE position >= ? ORDER BY position LIMIT ?",
    )?;
    let from = if from == 0 { i64::MIN } else { from.cast_signed() };
    let mut rows = select.query(params![from, i64::try_from(most).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        let header = Header {
            position: number(row, 0)?,
            stream: name(db, names, number(row, 1)?)?,
            version: number(row, 2)?,
            previous: number(row, 3)?,
            class: row.get(4)?,
            at: row.get(5)?,
            key: blob(row, 6)?.map(|_| bytes(row, 6)).transpose()?.map(KeyRef::from_bytes),
        };
        let body = match blob(row, 9)? {
            Some(payload) => Body::Bytes(payload),
            None => Body::Erased(bytes(row, 8)?),
        };
        each(RowRef { header, body, hash: Hash::from_bytes(bytes(row, 7)?) });
    }
    Ok(())
}

/// The id of the stream with this number.
fn name(db: &Connection, names: &mut Vec<StreamId>, number: u64) -> rusqlite::Result<StreamId> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let known = |names: &[StreamId]| index.and_then(|index| names.get(index)).copied();
    if let Some(name) = known(names) {
        return Ok(name);
    }
    let mut select = db.prepare_cached("SELECT number, id FROM streams WHERE number > ? ORDER BY number")?;
    let mut rows = select.query([i64::try_from(names.len()).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        if self::number(row, 0)? != names.len() as u64 + 1 {
            break;
        }
        names.push(StreamId::from_bytes(bytes(row, 1)?));
    }
    known(names).ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn end_of(row: &Row<'_>, first: usize) -> rusqlite::Result<End> {
    Ok(End { number: number(row, first)?, version: number(row, first + 1)?, last: number(row, first + 2)? })
}

pub(super) fn end(db: &Connection, stream: StreamId) -> rusqlite::Result<Option<End>> {
    let mut end = db.prepare_cached("SELECT number, version, last FROM streams WHERE id = ?")?;
    end.query_row([stream.as_bytes()], |row| end_of(row, 0)).optional()
}

pub(super) fn streams(db: &Connection, after: u64, most: u64) -> rusqlite::Result<Vec<(StreamId, End)>> {
    let mut select =
        db.prepare_cached("SELECT id, number, version, last FROM streams WHERE number > ? ORDER BY number LIMIT ?")?;
    select
        .query_map(params![after.cast_signed(), most.cast_signed()], |row| {
            Ok((StreamId::from_bytes(bytes(row, 0)?), end_of(row, 1)?))
        })?
        .collect()
}

pub(super) fn receipts(
    db: &Connection,
    after: Option<IdempotencyKey>,
    most: u64,
) -> rusqlite::Result<Vec<(IdempotencyKey, Receipt)>> {
    let mut select =
        db.prepare_cached("SELECT key, fingerprint, first, count FROM receipts WHERE key > ? ORDER BY key LIMIT ?")?;
    let after = after.as_ref().map_or(&[][..], |key| &key.as_bytes()[..]);
    select
        .query_map(params![after, most.cast_signed()], |row| {
            let receipt = Receipt { fingerprint: bytes(row, 1)?, first: number(row, 2)?, count: number(row, 3)? };
            Ok((IdempotencyKey::from_bytes(bytes(row, 0)?), receipt))
        })?
        .collect()
}

fn task(row: &Row<'_>) -> rusqlite::Result<StoredTask> {
    Ok(StoredTask {
        id: TaskId::from_bytes(bytes(row, 0)?),
        role: row.get(1)?,
        due: row.get(2)?,
        settled: row.get(3)?,
        body: row.get(4)?,
    })
}

pub(super) fn tasks(db: &Connection, after: Option<TaskId>, most: u64) -> rusqlite::Result<Vec<StoredTask>> {
    let mut select =
        db.prepare_cached("SELECT id, role, due, settled, body FROM tasks WHERE id > ? ORDER BY id LIMIT ?")?;
    let after = after.as_ref().map_or(&[][..], |id| &id.as_bytes()[..]);
    select.query_map(params![after, most.cast_signed()], task)?.collect()
}

pub(super) fn owed(db: &Connection, until: i64, most: u64) -> rusqlite::Result<Vec<StoredTask>> {
    let mut select = db.prepare_cached(
        "SELECT id, role, due, settled, body FROM tasks WHERE settled = 0 AND due <= ? ORDER BY due, id LIMIT ?",
    )?;
    select.query_map(params![until, most.cast_signed()], task)?.collect()
}
