//! Writing: one connection, opened anew after every failure.

use core::fmt::Write as _;
use std::collections::HashSet;
use std::io::Write as _;

use ::postgres::{Client, SimpleQueryMessage, Statement};
use ahash::RandomState;
use belisha_policy::AccessRecord;

use super::super::StoreError;
use super::super::cache::Cache;
use super::super::code::{self, Checksum, Whom};
use super::super::day::Day;
use super::super::file::BATCH;
use super::super::lookup::SealedNames;
use super::super::people::{self, Fault, Table, Who};
use super::super::shelf::{DayStore, Failure, Written};
use super::copy::Rows;
use super::meaning::{self, Kind};
use super::{connect, day_number, partition};
use crate::postgres::Postgres;

/// Meanings of each kind that are kept in memory for one day.
const KEPT: usize = 32_768;
/// So many bytes of a copy are sent at once, so that the server works while more are made.
const PIECE: usize = 64 << 10;
/// Days whose meanings are kept in memory.
const DAYS: usize = 2;
/// In front of the number of the day, in the first half of a lock's name; the school is the second. The function that
/// removes a day has it too.
const LOCK: i32 = 0x4100_0000;

/// Prepared in SQL, so that they can go with others in one message: `EXECUTE belisha_next(school, day)`.
const PREPARED: &str = "PREPARE belisha_next (int, int) AS SELECT coalesce(max(last), 0) + 1, \
                          (SELECT begun FROM belisha_access.days \
                           WHERE school = $1 AND day = date '1970-01-01' + $2) \
                          FROM belisha_access.batches WHERE school = $1 AND day = date '1970-01-01' + $2; \
                        PREPARE belisha_batch (int, int, bigint, bigint, bigint) AS INSERT INTO belisha_access.batches \
                          (school, day, first, last, checksum) VALUES ($1, date '1970-01-01' + $2, $3, $4, $5)";
const COLUMNS: i16 = 10;
const FIND: &str = "SELECT id FROM belisha_access.meanings WHERE school = $1 AND day = date '1970-01-01' + $2::int \
                    AND kind = $3 AND md5(value) = md5($4) AND value = $4";
const ADD: &str = "INSERT INTO belisha_access.meanings (school, day, kind, id, value) SELECT $1::int, \
                   date '1970-01-01' + $2::int, $3::smallint, coalesce(max(id), 0) + 1, $4::text \
                   FROM belisha_access.meanings WHERE school = $1 AND day = date '1970-01-01' + $2::int AND kind = $3 \
                   RETURNING id";
const ADD_KEY: &str = "INSERT INTO belisha_access.keys (school, day, id, sealed) \
                       VALUES ($1, date '1970-01-01' + $2::int, $3, $4) ON CONFLICT DO NOTHING";
const ADD_NAME: &str = "INSERT INTO belisha_access.names (school, day, number, kind, key, sealed) \
                        VALUES ($1, date '1970-01-01' + $2::int, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const FIND_NAME: &str = "SELECT sealed = $4 AND key = $5 FROM belisha_access.names \
                         WHERE school = $1 AND day = date '1970-01-01' + $2::int AND number = $3";

/// The log of a school in PostgreSQL, open for writing.
#[derive(Debug)]
pub(in super::super) struct Server {
    at: Postgres,
    session: Option<Session>,
}

/// A connection, with what it has prepared and knows.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) school: i32,
    statements: Statements,
    /// The latest used at the end.
    days: Vec<Known>,
}

pub(super) struct Statements {
    find: Statement,
    add: Statement,
}

/// What is known of a day, so that it need not be looked up. It must be thrown away after a failure.
pub(super) struct Known {
    day: Day,
    /// When the day was begun that this is about; 0 before that is known.
    begun: i64,
    /// The copy into the partition of the day.
    copy: Option<Statement>,
    meanings: [Cache<Box<[u8]>, i32>; 3],
    /// Numbers of which the name stands in the log.
    names: HashSet<u32, RandomState>,
    key: Option<i64>,
}

/// A day of the log, taken out of the server to be written to.
pub(in super::super) struct ServerDay<'a> {
    at: &'a Postgres,
    session: Session,
    known: Known,
    number: i32,
}

impl Server {
    pub(in super::super) fn new(at: Postgres) -> Self {
        Self { at, session: None }
    }

    /// Signs in, where that has not been done.
    pub(in super::super) fn check(&mut self) -> Result<(), StoreError> {
        let session = self.session()?;
        self.session = Some(session);
        Ok(())
    }

    /// A day to write to. Give it back when all went well: otherwise the connection ends with it.
    pub(in super::super) fn take(&mut self, day: Day) -> Result<ServerDay<'_>, StoreError> {
        let number = day_number(&self.at, day)?;
        let mut session = self.session()?;
        let known = session.take_known(day).unwrap_or_else(|| Known::new(day));
        Ok(ServerDay { at: &self.at, session, known, number })
    }

    fn session(&mut self) -> Result<Session, StoreError> {
        if let Some(session) = self.session.take().filter(|session| !session.client.is_closed()) {
            return Ok(session);
        }
        Session::open(&self.at)
    }

    pub(in super::super) fn append<T>(
        &mut self,
        day: Day,
        append: impl FnOnce(&mut ServerDay<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut taken = self.take(day)?;
        let appended = append(&mut taken)?;
        let ServerDay { mut session, known, .. } = taken;
        session.keep_known(known);
        self.session = Some(session);
        Ok(appended)
    }
}

impl Session {
    pub(super) fn open(at: &Postgres) -> Result<Self, StoreError> {
        let (mut client, school) = connect(at)?;
        let mut prepare = || {
            client.batch_execute(PREPARED)?;
            Ok(Statements { find: client.prepare(FIND)?, add: client.prepare(ADD)? })
        };
        let statements = prepare().map_err(|source| at.said(source))?;
        Ok(Self { client, school, statements, days: Vec::new() })
    }

    pub(super) fn take_known(&mut self, day: Day) -> Option<Known> {
        self.days.iter().position(|known| known.day == day).map(|at| self.days.remove(at))
    }

    pub(super) fn keep_known(&mut self, known: Known) {
        if self.days.len() >= DAYS {
            self.days.remove(0);
        }
        self.days.push(known);
    }

    /// Writes records within a transaction that runs already and goes on. After a failure nothing of it holds.
    pub(super) fn add(
        &mut self,
        at: &Postgres,
        known: &mut Known,
        number: i32,
        people: &mut Table,
        records: &[&AccessRecord],
    ) -> Result<(), StoreError> {
        let Self { client, school, statements, .. } = self;
        let day = known.day;
        let mut writing =
            Writing { on: client, statements, school: *school, number, known, transaction: Transaction::Running };
        let written = writing.write(&mut Whose::Table(people), records).map_err(|stop| stop.said(at, day))?;
        client.batch_execute(&checksums(*school, number, &written)).map_err(|source| at.said(source).into())
    }
}

impl Known {
    pub(super) fn new(day: Day) -> Self {
        let meanings = [Cache::new(KEPT), Cache::new(KEPT), Cache::new(KEPT)];
        Self { day, begun: 0, copy: None, meanings, names: HashSet::default(), key: None }
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session").field("school", &self.school).finish_non_exhaustive()
    }
}

/// Why a transaction cannot go on.
#[derive(Debug)]
enum Stop {
    Server(postgres::Error),
    People(Fault),
}

impl From<postgres::Error> for Stop {
    fn from(error: postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::People(fault)
    }
}

impl Stop {
    fn said(self, at: &Postgres, day: Day) -> StoreError {
        match self {
            Self::Server(source) => at.said(source).into(),
            Self::People(fault) => StoreError::Seal { day: day.name(), source: Box::new(fault) },
        }
    }
}

impl DayStore for ServerDay<'_> {
    fn holds(&mut self, earlier: &Written) -> Result<bool, StoreError> {
        let Self { at, session, number, .. } = self;
        let mut look = || {
            let mut looking = session.client.transaction()?;
            // A transaction whose connection was cut may still be at work. It has the lock as long as it is.
            looking.batch_execute(&lock(*number, session.school))?;
            let sql = "SELECT checksum FROM belisha_access.batches \
                       WHERE school = $1 AND day = date '1970-01-01' + $2::int AND last = $3";
            let there = looking.query_opt(sql, &[&session.school, &*number, &earlier.last()])?;
            looking.commit()?;
            Ok(there.map(|row| row.get::<_, i64>(0)).as_ref() == earlier.checksums.last())
        };
        look().map_err(|source| at.said(source).into())
    }

    fn append(&mut self, people: &mut Table, records: &[&AccessRecord]) -> Result<Written, Box<Failure>> {
        let Self { at, session: Session { client, school, statements, .. }, known, number } = self;
        let day = known.day;
        let failed = |stop: Stop| Box::new(Failure { error: stop.said(at, day), in_doubt: None });
        let mut writing =
            Writing { on: client, statements, school: *school, number: *number, known, transaction: Transaction::New };
        let written = writing.write(&mut Whose::Table(people), records).map_err(failed)?;
        // What fails here may have been committed all the same.
        match client.batch_execute(&finish(*school, *number, &written)) {
            Ok(()) => Ok(written),
            Err(source) => Err(Box::new(Failure { error: at.said(source).into(), in_doubt: Some(written) })),
        }
    }
}

/// Writers of one school take turns in a day: ids have no gaps.
pub(super) fn lock(number: i32, school: i32) -> String {
    let lock = LOCK.saturating_add(number);
    format!("SELECT pg_advisory_xact_lock({lock}, {school});")
}

/// The statements that begin to write to a day, in one message: its next id, and when it was begun.
fn begin(transaction: Transaction, school: i32, number: i32) -> String {
    let begin = match transaction {
        Transaction::New => "BEGIN;",
        Transaction::Running => "",
    };
    format!("{begin} {} EXECUTE belisha_next({school}, {number})", lock(number, school))
}

/// The statements that end a transaction, in one message: what was copied gets its checksums.
fn finish(school: i32, number: i32, written: &Written) -> String {
    checksums(school, number, written) + "COMMIT"
}

fn checksums(school: i32, number: i32, written: &Written) -> String {
    let mut sql = String::new();
    for (first, last, checksum) in written.batches() {
        // Writing to a `String` cannot fail.
        let _ = write!(sql, "EXECUTE belisha_batch({school}, {number}, {first}, {last}, {checksum});");
    }
    sql
}

/// Where the numbers of people come from.
enum Whose<'a> {
    Table(&'a mut Table),
    /// They were given out before, elsewhere: one for each record.
    Given(&'a [Who]),
}

impl ServerDay<'_> {
    /// Stores names and table keys as they were stored elsewhere; false, and nothing of it, where one of the numbers
    /// is somebody else's here.
    pub(in super::super) fn store_sealed(&mut self, sealed: &SealedNames) -> Result<bool, StoreError> {
        let Self { at, session: Session { client, school, .. }, number: day, .. } = self;
        let mut store = || {
            let mut storing = client.transaction()?;
            for (id, key) in &sealed.keys {
                storing.execute(ADD_KEY, &[school, day, id, key])?;
            }
            let add = storing.prepare(ADD_NAME)?;
            for (number, kind, key, name) in &sealed.names {
                // Two kinds there are; what is none of them stays none.
                let kind = i16::try_from(*kind).unwrap_or(i16::MAX);
                if storing.execute(&add, &[school, day, number, &kind, key, name])? == 0 {
                    return Ok(false);
                }
            }
            storing.commit().map(|()| true)
        };
        store().map_err(|source| at.said(source).into())
    }

    /// Appends records with numbers that were given out elsewhere, all or nothing.
    pub(in super::super) fn carry(&mut self, records: &[&AccessRecord], given: &[Who]) -> Result<(), StoreError> {
        let Self { at, session: Session { client, school, statements, .. }, known, number } = self;
        let day = known.day;
        let mut writing =
            Writing { on: client, statements, school: *school, number: *number, known, transaction: Transaction::New };
        let written = writing.write(&mut Whose::Given(given), records).map_err(|stop| stop.said(at, day))?;
        let ended = client.batch_execute(&finish(*school, *number, &written));
        ended.map_err(|source| at.said(source).into())
    }
}

/// Whether records are written in a transaction of their own.
#[derive(Clone, Copy)]
enum Transaction {
    New,
    Running,
}

/// A transaction in which records are written.
struct Writing<'a> {
    on: &'a mut Client,
    statements: &'a Statements,
    school: i32,
    number: i32,
    known: &'a mut Known,
    transaction: Transaction,
}

/// What a record refers to.
struct References {
    who: Who,
    asker: i32,
    answer: i32,
    reason: i32,
}

impl Writing<'_> {
    fn write(&mut self, whose: &mut Whose<'_>, records: &[&AccessRecord]) -> Result<Written, Stop> {
        let (first, begun) = self.next()?;
        if begun != Some(self.known.begun) {
            self.begin(begun)?;
        }
        let mut written = Written { first, records: records.len(), checksums: Vec::new() };
        // Before the copy, during which nothing else can be asked.
        let mut scratch = Vec::new();
        let mut refer = |(at, record): (usize, &&AccessRecord)| {
            let who = match whose {
                Whose::Table(people) => self.who(people, record)?,
                Whose::Given(given) => given.get(at).copied().unwrap_or_default(),
            };
            self.refer(who, record, &mut scratch)
        };
        let references = records.iter().enumerate().map(&mut refer);
        let references = references.collect::<Result<Vec<_>, _>>()?;
        let copy = self.copy()?;
        let mut copying = self.on.copy_in(&copy)?;
        let mut rows = Rows::new();
        let mut next = first;
        for (records, references) in records.chunks(BATCH).zip(references.chunks(BATCH)) {
            let mut checksum = Checksum::default();
            for (record, of) in records.iter().zip(references) {
                checksum.add(record, Whom::Numbers(of.who));
                spell(&mut rows, next, record, of);
                next = next.saturating_add(1);
                if rows.len() >= PIECE {
                    // What goes wrong here the end of the copy says.
                    let _ = copying.write_all(&rows.take());
                    let _ = copying.flush();
                }
            }
            written.checksums.push(checksum.get());
        }
        let _ = copying.write_all(&rows.finish());
        copying.finish()?;
        Ok(written)
    }

    /// The copy into the partition of the day. School and day are what it says of itself.
    fn copy(&mut self) -> Result<Statement, Stop> {
        if let Some(copy) = &self.known.copy {
            return Ok(copy.clone());
        }
        let copy = self.on.prepare(&format!(
            "COPY {} (id, at, asker, answer, reason, bytes, duration_ms, host, path, query) \
             FROM STDIN WITH (FORMAT binary)",
            partition(self.known.day, self.school)
        ))?;
        self.known.copy = Some(copy.clone());
        Ok(copy)
    }

    /// The next id of the day, and when it was begun. From here on the transaction runs.
    fn next(&mut self) -> Result<(i64, Option<i64>), Stop> {
        for message in self.on.simple_query(&begin(self.transaction, self.school, self.number))? {
            if let SimpleQueryMessage::Row(row) = message
                && row.len() == 2
            {
                let number = |column| row.get(column).and_then(|text| text.parse().ok());
                return Ok((number(0).unwrap_or(1), number(1)));
            }
        }
        // The last statement always has a row.
        Ok((1, None))
    }

    /// Begins a day, or forgets what is known of one that was removed and begun anew.
    fn begin(&mut self, begun: Option<i64>) -> Result<(), Stop> {
        *self.known = Known::new(self.known.day);
        let open = "SELECT belisha_access.open_day(date '1970-01-01' + $1::int)";
        self.on.execute(open, &[&self.number])?;
        if let Some(begun) = begun {
            self.known.begun = begun;
            return Ok(());
        }
        let begun = (getrandom::u64().map_err(Fault::from)? | 1).cast_signed();
        let sql = "INSERT INTO belisha_access.days VALUES ($1, date '1970-01-01' + $2::int, $3)";
        self.on.execute(sql, &[&self.school, &self.number, &begun])?;
        self.known.begun = begun;
        Ok(())
    }

    fn refer(&mut self, who: Who, record: &AccessRecord, key: &mut Vec<u8>) -> Result<References, Stop> {
        code::spell_asker(record, who, key);
        let asker = self.meaning(Kind::Asker, key, || meaning::asker(record, who))?;
        code::spell_answer(record, key);
        let answer = self.meaning(Kind::Answer, key, || meaning::answer(record))?;
        code::spell_reason(record, key);
        let reason = self.meaning(Kind::Reason, key, || meaning::reason(record))?;
        Ok(References { who, asker, answer, reason })
    }

    /// The id of a meaning, which is added where it is new. `key` tells it from all others of its kind.
    fn meaning(
        &mut self,
        kind: Kind,
        key: &[u8],
        value: impl FnOnce() -> serde_json::Result<String>,
    ) -> Result<i32, Stop> {
        let [askers, answers, reasons] = &mut self.known.meanings;
        let kept = match kind {
            Kind::Asker => askers,
            Kind::Answer => answers,
            Kind::Reason => reasons,
        };
        if let Some(id) = kept.get(key) {
            return Ok(id);
        }
        // A text always becomes JSON.
        let value = value().map_err(|_| Fault::TooLong)?;
        let of: [&(dyn postgres::types::ToSql + Sync); 4] = [&self.school, &self.number, &(kind as i16), &value];
        let id = match self.on.query_opt(&self.statements.find, &of)? {
            Some(row) => row.get(0),
            None => self.on.query_one(&self.statements.add, &of)?.get(0),
        };
        kept.insert(key.into(), id);
        Ok(id)
    }

    fn who(&mut self, people: &mut Table, record: &AccessRecord) -> Result<Who, Stop> {
        if record.person.is_none() && record.device.is_none() {
            return Ok(Who::default());
        }
        let Self { on, school, number: day, known, .. } = self;
        let id = people.id();
        if known.key != Some(id) {
            on.execute(ADD_KEY, &[school, day, &id, &people.sealed_key()])?;
            known.key = Some(id);
        }
        people.refer(&mut known.names, record, |kind: people::Kind, number, sealed| {
            let number = i64::from(number);
            if on.execute(ADD_NAME, &[school, day, &number, &(kind as i16), &id, &sealed])? > 0 {
                return Ok(true);
            }
            // A transaction of ours may have stored it without our learning of it.
            let ours = on.query_opt(FIND_NAME, &[school, day, &number, &sealed, &id])?;
            Ok(ours.is_some_and(|row| row.get(0)))
        })
    }
}

fn spell(rows: &mut Rows, id: i64, record: &AccessRecord, of: &References) {
    let (_, at) = Day::split(record.at);
    rows.begin(COLUMNS);
    rows.bigint(id);
    // A day has fewer milliseconds than an `int` holds.
    rows.int(i32::try_from(at).unwrap_or(i32::MAX));
    rows.int(of.asker);
    rows.int(of.answer);
    rows.int(of.reason);
    rows.bigint(record.bytes.cast_signed());
    rows.bigint(record.duration_ms.into());
    rows.text(&record.host);
    rows.text(&record.path);
    rows.text(&record.query);
}
