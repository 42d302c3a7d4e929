//! A journal as one run of bytes, for backups: all there is in it but leases. `docs/journal-format.md` has the layout.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use crate::{KeyRef, SchoolId, StreamId};

use super::chain::{Hash, Head, Header};
use super::error::JournalError;
use super::row::{Body, Receipt, Row, RowRef};
use super::session::{Session, StoredTask};
use super::verify::Checker;
use super::{IdempotencyKey, Journal, LONGEST_PAYLOAD, TaskId};

const MAGIC: &[u8; 8] = b"BLSHJRNL";
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
        let mut out = Out { to, digest: Sha256::new() };
        let mut session = self.store().session()?;
        session.snapshot()?;
        out.put(MAGIC)?;
        out.put(&VERSION.to_le_bytes())?;
        out.put(self.school().as_bytes())?;
        let mut checker = Checker::new(self.school(), None);
        let mut written = Ok(());
        session.scan(0, u64::MAX, &mut |row| {
            if checker.take(row).is_some() && written.is_ok() {
                written = out.event(row);
            }
        })?;
        written?;
        let (head, _) = checker.finish().map_err(|_| CopyError::Broken)?;
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
        Ok(head)
    }

    /// Restores a copy into this journal, which must be empty: all of it, checked event by event, or nothing. Whatever
    /// the copy holds that was erased since is to be erased again before anybody reads it.
    ///
    /// # Errors
    /// The copy is of another school, cut short, changed or of a newer version, or the journal is not empty.
    pub fn import(&self, from: impl Read) -> Result<Head, CopyError> {
        let mut from = In { from, digest: Sha256::new() };
        if from.get()? != *MAGIC {
            return Err(CopyError::Copy("it is no copy of a journal"));
        }
        if u32::from_le_bytes(from.get()?) != VERSION {
            return Err(CopyError::Copy("a later version of Belisha made it"));
        }
        if SchoolId::from_bytes(from.get()?) != self.school() {
            return Err(CopyError::Copy("it is of another school"));
        }
        let mut session = self.store().session()?;
        if !session.begin_import()? {
            session.roll_back();
            return Err(CopyError::Copy("the journal already holds something"));
        }
        let head = match restore(&mut *session, self.school(), &mut from) {
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

fn restore<R: Read>(session: &mut dyn Session, school: SchoolId, from: &mut In<R>) -> Result<Head, CopyError> {
    let mut checker = Checker::new(school, None);
    let (mut rows, mut bytes, mut receipts, mut tasks) = (Vec::new(), 0, Vec::new(), Vec::new());
    loop {
        let [tag] = from.get()?;
        match tag {
            EVENT => {
                let row = from.event()?;
                let number = checker.take(row.as_ref()).ok_or(CUT)?;
                bytes += row.bytes.as_ref().map_or(0, Vec::len);
                rows.push((number, row));
            }
            RECEIPT => receipts.push(from.receipt()?),
            TASK => {
                let task = from.task()?;
                bytes += task.body.len();
                tasks.push(task);
            }
            END => break,
            _ => return Err(CUT),
        }
        if bytes > HELD || (rows.len() + receipts.len() + tasks.len()) as u64 >= PAGE {
            hand_over(session, &mut rows, &mut receipts, &mut tasks)?;
            bytes = 0;
        }
    }
    hand_over(session, &mut rows, &mut receipts, &mut tasks)?;
    let digest: [u8; 32] = from.digest.clone().finalize().into();
    if from.get::<32>()? != digest {
        return Err(CUT);
    }
    let (head, streams) = checker.finish().map_err(|_| CUT)?;
    let mut streams: Vec<_> = streams.into_iter().collect();
    streams.sort_unstable_by_key(|(_, end)| end.number);
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
