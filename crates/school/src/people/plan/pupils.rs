//! Pupils and their contacts.

use std::collections::{BTreeMap, HashMap};

use belisha_policy::PersonId;
use belisha_policy::people::{Name, PersonKind};

use super::matching::{Known, Marks, Match, two_children};
use super::{PlanError, Returning, Work};
use crate::people::fold::{Folded, is_torn};
use crate::people::written::{SourceId, WrittenContact, WrittenPerson, WrittenPupil};
use belisha_formats::mis::claims::{self, At, ContactClaim, LinkClaim, ListOf, PupilClaim, Said};

const MOVED: &str = "this child has moved to another school with their record, and what is kept of them here is for \
                     reading only. If they are back, take their record in again (belisha-reporter people receive)";

/// What lines say of pupils and contacts, by the pupil.
type LinksByPupil<'a> = HashMap<&'a claims::SourceId, Vec<&'a LinkClaim>>;

impl Work<'_> {
    /// Draws up the pupils. `contacts` are the people of the claims about contacts, in their order.
    pub(super) fn pupils(&mut self, contacts: &[Option<PersonId>]) -> Result<(), PlanError> {
        let known = Known::pupils(self.roll);
        let claims = self.claims;
        let doubles = doubles(&claims.pupils);
        let links = links_by_pupil(&claims.links);
        let mut taken: BTreeMap<PersonId, &At> = BTreeMap::new();
        for (place, claim) in claims.pupils.iter().enumerate() {
            let ids = SourceId::kept(&claim.ids);
            let marks = Marks { upn: claim.upn, ids: &ids, name: &claim.name, born: claim.born };
            let person = match known.find(&marks) {
                Match::Stop(about, why) => {
                    self.spoken_of.extend(about);
                    self.complain(&claim.at, why);
                    continue;
                }
                Match::Known(person) => person,
                Match::New => Self::fresh()?,
            };
            if let Some(why) = doubles.get(&place) {
                self.spoken_of.insert(person);
                self.complain(&claim.at, *why);
                continue;
            }
            if let Some(first) = taken.get(&person) {
                let what = format!("this and {first} are about one child: the first was taken, this was left out");
                self.complain(&claim.at, what);
                continue;
            }
            taken.insert(person, &claim.at);
            if self.is_gone(person) {
                self.spoken_of.insert(person);
                // A system that lists leavers as such says nothing new.
                if !matches!(claim.left, Said::Said(Some(_))) {
                    self.complain(&claim.at, MOVED);
                }
                continue;
            }
            let mut written = self.draft_of(person);
            self.pupil(person, claim, &mut written);
            self.contacts_of(claim, &links, contacts, &mut written);
            self.put(person, written, ListOf::Pupils, Some(claim.at.clone()));
        }
        Ok(())
    }

    fn pupil(&mut self, person: PersonId, claim: &PupilClaim, written: &mut WrittenPerson) {
        name(&claim.name, written);
        let mut pupil = written.pupil.take().unwrap_or_default();
        facts(claim, &mut pupil);
        written.pupil = Some(pupil);
        written.ids.extend(SourceId::kept(&claim.ids));
        written.email = claim.email.clone().or(written.email.take());
        written.joined = claim.joined.or(written.joined);
        self.leaving(person, claim.left, written);
        if self.options.returning == Returning::TakeIn && written.moved_to().is_some() {
            written.moving = None;
        }
        let login = claim.login.as_ref().map(|login| login.as_str().to_owned());
        let wanted = login.or_else(|| local_part(claim.email.as_deref()));
        self.sign_in_name(person, written, wanted, &claim.at);
    }

    /// What a line says of leaving. Who is in a full list and was taken to have left is here again.
    pub(super) fn leaving(&mut self, person: PersonId, said: Said<chrono::NaiveDate>, written: &mut WrittenPerson) {
        match said {
            // No file makes somebody leave who holds a role.
            Said::Said(Some(_)) if self.options.role_holders.contains(&person) => {
                self.note(None, "one who holds a role has a leaving date, and stays: end the role first");
            }
            Said::Said(Some(left)) => {
                written.left = Some(left);
                if left < self.today {
                    written.off = written.off.or(Some(self.options.now));
                }
            }
            Said::Said(None) if written.left.is_some() => {
                written.left = None;
                written.off = None;
            }
            // A system that keeps leavers in its list without saying so says nothing.
            Said::Said(None) | Said::Unsaid => {}
        }
    }

    /// The contacts of a pupil, where the files speak of them.
    fn contacts_of(
        &mut self,
        claim: &PupilClaim,
        links: &LinksByPupil<'_>,
        people: &[Option<PersonId>],
        written: &mut WrittenPerson,
    ) {
        let Some(pupil) = &mut written.pupil else { return };
        let mut contacts: Vec<WrittenContact> = Vec::new();
        let mut restricted = None;
        for link in claim.ids.iter().filter_map(|id| links.get(id)).flatten() {
            let Some(person) = people.get(link.contact).copied().flatten() else { continue };
            if contacts.iter().any(|contact| contact.person == person) {
                continue;
            }
            let before = pupil.contacts.iter().find(|contact| contact.person == person);
            let court_order = link.court_order.or(before.map(|before| before.court_order)).unwrap_or(false);
            if before.is_some_and(|before| before.court_order) && !court_order {
                restricted = Some(link.at.clone());
            }
            contacts.push(WrittenContact {
                person,
                relationship: link.relationship.clone(),
                priority: link.priority,
                responsibility: link.responsibility.or(before.and_then(|before| before.responsibility)),
                court_order,
            });
        }
        // A list of contacts that has none of a pupil's does not end an order.
        if contacts.is_empty() {
            return;
        }
        let dropped = |before: &&WrittenContact| {
            before.court_order && !contacts.iter().any(|contact| contact.person == before.person)
        };
        let kept: Vec<WrittenContact> = pupil.contacts.iter().filter(dropped).cloned().collect();
        contacts.extend(kept);
        contacts.sort_by_key(|contact| (contact.priority.is_none(), contact.priority, contact.person));
        pupil.contacts = contacts;
        if let Some(at) = restricted {
            self.note(
                Some(&at),
                "a court order that stood against a contact does so no longer: make sure that it is so",
            );
        }
    }

    /// The people of the claims about contacts.
    pub(super) fn contacts(&mut self) -> Result<Vec<Option<PersonId>>, PlanError> {
        let claims = self.claims;
        let mut known = Contacts::of(self);
        let mut pupils: HashMap<usize, Vec<PersonId>> = HashMap::new();
        for link in &claims.links {
            let pupil = SourceId { system: link.pupil.system.into(), id: link.pupil.id.clone() };
            pupils.entry(link.contact).or_default().extend(known.pupils.get(&pupil));
        }
        let mut people = Vec::with_capacity(claims.contacts.len());
        for (place, claim) in claims.contacts.iter().enumerate() {
            let of = pupils.remove(&place).unwrap_or_default();
            let person = match known.find(claim, &of) {
                Ok(Some(person)) => person,
                Ok(None) => Self::fresh()?,
                Err(why) => {
                    self.complain(&claim.at, why);
                    people.push(None);
                    continue;
                }
            };
            let mut written = self.draft_of(person);
            name(&claim.name, &mut written);
            written.kinds.insert(PersonKind::Parent.slug().to_owned());
            written.ids.extend(SourceId::kept(&claim.ids));
            written.email = claim.email.clone().or(written.email.take());
            known.add(person, &written, Folded::of(&claim.name));
            self.put(person, written, ListOf::Contacts, Some(claim.at.clone()));
            people.push(Some(person));
        }
        Ok(people)
    }
}

/// Contacts, by what they are told by.
struct Contacts {
    people: BTreeMap<PersonId, Folded>,
    by_id: HashMap<SourceId, PersonId>,
    by_email: HashMap<String, Vec<PersonId>>,
    /// The contacts of pupils.
    of_pupil: BTreeMap<PersonId, Vec<PersonId>>,
    /// Pupils, by their ids in other systems.
    pupils: HashMap<SourceId, PersonId>,
}

impl Contacts {
    fn of(work: &Work<'_>) -> Self {
        let mut contacts = Self {
            people: BTreeMap::new(),
            by_id: HashMap::new(),
            by_email: HashMap::new(),
            of_pupil: BTreeMap::new(),
            pupils: HashMap::new(),
        };
        for entry in work.roll.people() {
            if entry.person.is(PersonKind::Parent) {
                contacts.add(entry.person.id, &entry.written, Folded::of(&entry.person.name));
            }
            if let Some(pupil) = &entry.written.pupil {
                let people = pupil.contacts.iter().map(|contact| contact.person).collect();
                contacts.of_pupil.insert(entry.person.id, people);
                contacts.pupils.extend(entry.written.ids.iter().map(|id| (id.clone(), entry.person.id)));
            }
        }
        contacts
    }

    fn add(&mut self, person: PersonId, written: &WrittenPerson, folded: Folded) {
        self.by_id.extend(written.ids.iter().map(|id| (id.clone(), person)));
        if let Some(email) = &written.email {
            let people = self.by_email.entry(email.to_lowercase()).or_default();
            if !people.contains(&person) {
                people.push(person);
            }
        }
        self.people.insert(person, folded);
    }

    /// By number, by mail and name, or by name among the contacts of one pupil.
    fn find(&self, claim: &ContactClaim, of: &[PersonId]) -> Result<Option<PersonId>, &'static str> {
        let folded = Folded::of(&claim.name);
        let by_email = claim.email.as_ref().and_then(|email| self.by_email.get(&email.to_lowercase()));
        let ids = SourceId::kept(&claim.ids);
        if let Some(person) = ids.iter().find_map(|id| self.by_id.get(id)) {
            // Whoever took another name kept number and address.
            let agrees = self.people.get(person).is_some_and(|known| known.surname_agrees(&folded))
                || by_email.is_some_and(|people| people.contains(person));
            return if agrees {
                Ok(Some(*person))
            } else {
                Err("the number is that of another contact, of another surname. Nothing was merged")
            };
        }
        let same = |person: &&PersonId| self.people.get(person).is_some_and(|known| known.agrees(&folded));
        if let Some(person) = by_email.and_then(|people| people.iter().find(same)) {
            return Ok(Some(*person));
        }
        let mut of_pupils = of.iter().filter_map(|pupil| self.of_pupil.get(pupil)).flatten();
        Ok(of_pupils.find(same).copied())
    }
}

/// Pupils of one file of whom it cannot be told whether they are one child, by their place.
fn doubles(claims: &[PupilClaim]) -> BTreeMap<usize, &'static str> {
    let mut doubles = BTreeMap::new();
    let mut by_upn = HashMap::new();
    let mut by_birthday: HashMap<_, Vec<(usize, Folded)>> = HashMap::new();
    for (place, claim) in claims.iter().enumerate() {
        if let Some(upn) = claim.upn
            && let Some(other) = by_upn.insert(upn, place)
        {
            let same = claims.get(other).is_some_and(|other| is_same_line(other, claim));
            if !same {
                let what = "two lines have this UPN: both were left out. Find out whose it is";
                doubles.extend([(other, what), (place, what)]);
            }
        }
        let Some(born) = claim.born else { continue };
        let folded = Folded::of(&claim.name);
        let there = by_birthday.entry(born).or_default();
        for (other, theirs) in there.iter() {
            let upn = claims.get(*other).and_then(|other| other.upn);
            if theirs.agrees(&folded) && upn != claim.upn && !two_children(upn, claim.upn)
                || theirs.agrees(&folded) && upn.is_none() && claim.upn.is_none()
            {
                let what =
                    "two lines have this name and birthday, and no UPNs that tell them apart: both were left out";
                doubles.extend([(*other, what), (place, what)]);
            }
        }
        there.push((place, folded));
    }
    doubles
}

/// Whether two lines say the same of the same child.
fn is_same_line(one: &PupilClaim, other: &PupilClaim) -> bool {
    one.born == other.born && Folded::of(&one.name).agrees(&Folded::of(&other.name))
}

fn links_by_pupil(links: &[LinkClaim]) -> LinksByPupil<'_> {
    let mut by_pupil: HashMap<_, Vec<_>> = HashMap::new();
    for link in links {
        by_pupil.entry(&link.pupil).or_default().push(link);
    }
    by_pupil
}

/// Takes the name over, except where letters were lost on the way and we have it whole.
pub(super) fn name(name: &Name, written: &mut WrittenPerson) {
    let whole = |text: &str| !text.is_empty() && !text.contains(['?', '\u{FFFD}']);
    if is_torn(name) && whole(&written.surname) && whole(&written.forename) {
        return;
    }
    let known = |known: &str, of_register: &str| (known != of_register).then(|| known.to_owned());
    name.surname().clone_into(&mut written.surname);
    name.forename().clone_into(&mut written.forename);
    written.known_surname = known(name.known_surname(), name.surname());
    written.known_forename = known(name.known_forename(), name.forename());
}

fn facts(claim: &PupilClaim, pupil: &mut WrittenPupil) {
    let before = pupil.upn.as_deref().and_then(|upn| upn.parse::<belisha_policy::people::Upn>().ok());
    // A temporary number never takes the place of a permanent one.
    if let Some(upn) = claim.upn
        && before.is_none_or(|before| before.is_temporary() || !upn.is_temporary())
    {
        pupil.upn = Some(upn.as_str().to_owned());
    }
    pupil.born = claim.born.or(pupil.born);
    pupil.year = claim.year.map(belisha_policy::people::NcYear::number).or(pupil.year);
    pupil.class = claim.class.clone().or(pupil.class.take());
}

/// What stands before the `@`, as user names mostly are.
pub(super) fn local_part(email: Option<&str>) -> Option<String> {
    let (local, _) = email?.split_once('@')?;
    local.parse::<belisha_policy::people::Login>().ok().map(|login| login.as_str().to_owned())
}
