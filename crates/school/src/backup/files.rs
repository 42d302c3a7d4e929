//! Which part of a backup is what.

use belisha_store::backup::is_plain;
use belisha_store::log_file_day;
use chrono::NaiveDate;

pub(super) const JOURNAL: &str = "journal";
/// A journal that is broken, event by event.
pub(super) const JOURNAL_AS_FOUND: &str = "journal-as-found";
/// A journal that cannot be read, as the file that it was.
pub(super) const JOURNAL_FILE: &str = "journal-as-found.db";
pub(super) const SETTINGS: &str = "school.toml";
pub(super) const RULES: &str = "rules.belisha";
pub(super) const LISTS: &str = "lists/";
pub(super) const LOG: &str = "access/";
pub(super) const SCHOOL_KEY: &str = "school.key";
pub(super) const DATA_KEYS: &str = "keys";

/// What a part of a file of records is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Journal,
    JournalAsFound,
    JournalFile,
    Settings,
    Rules,
    /// A file of a source of lists.
    List {
        source: &'a str,
        file: &'a str,
    },
    /// A file of the access log.
    Log {
        file: &'a str,
        day: NaiveDate,
    },
}

impl<'a> Kind<'a> {
    /// `None` for a part that no file of records has.
    pub(super) fn of(name: &'a str) -> Option<Self> {
        match name {
            _ if !is_plain(name) => None,
            JOURNAL => Some(Self::Journal),
            JOURNAL_AS_FOUND => Some(Self::JournalAsFound),
            JOURNAL_FILE => Some(Self::JournalFile),
            SETTINGS => Some(Self::Settings),
            RULES => Some(Self::Rules),
            _ => Self::in_folder(name),
        }
    }

    fn in_folder(name: &'a str) -> Option<Self> {
        if let Some(file) = name.strip_prefix(LOG) {
            return log_file_day(file).map(|day| Self::Log { file, day });
        }
        let (source, file) = name.strip_prefix(LISTS)?.split_once('/')?;
        (!file.contains('/')).then_some(Self::List { source, file })
    }

    pub(super) fn is_journal(self) -> bool {
        matches!(self, Self::Journal | Self::JournalAsFound | Self::JournalFile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        let day = "2026-11-23".parse().unwrap();
        for file in ["2026-11-23.db", "2026-11-23.db.zst", "2026-11-23.2.db", "2026-11-23.db-wal"] {
            assert_eq!(Kind::of(&format!("access/{file}")), Some(Kind::Log { file, day }));
        }
        assert_eq!(Kind::of("lists/ut1/adult.txt"), Some(Kind::List { source: "ut1", file: "adult.txt" }));
        let wrong = [
            "x",
            "journal.db",
            "keys/school.key",
            "access/journal.db",
            "access/../2026-11-23.db",
            "access/2026-11-23",
            "lists/x",
            "lists/a/b/c",
            "lists/../a",
            "lists/.new/a",
            "/etc/passwd",
            "school.key",
            "",
        ];
        for name in wrong {
            assert_eq!(Kind::of(name), None, "{name}");
        }
    }
}
