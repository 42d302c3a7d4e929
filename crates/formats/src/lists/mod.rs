//! Block lists and the archives that they come in, read as sorted texts of normalised rules.
//!
//! # What is read
//! A folder, a plain file, or either packed with gzip, zstd and tar; what a file is, its first bytes tell and not
//! its name. In it, one of two layouts:
//!
//! * **squidGuard**: folders at any depth with `domains` (a name and everything below it), `urls` (prefixes of web
//!   addresses) and `expressions` (regular expressions, kept apart). A list is called as its folder. A link to such a folder
//!   is an [`Alias`]; a folder whose `domains` is a link to a file has that file's content.
//! * **plain files**: each is a list of names (`name` or `.name`: it and everything below it; `full:name`: it alone;
//!   `name/path` or a web address: what starts with it; `*.name`, `192.0.2.0/24`, `text:part`, `port:name:8080`) or of hosts
//!   lines (`0.0.0.0 name…`). Names in hosts lines are read as name and everything below it, too: as a
//!   hosts file they are exact, yet their makers mean the site.
//!
//! A public suffix of the United Kingdom (`co.uk`), or one such as `com.au`, is no rule on its own: it would cut off a
//! country.
//!
//! # What is refused
//! As a whole, with [`ReadError::BadInput`]: whatever two readers could understand differently, and what is packed to
//! do harm. Lines are never a reason; each bad one is counted in its [`List`] and the first few are quoted there.
//!
//! # Cost
//! One pass over the input (an archive of plain files takes two). Held in memory are the normalised texts, buffers of
//! some 300 KiB and what zstd needs to unpack (128 MiB at most, twice that for a packed file in a packed archive);
//! while a list is not in order, 24 bytes for each of its lines, 64 MiB of text at a time.

mod archive;
mod error;
mod folder;
mod job;
mod layout;
mod lines;
mod reading;
mod resolver;
mod rules;
mod source;
mod stream;
mod syntax;
mod text;
mod tree;
pub(crate) mod whole;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::SystemTime;

pub use error::{Fault, ReadError};

/// How a source is to be read, where its maker's layout should not be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Folders with `domains`, `urls` and `expressions`.
    SquidGuard,
    /// An address and names on each line.
    Hosts,
    /// A name on each line.
    Domains,
}

impl Format {
    /// Every format, in the order in which help texts show them.
    pub const ALL: [Self; 3] = [Self::SquidGuard, Self::Hosts, Self::Domains];

    const fn name(self) -> &'static str {
        match self {
            Self::SquidGuard => "squid-guard",
            Self::Hosts => "hosts",
            Self::Domains => "domains",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Not the name of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{given}” is not a format; known are squid-guard, hosts and domains")]
pub struct UnknownFormatError {
    given: String,
}

impl FromStr for Format {
    type Err = UnknownFormatError;

    /// Reads what `Display` writes, and `squidguard` as its makers spell it.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        let squidguard = name.eq_ignore_ascii_case("squidguard").then_some(Self::SquidGuard);
        known.or(squidguard).ok_or_else(|| UnknownFormatError { given: text::shown(name.as_bytes()) })
    }
}

/// What a source may cost. Change what you need and take the rest from [`Limits::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes that the whole source may have once it is unpacked. Default 2 GiB.
    pub unpacked_bytes: u64,
    /// A file is refused as a bomb once more than 64 MiB came out of less than a `ratio`-th of that. Default 200.
    pub ratio: u64,
    /// Most files, folders, links and extended headers. Default 20,000.
    pub members: u64,
    /// Longest line in bytes; a longer one is malformed. Default 65,536, since a rule of an ad blocker
    /// may name hundreds of sites; above 1 MiB it is taken to be 1 MiB.
    pub line_bytes: usize,
    /// How many complaints about its lines a list keeps, and how many notes a source; all are counted. Default 20.
    pub complaints_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked_bytes: 2 << 30, ratio: 200, members: 20_000, line_bytes: 1 << 16, complaints_kept: 20 }
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The lists in the order of their names; no two have the same. Never empty, though each may have no rules.
    pub lists: Vec<List>,
    /// Further names of lists, in their order; none is a list's own name.
    pub aliases: Vec<Alias>,
    /// What was noticed about files that are not lists.
    pub notes: Vec<Complaint>,
}

/// A further name for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The further name.
    pub name: String,
    /// The name of the list in [`Source::lists`].
    pub of: String,
}

/// One list, normalised.
///
/// `lines` is the sum of the lines that gave rules (some of them the same rule), `malformed`, `queries` and `unsupported`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its maker's name for it, with control and invisible characters escaped; it holds no `/`.
    pub name: String,
    /// Rules as [`belisha_filter::Rule`] and [`belisha_filter::Pattern`] write them: one a line, each ending in `\n`, in the order of their bytes,
    /// no two alike.
    pub rules: String,
    /// How many rules those are.
    pub rule_count: u64,
    /// Lines that are neither blank nor comments; those of `expressions` files are not among them.
    pub lines: u64,
    /// Lines that are not rules, or that hold a name that is none.
    pub malformed: u64,
    /// Lines of files of regular expressions.
    pub expressions: u64,
    /// Those of `expressions` files that can be looked for, as `rules` are written; not among them: whoever wants them
    /// applied adds them.
    pub expression_rules: String,
    /// Web addresses with a query, which are not applied.
    pub queries: u64,
    /// Rules for ad blockers that are not applied: of parts of pages, of redirects, of cookies, and those that would block
    /// a country.
    pub unsupported: u64,
    /// The first malformed lines, behind a note for the queries and the rules that are not applied, if there are any.
    pub complaints: Vec<Complaint>,
    /// When the newest of its files was changed; none where archives say nothing or a time before the year 2000.
    pub newest: Option<SystemTime>,
}

/// A remark on a line or a file. `Display` is `file:line: text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The path inside the source, escaped for printing.
    pub file: String,
    /// The line from 1; 0 stands for the file as a whole.
    pub line: u64,
    /// What was found. Quoted lines are escaped and cut at 80 characters.
    pub text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}

/// How far reading has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read from the disk, packed as they are there.
    pub bytes_read: u64,
    /// How many there are, once that is known. An archive of plain files is read twice.
    pub bytes_total: Option<u64>,
    /// Lists begun.
    pub lists: u64,
    /// Lines read, of every sort.
    pub lines: u64,
}

/// Reads a source: a folder, a file or an archive, as the [module](self) describes.
///
/// Without a `format` the layout is squidGuard's where there is a folder of it, and plain files otherwise, each hosts
/// or names as most of its first 32 lines are. `progress` is called about once a mebibyte and once a list.
///
/// # Errors
/// [`ReadError::Io`] where the path or the disk is to blame; [`ReadError::BadInput`] where the contents are: an
/// archive that is damaged, hostile or over `limits`, a file that is not text, or no list at all.
pub fn read(
    path: &Path,
    format: Option<Format>,
    limits: &Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<Source, ReadError> {
    source::read(path, format, limits, progress)
}
