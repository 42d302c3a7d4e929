//! Staff, governors, and the accounts of a directory.

use std::collections::HashMap;

use belisha_policy::PersonId;
use belisha_policy::people::PersonKind;
use chrono::NaiveDate;

use super::pupils::{local_part, name};
use super::{PlanError, Work};
use crate::people::fold::Folded;
use crate::people::roll::Entry;
use crate::people::written::SourceId;
use belisha_formats::mis::claims::{AdultClaim, ListOf};

const ANOTHERS: &str = "the number or the address for mail is that of somebody else on the roll, of another surname. \
                        Nothing was merged; find out whose it is";

impl Work<'_> {
    /// Draws up staff and governors.
    pub(super) fn adults(&mut self) -> Result<(), PlanError> {
        let claims = self.claims;
        let mut known = Adults::default();
        for entry in self.roll.people() {
            known.add(entry);
        }
        for claim in &claims.adults {
            let list = if claim.kind == PersonKind::Governor { ListOf::Governors } else { ListOf::Staff };
            let person = match known.find(claim) {
                Ok(Some(person)) => person,
                Ok(None) => Self::fresh()?,
                Err(about) => {
                    self.spoken_of.insert(about);
                    self.complain(&claim.at, ANOTHERS);
                    continue;
                }
            };
            let again = self.drafts.get(&person).and_then(|draft| draft.at.clone().filter(|_| draft.list == list));
            if let Some(first) = again {
                self.complain(&claim.at, format!("this and {first} are about one person: the first was taken"));
                continue;
            }
            let mut written = self.draft_of(person);
            name(&claim.name, &mut written);
            if list == ListOf::Staff {
                // Somebody who taught and now works in the office does not teach any more.
                for kind in [PersonKind::Teacher, PersonKind::SupportStaff] {
                    written.kinds.remove(kind.slug());
                }
            }
            written.kinds.insert(claim.kind.slug().to_owned());
            written.ids.extend(SourceId::kept(&claim.ids));
            written.title = claim.title.clone().or(written.title.take());
            written.email = claim.email.clone().or(written.email.take());
            written.joined = self.joining(person, claim.joined).or(written.joined);
            self.leaving(person, claim.left, &mut written);
            let login = claim.login.as_ref().map(|login| login.as_str().to_owned());
            self.sign_in_name(person, &mut written, login.or_else(|| local_part(claim.email.as_deref())), &claim.at);
            self.put(person, written, list, Some(claim.at.clone()));
        }
        Ok(())
    }

    /// The first day that a line says. For somebody who holds a role none that is still to come: they are here.
    fn joining(&mut self, person: PersonId, said: Option<NaiveDate>) -> Option<NaiveDate> {
        let holds_role = self.options.role_holders.contains(&person);
        let said_late = said.filter(|day| holds_role && *day > self.today);
        if said_late.is_some() {
            self.note(None, "one who holds a role has a first day that is still to come, and stays as they are");
            return None;
        }
        said
    }

    /// What a directory says of accounts. It makes nobody: who is in it and nowhere else is told of.
    pub(super) fn accounts(&mut self) {
        let claims = self.claims;
        let email = |entry: &Entry| Some((entry.written.email.as_ref()?.to_lowercase(), entry.person.id));
        let by_email: HashMap<String, PersonId> = self.roll.people().filter_map(email).collect();
        let drafted =
            |(id, draft): (&PersonId, &super::Draft)| Some((draft.written.email.as_ref()?.to_lowercase(), *id));
        let by_email: HashMap<_, _> = by_email.into_iter().chain(self.drafts.iter().filter_map(drafted)).collect();
        for claim in &claims.accounts {
            let Some(person) = by_email.get(&claim.email.to_lowercase()) else {
                self.note(Some(&claim.at), "nobody on the roll has this address: import the school's own system first");
                continue;
            };
            if self.is_gone(*person) {
                continue;
            }
            let mut written = self.draft_of(*person);
            if !Folded::of(&claim.name).surname_agrees(&folded_of(&written)) {
                self.complain(&claim.at, ANOTHERS);
                continue;
            }
            let list = match self.drafts.get(person) {
                Some(draft) => draft.list,
                None if written.pupil.is_some() => ListOf::Pupils,
                None => ListOf::Staff,
            };
            self.sign_in_name(*person, &mut written, local_part(Some(&claim.email)), &claim.at);
            let holds_role = self.options.role_holders.contains(person);
            match (claim.suspended, written.off) {
                // Whoever could write such a file could lock the head out.
                (true, None) if holds_role => self.note(
                    Some(&claim.at),
                    "the directory has switched this account off, and its person holds a role: it stays on here. End the \
                     role first (belisha-reporter roles end)",
                ),
                (true, None) => (written.off, written.suspended) = (Some(self.options.now), true),
                // What a person switched off stays off.
                (false, Some(_)) if written.left.is_none() && written.suspended => {
                    (written.off, written.suspended) = (None, false);
                }
                _ => {}
            }
            self.put(*person, written, list, Some(claim.at.clone()));
        }
    }
}

fn folded_of(written: &crate::people::WrittenPerson) -> Folded {
    Folded::of_parts(
        [&written.surname, written.known_surname.as_ref().unwrap_or(&written.surname)],
        [&written.forename, written.known_forename.as_ref().unwrap_or(&written.forename)],
    )
}

/// Adults, by what they are told by.
#[derive(Default)]
struct Adults {
    by_id: HashMap<SourceId, PersonId>,
    by_email: HashMap<String, PersonId>,
    folded: HashMap<PersonId, Folded>,
}

impl Adults {
    fn add(&mut self, entry: &Entry) {
        if entry.written.pupil.is_some() {
            return;
        }
        self.by_id.extend(entry.written.ids.iter().map(|id| (id.clone(), entry.person.id)));
        // An address for mail that two share tells nobody.
        if let Some(email) = &entry.written.email {
            self.by_email.insert(email.to_lowercase(), entry.person.id);
        }
        self.folded.insert(entry.person.id, Folded::of(&entry.person.name));
    }

    /// By number or by mail, and the surname must agree, or both do; else who is meant by it.
    fn find(&self, claim: &AdultClaim) -> Result<Option<PersonId>, PersonId> {
        let ids = SourceId::kept(&claim.ids);
        let by_id = ids.iter().find_map(|id| self.by_id.get(id));
        let by_email = claim.email.as_ref().and_then(|email| self.by_email.get(&email.to_lowercase()));
        let Some(person) = by_id.or(by_email) else { return Ok(None) };
        // Whoever took another name kept number and address.
        let both = by_id.is_some() && by_id == by_email;
        let folded = Folded::of(&claim.name);
        let agrees = both || self.folded.get(person).is_some_and(|known| known.surname_agrees(&folded));
        if agrees { Ok(Some(*person)) } else { Err(*person) }
    }
}
