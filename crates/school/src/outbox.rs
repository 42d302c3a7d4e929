//! What is owed in cases, told of by mail.
//!
//! One process at a time, under a lease, goes round: what is owed to the holders of a key it owes to each of them who
//! handles such cases, and sends each to whom something is owed one mail, whatever and however much it is. Their part is settled when the
//! server has the mail; a process that ends in between sends it again, and never not at all.
//!
//! **Nobody is tipped off** (DESIGN §6.3). What somebody gets depends on what is owed to them and on nothing else:
//!
//! - a mail for each person, with the same words; at most one in a quarter of an hour;
//! - a pause after a failure is of the one whose mail failed;
//! - all that is owed is read in each round, so that nobody waits behind what is owed to others, and people are taken in
//!   no order;
//! - whether somebody was told is kept for each of them, in the journal: were it kept for all together, a process that is
//!   started anew would tell some again because others could not be told.
//!
//! What is said of those who cannot be reached is said of everybody who handles cases, whether anything is owed to them
//! or not.

mod mail;
mod people;
mod round;
mod slip;

pub use self::mail::{MailError, NotSent, Smtp, Transport};
pub use self::people::Unreached;
pub use self::round::{Outbox, Round};
pub(crate) use self::slip::Slip;
