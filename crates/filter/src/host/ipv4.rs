//! IPv4 addresses in every notation that a browser takes.

use core::net::Ipv4Addr;

use super::HostError;

/// The address, where the last label makes the name one (WHATWG URL, "ends in a number" and the IPv4 parser).
pub(super) fn parse(name: &str) -> Result<Option<Ipv4Addr>, HostError> {
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric && ipv4_part(last).is_none() {
        return Ok(None);
    }
    let mut parts = [0_u64; 4];
    let mut count = 0;
    for text in name.split('.') {
        let slot = parts.get_mut(count).ok_or(HostError::BadIpv4)?;
        *slot = ipv4_part(text).ok_or(HostError::BadIpv4)?;
        count += 1;
    }
    let (last, leading) = parts.get(..count).and_then(<[u64]>::split_last).ok_or(HostError::BadIpv4)?;
    let room = 8 * (4 - leading.len());
    if *last >> room != 0 || leading.iter().any(|part| *part > 255) {
        return Err(HostError::BadIpv4);
    }
    let high = leading.iter().zip([24, 16, 8]).fold(0, |sum, (part, shift)| sum | part << shift);
    u32::try_from(high | last).map(|bits| Some(Ipv4Addr::from(bits))).map_err(|_| HostError::BadIpv4)
}

/// One number of an IPv4 address: decimal, octal with a leading 0, hexadecimal with a leading 0x.
fn ipv4_part(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [] => return None,
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    if digits.is_empty() {
        return Some(0);
    }
    if !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    // Longer than any address: too large, yet a number.
    Some(u64::from_str_radix(digits, radix).unwrap_or(u64::MAX))
}
