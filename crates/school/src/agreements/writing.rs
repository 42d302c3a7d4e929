//! What is written about people's agreements in one piece: all of it, or nothing.

use std::collections::BTreeMap;

use belisha_aua::{Around, ConsentFact, Consents, Fact, File, Signer, Subjected, decide_about, decide_consent};
use belisha_policy::calendar::local;
use belisha_policy::{Action, Permit, PersonId, Scope, WrongPermit};
use belisha_store::journal::Expected;
use chrono::{DateTime, Utc};

use super::acting::{AgreementError, Wanted, around};
use super::events::{AgreementChanged, AgreementsChanged, PersonText, PicturesChanged};
use super::pictures::Pictures;
use crate::authority::Authority;
use crate::ledger::{Batch, Stream};
use crate::people::Entry;
use crate::school::School;

/// Each thing is decided on what was there and what was decided before it.
pub(super) struct Writing<'a> {
    school: &'a School,
    authority: &'a Authority,
    around: Around<'a>,
    batch: Batch,
    changed: AgreementsChanged,
    /// Of whom something is written: their file as it becomes, and the version at which their stream then is.
    files: BTreeMap<PersonId, (File, u64)>,
    pictures: BTreeMap<PersonId, (Consents, u64)>,
}

impl<'a> Writing<'a> {
    pub(super) fn by(actor: PersonId, school: &'a School, authority: &'a Authority, now: DateTime<Utc>) -> Self {
        Self {
            school,
            authority,
            around: around(school, authority, now),
            batch: Batch::new(Some(&actor.to_string())),
            changed: AgreementsChanged::default(),
            files: BTreeMap::new(),
            pictures: BTreeMap::new(),
        }
    }

    /// The batch, for what is written with it.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Something about somebody's agreements.
    pub(super) fn about(&mut self, permit: &Permit, wanted: Wanted) -> Result<Fact, AgreementError> {
        let Wanted { person, command, scan } = wanted;
        let entry = here(self.authority, person, self.around.now)?;
        let action = command.action(permit.actor(), person);
        let by = match &command {
            Subjected::Sign { by, .. } | Subjected::Withdraw { by, .. } => Some(*by),
            _ => None,
        };
        reaches(self.authority, permit, action, by, entry)?;
        let agreements = self.authority.agreements();
        let (file, version) = self
            .files
            .entry(person)
            .or_insert_with(|| (agreements.file(person).clone(), agreements.version_of(person)));
        let fact = decide_about(&self.around, &entry.person, file, command, permit)?;
        let event = AgreementChanged { fact: fact.clone() };
        self.batch.add(&Stream::agreements_of(person), Expected::Version(*version), &event)?;
        file.evolve(self.around.now, fact.clone());
        *version += 1;
        if let Some(scan) = scan {
            scan.add_to(&mut self.batch, person)?;
        }
        self.changed.people.insert(PersonText(person));
        Ok(fact)
    }

    /// Something about pictures of a child.
    pub(super) fn about_pictures(
        &mut self,
        permit: &Permit,
        pictures: &Pictures,
        child: PersonId,
        wanted: ConsentFact,
    ) -> Result<ConsentFact, AgreementError> {
        let entry = here(self.authority, child, self.around.now)?;
        let by = match &wanted {
            ConsentFact::Answered { by, .. } | ConsentFact::Withdrawn { by } => Some(*by),
            ConsentFact::Flagged(_) | ConsentFact::Unflagged { .. } => None,
        };
        reaches(self.authority, permit, wanted.action(permit.actor(), child), by, entry)?;
        let (consents, version) =
            self.pictures.entry(child).or_insert_with(|| (pictures.of(child).clone(), pictures.version_of(child)));
        let fact = decide_consent(&entry.person, consents, wanted, permit, self.around.now)?;
        let event = PicturesChanged { fact: fact.clone() };
        self.batch.add(&Stream::pictures_of(child), Expected::Version(*version), &event)?;
        consents.evolve(self.around.now, fact.clone());
        *version += 1;
        self.changed.pictures.insert(PersonText(child));
        Ok(fact)
    }

    /// That somebody was given a link.
    pub(super) fn invited(&mut self, adult: PersonId) {
        self.changed.invited.insert(PersonText(adult));
    }

    /// Writes it.
    pub(super) fn append(mut self) -> Result<(), AgreementError> {
        if self.changed != AgreementsChanged::default() {
            self.batch.add(&Stream::AGREED, Expected::Any, &self.changed)?;
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        append(self.school, &self.batch, self.around.now)
    }
}

/// Writes what was batched.
pub(super) fn append(school: &School, batch: &Batch, now: DateTime<Utc>) -> Result<(), AgreementError> {
    school.ledger().append_all(batch, now).map(drop).map_err(|error| error.or(AgreementError::Meanwhile))
}

/// Somebody who is here today.
pub(super) fn here(authority: &Authority, person: PersonId, now: DateTime<Utc>) -> Result<&Entry, AgreementError> {
    let today = local(now).date_naive();
    let entry = authority.roll().person(person).filter(|entry| entry.person.is_here(today));
    entry.ok_or(AgreementError::NobodyHere)
}

/// Whether a permit that is for one's own reaches to this: what one says oneself, or one's own class.
fn reaches(
    authority: &Authority,
    permit: &Permit,
    action: Action,
    by: Option<Signer>,
    entry: &Entry,
) -> Result<(), WrongPermit> {
    if permit.scope() != Scope::Own {
        return Ok(());
    }
    let actor = permit.actor();
    let theirs = match by {
        Some(by) if action == Action::SignAgreement => by.is(actor, entry.person.id),
        _ => entry.class().is_some_and(|class| authority.assignments().teacher(class) == Some(actor)),
    };
    if theirs { Ok(()) } else { Err(WrongPermit::OtherPerson) }
}
