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

pub mod activation;
pub mod agreements;
pub mod answering;
mod audit;
pub mod authority;
pub mod backup;
pub mod cases;
pub mod days;
pub mod events;
mod folder;
pub mod founding;
pub mod holders;
pub mod import_profile;
pub mod imported_log;
pub mod in_force;
pub mod integrity;
mod ledger;
mod letters;
pub mod lookup;
mod names;
pub mod old_agreements;
pub mod old_incidents;
pub mod outbox;
pub mod overview;
pub mod own_password;
pub mod past;
pub mod people;
pub mod person;
pub mod replay;
pub mod retention;
pub mod rules;
mod school;
mod serving;
mod settings;
pub mod severities;
pub mod sign_in;
pub mod signed_in;
pub mod sources;
pub mod tester;
mod text;
pub mod trust;
pub mod web_summary;
mod who_is;

pub use audit::AuditReceipt;
pub use belisha_report::plain;
pub use folder::{DataFolder, FileError, GENERATIONS, StagedRules};
pub use ledger::{Batch, Ledger, LedgerError, Stream, Told};
pub use school::{School, SchoolError, log_place};
pub use serving::{LateNames, Serving, settings_in_force};
pub use settings::{
    Base, Mail, MailSecurity, STARTER, STORE_VARIABLE, SchoolPolicy, Settings, SettingsError, WrittenAgency,
    WrittenAgreements, WrittenApproved, WrittenAt, WrittenCalendar, WrittenDay, WrittenError, WrittenException,
    WrittenHoliday, WrittenHours, WrittenInspection, WrittenInstant, WrittenLesson, WrittenOpen, WrittenProfile,
    WrittenStretch, WrittenTimes, WrittenVariation, parse_baseline, read_baseline,
};

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// 32 bytes from their hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
