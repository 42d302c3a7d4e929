//! Records to write, and what to expect of them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use belisha_policy::{
    AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Policy, Profile, Replayed, RuleRef, Verdict,
};
use belisha_store::{AccessLog, Logged, PeopleOpener, PeopleSeal, Place, SealFault, StoreError, days, names, read_day};
use chrono::{DateTime, NaiveDate, Utc};
use zeroize::Zeroizing;

/// Set in processes that a test starts.
pub(crate) const CHILD: &str = "BELISHA_STORE_TEST_FOLDER";

/// Whose keys are no secret: what is under test is where names are and where not.
#[derive(Clone, Copy)]
pub(crate) struct Everybody;

impl PeopleSeal for Everybody {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        Ok([b"sealed ", table_key.map(|byte| !byte).as_slice()].concat())
    }
}

impl PeopleOpener for Everybody {
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        let sealed = sealed.strip_prefix(b"sealed ").ok_or("not sealed to everybody")?;
        Ok(Zeroizing::new(<[u8; 32]>::try_from(sealed)?.map(|byte| !byte)))
    }
}

pub(crate) fn open(place: impl Into<Place>) -> AccessLog {
    AccessLog::open(place, Everybody).unwrap()
}

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
        observed: Outcome::Blocked,
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
    record.device = number.is_multiple_of(7).then(|| format!("laptop {}", number % 11).into());
    record.query = if number.is_multiple_of(13) { "q=amber".into() } else { "".into() };
    record.replayed = number.is_multiple_of(17).then(|| replayed(number).into());
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

fn replayed(number: u64) -> Replayed {
    let AccessRecord { categories, rules, .. } = record(NOON, "", "");
    let verdict = if number.is_multiple_of(2) { Verdict::Allow } else { Verdict::Block };
    Replayed { verdict, profile: "sixth form".into(), categories, rules, ruleset: number % 3 }
}

/// The lines of a day, with the names put back in their places.
pub(crate) fn read(place: impl Into<Place>, date: NaiveDate) -> Result<Vec<AccessRecord>, StoreError> {
    let place = place.into();
    let lines: Vec<Logged> = read_day(&place, date)?.collect::<Result<_, _>>()?;
    let names = names(&place, date, &Everybody)?;
    let name = |number: Option<_>| number.map(|number| names.get(number).expect("its name").clone());
    let put_back = |line: Logged| {
        assert_eq!((&line.record.person, &line.record.device), (&None, &None));
        AccessRecord { person: name(line.person), device: name(line.device), ..line.record }
    };
    Ok(lines.into_iter().map(put_back).collect())
}

/// All records of a log, day after day.
pub(crate) fn read_all(place: impl Into<Place>) -> Vec<AccessRecord> {
    let place = place.into();
    days(&place).unwrap().into_iter().flat_map(|day| read(&place, day).unwrap()).collect()
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
