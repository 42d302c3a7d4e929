//! Who is asking, and how sure we are.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::agreed::{Agreed, Agreement};
use crate::people::{NcYear, PersonKind};
use crate::roles::RoleSet;

/// How far a line of the log can be held to be one person's (decisions 7: no sanction rests on less than
/// `Individual`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Attribution {
    /// Signed in with an account of their own.
    Individual = 1,
    /// Signed in with an account that a class shares.
    ClassAccount = 2,
    /// A guest's account.
    Guest = 3,
    /// Nothing but the address of the device.
    AddressOnly = 4,
    /// Signed in with a credential that has been reported as known to others.
    CredentialInDoubt = 5,
}

impl Attribution {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Individual, Self::ClassAccount, Self::Guest, Self::AddressOnly, Self::CredentialInDoubt];

    /// The name in logs and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::ClassAccount => "class-account",
            Self::Guest => "guest",
            Self::AddressOnly => "address-only",
            Self::CredentialInDoubt => "credential-in-doubt",
        }
    }
}

/// Whose an account is, without the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// One person's.
    Individual,
    /// One that a class shares.
    Class,
    /// A guest's.
    Guest,
}

/// Somebody who has said who they are, and proved it: what a [`Policy`](crate::Policy) needs to know of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who, as the log is to name them: an id or a user name.
    pub person: Arc<str>,
    /// Their user name, by which the settings name a person. It is never written to the log.
    pub user: Arc<str>,
    /// How sure that is.
    pub attribution: Attribution,
    /// Whose the account is.
    pub account: AccountKind,
    /// What they are at the school.
    pub kinds: Vec<PersonKind>,
    /// The roles that they hold.
    pub roles: RoleSet,
    /// A pupil's year, or that of the class whose account it is.
    pub year: Option<NcYear>,
    /// A pupil's class, or the class whose account it is.
    pub class: Option<Arc<str>>,
    /// What they have agreed to and were told, at any instant.
    pub agreement: Agreement,
}

/// Never who.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Who is asking, as far as it is known. Made by a [`Policy`](crate::Policy).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub(crate) address: Option<IpAddr>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) person: Option<Arc<str>>,
    pub(crate) device: Option<Arc<str>>,
    pub(crate) place: Option<Arc<str>>,
    pub(crate) attribution: Attribution,
    /// For those who have signed in: what is known of them.
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    /// Whether they should have said who they are and have not: nothing opens to them that opens to a group.
    pub(crate) is_unproven: bool,
    /// Where the profile stands in the policy; out of range for the strictest.
    pub(crate) profile: usize,
}

impl Actor {
    /// The address of the device.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The group; `None` for an address outside every network, and for somebody signed in whom no rule fits.
    pub fn group(&self) -> Option<&Arc<str>> {
        self.group.as_ref()
    }

    /// The person who has signed in, else the one at whose desk the address is, where it is one person's.
    pub fn person(&self) -> Option<&Arc<str>> {
        self.person.as_ref()
    }

    /// The name of the device that has the address, where it is one device's.
    pub fn device(&self) -> Option<&Arc<str>> {
        self.device.as_ref()
    }

    /// Where the address is.
    pub fn place(&self) -> Option<&Arc<str>> {
        self.place.as_ref()
    }

    /// What is known of somebody who has signed in.
    pub fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_deref()
    }

    /// The year of a pupil who has signed in, or of the class whose account it is.
    pub fn year(&self) -> Option<NcYear> {
        self.signed_in.as_ref().and_then(|who| who.year)
    }

    /// The group to which they belong for certain: not that of a network which asks people who they are.
    pub(crate) fn proven_group(&self) -> Option<&Arc<str>> {
        self.group.as_ref().filter(|_| !self.is_unproven)
    }

    /// Whether they have not agreed to what the school asks them to, at an instant.
    pub fn has_not_agreed(&self, at: DateTime<Utc>) -> bool {
        self.signed_in.as_ref().is_some_and(|who| who.agreement.agreed(at) == Agreed::No)
    }

    /// Whether they had been told by an instant that connections may be looked into; of whoever has not said who they are
    /// what the settings say of everybody holds.
    pub fn was_told(&self, at: DateTime<Utc>) -> bool {
        self.signed_in.as_ref().is_none_or(|who| who.agreement.was_told(at))
    }

    /// How sure that is.
    pub fn attribution(&self) -> Attribution {
        self.attribution
    }
}

/// The person, else the group, else `unknown`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.person.as_deref().or(self.group.as_deref()).unwrap_or("unknown"))
    }
}
