//! Who handles a case, and who is called where nobody is left.

use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};

use super::{About, Answer, Relation, Standing, Topic, may};
use crate::directory::SchoolKind;
use crate::permit::{Action, Scope};
use crate::person::PersonId;

/// Those who handle a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handlers {
    /// These people, in the order in which they were given.
    People(Vec<PersonId>),
    /// Nobody at the school is left: this body outside is to be called. Never the subject.
    Outside(OutsideBody),
}

/// A body outside the school that takes a case which nobody inside may handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutsideBody {
    /// The local authority's designated officer, for allegations against adults who work with children.
    Lado,
    /// The trust, about a head of one of its academies.
    TrustAndLado,
    /// The proprietor of an independent school, about its head.
    ProprietorAndLado,
    /// Children's social care of the local authority.
    SocialCare,
}

/// What people are told to do.
impl fmt::Display for OutsideBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lado => "call the local authority designated officer (LADO)",
            Self::TrustAndLado => "call the trust and the local authority designated officer (LADO)",
            Self::ProprietorAndLado => "call the proprietor and the local authority designated officer (LADO)",
            Self::SocialCare => "call children's social care of the local authority",
        })
    }
}

/// Who of these people handles a case of a kind, leaving out those whom it is about or who are in conflict.
pub fn handlers(
    topic: Topic,
    people: &[Standing],
    kept_away: &[PersonId],
    kind: SchoolKind,
    now: DateTime<Utc>,
) -> Handlers {
    let handles = |standing: &&Standing| {
        let conflicted = kept_away.contains(&standing.person);
        let about = About { relation: Relation { conflicted, ..Relation::default() }, ..About::of(topic) };
        let answer = may(standing, Action::TriageIncident, &about, now);
        matches!(answer, Answer::Permit(permit) if permit.scope() == Scope::Full)
    };
    let found: Vec<PersonId> = people.iter().filter(handles).map(|standing| standing.person).collect();
    if found.is_empty() { Handlers::Outside(outside(topic, kind)) } else { Handlers::People(found) }
}

/// The body outside that takes a case of a kind when nobody at the school may.
pub fn outside(topic: Topic, kind: SchoolKind) -> OutsideBody {
    match topic {
        Topic::HeadIncident | Topic::HeadCapture => match kind {
            SchoolKind::Maintained => OutsideBody::Lado,
            SchoolKind::Academy => OutsideBody::TrustAndLado,
            SchoolKind::Independent | SchoolKind::ProprietorLed => OutsideBody::ProprietorAndLado,
        },
        Topic::StaffIncident
        | Topic::DslIncident
        | Topic::CoordinatorIncident
        | Topic::ChairIncident
        | Topic::StaffCapture => OutsideBody::Lado,
        _ => OutsideBody::SocialCare,
    }
}
