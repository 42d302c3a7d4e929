//! Scans of what came back on paper: sealed like everything else that is about somebody, and looked at on demand alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belisha_policy::retention::RecordClass;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::journal::{Expected, Recorded};
use belisha_store::keys::Readers;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::events::recorded;
use crate::ledger::{Batch, Ledger, LedgerError, Stream};

recorded! { "agreements.scan" => ScanKept }

/// The largest scan that is kept, in bytes.
pub const LARGEST: usize = 8 << 20;
/// How much of one goes into an event.
const PART: usize = 512 << 10;

/// A part of a scan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ScanKept {
    /// The SHA-256 of the whole, hexadecimal.
    sha256: String,
    /// Which part, from 0.
    part: usize,
    /// Its bytes, in base64.
    bytes: String,
}

/// Why a file is not kept as a scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// It is permitted for something else.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// It is no scan.
    #[error(
        "this is neither a PDF nor a picture (PNG, JPEG, TIFF, WebP): it is not kept. Scan the form as one of these"
    )]
    Kind,
    /// It is too large.
    #[error("this has {0} bytes, and at most {LARGEST} are kept: scan it in grey at 150 dots per inch")]
    Large(usize),
    /// There is none.
    #[error("no scan is kept of this")]
    None,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A file that is a scan, by what is in it and not by its name.
pub struct Scan {
    bytes: Vec<u8>,
    digest: [u8; 32],
}

impl Scan {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// It is neither a PDF nor a picture, or too large.
    pub fn new(bytes: Vec<u8>) -> Result<Self, ScanError> {
        if bytes.len() > LARGEST {
            return Err(ScanError::Large(bytes.len()));
        }
        let kind = infer::get(&bytes).map(|kind| kind.mime_type());
        if !matches!(kind, Some("application/pdf" | "image/png" | "image/jpeg" | "image/tiff" | "image/webp")) {
            return Err(ScanError::Kind);
        }
        let digest = Sha256::digest(&bytes).into();
        Ok(Self { bytes, digest })
    }

    /// Its SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds it to a batch, as one of somebody's.
    pub(super) fn add_to(&self, batch: &mut Batch, person: PersonId) -> Result<(), LedgerError> {
        let (stream, sha256) = (Stream::scans_of(person), crate::hex(&self.digest));
        for (part, bytes) in self.bytes.chunks(PART).enumerate() {
            let event = ScanKept { sha256: sha256.clone(), part, bytes: STANDARD.encode(bytes) };
            batch.add(&stream, Expected::Any, &event)?;
        }
        Ok(())
    }
}

impl Stream {
    /// Scans of what somebody signed.
    pub(crate) fn scans_of(person: PersonId) -> Self {
        let id = Self::derived("belisha scans of ", &person.to_string());
        Self { id, class: RecordClass::AgreementSignature, readers: Readers::School }
    }
}

/// A scan of somebody's, by its SHA-256.
///
/// # Errors
/// It is not permitted, there is none, or what is kept is not what was scanned.
pub fn scan(ledger: &Ledger, permit: &Permit, person: PersonId, digest: [u8; 32]) -> Result<Scan, ScanError> {
    permit.allows_about(Action::ViewAgreements, person)?;
    let wanted = crate::hex(&digest);
    let mut bytes = Vec::new();
    let mut next = 0;
    for told in ledger.read_own(&Stream::scans_of(person))? {
        let Some(kept) = told.read::<ScanKept>()?.map(|it| it.body).filter(|it| it.sha256 == wanted) else { continue };
        // Scanned twice it is kept twice, and read once.
        if kept.part == next {
            bytes.extend(STANDARD.decode(&kept.bytes).map_err(|_| ScanError::None)?);
            next += 1;
        }
    }
    let scan = Scan::new(bytes).map_err(|_| ScanError::None)?;
    if scan.digest == digest { Ok(scan) } else { Err(ScanError::None) }
}
