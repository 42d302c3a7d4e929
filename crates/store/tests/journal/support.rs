//! Journals of every kind to try things on, and things to try.

use std::path::PathBuf;

use belisha_store::journal::{
    Append, Event, Expected, IdempotencyKey, Journal, NewEvent, NewTask, Payload, TaskId, Write,
};
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{KeyRef, SchoolId, StreamId};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

/// Random enough for moments and positions.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }
}

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_600_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn stream(number: u8) -> StreamId {
    StreamId::from_bytes([number; 16])
}

pub(crate) fn key(number: u64) -> IdempotencyKey {
    IdempotencyKey::of(&number.to_le_bytes())
}

pub(crate) fn open(text: &str) -> NewEvent {
    NewEvent { at: at(0), payload: Payload::Open(text.into()) }
}

pub(crate) fn sealed(text: &str) -> NewEvent {
    NewEvent { at: at(1), payload: Payload::Sealed { key: KeyRef::from_bytes([7; 16]), bytes: text.into() } }
}

pub(crate) fn write(stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Write {
    Write { stream, class: 3, expected, events }
}

/// One wish of one write.
pub(crate) fn wish(key: IdempotencyKey, stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Append {
    Append {
        key,
        fingerprint: [1; 32],
        writes: vec![write(stream, expected, events)],
        owes: Vec::new(),
        settles: Vec::new(),
    }
}

/// One open event, whatever was before.
pub(crate) fn note(number: u64, stream: StreamId, text: &str) -> Append {
    wish(key(number), stream, Expected::Any, vec![open(text)])
}

pub(crate) fn task(number: u8, due: i64) -> NewTask {
    let role = "online safety coordinator \u{202e}\u{1f6a8}'\"".into();
    NewTask { id: TaskId::from_bytes([number; 16]), role, due: at(due), body: vec![number; 20] }
}

pub(crate) fn texts(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match event.payload.bytes() {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => "(erased)".into(),
    };
    events.iter().map(text).collect()
}

pub(crate) const SCHOOL: SchoolId = SchoolId::from_bytes([9; 16]);

/// A journal somewhere.
pub(crate) enum World {
    Memory(Journal),
    File { folder: TempDir, school: SchoolId },
    Server { url: String, admin: String, school: SchoolId },
}

impl World {
    pub(crate) fn memory() -> Self {
        Self::Memory(Journal::in_memory(SCHOOL).unwrap())
    }

    pub(crate) fn file() -> Self {
        Self::File { folder: tempfile::tempdir().unwrap(), school: SCHOOL }
    }

    /// One more school of a server that was [prepared](prepared).
    pub(crate) fn server(server: &belisha_testkit::Postgres) -> Self {
        let admin = Postgres::parse(&server.admin_url()).unwrap();
        let school = SchoolId::random().unwrap();
        let login = format!("school_{school}");
        enrol(&admin, school, "A school", &login, "p").unwrap();
        Self::Server { url: server.url(&login, "p"), admin: server.admin_url(), school }
    }

    /// Opens it; what is open already may be another process for all the journal knows.
    pub(crate) fn open(&self) -> Journal {
        match self {
            Self::Memory(journal) => journal.clone(),
            Self::File { school, .. } => Journal::open(&self.path(), *school).unwrap(),
            Self::Server { url, school, .. } => Journal::connect(&Postgres::parse(url).unwrap(), *school).unwrap(),
        }
    }

    pub(crate) fn school(&self) -> SchoolId {
        self.open().school()
    }

    pub(crate) fn path(&self) -> PathBuf {
        let Self::File { folder, .. } = self else { panic!("it is no file") };
        folder.path().join("journal.db")
    }

    /// What somebody does who has the store itself in hand: statements that hold for both kinds, with `MINE` for the
    /// rows of this school.
    pub(crate) fn meddle(&self, sql: &str) {
        match self {
            Self::Memory(_) => panic!("nobody can reach it"),
            Self::File { .. } => {
                rusqlite::Connection::open(self.path()).unwrap().execute_batch(&sql.replace("MINE", "true")).unwrap();
            }
            Self::Server { admin, school, .. } => {
                let mut client = Postgres::parse(admin).unwrap().connect().unwrap();
                let find = "SELECT number FROM belisha.schools WHERE id = $1::text::uuid";
                let number: i32 = client.query_one(find, &[&school.to_string()]).unwrap().get(0);
                let sql = sql.replace("MINE", &format!("school = {number}"));
                client.batch_execute(&format!("SET search_path = belisha_journal; {sql}")).unwrap();
            }
        }
    }
}

/// A server with our schema in it.
pub(crate) fn prepared() -> Option<belisha_testkit::Postgres> {
    let server = belisha_testkit::Postgres::start()?;
    install(&Postgres::parse(&server.admin_url()).unwrap()).unwrap();
    Some(server)
}

/// Runs something on a fresh journal of every kind.
pub(crate) fn everywhere(mut what: impl FnMut(&str, &World)) {
    what("memory", &World::memory());
    what("file", &World::file());
    if let Some(server) = prepared() {
        what("server", &World::server(&server));
    }
}
