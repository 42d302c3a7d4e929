//! What something is about.

use chrono::{DateTime, Utc};

use crate::permit::Action;
use crate::person::PersonId;

/// The kind of matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Nobody's case, capture or history.
    Nothing,
    /// An incident of a pupil that is no matter of protection.
    PupilIncident,
    /// One of child protection, of images or of grooming.
    ProtectionIncident,
    /// One about a member of staff.
    StaffIncident,
    /// One about the head.
    HeadIncident,
    /// One about the designated safeguarding lead.
    DslIncident,
    /// One about the coordinator.
    CoordinatorIncident,
    /// One about the chair.
    ChairIncident,
    /// What monitoring caught of a pupil.
    PupilCapture,
    /// What it caught of a member of staff.
    StaffCapture,
    /// What it caught of the head.
    HeadCapture,
    /// What a pupil asked for.
    PupilHistory,
    /// What a member of staff asked for.
    StaffHistory,
    /// What the head asked for.
    HeadHistory,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Nothing,
        Self::PupilIncident,
        Self::ProtectionIncident,
        Self::StaffIncident,
        Self::HeadIncident,
        Self::DslIncident,
        Self::CoordinatorIncident,
        Self::ChairIncident,
        Self::PupilCapture,
        Self::StaffCapture,
        Self::HeadCapture,
        Self::PupilHistory,
        Self::StaffHistory,
        Self::HeadHistory,
    ];

    /// Whether it is an incident.
    pub fn is_incident(self) -> bool {
        matches!(
            self,
            Self::PupilIncident
                | Self::ProtectionIncident
                | Self::StaffIncident
                | Self::HeadIncident
                | Self::DslIncident
                | Self::CoordinatorIncident
                | Self::ChairIncident
        )
    }

    /// Whether it is an incident or a capture: of which the subject learns nothing.
    pub fn is_case(self) -> bool {
        self.is_incident() || matches!(self, Self::PupilCapture | Self::StaffCapture | Self::HeadCapture)
    }

    /// Whether it is a record of which not everybody may know that it is there.
    pub fn is_record(self) -> bool {
        self != Self::Nothing
    }

    /// Whether it is about the head.
    pub fn is_about_head(self) -> bool {
        matches!(self, Self::HeadIncident | Self::HeadCapture | Self::HeadHistory)
    }

    /// What it is to look at one.
    pub fn view(self) -> Action {
        match self {
            Self::PupilCapture | Self::StaffCapture | Self::HeadCapture => Action::ReviewCapture,
            Self::PupilHistory | Self::StaffHistory | Self::HeadHistory => Action::LookUpHistory,
            _ => Action::ViewIncident,
        }
    }
}

/// How far a case has come, as far as rights depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CaseState {
    /// It goes on.
    #[default]
    Open,
    /// Held as possibly illegal: preserved, referred, and nothing else.
    Held,
    /// The police have it.
    WithPolice,
    /// It is over.
    Closed,
}

impl CaseState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Held, Self::WithPolice, Self::Closed];
}

/// What the actor has to do with the matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a relation of its own, and any may hold together")]
pub struct Relation {
    /// It is about the actor.
    pub subject: bool,
    /// The actor is in conflict over it: a relative, or somebody else whom the routing keeps away.
    pub conflicted: bool,
    /// It is the actor's own report, history or agreement, of their class or of their child.
    pub own: bool,
    /// The head gave it to the actor.
    pub assigned: bool,
    /// The actor asked for it.
    pub requester: bool,
    /// Until when the actor could see it, where they are kept from it now.
    pub saw_until: Option<DateTime<Utc>>,
}

impl Relation {
    /// Whether the actor learns nothing of it.
    pub fn is_kept_away(&self) -> bool {
        self.subject || self.conflicted || self.saw_until.is_some()
    }
}

/// What something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The kind of matter.
    pub topic: Topic,
    /// The person whom it is about, where it is about one: a permit is for that person alone.
    pub person: Option<PersonId>,
    /// What the actor has to do with it.
    pub relation: Relation,
    /// How far it has come.
    pub state: CaseState,
    /// Whether the designated safeguarding lead is in conflict over it, so that a deputy is asked instead.
    pub lead_in_conflict: bool,
}

impl About {
    /// Nothing and nobody in particular.
    pub const NOTHING: Self = Self::of(Topic::Nothing);

    /// A matter of which nothing else is known.
    pub const fn of(topic: Topic) -> Self {
        let relation = Relation {
            subject: false,
            conflicted: false,
            own: false,
            assigned: false,
            requester: false,
            saw_until: None,
        };
        Self { topic, person: None, relation, state: CaseState::Open, lead_in_conflict: false }
    }

    /// The same about a person.
    #[must_use]
    pub const fn person(self, person: PersonId) -> Self {
        Self { person: Some(person), ..self }
    }
}
