//! Making a backup while everything runs.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use belisha_store::backup::{
    self, BackupError as ArchiveError, BackupRecipient, Content, Holds, JournalPart, Manifest, Part, Written, sweep,
};
use belisha_store::keys::{KeyError, KeyStore};
use chrono::{DateTime, SubsecRound, Utc};
use zeroize::Zeroizing;

use crate::events::BackedUp;
use crate::ledger::{LedgerError, Stream};
use crate::school::School;

use super::files::{DATA_KEYS, SCHOOL_KEY};
use super::gather::{Gathered, Scratch, Source, changed};
use super::names::{Names, keys_made};
use super::{BackupError, Doing, JournalState, KEYS_KEPT, Made, Progress};

/// How often is begun anew where something changed between being described and being written.
const TRIES: usize = 4;
/// Progress is told when so many bytes more are done.
pub(super) const TELL: u64 = 4 << 20;

/// Makes a backup of a school into two files, in two folders that are there. Programs go on working; nothing is copied
/// half. Needs room in the data folder for a copy of the journal and of the open days of the access log, and in `out`
/// for all of it packed.
///
/// What is copied: the journal, as it is at one moment; then the keys, so that all that the journal's copy needs are
/// among them; then the access log, the lists, the rules and `school.toml`. Not: sign-ins, which are short-lived.
/// A journal that is broken is copied as it is found, and [`Made`] says so.
///
/// Afterwards both files are read again from the disk and held against what was written, copies of keys of this school
/// in `keys_out` that are older than [`KEYS_KEPT`] are removed, and the journal says that it was done.
///
/// # Errors
/// The folders are one or cannot be used; something cannot be read or written. Then no file is left under its name.
pub fn write(
    school: &School,
    out: &Path,
    keys_out: &Path,
    recipient: &BackupRecipient,
    now: DateTime<Utc>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, BackupError> {
    check_folders(out, keys_out)?;
    let now = now.trunc_subsecs(0);
    let names = Names::of(school.id(), now);
    for folder in [out, keys_out] {
        sweep(folder, &names.front)?;
    }
    progress(Progress { doing: Doing::Copying, done: 0, of: 0 });
    let mut scratch = Scratch::begin(school.folder())?;
    // The journal first: whatever key its copy needs is on the disk when the keys are copied.
    let (part, source, journal) = scratch.journal(school)?;
    let journal = Copied { part, source, state: journal };
    let making = Making { school, recipient, now, records: out.join(&names.records), keys: keys_out.join(&names.keys) };
    let (records, keys, gathered) = making.both(scratch, &journal, progress)?;
    let (removed, not_removed) = remove_old_keys(school, keys_out, now);
    let not_noted = note(school, &journal.state, &records, &keys, now).err();
    let Gathered { days, days_left_out, left_out, .. } = gathered;
    Ok(Made { records, keys, journal: journal.state, days, days_left_out, left_out, removed, not_removed, not_noted })
}

/// The journal, copied.
struct Copied {
    part: Part,
    source: Source,
    state: JournalState,
}

fn check_folders(out: &Path, keys_out: &Path) -> Result<(), BackupError> {
    let real = |folder: &Path| {
        let found = fs::canonicalize(folder)
            .and_then(|real| if real.is_dir() { Ok(real) } else { Err(io::ErrorKind::NotADirectory.into()) });
        found.map_err(|source| BackupError::NoFolder { folder: folder.to_owned(), source })
    };
    if real(out)? == real(keys_out)? { Err(BackupError::SameFolder) } else { Ok(()) }
}

/// Both files of a backup.
struct Making<'a> {
    school: &'a School,
    recipient: &'a BackupRecipient,
    now: DateTime<Utc>,
    records: PathBuf,
    keys: PathBuf,
}

impl Making<'_> {
    /// Writes both or none, and reads them again.
    fn both(
        &self,
        scratch: Scratch,
        journal: &Copied,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Written, Written, Gathered), BackupError> {
        let keys = self.keys()?;
        let (records, gathered) = self.records(scratch, journal, progress).inspect_err(|_| {
            // Half a backup is none.
            let _ = fs::remove_file(&self.keys);
        })?;
        for written in [&records, &keys] {
            if !written.is_on_disk()? {
                let (_, _) = (fs::remove_file(&self.records), fs::remove_file(&self.keys));
                return Err(ArchiveError::NotOnDisk { file: written.file.clone() }.into());
            }
        }
        Ok((records, keys, gathered))
    }

    fn manifest(&self, holds: Holds, parts: Vec<Part>) -> Manifest {
        Manifest::new(holds, self.school.id(), &self.school.settings().school, self.now).with_parts(parts)
    }

    fn keys(&self) -> Result<Written, BackupError> {
        let keys = self.school.ledger().keys();
        let copy = copy_of_keys(keys)?;
        let key: Zeroizing<String> = keys.school_key();
        let parts = vec![Part::of_bytes(SCHOOL_KEY, key.as_bytes()), Part::of_bytes(DATA_KEYS, &copy)];
        backup::write(&self.keys, self.recipient, &self.manifest(Holds::Keys, parts), |part, out| {
            let bytes = if part.name == SCHOOL_KEY { key.as_bytes() } else { &copy };
            out.take(&mut Cursor::new(bytes)).map_err(BackupError::from)
        })
    }

    /// Gathers and writes; begins anew where a file changed between the one and the other.
    fn records(
        &self,
        mut scratch: Scratch,
        journal: &Copied,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Written, Gathered), BackupError> {
        for _ in 0..TRIES {
            scratch.back_to(journal.part.bytes)?;
            let gathered = scratch.gather(self.school);
            let written = gathered.and_then(|all| Ok((self.pack(&scratch, &all, journal, progress)?, all)));
            match written {
                Err(BackupError::Archive(ArchiveError::Changed { .. })) => {}
                done => return done,
            }
        }
        Err(BackupError::Restless)
    }

    fn pack(
        &self,
        scratch: &Scratch,
        gathered: &Gathered,
        journal: &Copied,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Written, BackupError> {
        let mut parts: Vec<Part> = gathered.parts.iter().map(|(part, _)| part.clone()).collect();
        // Last, so that whoever restores has everything else in its place before they touch a database.
        parts.push(journal.part.clone());
        let manifest = Manifest { journal: journal.state.part(), ..self.manifest(Holds::Records, parts) };
        let mut sources = gathered.parts.iter().map(|(_, source)| source).chain([&journal.source]);
        let mut done = Telling::new(Doing::Writing, manifest.bytes(), progress);
        backup::write(&self.records, self.recipient, &manifest, |part, out| {
            let source = sources.next().ok_or_else(|| changed(&part.name))?;
            content(scratch, part, source, out, &mut done)
        })
    }
}

/// Never on a disk: what is erased later must not stand there.
fn copy_of_keys(keys: &KeyStore) -> Result<Vec<u8>, KeyError> {
    let mut tries = 1;
    loop {
        let mut copy = Vec::new();
        match keys.export(&mut copy) {
            // Keys changed hands meanwhile.
            Err(KeyError::Changed) if tries < TRIES => tries += 1,
            done => return done.map(|()| copy),
        }
    }
}

fn content(
    scratch: &Scratch,
    part: &Part,
    source: &Source,
    out: &mut Content<'_>,
    done: &mut Telling<'_>,
) -> Result<(), BackupError> {
    let taken = match source {
        Source::Scratch(from) => out.take(&mut done.read(scratch.read(*from)?.take(part.bytes))),
        Source::File(file) => match File::open(file) {
            Ok(open) => out.take(&mut done.read(open)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(changed(&part.name)),
            Err(source) => return Err(ArchiveError::Io { file: file.clone(), source }.into()),
        },
    };
    Ok(taken?)
}

/// Tells how far it has come, every now and then.
pub(super) struct Telling<'a> {
    progress: &'a mut dyn FnMut(Progress),
    now: Progress,
    told: u64,
}

impl<'a> Telling<'a> {
    pub(super) fn new(doing: Doing, of: u64, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let now = Progress { doing, done: 0, of };
        progress(now);
        Self { progress, now, told: 0 }
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.now.done += bytes;
        if self.now.done >= self.told + TELL || self.now.done >= self.now.of {
            self.told = self.now.done;
            (self.progress)(self.now);
        }
    }

    /// Tells of what is read.
    pub(super) fn read<R: Read>(&mut self, from: R) -> Told<'_, 'a, R> {
        Told { from, telling: self }
    }
}

pub(super) struct Told<'t, 'a, R> {
    from: R,
    telling: &'t mut Telling<'a>,
}

impl<R: Read> Read for Told<'_, '_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(bytes)?;
        self.telling.add(read as u64);
        Ok(read)
    }
}

/// Removes copies of keys that must not be there any more, and gives those that are gone and those that would not go.
fn remove_old_keys(school: &School, folder: &Path, now: DateTime<Utc>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return (Vec::new(), vec![folder.to_owned()]) };
    let old = |file: &PathBuf| keys_made(school.id(), file).is_some_and(|made| now - made > KEYS_KEPT);
    let mut old: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(old).collect();
    old.sort_unstable();
    old.into_iter().partition(|file| fs::remove_file(file).is_ok())
}

fn note(
    school: &School,
    journal: &JournalState,
    records: &Written,
    keys: &Written,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let event = BackedUp {
        position: journal.part().map_or(0, |part| part.events),
        records_sha256: records.sha256.to_string(),
        keys_sha256: keys.sha256.to_string(),
    };
    school.ledger().note(&Stream::BACKUPS, None, now, &event).map(drop)
}

impl JournalState {
    /// What there is to say of it.
    fn part(&self) -> Option<JournalPart> {
        match self {
            Self::Sound(part) | Self::Broken(part) => Some(*part),
            Self::Unreadable => None,
        }
    }
}
