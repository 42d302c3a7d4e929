//! Tables with a line of headings, as the consoles of commercial filters export them.

use chrono::{NaiveDate, NaiveTime, Utc};

use super::bytes::{address, amount, duration, is_method, is_name, status};
use super::clock::{self, DateOrder};
use super::fault::LineFault;
use super::line::{LogLine, Observed, Text, When};

/// The most columns.
const COLUMNS: usize = 64;

/// What a column of a table holds, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Date and time on the school's clock, or with how far that is from Greenwich.
    Time,
    /// Date and time on the clock of Greenwich.
    TimeUtc,
    /// The date alone.
    Date,
    /// The time of the day alone.
    TimeOfDay,
    /// The person.
    User,
    /// The address of the device.
    Client,
    /// The name of the device.
    Device,
    /// The group.
    Group,
    /// The status that was answered.
    Status,
    /// The web address.
    Url,
    /// The host, where the whole address is not there.
    Host,
    /// The method.
    Method,
    /// The category.
    Category,
    /// The rule, the policy or the words that were found.
    Reason,
    /// What became of it, such as `Blocked`.
    Verdict,
    /// Whether it was blocked: yes or no.
    IsBlocked,
    /// Bytes towards the person.
    Bytes,
    /// How long it took in milliseconds.
    Duration,
    /// The MIME type.
    Mime,
    /// The browser.
    UserAgent,
    /// Something that is not read.
    NotRead,
}

/// Headings, folded, and what their columns hold. None of them is certain for a product that was not seen: a caller
/// may give others.
const KNOWN: [(Column, &[&str]); 18] = [
    (
        Column::Time,
        &["time", "datetime", "timestamp", "dateandtime", "datetimestamp", "accesstime", "requesttime", "eventtime"],
    ),
    (Column::TimeUtc, &["timeutc", "datetimeutc", "timestamputc", "utctime", "dateutc", "timegmt", "datetimegmt"]),
    (Column::Date, &["date", "day"]),
    (Column::TimeOfDay, &["timeofday"]),
    (
        Column::User,
        &["username", "user", "useremail", "email", "student", "studentemail", "login", "userid", "account"],
    ),
    (
        Column::Client,
        &["sourceip", "ip", "ipaddress", "clientip", "client", "srcip", "source", "sourceaddress", "localip", "userip"],
    ),
    (Column::Device, &["device", "devicename", "computer", "computername", "machine", "workstation", "clienthost"]),
    (Column::Group, &["group", "groups", "usergroup", "usergroups", "groupname", "ou", "orgunit", "userou"]),
    (Column::Status, &["code", "status", "httpcode", "statuscode", "httpstatus", "responsecode", "httpresponsecode"]),
    (
        Column::Url,
        &["url", "urls", "uri", "fullurl", "requestedurl", "webaddress", "siteurl", "website", "destination"],
    ),
    (Column::Host, &["domain", "domains", "host", "site", "destinationhost", "domainname"]),
    (Column::Method, &["method", "httpmethod", "requestmethod", "verb"]),
    (Column::Category, &["category", "categories", "categoryname", "webcategory", "sitecategory", "urlcategory"]),
    (Column::Reason, &["reason", "rule", "policy", "policyname", "matchedrule", "blockreason", "filterpolicy"]),
    (Column::Verdict, &["action", "verdict", "outcome", "result", "decision", "disposition", "filteraction"]),
    (Column::IsBlocked, &["blocked", "isblocked", "denied"]),
    (Column::Bytes, &["bytes", "size", "bytesreceived", "bytesdownloaded", "responsesize", "contentlength"]),
    (Column::Duration, &["durationms", "timetakenms", "elapsedms"]),
];
const KNOWN_BESIDE: [(Column, &[&str]); 2] =
    [(Column::Mime, &["mimetype", "contenttype", "mime"]), (Column::UserAgent, &["useragent", "browser"])];

/// Why a line of headings cannot be used. No heading is quoted: where there are none, the first line is somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// There are too few columns, or more than are read.
    #[error("its first line is no line of headings between commas, semicolons or tabs")]
    NotATable,
    /// No column with a time is known.
    #[error("no column of the table is known to hold the time; say which does, or export it with the column Time")]
    NoTime,
    /// No column with a web address is known.
    #[error(
        "no column of the table is known to hold the web address or the host; say which does, or export it with the column URL"
    )]
    NoAddress,
    /// Two columns are said to hold the same.
    #[error("two columns of the table are said to hold the same ({0:?}); say which one does")]
    Twice(Column),
    /// A heading that was named is not there.
    #[error("a column that was named is not in the table; check how its heading is written")]
    NoSuchHeading,
}

/// What the columns of a table hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Mapping {
    separator: u8,
    headings: Vec<u8>,
    columns: Vec<Column>,
    order: DateOrder,
    /// How many fields a line must have: up to the last one that is read.
    least: usize,
}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapping").field("columns", &self.columns).field("order", &self.order).finish_non_exhaustive()
    }
}

impl Mapping {
    /// What the columns hold by their headings, the first line of `headings`, whatever is behind it; for those in `said`,
    /// what it says. Case, spaces and punctuation of headings do not matter.
    ///
    /// # Errors
    /// It is no line of headings, a time or a web address is not among them, or a column is there twice.
    pub fn new(headings: &[u8], said: &[(&str, Column)]) -> Result<Self, MappingError> {
        let (headings, separator, fields) = first_line(headings)?;
        let names: Vec<String> = fields.all().map(folded).collect();
        let said: Vec<(String, Column)> =
            said.iter().map(|(name, column)| (folded(name.as_bytes()), *column)).collect();
        if said.iter().any(|(name, _)| !names.contains(name)) {
            return Err(MappingError::NoSuchHeading);
        }
        let mut columns: Vec<Column> = names.iter().map(|name| known(name, &said)).collect();
        // Beside a date, what is called time is the time of the day.
        if columns.contains(&Column::Date) {
            columns.iter_mut().filter(|column| **column == Column::Time).for_each(|column| *column = Column::TimeOfDay);
        }
        let order = DateOrder::default();
        Self { separator, headings: headings.to_vec(), columns, order, least: 0 }.checked()
    }

    /// The same with the first number of a date being this.
    #[must_use]
    pub fn with_order(self, order: DateOrder) -> Self {
        Self { order, ..self }
    }

    /// Which number of a date comes first.
    pub fn order(&self) -> DateOrder {
        self.order
    }

    /// What the columns hold, from the left.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The same, where lines below the headings show what these do not tell: which column holds web addresses, and
    /// that months come before days.
    pub(super) fn seen<'a>(
        headings: &[u8],
        lines: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<Self, MappingError> {
        let mapping = match Self::new(headings, &[]) {
            Err(MappingError::NoAddress) => Self::with_address(headings, &lines)?,
            made => made?,
        };
        let day = mapping.columns.iter().position(|column| matches!(column, Column::Time | Column::Date));
        let month_first = day.is_some_and(|at| {
            let dates = lines.filter_map(|line| {
                let fields = Fields::split(line, mapping.separator).ok()?;
                let text = fields.get(at);
                clock::numbers(text).or_else(|| clock::numbers(&[text, b" 0:00"].concat()))
            });
            let (mut first, mut second) = (0, 0);
            dates.for_each(|(a, b)| (first, second) = (first.max(a), second.max(b)));
            first <= 12 && second > 12
        });
        Ok(if month_first { mapping.with_order(DateOrder::MonthFirst) } else { mapping })
    }

    /// A column without a heading that is known in which every line has a web address.
    fn with_address<'a>(
        headings: &[u8],
        lines: &(impl Iterator<Item = &'a [u8]> + Clone),
    ) -> Result<Self, MappingError> {
        let (headings, separator, fields) = first_line(headings)?;
        let mut columns: Vec<Column> = fields.all().map(|name| known(&folded(name), &[])).collect();
        let has_addresses = |at: usize| {
            let mut lines = lines.clone().filter(|line| !line.is_empty()).peekable();
            let is_one = |line: &[u8]| {
                let fields = Fields::split(line, separator).ok();
                fields.is_some_and(|fields| memchr::memmem::find(fields.get(at), b"://").is_some())
            };
            lines.peek().is_some() && lines.all(is_one)
        };
        let found = (0..columns.len()).find(|at| columns.get(*at) == Some(&Column::NotRead) && has_addresses(*at));
        let column = found.and_then(|at| columns.get_mut(at)).ok_or(MappingError::NoAddress)?;
        *column = Column::Url;
        if columns.contains(&Column::Date) {
            columns.iter_mut().filter(|column| **column == Column::Time).for_each(|column| *column = Column::TimeOfDay);
        }
        Self { separator, headings: headings.to_vec(), columns, order: DateOrder::default(), least: 0 }.checked()
    }

    fn checked(mut self) -> Result<Self, MappingError> {
        let has = |column: Column| self.columns.contains(&column);
        if let Some(twice) = self.columns.iter().enumerate().find(|(at, column)| {
            **column != Column::NotRead && self.columns.iter().skip(at + 1).any(|other| other == *column)
        }) {
            return Err(MappingError::Twice(*twice.1));
        }
        let in_two = has(Column::Date) && has(Column::TimeOfDay);
        if !(has(Column::Time) || has(Column::TimeUtc) || in_two) {
            return Err(MappingError::NoTime);
        }
        if !has(Column::Url) && !has(Column::Host) {
            return Err(MappingError::NoAddress);
        }
        self.least = self.columns.iter().rposition(|column| *column != Column::NotRead).map_or(0, |at| at + 1);
        Ok(self)
    }

    /// Whether this is the line of headings, which is there again where exports were put together.
    pub(super) fn is_headings(&self, line: &[u8]) -> bool {
        line.trim_ascii() == self.headings
    }

    /// Whether a line has all its fields, though what ends it is missing.
    pub(super) fn is_whole(&self, line: &[u8]) -> bool {
        Fields::split(line, self.separator).is_ok_and(|fields| fields.count >= self.columns.len())
    }

    /// Reads a line.
    pub(super) fn parse<'a>(&self, line: &'a [u8]) -> Result<LogLine<'a>, LineFault> {
        let fields = Fields::split(line, self.separator)?;
        // Spreadsheets leave out empty fields at the end of a line. One field more is one that was torn in two.
        let surplus = fields.all().skip(self.columns.len()).any(|field| !field.is_empty());
        if surplus || fields.count < self.least.min(2) {
            return Err(LineFault::Fields);
        }
        let mut row = Row::new(self.order);
        for (column, field) in self.columns.iter().zip(fields.all()) {
            row.take(*column, field.trim_ascii())?;
        }
        if fields.count < self.least && row.line.url.is_empty() {
            return Err(LineFault::Fields);
        }
        row.finish()
    }
}

/// The first line, what separates its fields, and those.
fn first_line(text: &[u8]) -> Result<(&[u8], u8, Fields<'_>), MappingError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let separator = separator(line).ok_or(MappingError::NotATable)?;
    let fields = Fields::split(line, separator).map_err(|_| MappingError::NotATable)?;
    Ok((line, separator, fields))
}

fn known(name: &str, said: &[(String, Column)]) -> Column {
    if let Some((_, column)) = said.iter().find(|(heading, _)| heading == name) {
        return *column;
    }
    let mut rows = KNOWN.iter().chain(&KNOWN_BESIDE);
    rows.find(|(_, names)| names.contains(&name)).map_or(Column::NotRead, |(column, _)| *column)
}

/// A heading by its letters and digits alone, all small.
fn folded(heading: &[u8]) -> String {
    let text = String::from_utf8_lossy(heading);
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn separator(headings: &[u8]) -> Option<u8> {
    let count = |byte: u8| memchr::memchr_iter(byte, headings).count();
    let most = [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte))?;
    (count(most) > 0).then_some(most)
}

/// A row as it is filled in.
struct Row<'a> {
    line: LogLine<'a>,
    order: DateOrder,
    when: Option<When>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    host: Text<'a>,
    verdict: Option<Observed>,
}

impl<'a> Row<'a> {
    fn new(order: DateOrder) -> Self {
        let line = LogLine::new(When::Instant(chrono::DateTime::<Utc>::UNIX_EPOCH));
        Self { line, order, when: None, date: None, time: None, host: Text::default(), verdict: None }
    }

    fn take(&mut self, column: Column, field: &'a [u8]) -> Result<(), LineFault> {
        let text = Text::unless_blank(field);
        match column {
            Column::Time | Column::TimeUtc | Column::Date | Column::TimeOfDay => self.take_time(column, field)?,
            Column::User => self.line.user = text,
            Column::Client => self.take_client(text)?,
            Column::Device => self.line.device = text,
            Column::Group => self.line.group = text,
            Column::Status if !text.is_empty() && field != b"0" => {
                self.line.status = status(field).ok_or(LineFault::Status)?;
            }
            Column::Url => self.line.url = text,
            Column::Host => self.host = text,
            Column::Method if is_method(field) => self.line.method = text,
            Column::Category => self.line.category = text,
            Column::Reason => self.line.reason = text,
            Column::Verdict | Column::IsBlocked => self.take_verdict(column, text),
            Column::Bytes => self.line.bytes = amount(field).ok_or(LineFault::Number)?,
            Column::Duration => self.line.duration_ms = duration(field).ok_or(LineFault::Number)?,
            Column::Mime => self.line.mime = text,
            Column::UserAgent => self.line.user_agent = text,
            Column::Method | Column::Status | Column::NotRead => {}
        }
        Ok(())
    }

    fn take_time(&mut self, column: Column, field: &[u8]) -> Result<(), LineFault> {
        match column {
            Column::Date => self.date = Some(clock::date(field, self.order).ok_or(LineFault::Time)?),
            Column::TimeOfDay => {
                let (time, zone) = clock::time_of_day(field).ok_or(LineFault::Time)?;
                self.time = zone.is_empty().then_some(time);
            }
            _ => {
                let when = clock::written(field, self.order).ok_or(LineFault::Time)?;
                self.when = Some(match when {
                    When::Local(clock) if column == Column::TimeUtc => When::Instant(clock.and_utc()),
                    when => when,
                });
            }
        }
        Ok(())
    }

    fn take_client(&mut self, text: Text<'a>) -> Result<(), LineFault> {
        match address(text.as_bytes()) {
            Some(address) => self.line.address = (!address.is_unspecified()).then_some(address),
            None if text.is_empty() => {}
            None if is_name(text.as_bytes()) => self.line.device = text,
            None => return Err(LineFault::Client),
        }
        Ok(())
    }

    fn take_verdict(&mut self, column: Column, text: Text<'a>) {
        self.line.result = text;
        let said = |words: &[&str]| words.iter().any(|word| starts_with(text.as_bytes(), word));
        self.verdict = match column {
            Column::IsBlocked if said(&["yes", "true", "y", "1", "block", "denied"]) => Some(Observed::Blocked),
            Column::IsBlocked if said(&["no", "false", "n", "0"]) => Some(Observed::Allowed),
            Column::IsBlocked => Some(Observed::Unknown),
            _ if said(&["block", "den", "restrict", "forbid", "access denied", "not allowed", "refus"]) => {
                Some(Observed::Blocked)
            }
            _ if said(&["allow", "permit", "pass", "accept", "access", "ok", "visit", "grant"]) => {
                Some(Observed::Allowed)
            }
            _ => Some(Observed::Unknown),
        };
    }

    fn finish(self) -> Result<LogLine<'a>, LineFault> {
        let whole = self.date.zip(self.time).map(|(date, time)| When::Local(date.and_time(time)));
        let mut line = self.line;
        line.when = self.when.or(whole).ok_or(LineFault::Time)?;
        if line.url.is_empty() {
            line.url = self.host;
        }
        if line.url.is_empty() {
            return Err(LineFault::Address);
        }
        line.observed = match (line.status, self.verdict) {
            (407, _) => Observed::AuthenticationAsked,
            (_, Some(observed)) => observed,
            // A filter that says nothing else answers so when it blocks.
            (403, None) => Observed::Blocked,
            (100.., None) => Observed::Allowed,
            (_, None) => Observed::Unknown,
        };
        Ok(line)
    }
}

fn starts_with(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// The fields of a line. Quotation marks around a field are taken off; a doubled one within stays doubled.
struct Fields<'a> {
    fields: [&'a [u8]; COLUMNS],
    count: usize,
}

impl<'a> Fields<'a> {
    fn split(line: &'a [u8], separator: u8) -> Result<Self, LineFault> {
        let mut fields = Self { fields: [&[]; COLUMNS], count: 0 };
        let mut rest = line;
        loop {
            let (field, behind) = match rest {
                [b'"', inside @ ..] => quoted(inside)?,
                _ => match memchr::memchr(separator, rest).and_then(|at| rest.split_at_checked(at)) {
                    Some((field, behind)) => (field, behind),
                    None => (rest, &[][..]),
                },
            };
            *fields.fields.get_mut(fields.count).ok_or(LineFault::Fields)? = field;
            fields.count += 1;
            rest = match behind {
                [] => return Ok(fields),
                [byte, behind @ ..] if *byte == separator => behind,
                _ => return Err(LineFault::Quotes),
            };
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a> {
        self.fields.iter().take(self.count).copied()
    }

    fn get(&self, at: usize) -> &'a [u8] {
        self.fields.get(at).copied().unwrap_or_default()
    }
}

/// The field up to the mark that ends it, and what is behind that.
fn quoted(inside: &[u8]) -> Result<(&[u8], &[u8]), LineFault> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', inside.get(from..).unwrap_or_default()).ok_or(LineFault::Quotes)?;
        if inside.get(at + 1) == Some(&b'"') {
            from = at + 2;
            continue;
        }
        let (field, behind) = inside.split_at_checked(at).ok_or(LineFault::Quotes)?;
        return Ok((field, behind.get(1..).unwrap_or_default()));
    }
}
