//! The journal: what was known, decided and done, by whom and in which order, so that nothing can be lost or lied about.
//!
//! A journal belongs to one school. It holds events in one order without gaps, each bound to all before it by a hash;
//! it deals in bytes, and neither seals nor opens them. There are three kinds of store for it, which give the same
//! answers and the same hashes: a file for one machine ([`Journal::open`]), PostgreSQL for many
//! ([`Journal::connect`]), and memory ([`Journal::in_memory`]).
//!
//! It never changes an event. It can erase a payload, and says so in an event of its own ([`Journal::erase`]). It
//! never says that something is appended before it is durable. Order comes from positions, never from a clock.
//!
//! ```
//! use belisha_store::journal::{Append, Expected, IdempotencyKey, Journal, NewEvent, Payload, Write};
//! use belisha_store::{SchoolId, StreamId};
//! use chrono::DateTime;
//!
//! let journal = Journal::in_memory(SchoolId::random()?)?;
//! let stream = StreamId::random()?;
//! let event = NewEvent { at: DateTime::UNIX_EPOCH, payload: Payload::Open(b"agreed".to_vec()) };
//! let wish = Append {
//!     key: IdempotencyKey::fresh()?,
//!     fingerprint: [0; 32],
//!     writes: vec![Write { stream, class: 1, expected: Expected::Version(0), events: vec![event] }],
//!     owes: vec![],
//!     settles: vec![],
//! };
//! assert!(!journal.append(wish.clone())?.again);
//! assert!(journal.append(wish)?.again, "asking twice does it once");
//! assert_eq!(journal.read_stream(stream, 0)?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chain;
mod copy;
mod desk;
mod envelope;
mod error;
mod event;
mod memory;
mod outbox;
mod plan;
mod postgres;
mod projection;
mod read;
mod row;
mod session;
mod sqlite;
mod ticket;
mod verify;
mod watch;

use core::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use chrono::{DateTime, Utc};

use crate::postgres::Postgres;
use crate::{SchoolId, StreamId};

use self::desk::Desk;
use self::memory::Memory;
use self::plan::{Request, erasure_payload};
use self::row::{ERASURE, Prepared, PreparedWrite};
use self::session::{Session, Store};
use self::watch::Changes;

pub use self::chain::{Hash, Head};
pub use self::copy::{Copied, CopyError, check_copy, copy_file};
pub use self::envelope::{Envelope, EnvelopeError, Recorded};
pub use self::error::{AppendError, JournalError};
pub use self::event::{Append, Appended, Event, Expected, IdempotencyKey, NewEvent, NewTask, Payload, TaskId, Write};
pub use self::outbox::{Lease, Task};
pub(crate) use self::postgres::SCHEMA;
pub use self::projection::{Follower, Projection};
pub use self::read::Events;
pub use self::ticket::Ticket;
pub use self::verify::{Fault, Place, Verdict};
pub use self::watch::Watch;

/// The longest payload, in bytes.
pub const LONGEST_PAYLOAD: usize = 16 << 20;
/// The most events and tasks in one append.
pub const MOST_AT_ONCE: usize = 65_536;
/// The longest name of a role, in bytes.
const LONGEST_ROLE: usize = 200;
/// The most sessions for reading that are kept open while nobody reads.
const KEPT: usize = 4;

/// The journal of one school, open. Handles are cheap to clone and may be used from all threads.
///
/// **Appending.** One thread of the process writes, many appends in one transaction; an append that is refused never
/// harms those beside it. Several processes may append to one journal; they take turns.
///
/// **Closing.** When the last handle is dropped, what was submitted is still written, and the store is closed.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    school: SchoolId,
    store: Arc<dyn Store>,
    desk: Desk,
    /// Sessions that read, while they do not.
    idle: Mutex<Vec<Box<dyn Session>>>,
    changes: Arc<Changes>,
    lookout: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.changes.close();
        let lookout = self.lookout.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if lookout.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the lookout of the journal ended by a fault of its own");
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({}, {:?})", self.inner.store.place(), self.inner.school)
    }
}

/// What is to be erased, and what is to be known of it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erase {
    /// Names this wish, as in an [`Append`].
    pub key: IdempotencyKey,
    /// As in an [`Append`].
    pub fingerprint: [u8; 32],
    /// The stream that is to hold the event that names what was erased.
    pub stream: StreamId,
    /// When, as the caller says.
    pub at: DateTime<Utc>,
    /// The positions of the events whose payloads go. What is gone already may be among them.
    pub positions: Vec<u64>,
    /// Why, in bytes that everybody may read; put behind the positions.
    pub reason: Vec<u8>,
}

impl Journal {
    /// Opens the journal in this file, and makes it where there is none. The folder must be there.
    ///
    /// # Errors
    /// The file is not a journal, is of a newer version or of another school: it stays as it is, to the last byte.
    pub fn open(file: &Path, school: SchoolId) -> Result<Self, JournalError> {
        Self::of(Arc::new(sqlite::File::new(file, school)?), school)
    }

    /// Opens the journal of a school in PostgreSQL, which must have been installed and the school enrolled.
    ///
    /// # Errors
    /// The server cannot be reached, is not prepared, or the login is of another school: nothing is changed.
    pub fn connect(server: &Postgres, school: SchoolId) -> Result<Self, JournalError> {
        server.expect(school)?;
        Self::of(Arc::new(postgres::Server::new(server, school)), school)
    }

    /// A journal that is gone with its last handle.
    pub fn in_memory(school: SchoolId) -> Result<Self, JournalError> {
        Self::of(Arc::new(Memory::new(school)), school)
    }

    fn of(store: Arc<dyn Store>, school: SchoolId) -> Result<Self, JournalError> {
        let session = store.session()?;
        let changes = Arc::<Changes>::default();
        let desk = Desk::open(school, Arc::clone(&store), session, Arc::clone(&changes))?;
        let inner = Inner { school, store, desk, idle: Mutex::default(), changes, lookout: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whose journal it is.
    pub fn school(&self) -> SchoolId {
        self.inner.school
    }

    /// Appends in one piece or not at all. Returns when it is durable.
    pub fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.inner.desk.append(prepare(append).map_err(AppendError::Invalid)?)
    }

    /// Takes an append in. Many of them at once share a write to the disk. Those of one thread are carried out in the
    /// order in which they were submitted. Where very many wait already, so does the caller.
    pub fn submit(&self, append: Append) -> Ticket {
        match prepare(append) {
            Ok(request) => self.inner.desk.submit(request),
            Err(why) => Ticket::refused(AppendError::Invalid(why)),
        }
    }

    /// Erases payloads, and appends an open event that names their positions: what was there and when stays, what it
    /// said goes. It is gone from the store when this returns, or, where somebody is just reading an older state, soon
    /// after they have ended. PostgreSQL gives the space back when it next cleans the table up.
    ///
    /// # Errors
    /// One of the positions has no event, or one that tells of an erasure; nothing is erased then.
    pub fn erase(&self, erase: Erase) -> Result<Appended, AppendError> {
        self.inner.desk.append(prepare_erasure(erase).map_err(AppendError::Invalid)?)
    }

    /// Tells of what is appended from now on, by this process at once, by others within a second.
    ///
    /// # Errors
    /// No thread is to be had, or the journal cannot be read.
    pub fn watch(&self) -> Result<Watch, JournalError> {
        let mut lookout = self.inner.lookout.lock().unwrap_or_else(PoisonError::into_inner);
        if lookout.is_none() {
            let position = self.head()?.position;
            let (store, changes) = (Arc::clone(&self.inner.store), Arc::clone(&self.inner.changes));
            let thread = Builder::new()
                .name("journal-lookout".into())
                .spawn(move || watch::look_out(&*store, &changes, position));
            *lookout = Some(thread.map_err(JournalError::Thread)?);
        }
        Ok(Watch::new(Arc::clone(&self.inner.changes)))
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.store
    }

    /// Lends a session for reading. One on which something failed is closed; where it was only that a connection had
    /// been cut, a new one is tried.
    fn with<T>(&self, mut work: impl FnMut(&mut dyn Session) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let idle = || self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let again = kept.is_some();
        let mut session = match kept {
            Some(session) => session,
            None => self.inner.store.session()?,
        };
        let done = match work(&mut *session) {
            Err(error) if again && error.is_disconnected() => {
                session = self.inner.store.session()?;
                work(&mut *session)
            }
            other => other,
        };
        if done.is_ok() {
            let mut idle = idle();
            if idle.len() < KEPT {
                idle.push(session);
            }
        }
        done
    }
}

fn prepare(append: Append) -> Result<Request, &'static str> {
    let Append { key, fingerprint, writes, owes, settles } = append;
    let events: usize = writes.iter().map(|write| write.events.len()).sum();
    if events == 0 {
        return Err("there is no event in it");
    }
    if events > MOST_AT_ONCE || owes.len() > MOST_AT_ONCE || settles.len() > MOST_AT_ONCE {
        return Err("there is too much in it at once");
    }
    if writes.iter().any(|write| write.class == ERASURE) {
        return Err("this record class is the journal's own");
    }
    owes.iter().try_for_each(check_task)?;
    let writes = writes.into_iter().map(prepare_write).collect::<Result<_, _>>()?;
    Ok(Request { key, fingerprint, writes, owes, settles, erases: Vec::new() })
}

fn check_task(task: &NewTask) -> Result<(), &'static str> {
    let fits = task.role.len() <= LONGEST_ROLE && task.body.len() <= LONGEST_PAYLOAD;
    fits.then_some(()).ok_or("a task is too long")
}

fn prepare_write(write: Write) -> Result<PreparedWrite, &'static str> {
    let Write { stream, class, expected, events } = write;
    let prepare = |event: NewEvent| match event.payload.bytes() {
        Some(bytes) if bytes.len() > LONGEST_PAYLOAD => Err("a payload is too long"),
        _ => Prepared::of(event.at, event.payload).ok_or("a payload that was erased cannot be appended"),
    };
    let events = events.into_iter().map(prepare).collect::<Result<_, _>>()?;
    Ok(PreparedWrite { stream, class, expected, events })
}

fn prepare_erasure(erase: Erase) -> Result<Request, &'static str> {
    let Erase { key, fingerprint, stream, at, mut positions, reason } = erase;
    positions.sort_unstable();
    positions.dedup();
    if positions.is_empty() {
        return Err("there is nothing to erase");
    }
    if positions.len() > MOST_AT_ONCE || reason.len() > LONGEST_PAYLOAD / 2 {
        return Err("there is too much in it at once");
    }
    let payload = Payload::Open(erasure_payload(&positions, &reason));
    let write = Write { stream, class: ERASURE, expected: Expected::Any, events: vec![NewEvent { at, payload }] };
    let writes = vec![prepare_write(write)?];
    Ok(Request { key, fingerprint, writes, owes: Vec::new(), settles: Vec::new(), erases: positions })
}
