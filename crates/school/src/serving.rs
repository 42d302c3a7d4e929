//! Opening a school for a program that must serve whatever happens (decisions 18): where the journal or the keys cannot
//! be had, the last good policy stays in force, and what is to be logged waits.

use std::fs;
use std::sync::{Mutex, PoisonError};

use belisha_store::{PeopleSeal, SealFault};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::folder::{DataFolder, FileError, replace_durably};
use crate::in_force::InForce;
use crate::school::{School, SchoolError};
use crate::settings::{SchoolPolicy, Settings, SettingsError};
use crate::trust::TrustRules;

/// A school as far as it could be opened.
pub enum Serving {
    /// All of it.
    Whole(Box<School>),
    /// Journal or keys could not be opened: the last good policy is in force.
    Without {
        /// The settings, with that policy.
        settings: Box<Settings>,
        /// What is wrong.
        trouble: SchoolError,
    },
}

impl Serving {
    /// Opens a school; makes it where nothing is there yet.
    ///
    /// # Errors
    /// The settings of the file do not fit the policy in force, or the folder cannot be made: a person has to look.
    pub fn open(folder: &DataFolder, file: Settings, now: DateTime<Utc>) -> Result<Self, SchoolError> {
        match School::open(folder, &file, now) {
            Ok(school) => {
                school.settings().check_networks()?;
                if let Err(error) = remember(folder, school.in_force()) {
                    tracing::warn!("{error}. Should the journal be away one day, an older policy would be in force");
                }
                Ok(Self::Whole(Box::new(school)))
            }
            Err(error @ (SchoolError::Settings(_) | SchoolError::File(_))) => Err(error),
            Err(trouble) => Ok(Self::Without { settings: Box::new(last_good(folder, file, now)?), trouble }),
        }
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        match self {
            Self::Whole(school) => school.settings(),
            Self::Without { settings, .. } => settings,
        }
    }

    /// The school, where it is open.
    pub fn school(&self) -> Option<&School> {
        match self {
            Self::Whole(school) => Some(school),
            Self::Without { .. } => None,
        }
    }
}

/// The settings in force, for programs that only look; and what is wrong where they had to be taken from the last good
/// policy. Where nothing was ever written, what the file says.
pub fn settings_in_force(folder: &DataFolder, file: Settings) -> Result<(Settings, Option<SchoolError>), SchoolError> {
    match School::look(folder, &file) {
        Ok(Some(school)) => {
            school.settings().check_networks()?;
            Ok((school.settings().clone(), None))
        }
        Ok(None) => Ok((file, None)),
        Err(error @ SchoolError::Settings(_)) => Err(error),
        Err(trouble) => Ok((last_good(folder, file, Utc::now())?, Some(trouble))),
    }
}

/// What was last in force, as it stands in the file that is read when the journal cannot be.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LastGood {
    policy: SchoolPolicy,
    trust: TrustRules,
}

impl LastGood {
    /// Reads it; before there were trusts, the policy stood there alone.
    fn read(text: &[u8]) -> Option<Self> {
        let alone = || serde_json::from_slice(text).ok().map(|policy| Self { policy, trust: TrustRules::default() });
        serde_json::from_slice(text).ok().or_else(alone)
    }
}

/// Keeps the policy in force where it is found without the journal.
fn remember(folder: &DataFolder, in_force: &InForce) -> Result<(), FileError> {
    let file = folder.last_good();
    let InForce { policy, trust, .. } = in_force.clone();
    let text = serde_json::to_vec_pretty(&LastGood { policy, trust }).unwrap_or_default();
    if fs::read(&file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    replace_durably(&file, &text)
}

/// The settings under the last policy that was in force, and what the trust had set; what the file says where none was
/// remembered.
fn last_good(folder: &DataFolder, file: Settings, now: DateTime<Utc>) -> Result<Settings, SettingsError> {
    let remembered = fs::read(folder.last_good()).ok();
    match remembered.and_then(|text| LastGood::read(&text)) {
        Some(last) => {
            let settings = file.under_trust(last.policy, &last.trust, now)?;
            settings.check_networks()?;
            Ok(settings)
        }
        None => Ok(file),
    }
}

/// Seals the names of a log that begins before the keys can be had. As long as they cannot, no name is sealed and the
/// log waits, as it does for a full disk.
pub struct LateNames {
    folder: DataFolder,
    file: Settings,
    school: Mutex<Option<School>>,
}

impl LateNames {
    /// For the school of a folder.
    pub fn new(folder: DataFolder, file: Settings) -> Self {
        Self { folder, file, school: Mutex::default() }
    }
}

impl PeopleSeal for LateNames {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        let mut school = self.school.lock().unwrap_or_else(PoisonError::into_inner);
        if school.is_none() {
            *school = Some(School::open(&self.folder, &self.file, Utc::now())?);
        }
        match &*school {
            Some(school) => school.seal_names()?.seal(table_key),
            None => Err("the keys of the school cannot be had".into()),
        }
    }
}
