//! The text of a URL that patterns look at.

use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::ops::Range;

use crate::host::Host;
use crate::path::percent_decode_to_the_end;
use crate::target::Target;

/// Bytes that need no memory of their own; longer texts do.
const SHORT: usize = 512;

/// A text put together: short ones on the stack.
pub(crate) struct UrlText {
    short: [u8; SHORT],
    length: usize,
    long: Vec<u8>,
}

impl UrlText {
    /// The text of a host alone, as of a URL of which the path is not known.
    pub(crate) fn of_host(host: &Host) -> Self {
        let mut text = Self { short: [0; SHORT], length: 0, long: Vec::new() };
        text.push(host.as_str().as_bytes());
        text.push(b"/");
        text
    }

    /// The text of a URL.
    pub(crate) fn of(target: &Target) -> Self {
        let mut text = Self { short: [0; SHORT], length: 0, long: Vec::new() };
        text.push(target.host().as_str().as_bytes());
        text.push(b"/");
        text.push(target.rule_path().as_bytes());
        if let Some(query) = target.query() {
            text.push(b"?");
            if query.contains('%') {
                text.push_lower(&percent_decode_to_the_end(query.as_bytes()));
            } else {
                text.push_lower(query.as_bytes());
            }
        }
        text
    }

    /// A URL as it is sent, in lower case, and where in it the host stands.
    pub(crate) fn as_sent(target: &Target) -> (Self, Range<usize>) {
        let mut text = Self { short: [0; SHORT], length: 0, long: Vec::new() };
        text.push(target.scheme().as_str().as_bytes());
        text.push(b"://");
        let start = text.as_bytes().len();
        text.push(target.host().to_url().as_bytes());
        let host = start..text.as_bytes().len();
        if target.port() != target.scheme().default_port() {
            // Writing to memory does not fail.
            let _ = write!(text, ":{}", target.port());
        }
        text.push_lower(target.path_and_query().as_bytes());
        (text, host)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.long.is_empty() { self.short.get(..self.length).unwrap_or_default() } else { &self.long }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.short.get_mut(self.length..end) {
            Some(place) if self.long.is_empty() => {
                place.copy_from_slice(bytes);
                self.length = end;
            }
            _ => {
                if self.long.is_empty() {
                    self.long.extend(self.short.iter().take(self.length));
                }
                self.long.extend(bytes);
            }
        }
    }

    fn push_lower(&mut self, bytes: &[u8]) {
        let before = self.as_bytes().len();
        self.push(bytes);
        let whole = if self.long.is_empty() { self.short.get_mut(..self.length) } else { Some(&mut *self.long) };
        if let Some(new) = whole.and_then(|whole| whole.get_mut(before..)) {
            new.make_ascii_lowercase();
        }
    }
}

impl fmt::Write for UrlText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString as _};

    fn of(url: &str) -> String {
        String::from_utf8(UrlText::of(&url.parse().unwrap()).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_url_as_it_is_sent_is_what_is_written_in_lower_case() {
        let long = format!("ws://example.org:81/{}", "Y".repeat(SHORT * 2));
        for url in ["HTTPS://WWW.Example.org/A/b%2f/?Q=%2541", "http://[2001:DB8::1]:8080", "http://192.0.2.1/X", &long]
        {
            let target: Target = url.parse().unwrap();
            let (text, host) = UrlText::as_sent(&target);
            assert_eq!(text.as_bytes(), target.to_string().to_ascii_lowercase().as_bytes());
            assert_eq!(text.as_bytes().get(host), Some(target.host().to_url().as_bytes()));
        }
    }

    #[test]
    fn the_text_has_one_spelling() {
        for (url, text) in [
            ("HTTPS://WWW.Example.org/A/./B%2f/?Q=%2541", "www.example.org/a/b?q=a"),
            ("http://example.org:8080", "example.org/"),
            ("http://example.org:80/x;y/z", "example.org/x/z"),
        ] {
            assert_eq!(of(url), text);
        }
        let long = "Y".repeat(SHORT * 2);
        assert_eq!(of(&format!("http://example.org/x?{long}")), format!("example.org/x?{}", long.to_lowercase()));
        assert_eq!(of(&format!("http://example.org/{long}?A")), format!("example.org/{}?a", long.to_lowercase()));
    }
}
