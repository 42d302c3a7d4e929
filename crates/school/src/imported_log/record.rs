//! From a line of another filter's log to a line of ours.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use belisha_filter::Host;
use belisha_formats::access_log::{LogLine, Text};
use belisha_policy::{AccessRecord, Actor, Outcome};
use chrono::{DateTime, Utc};

use crate::past::{Judged, Person, Web};

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
    pub(super) fn record(
        &mut self,
        at: DateTime<Utc>,
        line: &LogLine<'_>,
        (person, actor): (&Person, &Actor),
        host: Option<&Host>,
        judged: Option<&Judged>,
    ) -> AccessRecord {
        let address = line.address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.to_canonical());
        let mut record = AccessRecord::new(at, actor, address);
        if let Person::Unknown(name) = person {
            // Named as the log names them, and no more sure than that.
            record.person = Some(name.clone());
        }
        if !line.device.is_empty() {
            record.device = Some(self.device(line.device));
        }
        if let Some(web) = Web::of(line) {
            record.host = host.map_or_else(Box::default, |host| host.as_str().into());
            record.scheme = web.scheme.into();
            record.port = web.port;
            record.path = boxed(web.path);
            if judged.is_some_and(|judged| judged.keeps_queries) {
                record.query = boxed(web.query);
            }
        }
        record.method = boxed(line.method.as_bytes());
        let outcome = line.observed.outcome();
        record.observed = outcome.unwrap_or(Outcome::Allowed);
        record.note = match outcome {
            None => UNSAID.into(),
            Some(Outcome::Refused | Outcome::Failed) => SAID.into(),
            Some(_) => Box::default(),
        };
        record.status = line.status;
        record.bytes = line.bytes;
        record.duration_ms = line.duration_ms;
        record.replayed = judged.map(|judged| Box::new(judged.said.clone()));
        record
    }

    fn device(&mut self, name: Text<'_>) -> Arc<str> {
        match &self.device {
            Some(device) if device.as_bytes() == name.as_bytes() => device.clone(),
            _ => self.device.insert(name.to_str().into()).clone(),
        }
    }
}

fn boxed(text: &[u8]) -> Box<str> {
    match core::str::from_utf8(text) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(text).into(),
    }
}
