//! What is owed in cases, told of by mail.
//!
//! One process at a time, under a lease, goes round: it reads what is owed, finds the people who hold the key to whose
//! holders it is owed, and sends each of them one mail, whatever and however much it is. A task is settled when all of
//! them were told; before that it stays owed, so that a process that ends in between tells of it again and never not at
//! all.
//!
//! **Nobody is tipped off** (DESIGN §6.3). What somebody gets depends on what is owed to them and on nothing else:
//!
//! - a mail for each person, with the same words; at most one in a quarter of an hour;
//! - a pause after a failure is of the one whose mail failed;
//! - all that is owed is read in each round, so that nobody waits behind what is owed to others, and people are taken in
//!   no order;
//! - whether a task is done depends on all who hold the key alike, on those too who are not told because they see where
//!   the case goes on: had they been left out, it would be done sooner, and a process that is started anew would not
//!   remind the others again.
//!
//! What is said of those who cannot be reached is said of everybody who handles cases, whether anything is owed to them
//! or not.

mod mail;
mod people;
mod round;
mod slip;

pub use self::mail::{MailError, NotSent, Smtp, Transport};
pub use self::people::Unreached;
pub use self::round::{Outbox, OutboxError, Round};
pub(crate) use self::slip::Slip;
