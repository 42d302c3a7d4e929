//! Signing in: passwords, second factors, and how guessing is slowed without locking anybody out.
//!
//! **What guessing costs.** Wrong passwords are never a reason to refuse: after three of them from one address each
//! further try at the same account has to wait, twice as long each time and 5 seconds at most; from another address the
//! same account is not slowed at all. So from one address there are at most 17,280 tries a day at an account. A pupil's
//! issued password is one of 2^41 and a member of staff's one of 2^62: half of the former would take 170,000 years from one
//! address. Hashing is bounded besides: as many at once as there are cores.
//!
//! **What a stolen file gives away.** Hashes under Argon2id with 64 MiB and three passes for staff, 19 MiB and two for
//! pupils, each with a salt. A row that was changed without the school's key is not believed.

mod delays;
mod events;
pub mod handout;
mod hashing;
mod passwords;
mod totp;
mod words;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use belisha_policy::people::{Account, AccountHolder, AccountId};
use belisha_policy::{Action, Permit, WrongPermit};
use belisha_store::credentials::{Credential, CredentialError, Credentials, NewCredential, SignedIn, Token};
use belisha_store::keys::{KeyError, KeyStore, Unlocked};
use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use crate::ledger::{Ledger, LedgerError};
use crate::people::Entry;

pub use self::delays::Delays;
pub use self::events::{
    CredentialVoided, PasswordChanged, PasswordsIssued, SIGN_INS, SecondFactorEnrolled, SecondFactorTaken,
    SignedInEvent,
};
pub use self::hashing::{Cost, Gate};
pub use self::passwords::{Audience, BadPassword, generate};
pub use self::totp::{BadCode, TotpSecret};

/// How long a password that somebody else chose is good for, unless it is changed.
pub const ISSUED_LASTS: TimeDelta = TimeDelta::days(30);

/// How long a sign-in at the command line lasts.
pub const SIGN_IN_LASTS: TimeDelta = TimeDelta::hours(8);

/// Why somebody was not signed in, or nothing was changed. No message holds a name, a password or a code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// User name, password or code are wrong, or the account is not open. Nothing tells which.
    #[error("user name, password or code are not right")]
    Wrong,
    /// The password was issued, and staff have to choose one of their own first.
    #[error("this password was given to you: choose one of your own with `belisha-reporter password`")]
    ChangeFirst,
    /// Somebody has tried too often from there.
    #[error("too many tries: wait {} seconds, and try again", .0.as_secs() + 1)]
    Wait(Duration),
    /// There is no second factor yet.
    #[error("there is no second factor yet: `belisha-reporter password` sets one up")]
    NoSecondFactor,
    /// A code of the second factor is needed, and was not given or is wrong.
    #[error("the code of the second factor is not right")]
    Code,
    /// Issued passwords open no key.
    #[error(
        "somebody among them holds a key, which no password opens that is issued: who forgot theirs gets another with the \
         help of two others, by `belisha-reporter keys recover`"
    )]
    HoldsKey,
    /// The new password does not do.
    #[error(transparent)]
    Bad(#[from] BadPassword),
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Passwords for staff and for pupils are issued by different people.
    #[error(
        "this permit is for the passwords of others: pupils, classes and guests have one, staff and governors another"
    )]
    OtherPeople,
    /// The sign-ins.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}

/// The answer to a user name and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// They belong together; which credential of the account it was.
    Yes(u64),
    /// They do not, or the account is not open, or the password is void.
    No,
    /// Nothing was checked: to be asked again after so long.
    Wait(Duration),
}

/// Signs people in. One for all threads of a program; hashing is bounded for all of them together.
#[derive(Clone)]
pub struct SignIns {
    credentials: Arc<Mutex<Credentials>>,
    keys: KeyStore,
    gate: Gate,
    delays: Arc<Mutex<Delays>>,
    staff: Cost,
    pupils: Cost,
}

impl SignIns {
    /// For the credentials and keys of a school.
    pub fn new(credentials: Credentials, keys: KeyStore) -> Self {
        Self::with_costs(credentials, keys, Cost::STAFF, Cost::PUPILS)
    }

    /// The same with other costs for passwords that are set from now on. Only tests want low ones.
    pub fn with_costs(credentials: Credentials, keys: KeyStore, staff: Cost, pupils: Cost) -> Self {
        let delays = Arc::new(Mutex::new(Delays::default()));
        let credentials = Arc::new(Mutex::new(credentials));
        Self { credentials, keys, gate: Gate::of_cores(), delays, staff, pupils }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Credentials) -> Result<T, CredentialError>) -> Result<T, CredentialError> {
        work(&mut self.credentials.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn cost(&self, audience: Audience) -> Cost {
        match audience {
            Audience::Staff => self.staff,
            Audience::Pupils => self.pupils,
        }
    }

    /// A number that every change of a credential raises, whichever program made it.
    pub fn version(&self) -> Result<u64, CredentialError> {
        self.with(Credentials::version)
    }

    /// Which credential an account has now; `None` where it has none that works.
    pub fn serial(&self, account: AccountId) -> Result<Option<u64>, CredentialError> {
        let credential = self.with(|all| all.credential(*account.as_bytes()))?;
        Ok(credential.filter(|it| it.hash.is_some()).map(|it| it.serial))
    }

    /// Whether a password is that of an account, for somebody who wants to go through the proxy. `account` is `None`
    /// for a user name that nobody has: it costs the same. What was issued to staff lets nobody in.
    pub fn verify(
        &self,
        account: Option<&Account>,
        audience: Audience,
        login: &str,
        password: &str,
        from: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Verified, SignInError> {
        match self.try_from(login, from, now) {
            Err(SignInError::Wait(wait)) => return Ok(Verified::Wait(wait)),
            tried => tried?,
        }
        let credential = self.check(account, audience, password, now)?;
        let credential = credential.filter(|it| !(it.issued && audience == Audience::Staff));
        if let Some(credential) = credential {
            self.right_from(login, from);
            Ok(Verified::Yes(credential.serial))
        } else {
            Ok(Verified::No)
        }
    }

    /// Whether this is the password of somebody who is signed in already.
    pub fn verify_own(&self, account: &Account, password: &str, now: DateTime<Utc>) -> Result<bool, SignInError> {
        Ok(self.check(Some(account), Audience::Staff, password, now)?.is_some())
    }

    /// The credential of an account whose password this is. Costs one hash, whether there is such an account or not.
    fn check(
        &self,
        account: Option<&Account>,
        audience: Audience,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Credential>, SignInError> {
        let credential = match account {
            Some(account) => self.with(|all| all.credential(*account.id.as_bytes()))?,
            None => None,
        };
        let usable = credential.filter(|it| it.void_since.is_none() && it.lapses.is_none_or(|lapses| now < lapses));
        let cost = self.cost(audience);
        let hash = usable.as_ref().and_then(|it| it.hash.as_deref());
        let right = self.gate.verify(password, hash, cost).map_err(SignInError::Hash)?;
        let (Some(account), Some(credential), true) = (account, usable, right) else { return Ok(None) };
        if credential.hash.as_deref().is_some_and(|hash| !cost.is_of(hash)) {
            let anew = self.gate.hash(password, cost).map_err(SignInError::Hash)?;
            self.with(|all| all.rehash(*account.id.as_bytes(), &credential, anew))?;
        }
        Ok(Some(credential))
    }

    /// Gives accounts passwords that somebody else will know, and writes down that it was done. Gives them in the order
    /// of the accounts; they stand nowhere else. `progress` is told after each.
    pub fn issue(
        &self,
        ledger: &Ledger,
        permit: &Permit,
        accounts: &[(AccountId, Audience)],
        now: DateTime<Utc>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Zeroizing<String>>, SignInError> {
        for (_, audience) in accounts {
            let action = match audience {
                Audience::Staff => Action::IssueStaffPasswords,
                Audience::Pupils => Action::IssuePupilPasswords,
            };
            permit.allows(action).map_err(|_| SignInError::OtherPeople)?;
        }
        let holders = self.keys.holders()?;
        if accounts.iter().any(|(account, _)| holders.iter().any(|it| it.name == account.to_string())) {
            return Err(SignInError::HoldsKey);
        }
        // Written down first: a password that nobody knows of is worse than a line too many.
        let by = permit.actor().to_string();
        let issued = PasswordsIssued { accounts: accounts.iter().map(|(account, _)| account.to_string()).collect() };
        ledger.note(&SIGN_INS, Some(&by), now, &issued)?;
        let mut passwords = Vec::with_capacity(accounts.len());
        for (done, (account, audience)) in accounts.iter().enumerate() {
            let password = generate(*audience).map_err(LedgerError::from)?;
            let hash = self.gate.hash(&password, self.cost(*audience)).map_err(SignInError::Hash)?;
            let lapses = Some(now + ISSUED_LASTS).filter(|_| *audience == Audience::Staff);
            self.with(|all| all.put(*account.as_bytes(), NewCredential::Issued { hash, at: now, lapses }))?;
            passwords.push(password);
            progress(done + 1);
        }
        Ok(passwords)
    }

    /// Whether somebody holds a key.
    pub fn holds_key(&self, account: AccountId) -> Result<bool, SignInError> {
        let holder = account.to_string();
        Ok(self.keys.holders()?.iter().any(|it| it.name == holder))
    }

    /// Changes a person's own password. Whoever has a second factor shows it with a code. A holder's key is locked anew
    /// with it; the key is what proves their old password, also one that was said to be known to others: whoever has that
    /// alone has no code.
    pub fn change_password(
        &self,
        ledger: &Ledger,
        account: Option<&Account>,
        audience: Audience,
        (old, new): (&str, &str),
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<AccountId, SignInError> {
        let open = account.filter(|account| account.is_open(now));
        let holds_key = open.map(|account| self.holds_key(account.id)).transpose()?.unwrap_or(false);
        let known = match open {
            Some(account) if holds_key => self.opens_key(account.id, old)?,
            _ => self.check(open, audience, old, now)?.is_some(),
        };
        let Some(account) = open.filter(|_| known) else { return Err(SignInError::Wrong) };
        passwords::check(new, audience, account.login.as_str())?;
        if new == old {
            return Err(BadPassword::Same.into());
        }
        if self.has_second_factor(account.id)? {
            self.check_code(account.id, code.unwrap_or_default(), now).map_err(|error| match error {
                SignInError::Wrong => SignInError::Code,
                other => other,
            })?;
        }
        if holds_key {
            self.keys.change_password(&account.id.to_string(), old, new)?;
        }
        self.set(ledger, account.id, audience, new, now)?;
        Ok(account.id)
    }

    /// Whether a password is that of a holder's key. Costs as much as unlocking it.
    fn opens_key(&self, account: AccountId, password: &str) -> Result<bool, SignInError> {
        match self.keys.unlock(&account.to_string(), password) {
            Ok(_) => Ok(true),
            Err(KeyError::NotUnlocked) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the second factor of somebody who lost it, and ends their sign-ins: they set up another when they change
    /// their password. Not of somebody who holds a key.
    pub fn forget_factor(
        &self,
        ledger: &Ledger,
        permit: &Permit,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        // Whoever takes a factor and knows the password could be them: so it is for those who say who holds which role.
        permit.allows(Action::AssignRoles).or_else(|_| permit.allows(Action::AssignGovernors))?;
        if self.holds_key(account)? {
            return Err(SignInError::HoldsKey);
        }
        self.with(|all| all.remove_factor(*account.as_bytes()))?;
        self.sign_out_everywhere(account)?;
        let by = permit.actor().to_string();
        ledger.note(&SIGN_INS, Some(&by), now, &SecondFactorTaken { account: account.to_string() })?;
        Ok(())
    }

    /// Gives an account a password that its person chose. For founding, and for what was checked before.
    pub(crate) fn set(
        &self,
        ledger: &Ledger,
        account: AccountId,
        audience: Audience,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        let hash = self.gate.hash(password, self.cost(audience)).map_err(SignInError::Hash)?;
        self.with(|all| all.put(*account.as_bytes(), NewCredential::Chosen { hash, at: now }))?;
        let event = PasswordChanged { account: account.to_string() };
        ledger.note(&SIGN_INS, Some(&account.to_string()), now, &event)?;
        Ok(())
    }

    /// Says that others know an account's credential: it lets nobody in from now on, and ends every sign-in.
    pub fn void(
        &self,
        ledger: &Ledger,
        permit: &Permit,
        account: AccountId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        permit.allows(Action::ReportCredential)?;
        self.with(|all| all.put(*account.as_bytes(), NewCredential::Void { at: now, since }))?;
        let by = permit.actor().to_string();
        ledger.note(&SIGN_INS, Some(&by), now, &CredentialVoided { account: account.to_string(), since })?;
        Ok(())
    }

    /// Whether an account has a second factor.
    pub fn has_second_factor(&self, account: AccountId) -> Result<bool, SignInError> {
        Ok(self.with(|all| all.factor(*account.as_bytes()))?.is_some())
    }

    /// Enrols a second factor, when a code shows that the person has it.
    pub fn enrol(
        &self,
        ledger: &Ledger,
        account: AccountId,
        secret: &TotpSecret,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        let step = secret.step_of(code, now).ok_or(SignInError::Code)?;
        let sealed = self.keys.seal_for_programs(&about(account), secret.bytes())?;
        self.with(|all| all.put_factor(*account.as_bytes(), &sealed))?;
        self.with(|all| all.use_step(*account.as_bytes(), step))?;
        let event = SecondFactorEnrolled { account: account.to_string() };
        ledger.note(&SIGN_INS, Some(&account.to_string()), now, &event)?;
        Ok(())
    }

    /// Signs somebody in at the command line, with password and second factor. Where they hold a key, the sign-in
    /// carries it: for as long as it lasts, whoever has the token and the file of sign-ins can open what the holder can.
    pub fn sign_in(
        &self,
        ledger: &Ledger,
        account: Option<&Account>,
        password: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(Token, SignedIn), SignInError> {
        let open = account.filter(|account| account.is_open(now));
        let known = self.check(open, Audience::Staff, password, now)?;
        let (Some(account), Some(credential)) = (open, known) else { return Err(SignInError::Wrong) };
        if !matches!(account.holder, AccountHolder::Individual(_)) {
            return Err(SignInError::Wrong);
        }
        if credential.issued {
            return Err(SignInError::ChangeFirst);
        }
        self.check_code(account.id, code, now)?;
        let holder = account.id.to_string();
        let unlocked = if self.holds_key(account.id)? { Some(self.keys.unlock(&holder, password)?) } else { None };
        let carry = |token: &Token| {
            let unlocked = unlocked.as_ref()?;
            self.keys.carry(unlocked, &token.derived()).ok().flatten()
        };
        let issued = self.with(|all| all.issue(&holder, now, SIGN_IN_LASTS, carry))?;
        // The password may have been voided or changed while it was checked: then this sign-in is over as well.
        if self.serial(account.id)? != Some(credential.serial) {
            self.sign_out(&issued.0)?;
            return Err(SignInError::Wrong);
        }
        ledger.note(&SIGN_INS, Some(&holder), now, &SignedInEvent { account: holder.clone() })?;
        Ok(issued)
    }

    /// Signs somebody in who comes from an address: whoever has tried too often from there waits, and nobody else does.
    ///
    /// # Errors
    /// As for [`sign_in`](Self::sign_in), and [`SignInError::Wait`].
    pub fn sign_in_from(
        &self,
        ledger: &Ledger,
        (account, login, from): (Option<&Account>, &str, IpAddr),
        password: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(Token, SignedIn), SignInError> {
        self.try_from(login, from, now)?;
        let signed_in = self.sign_in(ledger, account, password, code, now)?;
        self.right_from(login, from);
        Ok(signed_in)
    }

    /// Whether somebody who is asked for their consent is who they say: they sign in for this alone.
    ///
    /// # Errors
    /// As for [`sign_in`](Self::sign_in).
    pub fn second(
        &self,
        ledger: &Ledger,
        account: &Account,
        password: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Unlocked>, SignInError> {
        let (token, _) = self.sign_in(ledger, Some(account), password, code, now)?;
        let found = self.signed_in(&token, now)?;
        self.sign_out(&token)?;
        Ok(found.and_then(|(_, unlocked)| unlocked))
    }

    /// Counts a try at an account from an address, or says how long to wait with it. Taken for wrong until it is right, so that
    /// many who come at once are not all the first.
    pub(crate) fn try_from(&self, login: &str, from: IpAddr, now: DateTime<Utc>) -> Result<(), SignInError> {
        let mut delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = delays.wait(login, from, now) {
            return Err(SignInError::Wait(wait));
        }
        delays.wrong(login, from, now);
        Ok(())
    }

    pub(crate) fn right_from(&self, login: &str, from: IpAddr) {
        self.delays.lock().unwrap_or_else(PoisonError::into_inner).right(login, from);
    }

    fn check_code(&self, account: AccountId, code: &str, now: DateTime<Utc>) -> Result<(), SignInError> {
        let factor = self.with(|all| all.factor(*account.as_bytes()))?.ok_or(SignInError::NoSecondFactor)?;
        let secret = self.keys.open_for_programs(&about(account), &factor.sealed);
        let secret = secret.and_then(|bytes| TotpSecret::from_bytes(&bytes)).ok_or(SignInError::Wrong)?;
        let step = secret.step_of(code, now).ok_or(SignInError::Wrong)?;
        // Of two that come with one code, one is let in.
        if self.with(|all| all.use_step(*account.as_bytes(), step))? { Ok(()) } else { Err(SignInError::Wrong) }
    }

    /// Who is signed in with a token, and the key that the sign-in carries.
    pub fn signed_in(
        &self,
        token: &Token,
        now: DateTime<Utc>,
    ) -> Result<Option<(AccountId, Option<Unlocked>)>, SignInError> {
        let Some(signed_in) = self.with(|all| all.check(token, now))? else { return Ok(None) };
        let Ok(person) = signed_in.person.parse::<belisha_policy::PersonId>() else { return Ok(None) };
        let unlocked = match &signed_in.carried {
            Some(sealed) => Some(self.keys.carried(sealed, &token.derived())?),
            None => None,
        };
        Ok(Some((AccountId::of(person), unlocked)))
    }

    /// Ends a sign-in.
    pub fn sign_out(&self, token: &Token) -> Result<(), SignInError> {
        Ok(self.with(|all| all.revoke(token))?)
    }

    /// Ends every sign-in of an account, as when its roles change.
    pub fn sign_out_everywhere(&self, account: AccountId) -> Result<u64, SignInError> {
        Ok(self.with(|all| all.revoke_all(&account.to_string()))?)
    }
}

/// Whether somebody's first password and code do. Asked before anything is written.
pub(crate) fn check_first(
    password: &str,
    login: &str,
    secret: &TotpSecret,
    code: &str,
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    passwords::check(password, Audience::Staff, login)?;
    secret.step_of(code, now).map(drop).ok_or(SignInError::Wrong)
}

/// To what a second factor is bound.
fn about(account: AccountId) -> Vec<u8> {
    [b"belisha totp 1", &account.as_bytes()[..]].concat()
}

/// By which rules somebody's password is made: of pupils', or of those of everybody else who has a person's account.
pub fn audience_of(entry: &Entry) -> Audience {
    if entry.written.pupil.is_some() { Audience::Pupils } else { Audience::Staff }
}
