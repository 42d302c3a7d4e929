//! The thread that writes, and what it does when it cannot.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use belisha_policy::AccessRecord;

use super::day::Day;
use super::{AccessLog, LogStatus, PeopleSeal, Place};
use crate::StoreError;

/// How long after a failure the next try comes.
const RETRY: Duration = Duration::from_secs(1);
/// How often the thread looks for files to close while nothing comes.
const TIDY: Duration = Duration::from_mins(1);

/// How much a [`Writer`] gathers, and how much it keeps in times of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records that make a batch; it is written when so many are waiting. At least 1 is taken.
    pub batch: usize,
    /// How long the first record of a batch waits at most.
    pub every: Duration,
    /// Records that are kept in memory while none can be written, about 1 KB each. At least a batch is taken.
    pub spool: usize,
}

/// A batch of 2,000 records or of one second, and a spool of 100,000 (some ten minutes of a busy school).
impl Default for Limits {
    fn default() -> Self {
        Self { batch: 2_000, every: Duration::from_secs(1), spool: 100_000 }
    }
}

/// A thread that writes the records of a channel to an [`AccessLog`], in the order in which they come.
///
/// When writing fails it never ends: it keeps the records, oldest first, up to the limit; drops and counts those that
/// come after; tries again each second with files opened anew; and writes what it kept, in order and once, as soon
/// as it can. All of it shows in the [`LogStatus`]. The program's own log has one error when trouble begins, and one
/// line when it is over.
///
/// It ends when the last sender of the channel is gone: what is waiting is written, with one try where writing fails,
/// and what cannot be written is counted as lost. Dropping the `Writer` leaves the thread to run until then.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread for a log. A folder is made where there is none.
    ///
    /// # Errors
    /// The folder cannot be made, or no thread is to be had. A file that cannot be written to is none, nor is a server
    /// that is away: the filter must start all the same. It shows in the status at once if it is today's, and else
    /// when a record comes for it.
    pub fn spawn(
        place: impl Into<Place>,
        seal: impl PeopleSeal + 'static,
        incoming: Receiver<AccessRecord>,
        limits: Limits,
        status: Arc<LogStatus>,
    ) -> Result<Self, StoreError> {
        let log = AccessLog::at(&place.into(), Box::new(seal))?;
        let batch = limits.batch.max(1);
        let limits = Limits { batch, spool: limits.spool.max(batch), ..limits };
        let desk = Desk { log, incoming, limits, status, waiting: VecDeque::new(), due: None, trouble: None };
        let thread = Builder::new().name("access-log".into()).spawn(move || desk.run());
        thread.map(|thread| Self { thread }).map_err(|source| StoreError::Thread { source })
    }

    /// Waits for the thread to end. It does so when every sender of the channel is gone.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the thread of the access log ended by a fault of its own");
        }
    }
}

struct Desk {
    log: AccessLog,
    incoming: Receiver<AccessRecord>,
    limits: Limits,
    status: Arc<LogStatus>,
    /// What is to be written, oldest first: a batch that gathers or, in trouble, the spool.
    waiting: VecDeque<AccessRecord>,
    /// When to write next, full batches aside.
    due: Option<Instant>,
    trouble: Option<Trouble>,
}

/// While writing fails.
struct Trouble {
    since: Instant,
    lost: usize,
}

impl Desk {
    fn run(mut self) {
        if let Err(error) = self.log.check_today() {
            self.fail(&error);
        }
        while self.receive() {
            let full = self.trouble.is_none() && self.waiting.len() >= self.limits.batch;
            if full || self.due.is_some_and(|due| due <= Instant::now()) {
                self.write();
            }
        }
        self.finish();
    }

    /// Waits for records until something is to be done; false when no more can come.
    fn receive(&mut self) -> bool {
        let wait = self.due.map_or(TIDY, |due| due.saturating_duration_since(Instant::now()));
        match self.incoming.recv_timeout(wait) {
            Ok(record) => self.keep(record),
            Err(RecvTimeoutError::Timeout) => {
                self.log.close_idle();
                return true;
            }
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        for _ in 1..self.limits.batch {
            let Ok(record) = self.incoming.try_recv() else { break };
            self.keep(record);
        }
        true
    }

    fn keep(&mut self, record: AccessRecord) {
        // The limit is for times of trouble: otherwise all of it is about to be written.
        if self.trouble.is_none() || self.waiting.len() < self.limits.spool {
            self.due = self.due.or_else(|| Instant::now().checked_add(self.limits.every));
            self.waiting.push_back(record);
        } else if let Some(trouble) = &mut self.trouble {
            trouble.lost += 1;
            self.status.add_lost(1);
        }
        if self.trouble.is_some() {
            self.status.set_spooled(self.waiting.len());
            self.status.set_full(self.waiting.len() >= self.limits.spool);
        }
    }

    /// Writes all that is waiting, a transaction for each batch. Each holds records of one day alone: of one day all
    /// are written or none, so that what is left after a failure is known.
    fn write(&mut self) {
        if self.waiting.is_empty()
            && let Err(error) = self.log.check_today()
        {
            return self.fail(&error);
        }
        while let Some(first) = self.waiting.front() {
            let day = Day::of(first.at);
            let run: Vec<_> =
                self.waiting.iter().take(self.limits.batch).take_while(|record| Day::of(record.at) == day).collect();
            let written = run.len();
            if let Err(error) = self.log.append_to(day, &run) {
                return self.fail(&error);
            }
            self.waiting.drain(..written);
            self.status.add_written(written);
        }
        self.due = None;
        self.log.close_idle();
        self.recover();
    }

    fn fail(&mut self, error: &StoreError) {
        let kind = error.kind();
        self.due = Instant::now().checked_add(RETRY);
        self.status.set_failing(Some(kind));
        self.status.set_spooled(self.waiting.len());
        self.status.set_full(self.waiting.len() >= self.limits.spool);
        if self.trouble.is_none() {
            self.trouble = Some(Trouble { since: Instant::now(), lost: 0 });
            // The message of the error names the file, and nothing of what is in it.
            tracing::error!(%kind, room = self.limits.spool, "access log: {error}. Records are kept in memory meanwhile");
        }
    }

    fn recover(&mut self) {
        let Some(Trouble { since, lost }) = self.trouble.take() else { return };
        self.status.set_failing(None);
        self.status.set_full(false);
        self.status.set_spooled(0);
        let seconds = since.elapsed().as_secs();
        tracing::info!(seconds, lost, "access log: records are written again, and those that were kept are written");
    }

    fn finish(&mut self) {
        if !self.waiting.is_empty() {
            self.write();
        }
        let lost = self.waiting.len();
        if lost > 0 {
            self.status.add_lost(lost);
            self.status.set_spooled(0);
            tracing::error!(lost, "access log: ended with records that could not be written");
        }
    }
}
