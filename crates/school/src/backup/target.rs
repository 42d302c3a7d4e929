//! Where a backup is restored to: an empty folder, which no program uses before all is done.
//!
//! A file stands in the folder from the first moment to the last. As long as it is there the folder is not a school:
//! programs refuse it, and the next restore clears away what a crash left.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use belisha_store::postgres::Postgres;

use crate::folder::{DataFolder, FileError, at, sync_folder};

use super::RestoreError;
use super::files::{RULES, SETTINGS};

/// What a restore puts into a folder: all that it may take away again.
const OURS: [&str; 10] = [
    "journal.db",
    // Of the moment before the journal is in its own mode.
    "journal.db-journal",
    "journal.db-wal",
    "journal.db-shm",
    "keys",
    "access",
    "lists",
    RULES,
    SETTINGS,
    PUT_ASIDE,
];

/// Settings that name another store.
pub(super) const PUT_ASIDE: &str = "school.toml.from-backup";

const TEXT: &str = "A backup is being restored into this folder, or was and did not come to its end. Run the restore \
                    again, into this folder: it begins anew.\n";

/// With what the line begins that says into which database.
const DATABASE: &str = "into the database ";

/// A folder that is being filled.
pub(super) struct Target {
    pub(super) folder: DataFolder,
    /// Locked until the end.
    _mark: File,
    /// Whether an earlier restore of the same backup was cut off here.
    pub(super) again: bool,
    made: bool,
}

impl Target {
    /// Begins in a folder that is empty, is not there, or in which an earlier restore was cut off: what that left is
    /// cleared away. `of` tells one backup from another.
    ///
    /// Where that was another backup, and part of it may stand in a database, it is to be ended first.
    pub(super) fn begin(folder: &DataFolder, of: &str, store: Option<&Postgres>) -> Result<Self, RestoreError> {
        let root = folder.root();
        let cannot = || at(root, "cannot be made");
        let made = !root.exists();
        if made {
            make(root).map_err(cannot())?;
        }
        let mark = folder.unfinished();
        let not_empty = || RestoreError::NotEmpty { folder: root.to_owned() };
        let names = names(root)?;
        let there = names.contains(&mark);
        let ours = |path: &PathBuf| *path == mark || OURS.iter().any(|name| *path == root.join(name));
        if !there && !names.is_empty() || !names.iter().all(ours) {
            return Err(not_empty());
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&mark).map_err(at(&mark, "cannot be made"))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(RestoreError::Busy { folder: root.to_owned() }),
            Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => {
                return Err(at(&mark, "cannot be locked")(error).into());
            }
            _ => {}
        }
        // Whoever had the lock may just have ended.
        if there && !mark.exists() {
            return Err(not_empty());
        }
        let mut before = String::new();
        let into = store.map(|store| format!("{DATABASE}{} as {}\n", store.server(), store.login()));
        let text = format!("{TEXT}{of}\n{}", into.unwrap_or_default());
        let again = file.read_to_string(&mut before).is_ok() && before == text;
        if !again && before.contains(DATABASE) {
            return Err(RestoreError::OtherRestore { folder: root.to_owned() });
        }
        clear(root)?;
        let write = |file: &mut File| {
            file.set_len(0)?;
            io::Seek::rewind(file)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        if !again {
            write(&mut file).map_err(at(&mark, "cannot be written"))?;
        }
        sync_folder(root)?;
        Ok(Self { folder: folder.clone(), _mark: file, again, made })
    }

    /// From here on it is a school.
    pub(super) fn finish(self) -> Result<(), FileError> {
        let root = self.folder.root();
        sync_folder(root)?;
        let mark = self.folder.unfinished();
        fs::remove_file(&mark).map_err(at(&mark, "cannot be removed"))?;
        sync_folder(root)
    }

    /// Leaves the folder as it was.
    pub(super) fn give_up(self) {
        let root = self.folder.root();
        // Where something cannot be removed the mark stays, and says what is to be done.
        if clear(root).is_ok() && fs::remove_file(self.folder.unfinished()).is_ok() && self.made {
            let _ = fs::remove_dir(root);
        }
    }
}

/// For its owner alone.
fn make(root: &Path) -> io::Result<()> {
    if let Some(above) = root.parent() {
        fs::create_dir_all(above)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(root)
}

fn names(root: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(root).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(at(root, "cannot be read"))
}

/// Takes away what a restore put there. What stands under other names was never ours.
fn clear(root: &Path) -> Result<(), FileError> {
    for path in OURS.map(|name| root.join(name)) {
        let removed = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(at(&path, "cannot be removed"))?;
    }
    Ok(())
}

/// Puts a file into the folder, and waits until it is on the disk.
pub(super) fn put(file: &Path, content: &mut dyn Read) -> Result<(), FileError> {
    let cannot = || at(file, "cannot be written");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(cannot())?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut to = options.open(file).map_err(cannot())?;
    io::copy(content, &mut to).and_then(|_| to.sync_all()).map_err(cannot())?;
    file.parent().map_or(Ok(()), sync_folder)
}
