//! Access logs of other products, line by line.
//!
//! Squid's own format, its common and combined ones, e2guardian's formats 1 to 8, and tables with a line of headings
//! as the consoles of commercial filters export them; all but tables also as a system's log wrote them down. What is
//! read of a line is a [`LogLine`] that borrows from it; what is not read is a [`LineFault`], which says nothing of
//! what is in the line. No line is lost: each is read, skipped (blank, or headings) or complained about, and a
//! [`Tally`] counts which.
//!
//! What the products differ in is told, not smoothed over: some write instants and some the clock on the wall
//! ([`When`]), some say what they blocked and some only that they answered 403 ([`Observed`]).
//!
//! Of tables, a field with a line break in it is two lines that cannot be read, and a doubled quotation mark stays
//! doubled. Users of Squid are as it escapes them: `SCHOOL%5Cada`.
//!
//! # Cost
//! A line costs no allocation. [`Chunks`] holds one chunk at a time, whatever is read; a chunk can be read on another
//! thread. [`Requests`] holds the tunnels of the last five minutes, a bounded number of them.
//!
//! ```
//! use belisha_formats::access_log::{Chunks, Found, LogLine, Observed, Requests, Tally, detect};
//!
//! let log = "\
//! 1756890169.793     75 10.20.14.60 NONE_NONE/200 0 CONNECT arcade.example:443 ada HIER_NONE/- -
//! 1756890169.826    224 10.20.14.60 TCP_DENIED/403 389 GET https://arcade.example/ ada HIER_NONE/- text/html
//! 1756890170.010      9 10.20.14.60 TCP_MISS/200 74";
//!
//! let dialect = detect(log.as_bytes())?.dialect;
//! let (mut tally, mut requests, mut blocked) = (Tally::default(), Requests::new(), 0);
//! let mut count = |_: u64, request: &LogLine<'_>| blocked += u64::from(request.observed == Observed::Blocked);
//! let mut chunks = Chunks::new(log.as_bytes());
//! while let Some(chunk) = chunks.next()? {
//!     for entry in chunk.lines(&dialect) {
//!         tally.count(&entry);
//!         if let Found::Line(line) = entry.found {
//!             requests.push(entry.line, &line, &mut count);
//!         }
//!     }
//! }
//! requests.finish(&mut count);
//!
//! assert_eq!((tally.lines, tally.read, tally.bad()), (3, 2, 1));
//! assert_eq!(tally.complaints()[0].to_string(), "line 3: it is cut off: the log was copied while it was written");
//! assert_eq!((requests.counts().requests, requests.counts().tunnels, blocked), (1, 1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
pub(crate) mod clock;
mod columns;
mod detect;
mod e2guardian;
mod fault;
mod line;
mod open;
mod reader;
mod reason;
mod requests;
mod row;
mod squid;
mod syslog;
mod table;

use std::fmt;

pub use clock::DateOrder;
pub use columns::Column;
pub use detect::{Detected, NotALogError, detect};
pub use fault::{Complaint, LineFault, Tally};
pub use line::{LogLine, Observed, Text, When};
pub use open::{LogFile, OpenLogError, open};
pub use reader::{Chunk, Chunks, Entry, Lines};
pub use requests::{RequestCounts, Requests};
pub use table::{Mapping, MappingError};

/// The longest line that is read, in bytes. Squid writes addresses of at most 8 KiB.
pub const MAX_LINE: usize = 64 * 1024;

/// Which product wrote a log, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Squid's own format (`logformat squid`), with or without headers behind the lines.
    Squid,
    /// What Squid calls `common` and `combined`: as web servers write them, with Squid's result at the end.
    SquidCommon,
    /// e2guardian's format 1: between spaces, on the school's clock.
    E2Guardian1,
    /// e2guardian's format 2: between quotation marks and commas, on the school's clock.
    E2Guardian2,
    /// e2guardian's format 3: as Squid's.
    E2Guardian3,
    /// e2guardian's format 4: between tabs, on the school's clock.
    E2Guardian4,
    /// e2guardian's formats 5 to 8, of which 8 is what it writes unless told otherwise: between tabs.
    E2Guardian5To8,
    /// A table with a line of headings.
    Table(Box<Mapping>),
}

/// What one line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are lines, and a box for each would be an allocation a line")]
pub enum Found<'a> {
    /// It was read.
    Line(LogLine<'a>),
    /// There is nothing in it, or the headings.
    Skipped,
    /// It could not be read.
    Bad(LineFault),
}

impl Dialect {
    /// All that are no tables, which have headings of their own each.
    pub const WITHOUT_HEADINGS: [Self; 7] = [
        Self::Squid,
        Self::SquidCommon,
        Self::E2Guardian1,
        Self::E2Guardian2,
        Self::E2Guardian3,
        Self::E2Guardian4,
        Self::E2Guardian5To8,
    ];

    /// The name in settings and on the command line.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Squid => "squid",
            Self::SquidCommon => "squid-common",
            Self::E2Guardian1 => "e2guardian-1",
            Self::E2Guardian2 => "e2guardian-2",
            Self::E2Guardian3 => "e2guardian-3",
            Self::E2Guardian4 => "e2guardian-4",
            Self::E2Guardian5To8 => "e2guardian-5-8",
            Self::Table(_) => "table",
        }
    }

    /// The one of this name, where it is no table.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::WITHOUT_HEADINGS.into_iter().find(|dialect| dialect.slug() == slug)
    }

    /// Reads one line, without what ends it.
    pub fn parse<'a>(&self, line: &'a [u8]) -> Found<'a> {
        if line.len() > MAX_LINE {
            return Found::Bad(LineFault::TooLong);
        }
        // Logs that were put together may have the mark of UTF-8 in their middle.
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr::memchr(0, line).is_some() {
            return Found::Bad(LineFault::ZeroByte);
        }
        if line.trim_ascii().is_empty() {
            return Found::Skipped;
        }
        let read = match self {
            Self::Table(mapping) if mapping.is_headings(line) => return Found::Skipped,
            Self::Table(mapping) => mapping.parse(line),
            _ => self.parse_message(syslog::strip(line)),
        };
        read.map_or_else(Found::Bad, Found::Line)
    }

    fn parse_message<'a>(&self, line: &'a [u8]) -> Result<LogLine<'a>, LineFault> {
        match self {
            Self::Squid => squid::native(line),
            Self::SquidCommon => squid::common(line),
            Self::E2Guardian1 => e2guardian::spaced(line),
            Self::E2Guardian2 => e2guardian::quoted(line),
            Self::E2Guardian3 => squid::of_e2guardian(line),
            Self::E2Guardian4 => e2guardian::nineteen(line, b"\t"),
            Self::E2Guardian5To8 => e2guardian::stamped(line),
            Self::Table(mapping) => mapping.parse(line),
        }
    }

    /// Reads the last line of a log, where what ends a line is missing.
    fn parse_unended<'a>(&self, line: &'a [u8]) -> Found<'a> {
        match (self, self.parse(line)) {
            (_, Found::Bad(fault)) if !matches!(fault, LineFault::TooLong | LineFault::ZeroByte) => {
                Found::Bad(LineFault::CutOff)
            }
            (Self::Table(mapping), Found::Line(_)) if !mapping.is_whole(line) => Found::Bad(LineFault::CutOff),
            (_, found) => found,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Squid => "Squid's own format",
            Self::SquidCommon => "Squid's common or combined format",
            Self::E2Guardian1 => "e2guardian's format 1",
            Self::E2Guardian2 => "e2guardian's format 2",
            Self::E2Guardian3 => "e2guardian's format 3",
            Self::E2Guardian4 => "e2guardian's format 4",
            Self::E2Guardian5To8 => "one of e2guardian's formats 5 to 8",
            Self::Table(_) => "a table with headings",
        })
    }
}
