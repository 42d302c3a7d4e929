//! Sign-ins in PostgreSQL.

use core::fmt;

use ::postgres::Client;
use ::postgres::types::ToSql;
use chrono::{DateTime, Utc};

use super::{CredentialError, SignedIn};
use crate::SchoolId;
use crate::postgres::Postgres;

pub(crate) const SCHEMA: &str = "
CREATE SCHEMA belisha_credentials;
GRANT USAGE ON SCHEMA belisha_credentials TO belisha_app;
CREATE TABLE belisha_credentials.tokens (
  school int NOT NULL DEFAULT belisha.my_school() REFERENCES belisha.schools, hash bytea NOT NULL,
  person text NOT NULL, until bigint NOT NULL, PRIMARY KEY (school, hash)
);
ALTER TABLE belisha_credentials.tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE belisha_credentials.tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON belisha_credentials.tokens USING (school = (SELECT belisha.my_school()));
GRANT SELECT, INSERT, DELETE ON belisha_credentials.tokens TO belisha_app;
";

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

    pub(super) fn add(&mut self, hash: &[u8; 32], signed_in: &SignedIn) -> Result<(), CredentialError> {
        let add = "INSERT INTO belisha_credentials.tokens (hash, person, until) VALUES ($1, $2, $3)";
        let until = signed_in.until.timestamp_millis();
        self.execute(add, &[&hash.as_slice(), &signed_in.person, &until]).map(drop)
    }

    pub(super) fn find(&mut self, hash: &[u8; 32]) -> Result<Option<SignedIn>, CredentialError> {
        let find = "SELECT person, until FROM belisha_credentials.tokens WHERE hash = $1";
        let row = self.client()?.query_opt(find, &[&hash.as_slice()]);
        let row = row.map_err(|source| self.postgres.said(source))?;
        // An instant that is none has ended.
        Ok(row
            .and_then(|row| Some(SignedIn { person: row.get(0), until: DateTime::from_timestamp_millis(row.get(1))? })))
    }

    pub(super) fn remove(&mut self, hash: &[u8; 32]) -> Result<(), CredentialError> {
        self.execute("DELETE FROM belisha_credentials.tokens WHERE hash = $1", &[&hash.as_slice()]).map(drop)
    }

    pub(super) fn remove_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        self.execute("DELETE FROM belisha_credentials.tokens WHERE person = $1", &[&person])
    }

    pub(super) fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        self.execute("DELETE FROM belisha_credentials.tokens WHERE until <= $1", &[&now.timestamp_millis()])
    }
}
