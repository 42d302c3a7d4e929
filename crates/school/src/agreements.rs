//! Agreements and consents: who has agreed to what, and what parents said of pictures.
//!
//! Documents are one stream of the school. What is about somebody is in streams of their own, one about agreements and one
//! about pictures, so that it can be erased without the others'; an index names who changed and nothing about them. What
//! is permitted and by whom is asked of `belisha_policy::may` before; what can be, of `belisha_aua`.

mod acting;
mod by_link;
mod coverage;
mod events;
mod forms;
mod history;
mod invitations;
mod joiners;
mod knowing;
mod pictures;
mod reading;
mod register;
mod scans;
mod sending;
mod sheet;
mod sheet_code;
mod writing;

pub use acting::{
    AgreementError, Wanted, about_class, about_person, act, act_on_document, act_on_pictures, let_in_at_the_longest,
};
pub(crate) use acting::{act_on_all_pictures, around};
pub use by_link::{Said, asked_by, open as open_link, sign_by_link};
pub use coverage::{Chased, Coverage, Outstanding, chase, coverage, outstanding, unasked};
pub use forms::{WantedForms, forms};
pub use history::subject;
pub(crate) use invitations::streams_of;
pub use invitations::{
    Ask, Given, InvitationError, LONGEST as LONGEST_LINK, Link, Secret, SecretError, invitations, invite, take_back,
};
pub use joiners::{Joiner, NEW_FOR, joiners, new_since};
pub use knowing::{Knowing, MUST_KNOW, who_know_the_procedure};
pub use pictures::{Asked, BEFORE_PUBLISHING, Gate, Pictures, may_publish, sees_why};
pub use register::Agreements;
pub use scans::{LARGEST, Scan, ScanError, scan};
pub use sending::{Sending, address, in_words, two_weeks};
pub use sheet::{Families, Paper, Sheet};
pub use sheet_code::{SheetCode, SheetCodeError};
