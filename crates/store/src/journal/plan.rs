//! What follows from what is known and what is asked: which rows are written, and what each asker is told. It touches
//! nothing; every kind of store carries out the same plan, so that the same wishes give the same bytes in each.

use std::collections::HashMap;

use crate::{SchoolId, StreamId};

use super::chain::{Hash, Head, Header};
use super::error::AppendError;
use super::row::{ERASURE, End, PreparedWrite, Receipt, Row};
use super::{Appended, Expected, IdempotencyKey, NewTask, TaskId};

/// How many streams and receipts are remembered between batches.
const REMEMBERED: usize = 16_384;

/// One wish, as it is to be carried out.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) key: IdempotencyKey,
    pub(super) fingerprint: [u8; 32],
    pub(super) writes: Vec<PreparedWrite>,
    pub(super) owes: Vec<NewTask>,
    pub(super) settles: Vec<TaskId>,
    /// Positions whose payloads go. The writes hold the event that names them.
    pub(super) erases: Vec<u64>,
}

impl Request {
    pub(super) fn bytes(&self) -> usize {
        self.writes.iter().flat_map(|write| &write.events).map(|event| event.bytes.len()).sum()
    }
}

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) head: Head,
    /// How many streams there are.
    pub(super) streams: u64,
}

/// What must be looked up before a plan can be made.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) keys: Vec<IdempotencyKey>,
    pub(super) streams: Vec<StreamId>,
    pub(super) erases: Vec<u64>,
    /// The greatest idempotency key there is.
    pub(super) greatest_key: bool,
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.streams.is_empty() && self.erases.is_empty() && !self.greatest_key
    }
}

/// What can be erased at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Erasable {
    /// A payload with this digest.
    Payload([u8; 32]),
    /// It was erased before.
    Gone,
}

/// What was found of what was wanted; what is not there is left out.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) receipts: Vec<(IdempotencyKey, Receipt, Hash)>,
    pub(super) streams: Vec<(StreamId, End)>,
    pub(super) erasable: Vec<(u64, Erasable)>,
    pub(super) greatest_key: Option<IdempotencyKey>,
}

/// What is known of a journal between batches. It holds as long as the journal ends where it did: every append adds an
/// event, so whatever another process did shows in the tail.
#[derive(Debug, Default)]
pub(super) struct Known {
    tail: Option<Tail>,
    streams: HashMap<StreamId, End, ahash::RandomState>,
    receipts: HashMap<IdempotencyKey, (Receipt, Hash), ahash::RandomState>,
    erasable: HashMap<u64, Erasable>,
    /// A key above it that is not among the receipts is new. `None` while it is not known.
    greatest_key: Option<IdempotencyKey>,
}

impl Known {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether somebody else was here since, or nobody was before.
    pub(super) fn is_stale(&self, tail: Tail) -> bool {
        self.tail != Some(tail)
    }

    /// Forgets all, unless the journal ends where it did; and says what is wanted for these requests.
    pub(super) fn prepare<'a>(&mut self, tail: Tail, requests: impl Iterator<Item = &'a Request> + Clone) -> Wanted {
        if self.is_stale(tail) {
            self.forget();
            self.tail = Some(tail);
        }
        self.limit();
        let mut wanted = Wanted { greatest_key: self.greatest_key.is_none(), ..Wanted::default() };
        for request in requests {
            wanted.erases.extend(&request.erases);
            if !self.receipts.contains_key(&request.key)
                && self.greatest_key.is_none_or(|greatest| request.key <= greatest)
            {
                wanted.keys.push(request.key);
            }
            wanted
                .streams
                .extend(request.writes.iter().map(|write| write.stream).filter(|id| !self.streams.contains_key(id)));
        }
        wanted.streams.sort_unstable();
        wanted.streams.dedup();
        wanted
    }

    pub(super) fn learn(&mut self, wanted: &Wanted, found: Found) {
        self.erasable = found.erasable.into_iter().collect();
        self.receipts.extend(found.receipts.into_iter().map(|(key, receipt, head)| (key, (receipt, head))));
        self.streams.extend(wanted.streams.iter().map(|id| (*id, End::default())));
        self.streams.extend(found.streams);
        if wanted.greatest_key {
            self.greatest_key = found.greatest_key.or(Some(IdempotencyKey::LEAST));
        }
    }

    fn limit(&mut self) {
        if self.streams.len() > REMEMBERED {
            self.streams.clear();
        }
        if self.receipts.len() > REMEMBERED {
            let greatest = self.receipts.keys().max().copied();
            self.greatest_key = self.greatest_key.max(greatest);
            self.receipts.clear();
        }
    }
}

/// What becomes of a task.
#[derive(Debug)]
pub(super) enum TaskChange {
    Owe(NewTask),
    Settle(TaskId),
}

/// What is to be written, all of it or nothing, and what is then said to whom.
#[derive(Debug)]
pub(super) struct Plan {
    /// With the number of its stream, each.
    pub(super) rows: Vec<(u64, Row)>,
    pub(super) receipts: Vec<(IdempotencyKey, Receipt)>,
    /// Streams that end somewhere else than before, by their numbers.
    pub(super) ends: Vec<(StreamId, End)>,
    /// How many streams there were.
    pub(super) streams: u64,
    pub(super) erased: Vec<(u64, [u8; 32])>,
    /// In the order in which they are to take effect.
    pub(super) tasks: Vec<TaskChange>,
    /// In the order of the requests.
    pub(super) replies: Vec<Result<Appended, AppendError>>,
    pub(super) head: Head,
}

/// Plans a batch, and makes it known. Where writing fails, what is known must be forgotten.
pub(super) fn plan(school: SchoolId, known: &mut Known, tail: Tail, requests: Vec<Request>) -> Plan {
    let mut plan = Plan {
        rows: Vec::with_capacity(requests.len()),
        receipts: Vec::with_capacity(requests.len()),
        ends: Vec::new(),
        streams: tail.streams,
        erased: Vec::new(),
        tasks: Vec::new(),
        replies: Vec::with_capacity(requests.len()),
        head: tail.head,
    };
    let mut streams = tail.streams;
    for request in requests {
        let reply = match refuse(known, &request) {
            Some(reply) => reply,
            None => Ok(carry_out(school, known, &mut plan, &mut streams, request)),
        };
        plan.replies.push(reply);
    }
    plan.ends.sort_unstable_by_key(|(_, end)| end.number);
    plan.ends.dedup_by(|later, earlier| {
        let same = later.1.number == earlier.1.number;
        if same && later.1.version > earlier.1.version {
            *earlier = *later;
        }
        same
    });
    known.tail = Some(Tail { head: plan.head, streams });
    plan
}

/// The answer to a request that adds nothing.
fn refuse(known: &Known, request: &Request) -> Option<Result<Appended, AppendError>> {
    if let Some((receipt, head)) = known.receipts.get(&request.key) {
        if receipt.fingerprint != request.fingerprint {
            return Some(Err(AppendError::KeyReused));
        }
        let positions = receipt.first..receipt.first + receipt.count;
        return Some(Ok(Appended { positions, head: *head, again: true }));
    }
    let mut before: Vec<(StreamId, u64)> = Vec::new();
    for write in &request.writes {
        let here = before.iter().rev().find(|(stream, _)| *stream == write.stream).map(|(_, version)| *version);
        let found = here.unwrap_or_else(|| known.streams.get(&write.stream).map_or(0, |end| end.version));
        if let Expected::Version(expected) = write.expected
            && expected != found
        {
            return Some(Err(AppendError::Conflict { stream: write.stream, found }));
        }
        before.push((write.stream, found + write.events.len() as u64));
    }
    if request.erases.iter().any(|position| !known.erasable.contains_key(position)) {
        return Some(Err(AppendError::Invalid("there is no payload to erase at one of the positions")));
    }
    None
}

fn carry_out(school: SchoolId, known: &mut Known, plan: &mut Plan, streams: &mut u64, request: Request) -> Appended {
    let first = plan.head.position + 1;
    for write in request.writes {
        let PreparedWrite { stream, class, events, .. } = write;
        if events.is_empty() {
            continue;
        }
        let end = known.streams.entry(stream).or_default();
        if end.number == 0 {
            *streams += 1;
            end.number = *streams;
        }
        for event in events {
            let position = plan.head.position + 1;
            let version = end.version + 1;
            let header = Header { position, stream, version, previous: end.last, class, at: event.at, key: event.key };
            let hash = header.hash(school, plan.head.hash, &event.digest);
            plan.rows.push((end.number, Row { header, hash, bytes: Some(event.bytes), digest: event.digest }));
            plan.head = Head { position, hash };
            (end.version, end.last) = (version, position);
        }
        plan.ends.push((stream, *end));
    }
    for position in request.erases {
        // A second request of the same batch finds it gone.
        if let Some(Erasable::Payload(digest)) = known.erasable.insert(position, Erasable::Gone) {
            plan.erased.push((position, digest));
        }
    }
    plan.tasks.extend(request.owes.into_iter().map(TaskChange::Owe));
    plan.tasks.extend(request.settles.into_iter().map(TaskChange::Settle));
    let positions = first..plan.head.position + 1;
    let receipt = Receipt { fingerprint: request.fingerprint, first, count: positions.end - first };
    plan.receipts.push((request.key, receipt));
    known.receipts.insert(request.key, (receipt, plan.head.hash));
    Appended { positions, head: plan.head.hash, again: false }
}

/// The payload of an event that names what was erased: the positions, eight bytes each, least first.
pub(super) fn erasure_payload(positions: &[u64], reason: &[u8]) -> Vec<u8> {
    let count = (positions.len() as u64).to_le_bytes();
    let numbers = positions.iter().flat_map(|position| position.to_le_bytes());
    count.into_iter().chain(numbers).chain(reason.iter().copied()).collect()
}

/// The positions that such an event names; `None` where it is none of ours.
pub(super) fn erased_positions(class: u16, payload: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let (count, rest) = payload.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(8)?;
    let numbers = rest.get(..length).filter(|_| class == ERASURE)?;
    Some(numbers.chunks_exact(8).filter_map(|number| number.try_into().ok().map(u64::from_le_bytes)))
}
