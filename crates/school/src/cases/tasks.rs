//! What is to be done in cases, and by when.

use belisha_incident::{Gap, Severity};
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
        let owed = match what {
            Gap::Owed(body) => branch.case.owed().find(|owed| owed.duty.body == body),
            _ => None,
        };
        let clock = match what {
            // Nobody knows yet how bad it is: it is looked at on the day on which it is known.
            Gap::Sorting => Severity::SameDay.acknowledged_within().zip(branch.case.first_known()),
            _ => owed.map(|owed| (owed.duty.within, owed.since)),
        };
        let due = clock.and_then(|(within, since)| calendar.due(within, since).ok());
        let judged = owed.and_then(|owed| owed.duty.judged());
        Task { reference: branch.reference, what, due, judged }
    };
    branch.case.gaps().into_iter().map(task).collect()
}

impl Desk<'_> {
    /// What is to be done in the cases that they handle, the longest due first; what has no clock is last.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn tasks(&self) -> Result<Vec<Task>, CaseError> {
        let mut all: Vec<Task> = self.list()?.iter().flat_map(|branch| tasks(self.school, branch)).collect();
        all.sort_by_key(|task| (task.due.unwrap_or(DateTime::<Utc>::MAX_UTC), task.reference));
        Ok(all)
    }
}
