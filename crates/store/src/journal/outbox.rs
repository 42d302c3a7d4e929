//! What is owed: tasks that an append adds or settles, and the lease under which one process at a time tells of them.

use core::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{AppendError, JournalError};
use super::session::StoredTask;
use super::{Journal, NewTask, TaskId, check_task};

/// Something owed.
#[derive(Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name. It goes with whatever is sent, so that who gets it twice knows.
    pub id: TaskId,
    /// To which role.
    pub role: String,
    /// Since when.
    pub due: DateTime<Utc>,
    /// What it is, sealed as it was given.
    pub body: Vec<u8>,
}

/// Without the body.
impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}

impl Task {
    fn of(task: StoredTask) -> Option<Self> {
        let due = DateTime::from_timestamp_millis(task.due)?;
        Some(Self { id: task.id, role: task.role, due, body: task.body })
    }
}

/// The right to do something that only one process at a time may do, until its end or until it is given back.
#[derive(Debug)]
pub struct Lease {
    name: String,
    holder: [u8; 16],
    until: DateTime<Utc>,
}

impl Lease {
    /// When it ends, unless it is prolonged.
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }
}

impl Journal {
    /// What is owed at a moment and not settled yet, at most so many, the longest due first.
    ///
    /// Whoever tells of tasks does it under a [`lease`](Self::lease), and calls [`delivered`](Self::delivered) after
    /// each: a process that ends in between leaves the task to be told of again, under the same id. Nothing that is
    /// owed is ever told of less than once.
    pub fn owed(&self, now: DateTime<Utc>, most: usize) -> Result<Vec<Task>, JournalError> {
        let owed = self.with(|session| session.owed(now.timestamp_millis(), most as u64))?;
        let task =
            |task| Task::of(task).ok_or_else(|| JournalError::damaged(self.store().place(), "a task has no time"));
        owed.into_iter().map(task).collect()
    }

    /// Owes something that follows from what is owed already, such as the part of each of several people. It is durable
    /// when this returns; one that was owed before, settled or not, is passed over, so that whoever was interrupted does it
    /// again.
    ///
    /// # Errors
    /// The name of the role or the body is too long, or the store cannot be written.
    pub fn owe(&self, task: &NewTask) -> Result<(), AppendError> {
        check_task(task).map_err(AppendError::Invalid)?;
        self.with(|session| session.owe(task)).map_err(|error| AppendError::Failed(Arc::new(error)))
    }

    /// Settles a task, durably. False where it is not owed: somebody else told of it already, or an append settled it.
    pub fn delivered(&self, id: TaskId) -> Result<bool, JournalError> {
        self.with(|session| session.settle(id))
    }

    /// Takes a lease for this long from `now` on; `None` while somebody else has it.
    ///
    /// The clocks of all machines that share a journal should agree to much less than the time of a lease. Where they
    /// do not, two may hold it at once, and tasks are told of twice.
    pub fn lease(&self, name: &str, now: DateTime<Utc>, time: TimeDelta) -> Result<Option<Lease>, JournalError> {
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(JournalError::Random)?;
        let lease = Lease { name: name.into(), holder, until: now };
        self.prolong(lease, now, time)
    }

    /// Prolongs a lease to this long from `now` on; `None` where it had ended and somebody else took it.
    pub fn prolong(&self, lease: Lease, now: DateTime<Utc>, time: TimeDelta) -> Result<Option<Lease>, JournalError> {
        let until = now.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let (from, to) = (now.timestamp_millis(), until.timestamp_millis());
        let mine = self.with(|session| session.lease(&lease.name, lease.holder, from, to))?;
        Ok(mine.then_some(Lease { until, ..lease }))
    }

    /// Gives a lease back, so that another process need not wait for its end.
    pub fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        self.with(|session| session.release(&lease.name, lease.holder))
    }
}
