//! Every day that a calendar can be asked about, worked out once: a moment then costs a few look-ups and no rules.

use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveTime, Utc, Weekday};

use super::days::{Day, DayKind};
use super::{Calendar, REACH, zone};

/// What a day is, in 10 bytes: a century takes 365 KB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    kind: Kind,
    /// Where its term stands in the plan; `NOWHERE` if it is in none.
    term: u16,
    runs_as: Weekday,
    /// How many minutes the clock at the school is ahead of UTC throughout this day of UTC; `CHANGES` if it does not stay.
    minutes: i16,
}

/// The kind of a day, with where its name stands in the plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    SchoolDay,
    Inset,
    BankHoliday,
    Holiday(u16),
    OutOfTerm,
    Weekend,
    Unplanned,
}

const NOWHERE: u16 = u16::MAX;
const CHANGES: i16 = i16::MAX;

/// The days of 2000 to 2099, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Table(Vec<Entry>);

/// The first day of the table; that of REACH.
const FIRST: NaiveDate = match NaiveDate::from_ymd_opt(*REACH.start(), 1, 1) {
    Some(first) => first,
    None => NaiveDate::MIN,
};

impl Table {
    pub(super) fn of(calendar: &Calendar) -> Self {
        Self(
            FIRST.iter_days().take_while(|day| REACH.contains(&day.year())).map(|day| calendar.work_out(day)).collect(),
        )
    }

    fn get(&self, date: NaiveDate) -> Option<Entry> {
        self.0.get(place(date)?).copied()
    }

    fn around(&self, date: NaiveDate) -> Option<[Entry; 3]> {
        let from = place(date)?.checked_sub(1)?;
        self.0.get(from..)?.first_chunk().copied()
    }
}

/// Where a day stands in the table, or would stand after its end.
fn place(date: NaiveDate) -> Option<usize> {
    usize::try_from(date.to_epoch_days() - FIRST.to_epoch_days()).ok()
}

impl Calendar {
    /// What a day is: looked up, or worked out before 2000 and after 2099.
    pub(super) fn entry(&self, date: NaiveDate) -> Entry {
        self.table.get(date).unwrap_or_else(|| self.work_out(date))
    }

    /// What the day before is, a day, and the day after. The first day that can be written stands for the one before it
    /// too, and the last for the one after.
    pub(super) fn around(&self, date: NaiveDate) -> [Entry; 3] {
        let days = || [date.pred_opt().unwrap_or(date), date, date.succ_opt().unwrap_or(date)];
        self.table.around(date).unwrap_or_else(|| days().map(|day| self.entry(day)))
    }

    fn work_out(&self, date: NaiveDate) -> Entry {
        let plan = &self.plan;
        let open = plan.open.binary_search_by_key(&date, |open| open.date).ok().and_then(|at| plan.open.get(at));
        let term = self.term_at(date);
        let kind = if open.is_some() { Kind::SchoolDay } else { self.kind(date, term.is_some()) };
        let runs_as = open.map_or_else(|| date.weekday(), |open| open.runs_as);
        Entry { kind, term: term.map_or(NOWHERE, index), runs_as, minutes: minutes(date) }
    }

    /// The kind of a day that is no open day.
    fn kind(&self, date: NaiveDate, in_term: bool) -> Kind {
        if self.plan.inset.binary_search(&date).is_ok() {
            return Kind::Inset;
        }
        if self.bank_holiday(date).is_some() {
            return Kind::BankHoliday;
        }
        if let Some(at) = self.closure_at(date) {
            return Kind::Holiday(index(at));
        }
        let runs = self.school_week.contains(date.weekday());
        match self.covered(date) {
            Ok(()) if !in_term && !self.plan.terms.is_empty() => Kind::OutOfTerm,
            Ok(()) if runs => Kind::SchoolDay,
            Err(_) if runs => Kind::Unplanned,
            Ok(()) | Err(_) => Kind::Weekend,
        }
    }
}

impl Entry {
    /// The day that it is of.
    pub(super) fn day(self, calendar: &Calendar, date: NaiveDate) -> Day<'_> {
        let term = calendar.plan.terms.get(usize::from(self.term)).map(|term| &*term.name);
        Day { date, kind: self.kind(calendar, date), term, runs_as: self.runs_as }
    }

    /// What kind of day that is.
    pub(super) fn kind(self, calendar: &Calendar, date: NaiveDate) -> DayKind<'_> {
        match self.kind {
            Kind::SchoolDay => DayKind::SchoolDay,
            Kind::Inset => DayKind::Inset,
            Kind::BankHoliday => DayKind::BankHoliday(calendar.bank_holiday(date).unwrap_or_default()),
            Kind::Holiday(at) => {
                let closure = calendar.plan.closures.get(usize::from(at));
                DayKind::Holiday(closure.map(|closure| &*closure.name).unwrap_or_default())
            }
            Kind::OutOfTerm => DayKind::OutOfTerm,
            Kind::Weekend => DayKind::Weekend,
            Kind::Unplanned => DayKind::Unplanned,
        }
    }

    /// How far the clock at the school is from UTC at an instant of this day of UTC.
    pub(super) fn offset(self, at: DateTime<Utc>) -> FixedOffset {
        let known = if self.minutes == CHANGES { None } else { FixedOffset::east_opt(i32::from(self.minutes) * 60) };
        known.unwrap_or_else(|| zone::offset(at))
    }
}

/// A place in the plan. There are never more terms or closures than days in a century, of which each takes one.
fn index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(NOWHERE)
}

fn minutes(day: NaiveDate) -> i16 {
    let at = |day: NaiveDate| zone::offset(day.and_time(NaiveTime::MIN).and_utc()).local_minus_utc();
    let seconds = at(day);
    let stays = day.checked_add_days(Days::new(1)).is_some_and(|next| at(next) == seconds);
    if stays && seconds % 60 == 0 { i16::try_from(seconds / 60).unwrap_or(CHANGES) } else { CHANGES }
}

/// How many days.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} days)", self.0.len())
    }
}
