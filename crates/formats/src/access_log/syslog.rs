//! What a system's log writes in front of a line that was sent through it.

use super::bytes::{cut, number, word};
use super::clock;

/// The line without what the system's log wrote in front of it; the line itself where there is nothing of the kind.
///
/// Known are `<166>Aug 21 22:08:13 host (squid-1)[6802]: `, the same without its number, with a time as
/// `2025-08-21T22:08:13+01:00`, and RFC 5424. The times are not used: each product's own is better.
pub(super) fn strip(line: &[u8]) -> &[u8] {
    let begins = match line {
        [b'<' | b'A'..=b'Z', ..] => true,
        [a, b, c, d, b'-', ..] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if begins { message(line).unwrap_or(line) } else { line }
}

fn message(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line;
    if let Some(behind) = line.strip_prefix(b"<") {
        let (priority, behind) = cut(behind, b'>');
        if priority.len() > 3 || number(priority)? > 191 {
            return None;
        }
        if let Some(behind) = behind.strip_prefix(b"1 ") {
            return rfc_5424(behind);
        }
        rest = behind;
    }
    stamp(&mut rest)?;
    let host = word(&mut rest);
    // Some leave the name of the host out.
    if host.ends_with(b":") { is_tag(host).then_some(rest) } else { tagged(rest) }
}

/// A time of either sort.
fn stamp(rest: &mut &[u8]) -> Option<()> {
    let first = word(rest);
    if clock::month(first).is_some() && first.len() == 3 {
        let day = number(word(rest))?;
        clock::clock(word(rest))?;
        return (1..=31).contains(&day).then_some(());
    }
    let iso = first.get(4) == Some(&b'-') && first.get(10) == Some(&b'T');
    iso.then_some(())
}

fn tagged(mut rest: &[u8]) -> Option<&[u8]> {
    let mut tag = word(&mut rest);
    // FreeBSD may name facility and level: `<local4.info>`.
    if tag.starts_with(b"<") && tag.ends_with(b">") {
        tag = word(&mut rest);
    }
    is_tag(tag).then_some(rest)
}

/// `(squid-1)[6802]:`, `squid:`.
fn is_tag(tag: &[u8]) -> bool {
    tag.strip_suffix(b":").is_some_and(|tag| !tag.is_empty() && tag.len() <= 96)
}

/// Time, host, program, process, kind of message and structured data, behind the version.
fn rfc_5424(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line;
    let time = word(&mut rest);
    if time != b"-" && time.get(10) != Some(&b'T') {
        return None;
    }
    for _ in 0..4 {
        if word(&mut rest).is_empty() {
            return None;
        }
    }
    let message = match rest {
        [b'-', message @ ..] => message,
        [b'[', ..] => structured(rest)?,
        _ => return None,
    };
    let message = message.strip_prefix(b" ").unwrap_or(message);
    Some(message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message))
}

/// What is behind `[id name="value"][id]`. In values, quotation marks and brackets have a stroke before them.
fn structured(text: &[u8]) -> Option<&[u8]> {
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (place, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => open = true,
            b']' if !quoted => open = false,
            _ if !quoted && !open => return text.get(place..),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_wrote_is_left_out() {
        for line in [
            "<166>Aug 21 22:08:13 fw.school.example (squid-1)[6802]: MESSAGE x: y",
            "<166>Aug  1 22:08:13 fw (squid-1): MESSAGE x: y",
            "Aug 21 22:08:13 fw squid[6802]: MESSAGE x: y",
            "Aug 21 22:08:13 squid[6802]: MESSAGE x: y",
            "Aug 21 22:08:13 fw <local4.info> squid[6802]: MESSAGE x: y",
            "2025-08-21T22:08:13.123+01:00 fw squid[6802]: MESSAGE x: y",
            "<166>1 2025-08-21T22:08:13+01:00 fw (squid-1) 6802 - [meta sequenceId=\"1\"] MESSAGE x: y",
            "<166>1 2025-08-21T22:08:13+01:00 fw squid 6802 ID1 [a b=\"]\\\"[\"][c] MESSAGE x: y",
            "<166>1 - fw squid - - - \u{feff}MESSAGE x: y",
        ] {
            assert_eq!(strip(line.as_bytes()), b"MESSAGE x: y", "{line}");
        }
    }

    #[test]
    fn what_is_no_message_of_the_system_stays() {
        for line in [
            "1756890169.793     75 10.20.14.60 TCP_TUNNEL/200 3634 CONNECT a.example:443 - HIER_NONE/- -",
            "2025.09.03 09:02:49 ada 10.0.0.1 http://a.example *SCANNED* GET 1 0  1 200 - - g - - - - ",
            "<999>Aug 21 22:08:13 fw squid: x",
            "<166>August 21 22:08:13 fw squid: x",
            "Aug 21 22:08:13 fw squid x",
            "<166>1 2025-08-21T22:08:13Z fw squid 1 - [a b=\"c",
            "May",
            "<",
            "",
        ] {
            assert_eq!(strip(line.as_bytes()), line.as_bytes(), "{line}");
        }
    }
}
