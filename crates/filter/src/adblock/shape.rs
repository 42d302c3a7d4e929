//! The pattern of a rule against a URL.

/// Where a pattern begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Anchors {
    /// `||`: at the beginning of a label of the host.
    pub(super) at_label: bool,
    /// `|` in front: at the beginning of the URL.
    pub(super) at_start: bool,
    /// `|` behind: at its end.
    pub(super) at_end: bool,
}

/// What a separator (`^`) stands for: a byte that is no letter, no digit and none of `_-.%`; or the end.
fn is_separator(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%') || byte >= 0x80)
}

/// Whether a pattern matches from a place on. `*` stands for anything.
pub(super) fn matches_at(pattern: &[u8], text: &[u8], start: usize, at_end: bool) -> bool {
    let Some(mut text) = text.get(start..) else { return false };
    let mut pattern = pattern;
    // Behind the last `*`, and what was left of the text then: with every retry it takes one byte more.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let goes_on = match (pattern.split_first(), text.split_first()) {
            (None, _) if !at_end || text.is_empty() => return true,
            (Some((b'*', rest)), _) => {
                (pattern, retry) = (rest, Some((rest, text)));
                continue;
            }
            (Some((wanted, pattern_rest)), Some((found, text_rest)))
                if wanted == found || *wanted == b'^' && is_separator(*found) =>
            {
                (pattern, text) = (pattern_rest, text_rest);
                true
            }
            (Some((b'^', rest)), None) => {
                pattern = rest;
                true
            }
            _ => false,
        };
        if !goes_on {
            let Some((rest, [_, shorter @ ..])) = retry else { return false };
            (pattern, text, retry) = (rest, shorter, Some((rest, shorter)));
        }
    }
}

/// The part of a pattern in front of its first `*`.
#[cfg(feature = "compile")]
pub(super) fn first_part(pattern: &[u8]) -> &[u8] {
    pattern.split(|byte| *byte == b'*').next().unwrap_or_default()
}

/// The host that a pattern behind `||` names whole, where it does: then all hosts that it holds are the name or below it.
pub(super) fn whole_name(pattern: &[u8]) -> Option<&[u8]> {
    let end = pattern.iter().position(|byte| matches!(byte, b'/' | b'^' | b':' | b'?'))?;
    let name = pattern.get(..end)?;
    let is_name = !name.contains(&b'*') && name.contains(&b'.') && !name.starts_with(b".") && !name.ends_with(b".");
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_separators() {
        for (pattern, text, at_end, expected) in [
            ("/ads/", "/ads/x", false, true),
            ("/ads^", "/ads", false, true),
            ("/ads^", "/adsx", false, false),
            ("/ads^x", "/ads/x", false, true),
            ("/ads*.js", "/ads/1/2.js?3", false, true),
            ("/ads*.js", "/ads/1/2.js?3", true, false),
            ("/ads*.js", "/ads/1.js/2.js", true, true),
            ("/a*b*c", "/axxbyyc", false, true),
            ("/a*b*c", "/axxcyyb", false, false),
            ("^^", "/", false, true),
            ("a", "", false, false),
            ("*", "", true, true),
        ] {
            assert_eq!(matches_at(pattern.as_bytes(), text.as_bytes(), 0, at_end), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_names_a_host_whole_or_in_part() {
        for (pattern, name) in [
            ("ads.example^", Some("ads.example")),
            ("ads.example/x", Some("ads.example")),
            ("ads.example:81/", Some("ads.example")),
            ("ads.example", None),
            ("ads.exa*/x", None),
            ("ads^", None),
        ] {
            assert_eq!(whole_name(pattern.as_bytes()), name.map(str::as_bytes), "{pattern}");
        }
    }
}
