//! The receipt of the school that took a pupil in.

use std::path::Path;

use belisha_formats::mis::claims::ListOf;
use belisha_policy::trust::{MoveError, Receipt};
use belisha_policy::{Action, Permit, PersonId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{self, RecordError};
use super::{MovingError, append, bytes_of};
use crate::ledger::Ledger;
use crate::people::events::MoveReceived;
use crate::people::plan::{Change, Planned};
use crate::people::roll::{Entry, Roll};
use crate::people::written::WrittenMove;
use crate::{hex, unhex};

/// The receipt of a school, as it stands in a file. It proves that whoever wrote it could open the record: the number is
/// that of its plain content. Nobody has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenReceipt {
    format: String,
    version: u16,
    /// Which school received.
    by: u64,
    /// Which school sent.
    from: u64,
    /// SHA-256 of the plain content.
    sha256: String,
    /// When.
    received: DateTime<Utc>,
}

const RECEIPT: &str = "belisha receipt of a pupil's record";

impl WrittenReceipt {
    pub(super) fn new(by: u64, from: u64, sha256: [u8; 32], received: DateTime<Utc>) -> Self {
        Self { format: RECEIPT.into(), version: 1, by, from, sha256: hex(&sha256), received }
    }

    fn read(text: &[u8]) -> Result<Self, RecordError> {
        record::check_form(text, RECEIPT)?;
        serde_json::from_slice(text).map_err(|_| RecordError::Form("receipt"))
    }
}

/// Takes the receipt of the other school. From then on the pupil has left, and what is kept of them is for reading only.
/// Gives who it is, and by which school they were received.
///
/// # Errors
/// The receipt is of another school, for another, of something else, of before, or not the first: nothing is changed.
pub fn accept_receipt(
    ledger: &Ledger,
    roll: &Roll,
    permit: &Permit,
    (file, ours): (&Path, u64),
    now: DateTime<Utc>,
) -> Result<(PersonId, u64), MovingError> {
    permit.allows(Action::MovePupils)?;
    let written = WrittenReceipt::read(&bytes_of(file)?)?;
    if written.from != ours {
        return Err(MovingError::Foreign { from: written.from, ours });
    }
    let sha256 = unhex(&written.sha256).ok_or(RecordError::Form("receipt"))?;
    let receipt = Receipt { by: written.by, sha256, at: written.received };
    let sent = |entry: &&Entry| entry.written.moving.as_ref().is_some_and(|moving| moving.sha256 == written.sha256);
    let entry = roll.people().find(sent).ok_or(MoveError::OtherContent)?;
    let person = entry.person.id;
    let offered = entry.written.moving.as_ref().and_then(|moving| moving.of(person));
    offered.ok_or(RecordError::Form("receipt"))?.receive(&receipt)?;
    let mut after = entry.written.clone();
    after.moving = after.moving.map(|moving| WrittenMove { received: Some(receipt.at), ..moving });
    after.left = after.left.or(Some(now.date_naive()));
    after.off = after.off.or(Some(now));
    let leaves = (entry.written.left.is_none()).then(|| Planned {
        person,
        version: entry.version,
        written: after.clone(),
        change: Change::Leaves,
        list: ListOf::Pupils,
        at: None,
    });
    let leaves: Vec<Planned> = leaves.into_iter().collect();
    append(ledger, roll, permit, (entry, &MoveReceived { person: after }), &leaves, now)?;
    Ok((person, receipt.by))
}
