//! All agreements, in memory, by what they are asked for.

use std::collections::HashMap;

use belisha_aua::{Book, File, Standing, Subject};
use belisha_policy::people::{Account, AccountHolder, Person};
use belisha_policy::{Agreement, PersonId, Told};
use belisha_store::StreamId;
use chrono::{DateTime, Utc};

use super::events::{AgreementChanged, DocumentChanged};
use super::reading::{changed, told_of};
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::people::{Entry, Roll};

/// A person's agreements, and the version at which their stream is.
#[derive(Clone, Debug, Default)]
struct Kept {
    file: File,
    version: u64,
}

/// The agreements of a school. Read once, it follows the journal.
#[derive(Clone, Debug, Default)]
pub struct Agreements {
    book: Book,
    files: HashMap<PersonId, Kept>,
    /// The versions of the streams of documents and of who changed, up to which this was read.
    documents: u64,
    index: u64,
}

/// Somebody of whom nothing is known.
static NOTHING: File = File::EMPTY;

impl Agreements {
    /// Reads all of it. Costs about 20 µs a signature in a file.
    pub fn load(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut agreements = Self::default();
        agreements.follow(ledger)?;
        Ok(agreements)
    }

    /// Reads what has changed since it was read; whether anything has.
    pub fn follow(&mut self, ledger: &Ledger) -> Result<bool, LedgerError> {
        let documents = ledger.read_own_since(&[(Stream::AGREEMENTS.id, self.documents)])?;
        for told in &documents {
            if let Some(changed) = told.read::<DocumentChanged>()? {
                let DocumentChanged { key, fact } = changed.body;
                self.book.evolve(&key, told.at, &fact);
            }
            self.documents = told.version;
        }
        let (people, index) = changed(ledger, self.index, |changed| changed.people)?;
        for (person, told) in told_of(ledger, &people, Stream::agreements_of, |person| self.version_of(person))? {
            let kept = self.files.entry(person).or_default();
            // What was erased is not there any more.
            if let Some(changed) = told.read::<AgreementChanged>()? {
                kept.file.evolve(told.at, changed.body.fact);
            }
            kept.version = told.version;
        }
        let is_changed = !documents.is_empty() || index != self.index;
        self.index = index;
        Ok(is_changed)
    }

    /// The streams that say whether anything has changed, and the versions up to which this was read.
    pub(crate) fn read(&self) -> [(StreamId, u64); 2] {
        [(Stream::AGREEMENTS.id, self.documents), (Stream::AGREED.id, self.index)]
    }

    /// The documents.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The version of the stream of documents: whoever publishes says which one they saw.
    pub(super) fn version(&self) -> u64 {
        self.documents
    }

    /// What somebody did about their agreements.
    pub fn file(&self, person: PersonId) -> &File {
        self.files.get(&person).map_or(&NOTHING, |kept| &kept.file)
    }

    /// The version at which somebody's stream is.
    pub(super) fn version_of(&self, person: PersonId) -> u64 {
        self.files.get(&person).map_or(0, |kept| kept.version)
    }

    /// How it stands with somebody at an instant, taken for what they are now. Costs less than a microsecond.
    pub fn standing(&self, person: &Person, at: DateTime<Utc>) -> Standing {
        self.book.standing(self.file(person.id), &Subject::of(person), at)
    }

    /// What the policy needs to know of whoever uses an account. An account that a class shares has agreed to nothing and
    /// is asked nothing: its class keeps to what its teacher manages; it was told once everybody in the class was.
    pub fn of_account(&self, roll: &Roll, account: &Account) -> Agreement {
        match &account.holder {
            AccountHolder::Individual(person) => match roll.person(*person) {
                Some(entry) => self.of_person(&Subject::of(&entry.person), *person),
                None => Agreement::new(Vec::new(), Told::Never),
            },
            AccountHolder::Class { class } => Agreement::new(Vec::new(), self.told_of_class(roll, class)),
            AccountHolder::Guest { .. } => Agreement::new(Vec::new(), Told::Never),
        }
    }

    /// The same of somebody as they were and are.
    pub fn of_person(&self, subject: &Subject, person: PersonId) -> Agreement {
        let file = self.file(person);
        let told = file.told().map_or(Told::Never, Told::Since);
        Agreement::new(self.book.over_time(file, subject), told)
    }

    fn told_of_class(&self, roll: &Roll, class: &str) -> Told {
        let is_in = |entry: &&Entry| entry.class().is_some_and(|it| it.eq_ignore_ascii_case(class));
        let pupils = roll.people().filter(is_in).filter(|entry| entry.person.left.is_none());
        let told: Option<Vec<DateTime<Utc>>> = pupils.map(|entry| self.file(entry.person.id).told()).collect();
        told.and_then(|told| told.into_iter().max()).map_or(Told::Never, Told::Since)
    }
}
