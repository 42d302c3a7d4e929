//! The school as the console sees it: opened once, and as it is now.

use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use belisha_school::LedgerError;
use belisha_school::authority::Authority;
use belisha_school::sign_in::SignIns;
use belisha_school::{DataFolder, School, SchoolError, Settings};
use belisha_store::credentials::CredentialError;
use url::Url;

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
    /// Nothing is there yet.
    #[error(
        "there is no school in this folder yet: belisha-proxy makes it at its first start, and so does belisha-importer"
    )]
    Nothing,
}

/// Where people find the console from elsewhere, such as `https://belisha.amberhill.example`: what stands before it and
/// speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address of the console: https://, a name, and nothing behind it, such as https://belisha.amberhill.example"
)]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError)?;
        let is_bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let is_named = url.scheme() == "https" && url.host_str().is_some() && url.password().is_none();
        if is_bare && is_named { Ok(Self(url)) } else { Err(AddressError) }
    }
}

impl Address {
    /// As browsers write it in `Origin`.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// The school, its people and roles, and its sign-ins, for all who come.
pub struct Office {
    folder: DataFolder,
    file: Settings,
    school: RwLock<Arc<School>>,
    authority: RwLock<Arc<Authority>>,
    pub(crate) sign_ins: SignIns,
    pub(crate) sittings: Sittings,
    /// Where people find it from elsewhere.
    pub(crate) address: Option<Address>,
}

impl Office {
    /// Opens a school that is there.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn open(folder: &DataFolder, file: &Settings, address: Option<Address>) -> Result<Self, OfficeError> {
        let school = School::look(folder, file)?.ok_or(OfficeError::Nothing)?;
        let authority = Authority::load(school.ledger())?;
        let sign_ins = SignIns::new(school.credentials()?, school.ledger().keys().clone());
        Ok(Self {
            folder: folder.clone(),
            file: file.clone(),
            school: RwLock::new(Arc::new(school)),
            authority: RwLock::new(Arc::new(authority)),
            sign_ins,
            sittings: Sittings::default(),
            address,
        })
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
            school = Arc::new(School::look(&self.folder, &self.file)?.ok_or(OfficeError::Nothing)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_under_https_and_nothing_behind_it() {
        let address: Address = "https://belisha.amberhill.example/".parse().unwrap();
        assert_eq!(address.origin(), "https://belisha.amberhill.example");
        assert_eq!("https://b.example:8443".parse::<Address>().unwrap().origin(), "https://b.example:8443");
        for wrong in [
            "",
            "belisha.example",
            "http://b.example",
            "https://b.example/x",
            "https://b.example/?q",
            "https://u@b.example",
        ] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }
}
