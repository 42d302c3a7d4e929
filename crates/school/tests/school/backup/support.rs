//! A school with something to lose, and where its backups go.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use belisha_policy::retention::RecordClass;
use belisha_school::backup::{self, BrokenJournal, Made, Restore, RestoreError, Restored, UnknownKeys};
use belisha_school::events::BreakShown;
use belisha_school::{DataFolder, School, Settings, Stream, days};
use belisha_store::backup::BackupIdentity;
use belisha_store::keys::{Readers, Role, Work};
use belisha_store::{StreamId, read_day};
use chrono::{DateTime, Utc};
use tempfile::TempDir;

use crate::support::{SCHOOL, TestSchool, at};

pub(crate) const NOW: &str = "2026-11-25T08:00:00Z";

/// What stands in events that only the school's programs can read.
pub(crate) const SECRET: &str = "Brindlecombe";

pub(crate) fn quiet(_: backup::Progress) {}

/// A stream that the school's programs may read, and one for those who may look up.
pub(crate) fn stream(number: u8) -> Stream {
    Stream { id: StreamId::from_bytes([number; 16]), class: RecordClass::Capture, readers: Readers::School }
}

pub(crate) struct Backed {
    pub(crate) test: TestSchool,
    pub(crate) identity: BackupIdentity,
    pub(crate) place: TempDir,
}

impl Backed {
    /// Three days of the log of which one is closed, some events, lists and rules that mean nothing.
    pub(crate) fn new() -> Self {
        let mut test = TestSchool::new();
        let file = test.folder.path().join("school.toml");
        fs::write(&file, SCHOOL).unwrap();
        test.school = open(test.folder.path());
        for day in ["2026-11-20", "2026-11-24", "2026-11-25"] {
            test.browse(day);
        }
        days::close_due(&test.school, at(NOW)).unwrap();
        fs::create_dir_all(test.folder.path().join("lists/ut1")).unwrap();
        fs::write(test.folder.path().join("lists/ut1/source.toml"), "source = \"ut1\"").unwrap();
        fs::write(test.folder.path().join("lists/ut1/gambling.txt"), "bets.test\n".repeat(1_000)).unwrap();
        fs::write(test.folder.path().join("rules.belisha"), [7; 5_000]).unwrap();
        let place = TempDir::new().unwrap();
        for folder in ["records", "keys"] {
            fs::create_dir(place.path().join(folder)).unwrap();
        }
        let backed = Self { test, identity: BackupIdentity::generate(), place };
        (1..=5).for_each(|number| backed.note(&stream(number)));
        backed
    }

    pub(crate) fn school(&self) -> &School {
        &self.test.school
    }

    /// Writes something down that nobody else should read.
    pub(crate) fn note(&self, stream: &Stream) {
        let event = BreakShown { to: [SECRET.into(), SECRET.into()] };
        self.school().ledger().note(stream, None, at(NOW), &event).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn back_up(&self, now: &str) -> Made {
        self.try_back_up(at(now)).unwrap()
    }

    pub(crate) fn try_back_up(&self, now: DateTime<Utc>) -> Result<Made, backup::BackupError> {
        let recipient = self.identity.recipient();
        backup::write(self.school(), &self.path("records"), &self.path("keys"), &recipient, now, &mut quiet)
    }

    pub(crate) fn folder(&self, name: &str) -> DataFolder {
        DataFolder::new(self.path(name))
    }

    pub(crate) fn restore(&self, made: &Made, name: &str) -> Result<Restored, RestoreError> {
        self.restore_files(&made.records.file, &made.keys.file, name)
    }

    pub(crate) fn restore_files(&self, records: &Path, keys: &Path, name: &str) -> Result<Restored, RestoreError> {
        let folder = self.folder(name);
        backup::restore(&self.what(records, keys, &folder), at(NOW), &mut quiet)
    }

    pub(crate) fn what<'a>(&'a self, records: &'a Path, keys: &'a Path, folder: &'a DataFolder) -> Restore<'a> {
        let (broken, unknown) = (BrokenJournal::default(), UnknownKeys::default());
        Restore { records, keys, identity: &self.identity, folder, store: None, broken, unknown }
    }
}

pub(crate) fn open(folder: &Path) -> School {
    let data = DataFolder::new(folder);
    let settings = Settings::load(data.settings_to_read(None).as_deref()).unwrap();
    School::open_with(&data, &settings, Work::log2(4).unwrap(), at(NOW)).unwrap()
}

/// What can be said of a school without its holders: events of streams, and days of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    events: BTreeMap<u8, Vec<String>>,
    days: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Vec<u8>>,
}

pub(crate) fn content(school: &School) -> Content {
    let mut events = BTreeMap::new();
    for number in 1..=5 {
        let told = school.ledger().read_own(&stream(number)).unwrap();
        let said = told.iter().map(|told| match told.read::<BreakShown>().unwrap() {
            Some(said) => said.body.to.join(" "),
            None => "erased".to_owned(),
        });
        events.insert(number, said.collect());
    }
    let day = |day| {
        let lines = read_day(school.log_place(), day).unwrap().map(|line| format!("{:?}", line.unwrap()));
        (day.to_string(), lines.collect())
    };
    let days = school.log_days().unwrap().into_iter().map(day).collect();
    let root = school.folder().root();
    let files = ["school.toml", "rules.belisha", "lists/ut1/source.toml", "lists/ut1/gambling.txt"];
    let files = files.map(|name| (name.to_owned(), fs::read(root.join(name)).unwrap())).into();
    Content { events, days, files }
}

/// Every file and folder under a folder.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        if entry.path().is_dir() {
            all.extend(tree(&entry.path()));
            all.insert(entry.path(), None);
        } else {
            all.insert(entry.path(), Some(fs::read(entry.path()).unwrap()));
        }
    }
    all
}

pub(crate) fn history() -> Stream {
    Stream { readers: Readers::Role(Role::HISTORY), ..stream(9) }
}
