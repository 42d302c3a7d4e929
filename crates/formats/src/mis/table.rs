//! A table with a line of headings.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Refusal;
use super::text::Lines;

/// The most columns; school systems have some hundred.
const MOST_COLUMNS: usize = 512;

/// A table: headings, folded to what tells them apart, and rows with the lines on which they stand.
pub(super) struct Table {
    /// The headings, folded.
    pub(super) headings: Vec<String>,
    /// The rows that have as many fields as there are headings.
    pub(super) rows: Vec<Row>,
    /// The lines of those that have not.
    pub(super) ragged: Vec<u64>,
}

/// A row of a table.
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    fields: StringRecord,
}

impl Row {
    pub(super) fn get(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default()
    }

    fn is_blank(&self) -> bool {
        self.fields.iter().all(str::is_empty)
    }
}

/// Reads a text of fields between commas, semicolons or tabs.
pub(super) fn read(text: &str) -> Result<Table, Refusal> {
    // A spreadsheet may say first what separates, and Microsoft's directory which version it is.
    let skipped = text.split_inclusive('\n').take_while(|line| is_preamble(line)).map(str::len).sum();
    let before = text.get(..skipped).unwrap_or_default().matches('\n').count() as u64;
    let text = text.get(skipped..).unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut table: Option<Table> = None;
    let mut lines = Lines::new(text);
    for record in reader.records() {
        let fields = record.map_err(|_| Refusal::NotATable)?;
        let line = before + lines.at(begins(text, &fields));
        match &mut table {
            None if fields.iter().all(str::is_empty) => {}
            None if fields.len() > MOST_COLUMNS => return Err(Refusal::NotATable),
            None => {
                let headings = fields.iter().map(folded).collect();
                table = Some(Table { headings, rows: Vec::new(), ragged: Vec::new() });
            }
            Some(table) => {
                let row = Row { line, fields };
                if row.is_blank() {
                    continue;
                }
                // Spreadsheets leave out empty fields at the end of a line, and add some.
                let surplus = row.fields.iter().skip(table.headings.len()).any(|field| !field.is_empty());
                let lacking = row.fields.len() < table.headings.len() && row.fields.len() < 2;
                let torn = row.fields.len() < table.headings.len()
                    && !row.fields.iter().next_back().is_some_and(str::is_empty)
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
        return Err(Refusal::OpenQuote);
    }
    table.ok_or(Refusal::Empty)
}

/// Where a record begins: the reader counts the blank lines before it as its own.
fn begins(text: &str, fields: &StringRecord) -> u64 {
    let from = fields.position().map_or(0, csv::Position::byte);
    let rest = usize::try_from(from).ok().and_then(|from| text.as_bytes().get(from..)).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(**byte, b'\r' | b'\n')).count() as u64
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
fn folded(heading: &str) -> String {
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
        let table = read(text).unwrap_or_else(|refusal| panic!("{refusal}"));
        (table.rows.iter().map(|row| row.line).collect(), table.ragged)
    }

    #[test]
    fn headings_are_folded() {
        let table =
            read("First Name [Required], Org Unit Path [Required],User name [userPrincipalName] Required\n").ok();
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
    fn what_is_no_table_is_refused() {
        assert!(matches!(read("\n \n"), Err(Refusal::Empty)));
        assert!(matches!(read("a,b\n1,\"2\n3,4\n"), Err(Refusal::OpenQuote)));
    }
}
