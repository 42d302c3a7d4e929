//! The built reporter, driven as its users drive it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agencies;
mod agreements;
mod all_in_postgresql;
mod announcing;
mod backup;
mod browser;
mod circumstances;
mod console;
mod handing;
mod hostile;
mod incidents;
mod journal;
mod keys;
mod links;
mod michaelmas;
mod moves;
mod newcomers;
mod old_agreements;
mod old_incidents;
mod people;
mod register;
mod reminders;
mod report;
mod roles;
mod round;
mod staffed;
mod steps;
mod support;
mod transcript;
mod trust;
mod two_worlds;
