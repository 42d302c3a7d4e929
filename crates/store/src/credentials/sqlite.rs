//! Sign-ins in a file.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{CredentialError, SignedIn, not_ours};
use crate::SchoolId;
use crate::sqlite::{self, Kind};

/// `Blcr`.
const KIND: Kind = Kind { application_id: 0x426C_6372, version: 1 };

const TABLES: &str = "
CREATE TABLE about (school BLOB NOT NULL);
CREATE TABLE tokens (hash BLOB PRIMARY KEY, person TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
";

#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    db: Connection,
}

impl File {
    pub(super) fn open(path: &Path, school: SchoolId) -> Result<Self, CredentialError> {
        sqlite::look(path, KIND).map_err(|why| not_ours(path, why))?;
        let said = |source| CredentialError::Database { file: path.to_owned(), source };
        let db = sqlite::open(path, KIND, TABLES).map_err(said)?;
        // What is removed leaves nothing behind.
        db.pragma_update(None, "secure_delete", true).map_err(said)?;
        let add = "INSERT INTO about SELECT ?1 WHERE NOT EXISTS (SELECT * FROM about)";
        db.execute(add, [school.as_bytes()]).map_err(said)?;
        let theirs: [u8; 16] = db.query_row("SELECT school FROM about", [], |row| row.get(0)).map_err(said)?;
        if theirs != *school.as_bytes() {
            return Err(CredentialError::OtherSchool { file: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), db })
    }

    fn said(&self) -> impl Fn(rusqlite::Error) -> CredentialError + '_ {
        |source| CredentialError::Database { file: self.path.clone(), source }
    }

    pub(super) fn add(&mut self, hash: &[u8; 32], signed_in: &SignedIn) -> Result<(), CredentialError> {
        let row = params![hash, signed_in.person, signed_in.until.timestamp_millis()];
        self.db.execute("INSERT INTO tokens VALUES (?1, ?2, ?3)", row).map(drop).map_err(self.said())
    }

    pub(super) fn find(&mut self, hash: &[u8; 32]) -> Result<Option<SignedIn>, CredentialError> {
        let row = |row: &rusqlite::Row<'_>| {
            let until: i64 = row.get(1)?;
            let until =
                DateTime::from_timestamp_millis(until).ok_or(rusqlite::Error::IntegralValueOutOfRange(1, until))?;
            Ok(SignedIn { person: row.get(0)?, until })
        };
        let find = "SELECT person, until FROM tokens WHERE hash = ?1";
        self.db.query_row(find, [hash], row).optional().map_err(self.said())
    }

    pub(super) fn remove(&mut self, hash: &[u8; 32]) -> Result<(), CredentialError> {
        self.db.execute("DELETE FROM tokens WHERE hash = ?1", [hash]).map(drop).map_err(self.said())
    }

    pub(super) fn remove_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        let removed = self.db.execute("DELETE FROM tokens WHERE person = ?1", [person]);
        removed.map(|removed| removed as u64).map_err(self.said())
    }

    pub(super) fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        let removed = self.db.execute("DELETE FROM tokens WHERE until <= ?1", [now.timestamp_millis()]);
        removed.map(|removed| removed as u64).map_err(self.said())
    }
}
