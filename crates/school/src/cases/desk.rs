//! Somebody at work on cases.

use std::sync::Arc;

use belisha_incident::Case;
use belisha_policy::may::Standing;
use belisha_policy::roles::RoleSet;
use belisha_policy::{Action, Permit, PersonId, Scope};
use belisha_store::keys::{KeyStore, Unlocked};
use chrono::{DateTime, Utc};

use super::acting::{CaseError, permitted};
use super::circle::Circle;
use super::kept::Kept;
use super::reference::Reference;
use super::register::{Branch, Register};
use super::reminders::Reminders;
use crate::authority::Authority;
use crate::ledger::{Ledger, LedgerError};
use crate::school::School;

/// Somebody at work on cases: who they are, with the key that they hold, at an instant.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The school.
    pub school: &'a School,
    /// Its people and roles.
    pub authority: &'a Authority,
    /// Who works.
    pub person: PersonId,
    /// Their key.
    pub unlocked: &'a Unlocked,
    /// When.
    pub now: DateTime<Utc>,
    /// What is kept open for them; where nothing is, each look opens what it needs.
    pub kept: Option<&'a Kept>,
}

impl Desk<'_> {
    pub(super) fn ledger(&self) -> &Ledger {
        self.school.ledger()
    }

    pub(super) fn keys(&self) -> &KeyStore {
        self.ledger().keys()
    }

    /// What is owed in cases.
    pub(super) fn reminders(&self) -> Reminders<'_> {
        Reminders { keys: self.keys(), calendar: self.school.settings().policy.calendar(), now: self.now }
    }

    /// A case that they can open.
    pub(super) fn find(&self, reference: Reference) -> Result<Arc<Branch>, CaseError> {
        let (ledger, with) = (self.ledger(), self.unlocked);
        let look = |register: &Register| match register.branch(reference) {
            Some(branch) => Ok(Some(Arc::clone(branch))),
            // What is closed is not kept open, but it is known where it is.
            None => register.open(ledger, with, &[reference]).map(|opened| opened.into_iter().next()),
        };
        let kept = self.kept.map(|kept| kept.look(ledger, with, look)?);
        match kept.transpose()?.flatten() {
            Some(branch) => Ok(branch),
            // Nor is it known of the archive.
            None => Register::find(ledger, with, reference)?.ok_or(CaseError::NotFound),
        }
    }

    /// Looks at what they work on; of what is closed it is known that it is there.
    pub(super) fn look_at_open<T>(
        &self,
        look: impl FnOnce(&Register) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        match self.kept {
            Some(kept) => kept.look(self.ledger(), self.unlocked, look)?,
            None => look(&Register::load_open(self.ledger(), self.unlocked)?),
        }
    }

    /// The permit of somebody for something in a case: for all of it, or to look at it on request.
    pub(super) fn permit(&self, who: PersonId, branch: &Branch, action: Action) -> Result<Permit, CaseError> {
        let about = branch.case.about(who, roles(self.authority, &branch.case, self.now));
        let permit = permitted(self.authority.may(who, action, &about, self.now))?;
        match permit.scope() {
            Scope::Full => Ok(permit),
            // What is shown on request is shown; nobody does anything about it.
            Scope::OnRequest if action == Action::ViewIncident => Ok(permit),
            _ => Err(CaseError::NotFound),
        }
    }

    /// Whether they may do something in a case that they see: for what is offered to them.
    pub fn may(&self, branch: &Branch, action: Action) -> bool {
        self.permit(self.person, branch, action).is_ok()
    }

    /// The circle to which a case belongs. `joining` is to be let into circles.
    pub(super) fn circle_of(
        &self,
        reference: Reference,
        case: &Case,
        joining: Option<PersonId>,
    ) -> Result<Circle, CaseError> {
        let kept_away: Vec<PersonId> = case.kept_away().collect();
        let topic = case.topic(roles(self.authority, case, self.now));
        let people = people(self.authority, self.now);
        Ok(Circle::without((topic, &kept_away), reference, &people, self.keys(), joining, self.now)?)
    }
}

/// Which roles somebody has, now or when they came to have a part in a case: whoever resigns as head is still whom a case
/// about the head is about.
pub(super) fn roles<'a>(
    authority: &'a Authority,
    case: &'a Case,
    now: DateTime<Utc>,
) -> impl Fn(PersonId) -> RoleSet + 'a {
    move |person| {
        let roles = authority.standing(person, now).map_or(RoleSet::EMPTY, |standing| standing.roles);
        let then = case.parts().filter(|(who, _, _)| *who == person).map(|(_, _, at)| at);
        then.fold(roles, |roles, at| roles.and(authority.assignments().given_roles(person, at)))
    }
}

/// Everybody who holds a role.
pub(super) fn people(authority: &Authority, now: DateTime<Utc>) -> Vec<Standing> {
    authority.role_holders(now).into_iter().filter_map(|person| authority.standing(person, now)).collect()
}
