//! A rehearsal: a backup is restored where nobody looks, held against itself, and thrown away.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use belisha_store::backup::BackupIdentity;
use belisha_store::journal::Payload;
use belisha_store::keys::{KeyError, Memory, Place};
use chrono::{DateTime, Utc};

use crate::folder::{DataFolder, at};
use crate::ledger::{Ledger, LedgerError};

use super::opened::{Accepted, Keys, Records};
use super::restore::Restoring;
use super::target::Target;
use super::{BrokenJournal, Progress, Restore, RestoreError, Restored, UnknownKeys};

/// With what the names of temporary folders begin.
const FRONT: &str = "belisha-drill-";
/// Events that are opened, spread over the whole journal.
const SAMPLE: u64 = 1_000;

/// What a rehearsal found. That there is one says that both files are whole, fit each other, and can be restored: every
/// byte was read, the chain holds and ends where the manifest says, and all keys are there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drill {
    /// What a restore would say.
    pub restored: Restored,
    /// Events of a sample that the school's programs can read, and that were opened.
    pub opened: u64,
    /// Events of the sample that are sealed to people, and that only those can open.
    pub sealed_to_people: u64,
    /// Events of the sample whose content was erased.
    pub erased: u64,
    /// Events of the sample that should open and do not.
    pub unreadable: u64,
}

/// Rehearses a restore into a temporary folder beside the file of records, which is there for its owner alone and goes
/// again. The keys stay in memory. Needs as much room as the records take when they are unpacked; other folders can be
/// had by copying the files there first.
///
/// # Errors
/// Whatever a restore would say; a journal that was broken, and keys that are older than the records, are no reason to
/// restore nothing: see what [`restored`](Drill::restored) says of them.
pub fn drill(
    records: &Path,
    keys: &Path,
    identity: &BackupIdentity,
    now: DateTime<Utc>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Drill, RestoreError> {
    let beside = match records.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let opened_keys = Keys::read(keys, identity)?;
    let (broken, unknown) = (BrokenJournal::Accept, UnknownKeys::GiveUp);
    let checked = Records::check(records, identity, &opened_keys, Accepted { broken, unknown }, progress)?;
    sweep(beside);
    let cannot = at(beside, "a temporary folder cannot be made in it");
    // For its owner alone.
    let temporary = tempfile::Builder::new().prefix(FRONT).tempdir_in(beside).map_err(cannot)?;
    let folder = DataFolder::new(temporary.path());
    let target = Target::begin(&folder, "a rehearsal", None)?;
    let what = Restore { records, keys, identity, folder: &folder, store: None, broken, unknown };
    let place = Place::Memory(Memory::default());
    let mut restoring = Restoring {
        what: &what,
        target: &target,
        place,
        keys: &opened_keys,
        records: &checked,
        in_store: false,
        days_in_store: Vec::new(),
    };
    let (ledger, restored) = restoring.all(now, progress)?;
    let mut drill = Drill { restored, opened: 0, sealed_to_people: 0, erased: 0, unreadable: 0 };
    if let Some(ledger) = &ledger {
        drill.open_some(ledger)?;
    }
    drop((ledger, target));
    let cannot = at(temporary.path(), "the temporary folder cannot be removed: remove it by hand");
    fs::remove_dir_all(temporary.path()).map_err(cannot)?;
    Ok(drill)
}

impl Drill {
    fn open_some(&mut self, ledger: &Ledger) -> Result<(), RestoreError> {
        let events = ledger.head()?.position;
        let step = usize::try_from(events / SAMPLE + 1).unwrap_or(usize::MAX);
        for position in (1..=events).step_by(step) {
            let Some(event) = ledger.journal().read(position, 1)?.pop() else { continue };
            let keys = ledger.keys();
            let opened = match &event.payload {
                Payload::Open(_) => continue,
                Payload::Erased => Err(KeyError::Erased),
                Payload::Sealed { key, bytes } => keys.open(event.stream, *key, bytes, keys.as_school()).map(drop),
            };
            match opened {
                Ok(()) => self.opened += 1,
                Err(KeyError::NotAReader) => self.sealed_to_people += 1,
                Err(KeyError::Erased) => self.erased += 1,
                Err(KeyError::Damaged { .. } | KeyError::Unknown) => self.unreadable += 1,
                Err(error) => return Err(LedgerError::from(error).into()),
            }
        }
        Ok(())
    }
}

/// Removes what a rehearsal left that was cut off.
fn sweep(beside: &Path) {
    for entry in fs::read_dir(beside).into_iter().flatten().flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(FRONT) || !folder.is_dir() {
            continue;
        }
        // One that is going on has its mark locked.
        let mark = File::open(DataFolder::new(&folder).unfinished());
        if mark.is_ok_and(|mark| !matches!(mark.try_lock_shared(), Err(TryLockError::WouldBlock))) {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}
