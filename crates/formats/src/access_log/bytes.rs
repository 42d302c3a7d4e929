//! Small readers of bytes.

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, Utc};

use super::line::When;

/// The bytes up to the next of this byte, and those behind it; all of them and none where there is no such byte.
pub(super) fn cut(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(at, bytes) {
        Some(place) => {
            let (before, rest) = bytes.split_at_checked(place).unwrap_or((bytes, &[]));
            (before, rest.get(1..).unwrap_or_default())
        }
        None => (bytes, &[]),
    }
}

/// Takes the next word off: what ends at a space. Further spaces before it are passed over.
pub(super) fn word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (word, behind) = cut(rest.trim_ascii_start(), b' ');
    *rest = behind;
    word
}

/// A whole number in decimal digits.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// A whole number; one that is left out or below zero, as after a clock was set, is 0.
pub(super) fn amount(digits: &[u8]) -> Option<u64> {
    match digits {
        b"" | b"-" => Some(0),
        [b'-', rest @ ..] => number(rest).map(|_| 0),
        _ => number(digits),
    }
}

pub(super) fn duration(digits: &[u8]) -> Option<u32> {
    amount(digits).map(|millis| u32::try_from(millis).unwrap_or(u32::MAX))
}

/// A status of three digits, `000` among them.
pub(super) fn status(digits: &[u8]) -> Option<u16> {
    let [a, b, c] = digits else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    Some(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
}

/// Seconds since 1970 with or without a fraction, of which milliseconds count.
pub(super) fn epoch(seconds: &[u8]) -> Option<When> {
    let (whole, fraction) = cut(seconds, b'.');
    // Nine digits are the years before 2001; longer numbers are milliseconds or no time at all.
    if !matches!(whole.len(), 9 | 10) || (fraction.is_empty() && whole.len() != seconds.len()) {
        return None;
    }
    let mut millis = 0;
    for place in 0..3 {
        let digit = fraction.get(place).unwrap_or(&b'0');
        millis = millis * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    if fraction.len() > 9 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let millis = i64::try_from(number(whole)?).ok()? * 1000 + millis;
    DateTime::<Utc>::from_timestamp_millis(millis).map(When::Instant)
}

/// An address of either family.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    if text.first().is_some_and(u8::is_ascii_digit) && !text.contains(&b':') {
        return four(text).map(IpAddr::V4);
    }
    if !text.contains(&b':') {
        return None;
    }
    let text = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
    // A device on the same wire has the name of the wire behind its address.
    let (text, _) = cut(text, b'%');
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

fn four(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.len() > 3 || (part.len() > 1 && part.first() == Some(&b'0')) {
            return None;
        }
        *octet = u8::try_from(number(part)?).ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

/// Whether this could be the name of a device.
pub(super) fn is_name(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || *byte >= 0x80)
        // Numbers and dots are an address that is none.
        && text.iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
}

/// Whether this could be a method.
pub(super) fn is_method(text: &[u8]) -> bool {
    let letters = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&text.len()) && text.iter().all(letters) && text.first().is_some_and(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_since_1970_are_read_to_the_millisecond() {
        for (text, expected) in [
            ("1756890169.793", Some(1_756_890_169_793)),
            ("1756890169", Some(1_756_890_169_000)),
            ("1756890169.5", Some(1_756_890_169_500)),
            ("1756890169.123456", Some(1_756_890_169_123)),
            ("1756890169.", None),
            ("1756890169.7x3", None),
            ("1756890169.7931234567", None),
            ("17568901697", None),
            ("-756890169.793", None),
            ("", None),
        ] {
            assert_eq!(epoch(text.as_bytes()).map(When::millis), expected, "{text}");
        }
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        for (text, expected) in [
            ("10.20.14.60", Some("10.20.14.60")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("fe80::1%em0", Some("fe80::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("10.20.14", None),
            ("10.20.14.60.1", None),
            ("10.20.14.256", None),
            ("10.20.014.6", None),
            ("pc-12", None),
            ("", None),
        ] {
            assert_eq!(address(text.as_bytes()), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number(b"0012"), Some(12));
        assert_eq!(number(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        assert_eq!(
            (number(b""), number(b"+1"), number(b"1 "), number(b"99999999999999999999")),
            (None, None, None, None)
        );
        assert_eq!((amount(b"-"), amount(b"-17"), amount(b"--"), amount(b"8")), (Some(0), Some(0), None, Some(8)));
        assert_eq!((status(b"000"), status(b"403"), status(b"4O3"), status(b"1000")), (Some(0), Some(403), None, None));
        assert_eq!(duration(b"99999999999"), Some(u32::MAX));
    }
}
