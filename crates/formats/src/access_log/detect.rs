//! Which product wrote a log, by what its lines are.

use super::bytes::{cut, epoch, number};
use super::table::{Mapping, MappingError};
use super::{Dialect, Found};

/// How many lines are looked at.
const LOOKED_AT: usize = 200;

/// What a log is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// How to read it.
    pub dialect: Dialect,
    /// Lines looked at that have something in them.
    pub lines: usize,
    /// How many of those could be read; more than half.
    pub read: usize,
}

/// `Squid's own format: 200 of the first 200 lines are so`.
impl std::fmt::Display for Detected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} of the first {} lines are so", self.dialect, self.read, self.lines)
    }
}

/// Why a file is no log that can be read. `Display` is the rest of a sentence that starts with the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotALogError {
    /// Nothing is in it.
    #[error("is empty; check whether the log was rotated, and give the file that it went to")]
    Empty,
    /// It is packed; named with its article.
    #[error("is {0}; unpack it first")]
    Packed(&'static str),
    /// It is UTF-16.
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    /// It is something else; with what to do instead.
    #[error("is {0}, not an access log; {1}")]
    Other(&'static str, &'static str),
    /// It was an access log, which something has changed; with what to do instead.
    #[error("{0}")]
    Spoilt(&'static str),
    /// It is a table that cannot be read.
    #[error("cannot be read as a table: {0}")]
    Table(#[from] MappingError),
    /// It has lines of a log, though too few.
    #[error(
        "looks like {dialect}, and only {read} of its first {lines} lines are so; check that nothing else is in it"
    )]
    TooFew {
        /// What it looks like.
        dialect: Box<Dialect>,
        /// Lines that could be read.
        read: usize,
        /// Lines looked at.
        lines: usize,
    },
    /// It is nothing that is known.
    #[error(
        "is no access log that is known: give one of Squid or e2guardian as they write it, or a table with a line of headings"
    )]
    Unknown,
}

const SQUID_ACCESS: &str = "give Squid's access.log";
const E2GUARDIAN_ACCESS: &str = "give e2guardian's access.log";

/// Tells what a log is by its first lines. Some ten kibibytes are enough; a line that is cut off at the end of the
/// sample is not looked at.
///
/// # Errors
/// It is no log, or none that is known, and what to do about that.
pub fn detect(sample: &[u8]) -> Result<Detected, NotALogError> {
    if let Some(fault) = not_text(sample) {
        return Err(fault);
    }
    let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let all = || {
        let whole = memchr::memrchr(b'\n', sample).and_then(|end| sample.get(..end)).unwrap_or(sample);
        let lines = whole.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.filter(|line| !line.trim_ascii().is_empty()).take(LOOKED_AT)
    };
    let count = all().count();
    let first = all().next().ok_or(NotALogError::Empty)?;
    let read = |dialect: &Dialect| all().filter(|line| matches!(dialect.parse(line), Found::Line(_))).count();
    let known = Dialect::WITHOUT_HEADINGS.into_iter().map(|dialect| (read(&dialect), dialect));
    // Of those that read as many, the first.
    let (most, dialect) = known.rev().max_by_key(|(read, _)| *read).unwrap_or((0, Dialect::Squid));
    if most * 2 > count {
        let dialect =
            if dialect == Dialect::Squid && all().all(is_of_e2guardian) { Dialect::E2Guardian3 } else { dialect };
        return Ok(Detected { dialect, lines: count, read: most });
    }
    if most * 10 > count {
        return Err(NotALogError::TooFew { dialect: Box::new(dialect), read: most, lines: count });
    }
    if let Some(fault) = named(first, all) {
        return Err(fault);
    }
    table(first, all)
}

/// Tells whether a text is a table, and what its columns hold.
fn table<'a, I>(first: &[u8], all: impl Fn() -> I) -> Result<Detected, NotALogError>
where
    I: Iterator<Item = &'a [u8]> + Clone,
{
    let mapping = match Mapping::seen(first, all().skip(1)) {
        Err(MappingError::NotATable) => return Err(NotALogError::Unknown),
        // A line of data has numbers where headings have names.
        Err(_) if first.iter().filter(|byte| byte.is_ascii_digit()).count() * 6 > first.len() => {
            return Err(NotALogError::Unknown);
        }
        mapping => mapping?,
    };
    let dialect = Dialect::Table(Box::new(mapping));
    let count = |is_it: &dyn Fn(&Found<'_>) -> bool| all().filter(|line| is_it(&dialect.parse(line))).count();
    // Headings are skipped, though they are there again.
    let lines = count(&|found| !matches!(found, Found::Skipped));
    let read = count(&|found| matches!(found, Found::Line(_)));
    if lines > 0 && read * 2 <= lines {
        return Err(NotALogError::TooFew { dialect: Box::new(dialect), read, lines });
    }
    Ok(Detected { dialect, lines, read })
}

/// What has no lines.
fn not_text(sample: &[u8]) -> Option<NotALogError> {
    const PACKED: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "packed with gzip"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\xfd7zXZ\0", "packed with xz"),
        (b"BZh91AY&SY", "packed with bzip2"),
        (b"\x04\x22\x4d\x18", "packed with LZ4"),
    ];
    if let Some((_, what)) = PACKED.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Some(NotALogError::Packed(what));
    }
    let tar = sample.get(257..262) == Some(b"ustar");
    if tar {
        return Some(NotALogError::Packed("a tar archive"));
    }
    if sample.starts_with(b"%PDF-") {
        return Some(NotALogError::Other("a PDF document", "export the log as CSV"));
    }
    let zeros = |from: usize| sample.iter().take(64).skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let marked = sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff");
    (marked || zeros(0) > 16 || zeros(1) > 16).then_some(NotALogError::Utf16)
}

/// Whether e2guardian may have written a line of Squid's format: it has one kind of peer and three results.
fn is_of_e2guardian(line: &[u8]) -> bool {
    let results = [&b" TCP_DENIED/403 "[..], b" TCP_MISS/", b" TCP_HIT/"];
    memchr::memmem::find(line, b" DEFAULT_PARENT/").is_some()
        && results.iter().any(|result| memchr::memmem::find(line, result).is_some())
}

/// What else it is, where that can be told.
fn named<'a, I: Iterator<Item = &'a [u8]>>(first: &[u8], all: impl Fn() -> I) -> Option<NotALogError> {
    if let Some((what, remedy)) = named_by_start(first.trim_ascii_start()) {
        return Some(NotALogError::Other(what, remedy));
    }
    let count = all().count();
    let most = |is_it: fn(&[u8]) -> bool| all().filter(|line| is_it(line)).count() * 2 > count;
    if most(|line| has(line, b"#011")) {
        let told = "has “#011” where tabs were: the system's log wrote them so. Let e2guardian write a file, or switch the \
            escaping of control characters off";
        return Some(NotALogError::Spoilt(told));
    }
    let (_, what, remedy) = OTHERS.into_iter().find(|(is_it, ..)| most(*is_it))?;
    Some(NotALogError::Other(what, remedy))
}

fn has(line: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(line, part).is_some()
}

/// What is told by how it begins, with the remedy.
fn named_by_start(start: &[u8]) -> Option<(&'static str, &'static str)> {
    if start.starts_with(b"{") || start.starts_with(b"[{") || start == b"[" {
        return Some(("JSON", "export the log as CSV, or give the log of the proxy itself"));
    }
    if matches!(start, [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..]) {
        return Some(("a web page", "export the log as CSV, and check that nobody had to sign in"));
    }
    if [&b"#Software:"[..], b"#Version:", b"#Fields:"].iter().any(|mark| start.starts_with(mark)) {
        return Some(("a log in the W3C's extended format", "export it as CSV with a line of headings"));
    }
    let load = has(start, b"httpwQ") || has(start, b"LCcnt");
    load.then_some((LOAD, E2GUARDIAN_ACCESS))
}

const LOAD: &str = "e2guardian's dstats.log, which counts its load";

/// What tells a line, what the log is if most are so, and the remedy.
type Other = (fn(&[u8]) -> bool, &'static str, &'static str);

const OTHERS: [Other; 7] = [
    (is_load, LOAD, E2GUARDIAN_ACCESS),
    (is_cache_log, "Squid's cache.log, which tells what Squid does", SQUID_ACCESS),
    (is_store_log, "Squid's store.log, which tells what it keeps", SQUID_ACCESS),
    (is_web_server, "the log of a web server, such as Apache", "give the log of the proxy or filter"),
    (is_name_server, "the log of a name server", "it has names and no requests; give the log of the proxy or filter"),
    (
        |line| has(line, b"CEF:") || has(line, b"filterlog["),
        "the log of a firewall",
        "give the log of the proxy or filter",
    ),
    (
        |line| epoch(cut(line, b' ').0).is_some(),
        "a log in a format of somebody's own",
        "set Squid's logformat to squid, or export it as a table",
    ),
];

fn is_store_log(line: &[u8]) -> bool {
    [&b" RELEASE "[..], b" SWAPOUT ", b" SWAPIN "].iter().any(|part| has(line, part))
}

fn is_name_server(line: &[u8]) -> bool {
    [&b"dnsmasq["[..], b" named[", b"unbound["].iter().any(|part| has(line, part))
}

/// Eleven numbers.
fn is_load(line: &[u8]) -> bool {
    let words = || line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words().count() == 11 && words().all(|word| number(word).is_some())
}

/// `2025/08/21 22:08:13 kid1| `, `2025/08/21 22:08:13| `.
fn is_cache_log(line: &[u8]) -> bool {
    if has(line, b"| ") && has(line, b" kid") {
        return true;
    }
    line.get(4) == Some(&b'/')
        && line.get(7) == Some(&b'/')
        && line.get(19).is_some_and(|byte| matches!(byte, b'|' | b' '))
}

/// `host - - [21/Aug/2025:22:08:13 +0100] "GET / HTTP/1.1" 200 `, and nothing of Squid's behind it.
fn is_web_server(line: &[u8]) -> bool {
    let (_, rest) = cut(line, b'[');
    let (stamp, rest) = cut(rest, b']');
    super::clock::common(stamp).is_some() && rest.starts_with(b" \"")
}
