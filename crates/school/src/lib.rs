//! One school, opened: its settings, its rules, and the services on them.
//!
//! This is the only place where models and files meet. A service is a plain function over a [`DataFolder`] and
//! [`Settings`]; it is called alike by every program, and decides nothing itself: `belisha_policy::decide` does.
//!
//! ```
//! use belisha_school::{DataFolder, Settings, rules, tester};
//!
//! let settings = Settings::load(None)?; // the starter school
//! let folder = DataFolder::new("no-such-folder");
//! let loaded = rules::load(&folder)?; // the starter rules
//! let who = tester::Who::strictest(&settings.policy);
//! let answer = tester::ask(&loaded.rules, &settings.policy, &who, "https://bet365.com", chrono::DateTime::UNIX_EPOCH);
//! assert!(answer.to_text().starts_with("block"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod folder;
pub mod rules;
mod settings;
pub mod sources;
pub mod tester;

pub use folder::{DataFolder, FileError, GENERATIONS, StagedRules};
pub use settings::{Base, STARTER, STORE_VARIABLE, SchoolPolicy, Settings, SettingsError, WrittenProfile};

/// What is said wherever the state of the filter is shown, until a protected list of unlawful material is loaded
/// (decisions 15).
pub const NO_ILLEGAL_LIST: &str = "No IWF or CTIRU list is loaded. This installation does not by itself meet the \
national standard; keep a filter upstream that has them.";
