//! What the files of backups are called: by school and time, and never by a name that says more.

use std::path::Path;

use belisha_store::SchoolId;
use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

const FRONT: &str = "belisha-";
const TIME: &str = "%Y%m%dT%H%M%SZ";
const KEYS: &str = ".keys.age";
const RECORDS: &str = ".records.age";

/// The names of the two files of a backup.
pub(super) struct Names {
    /// With what all names of this school's backups begin.
    pub(super) front: String,
    pub(super) records: String,
    pub(super) keys: String,
}

impl Names {
    pub(super) fn of(school: SchoolId, made: DateTime<Utc>) -> Self {
        let front = front(school);
        let stem = format!("{front}{}", made.trunc_subsecs(0).format(TIME));
        Self { records: format!("{stem}{RECORDS}"), keys: format!("{stem}{KEYS}"), front }
    }
}

fn front(school: SchoolId) -> String {
    let id = school.to_string();
    format!("{FRONT}{}-", id.get(..8).unwrap_or_default())
}

/// When a copy of keys of this school was made, by its name; `None` for anything else.
pub(super) fn keys_made(school: SchoolId, file: &Path) -> Option<DateTime<Utc>> {
    let name = file.file_name()?.to_str()?;
    let time = name.strip_prefix(&front(school))?.strip_suffix(KEYS)?;
    let made = NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc();
    // Only what is written as we write it.
    (made.format(TIME).to_string() == time).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_keys_is_known_by_its_name_and_nothing_else_is() {
        let (school, other) = (SchoolId::from_bytes([0xab; 16]), SchoolId::from_bytes([7; 16]));
        let made = "2026-11-25T08:00:09.9Z".parse().unwrap();
        let names = Names::of(school, made);
        assert_eq!(names.records, "belisha-abababab-20261125T080009Z.records.age");
        assert_eq!(names.keys, "belisha-abababab-20261125T080009Z.keys.age");
        assert!(names.keys.starts_with(&names.front));
        assert_eq!(keys_made(school, Path::new(&names.keys)), Some(made.trunc_subsecs(0)));
        assert_eq!(keys_made(other, Path::new(&names.keys)), None);
        let wrong = [
            names.records.clone(),
            names.keys.replace("T08", "T8"),
            names.keys.replace("1125", "1325"),
            format!("{}x", names.keys),
            format!("x{}", names.keys),
            "belisha-abababab-.keys.age".into(),
        ];
        assert!(wrong.iter().all(|name| keys_made(school, Path::new(name)).is_none()));
    }
}
