//! Incidents: who may open a case, and what is done about it.
//!
//! Each case is a stream of its own, sealed to a [`Circle`]: those who handle cases of its kind, and none of those whom it is
//! about or who are in conflict over it. Whoever reports needs no key; whoever reads holds that of the circle. Who else opens
//! the files, with the school's own key among them, learns how many streams there are and how long, and nothing that is in
//! them.
//!
//! **Nobody is tipped off** (DESIGN §6.3, decisions 3). Where somebody who could open a case comes to be kept away from it, it
//! is carried on in a new stream, which begins with all that there was and which they cannot open. The old stream stays as it
//! is. They find it as they left it, and what they do about it is done, to that copy; from those who may see the new stream
//! the old one is hidden. So a world in which they were found out and one in which they were not are the same to them.

mod acting;
mod admitting;
mod announcing;
mod archive;
mod circle;
mod desk;
mod document;
mod events;
mod export;
mod handing;
mod keeping;
mod kept;
mod looking;
mod redaction;
mod reference;
mod referral;
mod register;
mod reminders;
mod reporting;
mod spoken_of;
mod tasks;
mod trends;

pub(crate) use archive::{ToArchive, archive, keep_file};

pub use acting::{Acted, CaseError};
pub use admitting::Handler;
pub use archive::Original;
pub use circle::{Circle, circles_of};
pub use desk::Desk;
pub use document::{DocumentError, digest};
pub use events::{
    ArchivedCase, CarriesOn, CaseArrived, CaseHappened, CaseLeft, CaseOpened, CaseReduced, CasesArchived,
    CasesLookedAt, FilePart, Receipt,
};
pub use export::{Audience, Export};
pub use keeping::kept;
pub use kept::Kept;
pub use reference::{Reference, ReferenceError};
pub use referral::Referral;
pub use register::{Branch, Register};
pub use reporting::{Report, Reported, Worry, is_read, receipt, report, worry};
pub use tasks::{Task, tasks};
pub use trends::{For, Trends};
