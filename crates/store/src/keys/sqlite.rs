//! Keys in a file.
//!
//! What is erased must leave no trace in the file, and SQLite leaves traces where it moves rows about: it zeroes what
//! is deleted, not the places where that stood before. So rows never move here. Blocks are only ever added at the end,
//! never removed, and what changes in them is written over where it stands. Then the write-ahead log is emptied.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::KeyError;
use super::backend::{Backend, Changed, Incoming, Rewrap, SealedRing, Which, by_block};
use super::place::About;
use super::slots::{Block, BlockId, HEAD, SLOT};
use crate::sqlite::{self, Found, Kind};
use crate::{KeyRef, StreamId};

/// `Blky`.
const KIND: Kind = Kind { application_id: 0x426C_6B79, version: 1 };

const TABLES: &str = "
CREATE TABLE about (school BLOB NOT NULL, key_check BLOB NOT NULL);
CREATE TABLE ring (edition INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE blocks (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX blocks_of_stream ON blocks (stream);
";

pub(super) struct File {
    path: PathBuf,
    /// None after a failure: what SQLite then holds in memory is not to be trusted.
    db: Option<Connection>,
}

/// What stands in the file, without changing a byte of it where that can be helped.
pub(super) fn about(path: &Path) -> Result<Option<About>, KeyError> {
    match sqlite::look(path, KIND).map_err(|why| KeyError::not_ours(path, why))? {
        Found::Nothing | Found::Unmade => return Ok(None),
        Found::Ours(_) => {}
    }
    if let Ok(Some(about)) = peek(path) {
        return Ok(Some(about));
    }
    let db = connect(path).map_err(KeyError::database(path))?;
    read_about(&db).map_err(KeyError::database(path))
}

/// Reads past the write-ahead log and without locks. What stands in `about` never changes once it is there.
fn peek(path: &Path) -> rusqlite::Result<Option<About>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let quote = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let quoted: String = path.as_os_str().as_encoded_bytes().iter().map(quote).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(format!("file:{quoted}?immutable=1"), flags)?;
    sqlite::settle(&db)?;
    read_about(&db)
}

fn read_about(db: &Connection) -> rusqlite::Result<Option<About>> {
    let about = |row: &Row<'_>| Ok(About { school: row.get(0)?, key_check: row.get(1)? });
    db.query_row("SELECT school, key_check FROM about", [], about).optional()
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = sqlite::open(path, KIND, TABLES)?;
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(db)
}

impl File {
    /// Makes the file with what is to be in it, all or nothing.
    pub(super) fn create(path: &Path, about: &About, ring: &SealedRing, blocks: Incoming<'_>) -> Result<(), KeyError> {
        let mut file = Self::open(path)?;
        let made = file.fill(about, ring, blocks);
        if made.is_err() {
            drop(file);
            // Nothing but empty tables is in it.
            let _ = fs::remove_file(path);
        }
        made
    }

    fn fill(&mut self, about: &About, ring: &SealedRing, blocks: Incoming<'_>) -> Result<(), KeyError> {
        let path = self.path.clone();
        let said = KeyError::database(&path);
        let db = self.db()?;
        let making = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&said)?;
        let row = params![about.school, about.key_check];
        making.execute("INSERT INTO about VALUES (?1, ?2)", row).map_err(&said)?;
        let row = params![ring.edition.cast_signed(), ring.bytes];
        making.execute("INSERT INTO ring VALUES (?1, ?2)", row).map_err(&said)?;
        for block in blocks {
            insert(&making, &block?).map_err(&said)?;
        }
        making.commit().map_err(&said)?;
        self.empty_log()
    }

    pub(super) fn open(path: &Path) -> Result<Self, KeyError> {
        let db = connect(path).map_err(KeyError::database(path))?;
        Ok(Self { path: path.to_owned(), db: Some(db) })
    }

    fn db(&mut self) -> Result<&mut Connection, KeyError> {
        if self.db.is_none() && !self.path.exists() {
            return Err(KeyError::Missing { place: self.path.display().to_string() });
        }
        match &mut self.db {
            Some(db) => Ok(db),
            none => Ok(none.insert(connect(&self.path).map_err(KeyError::database(&self.path))?)),
        }
    }

    fn read<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, KeyError> {
        let done = work(self.db()?);
        self.said(done)
    }

    /// One transaction; `None` from the work takes it back.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, T>>,
    ) -> Result<T, KeyError> {
        let writing = |db: &mut Connection| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            match work(&transaction)? {
                Ok(done) => transaction.commit().map(|()| done),
                Err(refused) => transaction.rollback().map(|()| refused),
            }
        };
        let done = writing(self.db()?);
        self.said(done)
    }

    fn said<T>(&mut self, done: rusqlite::Result<T>) -> Result<T, KeyError> {
        done.map_err(|error| {
            self.db = None;
            KeyError::database(&self.path)(error)
        })
    }

    /// Empties the write-ahead log: what was overwritten stands in it as it was before.
    fn empty_log(&mut self) -> Result<(), KeyError> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: bool = self.read(|db| db.query_row(checkpoint, [], |row| row.get(0)))?;
        if busy { Err(KeyError::Unfinished { file: self.path.clone() }) } else { Ok(()) }
    }

    fn select(&mut self, tail: &str, values: impl rusqlite::Params) -> Result<Vec<Block>, KeyError> {
        let select = format!("SELECT id, stream, bytes FROM blocks {tail}");
        self.read(|db| db.prepare_cached(&select)?.query_map(values, read_block)?.collect())
    }
}

fn read_block(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block { id: BlockId(row.get(0)?), stream: StreamId::from_bytes(row.get(1)?), bytes: row.get(2)? })
}

fn insert(db: &Connection, block: &Block) -> rusqlite::Result<()> {
    let mut add = db.prepare_cached("INSERT OR IGNORE INTO blocks (id, stream, bytes) VALUES (?1, ?2, ?3)")?;
    add.execute(params![block.id.0, block.stream.as_bytes(), block.bytes]).map(drop)
}

fn edition(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT edition FROM ring")?.query_row([], |row| row.get(0)).map(i64::cast_unsigned)
}

/// The row of a block, its length, and its bytes as they are.
fn row_of(db: &Connection, id: BlockId) -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
    let mut find = db.prepare_cached("SELECT number, bytes FROM blocks WHERE id = ?1")?;
    find.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Writes over bytes of a block where they stand.
fn overwrite(db: &Connection, row: i64, at: usize, bytes: &[u8]) -> rusqlite::Result<()> {
    let mut blob = db.blob_open(MAIN_DB, "blocks", "bytes", row, false)?;
    blob.write_all_at(bytes, at)?;
    blob.close()
}

fn erase_slots(db: &Connection, row: i64, block: &mut Block, slots: &[u16]) -> rusqlite::Result<u64> {
    let mut erased = 0;
    for slot in slots {
        if block.erase(*slot) {
            overwrite(db, row, HEAD + usize::from(*slot) * SLOT, &[0; SLOT])?;
            erased += 1;
        }
    }
    Ok(erased)
}

/// Whether a block that must change is not among those that do.
fn is_incomplete(db: &Connection, rewrap: &Rewrap) -> rusqlite::Result<bool> {
    let left_out = |ids: Vec<[u8; 14]>| ids.into_iter().any(|id| !rewrap.heads.contains_key(&BlockId(id)));
    let ids = match rewrap.which {
        Which::None => return Ok(false),
        Which::Stream(stream) => db
            .prepare("SELECT id FROM blocks WHERE stream = ?1")?
            .query_map([stream.as_bytes()], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
        Which::Role(..) => db
            .prepare("SELECT id FROM blocks WHERE substr(bytes, 1, 12) = ?1")?
            .query_map([rewrap.which.front()], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(left_out(ids))
}

impl Backend for File {
    fn ring(&mut self) -> Result<SealedRing, KeyError> {
        let ring =
            |row: &Row<'_>| Ok(SealedRing { edition: row.get::<_, i64>(0)?.cast_unsigned(), bytes: row.get(1)? });
        self.read(|db| db.query_row("SELECT edition, bytes FROM ring", [], ring))
    }

    fn add(&mut self, blocks: &[(u64, &Block)]) -> Result<Vec<bool>, KeyError> {
        self.write(|db| {
            let newest = edition(db)?;
            let add = |(edition, block): &(u64, &Block)| {
                let fresh = *edition == newest;
                if fresh { insert(db, block).map(|()| true) } else { Ok(false) }
            };
            blocks.iter().map(add).collect::<rusqlite::Result<_>>().map(Ok)
        })
    }

    fn blocks(&mut self, ids: &[BlockId]) -> Result<(u64, Vec<Block>), KeyError> {
        self.read(|db| {
            let reading = db.unchecked_transaction()?;
            let edition = edition(&reading)?;
            let mut find = reading.prepare_cached("SELECT id, stream, bytes FROM blocks WHERE id = ?1")?;
            let found = ids.iter().filter_map(|id| find.query_row([id.0], read_block).optional().transpose());
            Ok((edition, found.collect::<rusqlite::Result<_>>()?))
        })
    }

    fn page(&mut self, after: Option<BlockId>, most: u32) -> Result<Vec<Block>, KeyError> {
        let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
        self.select("WHERE id > ?1 ORDER BY id LIMIT ?2", params![after, most])
    }

    fn of_stream(&mut self, stream: StreamId) -> Result<Vec<Block>, KeyError> {
        self.select("WHERE stream = ?1", [stream.as_bytes()])
    }

    fn change(&mut self, expected: u64, ring: &[u8], rewrap: &Rewrap) -> Result<Changed, KeyError> {
        let changed = self.write(|db| {
            if edition(db)? != expected {
                return Ok(Err(Changed::Stale));
            }
            if is_incomplete(db, rewrap)? {
                return Ok(Err(Changed::Incomplete));
            }
            for (id, head) in &rewrap.heads {
                let number = "SELECT number FROM blocks WHERE id = ?1";
                let row = db.prepare_cached(number)?.query_row([id.0], |row| row.get(0)).optional()?;
                row.map_or(Ok(()), |row| overwrite(db, row, 0, head))?;
            }
            db.execute("UPDATE ring SET edition = ?1, bytes = ?2", params![(expected + 1).cast_signed(), ring])?;
            Ok(Ok(Changed::Done))
        })?;
        // Another program's reading may hold the old bytes in the log a while; the next change or the end of the last
        // program empties it. The change itself is done, and to say otherwise would be wrong.
        match self.empty_log() {
            Ok(()) | Err(KeyError::Unfinished { .. }) => Ok(changed),
            Err(error) => Err(error),
        }
    }

    fn erase(&mut self, keys: &[KeyRef]) -> Result<u64, KeyError> {
        let erased = self.write(|db| {
            let mut erased = 0;
            for (id, slots) in by_block(keys) {
                if let Some((row, bytes)) = row_of(db, id)? {
                    let mut block = Block { id, stream: StreamId::from_bytes([0; 16]), bytes };
                    erased += erase_slots(db, row, &mut block, &slots)?;
                }
            }
            Ok(Ok(erased))
        })?;
        self.empty_log().map(|()| erased)
    }

    fn erase_stream(&mut self, stream: StreamId) -> Result<u64, KeyError> {
        let erased = self.write(|db| {
            let mut find = db.prepare("SELECT id, stream, bytes, number FROM blocks WHERE stream = ?1")?;
            let rows = find.query_map([stream.as_bytes()], |row| Ok((read_block(row)?, row.get::<_, i64>(3)?)))?;
            let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut erased = 0;
            for (mut block, row) in rows {
                let all: Vec<u16> = (0..block.slots()).collect();
                erased += erase_slots(db, row, &mut block, &all)?;
            }
            Ok(Ok(erased))
        })?;
        self.empty_log().map(|()| erased)
    }
}
