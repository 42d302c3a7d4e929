//! A school's journal with its keys: what is written is sealed first, and what is read is opened.

mod owing;

use belisha_policy::retention::RecordClass;
use belisha_store::journal::{
    Append, AppendError, Appended, Envelope, EnvelopeError, Erase, Event, Expected, Head, IdempotencyKey, Journal,
    JournalError, NewEvent, Payload, Recorded, TaskId, Write,
};
use belisha_store::keys::{KeyError, KeyStore, Readers, Role, Sealed, Unlocked};
use belisha_store::{KeyRef, SchoolId, StreamId};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use self::owing::Owed;
use self::owing::Owing;

/// The stream of the journal's own events that name what was erased.
pub(crate) const ERASURES: StreamId = StreamId::from_bytes(*b"belisha:erasures");

/// Events whose payloads go in one transaction.
pub(crate) const ERASED_AT_ONCE: usize = 4_096;

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It was not appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An event that this program cannot read.
    #[error("an event of the journal cannot be read: {0}. Use the version of Belisha that wrote it, or a newer one")]
    Envelope(#[from] EnvelopeError),
    /// A person or an account that this program cannot read.
    #[error("{0}. Use the version that wrote it, or a newer one")]
    Person(#[from] crate::people::Unreadable),
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl LedgerError {
    /// Where somebody else wrote to a stream since it was read, what is said of that; else this, as an error of the service.
    pub(crate) fn or<E: From<Self>>(self, meanwhile: E) -> E {
        match self {
            Self::Append(AppendError::Conflict { .. }) => meanwhile,
            error => error.into(),
        }
    }
}

/// A stream of ours: its name, as what it is kept, and who may read it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its name.
    pub id: StreamId,
    /// As what its events are kept.
    pub class: RecordClass,
    /// Who may read it.
    pub readers: Readers,
}

/// The streams of which a school has one each.
impl Stream {
    pub(crate) const fn of(name: [u8; 16], class: RecordClass) -> Self {
        Self { id: StreamId::from_bytes(name), class, readers: Readers::School }
    }

    /// The policy in force.
    pub const SETTINGS: Self = Self::of(*b"belisha:settings", RecordClass::Settings);
    /// Rulesets in force.
    pub const RULES: Self = Self::of(*b"belisha:rulesets", RecordClass::FilterChange);
    /// Days of the access log, closed and removed.
    pub const DAYS: Self = Self::of(*b"belisha:log-days", RecordClass::DayManifest);
    /// Logs of other filters that were imported.
    pub const IMPORTS: Self = Self::of(*b"belisha:imported", RecordClass::DayManifest);
    /// Incident logs of other systems that were imported: digests, and nothing of what is in them.
    pub const OLD_INCIDENTS: Self = Self::of(*b"belisha:old-logs", RecordClass::AccessAudit);
    /// What is kept how long, held, and erased.
    pub const RETENTION: Self = Self::of(*b"belisha:retained", RecordClass::RetentionDecision);
    /// Who holds keys.
    pub const KEYS: Self = Self::of(*b"belisha:key-ring", RecordClass::KeysAndRoles);
    /// Backups and restores.
    pub const BACKUPS: Self = Self::of(*b"belisha:backups.", RecordClass::KeysAndRoles);

    /// The name of a stream of which there is one for each of these: found by whoever knows what it is for.
    pub(crate) fn derived(of: &str, whose: &str) -> StreamId {
        let digest: [u8; 32] = Sha256::new().chain_update(of).chain_update(whose).finalize().into();
        StreamId::from_bytes(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Who looked up a named person: for those alone who may look up.
    pub fn look_ups() -> Self {
        let id = StreamId::from_bytes(*b"belisha:look-ups");
        Self { id, class: RecordClass::AccessAudit, readers: Readers::Role(Role::HISTORY) }
    }
}

/// Events that are appended together, by one person or by a program.
pub struct Batch {
    by: Option<String>,
    entries: Vec<Entry>,
    owes: Vec<Owing>,
    settles: Vec<TaskId>,
}

struct Entry {
    stream: Stream,
    expected: Expected,
    /// `None` where nothing is added and the stream must only end as expected.
    plain: Option<Zeroizing<Vec<u8>>>,
}

impl Batch {
    /// An empty one, of somebody or of a program.
    pub fn new(by: Option<&str>) -> Self {
        Self { by: by.map(str::to_owned), entries: Vec::new(), owes: Vec::new(), settles: Vec::new() }
    }

    /// Adds an event to the end of a stream, which must end as expected.
    pub fn add<E: Recorded + Clone>(
        &mut self,
        stream: &Stream,
        expected: Expected,
        event: &E,
    ) -> Result<(), LedgerError> {
        let envelope = Envelope { actor: self.by.clone(), body: event.clone() };
        let plain = Some(Zeroizing::new(envelope.encode()?));
        self.entries.push(Entry { stream: stream.clone(), expected, plain });
        Ok(())
    }

    /// Adds nothing to a stream, which must end at this version, or nothing of the batch is appended.
    pub(crate) fn expect(&mut self, stream: &Stream, version: u64) {
        let expected = Expected::Version(version);
        self.entries.push(Entry { stream: stream.clone(), expected, plain: None });
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.plain.is_some()).count()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An event of ours that was read and opened.
pub struct Told {
    /// Its stream.
    pub stream: StreamId,
    /// Its place in its stream, from 1.
    pub version: u64,
    /// Its place in the journal.
    pub position: u64,
    /// When it happened, as its writer said.
    pub at: DateTime<Utc>,
    /// What it says; `None` where it was erased.
    says: Option<Zeroizing<Vec<u8>>>,
}

impl Told {
    /// What it says, where it is of this kind and was not erased. Older versions are read as the newest.
    pub fn read<E: Recorded>(&self) -> Result<Option<Envelope<E>>, LedgerError> {
        let Some(says) = &self.says else { return Ok(None) };
        match Envelope::decode(says) {
            Ok(envelope) => Ok(Some(envelope)),
            Err(EnvelopeError::Kind { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A school's journal and its keys. Clones are handles on the same.
#[derive(Clone)]
pub struct Ledger {
    journal: Journal,
    keys: KeyStore,
}

impl Ledger {
    pub(crate) fn new(journal: Journal, keys: KeyStore) -> Self {
        Self { journal, keys }
    }

    /// Which school's.
    pub fn school(&self) -> SchoolId {
        self.journal.school()
    }

    /// The journal as bytes: for verifying, watching and backing up.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The keys.
    pub fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// Appends one event to a stream, wherever it ends. When this returns the event is on the disk.
    pub fn note<E: Recorded + Clone>(
        &self,
        stream: &Stream,
        by: Option<&str>,
        at: DateTime<Utc>,
        event: &E,
    ) -> Result<Appended, LedgerError> {
        self.append(stream, Expected::Any, IdempotencyKey::fresh()?, by, at, event)
    }

    /// Appends one event to a stream that must end as expected. The same key does it once, however often it is asked.
    pub fn append<E: Recorded + Clone>(
        &self,
        stream: &Stream,
        expected: Expected,
        key: IdempotencyKey,
        by: Option<&str>,
        at: DateTime<Utc>,
        event: &E,
    ) -> Result<Appended, LedgerError> {
        let mut batch = Batch::new(by);
        batch.add(stream, expected, event)?;
        self.append_under(key, &batch, at)
    }

    /// Appends all events of a batch in one piece, or none of them. Asked twice, it is done twice.
    pub fn append_all(&self, batch: &Batch, at: DateTime<Utc>) -> Result<Appended, LedgerError> {
        self.append_under(IdempotencyKey::fresh()?, batch, at)
    }

    fn append_under<'b>(
        &self,
        key: IdempotencyKey,
        batch: &'b Batch,
        at: DateTime<Utc>,
    ) -> Result<Appended, LedgerError> {
        // Keyed by the wish itself, of which the journal knows the name alone: what was asked cannot be guessed from it.
        let mut parts: Vec<&[u8]> = vec![key.as_bytes()];
        for entry in &batch.entries {
            parts.extend([&entry.stream.id.as_bytes()[..], entry.plain.as_deref().map_or(&[], Vec::as_slice)]);
        }
        parts.extend(batch.owes.iter().flat_map(Owing::parts));
        parts.extend(batch.settles.iter().map(|id| &id.as_bytes()[..]));
        let fingerprint = self.keys.fingerprint(&parts);
        let payload = |entry: &'b Entry| Some((entry.stream.id, &entry.stream.readers, &entry.plain.as_ref()?[..]));
        let payloads: Vec<_> =
            batch.entries.iter().filter_map(payload).chain(batch.owes.iter().map(Owing::payload)).collect();
        let mut sealed = self.keys.seal_many(&payloads)?.into_iter();
        let new = |Sealed { key, bytes }| NewEvent { at, payload: Payload::Sealed { key, bytes } };
        let write = |entry: &Entry| Write {
            stream: entry.stream.id,
            class: entry.stream.class.id(),
            expected: entry.expected,
            events: entry.plain.as_ref().and_then(|_| sealed.next()).map(new).into_iter().collect(),
        };
        let writes = batch.entries.iter().map(write).collect();
        let owes = batch.owes.iter().zip(sealed).map(|(owing, sealed)| owing.task(&sealed)).collect();
        Ok(self.journal.append(Append { key, fingerprint, writes, owes, settles: batch.settles.clone() })?)
    }

    /// Everything that a stream says, in its order, for somebody who may read it.
    pub fn read(&self, stream: StreamId, with: &Unlocked) -> Result<Vec<Told>, LedgerError> {
        self.open(&self.journal.read_stream(stream, 0)?, with)
    }

    /// The same for a stream that the programs of the school may read.
    pub fn read_own(&self, stream: &Stream) -> Result<Vec<Told>, LedgerError> {
        self.read(stream.id, self.keys.as_school())
    }

    /// What streams of the school's own say after the versions that are given with them, one stream after the other:
    /// opened together, which spares a look-up for each.
    pub fn read_own_since(&self, streams: &[(StreamId, u64)]) -> Result<Vec<Told>, LedgerError> {
        self.open(&self.journal.read_streams(streams)?, self.keys.as_school())
    }

    /// What streams say of which somebody may be able to read some: what is sealed to others is left out.
    pub(crate) fn read_readable(&self, streams: &[StreamId], with: &Unlocked) -> Result<Vec<Told>, LedgerError> {
        let from_the_beginning: Vec<_> = streams.iter().map(|stream| (*stream, 0)).collect();
        self.open_readable(&self.journal.read_streams(&from_the_beginning)?, with)
    }

    /// Opens events of which somebody may be able to read some: what is sealed to others is left out.
    pub(crate) fn open_readable(&self, events: &[Event], with: &Unlocked) -> Result<Vec<Told>, LedgerError> {
        let mut opened = self.open_each(events, with)?;
        opened.retain(|told| !matches!(told, Err(KeyError::NotAReader)));
        opened.into_iter().map(|told| Ok(told?)).collect()
    }

    fn open(&self, events: &[Event], with: &Unlocked) -> Result<Vec<Told>, LedgerError> {
        self.open_each(events, with)?.into_iter().map(|told| Ok(told?)).collect()
    }

    /// Opens events, each for itself, with one look-up for all.
    fn open_each(&self, events: &[Event], with: &Unlocked) -> Result<Vec<Result<Told, KeyError>>, LedgerError> {
        let sealed: Vec<_> = events.iter().filter_map(sealed).collect();
        let mut opened = self.keys.open_many(&sealed, with)?.into_iter();
        let tell = |event: &Event| {
            let says = match &event.payload {
                Payload::Open(bytes) => Some(Zeroizing::new(bytes.clone())),
                Payload::Sealed { .. } => match opened.next() {
                    Some(Ok(plain)) => Some(plain),
                    // Between the erasing of its key and that of its bytes, or after a restore.
                    Some(Err(KeyError::Erased)) | None => None,
                    Some(Err(error)) => return Err(error),
                },
                Payload::Erased => None,
            };
            Ok(Told { stream: event.stream, version: event.version, position: event.position, at: event.at, says })
        };
        Ok(events.iter().map(tell).collect())
    }

    /// The positions of a stream whose payloads are still there.
    pub(crate) fn positions_to_erase(&self, stream: StreamId) -> Result<Vec<u64>, LedgerError> {
        Ok(positions(&self.not_erased(stream)?))
    }

    /// The events of a stream whose payloads are still there.
    fn not_erased(&self, stream: StreamId) -> Result<Vec<Event>, LedgerError> {
        let mut events = self.journal.read_stream(stream, 0)?;
        events.retain(|event| !matches!(event.payload, Payload::Erased));
        Ok(events)
    }

    /// Erases a stream: its keys first, so that nothing can be opened from then on, and then what they sealed.
    pub(crate) fn erase(&self, stream: StreamId, positions: &[u64], at: DateTime<Utc>) -> Result<(), LedgerError> {
        self.keys.erase_stream(stream)?;
        self.erase_payloads(positions, at)
    }

    /// Erases what a stream says before a version: the keys of that first.
    pub(crate) fn erase_before(&self, stream: StreamId, version: u64, at: DateTime<Utc>) -> Result<(), LedgerError> {
        let mut events = self.not_erased(stream)?;
        events.retain(|event| event.version < version);
        let keys: Vec<KeyRef> = events.iter().filter_map(sealed).map(|(_, key, _)| key).collect();
        self.keys.erase(&keys)?;
        self.erase_payloads(&positions(&events), at)
    }

    /// Erases payloads whose keys are destroyed.
    fn erase_payloads(&self, positions: &[u64], at: DateTime<Utc>) -> Result<(), LedgerError> {
        for positions in positions.chunks(ERASED_AT_ONCE) {
            self.journal.erase(Erase {
                key: IdempotencyKey::fresh()?,
                fingerprint: [0; 32],
                stream: ERASURES,
                at,
                positions: positions.to_vec(),
                reason: Vec::new(),
            })?;
        }
        Ok(())
    }

    /// Where the journal ends.
    pub fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.journal.head()?)
    }
}

/// Where events are.
fn positions(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

/// What is sealed in an event, as the keys want it.
fn sealed(event: &Event) -> Option<(StreamId, KeyRef, &[u8])> {
    match &event.payload {
        Payload::Sealed { key, bytes } => Some((event.stream, *key, bytes)),
        Payload::Open(_) | Payload::Erased => None,
    }
}
