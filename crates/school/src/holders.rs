//! Key holders who come, go, forget their password, and hand over: each with a permit, and written down.

use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::keys::{HandedOver, KeyError, Role, Unlocked};
use chrono::{DateTime, Utc};

use crate::events::{HolderAdded, HolderRemoved, KeyRecovered, PasswordChanged, RoleHandedOver};
use crate::ledger::{LedgerError, Stream};
use crate::school::School;

/// Why nothing was changed about key holders.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HolderError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Gives a person a key. They hold no role yet.
pub fn add(
    school: &School,
    permit: &Permit,
    name: &str,
    password: &str,
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    permit.allows(Action::ManageHolders)?;
    school.ledger().keys().add_holder(name, password)?;
    note(school, Some(permit), now, &HolderAdded { holder: name.into() })
}

/// Makes a person's own key, behind their password. It opens nothing, and so nobody has to permit it.
pub fn join(school: &School, person: PersonId, password: &str, now: DateTime<Utc>) -> Result<(), HolderError> {
    let name = person.to_string();
    school.ledger().keys().add_holder(&name, password)?;
    school.ledger().note(&Stream::KEYS, Some(&name), now, &HolderAdded { holder: name.clone() })?;
    Ok(())
}

/// Lets a person who has a key open what a role may. `by` holds the role.
pub fn admit(
    school: &School,
    permit: &Permit,
    role: &Role,
    person: PersonId,
    by: &Unlocked,
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    permit.allows(Action::ManageHolders)?;
    let keys = school.ledger().keys();
    keys.admit(role, &person.to_string(), by)?;
    let holders = keys.roles()?.into_iter().find(|it| it.role == *role).map(|it| it.holders).unwrap_or_default();
    note(school, Some(permit), now, &RoleHandedOver { role: role.to_string(), holders })
}

/// Takes the key of a person who holds no role any more.
pub fn remove(school: &School, permit: &Permit, name: &str, now: DateTime<Utc>) -> Result<(), HolderError> {
    permit.allows(Action::ManageHolders)?;
    school.ledger().keys().remove_holder(name)?;
    note(school, Some(permit), now, &HolderRemoved { holder: name.into() })
}

/// Hands a role over: from now on these people open what it may, and nobody else. `by` holds the role now.
pub fn hand_over(
    school: &School,
    permit: &Permit,
    role: &Role,
    to: &[&str],
    by: &Unlocked,
    now: DateTime<Utc>,
) -> Result<HandedOver, HolderError> {
    permit.allows(Action::ManageHolders)?;
    let done = school.ledger().keys().rotate(role, to, by)?;
    let holders = to.iter().map(|name| (*name).to_owned()).collect();
    note(school, Some(permit), now, &RoleHandedOver { role: role.to_string(), holders })?;
    Ok(done)
}

/// Gives a person who lost their password a new one, with the keys of two others. Each has to be there: a permit for
/// two, and two keys.
pub fn recover(
    school: &School,
    permit: &Permit,
    name: &str,
    two: [&Unlocked; 2],
    new: &str,
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    permit.allows(Action::RecoverKey)?;
    school.ledger().keys().recover(name, two, new)?;
    let by = two.map(|unlocked| unlocked.name().unwrap_or_default().to_owned());
    note(school, Some(permit), now, &KeyRecovered { holder: name.into(), by })
}

/// Changes a person's own password; the old one is permit enough.
pub fn change_password(
    school: &School,
    name: &str,
    old: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    school.ledger().keys().change_password(name, old, new)?;
    note(school, None, now, &PasswordChanged { holder: name.into() })
}

fn note<E: belisha_store::journal::Recorded + Clone>(
    school: &School,
    permit: Option<&Permit>,
    now: DateTime<Utc>,
    event: &E,
) -> Result<(), HolderError> {
    let by = permit.map(|permit| permit.actor().to_string());
    school.ledger().note(&Stream::KEYS, by.as_deref(), now, event)?;
    Ok(())
}
