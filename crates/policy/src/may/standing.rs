//! Who asks.

use crate::permit::Action;
use crate::person::PersonId;
use crate::roles::RoleSet;

/// A set of actions: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionSet(u128);

impl ActionSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Whether an action is in it.
    pub const fn has(self, action: Action) -> bool {
        self.0 & (1 << action as u128) != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |bits, action| bits | 1 << action as u128))
    }
}

/// Everything about somebody that is asked for, worked out once for an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub person: PersonId,
    /// Their roles: those that were given, and those that they have by what they are.
    pub roles: RoleSet,
    /// Whether they have the status 'web filtering management'.
    pub status: bool,
    /// What others let them do in their place.
    pub delegated: ActionSet,
}

impl Standing {
    /// Somebody with these roles and nothing else.
    pub const fn of(person: PersonId, roles: RoleSet) -> Self {
        Self { person, roles, status: false, delegated: ActionSet::EMPTY }
    }
}
