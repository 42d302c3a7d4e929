//! Agreements, signatures and consents.
//!
//! - Standing is a pure function of the journal and the instant: what is written later changes nothing of what was.
//! - An edition that only corrects makes nobody unsigned.
//! - One that says something else does, exactly when its grace ends by the clock at the school.
//! - A no holds at once, whoever says yes before or after, until that person or the school says otherwise.
//! - Two parents' answers combine as decided: about pictures any no holds; about agreements the school decides.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod consents;
mod laws;
mod scenarios;
mod templates;
mod world;
