//! Receipts: the proof that a look at personal records was written down before anything was shown.

use belisha_store::journal::{Expected, Recorded};
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

    /// The same for one look or more at once, each in the stream of those who read of it: all of it is written down, or
    /// nothing.
    pub(crate) fn take_all<E: Recorded + Clone>(
        ledger: &Ledger,
        looks: &[(&Stream, &E)],
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, LedgerError> {
        let mut batch = Batch::new(Some(by));
        for (stream, event) in looks {
            batch.add(stream, Expected::Any, *event)?;
        }
        let appended = ledger.append_all(&batch, now)?;
        Ok(Self { position: appended.positions.start })
    }

    /// Where it stands in the journal.
    pub fn position(&self) -> u64 {
        self.position
    }
}
