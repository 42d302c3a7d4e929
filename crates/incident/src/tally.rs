//! What a number of incidents add up to, so that a school sees where it has to do more.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use belisha_policy::calendar::local;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::case::{Case, Remedy};
use crate::category::Category;
use crate::circumstances::Breach;
use crate::response::Response;

/// Incidents, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many are not closed.
    pub open: u64,
    /// How many are closed.
    pub closed: u64,
    /// How many were brought from other systems.
    pub archived: u64,
    /// By kind, in the order of the codes. Those that nobody has sorted, or of which another system says a kind that is none of
    /// these, are in none.
    pub kinds: BTreeMap<Category, u64>,
    /// By the first day of the month in which they were first known.
    pub months: BTreeMap<NaiveDate, u64>,
    /// By the rule about phones, pictures and contact that was broken; where several were, in each.
    pub breaches: BTreeMap<Breach, u64>,
    /// By what was done about somebody; where that was several things, in each.
    pub remedies: BTreeMap<Remedy, u64>,
    /// How long each took until somebody acted on it, in no order.
    to_act: Vec<TimeDelta>,
    to_close: Vec<TimeDelta>,
}

impl Tally {
    /// Counts cases.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let mut tally = Self::default();
        for case in cases {
            tally.add(case);
        }
        tally
    }

    fn add(&mut self, case: &Case) {
        match case {
            case if case.is_archived() => self.archived += 1,
            case if case.is_closed() => self.closed += 1,
            _ => self.open += 1,
        }
        if let Some(kind) = case.kind() {
            count(&mut self.kinds, kind);
        }
        if let Some(month) = case.first_known().and_then(month) {
            count(&mut self.months, month);
        }
        for breach in &case.circumstances().breaches {
            count(&mut self.breaches, *breach);
        }
        for remedy in case.remedies() {
            count(&mut self.remedies, remedy);
        }
        self.to_act.extend(case.response().and_then(Response::to_act));
        self.to_close.extend(case.response().and_then(Response::to_close));
    }

    /// How many there are.
    pub fn all(&self) -> u64 {
        self.open + self.closed + self.archived
    }

    /// How many have no kind that is known.
    pub fn of_no_kind(&self) -> u64 {
        self.all().saturating_sub(self.kinds.values().sum())
    }

    /// By something that follows from the kind, the kind of risk say.
    pub fn by<K: Ord>(&self, of: impl Fn(Category) -> K) -> BTreeMap<K, u64> {
        let mut counts = BTreeMap::new();
        for (kind, number) in &self.kinds {
            *counts.entry(of(*kind)).or_default() += number;
        }
        counts
    }

    /// In how long half of them were acted on, and of how many that is said.
    pub fn to_act(&self) -> Option<(TimeDelta, u64)> {
        median(&self.to_act)
    }

    /// In how long half of them were closed.
    pub fn to_close(&self) -> Option<(TimeDelta, u64)> {
        median(&self.to_close)
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    *counts.entry(key).or_default() += 1;
}

fn month(at: DateTime<Utc>) -> Option<NaiveDate> {
    local(at).date_naive().with_day(1)
}

/// The one in the middle, or the mean of the two.
fn median(times: &[TimeDelta]) -> Option<(TimeDelta, u64)> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let upper = *times.get(times.len() / 2)?;
    let lower = *times.get((times.len() - 1) / 2)?;
    Some((lower + (upper - lower) / 2, times.len() as u64))
}
