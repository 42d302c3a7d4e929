//! People whom no list of the school has: volunteers, contractors, visitors, those who use its rooms, bodies outside.

use belisha_policy::people::{Login, Name, NameError, PersonKind};
use belisha_policy::{Action, Permit, PersonId};
use chrono::{DateTime, NaiveDate, Utc};

use super::accounts::{AccountError, Record, write};
use super::roll::Roll;
use super::written::WrittenPerson;
use crate::ledger::{Ledger, LedgerError};

/// Somebody who is to be added by hand.
#[derive(Clone)]
pub struct Newcomer {
    /// The surname, or the name of a body.
    pub surname: String,
    /// The forename, or who speaks for the body.
    pub forename: String,
    /// What they are at the school.
    pub kind: PersonKind,
    /// What they are called at work.
    pub title: Option<String>,
    /// What they type to sign in; a body outside never does.
    pub login: Option<Login>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

/// Whether somebody of this kind is added by hand: all others stand in lists of the school's own system, which say when
/// they leave.
pub fn is_added_by_hand(kind: PersonKind) -> bool {
    matches!(
        kind,
        PersonKind::Volunteer
            | PersonKind::Contractor
            | PersonKind::Visitor
            | PersonKind::CommunityUser
            | PersonKind::ExternalBody
    )
}

/// Adds somebody by hand. No list that is imported later makes them leave.
///
/// # Errors
/// The permit is for something else, the kind stands in lists, a body outside has a user name, somebody has it already,
/// the last day is over, or the name is none.
pub fn add_person(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    newcomer: &Newcomer,
    now: DateTime<Utc>,
) -> Result<PersonId, AccountError> {
    permit.allows(Action::ManageAccounts)?;
    if !is_added_by_hand(newcomer.kind) {
        return Err(AccountError::InLists);
    }
    if newcomer.kind == PersonKind::ExternalBody && newcomer.login.is_some() {
        return Err(AccountError::Outside);
    }
    if newcomer.login.as_ref().is_some_and(|login| roll.account(login).is_some()) {
        return Err(AccountError::Taken);
    }
    if newcomer.until.is_some_and(|until| until < now.date_naive()) {
        return Err(AccountError::Over);
    }
    let name = Name::new(&newcomer.surname, &newcomer.forename)?;
    let written = WrittenPerson {
        surname: name.surname().into(),
        forename: name.forename().into(),
        kinds: [newcomer.kind.slug().to_owned()].into(),
        title: newcomer.title.clone(),
        login: newcomer.login.as_ref().map(|login| login.as_str().into()),
        joined: Some(now.date_naive()),
        left: newcomer.until,
        ..WrittenPerson::default()
    };
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(LedgerError::from)?;
    let person = PersonId::from_bytes(id);
    write(ledger, roll, permit, Record::Person(person, Box::new(written)), now)?;
    Ok(person)
}

/// Says when somebody who was added by hand leaves; until then they are here, also where they had left.
pub fn set_last_day(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    person: PersonId,
    until: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    permit.allows(Action::ManageAccounts)?;
    let entry = roll.person(person).ok_or(AccountError::Unknown)?;
    let by_hand = |capacity: &belisha_policy::people::Capacity| is_added_by_hand(capacity.kind());
    if !entry.person.capacities.iter().all(by_hand) {
        return Err(AccountError::InLists);
    }
    if until < now.date_naive() {
        return Err(AccountError::Over);
    }
    let written = WrittenPerson { left: Some(until), ..entry.written.clone() };
    write(ledger, roll, permit, Record::Person(person, Box::new(written)), now)
}

impl From<NameError> for AccountError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

/// Never the name.
impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Newcomer({:?}, ..)", self.kind)
    }
}
