//! The lines by which Squid asks helper programs, and those by which they answer (Squid 3.4 and later).
//!
//! A rewriter is asked `[channel] URL client/name user method [key=value…]`. A program for `external_acl_type` is asked what
//! its configuration says; it is to say the same: `%URI %>a %un %>rm` and perhaps more pairs.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

/// Longest line that is looked at, in bytes: a URL of 64 KiB, escaped, and what stands around it.
pub const MAX_LINE: usize = 256 * 1024;

/// Which of the two protocols is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `url_rewrite_program`: what is refused is sent elsewhere.
    Rewrite,
    /// `external_acl_type`: what is refused does not match.
    Acl,
}

/// A question, as it stands in its line. What Squid does not know (`-`) is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'l> {
    /// The number that the answer must bear, where questions are asked several at a time.
    pub channel: Option<&'l [u8]>,
    /// The URL; host and port where a tunnel is asked for.
    pub url: &'l [u8],
    /// The address of the client.
    pub client: Option<IpAddr>,
    /// The user, as whoever let them in calls them.
    pub user: &'l [u8],
    /// The method.
    pub method: &'l [u8],
    /// `group=`: the group of the settings that Squid puts them in.
    pub group: &'l [u8],
    /// `sni=`: the host that a client names inside a tunnel.
    pub sni: &'l [u8],
}

impl<'l> Question<'l> {
    /// Reads a line, without its end; nothing where no URL stands in it. The channel, where there is one, is found even then.
    pub fn read(line: &'l [u8]) -> (Option<&'l [u8]>, Option<Self>) {
        let mut words = words(line);
        let mut first = words.next();
        let channel = first.filter(|word| word.iter().all(u8::is_ascii_digit));
        if channel.is_some() {
            first = words.next();
        }
        let Some(url) = first else { return (channel, None) };
        let known = |word: Option<&'l [u8]>| word.filter(|word| *word != b"-").unwrap_or_default();
        let mut question = Self { channel, url, client: None, user: &[], method: &[], group: &[], sni: &[] };
        let mut place = 0;
        for word in words {
            match (word, place) {
                ([b'g', b'r', b'o', b'u', b'p', b'=', group @ ..], _) => {
                    question.group = known(Some(group));
                    continue;
                }
                ([b's', b'n', b'i', b'=', sni @ ..], _) => {
                    question.sni = known(Some(sni));
                    continue;
                }
                (_, 0) => question.client = client(word),
                (_, 1) => question.user = known(Some(word)),
                (_, 2) => question.method = known(Some(word)),
                // What else a configuration sends along is not for us.
                _ => {}
            }
            place += 1;
        }
        (channel, Some(question))
    }

    /// Whether it is asked for a tunnel, of which host and port are all that is known.
    pub fn is_tunnel(&self) -> bool {
        self.method == b"CONNECT"
    }
}

/// What spaces part.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    let next = move || {
        let line = rest.take()?;
        let Some(end) = memchr::memchr(b' ', line) else { return Some(line) };
        rest = line.get(end + 1..);
        line.get(..end)
    };
    core::iter::from_fn(next).filter(|word| !word.is_empty())
}

/// The address in front of `/name`.
fn client(word: &[u8]) -> Option<IpAddr> {
    let end = memchr::memchr(b'/', word).unwrap_or(word.len());
    let address = word.get(..end)?;
    core::str::from_utf8(address).ok()?.parse().ok()
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Go on.
    Go,
    /// Do not, and say why: a sentence, for pages that Squid makes.
    Stop(&'a str),
    /// Do not; nothing could be found out.
    Broken(&'a str),
}

/// Writes an answer with the end of its line. `elsewhere` is where a rewriter sends what is refused.
pub fn write(
    out: &mut impl Write,
    protocol: Protocol,
    channel: Option<&[u8]>,
    answer: Answer<'_>,
    elsewhere: &str,
) -> io::Result<()> {
    if let Some(channel) = channel {
        out.write_all(channel)?;
        out.write_all(b" ")?;
    }
    match (protocol, answer) {
        (Protocol::Rewrite, Answer::Go) => out.write_all(b"ERR\n"),
        (Protocol::Rewrite, Answer::Stop(_) | Answer::Broken(_)) => {
            writeln!(out, "OK status=302 url=\"{}\"", quoted(elsewhere))
        }
        (Protocol::Acl, Answer::Go) => out.write_all(b"OK\n"),
        (Protocol::Acl, Answer::Stop(why) | Answer::Broken(why)) => writeln!(out, "ERR message=\"{}\"", quoted(why)),
    }
}

/// A value as it stands between quotes: neither quotes nor line ends nor what Squid would decode.
fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| !letter.is_control() && !matches!(letter, '"' | '\\' | '%');
    if text.chars().all(is_plain) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '%' => out.push_str("%25"),
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Question<'_>> {
        Question::read(line.as_bytes()).1
    }

    #[test]
    fn lines_as_squid_writes_them() {
        let line = "7 http://example.org/a?q=1 10.0.0.7/- ada GET myip=10.0.0.1 myport=3128";
        let question = read(line).unwrap();
        assert_eq!((question.channel, question.url), (Some(&b"7"[..]), &b"http://example.org/a?q=1"[..]));
        assert_eq!(
            (question.client, question.user, question.method),
            ("10.0.0.7".parse().ok(), &b"ada"[..], &b"GET"[..])
        );
        let line = "example.org:443 2a0e:bad::7/name - CONNECT group=staff sni=www.example.org";
        let question = read(line).unwrap();
        assert_eq!((question.channel, question.user, question.is_tunnel()), (None, &b""[..], true));
        assert_eq!((question.group, question.sni), (&b"staff"[..], &b"www.example.org"[..]));
        let question = read("http://example.org/ - - - group=- sni=-").unwrap();
        assert_eq!(
            (question.client, question.user, question.group, question.sni),
            (None, &b""[..], &b""[..], &b""[..])
        );
        assert_eq!(Question::read(b"12 "), (Some(&b"12"[..]), None));
        assert_eq!(Question::read(b""), (None, None));
    }

    fn written(protocol: Protocol, channel: Option<&[u8]>, answer: Answer<'_>) -> String {
        let mut out = Vec::new();
        write(&mut out, protocol, channel, answer, "http://filter.example/why?a=\"b\"").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn answers_as_squid_reads_them() {
        use Protocol::{Acl, Rewrite};
        for (protocol, channel, answer, expected) in [
            (Rewrite, Some(&b"7"[..]), Answer::Go, "7 ERR\n"),
            (Rewrite, None, Answer::Stop("no"), "OK status=302 url=\"http://filter.example/why?a=\\\"b\\\"\"\n"),
            (Acl, None, Answer::Go, "OK\n"),
            (Acl, Some(&b"0"[..]), Answer::Stop("50% \"no\"\n"), "0 ERR message=\"50%25 \\\"no\\\" \"\n"),
            (Acl, None, Answer::Broken("no rules"), "ERR message=\"no rules\"\n"),
        ] {
            assert_eq!(written(protocol, channel, answer), expected);
        }
    }
}
