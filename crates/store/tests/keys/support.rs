//! Places for keys, and looking into files.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use belisha_store::keys::{KeyError, KeyStore, Memory, Place, Readers, Role, Sealed, Unlocked, Work};
use belisha_store::{SchoolId, StreamId};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Set in processes that a test starts.
pub(crate) const CHILD: &str = "BELISHA_KEYS_TEST_FOLDER";

pub(crate) const SCHOOL: SchoolId = SchoolId::from_bytes([1; 16]);
pub(crate) const OTHER: SchoolId = SchoolId::from_bytes([2; 16]);

pub(crate) const CASES: Readers = Readers::Role(Role::CASES);
pub(crate) const CAPTURES: Readers = Readers::Role(Role::CAPTURES);

/// The least work for a password: nothing in the tests is secret.
pub(crate) fn work() -> Work {
    Work::log2(1).unwrap()
}

/// A place that nothing is at.
pub(crate) struct Spot {
    pub(crate) place: Place,
    pub(crate) school: SchoolId,
    _folder: Option<TempDir>,
}

impl Spot {
    pub(crate) fn memory() -> Self {
        Self { place: Place::Memory(Memory::default()), school: SCHOOL, _folder: None }
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { place: Place::Folder(folder.path().join("keys")), school: SCHOOL, _folder: Some(folder) }
    }

    pub(crate) fn of(place: Place, school: SchoolId, folder: TempDir) -> Self {
        Self { place, school, _folder: Some(folder) }
    }

    pub(crate) fn create(&self) -> KeyStore {
        KeyStore::create(&self.place, self.school, work()).unwrap()
    }

    pub(crate) fn open(&self) -> KeyStore {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<KeyStore, KeyError> {
        KeyStore::open_at(&self.place, self.school, work())
    }

    pub(crate) fn path(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) | Place::Postgres { folder, .. } => folder,
            Place::Memory(_) => panic!("memory has no path"),
        }
    }
}

pub(crate) fn stream(number: u8) -> StreamId {
    StreamId::from_bytes([number; 16])
}

pub(crate) fn open(
    store: &KeyStore,
    stream: StreamId,
    sealed: &Sealed,
    with: &Unlocked,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    store.open(stream, sealed.key, &sealed.bytes, with)
}

/// Gives people keys, with their names as passwords.
pub(crate) fn people(store: &KeyStore, names: &[&str]) {
    for name in names {
        store.add_holder(name, name).unwrap();
    }
}

/// Unlocks somebody whose name is the password.
pub(crate) fn unlock(store: &KeyStore, name: &str) -> Unlocked {
    store.unlock(name, name).unwrap()
}

/// Every file under a folder, by its path.
pub(crate) fn files(folder: &Path) -> HashMap<String, Vec<u8>> {
    let mut all = HashMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.insert(entry.path().display().to_string(), fs::read(entry.path()).unwrap());
        }
    }
    all
}

/// How many of these texts of one length stand in some file under a folder.
pub(crate) fn seen(folder: &Path, texts: &HashSet<Vec<u8>>) -> usize {
    let length = texts.iter().next().map_or(1, Vec::len);
    let files = files(folder);
    let windows = files.values().flat_map(|bytes| bytes.windows(length));
    windows.filter(|window| texts.contains(*window)).collect::<HashSet<_>>().len()
}

/// The stored bytes of all blocks: in front who reads them, from byte 88 on the wrapped keys, 48 bytes each.
pub(crate) fn blocks(folder: &Path) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(folder.join("data-keys.db")).unwrap();
    let mut select = db.prepare("SELECT bytes FROM blocks ORDER BY number").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The stored bytes of a key.
pub(crate) fn wrapped(folder: &Path, sealed: &Sealed) -> Vec<u8> {
    let (id, slot) = sealed.key.as_bytes().split_at(14);
    let db = rusqlite::Connection::open(folder.join("data-keys.db")).unwrap();
    let find = "SELECT bytes FROM blocks WHERE id = ?1";
    let bytes: Vec<u8> = db.query_row(find, [id], |row| row.get(0)).unwrap();
    let from = 88 + 48 * usize::from(u16::from_be_bytes(slot.try_into().unwrap()));
    bytes[from..from + 48].to_vec()
}

/// This test program again, running one test that does something only when it is a child.
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, folder).stdout(Stdio::piped());
    command
}

pub(crate) fn child_folder() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD).map(Into::into)
}

/// Random enough for moments and choices.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        println!("seed {seed}");
        Self(u64::from(seed).wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }
}
