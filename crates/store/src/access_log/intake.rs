//! Records of elsewhere, taken in whole: all of them, or none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf, absolute};

use belisha_policy::AccessRecord;
use chrono::NaiveDate;
use rusqlite::Connection;

use super::day::{self, Day, Part};
use super::dictionary::Dictionaries;
use super::file::{Adding, statement};
use super::people::{People, Table};
use super::schema;
use super::server::{ServerIntake, was_taken};
use super::turn::Turn;
use super::{PeopleSeal, Place, StoreError, make_folder};
use crate::sqlite::settle;

/// Day files that are written to at once. Logs go by time, and their clocks may be apart by hours.
const OPEN: usize = 3;

/// What is to be done when all is in the log; once it is there, what was taken in is.
const NOTE: &str = "note";

/// Records of elsewhere that are taken in: none of them is in the log before [`finish`](Self::finish), and all of them
/// are afterwards, whatever ends the program and whenever.
///
/// In a folder each day is made as a file of its own beside the log, `scratch`, and takes its place among the files of
/// its day when all are whole. In PostgreSQL it is one transaction.
///
/// `scratch` is for this alone, on the file system of the log: what is in it goes.
pub struct Intake {
    scratch: PathBuf,
    people: People,
    days: BTreeMap<Day, u64>,
    to: To,
}

enum To {
    Folder(Files),
    Server { server: Box<ServerIntake>, name: String },
}

impl Intake {
    /// Begins. What [`intake_left`] gives must have been asked and dealt with before.
    ///
    /// # Errors
    /// The scratch folder cannot be made, the server is away, or somebody else imports into it.
    pub fn begin(place: &Place, scratch: &Path, seal: impl PeopleSeal + 'static) -> Result<Self, StoreError> {
        clear(scratch)?;
        make_folder(scratch).map_err(|error| StoreError::io(scratch, error))?;
        let scratch = absolute(scratch).map_err(|error| StoreError::io(scratch, error))?;
        let to = match place {
            Place::Folder(folder) => {
                let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
                To::Folder(Files { folder, scratch: scratch.clone(), open: Vec::new() })
            }
            Place::Server(at) => {
                let random = getrandom::u64().map_err(|error| StoreError::io(&scratch, error.into()))?;
                To::Server { server: Box::new(ServerIntake::begin(at)?), name: format!("{random:016x}") }
            }
        };
        Ok(Self { scratch, people: People::new(Box::new(seal)), days: BTreeMap::new(), to })
    }

    /// How many records [`append`](Self::append) had best be given at once: few, where they are written one by one and
    /// had best be in the processor's caches still; many, where each time is a conversation with a server.
    pub fn at_once(&self) -> usize {
        match &self.to {
            To::Folder(_) => 128,
            To::Server { .. } => 8_192,
        }
    }

    /// Adds records, in the order given within each day.
    ///
    /// # Errors
    /// What disk or server say. Nothing is in the log then, nor will be: begin again.
    pub fn append(&mut self, records: &[AccessRecord]) -> Result<(), StoreError> {
        let mut rest = records;
        while let Some(first) = rest.first() {
            let day = Day::of(first.at);
            let length = rest.iter().position(|record| Day::of(record.at) != day).unwrap_or(rest.len());
            let (run, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            self.append_to(day, run)?;
            rest = behind;
        }
        Ok(())
    }

    fn append_to(&mut self, day: Day, records: &[AccessRecord]) -> Result<(), StoreError> {
        let people = self.people.table(day, |_| false)?;
        match &mut self.to {
            To::Folder(files) => files.append(day, people, records)?,
            To::Server { server, .. } => {
                let records: Vec<&AccessRecord> = records.iter().collect();
                server.append(day, people, &records)?;
            }
        }
        *self.days.entry(day).or_default() += records.len() as u64;
        Ok(())
    }

    /// Puts everything into the log, and gives its days and their records. With the note begins what cannot be undone:
    /// it is given by [`intake_left`] until [`intake_done`], should the program end before that.
    ///
    /// # Errors
    /// What disk or server say. [`intake_left`] tells whether it is in the log all the same.
    pub fn finish(&mut self, note: &[u8]) -> Result<Vec<(NaiveDate, u64)>, StoreError> {
        match &mut self.to {
            To::Folder(files) => {
                files.close()?;
                write_note(&self.scratch, None, note)?;
                put_in_place(&files.folder, &self.scratch)?;
            }
            To::Server { server, name } => {
                if let Some(day) = self.days.last_key_value().map(|(day, _)| *day) {
                    server.mark(day, name)?;
                    write_note(&self.scratch, Some((day, name)), note)?;
                    server.commit()?;
                } else {
                    write_note(&self.scratch, None, note)?;
                }
            }
        }
        Ok(self.days.iter().filter_map(|(day, count)| Some((day.date()?, *count))).collect())
    }
}

/// Days and records, and nobody.
impl core::fmt::Debug for Intake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Intake").field("days", &self.days).finish_non_exhaustive()
    }
}

/// The note of an intake that came to its end, or that is brought to it here, and of which nobody has said that it is
/// [done](intake_done). One that did not come so far left nothing in the log.
pub fn intake_left(place: &Place, scratch: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some((marked, note)) = read_note(scratch)? else { return Ok(None) };
    match (place, marked) {
        (Place::Folder(folder), _) => put_in_place(folder, scratch).map(|()| Some(note)),
        (Place::Server(_), None) => Ok(Some(note)),
        (Place::Server(at), Some((day, name))) => Ok(was_taken(at, day, &name)?.then_some(note)),
    }
}

/// Forgets an intake: what was to be done when it is in the log is done.
pub fn intake_done(scratch: &Path) -> Result<(), StoreError> {
    clear(scratch)
}

fn clear(scratch: &Path) -> Result<(), StoreError> {
    // The note first: without it the rest is nothing.
    for gone in [fs::remove_file(scratch.join(NOTE)), fs::remove_dir_all(scratch)] {
        match gone {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(StoreError::io(scratch, error)),
            _ => {}
        }
    }
    Ok(())
}

/// The day files that are being made.
struct Files {
    folder: PathBuf,
    scratch: PathBuf,
    /// The latest used at the end.
    open: Vec<Making>,
}

/// A day file that is being made: one transaction, without a journal, since it is thrown away where anything fails.
struct Making {
    day: Day,
    path: PathBuf,
    db: Connection,
    dictionaries: Dictionaries,
    adding: Adding,
}

impl Files {
    fn append(&mut self, day: Day, people: &mut Table, records: &[AccessRecord]) -> Result<(), StoreError> {
        let mut making = match self.open.iter().position(|making| making.day == day) {
            Some(at) => self.open.remove(at),
            None => Making::open(&self.scratch, day)?,
        };
        making.append(people, records)?;
        while self.open.len() >= OPEN {
            self.open.remove(0).close()?;
        }
        self.open.push(making);
        Ok(())
    }

    /// Waits until everything is on the disk.
    fn close(&mut self) -> Result<(), StoreError> {
        for making in self.open.drain(..) {
            making.close()?;
        }
        for part in parts(&self.scratch)? {
            let path = part.open(&self.scratch);
            File::open(&path).and_then(|file| file.sync_all()).map_err(|error| StoreError::io(&path, error))?;
        }
        sync(&self.scratch)
    }
}

impl Making {
    fn open(scratch: &Path, day: Day) -> Result<Self, StoreError> {
        let path = Part::first(day).open(scratch);
        let open = || {
            let mut db = Connection::open(&path)?;
            settle(&db)?;
            db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384")?;
            db.set_prepared_statement_cache_capacity(64);
            schema::make(&mut db, day)?;
            schema::explain(&db)?;
            db.execute_batch("BEGIN")?;
            let (dictionaries, adding) = (Dictionaries::of(&db)?, Adding::new(&db)?);
            Ok((db, dictionaries, adding))
        };
        let (db, dictionaries, adding) = open().map_err(|error| StoreError::database(&path, error))?;
        Ok(Self { day, path, db, dictionaries, adding })
    }

    fn append(&mut self, people: &mut Table, records: &[AccessRecord]) -> Result<(), StoreError> {
        let Self { path, db, dictionaries, adding, .. } = self;
        let mut append = || {
            let mut add = statement(db)?;
            records.iter().try_for_each(|record| {
                let of = dictionaries.refer(db, people, record)?;
                adding.add(db, &mut add, record, &of)
            })
        };
        append().map_err(|error| StoreError::database(path, error))
    }

    fn close(self) -> Result<(), StoreError> {
        let Self { path, db, dictionaries, mut adding, .. } = self;
        drop(dictionaries);
        let ended = adding.finish(&db).and_then(|()| db.execute_batch("COMMIT"));
        ended.map_err(|error| StoreError::database(&path, error))?;
        db.close().map_err(|(_, error)| StoreError::database(&path, error))
    }
}

/// Gives each file that was made its place among those of its day. What is in place already is not in `scratch` any
/// more, so that this can be done again.
fn put_in_place(folder: &Path, scratch: &Path) -> Result<(), StoreError> {
    make_folder(folder).map_err(|error| StoreError::io(folder, error))?;
    let folder = absolute(folder).map_err(|error| StoreError::io(folder, error))?;
    let made = parts(scratch)?;
    if made.is_empty() {
        return Ok(());
    }
    // Nobody begins or closes a file meanwhile.
    let _turn = Turn::alone(&folder)?;
    let mut there = day::parts(&folder).map_err(|error| StoreError::io(&folder, error))?;
    for part in made {
        let days = there.entry(part.day).or_default();
        let place = days.last().map_or_else(|| Part::first(part.day), |last| last.next());
        let to = place.open(&folder);
        fs::rename(part.open(scratch), &to).map_err(|error| StoreError::io(&to, error))?;
        days.insert(place);
    }
    sync(&folder)?;
    sync(scratch)
}

fn parts(scratch: &Path) -> Result<Vec<Part>, StoreError> {
    let found = day::parts(scratch).map_err(|error| StoreError::io(scratch, error))?;
    Ok(found.into_values().flatten().collect())
}

/// Writes the note, whole or not at all: a line that says by what the server tells that it has taken the intake in, and
/// the note itself.
fn write_note(scratch: &Path, marked: Option<(Day, &str)>, note: &[u8]) -> Result<(), StoreError> {
    let (new, place) = (scratch.join("note.new"), scratch.join(NOTE));
    let marked = marked.map_or_else(|| "-".into(), |(day, name)| format!("{} {name}", day.name()));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(marked.as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(note)?;
        file.sync_all()?;
        fs::rename(&new, &place)
    };
    write().map_err(|error| StoreError::io(&place, error))?;
    sync(scratch)
}

type Note = (Option<(Day, String)>, Vec<u8>);

fn read_note(scratch: &Path) -> Result<Option<Note>, StoreError> {
    let place = scratch.join(NOTE);
    let text = match fs::read(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(&place, error)),
    };
    let unreadable = || StoreError::damaged(&place, "it is no note of ours");
    let end = text.iter().position(|byte| *byte == b'\n').ok_or_else(unreadable)?;
    let line = text.get(..end).and_then(|line| core::str::from_utf8(line).ok()).ok_or_else(unreadable)?;
    let marked = match line.split_once(' ') {
        Some((day, name)) => Some((Day::from(day.parse::<NaiveDate>().map_err(|_| unreadable())?), name.to_owned())),
        None => None,
    };
    Ok(Some((marked, text.get(end + 1..).unwrap_or_default().to_vec())))
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(|error| StoreError::io(folder, error))
}
