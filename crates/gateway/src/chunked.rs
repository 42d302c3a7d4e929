//! A chunked body, by the letter of RFC 9112 §7.1: extensions and trailers are taken out, everything else must be right.

use bytes::{Buf, BytesMut};

use crate::head::{is_field, is_token};

/// Longest line between chunks. Nobody sends extensions; a line without end is an attack.
const MAX_LINE: usize = 1024;
/// Most bytes of trailers, which are dropped.
const MAX_TRAILERS: usize = 8 * 1024;

/// The body breaks the grammar, and nothing behind that point can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadChunks;

/// Where in a chunked body the next byte is.
#[derive(Debug, Default)]
pub(crate) enum Chunked {
    /// In a line with a size.
    #[default]
    Size,
    /// In a chunk of which so many bytes are left.
    Data(u64),
    /// In the line end behind a chunk.
    DataEnd,
    /// In the trailers, of which so many bytes have come.
    Trailers(usize),
    /// Behind the body.
    End,
}

impl Chunked {
    /// Takes what can be taken from `input` and writes it to `output` in clean form. Stops where more input is needed
    /// and at [`Chunked::End`].
    pub(crate) fn pass(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<(), BadChunks> {
        loop {
            match self {
                Self::Size => {
                    let Some(line) = line(input)? else { return Ok(()) };
                    *self = match size(&line)? {
                        0 => Self::Trailers(0),
                        size => {
                            output.extend_from_slice(format!("{size:X}\r\n").as_bytes());
                            Self::Data(size)
                        }
                    };
                }
                Self::Data(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    output.extend_from_slice(&input.split_to(here));
                    *left -= here as u64;
                    if *left > 0 {
                        return Ok(());
                    }
                    *self = Self::DataEnd;
                }
                Self::DataEnd => {
                    match input.first_chunk() {
                        Some(b"\r\n") => input.advance(2),
                        Some(_) => return Err(BadChunks),
                        None => {
                            return if matches!(input.first(), None | Some(b'\r')) { Ok(()) } else { Err(BadChunks) };
                        }
                    }
                    output.extend_from_slice(b"\r\n");
                    *self = Self::Size;
                }
                Self::Trailers(seen) => {
                    let Some(line) = line(input)? else { return Ok(()) };
                    *seen += line.len();
                    if line.is_empty() {
                        output.extend_from_slice(b"0\r\n\r\n");
                        *self = Self::End;
                    } else if *seen > MAX_TRAILERS || !is_field(&line) {
                        return Err(BadChunks);
                    }
                }
                Self::End => return Ok(()),
            }
        }
    }
}

/// The next line without its CRLF, once it is there.
fn line(input: &mut BytesMut) -> Result<Option<BytesMut>, BadChunks> {
    let Some(end) = input.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
        return if input.len() < MAX_LINE { Ok(None) } else { Err(BadChunks) };
    };
    let mut line = input.split_to(end + 1);
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.contains(&b'\r') => {
            line.truncate(end - 1);
            Ok(Some(line))
        }
        _ => Err(BadChunks),
    }
}

/// Hexadecimal digits (2^63 at most), then nothing or extensions.
fn size(line: &[u8]) -> Result<u64, BadChunks> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at_checked(digits).ok_or(BadChunks)?;
    if !is_extensions(rest) {
        return Err(BadChunks);
    }
    let text = std::str::from_utf8(digits).map_err(|_| BadChunks)?;
    i64::from_str_radix(text, 16).ok().and_then(|size| u64::try_from(size).ok()).ok_or(BadChunks)
}

/// `;name`, `;name=token` or `;name="text"`, any number of them, with the white space that the grammar has.
fn is_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(after) = trim(rest).strip_prefix(b";") else { return false };
        let Some(after) = token(trim(after)) else { return false };
        rest = match trim(after).strip_prefix(b"=") {
            None => after,
            Some(value) => match trim(value) {
                [b'"', text @ ..] => match quoted(text) {
                    Some(after) => after,
                    None => return false,
                },
                value => match token(value) {
                    Some(after) => after,
                    None => return false,
                },
            },
        };
    }
    true
}

fn trim(text: &[u8]) -> &[u8] {
    let blank = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(blank..).unwrap_or_default()
}

fn token(text: &[u8]) -> Option<&[u8]> {
    match text.iter().take_while(|byte| is_token(**byte)).count() {
        0 => None,
        length => text.get(length..),
    }
}

/// What follows the closing quote.
fn quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            [b'\\', ..] => return None,
            [b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(body: &str) -> Result<(String, bool), BadChunks> {
        let (mut input, mut output, mut state) = (BytesMut::from(body.as_bytes()), BytesMut::new(), Chunked::default());
        state.pass(&mut input, &mut output)?;
        Ok((String::from_utf8(output.to_vec()).unwrap(), matches!(state, Chunked::End) && input.is_empty()))
    }

    #[test]
    fn good_bodies_pass_without_extensions_and_trailers() {
        for (body, expected) in [
            ("0\r\n\r\n", "0\r\n\r\n"),
            ("a\r\n0123456789\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n"),
            ("0005\r\nhello\r\n000\r\nX: y\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            ("5;a;b=c ; d=\"e\\\"f\"\r\nhello\r\n0;x\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ] {
            assert_eq!(pass(body), Ok((expected.into(), true)), "{body:?}");
        }
    }

    #[test]
    fn bad_bodies_do_not_pass() {
        let long = format!("5;a={}\r\nhello\r\n0\r\n\r\n", "a".repeat(MAX_LINE));
        let trailers = format!("0\r\n{}\r\n", format!("X: {}\r\n", "a".repeat(900)).repeat(10));
        for body in [
            "\r\n",
            "g\r\n",
            "0x5\r\nhello\r\n",
            "+5\r\nhello\r\n",
            "-5\r\n",
            " 5\r\nhello\r\n",
            "5 \r\nhello\r\n",
            "5_0\r\n",
            "5\nhello\r\n",
            "5\rhello\r\n",
            "5;\r\nhello\r\n",
            "5;a=\u{0}\r\nhello\r\n",
            "5;a\rb\r\nhello\r\n",
            "5;a=\"b\r\nhello\r\n",
            "5;a=\"b\\\u{1}\"\r\nhello\r\n",
            "5 a\r\nhello\r\n",
            "5\r\nhellox\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "8000000000000000\r\n",
            "10000000000000005\r\nhello\r\n",
            "0\r\nX : y\r\n\r\n",
            "0\r\nX: y\n\r\n",
            "0\r\n X: y\r\n\r\n",
            "0\r\nGET / HTTP/1.1\r\n\r\n",
            "0\r\n\n",
            "0\n\n",
            &long,
            &trailers,
        ] {
            assert_eq!(pass(body), Err(BadChunks), "{body:?}");
        }
    }

    #[test]
    fn what_is_not_whole_waits() {
        for body in ["", "5", "5\r", "5\r\nhel", "5\r\nhello", "5\r\nhello\r", "0\r\n", "0\r\nX: y\r\n"] {
            assert!(matches!(pass(body), Ok((_, false))), "{body:?}");
        }
    }
}
