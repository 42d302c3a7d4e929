//! Copies of a folder's files, for backups: each as it is at one moment, while others write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, absolute};

use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags};

use super::carry;
use super::day::{self, Day, Part};
use super::schema::{self, Found};
use super::server;
use super::turn::Turn;
use super::{Place, StoreError, make_folder};
use crate::error::ErrorKind as LogErrorKind;
use crate::postgres::Postgres;
use crate::sqlite::{self, ImageFault, beside, settle};

const CLOSED: &str = ".zst";

/// A file of an access log, copied or open for it.
#[derive(Debug)]
pub struct LogFile {
    /// Its name in the folder: `2026-11-23.db`, `2026-11-23.db.zst`.
    pub name: String,
    /// Its day in UTC.
    pub day: NaiveDate,
    /// Whether it is closed, so that nothing in it changes any more.
    pub closed: bool,
    /// Its content, from its beginning. What becomes of the file in the folder does not matter any more.
    pub content: File,
}

/// Gives a copy of each file of a log to a function, in the order of the calendar. A day that is closed or removed
/// meanwhile is there or not, never half; writers do not wait.
///
/// From a server a day comes as the file that it would be in a folder, record by record: numbers of people and their
/// sealed names stay what they are. Gives the days that are damaged there, of which there is no copy.
///
/// In a folder, a closed file does not change and is just opened. An open one is copied as it is at one moment into a file without
/// a name in `scratch`. One that is not ours, or so damaged that it cannot be opened, is given as it is, with its
/// write-ahead log beside it (`2026-11-23.db-wal`): nothing is lost that was there.
pub fn copy_log<E: From<StoreError>>(
    place: &Place,
    scratch: &Path,
    mut take: impl FnMut(LogFile) -> Result<(), E>,
) -> Result<Vec<NaiveDate>, E> {
    match place {
        Place::Folder(folder) => copy_folder(folder, scratch, &mut take).map(|()| Vec::new()),
        Place::Server(at) => copy_server(at, scratch, &mut take),
    }
}

fn copy_folder<E: From<StoreError>>(
    folder: &Path,
    scratch: &Path,
    take: &mut dyn FnMut(LogFile) -> Result<(), E>,
) -> Result<(), E> {
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let parts = match day::parts(&folder) {
        Ok(parts) => parts,
        // Nobody has asked for anything yet.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io(&folder, error).into()),
    };
    for part in parts.into_values().flatten() {
        for (name, content) in copy_part(&folder, part, scratch)? {
            let Some(day) = part.day.date() else { continue };
            let closed = name.ends_with(CLOSED);
            take(LogFile { name, day, closed, content })?;
        }
    }
    Ok(())
}

fn copy_server<E: From<StoreError>>(
    at: &Postgres,
    scratch: &Path,
    take: &mut dyn FnMut(LogFile) -> Result<(), E>,
) -> Result<Vec<NaiveDate>, E> {
    let io = |error| StoreError::io(scratch, error);
    let mut damaged = Vec::new();
    for date in server::days(at)? {
        let day = Day::from(date);
        let named = tempfile::Builder::new().prefix(".belisha-").tempfile_in(scratch).map_err(io)?;
        match carry::into_file(at, day, named.path()) {
            Ok(()) => {}
            // It has just been removed.
            Err(StoreError::MissingDay { .. }) => continue,
            Err(StoreError::DamagedDay { .. }) => {
                damaged.push(date);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let name = name(&Part::first(day).open(Path::new("")));
        take(LogFile { name, day: date, closed: false, content: named.reopen().map_err(io)? })?;
    }
    Ok(damaged)
}

fn copy_part(folder: &Path, part: Part, scratch: &Path) -> Result<Vec<(String, File)>, StoreError> {
    let (open, closed) = (part.open(folder), part.closed(folder));
    let packed = || Ok::<_, StoreError>(read(&closed)?.map(|file| (name(&closed), file)));
    if let Some(packed) = packed()? {
        return Ok(vec![packed]);
    }
    let found = match schema::look(&open) {
        Ok(Found::Ours(_)) => copy_open(folder, &open, scratch),
        // It may have been closed since we looked; else it was removed, or has nothing in it yet.
        Ok(Found::Nothing | Found::Unmade) => return Ok(packed()?.into_iter().collect()),
        Err(error) => Err(error),
    };
    match found {
        Ok(Some(copy)) => Ok(vec![(name(&open), copy)]),
        Ok(None) => Ok(packed()?.into_iter().collect()),
        Err(error) => match error.kind() {
            LogErrorKind::Foreign | LogErrorKind::Newer | LogErrorKind::Damaged => as_it_is(&open),
            _ => Err(error),
        },
    }
}

/// Copies an open file; `None` where it is gone.
fn copy_open(folder: &Path, open: &Path, scratch: &Path) -> Result<Option<File>, StoreError> {
    let failed = |error| StoreError::database(open, error);
    let source = {
        // Nobody takes the file away until what is read is settled.
        let _turn = Turn::shared(folder)?;
        if !open.try_exists().map_err(|error| StoreError::io(open, error))? {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(open, flags).map_err(failed)?;
        settle(&source).map_err(failed)?;
        source.execute_batch("BEGIN; SELECT count(*) FROM about").map_err(failed)?;
        source
    };
    match sqlite::image(&source, scratch) {
        Ok(Some(image)) => Ok(Some(image)),
        Ok(None) => Err(StoreError::Busy { file: open.to_owned() }),
        Err(ImageFault::Database(error)) => Err(failed(error)),
        Err(ImageFault::Folder(error)) => Err(StoreError::io(scratch, error)),
    }
}

fn as_it_is(open: &Path) -> Result<Vec<(String, File)>, StoreError> {
    let mut files = Vec::new();
    for file in [open, &beside(open, "-wal")] {
        files.extend(read(file)?.map(|content| (name(file), content)));
    }
    Ok(files)
}

fn read(file: &Path) -> Result<Option<File>, StoreError> {
    match File::open(file) {
        Ok(open) => Ok(Some(open)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(file, error)),
    }
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The day of which a file of this name is; `None` for a name that [`copy_log`] does not give.
pub fn log_file_day(name: &str) -> Option<NaiveDate> {
    Part::of_name(name.strip_suffix("-wal").unwrap_or(name)).and_then(|part| part.day.date())
}

/// Puts a file that was copied into a folder, and waits until it is on the disk. [`read_day`](crate::read_day) tells
/// whether what is in it is what was written.
///
/// # Errors
/// The name is none of those that [`copy_log`] gives, or there is such a file.
pub fn put_log_file(folder: &Path, name: &str, content: &mut dyn Read) -> Result<(), StoreError> {
    let file = folder.join(name);
    if log_file_day(name).is_none() {
        return Err(StoreError::io(&file, ErrorKind::InvalidInput.into()));
    }
    make_folder(folder).map_err(|error| StoreError::io(folder, error))?;
    let io = |error| StoreError::io(&file, error);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut to = options.open(&file).map_err(io)?;
    let put = io::copy(content, &mut to).and_then(|_| to.sync_all()).and_then(|()| File::open(folder)?.sync_all());
    put.map_err(io).inspect_err(|_| {
        // Half of it is of no use.
        let _ = fs::remove_file(&file);
    })
}
