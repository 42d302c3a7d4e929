//! Learning of what was appended, by whomever.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::session::{Session, Store};

/// How often other processes' doings are looked for.
const EVERY: Duration = Duration::from_millis(250);

/// How many changes there were since the journal was opened, and whether it is being closed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    closed: bool,
}

impl Changes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self) {
        self.state().count += 1;
        self.bell.notify_all();
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.bell.notify_all();
    }

    /// Waits until there are more changes than these, the journal is closed, or the time is over; gives how many
    /// there are.
    fn beyond(&self, seen: u64, within: Duration) -> u64 {
        let deadline = Instant::now().checked_add(within);
        let mut state = self.state();
        while state.count <= seen && !state.closed {
            let left = deadline.map_or(within, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            state = self.bell.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.count
    }

    /// Waits this long; false where the journal is closed before.
    fn pause(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut state = self.state();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                return !state.closed;
            }
            state = self.bell.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Tells when something was appended: by this process at once, by another within a second.
#[derive(Debug)]
pub struct Watch {
    changes: Arc<Changes>,
    seen: u64,
}

impl Watch {
    pub(super) fn new(changes: Arc<Changes>) -> Self {
        let seen = changes.state().count;
        Self { changes, seen }
    }

    /// Waits until something was appended since the last call, or the time is over; true where something may have
    /// been. Every change is followed by a true, several changes perhaps by one.
    pub fn changed(&mut self, within: Duration) -> bool {
        let count = self.changes.beyond(self.seen, within);
        std::mem::replace(&mut self.seen, count) != count
    }
}

/// Looks for what other processes append, until the journal is closed.
pub(super) fn look_out(store: &dyn Store, changes: &Changes, mut position: u64) {
    let mut session: Option<Box<dyn Session>> = None;
    let mut trouble = false;
    while changes.pause(EVERY) {
        let head = match &mut session {
            Some(session) => session.head(),
            None => store.session().and_then(|mut new| {
                let head = new.head();
                session = Some(new);
                head
            }),
        };
        match head {
            Ok(head) => {
                if head.position != position {
                    position = head.position;
                    changes.tell();
                }
                trouble = false;
            }
            Err(error) => {
                session = None;
                if !std::mem::replace(&mut trouble, true) {
                    tracing::warn!(%error, "it cannot be seen whether other programs append to the journal");
                }
            }
        }
    }
}
