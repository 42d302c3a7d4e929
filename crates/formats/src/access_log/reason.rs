//! What e2guardian says that it found.

use super::line::Observed;

/// What a mark such as `*DENIED*` says. e2guardian translates them.
enum Mark {
    Blocked,
    Allowed,
    Failed,
    Foreign,
}

/// The longest mark, in any language.
const LONGEST: usize = 48;

/// What became of a request, and what is left of the finding without its marks.
///
/// Marks stack, and a request is blocked if one of them says so. Where none is known, be it that they are translated or
/// that this version writes none, a finding with status 403 is a block: e2guardian answers so, and an origin that
/// answers so gives it nothing to find. The number of its message, where the format has one, tells an exception from
/// what is banned in any language.
pub(super) fn read(what: &[u8], status: u16, message: Option<u64>) -> (Observed, &[u8]) {
    let mut rest = without_thread(what.trim_ascii());
    let (mut blocked, mut allowed, mut failed) = (false, false, false);
    while let Some((mark, behind)) = mark(rest) {
        match mark {
            Mark::Blocked => blocked = true,
            Mark::Allowed => allowed = true,
            Mark::Failed => failed = true,
            Mark::Foreign => {}
        }
        rest = without_thread(behind);
    }
    // Exceptions, and searches for words that are one.
    allowed |= matches!(message, Some(456 | 457 | 600..=699));
    let found = rest != b"" && rest != b"-";
    let observed = match status {
        _ if blocked => Observed::Blocked,
        407 => Observed::AuthenticationAsked,
        _ if failed => Observed::Failed,
        _ if allowed => Observed::Allowed,
        403 if found => Observed::Blocked,
        100.. => Observed::Allowed,
        _ => Observed::Unknown,
    };
    (observed, rest)
}

/// Takes off one mark: `*DENIED* `, `*DENIED-POST* `. Infected ones have what they were found in behind them:
/// `*INFECTED* -POST* `.
fn mark(what: &[u8]) -> Option<(Mark, &[u8])> {
    let inside = what.strip_prefix(b"*")?;
    let end = memchr::memchr(b'*', inside.get(..LONGEST.min(inside.len()))?)?;
    let (name, behind) = inside.split_at_checked(end)?;
    let behind = behind.get(1..)?;
    if name.trim_ascii().is_empty() || !(behind.is_empty() || behind.starts_with(b" ")) {
        return None;
    }
    let mut behind = behind.trim_ascii_start();
    let mut mark = kind(name);
    for place in [&b"-POST* "[..], b"-PARAMS* ", b"* "] {
        if let Some(further) = behind.strip_prefix(place) {
            behind = further.trim_ascii_start();
            mark = Mark::Blocked;
        }
    }
    Some((mark, behind))
}

fn kind(name: &[u8]) -> Mark {
    match name {
        b"DENIED" | b"INFECTED" => Mark::Blocked,
        // In every language: only what is denied or infected says where it was found.
        _ if name.ends_with(b"-POST") || name.ends_with(b"-PARAMS") => Mark::Blocked,
        b"NETERROR" => Mark::Failed,
        b"TRUSTED" | b"EXCEPTION" | b"SCANNED" | b"CONTENTMOD" | b"URLMOD" | b"HEADERMOD" | b"HEADERADD" => {
            Mark::Allowed
        }
        _ => Mark::Foreign,
    }
}

/// Where requests are logged apart, the name of a thread comes first, or behind the marks: `hw12: `.
fn without_thread(what: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', what).filter(|end| *end <= 24);
    let Some(end) = end else { return what };
    let (name, rest) = what.split_at_checked(end).unwrap_or((what, &[]));
    let letters = name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let thread = letters && name.iter().any(u8::is_ascii_digit) || name == b"log" || name == b"RQlog";
    match rest {
        [b':'] if thread => &[],
        [b':', b' ', behind @ ..] if thread => behind,
        _ => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Observed::{Allowed, AuthenticationAsked, Blocked, Failed, Unknown};

    #[test]
    fn marks_stack_and_are_translated() {
        for (what, status, expected) in [
            ("*DENIED* Banned site: x.example", 403, (Blocked, "Banned site: x.example")),
            ("*DENIED* Banned site: x.example", 200, (Blocked, "Banned site: x.example")),
            ("*DENIED-POST* Banned words", 403, (Blocked, "Banned words")),
            ("*VERWEIGERT-PARAMS* Wort", 403, (Blocked, "Wort")),
            ("*INFECTED* * *DENIED* Eicar", 403, (Blocked, "Eicar")),
            ("*INFECTED* -POST* Eicar", 200, (Blocked, "Eicar")),
            ("*HEADERADD* *URLMOD* *SCANNED* ", 200, (Allowed, "")),
            ("*SCANNED* ", 403, (Allowed, "")),
            ("*URLMOD* *DENIED* Banned", 403, (Blocked, "Banned")),
            ("*TRUSTED* Exception site: y.example", 200, (Allowed, "Exception site: y.example")),
            ("*NETERROR* Could not resolve", 502, (Failed, "Could not resolve")),
            ("*GESPERRT* Verbotene Seite: x.example", 403, (Blocked, "Verbotene Seite: x.example")),
            ("*GEPRÜFT* ", 200, (Allowed, "")),
            ("*GEPRÜFT* ", 403, (Allowed, "")),
            ("Banned site: x.example", 403, (Blocked, "Banned site: x.example")),
            ("hw12: *DENIED* Banned site: x.example", 403, (Blocked, "Banned site: x.example")),
            ("*DENIED* log: Banned site: x.example", 403, (Blocked, "Banned site: x.example")),
            ("*SCANNED* hw3_7: ", 200, (Allowed, "")),
            ("-", 407, (AuthenticationAsked, "-")),
            ("", 403, (Allowed, "")),
            ("", 0, (Unknown, "")),
            ("*", 200, (Allowed, "*")),
            ("* *x", 200, (Allowed, "* *x")),
        ] {
            let (observed, rest) = read(what.as_bytes(), status, None);
            assert_eq!((observed, rest), (expected.0, expected.1.as_bytes()), "{what} {status}");
        }
    }

    #[test]
    fn a_message_s_number_tells_exceptions_in_any_language() {
        let told = |what: &str, message| read(what.as_bytes(), 403, Some(message)).0;
        assert_eq!(told("*VERTRAUT* Ausnahme: y.example", 602), Allowed);
        assert_eq!(told("*VERWEIGERT* Verboten: y.example", 500), Blocked);
        assert_eq!(told("*DENIED* Banned: y.example", 602), Blocked);
    }
}
