//! What can go wrong with a journal, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::StreamId;
use crate::postgres::PostgresError;

/// Why a journal could not be opened, read or written. No message holds anything of what is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file with the name of ours that this program did not make.
    #[error(
        "{} is not a journal: {found}. Nothing in it was changed; move it to another folder, or name another data folder",
        .file.display()
    )]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// A file that a later version of this program made.
    #[error(
        "{} has format {version}, and this program knows formats up to {known}. Nothing in it was changed; use a newer \
         version of Belisha",
        .file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        version: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The journal of another school.
    #[error("{place} is the journal of another school. Nothing in it was changed; use the data folder of this school")]
    OtherSchool {
        /// The file or server.
        place: String,
    },
    /// What is there is not what was written.
    #[error(
        "{place} is damaged: {found}. End all programs that use it and restore it from a backup; `belisha-reporter \
         verify` tells whether the rest is sound"
    )]
    Damaged {
        /// The file or server.
        place: String,
        /// What does not fit.
        found: String,
    },
    /// SQLite could not do it.
    #[error("{place}: {source}. {}", advice(.source))]
    Sqlite {
        /// The file.
        place: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// PostgreSQL could not do it.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The system could not do it.
    #[error("{}: {source}. Look at the folder, its owner and its permissions", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system has no room for one more thread.
    #[error("no thread for the journal: {0}. Raise the limit on processes for this program's user")]
    Thread(io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl JournalError {
    /// What SQLite said of a file. An answer that an undamaged file of ours cannot give is damage.
    pub(super) fn sqlite(place: &str, source: rusqlite::Error) -> Self {
        let damaged = match &source {
            rusqlite::Error::SqliteFailure(failure, _) => {
                // The plain `SQLITE_ERROR` is a statement that does not fit the schema, and ours fit the one we wrote.
                matches!(
                    failure.code,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation
                ) || failure.extended_code == rusqlite::ffi::SQLITE_ERROR
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::SqlInputError { .. }
            | rusqlite::Error::Utf8Error(..) => true,
            _ => false,
        };
        if !damaged {
            return Self::Sqlite { place: place.into(), source };
        }
        let found = match &source {
            // Without the message, which can quote from the file.
            rusqlite::Error::SqliteFailure(failure, _) => failure.to_string(),
            _ => "a value that no journal holds".into(),
        };
        Self::Damaged { place: place.into(), found }
    }

    pub(super) fn damaged(place: &str, found: &str) -> Self {
        Self::Damaged { place: place.into(), found: found.into() }
    }

    /// Whether the connection to a server is gone, so that a new one may do better.
    pub(super) fn is_disconnected(&self) -> bool {
        use ::postgres::error::SqlState;
        let ended = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::IDLE_SESSION_TIMEOUT,
        ];
        match self {
            Self::Postgres(PostgresError::Unreachable { .. }) => true,
            Self::Postgres(PostgresError::Database { source, .. }) => {
                source.is_closed() || source.code().is_none_or(|code| ended.contains(code))
            }
            _ => false,
        }
    }
}

fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "Make room on the disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "Make the file and its folder writable for this program"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "Another program holds the file; end what it is doing there"
        }
        _ => "Look at the disk, the folder, its owner and its permissions",
    }
}

/// Why nothing was appended, or why that is not known.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// A stream does not end where the writer believed. Read it again and decide anew.
    #[error("somebody else was faster: the stream is at version {found}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// Its version.
        found: u64,
    },
    /// The idempotency key was used for something else.
    #[error("this key was used for something else; take a fresh one for what is new")]
    KeyReused,
    /// What was asked for cannot be.
    #[error("this cannot be appended: {0}")]
    Invalid(&'static str),
    /// The store failed. Nothing was appended; ask again, with the same key, when the trouble is over.
    #[error("nothing was written: {0}")]
    Failed(#[source] Arc<JournalError>),
    /// The store failed at a moment when it cannot be known whether it took effect. Ask again with the same key: the
    /// answer tells whether it had.
    #[error("it is not known whether it was written; ask again with the same key: {0}")]
    Unknown(#[source] Arc<JournalError>),
    /// The journal was closed.
    #[error("the journal was closed before it could be written")]
    Closed,
}
