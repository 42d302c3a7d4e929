//! A school with very many cases.

use std::sync::atomic::{AtomicUsize, Ordering};

use belisha_policy::PersonId;
use belisha_school::authority::Authority;
use belisha_school::cases::{Desk, Kept, Reference, Report, report};
use belisha_school::founding::{First, found_school};
use belisha_school::sign_in::{SignIns, TotpSecret};
use belisha_school::{DataFolder, School, Settings};
use belisha_store::credentials::Token;
use belisha_store::keys::Unlocked;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

/// Who tell at once; they share waits for the disk.
const TELLERS: usize = 16;
const PASSWORD: &str = "an amber light at the crossing";

/// A school with a head, who handles its cases.
pub struct Ready {
    /// Where it is.
    pub folder: TempDir,
    /// The school.
    pub school: School,
    /// Its people and roles.
    pub authority: Authority,
    /// Who handles cases.
    pub head: PersonId,
    /// When it was founded.
    pub now: DateTime<Utc>,
    factor: TotpSecret,
}

impl Ready {
    /// Founds it.
    pub fn new() -> Self {
        let (folder, now) = (tempfile::tempdir().unwrap(), Utc::now());
        let school = School::open(&DataFolder::new(folder.path()), &Settings::load(None).unwrap(), now).unwrap();
        let sign_ins = SignIns::new(school.credentials().unwrap(), school.ledger().keys().clone());
        let factor = TotpSecret::random().unwrap();
        let first = |surname: &str, forename: &str, login: &str| {
            let second_factor = TotpSecret::from_base32(&factor.base32()).unwrap();
            let (login, code) = (login.parse().unwrap(), second_factor.code_at(now));
            let (surname, forename, password) = (surname.into(), forename.into(), PASSWORD.into());
            First { surname, forename, login, email: None, password, second_factor, code }
        };
        let (head, chair) = (first("Tolland", "Merrin", "head"), first("Ashgrove", "Robin", "chair"));
        found_school(&school, &sign_ins, &head, &chair, now).unwrap();
        let authority = Authority::load(school.ledger()).unwrap();
        let account = authority.roll().account(&"head".parse().unwrap()).unwrap().clone();
        let head = authority.person_of(&account).unwrap();
        Self { folder, school, authority, head, now, factor }
    }

    /// The key of the head.
    pub fn unlock(&self) -> Unlocked {
        self.school.ledger().keys().unlock(&self.head.to_string(), PASSWORD).unwrap()
    }

    /// The desk of the head.
    pub fn desk<'a>(&'a self, unlocked: &'a Unlocked, kept: &'a Kept) -> Desk<'a> {
        let Self { school, authority, head, now, .. } = self;
        Desk { school, authority, person: *head, unlocked, now: *now, kept: Some(kept) }
    }

    /// Signs the head in, and gives the token.
    pub fn sign_in(&self) -> Token {
        let account = self.authority.roll().account(&"head".parse().unwrap()).unwrap();
        let sign_ins = SignIns::new(self.school.credentials().unwrap(), self.school.ledger().keys().clone());
        // No code is taken twice.
        let now = self.now + TimeDelta::seconds(30);
        let code = self.factor.code_at(now);
        sign_ins.sign_in(self.school.ledger(), Some(account), PASSWORD, &code, now).unwrap().0
    }

    /// Tells of so many cases, of the last three years.
    pub fn tell(&self, cases: usize) -> Vec<Reference> {
        let next = AtomicUsize::new(0);
        let tell = || {
            let mut told = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= cases {
                    return told;
                }
                let first_known = self.now - TimeDelta::minutes(i64::try_from(number * 15).unwrap());
                let words = format!(
                    "Number {number}: in the library, at the second computer from the door, somebody had a page open that \
                     is not for school, and closed it when I came nearer. It was not the first time this term."
                );
                let this = Report { first_known, words, danger: false, may_be_illegal: false, named: Vec::new() };
                let done = report(&self.school, &self.authority, self.head, this, None, self.now).unwrap();
                told.push(done.reference);
            }
        };
        std::thread::scope(|scope| {
            let tellers: Vec<_> = (0..TELLERS).map(|_| scope.spawn(tell)).collect();
            tellers.into_iter().flat_map(|teller| teller.join().unwrap()).collect()
        })
    }
}
