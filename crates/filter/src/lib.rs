//! What is this address? Canonical request targets, and a compiled ruleset of category lists over bytes.
//!
//! This crate answers which rule of which list holds a URL or a host, and nothing else: it never opens a file, never
//! allocates during a look-up, and never decides whether anything is blocked.
//!
//! ```
//! # #[cfg(feature = "compile")] {
//! use belisha_filter::{Compiler, List, Rule, Ruleset, Target};
//!
//! let mut compiler = Compiler::new(42);
//! let betting = compiler.list(List::new("our lists", "betting", 14));
//! compiler.add(betting, &Rule::domain("wager.example")?);
//! compiler.add(betting, &Rule::url_prefix("shared.example/casino")?);
//! let rules = Ruleset::open(compiler.finish()?)?;
//!
//! let target: Target = "https://WWW.shared.example/Casino/./roulette?spin=1".parse()?;
//! let findings = rules.classify(&target);
//! assert_eq!(findings.hits().map(|hit| hit.entry().to_string()).collect::<Vec<_>>(), ["shared.example/casino"]);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | the standard library's error plumbing; without it the crate needs `core` and `alloc` |
//! | `idna` | yes | host names in other scripts than ASCII; without it they are refused |
//! | `regex` | yes | regular expressions; without it a ruleset that has some is not opened |
//! | `locked` | yes | lists of which only hashes are kept; without it a ruleset that has one is not opened |
//! | `compile` | no | `Compiler`, from rules to the bytes of a ruleset |

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(all(doctest, feature = "compile"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod adblock;
mod aligned;
#[cfg(feature = "compile")]
mod compile;
mod engine;
mod few;
mod findings;
mod hash;
mod host;
mod layout;
mod list;
mod locked;
mod many;
mod overlay;
mod path;
mod pattern;
mod patterns;
mod rule;
mod ruleset;
mod target;
mod v2;

pub use aligned::AlignedBytes;
#[cfg(feature = "compile")]
pub use compile::{CompileError, Compiler};
pub use findings::{Entry, Findings, Hit};
pub use host::{Host, HostError, MAX_LABEL, MAX_NAME};
pub use list::{CategoryId, List, ListId};
#[cfg(feature = "locked")]
pub use locked::LockKey;
pub use locked::{Handle, LockedRule, NotLocked};
pub use overlay::{Matched, Overlay, Reach};
pub use path::RulePath;
pub use pattern::Pattern;
pub use rule::{Rule, RuleError};
pub use ruleset::{Ruleset, RulesetError};
pub use target::{Authority, MAX_URL, Scheme, Target, TargetError};
