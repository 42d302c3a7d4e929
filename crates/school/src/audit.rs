//! Receipts: the proof that a look at personal records was written down before anything was shown.

use belisha_store::journal::{Expected, IdempotencyKey, Recorded};
use chrono::{DateTime, Utc};

use crate::ledger::{Batch, Ledger, LedgerError, Stream};

/// The proof that it stands in the journal who wants to see what and why. It cannot be made but by writing that down,
/// and is used up by looking.
#[derive(Debug)]
#[must_use = "a receipt is taken in order to look"]
pub struct AuditReceipt {
    position: u64,
}

impl AuditReceipt {
    /// Writes down who wants to see what; only when that is on the disk is there a receipt.
    pub(crate) fn take<E: Recorded + Clone>(
        ledger: &Ledger,
        stream: &Stream,
        by: &str,
        now: DateTime<Utc>,
        event: &E,
    ) -> Result<Self, LedgerError> {
        let appended = ledger.note(stream, Some(by), now, event)?;
        Ok(Self { position: appended.positions.start })
    }

    /// The same for several things that are to be seen together: all of it is written down, or nothing.
    pub(crate) fn take_for_all<E: Recorded + Clone>(
        ledger: &Ledger,
        stream: &Stream,
        by: &str,
        now: DateTime<Utc>,
        events: &[E],
    ) -> Result<Self, LedgerError> {
        let mut batch = Batch::new(Some(by));
        for event in events {
            batch.add(stream, Expected::Any, event)?;
        }
        let appended = ledger.append_all(&batch, IdempotencyKey::fresh()?, now)?;
        Ok(Self { position: appended.positions.start })
    }

    /// The same where what is seen is of several circles of people: each reads of it, or nobody does.
    pub(crate) fn take_in_each<E: Recorded + Clone>(
        ledger: &Ledger,
        streams: &[Stream],
        by: &str,
        now: DateTime<Utc>,
        event: &E,
    ) -> Result<Option<Self>, LedgerError> {
        if streams.is_empty() {
            return Ok(None);
        }
        let mut batch = Batch::new(Some(by));
        for stream in streams {
            batch.add(stream, Expected::Any, event)?;
        }
        let appended = ledger.append_all(&batch, IdempotencyKey::fresh()?, now)?;
        Ok(Some(Self { position: appended.positions.start }))
    }

    /// Where it stands in the journal.
    pub fn position(&self) -> u64 {
        self.position
    }
}
