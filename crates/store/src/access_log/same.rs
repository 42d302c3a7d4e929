//! Records that are by the same people and have the same answers as others before them, told without reading their texts:
//! whoever makes many records shares these.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ahash::RandomState;
use belisha_policy::{AccessRecord, Replayed};

use super::people::Who;

/// Askers and answers that are kept in mind; when there are more, all are forgotten.
const KEPT: usize = 8_192;

/// What was found out about records before.
#[derive(Debug, Default)]
pub(super) struct Same {
    /// The table of names that the numbers are from.
    table: i64,
    askers: HashMap<AskerKey, Asker, RandomState>,
    answers: HashMap<AnswerKey, Answer, RandomState>,
}

/// Where the shared texts of a record are, and what it says besides of who asked.
type AskerKey = ([usize; 4], IpAddr, u8);
/// The same of what came of it.
type AnswerKey = ([usize; 2], [u16; 2], [u8; 3]);

#[derive(Debug)]
struct Asker {
    who: Who,
    id: i64,
    /// As long as these are held, nothing else is where they are.
    _held: [Option<Arc<str>>; 4],
}

#[derive(Debug)]
struct Answer {
    id: i64,
    ruleset: u64,
    note: Box<str>,
    method: Box<str>,
    scheme: Box<str>,
    _profile: Arc<str>,
    _replayed: Option<Arc<Replayed>>,
}

impl Same {
    /// Who asked, where it is the same as before.
    pub(super) fn asker(&mut self, table: i64, record: &AccessRecord) -> Option<(Who, i64)> {
        if self.table != table {
            self.askers.clear();
            self.table = table;
            return None;
        }
        self.askers.get(&asker_key(record)).map(|asker| (asker.who, asker.id))
    }

    pub(super) fn keep_asker(&mut self, record: &AccessRecord, who: Who, id: i64) {
        if self.askers.len() >= KEPT {
            self.askers.clear();
        }
        let held = [&record.group, &record.person, &record.device, &record.place].map(Clone::clone);
        self.askers.insert(asker_key(record), Asker { who, id, _held: held });
    }

    /// What came of it, where it is the same as before.
    pub(super) fn answer(&self, record: &AccessRecord) -> Option<i64> {
        let known = self.answers.get(&answer_key(record))?;
        let Answer { ruleset, note, method, scheme, .. } = known;
        let same = (*ruleset, note, method, scheme) == (record.ruleset, &record.note, &record.method, &record.scheme);
        same.then_some(known.id)
    }

    pub(super) fn keep_answer(&mut self, record: &AccessRecord, id: i64) {
        if self.answers.len() >= KEPT {
            self.answers.clear();
        }
        let answer = Answer {
            id,
            ruleset: record.ruleset,
            note: record.note.clone(),
            method: record.method.clone(),
            scheme: record.scheme.clone(),
            _profile: record.profile.clone(),
            _replayed: record.replayed.clone(),
        };
        self.answers.insert(answer_key(record), answer);
    }
}

fn asker_key(record: &AccessRecord) -> AskerKey {
    let texts = [&record.group, &record.person, &record.device, &record.place];
    let place = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| Arc::as_ptr(text).addr());
    (texts.map(place), record.address, record.attribution as u8)
}

fn answer_key(record: &AccessRecord) -> AnswerKey {
    let replayed = record.replayed.as_ref().map_or(0, |replayed| Arc::as_ptr(replayed).addr());
    (
        [Arc::as_ptr(&record.profile).addr(), replayed],
        [record.status, record.port],
        [record.observed as u8, record.phase as u8, record.navigation as u8],
    )
}
