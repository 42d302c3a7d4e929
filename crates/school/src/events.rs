//! What the journal says of the school itself: one type for each kind of event.
//!
//! The kinds and versions are for ever: a journal of years ago is read by the program of today. Whoever changes a type
//! here raises its version and teaches `upcast` how the old form is read.

use std::collections::BTreeMap;

use belisha_policy::retention::Facts;
use belisha_store::StreamId;
use belisha_store::journal::Recorded;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::settings::SchoolPolicy;

/// One version of each kind, by its name.
macro_rules! recorded {
    ($($kind:literal => $name:ident),* $(,)?) => {
        $(impl Recorded for $name {
            const KIND: &'static str = $kind;
            const VERSION: u16 = 1;
        })*
    };
}

pub(crate) use recorded;

recorded! {
    "settings.seeded" => SettingsSeeded,
    "settings.applied" => SettingsApplied,
    "rules.activated" => RulesActivated,
    "access.day-closed" => DayClosed,
    "access.day-removed" => DayRemoved,
    "access.log-imported" => LogImported,
    "history.looked-up" => LookedUp,
    "person.exported" => PersonExported,
    "retention.record-filed" => RecordFiled,
    "retention.record-erased" => RecordErased,
    "retention.hold-placed" => HoldPlaced,
    "retention.hold-lifted" => HoldLifted,
    "keys.holders-named" => HoldersNamed,
    "keys.holder-added" => HolderAdded,
    "keys.holder-removed" => HolderRemoved,
    "keys.role-handed-over" => RoleHandedOver,
    "keys.recovered" => KeyRecovered,
    "keys.recovery-named" => RecoveryNamed,
    "keys.password-changed" => PasswordChanged,
    "store.backed-up" => BackedUp,
    "store.restored" => Restored,
    "journal.break-shown" => BreakShown,
}

/// The policy of `school.toml` became that of a new journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsSeeded {
    /// The policy.
    pub policy: SchoolPolicy,
}

/// A signed-in person put a proposal in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsApplied {
    /// The policy from now on.
    pub policy: SchoolPolicy,
    /// What that changed, in plain English.
    pub changes: Vec<String>,
}

/// Another ruleset came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesActivated {
    /// Its fingerprint, as it stands in access records.
    pub ruleset: u64,
    /// Its rules.
    pub rules: u64,
    /// The source that was imported or removed; empty where that is not known.
    pub source: String,
    /// What became of the source.
    pub change: SourceChange,
}

/// What became of a source of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceChange {
    /// It was imported: new, or in place of an older one of its name.
    Imported {
        /// Rules of the source.
        rules: u64,
        /// Lines that were left out.
        left_out: u64,
    },
    /// It was removed.
    Removed,
    /// The rules were found in force, and nobody had written down how they came to be.
    Found,
}

/// A day of the access log was closed: from now on its file does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayClosed {
    /// The day in UTC.
    pub day: NaiveDate,
    /// The name of the file.
    pub file: String,
    /// Its records.
    pub records: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// A day of the access log had been kept long enough and is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRemoved {
    /// The day in UTC.
    pub day: NaiveDate,
    /// Why it could go.
    pub because: String,
}

/// The log of another filter was taken into the access log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogImported {
    /// A random name of this import.
    pub id: String,
    /// How it was read, by the slug of the format.
    pub format: String,
    /// How many of its bytes have been read, unpacked, with those of earlier imports of it.
    pub bytes: u64,
    /// The SHA-256 of those, hexadecimal.
    pub sha256: String,
    /// The SHA-256 of the first 4,096 of them.
    pub beginning: String,
    /// Whether the last line that was read had its end.
    pub ends_a_line: bool,
    /// Its lines, with those of earlier imports of it.
    pub lines: u64,
    /// Of those, the ones with something in them.
    pub told: u64,
    /// Of those, the ones that could not be read.
    pub left_out: u64,
    /// The fingerprint of the rules that said what they would say.
    pub ruleset: u64,
}

/// Somebody asked for what a named person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedUp {
    /// Of whom.
    pub person: String,
    /// The first day in UTC.
    pub from: NaiveDate,
    /// The last day in UTC.
    pub to: NaiveDate,
    /// Why.
    pub purpose: String,
    /// Who had to agree, where two had to.
    pub second: Option<String>,
}

/// What is kept of a person was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonExported {
    /// Of whom.
    pub person: String,
    /// Why.
    pub purpose: String,
}

/// A stream of events is kept as a record of some class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFiled {
    /// The stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// The class, by its slug.
    pub class: String,
    /// What tells how long.
    pub facts: Facts,
}

/// A record had been kept long enough, or was erased by decision: this is its tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordErased {
    /// The stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// The class, by its slug.
    pub class: String,
    /// Events whose content is gone.
    pub events: u64,
    /// Why it could go.
    pub because: String,
}

/// Records may not go until the hold is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPlaced {
    /// The hold.
    #[serde(with = "crate::text")]
    pub hold: StreamId,
    /// On what.
    pub on: HoldOn,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What a hold holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldOn {
    /// Everything that the school keeps.
    Everything,
    /// One record.
    Record(#[serde(with = "crate::text")] StreamId),
    /// Days of the access log, the first and the last.
    AccessLog(NaiveDate, NaiveDate),
}

/// A hold is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLifted {
    /// The hold.
    #[serde(with = "crate::text")]
    pub hold: StreamId,
    /// Why.
    pub reason: String,
}

/// The first key holders were named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldersNamed {
    /// All of them.
    pub holders: Vec<String>,
    /// Those who may look up names in the access log.
    pub history: Vec<String>,
    /// The fingerprints of their keys, by holder.
    #[serde(default)]
    pub fingerprints: BTreeMap<String, String>,
}

/// A person got a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderAdded {
    /// Who.
    pub holder: String,
}

/// A person's key was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderRemoved {
    /// Who.
    pub holder: String,
}

/// A role's key went to other people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHandedOver {
    /// The role.
    pub role: String,
    /// Who holds its key from now on.
    pub holders: Vec<String>,
}

/// Two people recovered the key of a third.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecovered {
    /// Whose key.
    pub holder: String,
    /// By whom.
    pub by: [String; 2],
}

/// Other people help to recover keys from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryNamed {
    /// Who.
    pub people: Vec<String>,
    /// By whom.
    pub by: [String; 2],
}

/// A key holder changed their password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Who.
    pub holder: String,
}

/// A backup was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// The position of the last event in it.
    pub position: u64,
    /// SHA-256 of the file of records, hexadecimal.
    pub records_sha256: String,
    /// SHA-256 of the file of keys, hexadecimal.
    pub keys_sha256: String,
}

/// The journal was brought back from a backup, which had everything up to here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the backup was made.
    pub made: DateTime<Utc>,
    /// Events whose content was erased since then, and is now erased here as well.
    pub forgotten: u64,
}

/// The place where the journal is broken was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakShown {
    /// To whom.
    pub to: [String; 2],
}
