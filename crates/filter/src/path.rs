//! The path as rules compare it: decoded, folded, without tricks.

use alloc::vec::Vec;
use core::fmt;

/// How often a path is percent-decoded before it is compared: servers behind a front end decode twice, and an evader
/// once more.
const DECODE_ROUNDS: usize = 4;

/// A path in the form in which rules are compared: percent-decoded until nothing changes (four times at most),
/// backslashes read as slashes, dot segments resolved, empty segments and `;parameters` dropped, ASCII letters in
/// lower case, no slash at either end.
///
/// It is never sent anywhere. Two paths that any common server would serve alike compare equal; in doubt a path
/// compares equal to more, so that a rule that blocks cannot be walked around by spelling.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RulePath(Vec<u8>);

impl RulePath {
    /// Folds a path (without its query). Allocates once or twice; never fails.
    pub fn fold(path: &[u8]) -> Self {
        let mut bytes = path.to_vec();
        let mut decoded = Vec::with_capacity(bytes.len());
        for _ in 0..DECODE_ROUNDS {
            if !bytes.contains(&b'%') {
                break;
            }
            decoded.clear();
            percent_decode_into(&bytes, &mut decoded);
            core::mem::swap(&mut bytes, &mut decoded);
            if bytes.len() == decoded.len() {
                break;
            }
        }
        let mut folded: Vec<u8> = Vec::with_capacity(bytes.len());
        for raw in bytes.split(|byte| matches!(byte, b'/' | b'\\')) {
            let segment = raw.split(|byte| *byte == b';').next().unwrap_or_default();
            match segment {
                b"" | b"." => {}
                b".." => {
                    let keep = folded.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                    folded.truncate(keep);
                }
                _ => {
                    if !folded.is_empty() {
                        folded.push(b'/');
                    }
                    folded.extend(segment.iter().map(u8::to_ascii_lowercase));
                }
            }
        }
        Self(folded)
    }

    /// The folded bytes, segments parted by `/`; empty for the root.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(crate) fn segments(folded: &[u8]) -> impl Iterator<Item = &[u8]> {
    folded.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty())
}

/// Writes bytes that are not plain ASCII, and those with a meaning in a list line, as `%XX`: folding the text gives
/// the same path again.
impl fmt::Display for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(&self.0, f)
    }
}

impl fmt::Debug for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RulePath({self})")
    }
}

pub(crate) fn write_escaped(bytes: &[u8], f: &mut dyn fmt::Write) -> fmt::Result {
    for &byte in bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#') {
            f.write_char(char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// Appends `input` with each `%XX` replaced by its byte; a `%` without two digits stays.
pub(crate) fn percent_decode_into(input: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut rest = input;
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(tail.first()), digit(tail.get(1)))
        {
            out.extend(u8::try_from(high << 4 | low));
            rest = tail.get(2..).unwrap_or_default();
        } else {
            out.push(byte);
            rest = tail;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn tricks_with_a_path_fold_to_the_path() {
        for input in [
            "/arcade/play",
            "/ARCADE/Play/",
            "//arcade///play",
            "/./arcade/x/../play",
            "/%61rcade/pl%61y",
            "/%2561rcade/play",
            "/arcade%2Fplay",
            "\\arcade\\play",
            "/arcade;v=1/play;jsessionid=3",
            "/../../arcade/play",
            "/x/%2e%2e/arcade/%2e/play",
        ] {
            assert_eq!(RulePath::fold(input.as_bytes()).to_string(), "arcade/play", "{input}");
        }
        assert_eq!(RulePath::fold(b"/arcade-revision").to_string(), "arcade-revision");
        assert_eq!(RulePath::fold(b"/").as_bytes(), b"");
        assert_eq!(RulePath::fold(b"/100%/x").to_string(), "100%/x");
    }

    proptest! {
        /// Written and read again, a folded path is itself.
        #[test]
        fn display_folds_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let once = RulePath::fold(&bytes);
            // Deeper nesting of % than is decoded does not come to rest; such a path is compared as it stands.
            prop_assume!(!bytes.contains(&b'%'));
            prop_assert_eq!(RulePath::fold(once.to_string().as_bytes()), once);
        }
    }
}
