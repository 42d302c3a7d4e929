//! The incident log of another system, brought into the archive: each row a case of its own, as it stands there, with the
//! file in which it came.
//!
//! What is in it is for the circle that handles child protection, since nobody knows what else it is about; it is sealed to
//! their public key, so that whoever imports needs none. What was imported before is known by keyed digests, which are sealed to
//! the school: a log that is given again adds nothing, one that grew only what is new, and a row that was changed there is an
//! incident of its own that says which it replaces. Pupils of the roll are named in it as mentioned; staff are not guessed.

mod known;
mod plan;

use belisha_formats::old_incidents::{Complaint, Field, OldLog};
use belisha_policy::may::Topic;
use belisha_store::StreamId;
use belisha_store::journal::{Expected, Recorded};
use belisha_store::keys::KeyError;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

pub use self::known::{OldFileKept, OldIncidentsTaken};

use self::known::{Digest, Digests, Known};
use self::plan::{Adding, plan};
use crate::cases::{Circle, ToArchive, archive, keep_file};
use crate::ledger::{Batch, LedgerError, Stream};
use crate::people::Roll;
use crate::school::School;

/// Rows that are written in one piece.
const AT_ONCE: usize = 500;

/// Why a log was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportIncidentsError {
    /// Too many lines cannot be read.
    #[error(
        "{bad} lines of {lines} cannot be read, more than 2 %, the first because of {first}. Mend it and import again, or say --accept-complaints once you have seen which they are"
    )]
    TooBad {
        /// How many.
        bad: usize,
        /// Of how many.
        lines: usize,
        /// What is wrong with the first.
        first: Complaint,
    },
    /// Nobody could open it afterwards.
    #[error("nobody holds the key to which incidents are sealed: name head and chair first (belisha-reporter found)")]
    NoCircle,
    /// Somebody else imports.
    #[error("somebody else imported at the same time: import again, and nothing is added twice")]
    Meanwhile,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<KeyError> for ImportIncidentsError {
    fn from(error: KeyError) -> Self {
        LedgerError::from(error).into()
    }
}

/// A log, and what is known of it beside what stands in it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The log.
    pub log: &'a OldLog,
    /// The system whose log it is: by this and by what it is called there an incident is told from others.
    pub system: &'a str,
    /// The name of the file.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What is made of lines that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaints {
    /// More than two in a hundred are a reason to refuse the log.
    Few,
    /// Somebody has seen them: what can be read is imported.
    Accepted,
}

/// What a row is to what was imported before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    New,
    /// The same incident was there and said something else.
    Changed,
    /// Another row of the same file says something of the same incident.
    Further,
}

/// A row as it would be, without a word of it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its line.
    pub line: u64,
    /// What it is to what was imported before.
    pub change: Change,
    /// When it happened.
    pub happened: DateTime<Utc>,
    /// How many pupils of the roll are named in it.
    pub pupils: usize,
    /// What is said of it, and in how many letters.
    pub said: Vec<(Field, usize)>,
}

/// What came of a log, or would come of it.
#[derive(Clone, Debug, Default)]
pub struct ImportedIncidents {
    /// Lines below the headings.
    pub lines: usize,
    /// Lines that were left out.
    pub complaints: Vec<Complaint>,
    /// Incidents that were imported before.
    pub before: usize,
    /// Rows that stand twice in the file.
    pub twice: usize,
    /// Incidents that are new.
    pub new: usize,
    /// Incidents that replace what the system said before.
    pub changed: usize,
    /// Rows that say something else of an incident of the same file.
    pub further: usize,
    /// New rows in which at least one pupil of the roll is named.
    pub with_pupils: usize,
    /// When the first and the last of what is added happened.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The first rows.
    pub first: Vec<Shown>,
}

impl ImportedIncidents {
    /// How many incidents are added.
    pub fn added(&self) -> usize {
        self.new + self.changed + self.further
    }
}

/// Is told how many incidents are written, and how many there are.
pub type IncidentsProgress<'a> = &'a mut dyn FnMut(usize, usize);

/// Says what importing a log into a school would do, where there is one; changes nothing.
///
/// # Errors
/// Too many lines cannot be read, or the journal cannot.
pub fn look(
    school: Option<&School>,
    roll: &Roll,
    source: Source<'_>,
    complaints: Complaints,
) -> Result<ImportedIncidents, ImportIncidentsError> {
    let known = school.map_or_else(|| Ok(Known::default()), |school| Known::load(school.ledger()))?;
    let digests = Digests(school.map(|school| school.ledger().keys()));
    Ok(plan(known, digests, roll, source, complaints)?.0)
}

/// Brings a log into the archive of a school.
///
/// Where it ends early, what was written by then is whole, and the same log given again adds the rest.
///
/// # Errors
/// Too many lines cannot be read, nobody could open what is imported, or the journal cannot be read or written.
pub fn import(
    school: &School,
    roll: &Roll,
    source: Source<'_>,
    complaints: Complaints,
    now: DateTime<Utc>,
    progress: IncidentsProgress<'_>,
) -> Result<ImportedIncidents, ImportIncidentsError> {
    let ledger = school.ledger();
    let digests = Digests(Some(ledger.keys()));
    let known = Known::load(ledger)?;
    let (version, file_digest) = (known.version, digests.of_file(source.bytes));
    let kept = known.file(&file_digest);
    let circle = Circle::of(Topic::ProtectionIncident);
    if circle.holders(ledger.keys())?.is_empty() {
        return Err(ImportIncidentsError::NoCircle);
    }
    let (done, adding) = plan(known, digests, roll, source, complaints)?;
    if adding.is_empty() {
        return Ok(done);
    }
    let mut writer = Writer { school, circle, now, version };
    let file = match kept {
        Some(stream) => stream,
        None => writer.keep(source, &file_digest)?,
    };
    let file_sha256: [u8; 32] = Sha256::digest(source.bytes).into();
    for (number, rows) in adding.chunks(AT_ONCE).enumerate() {
        progress(number * AT_ONCE, adding.len());
        let cases = rows.iter().map(|row| row.archived(source, file_sha256, now)).collect();
        writer.write(file, cases, rows)?;
    }
    progress(adding.len(), adding.len());
    Ok(done)
}

/// Writes to the archive, at a version of what is known.
struct Writer<'a> {
    school: &'a School,
    circle: Circle,
    now: DateTime<Utc>,
    version: u64,
}

impl Writer<'_> {
    fn keep(&mut self, source: Source<'_>, digest: &Digest) -> Result<StreamId, ImportIncidentsError> {
        let stream = keep_file(self.school.ledger(), &self.circle, source.name, source.bytes, self.now)?;
        self.append(Batch::new(None), &OldFileKept { file: crate::hex(digest), stream })?;
        Ok(stream)
    }

    fn write(
        &mut self,
        file: StreamId,
        cases: Vec<ToArchive>,
        rows: &[Adding<'_>],
    ) -> Result<(), ImportIncidentsError> {
        let mut batch = Batch::new(None);
        archive(&mut batch, &self.circle, file, cases)?;
        self.append(batch, &OldIncidentsTaken::of(rows.iter().map(|row| &row.digest)))
    }

    /// With what is known from then on, in one piece: an incident is not there without it, nor it without the incident.
    fn append<E: Recorded + Clone>(&mut self, mut batch: Batch, known: &E) -> Result<(), ImportIncidentsError> {
        batch.add(&Stream::OLD_INCIDENTS, Expected::Version(self.version), known)?;
        let appended = self.school.ledger().append_all(&batch, self.now);
        appended.map_err(|error| error.or(ImportIncidentsError::Meanwhile))?;
        self.version += 1;
        Ok(())
    }
}
