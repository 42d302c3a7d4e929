//! Who uses an account: what the policy needs to know of somebody who has signed in.

use std::sync::Arc;

use belisha_policy::people::{Account, AccountHolder, Capacity};
use belisha_policy::roles::RoleSet;
use belisha_policy::{AccountKind, SignedIn};
use chrono::{DateTime, Utc};

use crate::agreements;
use crate::authority::Authority;
use crate::ledger::{Ledger, LedgerError};

impl Authority {
    /// What the policy needs to know of whoever uses an account, as it is at an instant.
    pub fn who_is(&self, account: &Account, now: DateTime<Utc>) -> Arc<SignedIn> {
        let person = self.person_of(account);
        let entry = person.and_then(|person| self.roll().person(person));
        let pupil = entry.and_then(|entry| entry.person.pupil());
        let class = match &account.holder {
            AccountHolder::Class { class } => Some(class.as_str()),
            AccountHolder::Individual(_) => pupil.and_then(|pupil| pupil.class.as_deref()),
            AccountHolder::Guest { .. } => None,
        };
        let standing = person.and_then(|person| self.standing(person, now));
        Arc::new(SignedIn {
            person: account.id.to_string().into(),
            user: account.login.as_str().into(),
            attribution: account.attribution(now),
            account: match account.holder {
                AccountHolder::Individual(_) => AccountKind::Individual,
                AccountHolder::Class { .. } => AccountKind::Class,
                AccountHolder::Guest { .. } => AccountKind::Guest,
            },
            kinds: entry.iter().flat_map(|entry| &entry.person.capacities).map(Capacity::kind).collect(),
            roles: standing.map_or(RoleSet::EMPTY, |standing| standing.roles),
            year: pupil.and_then(|pupil| pupil.year),
            class: class.map(Into::into),
            agreement: self.agreements().of_account(self.roll(), account),
        })
    }

    /// The same for a question about the past: what was asked of them goes by what they were then, by the journal. Reads one
    /// stream.
    pub fn who_was(&self, ledger: &Ledger, account: &Account, at: DateTime<Utc>) -> Result<Arc<SignedIn>, LedgerError> {
        let who = self.who_is(account, at);
        let Some(person) = self.person_of(account) else { return Ok(who) };
        let Some(subject) = agreements::subject(ledger, person)? else { return Ok(who) };
        let agreement = self.agreements().of_person(&subject, person);
        Ok(Arc::new(SignedIn { agreement, ..(*who).clone() }))
    }
}
