//! 1. Whatever bytes a log has, in every dialect, each of its lines is read, skipped or complained about, once, and
//!    nothing panics.
//! 2. How a log is cut into chunks, and how its bytes arrive, changes nothing.
//! 3. A record that is written in a dialect is read as what it was.
//! 4. Every line is a request, the tunnel of one, a question for the password or nothing, and is so once; a request
//!    that is no tunnel always comes out.
//! 5. What is printed of lines and complaints has nothing of the log in it.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::IpAddr;

use belisha_formats::access_log::{
    Chunks, Dialect, Found, LogLine, MAX_LINE, Mapping, Observed, Requests, Tally, When, detect,
};
use chrono::DateTime;
use proptest::prelude::*;

const HEADINGS: &str = "Time,Username,Source IP,Group,Code,URL,Categories,Action,Bytes,Method,MIME type";

fn dialects() -> Vec<Dialect> {
    let table = Dialect::Table(Box::new(Mapping::new(HEADINGS.as_bytes(), &[]).unwrap()));
    Dialect::WITHOUT_HEADINGS.into_iter().chain([table]).collect()
}

/// A record that every dialect can hold.
#[derive(Clone, Debug)]
struct Record {
    millis: i64,
    address: IpAddr,
    user: String,
    group: String,
    method: &'static str,
    url: String,
    status: u16,
    bytes: u64,
    duration: u32,
    mime: &'static str,
    category: String,
    blocked: bool,
}

fn record() -> impl Strategy<Value = Record> {
    let address = prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from).prop_filter("it is somebody's", |address| !address.is_unspecified()),
        any::<[u8; 16]>().prop_map(IpAddr::from).prop_filter("it has one way to be written", |address| {
            !address.is_unspecified() && address.to_canonical() == *address
        }),
    ];
    let words = "[a-zé][a-z0-9é]{0,8}";
    let method = prop_oneof![Just("GET"), Just("POST"), Just("CONNECT"), Just("M-SEARCH")];
    let mime = prop_oneof![Just("text/html"), Just("image/png"), Just("")];
    let url = "https?://[a-z]{1,9}\\.example(:[0-9]{2,5})?/[!#-+.-~é]{0,40}";
    (
        (1_000_000_000_000_i64..2_500_000_000_000, address, words, words, method, url),
        (any::<u64>().prop_map(|bytes| bytes >> 2), any::<u32>(), mime, words, any::<bool>()),
    )
        .prop_map(|((millis, address, user, group, method, url), (bytes, duration, mime, category, blocked))| {
            let status = if blocked { 403 } else { 200 };
            Record { millis, address, user, group, method, url, status, bytes, duration, mime, category, blocked }
        })
}

impl Record {
    fn seconds(&self) -> String {
        format!("{}.{:03}", self.millis / 1000, self.millis % 1000)
    }

    fn clock(&self, format: &str) -> String {
        DateTime::from_timestamp_millis(self.millis).unwrap().format(format).to_string()
    }

    fn squid(&self, peer: &str) -> String {
        let tag = if self.blocked { "TCP_DENIED" } else { "TCP_MISS" };
        let mime = if self.mime.is_empty() { "-" } else { self.mime };
        let Self { address, status, bytes, method, url, user, duration, .. } = self;
        format!("{} {duration:6} {address} {tag}/{status} {bytes} {method} {url} {user} {peer} {mime}", self.seconds())
    }

    fn nineteen(&self, separator: &str) -> String {
        let what = if self.blocked { "*DENIED* Banned site" } else { "*SCANNED* " };
        let Self { address, status, bytes, method, url, user, group, mime, category, .. } = self;
        let when = self.clock("%Y.%m.%d %H:%M:%S");
        let (bytes, status, address) = (bytes.to_string(), status.to_string(), address.to_string());
        [
            &when,
            user,
            &address,
            url,
            what,
            *method,
            &bytes,
            "0",
            category,
            "3",
            &status,
            mime,
            &address,
            group,
            "Browser/1",
            "-",
            "-",
            "-",
            "-",
        ]
        .join(separator)
    }

    fn written(&self, dialect: &Dialect) -> String {
        let Self { address, status, bytes, method, url, user, group, mime, category, duration, .. } = self;
        match dialect {
            Dialect::Squid => self.squid("HIER_DIRECT/203.0.113.8"),
            Dialect::E2Guardian3 => self.squid("DEFAULT_PARENT/127.0.0.1"),
            Dialect::SquidCommon => {
                let tag = if self.blocked { "TCP_DENIED:HIER_NONE" } else { "TCP_MISS:HIER_DIRECT" };
                let when = self.clock("%d/%b/%Y:%H:%M:%S +0000");
                format!("{address} - {user} [{when}] \"{method} {url} HTTP/1.1\" {status} {bytes} {tag}")
            }
            Dialect::E2Guardian1 => self.nineteen(" "),
            Dialect::E2Guardian2 => format!("\"{}\"", self.nineteen("\",\"")),
            Dialect::E2Guardian4 => self.nineteen("\t"),
            Dialect::E2Guardian5To8 => {
                let what = if self.blocked { "*DENIED* Banned site" } else { "*SCANNED* " };
                let end = format!("-\t{duration}\t-\t0\t{what}\t0\t{category}\t{group}\t3\t-\t8080:PH::def");
                format!(
                    "{}\t\t{user}\t{address}\t{url}\t{method}\t{status}\t{bytes}\t{mime}\tB/1\t{end}",
                    self.seconds()
                )
            }
            Dialect::Table(_) => {
                let when = self.clock("%d/%m/%Y %H:%M:%S");
                let verdict = if self.blocked { "Blocked" } else { "Allowed" };
                format!(
                    "{when},{user},{address},{group},{status},\"{url}\",{category},{verdict},{bytes},{method},{mime}"
                )
            }
            _ => unreachable!("there is no other"),
        }
    }

    fn is(&self, dialect: &Dialect, line: &LogLine<'_>) {
        let millis = match line.when {
            When::Instant(at) => at.timestamp_millis(),
            When::Local(clock) => clock.and_utc().timestamp_millis(),
        };
        let exact = matches!(dialect, Dialect::Squid | Dialect::E2Guardian3 | Dialect::E2Guardian5To8);
        assert_eq!(millis, if exact { self.millis } else { self.millis / 1000 * 1000 });
        assert_eq!(line.address, Some(self.address));
        let said = (&*line.user.to_str(), &*line.method.to_str(), &*line.url.to_str());
        assert_eq!(said, (&*self.user, self.method, &*self.url));
        assert_eq!((line.status, line.bytes), (self.status, self.bytes));
        assert_eq!(line.observed, if self.blocked { Observed::Blocked } else { Observed::Allowed });
        if *dialect != Dialect::SquidCommon {
            assert_eq!(line.mime.to_str(), self.mime);
        }
        if exact {
            assert_eq!(line.duration_ms, self.duration);
        }
        if !matches!(dialect, Dialect::Squid | Dialect::SquidCommon | Dialect::E2Guardian3) {
            assert_eq!((&*line.group.to_str(), &*line.category.to_str()), (&*self.group, &*self.category));
        }
    }
}

/// Gives a few bytes at a time, as a slow decoder does.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(out.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        out[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// What each line of a log is, with its place, and what was counted.
fn all(dialect: &Dialect, log: &[u8], arrive: usize, size: usize) -> (Vec<String>, Tally) {
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    let mut chunks = Chunks::with_size(Dribble(log, arrive), size);
    while let Some(chunk) = chunks.next().unwrap() {
        assert_eq!(chunk.lines(dialect).count() as u64, chunk.line_count());
        assert_eq!(chunk.end(), chunks.position());
        for entry in chunk.lines(dialect) {
            tally.count(&entry);
            let found = match entry.found {
                Found::Line(line) => super::common::told(&line),
                other => format!("{other:?}"),
            };
            out.push(format!("{} {} {found}", entry.line, entry.offset));
        }
    }
    assert_eq!(chunks.position(), log.len() as u64);
    (out, tally)
}

/// Lines of a log: good ones, spoilt ones, noise, and long ones.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => (record(), 0..8_usize).prop_map(|(record, at)| record.written(&dialects()[at]).into_bytes()),
        3 => (record(), 0..8_usize, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(record, at, place, byte)| {
            let mut line = record.written(&dialects()[at]).into_bytes();
            let place = place.index(line.len());
            line[place] = byte;
            line
        }),
        2 => prop::collection::vec(any::<u8>(), 0..80),
        1 => Just(Vec::new()),
        1 => (MAX_LINE - 2..MAX_LINE + 3).prop_map(|length| vec![b'x'; length]),
        1 => (0..300_000_usize).prop_map(|length| vec![b' '; length]),
    ];
    (prop::collection::vec(line, 0..12), prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..])], any::<bool>()).prop_map(
        |(lines, end, ended)| {
            let mut log = lines.join(end);
            if ended {
                log.extend_from_slice(end);
            }
            log
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// 1 and 2.
    #[test]
    fn every_line_is_accounted_for_once_however_it_arrives(log in log(), arrive in 1_usize..100_000, size in 0_usize..400_000) {
        for dialect in dialects() {
            let (lines, tally) = all(&dialect, &log, usize::MAX, 1 << 20);
            let mut expected: Vec<_> = log.split(|byte| *byte == b'\n').collect();
            if expected.last().is_some_and(|last| last.is_empty()) {
                expected.pop();
            }
            prop_assert_eq!(lines.len(), expected.len());
            prop_assert_eq!(tally.lines, expected.len() as u64);
            prop_assert_eq!(tally.read + tally.skipped + tally.bad(), tally.lines);
            let long = expected.iter().filter(|line| line.len() > MAX_LINE).count() as u64;
            prop_assert_eq!(tally.bad_for(belisha_formats::access_log::LineFault::TooLong), long);
            prop_assert_eq!(all(&dialect, &log, arrive, size), (lines, tally));
        }
        let _ = detect(&log);
    }

    /// 3.
    #[test]
    fn what_is_written_is_read(record in record()) {
        for dialect in dialects() {
            let line = record.written(&dialect);
            let Found::Line(read) = dialect.parse(line.as_bytes()) else { panic!("{dialect}: {line}") };
            record.is(&dialect, &read);
            if !matches!(dialect, Dialect::Table(_)) {
                let sent = format!("<166>Aug 21 22:08:13 fw proxy[7]: {line}\r");
                let Found::Line(sent) = dialect.parse(sent.as_bytes()) else { panic!("{dialect}: {sent}") };
                prop_assert!(sent == read);
                let detected = detect(line.as_bytes()).unwrap();
                prop_assert_eq!(detected.dialect, dialect);
            }
            // 5.
            let shown = format!("{read:?} {:?}", read.url);
            prop_assert!(!shown.contains(&record.url) && !shown.contains(&record.user) || record.user.len() < 5);
        }
    }

    /// 4.
    #[test]
    fn every_line_is_a_request_once_or_accounted_for(
        lines in prop::collection::vec((0_i64..400, 0_u8..3, 0_u8..3, 0_u8..7), 0..60)
    ) {
        let mut second = 1_756_890_000;
        let lines: Vec<String> = lines.iter().map(|(wait, client, host, kind)| {
            second += wait / 8 - 2;
            let (result, method, url) = match kind {
                0 => ("NONE_NONE/200", "CONNECT", format!("h{host}.example:443")),
                1 => ("TCP_TUNNEL/200", "CONNECT", format!("h{host}.example:443")),
                2 => ("TCP_DENIED/403", "CONNECT", format!("h{host}.example:443")),
                3 => ("TCP_DENIED/407", "GET", format!("https://h{host}.example/")),
                4 => ("TCP_DENIED/403", "GET", format!("https://h{host}.example/")),
                5 => ("TCP_MISS/200", "GET", format!("http://h{host}.example/")),
                _ => ("TCP_MISS/200", "GET", format!("https://h{host}.example/")),
            };
            format!("{second}.000 1 10.0.0.{} {result} 0 {method} {url} - HIER_NONE/- -", client + 1)
        }).collect();
        let (mut requests, mut out, mut whole) = (Requests::new(), Vec::new(), BTreeSet::new());
        let mut give = |number: u64, line: &LogLine<'_>| out.push((number, super::common::told(line)));
        for (number, text) in (1..).zip(&lines) {
            let Found::Line(line) = Dialect::Squid.parse(text.as_bytes()) else { panic!("{text}") };
            if line.observed != Observed::AuthenticationAsked && !line.is_tunnel() {
                whole.insert(number);
            }
            requests.push(number, &line, &mut give);
        }
        requests.finish(&mut give);
        let counts = requests.counts();
        prop_assert_eq!(counts.requests + counts.tunnels + counts.challenges, lines.len() as u64);
        let numbers: BTreeSet<u64> = out.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(numbers.len(), out.len());
        prop_assert!(numbers.is_superset(&whole));
        for (number, told) in &out {
            let text = &lines[usize::try_from(*number).unwrap() - 1];
            prop_assert_eq!(&Ok(told.clone()), &super::common::read(&Dialect::Squid, text));
        }
    }
}

#[test]
fn a_last_line_that_is_cut_off_is_said_to_be() {
    let record = "1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/x ada HIER_DIRECT/203.0.113.8";
    let log = format!("\u{feff}{record} text/html\n{record}");
    let (lines, tally) = all(&Dialect::Squid, log.as_bytes(), 7, 0);
    assert_eq!(tally.read, 1);
    assert!(lines[0].starts_with("1 0 1756890169793|"), "the mark in front of the text is no part of the time");
    assert_eq!(tally.complaints()[0].to_string(), "line 2: it is cut off: the log was copied while it was written");
    assert_eq!(tally.bad_per_mille(), 500);
    let table = Dialect::Table(Box::new(Mapping::new(b"Time,URL,Username,Group", &[]).unwrap()));
    let log = "Time,URL,Username,Group\n2025-09-03 09:02,http://a.example/,ada,g\n2025-09-03 09:02,http://a.exa";
    let (_, tally) = all(&table, log.as_bytes(), 7, 0);
    assert_eq!((tally.read, tally.skipped, tally.bad()), (1, 1, 1));
}

#[test]
fn a_line_of_many_megabytes_passes_in_bounded_memory() {
    let good = "1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/x ada HIER_DIRECT/203.0.113.8 -\n";
    let input = good.as_bytes().chain(io::repeat(b'a').take(10 << 20)).chain(&b"\n"[..]).chain(good.as_bytes());
    let (mut chunks, mut tally, mut largest) = (Chunks::with_size(input, 1 << 17), Tally::default(), 0);
    while let Some(chunk) = chunks.next().unwrap() {
        chunk.lines(&Dialect::Squid).for_each(|entry| tally.count(&entry));
        largest = largest.max(chunk.into_buffer().capacity());
    }
    assert_eq!((tally.lines, tally.read, tally.bad()), (3, 2, 1));
    assert_eq!(tally.complaints()[0].to_string(), "line 2: it is longer than 65536 bytes");
    assert_eq!(chunks.position(), (10 << 20) + 1 + 2 * good.len() as u64);
    assert!(largest <= 1 << 19, "{largest}");
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let line = b"1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/caf\xe9 ren\xe9e HIER_NONE/- -";
    let Found::Line(read) = Dialect::Squid.parse(line) else { panic!("it is read") };
    assert_eq!(read.url.as_bytes(), b"http://a.example/caf\xe9");
    assert_eq!(read.user.to_str(), "ren\u{fffd}e");
}

#[test]
fn what_was_counted_elsewhere_is_added() {
    let log = "x\n".repeat(50);
    let whole = all(&Dialect::Squid, log.as_bytes(), 100, 0).1;
    let mut sum = all(&Dialect::Squid, &log.as_bytes()[..20], 100, 0).1;
    let mut rest = Tally::default();
    let mut chunks = Chunks::new(log.as_bytes());
    while let Some(chunk) = chunks.next().unwrap() {
        chunk.lines(&Dialect::Squid).skip(10).for_each(|entry| rest.count(&entry));
    }
    rest.add(&sum);
    assert_eq!(rest, whole);
    sum.add(&Tally::default());
    assert_eq!(sum.complaints().len(), 10);
}

/// A caller splits work over cores: chunks go to threads, and what was counted there is added.
#[test]
fn chunks_are_read_on_several_threads() {
    fn goes_to_threads<T: Send + Sync>() {}
    goes_to_threads::<Dialect>();
    goes_to_threads::<LogLine<'static>>();
    goes_to_threads::<Requests>();
    let good = "1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/x ada HIER_DIRECT/203.0.113.8 -\n";
    let log = format!("{}x\n", good.repeat(999)).repeat(3);
    let mut chunks = Chunks::with_size(log.as_bytes(), 0);
    let mut sum = Tally::default();
    std::thread::scope(|scope| {
        let mut counts = Vec::new();
        while let Some(chunk) = chunks.next().unwrap() {
            counts.push(scope.spawn(move || {
                let mut tally = Tally::default();
                chunk.lines(&Dialect::Squid).for_each(|entry| tally.count(&entry));
                tally
            }));
        }
        assert!(counts.len() > 2);
        counts.into_iter().rev().for_each(|count| sum.add(&count.join().unwrap()));
    });
    assert_eq!(sum, all(&Dialect::Squid, log.as_bytes(), usize::MAX, 1 << 20).1);
    assert_eq!(sum.complaints().iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [1000, 2000, 3000]);
}
