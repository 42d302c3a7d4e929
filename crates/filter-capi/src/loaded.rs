//! A ruleset that was read and checked, and what is known of its lists as C reads texts.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use belisha_filter::{AlignedBytes, List, Ruleset, RulesetError};

use crate::failure::Failure;

/// One ruleset in memory.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// A number that no other has.
    pub(crate) number: u64,
    pub(crate) ruleset: Ruleset<AlignedBytes>,
    /// Of each list, by number.
    texts: Vec<ListTexts>,
}

/// The texts of a list.
#[derive(Debug)]
pub(crate) struct ListTexts {
    pub(crate) source: Terminated,
    pub(crate) name: Terminated,
    pub(crate) licence: Terminated,
}

/// A text with a NUL behind it.
#[derive(Debug)]
pub(crate) struct Terminated(Box<[u8]>);

/// The number of the last one; the first has 1.
static LAST: AtomicU64 = AtomicU64::new(0);

impl Loaded {
    /// Reads a file to its end. The file may be replaced or cut short afterwards: nothing is read from it again.
    pub(crate) fn from_file(path: &Path) -> Result<Self, Failure> {
        // Asked before opening: to open a pipe would wait for somebody who writes to it.
        if !fs::metadata(path)?.is_file() {
            return Err(Failure::Io(io::Error::other("it is not a regular file")));
        }
        let mut file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| Failure::Memory(usize::MAX))?;
        check_head(&mut file, length)?;
        let mut bytes = zeroed(length)?;
        file.read_exact(bytes.as_mut())?;
        Self::open(bytes)
    }

    /// Copies bytes.
    pub(crate) fn from_memory(bytes: &[u8]) -> Result<Self, Failure> {
        let mut copy = zeroed(bytes.len())?;
        copy.as_mut().copy_from_slice(bytes);
        Self::open(copy)
    }

    fn open(bytes: AlignedBytes) -> Result<Self, Failure> {
        let ruleset = Ruleset::open(bytes)?;
        ruleset.verify()?;
        let texts = ruleset.lists().map(ListTexts::of).collect();
        Ok(Self { number: LAST.fetch_add(1, Ordering::Relaxed) + 1, ruleset, texts })
    }

    pub(crate) fn texts(&self, list: usize) -> Option<&ListTexts> {
        self.texts.get(list)
    }
}

impl ListTexts {
    fn of(list: &List) -> Self {
        Self {
            source: Terminated::new(list.source()),
            name: Terminated::new(list.name()),
            licence: Terminated::new(list.licence_text()),
        }
    }
}

impl Terminated {
    fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        Self(bytes.into_boxed_slice())
    }

    /// The bytes, with the NUL.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes from the front of a file that hold all of a ruleset's header.
const HEAD: usize = 4096;

/// Whether a long file says of itself that it is a ruleset of this length: memory is asked for only then.
fn check_head(file: &mut File, length: usize) -> Result<(), Failure> {
    if length <= HEAD {
        return Ok(());
    }
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    file.rewind()?;
    match Ruleset::open(head.as_slice()) {
        Err(RulesetError::Length { expected, .. }) if expected != length as u64 => {
            Err(RulesetError::Length { expected, found: length as u64 }.into())
        }
        Ok(_) | Err(RulesetError::Length { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// So many zero bytes, or an error where there is no memory for them.
fn zeroed(length: usize) -> Result<AlignedBytes, Failure> {
    AlignedBytes::try_zeroed(length).map_err(|_| Failure::Memory(length))
}
