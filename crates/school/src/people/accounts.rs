//! Accounts of classes and guests, and what is done to accounts by hand: switched off, back on, another user name, a
//! credential that others knew.

use belisha_policy::people::{AccountHolder, AccountId, Login, NameError};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::journal::Expected;
use chrono::{DateTime, TimeDelta, Utc};

use super::events::{AccountRecorded, Changed, PeopleChanged, PersonRecorded};
use super::roll::Roll;
use super::written::{WrittenAccount, WrittenDoubt, WrittenHolder, WrittenPerson};
use crate::ledger::{Batch, Ledger, LedgerError, Stream};

/// The longest that a guest's account lasts; whoever stays longer is a volunteer or a contractor.
pub const LONGEST_GUEST: TimeDelta = TimeDelta::days(7);

/// What the source of a change by hand is called.
const BY_HAND: &str = "by hand";

/// Why nothing was done to an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Another account has the user name.
    #[error("another account has this user name: choose another")]
    Taken,
    /// There is no such account or person.
    #[error("there is no such account here: look at belisha-reporter people list")]
    Unknown,
    /// A guest's time is too long, or over before it begins.
    #[error("a guest's account ends within {} days and not in the past", LONGEST_GUEST.num_days())]
    GuestTime,
    /// It is over, and an account that is over is not extended.
    #[error("this guest's account is over: open a new one")]
    GuestOver,
    /// A name that says nothing, or the name of a class that is none.
    #[error("say what the guest or the class is called: 1 to 60 letters, digits and spaces")]
    Called,
    /// Somebody who stands in the lists of the school's own system.
    #[error(
        "pupils, parents, staff and governors come with the lists of the school's own system: belisha-importer people"
    )]
    InLists,
    /// A body outside with a user name.
    #[error("a body outside the school never signs in: leave the user name away")]
    Outside,
    /// A last day that is over.
    #[error("the last day is over already: give today or a day that is still to come")]
    Over,
    /// A name that is none.
    #[error(transparent)]
    Name(NameError),
    /// The pupil has moved.
    #[error("this pupil has moved to {0} with their record: what is kept of them here is for reading only")]
    Moved(u64),
    /// Somebody else changed people.
    #[error("somebody else has changed people meanwhile: nothing was written. Do it again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A guest to be let in.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What they are called on screens and in lists, such as `visiting author`.
    pub called: String,
    /// What they type to sign in.
    pub login: Login,
    /// Who answers for them.
    pub sponsor: PersonId,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// Opens the account of a guest.
pub fn open_guest(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    guest: &Guest,
    now: DateTime<Utc>,
) -> Result<AccountId, AccountError> {
    permit.allows(Action::CreateGuestAccount)?;
    if guest.until <= now || guest.until - now > LONGEST_GUEST {
        return Err(AccountError::GuestTime);
    }
    let sponsor = roll.person(guest.sponsor).ok_or(AccountError::Unknown)?;
    if !sponsor.person.is_here(now.date_naive()) {
        return Err(AccountError::Unknown);
    }
    let holder = WrittenHolder::Guest { called: called(&guest.called)?, sponsor: guest.sponsor, until: guest.until };
    open(ledger, roll, permit, &guest.login, holder, now)
}

/// Opens the account that a class shares.
pub fn open_class(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    class: &str,
    login: &Login,
    now: DateTime<Utc>,
) -> Result<AccountId, AccountError> {
    permit.allows(Action::CreateClassAccount)?;
    open(ledger, roll, permit, login, WrittenHolder::Class(called(class)?), now)
}

fn called(text: &str) -> Result<String, AccountError> {
    let text = text.trim();
    let fits = |letter: char| letter.is_alphanumeric() || " .'-/".contains(letter);
    if text.is_empty() || text.chars().count() > 60 || !text.chars().all(fits) {
        return Err(AccountError::Called);
    }
    Ok(text.to_owned())
}

fn open(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    login: &Login,
    holder: WrittenHolder,
    now: DateTime<Utc>,
) -> Result<AccountId, AccountError> {
    if roll.account(login).is_some() {
        return Err(AccountError::Taken);
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(LedgerError::from)?;
    let id = AccountId::from_bytes(bytes);
    let account = WrittenAccount { login: login.as_str().into(), holder, off: None, doubts: Vec::new() };
    write(ledger, roll, permit, Record::Shared(id, account), now)?;
    Ok(id)
}

/// Lets a guest stay longer, or ends their time sooner.
pub fn set_guest_end(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    account: AccountId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    permit.allows(Action::CreateGuestAccount)?;
    let (written, _) = roll.shared(account).ok_or(AccountError::Unknown)?;
    let mut written = written.clone();
    let WrittenHolder::Guest { until: end, .. } = &mut written.holder else { return Err(AccountError::Unknown) };
    if *end <= now {
        return Err(AccountError::GuestOver);
    }
    if until < now || until - now > LONGEST_GUEST {
        return Err(AccountError::GuestTime);
    }
    *end = until;
    write(ledger, roll, permit, Record::Shared(account, written), now)
}

/// What is to be done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Nobody signs in with it from now on.
    SwitchOff,
    /// It may be signed in with again.
    SwitchOn,
    /// Another user name.
    Rename(Login),
    /// Since this instant others knew its credential.
    Doubt(DateTime<Utc>),
    /// A new credential was given: the doubt is over.
    EndDoubt,
}

impl Do {
    fn action(&self) -> Action {
        match self {
            Self::SwitchOff | Self::SwitchOn | Self::Rename(_) => Action::ManageAccounts,
            Self::Doubt(_) | Self::EndDoubt => Action::ReportCredential,
        }
    }
}

/// Does something to an account.
pub fn change(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    account: AccountId,
    what: &Do,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    permit.allows(what.action())?;
    if let Do::Rename(login) = what
        && roll.account(login).is_some_and(|other| other.id != account)
    {
        return Err(AccountError::Taken);
    }
    let known = roll.account_by_id(account).ok_or(AccountError::Unknown)?;
    let record = match &known.holder {
        AccountHolder::Individual(person) => {
            let mut written = roll.person(*person).ok_or(AccountError::Unknown)?.written.clone();
            // What others knew of a password is said of the past, and may still come to light.
            if let (Some(to), Action::ManageAccounts) = (written.moved_to(), what.action()) {
                return Err(AccountError::Moved(to));
            }
            let mut login = written.login.clone().unwrap_or_default();
            done(what, &mut login, &mut written.off, &mut written.doubts, now);
            written.suspended &= what.action() != Action::ManageAccounts;
            written.login = Some(login);
            Record::Person(*person, Box::new(written))
        }
        AccountHolder::Class { .. } | AccountHolder::Guest { .. } => {
            let (written, _) = roll.shared(account).ok_or(AccountError::Unknown)?;
            let mut written = written.clone();
            done(what, &mut written.login, &mut written.off, &mut written.doubts, now);
            Record::Shared(account, written)
        }
    };
    write(ledger, roll, permit, record, now)
}

fn done(
    what: &Do,
    login: &mut String,
    off: &mut Option<DateTime<Utc>>,
    doubts: &mut Vec<WrittenDoubt>,
    now: DateTime<Utc>,
) {
    match what {
        Do::SwitchOff => *off = off.or(Some(now)),
        Do::SwitchOn => *off = None,
        Do::Rename(to) => to.as_str().clone_into(login),
        Do::Doubt(from) => match doubts.iter_mut().find(|doubt| doubt.until.is_none()) {
            Some(doubt) => doubt.from = doubt.from.min(*from),
            None => doubts.push(WrittenDoubt { from: *from, until: None }),
        },
        Do::EndDoubt => doubts.iter_mut().for_each(|doubt| doubt.until = doubt.until.or(Some(now))),
    }
}

/// What is written of somebody.
pub(super) enum Record {
    Person(PersonId, Box<WrittenPerson>),
    Shared(AccountId, WrittenAccount),
}

/// Writes what is known of a person or an account from now on.
pub(super) fn write(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    record: Record,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    let by = permit.actor().to_string();
    let mut batch = Batch::new(Some(&by));
    let mut index = PeopleChanged { source: BY_HAND.into(), ..PeopleChanged::default() };
    let stream = match &record {
        Record::Person(person, _) => Stream::person(*person),
        Record::Shared(account, _) => Stream::account(*account),
    };
    let version = match &record {
        Record::Person(person, _) => roll.person(*person).map_or(0, |entry| entry.version),
        Record::Shared(account, _) => roll.shared(*account).map_or(0, |(_, version)| version),
    };
    let changed = vec![Changed { stream: stream.id, version: version + 1 }];
    match &record {
        Record::Person(..) => index.people = changed,
        Record::Shared(..) => index.accounts = changed,
    }
    batch.add(&Stream::PEOPLE, Expected::Version(roll.version()), &index)?;
    match record {
        Record::Person(_, person) => {
            let event = PersonRecorded { person: *person, source: BY_HAND.into() };
            batch.add(&stream, Expected::Version(version), &event)?;
        }
        Record::Shared(_, account) => {
            batch.add(&stream, Expected::Version(version), &AccountRecorded { account })?;
        }
    }
    ledger.append_all(&batch, now).map(drop).map_err(|error| error.or(AccountError::Meanwhile))
}
