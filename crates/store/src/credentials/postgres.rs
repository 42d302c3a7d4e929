//! Sign-ins in PostgreSQL.

use core::fmt;

use ::postgres::types::ToSql;
use ::postgres::{Client, Row};
use chrono::{DateTime, Utc};

use super::{Credential, CredentialError, Factor, SignedIn, hex};
use crate::SchoolId;
use crate::postgres::Postgres;

pub(crate) const SCHEMA: &str = "
CREATE SCHEMA belisha_credentials;
GRANT USAGE ON SCHEMA belisha_credentials TO belisha_app;
CREATE TABLE belisha_credentials.tokens (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, hash bytea NOT NULL,
  person text NOT NULL, until bigint NOT NULL, carried bytea, mac bytea NOT NULL, PRIMARY KEY (school, hash)
);
ALTER TABLE belisha_credentials.tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_credentials.tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_credentials.tokens USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, DELETE ON belisha_credentials.tokens TO belisha_app;
CREATE TABLE belisha_credentials.credentials (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, account bytea NOT NULL,
  serial bigint NOT NULL, hash text, issued boolean NOT NULL, given bigint NOT NULL, lapses bigint, void_since bigint,
  mac bytea NOT NULL, PRIMARY KEY (school, account)
);
ALTER TABLE belisha_credentials.credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_credentials.credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_credentials.credentials USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, UPDATE, DELETE ON belisha_credentials.credentials TO belisha_app;
CREATE TABLE belisha_credentials.factors (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, account bytea NOT NULL,
  sealed bytea NOT NULL, last_step bigint, PRIMARY KEY (school, account)
);
ALTER TABLE belisha_credentials.factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_credentials.factors FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_credentials.factors USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, UPDATE, DELETE ON belisha_credentials.factors TO belisha_app;
CREATE TABLE belisha_credentials.changes (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, number bigint NOT NULL,
  PRIMARY KEY (school)
);
ALTER TABLE belisha_credentials.changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_credentials.changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_credentials.changes USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, UPDATE ON belisha_credentials.changes TO belisha_app;
";

/// In the transaction of a change.
const COUNT: &str = "INSERT INTO belisha_credentials.changes AS c (number) VALUES (1) \
                     ON CONFLICT (school) DO UPDATE SET number = c.number + 1";

pub(super) struct Rows {
    postgres: Postgres,
    client: Client,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.postgres.fmt(f)
    }
}

impl Rows {
    pub(super) fn open(postgres: &Postgres, school: SchoolId) -> Result<Self, CredentialError> {
        postgres.expect(school)?;
        Ok(Self { client: postgres.connect()?, postgres: postgres.clone() })
    }

    /// A connection that was cut is made anew, for the next statement.
    fn client(&mut self) -> Result<&mut Client, CredentialError> {
        if self.client.is_closed() {
            self.client = self.postgres.connect()?;
        }
        Ok(&mut self.client)
    }

    fn execute(&mut self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, CredentialError> {
        let done = self.client()?.execute(statement, values);
        done.map_err(|source| self.postgres.said(source).into())
    }

    pub(super) fn place(&self) -> String {
        self.postgres.server().to_owned()
    }

    /// Changes something, and counts that.
    fn change(&mut self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, CredentialError> {
        let postgres = self.postgres.clone();
        let mut change = || -> Result<u64, ::postgres::Error> {
            let mut change = self.client.transaction()?;
            let rows = change.execute(statement, values)?;
            change.execute(COUNT, &[])?;
            change.commit()?;
            Ok(rows)
        };
        change().map_err(|source| postgres.said(source).into())
    }

    fn row(&mut self, statement: &str, value: &[u8]) -> Result<Option<Row>, CredentialError> {
        let row = self.client()?.query_opt(statement, &[&value]);
        row.map_err(|source| self.postgres.said(source).into())
    }

    pub(super) fn add(&mut self, hash: &[u8; 32], signed_in: &SignedIn, mac: &[u8]) -> Result<(), CredentialError> {
        let add =
            "INSERT INTO belisha_credentials.tokens (hash, person, until, carried, mac) VALUES ($1, $2, $3, $4, $5)";
        let SignedIn { person, until, carried } = signed_in;
        self.execute(add, &[&hash.as_slice(), person, &until.timestamp_millis(), carried, &mac]).map(drop)
    }

    pub(super) fn find(&mut self, hash: &[u8; 32]) -> Result<Option<(SignedIn, Vec<u8>)>, CredentialError> {
        let find = "SELECT person, until, carried, mac FROM belisha_credentials.tokens WHERE hash = $1";
        let row = self.row(find, hash)?;
        // An instant that is none has ended.
        Ok(row.and_then(|row| {
            let until = DateTime::from_timestamp_millis(row.get(1))?;
            Some((SignedIn { person: row.get(0), until, carried: row.get(2) }, row.get(3)))
        }))
    }

    pub(super) fn credential(&mut self, account: [u8; 16]) -> Result<Option<(Credential, Vec<u8>)>, CredentialError> {
        let find = "SELECT serial, hash, issued, given, lapses, void_since, mac FROM belisha_credentials.credentials \
                    WHERE account = $1";
        let row = self.row(find, &account)?;
        let instant = |millis: Option<i64>| millis.and_then(DateTime::from_timestamp_millis);
        Ok(row.map(|row| {
            let credential = Credential {
                serial: row.get::<_, i64>(0).cast_unsigned(),
                hash: row.get(1),
                issued: row.get(2),
                set: instant(row.get(3)).unwrap_or(DateTime::UNIX_EPOCH),
                lapses: instant(row.get(4)),
                void_since: instant(row.get(5)),
            };
            (credential, row.get(6))
        }))
    }

    pub(super) fn put_credential(
        &mut self,
        account: [u8; 16],
        credential: &Credential,
        mac: &[u8],
    ) -> Result<(), CredentialError> {
        let put = "INSERT INTO belisha_credentials.credentials \
                   (account, serial, hash, issued, given, lapses, void_since, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (school, account) DO UPDATE SET serial = $2, hash = $3, issued = $4, given = $5, \
                   lapses = $6, void_since = $7, mac = $8";
        let Credential { serial, hash, issued, set, lapses, void_since } = credential;
        let millis = |at: &Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
        self.client()?;
        let values: [&(dyn ToSql + Sync); 8] = [
            &account.as_slice(),
            &serial.cast_signed(),
            hash,
            issued,
            &set.timestamp_millis(),
            &millis(lapses),
            &millis(void_since),
            &mac,
        ];
        self.change(put, &values)?;
        // Who knew the credential before is signed in no more.
        self.execute("DELETE FROM belisha_credentials.tokens WHERE person = $1", &[&hex(&account)]).map(drop)
    }

    /// Changes the hash, unless the credential was replaced meanwhile.
    pub(super) fn rehash(
        &mut self,
        account: [u8; 16],
        credential: &Credential,
        mac: &[u8],
    ) -> Result<(), CredentialError> {
        let rehash =
            "UPDATE belisha_credentials.credentials SET hash = $3, mac = $4 WHERE account = $1 AND serial = $2";
        let serial = credential.serial.cast_signed();
        self.execute(rehash, &[&account.as_slice(), &serial, &credential.hash, &mac]).map(drop)
    }

    pub(super) fn factor(&mut self, account: [u8; 16]) -> Result<Option<Factor>, CredentialError> {
        let row = self.row("SELECT sealed, last_step FROM belisha_credentials.factors WHERE account = $1", &account)?;
        let step = |row: &Row| row.get::<_, Option<i64>>(1).map(i64::cast_unsigned);
        Ok(row.map(|row| Factor { sealed: row.get(0), last_step: step(&row) }))
    }

    pub(super) fn put_factor(&mut self, account: [u8; 16], sealed: &[u8]) -> Result<(), CredentialError> {
        let put = "INSERT INTO belisha_credentials.factors (account, sealed) VALUES ($1, $2) \
                   ON CONFLICT (school, account) DO UPDATE SET sealed = $2, last_step = NULL";
        self.client()?;
        self.change(put, &[&account.as_slice(), &sealed]).map(drop)
    }

    pub(super) fn remove_factor(&mut self, account: [u8; 16]) -> Result<(), CredentialError> {
        self.client()?;
        self.change("DELETE FROM belisha_credentials.factors WHERE account = $1", &[&account.as_slice()]).map(drop)
    }

    pub(super) fn use_step(&mut self, account: [u8; 16], step: i64) -> Result<bool, CredentialError> {
        let used = "UPDATE belisha_credentials.factors SET last_step = $2 \
                    WHERE account = $1 AND (last_step IS NULL OR last_step < $2)";
        self.execute(used, &[&account.as_slice(), &step]).map(|rows| rows > 0)
    }

    pub(super) fn version(&mut self) -> Result<u64, CredentialError> {
        let row = self.client()?.query_opt("SELECT number FROM belisha_credentials.changes", &[]);
        let row = row.map_err(|source| self.postgres.said(source))?;
        Ok(row.map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
    }

    pub(super) fn remove(&mut self, hash: &[u8; 32]) -> Result<(), CredentialError> {
        self.execute("DELETE FROM belisha_credentials.tokens WHERE hash = $1", &[&hash.as_slice()]).map(drop)
    }

    pub(super) fn remove_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        self.client()?;
        self.change("DELETE FROM belisha_credentials.tokens WHERE person = $1", &[&person])
    }

    pub(super) fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        self.execute("DELETE FROM belisha_credentials.tokens WHERE until <= $1", &[&now.timestamp_millis()])
    }
}
