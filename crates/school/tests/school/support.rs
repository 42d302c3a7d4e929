//! A school in a folder that goes away with the test.

use std::path::Path;

use belisha_policy::{AccessRecord, Action, Permit, PersonId};
use belisha_school::{DataFolder, School, Settings};
use belisha_store::AccessLog;
use belisha_store::keys::{Role, Unlocked, Work};
pub(crate) use belisha_testkit::stands_in_files;
use chrono::{DateTime, NaiveDate, Utc};
use tempfile::TempDir;

/// This machine is a pupil's, and two of its addresses are named people's.
pub(crate) const SCHOOL: &str = r#"
[school]
name = "Amber Hill School"
[profiles.sixth-form]
based_on = "pupils"
allow = ["news"]
[[networks]]
range = "10.0.0.0/8"
group = "pupils"
[[networks]]
range = "10.0.0.7"
group = "pupils"
person = "Robin Ashgrove"
device = "ASHGROVE-LAPTOP"
[[networks]]
range = "10.0.0.8"
group = "sixth-form"
person = "Merrin Tolland"
"#;

pub(crate) const ANN: PersonId = PersonId::from_bytes([1; 16]);
pub(crate) const BEN: PersonId = PersonId::from_bytes([2; 16]);

/// The password of every holder in these tests.
pub(crate) const PASSWORD: &str = "an amber light at the crossing";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn permit(action: Action) -> Permit {
    Permit::for_tests(ANN, action, at("2026-11-25T09:00:00Z"))
}

pub(crate) fn settings(text: &str) -> Settings {
    Settings::parse(text, Path::new("school.toml")).unwrap()
}

pub(crate) struct TestSchool {
    pub(crate) folder: TempDir,
    pub(crate) school: School,
}

impl TestSchool {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let school = open(folder.path(), SCHOOL);
        Self { folder, school }
    }

    pub(crate) fn again(&self, text: &str) -> School {
        open(self.folder.path(), text)
    }

    /// Requests of both people on a day, three each, and one of nobody we know.
    pub(crate) fn browse(&self, day: &str) {
        let start = at(&format!("{day}T10:00:00Z"));
        let policy = &self.school.settings().policy;
        let record = |minute: i64, address: &str, host: &str| {
            let address = address.parse().unwrap();
            let at = start + chrono::TimeDelta::minutes(minute);
            AccessRecord {
                host: host.into(),
                path: "/".into(),
                scheme: "http".into(),
                ..AccessRecord::new(at, &policy.identify(address), address)
            }
        };
        let mut records = Vec::new();
        for minute in 0..3 {
            records.push(record(minute, "10.0.0.7", "volcanoes.test"));
            records.push(record(minute, "10.0.0.8", "poems.test"));
        }
        records.push(record(3, "10.9.9.9", "elsewhere.test"));
        let mut log = AccessLog::open(self.school.folder().access(), self.school.seal_names().unwrap()).unwrap();
        log.append(&records).unwrap();
    }

    /// Names two key holders, of whom the first may look up names; gives them unlocked.
    pub(crate) fn name_holders(&self) -> [Unlocked; 2] {
        let keys = self.school.ledger().keys();
        for holder in ["head", "coordinator"] {
            keys.add_holder(holder, PASSWORD).unwrap();
        }
        keys.name_role(&Role::HISTORY, &["coordinator"]).unwrap();
        ["head", "coordinator"].map(|holder| keys.unlock(holder, PASSWORD).unwrap())
    }
}

pub(crate) fn open(folder: &Path, text: &str) -> School {
    let work = Work::log2(4).unwrap();
    School::open_with(&DataFolder::new(folder), &settings(text), work, at("2026-11-25T08:00:00Z")).unwrap()
}
