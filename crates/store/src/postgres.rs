//! One PostgreSQL for many schools: how it is reached, what stands in it, and what keeps the schools apart.
//!
//! Every table begins with the number of the school, and row-level security shows a login the rows of its own school
//! alone: the number comes from who is signed in to the database, not from anything that a program says. A school's
//! login owns no table and may change no definition. Two roles matter: an administrator, who runs [`install`] and
//! [`enrol`] once; and one login for each school, with which its programs work.

use core::fmt;

use ::postgres::config::Host;
use ::postgres::error::SqlState;
use ::postgres::{Client, Config, NoTls};

use crate::SchoolId;

/// The version of everything in the database. A later number means that older programs must not touch it.
const VERSION: i32 = 1;

/// Programs of all schools are members of this role; it has no login.
const APP: &str = "belisha_app";

const SCHEMA: &str = "
CREATE SCHEMA belisha;
CREATE TABLE belisha.about (version int NOT NULL);
CREATE TABLE belisha.schools (
  number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, name text NOT NULL,
  login name NOT NULL UNIQUE
);
-- The search path is fixed, so that nobody can put a table of their own in front.
CREATE FUNCTION belisha.my_school() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS 'SELECT number FROM belisha.schools WHERE login = session_user';
CREATE FUNCTION belisha.my_school_id() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS 'SELECT id FROM belisha.schools WHERE login = session_user';
REVOKE ALL ON FUNCTION belisha.my_school(), belisha.my_school_id() FROM PUBLIC;
GRANT USAGE ON SCHEMA belisha TO belisha_app;
GRANT SELECT ON belisha.about TO belisha_app;
GRANT EXECUTE ON FUNCTION belisha.my_school(), belisha.my_school_id() TO belisha_app;
";

/// What each part of the store keeps, in the order of making.
const AREAS: [&str; 4] =
    [crate::credentials::SCHEMA, crate::keys::SCHEMA, crate::journal::SCHEMA, crate::access_log::SCHEMA];

/// Why PostgreSQL could not be used. No message holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The address cannot be read.
    #[error("{0}. An address looks like postgres://login:password@host:5432/database")]
    Address(String),
    /// It cannot be reached, or does not let us in.
    #[error(
        "PostgreSQL at {server} cannot be reached: {}. Check that it runs, and the login and password",
        spell(source)
    )]
    Unreachable {
        /// Host and database.
        server: String,
        /// What the client says.
        source: ::postgres::Error,
    },
    /// Nothing of ours is in the database.
    #[error(
        "the database at {server} has not been prepared for Belisha: run `belisha-reporter store install` with an administrator's address"
    )]
    NotInstalled {
        /// Host and database.
        server: String,
    },
    /// A later version made what is in it.
    #[error(
        "the database at {server} has format {version}, and this program knows formats up to {known}. Nothing was changed; use a newer version of Belisha"
    )]
    Newer {
        /// Host and database.
        server: String,
        /// Its version.
        version: i32,
        /// What this program knows.
        known: i32,
    },
    /// The login belongs to no school.
    #[error(
        "the login {login:?} at {server} belongs to no school: run `belisha-reporter store enrol` with an administrator's address"
    )]
    NoSchool {
        /// Host and database.
        server: String,
        /// The login.
        login: String,
    },
    /// The login belongs to another school than the data folder.
    #[error(
        "the login {login:?} belongs to the school {theirs}, and the data folder to the school {ours}. Nothing was changed; use the login of this school"
    )]
    OtherSchool {
        /// The login.
        login: String,
        /// The school of the login.
        theirs: SchoolId,
        /// The school that was expected.
        ours: SchoolId,
    },
    /// A login that cannot be given: it is taken, or no name for one.
    #[error("the login {login:?} cannot be given to a school: {why}")]
    Login {
        /// The login.
        login: String,
        /// Why.
        why: String,
    },
    /// PostgreSQL refused a statement.
    #[error("PostgreSQL at {server}: {}", spell(source))]
    Database {
        /// Host and database.
        server: String,
        /// What it says.
        source: ::postgres::Error,
    },
}

/// The client's error with what the server said, which its own text leaves out.
fn spell(error: &::postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        // Without `DETAIL`, which quotes rows.
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// A PostgreSQL database, and as whom to sign in.
#[derive(Clone)]
pub struct Postgres {
    config: Config,
    server: String,
}

/// Host and database; never the password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres({})", self.server)
    }
}

impl Postgres {
    /// Reads an address such as `postgres://login:password@host:5432/database`. Nothing is connected.
    ///
    /// Connections are not encrypted: the server is on the same machine, or behind a tunnel. An address that demands
    /// encryption (`sslmode=require`) is refused rather than quietly not honoured.
    pub fn parse(address: &str) -> Result<Self, PostgresError> {
        let wrong = |what: &str| PostgresError::Address(what.into());
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(wrong("this is no address of a PostgreSQL database"));
        }
        let mut config: Config = address.parse().map_err(|_| wrong("the address of the database cannot be read"))?;
        if config.get_ssl_mode() == ::postgres::config::SslMode::Require {
            return Err(wrong(
                "sslmode=require is asked for, and this program does not speak TLS to PostgreSQL: put the server on this machine or behind a tunnel",
            ));
        }
        let Some(login) = config.get_user().map(str::to_owned) else {
            return Err(wrong("the address of the database names no login"));
        };
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => return Err(wrong("the address of the database names no host")),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let server = format!("{host}:{port}/{}", config.get_dbname().unwrap_or(&login));
        config.connect_timeout(core::time::Duration::from_secs(5)).application_name("belisha");
        Ok(Self { config, server })
    }

    /// Host, port and database, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// As whom it signs in.
    pub fn login(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Signs in. Nothing is looked at.
    pub fn connect(&self) -> Result<Client, PostgresError> {
        let source = match self.config.connect(NoTls) {
            Ok(client) => return Ok(client),
            Err(source) => source,
        };
        Err(PostgresError::Unreachable { server: self.server.clone(), source })
    }

    /// Which school the login belongs to, where the database is ours and of a version that we know.
    pub fn school(&self) -> Result<SchoolId, PostgresError> {
        let mut client = self.connect()?;
        match self.version(&mut client)? {
            None => return Err(PostgresError::NotInstalled { server: self.server.clone() }),
            Some(version) if version > VERSION => return Err(self.newer(version)),
            Some(_) => {}
        }
        let school = client.query_one("SELECT uuid_send(belisha.my_school_id())", &[]);
        let school: Option<Vec<u8>> = school.map_err(|source| self.said(source))?.get(0);
        let school = school.and_then(|bytes| bytes.try_into().ok()).map(SchoolId::from_bytes);
        school.ok_or_else(|| PostgresError::NoSchool { server: self.server.clone(), login: self.login().into() })
    }

    /// Refuses a login of another school.
    pub fn expect(&self, ours: SchoolId) -> Result<(), PostgresError> {
        match self.school()? {
            theirs if theirs == ours => Ok(()),
            theirs => Err(PostgresError::OtherSchool { login: self.login().into(), theirs, ours }),
        }
    }

    /// The version of what is in the database; `None` where nothing of ours is, or nothing that the login may see.
    fn version(&self, client: &mut Client) -> Result<Option<i32>, PostgresError> {
        match client.query_opt("SELECT version FROM belisha.about", &[]) {
            Ok(row) => Ok(row.map(|row| row.get(0))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(self.said(source)),
        }
    }

    fn newer(&self, version: i32) -> PostgresError {
        PostgresError::Newer { server: self.server.clone(), version, known: VERSION }
    }

    pub(crate) fn said(&self, source: ::postgres::Error) -> PostgresError {
        PostgresError::Database { server: self.server.clone(), source }
    }
}

fn is_absent(error: &::postgres::Error) -> bool {
    let absent = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME, SqlState::INSUFFICIENT_PRIVILEGE];
    error.code().is_some_and(|code| absent.contains(code))
}

/// Prepares a database for schools, all or nothing; does nothing to one that is prepared. To be run by an
/// administrator, who will own what is made: a superuser, or the owner of the database who may create roles.
pub fn install(admin: &Postgres) -> Result<(), PostgresError> {
    let mut client = admin.connect()?;
    let mut making = client.transaction().map_err(|source| admin.said(source))?;
    let all = |making: &mut ::postgres::Transaction<'_>| {
        // Two administrators at once take turns.
        making.batch_execute("SELECT pg_advisory_xact_lock(hashtext('belisha install'))")?;
        let there = making.query_one("SELECT to_regclass('belisha.about') IS NOT NULL", &[])?;
        if there.get(0) {
            let version: i32 = making.query_one("SELECT version FROM belisha.about", &[])?.get(0);
            return Ok(Some(version));
        }
        if making.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&APP])?.is_none() {
            making.batch_execute(&format!("CREATE ROLE {APP} NOLOGIN"))?;
        }
        making.batch_execute(SCHEMA)?;
        for area in AREAS {
            making.batch_execute(area)?;
        }
        making.execute("INSERT INTO belisha.about VALUES ($1)", &[&VERSION])?;
        Ok(None)
    };
    let there = all(&mut making).map_err(|source| admin.said(source))?;
    if let Some(version) = there.filter(|version| *version > VERSION) {
        return Err(admin.newer(version));
    }
    making.commit().map_err(|source| admin.said(source))
}

/// Adds a school, and the login with which its programs work. To be run by the administrator who installed.
///
/// # Errors
/// The login is taken, or is not made of small letters, digits and `_` with a letter in front (63 at most). Nothing is
/// left half done.
pub fn enrol(admin: &Postgres, school: SchoolId, name: &str, login: &str, password: &str) -> Result<(), PostgresError> {
    let cannot = |why: &str| PostgresError::Login { login: login.into(), why: why.into() };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if login.len() > 63 || !login.starts_with(|first: char| first.is_ascii_lowercase()) || !login.bytes().all(plain) {
        return Err(cannot("use small letters, digits and _, with a letter in front, 63 at most"));
    }
    let mut client = admin.connect()?;
    let said = |source| admin.said(source);
    let mut adding = client.transaction().map_err(said)?;
    if adding.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&login]).map_err(said)?.is_some() {
        return Err(cannot("it is taken"));
    }
    // `CREATE ROLE` takes no parameters: the server itself quotes the password.
    let quoted: String = adding.query_one("SELECT quote_literal($1::text)", &[&password]).map_err(said)?.get(0);
    adding.batch_execute(&format!("CREATE ROLE {login} LOGIN IN ROLE {APP} PASSWORD {quoted}")).map_err(said)?;
    let id = school.to_string();
    let add = "INSERT INTO belisha.schools (id, name, login) VALUES ($1::text::uuid, $2, $3::text::name)";
    adding.execute(add, &[&id, &name, &login]).map_err(said)?;
    adding.commit().map_err(said)
}

/// The schools of a database: id, name and login. For the administrator.
pub fn schools(admin: &Postgres) -> Result<Vec<(SchoolId, String, String)>, PostgresError> {
    let mut client = admin.connect()?;
    let rows = client
        .query("SELECT uuid_send(id), name, login::text FROM belisha.schools ORDER BY number", &[])
        .map_err(|source| admin.said(source))?;
    let school = |row: &::postgres::Row| {
        let id: Vec<u8> = row.get(0);
        Some((SchoolId::from_bytes(id.try_into().ok()?), row.get(1), row.get(2)))
    };
    Ok(rows.iter().filter_map(school).collect())
}
