//! What papers about a case have in common: who is in it, how people and instants are written.

use belisha_incident::{Case, Event, Fact};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_policy::roles::Role;
use belisha_report::{capital, date};
use chrono::{DateTime, Utc};

use super::desk::{Desk, roles};
use super::redaction::Names;
use super::register::Branch;
use crate::people::Roll;

/// Everybody of whom a case speaks, in the order in which it does; then the contacts of the pupils among them.
pub(super) fn involved(branch: &Branch, roll: &Roll) -> Vec<PersonId> {
    let mut involved: Vec<PersonId> = Vec::new();
    let mut add = |person: PersonId| {
        if !involved.contains(&person) {
            involved.push(person);
        }
    };
    for event in &branch.events {
        event.fact.person().into_iter().chain(event.by).for_each(&mut add);
        match event.fact {
            Fact::Returned { second: other, .. }
            | Fact::InquiryBegan { second: other }
            | Fact::DeviceSearched { witness: other, .. }
            | Fact::DeviceReturned { to: other, .. } => add(other),
            _ => {}
        }
    }
    let pupils = involved.clone().into_iter().filter_map(|person| roll.person(person)?.person.pupil());
    for contact in pupils.flat_map(|pupil| &pupil.contacts).map(|contact| contact.person) {
        if !involved.contains(&contact) {
            involved.push(contact);
        }
    }
    involved
}

/// The day at the school.
pub(super) fn day(at: DateTime<Utc>) -> String {
    date(local(at).date_naive())
}

/// Day and time at the school.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    local(at).format("%-d %B %Y, %H:%M").to_string()
}

impl Names {
    /// What happened, for a reader to whom some are not named.
    pub(super) fn sentence(&self, event: &Event) -> String {
        let mut fact = event.fact.reworded(|text| self.without(text));
        // Who somebody says to be who did not sign in is a name that no roll knows.
        if let Fact::Reported { says, .. } = &mut fact {
            *says = None;
        }
        Event { fact, ..event.clone() }.told(|person| self.called(person), clock)
    }
}

impl Desk<'_> {
    /// When a child was born, and what an adult is at the school.
    pub(super) fn described(&self, person: PersonId, case: &Case) -> String {
        let entry = self.authority.roll().person(person);
        if let Some(pupil) = entry.and_then(|entry| entry.person.pupil()) {
            let born = pupil.born.map(|born| format!("born on {}", date(born)));
            return capital(&born.unwrap_or_else(|| "day of birth not known".to_owned()));
        }
        let roles = roles(self.authority, case, self.now)(person);
        let titles: Vec<&str> = roles.iter().map(Role::title).collect();
        if titles.is_empty() { "No role at the school".to_owned() } else { titles.join(", ") }
    }

    /// Whoever is at this desk, for those who call them.
    pub(super) fn signature(&self) -> String {
        let entry = self.authority.roll().person(self.person);
        let name = entry.map(|entry| entry.person.name.in_full()).unwrap_or_default();
        let email = entry.and_then(|entry| entry.written.email.as_ref()).map(|email| format!(", {email}"));
        format!("{name}, {}{}", self.described(self.person, &Case::default()), email.unwrap_or_default())
    }
}
