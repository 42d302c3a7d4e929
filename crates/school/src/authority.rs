//! Who may do what here: people and roles of the journal, and the question put to `belisha_policy::may`.

use std::collections::BTreeSet;

use belisha_policy::may::{About, Answer, Standing, may};
use belisha_policy::people::{Account, AccountHolder, PersonKind};
use belisha_policy::retention::RecordClass;
use belisha_policy::roles::{Assignments, Command, Committee, Event, Gap, Refused, Role, RoleSet, decide};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::journal::{Expected, Recorded};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::agreements::Agreements;
use crate::events::recorded;
use crate::ledger::{Batch, Ledger, LedgerError, Stream};
use crate::people::{Entry, Roll};
use crate::sign_in::{Audience, audience_of};

/// What was changed about roles, delegations and relations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesChanged {
    /// What happened, in its order.
    pub events: Vec<Event>,
}

recorded! { "roles.changed" => RolesChanged }

impl Stream {
    /// Who has which role.
    pub const ROLES: Self = Self::of(*b"belisha:roles...", RecordClass::KeysAndRoles);
}

/// Why nothing was changed about roles.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// A rule that is the same for everybody says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The person is not here.
    #[error("there is no such person here: look at belisha-reporter people list")]
    NobodyHere,
    /// Somebody else changed roles.
    #[error("somebody else has changed roles meanwhile: nothing was written. Do it again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// People, roles and agreements, read from the journal and following it.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    roll: Roll,
    assignments: Assignments,
    agreements: Agreements,
    /// The version of the stream of roles up to which this was read.
    version: u64,
}

impl Authority {
    /// Reads people, roles and agreements.
    pub fn load(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut authority = Self::default();
        authority.follow(ledger)?;
        Ok(authority)
    }

    /// Reads what changed since; whether anything did.
    pub fn follow(&mut self, ledger: &Ledger) -> Result<bool, LedgerError> {
        let people = self.roll.follow(ledger)?;
        let told = ledger.read_own_since(&[(Stream::ROLES.id, self.version)])?;
        for told in &told {
            if let Some(changed) = told.read::<RolesChanged>()? {
                changed.body.events.iter().for_each(|event| self.assignments.evolve(event));
            }
            self.version = told.version;
        }
        let agreements = self.agreements.follow(ledger)?;
        Ok(people || agreements || !told.is_empty())
    }

    /// Whether anything has changed since it was read, for those who would have to copy it to follow. Costs the look-up
    /// of four streams.
    pub fn is_behind(&self, ledger: &Ledger) -> Result<bool, LedgerError> {
        let [documents, agreed] = self.agreements.read();
        let read = [(Stream::PEOPLE.id, self.roll.version()), (Stream::ROLES.id, self.version), documents, agreed];
        Ok(!ledger.read_own_since(&read)?.is_empty())
    }

    /// The people.
    pub fn roll(&self) -> &Roll {
        &self.roll
    }

    /// The agreements.
    pub fn agreements(&self) -> &Agreements {
        &self.agreements
    }

    /// The roles.
    pub fn assignments(&self) -> &Assignments {
        &self.assignments
    }

    /// Everything about somebody that rights depend on; `None` for somebody who is not here on that day, whatever roles
    /// they had.
    pub fn standing(&self, person: PersonId, now: DateTime<Utc>) -> Option<Standing> {
        let entry = self.roll.person(person)?;
        let open = entry.account.as_ref().is_none_or(|account| account.is_open(now));
        if !entry.person.is_here(now.date_naive()) || !open {
            return None;
        }
        let standing = self.assignments.standing(person, being(entry), now);
        // Volunteers, visitors and the like report what worries them, and sign what is theirs, as guests do.
        let is_guest = standing.roles.is_empty();
        Some(if is_guest { self.assignments.standing(person, RoleSet::of(&[Role::Guest]), now) } else { standing })
    }

    /// The online safety committee at an instant; who left is not in it, from the day on which they leave.
    pub fn committee(&self, now: DateTime<Utc>) -> Committee<'_> {
        let today = now.date_naive();
        let stays = |entry: &Entry| entry.person.is_here(today) && entry.person.left != Some(today);
        self.assignments.committee(now, |person| self.roll.person(person).is_some_and(stays))
    }

    /// What the committee lacks.
    pub fn committee_gaps(&self, now: DateTime<Utc>) -> Vec<Gap> {
        let is = |person, kind| self.roll.person(person).is_some_and(|entry| entry.person.is(kind));
        self.committee(now).gaps(is)
    }

    /// Those who hold a role that was given, at an instant.
    pub fn role_holders(&self, now: DateTime<Utc>) -> BTreeSet<PersonId> {
        let roles = Role::ALL.iter().filter(|role| !role.is_given_by_being());
        roles.flat_map(|role| self.assignments.holders(*role, now)).collect()
    }

    /// Whether somebody may do something. Who is not here finds nothing.
    pub fn may(&self, person: PersonId, action: Action, about: &About, now: DateTime<Utc>) -> Answer {
        match self.standing(person, now) {
            Some(standing) => may(&standing, action, about, now),
            None => Answer::NotFound,
        }
    }

    /// What it takes to give or take a role: those above the head, and those of the trust, who check what the head
    /// wants, are given by the chair.
    pub fn action_for(role: Role) -> Action {
        match role {
            Role::Head
            | Role::Chair
            | Role::ViceChair
            | Role::Governor
            | Role::LinkGovernor
            | Role::TrustLead
            | Role::TrustIt => Action::AssignGovernors,
            _ => Action::AssignRoles,
        }
    }

    /// Whether somebody's sign-in is for the chair to give: whoever gives it could be them, and the head, those who
    /// govern and those who act for the trust are the chair's to name.
    pub fn is_for_the_chair(&self, person: PersonId, now: DateTime<Utc>) -> bool {
        let governs = self.roll.person(person).is_some_and(|entry| entry.person.is(PersonKind::Governor));
        governs || self.needed_for_account_of(person, now) == Some(Action::AssignGovernors)
    }

    /// What it takes besides to change the account of somebody: that of whoever holds a role is for those who give the
    /// role, so that nobody locks out whom they answer to. `None` where nothing does.
    pub fn needed_for_account_of(&self, person: PersonId, now: DateTime<Utc>) -> Option<Action> {
        let given = self.assignments.given_roles(person, now);
        let actions = || given.iter().map(Self::action_for);
        if actions().any(|action| action == Action::AssignGovernors) {
            return Some(Action::AssignGovernors);
        }
        actions().next()
    }

    /// The person whose account it is; nobody for a class's or a guest's.
    pub fn person_of(&self, account: &Account) -> Option<PersonId> {
        match account.holder {
            AccountHolder::Individual(person) => Some(person),
            AccountHolder::Class { .. } | AccountHolder::Guest { .. } => None,
        }
    }

    /// By which rules the password of an account is made: a class's and a guest's by those of pupils.
    pub fn audience(&self, account: &Account) -> Audience {
        let person = self.person_of(account).and_then(|person| self.roll.person(person));
        person.map_or(Audience::Pupils, audience_of)
    }

    /// Changes roles.
    ///
    /// # Errors
    /// The permit is for something else, a static rule says no, or somebody else changed roles since this was read.
    pub fn change(
        &self,
        ledger: &Ledger,
        permit: &Permit,
        command: &Command,
        now: DateTime<Utc>,
    ) -> Result<(), RoleError> {
        permit.allows(needed(command))?;
        let about = concerned(command);
        if about.is_some_and(|person| !self.roll.person(person).is_some_and(|it| it.person.is_here(now.date_naive()))) {
            return Err(RoleError::NobodyHere);
        }
        // What somebody is stands in the roll, whatever a command says of it.
        let told = match command {
            Command::Seat { person, place, represents, until, .. } => {
                let being = self.roll.person(*person).map_or(RoleSet::EMPTY, being);
                let (person, place, represents, until) = (*person, *place, represents.clone(), *until);
                Some(Command::Seat { person, being, place, represents, until })
            }
            Command::Review(by) if *by != permit.actor() => return Err(WrongPermit::OtherPerson.into()),
            _ => None,
        };
        let events = decide(&self.assignments, told.as_ref().unwrap_or(command), now)?;
        let mut batch = Batch::new(Some(&permit.actor().to_string()));
        self.add_to(&mut batch, events)?;
        ledger.append_all(&batch, now).map(drop).map_err(|error| error.or(RoleError::Meanwhile))
    }

    /// Adds what happened to a batch that is appended with other things.
    pub(crate) fn add_to(&self, batch: &mut Batch, events: Vec<Event>) -> Result<(), LedgerError> {
        batch.add(&Stream::ROLES, Expected::Version(self.version), &RolesChanged { events })
    }
}

/// What it takes to give a command.
fn needed(command: &Command) -> Action {
    match command {
        Command::Appoint { role, .. } | Command::End { role, .. } => Authority::action_for(*role),
        Command::Delegate { .. } | Command::Revoke { .. } => Action::Delegate,
        Command::GrantStatus(_)
        | Command::WithdrawStatus(_)
        | Command::SetManager { .. }
        | Command::SetTeacher { .. }
        | Command::Seat { .. }
        | Command::Unseat(_)
        | Command::Leave(_) => Action::AssignRoles,
        Command::Review(_) => Action::ReviewRoles,
    }
}

/// Who must be here for it.
fn concerned(command: &Command) -> Option<PersonId> {
    match command {
        Command::Appoint { person, .. } | Command::Seat { person, .. } | Command::GrantStatus(person) => Some(*person),
        Command::Delegate { to, .. } => Some(*to),
        Command::SetManager { by, .. } => *by,
        Command::SetTeacher { teacher, .. } => *teacher,
        Command::End { .. }
        | Command::Revoke { .. }
        | Command::WithdrawStatus(_)
        | Command::Unseat(_)
        | Command::Review(_)
        | Command::Leave(_) => None,
    }
}

/// The roles that somebody has by what they are.
fn being(entry: &Entry) -> RoleSet {
    let by_being = [
        (entry.person.is(PersonKind::Pupil), Role::Pupil),
        (entry.person.is(PersonKind::Parent), Role::Parent),
        (entry.person.is_staff(), Role::Staff),
        (entry.person.is(PersonKind::ExternalBody), Role::ExternalBody),
    ];
    by_being.into_iter().filter(|(is, _)| *is).map(|(_, role)| role).collect()
}

/// Who has which role, without the people: for those who only ask when it was last looked through. Reads one stream.
pub fn assignments(ledger: &Ledger) -> Result<Assignments, LedgerError> {
    let mut assignments = Assignments::default();
    for told in ledger.read_own(&Stream::ROLES)? {
        if let Some(changed) = told.read::<RolesChanged>()? {
            changed.body.events.iter().for_each(|event| assignments.evolve(event));
        }
    }
    Ok(assignments)
}
