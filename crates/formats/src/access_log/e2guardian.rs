//! e2guardian's formats: two families of columns, each between separators that it does not escape.

use super::bytes::{address, amount, duration, epoch, is_method, is_name, number, status};
use super::clock;
use super::fault::LineFault;
use super::line::{LogLine, Observed, Text};
use super::reason;

/// The most columns that are looked at: those behind are browsers and posts.
const COLUMNS: usize = 64;
/// The most words that are looked at, where columns are words.
const WORDS: usize = 512;

/// The columns of a line, with where each ends, so that some can be put together again.
struct Columns<'a, const N: usize> {
    line: &'a [u8],
    /// How long what separates them is.
    separator: usize,
    ends: [u32; N],
    count: usize,
}

impl<'a, const N: usize> Columns<'a, N> {
    fn new(line: &'a [u8], separator: &[u8]) -> Self {
        let mut columns = Self { line, separator: separator.len(), ends: [0; N], count: 0 };
        let mut add = |end: usize| {
            if let (Some(place), Ok(end)) = (columns.ends.get_mut(columns.count), u32::try_from(end)) {
                *place = end;
                columns.count += 1;
            }
        };
        match separator {
            [byte] => memchr::memchr_iter(*byte, line).for_each(&mut add),
            _ => memchr::memmem::find_iter(line, separator).for_each(&mut add),
        }
        add(line.len());
        columns
    }

    /// A column; an empty one where there are not so many.
    fn get(&self, column: usize) -> &'a [u8] {
        self.join(column, column + 1)
    }

    /// Several columns, with what separates them.
    fn join(&self, from: usize, until: usize) -> &'a [u8] {
        if from >= until || until > self.count {
            return &[];
        }
        let end = |column: usize| self.ends.get(column).map_or(0, |end| *end as usize);
        let start = from.checked_sub(1).map_or(0, |before| end(before) + self.separator);
        self.line.get(start..end(until - 1)).unwrap_or_default()
    }

    fn text(&self, column: usize) -> Text<'a> {
        Text::unless_blank(self.get(column))
    }

    fn find(&self, from: usize, is_it: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        (from..self.count).find(|at| is_it(self, *at))
    }
}

/// Reads formats 2 and 4: nineteen columns between `","` and between tabs.
pub(super) fn nineteen<'a>(line: &'a [u8], separator: &[u8]) -> Result<LogLine<'a>, LineFault> {
    let columns = Columns::<COLUMNS>::new(line, separator);
    if columns.count < 19 {
        return Err(LineFault::Fields);
    }
    let when = clock::e2guardian(columns.get(0)).ok_or(LineFault::Time)?;
    let mut out = LogLine::new(when);
    out.user = columns.text(1);
    out.address = client(columns.get(2))?;
    out.url = columns.text(3);
    // What was found may have separators in it, as may all that is behind the name of the group.
    let method = columns.find(5, is_middle).ok_or(LineFault::Fields)?;
    let what = columns.join(4, method);
    middle(&mut out, &columns, method)?;
    out.mime = columns.text(method + 6);
    device(&mut out, columns.get(method + 7));
    out.group = columns.text(method + 8);
    out.user_agent = columns.text(method + 9);
    finish(out, what, None)
}

/// Reads format 2: the quotation marks around the line are taken off first.
pub(super) fn quoted(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).ok_or(LineFault::Quotes)?;
    nineteen(line, b"\",\"")
}

/// Whether method, size, weight, category, group and status begin here.
fn is_middle(columns: &Columns<'_, COLUMNS>, at: usize) -> bool {
    is_method_or_blank(columns.get(at))
        && is_digits(columns.get(at + 1))
        && is_digits(columns.get(at + 2))
        && amount(columns.get(at + 4)).is_some()
        && code(columns.get(at + 5)).is_some()
}

/// Of connections that it took from the wire and let pass, e2guardian knows no method.
fn is_method_or_blank(text: &[u8]) -> bool {
    is_method(text) || matches!(text, b"" | b"-")
}

/// Digits, be it of a number below zero.
fn is_digits(text: &[u8]) -> bool {
    number(text.strip_prefix(b"-").unwrap_or(text)).is_some()
}

fn middle<'a>(out: &mut LogLine<'a>, columns: &Columns<'a, COLUMNS>, at: usize) -> Result<(), LineFault> {
    out.method = columns.text(at);
    out.bytes = amount(columns.get(at + 1)).ok_or(LineFault::Number)?;
    out.category = columns.text(at + 3);
    out.status = code(columns.get(at + 5)).ok_or(LineFault::Status)?;
    Ok(())
}

/// A status; 0, `-` or nothing where there was no answer.
fn code(text: &[u8]) -> Option<u16> {
    match text {
        b"0" | b"-" | b"" => Some(0),
        _ => status(text),
    }
}

fn client(text: &[u8]) -> Result<Option<std::net::IpAddr>, LineFault> {
    match address(text) {
        Some(address) if address.is_unspecified() => Ok(None),
        Some(address) => Ok(Some(address)),
        None if matches!(text, b"" | b"-") => Ok(None),
        None => Err(LineFault::Client),
    }
}

/// The name of the device, unless that is its address again.
fn device<'a>(out: &mut LogLine<'a>, text: &'a [u8]) {
    if is_name(text) && address(text).is_none() {
        out.device = Text::new(text);
    }
}

fn finish<'a>(mut out: LogLine<'a>, what: &'a [u8], message: Option<u64>) -> Result<LogLine<'a>, LineFault> {
    if out.url.is_empty() {
        return Err(LineFault::Address);
    }
    let (observed, found) = reason::read(what, out.status, message);
    // What has no status was not answered by e2guardian, and what came was let pass.
    let passed = observed == Observed::Unknown && out.bytes > 0;
    out.observed = if passed { Observed::Allowed } else { observed };
    out.reason = Text::unless_blank(found);
    // It is written in place of the group while nobody knows who is asking.
    if out.group.as_bytes() == b"negotiate_identification" {
        out.group = Text::default();
    }
    Ok(out)
}

/// Reads format 1, whose columns are between spaces, as are the words in them. The client and its web address tell
/// where the user ends, the method and two numbers where what was found does, a group and a status where the category
/// does.
pub(super) fn spaced(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let words = Columns::<WORDS>::new(line, b" ");
    let user = if epoch(words.get(2)).is_some() { 3 } else { 2 };
    let when = clock::e2guardian(words.join(0, user)).ok_or(LineFault::Time)?;
    let from = words.find(user, is_client_with_address).ok_or(LineFault::Client)?;
    let method = words.find(from + 2, is_method_with_numbers).ok_or(LineFault::Fields)?;
    let group = words.find(method + 4, is_group_with_code).ok_or(LineFault::Fields)?;
    let mut out = LogLine::new(when);
    out.user = Text::unless_blank(words.join(user, from));
    out.address = client(words.get(from))?;
    out.url = words.text(from + 1);
    out.method = words.text(method);
    out.bytes = amount(words.get(method + 1)).ok_or(LineFault::Number)?;
    out.category = Text::unless_blank(words.join(method + 3, group));
    out.status = code(words.get(group + 1)).ok_or(LineFault::Status)?;
    out.mime = words.text(group + 2);
    device(&mut out, words.get(group + 3));
    // The group ends where the browser begins, which calls itself as `Mozilla/5.0`, or is left out.
    let agent = words.find(group + 5, is_agent).unwrap_or(group + 5);
    out.group = Text::unless_blank(words.join(group + 4, agent));
    finish(out, words.join(from + 2, method), None)
}

fn is_client_with_address(words: &Columns<'_, WORDS>, at: usize) -> bool {
    address(words.get(at)).is_some() && is_web_address(words.get(at + 1))
}

/// A web address, or host and port.
fn is_web_address(word: &[u8]) -> bool {
    let port = |at: usize| word.get(at + 1..).is_some_and(|port| number(port).is_some());
    memchr::memmem::find(word, b"://").is_some() || memchr::memrchr(b':', word).is_some_and(port)
}

fn is_method_with_numbers(words: &Columns<'_, WORDS>, at: usize) -> bool {
    is_method_or_blank(words.get(at)) && is_digits(words.get(at + 1)) && is_digits(words.get(at + 2))
}

fn is_group_with_code(words: &Columns<'_, WORDS>, at: usize) -> bool {
    let is_code = |word: &[u8]| word == b"0" || status(word).is_some();
    number(words.get(at)).is_some_and(|group| group < 1000) && is_code(words.get(at + 1))
}

fn is_agent(words: &Columns<'_, WORDS>, at: usize) -> bool {
    let word = words.get(at);
    word.is_empty() || word == b"-" || memchr::memchr(b'/', word).is_some()
}

/// Reads formats 5 to 8: twenty columns between tabs, two more in 7 and 8, and one more where both the address and
/// the name of the client are written.
pub(super) fn stamped(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let columns = Columns::<COLUMNS>::new(line, b"\t");
    let when = epoch(columns.get(0)).ok_or(LineFault::Time)?;
    let url = [4, 5].into_iter().find(|url| is_answer(&columns, url + 1)).ok_or(LineFault::Fields)?;
    let agent = url + 5;
    // The browser calls itself as it likes, with tabs if it likes.
    let surplus = (0..columns.count).find(|surplus| is_end(&columns, agent + 1 + surplus)).ok_or(LineFault::Fields)?;
    let squid = agent + 1 + surplus;
    let mut out = LogLine::new(when);
    out.user = columns.text(2);
    client_or_name(&mut out, columns.get(3))?;
    if url == 5 {
        device(&mut out, columns.get(4));
    }
    out.url = columns.text(url);
    out.method = columns.text(url + 1);
    out.status = code(columns.get(url + 2)).ok_or(LineFault::Status)?;
    out.bytes = amount(columns.get(url + 3)).ok_or(LineFault::Number)?;
    out.mime = columns.text(url + 4);
    out.user_agent = Text::unless_blank(columns.join(agent, squid));
    out.duration_ms = duration(columns.get(squid + 1)).ok_or(LineFault::Number)?;
    out.category = columns.text(squid + 6);
    out.group = columns.text(squid + 7);
    finish(out, columns.get(squid + 4), number(columns.get(squid + 3)))
}

/// Whether method, status and size begin here.
fn is_answer(columns: &Columns<'_, COLUMNS>, at: usize) -> bool {
    is_method_or_blank(columns.get(at)) && code(columns.get(at + 1)).is_some() && is_digits(columns.get(at + 2))
}

/// Whether Squid's result, which is left blank, begins here: behind it are a duration, a blank, the number of a
/// message, what was found, its weight, the category, and the name and number of the group.
fn is_end(columns: &Columns<'_, COLUMNS>, at: usize) -> bool {
    let is_blank = |column: usize| matches!(columns.get(column), b"" | b"-");
    columns.count > at + 8
        && is_blank(at)
        && is_blank(at + 2)
        && [1, 3, 5, 8].into_iter().all(|number| amount(columns.get(at + number)).is_some())
}

fn client_or_name<'a>(out: &mut LogLine<'a>, text: &'a [u8]) -> Result<(), LineFault> {
    match client(text) {
        Ok(address) => out.address = address,
        Err(_) if is_name(text) => out.device = Text::new(text),
        Err(fault) => return Err(fault),
    }
    Ok(())
}
