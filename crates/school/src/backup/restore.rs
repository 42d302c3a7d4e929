//! Restoring: everything is checked before anything is written, and nothing counts before everything is in its place.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use belisha_policy::retention::Schedule;
use belisha_store::backup::{self, BackupIdentity, Manifest, Part};
use belisha_store::journal::{Erase, IdempotencyKey, Journal, Verdict};
use belisha_store::keys::{self, KeyError, KeyStore, Work};
use belisha_store::postgres::Postgres;
use belisha_store::{ErrorKind, Place as LogPlace, carry_day, put_log_file, read_day, remove_day};
use chrono::{DateTime, NaiveDate, Utc};

use crate::events::{DayRemoved, Restored as RestoredEvent};
use crate::folder::{DataFolder, at};
use crate::in_force;
use crate::ledger::{ERASED_AT_ONCE, ERASURES, Ledger, LedgerError, Stream};
use crate::retention::{Register, why_a_day_goes};
use crate::settings::Settings;

use super::files::Kind;
use super::opened::{Accepted, Keys, Records};
use super::target::{PUT_ASIDE, Target, put};
use super::write::Telling;
use super::{Doing, Progress, RestoreError, Restored, SettingsFile};

/// Longer than any `school.toml`.
const LONGEST_SETTINGS: u64 = 16 << 20;

/// What to do with the backup of a journal that was broken when it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BrokenJournal {
    /// Restore nothing.
    #[default]
    Refuse,
    /// Restore it as it was found: `verify` will say that it is broken.
    Accept,
}

/// What to do where the copy of keys is older than the records, so that some of their content cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownKeys {
    /// Restore nothing: there may be a newer copy.
    #[default]
    Refuse,
    /// Erase that content, as if its keys had been destroyed.
    GiveUp,
}

/// What is to be restored, and where.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    /// The file of records.
    pub records: &'a Path,
    /// The file of keys: the newest there is, whatever the age of the records.
    pub keys: &'a Path,
    /// The secret that opens both.
    pub identity: &'a BackupIdentity,
    /// An empty folder, or one that is not there.
    pub folder: &'a DataFolder,
    /// The database to restore journal and keys into, where the school is enrolled and has nothing; `None` for files.
    pub store: Option<&'a Postgres>,
    /// For a journal that was broken.
    pub broken: BrokenJournal,
    /// For keys that are older than the records.
    pub unknown: UnknownKeys,
}

/// Restores a backup. Both files are read to their end and checked first: every byte, the whole chain of the journal,
/// its head, and whether each event's key is there. Then all is written; a mark in the folder keeps programs away until
/// it is done. What was erased after the records were copied, so that its key is gone, is erased again; days of the
/// access log that have been kept long enough meanwhile are removed; the journal says that it was restored.
///
/// Costs twice the reading of the records, and the keys in memory.
///
/// # Errors
/// The files do not fit, are damaged or not for this identity; there is something where they should go. The folder is
/// left as it was, and so is a database, unless the error is [`Halfway`](RestoreError::Halfway).
pub fn restore(
    what: &Restore<'_>,
    now: DateTime<Utc>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, RestoreError> {
    let keys = Keys::read(what.keys, what.identity)?;
    let accepted = Accepted { broken: what.broken, unknown: what.unknown };
    let records = Records::check(what.records, what.identity, &keys, accepted, progress)?;
    check_store(what.store, &records.manifest)?;
    let target = Target::begin(what.folder, &name_of(&records.manifest), what.store)?;
    let place = match what.store {
        Some(postgres) => keys::Place::Postgres { postgres: postgres.clone(), folder: what.folder.keys() },
        None => keys::Place::Folder(what.folder.keys()),
    };
    let mut restoring = Restoring {
        what,
        target: &target,
        place,
        keys: &keys,
        records: &records,
        in_store: false,
        days_in_store: Vec::new(),
    };
    let source = match restoring.all(now, progress) {
        Ok((_, restored)) => {
            target.finish()?;
            return Ok(restored);
        }
        Err(source) => source,
    };
    // What an earlier attempt has put there this one cannot take back either.
    let earlier = target.again && what.store.is_some();
    if restoring.in_store || earlier || restoring.take_back().is_err() {
        return Err(RestoreError::Halfway { source: Box::new(source) });
    }
    target.give_up();
    Err(source)
}

/// Tells one backup from another.
fn name_of(manifest: &Manifest) -> String {
    let journal = manifest.parts.last().map(|part| part.sha256.to_string()).unwrap_or_default();
    format!("{} {} {journal}", manifest.school, manifest.made.timestamp())
}

/// The login must be the school's own.
fn check_store(store: Option<&Postgres>, manifest: &Manifest) -> Result<(), RestoreError> {
    let Some(postgres) = store else { return Ok(()) };
    if manifest.journal.is_none() {
        return Err(RestoreError::DamagedFile);
    }
    let (ours, theirs) = (manifest.school, postgres.school()?);
    if ours != theirs {
        return Err(RestoreError::OtherSchool { server: postgres.server().to_owned(), theirs, ours });
    }
    Ok(())
}

/// A restore that has passed all checks.
pub(super) struct Restoring<'a> {
    pub(super) what: &'a Restore<'a>,
    pub(super) target: &'a Target,
    pub(super) place: keys::Place,
    pub(super) keys: &'a Keys,
    pub(super) records: &'a Records,
    /// Whether something is in a database, from where it cannot be taken away again.
    pub(super) in_store: bool,
    /// Days of the log that may be in a database, from where they can.
    pub(super) days_in_store: Vec<NaiveDate>,
}

impl Restoring<'_> {
    pub(super) fn all(
        &mut self,
        now: DateTime<Utc>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Option<Ledger>, Restored), RestoreError> {
        let manifest = &self.records.manifest;
        let mut restored = Restored {
            school: manifest.school,
            name: manifest.name.clone(),
            made: manifest.made,
            keys_made: self.keys.manifest.made,
            journal: manifest.journal,
            forgotten: self.records.destroyed.len() as u64,
            given_up: self.records.unknown.len() as u64,
            days: 0,
            days_removed: Vec::new(),
            days_damaged: Vec::new(),
            days_left: Vec::new(),
            settings: SettingsFile::None,
        };
        let mut ledger = None;
        let mut done = Telling::new(Doing::Restoring, manifest.bytes(), progress);
        backup::read(self.what.records, self.what.identity, |_, part, content| {
            let mut content = done.read(content);
            match Kind::of(&part.name).ok_or_else(|| self.foreign())? {
                // The last part: whatever can fail otherwise has not failed.
                // It cannot be read: it is what it was, under the keys that it had.
                Kind::JournalFile => {
                    put(&self.target.folder.journal(), &mut content)?;
                    self.restore_keys(true)?;
                }
                kind if kind.is_journal() => {
                    restored.days_left = self.carry_log()?;
                    ledger = Some(self.journal(kind, part, &mut content)?);
                }
                Kind::Settings => restored.settings = self.settings(&mut content)?,
                kind => self.file(kind, &mut content)?,
            }
            Ok::<(), RestoreError>(())
        })?;
        progress(Progress { doing: Doing::Finishing, done: 0, of: 0 });
        if let Some(ledger) = &ledger {
            self.forget(ledger, now)?;
        }
        self.days(ledger.as_ref(), &mut restored, now)?;
        if let Some(ledger) = &ledger {
            let event = RestoredEvent { made: manifest.made, forgotten: restored.forgotten + restored.given_up };
            ledger.note(&Stream::BACKUPS, None, now, &event)?;
            self.verify(ledger)?;
        }
        Ok((ledger, restored))
    }

    fn foreign(&self) -> RestoreError {
        RestoreError::Foreign { file: self.what.records.to_owned() }
    }

    fn sound(&self) -> bool {
        self.records.manifest.journal.is_some_and(|journal| journal.sound)
    }

    fn file(&self, kind: Kind<'_>, content: &mut dyn Read) -> Result<(), RestoreError> {
        let folder = &self.target.folder;
        match kind {
            Kind::Rules => put(&folder.rules(), content)?,
            Kind::List { source, file } => put(&folder.lists().join(source).join(file), content)?,
            Kind::Log { file, .. } => put_log_file(&folder.access(), file, content)?,
            _ => return Err(self.foreign()),
        }
        Ok(())
    }

    /// Settings that name another store would lead every program away from what is restored here.
    fn settings(&self, content: &mut dyn Read) -> Result<SettingsFile, RestoreError> {
        let mut text = Vec::new();
        let file = self.target.folder.settings();
        content.take(LONGEST_SETTINGS).read_to_end(&mut text).map_err(at(&file, "cannot be read"))?;
        let named = std::str::from_utf8(&text).ok().and_then(|text| Settings::parse(text, &file).ok());
        let same = match (named.and_then(|settings| settings.store), self.what.store) {
            (None, _) => true,
            (Some(named), Some(store)) => (named.server(), named.login()) == (store.server(), store.login()),
            (Some(_), None) => false,
        };
        let (file, state) = if same {
            (file, SettingsFile::InPlace)
        } else {
            (self.target.folder.root().join(PUT_ASIDE), SettingsFile::PutAside)
        };
        put(&file, &mut Cursor::new(text))?;
        Ok(state)
    }

    /// Brings the log into the database, where there is one. Gives the days that stay behind as files.
    fn carry_log(&mut self) -> Result<Vec<NaiveDate>, RestoreError> {
        let (Some(postgres), folder) = (self.what.store, self.target.folder.access()) else { return Ok(Vec::new()) };
        for day in belisha_store::days(postgres)? {
            if !self.target.again {
                return Err(RestoreError::StoreNotEmpty { server: postgres.server().to_owned() });
            }
            remove_day(postgres, day)?;
        }
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut left = Vec::new();
        for day in belisha_store::days(&folder)? {
            self.days_in_store.push(day);
            if carry_day(&folder, postgres, day)? {
                remove_day(&folder, day)?;
            } else {
                left.push(day);
            }
        }
        if left.is_empty() {
            fs::remove_dir(&folder).map_err(at(&folder, "cannot be removed"))?;
        }
        Ok(left)
    }

    /// Takes away from a database what can be taken away.
    fn take_back(&self) -> Result<(), RestoreError> {
        let Some(postgres) = self.what.store else { return Ok(()) };
        self.days_in_store.iter().try_for_each(|day| remove_day(postgres, *day).map(drop))?;
        Ok(())
    }

    fn log_place(&self) -> LogPlace {
        self.what.store.map_or_else(|| self.target.folder.access().into(), LogPlace::from)
    }

    /// The keys, and then the journal.
    fn journal(&mut self, kind: Kind<'_>, part: &Part, content: &mut dyn Read) -> Result<Ledger, RestoreError> {
        let manifest = &self.records.manifest;
        let journal = match self.what.store {
            Some(postgres) => Journal::connect(postgres, manifest.school)?,
            None => Journal::open(&self.target.folder.journal(), manifest.school)?,
        };
        let head = journal.head()?;
        let again = self.what.store.is_some() && self.target.again;
        if let Some(postgres) = self.what.store
            && head.position > 0
            && !again
        {
            return Err(RestoreError::StoreNotEmpty { server: postgres.server().to_owned() });
        }
        let keys = self.restore_keys(head.position == 0)?;
        self.in_store = self.what.store.is_some();
        let ledger = Ledger::new(journal, keys);
        match kind {
            // The crash came after the journal.
            _ if head.position > 0 => self.verify(&ledger)?,
            Kind::JournalAsFound => drop(ledger.journal().import_as_found(content)?),
            _ => {
                let head = ledger.journal().import(content)?;
                if manifest.journal.is_none_or(|journal| journal.head() != head) {
                    return Err(RestoreError::OtherHead { file: part.name.clone().into() });
                }
            }
        }
        Ok(ledger)
    }

    fn restore_keys(&self, journal_is_empty: bool) -> Result<KeyStore, RestoreError> {
        let work = Work::default();
        match (self.keys.restore(&self.place, work), self.what.store) {
            // An earlier restore came as far as this. Keys that are the very same are those.
            (Err(RestoreError::Key(KeyError::Exists { .. })), Some(postgres)) => {
                let taken_up = (journal_is_empty || self.target.again).then(|| self.keys.take_up(&self.place, work));
                match taken_up {
                    Some(Ok(keys)) => Ok(keys),
                    Some(Err(RestoreError::Key(KeyError::Exists { .. } | KeyError::WrongKey { .. }))) | None => {
                        Err(RestoreError::StoreNotEmpty { server: postgres.server().to_owned() })
                    }
                    Some(Err(error)) => Err(error),
                }
            }
            (other, _) => other,
        }
    }

    /// Erases again what was erased since: an event says so, and nothing that has no key stays.
    fn forget(&self, ledger: &Ledger, now: DateTime<Utc>) -> Result<(), RestoreError> {
        let positions = [&self.records.destroyed[..], &self.records.unknown].concat();
        for positions in positions.chunks(ERASED_AT_ONCE) {
            let erase = Erase {
                key: IdempotencyKey::fresh().map_err(LedgerError::from)?,
                fingerprint: [0; 32],
                stream: ERASURES,
                at: now,
                positions: positions.to_vec(),
                reason: Vec::new(),
            };
            ledger.journal().erase(erase).map_err(LedgerError::from)?;
        }
        Ok(())
    }

    /// Removes days that have been kept long enough by now, and reads the others from end to end.
    fn days(&self, ledger: Option<&Ledger>, restored: &mut Restored, now: DateTime<Utc>) -> Result<(), RestoreError> {
        let place = self.log_place();
        let days = match &place {
            LogPlace::Folder(folder) if !folder.exists() => Vec::new(),
            place => belisha_store::days(place)?,
        };
        restored.days = days.len() as u64 + restored.days_left.len() as u64;
        // What a broken journal says of schedules and holds cannot be relied on: nothing is removed then.
        let rules = ledger.filter(|_| self.sound()).map(Rules::read).transpose()?;
        for day in days {
            if let Some((ledger, because)) = rules.as_ref().and_then(|rules| rules.end(day, now)) {
                ledger.note(&Stream::DAYS, None, now, &DayRemoved { day, because })?;
                remove_day(&place, day)?;
                restored.days_removed.push(day);
            } else if !is_whole(&place, day)? {
                restored.days_damaged.push(day);
            }
        }
        Ok(())
    }

    /// What was in the backup is in the journal, and all of it is sound.
    fn verify(&self, ledger: &Ledger) -> Result<(), RestoreError> {
        let Some(journal) = self.records.manifest.journal.filter(|journal| journal.sound) else { return Ok(()) };
        match ledger.journal().verify_against(journal.head())? {
            Verdict::Sound { .. } => Ok(()),
            Verdict::Broken(_) => Err(RestoreError::NotSound),
        }
    }
}

/// What the journal says of keeping.
struct Rules<'a> {
    ledger: &'a Ledger,
    register: Register,
    /// `None` where nothing is in force yet, or a newer version wrote it: nothing is removed then.
    schedule: Option<Schedule>,
}

impl<'a> Rules<'a> {
    fn read(ledger: &'a Ledger) -> Result<Self, RestoreError> {
        let in_force = in_force::in_force(ledger)?;
        let schedule = in_force.and_then(|in_force| in_force.policy.schedule().ok());
        Ok(Self { ledger, register: Register::read(ledger)?, schedule })
    }

    /// Why a day has been kept long enough, where it has, and where to write that down.
    fn end(&self, day: NaiveDate, now: DateTime<Utc>) -> Option<(&'a Ledger, String)> {
        let schedule = self.schedule.as_ref()?;
        let over = self.register.day_is_over(day, schedule, now.date_naive());
        over.then(|| (self.ledger, why_a_day_goes(schedule)))
    }
}

/// Whether every record of a day is what was written.
fn is_whole(place: &LogPlace, day: NaiveDate) -> Result<bool, RestoreError> {
    let read = read_day(place, day).and_then(|mut records| records.try_for_each(|record| record.map(drop)));
    match read {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::Damaged | ErrorKind::Foreign | ErrorKind::Newer => Ok(false),
            _ => Err(error.into()),
        },
    }
}
