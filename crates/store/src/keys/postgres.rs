//! Keys in PostgreSQL. The school's key itself never comes here.

use ::postgres::error::SqlState;
use ::postgres::{Client, Row, Transaction};

use super::KeyError;
use super::backend::{Backend, Changed, Incoming, Rewrap, SealedRing, Which, by_block};
use super::place::About;
use super::slots::{Block, BlockId};
use crate::postgres::Postgres;
use crate::{KeyRef, SchoolId, StreamId};

pub(crate) const SCHEMA: &str = "
CREATE SCHEMA belisha_keys;
GRANT USAGE ON SCHEMA belisha_keys TO belisha_app;
CREATE TABLE belisha_keys.rings (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools PRIMARY KEY,
  key_check bytea NOT NULL, edition bigint NOT NULL, bytes bytea NOT NULL
);
CREATE TABLE belisha_keys.blocks (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools,
  id bytea NOT NULL, stream bytea NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (school, id)
);
CREATE INDEX blocks_of_stream ON belisha_keys.blocks (school, stream);
-- Random bytes cannot be made smaller.
ALTER TABLE belisha_keys.blocks ALTER COLUMN bytes SET STORAGE EXTERNAL;
ALTER TABLE belisha_keys.rings ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_keys.rings FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_keys.rings USING (school = (SELECT belisha.my_school()));
ALTER TABLE belisha_keys.blocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_keys.blocks FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_keys.blocks USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, UPDATE ON belisha_keys.rings, belisha_keys.blocks TO belisha_app;
";

/// Rows that go in one statement.
const AT_ONCE: usize = 1_000;

type Said<T> = Result<T, ::postgres::Error>;

pub(super) struct Rows {
    postgres: Postgres,
    client: Client,
}

/// What stands in the database for the school to which the login belongs.
pub(super) fn about(postgres: &Postgres, school: SchoolId) -> Result<Option<About>, KeyError> {
    postgres.expect(school)?;
    let row = connect(postgres)?.query_opt("SELECT key_check FROM belisha_keys.rings", &[]);
    let row = row.map_err(|source| postgres.said(source))?;
    let key_check = row.map(|row| row.get::<_, Vec<u8>>(0).try_into()).transpose();
    let key_check = key_check.map_err(|_| KeyError::Damaged { what: "the key ring" })?;
    Ok(key_check.map(|key_check| About { school: *school.as_bytes(), key_check }))
}

fn connect(postgres: &Postgres) -> Result<Client, KeyError> {
    let mut client = postgres.connect()?;
    // Whatever the server's settings are: what was promised is on its disk.
    client.batch_execute("SET synchronous_commit = on").map_err(|source| postgres.said(source))?;
    Ok(client)
}

impl Rows {
    /// Fills the rows of a school that has none, all or nothing.
    pub(super) fn create(
        postgres: &Postgres,
        about: &About,
        ring: &SealedRing,
        blocks: Incoming<'_>,
    ) -> Result<(), KeyError> {
        let said = |source| KeyError::from(postgres.said(source));
        let mut client = connect(postgres)?;
        let mut making = client.transaction().map_err(said)?;
        let add = "INSERT INTO belisha_keys.rings (key_check, edition, bytes) VALUES ($1, $2, $3)";
        let row = (&about.key_check[..], ring.edition.cast_signed(), &ring.bytes);
        making.execute(add, &[&row.0, &row.1, row.2]).map_err(said)?;
        let mut some = Vec::with_capacity(AT_ONCE);
        for block in blocks {
            some.push(block?);
            if some.len() == AT_ONCE {
                insert(&mut making, &some.iter().collect::<Vec<_>>()).map_err(said)?;
                some.clear();
            }
        }
        insert(&mut making, &some.iter().collect::<Vec<_>>()).map_err(said)?;
        making.commit().map_err(said)
    }

    pub(super) fn open(postgres: &Postgres) -> Result<Self, KeyError> {
        Ok(Self { client: connect(postgres)?, postgres: postgres.clone() })
    }

    /// Does something that may be done twice; once more where the connection was cut, or where somebody who changed
    /// the same blocks in another order went first.
    fn run<T>(&mut self, work: impl Fn(&mut Client) -> Said<T>) -> Result<T, KeyError> {
        match work(&mut self.client) {
            Ok(done) => return Ok(done),
            Err(_) if self.client.is_closed() => self.client = connect(&self.postgres)?,
            Err(source) if source.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
            Err(source) => return Err(self.postgres.said(source).into()),
        }
        work(&mut self.client).map_err(|source| self.postgres.said(source).into())
    }
}

fn read_block(row: &Row) -> Option<Block> {
    let (id, stream): (&[u8], &[u8]) = (row.get(0), row.get(1));
    let stream = StreamId::from_bytes(stream.try_into().ok()?);
    Some(Block { id: BlockId(id.try_into().ok()?), stream, bytes: row.get(2) })
}

fn read_blocks(rows: &[Row]) -> Vec<Block> {
    rows.iter().filter_map(read_block).collect()
}

fn insert(db: &mut Transaction<'_>, blocks: &[&Block]) -> Said<()> {
    let ids: Vec<&[u8]> = blocks.iter().map(|block| &block.id.0[..]).collect();
    let streams: Vec<&[u8]> = blocks.iter().map(|block| &block.stream.as_bytes()[..]).collect();
    let bytes: Vec<&[u8]> = blocks.iter().map(|block| &block.bytes[..]).collect();
    let add = "INSERT INTO belisha_keys.blocks (id, stream, bytes) SELECT * FROM unnest($1::bytea[], $2::bytea[], \
               $3::bytea[]) ON CONFLICT DO NOTHING";
    db.execute(add, &[&ids, &streams, &bytes]).map(drop)
}

/// Whether a block that must change is not among those that do.
fn is_incomplete(db: &mut Transaction<'_>, rewrap: &Rewrap, ids: &[&[u8]]) -> Said<bool> {
    let taken = |condition: &str| {
        format!(
            "SELECT EXISTS (SELECT FROM belisha_keys.blocks b WHERE {condition} = $1 AND NOT EXISTS (SELECT FROM \
             unnest($2::bytea[]) AS changed (id) WHERE changed.id = b.id))"
        )
    };
    let (condition, value) = match rewrap.which {
        Which::None => return Ok(false),
        Which::Stream(stream) => ("b.stream", stream.as_bytes().to_vec()),
        Which::Role(..) => ("substring(b.bytes FROM 1 FOR 12)", rewrap.which.front().unwrap_or_default()),
    };
    Ok(db.query_one(&taken(condition), &[&value, &ids])?.get(0))
}

fn change(client: &mut Client, expected: u64, ring: &[u8], rewrap: &Rewrap) -> Said<Changed> {
    let mut db = client.transaction()?;
    let now = db.query_one("SELECT edition, bytes FROM belisha_keys.rings FOR UPDATE", &[])?;
    let (edition, bytes): (i64, &[u8]) = (now.get(0), now.get(1));
    if edition == (expected + 1).cast_signed() && bytes == ring {
        // The first attempt took effect, and the connection was cut before that was said.
        return Ok(Changed::Done);
    }
    if edition != expected.cast_signed() {
        return Ok(Changed::Stale);
    }
    let (ids, heads): (Vec<&[u8]>, Vec<&[u8]>) = rewrap.heads.iter().map(|(id, head)| (&id.0[..], &head[..])).unzip();
    if is_incomplete(&mut db, rewrap, &ids)? {
        return Ok(Changed::Incomplete);
    }
    // In the order in which those who erase lock them.
    db.execute("SELECT FROM belisha_keys.blocks WHERE id = ANY($1) ORDER BY id FOR UPDATE", &[&ids])?;
    let put = "UPDATE belisha_keys.blocks b SET bytes = overlay(b.bytes PLACING new.head FROM 1) FROM \
               unnest($1::bytea[], $2::bytea[]) AS new (id, head) WHERE b.id = new.id";
    db.execute(put, &[&ids, &heads])?;
    let next = (expected + 1).cast_signed();
    db.execute("UPDATE belisha_keys.rings SET edition = $1, bytes = $2", &[&next, &ring])?;
    db.commit().map(|()| Changed::Done)
}

/// Changes blocks that are locked one after another in the order of their ids.
fn wipe(db: &mut Transaction<'_>, block: &mut Block, slots: Option<&[u16]>) -> Said<u64> {
    let erased = match slots {
        Some(slots) => slots.iter().map(|slot| u64::from(block.erase(*slot))).sum(),
        None => block.erase_all(),
    };
    if erased > 0 {
        let put = "UPDATE belisha_keys.blocks SET bytes = $2 WHERE id = $1";
        db.execute(put, &[&&block.id.0[..], &block.bytes])?;
    }
    Ok(erased)
}

fn erase(client: &mut Client, keys: &[KeyRef]) -> Said<u64> {
    let mut db = client.transaction()?;
    let find = db.prepare("SELECT id, stream, bytes FROM belisha_keys.blocks WHERE id = $1 FOR UPDATE")?;
    let mut erased = 0;
    for (id, slots) in by_block(keys) {
        if let Some(mut block) = db.query_opt(&find, &[&&id.0[..]])?.as_ref().and_then(read_block) {
            erased += wipe(&mut db, &mut block, Some(&slots))?;
        }
    }
    db.commit().map(|()| erased)
}

fn erase_stream(client: &mut Client, stream: StreamId) -> Said<u64> {
    let mut db = client.transaction()?;
    let find = "SELECT id, stream, bytes FROM belisha_keys.blocks WHERE stream = $1 ORDER BY id FOR UPDATE";
    let mut erased = 0;
    for mut block in read_blocks(&db.query(find, &[&&stream.as_bytes()[..]])?) {
        erased += wipe(&mut db, &mut block, None)?;
    }
    db.commit().map(|()| erased)
}

impl Backend for Rows {
    fn ring(&mut self) -> Result<SealedRing, KeyError> {
        let row = self.run(|client| client.query_opt("SELECT edition, bytes FROM belisha_keys.rings", &[]))?;
        let row = row.ok_or_else(|| KeyError::Missing { place: self.postgres.server().to_owned() })?;
        Ok(SealedRing { edition: row.get::<_, i64>(0).cast_unsigned(), bytes: row.get(1) })
    }

    fn add(&mut self, blocks: &[(u64, &Block)]) -> Result<Vec<bool>, KeyError> {
        self.run(|client| {
            let mut db = client.transaction()?;
            // Whoever changes the ring waits until these blocks are there to be seen.
            let newest: i64 = db.query_one("SELECT edition FROM belisha_keys.rings FOR SHARE", &[])?.get(0);
            let is_fresh = |(edition, _): &(u64, &Block)| *edition == newest.cast_unsigned();
            let fresh: Vec<&Block> = blocks.iter().filter(|it| is_fresh(it)).map(|(_, block)| *block).collect();
            for some in fresh.chunks(AT_ONCE) {
                insert(&mut db, some)?;
            }
            db.commit()?;
            Ok(blocks.iter().map(is_fresh).collect())
        })
    }

    fn blocks(&mut self, ids: &[BlockId]) -> Result<(u64, Vec<Block>), KeyError> {
        let ids: Vec<&[u8]> = ids.iter().map(|id| &id.0[..]).collect();
        // One statement sees one moment; the first row, without a block, brings the edition.
        let find = "SELECT b.id, b.stream, b.bytes, r.edition FROM belisha_keys.rings r LEFT JOIN belisha_keys.blocks b \
                    ON b.school = r.school AND b.id = ANY($1)";
        let rows = self.run(|client| client.query(find, &[&ids]))?;
        let edition = rows.first().map(|row| row.get::<_, i64>(3).cast_unsigned());
        let edition = edition.ok_or_else(|| KeyError::Missing { place: self.postgres.server().to_owned() })?;
        let there = |row: &&Row| row.get::<_, Option<&[u8]>>(0).is_some();
        Ok((edition, rows.iter().filter(there).filter_map(read_block).collect()))
    }

    fn page(&mut self, after: Option<BlockId>, most: u32) -> Result<Vec<Block>, KeyError> {
        let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
        let page = "SELECT id, stream, bytes FROM belisha_keys.blocks WHERE id > $1 ORDER BY id LIMIT $2";
        self.run(|client| client.query(page, &[&after, &i64::from(most)])).map(|rows| read_blocks(&rows))
    }

    fn of_stream(&mut self, stream: StreamId) -> Result<Vec<Block>, KeyError> {
        let find = "SELECT id, stream, bytes FROM belisha_keys.blocks WHERE stream = $1";
        self.run(|client| client.query(find, &[&&stream.as_bytes()[..]])).map(|rows| read_blocks(&rows))
    }

    fn change(&mut self, edition: u64, ring: &[u8], rewrap: &Rewrap) -> Result<Changed, KeyError> {
        self.run(|client| change(client, edition, ring, rewrap))
    }

    fn erase(&mut self, keys: &[KeyRef]) -> Result<u64, KeyError> {
        self.run(|client| erase(client, keys))
    }

    fn erase_stream(&mut self, stream: StreamId) -> Result<u64, KeyError> {
        self.run(|client| erase_stream(client, stream))
    }
}
