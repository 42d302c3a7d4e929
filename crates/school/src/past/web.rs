//! What a line of a log asks for.

use std::collections::HashMap;

use ahash::RandomState;
use belisha_filter::Host;
use belisha_formats::access_log::LogLine;

/// Hosts that are kept in memory; when there are more, all are forgotten.
const KEPT: usize = 1 << 18;

/// A host, by its number in [`Hosts`].
pub(crate) type HostId = u32;

/// Where a request led, as the log says it. Nothing is copied.
#[derive(Clone, Copy)]
pub(crate) struct Web<'l> {
    /// `http`, `https`, `ws` or `wss`; `https` for tunnels, and where only a host is named.
    pub(crate) scheme: &'static str,
    /// The host as it is written.
    host: &'l [u8],
    /// The port; that of the scheme where none is named.
    pub(crate) port: u16,
    /// The path as it is written; empty for tunnels.
    pub(crate) path: &'l [u8],
    /// The query without its question mark.
    pub(crate) query: &'l [u8],
    /// Whether a proxy sees all of it: the connection is not encrypted.
    pub(crate) is_plain: bool,
}

impl<'l> Web<'l> {
    /// What a line asks for; `None` where that cannot be told.
    pub(crate) fn of(line: &LogLine<'l>) -> Option<Self> {
        let url = line.url.as_bytes();
        let (scheme, rest) = match memchr::memchr(b':', url).and_then(|at| url.split_at_checked(at)) {
            Some((scheme, behind)) if behind.starts_with(b"://") => {
                (named(scheme)?, behind.get(3..).unwrap_or_default())
            }
            // `host:port` of a tunnel, or a host alone: nothing says what was asked of it.
            _ if line.is_tunnel() || memchr::memchr(b'/', url).is_none() => ("https", url),
            _ => ("http", url),
        };
        let is_plain = !line.is_tunnel() && matches!(scheme, "http" | "ws");
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at_checked(end)?;
        let authority = memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or(if matches!(scheme, "http" | "ws") { 80 } else { 443 });
        if host.is_empty() {
            return None;
        }
        let behind = if line.is_tunnel() { &[] } else { behind };
        let behind = memchr::memchr(b'#', behind).and_then(|at| behind.get(..at)).unwrap_or(behind);
        let (path, query) = match memchr::memchr(b'?', behind) {
            Some(at) => (behind.get(..at)?, behind.get(at + 1..)?),
            None => (behind, &[][..]),
        };
        Some(Self { scheme, host, port, path, query, is_plain })
    }
}

fn named(scheme: &[u8]) -> Option<&'static str> {
    ["https", "http", "wss", "ws"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known.as_bytes()))
}

/// Host and port; `None` where what stands for the port is none.
fn split_port(authority: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let Some(colon) = memchr::memrchr(b':', authority) else { return Some((authority, None)) };
    // The colons of an address of version 6.
    if authority.starts_with(b"[") && authority.ends_with(b"]") {
        return Some((authority, None));
    }
    let (host, digits) = (authority.get(..colon)?, authority.get(colon + 1..)?);
    if digits.is_empty() {
        return Some((host, None));
    }
    let port = core::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    Some((host, Some(port.parse().ok().filter(|port| *port > 0)?)))
}

/// The hosts of a log, each read once.
#[derive(Default)]
pub(crate) struct Hosts {
    ids: HashMap<Box<[u8]>, Option<HostId>, RandomState>,
    all: Vec<Host>,
    /// How many times they were forgotten.
    generation: u32,
}

impl Hosts {
    /// The host of a request; `None` where what is written is none.
    pub(crate) fn id(&mut self, web: &Web<'_>) -> Option<HostId> {
        if let Some(id) = self.ids.get(web.host) {
            return *id;
        }
        if self.ids.len() >= KEPT {
            self.ids.clear();
            self.all.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        let host = core::str::from_utf8(web.host).ok().and_then(|text| text.parse::<Host>().ok());
        let id = host.and_then(|host| {
            let id = HostId::try_from(self.all.len()).ok()?;
            self.all.push(host);
            Some(id)
        });
        self.ids.insert(web.host.into(), id);
        id
    }

    /// Another one says that no number from before means anything any more.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The host with a number.
    pub(crate) fn get(&self, id: HostId) -> Option<&Host> {
        self.all.get(usize::try_from(id).ok()?)
    }
}
