//! What can go wrong with keys, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::postgres::PostgresError;
use crate::sqlite::NotOurs;

const FILE: &str = "the file of keys";

/// Why keys could not be made, used or changed. No message holds a secret, a person's name or anything that was
/// sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key store where one was expected.
    #[error(
        "there is no key store at {place}. A new one is made with a new school only; if the school is not new, restore its keys from their backup"
    )]
    Missing {
        /// Where.
        place: String,
    },
    /// A key store where a new one was to be made.
    #[error("there is a key store at {place} already. Nothing was changed; open it, or choose another place")]
    Exists {
        /// Where.
        place: String,
    },
    /// The keys are there, and the file with the school's key is not.
    #[error("the keys are at {place}, and the school's key {} is missing. Nothing was changed; put the file back from where its copy is kept", .file.display())]
    NoKeyFile {
        /// The file that is missing.
        file: PathBuf,
        /// Where the keys are.
        place: String,
    },
    /// The school's key is there, and the keys are not.
    #[error("the school's key {} is there, and no keys are at {place}. Nothing was changed; restore the keys from their backup", .file.display())]
    NoKeys {
        /// The file with the school's key.
        file: PathBuf,
        /// Where the keys were expected.
        place: String,
    },
    /// The file with the school's key holds something else.
    #[error("{} is not a school's key: {found}. Nothing was changed; put the file back from where its copy is kept", .file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// What was found in it.
        found: &'static str,
    },
    /// A school's key that is not the one of these keys.
    #[error(
        "the school's key does not belong to the keys at {place}. Nothing was changed; use the key that was made with them"
    )]
    WrongKey {
        /// Where the keys are.
        place: String,
    },
    /// Keys of another school.
    #[error("{place} belongs to another school. Nothing was changed; use this school's own")]
    OtherSchool {
        /// What belongs to another school.
        place: String,
    },
    /// A file with the name of ours that this program did not make.
    #[error("{} is not a file of keys: {found}. Nothing in it was changed; move it to another folder and restore the keys from their backup", .file.display())]
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
    /// A copy of keys that cannot be taken in.
    #[error("this is no whole copy of a school's keys: {found}. Nothing was changed; use another copy")]
    Copy {
        /// What does not fit.
        found: &'static str,
    },
    /// Keys changed hands while they were copied.
    #[error("keys changed hands while they were copied; throw this copy away and make it again")]
    Changed,

    /// No such holder, or another password: nothing tells which.
    #[error("the name or the password is wrong")]
    NotUnlocked,
    /// What was asked for is not sealed to whoever asked.
    #[error("this is not sealed to whoever asked to open it")]
    NotAReader,
    /// A key that was destroyed.
    #[error("the key has been destroyed: what it sealed can never be opened again")]
    Erased,
    /// A key that is not there.
    #[error("there is no such key. If the keys were restored, a newer copy of them is needed")]
    Unknown,
    /// Something is not as it was sealed.
    #[error("{what} is not as it was written: it was damaged or altered. Take it from a backup")]
    Damaged {
        /// What it is.
        what: &'static str,
    },
    /// More than can be sealed at once.
    #[error("too long to be sealed at once")]
    TooLong,
    /// The keys are destroyed, and their bytes may still stand in a file.
    #[error("the keys are destroyed, and their bytes may stand in {} until another program has ended its reading; ask for the same once more", .file.display())]
    Unfinished {
        /// The file.
        file: PathBuf,
    },

    /// A name that cannot be one.
    #[error(
        "a name of a holder has 1 to 128 bytes and no control characters; one of a role 1 to 32 small letters, digits and hyphens"
    )]
    Name,
    /// A holder of that name is there.
    #[error("there is a holder of that name already")]
    HolderExists,
    /// No holder of that name.
    #[error("there is no holder of that name")]
    NoSuchHolder,
    /// A holder who is still needed.
    #[error("this holder still holds a role or helps to recover: hand that over first")]
    StillHolds,
    /// A role needs holders.
    #[error("a role needs at least one holder")]
    NoHolders,
    /// A role that has holders already.
    #[error("the role has holders already: one of them, or two recovery people, can hand it over")]
    RoleIsHeld,
    /// A role that nobody holds.
    #[error("the role has no holders yet: name them first")]
    RoleIsFree,
    /// Fewer than two people for recovery.
    #[error("recovery needs two different people, and three are better")]
    TooFew,
    /// Two people who are not two of the recovery people.
    #[error("recovery takes two different recovery people, neither of them the one who is recovered")]
    NotTheTwo,
    /// Nothing was put by for these two people.
    #[error("nothing has been put by for these two people yet: that is done when the holder next unlocks")]
    NotPutBy,
    /// A work factor that is out of bounds.
    #[error("the work for a password is between 2^1 and 2^20")]
    Work,

    /// The system could not do it.
    #[error("{}: {source}. Look at the disk, the folder, its owner and its permissions", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A copy could not be written or read.
    #[error("a copy of keys: {0}")]
    Stream(io::Error),
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

impl KeyError {
    pub(super) fn io(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Io { file: file.to_owned(), source }
    }

    /// What SQLite said of a file. An answer that an undamaged file of ours cannot give is damage.
    pub(super) fn database(file: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        |source| match source {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::SqlInputError { .. } => Self::Damaged { what: FILE },
            rusqlite::Error::SqliteFailure(failure, _)
                if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
            {
                Self::Damaged { what: FILE }
            }
            source => Self::Database { file: file.to_owned(), source },
        }
    }

    pub(super) fn not_ours(file: &Path, why: NotOurs) -> Self {
        let file = file.to_owned();
        match why {
            NotOurs::Io(source) => Self::Io { file, source },
            NotOurs::Foreign(found) => Self::Foreign { file, found },
            NotOurs::Newer(version) => Self::Newer { file, version },
        }
    }
}
