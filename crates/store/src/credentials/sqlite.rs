//! Sign-ins in a file.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Credential, CredentialError, Factor, SignedIn, hex, not_ours};
use crate::SchoolId;
use crate::sqlite::{self, Kind};

/// `Blcr`.
const KIND: Kind = Kind { application_id: 0x426C_6372, version: 2 };

/// What format 2 brought.
macro_rules! format_2 {
    () => {
        "
CREATE TABLE tokens (
  hash BLOB PRIMARY KEY, person TEXT NOT NULL, until INTEGER NOT NULL, carried BLOB, mac BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE credentials (
  account BLOB PRIMARY KEY, serial INTEGER NOT NULL, hash TEXT, issued INTEGER NOT NULL, given INTEGER NOT NULL,
  lapses INTEGER, void_since INTEGER, mac BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE factors (account BLOB PRIMARY KEY, sealed BLOB NOT NULL, last_step INTEGER) WITHOUT ROWID;
CREATE TABLE changes (number INTEGER NOT NULL);
INSERT INTO changes VALUES (0);
"
    };
}

const TABLES: &str = concat!("CREATE TABLE about (school BLOB NOT NULL);", format_2!());

/// Format 1 had tokens alone, which last half a day: everybody signs in again.
const FROM_1: &str = concat!("BEGIN IMMEDIATE; DROP TABLE tokens;", format_2!(), "PRAGMA user_version = 2; COMMIT;");

const COUNT: &str = "UPDATE changes SET number = number + 1";

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
        let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(said)?;
        if version == 1
            && let Err(error) = db.execute_batch(FROM_1)
        {
            let _ = db.execute_batch("ROLLBACK");
            // Another program may have been faster.
            let now: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(said)?;
            if now == 1 {
                return Err(said(error));
            }
        }
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

    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn add(&mut self, hash: &[u8; 32], signed_in: &SignedIn, mac: &[u8]) -> Result<(), CredentialError> {
        let row = params![hash, signed_in.person, signed_in.until.timestamp_millis(), signed_in.carried, mac];
        self.db.execute("INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5)", row).map(drop).map_err(self.said())
    }

    pub(super) fn find(&mut self, hash: &[u8; 32]) -> Result<Option<(SignedIn, Vec<u8>)>, CredentialError> {
        let row = |row: &Row<'_>| {
            Ok((SignedIn { person: row.get(0)?, until: instant(row, 1)?, carried: row.get(2)? }, row.get(3)?))
        };
        let find = "SELECT person, until, carried, mac FROM tokens WHERE hash = ?1";
        self.db.query_row(find, [hash], row).optional().map_err(self.said())
    }

    pub(super) fn credential(&mut self, account: [u8; 16]) -> Result<Option<(Credential, Vec<u8>)>, CredentialError> {
        let row = |row: &Row<'_>| {
            let credential = Credential {
                serial: row.get::<_, i64>(0)?.cast_unsigned(),
                hash: row.get(1)?,
                issued: row.get(2)?,
                set: instant(row, 3)?,
                lapses: instant_or_none(row, 4)?,
                void_since: instant_or_none(row, 5)?,
            };
            Ok((credential, row.get(6)?))
        };
        let find = "SELECT serial, hash, issued, given, lapses, void_since, mac FROM credentials WHERE account = ?1";
        self.db.query_row(find, [account], row).optional().map_err(self.said())
    }

    pub(super) fn put_credential(
        &mut self,
        account: [u8; 16],
        credential: &Credential,
        mac: &[u8],
    ) -> Result<(), CredentialError> {
        let Credential { serial, hash, issued, set, lapses, void_since } = credential;
        let millis = |at: &Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
        let row = params![
            account,
            serial.cast_signed(),
            hash,
            issued,
            set.timestamp_millis(),
            millis(lapses),
            millis(void_since),
            mac
        ];
        let put = "INSERT INTO credentials VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (account) DO UPDATE SET \
                   serial = ?2, hash = ?3, issued = ?4, given = ?5, lapses = ?6, void_since = ?7, mac = ?8";
        let ended = "DELETE FROM tokens WHERE person = ?1";
        self.change(|db| {
            db.execute(put, row)?;
            // Who knew the credential before is signed in no more.
            db.execute(ended, [hex(&account)]).map(drop)
        })
    }

    /// Changes the hash, unless the credential was replaced meanwhile.
    pub(super) fn rehash(
        &mut self,
        account: [u8; 16],
        credential: &Credential,
        mac: &[u8],
    ) -> Result<(), CredentialError> {
        let rehash = "UPDATE credentials SET hash = ?3, mac = ?4 WHERE account = ?1 AND serial = ?2";
        let row = params![account, credential.serial.cast_signed(), credential.hash, mac];
        self.db.execute(rehash, row).map(drop).map_err(self.said())
    }

    pub(super) fn factor(&mut self, account: [u8; 16]) -> Result<Option<Factor>, CredentialError> {
        let row = |row: &Row<'_>| {
            let last_step = row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned);
            Ok(Factor { sealed: row.get(0)?, last_step })
        };
        let find = "SELECT sealed, last_step FROM factors WHERE account = ?1";
        self.db.query_row(find, [account], row).optional().map_err(self.said())
    }

    pub(super) fn put_factor(&mut self, account: [u8; 16], sealed: &[u8]) -> Result<(), CredentialError> {
        let put = "INSERT INTO factors VALUES (?1, ?2, NULL) ON CONFLICT (account) DO UPDATE SET sealed = ?2, last_step = NULL";
        self.change(|db| db.execute(put, params![account, sealed]).map(drop))
    }

    pub(super) fn remove_factor(&mut self, account: [u8; 16]) -> Result<(), CredentialError> {
        self.change(|db| db.execute("DELETE FROM factors WHERE account = ?1", [account]).map(drop))
    }

    pub(super) fn use_step(&mut self, account: [u8; 16], step: i64) -> Result<bool, CredentialError> {
        let used = "UPDATE factors SET last_step = ?2 WHERE account = ?1 AND (last_step IS NULL OR last_step < ?2)";
        self.db.execute(used, params![account, step]).map(|rows| rows > 0).map_err(self.said())
    }

    pub(super) fn version(&mut self) -> Result<u64, CredentialError> {
        let number = self.db.query_row("SELECT number FROM changes", [], |row| row.get::<_, i64>(0));
        number.map(i64::cast_unsigned).map_err(self.said())
    }

    /// Changes something, and counts that.
    fn change(&mut self, with: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), CredentialError> {
        let changed = || -> rusqlite::Result<()> {
            let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            with(&change)?;
            change.execute(COUNT, [])?;
            change.commit()
        };
        changed().map_err(|source| CredentialError::Database { file: self.path.clone(), source })
    }

    pub(super) fn remove(&mut self, hash: &[u8; 32]) -> Result<(), CredentialError> {
        self.db.execute("DELETE FROM tokens WHERE hash = ?1", [hash]).map(drop).map_err(self.said())
    }

    pub(super) fn remove_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        let mut removed = 0;
        self.change(|db| {
            removed = db.execute("DELETE FROM tokens WHERE person = ?1", [person])?;
            Ok(())
        })?;
        Ok(removed as u64)
    }

    pub(super) fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        let removed = self.db.execute("DELETE FROM tokens WHERE until <= ?1", [now.timestamp_millis()]);
        removed.map(|removed| removed as u64).map_err(self.said())
    }
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let millis: i64 = row.get(column)?;
    DateTime::from_timestamp_millis(millis).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, millis))
}

fn instant_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => instant(row, column).map(Some),
    }
}
