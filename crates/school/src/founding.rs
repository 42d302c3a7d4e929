//! The first key holders. Nobody can have permitted them, since there was nobody before: so it can be done once.

use belisha_store::keys::{KeyError, Role};
use chrono::{DateTime, Utc};

use crate::events::HoldersNamed;
use crate::ledger::{LedgerError, Stream};
use crate::school::School;

/// Why the first key holders were not named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoundingError {
    /// There are holders.
    #[error("key holders are named already: it takes one of them to name others")]
    AlreadyFounded,
    /// Fewer than two, or one of them twice.
    #[error("name at least two different people, such as head and chair: one alone could lose everything, or see it")]
    TooFew,
    /// Somebody who is to look up names is no holder.
    #[error("{0:?} is to look up names and is not among the holders")]
    NoHolder(String),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A person who will hold a key.
pub struct Founder {
    /// The name, such as `head`.
    pub name: String,
    /// The password, which is kept nowhere.
    pub password: String,
}

/// Whether these people could be named now. Asked before anybody chooses a password.
pub fn check(school: &School, names: &[String], history: &[String]) -> Result<(), FoundingError> {
    let different = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    if names.len() < 2 || !names.iter().all(different) {
        return Err(FoundingError::TooFew);
    }
    if let Some(stranger) = history.iter().find(|name| !names.contains(name)) {
        return Err(FoundingError::NoHolder(stranger.clone()));
    }
    // Holders of an attempt that a crash cut short are named again; a role that has holders is not.
    let roles = school.ledger().keys().roles()?;
    if roles.is_empty() { Ok(()) } else { Err(FoundingError::AlreadyFounded) }
}

/// Names the first key holders. All of them help to recover keys, two at a time; those in `history` alone may look up
/// names in the access log from now on, also names of before.
pub fn found(
    school: &School,
    founders: &[Founder],
    history: &[String],
    now: DateTime<Utc>,
) -> Result<(), FoundingError> {
    let names: Vec<String> = founders.iter().map(|founder| founder.name.clone()).collect();
    check(school, &names, history)?;
    let keys = school.ledger().keys();
    for founder in founders {
        match keys.add_holder(&founder.name, &founder.password) {
            Err(KeyError::HolderExists) => drop(keys.unlock(&founder.name, &founder.password)?),
            added => added?,
        }
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    keys.set_recovery(&all, None)?;
    // What each of them needs to recover the others is put by when they unlock.
    for founder in founders {
        keys.unlock(&founder.name, &founder.password)?;
    }
    let event = HoldersNamed { holders: names.clone(), history: history.to_vec() };
    school.ledger().note(&Stream::KEYS, None, now, &event)?;
    let may_look: Vec<&str> = history.iter().map(String::as_str).collect();
    keys.name_role(&Role::HISTORY, &may_look)?;
    for role in [Role::CASES, Role::CAPTURES] {
        keys.name_role(&role, &all)?;
    }
    Ok(())
}
