//! What a batch owes and settles, and what is owed. Sealed to the school's key: whoever reminds need not be signed in, and
//! whoever has the journal alone reads nothing in it but the name of a key and an instant.

use belisha_store::journal::{NewTask, Task, TaskId};
use belisha_store::keys::{Readers, Role, Sealed};
use belisha_store::{KeyRef, StreamId};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{Batch, Ledger, LedgerError};

/// The name under which all that is owed is sealed. Nothing is ever written to a stream of this name.
const OWED: StreamId = StreamId::from_bytes(*b"belisha:what-due");

/// As many as are read at once. A school owes some hundred things at most.
const MOST: usize = 65_536;

/// Something that a batch owes.
pub(super) struct Owing {
    id: TaskId,
    role: Role,
    due: DateTime<Utc>,
    plain: Zeroizing<Vec<u8>>,
}

impl Owing {
    /// As it is sealed.
    pub(super) fn payload(&self) -> (StreamId, &Readers, &[u8]) {
        (OWED, &Readers::School, &self.plain)
    }

    /// As it stands in the journal.
    pub(super) fn task(&self, sealed: &Sealed) -> NewTask {
        let body = [&sealed.key.as_bytes()[..], &sealed.bytes].concat();
        NewTask { id: self.id, role: self.role.name().to_owned(), due: self.due, body }
    }

    /// What tells two of them apart.
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        [self.id.as_bytes(), self.role.name().as_bytes(), &self.plain]
    }
}

/// Something that is owed.
pub(crate) struct Owed {
    pub(crate) id: TaskId,
    /// The name of the key whose holders it is owed to.
    pub(crate) role: String,
    pub(crate) due: DateTime<Utc>,
    /// What was sealed; `None` where it cannot be opened.
    pub(crate) says: Option<Zeroizing<Vec<u8>>>,
}

impl Batch {
    /// Owes something to the holders of a key, from an instant on. An id that was owed before is passed over.
    pub(crate) fn owe(&mut self, id: TaskId, role: &Role, due: DateTime<Utc>, plain: &[u8]) {
        self.owes.push(Owing { id, role: role.clone(), due, plain: Zeroizing::new(plain.to_vec()) });
    }

    /// Owes something no longer. What is not owed is passed over.
    pub(crate) fn settle(&mut self, id: TaskId) {
        self.settles.push(id);
    }
}

impl Ledger {
    /// Owes something that follows from what is owed already. An id that was owed before is passed over.
    pub(crate) fn owe(&self, id: TaskId, role: &Role, due: DateTime<Utc>, plain: &[u8]) -> Result<(), LedgerError> {
        let owing = Owing { id, role: role.clone(), due, plain: Zeroizing::new(plain.to_vec()) };
        let sealed = self.keys.seal(OWED, &Readers::School, plain)?;
        Ok(self.journal.owe(&owing.task(&sealed))?)
    }

    /// What is owed at an instant, the longest due first.
    pub(crate) fn owed(&self, now: DateTime<Utc>) -> Result<Vec<Owed>, LedgerError> {
        let tasks = self.journal.owed(now, MOST)?;
        let sealed: Vec<_> = tasks.iter().filter_map(sealed_in).collect();
        let mut opened = self.keys.open_many(&sealed, self.keys.as_school())?.into_iter();
        let tell = |task: &Task| Owed {
            id: task.id,
            role: task.role.clone(),
            due: task.due,
            says: sealed_in(task).and_then(|_| opened.next()).and_then(Result::ok),
        };
        Ok(tasks.iter().map(tell).collect())
    }
}

/// What is sealed in a task, as the keys want it.
fn sealed_in(task: &Task) -> Option<(StreamId, KeyRef, &[u8])> {
    let (key, bytes) = task.body.split_first_chunk()?;
    Some((OWED, KeyRef::from_bytes(*key), bytes))
}
