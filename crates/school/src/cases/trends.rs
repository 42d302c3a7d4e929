//! The register of incidents in numbers: what there is more of and what less, and how long it takes.
//!
//! Counted is what somebody may see, each incident of it, and nothing else: so the numbers say no more than the list that they can count
//! themselves, and are the same whether there is something that they may not see or not. They are exact for that reason. A copy for
//! others is of a third of a school year that is over, so that no two copies can be subtracted to get at a month; has no
//! number under five; and leaves out what may be illegal, what is about adults who work with children, and what nobody has sorted, which may
//! be either.

use std::collections::BTreeMap;

use belisha_incident::{Breach, Case, Category, NationalRisk, Remedy, Risk, Tally, lasted};
use belisha_policy::calendar::local;
use belisha_report::tables::{Count, Table};
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use serde::Serialize;

use super::acting::CaseError;
use super::desk::Desk;

/// A time is said to others where it is that of so many.
const TIMES_FROM: u64 = 5;

/// Whose numbers they are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Whoever asks: what became known from one day to another, both included.
    Oneself(NaiveDate, NaiveDate),
    /// Others: what became known in the third of a school year in which a day is.
    Others(NaiveDate),
}

/// Incidents in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trends {
    /// From which day on.
    pub from: NaiveDate,
    /// To which, that included.
    pub to: NaiveDate,
    /// Whether it may be given to others.
    pub is_for_others: bool,
    /// How many.
    pub all: Count,
    /// In words, what else there is to say: how many are open, how long it took, what is left out.
    pub says: Vec<String>,
    /// By kind, risk, month, rule that was broken, and what was done.
    pub tables: Vec<Table>,
}

impl For {
    /// What became known in the twelve months to a day.
    pub fn year_to(day: NaiveDate) -> Self {
        let before = day.checked_sub_months(Months::new(12)).and_then(|day| day.succ_opt());
        Self::Oneself(before.unwrap_or(day), day)
    }

    /// For others, the last third of a school year that was over on a day.
    pub fn others_before(day: NaiveDate) -> Self {
        let (first, _) = third(day);
        Self::Others(first.pred_opt().unwrap_or(first))
    }

    fn days(self) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Oneself(from, to) => (from, to),
            Self::Others(day) => third(day),
        }
    }
}

/// The third of a school year in which a day is: from September, January or May on. Terms would be the school's to move, and with them
/// what can be subtracted.
fn third(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let month = day.month0() / 4 * 4 + 1;
    let first = NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
    let last = first.checked_add_months(Months::new(4)).and_then(|next| next.pred_opt());
    (first, last.unwrap_or(day))
}

impl Desk<'_> {
    /// What they may see of a time, in numbers, with what was brought from other systems. It is written down that they look.
    ///
    /// Cost: about 0.3 ms for each incident.
    ///
    /// # Errors
    /// As for [`list`](Self::list), and [`CaseError::NotYet`] where the time of a copy for others is not over.
    pub fn trends(&self, whose: For) -> Result<Trends, CaseError> {
        let (from, to) = whose.days();
        let is_for_others = matches!(whose, For::Others(_));
        if is_for_others && to >= local(self.now).date_naive() {
            return Err(CaseError::NotYet(to));
        }
        let branches = self.list_with_archive()?;
        let is_in_time =
            |case: &Case| case.first_known().is_some_and(|known| (from..=to).contains(&local(known).date_naive()));
        let is_told = |case: &&Case| is_in_time(case) && !(is_for_others && is_kept_back(case));
        let tally = Tally::of(branches.iter().map(|branch| &branch.case).filter(is_told));
        Ok(if is_for_others { for_others(&tally, from, to) } else { exact(&tally, from, to) })
    }
}

/// Whether a copy for others has nothing of a case: of what is illegal, and of adults who work with children, not even a number. Of what
/// nobody has sorted it is not known that it is neither.
fn is_kept_back(case: &Case) -> bool {
    let is_of_such_kind = |kind: Category| kind.is_held_when_suspected() || kind.is_about_staff();
    case.is_held() || case.is_restricted() || case.kind().is_none_or(is_of_such_kind)
}

fn exact(tally: &Tally, from: NaiveDate, to: NaiveDate) -> Trends {
    let mut says =
        vec![format!("{} are open, {} closed, {} of other systems.", tally.open, tally.closed, tally.archived)];
    says.extend(times(tally, 1));
    let tables = tables(tally, from, to).into_iter().map(|(title, of, rows, _)| Table::exact(title, of, rows));
    Trends { from, to, is_for_others: false, all: Count::Exactly(tally.all()), says, tables: tables.collect() }
}

fn for_others(tally: &Tally, from: NaiveDate, to: NaiveDate) -> Trends {
    let mut says: Vec<String> = times(tally, TIMES_FROM).collect();
    says.push(
        "Not counted here: what may be illegal, what is about adults who work with children, and what nobody has sorted. Numbers under five are put together."
            .to_owned(),
    );
    let tables = tables(tally, from, to);
    let tables = tables.into_iter().map(|(title, of, rows, others)| Table::exact(title, of, rows).together(others));
    Trends { from, to, is_for_others: true, all: Count::alone(tally.all()), says, tables: tables.collect() }
}

/// How long it took, where that is known of so many at least.
fn times(tally: &Tally, at_least: u64) -> impl Iterator<Item = String> {
    let said = |what: &str, time: Option<(TimeDelta, u64)>| {
        let (time, of) = time.filter(|(_, of)| *of >= at_least)?;
        Some(format!("Half were {what} within {} of being told (of {of}).", lasted(time)))
    };
    [said("first acted on", tally.to_act()), said("closed", tally.to_close())].into_iter().flatten()
}

/// Title, heading, rows, and what is said of rows that are put together.
type Raw = (&'static str, &'static str, Vec<(String, u64)>, &'static str);

fn tables(tally: &Tally, from: NaiveDate, to: NaiveDate) -> Vec<Raw> {
    let of_no_kind = || (tally.of_no_kind() > 0).then(|| ("Kind not known".to_owned(), tally.of_no_kind()));
    let kinds = tally.kinds.iter().map(|(kind, number)| (kind.in_full(), *number)).chain(of_no_kind());
    let risks = tally.by(Category::risk);
    let national = tally.by(Category::national_risk);
    let of = |counts: &BTreeMap<Risk, u64>, risk: &Risk| counts.get(risk).copied().unwrap_or_default();
    let risks = Risk::ALL.iter().map(|risk| (risk.title().to_owned(), of(&risks, risk)));
    let of = |risk: &NationalRisk| national.get(risk).copied().unwrap_or_default();
    let national = NationalRisk::ALL.iter().map(|risk| (risk.title().to_owned(), of(risk)));
    let breaches = tally.breaches.iter().map(|(breach, number): (&Breach, _)| (breach.title().to_owned(), *number));
    let remedies = tally.remedies.iter().map(|(remedy, number): (&Remedy, _)| (remedy.title().to_owned(), *number));
    let tables = vec![
        ("By kind", "Kind", kinds.collect(), "All other kinds"),
        ("By kind of risk", "Risk", risks.chain(of_no_kind()).collect(), "All other risks"),
        ("By kind of risk of the national guidance", "Risk", national.chain(of_no_kind()).collect(), "All other risks"),
        ("By month in which it was first known", "Month", months(tally, from, to), "All other months"),
        ("By rule about phones, pictures and contact", "Rule that was broken", breaches.collect(), "All other rules"),
        ("By what was done about somebody", "What was done", remedies.collect(), "All else"),
    ];
    tables.into_iter().filter(|(_, _, rows, _): &Raw| !rows.is_empty()).collect()
}

/// Each month of the time from the first in which there was something, those without any too.
fn months(tally: &Tally, from: NaiveDate, to: NaiveDate) -> Vec<(String, u64)> {
    let Some(first) = tally.months.keys().next() else { return Vec::new() };
    let first = (*first).max(from.with_day(1).unwrap_or(from));
    let all = (0..).map_while(|after| first.checked_add_months(Months::new(after))).take_while(|month| *month <= to);
    let number = |month: &NaiveDate| tally.months.get(month).copied().unwrap_or_default();
    all.map(|month| (month.format("%B %Y").to_string(), number(&month))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_has_three_thirds_whatever_its_terms() {
        for (of, first, last) in [
            ("2026-01-01", "2026-01-01", "2026-04-30"),
            ("2026-08-31", "2026-05-01", "2026-08-31"),
            ("2026-12-31", "2026-09-01", "2026-12-31"),
        ] {
            assert_eq!(third(day(of)), (day(first), day(last)));
        }
        assert_eq!(For::others_before(day("2026-03-02")).days(), (day("2025-09-01"), day("2025-12-31")));
        assert_eq!(For::year_to(day("2026-02-28")).days(), (day("2025-03-01"), day("2026-02-28")));
    }
}
