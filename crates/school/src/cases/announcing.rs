//! What is said to the community of a case that is over. Names are known here and not to the machine: what names anybody does not get
//! as far as that.

use std::collections::BTreeSet;

use belisha_incident::{Announced, Refused};
use belisha_policy::Action;
use belisha_report::ReportError;
use belisha_report::paper::Paper;

use super::acting::CaseError;
use super::desk::Desk;
use super::handing::{day, involved};
use super::redaction::Names;
use super::reference::Reference;
use super::register::Branch;

impl Desk<'_> {
    /// Whether something may be said: to whoever sees the case the law is said before it is said who may, and of the words it is looked
    /// at that they name nobody.
    pub(super) fn check_announced(&self, branch: &Branch, announced: &Announced) -> Result<(), CaseError> {
        self.permit(self.person, branch, Action::ViewIncident)?;
        if branch.case.is_restricted() {
            return Err(Refused::Restricted.into());
        }
        self.permit(self.person, branch, Action::AnnounceIncident)?;
        let roll = self.authority.roll();
        // Of those who are in it, told of it or handle it, and of the contacts of its pupils, any part of a name; of everybody else
        // the whole name.
        let mut names = Names::of(roll, &involved(branch, roll), &BTreeSet::new()).found(&announced.text);
        if branch.reference.stands_in(&announced.text) {
            names.insert(branch.reference.to_string());
        }
        if names.is_empty() { Ok(()) } else { Err(CaseError::Named(names)) }
    }

    /// What was said, as a page to print or to put where the community reads it. Nothing on it leads to the incident.
    ///
    /// # Errors
    /// It cannot be written, which is a fault of this program.
    pub fn statement(&self, announced: &Announced) -> Result<String, ReportError> {
        let school = &self.school.settings().school;
        let paper = Paper {
            title: format!("A word from {school}"),
            intro: announced.text.clone(),
            footer: format!("{school}, {}. For: {}.", day(self.now), announced.audience()),
            ..Paper::default()
        };
        paper.to_html()
    }
}

impl Reference {
    /// Whether it stands in a text, however it is typed.
    fn stands_in(self, text: &str) -> bool {
        let meant = |letter: char| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            letter => letter,
        };
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).map(meant).collect();
        letters.contains(&self.small())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_however_it_is_typed() {
        let reference: Reference = "K7QF0-M9X41".parse().unwrap();
        for text in ["see K7QF0-M9X41.", "k7qfo m9x4l", "(K7QF0M9X41)"] {
            assert!(reference.stands_in(text), "{text}");
        }
        assert!(!reference.stands_in("K7QF0-M9X42 was dealt with on 3 November 2026"));
    }
}
