//! Roles: who holds them, for how long, who stands in, and what was delegated.

mod assignments;
mod committee;
mod set;

use core::fmt;
use core::str::FromStr;

pub use assignments::{
    Assignments, Collision, Command, Delegation, Event, Holding, LONGEST_DELEGATION, Refused, Vacancy, decide,
};
pub use committee::{Committee, Gap, Place, Seat};
pub use set::RoleSet;

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal, $short:literal, $title:literal;)*) => {
        /// A role at the school. Whoever is a pupil, a parent or a guest has that role by being so; the others are
        /// given.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Role {
            $(#[doc = $title] #[doc = "."] $(#[doc = ""] #[$doc])* $variant,)*
        }

        impl Role {
            /// All of them, in the order of the table in `docs/roles.md`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in events, settings and commands. Stable.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// Two letters, for tables.
            pub fn short(self) -> &'static str {
                match self { $(Self::$variant => $short,)* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

roles! {
    Pupil = "pupil", "PU", "Pupil";
    Parent = "parent", "PA", "Parent or carer";
    /// Everybody who works here.
    Staff = "staff", "ST", "Member of staff";
    Coordinator = "coordinator", "OS", "Online safety coordinator";
    Dsl = "dsl", "DS", "Designated safeguarding lead";
    DeputyDsl = "deputy-dsl", "DD", "Deputy designated safeguarding lead";
    Head = "head", "HT", "Headteacher";
    Chair = "chair", "CG", "Chair of governors";
    LinkGovernor = "link-governor", "LG", "Link governor for filtering and monitoring";
    Governor = "governor", "GC", "Governor";
    NetworkManager = "network-manager", "NM", "Network manager";
    /// Of a firm; never sees content.
    Technician = "technician", "XT", "External technician";
    Admin = "admin", "AD", "Office administrator";
    Dpo = "dpo", "DP", "Data protection officer";
    Guest = "guest", "GU", "Guest";
    /// Never signs in: gets sealed exports.
    ExternalBody = "external-body", "EX", "External body";
    /// Acts where the chair is the subject.
    ViceChair = "vice-chair", "VC", "Vice-chair of governors";
    /// Responsible for filtering and monitoring at the top (decisions 1).
    SeniorLeader = "senior-leader", "SL", "Senior leader for filtering and monitoring";
    /// Of the trust; sees no case unless it is granted (decisions 27).
    TrustLead = "trust-lead", "TL", "Safeguarding lead of the trust";
    /// Of the trust.
    TrustIt = "trust-it", "TN", "IT of the trust";
}

impl Role {
    /// Whether somebody has it by what they are, and nobody gives it.
    pub fn is_given_by_being(self) -> bool {
        matches!(self, Self::Pupil | Self::Parent | Self::Staff | Self::Guest | Self::ExternalBody)
    }

    /// Whether its holder runs machines, and never sees what people did with them.
    pub fn is_technical(self) -> bool {
        matches!(self, Self::NetworkManager | Self::Technician | Self::TrustIt)
    }

    /// Whether its holder handles cases.
    pub fn handles_cases(self) -> bool {
        matches!(self, Self::Coordinator | Self::Dsl | Self::DeputyDsl | Self::Head | Self::Chair | Self::ViceChair)
    }

    /// Whether more than one person may hold it at a time.
    pub fn is_of_one(self) -> bool {
        matches!(self, Self::Head | Self::Chair | Self::ViceChair)
    }

    /// Those who are answerable for the filter in the end, whoever manages it from day to day.
    pub const ANSWERABLE_FOR_THE_FILTER: [Self; 2] = [Self::Head, Self::Chair];

    /// To whom its holder answers at the school. Nobody: to nobody of the school, or to whom the law says.
    pub fn answers_to(self) -> &'static [Self] {
        match self {
            Self::Coordinator => &[Self::Head, Self::Governor],
            Self::Dsl | Self::SeniorLeader | Self::NetworkManager | Self::Admin | Self::Staff => &[Self::Head],
            Self::DeputyDsl => &[Self::Dsl],
            Self::Technician => &[Self::NetworkManager],
            Self::Head | Self::ViceChair | Self::LinkGovernor | Self::Governor | Self::Dpo => &[Self::Chair],
            Self::Chair
            | Self::Pupil
            | Self::Parent
            | Self::Guest
            | Self::ExternalBody
            | Self::TrustLead
            | Self::TrustIt => &[],
        }
    }

    /// Whether a school must not be without it (decisions 1).
    pub fn must_be_held(self) -> bool {
        matches!(
            self,
            Self::Head | Self::Chair | Self::Dsl | Self::Coordinator | Self::LinkGovernor | Self::SeniorLeader
        )
    }
}

/// The title.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// Why a text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no role has this name; `belisha-reporter roles list` shows them")]
pub struct UnknownRole;

/// Reads the slug, and `e-safety-lead`, `osc` and `dsp` as policies have them.
impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(slug: &str) -> Result<Self, UnknownRole> {
        match slug {
            "osc" | "e-safety-lead" => Ok(Self::Coordinator),
            "dsp" => Ok(Self::Dsl),
            _ => Self::ALL.iter().copied().find(|role| role.slug() == slug).ok_or(UnknownRole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_lead_back() {
        for role in Role::ALL {
            assert_eq!(role.slug().parse(), Ok(*role));
        }
        assert_eq!("osc".parse(), Ok(Role::Coordinator));
        assert_eq!("king".parse::<Role>(), Err(UnknownRole));
    }
}
