//! The file of a backup: what it looks like, how it is written, and how one is told from anything else.
//!
//! A backup is two files, so that one of them can be stolen without harm: the *records* (journal, access log, lists,
//! settings) and the *keys*. Each is a tar archive, packed with zstd and encrypted with age to one recipient; any
//! programs that know the three can read it: `age -d -i KEY FILE | zstd -d | tar -x`. It is filled up with zeros, so that
//! its length says little. In front stands a [`Manifest`]
//! with the name, length and SHA-256 of everything that follows, and nothing else is accepted when it is read.
//!
//! A file stands under its name only when it is whole and on the disk. What reads one believes no name and no length
//! in it, takes no more memory than one part's buffer, and writes nothing by itself.
//!
//! ```
//! use belisha_store::SchoolId;
//! use belisha_store::backup::{BackupError, BackupIdentity, Content, Holds, Manifest, Part, read, write};
//! use chrono::DateTime;
//!
//! let folder = tempfile::tempdir()?;
//! let identity = BackupIdentity::generate();
//! let part = Part::of_bytes("school.toml", b"[school]");
//! let made = DateTime::UNIX_EPOCH;
//! let manifest = Manifest::new(Holds::Records, SchoolId::random()?, "Amber Hill", made).with_parts(vec![part]);
//! let file = folder.path().join("a.age");
//! let written = write(&file, &identity.recipient(), &manifest, |_, out| out.take(&mut &b"[school]"[..]))?;
//! assert!(written.is_on_disk()?);
//!
//! let mut texts = Vec::new();
//! read(&file, &identity, |_, part, content: &mut dyn std::io::Read| {
//!     let mut text = String::new();
//!     content.read_to_string(&mut text).map_err(|_| BackupError::Damaged { file: file.clone() })?;
//!     texts.push((part.name.clone(), text));
//!     Ok::<(), BackupError>(())
//! })?;
//! assert_eq!(texts, [("school.toml".to_owned(), "[school]".to_owned())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod manifest;
mod padding;
mod reading;
mod recipient;
mod writing;

use std::io;
use std::path::{Path, PathBuf};

pub use self::manifest::{FORMAT, Holds, JournalPart, Manifest, Part, is_plain};
pub use self::reading::{peek, read};
pub use self::recipient::{BackupIdentity, BackupRecipient};
pub use self::writing::{Content, Hashed, Written, sweep, write};

/// Why a backup could not be written or read. No message holds anything of what is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A text that is no recipient.
    #[error("this is no recipient of a backup: a text that begins with age1 is expected, as `age-keygen` prints it")]
    Recipient,
    /// A text that is no identity.
    #[error(
        "no identity stands in it: a line that begins with AGE-SECRET-KEY-1 is expected, as `age-keygen` prints it"
    )]
    Identity,
    /// Something of that name is there.
    #[error("{} is there already. Nothing was changed; wait a second and try again", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A file that is something else.
    #[error("{} is not a backup of Belisha: {found}. Nothing was changed; name another file", .file.display())]
    NotABackup {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        found: &'static str,
    },
    /// Encrypted to somebody else.
    #[error(
        "{} cannot be opened with this identity: it was encrypted to another one, or its first lines are damaged. \
         Nothing was changed; use the identity whose recipient the backup was made for, or another copy of the file",
        .file.display()
    )]
    WrongIdentity {
        /// The file.
        file: PathBuf,
    },
    /// Not what was written.
    #[error("{} is damaged: it is cut short or was changed. Nothing was changed here; use another copy of it, or another backup", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// Of a later version of this program.
    #[error(
        "{} has format {format}, and this program knows formats up to {FORMAT}. Nothing was changed; use a newer \
         version of Belisha",
        .file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: u32,
    },
    /// A part that changed between being described and being written.
    #[error("{part} changed while it was copied. No backup was made; try again")]
    Changed {
        /// The part.
        part: String,
    },
    /// A file that was written and is not there, or not as it was written.
    #[error("{} is not on the disk as it was written. Look at the disk, and make the backup again", .file.display())]
    NotOnDisk {
        /// The file.
        file: PathBuf,
    },
    /// The system could not do it.
    #[error("{}: {source}. Look at the disk, the folder, its owner and its permissions", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BackupError {
    fn io(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Io { file: file.to_owned(), source }
    }
}
