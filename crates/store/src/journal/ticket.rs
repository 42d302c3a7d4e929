//! A place in the queue: the answer comes when the batch is durable.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::Appended;
use super::error::AppendError;

type Answer = Result<Appended, AppendError>;

/// The answer to an append that is on its way: to be waited for by a thread, or awaited by a task of any executor.
/// Letting go of it does not call the append back.
#[derive(Debug)]
#[must_use = "whether it was appended shows only here"]
pub struct Ticket {
    slot: Arc<Mutex<Slot>>,
}

#[derive(Debug)]
struct Slot {
    answer: Option<Answer>,
    told: bool,
    waiter: Waiter,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Waiter {
    Nobody,
    Thread(Thread),
    Task(Waker),
}

impl Waiter {
    pub(super) fn wake(self) {
        match self {
            Self::Nobody => {}
            Self::Thread(thread) => thread.unpark(),
            Self::Task(waker) => waker.wake(),
        }
    }
}

/// The other end of a ticket. Dropped without a word it says that the journal was closed.
#[derive(Debug)]
pub(super) struct Reply {
    slot: Arc<Mutex<Slot>>,
}

pub(super) fn ticket() -> (Reply, Ticket) {
    let slot = Arc::new(Mutex::new(Slot { answer: None, told: false, waiter: Waiter::Nobody }));
    (Reply { slot: Arc::clone(&slot) }, Ticket { slot })
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ticket {
    /// Waits for the answer.
    pub fn wait(self) -> Result<Appended, AppendError> {
        loop {
            let mut slot = lock(&self.slot);
            if let Some(answer) = slot.answer.take() {
                return answer;
            }
            slot.waiter = Waiter::Thread(thread::current());
            drop(slot);
            thread::park();
        }
    }

    /// A ticket that was refused at the counter.
    pub(super) fn refused(error: AppendError) -> Self {
        let (reply, ticket) = ticket();
        reply.give(Err(error)).wake();
        ticket
    }
}

impl Future for Ticket {
    type Output = Result<Appended, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = lock(&self.slot);
        if let Some(answer) = slot.answer.take() {
            return Poll::Ready(answer);
        }
        slot.waiter = Waiter::Task(context.waker().clone());
        Poll::Pending
    }
}

impl Reply {
    /// Gives the answer, and back whoever is to be woken. Those of a batch are woken when all have their answers: one
    /// who waits for several would else be woken for each.
    #[must_use]
    pub(super) fn give(&self, answer: Answer) -> Waiter {
        let mut slot = lock(&self.slot);
        if std::mem::replace(&mut slot.told, true) {
            return Waiter::Nobody;
        }
        slot.answer = Some(answer);
        std::mem::replace(&mut slot.waiter, Waiter::Nobody)
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.give(Err(AppendError::Closed)).wake();
    }
}
