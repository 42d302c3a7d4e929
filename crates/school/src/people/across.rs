//! Pupils of several schools: the same child, who moved or is taught at both, or a number that one of them has wrong.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use belisha_formats::mis::Gathered;
use belisha_formats::mis::claims::{AdultClaim, ListOf, PupilClaim, Said};
use belisha_policy::PersonId;
use belisha_policy::people::Upn;
use chrono::NaiveDate;

use super::fold::Folded;
use super::plan::{Complaint, Lists};
use super::roll::{Entry, Roll};

/// What is to be looked at among the schools of a trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Across {
    /// A UPN that two schools have for different children. Each school keeps its own child, and nothing is merged.
    pub complaints: Vec<Complaint>,
    /// A child who is at two schools.
    pub notes: Vec<Complaint>,
}

/// Looks for UPNs that are in two schools.
pub fn across(schools: &[Gathered]) -> Across {
    let mut seen: HashMap<Upn, (usize, &PupilClaim)> = HashMap::new();
    // A school's systems say the same of a child: each pair of schools is told of once.
    let mut found: BTreeSet<(usize, usize, Upn)> = BTreeSet::new();
    let mut across = Across::default();
    for (school, gathered) in schools.iter().enumerate() {
        for pupil in gathered.claims.iter().flat_map(|claims| &claims.pupils) {
            let Some(upn) = pupil.upn else { continue };
            let (other, first) = *seen.entry(upn).or_insert((school, pupil));
            if other == school || !found.insert((other, school, upn)) {
                continue;
            }
            let same = Folded::of(&first.name).surname_agrees(&Folded::of(&pupil.name))
                || first.born.is_some() && first.born == pupil.born;
            let (one, two) = (called(schools.get(other)), called(Some(gathered)));
            let what = if same {
                format!("a child with this UPN is at {one} too ({}): one who moved, or is taught at both", first.at)
            } else {
                format!(
                    "{one} ({}) and {two} have this UPN for two different children. Each keeps its own child and nothing \
                     was merged; find out whose it is",
                    first.at
                )
            };
            let complaint = Complaint { at: Some(pupil.at.clone()), what };
            if same {
                across.notes.push(complaint);
            } else {
                across.complaints.push(complaint);
            }
        }
    }
    across.notes.extend(adults(schools));
    across
}

/// Staff and governors of several schools: one person with an account at each.
fn adults(schools: &[Gathered]) -> Vec<Complaint> {
    let mut seen: HashMap<String, (usize, &AdultClaim)> = HashMap::new();
    let mut notes = Vec::new();
    for (school, gathered) in schools.iter().enumerate() {
        for adult in gathered.claims.iter().flat_map(|claims| &claims.adults) {
            let Some(email) = adult.email.as_ref().map(|email| email.to_lowercase()) else { continue };
            let (other, first) = *seen.entry(email).or_insert((school, adult));
            if other != school && Folded::of(&first.name).surname_agrees(&Folded::of(&adult.name)) {
                let what = format!("this person is at {} too ({})", called(schools.get(other)), first.at);
                notes.push(Complaint { at: Some(adult.at.clone()), what });
            }
        }
    }
    notes
}

/// The staff of the other schools of one import, as far as a school is to know of them.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere(Vec<Other>);

/// Another school of the import.
#[derive(Clone)]
struct Other {
    /// Its number, or else its name.
    label: String,
    /// Its staff, by their addresses for mail, each of which is one person's alone.
    staff: HashMap<String, Arc<Folded>>,
    /// Whether it lists all its staff, so that who is not in it is not there.
    whole: bool,
}

/// The label alone.
impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Other({}, {} of staff)", self.label, self.staff.len())
    }
}

/// For each school of one import, the staff of the others.
pub fn elsewhere(schools: &[Gathered], lists: Lists, today: NaiveDate) -> Vec<Elsewhere> {
    let others: Vec<Other> = schools.iter().map(|school| other(school, lists, today)).collect();
    let without = |place: usize| others.iter().enumerate().filter(move |(other, _)| *other != place);
    (0..others.len()).map(|place| Elsewhere(without(place).map(|(_, other)| other.clone()).collect())).collect()
}

fn other(school: &Gathered, lists: Lists, today: NaiveDate) -> Other {
    let mut staff: HashMap<String, Arc<Folded>> = HashMap::new();
    let mut shared: BTreeSet<String> = BTreeSet::new();
    for adult in school.claims.iter().flat_map(|claims| &claims.adults).filter(|adult| adult.kind.is_staff()) {
        let Some(email) = adult.email.as_ref().map(|email| email.to_lowercase()) else { continue };
        if matches!(adult.left, Said::Said(Some(left)) if left < today) {
            continue;
        }
        let folded = Arc::new(Folded::of(&adult.name));
        // Several systems of one school name the same person; an address that two people share tells nobody.
        if staff.get(&email).is_some_and(|known| !known.agrees(&folded)) {
            shared.insert(email.clone());
        }
        staff.entry(email).or_insert(folded);
    }
    staff.retain(|email, _| !shared.contains(email));
    let speaks = school.claims.iter().any(|claims| claims.speaks_for.contains(&ListOf::Staff));
    let torn = school.claims.iter().any(|claims| claims.torn.contains(&ListOf::Staff));
    let label = school.urn.map_or_else(|| called(Some(school)), |urn| urn.to_string());
    Other { label, staff, whole: lists == Lists::Everybody && speaks && !torn }
}

impl Elsewhere {
    /// Those of a roll's staff of whom it changes at which other schools they are, and at which: by the address for mail
    /// and an agreeing surname, and never by name alone. A school that does not list all its staff takes nobody away.
    pub(super) fn news(&self, roll: &Roll, today: NaiveDate) -> Vec<(PersonId, BTreeSet<String>)> {
        let staff = || roll.people().filter(|entry| entry.person.is_staff() && entry.person.is_here(today));
        let email = |entry: &Entry| entry.written.email.as_ref().map(|email| email.to_lowercase());
        let mut holders: HashMap<String, usize> = HashMap::new();
        for email in staff().filter_map(email) {
            *holders.entry(email).or_default() += 1;
        }
        let mut news = Vec::new();
        for entry in staff() {
            let email = email(entry).filter(|email| holders.get(email) == Some(&1));
            let folded = Folded::of(&entry.person.name);
            let mut also_at = entry.written.also_at.clone();
            for other in &self.0 {
                let there = email.as_ref().and_then(|email| other.staff.get(email));
                if there.is_some_and(|there| there.surname_agrees(&folded)) {
                    also_at.insert(other.label.clone());
                } else if other.whole {
                    also_at.remove(&other.label);
                }
            }
            if also_at != entry.written.also_at {
                news.push((entry.person.id, also_at));
            }
        }
        news
    }
}

/// What a school is called in messages.
fn called(school: Option<&Gathered>) -> String {
    let Some(school) = school else { return String::new() };
    school.name.clone().unwrap_or_else(|| school.folder.clone())
}
