//! Lists of unlawful material: hashed as they come in, so that nobody can read them afterwards.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use belisha_filter::{LockKey, Rule};
use belisha_policy::{Category, Kind};

use super::import::ListSummary;
use super::manifest::Source;
use crate::folder::{DataFolder, FileError, at, sync_folder};

/// The key that rules of locked lists are hashed with, in the folder of the lists.
const KEY: &str = ".lock-key";

/// Hashes the rules of those lists of a source that are of a locked category, and gives the key where there is one. Rules
/// that are not about a name or an address with its paths are left out, and counted. What was quoted of such lists goes.
pub(super) fn lock(
    folder: &DataFolder,
    source: &mut Source,
    lists: &mut [ListSummary],
    dry_run: bool,
) -> Result<Option<LockKey>, FileError> {
    let is_locked = |category: Option<Category>| category.is_some_and(|category| category.kind() == Kind::Locked);
    let found = key(folder)?;
    if !lists.iter().any(|list| is_locked(list.category)) {
        return Ok(found);
    }
    let key = match found {
        Some(key) => key,
        None => make(folder, dry_run)?,
    };
    for ((summary, about), rules) in lists.iter_mut().zip(&mut source.manifest.lists).zip(&mut source.rules) {
        if is_locked(summary.category) {
            let mut locked: Vec<String> = Vec::new();
            for line in rules.lines() {
                match Rule::from_normalised(line) {
                    Ok(rule) => locked.push(format!("{}\n", key.lock(&rule))),
                    Err(_) => summary.malformed += 1,
                }
            }
            locked.sort_unstable();
            for complaint in &mut summary.complaints {
                complaint.text = "a line that cannot be read; lines of such lists are not shown".into();
            }
            (summary.rules, about.rules) = (locked.len() as u64, locked.len() as u64);
            *rules = locked.concat();
        }
    }
    Ok(Some(key))
}

/// The key, where locked lists were imported.
pub(super) fn key(folder: &DataFolder) -> Result<Option<LockKey>, FileError> {
    let file = folder.lists().join(KEY);
    match fs::read(&file) {
        Ok(bytes) => {
            let bytes = bytes.try_into().map_err(|_| io::Error::other("it has not 32 bytes"));
            bytes
                .map(|bytes| Some(LockKey::new(bytes)))
                .map_err(at(&file, "is damaged; remove it, and import the locked lists again"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&file, "cannot be read")(error)),
    }
}

fn make(folder: &DataFolder, dry_run: bool) -> Result<LockKey, FileError> {
    let file = folder.lists().join(KEY);
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| at(&file, "cannot be made: there are no random numbers")(io::Error::other(error)))?;
    if !dry_run {
        let write = || {
            let mut key = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
            key.write_all(&bytes)?;
            key.sync_all()
        };
        write().map_err(at(&file, "cannot be written"))?;
        sync_folder(&folder.lists())?;
    }
    Ok(LockKey::new(bytes))
}
