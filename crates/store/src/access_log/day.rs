//! Which day a record belongs to, and which files a day has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

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

    /// Days since 1970-01-01.
    pub(super) fn number(self) -> i64 {
        self.0
    }

    pub(super) fn from_number(days: i64) -> Self {
        Self(days)
    }

    pub(super) fn date(self) -> Option<NaiveDate> {
        self.at(0).map(|at| at.date_naive())
    }
}

/// One file of a day. Most days have one; another is begun for what comes when the one before is closed, or of a
/// format that is no longer written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) day: Day,
    /// From 1.
    pub(super) number: u32,
}

impl Part {
    pub(super) fn first(day: Day) -> Self {
        Self { day, number: 1 }
    }

    pub(super) fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// The file while it is open: `2026-11-23.db`, `2026-11-23.2.db`.
    pub(super) fn open(self, folder: &Path) -> PathBuf {
        folder.join(self.name())
    }

    /// The file when it is closed: `2026-11-23.db.zst`.
    pub(super) fn closed(self, folder: &Path) -> PathBuf {
        folder.join(self.name() + ".zst")
    }

    fn name(self) -> String {
        let day = self.day.name();
        match self.number {
            1 => format!("{day}.db"),
            number => format!("{day}.{number}.db"),
        }
    }

    /// What a file of this name is, where the name is written as we write it.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".zst").unwrap_or(name).strip_suffix(".db")?;
        let (date, number) = stem.split_once('.').unwrap_or((stem, "1"));
        let part = Self { day: Day::from(date.parse::<NaiveDate>().ok()?), number: number.parse().ok()? };
        (part.number > 0 && part.name().strip_suffix(".db") == Some(stem)).then_some(part)
    }
}

/// The files of the days of a folder; those that are closed and open at once, as a crash can leave them, once.
pub(super) fn parts(folder: &Path) -> io::Result<BTreeMap<Day, BTreeSet<Part>>> {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for entry in fs::read_dir(folder)? {
        if let Some(part) = entry?.file_name().to_str().and_then(Part::of_name) {
            found.entry(part.day).or_default().insert(part);
        }
    }
    Ok(found)
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self::of(date.and_time(NaiveTime::MIN).and_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_its_date_and_the_name_leads_back() {
        for days in [0, 20_780, -1, -719_529, 2_932_897, -90_000_000, 90_000_000] {
            let date = Day(days).date().unwrap();
            assert_eq!(Day::from(date), Day(days));
            for number in [1, 2, 30] {
                let part = Part { day: Day(days), number };
                for file in [part.open(Path::new("/log")), part.closed(Path::new("/log"))] {
                    assert_eq!(Part::of_name(file.file_name().unwrap().to_str().unwrap()), Some(part));
                }
            }
        }
        let part = Part::first(Day(20_780));
        assert_eq!(part.open(Path::new("/log")), Path::new("/log/2026-11-23.db"));
        assert_eq!(part.next().closed(Path::new("/log")), Path::new("/log/2026-11-23.2.db.zst"));
    }

    #[test]
    fn other_names_are_no_days() {
        let names = "2026-11-23.db-wal|2026-11-23|2026-1-23.db|2026-02-30.db| 2026-11-23.db|x.db|.db|.db.zst|\
                     2026-11-23.1.db|2026-11-23.0.db|2026-11-23.02.db|2026-11-23.+2.db|2026-11-23..db|\
                     2026-11-23.db.zst.zst|2026-11-23.db.zst.new|2026-11-23.2.3.db";
        for name in names.split('|') {
            assert_eq!(Part::of_name(name), None, "{name}");
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
