//! Who may do what to whom: the one question of authority, and its answer.
//!
//! [`may`] is a pure function of who asks ([`Standing`]), what they want ([`Action`]) and what it is about
//! ([`About`]). The rules are a [`table`] with a cell for each role, and sentences that override it:
//!
//! 1. Whoever a case is about, and whoever is in conflict over it, gets [`Answer::NotFound`] whatever else they are
//!    (DESIGN §6.3). What they had seen before they were kept from it they may go on seeing, as it was then.
//! 2. Without sight of a record, refusal and absence are one answer. A [`Refusal`] explains only what is the same for
//!    everybody, or what the actor may see anyway.
//! 3. The rights of several roles are those of each together.
//! 4. What may be illegal is preserved and referred and nothing else, until two lift the hold.
//!
//! ```
//! use belisha_policy::may::{About, Answer, Standing, may};
//! use belisha_policy::roles::{Role, RoleSet};
//! use belisha_policy::{Action, PersonId};
//! use chrono::DateTime;
//!
//! let coordinator = Standing::of(PersonId::from_bytes([1; 16]), RoleSet::of(&[Role::Staff, Role::Coordinator]));
//! let answer = may(&coordinator, Action::AllowTopic, &About::NOTHING, DateTime::UNIX_EPOCH);
//! assert!(matches!(answer, Answer::Permit(_)));
//! let refused = may(&coordinator, Action::EditIllegalList, &About::NOTHING, DateTime::UNIX_EPOCH);
//! assert!(matches!(refused, Answer::Refusal(_)));
//! ```

mod about;
mod handlers;
mod standing;
pub mod table;

use chrono::{DateTime, Utc};

pub use about::{About, CaseState, Relation, Topic};
pub use handlers::{Handlers, OutsideBody, handlers, outside};
pub use standing::{ActionSet, Standing};

use self::table::{Cell, Row, row};
use crate::permit::{Action, Permit, Scope};
use crate::roles::{Role, RoleSet};

/// What [`may`] answers.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// Yes, and how far.
    Permit(Permit),
    /// No, and why: the same for everybody, or about what the actor may see.
    Refusal(Refusal),
    /// There is nothing of the kind, as far as this actor is concerned.
    NotFound,
}

/// Why not, and what would be lawful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is for others.
    #[error("{action} is for others: {}", Titles(*.roles))]
    ForOthers {
        /// What was asked.
        action: Action,
        /// Who may.
        roles: RoleSet,
    },
    /// Nobody may.
    #[error("nobody may do this: {0}")]
    ForNobody(Action),
    /// The status 'web filtering management' is missing.
    #[error("{0} takes the status 'web filtering management': the head gives it")]
    Status(Action),
    /// What may be illegal is preserved and referred, and nothing else.
    #[error(
        "this may be illegal: it is preserved and referred, and nothing else until two lift the hold with a note of the police"
    )]
    Held,
    /// There is no hold to lift.
    #[error("nothing is held here as possibly illegal")]
    NotHeld,
    /// The case is closed.
    #[error("the case is closed: open it again first")]
    Closed,
    /// The case is open.
    #[error("the case is open already")]
    Open,
    /// Somebody else has to decide on one's own request.
    #[error("nobody decides on a request of their own: ask somebody else who may")]
    OwnRequest,
}

/// The titles of roles, one after the other.
struct Titles(RoleSet);

impl core::fmt::Display for Titles {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (place, role) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { ", " };
            write!(f, "{between}{role}")?;
        }
        Ok(())
    }
}

/// Whether somebody may do something. Costs some tens of nanoseconds and allocates nothing.
pub fn may(actor: &Standing, action: Action, about: &About, now: DateTime<Utc>) -> Answer {
    let permit = |scope: Scope, as_of: Option<DateTime<Utc>>| {
        Answer::Permit(Permit {
            actor: actor.person,
            action,
            scope,
            second_person: None,
            granted: now,
            about: about.person,
            as_of,
            roles: actor.roles,
            topic: about.topic,
        })
    };
    if about.topic.is_case() && about.relation.is_kept_away() {
        return match (about.relation.saw_until, action == about.topic.view()) {
            (Some(until), true) => permit(Scope::Full, Some(until)),
            _ => Answer::NotFound,
        };
    }
    let right = best(actor, row(action, about.topic), action, about);
    if about.topic.is_record() && !has_sight(actor, about) {
        // Whoever reports or preserves need not see what there is.
        return match right {
            Some(scope) if action.needs_no_sight() => permit(scope, None),
            _ => Answer::NotFound,
        };
    }
    match right {
        Some(scope) => match hindrance(action, about) {
            Some(refusal) => Answer::Refusal(refusal),
            None => permit(scope, None),
        },
        None => Answer::Refusal(refusal(actor, action, about)),
    }
}

/// Whether the actor may see the record at all.
fn has_sight(actor: &Standing, about: &About) -> bool {
    let view = about.topic.view();
    let sight = best(actor, row(view, about.topic), view, about);
    matches!(sight, Some(Scope::Full | Scope::Own | Scope::OnRequest))
}

/// The furthest that any role of the actor, or what was delegated to them, reaches.
fn best(actor: &Standing, row: &Row, action: Action, about: &About) -> Option<Scope> {
    let mut best = None;
    for role in actor.roles.iter() {
        best = further(best, reaches(row.cell(role), actor, about));
    }
    // What is about no case was delegated as it was given; cases are never delegated.
    if actor.delegated.has(action) && !about.topic.is_case() {
        best = further(best, Some(Scope::Full));
    }
    best
}

/// How far a cell reaches for this actor and this matter.
fn reaches(cell: Cell, actor: &Standing, about: &About) -> Option<Scope> {
    let only_if = |holds: bool, scope: Scope| holds.then_some(scope);
    match cell {
        Cell::Yes => Some(Scope::Full),
        Cell::Own => only_if(about.relation.own, Scope::Own),
        Cell::Aggregate => Some(Scope::Aggregate),
        Cell::Request => Some(Scope::OnRequest),
        Cell::Instruct => Some(Scope::InstructOnly),
        Cell::AboutHead => only_if(about.topic.is_about_head(), Scope::Full),
        Cell::AboutChair => only_if(about.topic == Topic::ChairIncident, Scope::Full),
        Cell::Status => only_if(actor.status, Scope::Full),
        Cell::Assigned => only_if(about.relation.assigned, Scope::OnRequest),
        Cell::LeadInConflict => only_if(about.lead_in_conflict, Scope::OnRequest),
        Cell::Delegated | Cell::No | Cell::Never => None,
    }
}

fn further(one: Option<Scope>, other: Option<Scope>) -> Option<Scope> {
    let rank = |scope: Scope| match scope {
        Scope::Full => 4,
        Scope::Own => 3,
        Scope::OnRequest => 2,
        Scope::InstructOnly => 1,
        Scope::Aggregate => 0,
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if rank(other) > rank(one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// What stands against it though the role would do. Only asked where there is sight.
fn hindrance(action: Action, about: &About) -> Option<Refusal> {
    let held = matches!(about.state, CaseState::Held | CaseState::WithPolice);
    match action {
        Action::LiftIllegalHold if !held => Some(Refusal::NotHeld),
        Action::CloseIncident | Action::ReviewCapture | Action::MarkFalsePositive | Action::EraseRecord
            if held && about.topic.is_case() =>
        {
            Some(Refusal::Held)
        }
        Action::CloseIncident | Action::TriageIncident if about.state == CaseState::Closed => Some(Refusal::Closed),
        Action::ReopenIncident if about.state != CaseState::Closed => Some(Refusal::Open),
        Action::ApproveUnblock if about.relation.requester => Some(Refusal::OwnRequest),
        _ => None,
    }
}

fn refusal(actor: &Standing, action: Action, about: &About) -> Refusal {
    let row = row(action, about.topic);
    let who = |cells: fn(Cell) -> bool| -> RoleSet {
        Role::ALL.iter().copied().filter(|role| cells(row.cell(*role))).collect()
    };
    let by_status = who(|cell| cell == Cell::Status);
    if actor.roles.has_any(by_status) {
        return Refusal::Status(action);
    }
    let roles = who(|cell| matches!(cell, Cell::Yes | Cell::Status | Cell::AboutHead | Cell::AboutChair));
    if roles.is_empty() { Refusal::ForNobody(action) } else { Refusal::ForOthers { action, roles } }
}

/// Whether one of these roles alone gives a right to do something that is about nobody in particular: what may be
/// delegated is given by no less.
pub(crate) fn gives(roles: RoleSet, action: Action) -> bool {
    roles.iter().any(|role| row(action, Topic::Nothing).cell(role) == Cell::Yes)
}

/// Whether two sets of roles are the pair that an action takes.
pub(crate) fn are_a_pair(action: Action, topic: Topic, one: RoleSet, other: RoleSet) -> bool {
    let pair = |a: RoleSet, b: RoleSet| match action {
        Action::LiftIllegalHold => match topic {
            Topic::HeadIncident => a.has(Role::Chair) && (b.has(Role::Dsl) || b.has(Role::ViceChair)),
            Topic::ChairIncident => a.has(Role::Head) && b.has(Role::ViceChair),
            Topic::DslIncident => a.has(Role::Head) && b.has(Role::DeputyDsl),
            // Where head and lead are one person, that one and a deputy (decisions 6).
            _ => a.has(Role::Head) && (b.has(Role::Dsl) || a.has(Role::Dsl) && b.has(Role::DeputyDsl)),
        },
        Action::BreakGlass => (a.has(Role::Head) || a.has(Role::Dsl)) && b.has_any(SECONDS),
        _ => true,
    };
    pair(one, other) || pair(other, one)
}

/// Who may be the second person when a case is opened for a day.
const SECONDS: RoleSet = RoleSet::of(&[Role::Head, Role::Dsl, Role::DeputyDsl, Role::Coordinator, Role::Chair]);
