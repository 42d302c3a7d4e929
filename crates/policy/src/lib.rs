//! Who is asking, what does the school allow, and why: the one function that decides.
//!
//! A [`Policy`] is made of profiles, groups and networks; [`decide`] takes an [`Actor`], the findings of the matcher
//! and the policy, and gives a [`Ruling`] with its reasons. Everything comes in as a value: this crate opens nothing,
//! knows no clock, and never loosens a locked category, whatever any document says.
//!
//! ```
//! use belisha_policy::{Group, Policy, Profile};
//!
//! let policy = Policy::new(
//!     vec![Profile::pupils("pupils"), Profile::staff("staff")],
//!     vec![Group { name: "teachers".into(), profile: "staff".into() }],
//!     vec![],
//! )?;
//! // Somebody of whom nothing is known is held to the strictest profile.
//! let stranger = policy.identify("192.0.2.7".parse()?);
//! assert_eq!(&**policy.profile_of(&stranger).name(), "pupils");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`people`] says who belongs to a school, [`roles`] who has which role when, and [`may::may`] who may do what to whom:
//! its answer is a [`Permit`], the proof that a person may do something. [`retention`] says how long each kind of record
//! is kept.
//!
//! | feature | what it adds |
//! |---|---|
//! | `testing` | `Permit::for_tests`, for the dev-dependencies of other crates; never in a product |

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod access;
mod actor;
mod agreed;
pub mod calendar;
mod canary;
mod category;
mod counts;
mod decide;
pub mod directory;
mod exception;
mod inspection;
pub mod may;
mod named;
pub mod people;
mod permit;
mod person;
mod policy;
mod profile;
pub mod retention;
mod risk;
pub mod roles;
mod searching;
#[cfg(feature = "serde")]
mod text;
pub mod trust;
mod when;
mod who;

pub use access::{AccessRecord, Navigation, Outcome, Phase, Replayed, RuleRef};
pub use actor::{AccountKind, Actor, Attribution, SignedIn};
pub use agreed::{Agreed, Agreement, Told, UnknownUntilSigned, UntilSigned};
pub use canary::{CANARIES, Canary, is_help_in_whole, is_help_site};
pub use category::{Category, CategorySet, Kind, UNMAPPED, UnknownCategory};
pub use counts::{DayCounts, GroupCounts, Outcomes, Sites, View};
pub use decide::{By, Decision, Explanation, Layer, Otherwise, Reason, Ruling, Verdict, decide, explain, in_words};
pub use exception::{ApprovedSystem, Exception, ExceptionError, Variation};
pub use inspection::{Inspect, Inspection, PRIVATE, UnknownInspect};
pub use named::UnknownName;
pub use permit::{Action, Permit, Scope, UnknownAction, WrongPermit};
pub use person::{PersonId, PersonIdError};
pub use policy::{Group, MemberKind, Members, Network, Policy, PolicyError, SignIn, UnknownMembers};
pub use profile::{AtTimes, Audience, Profile, ProfileError};
pub use risk::{NationalRisk, Risk};
pub use searching::{ENGINES, Engine, Search, UnknownRestriction, VideoRestriction, engine};
pub use when::{During, Part, When};
pub use who::{UnknownWho, Who};
