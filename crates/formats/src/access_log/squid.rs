//! Squid's logs: its own format, and the two that web servers have too.

use super::bytes::{address, amount, cut, duration, epoch, is_method, is_name, status, word};
use super::clock;
use super::fault::LineFault;
use super::line::{LogLine, Observed, Text};

/// Reads a line of Squid's own format. Blocks of headers behind it are not looked at.
pub(super) fn native(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let (mut out, rest) = start(line)?;
    let Whose { url, user, peer, mime } = whose(rest).ok_or(LineFault::Fields)?;
    out.url = Text::new(url);
    out.user = Text::unless_blank(user);
    let (tag, peer) = cut(peer, b'/');
    out.peer = Text::unless_blank(peer);
    out.mime = Text::unless_blank(mime);
    out.observed = observed(&out, is_nobody(tag));
    named(out)
}

/// Reads a line that e2guardian writes in Squid's format. Its users may have spaces in their names, and it leaves out
/// what it does not know.
pub(super) fn of_e2guardian(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let (mut out, rest) = start(line)?;
    let at = memchr::memmem::find(rest, b" DEFAULT_PARENT/").ok_or(LineFault::Fields)?;
    let (before, mut behind) = rest.split_at_checked(at).ok_or(LineFault::Fields)?;
    let (url, user) = cut(before, b' ');
    out.url = Text::new(url);
    out.user = Text::unless_blank(user);
    let _ = word(&mut behind);
    out.mime = Text::unless_blank(behind.trim_ascii());
    out.observed = match out.status {
        407 => Observed::AuthenticationAsked,
        // It writes TCP_DENIED for every 403, those of origins among them.
        403 => Observed::Blocked,
        0 if out.bytes == 0 => Observed::Unknown,
        _ => Observed::Allowed,
    };
    named(out)
}

/// What the two have alike: everything up to the web address, and what is behind it.
fn start(line: &[u8]) -> Result<(LogLine<'_>, &[u8]), LineFault> {
    let mut rest = line;
    let mut out = LogLine::new(epoch(word(&mut rest)).ok_or(LineFault::Time)?);
    out.duration_ms = duration(word(&mut rest)).ok_or(LineFault::Number)?;
    client(&mut out, word(&mut rest))?;
    let (tag, code) = cut(word(&mut rest), b'/');
    if !is_tag(tag) {
        return Err(LineFault::Status);
    }
    out.result = Text::new(tag);
    out.status = if code == b"0" { 0 } else { status(code).ok_or(LineFault::Status)? };
    out.bytes = amount(word(&mut rest)).ok_or(LineFault::Number)?;
    out.method = Text::unless_blank(method(word(&mut rest))?);
    Ok((out, rest))
}

fn client<'a>(out: &mut LogLine<'a>, text: &'a [u8]) -> Result<(), LineFault> {
    match address(text) {
        // What is written where the log is made anonymous.
        Some(address) => out.address = (!address.is_unspecified()).then_some(address),
        None if text == b"-" => {}
        None if text.is_empty() => return Err(LineFault::Fields),
        None if is_name(text) => out.device = Text::new(text),
        None => return Err(LineFault::Client),
    }
    Ok(())
}

fn is_tag(tag: &[u8]) -> bool {
    tag.len() >= 3 && tag.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn method(text: &[u8]) -> Result<&[u8], LineFault> {
    if is_method(text) || text == b"-" { Ok(text) } else { Err(LineFault::Fields) }
}

/// The second half of a line.
struct Whose<'a> {
    url: &'a [u8],
    user: &'a [u8],
    /// Who was asked.
    peer: &'a [u8],
    mime: &'a [u8],
}

/// Reads it. Squid escapes spaces in users and can be set to leave them in addresses; some let it write more behind.
fn whose(rest: &[u8]) -> Option<Whose<'_>> {
    let mut behind = rest;
    let url = word(&mut behind);
    let user = word(&mut behind);
    let peer = word(&mut behind);
    if is_peer(peer) {
        let mime = word(&mut behind);
        let headers = behind.trim_ascii();
        if !mime.is_empty() && (headers.is_empty() || headers.starts_with(b"[")) {
            return Some(Whose { url, user, peer, mime });
        }
    }
    // The user was left out.
    if is_peer(user) && !is_peer(peer) && behind.is_empty() && !peer.is_empty() {
        return Some(Whose { url, user: b"", peer: user, mime: peer });
    }
    spaced(rest)
}

/// The same where the address has spaces: who was asked is the first word that can only be that.
fn spaced(rest: &[u8]) -> Option<Whose<'_>> {
    let mut from = 0;
    for place in memchr::memchr_iter(b' ', rest) {
        let found = rest.get(from..place)?;
        if is_certain_peer(found) {
            let before = rest.get(..from)?.trim_ascii_end();
            let space = memchr::memrchr(b' ', before)?;
            let mime = word(&mut rest.get(place..)?);
            let (url, user) = (before.get(..space)?, before.get(space + 1..)?);
            return (!mime.is_empty()).then_some(Whose { url, user, peer: found, mime });
        }
        from = place + 1;
    }
    None
}

/// `HIER_DIRECT/203.0.113.8`, `DEFAULT_PARENT/10.0.0.1`, `NONE/-`, `TIMEOUT_HIER_DIRECT/…`.
fn is_peer(text: &[u8]) -> bool {
    let (tag, peer) = cut(text, b'/');
    !peer.is_empty() && is_tag(tag)
}

/// One that no part of a web address is likely to be.
fn is_certain_peer(text: &[u8]) -> bool {
    let (tag, _) = cut(text, b'/');
    let certain = [&b"HIER_"[..], b"_PARENT", b"SIBLING_", b"ORIGINAL_DST", b"PINNED"];
    is_peer(text) && certain.iter().any(|part| memchr::memmem::find(tag, part).is_some())
}

fn is_nobody(peer_tag: &[u8]) -> bool {
    matches!(peer_tag, b"HIER_NONE" | b"NONE" | b"-" | b"")
}

fn named(out: LogLine<'_>) -> Result<LogLine<'_>, LineFault> {
    if out.url.is_empty() { Err(LineFault::Address) } else { Ok(out) }
}

/// What a result says, and whether anybody else was asked.
fn observed(line: &LogLine<'_>, nobody_asked: bool) -> Observed {
    let tag = line.result.as_bytes();
    let url = line.url.as_bytes();
    if url.starts_with(b"error:") {
        let empty = url.starts_with(b"error:transaction-end") || url.starts_with(b"error:accept-client");
        return if empty { Observed::NoRequest } else { Observed::Refused };
    }
    if tag.starts_with(b"UDP_") || tag.starts_with(b"ICP_") {
        return Observed::NoRequest;
    }
    let denied = tag.windows(6).any(|part| part == b"DENIED");
    match line.status {
        407 => Observed::AuthenticationAsked,
        401 if denied => Observed::AuthenticationAsked,
        _ if denied => Observed::Blocked,
        // A helper sent the browser elsewhere: to a page that says no, or to a safer search.
        _ if tag.starts_with(b"TCP_REDIRECT") => Observed::Unknown,
        code if is_none(tag) => of_squid_alone(code),
        500..=599 if nobody_asked => Observed::Failed,
        _ => Observed::Allowed,
    }
}

fn is_none(tag: &[u8]) -> bool {
    tag.starts_with(b"NONE") || tag.starts_with(b"TAG_NONE")
}

/// What Squid answered on its own, without a denial in the result.
fn of_squid_alone(code: u16) -> Observed {
    match code {
        // The beginning of a tunnel into which Squid looks.
        200 => Observed::Allowed,
        // The page that says no, inside a tunnel that was denied.
        403 => Observed::Blocked,
        400..=499 => Observed::Refused,
        500..=599 => Observed::Failed,
        _ => Observed::Unknown,
    }
}

/// Reads a line of the formats that Squid calls common and combined.
pub(super) fn common(line: &[u8]) -> Result<LogLine<'_>, LineFault> {
    let (head, rest) = cut(line, b'[');
    let (stamp, rest) = cut(rest, b']');
    let mut out = LogLine::new(clock::common(stamp).ok_or(LineFault::Time)?);
    let mut head = head;
    client(&mut out, word(&mut head))?;
    let _ = word(&mut head);
    out.user = Text::unless_blank(head.trim_ascii());
    let rest = rest.strip_prefix(b" \"").ok_or(LineFault::Quotes)?;
    let end = memchr::memmem::find(rest, b"\" ").ok_or(LineFault::Quotes)?;
    let (request, mut behind) = (rest.get(..end).unwrap_or_default(), rest.get(end + 2..).unwrap_or_default());
    request_line(&mut out, request)?;
    out.status = status(word(&mut behind)).ok_or(LineFault::Status)?;
    out.bytes = amount(word(&mut behind)).ok_or(LineFault::Number)?;
    let behind = behind.trim_ascii();
    let (agent, result) = behind.split_at_checked(tail(behind)).unwrap_or((&[], behind));
    let (tag, peer_tag) = cut(result, b':');
    if !is_tag(tag) || !is_tag(peer_tag) {
        return Err(LineFault::Status);
    }
    out.result = Text::new(tag);
    out.user_agent = last_quoted(agent.trim_ascii())?;
    out.observed = observed(&out, is_nobody(peer_tag));
    named(out)
}

/// `GET http://host.example/ HTTP/1.1`
fn request_line<'a>(out: &mut LogLine<'a>, request: &'a [u8]) -> Result<(), LineFault> {
    let (name, rest) = cut(request, b' ');
    out.method = Text::unless_blank(method(name)?);
    let version =
        memchr::memrchr(b' ', rest).filter(|at| rest.get(at + 1..).is_some_and(|end| end.starts_with(b"HTTP/")));
    out.url = Text::unless_blank(version.and_then(|at| rest.get(..at)).unwrap_or(rest));
    Ok(())
}

/// Where the last word begins.
fn tail(text: &[u8]) -> usize {
    memchr::memrchr(b' ', text).map_or(0, |at| at + 1)
}

/// The last text between quotation marks: of `"referer" "browser"` the browser.
fn last_quoted(text: &[u8]) -> Result<Text<'_>, LineFault> {
    if text.is_empty() {
        return Ok(Text::default());
    }
    let inside = text.strip_suffix(b"\"").ok_or(LineFault::Quotes)?;
    let from = memchr::memmem::rfind(inside, b"\" \"").map(|at| at + 3).ok_or(LineFault::Quotes)?;
    Ok(Text::unless_blank(inside.get(from..).unwrap_or_default()))
}
