//! The journals of many schools in one PostgreSQL.
//!
//! Row-level security shows a school its own rows alone, and a school's login may neither delete an event nor change
//! more of one than its payload. Whoever appends takes a lock of the school until the end of the transaction, so that
//! positions have no gaps.

mod read;
mod write;

use std::collections::HashMap;

use ::postgres::types::ToSql;
use ::postgres::{Client, Statement};

use crate::postgres::Postgres;
use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::{Found, Plan, Tail, Wanted};
use super::row::{End, Receipt, Row, RowRef};
use super::session::{Session, Store, StoredTask};
use super::{IdempotencyKey, NewTask, TaskId};

/// The same tables as in a file; `docs/journal-format.md` says what stands where.
pub(crate) const SCHEMA: &str = "
CREATE SCHEMA belisha_journal;
GRANT USAGE ON SCHEMA belisha_journal TO belisha_app;
CREATE TABLE belisha_journal.events (
  school int NOT NULL DEFAULT belisha.my_school(), position bigint NOT NULL,
  stream bigint NOT NULL, version bigint NOT NULL, previous bigint NOT NULL, class int NOT NULL, at bigint NOT NULL,
  key bytea, hash bytea NOT NULL, erased bytea, payload bytea, PRIMARY KEY (school, position)
);
-- Sealed bytes do not get smaller, so no time is lost on trying.
ALTER TABLE belisha_journal.events ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE TABLE belisha_journal.streams (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, number bigint NOT NULL,
  id bytea NOT NULL, version bigint NOT NULL, last bigint NOT NULL, PRIMARY KEY (school, number), UNIQUE (school, id)
);
ALTER TABLE belisha_journal.streams SET (fillfactor = 80);
CREATE TABLE belisha_journal.receipts (
  school int NOT NULL DEFAULT belisha.my_school(), key bytea NOT NULL,
  fingerprint bytea NOT NULL, first bigint NOT NULL, count bigint NOT NULL, PRIMARY KEY (school, key)
);
CREATE TABLE belisha_journal.tasks (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, id bytea NOT NULL, role text NOT NULL,
  due bigint NOT NULL, settled boolean NOT NULL, body bytea NOT NULL, PRIMARY KEY (school, id)
);
CREATE INDEX owed ON belisha_journal.tasks (school, due) WHERE NOT settled;
CREATE TABLE belisha_journal.leases (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, name text NOT NULL,
  holder bytea NOT NULL, until bigint NOT NULL, PRIMARY KEY (school, name)
);
ALTER TABLE belisha_journal.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_journal.events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_journal.events USING (school = (SELECT belisha.my_school()));
ALTER TABLE belisha_journal.streams ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_journal.streams FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_journal.streams USING (school = (SELECT belisha.my_school()));
ALTER TABLE belisha_journal.receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_journal.receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_journal.receipts USING (school = (SELECT belisha.my_school()));
ALTER TABLE belisha_journal.tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_journal.tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_journal.tasks USING (school = (SELECT belisha.my_school()));
ALTER TABLE belisha_journal.leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_journal.leases FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_journal.leases USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, UPDATE (erased, payload) ON belisha_journal.events TO belisha_app;
GRANT SELECT, INSERT, UPDATE (version, last) ON belisha_journal.streams TO belisha_app;
GRANT SELECT, INSERT ON belisha_journal.receipts TO belisha_app;
GRANT SELECT, INSERT, UPDATE (settled, body) ON belisha_journal.tasks TO belisha_app;
GRANT SELECT, INSERT, UPDATE (holder, until), DELETE ON belisha_journal.leases TO belisha_app;
";

/// A committed transaction is on the disk, whatever the server's settings say; and nobody waits or holds for ever.
const MANNERS: &str = "
SET synchronous_commit = on;
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '60s';
";

/// The first half of the lock of a school's journal; the other is the school's number.
const LOCK: i32 = 0x426C_736A;

/// Where the journals are, and whose is meant.
pub(super) struct Server {
    postgres: Postgres,
    place: String,
    school: SchoolId,
}

impl Server {
    pub(super) fn new(postgres: &Postgres, school: SchoolId) -> Self {
        Self { postgres: postgres.clone(), place: format!("PostgreSQL at {}", postgres.server()), school }
    }
}

impl Store for Server {
    fn session(&self) -> Result<Box<dyn Session>, JournalError> {
        let mut client = self.postgres.connect()?;
        let open = |client: &mut Client| {
            client.batch_execute(MANNERS)?;
            let whose = client.query_one("SELECT belisha.my_school(), uuid_send(belisha.my_school_id())", &[])?;
            Ok((whose.try_get::<_, Option<i32>>(0)?, whose.try_get::<_, Option<Vec<u8>>>(1)?))
        };
        let whose = open(&mut client).map_err(|error| JournalError::Postgres(self.postgres.said(error)))?;
        let number = match whose {
            (Some(number), Some(id)) if id == self.school.as_bytes() => number,
            _ => return Err(JournalError::OtherSchool { place: self.place.clone() }),
        };
        let (postgres, place, school) = (self.postgres.clone(), self.place.clone(), self.school);
        let db = Db { client, number, statements: HashMap::new(), names: HashMap::default() };
        Ok(Box::new(PostgresSession { db, postgres, place, school }))
    }

    fn place(&self) -> &str {
        &self.place
    }
}

/// Why an answer cannot be used.
enum Trouble {
    Said(::postgres::Error),
    /// A value that no journal holds.
    Wrong,
}

impl From<::postgres::Error> for Trouble {
    fn from(error: ::postgres::Error) -> Self {
        Self::Said(error)
    }
}

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection, and what it has prepared.
struct Db {
    client: Client,
    /// The number of the school.
    number: i32,
    statements: HashMap<&'static str, Statement>,
    /// The ids of streams that were met, by their numbers.
    names: HashMap<u64, StreamId, ahash::RandomState>,
}

impl Db {
    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Trouble> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn query(&mut self, sql: &'static str, parameters: Parameters<'_>) -> Result<Vec<::postgres::Row>, Trouble> {
        let statement = self.prepared(sql)?;
        Ok(self.client.query(&statement, parameters)?)
    }

    fn execute(&mut self, sql: &'static str, parameters: Parameters<'_>) -> Result<u64, Trouble> {
        let statement = self.prepared(sql)?;
        Ok(self.client.execute(&statement, parameters)?)
    }
}

struct PostgresSession {
    db: Db,
    postgres: Postgres,
    place: String,
    school: SchoolId,
}

impl PostgresSession {
    fn batch(&mut self, sql: &str) -> Result<(), JournalError> {
        let done = self.db.client.batch_execute(sql).map_err(Trouble::Said);
        done.map_err(|trouble| self.error(trouble))
    }

    fn error(&self, trouble: Trouble) -> JournalError {
        match trouble {
            Trouble::Said(error) => JournalError::Postgres(self.postgres.said(error)),
            Trouble::Wrong => JournalError::damaged(&self.place, "a value that no journal holds"),
        }
    }
}

impl Session for PostgresSession {
    fn begin(&mut self) -> Result<Tail, JournalError> {
        // The lock comes in a statement of its own: the next one sees what its last holder committed.
        let number = self.db.number;
        self.batch(&format!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK}, {number})"))?;
        write::tail(&mut self.db, self.school).map_err(|trouble| self.error(trouble))
    }

    fn look_up(&mut self, wanted: &Wanted) -> Result<Found, JournalError> {
        write::look_up(&mut self.db, wanted).map_err(|trouble| self.error(trouble))
    }

    fn write(&mut self, plan: &Plan) -> Result<(), JournalError> {
        write::write(&mut self.db, plan).map_err(|trouble| self.error(trouble))
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        self.batch("COMMIT")
    }

    fn roll_back(&mut self) {
        // On a connection that is gone there is nothing left to roll back.
        let _ = self.batch("ROLLBACK");
    }

    fn snapshot(&mut self) -> Result<(), JournalError> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn head(&mut self) -> Result<Head, JournalError> {
        let tail = write::tail(&mut self.db, self.school).map_err(|trouble| self.error(trouble))?;
        Ok(tail.head)
    }

    fn hash_at(&mut self, position: u64) -> Result<Option<Hash>, JournalError> {
        read::hash_at(&mut self.db, position).map_err(|trouble| self.error(trouble))
    }

    fn scan(&mut self, from: u64, most: u64, each: &mut dyn FnMut(RowRef<'_>)) -> Result<(), JournalError> {
        read::scan(&mut self.db, from, most, each).map_err(|trouble| self.error(trouble))
    }

    fn end(&mut self, stream: StreamId) -> Result<Option<End>, JournalError> {
        let ends = read::ends(&mut self.db, &[stream]).map_err(|trouble| self.error(trouble))?;
        Ok(ends.first().map(|(_, end)| *end))
    }

    fn streams(&mut self, after: u64, most: u64) -> Result<Vec<(StreamId, End)>, JournalError> {
        read::streams(&mut self.db, after, most).map_err(|trouble| self.error(trouble))
    }

    fn receipts(
        &mut self,
        after: Option<IdempotencyKey>,
        most: u64,
    ) -> Result<Vec<(IdempotencyKey, Receipt)>, JournalError> {
        read::receipts(&mut self.db, after, most).map_err(|trouble| self.error(trouble))
    }

    fn tasks(&mut self, after: Option<TaskId>, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        read::tasks(&mut self.db, after, most).map_err(|trouble| self.error(trouble))
    }

    fn owed(&mut self, until: i64, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        read::owed(&mut self.db, until, most).map_err(|trouble| self.error(trouble))
    }

    fn owe(&mut self, task: &NewTask) -> Result<(), JournalError> {
        write::owe(&mut self.db, task).map_err(|trouble| self.error(trouble))
    }

    fn settle(&mut self, id: TaskId) -> Result<bool, JournalError> {
        write::settle(&mut self.db, id).map_err(|trouble| self.error(trouble))
    }

    fn lease(&mut self, name: &str, holder: [u8; 16], now: i64, until: i64) -> Result<bool, JournalError> {
        write::lease(&mut self.db, name, holder, now, until).map_err(|trouble| self.error(trouble))
    }

    fn release(&mut self, name: &str, holder: [u8; 16]) -> Result<(), JournalError> {
        write::release(&mut self.db, name, holder).map_err(|trouble| self.error(trouble))
    }

    fn begin_import(&mut self) -> Result<bool, JournalError> {
        let tail = self.begin()?;
        Ok(tail.head.position == 0 && self.tasks(None, 1)?.is_empty())
    }

    fn import_rows(&mut self, rows: &[(u64, Row)]) -> Result<(), JournalError> {
        write::rows(&mut self.db, rows).map_err(|trouble| self.error(trouble))
    }

    fn import_streams(&mut self, streams: &[(StreamId, End)]) -> Result<(), JournalError> {
        write::ends(&mut self.db, streams).map_err(|trouble| self.error(trouble))
    }

    fn import_receipts(&mut self, receipts: &[(IdempotencyKey, Receipt)]) -> Result<(), JournalError> {
        write::receipts(&mut self.db, receipts).map_err(|trouble| self.error(trouble))
    }

    fn import_tasks(&mut self, tasks: &[StoredTask]) -> Result<(), JournalError> {
        write::tasks(&mut self.db, tasks).map_err(|trouble| self.error(trouble))
    }
}
