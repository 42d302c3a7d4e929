//! What can go wrong, as a number and as a sentence.

use std::cell::RefCell;
use std::io;
use std::io::Write;

use belisha_filter::{HostError, RulesetError, TargetError};

/// What every call says of itself. Numbers keep their meaning; a later library may know more of them.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Done.
    Ok = 0,
    /// A pointer is null, or cannot be one to what is asked for.
    NullPointer = 1,
    /// A length, a size or a number that cannot be.
    Argument = 2,
    /// The rules were freed.
    Freed = 3,
    /// The file cannot be read.
    Io = 4,
    /// The bytes are not a ruleset.
    NotARuleset = 5,
    /// The ruleset has a format version that this library does not read.
    Version = 6,
    /// The ruleset is cut short, or some bytes are not those that were written.
    Damaged = 7,
    /// The ruleset holds no rules.
    Empty = 8,
    /// The text is not a URL that can be asked for.
    Url = 9,
    /// The text is not a host.
    Host = 10,
    /// The buffer is too small; the length that it needs was given.
    Space = 11,
    /// There is no memory for a ruleset of this size.
    Memory = 12,
    /// A mistake in the library, caught before it reached the caller. Please report it.
    Internal = 13,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("`{0}` is null or misaligned")]
    Null(&'static str),
    #[error("`{name}` is {value}, and {limit} is the limit")]
    Argument { name: &'static str, value: usize, limit: usize },
    #[error("the rules were freed")]
    Freed,
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Ruleset(#[from] RulesetError),
    #[error(transparent)]
    Url(#[from] TargetError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("the buffer holds {capacity} bytes, and {needed} are needed")]
    Space { capacity: usize, needed: usize },
    #[error("there is no memory for {0} bytes")]
    Memory(usize),
    #[error("a mistake in the library was caught")]
    Internal,
}

impl Failure {
    fn status(&self) -> Status {
        match self {
            Self::Null(_) => Status::NullPointer,
            Self::Argument { .. } => Status::Argument,
            Self::Freed => Status::Freed,
            Self::Io(_) => Status::Io,
            Self::Ruleset(RulesetError::NotARuleset) => Status::NotARuleset,
            Self::Ruleset(RulesetError::Version(_)) => Status::Version,
            Self::Ruleset(RulesetError::Empty) => Status::Empty,
            Self::Ruleset(_) => Status::Damaged,
            Self::Url(_) => Status::Url,
            Self::Host(_) => Status::Host,
            Self::Space { .. } => Status::Space,
            Self::Memory(_) => Status::Memory,
            Self::Internal => Status::Internal,
        }
    }

    /// Keeps the sentence for [`last_error`] and gives the number.
    pub(crate) fn noted(&self) -> Status {
        // A thread that is ending has no place for it any more; the number says enough.
        let _ = LAST.try_with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                last.clear();
                // Writing to memory does not fail.
                let _ = write!(last, "{self}");
                last.retain(|byte| *byte != 0);
                last.push(0);
            }
        });
        self.status()
    }
}

thread_local! {
    /// The sentence of this thread's last failure, with a NUL behind it.
    static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where the sentence of this thread's last failure begins; it ends with a NUL.
pub(crate) fn last_error() -> *const u8 {
    let none = c"".as_ptr().cast::<u8>();
    LAST.try_with(|last| last.try_borrow().map_or(none, |last| if last.is_empty() { none } else { last.as_ptr() }))
        .unwrap_or(none)
}
