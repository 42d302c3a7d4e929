//! Lines of block lists that are written for resolvers and ad blockers, and name a site to be blocked whole.

use std::net::IpAddr;

use super::syntax::{Malformed, is_nowhere};

/// What a line of dnsmasq, of unbound or of an ad blocker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Names, parted by slashes, that are blocked with everything below them.
    Names(&'a str),
    /// A line that frames others.
    Frame,
}

/// What a line says; nothing where it is of no such kind, or says more than that names are blocked.
pub(super) fn line(line: &str) -> Option<Result<Line<'_>, Malformed>> {
    if let Some(name) = line.strip_prefix("||") {
        let name = name.strip_suffix('^')?;
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || byte > 127);
        return is_name.then_some(Ok(Line::Names(name)));
    }
    if line.starts_with("[Adblock") || line == "server:" {
        return Some(Ok(Line::Frame));
    }
    ["address=/", "local=/", "server=/"]
        .iter()
        .find_map(|start| line.strip_prefix(start))
        .map(dnsmasq)
        .or_else(|| line.strip_prefix("local-zone:").map(unbound))
}

/// Names, and behind the last slash what is answered: nothing or `#` for “there is none”, or an address.
fn dnsmasq(rest: &str) -> Result<Line<'_>, Malformed> {
    let (names, answer) = rest.rsplit_once('/').ok_or(Malformed::NoName)?;
    match answer {
        "" | "#" => Ok(Line::Names(names)),
        _ if answer.parse::<IpAddr>().is_ok_and(is_nowhere) => Ok(Line::Names(names)),
        _ => Err(Malformed::Redirect),
    }
}

/// A name in quotes and how its zone is answered for.
fn unbound(rest: &str) -> Result<Line<'_>, Malformed> {
    const BLOCKED: [&str; 7] =
        ["always_null", "always_nxdomain", "always_refuse", "always_deny", "refuse", "static", "deny"];
    let mut words = rest.split_ascii_whitespace();
    let name = words.next().ok_or(Malformed::NoName)?.trim_matches('"');
    match words.next() {
        Some(kind) if BLOCKED.contains(&kind) => Ok(Line::Names(name)),
        _ => Err(Malformed::Redirect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_block_a_site_whole() {
        for (text, names) in [
            ("||example.org^", "example.org"),
            ("address=/example.org/#", "example.org"),
            ("address=/example.org/", "example.org"),
            ("address=/a.example/b.example/0.0.0.0", "a.example/b.example"),
            ("address=/example.org/::", "example.org"),
            ("local=/example.org/", "example.org"),
            ("server=/example.org/", "example.org"),
            ("local-zone: \"example.org.\" always_null", "example.org."),
            ("local-zone: example.org refuse", "example.org"),
        ] {
            assert_eq!(line(text), Some(Ok(Line::Names(names))), "{text}");
        }
        for text in ["server:", "[Adblock Plus 2.0]"] {
            assert_eq!(line(text), Some(Ok(Line::Frame)));
        }
    }

    #[test]
    fn lines_that_say_something_else() {
        for text in
            ["server=/example.org/192.0.2.1", "address=/example.org/192.0.2.1", "local-zone: \"a.\" transparent"]
        {
            assert_eq!(line(text), Some(Err(Malformed::Redirect)), "{text}");
        }
        for text in ["||example.org/x^", "||example.org^$third-party", "@@||example.org^", "example.org", "||ex*.org^"]
        {
            assert_eq!(line(text), None, "{text}");
        }
    }
}
