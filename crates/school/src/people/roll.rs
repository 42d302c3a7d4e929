//! Everybody, in memory, by what they are asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_policy::people::{Account, AccountHolder, AccountId, Login, Person};
use belisha_store::StreamId;
use chrono::{DateTime, Utc};

use super::events::{AccountRecorded, Changed, MoveOffered, MoveReceived, PeopleChanged, PersonRecorded};
use super::fold::{words, words_of};
use super::written::{Unreadable, WrittenAccount, WrittenPerson};
use crate::ledger::{Ledger, LedgerError, Stream, Told};

/// A person, what was written of them, and the version at which their stream is.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The person.
    pub person: Person,
    /// Their account, where they have one.
    pub account: Option<Account>,
    /// What was written.
    pub written: WrittenPerson,
    /// The version of their stream.
    pub version: u64,
}

impl Entry {
    /// Where their mail goes.
    pub fn address(&self) -> Option<&str> {
        self.written.email.as_deref().filter(|address| !address.trim().is_empty())
    }

    /// The class of a pupil.
    pub fn class(&self) -> Option<&str> {
        self.person.pupil()?.class.as_deref()
    }
}

#[derive(Clone, Debug)]
struct Shared {
    account: Account,
    written: WrittenAccount,
    version: u64,
}

/// The people and accounts of a school. Read once, it follows the journal.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    people: BTreeMap<PersonId, Entry>,
    shared: BTreeMap<AccountId, Shared>,
    logins: HashMap<Login, AccountId>,
    /// The version of the index up to which this was read.
    version: u64,
}

impl Roll {
    /// Reads everybody. Costs about 30 µs a person in a file.
    pub fn load(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut roll = Self::default();
        roll.follow(ledger)?;
        Ok(roll)
    }

    /// Reads what has changed since it was read; whether anything has.
    pub fn follow(&mut self, ledger: &Ledger) -> Result<bool, LedgerError> {
        let index = ledger.read_own_since(&[(Stream::PEOPLE.id, self.version)])?;
        let (mut people, mut accounts) = (BTreeMap::new(), BTreeMap::new());
        for told in &index {
            if let Some(changed) = told.read::<PeopleChanged>()? {
                let newest = |to: &mut BTreeMap<StreamId, u64>, changed: Vec<Changed>| {
                    to.extend(changed.into_iter().map(|changed| (changed.stream, changed.version)));
                };
                newest(&mut people, changed.body.people);
                newest(&mut accounts, changed.body.accounts);
            }
        }
        // Each event says all there is: the last of a stream is enough.
        let last = |streams: BTreeMap<StreamId, u64>| -> Vec<_> {
            streams.into_iter().map(|(stream, version)| (stream, version.saturating_sub(1))).collect()
        };
        for told in ledger.read_own_since(&last(people))? {
            let id = PersonId::from_bytes(*told.stream.as_bytes());
            match person_of(&told)? {
                Some(person) => self.put(id, person, told.version)?,
                // What was erased is not there any more.
                None => self.remove(id),
            }
        }
        for told in ledger.read_own_since(&last(accounts))? {
            if let Some(recorded) = told.read::<AccountRecorded>()? {
                let id = AccountId::from_bytes(*told.stream.as_bytes());
                self.put_shared(id, recorded.body.account, told.version)?;
            }
        }
        self.version = index.last().map_or(self.version, |told| told.version);
        Ok(!index.is_empty())
    }

    /// Takes somebody in as they are, or are to be.
    pub(super) fn put(&mut self, id: PersonId, written: WrittenPerson, version: u64) -> Result<(), Unreadable> {
        let entry = Entry { person: written.person(id)?, account: written.account(id)?, written, version };
        self.remove(id);
        if let Some(account) = &entry.account {
            // The whole address for mail does as well, unless it is somebody's user name.
            if let Some(email) = email_of(&entry) {
                self.logins.entry(email).or_insert(account.id);
            }
            self.logins.insert(account.login.clone(), account.id);
        }
        self.people.insert(id, entry);
        Ok(())
    }

    fn remove(&mut self, id: PersonId) {
        let Some(entry) = self.people.remove(&id) else { return };
        let theirs = AccountId::of(id);
        let names = entry.account.iter().map(|account| account.login.clone()).chain(email_of(&entry));
        for name in names {
            if self.logins.get(&name) == Some(&theirs) {
                self.logins.remove(&name);
            }
        }
    }

    fn put_shared(&mut self, id: AccountId, written: WrittenAccount, version: u64) -> Result<(), Unreadable> {
        let account = written.account(id)?;
        if let Some(before) = self.shared.remove(&id) {
            self.logins.remove(&before.account.login);
        }
        self.logins.insert(account.login.clone(), id);
        self.shared.insert(id, Shared { account, written, version });
        Ok(())
    }

    /// The version of the index that this is of: whoever changes people says which one they saw.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Everybody, in the order of their ids.
    pub fn people(&self) -> impl Iterator<Item = &Entry> {
        self.people.values()
    }

    /// Everybody who is here on the day of an instant, by the calendar at the school.
    pub fn here(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Entry> {
        let today = local(now).date_naive();
        self.people().filter(move |entry| entry.person.is_here(today))
    }

    /// Those of them who are pupils of a class.
    pub fn of_class(&self, class: &str, now: DateTime<Utc>) -> impl Iterator<Item = &Entry> {
        self.here(now).filter(move |entry| entry.class() == Some(class))
    }

    /// The classes of all of them.
    pub fn classes(&self, now: DateTime<Utc>) -> BTreeSet<String> {
        self.here(now).filter_map(|entry| entry.class().map(str::to_owned)).collect()
    }

    /// A person.
    pub fn person(&self, id: PersonId) -> Option<&Entry> {
        self.people.get(&id)
    }

    /// Those who are meant by a text: whoever has it as user name, else everybody in whose name each of its words is, in
    /// whatever order. In the order of their names.
    pub fn called(&self, text: &str) -> Vec<&Entry> {
        self.meant(text, self.people.values())
    }

    /// Contacts of a child who are meant by a text, in the order of their names.
    pub fn contacts_called(&self, child: PersonId, text: &str) -> Vec<PersonId> {
        let contacts = self.person(child).and_then(|entry| entry.person.pupil()).map_or(&[][..], |it| &it.contacts);
        let contacts = contacts.iter().filter_map(|contact| self.person(contact.person));
        self.meant(text, contacts).into_iter().map(|entry| entry.person.id).collect()
    }

    /// Those of some who are meant by a text.
    fn meant<'a>(&'a self, text: &str, among: impl Iterator<Item = &'a Entry> + Clone) -> Vec<&'a Entry> {
        let by_login = self.account_of(text.trim()).map(|account| PersonId::from_bytes(*account.id.as_bytes()));
        if let Some(entry) = among.clone().find(|entry| Some(entry.person.id) == by_login) {
            return vec![entry];
        }
        let wanted = words(text);
        let is_meant = |entry: &&Entry| {
            let theirs = words_of(&entry.person.name);
            !wanted.is_empty() && wanted.iter().all(|word| theirs.contains(word))
        };
        let mut found: Vec<&Entry> = among.filter(is_meant).collect();
        found.sort_by_cached_key(|entry| (entry.person.name.in_full(), entry.class().map(str::to_owned)));
        // A contact may stand twice with a child.
        found.dedup_by_key(|entry| entry.person.id);
        found
    }

    /// The account with a user name; whether it is open is another question.
    pub fn account(&self, login: &Login) -> Option<&Account> {
        let id = self.logins.get(login)?;
        self.account_by_id(*id)
    }

    /// The same for what somebody typed as their user name.
    pub fn account_of(&self, user: &str) -> Option<&Account> {
        self.account(&user.parse().ok()?)
    }

    /// An account by its id.
    pub fn account_by_id(&self, id: AccountId) -> Option<&Account> {
        let individual = self.people.get(&PersonId::from_bytes(*id.as_bytes())).and_then(|it| it.account.as_ref());
        individual.or_else(|| self.shared.get(&id).map(|shared| &shared.account))
    }

    /// The accounts of classes and guests.
    pub fn shared_accounts(&self) -> impl Iterator<Item = &Account> {
        self.shared.values().map(|shared| &shared.account)
    }

    /// What was written of the account of a class or a guest, and the version of its stream.
    pub(super) fn shared(&self, id: AccountId) -> Option<(&WrittenAccount, u64)> {
        self.shared.get(&id).map(|shared| (&shared.written, shared.version))
    }

    /// The guests whose accounts a person answers for and that are open.
    pub fn guests_of(&self, host: PersonId, now: DateTime<Utc>) -> impl Iterator<Item = &Account> {
        self.shared_accounts().filter(move |account| {
            matches!(&account.holder, AccountHolder::Guest { sponsor, .. } if *sponsor == host) && account.is_open(now)
        })
    }
}

/// What an event says of a person; nothing where it was erased.
pub(crate) fn person_of(told: &Told) -> Result<Option<WrittenPerson>, LedgerError> {
    if let Some(recorded) = told.read::<PersonRecorded>()? {
        return Ok(Some(recorded.body.person));
    }
    if let Some(offered) = told.read::<MoveOffered>()? {
        return Ok(Some(offered.body.person));
    }
    Ok(told.read::<MoveReceived>()?.map(|received| received.body.person))
}

fn email_of(entry: &Entry) -> Option<Login> {
    entry.written.email.as_ref()?.parse().ok()
}
