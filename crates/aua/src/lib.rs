//! What was agreed, by whom, and is it still good?
//!
//! A [`Document`] is an agreement, or a policy to be read, in dated editions; a [`File`] is what happened about one
//! person's agreements; [`Book::standing`] says how it stands with them at any instant. [`decide`] says which facts a
//! [`Command`] makes, or why it cannot be. A [`Consents`] is what a child's parents said of pictures, and
//! [`Consents::may_appear`] whether the child may be seen in some place.
//!
//! - Order is that of the journal: nothing that is written today counts for yesterday.
//! - An edition that only corrects asks nobody; one that says something else asks everybody, at a minute by the clock at the
//!   school.
//! - A no holds at once. For pictures any no of somebody who holds parental responsibility holds whatever others say.
//! - An adult who does not sign in signs by a link, once ([`Invitation`]).
//! - That somebody was told of inspection ([`File::told`]) is apart from whether they signed.
//!
//! Nothing here sends anything, and nothing knows what time it is.
//!
//! ```
//! use std::collections::BTreeMap;
//! use belisha_aua::{Template, Text, Topic, Words, lint};
//!
//! let ks2 = Template::named("ks2").unwrap();
//! let words = [("school", "Amber Hill"), ("pupil_channel", "the class page"), ("trusted_adults", "my teacher")];
//! let values: BTreeMap<_, _> = words.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
//! let text = Text::of(ks2, &Words { values, ..Words::default() })?;
//! assert!(text.topics().contains(&Topic::EncryptedContent));
//! assert!(lint(&text, &ks2.terms()).is_empty());
//! # Ok::<(), belisha_aua::TextError>(())
//! ```

#![no_std]

extern crate alloc;

mod audience;
mod clause;
mod consent;
mod decide;
mod document;
mod invitation;
mod lint;
mod picture;
mod signature;
mod standing;
mod steps;
mod templates;
mod text;

pub use audience::{Adults, Audience, Stage};
pub use clause::{LibraryClause, Topic, Whom};
pub use consent::{
    Answer, Channel, ConsentFact, ConsentRefused, Consents, Flag, KeptOut, Purpose, Validity, decide_consent,
};
pub use decide::{Around, Command, Refused, Subjected, decide, decide_about};
pub use document::{
    Book, Change, Discussion, Document, DocumentFact, Edition, ForAdults, ForPupils, Key, KeyError, LocalMinute,
    Number, SignedBy, Terms, Why, With,
};
pub use invitation::{Invitation, InvitationFact, Issued, Proof, Spent, TRIES};
pub use lint::{Clash, Finding, NOTICES, Weight, lint};
pub use picture::Picture;
pub use signature::{Fact, File, Printed, PrintedError, Signer, Way};
pub use standing::{Lacking, Standing, State, Subject};
pub use templates::{TEMPLATES, Template};
pub use text::{Clause, Teaches, Text, TextError, Words};
