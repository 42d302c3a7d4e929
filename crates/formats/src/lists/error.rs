//! Why a source was refused as a whole.

use std::io;

/// Why nothing was read.
///
/// Lines that are no rules are never a reason: they are counted and complained about in what is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The path is missing or may not be read, or the disk failed.
    #[error("{file} could not be read ({source}); check the path and who may read it")]
    Io {
        /// The path, escaped for printing.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// What was read is damaged, hostile or no list at all.
    #[error("{file} {fault}")]
    BadInput {
        /// The path, or `member in path`, escaped for printing.
        file: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl ReadError {
    /// Whether the contents are to blame, and not the path, its permissions or the disk.
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::BadInput { .. })
    }

    /// What is wrong with the contents, where they are to blame.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::BadInput { fault, .. } => Some(fault),
            Self::Io { .. } => None,
        }
    }
}

/// What is wrong with a source. `Display` is the rest of a sentence that starts with the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A checksum, a header or a length does not hold, or the data end too early.
    #[error("is damaged ({0}); fetch it again")]
    Damaged(String),
    /// Something follows the end of the archive.
    #[error("has more data after the end of the archive; fetch it again")]
    DataAfterEnd,
    /// More came out of it than [`super::Limits::unpacked_bytes`].
    #[error("unpacks to more than {0} bytes, which is the limit; do not use it unless its maker confirms the size")]
    TooLarge(u64),
    /// More came out of it, for what went in, than [`super::Limits::ratio`].
    #[error("unpacks to more than {0} times its size, as only hostile files do; do not use it")]
    Bomb(u64),
    /// More files, folders and links than [`super::Limits::members`].
    #[error("has more than {0} files, folders and links in it, which is the limit; give the folder of the lists alone")]
    TooManyMembers(u64),
    /// An absolute name or one with `..`.
    #[error("has a name that leads out of the archive; do not use this archive")]
    NameLeavesArchive,
    /// A name that no list has.
    #[error("has a name of more than {} bytes or {} folders; rename it", super::tree::MAX_NAME, super::tree::MAX_DEPTH)]
    NameTooLong,
    /// The same name a second time, or as a file and as a folder.
    #[error("occurs twice, or both as a file and as a folder; pack the archive again")]
    Duplicate,
    /// A link to an absolute path, or up beyond the root of the source.
    #[error("is a link to “{0}”, outside the source; put a copy in its place")]
    LinkLeavesSource(String),
    /// A link to nothing, or a hard link to something further on.
    #[error("is a link to “{0}”, which is not there; remove it or add what it points to")]
    LinkDangles(String),
    /// A link that leads to itself, or a chain of too many links.
    #[error("is a link to “{0}” that leads in a circle; remove it")]
    LinkLoops(String),
    /// A device, a named pipe or a socket; named with its article.
    #[error("is {0}, not a file; remove it")]
    Special(&'static str),
    /// A file with holes, whose size is not what is stored.
    #[error("is a sparse file, as lists never are; pack it again without --sparse")]
    Sparse,
    /// UTF-16, where lists are ASCII or UTF-8.
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    /// An archive that is not read here; named with its article.
    #[error("is {0}; unpack it first and give the folder")]
    OtherArchive(&'static str),
    /// An archive or a compressed file where a list should be.
    #[error("is packed a second time; unpack it first and give the folder")]
    PackedTwice,
    /// Something that is read by people; named with its article.
    #[error("is {0}, not a list; check where it was fetched from")]
    Document(&'static str),
    /// Nothing that could be a list; what was looked for.
    #[error("has no list in it: looked for {0}; check the path and the format")]
    NoList(&'static str),
}

/// Either kind of end, before it is known which file was being read.
#[derive(Debug)]
pub(super) enum Stop {
    Fault(Fault),
    Stream(io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}
