//! A table with a line of headings.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::NoTable;
use super::text::Lines;

/// The most columns; school systems have some hundred.
const MOST_COLUMNS: usize = 512;

/// A table: headings, folded to what tells them apart, and rows with the lines on which they stand.
pub(crate) struct Table {
    /// The headings, folded.
    pub(crate) headings: Vec<String>,
    /// The same as they are written.
    pub(crate) written: Vec<String>,
    /// The rows that have as many fields as there are headings.
    pub(crate) rows: Vec<Row>,
    /// The lines of those that have not.
    pub(crate) ragged: Vec<u64>,
}

/// A row of a table.
pub(crate) struct Row {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Where it stands in the text, without the end of its last line.
    pub(crate) place: Range<usize>,
    fields: StringRecord,
}

impl Row {
    pub(crate) fn get(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default()
    }

    fn is_blank(&self) -> bool {
        self.fields.iter().all(is_blank)
    }
}

fn is_blank(field: &str) -> bool {
    field.trim().is_empty()
}

/// Reads a text of fields between commas, semicolons or tabs, without the blanks around them where they are trimmed.
pub(crate) fn read(text: &str, trim: Trim) -> Result<Table, NoTable> {
    // A spreadsheet may say first what separates, and Microsoft's directory which version it is.
    let skipped = text.split_inclusive('\n').take_while(|line| is_preamble(line)).map(str::len).sum();
    let before = text.get(..skipped).unwrap_or_default().matches('\n').count() as u64;
    let text = text.get(skipped..).unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(trim)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut table: Option<Table> = None;
    let mut lines = Lines::new(text);
    loop {
        let mut fields = StringRecord::new();
        if !reader.read_record(&mut fields).map_err(|_| NoTable::NotATable)? {
            break;
        }
        let begins = begins(text, &fields);
        let line = before + lines.at(begins);
        match &mut table {
            None if fields.iter().all(is_blank) => {}
            None if fields.len() > MOST_COLUMNS => return Err(NoTable::NotATable),
            None => {
                let headings = fields.iter().map(folded).collect();
                let written = fields.iter().map(|heading| heading.trim().to_owned()).collect();
                table = Some(Table { headings, written, rows: Vec::new(), ragged: Vec::new() });
            }
            Some(table) => {
                let row = Row { line, place: place(text, begins, reader.position().byte(), skipped), fields };
                if row.is_blank() {
                    continue;
                }
                // Spreadsheets leave out empty fields at the end of a line, and add some.
                let surplus = row.fields.iter().skip(table.headings.len()).any(|field| !is_blank(field));
                let lacking = row.fields.len() < table.headings.len() && row.fields.len() < 2;
                let torn = row.fields.len() < table.headings.len()
                    && !row.fields.iter().next_back().is_some_and(is_blank)
                    && row.fields.len() != table.headings.len();
                if surplus || lacking || torn {
                    table.ragged.push(line);
                } else {
                    table.rows.push(row);
                }
            }
        }
    }
    if ends_within_quotes(text) {
        return Err(NoTable::OpenQuote);
    }
    table.ok_or(NoTable::Empty)
}

/// Where a record begins: the reader counts the blank lines before it as its own.
fn begins(text: &str, fields: &StringRecord) -> u64 {
    let from = fields.position().map_or(0, csv::Position::byte);
    let rest = usize::try_from(from).ok().and_then(|from| text.as_bytes().get(from..)).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(**byte, b'\r' | b'\n')).count() as u64
}

/// From where to where a record stands in the whole text, of which so much was skipped.
fn place(text: &str, begins: u64, ends: u64, skipped: usize) -> Range<usize> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(text.len());
    let (from, until) = (at(begins), at(ends));
    let ends = text.get(from..until).unwrap_or_default().trim_end_matches(['\r', '\n']).len();
    skipped + from..skipped + from + ends
}

fn is_preamble(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("sep=") || line.starts_with("version:")
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    [(',', b','), (';', b';'), ('\t', b'\t')]
        .into_iter()
        .max_by_key(|(letter, byte)| (count(*letter), *byte == b','))
        .map_or(b',', |(_, byte)| byte)
}

/// A quote that is never closed swallows all that follows.
fn ends_within_quotes(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

/// A heading without case, spaces, punctuation and what stands in brackets: `First Name [Required]` is `firstname`. Of
/// a heading of Microsoft's directory what stands in brackets counts: `Name [displayName] Required`.
pub(crate) fn folded(heading: &str) -> String {
    let letters = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if let Some((before, rest)) = heading.split_once('[')
        && let Some((inside, after)) = rest.split_once(']')
    {
        let kind = after.trim();
        return if matches!(kind, "Required" | "Optional") || inside.starts_with(char::is_lowercase) {
            letters(inside)
        } else {
            letters(before)
        };
    }
    letters(heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<u64>, Vec<u64>) {
        let table = read(text, Trim::All).unwrap_or_else(|refusal| panic!("{refusal}"));
        (table.rows.iter().map(|row| row.line).collect(), table.ragged)
    }

    #[test]
    fn headings_are_folded() {
        let table =
            read("First Name [Required], Org Unit Path [Required],User name [userPrincipalName] Required\n", Trim::All)
                .ok();
        let headings = table.map(|table| table.headings).unwrap_or_default();
        assert_eq!(headings, ["firstname", "orgunitpath", "userprincipalname"]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        assert_eq!(lines("a,b\n1,\"two\nlines\"\n\n3,4\n"), (vec![2, 5], vec![]));
        assert_eq!(lines("version:v1.0\na,b\n1,2\n"), (vec![3], vec![]));
        assert_eq!(lines("a;b\n1;2\n1;2;3\n1\n1;;\n"), (vec![2, 5], vec![3, 4]));
        assert_eq!(lines("a\tb\n1\t2"), (vec![2], vec![]));
    }

    #[test]
    fn a_row_stands_where_it_stands() {
        let text = "sep=;\na;b\r\n\r\n1;\"two\nlines\"\r\n3; 4";
        let table = read(text, Trim::None).unwrap_or_else(|refusal| panic!("{refusal}"));
        let rows: Vec<&str> = table.rows.iter().filter_map(|row| text.get(row.place.clone())).collect();
        assert_eq!(rows, ["1;\"two\nlines\"", "3; 4"]);
        assert_eq!(table.rows.last().map(|row| row.get(1)), Some(" 4"));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(matches!(read("\n \n", Trim::All), Err(NoTable::Empty)));
        assert!(matches!(read("a,b\n1,\"2\n3,4\n", Trim::All), Err(NoTable::OpenQuote)));
    }
}
