//! How people sign in, and who is signed in: passwords and tokens, of which only hashes are kept, and second factors.
//!
//! Whoever can write to the file and has not the school's key gains nothing: every row that lets somebody in has a hash
//! over it that takes the key.

mod key;
mod postgres;
mod row;
mod sqlite;

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::SchoolId;
use crate::postgres::{Postgres, PostgresError};
use crate::sqlite::NotOurs;

pub use self::key::CredentialKey;
pub(crate) use self::postgres::SCHEMA;
pub use self::row::{Credential, Factor, NewCredential};

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
    /// A row that this school's programs did not write.
    #[error(
        "a sign-in at {place} was changed by something else than Belisha: it is not believed. Give this account a new password, and find out who had access"
    )]
    Forged {
        /// The file or the server.
        place: String,
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

    /// A secret that only whoever has the token can make, for what is kept beside it.
    pub fn derived(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Sha256::new().chain_update(b"belisha carried key 1").chain_update(self.0).finalize().into())
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
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who, by the id of a person and not by a name.
    pub person: String,
    /// Until when; at that instant no more.
    pub until: DateTime<Utc>,
    /// What the token opens besides, sealed: a holder's key, for as long as the sign-in lasts.
    pub carried: Option<Vec<u8>>,
}

/// Who and until when.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIn({} until {})", self.person, self.until)
    }
}

/// The sign-ins of a school: `credentials.db` in its data folder, or its rows in PostgreSQL.
///
/// A token is 256 random bits; what is kept is its SHA-256, so that whoever reads the file cannot sign in with it.
/// Cost of each call: one transaction on the disk for a change, one look-up for a question.
#[derive(Debug)]
pub struct Credentials {
    backend: Backend,
    key: CredentialKey,
}

#[derive(Debug)]
enum Backend {
    Sqlite(sqlite::File),
    Postgres(Box<postgres::Rows>),
}

impl Credentials {
    /// Opens the file of a school, or makes it. The key is the school's.
    ///
    /// # Errors
    /// It is not ours, of a later version, another school's, or cannot be opened; it stays as it was.
    pub fn open(file: &Path, school: SchoolId, key: CredentialKey) -> Result<Self, CredentialError> {
        sqlite::File::open(file, school).map(|file| Self { backend: Backend::Sqlite(file), key })
    }

    /// The sign-ins of the school to which a database's login belongs.
    pub fn in_postgres(postgres: &Postgres, school: SchoolId, key: CredentialKey) -> Result<Self, CredentialError> {
        postgres::Rows::open(postgres, school).map(|rows| Self { backend: Backend::Postgres(Box::new(rows)), key })
    }

    /// Signs a person in for a while. The caller has made sure who it is. `carry` seals what the token is to open
    /// besides, if anything.
    pub fn issue(
        &mut self,
        person: &str,
        now: DateTime<Utc>,
        lifetime: TimeDelta,
        carry: impl FnOnce(&Token) -> Option<Vec<u8>>,
    ) -> Result<(Token, SignedIn), CredentialError> {
        if lifetime < TimeDelta::seconds(1) || lifetime > LONGEST {
            return Err(CredentialError::Lifetime);
        }
        let token = Token::random()?;
        let until = now.checked_add_signed(lifetime).ok_or(CredentialError::Lifetime)?;
        let until = DateTime::from_timestamp_millis(until.timestamp_millis()).ok_or(CredentialError::Lifetime)?;
        let signed_in = SignedIn { person: person.to_owned(), until, carried: carry(&token) };
        let mac = self.key.of_token(&token.hash(), &signed_in);
        match &mut self.backend {
            Backend::Sqlite(file) => file.add(&token.hash(), &signed_in, &mac)?,
            Backend::Postgres(rows) => rows.add(&token.hash(), &signed_in, &mac)?,
        }
        Ok((token, signed_in))
    }

    /// Who is signed in with a token; `None` for a token that was never given, has ended or was taken back: nothing
    /// tells which.
    pub fn check(&mut self, token: &Token, now: DateTime<Utc>) -> Result<Option<SignedIn>, CredentialError> {
        let found = match &mut self.backend {
            Backend::Sqlite(file) => file.find(&token.hash())?,
            Backend::Postgres(rows) => rows.find(&token.hash())?,
        };
        let Some((signed_in, mac)) = found else { return Ok(None) };
        if !self.key.is(&self.key.of_token(&token.hash(), &signed_in), &mac) {
            return Err(self.forged());
        }
        Ok(Some(signed_in).filter(|signed_in| now < signed_in.until))
    }

    fn forged(&self) -> CredentialError {
        let place = match &self.backend {
            Backend::Sqlite(file) => file.place(),
            Backend::Postgres(rows) => rows.place(),
        };
        CredentialError::Forged { place }
    }

    /// How an account signs in; `None` for one that never had a password.
    ///
    /// # Errors
    /// Something else than a program of this school wrote it.
    pub fn credential(&mut self, account: [u8; 16]) -> Result<Option<Credential>, CredentialError> {
        let found = match &mut self.backend {
            Backend::Sqlite(file) => file.credential(account)?,
            Backend::Postgres(rows) => rows.credential(account)?,
        };
        let Some((credential, mac)) = found else { return Ok(None) };
        if self.key.is(&self.key.of_credential(account, &credential), &mac) {
            Ok(Some(credential))
        } else {
            Err(self.forged())
        }
    }

    /// Gives an account another credential, or none that works, and ends its sign-ins. Gives which one it is, counted from
    /// 1.
    pub fn put(&mut self, account: [u8; 16], new: NewCredential) -> Result<u64, CredentialError> {
        // A forged row is written over: that is how the account is had again.
        let before = match &mut self.backend {
            Backend::Sqlite(file) => file.credential(account)?,
            Backend::Postgres(rows) => rows.credential(account)?,
        };
        let serial = before.map_or(0, |(credential, _)| credential.serial) + 1;
        let credential = new.with_serial(serial);
        let mac = self.key.of_credential(account, &credential);
        match &mut self.backend {
            Backend::Sqlite(file) => file.put_credential(account, &credential, &mac)?,
            Backend::Postgres(rows) => rows.put_credential(account, &credential, &mac)?,
        }
        Ok(serial)
    }

    /// Writes the hash of the same password anew, under other costs; where the credential was replaced meanwhile, nothing.
    pub fn rehash(&mut self, account: [u8; 16], of: &Credential, hash: String) -> Result<(), CredentialError> {
        let credential = Credential { hash: Some(hash), ..of.clone() };
        let mac = self.key.of_credential(account, &credential);
        match &mut self.backend {
            Backend::Sqlite(file) => file.rehash(account, &credential, &mac),
            Backend::Postgres(rows) => rows.rehash(account, &credential, &mac),
        }
    }

    /// The second factor of an account, where it has one.
    pub fn factor(&mut self, account: [u8; 16]) -> Result<Option<Factor>, CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.factor(account),
            Backend::Postgres(rows) => rows.factor(account),
        }
    }

    /// Gives an account a second factor, sealed by the caller and bound to the account by it.
    pub fn put_factor(&mut self, account: [u8; 16], sealed: &[u8]) -> Result<(), CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.put_factor(account, sealed),
            Backend::Postgres(rows) => rows.put_factor(account, sealed),
        }
    }

    /// Takes the second factor of an account, which it may not have.
    pub fn remove_factor(&mut self, account: [u8; 16]) -> Result<(), CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.remove_factor(account),
            Backend::Postgres(rows) => rows.remove_factor(account),
        }
    }

    /// Uses up the codes of a time step and of those before it. Whether it was still to be used: of two that come with
    /// one code, one is let in.
    pub fn use_step(&mut self, account: [u8; 16], step: u64) -> Result<bool, CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.use_step(account, step.cast_signed()),
            Backend::Postgres(rows) => rows.use_step(account, step.cast_signed()),
        }
    }

    /// A number that every change of a credential or a second factor raises, whichever program made it.
    pub fn version(&mut self) -> Result<u64, CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.version(),
            Backend::Postgres(rows) => rows.version(),
        }
    }

    /// Ends one sign-in. A token that is not there is ended already.
    pub fn revoke(&mut self, token: &Token) -> Result<(), CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.remove(&token.hash()),
            Backend::Postgres(rows) => rows.remove(&token.hash()),
        }
    }

    /// Ends every sign-in of a person, as when a role changes or a password is known to others. Gives their number.
    pub fn revoke_all(&mut self, person: &str) -> Result<u64, CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.remove_all(person),
            Backend::Postgres(rows) => rows.remove_all(person),
        }
    }

    /// Removes what has ended. Gives its number.
    pub fn sweep(&mut self, now: DateTime<Utc>) -> Result<u64, CredentialError> {
        match &mut self.backend {
            Backend::Sqlite(file) => file.sweep(now),
            Backend::Postgres(rows) => rows.sweep(now),
        }
    }
}

/// An account as tokens name it.
fn hex(account: &[u8; 16]) -> String {
    account.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn not_ours(file: &Path, why: NotOurs) -> CredentialError {
    let file = file.to_owned();
    match why {
        NotOurs::Io(source) => CredentialError::Io { file, source },
        NotOurs::Foreign(found) => CredentialError::Foreign { file, found },
        NotOurs::Newer(version) => CredentialError::Newer { file, version },
    }
}
