//! How long to wait for somebody who is slow.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Waiting that ends: so much time in all for so many bytes.
///
/// Only the time that is spent waiting for the other side counts, so that an origin that is slow to take a body is not
/// held against the client that sends it. One byte now and then does not win more time: the allowance starts anew when
/// `worth` bytes have moved.
pub(crate) struct Patience {
    limit: Duration,
    worth: usize,
    spent: Duration,
    since: Option<Instant>,
    moved: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(crate) fn new(limit: Duration, worth: usize) -> Self {
        Self { limit, worth, spent: Duration::ZERO, since: None, moved: 0, timer: None }
    }

    /// The other side has nothing for us: ready when it has had its time.
    pub(crate) fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            let end = now + self.limit.saturating_sub(self.spent);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(end),
                None => self.timer = Some(Box::pin(sleep_until(end))),
            }
        }
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(context))
    }

    /// So many bytes have moved.
    pub(crate) fn moved(&mut self, bytes: usize) {
        self.moved = self.moved.saturating_add(bytes);
        let waited = self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if self.moved >= self.worth {
            self.moved = 0;
            self.spent = Duration::ZERO;
        } else {
            self.spent += waited;
        }
    }
}
