//! The port of an authority.

use super::TargetError;

/// Parts a host from what follows its colon, if it has one. A colon inside brackets is the host's.
pub(super) fn split(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    let after_brackets = input.iter().rposition(|byte| *byte == b']').map_or(0, |at| at + 1);
    match input.get(after_brackets..).and_then(|tail| tail.iter().position(|byte| *byte == b':')) {
        Some(at) => {
            let at = after_brackets + at;
            (input.get(..at).unwrap_or_default(), input.get(at + 1..))
        }
        None => (input, None),
    }
}

/// Digits with any number of zeros in front. Port 0 is refused: nothing can be connected to there.
pub(super) fn parse(digits: &[u8]) -> Result<u16, TargetError> {
    let mut port = 0_u16;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(TargetError::Port);
        }
        let tens = port.checked_mul(10).ok_or(TargetError::Port)?;
        port = tens.checked_add(u16::from(digit)).ok_or(TargetError::Port)?;
    }
    if port == 0 { Err(TargetError::Port) } else { Ok(port) }
}
