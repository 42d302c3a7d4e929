//! Texts and combinations that come again and again, as numbers.

use core::fmt::Write as _;
use core::mem;
use core::net::IpAddr;

use belisha_policy::{AccessRecord, RuleRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::cache::Cache;

/// Longer texts are not kept in memory, so that it stays bounded whatever pupils ask for.
const LONGEST_KEPT: usize = 1_024;
/// Numbers of texts or combinations kept in memory for one day file. Typical: 16 MiB in all; at most about 130 MiB.
const KEPT: usize = 32_768;
const PATHS_KEPT: usize = 65_536;
/// Paths that are read when a file is opened again.
const PATHS_READ: u32 = 32_768;

/// Stands for no text.
const NOTHING: i64 = 0;

/// A table `(id, text)`.
#[derive(Debug)]
struct Texts {
    add: String,
    find: String,
    kept: Cache<Box<str>, i64>,
}

impl Texts {
    fn new(table: &str, kept: usize) -> Self {
        Self {
            add: format!("INSERT OR IGNORE INTO {table} (text) VALUES (?1)"),
            find: format!("SELECT id FROM {table} WHERE text = ?1"),
            kept: Cache::new(kept),
        }
    }

    fn id(&mut self, db: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.kept.get(text) {
            return Ok(id);
        }
        let id = add_or_find(db, &self.add, &self.find, [text])?;
        self.keep(text, id);
        Ok(id)
    }

    fn id_unless_empty(&mut self, db: &Connection, text: &str) -> rusqlite::Result<i64> {
        if text.is_empty() { Ok(NOTHING) } else { self.id(db, text) }
    }

    fn id_if_any(&mut self, db: &Connection, text: Option<&str>) -> rusqlite::Result<i64> {
        text.map_or(Ok(NOTHING), |text| self.id(db, text))
    }

    fn keep(&mut self, text: &str, id: i64) {
        if text.len() <= LONGEST_KEPT {
            self.kept.insert(text.into(), id);
        }
    }
}

/// A table of an id and `N` numbers, each combination once.
#[derive(Debug)]
struct Combinations<const N: usize> {
    add: String,
    find: String,
    kept: Cache<[i64; N], i64>,
}

impl<const N: usize> Combinations<N> {
    fn new(table: &str, columns: [&str; N]) -> Self {
        let same: Vec<_> = (1..).zip(columns).map(|(at, column)| format!("{column} = ?{at}")).collect();
        let places: Vec<_> = (1..=N).map(|at| format!("?{at}")).collect();
        Self {
            add: format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", ")),
            find: format!("SELECT id FROM {table} WHERE {}", same.join(" AND ")),
            kept: Cache::new(KEPT),
        }
    }

    fn id(&mut self, db: &Connection, key: [i64; N]) -> rusqlite::Result<i64> {
        if let Some(id) = self.kept.get(&key) {
            return Ok(id);
        }
        let id = add_or_find(db, &self.add, &self.find, key)?;
        self.kept.insert(key, id);
        Ok(id)
    }
}

/// Adds a row and gives its id; or the id of the row that is there already, where a unique index tells. Adding comes
/// first, since most of what is not kept in memory is new.
fn add_or_find<const N: usize>(
    db: &Connection,
    add: &str,
    find: &str,
    row: [impl ToSql + Copy; N],
) -> rusqlite::Result<i64> {
    if db.prepare_cached(add)?.execute(params_from_iter(row))? > 0 {
        return Ok(db.last_insert_rowid());
    }
    db.prepare_cached(find)?.query_row(params_from_iter(row), |row| row.get(0))
}

/// What a record refers to, as the numbers of one day file.
#[derive(Debug)]
pub(super) struct References {
    pub(super) asker: i64,
    pub(super) host: i64,
    pub(super) path: i64,
    pub(super) answer: i64,
    pub(super) reason: i64,
}

/// The dictionaries of one day file. What is kept in memory is what committed transactions and the running one wrote;
/// after a transaction that was rolled back they must be thrown away.
#[derive(Debug)]
pub(super) struct Dictionaries {
    labels: Texts,
    people: Texts,
    devices: Texts,
    addresses: Cache<IpAddr, i64>,
    hosts: Texts,
    paths: Texts,
    reasons: Texts,
    askers: Combinations<5>,
    answers: Combinations<10>,
    rules: Combinations<3>,
    scratch: String,
}

impl Dictionaries {
    /// Nothing is read but the latest paths, which no index would find again.
    pub(super) fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut dictionaries = Self {
            labels: Texts::new("labels", KEPT),
            people: Texts::new("people", KEPT),
            devices: Texts::new("devices", KEPT),
            addresses: Cache::new(KEPT),
            hosts: Texts::new("hosts", KEPT),
            paths: Texts::new("paths", PATHS_KEPT),
            reasons: Texts::new("reasons", KEPT),
            askers: Combinations::new("askers", ["device", "person", "attribution", "\"group\"", "place"]),
            answers: Combinations::new(
                "answers",
                ["status", "outcome", "note", "method", "phase", "navigation", "profile", "ruleset", "scheme", "port"],
            ),
            rules: Combinations::new("rules", ["entry", "list", "source"]),
            scratch: String::new(),
        };
        let mut latest = db.prepare("SELECT id, text FROM paths ORDER BY id DESC LIMIT ?1")?;
        let mut rows = latest.query([PATHS_READ])?;
        while let Some(row) = rows.next()? {
            // As SQLite gives it: what is not text is passed over here, and found by those who read the records.
            if let Ok(text) = row.get_ref(1)?.as_str() {
                dictionaries.paths.keep(text, row.get(0)?);
            }
        }
        Ok(dictionaries)
    }

    /// The numbers for a record; what is new is added to the file.
    pub(super) fn refer(&mut self, db: &Connection, record: &AccessRecord) -> rusqlite::Result<References> {
        Ok(References {
            asker: self.asker(db, record)?,
            host: self.hosts.id_unless_empty(db, &record.host)?,
            path: self.paths.id_unless_empty(db, &record.path)?,
            answer: self.answer(db, record)?,
            reason: self.reason(db, record)?,
        })
    }

    fn asker(&mut self, db: &Connection, record: &AccessRecord) -> rusqlite::Result<i64> {
        let device = self.device(db, record.address)?;
        let person = self.people.id_if_any(db, record.person.as_deref())?;
        let group = self.labels.id_if_any(db, record.group.as_deref())?;
        let place = self.labels.id_if_any(db, record.place.as_deref())?;
        self.askers.id(db, [device, person, record.attribution as i64, group, place])
    }

    fn device(&mut self, db: &Connection, address: IpAddr) -> rusqlite::Result<i64> {
        if let Some(id) = self.addresses.get(&address) {
            return Ok(id);
        }
        let id = self.devices.id(db, &address.to_string())?;
        self.addresses.insert(address, id);
        Ok(id)
    }

    fn answer(&mut self, db: &Connection, record: &AccessRecord) -> rusqlite::Result<i64> {
        let key = [
            record.status.into(),
            record.outcome as i64,
            self.labels.id_unless_empty(db, &record.note)?,
            self.labels.id_unless_empty(db, &record.method)?,
            record.phase as i64,
            record.navigation as i64,
            self.labels.id_unless_empty(db, &record.profile)?,
            record.ruleset.cast_signed(),
            self.labels.id_unless_empty(db, &record.scheme)?,
            record.port.into(),
        ];
        self.answers.id(db, key)
    }

    fn reason(&mut self, db: &Connection, record: &AccessRecord) -> rusqlite::Result<i64> {
        if record.categories.is_empty() && record.rules.is_empty() {
            return Ok(NOTHING);
        }
        let mut text = mem::take(&mut self.scratch);
        text.clear();
        // Writing to a `String` cannot fail.
        text.push_str("[[");
        for (at, category) in record.categories.iter().enumerate() {
            let _ = write!(text, "{}{}", if at > 0 { "," } else { "" }, category.id().0);
        }
        text.push_str("],[");
        for (at, rule) in record.rules.iter().enumerate() {
            let _ = write!(text, "{}{}", if at > 0 { "," } else { "" }, self.rule(db, rule)?);
        }
        text.push_str("]]");
        let id = self.reasons.id(db, &text)?;
        self.scratch = text;
        Ok(id)
    }

    fn rule(&mut self, db: &Connection, rule: &RuleRef) -> rusqlite::Result<i64> {
        let entry = self.labels.id_unless_empty(db, &rule.entry)?;
        let list = self.labels.id_unless_empty(db, &rule.list)?;
        let source = self.labels.id_unless_empty(db, &rule.source)?;
        self.rules.id(db, [entry, list, source])
    }
}
