//! Foreign bytes made fit to print.

use std::fmt::Write as _;

/// How many characters of a foreign text are shown.
const SHOWN: usize = 80;

/// The first 80 characters, with everything that could mislead a terminal or a reader written as an escape.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut out = String::new();
    let whole = escape(bytes, SHOWN, &mut out);
    if !whole {
        out.push('…');
    }
    out
}

/// A file's name in full, escaped likewise.
pub(super) fn name(bytes: &[u8]) -> String {
    let mut out = String::new();
    escape(bytes, usize::MAX, &mut out);
    out
}

/// Appends `bytes` until `out` holds `room` more characters; whether everything went in.
fn escape(bytes: &[u8], room: usize, out: &mut String) -> bool {
    let mut used = 0;
    let mut piece = String::new();
    let mut append = |piece: &mut String, used: &mut usize| {
        *used += piece.chars().count();
        let fits = *used <= room;
        if fits {
            out.push_str(piece);
        }
        piece.clear();
        fits
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if misleads(character) {
                piece.extend(character.escape_unicode());
            } else {
                piece.push(character);
            }
            if !append(&mut piece, &mut used) {
                return false;
            }
        }
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(piece, "\\x{byte:02x}");
            if !append(&mut piece, &mut used) {
                return false;
            }
        }
    }
    true
}

/// Characters that move the cursor, turn the direction of writing or cannot be seen.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mislead_is_escaped_and_the_rest_is_kept() {
        assert_eq!(shown("bücher “x” 🚦".as_bytes()), "bücher “x” 🚦");
        assert_eq!(shown(b"a\x1b[2Jb\0\r"), "a\\u{1b}[2Jb\\u{0}\\u{d}");
        assert_eq!(shown("a\u{202e}b\u{200b}".as_bytes()), "a\\u{202e}b\\u{200b}");
        assert_eq!(shown(b"caf\xe9"), "caf\\xe9");
    }

    #[test]
    fn long_texts_are_cut_at_eighty_characters() {
        assert_eq!(shown(&[b'a'; 80]), "a".repeat(80));
        assert_eq!(shown(&[b'a'; 81]), "a".repeat(80) + "…");
        assert!(shown(&[0; 5000]).chars().count() <= 81);
        assert_eq!(name(&[b'a'; 300]).len(), 300);
    }
}
