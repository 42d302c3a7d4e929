//! What the journal asks of a store: few and dumb things, so that each kind of store is easy to hold to them.

use crate::StreamId;

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::{Found, Plan, Tail, Wanted};
use super::row::{End, Receipt, Row, RowRef};
use super::{IdempotencyKey, NewTask, TaskId};

/// A way to open sessions of one journal.
pub(super) trait Store: Send + Sync {
    /// One more session.
    fn session(&self) -> Result<Box<dyn Session>, JournalError>;

    /// Where it is, for messages: a file or a server.
    fn place(&self) -> &str;
}

/// A connection to a journal. After an error it is closed, and whatever was not committed is gone.
pub(super) trait Session: Send {
    /// Begins to write, alone: no other session of any process does so until the end.
    fn begin(&mut self) -> Result<Tail, JournalError>;

    /// Looks up what a plan needs.
    fn look_up(&mut self, wanted: &Wanted) -> Result<Found, JournalError>;

    /// Writes what is planned.
    fn write(&mut self, plan: &Plan) -> Result<(), JournalError>;

    /// Makes it durable. An error leaves open whether it took effect.
    fn commit(&mut self) -> Result<(), JournalError>;

    /// Ends without effect what was begun, or a snapshot.
    fn roll_back(&mut self);

    /// After a commit whose outcome had to be found out: makes sure that what is there is on the disk.
    fn harden(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Does what is left to do when there is time.
    fn tidy(&mut self) {}

    /// From here until [`roll_back`](Self::roll_back) everything is read as it was at one moment.
    fn snapshot(&mut self) -> Result<(), JournalError>;

    fn head(&mut self) -> Result<Head, JournalError>;

    fn hash_at(&mut self, position: u64) -> Result<Option<Hash>, JournalError>;

    /// Shows the rows from a position on, at most so many, in their order; from 0 on, whatever is there, even rows that
    /// no journal has.
    fn scan(&mut self, from: u64, most: u64, each: &mut dyn FnMut(RowRef<'_>)) -> Result<(), JournalError>;

    fn end(&mut self, stream: StreamId) -> Result<Option<End>, JournalError>;

    /// The streams whose numbers come after this one, at most so many.
    fn streams(&mut self, after: u64, most: u64) -> Result<Vec<(StreamId, End)>, JournalError>;

    /// The receipts whose keys come after this one, at most so many.
    fn receipts(
        &mut self,
        after: Option<IdempotencyKey>,
        most: u64,
    ) -> Result<Vec<(IdempotencyKey, Receipt)>, JournalError>;

    /// The tasks whose ids come after this one, at most so many, settled ones among them.
    fn tasks(&mut self, after: Option<TaskId>, most: u64) -> Result<Vec<StoredTask>, JournalError>;

    /// What is owed at a moment, at most so many, longest due first.
    fn owed(&mut self, until: i64, most: u64) -> Result<Vec<StoredTask>, JournalError>;

    /// Owes something, durably; one that was owed before is passed over.
    fn owe(&mut self, task: &NewTask) -> Result<(), JournalError>;

    /// Settles a task, durably; false where it is not owed.
    fn settle(&mut self, id: TaskId) -> Result<bool, JournalError>;

    /// Takes or prolongs a lease; false where another holder has it.
    fn lease(&mut self, name: &str, holder: [u8; 16], now: i64, until: i64) -> Result<bool, JournalError>;

    /// Gives a lease back.
    fn release(&mut self, name: &str, holder: [u8; 16]) -> Result<(), JournalError>;

    /// Begins to fill an empty journal; false where it is not empty.
    fn begin_import(&mut self) -> Result<bool, JournalError>;

    /// Puts rows in as they are, each with the number of its stream.
    fn import_rows(&mut self, rows: &[(u64, Row)]) -> Result<(), JournalError>;

    fn import_streams(&mut self, streams: &[(StreamId, End)]) -> Result<(), JournalError>;

    fn import_receipts(&mut self, receipts: &[(IdempotencyKey, Receipt)]) -> Result<(), JournalError>;

    fn import_tasks(&mut self, tasks: &[StoredTask]) -> Result<(), JournalError>;
}

/// A task as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredTask {
    pub(super) id: TaskId,
    pub(super) role: String,
    pub(super) due: i64,
    pub(super) settled: bool,
    /// Empty once it is settled.
    pub(super) body: Vec<u8>,
}
