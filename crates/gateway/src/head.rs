//! The head of a request, by the letter of RFC 9112: read strictly, and written again in one clean form.

use belisha_filter::{Authority, Host, Scheme, Target};
use bytes::BytesMut;
use http::Uri;

use crate::credentials::Shown;
use crate::trouble::Trouble;

/// Longest head in bytes, and most fields in it.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
const MAX_FIELDS: usize = 100;
/// Empty lines that are skipped before a request line (RFC 9112 §2.2 asks for one).
const MAX_EMPTY_LINES: usize = 4;
const MAX_METHOD: usize = 32;

/// Finds the end of a head in bytes that come in pieces, and looks at each byte once.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    at: usize,
    line: usize,
    lines: usize,
    empty: usize,
}

impl Scan {
    /// How many bytes from the start the head ends, its blank line included; `None` while the end has not come.
    ///
    /// Lines end in CRLF and nothing else; there is no NUL and no other control character in them (RFC 9112 §2.2, RFC
    /// 9110 §5.5). Empty lines at the front are taken away.
    pub(crate) fn end(&mut self, input: &mut BytesMut) -> Result<Option<usize>, Trouble> {
        while let Some(&byte) = input.get(self.at) {
            let after_cr = self.at > self.line && input.get(self.at - 1) == Some(&b'\r');
            self.at += 1;
            match byte {
                b'\n' if after_cr => {
                    let empty = self.at - self.line == 2;
                    self.line = self.at;
                    if !empty {
                        self.lines += 1;
                        if self.lines > MAX_FIELDS + 1 {
                            return Err(Trouble::HeadTooLong);
                        }
                    } else if self.lines > 0 {
                        return Ok(Some(self.at));
                    } else {
                        let _ = input.split_to(self.at);
                        self.empty += 1;
                        (self.at, self.line) = (0, 0);
                        if self.empty > MAX_EMPTY_LINES {
                            return Err(Trouble::RequestLine);
                        }
                    }
                }
                _ if after_cr || matches!(byte, 0..=8 | b'\n'..=0x0c | 0x0e..=0x1f | 0x7f) => {
                    return Err(if self.lines == 0 { Trouble::RequestLine } else { Trouble::Field });
                }
                _ => {}
            }
            if self.at > MAX_HEAD {
                return Err(if self.lines == 0 { Trouble::TargetTooLong } else { Trouble::HeadTooLong });
            }
        }
        Ok(None)
    }
}

/// How the body of a request is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// None: what follows belongs to a tunnel.
    Tunnel,
}

/// Where a client shows to the proxy who it is.
const SHOWN: &[u8] = b"proxy-authorization";

/// A head in its clean form.
#[derive(Debug)]
pub(crate) struct Head {
    /// Request line with the canonical target, fields with `: ` after the name, CRLF, blank line.
    pub(crate) bytes: BytesMut,
    pub(crate) framing: Framing,
    /// What it shows to the proxy itself; in the clean form stands a number instead.
    pub(crate) shown: Shown,
    /// Whether what follows the body may be of another protocol, so that it must not be read as a request.
    pub(crate) last: bool,
}

/// A head that cannot be accepted, and what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) trouble: Trouble,
    /// The method, or nothing.
    pub(crate) method: String,
    /// The target in canonical form, or nothing.
    pub(crate) target: String,
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, method: String::new(), target: String::new() }
    }
}

/// Reads a head, from the request line to the blank line. The number takes the place of what it shows to the proxy.
pub(crate) fn read(head: &[u8], number: u64) -> Result<Head, Refused> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = lines.next().unwrap_or_default();
    let method = method_of(line).unwrap_or_default();
    let refused = |trouble| Refused { method: method.into(), ..Refused::from(trouble) };
    let request = RequestLine::read(line).map_err(refused)?;
    let refused = |trouble| Refused { target: request.target.clone(), ..refused(trouble) };
    let fields =
        lines.take_while(|line| !line.is_empty()).map(field).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let framing = framing(&request, &fields).map_err(refused)?;
    check_fields(&request, &fields).map_err(refused)?;
    let mut bytes = BytesMut::with_capacity(head.len() + 64);
    for part in [request.method.as_bytes(), b" ", request.target.as_bytes(), request.version(), b"\r\n"] {
        bytes.extend_from_slice(part);
    }
    for (name, value) in fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(SHOWN)) {
        for part in [name, b": ".as_slice(), value, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    let shown = Shown::read(all(&fields, SHOWN));
    if !matches!(shown, Shown::Nothing) {
        bytes.extend_from_slice(format!("Proxy-Authorization: {number}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    let last = all(&fields, b"upgrade").next().is_some();
    Ok(Head { bytes, framing, shown, last })
}

struct RequestLine<'a> {
    method: &'a str,
    /// In canonical form.
    target: String,
    old: bool,
}

impl<'a> RequestLine<'a> {
    /// Method, target and version, parted by one space each (RFC 9112 §3).
    fn read(line: &'a [u8]) -> Result<Self, Trouble> {
        let method = method_of(line).ok_or(Trouble::RequestLine)?;
        let mut parts = line.split(|byte| *byte == b' ').skip(1);
        let (Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Trouble::RequestLine);
        };
        if target.is_empty() || target.contains(&b'\t') {
            return Err(Trouble::RequestLine);
        }
        let old = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
                return Err(Trouble::Version);
            }
            _ => return Err(Trouble::RequestLine),
        };
        let target = if method == "CONNECT" { authority(target) } else { absolute(target) }?;
        // What hyper would not take is refused here, where there is a page for it.
        Uri::try_from(target.as_str()).map_err(|_| Trouble::Target)?;
        Ok(Self { method, target, old })
    }

    fn version(&self) -> &'static [u8] {
        if self.old { b" HTTP/1.0" } else { b" HTTP/1.1" }
    }
}

fn method_of(line: &[u8]) -> Option<&str> {
    let method = line.split(|byte| *byte == b' ').next()?;
    let good = (1..=MAX_METHOD).contains(&method.len()) && method.iter().copied().all(is_token);
    if good { std::str::from_utf8(method).ok() } else { None }
}

fn absolute(target: &[u8]) -> Result<String, Trouble> {
    if matches!(target.first(), Some(b'/' | b'*')) {
        return Err(Trouble::NotForAProxy);
    }
    let target = Target::parse(target).map_err(|_| Trouble::Target)?;
    // Rules may be about such an address; a client that asks a proxy of HTTP for it asks the wrong one.
    if target.scheme() == Scheme::Ftp {
        return Err(Trouble::Target);
    }
    if is_plain(target.host()) { Ok(target.to_string()) } else { Err(Trouble::Target) }
}

fn authority(target: &[u8]) -> Result<String, Trouble> {
    let text = std::str::from_utf8(target).map_err(|_| Trouble::Target)?;
    let authority: Authority = text.parse().map_err(|_| Trouble::Target)?;
    if is_plain(authority.host()) { Ok(authority.to_string()) } else { Err(Trouble::Target) }
}

/// Whether a host is made of what hosts are made of. The URL standard lets more pass, a comma for one, which an origin
/// may take for a list of hosts; no resolver knows such names.
fn is_plain(host: &Host) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    host.ip().is_some() || host.as_str().bytes().all(plain)
}

type Field<'a> = (&'a [u8], &'a [u8]);

/// Name, colon, value; no space before the colon, no continuation of the line before (RFC 9112 §5.1, §5.2).
fn field(line: &[u8]) -> Result<Field<'_>, Trouble> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(Trouble::Field)?;
    let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(Trouble::Field);
    }
    Ok((name, value.trim_ascii()))
}

/// The trailer section of a chunked body, line by line; nothing of it is passed on.
pub(crate) fn is_field(line: &[u8]) -> bool {
    let text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    line.iter().all(text) && field(line).is_ok()
}

fn all<'a>(fields: &'a [Field<'_>], wanted: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
}

/// The length of the body (RFC 9112 §6.3), where there is exactly one way to read it.
fn framing(request: &RequestLine<'_>, fields: &[Field<'_>]) -> Result<Framing, Trouble> {
    if fields.iter().any(|(name, _)| looks_like_framing(name)) {
        return Err(Trouble::Framing);
    }
    let codings: Vec<&[u8]> = all(fields, b"transfer-encoding").collect();
    let lengths: Vec<&[u8]> = all(fields, b"content-length").collect();
    let framing = match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Framing::Length(0),
        ([], [length]) => Framing::Length(number(length).ok_or(Trouble::Framing)?),
        ([coding], []) if !request.old && coding.eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        _ => return Err(Trouble::Framing),
    };
    match (request.method, framing) {
        ("CONNECT", Framing::Length(0)) => Ok(Framing::Tunnel),
        ("CONNECT", _) => Err(Trouble::Framing),
        _ => Ok(framing),
    }
}

/// A name that is no framing field, and that careless software takes for one (`Content_Length`).
fn looks_like_framing(name: &[u8]) -> bool {
    let letters = || name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let disguised = |real: &[u8], plain: &[u8]| !name.eq_ignore_ascii_case(real) && letters().eq(plain.iter().copied());
    disguised(b"transfer-encoding", b"transferencoding") || disguised(b"content-length", b"contentlength")
}

/// Digits and nothing else, below 2^63.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    u64::try_from(number).ok()
}

fn check_fields(request: &RequestLine<'_>, fields: &[Field<'_>]) -> Result<(), Trouble> {
    let hosts: Vec<&[u8]> = all(fields, b"host").collect();
    match hosts.as_slice() {
        [host] if is_host(host) => {}
        [] if request.old => {}
        _ => return Err(Trouble::HostField),
    }
    let expected: Vec<&[u8]> = all(fields, b"expect").collect();
    if expected.len() > 1 || expected.iter().any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return Err(Trouble::Expectation);
    }
    let nominated = all(fields, b"connection").flat_map(|value| value.split(|byte| *byte == b','));
    let harmful = |name: &[u8]| {
        [b"content-length".as_slice(), b"transfer-encoding", b"host"].iter().any(|it| it.eq_ignore_ascii_case(name))
    };
    if nominated.map(<[u8]>::trim_ascii).any(harmful) {
        return Err(Trouble::Nomination);
    }
    Ok(())
}

/// A host with or without a port (RFC 9110 §7.2). It is only checked: what is sent is written from the target.
fn is_host(value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !b"@/\\?#,<>\"{}|^`".contains(byte);
    !value.is_empty() && value.iter().all(plain) && Target::parse(&[b"http://", value].concat()).is_ok()
}

/// A character of a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(head: &str) -> Result<(String, Framing), Trouble> {
        let mut input = BytesMut::from(head.as_bytes());
        let end = Scan::default().end(&mut input)?.expect("a whole head");
        let head = read(&input[..end], 7).map_err(|refused| refused.trouble)?;
        Ok((String::from_utf8(head.bytes.to_vec()).unwrap(), head.framing))
    }

    #[test]
    fn a_head_is_written_again_in_one_form() {
        for (input, expected, framing) in [
            (
                "GET http://a.example HTTP/1.1\r\nHost:a.example\r\n\r\n",
                "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
                Framing::Length(0),
            ),
            (
                "\r\nGET http://u:p@A.example:80/x#y HTTP/1.0\r\n\r\n",
                "GET http://a.example/x HTTP/1.0\r\n\r\n",
                Framing::Length(0),
            ),
            (
                "POST http://a.example/\u{e9} HTTP/1.1\r\nhOST: b\r\ncontent-LENGTH: \t 007 \r\n\r\n",
                "POST http://a.example/%C3%A9 HTTP/1.1\r\nhOST: b\r\ncontent-LENGTH: 007\r\n\r\n",
                Framing::Length(7),
            ),
            (
                "PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
                "PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
                Framing::Chunked,
            ),
            (
                "GET http://a.example/ HTTP/1.1\r\nproxy-AUTHORIZATION: Basic YTpi\r\nHost: a\r\nProxy-Authorization: x\r\n\r\n",
                "GET http://a.example/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: 7\r\n\r\n",
                Framing::Length(0),
            ),
            (
                "CONNECT A.example.:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
                "CONNECT a.example:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
                Framing::Tunnel,
            ),
        ] {
            assert_eq!(clean(input), Ok((expected.into(), framing)), "{input:?}");
        }
    }

    #[test]
    fn request_lines_by_the_letter() {
        for (line, expected) in [
            ("GET  http://a.example/ HTTP/1.1", Trouble::RequestLine),
            ("GET http://a.example/ HTTP/1.1 ", Trouble::RequestLine),
            ("GET http://a.example/", Trouble::RequestLine),
            ("GET http://a.example/ http/1.1", Trouble::RequestLine),
            ("GET http://a.example/ HTTP/1.10", Trouble::RequestLine),
            ("GET\thttp://a.example/ HTTP/1.1", Trouble::RequestLine),
            (" GET http://a.example/ HTTP/1.1", Trouble::RequestLine),
            ("G(T http://a.example/ HTTP/1.1", Trouble::RequestLine),
            ("GET http://a.example/\u{1} HTTP/1.1", Trouble::RequestLine),
            ("GET http://a.example/ HTTP/1.2", Trouble::Version),
            ("PRI * HTTP/2.0", Trouble::Version),
            ("GET / HTTP/1.1", Trouble::NotForAProxy),
            ("OPTIONS * HTTP/1.1", Trouble::NotForAProxy),
            ("GET a.example HTTP/1.1", Trouble::Target),
            ("GET ftp://a.example/ HTTP/1.1", Trouble::Target),
            ("GET http://a..example/ HTTP/1.1", Trouble::Target),
            ("GET http://a`b.example/ HTTP/1.1", Trouble::Target),
            ("GET http://a.example,b.example/ HTTP/1.1", Trouble::Target),
            ("CONNECT a.example,b.example:443 HTTP/1.1", Trouble::Target),
            ("CONNECT a.example HTTP/1.1", Trouble::Target),
            ("CONNECT u@a.example:443 HTTP/1.1", Trouble::Target),
            ("CONNECT http://a.example/ HTTP/1.1", Trouble::Target),
            ("CONNECT a.example:4294967739 HTTP/1.1", Trouble::Target),
        ] {
            assert_eq!(clean(&format!("{line}\r\nHost: a.example\r\n\r\n")), Err(expected), "{line:?}");
        }
    }

    #[test]
    fn fields_by_the_letter() {
        for (fields, expected) in [
            ("", Trouble::HostField),
            ("Host: a\r\nHost: a\r\n", Trouble::HostField),
            ("Host:\r\n", Trouble::HostField),
            ("Host: a, b\r\n", Trouble::HostField),
            ("Host: u@a\r\n", Trouble::HostField),
            ("Host: http://a/\r\n", Trouble::HostField),
            ("Host: a b\r\n", Trouble::HostField),
            ("Host: a:80x\r\n", Trouble::HostField),
            ("Host : a\r\n", Trouble::Field),
            ("Host: a\r\n X: folded\r\n", Trouble::Field),
            ("Host: a\r\nX\r\n", Trouble::Field),
            ("Host: a\r\n: x\r\n", Trouble::Field),
            ("Host: a\nX: y\r\n", Trouble::Field),
            ("Host: a\r\nX: y\rZ: w\r\n", Trouble::Field),
            ("Host: a\r\nX: \u{0}\r\n", Trouble::Field),
            ("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length: 5, 5\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length: +5\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length: 0x5\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length:\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length: 18446744073709551621\r\n", Trouble::Framing),
            ("Host: a\r\nContent_Length: 5\r\n", Trouble::Framing),
            ("Host: a\r\nTransferEncoding: chunked\r\n", Trouble::Framing),
            ("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", Trouble::Framing),
            ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", Trouble::Framing),
            ("Host: a\r\nTransfer-Encoding: identity\r\n", Trouble::Framing),
            ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Trouble::Framing),
            ("Host: a\r\nExpect: y 100-continue\r\n", Trouble::Expectation),
            ("Host: a\r\nConnection: close, Content-Length\r\n", Trouble::Nomination),
            ("Host: a\r\nConnection: close\r\nConnection: HOST\r\n", Trouble::Nomination),
        ] {
            let head = format!("POST http://a.example/ HTTP/1.1\r\n{fields}\r\n");
            assert_eq!(clean(&head), Err(expected), "{fields:?}");
        }
        let old = "POST http://a.example/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(clean(old), Err(Trouble::Framing));
        let tunnel = "CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(clean(tunnel), Err(Trouble::Framing));
    }

    #[test]
    fn a_head_has_an_end_or_a_limit() {
        let fields = "X: y\r\n".repeat(100);
        assert!(clean(&format!("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n{}\r\n", &fields[6..])).is_ok());
        let many = format!("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        assert_eq!(clean(&many), Err(Trouble::HeadTooLong));
        let long = "a".repeat(MAX_HEAD);
        assert_eq!(clean(&format!("GET http://a.example/{long} HTTP/1.1\r\n\r\n")), Err(Trouble::TargetTooLong));
        assert_eq!(clean(&format!("GET http://a.example/ HTTP/1.1\r\n{long}: x\r\n\r\n")), Err(Trouble::HeadTooLong));
    }
}
