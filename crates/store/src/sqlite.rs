//! Telling a database of ours from anything else, before SQLite touches it.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

/// How long to wait while another process writes to the same file.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// A kind of file, and the newest format of it that we know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Four letters in the header of the file.
    pub(crate) application_id: u32,
    /// A later number means that older programs must not touch the file.
    pub(crate) version: u32,
}

/// What stands where a file is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// A file that is being made, or whose making was cut short.
    Unmade,
    /// One of ours, in a format that we know.
    Ours(u32),
}

/// Why a file is not one that we may use.
#[derive(Debug)]
pub(crate) enum NotOurs {
    Io(io::Error),
    Foreign(String),
    Newer(u32),
}

/// Looks at the header with plain reads: SQLite may write to a file that it opens (it ends what a crash left undone),
/// and a file that is not ours must stay as it is.
pub(crate) fn look(file: &Path, kind: Kind) -> Result<Found, NotOurs> {
    let mut header = Vec::with_capacity(100);
    match File::open(file).and_then(|open| open.take(100).read_to_end(&mut header)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(NotOurs::Io(error)),
    }
    // A power cut while the file is made can leave zeros, and beside them the journal that takes them back.
    let taken_back = || beside(file, "-journal").exists();
    if header.is_empty() || (header.iter().all(|byte| *byte == 0) && taken_back()) {
        return Ok(Found::Unmade);
    }
    version(&header, kind).map(Found::Ours)
}

/// The file whose name is that of another and an ending more, such as SQLite puts beside a database.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The format of a file of ours, by its header.
pub(crate) fn version(header: &[u8], kind: Kind) -> Result<u32, NotOurs> {
    let number = |at: usize| header.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(NotOurs::Foreign("it is no SQLite database".into()));
    }
    match (number(68), number(60)) {
        (Some(id), Some(version)) if id == kind.application_id && (1..=kind.version).contains(&version) => Ok(version),
        (Some(id), Some(version)) if id == kind.application_id && version > kind.version => {
            Err(NotOurs::Newer(version))
        }
        (Some(id), _) if id == kind.application_id => Err(NotOurs::Foreign("it has no format that ever was".into())),
        (Some(id), _) => Err(NotOurs::Foreign(format!("it is a database of another program (id {id:#010x})"))),
        (None, _) => Err(NotOurs::Foreign("it ends too soon".into())),
    }
}

/// Opens a file for reading and writing, and makes it where there is none, with these tables and in one transaction:
/// no half-made file is ever seen. Write-ahead logging; what is committed is on the disk.
pub(crate) fn open(file: &Path, kind: Kind, tables: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    if !has_tables(&db)? {
        let making = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        // Another process may have been faster.
        if !has_tables(&making)? {
            making.execute_batch(tables)?;
            making.pragma_update(None, "application_id", kind.application_id)?;
            making.pragma_update(None, "user_version", kind.version)?;
        }
        making.commit()?;
    }
    // The header says that the file is ours before the write-ahead log begins, so that `look` need not read that.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

/// What holds for readers and writers alike: a file is data, and nothing in it is run or trusted.
pub(crate) fn settle(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Otherwise a statement with bounds is planned anew for each pair of them, which finds the same plan: nothing here is analysed.
    db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)
}

/// Copies a database as it is at one moment, page by page, into a file without a name in a folder; others may write
/// meanwhile. What is damaged in it is damaged in the copy; `None` where somebody holds it all the time.
pub(crate) fn image(source: &Connection, folder: &Path) -> Result<Option<File>, ImageFault> {
    let named = tempfile::Builder::new().prefix(".belisha-").tempfile_in(folder).map_err(ImageFault::Folder)?;
    let mut target = Connection::open(named.path()).map_err(ImageFault::Database)?;
    // It is thrown away where anything fails.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(ImageFault::Database)?;
    let copying = Backup::new(source, &mut target).map_err(ImageFault::Database)?;
    // All at once: what is read is of one moment, and whoever writes does not make it begin anew.
    if copying.step(-1).map_err(ImageFault::Database)? != StepResult::Done {
        return Ok(None);
    }
    drop(copying);
    drop(target);
    let mut file = named.into_file();
    file.rewind().map_err(ImageFault::Folder)?;
    Ok(Some(file))
}

/// Why no image was made.
#[derive(Debug)]
pub(crate) enum ImageFault {
    /// The database, or the disk for the image.
    Database(rusqlite::Error),
    /// The folder for the image.
    Folder(io::Error),
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    /// That of the file at a path; `None` where there is none.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|file| Self { device: file.dev(), inode: file.ino() })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|_| Self {})
    }
}

pub(crate) fn has_tables(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT * FROM sqlite_master)", [], |row| row.get(0))
}
