//! The people of a school and their accounts, as the journal has them.
//!
//! Each person is a stream of events of their own, so that one can be erased without the others; an index names those
//! that changed, and nothing about them. What is asked often (who signs in with this user name?) is answered by a
//! [`Roll`], which is read once and then follows the index.

pub mod accounts;
mod across;
mod apply;
mod by_name;
mod events;
pub(crate) mod fold;
pub mod moves;
pub mod newcomer;
mod plan;
mod pupils;
mod roll;
mod written;

pub use across::{Across, Elsewhere, across, elsewhere};
pub(crate) use by_name::ByName;
pub(crate) use fold::{folded, same_words};
pub(crate) use pupils::Pupils;

pub use apply::{ApplyError, apply};
pub use events::{AccountRecorded, Changed, MoveOffered, MoveReceived, PeopleChanged, PersonRecorded};
pub use plan::{Change, Complaint, Lists, MOST_LEAVERS, Options, Plan, PlanError, Planned, Returning, plan, plan_all};
pub(crate) use roll::person_of;
pub use roll::{Entry, Roll};
pub use written::{
    SourceId, Unreadable, WrittenAccount, WrittenContact, WrittenDoubt, WrittenHolder, WrittenMove, WrittenPerson,
    WrittenPupil,
};
