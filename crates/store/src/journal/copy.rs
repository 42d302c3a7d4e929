//! A journal as one run of bytes, for backups: all there is in it but leases. `docs/journal-format.md` has the layout.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::sqlite::{self, ImageFault};
use crate::{KeyRef, SchoolId, StreamId};

use super::chain::{Hash, Head, Header};
use super::error::JournalError;
use super::row::{Body, End, Receipt, Row, RowRef};
use super::session::{Session, StoredTask};
use super::verify::Checker;
use super::{IdempotencyKey, Journal, LONGEST_PAYLOAD, TaskId};

const MAGIC: [u8; 8] = *b"BLSHJRNL";
/// In its place where nothing was held against anything.
const AS_FOUND: [u8; 8] = *b"BLSHJFND";
const VERSION: u32 = 1;

const END: u8 = 0;
const EVENT: u8 = 1;
const RECEIPT: u8 = 2;
const TASK: u8 = 3;

/// Rows that are read or written at once.
const PAGE: u64 = 1_024;
/// Bytes of payloads that are held at once while restoring.
const HELD: usize = 8 << 20;

/// Why copying stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The copy could not be read or written.
    #[error("the copy of the journal: {0}")]
    Io(#[from] io::Error),
    /// The journal is broken. `verify` tells more.
    #[error("the journal is broken and was not copied: run `belisha-reporter verify`")]
    Broken,
    /// What is to be restored does not fit.
    #[error(
        "this copy of a journal cannot be restored: {0}. Nothing was changed; use another copy, and an empty journal"
    )]
    Copy(&'static str),
}

/// Writes and digests.
struct Out<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Out<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.to.write_all(bytes)
    }

    /// Bytes behind their length.
    fn put_long(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.put(&length.to_le_bytes())?;
        self.put(bytes)
    }

    fn event(&mut self, row: RowRef<'_>) -> io::Result<()> {
        let Header { position, stream, version, previous, class, at, key } = row.header;
        self.put(&[EVENT])?;
        self.put(&position.to_le_bytes())?;
        self.put(stream.as_bytes())?;
        self.put(&version.to_le_bytes())?;
        self.put(&previous.to_le_bytes())?;
        self.put(&class.to_le_bytes())?;
        self.put(&at.to_le_bytes())?;
        self.put(&[u8::from(key.is_some())])?;
        self.put(&key.map_or([0; 16], |key| *key.as_bytes()))?;
        self.put(row.hash.as_bytes())?;
        match row.body {
            Body::Bytes(bytes) => {
                self.put(&[0])?;
                self.put_long(bytes)
            }
            Body::Erased(digest) => {
                self.put(&[1])?;
                self.put(&digest)
            }
        }
    }

    fn receipt(&mut self, key: IdempotencyKey, receipt: Receipt) -> io::Result<()> {
        self.put(&[RECEIPT])?;
        self.put(key.as_bytes())?;
        self.put(&receipt.fingerprint)?;
        self.put(&receipt.first.to_le_bytes())?;
        self.put(&receipt.count.to_le_bytes())
    }

    fn task(&mut self, task: &StoredTask) -> io::Result<()> {
        self.put(&[TASK])?;
        self.put(task.id.as_bytes())?;
        self.put(&task.due.to_le_bytes())?;
        self.put(&[u8::from(task.settled)])?;
        self.put_long(task.role.as_bytes())?;
        self.put_long(&task.body)
    }
}

/// Reads and digests.
struct In<R> {
    from: R,
    digest: Sha256,
}

const CUT: CopyError = CopyError::Copy("it is cut short or was changed");

impl<R: Read> In<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CopyError> {
        self.from.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => CUT,
            _ => CopyError::Io(error),
        })?;
        self.digest.update(bytes);
        Ok(())
    }

    fn get<const N: usize>(&mut self) -> Result<[u8; N], CopyError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u64, CopyError> {
        Ok(u64::from_le_bytes(self.get()?))
    }

    fn flag(&mut self) -> Result<bool, CopyError> {
        match self.get()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(CUT),
        }
    }

    /// No more is taken than is there, whatever the length says.
    fn long(&mut self) -> Result<Vec<u8>, CopyError> {
        let length = u32::from_le_bytes(self.get()?);
        if usize::try_from(length).is_ok_and(|length| length > LONGEST_PAYLOAD) {
            return Err(CUT);
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(length.into()).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != u64::from(length) {
            return Err(CUT);
        }
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn event(&mut self) -> Result<Row, CopyError> {
        let position = self.number()?;
        let stream = StreamId::from_bytes(self.get()?);
        let (version, previous) = (self.number()?, self.number()?);
        let (class, at) = (u16::from_le_bytes(self.get()?), i64::from_le_bytes(self.get()?));
        let (sealed, key) = (self.flag()?, KeyRef::from_bytes(self.get()?));
        let header = Header { position, stream, version, previous, class, at, key: sealed.then_some(key) };
        let hash = Hash::from_bytes(self.get()?);
        let (bytes, digest) = if self.flag()? {
            (None, self.get()?)
        } else {
            let bytes = self.long()?;
            let digest = super::chain::digest(&bytes);
            (Some(bytes), digest)
        };
        Ok(Row { header, hash, bytes, digest })
    }

    fn receipt(&mut self) -> Result<(IdempotencyKey, Receipt), CopyError> {
        let key = IdempotencyKey::from_bytes(self.get()?);
        Ok((key, Receipt { fingerprint: self.get()?, first: self.number()?, count: self.number()? }))
    }

    fn task(&mut self) -> Result<StoredTask, CopyError> {
        let (id, due, settled) = (TaskId::from_bytes(self.get()?), i64::from_le_bytes(self.get()?), self.flag()?);
        let role = String::from_utf8(self.long()?).map_err(|_| CUT)?;
        Ok(StoredTask { id, role, due, settled, body: self.long()? })
    }
}

impl Journal {
    /// Copies the journal as it is at one moment; others may append meanwhile. Payloads stay sealed. Gives where the
    /// copy ends.
    ///
    /// # Errors
    /// The journal is not what was written: a copy of it could not be restored.
    pub fn export(&self, to: impl Write) -> Result<Head, CopyError> {
        let mut checker = Checker::new(self.school(), None);
        self.copy_out(to, MAGIC, |row| checker.take(row).is_some())?;
        // Of what was not sound the rest was left out: the copy is thrown away.
        let (head, _) = checker.finish().map_err(|_| CopyError::Broken)?;
        Ok(head)
    }

    /// Copies a journal that is broken, event by event, as it is found: nothing of what can be read is lost. Gives
    /// where it ends.
    pub fn export_as_found(&self, to: impl Write) -> Result<Head, CopyError> {
        let mut head = Head { position: 0, hash: Hash::genesis(self.school()) };
        self.copy_out(to, AS_FOUND, |row| {
            head = Head { position: row.header.position, hash: row.hash };
            true
        })?;
        Ok(head)
    }

    fn copy_out(
        &self,
        to: impl Write,
        magic: [u8; 8],
        mut take: impl FnMut(RowRef<'_>) -> bool,
    ) -> Result<(), CopyError> {
        let mut out = Out { to, digest: Sha256::new() };
        let mut session = self.store().session()?;
        session.snapshot()?;
        out.put(&magic)?;
        out.put(&VERSION.to_le_bytes())?;
        out.put(self.school().as_bytes())?;
        let mut written = Ok(());
        session.scan(0, u64::MAX, &mut |row| {
            if take(row) && written.is_ok() {
                written = out.event(row);
            }
        })?;
        written?;
        let mut last = None;
        loop {
            let page = session.receipts(last, PAGE)?;
            page.iter().try_for_each(|(key, receipt)| out.receipt(*key, *receipt))?;
            let Some((key, _)) = page.last() else { break };
            last = Some(*key);
        }
        let mut last = None;
        loop {
            let page = session.tasks(last, PAGE)?;
            page.iter().try_for_each(|task| out.task(task))?;
            let Some(task) = page.last() else { break };
            last = Some(task.id);
        }
        session.roll_back();
        out.put(&[END])?;
        let digest = out.digest.finalize();
        out.to.write_all(&digest)?;
        out.to.flush()?;
        Ok(())
    }

    /// Restores a copy into this journal, which must be empty: all of it, checked event by event, or nothing. Whatever
    /// the copy holds that was erased since is to be erased again before anybody reads it.
    ///
    /// # Errors
    /// The copy is of another school, cut short, changed or of a newer version, or the journal is not empty.
    pub fn import(&self, from: impl Read) -> Result<Head, CopyError> {
        self.copy_in(from, MAGIC, &mut Checker::new(self.school(), None))
    }

    /// Restores a copy of a broken journal as it was found: [`verify`](Self::verify) will say that it is broken.
    ///
    /// # Errors
    /// As those of [`import`](Self::import), but for events that do not fit together.
    pub fn import_as_found(&self, from: impl Read) -> Result<Head, CopyError> {
        self.copy_in(from, AS_FOUND, &mut AsFound::new(self.school()))
    }

    fn copy_in(&self, from: impl Read, magic: [u8; 8], follow: &mut dyn Follow) -> Result<Head, CopyError> {
        let mut from = In::begin(from, magic, self.school())?;
        let mut session = self.store().session()?;
        if !session.begin_import()? {
            session.roll_back();
            return Err(CopyError::Copy("the journal already holds something"));
        }
        let head = match restore(&mut *session, follow, &mut from) {
            Ok(head) => head,
            Err(error) => {
                session.roll_back();
                return Err(error);
            }
        };
        session.commit()?;
        self.inner.changes.tell();
        Ok(head)
    }
}

/// Copies the file of a journal of which not every event can be read any more, damage and all, into a file without a
/// name in `scratch`. For [`Journal::export_as_found`] to fall back on; it is no copy that can be restored, but may be
/// put in the place of the file.
pub fn copy_file(file: &Path, scratch: &Path) -> Result<File, JournalError> {
    let place = file.display().to_string();
    let failed = |error| JournalError::sqlite(&place, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(file, flags).map_err(failed)?;
    sqlite::settle(&source).map_err(failed)?;
    match sqlite::image(&source, scratch) {
        Ok(Some(image)) => Ok(image),
        Ok(None) => Err(JournalError::damaged(&place, "it cannot be copied")),
        Err(ImageFault::Database(error)) => Err(failed(error)),
        Err(ImageFault::Folder(source)) => Err(JournalError::Io { file: scratch.to_owned(), source }),
    }
}

/// Whether a copy of a journal holds a sound one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// From [`Journal::export`].
    Sound,
    /// From [`Journal::export_as_found`].
    AsFound,
}

/// Reads a copy to its end, checks all that restoring it would check, and stores nothing. Gives the place, stream and
/// key of each event whose payload is there and sealed.
///
/// # Errors
/// It could not be restored.
pub fn check_copy(
    school: SchoolId,
    copied: Copied,
    from: impl Read,
    mut sealed: impl FnMut(u64, StreamId, KeyRef) -> Result<(), CopyError>,
) -> Result<Head, CopyError> {
    let (magic, follow): (_, &mut dyn Follow) = match copied {
        Copied::Sound => (MAGIC, &mut Checker::new(school, None)),
        Copied::AsFound => (AS_FOUND, &mut AsFound::new(school)),
    };
    let mut from = In::begin(from, magic, school)?;
    let (head, _) = from.each(follow, |item| {
        if let Item::Event(_, Row { header: Header { position, stream, key: Some(key), .. }, bytes: Some(_), .. }) =
            item
        {
            sealed(position, stream, key)?;
        }
        Ok(())
    })?;
    Ok(head)
}

/// Follows events as they come in.
trait Follow {
    /// The number of its stream, where it may come in.
    fn take(&mut self, row: RowRef<'_>) -> Option<u64>;

    /// Where it ended, and its streams in their order; `None` where it does not fit together.
    fn finish(&mut self) -> Option<(Head, Vec<(StreamId, End)>)>;
}

impl Follow for Checker {
    fn take(&mut self, row: RowRef<'_>) -> Option<u64> {
        self.take(row)
    }

    fn finish(&mut self) -> Option<(Head, Vec<(StreamId, End)>)> {
        let (head, ends) = self.take_end().ok()?;
        Some((head, in_order(ends)))
    }
}

/// Takes events as they come.
struct AsFound {
    head: Head,
    ends: HashMap<StreamId, End, ahash::RandomState>,
}

impl AsFound {
    fn new(school: SchoolId) -> Self {
        Self { head: Head { position: 0, hash: Hash::genesis(school) }, ends: HashMap::default() }
    }
}

impl Follow for AsFound {
    fn take(&mut self, row: RowRef<'_>) -> Option<u64> {
        let Header { position, stream, version, .. } = row.header;
        self.head = Head { position, hash: row.hash };
        let number = self.ends.len() as u64 + 1;
        let end = self.ends.entry(stream).or_insert(End { number, version, last: position });
        (end.version, end.last) = (version, position);
        Some(end.number)
    }

    fn finish(&mut self) -> Option<(Head, Vec<(StreamId, End)>)> {
        Some((self.head, in_order(core::mem::take(&mut self.ends))))
    }
}

fn in_order(ends: HashMap<StreamId, End, ahash::RandomState>) -> Vec<(StreamId, End)> {
    let mut ends: Vec<_> = ends.into_iter().collect();
    ends.sort_unstable_by_key(|(_, end)| end.number);
    ends
}

/// What stands in a copy.
enum Item {
    /// With the number of its stream.
    Event(u64, Row),
    Receipt(IdempotencyKey, Receipt),
    Task(StoredTask),
}

impl<R: Read> In<R> {
    /// Reads what stands in front.
    fn begin(from: R, magic: [u8; 8], school: SchoolId) -> Result<Self, CopyError> {
        let mut from = Self { from, digest: Sha256::new() };
        match from.get()? {
            found if found == magic => {}
            found if found == AS_FOUND => return Err(CopyError::Copy("it is the copy of a broken journal")),
            _ => return Err(CopyError::Copy("it is no copy of a journal, or of another kind")),
        }
        if u32::from_le_bytes(from.get()?) != VERSION {
            return Err(CopyError::Copy("a later version of Belisha made it"));
        }
        if SchoolId::from_bytes(from.get()?) != school {
            return Err(CopyError::Copy("it is of another school"));
        }
        Ok(from)
    }

    /// Gives out all there is, and at the end where the journal ends and which streams it has.
    fn each(
        &mut self,
        follow: &mut dyn Follow,
        mut take: impl FnMut(Item) -> Result<(), CopyError>,
    ) -> Result<(Head, Vec<(StreamId, End)>), CopyError> {
        loop {
            let [tag] = self.get()?;
            take(match tag {
                EVENT => {
                    let row = self.event()?;
                    Item::Event(follow.take(row.as_ref()).ok_or(CUT)?, row)
                }
                RECEIPT => {
                    let (key, receipt) = self.receipt()?;
                    Item::Receipt(key, receipt)
                }
                TASK => Item::Task(self.task()?),
                END => break,
                _ => return Err(CUT),
            })?;
        }
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        if self.get::<32>()? != digest {
            return Err(CUT);
        }
        follow.finish().ok_or(CUT)
    }
}

fn restore<R: Read>(session: &mut dyn Session, follow: &mut dyn Follow, from: &mut In<R>) -> Result<Head, CopyError> {
    let (mut rows, mut bytes, mut receipts, mut tasks) = (Vec::new(), 0, Vec::new(), Vec::new());
    let (head, streams) = from.each(follow, |item| {
        match item {
            Item::Event(number, row) => {
                bytes += row.bytes.as_ref().map_or(0, Vec::len);
                rows.push((number, row));
            }
            Item::Receipt(key, receipt) => receipts.push((key, receipt)),
            Item::Task(task) => {
                bytes += task.body.len();
                tasks.push(task);
            }
        }
        if bytes > HELD || (rows.len() + receipts.len() + tasks.len()) as u64 >= PAGE {
            hand_over(session, &mut rows, &mut receipts, &mut tasks)?;
            bytes = 0;
        }
        Ok(())
    })?;
    hand_over(session, &mut rows, &mut receipts, &mut tasks)?;
    session.import_streams(&streams)?;
    Ok(head)
}

fn hand_over(
    session: &mut dyn Session,
    rows: &mut Vec<(u64, Row)>,
    receipts: &mut Vec<(IdempotencyKey, Receipt)>,
    tasks: &mut Vec<StoredTask>,
) -> Result<(), CopyError> {
    session.import_rows(rows)?;
    session.import_receipts(receipts)?;
    session.import_tasks(tasks)?;
    rows.clear();
    receipts.clear();
    tasks.clear();
    Ok(())
}
