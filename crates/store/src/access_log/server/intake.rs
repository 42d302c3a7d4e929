//! Records of elsewhere taken into the server: one transaction for all of them.

use belisha_policy::AccessRecord;

use super::super::StoreError;
use super::super::day::Day;
use super::super::people::Table;
use super::session::{Known, Session, lock};
use super::{connect, day_number};
use crate::postgres::Postgres;
use ::postgres::Client;

/// The first half of the name of the lock of whoever imports; the school is the second.
const ALONE: i32 = 0x4200_0000;

/// The kind of meaning that says which import was taken in.
const TAKEN: i16 = 4;

const MARK: &str = "INSERT INTO belisha_access.meanings (school, day, kind, id, value) SELECT $1::int, \
                    date '1970-01-01' + $2::int, $3::smallint, coalesce(max(id), 0) + 1, $4::text \
                    FROM belisha_access.meanings WHERE school = $1 AND day = date '1970-01-01' + $2::int AND kind = $3";
const MARKED: &str = "SELECT FROM belisha_access.meanings WHERE school = $1 AND day = date '1970-01-01' + $2::int \
                      AND kind = $3 AND md5(value) = md5($4) AND value = $4";

/// A transaction that takes in records of many days.
pub(in super::super) struct ServerIntake {
    at: Postgres,
    session: Session,
    /// For partitions, which are made apart: making one within the transaction would have all schools wait that begin a
    /// day.
    beside: Client,
}

impl ServerIntake {
    /// Begins. Until this is dropped no other import of the school can.
    pub(in super::super) fn begin(at: &Postgres) -> Result<Self, StoreError> {
        let mut session = Session::open(at)?;
        let said = |source| StoreError::from(at.said(source));
        let lock = "SELECT pg_try_advisory_lock($1, $2)";
        if !session.client.query_one(lock, &[&ALONE, &session.school]).map_err(said)?.get::<_, bool>(0) {
            return Err(StoreError::Busy { file: at.server().into() });
        }
        let (beside, _) = connect(at)?;
        session.client.batch_execute("BEGIN").map_err(said)?;
        Ok(Self { at: at.clone(), session, beside })
    }

    pub(in super::super) fn append(
        &mut self,
        day: Day,
        people: &mut Table,
        records: &[&AccessRecord],
    ) -> Result<(), StoreError> {
        let number = day_number(&self.at, day)?;
        let mut known = if let Some(known) = self.session.take_known(day) {
            known
        } else {
            let open = "SELECT belisha_access.open_day(date '1970-01-01' + $1::int)";
            self.beside.execute(open, &[&number]).map_err(|source| self.at.said(source))?;
            Known::new(day)
        };
        self.session.add(&self.at, &mut known, number, people, records)?;
        self.session.keep_known(known);
        Ok(())
    }

    /// Writes which import this is; it holds when all else does.
    pub(in super::super) fn mark(&mut self, day: Day, name: &str) -> Result<(), StoreError> {
        let number = day_number(&self.at, day)?;
        let Session { client, school, .. } = &mut self.session;
        client.execute(MARK, &[&*school, &number, &TAKEN, &name]).map_err(|source| self.at.said(source))?;
        Ok(())
    }

    pub(in super::super) fn commit(&mut self) -> Result<(), StoreError> {
        self.session.client.batch_execute("COMMIT").map_err(|source| self.at.said(source).into())
    }
}

/// Whether an import was taken in. One whose program has just ended may still be at its commit, which is waited for.
pub(in super::super) fn was_taken(at: &Postgres, day: Day, name: &str) -> Result<bool, StoreError> {
    let number = day_number(at, day)?;
    let (mut client, school) = connect(at)?;
    let mut look = || {
        let mut looking = client.transaction()?;
        looking.batch_execute(&lock(number, school))?;
        let marked = looking.query_opt(MARKED, &[&school, &number, &TAKEN, &name])?;
        looking.commit()?;
        Ok(marked.is_some())
    };
    look().map_err(|source| at.said(source).into())
}
