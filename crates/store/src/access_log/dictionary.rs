//! Texts and combinations that come again and again, as numbers.

use core::fmt::Write as _;
use core::mem;
use core::net::IpAddr;

use std::collections::HashSet;

use ahash::RandomState;
use belisha_policy::{AccessRecord, Category, Replayed, RuleRef};
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

use super::cache::Cache;
use super::code;
use super::lookup::SealedNames;
use super::people::{Kind, Table, Who};
use super::same::Same;

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

/// The table `paths`: a path and its query, where there is one. It has no index: what has not been seen for long may
/// stand in it twice.
#[derive(Debug)]
struct Paths {
    kept: Cache<Box<[u8]>, i64>,
    scratch: Vec<u8>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { kept: Cache::new(PATHS_KEPT), scratch: Vec::new() }
    }
}

impl Paths {
    fn read_latest(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut latest = db.prepare("SELECT id, text, coalesce(query, '') FROM paths ORDER BY id DESC LIMIT ?1")?;
        let mut rows = latest.query([PATHS_READ])?;
        while let Some(row) = rows.next()? {
            // As SQLite gives it: what is not text is passed over here, and found by those who read the records.
            if let (Ok(path), Ok(query)) = (row.get_ref(1)?.as_str(), row.get_ref(2)?.as_str()) {
                self.both(path, query);
                self.keep(row.get(0)?);
            }
        }
        Ok(())
    }

    fn id(&mut self, db: &Connection, path: &str, query: &str) -> rusqlite::Result<i64> {
        if path.is_empty() && query.is_empty() {
            return Ok(NOTHING);
        }
        self.both(path, query);
        if let Some(id) = self.kept.get(&*self.scratch) {
            return Ok(id);
        }
        let query = (!query.is_empty()).then_some(query);
        db.prepare_cached("INSERT INTO paths (text, query) VALUES (?1, ?2)")?.execute(params![path, query])?;
        let id = db.last_insert_rowid();
        self.keep(id);
        Ok(id)
    }

    /// Both as one key that no other two make.
    fn both(&mut self, path: &str, query: &str) {
        self.scratch.clear();
        self.scratch.extend(path.as_bytes());
        self.scratch.extend(query.as_bytes());
        self.scratch.extend(query.len().to_le_bytes());
    }

    fn keep(&mut self, id: i64) {
        if self.scratch.len() <= LONGEST_KEPT {
            self.kept.insert(self.scratch.as_slice().into(), id);
        }
    }
}

/// The tables `keys` and `names`.
#[derive(Debug, Default)]
struct Names {
    /// Numbers of which the name is known to stand in the file.
    stored: HashSet<u32, RandomState>,
    /// The table key that is known to stand in the file.
    key: Option<i64>,
}

impl Names {
    fn refer(&mut self, db: &Connection, people: &mut Table, record: &AccessRecord) -> rusqlite::Result<Who> {
        if record.person.is_none() && record.device.is_none() {
            return Ok(Who::default());
        }
        let id = people.id();
        if self.key != Some(id) {
            let sql = "INSERT OR IGNORE INTO keys (id, sealed) VALUES (?1, ?2)";
            db.execute(sql, params![id, people.sealed_key()])?;
            self.key = Some(id);
        }
        people.refer(&mut self.stored, record, |kind, number, sealed| store_name(db, id, kind, number, sealed))
    }
}

/// Stores a name under a number; false where the number is somebody else's.
fn store_name(db: &Connection, key: i64, kind: Kind, number: u32, sealed: &[u8]) -> rusqlite::Result<bool> {
    let add = "INSERT OR IGNORE INTO names (number, kind, key, sealed) VALUES (?1, ?2, ?3, ?4)";
    if db.prepare_cached(add)?.execute(params![number, kind as i64, key, sealed])? > 0 {
        return Ok(true);
    }
    // A transaction of ours may have stored it without our learning of it.
    let find = "SELECT sealed = ?2 FROM names WHERE number = ?1 AND key = ?3";
    let ours = db.prepare_cached(find)?.query_row(params![number, sealed, key], |row| row.get(0)).optional()?;
    Ok(ours.unwrap_or(false))
}

/// Stores names and table keys as they were stored elsewhere.
pub(super) fn store_sealed(db: &Connection, sealed: &SealedNames) -> rusqlite::Result<()> {
    let mut add = db.prepare("INSERT INTO keys (id, sealed) VALUES (?1, ?2)")?;
    for (id, key) in &sealed.keys {
        add.execute(params![id, key])?;
    }
    let mut add = db.prepare("INSERT INTO names (number, kind, key, sealed) VALUES (?1, ?2, ?3, ?4)")?;
    for (number, kind, key, name) in &sealed.names {
        add.execute(params![number, kind, key, name])?;
    }
    Ok(())
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

const ANSWER: [&str; 11] =
    ["status", "observed", "note", "method", "phase", "navigation", "profile", "ruleset", "scheme", "port", "replayed"];

/// What a record refers to, as the numbers of one day file.
#[derive(Debug)]
pub(super) struct References {
    pub(super) who: Who,
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
    names: Names,
    address_texts: Texts,
    addresses: Cache<IpAddr, i64>,
    hosts: Texts,
    paths: Paths,
    reasons: Texts,
    askers: Combinations<6>,
    answers: Combinations<11>,
    replays: Combinations<4>,
    rules: Combinations<3>,
    same: Same,
    scratch: String,
}

impl Dictionaries {
    /// Nothing is read but the latest paths, which no index would find again.
    pub(super) fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut dictionaries = Self {
            labels: Texts::new("labels", KEPT),
            names: Names::default(),
            address_texts: Texts::new("addresses", KEPT),
            addresses: Cache::new(KEPT),
            hosts: Texts::new("hosts", KEPT),
            paths: Paths::default(),
            reasons: Texts::new("reasons", KEPT),
            askers: Combinations::new("askers", ["address", "person", "device", "attribution", "\"group\"", "place"]),
            answers: Combinations::new("answers", ANSWER),
            replays: Combinations::new("replays", ["verdict", "profile", "ruleset", "reason"]),
            rules: Combinations::new("rules", ["entry", "list", "source"]),
            same: Same::default(),
            scratch: String::new(),
        };
        dictionaries.paths.read_latest(db)?;
        Ok(dictionaries)
    }

    /// The numbers for a record; what is new is added to the file.
    pub(super) fn refer(
        &mut self,
        db: &Connection,
        people: &mut Table,
        record: &AccessRecord,
    ) -> rusqlite::Result<References> {
        let (who, asker) = if let Some(known) = self.same.asker(people.id(), record) {
            known
        } else {
            let who = self.names.refer(db, people, record)?;
            let asker = self.asker(db, record, who)?;
            self.same.keep_asker(record, who, asker);
            (who, asker)
        };
        self.refer_from(db, who, asker, record)
    }

    /// The same for numbers of people that have been given out before.
    pub(super) fn refer_to(
        &mut self,
        db: &Connection,
        who: Who,
        record: &AccessRecord,
    ) -> rusqlite::Result<References> {
        let asker = self.asker(db, record, who)?;
        self.refer_from(db, who, asker, record)
    }

    fn refer_from(
        &mut self,
        db: &Connection,
        who: Who,
        asker: i64,
        record: &AccessRecord,
    ) -> rusqlite::Result<References> {
        Ok(References {
            who,
            asker,
            host: self.hosts.id_unless_empty(db, &record.host)?,
            path: self.paths.id(db, &record.path, &record.query)?,
            answer: self.answer(db, record)?,
            reason: self.reason(db, &record.categories, &record.rules)?,
        })
    }

    fn asker(&mut self, db: &Connection, record: &AccessRecord, who: Who) -> rusqlite::Result<i64> {
        let address = self.address(db, record.address)?;
        let group = self.labels.id_if_any(db, record.group.as_deref())?;
        let place = self.labels.id_if_any(db, record.place.as_deref())?;
        let attribution = record.attribution as i64;
        self.askers.id(db, [address, who.person.into(), who.device.into(), attribution, group, place])
    }

    fn address(&mut self, db: &Connection, address: IpAddr) -> rusqlite::Result<i64> {
        if let Some(id) = self.addresses.get(&address) {
            return Ok(id);
        }
        let id = self.address_texts.id(db, &address.to_string())?;
        self.addresses.insert(address, id);
        Ok(id)
    }

    fn answer(&mut self, db: &Connection, record: &AccessRecord) -> rusqlite::Result<i64> {
        if let Some(id) = self.same.answer(record) {
            return Ok(id);
        }
        let key = [
            record.status.into(),
            record.observed as i64,
            self.labels.id_unless_empty(db, &record.note)?,
            self.labels.id_unless_empty(db, &record.method)?,
            record.phase as i64,
            record.navigation as i64,
            self.labels.id_unless_empty(db, &record.profile)?,
            record.ruleset.cast_signed(),
            self.labels.id_unless_empty(db, &record.scheme)?,
            record.port.into(),
            record.replayed.as_deref().map_or(Ok(NOTHING), |replayed| self.replay(db, replayed))?,
        ];
        let id = self.answers.id(db, key)?;
        self.same.keep_answer(record, id);
        Ok(id)
    }

    fn replay(&mut self, db: &Connection, replayed: &Replayed) -> rusqlite::Result<i64> {
        let key = [
            code::of_verdict(replayed.verdict).into(),
            self.labels.id_unless_empty(db, &replayed.profile)?,
            replayed.ruleset.cast_signed(),
            self.reason(db, &replayed.categories, &replayed.rules)?,
        ];
        self.replays.id(db, key)
    }

    fn reason(&mut self, db: &Connection, categories: &[Category], rules: &[RuleRef]) -> rusqlite::Result<i64> {
        if categories.is_empty() && rules.is_empty() {
            return Ok(NOTHING);
        }
        let mut text = mem::take(&mut self.scratch);
        text.clear();
        // Writing to a `String` cannot fail.
        text.push_str("[[");
        for (at, category) in categories.iter().enumerate() {
            let _ = write!(text, "{}{}", if at > 0 { "," } else { "" }, category.id().0);
        }
        text.push_str("],[");
        for (at, rule) in rules.iter().enumerate() {
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
