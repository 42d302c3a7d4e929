//! What can go wrong with a log, and what to do about it.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use postgres::error::SqlState;
use rusqlite::ErrorCode;

use crate::postgres::PostgresError;

/// Why a log could not be opened, written or read. The message names the file and says what to do; it holds nothing
/// of what is in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file with the name of a day that this crate did not make.
    #[error(
        "{} is not an access log: {found}. Nothing in it was changed; move it to another folder, and the day is begun \
         anew",
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
         version of Belisha, or move the file to another folder, and the day is begun anew",
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
    /// A file whose content is not what was written.
    #[error(
        "{} is damaged: {found}. Take it from a backup, or move it to another folder (the day is begun anew) and get \
         what is left with `sqlite3 FILE .recover`",
        .file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        found: String,
    },
    /// No file of that day.
    #[error("there is no access log {}; `days` tells which there are", .file.display())]
    Missing {
        /// The file that was looked for.
        file: PathBuf,
    },
    /// SQLite could not do it.
    #[error("{}: {source}. {}", .file.display(), advice(.source))]
    Database {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The system could not do it.
    #[error("{}: {source}. Look at the folder, its owner and its permissions", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No log of that day in the database.
    #[error("there is no access log of {day} at {server}; `days` tells which there are")]
    MissingDay {
        /// Host and database.
        server: String,
        /// The day.
        day: String,
    },
    /// What a database has of a day is not what was written.
    #[error("the access log of {day} at {server} is damaged: {found}. Restore the database from a backup")]
    DamagedDay {
        /// Host and database.
        server: String,
        /// The day.
        day: String,
        /// What does not fit.
        found: String,
    },
    /// PostgreSQL could not do it, or cannot be reached.
    #[error(transparent)]
    Server(#[from] PostgresError),
    /// Something else works on the file or folder all the time.
    #[error("{} is in use all the time. Try again later, or end what works on it", .file.display())]
    Busy {
        /// The file or folder.
        file: PathBuf,
    },
    /// A day that is too large to be closed.
    #[error("{} is larger than {largest} bytes and cannot be closed; it stays open and can be used", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// How large it may be.
        largest: u64,
    },
    /// The names of a day could not be sealed, and without that nothing is written.
    #[error("the names of {day} could not be sealed: {source}. Look at the school's keys")]
    Seal {
        /// The day.
        day: String,
        /// What the seal says.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// The names of a day are sealed to somebody else.
    #[error("the names of {day} could not be opened: {source}. They are sealed to those who may look people up")]
    Unsealed {
        /// The day.
        day: String,
        /// What the opener says.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// The system has no room for one more thread.
    #[error("no thread for the access log: {source}. Raise the limit on processes for this program's user")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}

impl StoreError {
    /// What kind of trouble it is, for an alarm or a metric.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Foreign { .. } => ErrorKind::Foreign,
            Self::Newer { .. } => ErrorKind::Newer,
            Self::Damaged { .. } | Self::DamagedDay { .. } => ErrorKind::Damaged,
            Self::Missing { .. } | Self::MissingDay { .. } => ErrorKind::Missing,
            Self::Database { source, .. } => ErrorKind::of_database(source),
            Self::Io { source, .. } | Self::Thread { source } => ErrorKind::of_system(source),
            Self::Server(error) => ErrorKind::of_server(error),
            Self::Busy { .. } => ErrorKind::Busy,
            Self::Seal { .. } | Self::Unsealed { .. } => ErrorKind::Keys,
            Self::TooLarge { .. } => ErrorKind::Other,
        }
    }

    /// What SQLite said of a file. An answer that an undamaged file of ours cannot give is damage.
    pub(crate) fn database(file: &Path, source: rusqlite::Error) -> Self {
        let damaged = match &source {
            rusqlite::Error::SqliteFailure(failure, _) => {
                // The plain `SQLITE_ERROR` is a statement that does not fit the schema, and ours fit the one we wrote.
                matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                    || failure.extended_code == rusqlite::ffi::SQLITE_ERROR
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::SqlInputError { .. }
            | rusqlite::Error::Utf8Error(..) => true,
            _ => false,
        };
        let file = file.to_owned();
        if !damaged {
            return Self::Database { file, source };
        }
        let found = match &source {
            // Without the message, which can quote from the file.
            rusqlite::Error::SqliteFailure(failure, _) => failure.to_string(),
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        Self::Damaged { file, found }
    }

    pub(crate) fn damaged(file: &Path, found: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), found: found.into() }
    }

    pub(crate) fn io(file: &Path, source: io::Error) -> Self {
        Self::Io { file: file.to_owned(), source }
    }
}

fn advice(error: &rusqlite::Error) -> &'static str {
    match ErrorKind::of_database(error) {
        ErrorKind::DiskFull => "Make room on the disk",
        ErrorKind::ReadOnly => "Make the file and its folder writable for this program",
        ErrorKind::Busy => "Another program holds the file; end what it is doing there",
        _ => "Look at the disk, the folder, its owner and its permissions",
    }
}

/// The kind of a [`StoreError`]. Numbers and names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No room on the disk, or a quota is used up.
    DiskFull = 1,
    /// The file, its folder or the disk may not be written to.
    ReadOnly = 2,
    /// Another program holds the file.
    Busy = 3,
    /// The disk or the system failed, or the folder is not there.
    InputOutput = 4,
    /// A file that is not ours stands in the way.
    Foreign = 5,
    /// A file of a later version stands in the way.
    Newer = 6,
    /// A file is damaged.
    Damaged = 7,
    /// A file that was asked for is not there.
    Missing = 8,
    /// Anything else.
    Other = 9,
    /// Names cannot be sealed or opened.
    Keys = 10,
    /// The database server cannot be reached.
    Unreachable = 11,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::DiskFull,
        Self::ReadOnly,
        Self::Busy,
        Self::InputOutput,
        Self::Foreign,
        Self::Newer,
        Self::Damaged,
        Self::Missing,
        Self::Other,
        Self::Keys,
        Self::Unreachable,
    ];

    /// The name in logs and metrics.
    pub fn slug(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::ReadOnly => "read-only",
            Self::Busy => "busy",
            Self::InputOutput => "input-output",
            Self::Foreign => "foreign-file",
            Self::Newer => "newer-version",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Other => "other",
            Self::Keys => "keys",
            Self::Unreachable => "unreachable",
        }
    }

    fn of_database(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed) => {
                Self::InputOutput
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Other,
        }
    }

    fn of_server(error: &PostgresError) -> Self {
        match error {
            PostgresError::Unreachable { .. } => Self::Unreachable,
            PostgresError::NotInstalled { .. } | PostgresError::NoSchool { .. } => Self::Missing,
            PostgresError::Newer { .. } => Self::Newer,
            PostgresError::OtherSchool { .. } => Self::Foreign,
            PostgresError::Database { source, .. } => match source.code().map(SqlState::code) {
                // Without a code it is the connection that failed; `57P` is a server that goes down or comes up.
                None => Self::Unreachable,
                Some(code) if code.starts_with("57P") || code.starts_with("08") => Self::Unreachable,
                Some("53100") => Self::DiskFull,
                Some("25006" | "42501") => Self::ReadOnly,
                Some("55P03" | "57014" | "40P01") => Self::Busy,
                Some("58030") => Self::InputOutput,
                Some("XX001" | "XX002") => Self::Damaged,
                Some(_) => Self::Other,
            },
            PostgresError::Address(_) | PostgresError::Login { .. } => Self::Other,
        }
    }

    fn of_system(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::DiskFull,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::InputOutput,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}
