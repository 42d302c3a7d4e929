//! The access log in PostgreSQL: partitions for days, filled by `COPY`.

mod copy;
mod intake;
mod meaning;
mod reader;
mod session;

use chrono::NaiveDate;

use super::StoreError;
use super::day::Day;
use crate::postgres::{Postgres, PostgresError};
use ::postgres::Client;

pub(super) use self::copy::unescape;
pub(super) use self::intake::{ServerIntake, was_taken};
pub(super) use self::meaning::{Answer, Asker, Kind, read_answer, read_asker, read_reason};
pub(super) use self::reader::{ServerRecords, damaged};
pub(super) use self::session::{Server, ServerDay};

/// A date as PostgreSQL counts it, for parameters: `date '1970-01-01' + $1`.
fn number(day: Day) -> Option<i32> {
    i32::try_from(day.number()).ok()
}

/// The number for SQL.
pub(super) fn day_number(at: &Postgres, day: Day) -> Result<i32, StoreError> {
    number(day).ok_or_else(|| StoreError::MissingDay { server: at.server().into(), day: day.name() })
}

/// The partition of a day of a school.
pub(super) fn partition(day: Day, school: i32) -> String {
    format!("belisha_access.records_{}_{school}", day.name().replace('-', ""))
}

/// Signs in, and sees that the database is ours.
pub(super) fn connect(at: &Postgres) -> Result<(Client, i32), PostgresError> {
    at.school()?;
    let mut client = at.connect()?;
    let setup = "SET lock_timeout = '5s'; SET TIME ZONE 'UTC'";
    client.batch_execute(setup).map_err(|source| at.said(source))?;
    let school = client.query_one("SELECT belisha.my_school()", &[]).map_err(|source| at.said(source))?;
    Ok((client, school.get(0)))
}

/// The days that there is a log of.
pub(super) fn days(at: &Postgres) -> Result<Vec<NaiveDate>, StoreError> {
    let (mut client, school) = connect(at)?;
    let sql = "SELECT day - date '1970-01-01' FROM belisha_access.days WHERE school = $1 ORDER BY day";
    let rows = client.query(sql, &[&school]).map_err(|source| at.said(source))?;
    Ok(rows.iter().filter_map(|row| Day::from_number(row.get::<_, i32>(0).into()).date()).collect())
}

/// Removes the log of a day; false where there is none.
pub(super) fn remove(at: &Postgres, day: Day) -> Result<bool, StoreError> {
    let (mut client, _) = connect(at)?;
    let Some(number) = number(day) else { return Ok(false) };
    let sql = "SELECT belisha_access.remove_day(date '1970-01-01' + $1::int)";
    Ok(client.query_one(sql, &[&number]).map_err(|source| at.said(source))?.get(0))
}
