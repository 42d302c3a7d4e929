//! Agreements and forms that a school may begin with, each in words for its reader.

mod adults;
mod pupils;
mod reading;
mod visitors;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::audience::{Adults, Audience, Stage};
use crate::clause::LibraryClause;
use crate::document::{Discussion, ForAdults, ForPupils, SignedBy, Terms};
use crate::text::names;

/// What a school begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// Its title, with names in braces for what the school says itself.
    pub title: &'static str,
    /// For whom it is.
    pub audiences: &'static [Audience],
    /// What stands above the clauses.
    pub opening: &'static str,
    /// The clauses.
    pub clauses: &'static [LibraryClause],
    /// What is said by signing.
    pub closing: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pupils(SignedBy),
    Adults,
    Reading,
}

/// All of them.
pub const TEMPLATES: &[Template] = &[
    pupils::INFANTS,
    pupils::JUNIORS,
    pupils::OLDER,
    adults::STAFF,
    visitors::VISITORS,
    visitors::GROUPS,
    reading::POLICY,
    reading::PROCEDURE,
];

impl Template {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.name == name)
    }

    /// One of its clauses.
    pub fn clause(&self, name: &str) -> Option<&LibraryClause> {
        self.clauses.iter().find(|clause| clause.name == name)
    }

    /// What the school says itself, by the names in braces, in their order.
    pub fn names(&self) -> Vec<&'static str> {
        let texts = [self.title, self.opening].into_iter().chain(self.clauses.iter().map(|clause| clause.text));
        let mut found: Vec<&'static str> = Vec::new();
        for name in texts.chain([self.closing]).flat_map(names) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    /// Who signs it where the school says nothing else: of pupils child and parent, after it was talked over in class.
    pub fn terms(&self) -> Terms {
        let stage = |audience: &Audience| if let Audience::Pupils(stage) = audience { Some(*stage) } else { None };
        let adults = |audience: &Audience| if let Audience::Adults(adults) = audience { Some(*adults) } else { None };
        let audiences = self.audiences.iter();
        match self.kind {
            Kind::Pupils(signed_by) => {
                let stages: BTreeSet<Stage> = audiences.filter_map(stage).collect();
                Terms::Pupils(ForPupils { stages, signed_by, discussion: Discussion::First })
            }
            Kind::Adults => {
                let adults: BTreeSet<Adults> = audiences.filter_map(adults).collect();
                Terms::Adults(ForAdults { adults })
            }
            Kind::Reading => Terms::Reading(audiences.copied().collect()),
        }
    }
}
