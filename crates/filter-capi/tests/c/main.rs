//! C programs against the installed library: plainly, under valgrind, with sanitizers, linked either way.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod firewall;
mod installed;
mod library;
mod programs;
mod rulesets;
