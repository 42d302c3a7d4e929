//! Key holders who come, go, forget their password, and hand over: each with a permit, and written down.

use belisha_policy::people::Account;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::keys::{HandedOver, KeyError, Role, Unlocked};
use chrono::{DateTime, Utc};

use crate::events::{HolderAdded, HolderRemoved, KeyRecovered, PasswordChanged, RecoveryNamed, RoleHandedOver};
use crate::ledger::{LedgerError, Stream};
use crate::school::School;
use crate::sign_in::{self, Audience, SignInError, SignIns, TotpSecret};

/// Why nothing was changed about key holders.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HolderError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Password, code or sign-in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
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

/// Somebody who lost password or second factor, and is there with new ones.
pub struct Anew<'a> {
    /// Whose account.
    pub account: &'a Account,
    /// The new password, which is kept nowhere.
    pub password: &'a str,
    /// The new second factor.
    pub second_factor: &'a TotpSecret,
    /// A code of it, which shows that the person has it.
    pub code: &'a str,
}

/// Gives a person who lost their password or second factor new ones, for their key and for signing in, with the keys of
/// two others.
///
/// # Errors
/// The permit is not of two, password or code do not do, or the two do not help to recover: nothing was done then.
pub fn recover_person(
    school: &School,
    sign_ins: &SignIns,
    permit: &Permit,
    anew: &Anew<'_>,
    two: [&Unlocked; 2],
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    permit.allows(Action::RecoverKey)?;
    sign_in::check_first(anew.password, anew.account.login.as_str(), anew.second_factor, anew.code, now)?;
    recover(school, permit, &anew.account.id.to_string(), two, anew.password, now)?;
    sign_ins.set(school.ledger(), anew.account.id, Audience::Staff, anew.password, now)?;
    sign_ins.enrol(school.ledger(), anew.account.id, anew.second_factor, anew.code, now)?;
    Ok(())
}

/// Says who helps to recover from now on, by two of those who do now.
pub fn name_recovery(
    school: &School,
    permit: &Permit,
    people: &[PersonId],
    two: [&Unlocked; 2],
    now: DateTime<Utc>,
) -> Result<(), HolderError> {
    permit.allows(Action::RecoverKey)?;
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = people.iter().map(String::as_str).collect();
    school.ledger().keys().set_recovery(&names, Some(two))?;
    let by = two.map(|unlocked| unlocked.name().unwrap_or_default().to_owned());
    note(school, Some(permit), now, &RecoveryNamed { people, by })
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
