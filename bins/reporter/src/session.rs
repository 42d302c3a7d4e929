//! Acting as a signed-in person.

use std::process::ExitCode;

use belisha_policy::may::{About, Answer};
use belisha_policy::people::{Account, Login};
use belisha_policy::{Action, Permit, PersonId, calendar};
use belisha_school::School;
use belisha_school::authority::Authority;
use belisha_school::cases::Desk;
use belisha_school::people::Entry;
use belisha_school::sign_in::SignIns;
use belisha_school::signed_in::{self, NotSignedIn, SignedIn};
use belisha_store::credentials::Token;
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};

use crate::args::{Args, fail};
use crate::opened;

/// Somebody who is signed in, and the school.
pub(crate) struct Session {
    pub(crate) school: School,
    pub(crate) sign_ins: SignIns,
    pub(crate) authority: Authority,
    pub(crate) person: PersonId,
    /// The key that the sign-in carries, for those who hold one.
    pub(crate) unlocked: Option<Unlocked>,
    pub(crate) now: DateTime<Utc>,
}

/// What is said where nobody is signed in, and the exit code for it.
fn refused(error: &NotSignedIn) -> ExitCode {
    fail(error, if matches!(error, NotSignedIn::Credential(_) | NotSignedIn::Ledger(_)) { 74 } else { 1 })
}

/// The token of the environment.
pub(crate) fn token() -> Result<Token, ExitCode> {
    signed_in::token().map_err(|error| refused(&error))
}

/// The sign-ins of a school.
pub(crate) fn sign_ins(school: &School) -> Result<SignIns, ExitCode> {
    signed_in::sign_ins(school).map_err(|error| refused(&error))
}

/// People and roles of a school.
pub(crate) fn authority(school: &School) -> Result<Authority, ExitCode> {
    Authority::load(school.ledger()).map_err(|error| fail(&error, 74))
}

impl Session {
    /// Opens the school as the person of the token.
    pub(crate) fn open(args: &Args) -> Result<Self, ExitCode> {
        // Nobody is told anything of the school before they are somebody.
        token()?;
        let school = opened(args)?;
        let now = Utc::now();
        let found = signed_in::signed_in(&school, now).map_err(|error| refused(&error))?;
        let SignedIn { sign_ins, authority, person, unlocked } = found;
        Ok(Self { school, sign_ins, authority, person, unlocked, now })
    }

    /// The permit for something, or what is said instead of it.
    pub(crate) fn permit(&self, action: Action, about: &About) -> Result<Permit, ExitCode> {
        match self.authority.may(self.person, action, about, self.now) {
            Answer::Permit(permit) => Ok(permit),
            Answer::Refusal(refusal) => Err(fail(&refusal, 1)),
            Answer::NotFound => Err(fail(&"there is nothing of the kind", 1)),
        }
    }

    /// Their desk, where they work on cases.
    pub(crate) fn desk<'a>(&'a self, unlocked: &'a Unlocked) -> Desk<'a> {
        let Self { school, authority, person, now, .. } = self;
        Desk { school, authority, person: *person, unlocked, now: *now, kept: None }
    }

    /// The account with a user name.
    pub(crate) fn account(&self, user: &str) -> Result<Account, ExitCode> {
        account(&self.authority, user)
    }

    /// The person with a user name.
    pub(crate) fn person(&self, user: &str) -> Result<PersonId, ExitCode> {
        let account = self.account(user)?;
        let person = self.authority.person_of(&account);
        person.ok_or_else(|| fail(&"this account is a class's or a guest's, and no person's", 1))
    }

    /// The person whom a user name or a name means.
    pub(crate) fn meant(&self, text: &str) -> Result<PersonId, ExitCode> {
        match self.authority.roll().called(text).as_slice() {
            [one] => Ok(one.person.id),
            [] => Err(fail(&format!("nobody here is called {text:?}: look at belisha-reporter people list"), 1)),
            _ => Err(fail(&format!("several people are called {text:?}: give the user name"), 1)),
        }
    }

    /// The user name of a person, for lists.
    pub(crate) fn user(&self, person: PersonId) -> String {
        let entry = self.authority.roll().person(person);
        entry.and_then(|entry| entry.written.login.clone()).unwrap_or_else(|| "(no user name)".into())
    }

    /// Whether the account of somebody is this person's to change. That of whoever holds a role is for those who give it.
    pub(crate) fn permit_for_account_of(&self, person: PersonId) -> Result<(), ExitCode> {
        match self.authority.needed_for_account_of(person, self.now) {
            Some(action) => self.permit(action, &About::NOTHING).map(drop),
            None => Ok(()),
        }
    }

    /// Whether there is such a class.
    pub(crate) fn check_class(&self, class: &str) -> Result<(), ExitCode> {
        let is_in = |entry: &Entry| entry.class() == Some(class);
        if self.authority.roll().people().any(is_in) {
            return Ok(());
        }
        Err(fail(&format!("no pupil is in the class {class:?}: look at belisha-reporter people list"), 1))
    }

    /// Whether somebody is of a class that is the signed-in person's own.
    pub(crate) fn is_of_own_class(&self, entry: &Entry) -> bool {
        entry.class().is_some_and(|class| self.authority.assignments().teacher(class) == Some(self.person))
    }
}

/// An instant by the clock at the school.
pub(crate) fn shown(at: DateTime<Utc>) -> String {
    calendar::local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// The account with a user name.
pub(crate) fn account(authority: &Authority, user: &str) -> Result<Account, ExitCode> {
    let unknown = || fail(&"there is no account with this user name: look at belisha-reporter people list", 1);
    let login: Login = user.parse().map_err(|error| fail(&error, 2))?;
    authority.roll().account(&login).cloned().ok_or_else(unknown)
}
