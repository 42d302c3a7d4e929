//! What happened, who must act next, and by when.
//!
//! An incident is a [`Case`], folded from [`Event`]s; [`decide`] says which events a [`Command`] makes, or why it cannot
//! be. Whether somebody may give a command at all is asked of [`belisha_policy::may`] before, and its answer, a
//! [`Permit`](belisha_policy::Permit), comes with the command. What a school owes to whom is [`Case::owed`]: it follows from
//! what happened and from dated [`Category`] data, and nothing here sends anything.
//!
//! - What may be illegal is preserved and referred, and nothing else, until two lift the hold with a note of the police.
//! - A case has no pictures: evidence is a description, a reference to the system that has it, and a chain of custody.
//! - Who is the subject of a case, or in conflict over it, is kept away from it from that moment ([`Case::relation`]).
//! - An incident that the police give back is the same incident, with all that it had.
//!
//! ```
//! use belisha_incident::{Case, Category, Severity};
//!
//! assert_eq!(Category::Grooming.code(), "I2");
//! assert_eq!(Category::Grooming.severity(), Severity::Immediate);
//! assert!(Category::Grooming.is_held_when_suspected());
//! assert!(Case::default().owed().next().is_none());
//! ```

#![no_std]

extern crate alloc;

mod announcing;
mod case;
mod category;
mod circumstances;
mod custody;
mod decide;
mod duty;
mod file;
mod response;
mod severity;
mod sight;
mod steps;
mod tally;
mod telling;
mod terms;

pub use announcing::{Announced, Community};
pub use belisha_policy::{NationalRisk, Risk};
pub use case::{
    Case, Event, Exported, Fact, HarmTest, Imported, Outcome, Owed, Part, Recipient, Remedy, Settled, Stage, Track,
};
pub use category::{AS_OF, Category, UnknownCategory};
pub use circumstances::{Breach, Circumstances, Deed, Doer, Intent, Matter, Place, Rules};
pub use custody::{Custody, Power};
pub use decide::{Command, Gap, Refused, StrangerTold, decide, told_by_stranger};
pub use duty::{Body, Duty, Parents, When};
pub use file::CpRecord;
pub use response::{Response, lasted};
pub use severity::Severity;
pub use steps::{Progress, Step};
pub use tally::Tally;
pub use terms::{IsLess, Relaxed, Terms};
