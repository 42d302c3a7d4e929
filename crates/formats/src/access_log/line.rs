//! One line of another product's log, borrowed from the bytes it was read from.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use belisha_policy::Outcome;
use chrono::{DateTime, NaiveDateTime, Utc};

/// Bytes of a line, as the other product wrote them; empty where it said nothing.
///
/// Nothing guarantees that they are UTF-8. They are personal data: `Debug` shows only how many there are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The bytes as they are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes, unless they stand for nothing: `-`.
    pub(super) fn unless_blank(bytes: &'a [u8]) -> Self {
        if bytes == b"-" { Self::default() } else { Self(bytes) }
    }

    /// The bytes as they are.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text; bytes that are no UTF-8 become replacement characters, and only then it is copied.
    pub fn to_str(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// When a request was logged. Some products write the time on the school's clock and not the instant; which instant
/// that was, only a calendar knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// The instant.
    Instant(DateTime<Utc>),
    /// What the clock on the wall said. In an hour that the clock went back over, it was so twice.
    Local(NaiveDateTime),
}

impl When {
    /// The instant, where need be by a calendar that knows the clock on the wall.
    pub fn instant(self, calendar: impl FnOnce(NaiveDateTime) -> DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Instant(at) => at,
            Self::Local(clock) => calendar(clock),
        }
    }

    /// Milliseconds on whichever clock it is: only good for telling how far apart two lines of one log are.
    pub(super) fn millis(self) -> i64 {
        match self {
            Self::Instant(at) => at.timestamp_millis(),
            Self::Local(clock) => clock.and_utc().timestamp_millis(),
        }
    }
}

/// What became of a request, by what the line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observed {
    /// It went to its origin, or was answered from what was kept of it.
    Allowed,
    /// The other product blocked it.
    Blocked,
    /// It was no request that the other product could understand.
    Refused,
    /// The origin could not be reached.
    Failed,
    /// The browser was asked who its user is; the same request comes again with the answer.
    AuthenticationAsked,
    /// Nobody asked for anything: a connection that ended before a request, or caches talking to one another.
    NoRequest,
    /// The line does not tell.
    Unknown,
}

impl Observed {
    /// The same in an access record; none where there is no request, or the line does not tell.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Allowed => Some(Outcome::Allowed),
            Self::Blocked => Some(Outcome::Blocked),
            Self::Refused => Some(Outcome::Refused),
            Self::Failed => Some(Outcome::Failed),
            Self::AuthenticationAsked | Self::NoRequest | Self::Unknown => None,
        }
    }
}

/// What one line says: no more of it than access records and reports need. Referers, headers and what was posted are
/// never read.
///
/// Texts are as the other product wrote them; those that it left out, or wrote `-` for, are empty. `Debug` shows
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// When it was logged, which for most products is when the request ended.
    pub when: When,
    /// The address of the device; none where the log does not say, or was made anonymous.
    pub address: Option<IpAddr>,
    /// The name of the device.
    pub device: Text<'a>,
    /// Who was signed in.
    pub user: Text<'a>,
    /// The other product's group of that person.
    pub group: Text<'a>,
    /// The method; `CONNECT` for tunnels.
    pub method: Text<'a>,
    /// The web address; for tunnels mostly `host:port`. Where a table has the host alone, it is that.
    pub url: Text<'a>,
    /// The status that was answered; 0 where there was none.
    pub status: u16,
    /// The result as the product tags it, such as `TCP_MISS`.
    pub result: Text<'a>,
    /// Bytes towards the person.
    pub bytes: u64,
    /// Milliseconds that it took; 0 where the log does not say.
    pub duration_ms: u32,
    /// The MIME type of what came.
    pub mime: Text<'a>,
    /// What became of it.
    pub observed: Observed,
    /// The other product's category.
    pub category: Text<'a>,
    /// Its reason: the rule, the list and words that it found.
    pub reason: Text<'a>,
    /// The browser, as it calls itself.
    pub user_agent: Text<'a>,
    /// Whom the proxy asked: it tells which tunnel a request came through, and nothing else.
    pub(super) peer: Text<'a>,
}

impl fmt::Debug for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLine").finish_non_exhaustive()
    }
}

/// How many texts a line has.
pub(super) const TEXTS: usize = 11;

impl<'a> LogLine<'a> {
    /// A line of which only the time is known.
    pub(super) fn new(when: When) -> Self {
        let none = Text::default();
        Self {
            when,
            address: None,
            device: none,
            user: none,
            group: none,
            method: none,
            url: none,
            status: 0,
            result: none,
            bytes: 0,
            duration_ms: 0,
            mime: none,
            observed: Observed::Unknown,
            category: none,
            reason: none,
            user_agent: none,
            peer: none,
        }
    }

    /// Whether it is a tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.method.as_bytes() == b"CONNECT"
    }

    pub(super) fn texts(&self) -> [Text<'a>; TEXTS] {
        [
            self.device,
            self.user,
            self.group,
            self.method,
            self.url,
            self.result,
            self.mime,
            self.category,
            self.reason,
            self.user_agent,
            self.peer,
        ]
    }

    /// The same line with texts that live elsewhere.
    pub(super) fn with_texts<'b>(&self, texts: [Text<'b>; TEXTS]) -> LogLine<'b> {
        let [device, user, group, method, url, result, mime, category, reason, user_agent, peer] = texts;
        LogLine {
            when: self.when,
            address: self.address,
            device,
            user,
            group,
            method,
            url,
            status: self.status,
            result,
            bytes: self.bytes,
            duration_ms: self.duration_ms,
            mime,
            observed: self.observed,
            category,
            reason,
            user_agent,
            peer,
        }
    }
}
