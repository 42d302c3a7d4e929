//! Where the child-protection file is. Where another system has it, that gets all that is known, and what is told here in words
//! goes when it is there: what stays is what is about being online, under the reference of the file (decisions 13).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::named;

use crate::case::{Case, Event, Fact, Owed, Settled};
use crate::category::Category;
use crate::decide::{Gap, Refused, said};
use crate::duty::Body;
use crate::terms::Terms;

/// Where the child-protection file of a school is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CpRecord {
    /// Here: a case is all that there is.
    #[default]
    Here,
    /// In another system, on paper perhaps.
    Elsewhere,
}

named! { CpRecord, "place of the child-protection file":
    Here = "here", "Here";
    Elsewhere = "elsewhere", "In another system"
}

/// Where what is told in words is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Whether there are any here.
    are_here: bool,
    /// Whether whoever has the child-protection file elsewhere said that they have it.
    are_received: bool,
}

/// What stands where words were.
const GONE: &str = "in the child-protection file, and here no more";

/// That it goes into the file, where that is elsewhere and it does not yet.
pub(crate) fn filed(case: &Case, terms: &Terms) -> Option<Fact> {
    (terms.cp_record() == CpRecord::Elsewhere && !case.is_of_concern_to(Body::ProtectionFile))
        .then_some(Fact::FiledElsewhere)
}

/// The same for a kind of incident, where it is one of child protection.
pub(crate) fn filed_as(case: &Case, terms: &Terms, category: Category) -> Option<Fact> {
    filed(case, terms).filter(|_| category.is_of_protection())
}

/// Without the reference under which it is there nobody finds it again.
pub(crate) fn told(reference: Option<String>) -> Result<Settled, Refused> {
    let reference = reference.filter(|text| !text.trim().is_empty()).ok_or(Refused::NoFileReference)?;
    Ok(Settled::Told(Some(said(reference)?)))
}

/// The words go, once they are there.
pub(crate) fn take_out_words(case: &Case) -> Result<Vec<Fact>, Refused> {
    if !case.is_in_file_elsewhere() {
        return Err(Refused::NotInFile);
    }
    Ok(if case.words.are_here { alloc::vec![Fact::WordsTakenOut] } else { Vec::new() })
}

/// Whether they were told, and have a name for it.
fn is_told(owed: &Owed) -> bool {
    matches!(owed.settled, Some(Settled::Told(Some(_))))
}

impl Case {
    /// Whether the child-protection file is in another system, has it, and was received there.
    pub fn is_in_file_elsewhere(&self) -> bool {
        self.words.are_received && self.settled().any(|owed| owed.duty.body == Body::ProtectionFile && is_told(owed))
    }

    /// What is to be done until the file has it and what is here is what stays. What may be illegal stays as it is meanwhile.
    pub(crate) fn gap_of_file(&self) -> Option<Gap> {
        let is_told = |owed: &&Owed| owed.duty.body == Body::ProtectionFile && is_told(owed);
        self.settled().find(is_told).filter(|_| !self.is_held())?;
        match (self.words.are_received, self.words.are_here) {
            (false, _) => Some(Gap::FileReceipt),
            (true, true) => Some(Gap::Words),
            (true, false) => None,
        }
    }

    /// Takes in whether there are words.
    pub(crate) fn evolve_words(&mut self, fact: &Fact) {
        match fact {
            Fact::WordsTakenOut => self.words.are_here = false,
            Fact::Heard { body: Body::ProtectionFile, .. } => self.words.are_received = true,
            fact => self.words.are_here |= fact.has_words(),
        }
    }
}

impl Event {
    /// The same without what is told in words: as it stays where the child-protection file has those. Who, when, which kind,
    /// what was done, and the references of others stay.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let fact = match &self.fact {
            Fact::EvidenceNoted { reference, digest, .. } => {
                Fact::EvidenceNoted { description: GONE.to_owned(), reference: reference.clone(), digest: *digest }
            }
            fact if fact.has_words() => fact.reworded(|_| GONE.to_owned()),
            fact => fact.clone(),
        };
        Self { fact, ..self.clone() }
    }
}

impl Fact {
    /// Whether something is told in words that the child-protection file takes in.
    fn has_words(&self) -> bool {
        match self {
            Self::Heard { body, .. } => *body != Body::ProtectionFile,
            Self::Reported { .. }
            | Self::Raised { .. }
            | Self::ParentsDeferred { .. }
            | Self::EvidenceNoted { .. }
            | Self::DeviceSearched { .. }
            | Self::Supported { .. }
            | Self::Remedied { because: Some(_), .. }
            | Self::Reopened { .. } => true,
            _ => false,
        }
    }
}
