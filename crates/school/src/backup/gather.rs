//! What goes into a file of records: copied or described, and found again unchanged when it is written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use belisha_store::backup::{Hashed, JournalPart, Part, is_plain};
use belisha_store::copy_log;
use belisha_store::journal::{CopyError, Head, JournalError, copy_file};
use chrono::NaiveDate;

use crate::backup::files::{JOURNAL, JOURNAL_AS_FOUND, JOURNAL_FILE, LISTS, LOG, RULES, SETTINGS};
use crate::backup::{BackupError, JournalState};
use crate::folder::{DataFolder, FileError, at};
use crate::school::School;
use crate::sources;

const BUFFER: usize = 1 << 17;
/// With what the names of files begin that are being copied.
const UNFINISHED: &str = ".belisha-";

/// Where the content of a part is.
pub(super) enum Source {
    /// In the scratch file, from here on.
    Scratch(u64),
    /// In a file that does not change, unless it is replaced or removed.
    File(PathBuf),
}

/// What is to be backed up.
pub(super) struct Gathered {
    pub(super) parts: Vec<(Part, Source)>,
    pub(super) days: u64,
    pub(super) days_left_out: Vec<NaiveDate>,
    pub(super) left_out: u64,
}

/// Copies of what changes, in a file without a name. It lies in the data folder: there it gives away nothing that does
/// not lie there anyway.
pub(super) struct Scratch {
    folder: PathBuf,
    file: File,
    end: u64,
}

impl Scratch {
    pub(super) fn begin(folder: &DataFolder) -> Result<Self, FileError> {
        let folder = folder.root().to_owned();
        sweep(&folder);
        let file = tempfile::tempfile_in(&folder).map_err(at(&folder, "a file cannot be made in it"))?;
        Ok(Self { folder, file, end: 0 })
    }

    /// Forgets what was put in from here on.
    pub(super) fn back_to(&mut self, end: u64) -> Result<(), FileError> {
        self.file.set_len(end).and_then(|()| self.file.seek(SeekFrom::Start(end))).map_err(self.failed())?;
        self.end = end;
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> FileError + use<> {
        let folder = self.folder.clone();
        move |source| FileError { file: folder, what: "what is to be backed up cannot be copied", source }
    }

    fn put(&mut self, name: &str, from: &mut dyn Read) -> Result<(Part, Source), FileError> {
        let mut out = Hashed::new(&mut self.file);
        let copied = io::copy(from, &mut out);
        let part = out.part(name);
        copied.map_err(self.failed())?;
        Ok(self.added(part))
    }

    fn added(&mut self, part: Part) -> (Part, Source) {
        let source = Source::Scratch(self.end);
        self.end += part.bytes;
        (part, source)
    }

    /// What was put in, from the beginning of a part on.
    pub(super) fn read(&self, from: u64) -> Result<&File, FileError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from)).map_err(self.failed())?;
        Ok(file)
    }

    /// Copies the journal: as sound where it is, else as much of it as can be had.
    pub(super) fn journal(&mut self, school: &School) -> Result<(Part, Source, JournalState), BackupError> {
        let journal = school.ledger().journal();
        let sound = self.events(JOURNAL, |out| journal.export(out));
        let as_found = match sound {
            Ok((part, source, head)) => return Ok((part, source, JournalState::Sound(about(head, true)))),
            Err(BackupError::Journal(CopyError::Broken | CopyError::Journal(JournalError::Damaged { .. }))) => {
                self.back_to(0)?;
                self.events(JOURNAL_AS_FOUND, |out| journal.export_as_found(out))
            }
            Err(error) => return Err(error),
        };
        match as_found {
            Ok((part, source, head)) => Ok((part, source, JournalState::Broken(about(head, false)))),
            // In a database there is no file to fall back on.
            Err(BackupError::Journal(CopyError::Journal(JournalError::Damaged { .. })))
                if school.settings().store.is_none() =>
            {
                self.back_to(0)?;
                let file = copy_file(&school.folder().journal(), &self.folder).map_err(CopyError::from)?;
                let (part, source) = self.put(JOURNAL_FILE, &mut &file)?;
                Ok((part, source, JournalState::Unreadable))
            }
            Err(error) => Err(error),
        }
    }

    fn events(
        &mut self,
        name: &str,
        export: impl FnOnce(&mut BufWriter<Hashed<&mut File>>) -> Result<Head, CopyError>,
    ) -> Result<(Part, Source, Head), BackupError> {
        let mut out = BufWriter::with_capacity(BUFFER, Hashed::new(&mut self.file));
        let head = export(&mut out)?;
        let part = out.into_inner().map_err(|error| CopyError::from(error.into_error()))?.part(name);
        let (part, source) = self.added(part);
        Ok((part, source, head))
    }

    /// Copies or describes everything but the journal.
    pub(super) fn gather(&mut self, school: &School) -> Result<Gathered, BackupError> {
        let mut gathered = Gathered { parts: Vec::new(), days: 0, days_left_out: Vec::new(), left_out: 0 };
        self.log(school, &mut gathered)?;
        lists(school.folder(), &mut gathered)?;
        let rules = school.folder().rules();
        if rules.exists() {
            gathered.parts.push((describe(RULES, &rules)?, Source::File(rules)));
        }
        if let Some(file) = &school.settings().file {
            let text = fs::read(file).map_err(at(file, "cannot be read"))?;
            gathered.parts.push(self.put(SETTINGS, &mut Cursor::new(text))?);
        }
        Ok(gathered)
    }

    fn log(&mut self, school: &School, gathered: &mut Gathered) -> Result<(), BackupError> {
        let scratch = self.folder.clone();
        let folder = school.folder().access();
        let mut last = None;
        let damaged = copy_log::<BackupError>(&school.log_place(), &scratch, |file| {
            let name = format!("{LOG}{}", file.name);
            let mut content = file.content;
            gathered.parts.push(if file.closed {
                (describe_open(&name, &mut content).map_err(self.failed())?, Source::File(folder.join(&file.name)))
            } else {
                self.put(&name, &mut content)?
            });
            gathered.days += u64::from(last != Some(file.day));
            last = Some(file.day);
            Ok(())
        })?;
        gathered.days_left_out = damaged;
        Ok(())
    }
}

/// Removes what a backup left that was cut off a day ago or longer: a younger one may be at work.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        let ours = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        if ours && age.is_some_and(|age| age > Duration::from_hours(24)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn about(head: Head, sound: bool) -> JournalPart {
    JournalPart { events: head.position, hash: head.hash, sound }
}

fn lists(folder: &DataFolder, gathered: &mut Gathered) -> Result<(), BackupError> {
    for home in sources::folders(&folder.lists())? {
        let unreadable = || at(&home, "cannot be read");
        let entries = fs::read_dir(&home).map_err(unreadable())?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(unreadable())?;
        files.sort_unstable();
        for file in files {
            let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
            let name = name(&home).zip(name(&file)).map(|(source, file)| format!("{LISTS}{source}/{file}"));
            match name.filter(|name| is_plain(name) && file.is_file()) {
                Some(name) => gathered.parts.push((describe(&name, &file)?, Source::File(file))),
                None => gathered.left_out += 1,
            }
        }
    }
    Ok(())
}

fn describe(name: &str, file: &Path) -> Result<Part, BackupError> {
    match File::open(file).and_then(|mut open| describe_open(name, &mut open)) {
        // It was replaced or removed since we looked: begin anew.
        Err(error) if error.kind() == ErrorKind::NotFound => Err(changed(name)),
        other => Ok(other.map_err(at(file, "cannot be read"))?),
    }
}

pub(super) fn changed(name: &str) -> BackupError {
    belisha_store::backup::BackupError::Changed { part: name.to_owned() }.into()
}

fn describe_open(name: &str, file: &mut File) -> io::Result<Part> {
    let mut out = Hashed::new(io::sink());
    io::copy(file, &mut out)?;
    Ok(out.part(name))
}
