//! A journal that is gone with its last handle: the plainest store there is, for tests and demonstrations.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head};
use super::error::JournalError;
use super::plan::{Erasable, Found, Plan, Tail, TaskChange, Wanted};
use super::row::{ERASURE, End, Receipt, Row, RowRef};
use super::session::{Session, Store, StoredTask};
use super::{IdempotencyKey, NewTask, TaskId};

/// Only one session at a time appends, since the journal over it has one desk; so a transaction is what was handed
/// over since `begin`, put in at once.
#[derive(Clone)]
pub(super) struct Memory {
    school: SchoolId,
    state: Arc<Mutex<State>>,
    /// An import takes effect as it goes, since it begins with nothing: taking it back leaves nothing.
    importing: bool,
}

#[derive(Default)]
struct State {
    rows: Vec<(u64, Row)>,
    streams: Vec<(StreamId, End)>,
    numbers: HashMap<StreamId, u64>,
    receipts: BTreeMap<IdempotencyKey, Receipt>,
    tasks: BTreeMap<TaskId, StoredTask>,
    leases: HashMap<String, ([u8; 16], i64)>,
}

impl Memory {
    pub(super) fn new(school: SchoolId) -> Self {
        Self { school, state: Arc::default(), importing: false }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn row(&self, position: u64) -> Option<&Row> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.rows.get(index).map(|(_, row)| row)
    }

    fn row_mut(&mut self, position: u64) -> Option<&mut Row> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.rows.get_mut(index).map(|(_, row)| row)
    }

    fn head(&self, school: SchoolId) -> Head {
        let last = self.rows.last().map(|(_, row)| Head { position: row.header.position, hash: row.hash });
        last.unwrap_or_else(|| Head { position: 0, hash: Hash::genesis(school) })
    }

    fn end(&self, stream: StreamId) -> Option<End> {
        let index = usize::try_from(self.numbers.get(&stream)?.checked_sub(1)?).ok()?;
        self.streams.get(index).map(|(_, end)| *end)
    }

    fn set_end(&mut self, stream: StreamId, end: End) {
        self.numbers.insert(stream, end.number);
        let index = usize::try_from(end.number.saturating_sub(1)).unwrap_or(usize::MAX);
        match self.streams.get_mut(index) {
            Some(known) => known.1 = end,
            None => self.streams.push((stream, end)),
        }
    }

    fn owe(&mut self, task: &NewTask) {
        self.tasks.entry(task.id).or_insert_with(|| StoredTask {
            id: task.id,
            role: task.role.clone(),
            due: task.due.timestamp_millis(),
            settled: false,
            body: task.body.clone(),
        });
    }

    fn settle(&mut self, id: TaskId) -> bool {
        let Some(task) = self.tasks.get_mut(&id).filter(|task| !task.settled) else { return false };
        (task.settled, task.body) = (true, Vec::new());
        true
    }

    fn write(&mut self, plan: &Plan) {
        self.rows.extend(plan.rows.iter().cloned());
        for (stream, end) in &plan.ends {
            self.set_end(*stream, *end);
        }
        self.receipts.extend(plan.receipts.iter().copied());
        for (position, digest) in &plan.erased {
            if let Some(row) = self.row_mut(*position) {
                (row.bytes, row.digest) = (None, *digest);
            }
        }
        for change in &plan.tasks {
            match change {
                TaskChange::Owe(task) => self.owe(task),
                TaskChange::Settle(id) => {
                    self.settle(*id);
                }
            }
        }
    }
}

impl Store for Memory {
    fn session(&self) -> Result<Box<dyn Session>, JournalError> {
        Ok(Box::new(self.clone()))
    }

    fn place(&self) -> &'static str {
        "the journal in memory"
    }
}

fn some<T>(items: impl Iterator<Item = T>, most: u64) -> Vec<T> {
    items.take(usize::try_from(most).unwrap_or(usize::MAX)).collect()
}

impl Session for Memory {
    fn begin(&mut self) -> Result<Tail, JournalError> {
        let state = self.state();
        Ok(Tail { head: state.head(self.school), streams: state.streams.len() as u64 })
    }

    fn look_up(&mut self, wanted: &Wanted) -> Result<Found, JournalError> {
        let state = self.state();
        let receipt = |key: &IdempotencyKey| {
            let receipt = state.receipts.get(key)?;
            Some((*key, *receipt, state.row(receipt.last())?.hash))
        };
        let erasable = |position: &u64| {
            let row = state.row(*position).filter(|row| row.header.class != ERASURE)?;
            let what = row.bytes.as_ref().map_or(Erasable::Gone, |_| Erasable::Payload(row.digest));
            Some((*position, what))
        };
        Ok(Found {
            receipts: wanted.keys.iter().filter_map(receipt).collect(),
            streams: wanted.streams.iter().filter_map(|id| Some((*id, state.end(*id)?))).collect(),
            erasable: wanted.erases.iter().filter_map(erasable).collect(),
            greatest_key: state.receipts.keys().next_back().copied(),
        })
    }

    fn write(&mut self, plan: &Plan) -> Result<(), JournalError> {
        self.state().write(plan);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        self.importing = false;
        Ok(())
    }

    fn roll_back(&mut self) {
        if self.importing {
            *self.state() = State::default();
            self.importing = false;
        }
    }

    fn snapshot(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn head(&mut self) -> Result<Head, JournalError> {
        Ok(self.state().head(self.school))
    }

    fn hash_at(&mut self, position: u64) -> Result<Option<Hash>, JournalError> {
        Ok(self.state().row(position).map(|row| row.hash))
    }

    fn scan(&mut self, from: u64, most: u64, each: &mut dyn FnMut(RowRef<'_>)) -> Result<(), JournalError> {
        let before = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        let rows = some(self.state().rows.iter().skip(before).map(|(_, row)| row.clone()), most);
        for row in &rows {
            each(row.as_ref());
        }
        Ok(())
    }

    fn end(&mut self, stream: StreamId) -> Result<Option<End>, JournalError> {
        Ok(self.state().end(stream))
    }

    fn streams(&mut self, after: u64, most: u64) -> Result<Vec<(StreamId, End)>, JournalError> {
        let before = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(some(self.state().streams.iter().skip(before).copied(), most))
    }

    fn receipts(
        &mut self,
        after: Option<IdempotencyKey>,
        most: u64,
    ) -> Result<Vec<(IdempotencyKey, Receipt)>, JournalError> {
        let state = self.state();
        let later = state.receipts.iter().filter(|(key, _)| after.is_none_or(|after| **key > after));
        Ok(some(later.map(|(key, receipt)| (*key, *receipt)), most))
    }

    fn tasks(&mut self, after: Option<TaskId>, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        let state = self.state();
        let later = state.tasks.values().filter(|task| after.is_none_or(|after| task.id > after));
        Ok(some(later.cloned(), most))
    }

    fn owed(&mut self, until: i64, most: u64) -> Result<Vec<StoredTask>, JournalError> {
        let state = self.state();
        let mut owed: Vec<_> = state.tasks.values().filter(|task| !task.settled && task.due <= until).collect();
        owed.sort_by_key(|task| (task.due, task.id));
        Ok(some(owed.into_iter().cloned(), most))
    }

    fn owe(&mut self, task: &NewTask) -> Result<(), JournalError> {
        self.state().owe(task);
        Ok(())
    }

    fn settle(&mut self, id: TaskId) -> Result<bool, JournalError> {
        Ok(self.state().settle(id))
    }

    fn lease(&mut self, name: &str, holder: [u8; 16], now: i64, until: i64) -> Result<bool, JournalError> {
        let mut state = self.state();
        let lease = state.leases.entry(name.into()).or_insert((holder, until));
        let mine = lease.0 == holder || lease.1 <= now;
        if mine {
            *lease = (holder, until);
        }
        Ok(mine)
    }

    fn release(&mut self, name: &str, holder: [u8; 16]) -> Result<(), JournalError> {
        self.state().leases.retain(|it, (by, _)| it != name || *by != holder);
        Ok(())
    }

    fn begin_import(&mut self) -> Result<bool, JournalError> {
        let state = self.state();
        let empty = state.rows.is_empty() && state.tasks.is_empty();
        drop(state);
        self.importing = empty;
        Ok(empty)
    }

    fn import_rows(&mut self, rows: &[(u64, Row)]) -> Result<(), JournalError> {
        self.state().rows.extend_from_slice(rows);
        Ok(())
    }

    fn import_streams(&mut self, streams: &[(StreamId, End)]) -> Result<(), JournalError> {
        let mut state = self.state();
        for (stream, end) in streams {
            state.set_end(*stream, *end);
        }
        Ok(())
    }

    fn import_receipts(&mut self, receipts: &[(IdempotencyKey, Receipt)]) -> Result<(), JournalError> {
        self.state().receipts.extend(receipts.iter().copied());
        Ok(())
    }

    fn import_tasks(&mut self, tasks: &[StoredTask]) -> Result<(), JournalError> {
        self.state().tasks.extend(tasks.iter().map(|task| (task.id, task.clone())));
        Ok(())
    }
}
