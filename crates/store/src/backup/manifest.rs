//! What stands in front of every backup: whose it is, when it was made, and what follows.

use std::collections::HashSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::SchoolId;
use crate::journal::{Hash, Head};

use super::BackupError;

/// The newest format that this program reads, and the one that it writes.
pub const FORMAT: u32 = 1;

/// The longest name of a part, in bytes.
const LONGEST_NAME: usize = 1_024;
/// The longest piece of one between two `/`.
const LONGEST_PIECE: usize = 255;
/// The most parts: a century of days, and lists besides.
const MOST: usize = 100_000;

/// Which of the two files of a backup it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Journal, access log, lists, settings.
    Records,
    /// The keys, without which nothing that is sealed in the records can be read.
    Keys,
}

/// The first part of every backup, `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format.
    pub format: u32,
    /// Which file it is.
    pub holds: Holds,
    /// Whose it is.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub school: SchoolId,
    /// The school's name.
    pub name: String,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// The version of the program that made it.
    pub program: String,
    /// What there is to say of the journal, in the file of records.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub journal: Option<JournalPart>,
    /// What follows, in this order.
    pub parts: Vec<Part>,
}

/// The journal in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalPart {
    /// How many events there are.
    pub events: u64,
    /// The hash of the last of them.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub hash: Hash,
    /// Whether every event was what had been written. Where not, it was copied as it was found.
    pub sound: bool,
}

impl JournalPart {
    /// Where it ends.
    pub fn head(&self) -> Head {
        Head { position: self.events, hash: self.hash }
    }
}

/// One part of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, with `/` between its pieces: `access/2026-11-23.db`.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub sha256: Hash,
}

impl Part {
    /// A part of these bytes.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        let sha256 = Hash::from_bytes(Sha256::digest(bytes).into());
        Self { name: name.to_owned(), bytes: bytes.len() as u64, sha256 }
    }
}

impl Manifest {
    /// One of this format and version, without parts.
    pub fn new(holds: Holds, school: SchoolId, name: &str, made: DateTime<Utc>) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, holds, school, name: name.to_owned(), made, program, journal: None, parts: Vec::new() }
    }

    /// The same with these parts.
    #[must_use]
    pub fn with_parts(self, parts: Vec<Part>) -> Self {
        Self { parts, ..self }
    }

    /// The bytes of all parts together.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes))
    }

    /// The part of a name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    pub(super) fn parse(file: &Path, text: &[u8]) -> Result<Self, BackupError> {
        /// All that every version has.
        #[derive(Deserialize)]
        struct Front {
            format: u32,
        }
        let wrong = |found| BackupError::NotABackup { file: file.to_owned(), found };
        let unreadable = "its manifest cannot be read";
        let Front { format } = serde_json::from_slice(text).map_err(|_| wrong(unreadable))?;
        if format > FORMAT {
            return Err(BackupError::Newer { file: file.to_owned(), format });
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|_| wrong(unreadable))?;
        manifest.check().map_err(wrong)?;
        Ok(manifest)
    }

    /// Refuses names that we would never give. What is written under them stays within its folder, on every system.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.parts.len() > MOST {
            return Err("it names more parts than any backup has");
        }
        let mut seen = HashSet::with_capacity(self.parts.len());
        for part in &self.parts {
            if !is_plain(&part.name) {
                return Err("it names a part that no backup has");
            }
            // Some systems take small and capital letters for the same.
            if !seen.insert(part.name.to_ascii_lowercase()) {
                return Err("it names a part twice");
            }
        }
        Ok(())
    }
}

/// Whether a part may have this name: pieces of letters, digits, `-`, `_`, `~` and dots inside, with `/` between them.
pub fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let piece =
        |piece: &str| (1..=LONGEST_PIECE).contains(&piece.len()) && !piece.starts_with('.') && piece.bytes().all(plain);
    name.len() <= LONGEST_NAME && name != super::writing::MANIFEST && name.split('/').all(piece)
}

fn to_text<T: ToString, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

fn from_text<'a, T: core::str::FromStr<Err: core::fmt::Display>, D: Deserializer<'a>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none_of_ours() {
        for name in ["journal", "access/2026-11-23.db.zst", "lists/ut1~20x/a_b-c.txt", "rules.belisha"] {
            assert!(is_plain(name), "{name}");
        }
        let long = "x".repeat(256);
        let wrong = [
            "",
            "/",
            "/etc/passwd",
            "../journal",
            "access/../x",
            "access/./x",
            "access//x",
            "access/",
            ".hidden",
            "c:/x",
            "a\\b",
            "access/nul\0",
            "a\nb",
            "ä",
            "manifest.json",
            "lists/ x",
            long.as_str(),
        ];
        for name in wrong {
            assert!(!is_plain(name), "{name}");
        }
    }
}
