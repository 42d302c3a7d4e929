//! Rows in PostgreSQL's binary form of `COPY`, and texts that it can hold.

use core::mem;
use std::borrow::Cow;

/// Stands before what stands for NUL or for itself. No character of Unicode has this code point.
const ESCAPE: char = '\u{10FFFF}';

/// A text without NUL.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 4);
    for character in text.chars() {
        match character {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            other => escaped.push(other),
        }
    }
    escaped.into()
}

/// The text that was escaped; `None` where it never was.
pub(in super::super) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(ESCAPE) {
        return Some(text.into());
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            ESCAPE => match characters.next()? {
                '0' => '\0',
                '1' => ESCAPE,
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain.into())
}

/// Rows for `COPY ... WITH (FORMAT binary)`.
pub(super) struct Rows {
    bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::new();
        bytes.extend(b"PGCOPY\n\xff\r\n\0");
        // Neither flags nor an extension of the header.
        bytes.extend([0; 8]);
        Self { bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What has come together since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    pub(super) fn begin(&mut self, columns: i16) {
        self.bytes.extend(columns.to_be_bytes());
    }

    pub(super) fn int(&mut self, number: i32) {
        self.bytes.extend(4_i32.to_be_bytes());
        self.bytes.extend(number.to_be_bytes());
    }

    pub(super) fn bigint(&mut self, number: i64) {
        self.bytes.extend(8_i32.to_be_bytes());
        self.bytes.extend(number.to_be_bytes());
    }

    /// A text, as long as the server takes it: 1 GB.
    pub(super) fn text(&mut self, text: &str) {
        let text = escape(text);
        self.bytes.extend(i32::try_from(text.len()).unwrap_or(i32::MAX).to_be_bytes());
        self.bytes.extend(text.as_bytes());
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend((-1_i16).to_be_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_goes_without_nul(text in "(\\PC|\0|\u{10FFFF}|0|1){0,12}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains('\0'));
            let back = unescape(&escaped);
            prop_assert_eq!(back.as_deref(), Some(&*text));
        }
    }

    #[test]
    fn what_never_was_escaped_is_told() {
        assert_eq!(unescape("\u{10FFFF}"), None);
        assert_eq!(unescape("\u{10FFFF}2"), None);
    }
}
