//! Incidents that were brought from other systems, and the files in which they came.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use belisha_incident::{Event, Fact};
use belisha_policy::may::{About, Topic};
use belisha_policy::{Action, Scope};
use belisha_store::StreamId;
use belisha_store::journal::Expected;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::acting::{CaseError, permitted};
use super::circle::Circle;
use super::desk::Desk;
use super::events::{ArchivedCase, CaseOpened, CasesArchived, CasesLookedAt, FilePart};
use super::reference::Reference;
use crate::audit::AuditReceipt;
use crate::ledger::{Batch, Ledger, LedgerError};
use crate::lookup::says_why;

/// So many bytes of a file go in one event: with base 64 and all around it that is less than a payload may have.
const PART: usize = 8 << 20;

/// An incident that is about to be archived.
pub(crate) struct ToArchive {
    pub(crate) reference: Reference,
    pub(crate) events: Vec<Event>,
}

/// Adds incidents to the archive of a circle, each in a stream of its own.
pub(crate) fn archive(
    batch: &mut Batch,
    circle: &Circle,
    file: StreamId,
    cases: Vec<ToArchive>,
) -> Result<(), LedgerError> {
    let mut archived = Vec::with_capacity(cases.len());
    for ToArchive { reference, events } in cases {
        let stream = StreamId::random()?;
        batch.add(&circle.case(stream), Expected::Version(0), &CaseOpened { reference, carries_on: None, events })?;
        archived.push(ArchivedCase { stream, reference });
    }
    batch.add(&circle.archive(), Expected::Any, &CasesArchived { file, cases: archived })
}

/// Seals the bytes of a file to a circle, and gives their stream. One that is cut short is a stream that nothing leads to.
pub(crate) fn keep_file(
    ledger: &Ledger,
    circle: &Circle,
    name: &str,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<StreamId, LedgerError> {
    let stream = StreamId::random()?;
    for part in bytes.chunks(PART) {
        let part = FilePart { name: name.to_owned(), bytes: STANDARD.encode(part) };
        ledger.note(&circle.case(stream), None, now, &part)?;
    }
    Ok(stream)
}

/// A file as it was before it was imported.
pub struct Original {
    /// What it was called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Desk<'_> {
    /// The file in which an archived incident came, with all the incidents in it: for whoever may see those of child
    /// protection, and who says why.
    ///
    /// # Errors
    /// There is no such incident, or no such file, as far as they are concerned; or it cannot be written down that they look.
    pub fn original(&self, reference: Reference, purpose: &str) -> Result<Original, CaseError> {
        let branch = self.find(reference)?;
        let about = About::of(Topic::ProtectionIncident);
        let of_all = permitted(self.authority.may(self.person, Action::ViewIncident, &about, self.now))?;
        let of_this = self.permit(self.person, &branch, Action::ViewIncident)?;
        let imported = branch.events.iter().find_map(|event| match &event.fact {
            Fact::Imported(imported) => Some(imported),
            _ => None,
        });
        let imported = imported.ok_or(CaseError::NotFound)?;
        if [of_all, of_this].iter().any(|permit| permit.scope() != Scope::Full) {
            return Err(CaseError::NotFound);
        }
        if !says_why(purpose) {
            return Err(CaseError::Purpose);
        }
        let look = CasesLookedAt { references: vec![reference.to_string()], purpose: Some(purpose.to_owned()) };
        let (stream, by) = (branch.circle.looks(), self.person.to_string());
        let _receipt = AuditReceipt::take(self.ledger(), &stream, &by, self.now, &look)?;
        let file = self.file_of(reference)?.ok_or(CaseError::NotFound)?;
        let mut original = Original { name: imported.file.clone(), bytes: Vec::new() };
        for told in self.ledger().read_readable(&[file], self.unlocked)? {
            let part = told.read::<FilePart>()?.and_then(|part| STANDARD.decode(part.body.bytes).ok());
            original.bytes.extend(part.ok_or(CaseError::NotFound)?);
        }
        // What was erased in part is not shown as if it were all.
        let digest: [u8; 32] = Sha256::digest(&original.bytes).into();
        if digest == imported.file_digest { Ok(original) } else { Err(CaseError::NotFound) }
    }

    fn file_of(&self, reference: Reference) -> Result<Option<StreamId>, CaseError> {
        let circles = Circle::held_by(self.keys(), self.unlocked.name().unwrap_or_default())?;
        let lists: Vec<StreamId> = circles.iter().map(|circle| circle.archive().id).collect();
        for told in self.ledger().read_readable(&lists, self.unlocked)? {
            let Some(archived) = told.read::<CasesArchived>()? else { continue };
            if archived.body.cases.iter().any(|case| case.reference == reference) {
                return Ok(Some(archived.body.file));
            }
        }
        Ok(None)
    }
}
