//! What happened on the web, for the coordinator and the safeguarding lead: the log counted, the calendar asked about days
//! without lines, and what the rules cover.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use belisha_policy::calendar::local;
use belisha_policy::{Action, Category, DayCounts, Permit, Scope, View, WrongPermit};
use belisha_report::web_summary::{About, Coverage, CoverageRow, Day, Gap, Material, WebSummary};
use belisha_store::{ErrorKind, Place, SchoolHours, StoreError, count_day};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc};

use crate::days;
use crate::ledger::LedgerError;
use crate::rules;
use crate::school::{School, SchoolError};
use crate::sources::{self, coverage};

/// The longest period of one summary: three years and what is left of a fourth.
pub const LONGEST: TimeDelta = TimeDelta::days(4 * 366);

/// A summary that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The first day, at the school.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// What is counted.
    pub view: View,
}

/// A summary, and what was wrong with the log.
#[derive(Debug)]
pub struct Made {
    /// The summary.
    pub summary: WebSummary,
    /// Days (in UTC) that were left out, with what is wrong with each: for those who look after the machine.
    pub left_out: Vec<(NaiveDate, StoreError)>,
}

/// Why no summary was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebSummaryError {
    /// People have been named, and nobody is signed in.
    #[error("this school has named its people: sign in, and export BELISHA_TOKEN=$(belisha-reporter login USER)")]
    NotSignedIn,
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The permit is for a stricter document.
    #[error("this report is for those who work with it: governors have one of their own")]
    Scope,
    /// The last day is before the first, or there are too many.
    #[error("ask for 1 to {} days, the last of which is not before the first", LONGEST.num_days())]
    Period,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The school.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// The access log as a whole.
    #[error(transparent)]
    Log(#[from] StoreError),
}

/// Makes the summary of a period. Once head and chair have been named it takes a permit; before, in a trial, it does not.
/// `progress` is told how many days of the log are counted, and of how many; from any thread.
///
/// Uses all cores: a closed day of 50,000 lines takes about 20 ms of one of them, and the memory of one day each.
///
/// # Errors
/// It is not permitted, the period is none, or the log as a whole cannot be read. A day that is damaged is no error: it
/// is left out, and the summary says so.
pub fn web_summary(
    school: &School,
    permit: Option<&Permit>,
    ask: &Ask,
    now: DateTime<Utc>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Made, WebSummaryError> {
    may_read(school, permit)?;
    let span = ask.to.signed_duration_since(ask.from);
    if span < TimeDelta::zero() || span >= LONGEST {
        return Err(WebSummaryError::Period);
    }
    let log = school.log_days()?;
    let files = of_period(&log, ask);
    let Counted { mut days, left_out } = count(&school.log_place(), &files, ask.view, progress)?;
    let damaged: BTreeSet<NaiveDate> = left_out.iter().map(|(day, _)| *day).collect();
    let removed = days::removed(school.ledger())?;
    let calendar = school.settings().policy.calendar();
    let day = |date: NaiveDate| {
        let (kind, counts) = (calendar.day(date).kind(), days.remove(&date).filter(|it| *it != DayCounts::default()));
        let gap = match counts {
            _ if damaged.contains(&date) => Some(Gap::Damaged),
            Some(_) => None,
            None if removed.contains(&date) => Some(Gap::Removed),
            None if log.first().is_none_or(|first| date < *first) => Some(Gap::BeforeLog),
            None => Some(Gap::NoLines),
        };
        Day { date, kind: kind.to_string(), has_school: kind.has_school(), counts, gap }
    };
    let until = ask.to;
    let all = ask.from.iter_days().take_while(|date| *date <= until).map(day).collect();
    let (coverage, notices) = what_the_rules_know(school, now);
    let made = local(now).date_naive();
    let about = About { school: school.settings().school.clone(), from: ask.from, to: ask.to, made, view: ask.view };
    Ok(Made { summary: WebSummary::of(Material { about, days: all, coverage, notices }), left_out })
}

fn may_read(school: &School, permit: Option<&Permit>) -> Result<(), WebSummaryError> {
    match permit {
        Some(permit) => {
            permit.allows(Action::ReadReport)?;
            if permit.scope() == Scope::Full { Ok(()) } else { Err(WebSummaryError::Scope) }
        }
        None if school.names_have_holders()? => Err(WebSummaryError::NotSignedIn),
        None => Ok(()),
    }
}

/// Days (in UTC) of the log, each with when its hours are at the school.
fn of_period(log: &[NaiveDate], ask: &Ask) -> Vec<(NaiveDate, SchoolHours)> {
    let with_hours = |date: &NaiveDate| {
        let mut start = date.and_time(NaiveTime::MIN).and_utc();
        let hours = [(); 24].map(|()| {
            let there = local(start);
            start += TimeDelta::hours(1);
            let date = there.date_naive();
            let hour = u8::try_from(there.hour()).ok()?;
            (ask.from..=ask.to).contains(&date).then_some((date, hour))
        });
        (*date, hours)
    };
    let days = log.iter().map(with_hours);
    days.filter(|(_, hours)| hours.iter().any(Option::is_some)).collect()
}

/// What was counted, by days of the school.
#[derive(Default)]
struct Counted {
    days: BTreeMap<NaiveDate, DayCounts>,
    left_out: Vec<(NaiveDate, StoreError)>,
}

/// Counts days of the log on all cores.
fn count(
    place: &Place,
    files: &[(NaiveDate, SchoolHours)],
    view: View,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Counted, StoreError> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
    let (next, done, counted) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((date, hours)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let of_day = count_day(place, *date, hours, view);
                    if let Ok(mut counted) = counted.lock() {
                        counted.push((*date, of_day));
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
                }
            });
        }
    });
    let mut all = Counted::default();
    for (date, of_day) in counted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        match of_day {
            Ok(parts) => {
                for (day, counts) in parts {
                    all.days.entry(day).or_default().merge(counts);
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Damaged | ErrorKind::Foreign | ErrorKind::Newer => all.left_out.push((date, error)),
                // Removed since we looked.
                ErrorKind::Missing => {}
                _ => return Err(error),
            },
        }
    }
    all.left_out.sort_by_key(|(date, _)| *date);
    Ok(all)
}

/// What the rules cover today, and what a reader must be told of them.
fn what_the_rules_know(school: &School, now: DateTime<Utc>) -> (Coverage, Vec<String>) {
    let loaded = rules::load(school.folder());
    let mut notices = Vec::from_iter(sources::unlawful_notice(loaded.as_ref().ok().map(|loaded| &loaded.rules), now));
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            notices.push(format!("There are no rules that can be used, and everything is blocked: {error}."));
            return (Coverage::default(), notices);
        }
    };
    if loaded.origin == rules::Origin::Starter {
        notices.push("No list has been imported yet: the filter knows the few sites that come with it.".into());
    }
    let covered = coverage(&loaded.rules);
    let unmapped = covered.unmapped.iter().map(|(source, list, _)| format!("{source}/{list}")).collect();
    let rows = covered.categories.into_iter().map(|row| coverage_row(row, now)).collect();
    (Coverage { categories: rows, unmapped }, notices)
}

fn coverage_row(row: sources::CoverageRow, now: DateTime<Utc>) -> CoverageRow {
    let title = row.category.parse().map_or(row.category, Category::title);
    let age = |date: i64| DateTime::from_timestamp(date, 0).map(|date| now.signed_duration_since(date).num_days());
    CoverageRow {
        category: row.category,
        title,
        entries: row.entries,
        sources: row.sources,
        age_days: row.oldest.and_then(age).map(|days| u64::try_from(days).unwrap_or_default()),
    }
}
