//! From a line of another filter's log to a line of ours.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use belisha_filter::Host;
use belisha_formats::access_log::{LogLine, Text};
use belisha_policy::{AccessRecord, Actor, Outcome};
use chrono::{DateTime, Utc};

use crate::past::{Judged, Person, Web};

/// The address of whom a log names without one.
pub(super) const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Of a log that does not say what became of a request: it counts as one that went to its origin, so that nobody takes
/// for prevented what may not have been, and monitoring misses nothing.
const UNSAID: &str = "the imported log does not say what became of it";
/// Of a log that says so, and why in words that may name people.
const SAID: &str = "so says the imported log";

/// Makes records. Texts that come again and again are shared.
#[derive(Default)]
pub(super) struct Recorder {
    /// The device of the line before, which is mostly that of this one.
    device: Option<Arc<str>>,
}

impl Recorder {
    /// Makes a record of a line, in the place of one that is not needed any more.
    pub(super) fn fill(
        &mut self,
        record: &mut AccessRecord,
        (at, line): (DateTime<Utc>, &LogLine<'_>),
        (person, actor): (&Person, &Actor),
        (web, host): (Option<Web<'_>>, Option<&Host>),
        judged: Option<&Judged>,
    ) {
        record.at = at;
        record.group = actor.group().cloned();
        record.person = match person {
            // Named as the log names them, and no more sure than that.
            Person::Unknown(name) => Some(name.clone()),
            Person::Known(_) | Person::Nobody => actor.person().cloned(),
        };
        record.attribution = actor.attribution();
        record.address = line.address.map_or(NOWHERE, |address| address.to_canonical());
        record.device = if line.device.is_empty() { actor.device().cloned() } else { Some(self.device(line.device)) };
        record.place = actor.place().cloned();
        put(&mut record.method, line.method.as_bytes());
        put(&mut record.scheme, web.map_or(&[], |web| web.scheme.as_bytes()));
        put(&mut record.host, host.map_or(&[], |host| host.as_str().as_bytes()));
        record.port = web.map_or(0, |web| web.port);
        put(&mut record.path, web.map_or(&[], |web| web.path));
        let keeps_query = judged.is_some_and(|judged| judged.keeps_queries);
        put(&mut record.query, web.filter(|_| keeps_query).map_or(&[], |web| web.query));
        let outcome = line.observed.outcome();
        record.observed = outcome.unwrap_or(Outcome::Allowed);
        put(&mut record.note, note(outcome).as_bytes());
        record.status = line.status;
        record.bytes = line.bytes;
        record.duration_ms = line.duration_ms;
        record.replayed = judged.map(|judged| judged.said.clone());
    }

    fn device(&mut self, name: Text<'_>) -> Arc<str> {
        match &self.device {
            Some(device) if device.as_bytes() == name.as_bytes() => device.clone(),
            _ => self.device.insert(name.to_str().into()).clone(),
        }
    }
}

fn note(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => UNSAID,
        Some(Outcome::Refused | Outcome::Failed) => SAID,
        Some(Outcome::Allowed | Outcome::Blocked | Outcome::Warned | Outcome::Monitored) => "",
    }
}

/// Puts a text in the place of another, which is mostly the same or as long.
fn put(to: &mut Box<str>, text: &[u8]) {
    // Two that are empty are not compared byte by byte, which costs some hundred cycles where memcmp is one of masked loads.
    let is_same = to.len() == text.len() && (text.is_empty() || to.as_bytes() == text);
    if !is_same {
        *to = match core::str::from_utf8(text) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(text).into(),
        };
    }
}
