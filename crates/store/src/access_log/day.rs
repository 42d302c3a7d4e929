//! Which day a record belongs to, and which file a day has.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::StoreError;

const MILLISECONDS: i64 = 86_400_000;

/// A day in UTC: whole days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(i64);

impl Day {
    /// The day of an instant, and the millisecond of that day. What is finer is cut off; a leap second counts as the
    /// second after it.
    pub(super) fn split(at: DateTime<Utc>) -> (Self, i64) {
        let milliseconds = at.timestamp_millis();
        (Self(milliseconds.div_euclid(MILLISECONDS)), milliseconds.rem_euclid(MILLISECONDS))
    }

    pub(super) fn of(at: DateTime<Utc>) -> Self {
        Self::split(at).0
    }

    /// The instant of a millisecond of this day; `None` where it is not within the day.
    pub(super) fn at(self, millisecond: i64) -> Option<DateTime<Utc>> {
        (0..MILLISECONDS).contains(&millisecond).then_some(())?;
        DateTime::from_timestamp_millis(self.0.checked_mul(MILLISECONDS)?.checked_add(millisecond)?)
    }

    /// The name in file names and in the file: `2026-11-23`.
    pub(super) fn name(self) -> String {
        // Days come from dates and instants alone, so that there always is a date.
        self.at(0).map(|at| at.date_naive().to_string()).unwrap_or_default()
    }

    pub(super) fn file(self, folder: &Path) -> PathBuf {
        folder.join(self.name() + ".db")
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self::of(date.and_time(NaiveTime::MIN).and_utc())
    }
}

/// The days that a folder has a log of, in the order of the calendar. Other files are passed over; no file is opened,
/// so that one that [`read_day`](crate::read_day) refuses may be among them.
pub fn days(folder: &Path) -> Result<Vec<NaiveDate>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| StoreError::io(folder, error))? {
        let name = entry.map_err(|error| StoreError::io(folder, error))?.file_name();
        found.extend(name.to_str().and_then(date_of));
    }
    found.sort_unstable();
    Ok(found)
}

/// The date of a file's name, where it is written as we write it.
fn date_of(name: &str) -> Option<NaiveDate> {
    let stem = name.strip_suffix(".db")?;
    stem.parse().ok().filter(|date: &NaiveDate| date.to_string() == stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_its_date_and_the_name_leads_back() {
        for days in [0, 20_780, -1, -719_529, 2_932_897, -90_000_000, 90_000_000] {
            let date = Day(days).at(0).unwrap().date_naive();
            assert_eq!(Day::from(date), Day(days));
            let file = Day(days).file(Path::new("/log"));
            assert_eq!(date_of(file.file_name().unwrap().to_str().unwrap()), Some(date));
        }
        assert_eq!(Day(20_780).file(Path::new("/log")), Path::new("/log/2026-11-23.db"));
    }

    #[test]
    fn other_names_are_no_days() {
        for name in
            ["2026-11-23.db-wal", "2026-11-23", "2026-1-23.db", "2026-02-30.db", " 2026-11-23.db", "x.db", ".db"]
        {
            assert_eq!(date_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc_before_1970_as_well() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(Day::split(at("1969-12-31T23:59:59.9999Z")), (Day(-1), MILLISECONDS - 1));
        assert_eq!(Day::split(at("2026-11-23T00:00:00.0009Z")), (Day(20_780), 0));
        assert_eq!(Day::split(at("2026-12-31T23:59:60.5Z")), (Day(20_819), 500));
        assert_eq!(Day(20_780).at(MILLISECONDS), None);
    }
}
