//! How the log is doing.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::ErrorKind;

/// How a [`Writer`](crate::Writer) is doing, for health checks and metrics. Shared by an `Arc`; reading it takes no
/// lock. The numbers are those since it was made, each right by itself, not all of one instant.
#[derive(Debug, Default)]
pub struct LogStatus {
    written: AtomicU64,
    spooled: AtomicU64,
    lost: AtomicU64,
    failing: AtomicBool,
    full: AtomicBool,
    /// The number of an [`ErrorKind`]; 0 for none.
    last_error: AtomicU8,
}

impl LogStatus {
    /// Records that were committed.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Records that are kept in memory now because they could not be written; 0 when all is well.
    pub fn spooled(&self) -> u64 {
        self.spooled.load(Ordering::Relaxed)
    }

    /// Records that were dropped because the spool was full, or because the writer ended while it could not write.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether the last try to write failed.
    pub fn failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Whether records are dropped now: writing fails, and the spool is full. A school may refuse pupils until it is
    /// over, rather than have them unlogged.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// What the last failure was; it stays when the trouble is over. `None` where nothing ever failed.
    pub fn last_error(&self) -> Option<ErrorKind> {
        let number = self.last_error.load(Ordering::Relaxed);
        ErrorKind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    pub(super) fn add_written(&self, records: usize) {
        self.written.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(super) fn add_lost(&self, records: usize) {
        self.lost.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(super) fn set_spooled(&self, records: usize) {
        self.spooled.store(records as u64, Ordering::Relaxed);
    }

    pub(super) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    pub(super) fn set_failing(&self, failing: Option<ErrorKind>) {
        if let Some(kind) = failing {
            self.last_error.store(kind as u8, Ordering::Relaxed);
        }
        self.failing.store(failing.is_some(), Ordering::Relaxed);
    }
}
