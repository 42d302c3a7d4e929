//! Bytes to text, by evidence.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::NoTable;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// The text of a file: UTF-8 with or without a mark, UTF-16 with one, and else Windows-1252, which every byte is.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, NoTable> {
    let (encoding, rest) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (UTF_8, rest),
        [0xFF, 0xFE, rest @ ..] => (UTF_16LE, rest),
        [0xFE, 0xFF, rest @ ..] => (UTF_16BE, rest),
        _ if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        _ => (WINDOWS_1252, bytes),
    };
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    if !wide && rest.contains(&0) {
        return Err(NoTable::Nul);
    }
    let (text, torn) = encoding.decode_without_bom_handling(rest);
    if torn && encoding != WINDOWS_1252 {
        return Err(NoTable::Encoding);
    }
    if text.contains('\0') {
        return Err(NoTable::Nul);
    }
    if text.split('\n').any(|line| line.len() > LONGEST_LINE) {
        return Err(NoTable::LongLine(LONGEST_LINE));
    }
    let start = text.trim_start();
    let begins = |with: &str| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if begins("<!doctype html") || begins("<html") {
        return Err(NoTable::Html);
    }
    Ok(text.into_owned())
}

/// Counts lines as a reader goes on.
pub(crate) struct Lines<'a> {
    text: &'a str,
    line: u64,
    until: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, line: 1, until: 0 }
    }

    /// The line of a place, which is not before the one that was asked for last.
    pub(crate) fn at(&mut self, position: u64) -> u64 {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let passed = self.text.as_bytes().get(self.until..position).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.until = position;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_by_what_they_are() {
        let wide = |big: bool| -> Vec<u8> {
            let mark = if big { vec![0xFE, 0xFF] } else { vec![0xFF, 0xFE] };
            let units = "Renée,Ł".encode_utf16();
            let bytes = units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            mark.into_iter().chain(bytes).collect()
        };
        assert_eq!(decode("Renée,Ł".as_bytes()).as_deref(), Ok("Renée,Ł"));
        assert_eq!(decode(&[&[0xEF, 0xBB, 0xBF], "Renée".as_bytes()].concat()).as_deref(), Ok("Renée"));
        assert_eq!(decode(b"Ren\xE9e \x80").as_deref(), Ok("Renée €"));
        assert_eq!(decode(&wide(true)).as_deref(), Ok("Renée,Ł"));
        assert_eq!(decode(&wide(false)).as_deref(), Ok("Renée,Ł"));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        assert_eq!(decode(b"UPN,Nu\0l"), Err(NoTable::Nul));
        assert_eq!(decode(&[0xFF, 0xFE, 0, 0]), Err(NoTable::Nul));
        assert_eq!(decode(&[0xFF, 0xFE, 0, 0xD8]), Err(NoTable::Encoding));
        assert_eq!(decode(b"\n <!DOCTYPE html><html>Sign in"), Err(NoTable::Html));
        assert_eq!(decode(&vec![b'x'; LONGEST_LINE + 1]), Err(NoTable::LongLine(LONGEST_LINE)));
    }
}
