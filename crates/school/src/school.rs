//! One school, opened: its policy in force, its journal and keys, and where its access log is.

use std::path::PathBuf;

use belisha_store::credentials::{CredentialError, CredentialKey, Credentials};
use belisha_store::journal::{Journal, JournalError};
use belisha_store::keys::{self, KeyError, KeyStore, Role, Unlocked, Work};
use belisha_store::postgres::PostgresError;
use belisha_store::{PeopleSeal, Place as LogPlace, SchoolId, StoreError};
use chrono::{DateTime, NaiveDate, Utc};

use crate::folder::{DataFolder, FileError};
use crate::in_force::{self, InForce};
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::names::{HolderNames, NamesSealed};
use crate::settings::{SchoolPolicy, Settings, SettingsError};
use crate::trust::KeptShut;

/// Why a school cannot be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchoolError {
    /// The data folder cannot be made or written to.
    #[error(transparent)]
    File(#[from] FileError),
    /// The settings do not fit the policy in force.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database of a trust.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// Reading or seeding the journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There are keys, and the journal that they belong to is gone.
    #[error(
        "{} is missing, and keys/ holds keys that were used with it. Nothing was changed: put the file back, or \
         restore a backup into another folder with `belisha-reporter restore`",
        .file.display()
    )]
    JournalGone {
        /// The journal that is missing.
        file: PathBuf,
    },
    /// There is a journal, and the keys that it was written with are gone.
    #[error(
        "{} is there, and {} is missing, without which nothing in it can be read. Nothing was changed: put keys/ back \
         from the copy that is kept apart, or restore a backup into another folder with `belisha-reporter restore`",
        .journal.display(), .key.display()
    )]
    KeysGone {
        /// The journal.
        journal: PathBuf,
        /// The key that is missing.
        key: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// One school, opened.
pub struct School {
    folder: DataFolder,
    /// With the policy in force.
    settings: Settings,
    /// What the file says.
    proposed: SchoolPolicy,
    in_force: InForce,
    ledger: Ledger,
}

impl School {
    /// Opens a school, and makes it where nothing is there yet: new keys, a new journal, and in it the policy that the
    /// settings propose. Where there is a journal its policy is in force, whatever the file says.
    ///
    /// # Errors
    /// Something is there that is not this school's, is damaged, of a newer version, or incomplete. It stays as it is.
    pub fn open(folder: &DataFolder, settings: &Settings, now: DateTime<Utc>) -> Result<Self, SchoolError> {
        Self::open_with(folder, settings, Work::default(), now)
    }

    /// The same, with another cost for passwords that are set from now on. Only tests want a low one.
    pub fn open_with(
        folder: &DataFolder,
        settings: &Settings,
        work: Work,
        now: DateTime<Utc>,
    ) -> Result<Self, SchoolError> {
        folder.create()?;
        let ledger = open_ledger(folder, settings, work, true)?;
        let in_force = in_force::seed(&ledger, &settings.school_policy, now)?;
        Self::of(folder, settings, ledger, in_force, now)
    }

    /// Opens a school that is there, as it is now; `None` where nothing was ever written. For programs that only look.
    pub fn look(folder: &DataFolder, settings: &Settings) -> Result<Option<Self>, SchoolError> {
        folder.refuse_unfinished()?;
        if settings.store.is_none() && !folder.journal().exists() && !folder.keys().exists() {
            return Ok(None);
        }
        let ledger = open_ledger(folder, settings, Work::default(), false)?;
        let Some(in_force) = in_force::in_force(&ledger)? else { return Ok(None) };
        Self::of(folder, settings, ledger, in_force, Utc::now()).map(Some)
    }

    fn of(
        folder: &DataFolder,
        file: &Settings,
        ledger: Ledger,
        in_force: InForce,
        now: DateTime<Utc>,
    ) -> Result<Self, SchoolError> {
        let proposed = file.school_policy.clone();
        let settings = file.under_trust(in_force.policy.clone(), &in_force.trust, now)?;
        Ok(Self { folder: folder.clone(), settings, proposed, in_force, ledger })
    }

    /// The data folder.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The policy in force.
    pub fn in_force(&self) -> &InForce {
        &self.in_force
    }

    /// Whether somebody has set another policy since this was opened. Costs one look-up.
    pub fn policy_has_changed(&self) -> Result<bool, LedgerError> {
        Ok(self.ledger.journal().version(Stream::SETTINGS.id)? != self.in_force.version)
    }

    /// The policy that the file proposes.
    pub fn proposed(&self) -> &SchoolPolicy {
        &self.proposed
    }

    /// What the file would change, in plain English; empty where it proposes what is in force.
    pub fn proposal(&self) -> Vec<String> {
        self.in_force.policy.changes(&self.proposed)
    }

    /// What the file would leave open and the trust keeps shut, at an instant.
    ///
    /// # Errors
    /// The file does not fit itself, or the trust set what this version does not know.
    pub fn kept_shut(&self, now: DateTime<Utc>) -> Result<Vec<KeptShut>, SettingsError> {
        Ok(self.settings.under_trust(self.proposed.clone(), &self.in_force.trust, now)?.kept_shut)
    }

    /// The journal with its keys.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Which school it is.
    pub fn id(&self) -> SchoolId {
        self.ledger.school()
    }

    /// Where the access log is.
    pub fn log_place(&self) -> LogPlace {
        log_place(&self.folder, &self.settings)
    }

    /// The days (in UTC) that there is an access log of.
    pub fn log_days(&self) -> Result<Vec<NaiveDate>, StoreError> {
        match self.log_place() {
            // Nobody has asked for anything yet.
            LogPlace::Folder(folder) if !folder.exists() => Ok(Vec::new()),
            place => belisha_store::days(place),
        }
    }

    /// Seals the names of people and devices in the access log, to those who may look up; the programs of the school
    /// cannot open them once there are such people.
    pub fn seal_names(&self) -> Result<impl PeopleSeal + use<>, SchoolError> {
        Ok(NamesSealed::new(self.ledger.clone())?)
    }

    /// Opens those names, for somebody who may.
    pub(crate) fn names<'a>(&'a self, holder: &'a Unlocked) -> HolderNames<'a> {
        HolderNames::new(self.ledger.keys(), holder)
    }

    /// Whether people have been named who alone may look up names.
    pub fn names_have_holders(&self) -> Result<bool, SchoolError> {
        Ok(self.ledger.keys().roles()?.iter().any(|role| role.role == Role::HISTORY))
    }

    /// The sign-ins.
    pub fn credentials(&self) -> Result<Credentials, CredentialError> {
        let key = CredentialKey::from_bytes(self.ledger.keys().fingerprint(&[b"belisha credentials 1"]));
        match &self.settings.store {
            Some(postgres) => Credentials::in_postgres(postgres, self.id(), key),
            None => Credentials::open(&self.folder.credentials(), self.id(), key),
        }
    }
}

/// Where the access log of a school is.
pub fn log_place(folder: &DataFolder, settings: &Settings) -> LogPlace {
    match &settings.store {
        Some(postgres) => postgres.into(),
        None => LogPlace::Folder(folder.access()),
    }
}

/// Where the keys of a school are.
pub(crate) fn keys_place(folder: &DataFolder, settings: &Settings) -> keys::Place {
    match &settings.store {
        Some(postgres) => keys::Place::Postgres { postgres: postgres.clone(), folder: folder.keys() },
        None => keys::Place::Folder(folder.keys()),
    }
}

fn open_ledger(folder: &DataFolder, settings: &Settings, work: Work, make: bool) -> Result<Ledger, SchoolError> {
    let place = keys_place(folder, settings);
    let journal_file = folder.journal();
    let there = settings.store.is_none() && journal_file.exists();
    let known = match &settings.store {
        Some(postgres) => Some(postgres.school()?),
        None => keys::school_of(&folder.keys())?,
    };
    let gone = || SchoolError::KeysGone { journal: journal_file.clone(), key: folder.keys().join("school.key") };
    let id = match known {
        Some(id) => id,
        None if there => return Err(gone()),
        None => SchoolId::random()?,
    };
    let keys = match KeyStore::open_at(&place, id, work) {
        Err(KeyError::Missing { .. }) if there => return Err(gone()),
        Err(KeyError::Missing { .. }) if make => match KeyStore::create(&place, id, work) {
            // Another program was faster. It may have drawn another id: ask again.
            Err(KeyError::Exists { .. }) => return open_ledger(folder, settings, work, make),
            done => done?,
        },
        opened => opened?,
    };
    let journal = match &settings.store {
        Some(postgres) => Journal::connect(postgres, id)?,
        None if !there && !keys.is_unused()? => return Err(SchoolError::JournalGone { file: journal_file }),
        None => Journal::open(&journal_file, id)?,
    };
    Ok(Ledger::new(journal, keys))
}
