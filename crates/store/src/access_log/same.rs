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
/// Words of answers that are kept in mind, as well.
const WORDS_KEPT: usize = 256;

/// What was found out about records before.
#[derive(Debug, Default)]
pub(super) struct Same {
    /// The table of names that the numbers are from.
    table: i64,
    askers: HashMap<AskerKey, Asker, RandomState>,
    answers: HashMap<AnswerKey, Answer, RandomState>,
    words: Vec<Words>,
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
    /// Which of the few words there are: so many answers have the same that they stay in the processor's caches.
    words: usize,
    _profile: Arc<str>,
    _replayed: Option<Arc<Replayed>>,
}

/// Note, method and scheme.
type Words = [Box<str>; 3];

fn are_of(words: &Words, record: &AccessRecord) -> bool {
    let theirs = [&record.note, &record.method, &record.scheme];
    words.iter().zip(theirs).all(|(ours, theirs)| {
        // An empty text is nowhere: to compare two of them byte by byte, of which there are none, costs some hundred cycles where memcmp
        // is one of masked loads.
        ours.len() == theirs.len() && (ours.is_empty() || ours == theirs)
    })
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
        let same = known.ruleset == record.ruleset && are_of(self.words.get(known.words)?, record);
        same.then_some(known.id)
    }

    pub(super) fn keep_answer(&mut self, record: &AccessRecord, id: i64) {
        if self.answers.len() >= KEPT || self.words.len() >= WORDS_KEPT {
            self.answers.clear();
            self.words.clear();
        }
        let words = self.words.iter().position(|words| are_of(words, record)).unwrap_or_else(|| {
            self.words.push([record.note.clone(), record.method.clone(), record.scheme.clone()]);
            self.words.len() - 1
        });
        let answer = Answer {
            id,
            ruleset: record.ruleset,
            words,
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
