//! The way of access records out of the gateway: a channel that never makes a request wait.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belisha_policy::{AccessRecord, Actor, Outcome, Phase, Ruling};
use chrono::{DateTime, Utc};

use crate::trouble::Trouble;

/// What the log says of requests of somebody who was warned.
const WENT_ON: &str = "went on after a warning";

/// At most one complaint about lost records in this time.
const COMPLAIN_EVERY: Duration = Duration::from_secs(1);

/// The sending end of the channel; clones send into the same one.
#[derive(Clone)]
pub struct Records {
    sender: SyncSender<AccessRecord>,
    lost: Arc<AtomicU64>,
    /// Whether the last record was lost.
    losing: Arc<AtomicBool>,
    /// Whether what takes the records has no room for more.
    gauge: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    complained: Arc<Mutex<Option<Instant>>>,
}

/// A channel that holds `capacity` records which nobody has taken yet.
pub fn channel(capacity: usize) -> (Records, Receiver<AccessRecord>) {
    let (sender, receiver) = sync_channel(capacity);
    let lost = Arc::default();
    (Records { sender, lost, losing: Arc::default(), gauge: None, complained: Arc::default() }, receiver)
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("lost", &self.lost()).field("full", &self.is_full()).finish_non_exhaustive()
    }
}

impl Records {
    /// Sends a record, and never waits: where the channel is full or nobody listens, the record is counted as lost and
    /// the log says so, at most once a second.
    pub fn push(&self, record: AccessRecord) {
        let taken = self.sender.try_send(record).is_ok();
        self.losing.store(!taken, Ordering::Relaxed);
        if taken {
            return;
        }
        let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|when| when.elapsed() >= COMPLAIN_EVERY) {
            *complained = Some(Instant::now());
            tracing::error!(lost, "access records are being lost: the log does not keep up");
        }
    }

    /// The same channel, with somebody to ask whether what takes the records drops them for want of room. Asked at
    /// every request where the school refuses pupils whose requests cannot be logged: it should only look at a number.
    #[must_use]
    pub fn full_when(self, gauge: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { gauge: Some(Arc::new(gauge)), ..self }
    }

    /// Whether a record that is sent now would be lost, as far as is known: the last one was, or whoever takes them
    /// says so.
    pub fn is_full(&self) -> bool {
        self.losing.load(Ordering::Relaxed) || self.gauge.as_ref().is_some_and(|is_full| is_full())
    }

    /// How many records were lost since the channel was made.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The record of a request that is being answered. It is sent once, whatever happens: where the client leaves before
/// there is an answer, the record is sent as it stands.
pub(crate) struct Draft {
    record: Option<AccessRecord>,
    records: Records,
    started: Instant,
}

/// The record of an answer or a tunnel that goes on. When it is dropped, the record's end is sent.
pub(crate) struct Going {
    record: Option<AccessRecord>,
    records: Records,
    started: Instant,
    /// Bytes towards the person, so far.
    pub(crate) bytes: Arc<AtomicU64>,
}

impl Draft {
    pub(crate) fn new(records: &Records, actor: &Actor, address: IpAddr) -> Self {
        let record = AccessRecord::new(Utc::now(), actor, address.to_canonical());
        Self { record: Some(record), records: records.clone(), started: Instant::now() }
    }

    /// When the request came.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        // The record is there until it is sent, which takes the draft.
        self.record.as_ref().map_or_else(Utc::now, |record| record.at)
    }

    /// Fills in what was asked for.
    pub(crate) fn describe(&mut self, fill: impl FnOnce(&mut AccessRecord)) {
        if let Some(record) = &mut self.record {
            fill(record);
        }
    }

    /// Fills in who it turned out to be.
    pub(crate) fn is_by(&mut self, actor: &Actor) {
        self.describe(|record| {
            record.group = actor.group().cloned();
            record.person = actor.person().cloned();
            record.attribution = actor.attribution();
        });
    }

    /// Fills in what was decided.
    pub(crate) fn ruled(&mut self, ruling: &Ruling, ruleset: u64) {
        self.record = self.record.take().map(|record| record.ruled(ruling, ruleset));
    }

    /// Fills in that whoever was warned went on.
    pub(crate) fn went_on(&mut self) {
        self.describe(|record| {
            record.observed = Outcome::Allowed;
            record.note = WENT_ON.into();
        });
    }

    /// Sends the record: answered as ruled, all of it.
    pub(crate) fn answered(mut self, status: u16, bytes: u64) {
        self.send(Phase::Whole, |record| {
            record.status = status;
            record.bytes = bytes;
        });
    }

    /// Sends the record: something went wrong, and a page of ours of so many bytes says so.
    pub(crate) fn troubled(mut self, trouble: Trouble, bytes: u64) {
        let about = trouble.about();
        self.send(Phase::Whole, |record| {
            record.status = about.status.as_u16();
            record.observed = about.outcome;
            record.note = about.note.into();
            record.bytes = bytes;
        });
    }

    /// Sends the record of a tunnel that was refused after it had been announced as open.
    pub(crate) fn broken_off(mut self, note: &str) {
        self.send(Phase::Whole, |record| {
            record.status = 200;
            record.observed = Outcome::Refused;
            record.note = note.into();
        });
    }

    /// Sends the record: the answer or the tunnel begins, and its end is not known.
    pub(crate) fn opened(mut self, status: u16) -> Going {
        self.describe(|record| record.status = status);
        let record = self.record.clone();
        self.send(Phase::Opened, |_| {});
        Going { record, records: self.records.clone(), started: self.started, bytes: Arc::default() }
    }

    fn send(&mut self, phase: Phase, fill: impl FnOnce(&mut AccessRecord)) {
        if let Some(mut record) = self.record.take() {
            fill(&mut record);
            record.phase = phase;
            record.duration_ms = milliseconds(self.started);
            self.records.push(record);
        }
    }
}

impl Going {
    /// Fills in why it ends.
    pub(crate) fn ends_because(&mut self, note: &str) {
        if let Some(record) = &mut self.record {
            record.note = note.into();
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.send(Phase::Whole, |record| record.note = "the client left before the answer".into());
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            record.phase = Phase::Closed;
            record.bytes = self.bytes.load(Ordering::Relaxed);
            record.duration_ms = milliseconds(self.started);
            self.records.push(record);
        }
    }
}

fn milliseconds(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}
