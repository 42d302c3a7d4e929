//! Who is signed in: tokens, of which only a hash is kept.

mod postgres;
mod sqlite;

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::SchoolId;
use crate::postgres::{Postgres, PostgresError};
use crate::sqlite::NotOurs;

pub(crate) use self::postgres::SCHEMA;

/// What a token's text begins with, so that one that was pasted where it does not belong is recognised.
const PREFIX: &str = "belisha-";

/// The longest that a sign-in lasts.
pub const LONGEST: TimeDelta = TimeDelta::hours(12);

/// Why tokens could not be given or asked about. No message holds a token or a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A file with the name of ours that this program did not make.
    #[error("{} is not a file of sign-ins: {found}. Nothing in it was changed; move it to another folder and start again", .file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// A file of a later version of this program.
    #[error("{} has format {version}, which a later version of Belisha wrote. Nothing in it was changed; use that version", .file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        version: u32,
    },
    /// A file of another school.
    #[error("{} belongs to another school. Nothing in it was changed; use this school's data folder", .file.display())]
    OtherSchool {
        /// The file.
        file: PathBuf,
    },
    /// A sign-in that would last too long or not at all.
    #[error("a sign-in lasts between one second and {} hours", LONGEST.num_hours())]
    Lifetime,
    /// The system could not do it.
    #[error("{}: {source}. Look at the folder, its owner and its permissions", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite could not do it.
    #[error("{}: {source}. Look at the disk, the folder, its owner and its permissions", .file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// PostgreSQL could not do it.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// The secret that proves a sign-in. It is shown once, to the person who signed in; its text leads back to it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

impl Token {
    fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The text to give to the person: `belisha-` and 64 hexadecimal digits.
    pub fn reveal(&self) -> String {
        self.0.iter().fold(PREFIX.to_string(), |text, byte| text + &format!("{byte:02x}"))
    }
}

/// Never the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token: {PREFIX} and 64 hexadecimal digits are expected")]
pub struct TokenError;

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let digits = text.trim().strip_prefix(PREFIX).ok_or(TokenError)?;
        let mut token = Self([0; 32]);
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(TokenError);
        }
        for (at, byte) in token.0.iter_mut().enumerate() {
            let pair = digits.get(2 * at..2 * at + 2).ok_or(TokenError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| TokenError)?;
        }
        Ok(token)
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who, by the id of a person and not by a name.
    pub person: String,
    /// Until when; at that instant no more.
    pub until: DateTime<Utc>,
}

/// The sign-ins of a school: `credentials.db` in its data folder, or its rows in PostgreSQL.
///
/// A token is 256 random bits; what is kept is its SHA-256, so that whoever reads the file cannot sign in with it.
/// Cost of each call: one transaction on the disk for a change, one look-up for a question.
#[derive(Debug)]
pub struct Credentials(Backend);

#[derive(Debug)]
enum Backend {
    Sqlite(sqlite::File),
    Postgres(Box<postgres::Rows>),
}

impl Credentials {
    /// Opens the file of a school, or makes it.
    ///
    /// # Errors
    /// It is not ours, of a later version, another school's, or cannot be opened; it stays as it was.
    pub fn open(file: &Path, school: SchoolId) -> Result<Self, CredentialError> {
        sqlite::File::open(file, school).map(|file| Self(Backend::Sqlite(file)))
    }

    /// The sign-ins of the school to which a database's login belongs.
    pub fn in_postgres(postgres: &Postgres, school: SchoolId) -> Result<Self, CredentialError> {
        postgres::Rows::open(postgres, school).map(|rows| Self(Backend::Postgres(Box::new(rows))))
    }

    /// Signs a person in for a while. The caller has made sure who it is.
    pub fn issue(
        &mut self,
        person: &str,
        now: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> Result<(Token, SignedIn), CredentialError> {
        if lifetime < TimeDelta::seconds(1) || lifetime > LONGEST {
            return Err(CredentialError::Lifetime);
        }
        let token = Token::random()?;
        let until = now.checked_add_signed(lifetime).ok_or(CredentialError::Lifetime)?;
        let until = DateTime::from_timestamp_millis(until.timestamp_millis()).ok_or(CredentialError::Lifetime)?;
        let signed_in = SignedIn { person: person.to_owned(), until };
        match &mut self.0 {
            Backend::Sqlite(file) => file.add(&token.hash(), &signed_in)?,
            Backend::Postgres(rows) => rows.add(&token.hash(), &signed_in)?,
        }
        Ok((token, signed_in))
    }

    /// Who is signed in with a token; `None` for a token that was never given, has ended or was taken back: nothing
    /// tells which.
    pub fn check(&mut self, token: &Token, now: DateTime<Utc>) -> Result<Option<SignedIn>, CredentialError> {
        let found = match &mut self.0 {
            Backend::Sqlite(file) => file.find(&token.hash())?,
            Backend::Postgres(rows) => rows.find(&token.hash())?,
        };
        Ok(found.filter(|signed_in| now < signed_in.until))
    }

    /// Ends one sign-in. A token that is not there is ended already.
    pub fn revoke(&mut self, token: &Token) -> Result<(), CredentialError> {
        match &mut self.0 {
            Backend::Sqlite(file) => file.remove(&token.hash()),
            Backend::Postgres(rows) => rows.remove(&token.hash()),
        }
    }

    /// Ends every sign-in of a person, as when a role changes or a password is known to others. Gives their number.
    pub fn revoke_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        match &mut self.0 {
            Backend::Sqlite(file) => file.remove_all(person),
            Backend::Postgres(rows) => rows.remove_all(person),
        }
    }

    /// Removes what has ended. Gives its number.
    pub fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        match &mut self.0 {
            Backend::Sqlite(file) => file.sweep(now),
            Backend::Postgres(rows) => rows.sweep(now),
        }
    }
}

fn not_ours(file: &Path, why: NotOurs) -> CredentialError {
    let file = file.to_owned();
    match why {
        NotOurs::Io(source) => CredentialError::Io { file, source },
        NotOurs::Foreign(found) => CredentialError::Foreign { file, found },
        NotOurs::Newer(version) => CredentialError::Newer { file, version },
    }
}
