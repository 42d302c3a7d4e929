//! Who belongs to a school: people, what they are there, and the accounts with which they sign in.
//!
//! Everything here is a value. What names somebody does not print itself: `Debug` of a person shows the id, and
//! whoever needs the name asks for it by name.

mod account;
mod age;
mod name;
mod pupil;
mod year;

use alloc::vec::Vec;
use core::fmt;

use chrono::NaiveDate;

pub use account::{Account, AccountHolder, AccountId, Doubt, Login, LoginError, Switch};
pub use age::{comes_of_age, is_of_age};
pub use name::{Name, NameError};
pub use pupil::{Contact, Pupil, Responsibility, Restriction, Upn, UpnError};
pub use year::{NcYear, NcYearError};

use crate::person::PersonId;

/// A person of the school.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Who, as a name that tells nothing.
    pub id: PersonId,
    /// What they are called.
    pub name: Name,
    /// What they are at the school. A teacher may be a parent, and a parent a governor.
    pub capacities: Vec<Capacity>,
    /// From when they belong to it, where that is known.
    pub joined: Option<NaiveDate>,
    /// The day on which they left, or will leave.
    pub left: Option<NaiveDate>,
}

/// What a person is at the school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// A child who is taught here.
    Pupil(Pupil),
    /// A parent, carer or other contact of a pupil; of whom, says the pupil.
    Parent,
    /// Teaches.
    Teacher,
    /// Works here without teaching.
    SupportStaff,
    /// Helps without pay.
    Volunteer,
    /// Governs.
    Governor,
    /// Works here for another firm.
    Contractor,
    /// Is here for a day.
    Visitor,
    /// Uses rooms or devices of the school out of hours.
    CommunityUser,
    /// Speaks for a body outside, such as the police. Never signs in.
    ExternalBody,
}

/// The kind of a capacity, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of `Capacity`")]
pub enum PersonKind {
    Pupil,
    Parent,
    Teacher,
    SupportStaff,
    Volunteer,
    Governor,
    Contractor,
    Visitor,
    CommunityUser,
    ExternalBody,
}

impl PersonKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Pupil,
        Self::Parent,
        Self::Teacher,
        Self::SupportStaff,
        Self::Volunteer,
        Self::Governor,
        Self::Contractor,
        Self::Visitor,
        Self::CommunityUser,
        Self::ExternalBody,
    ];

    /// The name in events, settings and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Pupil => "pupil",
            Self::Parent => "parent",
            Self::Teacher => "teacher",
            Self::SupportStaff => "support-staff",
            Self::Volunteer => "volunteer",
            Self::Governor => "governor",
            Self::Contractor => "contractor",
            Self::Visitor => "visitor",
            Self::CommunityUser => "community-user",
            Self::ExternalBody => "external-body",
        }
    }

    /// Whether they are held to the school's rules for staff.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Teacher | Self::SupportStaff)
    }
}

impl Capacity {
    /// Its kind.
    pub fn kind(&self) -> PersonKind {
        match self {
            Self::Pupil(_) => PersonKind::Pupil,
            Self::Parent => PersonKind::Parent,
            Self::Teacher => PersonKind::Teacher,
            Self::SupportStaff => PersonKind::SupportStaff,
            Self::Volunteer => PersonKind::Volunteer,
            Self::Governor => PersonKind::Governor,
            Self::Contractor => PersonKind::Contractor,
            Self::Visitor => PersonKind::Visitor,
            Self::CommunityUser => PersonKind::CommunityUser,
            Self::ExternalBody => PersonKind::ExternalBody,
        }
    }
}

impl Person {
    /// The pupil that they are, where they are one.
    pub fn pupil(&self) -> Option<&Pupil> {
        self.capacities.iter().find_map(|capacity| match capacity {
            Capacity::Pupil(pupil) => Some(pupil),
            _ => None,
        })
    }

    /// Whether they are this at the school.
    pub fn is(&self, kind: PersonKind) -> bool {
        self.capacities.iter().any(|capacity| capacity.kind() == kind)
    }

    /// Whether they teach or work here.
    pub fn is_staff(&self) -> bool {
        self.capacities.iter().any(|capacity| capacity.kind().is_staff())
    }

    /// Whether they belong to the school on a day: from the day they join to the day they leave, that day included.
    pub fn is_here(&self, on: NaiveDate) -> bool {
        self.joined.is_none_or(|joined| joined <= on) && self.left.is_none_or(|left| on <= left)
    }
}

/// The id alone.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.id)
    }
}
