//! The path as rules compare it: decoded, folded, without tricks.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// A path in the form in which rules are compared: percent-decoded until nothing changes, backslashes read as slashes,
/// dot segments resolved, empty segments and `;parameters` dropped, ASCII letters in lower case, no slash at either end.
///
/// It is never sent anywhere. Two paths that any common server would serve alike compare equal; in doubt a path
/// compares equal to more, so that a rule that blocks cannot be walked around by spelling: servers behind a front end
/// decode twice, and an evader once more.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RulePath(Vec<u8>);

impl RulePath {
    /// Folds a path (without its query). Allocates once or twice, takes time in proportion to the length; never fails.
    pub fn fold(path: &[u8]) -> Self {
        Self::of_decoded(&decode(path))
    }

    /// Folds a path that holds no NUL, however it is written; nothing for one that does.
    pub(crate) fn fold_without_nul(path: &[u8]) -> Option<Self> {
        let decoded = decode(path);
        (!decoded.contains(&0)).then(|| Self::of_decoded(&decoded))
    }

    fn of_decoded(path: &[u8]) -> Self {
        let mut folded: Vec<u8> = Vec::with_capacity(path.len());
        for raw in path.split(|byte| matches!(byte, b'/' | b'\\')) {
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
                    let begin = folded.len();
                    folded.extend_from_slice(segment);
                    folded.iter_mut().skip(begin).for_each(u8::make_ascii_lowercase);
                }
            }
        }
        Self(folded)
    }

    /// Folds a path of which it is known that folding it means lower case and no slash at either end.
    pub(crate) fn of_plain(path: &[u8]) -> Self {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        Self(path.strip_suffix(b"/").unwrap_or(path).to_ascii_lowercase())
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

/// `input` with each `%XX` replaced by its byte once; a `%` without two digits stays.
pub(crate) fn percent_decode(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&byte, tail)) = rest.split_first() {
        let decoded = match rest {
            [b'%', high, low, ..] => escaped(*high, *low),
            _ => None,
        };
        out.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    out
}

fn decode(path: &[u8]) -> Cow<'_, [u8]> {
    if path.contains(&b'%') { Cow::Owned(percent_decode_to_the_end(path)) } else { Cow::Borrowed(path) }
}

/// `input` with each `%XX` replaced by its byte until none is left, in one pass. No two of them overlap, so that it
/// does not matter which is replaced first.
pub(crate) fn percent_decode_to_the_end(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    for &byte in input {
        out.push(byte);
        // What was just decoded may be the last digit of an escape that stood around it.
        while let [.., b'%', high, low] = *out.as_slice()
            && let Some(byte) = escaped(high, low)
        {
            out.truncate(out.len() - 3);
            out.push(byte);
        }
    }
    out
}

/// The byte of `%XX`.
fn escaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
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
            "/%25252525252561rcade/play",
            "/%25%36%31rcade/play",
            "/%2%35%361rcade/play",
            "/arcade%25%35cplay",
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
        fn display_folds_back(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                "[%0-9a-f./;A]{0,40}".prop_map(String::into_bytes),
                "(%|25|2|5|41|/|.){0,40}".prop_map(String::into_bytes),
            ],
        ) {
            let once = RulePath::fold(&bytes);
            prop_assert_eq!(RulePath::fold(once.to_string().as_bytes()), once);
        }
    }
}
