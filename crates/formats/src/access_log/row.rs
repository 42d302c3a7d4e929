//! One row of a table.

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::bytes::{address, amount, duration, is_method, is_name, status};
use super::clock::{self, DateOrder};
use super::columns::Column;
use super::fault::LineFault;
use super::line::{LogLine, Observed, Text, When};

/// The most columns.
const COLUMNS: usize = 64;

/// A row as it is filled in.
pub(super) struct Row<'a> {
    pub(super) line: LogLine<'a>,
    order: DateOrder,
    when: Option<When>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    host: Text<'a>,
    verdict: Option<Observed>,
}

impl<'a> Row<'a> {
    pub(super) fn new(order: DateOrder) -> Self {
        let line = LogLine::new(When::Instant(DateTime::UNIX_EPOCH));
        Self { line, order, when: None, date: None, time: None, host: Text::default(), verdict: None }
    }

    pub(super) fn take(&mut self, column: Column, field: &'a [u8]) -> Result<(), LineFault> {
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

    pub(super) fn finish(self) -> Result<LogLine<'a>, LineFault> {
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
pub(super) struct Fields<'a> {
    fields: [&'a [u8]; COLUMNS],
    pub(super) count: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn split(line: &'a [u8], separator: u8) -> Result<Self, LineFault> {
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

    pub(super) fn all(&self) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a> {
        self.fields.iter().take(self.count).copied()
    }

    pub(super) fn get(&self, at: usize) -> &'a [u8] {
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
