//! What was imported before, by digests that only the programs of the school can make.

use std::collections::{HashMap, HashSet};

use belisha_formats::old_incidents::{Field, OldIncident};
use belisha_store::StreamId;
use belisha_store::journal::Recorded;
use belisha_store::keys::KeyStore;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::events::recorded;
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::{hex, unhex};

recorded! {
    "old-incidents.file-kept" => OldFileKept,
    "old-incidents.taken" => OldIncidentsTaken,
}

/// A digest under the key of the school.
pub(super) type Digest = [u8; 16];

/// The bytes of a log are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldFileKept {
    /// Which, as a digest.
    pub file: String,
    /// Its stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
}

/// Rows of a log are in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldIncidentsTaken {
    /// For each a digest of what was read of it and one of the row as it stands, together 64 digits.
    pub rows: Vec<String>,
    /// For each a digest of what it is called in its system; nothing where it has no name there.
    pub ids: Vec<Option<String>>,
}

/// Makes digests: with the key of a school, or before there is one, where nothing was imported yet, without.
#[derive(Clone, Copy)]
pub(super) struct Digests<'a>(pub(super) Option<&'a KeyStore>);

impl Digests<'_> {
    pub(super) fn of(self, parts: &[&[u8]]) -> Digest {
        let whole: [u8; 32] = match self.0 {
            Some(keys) => keys.fingerprint(parts),
            None => parts
                .iter()
                .fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]))
                .finalize()
                .into(),
        };
        whole.first_chunk().copied().unwrap_or_default()
    }

    /// A row, by what it says and what it is.
    pub(super) fn of_row(self, system: &str, incident: &OldIncident<'_>) -> RowDigest {
        let fields: Vec<&str> = Field::all().map(|field| incident.get(field)).collect();
        // Whatever the order of the columns, and whatever stands in those that are not read.
        let mut said: Vec<&[u8]> = vec![b"what an old incident says", system.as_bytes()];
        said.extend(fields.iter().map(|field| field.as_bytes()));
        let id = incident.get(Field::Id).trim();
        let of_id = || self.of(&[b"the id of an old incident", system.as_bytes(), id.as_bytes()]);
        RowDigest {
            said: self.of(&said),
            // Where more columns are read than before, the row is still the same.
            raw: self.of(&[b"the row of an old incident", system.as_bytes(), incident.raw().as_bytes()]),
            id: (!id.is_empty()).then(of_id),
        }
    }

    pub(super) fn of_file(self, bytes: &[u8]) -> Digest {
        self.of(&[b"the file of old incidents", bytes])
    }
}

/// A row of a log.
#[derive(Clone, Copy)]
pub(super) struct RowDigest {
    pub(super) said: Digest,
    pub(super) raw: Digest,
    pub(super) id: Option<Digest>,
}

/// All that was imported before.
#[derive(Default)]
pub(super) struct Known {
    rows: HashSet<Digest>,
    /// By id, what was said last.
    latest: HashMap<Digest, Digest>,
    files: HashMap<String, StreamId>,
    /// The version of the stream that this is of.
    pub(super) version: u64,
}

impl Known {
    pub(super) fn load(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut known = Self::default();
        for told in ledger.read_own(&Stream::OLD_INCIDENTS)? {
            known.version = told.version;
            if let Some(kept) = told.read::<OldFileKept>()? {
                known.files.insert(kept.body.file, kept.body.stream);
            }
            let Some(taken) = told.read::<OldIncidentsTaken>()? else { continue };
            for (row, id) in taken.body.rows.iter().zip(&taken.body.ids) {
                let Some((said, raw)) = unhex(row).and_then(halves) else { continue };
                let id = id.as_ref().and_then(|id| unhex(&format!("{id}{id}"))).and_then(halves).map(|(id, _)| id);
                known.take(RowDigest { said, raw, id });
            }
        }
        Ok(known)
    }

    /// Whether a row was imported, at any time: what an old system says again after it said something else in between is
    /// here already.
    pub(super) fn has(&self, row: &RowDigest) -> bool {
        self.rows.contains(&row.said) || self.rows.contains(&row.raw)
    }

    /// What was last said of the same incident.
    pub(super) fn latest(&self, row: &RowDigest) -> Option<Digest> {
        self.latest.get(&row.id?).copied()
    }

    pub(super) fn take(&mut self, row: RowDigest) {
        self.rows.extend([row.said, row.raw]);
        if let Some(id) = row.id {
            self.latest.insert(id, row.said);
        }
    }

    /// Where the bytes of a file are.
    pub(super) fn file(&self, digest: &Digest) -> Option<StreamId> {
        self.files.get(&hex(digest)).copied()
    }
}

fn halves(bytes: [u8; 32]) -> Option<(Digest, Digest)> {
    Some((bytes.first_chunk().copied()?, bytes.last_chunk().copied()?))
}

impl OldIncidentsTaken {
    pub(super) fn of<'r>(rows: impl Iterator<Item = &'r RowDigest> + Clone) -> Self {
        Self {
            rows: rows.clone().map(|row| hex(&row.said) + &hex(&row.raw)).collect(),
            ids: rows.map(|row| row.id.map(|id| hex(&id))).collect(),
        }
    }
}
