//! Both files of a backup, opened, and checked from end to end before anything is done with them.

use std::io::{self, Cursor, Read};
use std::path::Path;

use belisha_store::backup::{self, BackupError as ArchiveError, BackupIdentity, Holds, Manifest, Part};
use belisha_store::journal::{Copied, CopyError, check_copy};
use belisha_store::keys::{KeyState, KeyStore, Memory, Place, Work};
use belisha_store::{KeyRef, StreamId};
use zeroize::Zeroizing;

use super::files::{DATA_KEYS, Kind, SCHOOL_KEY};
use super::write::Telling;
use super::{BrokenJournal, Doing, Progress, RestoreError, UnknownKeys};

/// More than the keys of a hundred million events.
const MOST_KEYS: u64 = 8 << 30;
/// More than any `school.key`.
const LONGEST_KEY: u64 = 4_096;
/// Keys that are looked up at once.
const AT_ONCE: usize = 16_384;

/// A file of keys, in memory.
pub(super) struct Keys {
    pub(super) manifest: Manifest,
    pub(super) school_key: Zeroizing<String>,
    pub(super) copy: Vec<u8>,
}

impl Keys {
    pub(super) fn read(file: &Path, identity: &BackupIdentity) -> Result<Self, RestoreError> {
        let swapped = || RestoreError::Swapped { file: file.to_owned(), expected: "keys" };
        let foreign = || RestoreError::Foreign { file: file.to_owned() };
        let mut key = Zeroizing::new(Vec::new());
        let mut copy = Vec::new();
        let manifest = backup::read(file, identity, |manifest, part, content| {
            let (to, most) = match part.name.as_str() {
                _ if manifest.holds != Holds::Keys => return Err(swapped()),
                SCHOOL_KEY => (&mut *key, LONGEST_KEY),
                DATA_KEYS => (&mut copy, MOST_KEYS),
                _ => return Err(foreign()),
            };
            if part.bytes > most {
                return Err(foreign());
            }
            content.take(most).read_to_end(to).map(drop).map_err(damaged(file))
        })?;
        if manifest.holds != Holds::Keys {
            return Err(swapped());
        }
        let school_key =
            std::str::from_utf8(&key).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| foreign())?;
        Ok(Self { manifest, school_key, copy })
    }

    /// The keys, at a place that has none.
    pub(super) fn restore(&self, place: &Place, work: Work) -> Result<KeyStore, RestoreError> {
        let copy = &mut Cursor::new(&self.copy);
        Ok(KeyStore::restore(place, self.manifest.school, &self.school_key, copy, work)?)
    }

    /// The keys, at a place where they stand already.
    pub(super) fn take_up(&self, place: &Place, work: Work) -> Result<KeyStore, RestoreError> {
        let copy = &mut Cursor::new(&self.copy);
        Ok(KeyStore::take_up(place, self.manifest.school, &self.school_key, copy, work)?)
    }
}

/// Bytes that could not be read where the archive could.
fn damaged(file: &Path) -> impl Fn(io::Error) -> RestoreError + '_ {
    |source| ArchiveError::Io { file: file.to_owned(), source }.into()
}

/// A file of records that was read to its end.
pub(super) struct Records {
    pub(super) manifest: Manifest,
    /// The positions of events whose keys were destroyed.
    pub(super) destroyed: Vec<u64>,
    /// The positions of events whose keys are not in the copy of keys.
    pub(super) unknown: Vec<u64>,
}

/// What a restore may accept.
#[derive(Clone, Copy)]
pub(super) struct Accepted {
    pub(super) broken: BrokenJournal,
    pub(super) unknown: UnknownKeys,
}

impl Records {
    /// Reads all of it, and holds it against itself and the keys. Nothing is written.
    pub(super) fn check(
        file: &Path,
        identity: &BackupIdentity,
        keys: &Keys,
        accepted: Accepted,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, RestoreError> {
        let manifest = backup::peek(file, identity)?;
        check_manifest(file, &manifest, keys, accepted)?;
        let store = keys.restore(&Place::Memory(Memory::default()), Work::default())?;
        let mut states = States { store: &store, waiting: Vec::new(), destroyed: Vec::new(), unknown: Vec::new() };
        let mut done = Telling::new(Doing::Checking, manifest.bytes(), progress);
        let manifest = backup::read(file, identity, |manifest, part, content| {
            let mut content = done.read(content);
            match Kind::of(&part.name) {
                Some(Kind::Journal) => check_journal(file, manifest, Copied::Sound, &mut content, &mut states)?,
                Some(Kind::JournalAsFound) => {
                    check_journal(file, manifest, Copied::AsFound, &mut content, &mut states)?;
                }
                _ => {}
            }
            io::copy(&mut content, &mut io::sink()).map(drop).map_err(damaged(file))
        })?;
        let States { destroyed, unknown, .. } = states;
        if !unknown.is_empty() && accepted.unknown == UnknownKeys::Refuse {
            return Err(RestoreError::KeysTooOld { events: unknown.len() as u64 });
        }
        Ok(Self { manifest, destroyed, unknown })
    }
}

fn check_manifest(file: &Path, manifest: &Manifest, keys: &Keys, accepted: Accepted) -> Result<(), RestoreError> {
    if manifest.holds != Holds::Records {
        return Err(RestoreError::Swapped { file: file.to_owned(), expected: "records" });
    }
    if manifest.school != keys.manifest.school {
        return Err(RestoreError::TwoSchools { records: manifest.school, keys: keys.manifest.school });
    }
    let foreign = || RestoreError::Foreign { file: file.to_owned() };
    let mut journals = Vec::new();
    for part in &manifest.parts {
        let kind = Kind::of(&part.name).ok_or_else(foreign)?;
        journals.extend(kind.is_journal().then_some(kind));
    }
    let sound = match (journals.as_slice(), manifest.journal) {
        ([Kind::Journal], Some(journal)) => journal.sound,
        ([Kind::JournalAsFound], Some(journal)) if !journal.sound => false,
        ([Kind::JournalFile], None) => false,
        _ => return Err(foreign()),
    };
    if !sound && accepted.broken == BrokenJournal::Refuse {
        return Err(RestoreError::BrokenJournal);
    }
    // The journal comes last: see `restore`.
    if manifest.parts.last().and_then(|part: &Part| Kind::of(&part.name)).is_some_and(Kind::is_journal) {
        Ok(())
    } else {
        Err(foreign())
    }
}

fn check_journal(
    file: &Path,
    manifest: &Manifest,
    copied: Copied,
    content: &mut dyn Read,
    states: &mut States<'_>,
) -> Result<(), RestoreError> {
    let head = check_copy(manifest.school, copied, content, |position, stream, key| states.add(position, stream, key))?;
    states.look_up()?;
    if manifest.journal.is_some_and(|journal| journal.head() == head) {
        Ok(())
    } else {
        Err(RestoreError::OtherHead { file: file.to_owned() })
    }
}

/// What is left of the keys of events.
struct States<'a> {
    store: &'a KeyStore,
    waiting: Vec<(u64, StreamId, KeyRef)>,
    destroyed: Vec<u64>,
    unknown: Vec<u64>,
}

impl States<'_> {
    fn add(&mut self, position: u64, stream: StreamId, key: KeyRef) -> Result<(), CopyError> {
        self.waiting.push((position, stream, key));
        if self.waiting.len() < AT_ONCE {
            return Ok(());
        }
        self.look_up()
    }

    fn look_up(&mut self) -> Result<(), CopyError> {
        let keys: Vec<_> = self.waiting.iter().map(|(_, stream, key)| (*stream, *key)).collect();
        // In memory nothing can fail.
        let states = self.store.states(&keys).map_err(|_| CopyError::Copy("its keys cannot be read"))?;
        for ((position, ..), state) in self.waiting.drain(..).zip(states) {
            match state {
                KeyState::There => {}
                KeyState::Destroyed => self.destroyed.push(position),
                KeyState::Unknown => self.unknown.push(position),
            }
        }
        Ok(())
    }
}
