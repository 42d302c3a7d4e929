//! What has been kept long enough: planned first, shown, and only then carried out.

use std::collections::{BTreeMap, BTreeSet};

use belisha_policy::retention::{Facts, Kept, LegalHold, Other, Record, RecordClass, Schedule, Verdict, deletable};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::{StoreError, StreamId};
use chrono::{DateTime, NaiveDate, Utc};

use crate::days::{self, DayError};
use crate::events::{HoldLifted, HoldOn, HoldPlaced, RecordErased, RecordFiled};
use crate::ledger::{Ledger, LedgerError, Stream, Told};
use crate::school::School;

/// Why records were not looked at, held or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetentionError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// No reason was given.
    #[error("give a reason: a hold without one cannot be judged by those who come after")]
    Reason,
    /// A hold rests on it.
    #[error("a legal hold rests on this record: it stays until the hold is lifted")]
    Held,
    /// There is no such hold.
    #[error("there is no such hold, or it was lifted before")]
    NoHold,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// A day of the access log.
    #[error(transparent)]
    Day(#[from] DayError),
}

/// What the journal says about keeping: records that were filed, and holds that rest on them.
#[derive(Clone, Debug, Default)]
pub struct Register {
    records: BTreeMap<StreamId, (RecordClass, Facts)>,
    /// Records that have their tombstone.
    erased: BTreeSet<StreamId>,
    holds: BTreeMap<StreamId, (HoldOn, LegalHold)>,
}

impl Register {
    /// Reads it from the journal.
    pub fn read(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut register = Self::default();
        for told in ledger.read_own(&Stream::RETENTION)? {
            register.apply(&told)?;
        }
        Ok(register)
    }

    fn apply(&mut self, told: &Told) -> Result<(), LedgerError> {
        if let Some(filed) = told.read::<RecordFiled>()? {
            // A class of a newer version: kept, because nothing here can say for how long.
            if let Ok(class) = filed.body.class.parse() {
                self.records.insert(filed.body.stream, (class, filed.body.facts));
            }
        } else if let Some(erased) = told.read::<RecordErased>()? {
            self.records.remove(&erased.body.stream);
            self.erased.insert(erased.body.stream);
        } else if let Some(placed) = told.read::<HoldPlaced>()? {
            let by = placed.actor.and_then(|by| by.parse().ok()).unwrap_or(NOBODY);
            let HoldPlaced { hold, on, reason, since } = placed.body;
            self.holds.insert(hold, (on, LegalHold { reason, since, by }));
        } else if let Some(lifted) = told.read::<HoldLifted>()? {
            self.holds.remove(&lifted.body.hold);
        }
        Ok(())
    }

    /// The holds that rest on something now.
    pub fn holds(&self) -> impl Iterator<Item = (StreamId, &HoldOn, &LegalHold)> {
        self.holds.iter().map(|(id, (on, hold))| (*id, on, hold))
    }

    fn resting_on(&self, held: impl Fn(&HoldOn) -> bool) -> Vec<LegalHold> {
        let rests = |on: &HoldOn| matches!(on, HoldOn::Everything) || held(on);
        self.holds.values().filter(|(on, _)| rests(on)).map(|(_, hold)| hold.clone()).collect()
    }

    fn verdict_of_day(&self, day: NaiveDate, schedule: &Schedule, today: NaiveDate) -> Verdict {
        let holds = self.resting_on(|on| matches!(on, HoldOn::AccessLog(from, to) if (*from..=*to).contains(&day)));
        let record =
            Record { class: RecordClass::AccessLog, facts: Facts::new(day), holds: &holds, other: Other::Unknown };
        deletable(&record, schedule, today)
    }

    /// Whether a day of the access log has been kept long enough.
    pub(crate) fn day_is_over(&self, day: NaiveDate, schedule: &Schedule, today: NaiveDate) -> bool {
        matches!(self.verdict_of_day(day, schedule, today), Verdict::Delete)
    }

    fn verdict_of(
        &self,
        stream: StreamId,
        class: RecordClass,
        facts: Facts,
        schedule: &Schedule,
        today: NaiveDate,
    ) -> Verdict {
        let holds = self.resting_on(|on| matches!(on, HoldOn::Record(held) if *held == stream));
        let record = Record { class, facts, holds: &holds, other: Other::Unknown };
        deletable(&record, schedule, today)
    }
}

/// Whoever placed a hold in a form that cannot be read.
const NOBODY: PersonId = PersonId::from_bytes([0; 16]);

/// What is to become of everything that a school keeps, on one day.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Days of the access log that are to go.
    pub days: Vec<NaiveDate>,
    /// Records that are to go.
    pub records: Vec<(StreamId, RecordClass)>,
    /// Records that a person is to decide about.
    pub reviews: Vec<(StreamId, RecordClass)>,
    /// Days of the access log that stay, with the reason of each.
    pub days_kept: Vec<(NaiveDate, Kept)>,
    /// Records that stay, with the reason of each.
    pub records_kept: Vec<(StreamId, RecordClass, Kept)>,
}

/// Says what is to become of everything on a day at the school. Changes nothing.
pub fn plan(school: &School, today: NaiveDate) -> Result<Plan, RetentionError> {
    let register = Register::read(school.ledger())?;
    let schedule = &school.settings().schedule;
    let mut plan = Plan::default();
    for day in school.log_days()? {
        match register.verdict_of_day(day, schedule, today) {
            Verdict::Delete => plan.days.push(day),
            Verdict::Keep(kept) => plan.days_kept.push((day, kept)),
            Verdict::Review => {}
        }
    }
    for (stream, (class, facts)) in &register.records {
        match register.verdict_of(*stream, *class, *facts, schedule, today) {
            Verdict::Delete => plan.records.push((*stream, *class)),
            Verdict::Review => plan.reviews.push((*stream, *class)),
            Verdict::Keep(kept) => plan.records_kept.push((*stream, *class, kept)),
        }
    }
    Ok(plan)
}

/// Removes what a plan of this very moment lets go, each with its tombstone. What was held or reopened since somebody
/// looked at an earlier plan stays. Stops at the first failure; running it again does the rest.
pub fn carry_out(school: &School, today: NaiveDate, now: DateTime<Utc>) -> Result<Plan, RetentionError> {
    finish_erasing(school, now)?;
    let plan = plan(school, today)?;
    for day in &plan.days {
        days::remove(school, *day, why_a_day_goes(&school.settings().schedule), now)?;
    }
    for (stream, class) in &plan.records {
        let rule = school.settings().schedule.rule(*class);
        erase(school, *stream, *class, None, format!("{class} is kept {rule}"), now)?;
    }
    Ok(plan)
}

/// What is written down of a day that has been kept long enough.
pub(crate) fn why_a_day_goes(schedule: &Schedule) -> String {
    format!("access-log is kept {}", schedule.rule(RecordClass::AccessLog))
}

/// Ends what a crash cut short: a record that has its tombstone and is still there goes now.
fn finish_erasing(school: &School, now: DateTime<Utc>) -> Result<(), RetentionError> {
    let ledger = school.ledger();
    for stream in Register::read(ledger)?.erased {
        let positions = ledger.positions_to_erase(stream)?;
        if !positions.is_empty() {
            ledger.erase(stream, &positions, now)?;
        }
    }
    Ok(())
}

/// Files a stream as a record of a class, or says anew what is known of it.
pub fn file(
    school: &School,
    by: Option<&str>,
    stream: StreamId,
    class: RecordClass,
    facts: Facts,
    now: DateTime<Utc>,
) -> Result<(), RetentionError> {
    let event = RecordFiled { stream, class: class.slug().into(), facts };
    school.ledger().note(&Stream::RETENTION, by, now, &event)?;
    Ok(())
}

/// Places a hold: what it rests on does not go, whatever the schedule says.
pub fn hold(
    school: &School,
    permit: &Permit,
    on: HoldOn,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<StreamId, RetentionError> {
    permit.allows(Action::PlaceHold)?;
    if reason.trim().is_empty() {
        return Err(RetentionError::Reason);
    }
    let hold = StreamId::random().map_err(LedgerError::from)?;
    let event = HoldPlaced { hold, on, reason: reason.trim().into(), since: now };
    school.ledger().note(&Stream::RETENTION, Some(&permit.actor().to_string()), now, &event)?;
    Ok(hold)
}

/// Lifts a hold.
pub fn lift(
    school: &School,
    permit: &Permit,
    hold: StreamId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), RetentionError> {
    permit.allows(Action::LiftHold)?;
    if reason.trim().is_empty() {
        return Err(RetentionError::Reason);
    }
    if !Register::read(school.ledger())?.holds.contains_key(&hold) {
        return Err(RetentionError::NoHold);
    }
    let event = HoldLifted { hold, reason: reason.trim().into() };
    school.ledger().note(&Stream::RETENTION, Some(&permit.actor().to_string()), now, &event)?;
    Ok(())
}

/// Erases a record by decision, before its time: a false positive, or what should never have been written. A hold
/// forbids it.
pub fn erase_by_decision(
    school: &School,
    permit: &Permit,
    stream: StreamId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<(), RetentionError> {
    permit.allows(Action::EraseRecord)?;
    if because.trim().is_empty() {
        return Err(RetentionError::Reason);
    }
    let register = Register::read(school.ledger())?;
    if !register.resting_on(|on| matches!(on, HoldOn::Record(held) if *held == stream)).is_empty() {
        return Err(RetentionError::Held);
    }
    let class = register.records.get(&stream).map_or(RecordClass::Capture, |(class, _)| *class);
    erase(school, stream, class, Some(&permit.actor().to_string()), because.trim().into(), now)
}

/// The tombstone first, then the keys, then what they sealed: at no moment is something gone of which nothing says so.
/// What a crash in between leaves goes with the next run.
fn erase(
    school: &School,
    stream: StreamId,
    class: RecordClass,
    by: Option<&str>,
    because: String,
    now: DateTime<Utc>,
) -> Result<(), RetentionError> {
    let ledger = school.ledger();
    let positions = ledger.positions_to_erase(stream)?;
    let event = RecordErased { stream, class: class.slug().into(), events: positions.len() as u64, because };
    ledger.note(&Stream::RETENTION, by, now, &event)?;
    ledger.erase(stream, &positions, now)?;
    Ok(())
}
