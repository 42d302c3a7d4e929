//! What there is to sign for one adult: for their children, and for themselves.

use std::collections::{BTreeMap, BTreeSet};

use belisha_aua::{Audience, Document, Edition, ForPupils, Key, Number, SignedBy, Signer, Terms};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_policy::people::is_of_age;
use chrono::{DateTime, NaiveDate, Utc};

use super::writing::here;
use crate::authority::Authority;
use crate::people::Entry;

/// An edition that an adult has not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Whose agreement it is.
    pub about: PersonId,
    /// Who signs.
    pub by: Signer,
    /// Which document.
    pub key: Key,
    /// Which edition.
    pub number: Number,
}

/// What is asked of one adult at an instant. Of what others have signed or said nothing is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Of whom.
    pub adult: PersonId,
    /// What they have not signed.
    pub papers: Vec<Paper>,
    /// Their children, about pictures of whom they may answer.
    pub children: Vec<PersonId>,
}

impl Sheet {
    /// Whether nothing can be signed or answered.
    pub fn is_empty(&self) -> bool {
        self.papers.is_empty() && self.children.is_empty()
    }
}

/// Which children each adult answers for: those who are here and under age, of whom they hold parental responsibility and
/// no order stands against it.
pub struct Families<'a> {
    authority: &'a Authority,
    of: BTreeMap<PersonId, Vec<&'a Entry>>,
    now: DateTime<Utc>,
}

impl<'a> Families<'a> {
    /// At an instant. Costs a look at everybody: about a millisecond for ten thousand.
    pub fn at(authority: &'a Authority, now: DateTime<Utc>) -> Self {
        let today = local(now).date_naive();
        let mut of: BTreeMap<PersonId, Vec<&Entry>> = BTreeMap::new();
        for entry in authority.roll().here(now) {
            let Some(pupil) = entry.person.pupil().filter(|pupil| !is_of_age(pupil.born, today)) else { continue };
            // A contact may stand twice with a child, and an order with one of the lines alone: it counts.
            let is_barred = |adult| pupil.contacts.iter().any(|it| it.person == adult && !it.may_be_told());
            let adults: BTreeSet<PersonId> =
                pupil.contacts.iter().map(|it| it.person).filter(|adult| !is_barred(*adult)).collect();
            for adult in adults {
                of.entry(adult).or_default().push(entry);
            }
        }
        Self { authority, of, now }
    }

    /// The adults who answer for a child of some children.
    pub fn adults_of(&self, is_meant: impl Fn(&Entry) -> bool) -> BTreeSet<PersonId> {
        let of = self.of.iter().filter(|(_, children)| children.iter().any(|child| is_meant(child)));
        of.map(|(adult, _)| *adult).collect()
    }

    /// The parents of a class, or of all, of whom something is still to be signed, by their names.
    pub fn parents_to_ask(&self, class: Option<&str>) -> Vec<PersonId> {
        let roll = self.authority.roll();
        let is_meant = |of: Option<&str>| class.is_none() || of == class;
        let lacks = |sheet: &Sheet| {
            let class = |about| roll.person(about).and_then(|entry| entry.class());
            sheet.papers.iter().any(|paper| is_meant(class(paper.about)))
        };
        let of_children = self.adults_of(|child| is_meant(child.class()));
        let mut adults: Vec<PersonId> = of_children.into_iter().filter(|adult| lacks(&self.sheet(*adult))).collect();
        adults.sort_by_cached_key(|adult| roll.person(*adult).map(|entry| entry.person.name.in_full()));
        adults
    }

    /// Whether it is known of a child of theirs when it was born: a link asks that before it shows anything.
    pub fn is_known_by_birthday(&self, adult: PersonId) -> bool {
        self.born(adult).next().is_some()
    }

    /// When the children of an adult were born, as far as that is known.
    pub(super) fn born(&self, adult: PersonId) -> impl Iterator<Item = NaiveDate> + '_ {
        let children = self.of.get(&adult).into_iter().flatten();
        children.filter_map(|child| child.person.pupil().and_then(|pupil| pupil.born))
    }

    /// What is asked of an adult. Of whoever signs in nothing is asked here that is their own.
    pub fn sheet(&self, adult: PersonId) -> Sheet {
        let mut sheet = Sheet { adult, papers: Vec::new(), children: Vec::new() };
        let Ok(entry) = here(self.authority, adult, self.now) else { return sheet };
        for child in self.of.get(&adult).into_iter().flatten() {
            sheet.children.push(child.person.id);
            sheet.papers.extend(self.papers(child, Signer::Parent(adult), is_signed_by_parents));
        }
        if entry.account.is_none() && entry.person.pupil().is_none() {
            sheet.papers.extend(self.papers(entry, Signer::Themselves, |_| true));
        }
        sheet
    }

    /// The editions that are to be signed for somebody now, by one of those who sign, and that they have not signed.
    fn papers(&self, of: &Entry, by: Signer, is_theirs: fn(&Terms) -> bool) -> Vec<Paper> {
        let agreements = self.authority.agreements();
        let (person, audience) = (&of.person, Audience::of(&of.person));
        let paper = |document: &Document| {
            let edition: &Edition = document.to_sign(self.now)?;
            let is_asked = is_theirs(&edition.terms) && audience.is_some_and(|audience| edition.terms.is_for(audience));
            let has_signed = agreements.file(person.id).has_signed(document.key(), edition.number.major, by);
            let key = document.key().clone();
            (is_asked && !has_signed).then_some(Paper { about: person.id, by, key, number: edition.number })
        };
        agreements.book().asked(self.now).filter_map(paper).collect()
    }
}

fn is_signed_by_parents(terms: &Terms) -> bool {
    matches!(terms, Terms::Pupils(ForPupils { signed_by: SignedBy::PupilAndParent | SignedBy::Either, .. }))
}
