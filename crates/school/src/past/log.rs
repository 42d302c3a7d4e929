//! A log of another product on the disk, read request by request.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use belisha_formats::access_log::{
    self, Chunks, Column, Complaint, DateOrder, Dialect, Entry, Found, LineFault, LogFile, LogLine, Mapping,
    MappingError, NotALogError, OpenLogError, RequestCounts, Requests, Tally, detect,
};
use belisha_policy::calendar::instant;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// What is looked at to tell what a log is.
const SAMPLE: u64 = 64 << 10;
/// Before this no log has a time that is one: 2000-01-01.
const EARLIEST: DateTime<Utc> = DateTime::from_timestamp_nanos(946_684_800_000_000_000);
/// Clocks of other machines may be ahead by so much.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// The share of lines that cannot be read above which a log is refused, in hundredths.
pub(crate) const MALFORMED_PERCENT: u64 = 2;

/// How a log is to be read.
#[derive(Clone, Debug, Default)]
pub struct LogFormat {
    /// The product's format, by its slug, or `table`; found out by looking otherwise.
    pub format: Option<String>,
    /// What columns of a table hold, by their headings.
    pub columns: Vec<(String, Column)>,
}

/// A name that is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format of a log: {known} or table is expected", known = known_formats())]
pub struct UnknownFormat(String);

impl LogFormat {
    /// Checks the name of a format.
    pub fn named(format: Option<&str>, columns: Vec<(String, Column)>) -> Result<Self, UnknownFormat> {
        if let Some(name) = format.filter(|name| *name != TABLE && Dialect::from_slug(name).is_none()) {
            return Err(UnknownFormat(name.into()));
        }
        Ok(Self { format: format.map(str::to_owned), columns })
    }
}

const TABLE: &str = "table";

fn known_formats() -> String {
    Dialect::WITHOUT_HEADINGS.map(|dialect| dialect.slug()).join(", ")
}

/// What columns can hold, as they are named on the command line.
const COLUMNS: [(&str, Column); 21] = [
    ("time", Column::Time),
    ("time-utc", Column::TimeUtc),
    ("date", Column::Date),
    ("time-of-day", Column::TimeOfDay),
    ("user", Column::User),
    ("client", Column::Client),
    ("device", Column::Device),
    ("group", Column::Group),
    ("status", Column::Status),
    ("url", Column::Url),
    ("host", Column::Host),
    ("method", Column::Method),
    ("category", Column::Category),
    ("reason", Column::Reason),
    ("verdict", Column::Verdict),
    ("blocked", Column::IsBlocked),
    ("bytes", Column::Bytes),
    ("duration-ms", Column::Duration),
    ("mime", Column::Mime),
    ("user-agent", Column::UserAgent),
    ("nothing", Column::NotRead),
];

/// The column of a name, or what names there are.
pub fn column(name: &str) -> Result<Column, String> {
    let known = COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
    known.ok_or_else(|| {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        format!("{name:?} is nothing that a column can hold: {} are", names.join(", "))
    })
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenLogError),
    /// It is no log, or none that is known.
    #[error("the file {0}")]
    NotALog(#[from] NotALogError),
    /// The columns of a table cannot be told.
    #[error("{0}")]
    Columns(#[from] MappingError),
    /// What is packed is damaged, or the disk failed.
    #[error("the log cannot be read to its end: {0}")]
    Read(#[from] io::Error),
    /// Too much of it cannot be read.
    #[error(
        "{bad} of {lines} lines cannot be read, which is more than {MALFORMED_PERCENT} in 100; the first: {first}. See \
         that it is the log that you mean; where its format was given, leave that out"
    )]
    Malformed {
        /// Lines that cannot be read.
        bad: u64,
        /// Lines with something in them.
        lines: u64,
        /// The first of them.
        first: String,
    },
}

impl LogError {
    /// Whether the file is to blame, and not the disk.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Open(_) => false,
            Self::NotALog(_) | Self::Columns(_) | Self::Malformed { .. } => true,
            Self::Read(error) => {
                matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other)
            }
        }
    }
}

/// A log, opened, of which the dialect is known.
pub(crate) struct OpenedLog {
    pub(crate) dialect: Dialect,
    sample: Vec<u8>,
    file: LogFile,
}

/// Opens a log and tells what it is.
pub(crate) fn open(path: &Path, format: &LogFormat) -> Result<OpenedLog, LogError> {
    let mut file = access_log::open(path)?;
    let mut sample = Vec::new();
    file.by_ref().take(SAMPLE).read_to_end(&mut sample)?;
    let dialect = dialect(&sample, format)?;
    Ok(OpenedLog { dialect, sample, file })
}

fn dialect(sample: &[u8], format: &LogFormat) -> Result<Dialect, LogError> {
    let named = format.format.as_deref();
    if let Some(dialect) = named.and_then(Dialect::from_slug) {
        return Ok(dialect);
    }
    let detected = detect(sample);
    if format.columns.is_empty() && named.is_none() {
        return Ok(detected?.dialect);
    }
    let said: Vec<(&str, Column)> = format.columns.iter().map(|(name, column)| (name.as_str(), *column)).collect();
    let mapping = Mapping::new(sample, &said)?;
    // Whether months come first, the lines tell.
    let order = match detected.map(|detected| detected.dialect) {
        Ok(Dialect::Table(seen)) => seen.order(),
        _ => DateOrder::default(),
    };
    Ok(Dialect::Table(Box::new(mapping.with_order(order))))
}

impl OpenedLog {
    /// The first bytes, for telling which logs this may be the continuation of.
    pub(crate) fn first_bytes(&self) -> &[u8] {
        &self.sample
    }

    /// The log from its beginning, unpacked.
    pub(crate) fn into_input(self) -> (Dialect, Input) {
        (self.dialect, Cursor::new(self.sample).chain(self.file))
    }
}

/// What is read.
pub(crate) type Input = io::Chain<Cursor<Vec<u8>>, LogFile>;

/// The longest piece of which it may turn out that it was not read: a chunk, and a line that is cut off.
const UNSURE: usize = 4 << 20;

/// Whether it is to be remembered how far a log was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Digest,
    Nothing,
}

/// The digest of what was read so far, as far as it has become lines.
struct Digested {
    wanted: Wanted,
    digest: Sha256,
    /// What was read from the disk behind that.
    pending: Vec<u8>,
    /// Where the digest ends, from where reading began.
    end: u64,
    last: Option<u8>,
}

impl Digested {
    fn take(&mut self, bytes: &[u8]) {
        if self.wanted == Wanted::Nothing {
            return;
        }
        self.pending.extend_from_slice(bytes);
        // Of a line without an end nothing is kept either.
        if self.pending.len() > 2 * UNSURE {
            self.until(self.end + (self.pending.len() - UNSURE) as u64);
        }
    }

    fn until(&mut self, end: u64) {
        let length = usize::try_from(end.saturating_sub(self.end)).unwrap_or(usize::MAX).min(self.pending.len());
        let sure = self.pending.get(..length).unwrap_or_default();
        self.digest.update(sure);
        self.last = sure.last().copied().or(self.last);
        self.pending.drain(..length);
        self.end += length as u64;
    }
}

/// The input, with a look at all that goes by.
struct Tee {
    input: Input,
    digested: Arc<Mutex<Digested>>,
}

impl Read for Tee {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        lock(&self.digested).take(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

fn lock(digested: &Mutex<Digested>) -> MutexGuard<'_, Digested> {
    digested.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where reading goes on.
#[derive(Clone, Default)]
pub(crate) struct From {
    /// Bytes that were read before.
    pub(crate) offset: u64,
    /// The digest of those.
    pub(crate) digest: Sha256,
    /// Lines that were read before.
    pub(crate) lines: u64,
    /// Of those, the ones that could not be read.
    pub(crate) bad: u64,
    /// Lines with something in them, of those that were read before.
    pub(crate) told: u64,
}

/// Reads the requests of a log, and counts its lines.
pub(crate) struct Reading {
    dialect: Dialect,
    chunks: Chunks<Tee>,
    from: From,
    digested: Arc<Mutex<Digested>>,
    pub(crate) tally: Tally,
    requests: Requests,
    latest: DateTime<Utc>,
    buffer: Vec<u8>,
}

impl Reading {
    /// Reads what comes behind `from`, at which `input` stands.
    pub(crate) fn new(dialect: Dialect, input: Input, from: From, now: DateTime<Utc>) -> Self {
        Self::wanting(Wanted::Digest, dialect, input, from, now)
    }

    /// The same, where nobody will ask for the digest.
    pub(crate) fn unremembered(dialect: Dialect, input: Input, from: From, now: DateTime<Utc>) -> Self {
        Self::wanting(Wanted::Nothing, dialect, input, from, now)
    }

    fn wanting(wanted: Wanted, dialect: Dialect, input: Input, from: From, now: DateTime<Utc>) -> Self {
        let digested = Digested { wanted, digest: from.digest.clone(), pending: Vec::new(), end: 0, last: None };
        let digested = Arc::new(Mutex::new(digested));
        Self {
            dialect,
            chunks: Chunks::new(Tee { input, digested: Arc::clone(&digested) }),
            from,
            digested,
            tally: Tally::default(),
            requests: Requests::new(),
            latest: now + AHEAD,
            buffer: Vec::new(),
        }
    }

    /// Reads a piece of the log and gives its requests; whether there may be more. At the end those are given that were
    /// waited for.
    pub(crate) fn next(&mut self, give: &mut impl FnMut(DateTime<Utc>, &LogLine<'_>)) -> Result<bool, io::Error> {
        let mut at = |_: u64, line: &LogLine<'_>| give(time(line), line);
        let Some(chunk) = self.chunks.next_in(std::mem::take(&mut self.buffer))? else {
            self.requests.finish(&mut at);
            return Ok(false);
        };
        let mut end = chunk.end();
        for entry in chunk.lines(&self.dialect) {
            let found = match entry.found {
                Found::Line(line) if !(EARLIEST..self.latest).contains(&time(&line)) => Found::Bad(LineFault::Time),
                found => found,
            };
            if found == Found::Bad(LineFault::CutOff) {
                // It may be whole the next time.
                end = entry.offset;
            }
            self.tally.count(&Entry { line: entry.line + self.from.lines, found, ..entry });
            if let Found::Line(line) = found {
                self.requests.push(entry.line, &line, &mut at);
            }
        }
        lock(&self.digested).until(end);
        self.buffer = chunk.into_buffer();
        Ok(true)
    }

    /// Whether what was read ends where a line ends.
    pub(crate) fn is_whole(&self) -> bool {
        lock(&self.digested).last.is_none_or(|last| last == b'\n')
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// How much has been read from the disk, and how much there is.
    pub(crate) fn progress(&self) -> (u64, Option<u64>) {
        let (_, file) = self.chunks.input().input.get_ref();
        (file.bytes_read(), file.bytes_total())
    }

    pub(crate) fn counts(&self) -> RequestCounts {
        self.requests.counts()
    }

    /// Lines and lines with something in them, with those that were read before.
    pub(crate) fn all(&self) -> From {
        let Tally { lines, skipped, .. } = self.tally;
        let digested = lock(&self.digested);
        From {
            offset: self.from.offset + digested.end,
            digest: digested.digest.clone(),
            lines: self.from.lines + lines - self.cut_off(),
            bad: self.from.bad + self.tally.bad() - self.cut_off(),
            told: self.from.told + lines - skipped - self.cut_off(),
        }
    }

    fn cut_off(&self) -> u64 {
        self.tally.bad_for(LineFault::CutOff)
    }

    /// Refuses a log of which too much cannot be read. A last line that is cut off is not held against it: the log is
    /// being written.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        let all = self.all();
        if all.bad * 100 <= all.told * MALFORMED_PERCENT {
            return Ok(());
        }
        let first = self.tally.complaints().first().map(Complaint::to_string).unwrap_or_default();
        Err(LogError::Malformed { bad: all.bad, lines: all.told, first })
    }
}

/// When a line was logged. What the clock on the wall showed twice is taken for the first of the two.
fn time(line: &LogLine<'_>) -> DateTime<Utc> {
    line.when.instant(instant)
}
