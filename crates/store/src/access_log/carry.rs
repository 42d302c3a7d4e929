//! Carrying a day from one place to another: records, numbers and sealed names stay what they are.

use std::path::Path;

use chrono::NaiveDate;
use rusqlite::Connection;

use super::StoreError;
use super::day::Day;
use super::dictionary::{Dictionaries, store_sealed};
use super::file::write;
use super::people::{Logged, Who};
use super::place::files;
use super::reader::Batches;
use super::schema;
use super::server::{self, Server, ServerDay, ServerRecords};
use crate::postgres::Postgres;
use crate::sqlite::settle;

/// Records that go to a server in one transaction.
const AT_ONCE: usize = 32_768;

/// Writes a day of a server into a new file, as if it had been written there.
pub(super) fn into_file(at: &Postgres, day: Day, file: &Path) -> Result<(), StoreError> {
    let mut source = ServerRecords::open(at, day)?;
    let failed = |error| StoreError::database(file, error);
    let begin = || {
        let mut db = Connection::open(file)?;
        // It is thrown away where anything fails.
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384")?;
        settle(&db)?;
        db.set_prepared_statement_cache_capacity(64);
        schema::make(&mut db, day)?;
        schema::explain(&db)?;
        Ok(db)
    };
    let db: Connection = begin().map_err(failed)?;
    let writing = db.unchecked_transaction().map_err(failed)?;
    let mut dictionaries = Dictionaries::of(&db).map_err(failed)?;
    let sealed = source.sealed_names()?.unwrap_or_default();
    store_sealed(&db, &sealed).map_err(failed)?;
    while let Some(lines) = source.next_batch()? {
        let mut refer =
            |at: usize, record: &_| dictionaries.refer_to(&db, lines.get(at).map(Who::of).unwrap_or_default(), record);
        let records: Vec<_> = lines.iter().map(|line| &line.record).collect();
        write(&db, &mut refer, &records).map_err(failed)?;
    }
    writing.commit().map_err(failed)
}

/// Writes a day of a folder into a server that has nothing of it. Numbers of people and their sealed names stay what
/// they are, so that whoever may look people up still can.
///
/// Gives false, and leaves nothing in the server, where that cannot be: the names stand in clear, as in files of version
/// 1; a file is damaged; or two files of the day gave one number to two people.
pub fn carry_day(folder: &Path, to: &Postgres, date: NaiveDate) -> Result<bool, StoreError> {
    let day = Day::from(date);
    let mut server = Server::new(to.clone());
    let carried = files(folder, day).and_then(|files| {
        for mut file in files {
            let carried = server.append(day, |server| into_server(&mut file, server))?;
            if !carried {
                return Ok(false);
            }
        }
        Ok(true)
    });
    let carried = match carried {
        Err(error) if error.kind() == crate::ErrorKind::Damaged => Ok(false),
        other => other,
    };
    if !matches!(carried, Ok(true)) {
        server::remove(to, day)?;
    }
    carried
}

fn into_server(file: &mut dyn Batches, server: &mut ServerDay<'_>) -> Result<bool, StoreError> {
    let Some(sealed) = file.sealed_names()?.filter(|sealed| sealed.nameless == 0) else { return Ok(false) };
    if file.total() == 0 {
        return Ok(true);
    }
    if !server.store_sealed(&sealed)? {
        return Ok(false);
    }
    let mut waiting: Vec<Logged> = Vec::new();
    loop {
        let batch = file.next_batch()?;
        let ended = batch.is_none();
        waiting.extend(batch.unwrap_or_default());
        if waiting.len() >= AT_ONCE || (ended && !waiting.is_empty()) {
            let (records, who): (Vec<_>, Vec<_>) = waiting.iter().map(|line| (&line.record, Who::of(line))).unzip();
            server.carry(&records, &who)?;
            waiting.clear();
        }
        if ended {
            return Ok(true);
        }
    }
}
