//! Tables with a line of headings, as the consoles of commercial filters export them.

use super::clock::{self, DateOrder};
use super::columns::{Column, folded, known};
use super::fault::LineFault;
use super::line::LogLine;
use super::row::{Fields, Row};

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

fn separator(headings: &[u8]) -> Option<u8> {
    let count = |byte: u8| memchr::memchr_iter(byte, headings).count();
    let most = [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte))?;
    (count(most) > 0).then_some(most)
}
