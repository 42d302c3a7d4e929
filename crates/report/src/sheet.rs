//! Tables for spreadsheets, in which nothing that somebody else wrote is a formula.

use crate::ReportError;

/// A table that is being written: sections, two keys, a count.
pub(crate) struct Sheet(csv::Writer<Vec<u8>>);

/// With these a spreadsheet takes a cell for a formula; the wide ones where it reads Japanese.
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

impl Sheet {
    pub(crate) fn new() -> Result<Self, ReportError> {
        let mut sheet = Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new()));
        sheet.0.write_record(["section", "key", "key2", "count"]).map_err(|error| failed(&error))?;
        Ok(sheet)
    }

    pub(crate) fn row(&mut self, section: &str, key: &str, key2: &str, count: u64) -> Result<(), ReportError> {
        let cells = [guarded(section), guarded(key), guarded(key2), count.to_string()];
        self.0.write_record(cells).map_err(|error| failed(&error))
    }

    pub(crate) fn finish(self) -> Result<String, ReportError> {
        let bytes = self.0.into_inner().map_err(|error| failed(&error))?;
        String::from_utf8(bytes).map_err(|error| failed(&error))
    }
}

fn failed(error: &dyn std::fmt::Display) -> ReportError {
    ReportError::new("CSV", error)
}

/// A cell that is text and stays so.
fn guarded(text: &str) -> String {
    if text.trim_start_matches([' ', '\u{feff}', '\u{a0}', '\n']).starts_with(FORMULAS) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula_and_everything_is_quoted_that_has_to_be() {
        let mut sheet = Sheet::new().unwrap();
        for group in ["=cmd|'/c calc'!A0", " +1", "-2", "@SUM(A1)", "\t=1", "＝1", "a,\"b\"\nc", "year-9", ""] {
            sheet.row("group", group, "blocked", 1).unwrap();
        }
        let expected = "section,key,key2,count\r\ngroup,'=cmd|'/c calc'!A0,blocked,1\r\ngroup,' +1,blocked,1\r\n\
                        group,'-2,blocked,1\r\ngroup,'@SUM(A1),blocked,1\r\ngroup,'\t=1,blocked,1\r\n\
                        group,'＝1,blocked,1\r\ngroup,\"a,\"\"b\"\"\nc\",blocked,1\r\ngroup,year-9,blocked,1\r\n\
                        group,,blocked,1\r\n";
        assert_eq!(sheet.finish().unwrap(), expected);
    }
}
