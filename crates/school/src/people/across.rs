//! Pupils of several schools: the same child, who moved or is taught at both, or a number that one of them has wrong.

use std::collections::{BTreeSet, HashMap};

use belisha_formats::mis::Gathered;
use belisha_formats::mis::claims::{AdultClaim, PupilClaim};
use belisha_policy::people::Upn;

use super::fold::Folded;
use super::plan::Complaint;

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

/// What a school is called in messages.
fn called(school: Option<&Gathered>) -> String {
    let Some(school) = school else { return String::new() };
    school.name.clone().unwrap_or_else(|| school.folder.clone())
}
