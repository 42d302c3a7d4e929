//! One school, as programs use it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agencies;
mod agreements;
mod backup;
mod baseline;
mod cases;
mod holding;
mod invitations;
mod keeping;
mod looking_up;
mod moves;
mod old_agreements;
mod opening;
mod people;
mod reminders;
mod settings;
mod signing_in;
mod support;
mod trust;
mod two_worlds;
#[cfg(test)]
mod web_summary;
