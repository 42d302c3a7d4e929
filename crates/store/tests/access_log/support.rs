//! Records to write, and what to expect of them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Policy, Profile, RuleRef};
use belisha_store::{StoreError, days, read_day};
use chrono::{DateTime, NaiveDate, Utc};

/// Set in processes that a test starts.
pub(crate) const CHILD: &str = "BELISHA_STORE_TEST_FOLDER";

/// Midday of 2 November 2026, which is over: no test depends on the day on which it is run.
pub(crate) const NOON: i64 = 1_793_620_800_000;

pub(crate) fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A record as the proxy makes it.
pub(crate) fn record(milliseconds: i64, host: &str, path: &str) -> AccessRecord {
    static PATTERN: LazyLock<AccessRecord> = LazyLock::new(pattern);
    AccessRecord { at: at(milliseconds), host: host.into(), path: path.into(), ..PATTERN.clone() }
}

fn pattern() -> AccessRecord {
    let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![]).unwrap();
    let address = "10.20.0.7".parse().unwrap();
    AccessRecord {
        group: Some("year 9".into()),
        place: Some("library".into()),
        method: "GET".into(),
        scheme: "https".into(),
        port: 443,
        outcome: Outcome::Blocked,
        status: 403,
        profile: "pupils".into(),
        categories: vec![Category::Gambling, Category::Advertising],
        rules: vec![
            RuleRef { source: "our lists".into(), list: "betting".into(), entry: "wager.example".into() },
            RuleRef { source: "ut1".into(), list: "publicite".into(), entry: "ads.wager.example".into() },
        ],
        ruleset: 0xFEDC_BA98_7654_3210,
        bytes: 1_234,
        duration_ms: 56,
        navigation: Navigation::Navigation,
        ..AccessRecord::new(at(NOON), &policy.identify(address), address)
    }
}

/// The record with this number. Most of what it refers to comes again in others; its number stands in `bytes`.
pub(crate) fn numbered(number: u64) -> AccessRecord {
    let host = format!("host{}.example", number % 97);
    let path = format!("/page/{}", number % 1_009);
    let mut record = record(NOON + i64::try_from(number % 7_200_000).unwrap(), &host, &path);
    record.bytes = number;
    record.person = number.is_multiple_of(3).then(|| format!("p{}", number % 31).into());
    record.attribution = Attribution::ALL[usize::try_from(number % 5).unwrap()];
    record.phase = [Phase::Whole, Phase::Opened, Phase::Closed][usize::try_from(number % 3).unwrap()];
    if number.is_multiple_of(2) {
        record.rules.clear();
        record.categories.truncate(usize::try_from(number % 3).unwrap());
    }
    record
}

pub(crate) fn numbers(from: u64, count: u64) -> Vec<AccessRecord> {
    (from..from + count).map(numbered).collect()
}

pub(crate) fn read(folder: &Path, date: NaiveDate) -> Result<Vec<AccessRecord>, StoreError> {
    read_day(folder, date)?.collect()
}

/// All records of a folder, day after day.
pub(crate) fn read_all(folder: &Path) -> Vec<AccessRecord> {
    days(folder).unwrap().into_iter().flat_map(|day| read(folder, day).unwrap()).collect()
}

/// This test program again, running one test that does something only when it is a child.
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, folder).stdout(Stdio::piped());
    command
}

pub(crate) fn child_folder() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD).map(Into::into)
}

/// Random enough for moments and positions.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }

    pub(crate) fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }
}
