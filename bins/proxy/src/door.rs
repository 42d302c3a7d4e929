//! Who comes in by the proxy: the accounts and passwords of the school, for the wire to ask.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use belisha_gateway::{Admitted, Checked, Door, Secret, Still};
use belisha_policy::people::{Account, AccountHolder};
use belisha_school::authority::Authority;
use belisha_school::sign_in::{Audience, SignIns, Verified};
use belisha_school::{Ledger, LedgerError, School};
use chrono::{DateTime, Utc};

/// The accounts of the school, as far as they can be had.
#[derive(Default)]
pub(crate) struct SchoolDoor {
    opened: RwLock<Option<Opened>>,
    version: AtomicU64,
}

struct Opened {
    ledger: Ledger,
    sign_ins: SignIns,
    authority: Authority,
    /// The version of the credentials when they were last looked at.
    credentials: u64,
}

impl SchoolDoor {
    /// Opens it for a school, or closes it where there is none to be had.
    pub(crate) fn open(&self, school: Option<&School>) {
        let opened = school.and_then(|school| match Opened::of(school) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::error!("accounts cannot be had: {error}. Who has to sign in is held to the strictest profile");
                None
            }
        });
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = opened;
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Looks for what has changed about people, accounts and passwords. What cannot be looked at stays as it was.
    pub(crate) fn follow(&self) {
        // Nobody waits at the door while it is looked, and nothing is copied while nothing changes.
        let looked = self.with(|opened| (opened.newer(), opened.sign_ins.version()));
        let (people, credentials) = match looked {
            Some((Ok(people), credentials)) => (people, credentials),
            Some((Err(error), _)) => return tracing::warn!("changes of people cannot be read: {error}"),
            None => return,
        };
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        let Some(opened) = &mut *opened else { return };
        let passwords = matches!(credentials, Ok(version) if version != opened.credentials);
        if let Ok(version) = credentials {
            opened.credentials = version;
        }
        let changed = people.is_some() || passwords;
        if let Some(people) = people {
            opened.authority = people;
        }
        if changed {
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Opened) -> T) -> Option<T> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(work)
    }
}

impl Opened {
    fn of(school: &School) -> Result<Self, Box<dyn std::error::Error>> {
        let ledger = school.ledger().clone();
        let sign_ins = SignIns::new(school.credentials()?, ledger.keys().clone());
        let authority = Authority::load(&ledger)?;
        let credentials = sign_ins.version()?;
        Ok(Self { ledger, sign_ins, authority, credentials })
    }

    /// People and roles as they are now, where anything about them has changed.
    fn newer(&self) -> Result<Option<Authority>, LedgerError> {
        if !self.authority.is_behind(&self.ledger)? {
            return Ok(None);
        }
        let mut authority = self.authority.clone();
        authority.follow(&self.ledger)?;
        Ok(Some(authority))
    }

    fn account(&self, login: &str) -> Option<&Account> {
        self.authority.roll().account_of(login)
    }
}

/// When a guest's time ends, by the clock at the school; nothing for everybody else.
fn end_of(account: &Account) -> Option<DateTime<chrono::FixedOffset>> {
    match &account.holder {
        AccountHolder::Guest { until, .. } => Some(belisha_policy::calendar::local(*until)),
        AccountHolder::Individual(_) | AccountHolder::Class { .. } => None,
    }
}

impl Door for SchoolDoor {
    fn check(&self, login: &str, password: &Secret, from: IpAddr) -> Checked {
        let now = Utc::now();
        let asked = self.with(|opened| {
            let account = opened.account(login).cloned();
            // A user name that nobody has costs what most have.
            let audience = account.as_ref().map_or(Audience::Pupils, |account| opened.authority.audience(account));
            (opened.sign_ins.clone(), audience, account)
        });
        let Some((sign_ins, audience, account)) = asked else { return Checked::Unavailable };
        match sign_ins.verify(account.as_ref(), audience, login, password.expose(), from, now) {
            Ok(Verified::Wait(wait)) => Checked::Wait(wait),
            Ok(Verified::No) => Checked::No,
            Ok(Verified::Yes(credential)) => {
                let Some(account) = account else { return Checked::No };
                let until = end_of(&account);
                // A guest whose time is over is told so; every other account that is not open lets nobody in.
                let over = until.is_some_and(|until| until <= now);
                if !account.is_open(now) && !over {
                    return Checked::No;
                }
                match self.with(|opened| opened.authority.who_is(&account, now)) {
                    Some(who) => Checked::In(Admitted { who, account: account.id, credential, until }),
                    None => Checked::Unavailable,
                }
            }
            Err(error) => {
                tracing::error!("a sign-in could not be checked: {error}");
                Checked::Unavailable
            }
        }
    }

    fn still(&self, admitted: &Admitted) -> Still {
        let now = Utc::now();
        let asked = self
            .with(|opened| (opened.authority.roll().account_by_id(admitted.account).cloned(), opened.sign_ins.clone()));
        let Some((account, sign_ins)) = asked else { return Still::Unknown };
        let Some(account) = account else { return Still::Out };
        let until = end_of(&account);
        if !account.is_open(now) && until.is_none() {
            return Still::Out;
        }
        match sign_ins.serial(account.id) {
            Ok(Some(serial)) if serial == admitted.credential => Still::In(until),
            Ok(_) => Still::Out,
            Err(_) => Still::Unknown,
        }
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}
