//! Where appends are taken in and carried out, many in one transaction.
//!
//! There is one thread that serves a queue. A caller who finds the queue empty and nobody at work serves itself, in
//! its own thread: waking another one and being woken by it would cost as much as a tenth of the write to the disk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::SchoolId;

use super::Appended;
use super::error::{AppendError, JournalError};
use super::plan::{Found, Known, Plan, Request, Tail, plan};
use super::read::check_head;
use super::session::{Session, Store};
use super::ticket::{Reply, Ticket, Waiter, ticket};
use super::watch::Changes;

/// The most in one transaction.
const REQUESTS: usize = 1_024;
const BYTES: usize = 8 << 20;
/// The most that waits; whoever comes then waits outside.
const QUEUE: usize = 16 * REQUESTS;
/// How long a batch waits at most for those who came together before: a quarter of what the last one took, and never
/// more than this.
const GATHER: Duration = Duration::from_millis(1);
/// How often what can wait is done.
const TIDY: Duration = Duration::from_millis(500);
/// How long the outcome of a commit is looked for when the server is gone.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Desk {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// Somebody came.
    bell: Condvar,
    /// Somebody was served.
    room: Condvar,
    /// How many are in the queue.
    waiting: AtomicUsize,
    clerk: Mutex<Clerk>,
}

#[derive(Default)]
struct Queue {
    requests: Vec<(Request, Reply)>,
    asleep: bool,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(super) fn open(
        school: SchoolId,
        store: Arc<dyn Store>,
        session: Box<dyn Session>,
        changes: Arc<Changes>,
    ) -> Result<Self, JournalError> {
        let clerk = Clerk {
            school,
            store,
            session: Some(session),
            known: Known::default(),
            changes,
            crowd: 0,
            took: Duration::ZERO,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            bell: Condvar::new(),
            room: Condvar::new(),
            waiting: AtomicUsize::new(0),
            clerk: Mutex::new(clerk),
        });
        let desk = Arc::clone(&shared);
        let thread = Builder::new().name("journal".into()).spawn(move || desk.serve()).map_err(JournalError::Thread)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn append(&self, request: Request) -> Result<Appended, AppendError> {
        let Some(mut clerk) = self.shared.free_clerk() else { return self.submit(request).wait() };
        let (reply, ticket) = ticket();
        clerk.serve(vec![(request, reply)]);
        drop(clerk);
        ticket.wait()
    }

    pub(super) fn submit(&self, request: Request) -> Ticket {
        let (reply, ticket) = ticket();
        let mut queue = lock(&self.shared.queue);
        while queue.requests.len() >= QUEUE {
            queue = self.shared.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.requests.push((request, reply));
        self.shared.waiting.store(queue.requests.len(), Ordering::Relaxed);
        let ring = std::mem::replace(&mut queue.asleep, false);
        drop(queue);
        if ring {
            self.shared.bell.notify_one();
        }
        ticket
    }
}

impl Drop for Desk {
    /// What is in the queue is still served.
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.bell.notify_one();
        // The last handle may be dropped by a task that the thread itself woke.
        let thread = self.thread.take().filter(|it| it.thread().id() != thread::current().id());
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the journal ended by a fault of its own");
        }
    }
}

impl Shared {
    /// Whoever serves, where there is nothing to wait for: nobody is in the queue, and the last to come came alone.
    fn free_clerk(&self) -> Option<MutexGuard<'_, Clerk>> {
        let queue = lock(&self.queue);
        if !queue.requests.is_empty() {
            return None;
        }
        let clerk = match self.clerk.try_lock() {
            Ok(clerk) => clerk,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        (clerk.crowd <= 1).then_some(clerk)
    }

    fn serve(&self) {
        while self.wait() {
            let mut clerk = lock(&self.clerk);
            self.gather(clerk.crowd, clerk.took);
            let batch = self.take();
            if !batch.is_empty() {
                let (start, count) = (Instant::now(), batch.len());
                clerk.serve(batch);
                clerk.took = start.elapsed();
                clerk.crowd = count + self.waiting.load(Ordering::Relaxed);
            }
        }
    }

    /// Until somebody is in the queue; false where nobody is and nobody will be.
    fn wait(&self) -> bool {
        let mut queue = lock(&self.queue);
        while queue.requests.is_empty() && !queue.closed {
            queue.asleep = true;
            let (again, waited) = self.bell.wait_timeout(queue, TIDY).unwrap_or_else(PoisonError::into_inner);
            queue = again;
            queue.asleep = false;
            if waited.timed_out() && queue.requests.is_empty() {
                drop(queue);
                lock(&self.clerk).tidy();
                queue = lock(&self.queue);
            }
        }
        !queue.requests.is_empty()
    }

    /// Those who were served together come back together: waiting a moment for them saves a write to the disk.
    fn gather(&self, crowd: usize, took: Duration) {
        let (start, most) = (Instant::now(), GATHER.min(took / 4));
        while crowd > 1 && self.waiting.load(Ordering::Relaxed) < crowd && start.elapsed() < most {
            thread::yield_now();
        }
    }

    fn take(&self) -> Vec<(Request, Reply)> {
        let mut queue = lock(&self.queue);
        let mut bytes = 0;
        let mut fits = |(request, _): &&(Request, Reply)| {
            bytes += request.bytes();
            bytes <= BYTES
        };
        let count = queue.requests.iter().take(REQUESTS).take_while(&mut fits).count().max(1);
        let count = count.min(queue.requests.len());
        let rest = queue.requests.split_off(count);
        let batch = std::mem::replace(&mut queue.requests, rest);
        self.waiting.store(queue.requests.len(), Ordering::Relaxed);
        drop(queue);
        self.room.notify_all();
        batch
    }
}

/// Who carries out a batch, with the session and what is known from the batch before.
struct Clerk {
    school: SchoolId,
    store: Arc<dyn Store>,
    session: Option<Box<dyn Session>>,
    known: Known,
    changes: Arc<Changes>,
    /// How many were in the last batch or came while it was served, and how long that took.
    crowd: usize,
    took: Duration,
}

impl Clerk {
    fn serve(&mut self, batch: Vec<(Request, Reply)>) {
        let (requests, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let waiters: Vec<Waiter> = match self.carry_out(requests) {
            Ok(answers) => replies.iter().zip(answers).map(|(reply, answer)| reply.give(answer)).collect(),
            Err(error) => replies.iter().map(|reply| reply.give(Err(error.clone()))).collect(),
        };
        waiters.into_iter().for_each(Waiter::wake);
        self.changes.tell();
    }

    fn tidy(&mut self) {
        self.crowd = 0;
        if let Some(session) = &mut self.session {
            session.tidy();
        }
    }

    fn carry_out(&mut self, requests: Vec<Request>) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        let (mut session, planned) = self.plan(requests).map_err(failed)?;
        if planned.rows.is_empty() {
            session.roll_back();
            self.session = Some(session);
            return Ok(planned.replies);
        }
        if let Err(error) = session.write(&planned) {
            self.known.forget();
            session.roll_back();
            return Err(failed(error));
        }
        match session.commit() {
            Ok(()) => self.session = Some(session),
            Err(error) => {
                self.known.forget();
                drop(session);
                self.find_out(&planned, error)?;
            }
        }
        Ok(planned.replies)
    }

    /// Begins a transaction and plans for it. Where a connection turns out to be gone, a new one is tried: nothing was
    /// begun on the old one.
    fn plan(&mut self, requests: Vec<Request>) -> Result<(Box<dyn Session>, Plan), JournalError> {
        let kept = self.session.is_some();
        let (session, tail) = match self.prepare(&requests) {
            Err(error) if kept && error.is_disconnected() => self.prepare(&requests)?,
            other => other?,
        };
        Ok((session, plan(self.school, &mut self.known, tail, requests)))
    }

    fn prepare(&mut self, requests: &[Request]) -> Result<(Box<dyn Session>, Tail), JournalError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.store.session()?,
        };
        let tail = session.begin()?;
        match self.learn(&mut *session, tail, requests) {
            Ok(()) => Ok((session, tail)),
            Err(error) => {
                self.known.forget();
                session.roll_back();
                Err(error)
            }
        }
    }

    fn learn(&mut self, session: &mut dyn Session, tail: Tail, requests: &[Request]) -> Result<(), JournalError> {
        if self.known.is_stale(tail) {
            check_head(session, self.school, self.store.place(), tail.head)?;
        }
        let wanted = self.known.prepare(tail, requests.iter());
        let found = if wanted.is_empty() { Found::default() } else { session.look_up(&wanted)? };
        self.known.learn(&wanted, found);
        Ok(())
    }

    /// A commit failed: did it take effect all the same? The journal itself tells, once nobody is writing to it.
    fn find_out(&mut self, planned: &Plan, error: JournalError) -> Result<(), AppendError> {
        let start = Instant::now();
        loop {
            match self.is_there(planned) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(failed(error)),
                Err(again) if again.is_disconnected() && start.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(_) => return Err(AppendError::Unknown(Arc::new(error))),
            }
        }
    }

    fn is_there(&mut self, planned: &Plan) -> Result<bool, JournalError> {
        let mut session = self.store.session()?;
        // To have begun means that whoever was writing has ended, the cut-off transaction among them.
        session.begin()?;
        let found = session.hash_at(planned.head.position)?;
        session.roll_back();
        let there = found == Some(planned.head.hash);
        if there {
            session.harden()?;
        }
        self.session = Some(session);
        Ok(there)
    }
}

fn failed(error: JournalError) -> AppendError {
    AppendError::Failed(Arc::new(error))
}
