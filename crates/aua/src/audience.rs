//! For whom an agreement is.

use belisha_policy::people::{NcYear, Person, PersonKind};
use belisha_policy::{by_slug, named};

/// Pupils who are old enough to agree to something, by how they read (C-044, R-066, R-067).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Years 1 and 2.
    Infants,
    /// Years 3 to 6.
    Juniors,
    /// Year 7 and above.
    Older,
}

named! { Stage, "pupils":
    Infants = "ks1", "Pupils of years 1 and 2";
    Juniors = "ks2", "Pupils of years 3 to 6";
    Older = "older", "Pupils of year 7 and above"
}

impl Stage {
    /// Those of a year; `None` for nursery and reception, whose class keeps to a profile that its teacher manages.
    pub fn of(year: NcYear) -> Option<Self> {
        match year.number() {
            ..=0 => None,
            1..=2 => Some(Self::Infants),
            3..=6 => Some(Self::Juniors),
            _ => Some(Self::Older),
        }
    }
}

/// Adults who use what the school has (R-051, C-049).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Adults {
    /// Those who teach or work here.
    Staff,
    /// Those who govern.
    Governors,
    /// Those who help without pay.
    Volunteers,
    /// Visitors and contractors.
    Visitors,
    /// Those who use rooms or devices out of hours.
    Groups,
}

named! { Adults, "adults":
    Staff = "staff", "Staff";
    Governors = "governors", "Governors";
    Volunteers = "volunteers", "Volunteers";
    Visitors = "visitors", "Visitors and contractors";
    Groups = "groups", "External groups"
}

/// For whom something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Pupils.
    Pupils(Stage),
    /// Adults.
    Adults(Adults),
}

impl Audience {
    /// All of them, pupils first.
    pub const ALL: &'static [Self] = &[
        Self::Pupils(Stage::Infants),
        Self::Pupils(Stage::Juniors),
        Self::Pupils(Stage::Older),
        Self::Adults(Adults::Staff),
        Self::Adults(Adults::Governors),
        Self::Adults(Adults::Volunteers),
        Self::Adults(Adults::Visitors),
        Self::Adults(Adults::Groups),
    ];

    /// The one to which somebody belongs. A pupil is a pupil, whatever else they are; of several that an adult is the
    /// first counts. `None` for the youngest, for parents, who agree on behalf of their child alone, for bodies outside,
    /// and for a pupil whose year is not known.
    ///
    /// ```
    /// use belisha_aua::{Adults, Audience};
    /// use belisha_policy::PersonId;
    /// use belisha_policy::people::{Capacity, Name, Person};
    ///
    /// let person = Person {
    ///     id: PersonId::from_bytes([1; 16]),
    ///     name: Name::new("Birch", "Sam")?,
    ///     capacities: vec![Capacity::Parent, Capacity::Teacher],
    ///     joined: None,
    ///     left: None,
    /// };
    /// assert_eq!(Audience::of(&person), Some(Audience::Adults(Adults::Staff)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(person: &Person) -> Option<Self> {
        if let Some(pupil) = person.pupil() {
            return Stage::of(pupil.year?).map(Self::Pupils);
        }
        let is = |kinds: &[PersonKind]| kinds.iter().any(|kind| person.is(*kind));
        let adults = if person.is_staff() {
            Adults::Staff
        } else if is(&[PersonKind::Governor]) {
            Adults::Governors
        } else if is(&[PersonKind::Volunteer]) {
            Adults::Volunteers
        } else if is(&[PersonKind::Contractor, PersonKind::Visitor]) {
            Adults::Visitors
        } else if is(&[PersonKind::CommunityUser]) {
            Adults::Groups
        } else {
            return None;
        };
        Some(Self::Adults(adults))
    }

    /// The name in events and commands. Stable.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Pupils(stage) => stage.slug(),
            Self::Adults(adults) => adults.slug(),
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pupils(stage) => stage.title(),
            Self::Adults(adults) => adults.title(),
        }
    }
}

by_slug! { Audience, "audience", "ks1, ks2, older, staff, governors, volunteers, visitors, groups" }
