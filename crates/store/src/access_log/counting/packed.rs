//! Counting a closed file, in memory: numbers are counted, and only then asked what they stand for.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use ahash::RandomState;
use belisha_policy::{Attribution, Category, Navigation, Outcome, Phase, Verdict};
use rusqlite::{Connection, Row};

use super::super::StoreError;
use super::super::code;
use super::super::file_reader::FileRecords;
use super::super::reader::Batches;
use super::counter::{Asked, Counter, Seen, TableKeys, is_locked};

/// A millisecond's hour.
const HOUR: i64 = 3_600_000;

/// How often a number came together with an answer: day of the school, answer, number.
type Pairs = HashMap<(usize, i64, i64), u64, RandomState>;

/// What stands in records, counted.
#[derive(Default)]
struct Numbers {
    hours: Pairs,
    askers: Pairs,
    reasons: Pairs,
    hosts: Pairs,
}

/// What an answer stands for, as far as it is counted.
struct Answer {
    phase: Phase,
    navigation: Navigation,
    observed: Outcome,
    replayed: Option<(Verdict, Vec<Category>)>,
}

impl Answer {
    fn seen(&self) -> Seen<'_> {
        let Self { phase, navigation, observed, replayed } = self;
        let replayed = replayed.as_ref().map(|(verdict, categories)| (*verdict, &**categories));
        Seen { phase: *phase, navigation: *navigation, observed: *observed, replayed }
    }
}

/// What numbers stand for.
struct Meanings {
    answers: HashMap<i64, Answer, RandomState>,
    askers: HashMap<i64, Asked, RandomState>,
    reasons: HashMap<i64, Vec<Category>, RandomState>,
}

/// Something that we never write.
enum Fault {
    Database(rusqlite::Error),
    Nonsense(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

pub(super) fn count(records: &mut FileRecords, file: &Path, counter: &mut Counter) -> Result<(), StoreError> {
    let total = records.total();
    count_all(records.database(), total, counter).map_err(|fault| match fault {
        Fault::Database(error) => StoreError::database(file, error),
        Fault::Nonsense(found) => StoreError::damaged(file, found),
    })
}

fn count_all(db: &Connection, total: u64, counter: &mut Counter) -> Result<(), Fault> {
    let meanings = Meanings::read(db)?;
    let numbers = read_numbers(db, total, counter, &meanings)?;
    let answer = |id: i64| meanings.answers.get(&id).map(Answer::seen).ok_or(Fault::Nonsense("a record has no answer"));
    for ((_, id, hour), lines) in numbers.hours {
        counter.hour(usize::try_from(hour).unwrap_or(usize::MAX), answer(id)?, lines);
    }
    for ((slot, id, asker), lines) in numbers.askers {
        let asked = meanings.askers.get(&asker).ok_or(Fault::Nonsense("a record has nobody who asked"))?;
        counter.asker(slot, answer(id)?, asked, lines);
    }
    for ((slot, id, reason), lines) in numbers.reasons {
        let none = if reason == 0 { Some(&[] as &[Category]) } else { None };
        let known = none.or_else(|| meanings.reasons.get(&reason).map(Vec::as_slice));
        counter.reason(slot, answer(id)?, known.ok_or(Fault::Nonsense("a record has no reason"))?, lines);
    }
    let mut host = db.prepare("SELECT text FROM hosts WHERE id = ?1")?;
    for ((slot, id, number), lines) in numbers.hosts {
        let seen = answer(id)?;
        if !seen.wants_host(counter.view()) {
            continue;
        }
        if number == 0 {
            counter.host(slot, seen, "", lines);
            continue;
        }
        host.query_row([number], |row| {
            counter.host(slot, seen, row.get_ref(0)?.as_str()?, lines);
            Ok(())
        })?;
    }
    counter.count_people(&table_keys(db)?);
    Ok(())
}

/// Counts the numbers in all records, of which none may be missing.
fn read_numbers(db: &Connection, total: u64, counter: &Counter, meanings: &Meanings) -> Result<Numbers, Fault> {
    let mut numbers = Numbers::default();
    let locked = meanings.reasons.iter().filter(|(_, categories)| is_locked(categories));
    let locked: HashSet<i64, RandomState> = locked.map(|(id, _)| *id).collect();
    let mut select = db.prepare("SELECT at, asker, host, answer, reason FROM records")?;
    let mut rows = select.query([])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        read += 1;
        let hour = usize::try_from(row.get::<_, i64>(0)?.div_euclid(HOUR)).unwrap_or(usize::MAX);
        if hour >= 24 {
            return Err(Fault::Nonsense("a record is of another day"));
        }
        let Some(slot) = counter.slot(hour) else { continue };
        let answer = row.get(3)?;
        let add = |pairs: &mut Pairs, number: i64| *pairs.entry((slot, answer, number)).or_default() += 1;
        add(&mut numbers.hours, i64::try_from(hour).unwrap_or_default());
        add(&mut numbers.askers, row.get(1)?);
        let reason = row.get(4)?;
        add(&mut numbers.hosts, if locked.contains(&reason) { 0 } else { row.get(2)? });
        add(&mut numbers.reasons, reason);
    }
    // Their numbers are distinct and the largest is known, so that none is missing where there are as many.
    if read == total { Ok(numbers) } else { Err(Fault::Nonsense("records are missing")) }
}

impl Meanings {
    fn read(db: &Connection) -> Result<Self, Fault> {
        let reasons =
            rows(db, "SELECT id, text FROM reasons", |row| Ok(read_categories(row.get_ref(1)?.as_str().ok())))?;
        let none = || Fault::Nonsense("a replay has no reason");
        let mut replays: HashMap<i64, (Verdict, Vec<Category>), RandomState> = HashMap::default();
        for (id, (verdict, reason)) in rows(db, "SELECT id, verdict, reason FROM replays", |row| {
            Ok(code::verdict(row.get(1)?).zip(Some(row.get::<_, i64>(2)?)))
        })? {
            let categories = if reason == 0 { Vec::new() } else { reasons.get(&reason).ok_or_else(none)?.clone() };
            replays.insert(id, (verdict, categories));
        }
        let answers = rows(db, "SELECT id, phase, navigation, observed, replayed FROM answers", |row| {
            let parts = (code::phase(row.get(1)?), code::navigation(row.get(2)?), code::outcome(row.get(3)?));
            let replayed = match row.get(4)? {
                0 => Some(None),
                id => replays.get(&id).cloned().map(Some),
            };
            let (Some(phase), Some(navigation), Some(observed)) = parts else { return Ok(None) };
            Ok(replayed.map(|replayed| Answer { phase, navigation, observed, replayed }))
        })?;
        let sql = "SELECT a.id, a.attribution, g.text, a.person, d.text FROM askers a \
                   JOIN addresses d ON d.id = a.address LEFT JOIN labels g ON g.id = a.\"group\"";
        Ok(Self { answers, askers: rows(db, sql, read_asker)?, reasons })
    }
}

/// A table by its ids.
fn rows<V>(
    db: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<Option<V>>,
) -> Result<HashMap<i64, V, RandomState>, Fault> {
    let mut select = db.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut values = HashMap::default();
    while let Some(row) = rows.next()? {
        values.insert(row.get(0)?, read(row)?.ok_or(Fault::Nonsense("a number stands for nothing that is known"))?);
    }
    Ok(values)
}

fn read_asker(row: &Row<'_>) -> rusqlite::Result<Option<Asked>> {
    let attribution: Option<Attribution> = code::attribution(row.get(1)?);
    let (group, person, address) = (row.get(2)?, row.get(3)?, row.get_ref(4)?.as_str()?.parse().ok());
    Ok(attribution.zip(address).map(|(attribution, address)| Asked { attribution, group, person, address }))
}

/// The categories in `[[14,33],[1,5]]`.
fn read_categories(text: Option<&str>) -> Option<Vec<Category>> {
    let (numbers, _) = text?.strip_prefix("[[")?.split_once("],[")?;
    let number = |number: &str| code::category(number.parse().ok()?);
    numbers.split(',').filter(|it| !it.is_empty()).map(number).collect()
}

fn table_keys(db: &Connection) -> rusqlite::Result<TableKeys> {
    let mut select = db.prepare("SELECT number, key FROM names WHERE kind = 1")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
