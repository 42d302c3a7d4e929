//! The online safety committee: who sits in it, for how long, who leads it, and what is missing in it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};

use super::{Assignments, Role, RoleSet};
use crate::people::PersonKind;
use crate::person::PersonId;

/// In which place somebody sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Place {
    /// As a member.
    Member,
    /// As the one who leads it.
    Chair,
}

/// A term of office in the committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who.
    pub person: PersonId,
    /// In which place.
    pub place: Place,
    /// For whom they sit there, where that is not plain from what they are.
    pub represents: Option<String>,
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one, itself not included.
    pub until: Option<DateTime<Utc>>,
}

impl Seat {
    fn is_on(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Those who cannot sit in it.
const BARRED: [Role; 3] = [Role::Pupil, Role::Guest, Role::ExternalBody];

/// What bars somebody from sitting, where anything does.
pub(super) fn barred(being: RoleSet) -> Option<Role> {
    BARRED.into_iter().find(|role| being.has(*role))
}

/// Terms of office, as they were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seats(Vec<Seat>);

impl Seats {
    /// A new term begins: another one of the same person ends, and there is one chair at a time.
    pub(super) fn seat(&mut self, seat: &Seat) {
        self.unseat(seat.person, seat.from);
        if seat.place == Place::Chair {
            self.0.iter_mut().filter(|it| it.is_on(seat.from)).for_each(|it| it.place = Place::Member);
        }
        self.0.push(seat.clone());
    }

    pub(super) fn unseat(&mut self, person: PersonId, at: DateTime<Utc>) {
        for seat in self.0.iter_mut().filter(|seat| seat.person == person) {
            seat.until = Some(seat.until.map_or(at, |until| until.min(at)));
        }
        self.0.retain(|seat| seat.until.is_none_or(|until| seat.from < until));
    }

    pub(super) fn sits(&self, person: PersonId, at: DateTime<Utc>) -> bool {
        self.0.iter().any(|seat| seat.person == person && seat.is_on(at))
    }
}

/// The committee at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee<'a> {
    /// Those who sit in it, in the order in which they came.
    pub seats: Vec<&'a Seat>,
    /// Who leads it: the chair, and where none was named the coordinators.
    pub led_by: Vec<PersonId>,
}

/// Something that the committee lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gap {
    /// Nobody sits in it.
    Empty,
    /// Nobody leads it.
    NoChair,
    /// Whoever leads it does not work here.
    ChairNotOfStaff,
    /// Nobody in it teaches.
    NoTeachingStaff,
    /// Nobody in it is of the support staff.
    NoSupportStaff,
}

/// As a sentence about the committee.
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nobody sits in the online safety committee",
            Self::NoChair => "nobody leads the online safety committee: seat a chair, or appoint a coordinator",
            Self::ChairNotOfStaff => "whoever leads the online safety committee is not of the staff",
            Self::NoTeachingStaff => "nobody of the teaching staff is in the online safety committee",
            Self::NoSupportStaff => "nobody of the support staff is in the online safety committee",
        })
    }
}

impl Committee<'_> {
    /// What it lacks. `is` tells what somebody is at the school.
    pub fn gaps(&self, is: impl Fn(PersonId, PersonKind) -> bool) -> Vec<Gap> {
        if self.seats.is_empty() {
            return alloc::vec![Gap::Empty];
        }
        let staff = |who: PersonId| is(who, PersonKind::Teacher) || is(who, PersonKind::SupportStaff);
        let anybody = |kind: PersonKind| {
            self.seats.iter().map(|seat| seat.person).chain(self.led_by.iter().copied()).any(|who| is(who, kind))
        };
        let gaps = [
            (self.led_by.is_empty(), Gap::NoChair),
            (self.led_by.iter().any(|who| !staff(*who)), Gap::ChairNotOfStaff),
            (!anybody(PersonKind::Teacher), Gap::NoTeachingStaff),
            (!anybody(PersonKind::SupportStaff), Gap::NoSupportStaff),
        ];
        gaps.into_iter().filter(|(is, _)| *is).map(|(_, gap)| gap).collect()
    }
}

impl Assignments {
    /// The committee at an instant, of those who are here then: whoever left sits in it no longer, and a term that is
    /// over is over.
    pub fn committee(&self, at: DateTime<Utc>, here: impl Fn(PersonId) -> bool) -> Committee<'_> {
        let seats: Vec<&Seat> = self.seats.0.iter().filter(|seat| seat.is_on(at) && here(seat.person)).collect();
        let chair = seats.iter().find(|seat| seat.place == Place::Chair).map(|seat| seat.person);
        let led_by = match chair {
            Some(chair) => alloc::vec![chair],
            None => self.holders(Role::Coordinator, at).filter(|who| here(*who)).collect(),
        };
        Committee { seats, led_by }
    }
}
