//! The school as the console sees it: opened once, and as it is now.

use std::sync::{Arc, PoisonError, RwLock};

use belisha_school::LedgerError;
use belisha_school::authority::Authority;
use belisha_school::sign_in::SignIns;
use belisha_school::{School, SchoolError, Settings};
use belisha_store::credentials::CredentialError;
use url::Url;

use crate::guesses::Guesses;
use crate::posting::Posting;
use crate::sittings::Sittings;

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfficeError {
    /// The school cannot be opened.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// The sign-ins cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It was there, and is not any more.
    #[error("the school is not in its folder any more")]
    Gone,
}

/// The school, its people and roles, and its sign-ins, for all who come.
pub struct Office {
    file: Settings,
    school: RwLock<Arc<School>>,
    authority: RwLock<Arc<Authority>>,
    pub(crate) sign_ins: SignIns,
    pub(crate) sittings: Sittings,
    pub(crate) links: Guesses,
    pub(crate) posting: Posting,
    /// Where people find it from elsewhere, as browsers write it in `Origin`; nothing where they come to this machine.
    pub(crate) origin: Option<String>,
}

impl Office {
    /// For a school that is open; `file` are the settings as they stand in the file, by which it is looked at again when its
    /// policy changes.
    ///
    /// # Errors
    /// People, roles or sign-ins cannot be read.
    pub fn new(school: School, file: Settings) -> Result<Self, OfficeError> {
        let address = file.console.as_deref().and_then(|address| Url::parse(address).ok());
        let origin = address.map(|address| address.origin().ascii_serialization());
        let authority = Authority::load(school.ledger())?;
        let sign_ins = SignIns::new(school.credentials()?, school.ledger().keys().clone());
        Ok(Self {
            file,
            school: RwLock::new(Arc::new(school)),
            authority: RwLock::new(Arc::new(authority)),
            sign_ins,
            sittings: Sittings::default(),
            links: Guesses::default(),
            posting: Posting::default(),
            origin,
        })
    }

    /// Whether people come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.starts_with("https:"))
    }

    /// What the school is called.
    pub fn name(&self) -> String {
        now(&self.school).settings().school.clone()
    }

    /// The school with the policy in force, and its people and roles as they are now. Costs three look-ups where nothing
    /// changed.
    pub(crate) fn as_it_is(&self) -> Result<(Arc<School>, Arc<Authority>), OfficeError> {
        let (mut school, mut authority) = (now(&self.school), now(&self.authority));
        if school.policy_has_changed()? {
            school = Arc::new(School::look(school.folder(), &self.file)?.ok_or(OfficeError::Gone)?);
            *self.school.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&school);
        }
        if authority.is_behind(school.ledger())? {
            let mut newer = Authority::clone(&authority);
            newer.follow(school.ledger())?;
            authority = Arc::new(newer);
            *self.authority.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&authority);
        }
        Ok((school, authority))
    }
}

fn now<T>(lock: &RwLock<Arc<T>>) -> Arc<T> {
    Arc::clone(&lock.read().unwrap_or_else(PoisonError::into_inner))
}
