//! What a day file looks like, and how one is told from anything else.

use std::path::Path;

use belisha_policy::{Attribution, Category, Outcome, Verdict};
use rusqlite::{Connection, TransactionBehavior, params};

use super::code::{self, NAVIGATIONS, PHASES};
use super::day::Day;
use crate::StoreError;
use crate::sqlite::{self, Kind, NotOurs, has_tables};

/// `Blsh`, in the header of the file: this is an access log of ours.
const APPLICATION_ID: u32 = 0x426C_7368;

/// The format of the files that are written. A later number means that older programs must not touch it.
const VERSION: u32 = 2;

/// Texts that come again and again stand once, in the upper tables; a record is a row of small numbers. 0 stands for
/// nothing. People and devices are random numbers; their names are sealed in `names` under a table key, and each
/// table key in `keys` to those who may look people up. `paths` has no index, which would double its size: a path that
/// was not seen for long may stand in it twice. `batches` has a checksum over the records of a batch as they were given, which SQLite itself does not have.
const TABLES: &str = r#"
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE meanings (what TEXT, number INTEGER, text TEXT NOT NULL, PRIMARY KEY (what, number)) WITHOUT ROWID;

CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE addresses (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE hosts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE paths (id INTEGER PRIMARY KEY, text TEXT NOT NULL, query TEXT);

CREATE TABLE keys (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
-- kind: 1 a person, 2 a device. The numbers are random.
CREATE TABLE names (
  number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key INTEGER NOT NULL, sealed BLOB NOT NULL
);

CREATE TABLE askers (
  id INTEGER PRIMARY KEY, address INTEGER, person INTEGER, device INTEGER, attribution INTEGER, "group" INTEGER,
  place INTEGER, UNIQUE (address, person, device, attribution, "group", place)
);
CREATE TABLE answers (
  id INTEGER PRIMARY KEY, status INTEGER, observed INTEGER, note INTEGER, method INTEGER, phase INTEGER,
  navigation INTEGER, profile INTEGER, ruleset INTEGER, scheme INTEGER, port INTEGER, replayed INTEGER,
  UNIQUE (status, observed, note, method, phase, navigation, profile, ruleset, scheme, port, replayed)
);
CREATE TABLE replays (
  id INTEGER PRIMARY KEY, verdict INTEGER, profile INTEGER, ruleset INTEGER, reason INTEGER,
  UNIQUE (verdict, profile, ruleset, reason)
);
CREATE TABLE rules (
  id INTEGER PRIMARY KEY, entry INTEGER, list INTEGER, source INTEGER, UNIQUE (entry, list, source)
);
-- JSON: [[numbers of categories], [ids of rules]]
CREATE TABLE reasons (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- at: milliseconds since the day began in UTC. Ids have no gaps and are the order of writing.
CREATE TABLE records (
  id INTEGER PRIMARY KEY, at INTEGER, asker INTEGER, host INTEGER, path INTEGER, answer INTEGER, reason INTEGER,
  bytes INTEGER, duration_ms INTEGER
);
CREATE TABLE batches (last INTEGER PRIMARY KEY, first INTEGER, checksum INTEGER);
"#;

/// For people with the `sqlite3` program, so it keeps to what versions of 2020 understand.
const VIEW: &str = r#"
CREATE VIEW lines AS SELECT
  printf('%sT%02d:%02d:%02d.%03dZ', (SELECT value FROM about WHERE name = 'day'),
    r.at / 3600000, r.at / 60000 % 60, r.at / 1000 % 60, r.at % 1000) AS time,
  groups.text AS "group", nullif(a.person, 0) AS person, attributions.text AS attribution,
  addresses.text AS address, nullif(a.device, 0) AS device, places.text AS place, methods.text AS method,
  CASE WHEN hosts.text IS NULL THEN '' ELSE coalesce(schemes.text, '') || '://' ||
    CASE WHEN instr(hosts.text, ':') THEN '[' || hosts.text || ']' ELSE hosts.text END ||
    CASE WHEN w.port = 0 OR (schemes.text = 'http' AND w.port = 80) OR (schemes.text = 'https' AND w.port = 443)
      THEN '' ELSE ':' || w.port END END || coalesce(paths.text, '') || coalesce('?' || paths.query, '') AS url,
  observations.text AS observed, coalesce(notes.text, '') AS note, w.status AS status,
  coalesce(profiles.text, '') AS profile,
  (SELECT group_concat(coalesce(m.text, c.value), ', ') FROM json_each(reasons.text, '$[0]') c
    LEFT JOIN meanings m ON m.what = 'category' AND m.number = c.value) AS categories,
  (SELECT group_concat(coalesce(so.text, '') || '/' || coalesce(li.text, '') || ': ' || coalesce(en.text, ''), '; ')
    FROM json_each(reasons.text, '$[1]') c LEFT JOIN rules u ON u.id = c.value
    LEFT JOIN labels so ON so.id = u.source LEFT JOIN labels li ON li.id = u.list
    LEFT JOIN labels en ON en.id = u.entry) AS rules,
  r.bytes AS bytes, r.duration_ms AS duration_ms, navigations.text AS navigation, phases.text AS phase,
  verdicts.text AS replayed
FROM records r
  LEFT JOIN askers a ON a.id = r.asker
  LEFT JOIN addresses ON addresses.id = a.address
  LEFT JOIN labels groups ON groups.id = a."group"
  LEFT JOIN labels places ON places.id = a.place
  LEFT JOIN meanings attributions ON attributions.what = 'attribution' AND attributions.number = a.attribution
  LEFT JOIN hosts ON hosts.id = r.host
  LEFT JOIN paths ON paths.id = r.path
  LEFT JOIN answers w ON w.id = r.answer
  LEFT JOIN labels schemes ON schemes.id = w.scheme
  LEFT JOIN labels methods ON methods.id = w.method
  LEFT JOIN labels notes ON notes.id = w.note
  LEFT JOIN labels profiles ON profiles.id = w.profile
  LEFT JOIN meanings observations ON observations.what = 'observed' AND observations.number = w.observed
  LEFT JOIN replays ON replays.id = w.replayed
  LEFT JOIN meanings verdicts ON verdicts.what = 'verdict' AND verdicts.number = replays.verdict
  LEFT JOIN meanings phases ON phases.what = 'phase' AND phases.number = w.phase
  LEFT JOIN meanings navigations ON navigations.what = 'navigation' AND navigations.number = w.navigation
  LEFT JOIN reasons ON reasons.id = r.reason
ORDER BY r.id;
"#;

/// What stands where the file of a day is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A file that is being made, or whose making was cut short.
    Unmade,
    Ours(Format),
}

/// A format that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// With names in clear. No longer written.
    V1,
    V2,
}

const KIND: Kind = Kind { application_id: APPLICATION_ID, version: VERSION };

/// Looks at what stands where a file is expected, and changes nothing.
pub(super) fn look(file: &Path) -> Result<Found, StoreError> {
    match sqlite::look(file, KIND).map_err(|why| not_ours(file, why))? {
        sqlite::Found::Nothing => Ok(Found::Nothing),
        sqlite::Found::Unmade => Ok(Found::Unmade),
        sqlite::Found::Ours(version) => Ok(Found::Ours(Format::of(version))),
    }
}

/// What the header of a database says.
pub(super) fn format(file: &Path, header: &[u8]) -> Result<Format, StoreError> {
    sqlite::version(header, KIND).map(Format::of).map_err(|why| not_ours(file, why))
}

impl Format {
    fn of(version: u32) -> Self {
        if version < VERSION { Self::V1 } else { Self::V2 }
    }
}

fn not_ours(file: &Path, why: NotOurs) -> StoreError {
    let file = file.to_owned();
    match why {
        NotOurs::Io(source) => StoreError::Io { file, source },
        NotOurs::Foreign(found) => StoreError::Foreign { file, found },
        NotOurs::Newer(version) => StoreError::Newer { file, version, known: VERSION },
    }
}

/// Makes the tables where there are none, in one transaction: no half-made file is ever seen. SQLite is asked rather
/// than the header, since it may just have taken back what a crash left half-made.
pub(super) fn make(db: &mut Connection, day: Day) -> rusqlite::Result<()> {
    if has_tables(db)? {
        return Ok(());
    }
    let making = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Another process may have been faster.
    if has_tables(&making)? {
        return Ok(());
    }
    making.execute_batch(TABLES)?;
    making.execute_batch(VIEW)?;
    making.execute("INSERT INTO about VALUES ('day', ?1)", [day.name()])?;
    making.pragma_update(None, "application_id", APPLICATION_ID)?;
    making.pragma_update(None, "user_version", VERSION)?;
    making.commit()
}

/// Explains the numbers of our enumerations in the file itself. Those that are there stay as they are, and a file of
/// an older program gets the categories that came since.
pub(super) fn explain(db: &Connection) -> rusqlite::Result<()> {
    let known: i64 = db.query_row("SELECT count(*) FROM meanings", [], |row| row.get(0))?;
    let meanings = meanings();
    if usize::try_from(known).is_ok_and(|known| known >= meanings.len()) {
        return Ok(());
    }
    let adding = rusqlite::Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    for (what, number, text) in meanings {
        adding.execute("INSERT OR IGNORE INTO meanings VALUES (?1, ?2, ?3)", params![what, number, text])?;
    }
    adding.commit()
}

fn meanings() -> Vec<(&'static str, u16, &'static str)> {
    let attributions = Attribution::ALL.iter().map(|it| ("attribution", *it as u16, it.slug()));
    let outcomes = Outcome::ALL.iter().map(|it| ("observed", *it as u16, it.slug()));
    let verdicts = Verdict::ALL.map(|it| ("verdict", code::of_verdict(it).into(), it.slug()));
    let categories = Category::ALL.iter().map(|it| ("category", it.id().0, it.slug()));
    let phases = PHASES.map(|it| ("phase", it as u16, it.slug()));
    let navigations = NAVIGATIONS.map(|it| ("navigation", it as u16, it.slug()));
    attributions.chain(outcomes).chain(verdicts).chain(categories).chain(phases).chain(navigations).collect()
}
