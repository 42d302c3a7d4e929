//! From lines to requests: what a proxy that looks into tunnels logs more than once is counted once.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use ahash::RandomState;

use super::bytes::{address, cut, number};
use super::line::{LogLine, Observed, TEXTS, Text};

/// How long a tunnel waits for what goes through it, in milliseconds of the log.
const WAIT: i64 = 300_000;
/// The most tunnels that wait; the oldest is let go as a request of its own.
const MOST: usize = 32_768;

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Lines that are requests.
    pub requests: u64,
    /// Lines of tunnels whose requests were logged themselves.
    pub tunnels: u64,
    /// Lines in which the browser was asked who its user is.
    pub challenges: u64,
    /// Lines in which nobody asked for anything.
    pub nothing: u64,
}

/// Tells which lines of a log are requests.
///
/// * A tunnel (`CONNECT`) through which requests were logged is no request. Those are requests of the same client to
///   the same host and port by `https`, or to whom the tunnel's address belongs, at most five minutes after it.
/// * A tunnel that was blocked belongs only to a request that was blocked: the one that got the page that says so. One
///   that was not belongs to both.
/// * Squid logs a tunnel that it only looks at twice: the first time with the result `NONE`. The first belongs to the
///   second.
/// * Any other tunnel is a request.
/// * A line that asks the browser who its user is (407) is none: the request comes again.
/// * A line in which nobody asked for anything is none.
///
/// A tunnel is held until it is known which, so requests come out of order by up to five minutes; all others at once.
/// At most 32,768 tunnels are held, at the length of their lines. Lines may be pushed of one log only, in its order.
pub struct Requests {
    held: VecDeque<Option<Held>>,
    /// The number of the first that is held.
    first: u64,
    /// Which of them are of a kind, for a client and a host, by a hash, in their order; they are compared before they are
    /// believed. Whoever looks for a kind takes all of it, so that no list is gone through twice.
    by_key: HashMap<u64, VecDeque<u64>, RandomState>,
    hasher: RandomState,
    /// How many of those held are for an address and no name.
    to_addresses: usize,
    counts: RequestCounts,
}

impl Default for Requests {
    fn default() -> Self {
        Self::new()
    }
}

impl Requests {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            held: VecDeque::new(),
            first: 0,
            by_key: HashMap::default(),
            hasher: RandomState::new(),
            to_addresses: 0,
            counts: RequestCounts::default(),
        }
    }

    /// What became of the lines so far; tunnels that are held are not counted.
    pub fn counts(&self) -> RequestCounts {
        self.counts
    }

    /// Takes the next line and its number, and gives every request that is now known to be one.
    pub fn push(&mut self, number: u64, line: &LogLine<'_>, give: &mut impl FnMut(u64, &LogLine<'_>)) {
        self.let_go(line.when.millis() - WAIT, give);
        match line.observed {
            Observed::AuthenticationAsked => self.counts.challenges += 1,
            Observed::NoRequest => self.counts.nothing += 1,
            _ if line.is_tunnel() => self.take_tunnel(number, line, give),
            _ => {
                if !self.by_key.is_empty() {
                    self.claim(line);
                }
                self.counts.requests += 1;
                give(number, line);
            }
        }
    }

    /// Gives the tunnels that are still held, each a request.
    pub fn finish(&mut self, give: &mut impl FnMut(u64, &LogLine<'_>)) {
        self.let_go(i64::MAX, give);
    }

    fn take_tunnel(&mut self, number: u64, line: &LogLine<'_>, give: &mut impl FnMut(u64, &LogLine<'_>)) {
        let Some(end) = End::of(line) else {
            self.counts.requests += 1;
            return give(number, line);
        };
        let kind = Kind::of(line);
        if kind != Kind::FirstLook {
            self.claim_from(line, &end, &[Kind::FirstLook]);
        }
        if self.held.len() >= MOST {
            self.drop_first(give);
        }
        let seen = self.first + self.held.len() as u64;
        let key = kind.key(self.hash(line, &end));
        self.by_key.entry(key).or_default().push_back(seen);
        self.to_addresses += usize::from(address(end.host).is_some());
        self.held.push_back(Some(Held::new(number, key, line)));
    }

    /// The tunnels through which this request came are no requests.
    fn claim(&mut self, line: &LogLine<'_>) {
        let Some(end) = End::of(line).filter(|end| end.secure) else { return };
        let kinds: &[Kind] = match line.observed {
            Observed::Blocked => &[Kind::FirstLook, Kind::Other, Kind::Blocked],
            _ => &[Kind::FirstLook, Kind::Other],
        };
        self.claim_from(line, &end, kinds);
    }

    /// Takes the tunnels to the same host, and those to the address that the proxy asked.
    fn claim_from(&mut self, line: &LogLine<'_>, end: &End<'_>, kinds: &[Kind]) {
        self.claim_to(line, end, kinds);
        if self.to_addresses > 0 && !line.peer.is_empty() {
            self.claim_to(line, &End { host: line.peer.as_bytes(), ..*end }, kinds);
        }
    }

    fn claim_to(&mut self, line: &LogLine<'_>, end: &End<'_>, kinds: &[Kind]) {
        let hash = self.hash(line, end);
        for kind in kinds {
            let key = kind.key(hash);
            let Some(mut places) = self.by_key.remove(&key) else { continue };
            places.retain(|seen| !self.take(*seen, line, end));
            if !places.is_empty() {
                self.by_key.insert(key, places);
            }
        }
    }

    /// Takes a tunnel, if it is one of this client to there.
    fn take(&mut self, seen: u64, line: &LogLine<'_>, end: &End<'_>) -> bool {
        let slot = usize::try_from(seen - self.first).ok().and_then(|at| self.held.get_mut(at));
        let Some(slot) = slot else { return true };
        let Some(held) = slot else { return true };
        let tunnel = held.line();
        let same = End::of(&tunnel).is_some_and(|other| other.is(end)) && Client::of(&tunnel) == Client::of(line);
        if same {
            self.counts.tunnels += 1;
            self.to_addresses -= usize::from(address(end.host).is_some());
            *slot = None;
        }
        same
    }

    /// Gives the tunnels that were logged before this time.
    fn let_go(&mut self, before: i64, give: &mut impl FnMut(u64, &LogLine<'_>)) {
        while self.held.front().is_some_and(|held| held.as_ref().is_none_or(|held| held.millis < before)) {
            self.drop_first(give);
        }
    }

    fn drop_first(&mut self, give: &mut impl FnMut(u64, &LogLine<'_>)) {
        let seen = self.first;
        let Some(held) = self.held.pop_front() else { return };
        self.first += 1;
        let Some(held) = held else { return };
        let line = held.line();
        if let Some(places) = self.by_key.get_mut(&held.key) {
            // It came before all others.
            if places.front() == Some(&seen) {
                places.pop_front();
            }
            if places.is_empty() {
                self.by_key.remove(&held.key);
            }
        }
        self.to_addresses -= usize::from(End::of(&line).is_some_and(|end| address(end.host).is_some()));
        self.counts.requests += 1;
        give(held.number, &line);
    }

    fn hash(&self, line: &LogLine<'_>, end: &End<'_>) -> u64 {
        let mut host = [0; 255];
        let host = host.get_mut(..end.host.len()).unwrap_or_default();
        host.copy_from_slice(end.host.get(..host.len()).unwrap_or_default());
        host.make_ascii_lowercase();
        self.hasher.hash_one((Client::of(line), host, end.port))
    }
}

/// What a tunnel may belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Squid had looked who is at its end, and logs it again when it is done.
    FirstLook,
    Blocked,
    Other,
}

impl Kind {
    fn of(line: &LogLine<'_>) -> Self {
        let tag = line.result.as_bytes();
        match line.observed {
            Observed::Blocked => Self::Blocked,
            Observed::Allowed if tag.starts_with(b"NONE") || tag.starts_with(b"TAG_NONE") => Self::FirstLook,
            _ => Self::Other,
        }
    }

    /// The key of tunnels of this kind.
    fn key(self, hash: u64) -> u64 {
        hash.wrapping_add(self as u64)
    }
}

/// Who asked.
#[derive(PartialEq, Eq, Hash)]
struct Client<'a>(Option<IpAddr>, &'a [u8]);

impl<'a> Client<'a> {
    /// The address; the name of the device where there is none, and the person where there is neither.
    fn of(line: &LogLine<'a>) -> Self {
        let name = if line.device.is_empty() { line.user } else { line.device };
        match line.address {
            Some(address) => Self(Some(address), &[]),
            None => Self(None, name.as_bytes()),
        }
    }
}

/// Where a tunnel or a request leads.
struct End<'a> {
    host: &'a [u8],
    port: u64,
    /// Whether it is `https`.
    secure: bool,
}

impl<'a> End<'a> {
    /// Host and port of an address, or of `host:port`; none where it has neither, or no host that could be one.
    fn of(line: &LogLine<'a>) -> Option<Self> {
        let url = line.url.as_bytes();
        let (before, behind) = cut(url, b':');
        let (scheme, rest) = match behind.strip_prefix(b"//") {
            Some(rest) => (before, rest),
            None => (&b"https"[..], url),
        };
        let secure = scheme.eq_ignore_ascii_case(b"https") || scheme.eq_ignore_ascii_case(b"wss");
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let authority = memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
        let colon = memchr::memrchr(b':', authority)
            .filter(|at| authority.get(at + 1..).is_some_and(|port| number(port).is_some()));
        let (host, port) = match colon {
            Some(at) => (authority.get(..at)?, number(authority.get(at + 1..)?)?),
            None => (authority, if secure { 443 } else { 80 }),
        };
        let host = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host);
        (!host.is_empty() && host.len() <= 255).then_some(Self { host, port, secure })
    }

    fn is(&self, other: &Self) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }
}

/// A tunnel that is held, with a copy of its texts.
struct Held {
    number: u64,
    millis: i64,
    key: u64,
    /// The line without its texts.
    bare: LogLine<'static>,
    texts: Box<[u8]>,
    lengths: [u32; TEXTS],
}

impl Held {
    fn new(number: u64, key: u64, line: &LogLine<'_>) -> Self {
        let mut texts = Vec::with_capacity(line.texts().iter().map(|text| text.as_bytes().len()).sum());
        let mut lengths = [0; TEXTS];
        for (length, text) in lengths.iter_mut().zip(line.texts()) {
            texts.extend_from_slice(text.as_bytes());
            // No text is longer than a line, which has at most 64 KiB.
            *length = u32::try_from(text.as_bytes().len()).unwrap_or_default();
        }
        let bare = line.with_texts([Text::default(); TEXTS]);
        Self { number, millis: line.when.millis(), key, bare, texts: texts.into(), lengths }
    }

    fn line(&self) -> LogLine<'_> {
        let mut rest: &[u8] = &self.texts;
        let texts = self.lengths.map(|length| {
            let (text, behind) = rest.split_at_checked(length as usize).unwrap_or_default();
            rest = behind;
            Text::new(text)
        });
        self.bare.with_texts(texts)
    }
}
