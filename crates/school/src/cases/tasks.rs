//! What is to be done in cases, and by when.

use belisha_incident::{Case, Gap, Owed, Severity};
use belisha_policy::calendar::{Calendar, NotInCalendar, Within};
use chrono::{DateTime, Utc};

use super::acting::CaseError;
use super::desk::Desk;
use super::reference::Reference;
use super::register::Branch;
use crate::school::School;

/// Something that is to be done in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// In which.
    pub reference: Reference,
    /// What.
    pub what: Gap,
    /// By when; nothing where it is to be done before the case can be closed, and no clock runs.
    pub due: Option<DateTime<Utc>>,
    /// Whether it would be to be done but for the judgement of whoever leads safeguarding: what is judged.
    pub judged: Option<&'static str>,
}

impl Task {
    /// Whether its time is over.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

/// What is to be done in a case, in the order in which it is done.
pub fn tasks(school: &School, branch: &Branch) -> Vec<Task> {
    let calendar = school.settings().policy.calendar();
    let task = |what: Gap| {
        let judged = owed(&branch.case, what).and_then(|owed| owed.duty.judged());
        Task { reference: branch.reference, what, due: due(calendar, &branch.case, what), judged }
    };
    branch.case.gaps().into_iter().map(task).collect()
}

/// When the first of the clocks of a case runs out; nothing where none runs.
pub(super) fn first_due(calendar: &Calendar, case: &Case) -> Option<DateTime<Utc>> {
    case.gaps().into_iter().filter_map(|gap| due(calendar, case, gap)).min()
}

/// By when something is to be done.
fn due(calendar: &Calendar, case: &Case, what: Gap) -> Option<DateTime<Utc>> {
    let (within, since) = match what {
        // Nobody knows yet how bad it is: it is looked at on the day on which it is known.
        Gap::Sorting => Severity::SameDay.acknowledged_within().zip(case.first_known())?,
        _ => owed(case, what).map(|owed| (owed.duty.within, owed.since))?,
    };
    let by_working_days = |error| match within {
        // Nobody has said when term is: better a little early than never.
        Within::SchoolDays(days) | Within::StaffDays(days) => calendar.due(Within::WorkingDays(days), since),
        _ => Err::<_, NotInCalendar>(error),
    };
    calendar.due(within, since).or_else(by_working_days).ok()
}

/// What is owed to somebody, where that is to be done.
fn owed(case: &Case, what: Gap) -> Option<&Owed> {
    let Gap::Owed(body) = what else { return None };
    case.owed().find(|owed| owed.duty.body == body)
}

impl Desk<'_> {
    /// What is to be done in the cases that they handle, the longest due first; what has no clock is last.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn tasks(&self) -> Result<Vec<Task>, CaseError> {
        let mut all: Vec<Task> = self.list_open()?.iter().flat_map(|branch| tasks(self.school, branch)).collect();
        // What is due at one time stays in the order in which it was known.
        all.sort_by_key(|task| task.due.unwrap_or(DateTime::<Utc>::MAX_UTC));
        Ok(all)
    }
}
