//! Turns in a folder: those who append go side by side, and whoever takes files away goes alone.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::StoreError;
use crate::sqlite::BUSY;

const AGAIN: Duration = Duration::from_millis(5);

/// A turn, which ends when it is dropped, or with the process. It is a lock on the folder itself, so that nothing has
/// to be put beside the files; SQLite's own locks cannot tell that a file is about to be taken away.
#[derive(Debug)]
pub(super) struct Turn {
    _locked: File,
}

impl Turn {
    /// Side by side with others that append.
    pub(super) fn shared(folder: &Path) -> Result<Self, StoreError> {
        Self::wait(folder, File::try_lock_shared)
    }

    /// Alone.
    pub(super) fn alone(folder: &Path) -> Result<Self, StoreError> {
        Self::wait(folder, File::try_lock)
    }

    fn wait(folder: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Self, StoreError> {
        let opened = File::open(folder).map_err(|error| StoreError::io(folder, error))?;
        let start = Instant::now();
        loop {
            match lock(&opened) {
                Ok(()) => return Ok(Self { _locked: opened }),
                Err(TryLockError::WouldBlock) if start.elapsed() < BUSY => sleep(AGAIN),
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { file: folder.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(StoreError::io(folder, error)),
            }
        }
    }
}
