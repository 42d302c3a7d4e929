//! The built proxy, driven as users drive it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod agreements;
mod check;
mod chromium;
mod helper;
mod in_force;
mod serve;
mod sign_in;
mod support;
mod times;
mod trust;
mod wire;
