//! Closed days: one packed file, which is read in memory.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf, absolute};

use chrono::NaiveDate;
use rusqlite::{Connection, MAIN_DB};
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use super::StoreError;
use super::day::{self, Day, Part};
use super::file_reader::FileRecords;
use super::reader::Batches;
use super::schema::{self, Format};
use super::turn::Turn;
use crate::sqlite::{beside, settle};

/// As hard as is worth the time: level 12 takes four and a half times as long for three bytes in a hundred.
const LEVEL: i32 = 6;
/// SQLite takes no more memory for one database.
const LARGEST: u64 = 2_000_000_000;
/// The most that is read of a packed file to learn its length.
const FRAME_HEADER: usize = 18;

/// A closed file of a day, as it stands in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedFile {
    /// Its name: `2026-11-23.db.zst`.
    pub name: String,
    /// Records in it, each of them checked.
    pub records: u64,
    /// The SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: u64,
}

/// Closes a day (in UTC) of a folder: its open files are packed, each into one file that is read like any other, and
/// taken away. Gives all closed files of the day, those included that were closed before: calling it again gives the
/// same answer. Records that come for the day later are taken, into another file.
///
/// The packed file is written beside, flushed, read back and checked, record for record, before the open one goes: a
/// crash at any moment leaves one of them whole, and the next call ends what was begun. Writers wait only while the one
/// takes the place of the other, or, where records come for that very day meanwhile, while it is packed again. Takes the whole day in memory twice, about 90 bytes a record.
///
/// # Errors
/// There is no log of that day, a file is not ours or is damaged (it stays as it is), or larger than 2 GB; and what the disk may say.
pub fn close_day(folder: &Path, date: NaiveDate) -> Result<Vec<ClosedFile>, StoreError> {
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let day = Day::from(date);
    let parts = day::parts(&folder).map_err(|error| StoreError::io(&folder, error))?.remove(&day);
    let mut closed = Vec::new();
    for part in parts.unwrap_or_default() {
        closed.extend(close(&folder, part)?);
    }
    if closed.is_empty() {
        return Err(StoreError::Missing { file: Part::first(day).open(&folder) });
    }
    Ok(closed)
}

/// Removes the log of a day (in UTC); false where there is none. A record that comes for it later begins it anew.
pub(super) fn remove(folder: &Path, day: Day) -> Result<bool, StoreError> {
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let _turn = Turn::alone(&folder)?;
    let parts = day::parts(&folder).map_err(|error| StoreError::io(&folder, error))?.remove(&day);
    let Some(parts) = parts else { return Ok(false) };
    for part in parts {
        take_away(&part.open(&folder))?;
        take_away(&part.closed(&folder))?;
    }
    flush_folder(&folder)?;
    Ok(true)
}

/// Opens a closed file in memory; `None` where there is none.
pub(super) fn open(file: &Path) -> Result<Option<(Connection, Format)>, StoreError> {
    let mut packed = match File::open(file) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(file, error)),
    };
    let mut start = Vec::new();
    Read::by_ref(&mut packed)
        .take(FRAME_HEADER as u64)
        .read_to_end(&mut start)
        .map_err(|error| StoreError::io(file, error))?;
    let damaged = |found: &str| StoreError::damaged(file, found);
    let length = zstd::zstd_safe::get_frame_content_size(&start).ok().flatten();
    let length = length.filter(|length| (100..=LARGEST).contains(length));
    let length =
        length.and_then(|length| usize::try_from(length).ok()).ok_or_else(|| damaged("it is no packed log"))?;
    let mut unpacked =
        Decoder::new(io::Cursor::new(start).chain(packed)).map_err(|error| StoreError::io(file, error))?;
    let mut header = vec![0; 100];
    let unpackable = |_| damaged("it cannot be unpacked");
    unpacked.read_exact(&mut header).map_err(unpackable)?;
    let format = schema::format(file, &header)?;
    let mut opened = || -> rusqlite::Result<Connection> {
        let mut db = Connection::open_in_memory()?;
        db.deserialize_read_exact(MAIN_DB, header.chain(&mut unpacked), length, true)?;
        settle(&db)?;
        Ok(db)
    };
    let db = opened().map_err(|error| match error {
        rusqlite::Error::SqliteFailure(failure, _) if failure.code == rusqlite::ErrorCode::OutOfMemory => {
            StoreError::database(file, error)
        }
        _ => damaged("it cannot be unpacked"),
    })?;
    // Its own checksum is looked at when the end is reached.
    match unpacked.read(&mut [0]) {
        Ok(0) => Ok(Some((db, format))),
        _ => Err(damaged("it is longer than it says, or not what was packed")),
    }
}

fn close(folder: &Path, part: Part) -> Result<Option<ClosedFile>, StoreError> {
    let (open, closed) = (part.open(folder), part.closed(folder));
    if closed.exists() {
        // Whoever finds nothing to do holds up nobody who writes.
        if parts_of(&open).any(|part| part.exists()) {
            let _turn = Turn::alone(folder)?;
            // A crash came between giving the name of the one and taking that of the other.
            let left = FileRecords::open_plain(&open, part.day)?.map(|left| left.end()).transpose()?;
            if left.is_some_and(|end| read(&closed, part).and_then(|packed| packed.end()).ok() != Some(end)) {
                return Err(StoreError::damaged(&closed, "it does not hold what the open file of its name holds"));
            }
            take_away(&open)?;
            flush_folder(folder)?;
        }
        return about(&closed, part).map(|(described, _)| Some(described));
    }
    let new = beside(&closed, ".new");
    // Where records come meanwhile it is done again while they wait.
    let mut turn = None;
    loop {
        let Some(mut source) = FileRecords::open_plain(&open, part.day)? else { return Ok(None) };
        let end = source.end()?;
        pack(&mut source, &open, &new)?;
        drop(source);
        let (described, packed) = about(&new, part)?;
        let was_alone = turn.is_some();
        if !was_alone {
            turn = Some(Turn::alone(folder)?);
        }
        let now = FileRecords::open_plain(&open, part.day)?.map(|now| now.end()).transpose()?;
        if now == Some(end) && packed == end {
            fs::rename(&new, &closed).map_err(|error| StoreError::io(&closed, error))?;
            flush_folder(folder)?;
            take_away(&open)?;
            flush_folder(folder)?;
            return Ok(Some(ClosedFile { name: name(&closed), ..described }));
        }
        if was_alone {
            // A writer of an earlier version takes no turns.
            take_away(&new)?;
            return Err(StoreError::Busy { file: open });
        }
    }
}

fn read(closed: &Path, part: Part) -> Result<FileRecords, StoreError> {
    let Some((db, format)) = open(closed)? else { return Err(StoreError::Missing { file: closed.to_owned() }) };
    FileRecords::of(db, format, part.day, closed.to_owned())
}

/// Reads a packed file whole, and says what there is to say of it, and where it ends.
fn about(closed: &Path, part: Part) -> Result<(ClosedFile, (i64, Option<i64>)), StoreError> {
    let mut records = read(closed, part)?;
    let end = records.end()?;
    records.check()?;
    let packed = fs::read(closed).map_err(|error| StoreError::io(closed, error))?;
    let (sha256, bytes) = (Sha256::digest(&packed).into(), packed.len() as u64);
    Ok((ClosedFile { name: name(closed), records: records.total(), sha256, bytes }, end))
}

/// Writes the content of an open file, packed, and flushes it.
fn pack(source: &mut FileRecords, open: &Path, new: &Path) -> Result<(), StoreError> {
    let mut image = source.database().serialize(MAIN_DB).map_err(|error| StoreError::database(open, error))?.to_vec();
    if image.len() as u64 > LARGEST {
        return Err(StoreError::TooLarge { file: open.to_owned(), largest: LARGEST });
    }
    // Bytes 18 and 19 of the header say that there is a write-ahead log; in memory there is none.
    if let Some(versions) = image.get_mut(18..20) {
        versions.fill(1);
    }
    let write = || -> io::Result<()> {
        // In one piece: piece by piece it is copied once more, and is searched for what comes again in two places.
        let mut packing = Compressor::new(LEVEL)?;
        packing.include_checksum(true)?;
        let packed = packing.compress(&image)?;
        let mut file = File::create(new)?;
        file.write_all(&packed)?;
        file.sync_all()
    };
    write().map_err(|error| StoreError::io(new, error))
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A file and then what SQLite puts beside it.
fn parts_of(file: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm"].into_iter().map(|ending| beside(file, ending))
}

/// Removes a file and then what SQLite put beside it: without the file nobody looks at that, and with the file it is
/// part of it.
fn take_away(file: &Path) -> Result<(), StoreError> {
    for part in parts_of(file) {
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(file, error)),
            _ => {}
        }
    }
    Ok(())
}

/// A name that was given or taken is there after a power cut only when the folder has been flushed.
fn flush_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| StoreError::io(folder, error))
}
