//! The proof that somebody may do something.
//!
//! What needs authority takes a [`Permit`] as a parameter and asks it with [`Permit::allows`]. Only this crate can make
//! one, and only the rules about roles will: whoever holds a permit need not know how it was come by.

use core::fmt;
use core::str::FromStr;

use chrono::{DateTime, Utc};

use crate::person::PersonId;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal, $persons:ident;)*) => {
        /// What a permit is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in events, settings and exports. Stable: a name is never given to another action.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            fn persons(self) -> Persons {
                match self { $(Self::$variant => Persons::$persons,)* }
            }
        }
    };
}

/// How many have to agree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Persons {
    One,
    Two,
}

actions! {
    /// Read what a named person asked for.
    LookUpHistory = "look-up-history", One;
    /// Hand out all that is held about a person.
    ExportPerson = "export-person", One;
    /// Bring changed settings into force.
    ApplySettings = "apply-settings", One;
    /// Say who holds a role, and make that role's key anew.
    ManageHolders = "manage-holders", One;
    /// Open what a holder who is gone could open. Two persons.
    RecoverKey = "recover-key", Two;
    /// See at which event a chain is broken. Two persons.
    LocateBreak = "locate-break", Two;
    /// Put a legal hold on records.
    PlaceHold = "place-hold", One;
    /// Take a legal hold off.
    LiftHold = "lift-hold", One;
    /// Erase a record whose time the retention schedule does not say has come.
    EraseRecord = "erase-record", One;
    /// Let a guest in for a time.
    CreateGuestAccount = "create-guest-account", One;
    /// Open the account that a class shares.
    CreateClassAccount = "create-class-account", One;
    /// Switch somebody's account off or on, or give it another user name.
    ManageAccounts = "manage-accounts", One;
    /// Say that others know a credential, or that they do no more.
    ReportCredential = "report-credential", One;
    /// Give somebody a sign-in token.
    IssueToken = "issue-token", One;
    /// Take a sign-in token back.
    RevokeToken = "revoke-token", One;
}

impl Action {
    /// Whether one person alone may never do it.
    pub fn needs_two(self) -> bool {
        self.persons() == Persons::Two
    }
}

/// The slug.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// Why a text names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no action has this name")]
pub struct UnknownAction;

/// Reads the slug.
impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(slug: &str) -> Result<Self, UnknownAction> {
        Self::ALL.iter().copied().find(|action| action.slug() == slug).ok_or(UnknownAction)
    }
}

/// How far a permit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of it.
    Full,
    /// What is the person's own, or their class's.
    Own,
    /// Sums in which nobody can be told.
    Aggregate,
    /// What a recorded request with a purpose asked for.
    OnRequest,
    /// Doing what others decided, without seeing what it is about.
    InstructOnly,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Full, Self::Own, Self::Aggregate, Self::OnRequest, Self::InstructOnly];

    /// The name in events and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Own => "own",
            Self::Aggregate => "aggregate",
            Self::OnRequest => "on-request",
            Self::InstructOnly => "instruct-only",
        }
    }
}

/// The proof that a person may do one thing.
///
/// It cannot be made, copied or changed outside this crate: a function that takes one has been authorised.
///
/// ```compile_fail,E0451
/// use belisha_policy::{Action, Permit};
///
/// fn widen(permit: Permit) -> Permit {
///     Permit { action: Action::ExportPerson, ..permit }
/// }
/// ```
///
/// What may be done with one that was given:
///
/// ```
/// use belisha_policy::{Action, Permit, WrongPermit};
///
/// fn export(permit: &Permit) -> Result<(), WrongPermit> {
///     permit.allows(Action::ExportPerson)
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    actor: PersonId,
    action: Action,
    scope: Scope,
    second_person: Option<PersonId>,
    granted: DateTime<Utc>,
}

/// Why a permit does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongPermit {
    /// It is for something else.
    #[error("this permit is for {held}; {asked} needs one of its own")]
    OtherAction {
        /// What it is for.
        held: Action,
        /// What was asked.
        asked: Action,
    },
    /// Two have to agree, and one did.
    #[error("{0} takes two persons: ask somebody else who may to agree")]
    Alone(Action),
    /// Two have to agree, and one did twice.
    #[error("{0} takes two different persons, and this permit names one of them twice")]
    SamePersonTwice(Action),
}

impl Permit {
    /// Whether it is for this action; where two have to agree, also whether they did.
    ///
    /// # Errors
    /// It is for another action, or a second person is missing.
    pub fn allows(&self, action: Action) -> Result<(), WrongPermit> {
        if self.action != action {
            return Err(WrongPermit::OtherAction { held: self.action, asked: action });
        }
        if action.needs_two() { self.second_person().map(drop) } else { Ok(()) }
    }

    /// The other person who agreed.
    ///
    /// # Errors
    /// Nobody else did, or the same person did twice.
    pub fn second_person(&self) -> Result<PersonId, WrongPermit> {
        match self.second_person {
            None => Err(WrongPermit::Alone(self.action)),
            Some(second) if second == self.actor => Err(WrongPermit::SamePersonTwice(self.action)),
            Some(second) => Ok(second),
        }
    }

    /// Who may.
    pub fn actor(&self) -> PersonId {
        self.actor
    }

    /// What for.
    pub fn action(&self) -> Action {
        self.action
    }

    /// How far it reaches. What takes the permit has to keep to it.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// When it was given.
    pub fn granted(&self) -> DateTime<Utc> {
        self.granted
    }
}

/// For the tests of other crates. No product enables the feature.
#[cfg(feature = "testing")]
impl Permit {
    /// A permit that nobody gave: full scope, one person.
    pub fn for_tests(actor: PersonId, action: Action, granted: DateTime<Utc>) -> Self {
        Self { actor, action, scope: Scope::Full, second_person: None, granted }
    }

    /// The same with a second person.
    #[must_use]
    pub fn and_for_tests(self, second_person: PersonId) -> Self {
        Self { second_person: Some(second_person), ..self }
    }

    /// The same with another scope.
    #[must_use]
    pub fn scoped_for_tests(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ANN: PersonId = PersonId::from_bytes([1; 16]);
    const BEN: PersonId = PersonId::from_bytes([2; 16]);

    fn permit(action: Action, second_person: Option<PersonId>) -> Permit {
        Permit { actor: ANN, action, scope: Scope::Full, second_person, granted: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn a_permit_is_for_one_action() {
        for held in Action::ALL {
            for asked in Action::ALL {
                let expected =
                    if held == asked { Ok(()) } else { Err(WrongPermit::OtherAction { held: *held, asked: *asked }) };
                assert_eq!(permit(*held, Some(BEN)).allows(*asked), expected);
            }
        }
    }

    #[test]
    fn what_takes_two_is_not_for_one() {
        for action in Action::ALL {
            let two = matches!(action, Action::RecoverKey | Action::LocateBreak);
            assert_eq!(action.needs_two(), two);
            let or = |error| if two { Err(error) } else { Ok(()) };
            assert_eq!(permit(*action, None).allows(*action), or(WrongPermit::Alone(*action)));
            assert_eq!(permit(*action, Some(ANN)).allows(*action), or(WrongPermit::SamePersonTwice(*action)));
            assert_eq!(permit(*action, None).second_person(), Err(WrongPermit::Alone(*action)));
            assert_eq!(permit(*action, Some(BEN)).second_person(), Ok(BEN));
        }
    }

    #[test]
    fn slugs_lead_back_and_no_two_are_alike() {
        for action in Action::ALL {
            assert_eq!(action.slug().parse(), Ok(*action));
        }
        assert_eq!("look up history".parse::<Action>(), Err(UnknownAction));
        assert_eq!(Action::ALL.iter().map(|it| it.slug()).collect::<BTreeSet<_>>().len(), Action::ALL.len());
        assert_eq!(Scope::ALL.iter().map(|it| it.slug()).collect::<BTreeSet<_>>().len(), Scope::ALL.len());
    }
}
