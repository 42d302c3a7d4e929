//! Pupils who go to another school with their record: written out for that school alone, taken in there, and kept here
//! for reading only once that school has said that it has it.
//!
//! What goes is what the roll holds: who the pupil is and who their contacts are. No log and no case is in it.

mod receipt;
mod record;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use belisha_formats::mis::claims::ListOf;
use belisha_policy::trust::MoveError;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::journal::{Expected, Recorded};
use chrono::{DateTime, Utc};

use self::record::{MOST_BYTES, Record};
use super::apply::{ApplyError, apply, filed, of_agreements};
use super::events::{Changed, MoveOffered, PeopleChanged};
use super::plan::{Change, Lists, MOST_LEAVERS, Options, Plan, PlanError, Planned, Returning, plan};
use super::roll::{Entry, Roll};
use super::written::{Unreadable, WrittenMove, WrittenPerson};
use crate::hex;
use crate::ledger::{Batch, Ledger, LedgerError, Stream};

pub use self::receipt::{WrittenReceipt, accept_receipt};
pub use self::record::{Key, MoveRecipient, RecordError};

/// Why a pupil did not move.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MovingError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Only pupils move.
    #[error("this person is no pupil: only pupils move with their record")]
    NoPupil,
    /// They have moved.
    #[error("this pupil has moved to {0} already, and what is kept of them here is for reading only")]
    Moved(u64),
    /// From a school to itself.
    #[error("{0} is this school's own number: give that of the school to which the pupil goes")]
    Ours(u64),
    /// The record is for another school.
    #[error("this record was written for {to}, and this is {ours}: send it to the school that it is for")]
    ForAnother {
        /// For which.
        to: u64,
        /// Which this is.
        ours: u64,
    },
    /// The receipt is about a pupil of another school.
    #[error("this receipt is for {from}, and this is {ours}: give it to the school that sent the record")]
    Foreign {
        /// For which.
        from: u64,
        /// Which this is.
        ours: u64,
    },
    /// The receipt does not do.
    #[error(transparent)]
    Receipt(#[from] MoveError),
    /// The record or the receipt cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It cannot be told who the pupil is.
    #[error("{0}. Nothing was changed")]
    Stopped(String),
    /// Working out what it changes.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Something in the roll.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file.
    #[error("{}: {source}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The pupil was taken in, and there is no receipt.
    #[error(
        "the pupil is taken in, and the receipt could not be written ({}: {source}): do it again with another --receipt, \
         which changes nothing else",
        .file.display()
    )]
    NoReceipt {
        /// Where it was to go.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else changed people.
    #[error("somebody else has changed people meanwhile: nothing was written. Do it again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Where a pupil goes.
#[derive(Clone, Copy, Debug)]
pub struct Going<'a> {
    /// The number of this school.
    pub from: u64,
    /// That of the other.
    pub to: u64,
    /// To whom the record is encrypted: the other school's.
    pub recipient: &'a MoveRecipient,
    /// The file of the record; never one that is there.
    pub out: &'a Path,
}

/// Writes a pupil's record out for another school, and notes that it was.
///
/// # Errors
/// Somebody who is no pupil or has moved, a file that is there, or the journal: there is no file then.
pub fn offer(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    person: PersonId,
    going: &Going<'_>,
    now: DateTime<Utc>,
) -> Result<(), MovingError> {
    permit.allows(Action::MovePupils)?;
    let entry = roll.person(person).filter(|entry| entry.written.pupil.is_some()).ok_or(MovingError::NoPupil)?;
    if let Some(moved) = entry.written.moved_to() {
        return Err(MovingError::Moved(moved));
    }
    if going.from == going.to {
        return Err(MovingError::Ours(going.to));
    }
    let record = Record::of(roll, entry, (going.from, going.to), now);
    let plain = record.plain()?;
    let sealed = record::seal(&plain, going.recipient)?;
    let file = Fresh::create(going.out)?;
    let moving = WrittenMove { to: going.to, sha256: hex(&record::sha256(&plain)), offered: now, received: None };
    let written = WrittenPerson { moving: Some(moving), ..entry.written.clone() };
    // The file first: what is noted was sent, or can be.
    file.write(&sealed)?;
    append(ledger, roll, permit, (entry, &MoveOffered { person: written }), &[], now).inspect_err(|_| {
        let _ = fs::remove_file(going.out);
    })
}

/// What became of a record that was taken in.
#[derive(Debug)]
pub struct TakenIn {
    /// What became of the pupil; `None` where everything was here already.
    pub pupil: Option<Change>,
    /// How many contacts are new or changed.
    pub contacts: usize,
    /// From which school.
    pub from: u64,
    /// What is good to know.
    pub notes: Vec<String>,
}

/// How a record is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Coming<'a> {
    /// The file of the record.
    pub file: &'a Path,
    /// The secret that opens it.
    pub key: &'a Key,
    /// The file of the receipt; never one that is there.
    pub receipt: &'a Path,
    /// The number of this school.
    pub ours: u64,
}

/// Takes a pupil in, with their contacts, in one append, and writes the receipt. The pupil is matched as an import
/// matches: by UPN with an agreeing surname or birthday, and never by name alone. Somebody who is here is completed: what
/// this school knows stays, and no court order is ever dropped. Taken in twice, nothing is new the second time.
///
/// # Errors
/// The file cannot be opened or is for another school, or it cannot be told who the pupil is: nothing is changed then,
/// and there is no receipt.
pub fn receive(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    coming: &Coming<'_>,
    now: DateTime<Utc>,
) -> Result<TakenIn, MovingError> {
    permit.allows(Action::MovePupils)?;
    let sealed = bytes_of(coming.file)?;
    let content = record::open(&sealed, coming.key)?;
    let record = Record::read(&content)?;
    if record.to != coming.ours {
        return Err(MovingError::ForAnother { to: record.to, ours: coming.ours });
    }
    if record.from == coming.ours {
        return Err(MovingError::Ours(record.from));
    }
    let claims = record.claims(now)?;
    let options = Options {
        now,
        most_leavers: MOST_LEAVERS,
        lists: Lists::Some,
        role_holders: BTreeSet::new(),
        returning: Returning::TakeIn,
        elsewhere: None,
    };
    let mut plan = plan(roll, &claims, &options)?;
    if let Some(stopped) = plan.complaints.first() {
        return Err(MovingError::Stopped(stopped.what.clone()));
    }
    plan.people.retain_mut(|planned| {
        let Some(before) = roll.person(planned.person) else { return true };
        planned.written = completed(&before.written, &planned.written);
        planned.written != before.written
    });
    let receipt = Fresh::create(coming.receipt)?;
    let written = apply(ledger, roll, &plan, Some(&permit.actor().to_string()), now);
    if let Err(error) = written {
        receipt.discard();
        return Err(match error {
            ApplyError::Meanwhile => MovingError::Meanwhile,
            ApplyError::Ledger(error) => error.into(),
        });
    }
    let of = WrittenReceipt::new(coming.ours, record.from, record::sha256(&content), now);
    let text = serde_json::to_vec_pretty(&of).unwrap_or_default();
    receipt.write(&text).map_err(|error| match error {
        MovingError::File { file, source } => MovingError::NoReceipt { file, source },
        other => other,
    })?;
    let pupil = plan.people.iter().find(|planned| planned.list == ListOf::Pupils).map(|planned| planned.change);
    let contacts = plan.people.iter().filter(|planned| planned.list == ListOf::Contacts).count();
    let notes = plan.notes.iter().map(|note| note.what.clone()).collect();
    Ok(TakenIn { pupil, contacts, from: record.from, notes })
}

/// What is known of somebody who was here, and what the other school says besides.
fn completed(before: &WrittenPerson, told: &WrittenPerson) -> WrittenPerson {
    // Of somebody who had left, the other school knows more.
    let mut whole = if before.left.is_some() { told.clone() } else { before.clone() };
    whole.email = before.email.clone().or(told.email.clone());
    whole.ids.extend(told.ids.iter().cloned());
    whole.kinds.extend(told.kinds.iter().cloned());
    whole.joined = before.joined.or(told.joined);
    let (Some(ours), Some(theirs)) = (&before.pupil, &told.pupil) else { return whole };
    let Some(pupil) = &mut whole.pupil else { return whole };
    pupil.upn.clone_from(&theirs.upn);
    pupil.born = ours.born.or(theirs.born);
    pupil.year = pupil.year.or(theirs.year);
    pupil.contacts.clone_from(&ours.contacts);
    for contact in &theirs.contacts {
        match pupil.contacts.iter_mut().find(|ours| ours.person == contact.person) {
            Some(ours) => {
                ours.responsibility = ours.responsibility.or(contact.responsibility);
                ours.court_order |= contact.court_order;
            }
            None => pupil.contacts.push(contact.clone()),
        }
    }
    whole
}

/// Appends an event to the stream of a pupil, with the index, and from when a leaver is kept.
fn append<E: Recorded + Clone>(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    (entry, event): (&Entry, &E),
    leaves: &[Planned],
    now: DateTime<Utc>,
) -> Result<(), MovingError> {
    let mut batch = Batch::new(Some(&permit.actor().to_string()));
    let stream = Stream::person(entry.person.id);
    let index = PeopleChanged {
        source: "move".into(),
        people: vec![Changed { stream: stream.id, version: entry.version + 1 }],
        left: leaves.len() as u64,
        ..PeopleChanged::default()
    };
    batch.add(&Stream::PEOPLE, Expected::Version(roll.version()), &index)?;
    batch.add(&stream, Expected::Version(entry.version), event)?;
    let plan = Plan::of(leaves.to_vec());
    let of_people = filed(roll, &plan, now);
    for filed in of_agreements(ledger, &of_people)?.into_iter().chain(of_people) {
        batch.add(&Stream::RETENTION, Expected::Any, &filed)?;
    }
    ledger.append_all(&batch, now).map(drop).map_err(|error| error.or(MovingError::Meanwhile))
}

/// A file that was not there, for its owner alone.
struct Fresh {
    path: PathBuf,
    file: File,
}

impl Fresh {
    fn create(path: &Path) -> Result<Self, MovingError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match file {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(source) => Err(MovingError::File { file: path.to_owned(), source }),
        }
    }

    /// Writes it; when this returns it is on the disk. What could not be written whole is taken away.
    fn write(mut self, bytes: &[u8]) -> Result<(), MovingError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written.map_err(|source| {
            let file = self.path.clone();
            self.discard();
            MovingError::File { file, source }
        })
    }

    fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A file that is no longer than a record can be.
fn bytes_of(file: &Path) -> Result<Vec<u8>, MovingError> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|open| open.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|source| MovingError::File { file: file.to_owned(), source })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(RecordError::Long.into());
    }
    Ok(bytes)
}
