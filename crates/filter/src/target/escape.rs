//! The general way from the bytes of a path and a query to their canonical text.

use alloc::string::String;

/// Appends a path by the standard's path state: backslashes as slashes, dot segments resolved, the path percent-encode
/// set applied; always with a leading slash. What was in `out` before stays.
pub(super) fn push_path(input: &[u8], out: &mut String) {
    let begin = out.len();
    let body = match input.split_first() {
        Some((b'/' | b'\\', rest)) => rest,
        _ => input,
    };
    let mut segments = body.split(|byte| matches!(byte, b'/' | b'\\')).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match dots(segment) {
            2 => {
                let keep = out.get(begin..).and_then(|path| path.rfind('/')).unwrap_or(0);
                out.truncate(begin + keep);
                if last {
                    out.push('/');
                }
            }
            1 => {
                if last {
                    out.push('/');
                }
            }
            _ => {
                out.push('/');
                push_escaped(segment, is_escaped_in_path, out);
            }
        }
    }
    if out.len() == begin {
        out.push('/');
    }
}

/// Appends a query with the percent-encode set of special schemes applied.
pub(super) fn push_query(input: &[u8], out: &mut String) {
    push_escaped(input, is_escaped_in_query, out);
}

/// What the path percent-encode set holds.
pub(super) const fn is_escaped_in_path(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | 0x7f.. | b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}')
}

/// What the percent-encode set of queries of special schemes holds.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "without branches it can be asked of many bytes at a time")]
pub(super) fn is_escaped_in_query(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | 0x7f..)
        | (byte == b'"')
        | (byte == b'#')
        | (byte == b'\'')
        | (byte == b'<')
        | (byte == b'>')
}

fn push_escaped(input: &[u8], is_escaped: impl Fn(u8) -> bool, out: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 0xf)).copied();
    out.reserve(input.len());
    for &byte in input {
        if is_escaped(byte) {
            out.push('%');
            out.extend(digit(byte >> 4));
            out.extend(digit(byte));
        } else {
            out.push(char::from(byte));
        }
    }
}

/// 1 for a single-dot segment, 2 for a double-dot segment (`%2e` counts as a dot), 0 for any other.
fn dots(segment: &[u8]) -> usize {
    let mut rest = segment;
    let mut count = 0;
    while !rest.is_empty() {
        rest = match rest {
            [b'.', tail @ ..] | [b'%', b'2', b'e' | b'E', tail @ ..] => tail,
            _ => return 0,
        };
        count += 1;
    }
    if count > 2 { 0 } else { count }
}
