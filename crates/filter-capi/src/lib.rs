//! The matcher for C, and for every language that calls C: load a ruleset, ask for a URL or a host, read the reasons,
//! change rules while others read.
//!
//! The names here are those of `include/belisha.h`, which is made from this crate, and `docs/vendors.md` shows how to
//! install and use it. Rust programs use `belisha-filter` itself. This crate never decides whether anything is blocked,
//! never unwinds into its caller, and frees nothing behind a caller's back.
//!
//! ```
//! use std::ptr::null_mut;
//! use belisha::{Status, belisha_rules_load_memory};
//!
//! let mut rules = null_mut();
//! // SAFETY: the bytes are there, and so is the place for the handle.
//! let status = unsafe { belisha_rules_load_memory(b"no ruleset".as_ptr().cast(), 10, &raw mut rules) };
//! assert_eq!(status, Status::NotARuleset);
//! assert!(rules.is_null());
//! ```

mod abi;
mod failure;
mod ffi;
mod findings;
mod loaded;
mod request;
mod rules;

pub use abi::{BELISHA_ABI_MAJOR, BELISHA_ABI_MINOR};
pub use failure::Status;
pub use ffi::*;
pub use findings::{BELISHA_LIST_EXACT, Finding, Findings, RuleKind, Text};
pub use request::*;
pub use rules::{About, Rules};
