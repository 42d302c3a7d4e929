//! A person's own password, and what comes with it: the end of a doubt, a second factor, and a key for whoever handles cases.

use std::net::IpAddr;

use belisha_policy::Action;
use belisha_policy::may::{About, Answer, Relation};
use belisha_policy::people::Account;
use belisha_policy::roles::Role;
use belisha_store::keys::KeyError;
use chrono::{DateTime, Utc};

use crate::authority::Authority;
use crate::holders::{self, HolderError};
use crate::people::accounts::{self, AccountError, Do};
use crate::school::School;
use crate::sign_in::{Audience, SignInError, SignIns, TotpSecret};

/// Why a password was not changed, or what comes with it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnPasswordError {
    /// Password or code, or the new password does not do.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The key.
    #[error(transparent)]
    Key(#[from] HolderError),
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Where and with whose sign-ins somebody changes their password.
#[derive(Clone, Copy)]
pub struct Changing<'a> {
    /// The school.
    pub school: &'a School,
    /// Its sign-ins.
    pub sign_ins: &'a SignIns,
    /// Its people.
    pub authority: &'a Authority,
    /// When.
    pub now: DateTime<Utc>,
}

impl Changing<'_> {
    /// Whether somebody who has this account shows a code to change their password. An account that is not there has none.
    ///
    /// # Errors
    /// The sign-ins cannot be read.
    pub fn needs_code(&self, account: Option<&Account>) -> Result<bool, SignInError> {
        account.map_or(Ok(false), |account| self.sign_ins.has_second_factor(account.id))
    }

    /// Whether a second factor is to be set up when the password is changed: of everybody but pupils and shared accounts.
    pub fn needs_factor(&self, account: &Account) -> bool {
        self.authority.audience(account) == Audience::Staff
    }

    /// Changes a password, of `None` for a user name that nobody has: it costs the same and fails as a wrong password does.
    /// A doubt about who knew the old one ends. Gives the account.
    ///
    /// # Errors
    /// The old password or the code is wrong, the new one does not do, or it cannot be written.
    pub fn change<'a>(
        &self,
        account: Option<&'a Account>,
        both: (&str, &str),
        code: Option<&str>,
    ) -> Result<&'a Account, OwnPasswordError> {
        // An account that is not there is taken for a person's.
        let audience = account.map_or(Audience::Staff, |account| self.authority.audience(account));
        let ledger = self.school.ledger();
        self.sign_ins.change_password(ledger, account, audience, both, code, self.now)?;
        let account = account.ok_or(SignInError::Wrong)?;
        self.end_doubt(account)?;
        Ok(account)
    }

    /// The same for somebody who comes from an address: whoever has tried too often from there waits.
    ///
    /// # Errors
    /// As for [`change`](Self::change), and [`SignInError::Wait`].
    pub fn change_from<'a>(
        &self,
        (account, login, from): (Option<&'a Account>, &str, IpAddr),
        both: (&str, &str),
        code: Option<&str>,
    ) -> Result<&'a Account, OwnPasswordError> {
        self.sign_ins.try_from(login, from, self.now)?;
        let changed = self.change(account, both, code)?;
        self.sign_ins.right_from(login, from);
        Ok(changed)
    }

    /// Sets up the second factor of somebody who has none and has just chosen a password. Whoever handles cases is given a key,
    /// so that nobody has to think of it; whether they were.
    ///
    /// # Errors
    /// The code is not of this factor, or it cannot be written.
    pub fn enrol(
        &self,
        account: &Account,
        password: &str,
        secret: &TotpSecret,
        code: &str,
    ) -> Result<bool, OwnPasswordError> {
        self.sign_ins.enrol(self.school.ledger(), account.id, secret, code, self.now)?;
        let Some(person) = self.authority.person_of(account) else { return Ok(false) };
        let standing = self.authority.standing(person, self.now);
        if !standing.is_some_and(|standing| standing.roles.iter().any(Role::handles_cases)) {
            return Ok(false);
        }
        match holders::join(self.school, person, password, self.now) {
            Ok(()) => Ok(true),
            Err(HolderError::Key(KeyError::HolderExists)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A new password ends the time in which others knew the old one.
    fn end_doubt(&self, account: &Account) -> Result<(), OwnPasswordError> {
        if !account.is_in_doubt() {
            return Ok(());
        }
        let Some(person) = self.authority.person_of(account) else { return Ok(()) };
        let own = Relation { own: true, ..Relation::default() };
        let about = About { relation: own, ..About::NOTHING };
        let answer = self.authority.may(person, Action::ReportCredential, &about, self.now);
        let Answer::Permit(permit) = answer else { return Ok(()) };
        let (ledger, roll) = (self.school.ledger(), self.authority.roll());
        Ok(accounts::change(ledger, roll, &permit, account.id, &Do::EndDoubt, self.now)?)
    }
}
