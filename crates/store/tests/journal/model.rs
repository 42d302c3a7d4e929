//! Properties, for any sequence of wishes:
//!
//! - every store gives every wish the reply that a simple model gives;
//! - the events that are then there are the model's, in its order, and `verify` finds them sound;
//! - it makes no difference whether the wishes came one by one, all at once, or through two handles;
//! - all stores end with the same head.

use std::collections::{BTreeMap, BTreeSet};

use belisha_store::journal::{
    Append, AppendError, Appended, Erase, Expected, Head, Journal, NewEvent, Payload, TaskId, Verdict, Write,
};
use belisha_store::{KeyRef, SchoolId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{World, at, key, prepared, stream, task, texts};

#[derive(Clone, Debug)]
enum Wish {
    Append(Append),
    Erase(Erase),
    Deliver(TaskId),
}

/// What a wish was answered, without what only the store knows.
#[derive(Clone, Debug, PartialEq)]
enum Reply {
    Done(u64, u64, bool),
    Conflict(u8, u64),
    KeyReused,
    Invalid,
    Delivered(bool),
}

fn reply(answer: Result<Appended, AppendError>) -> Reply {
    match answer {
        Ok(done) => Reply::Done(done.positions.start, done.positions.end, done.again),
        Err(AppendError::Conflict { stream, found }) => Reply::Conflict(stream.as_bytes()[0], found),
        Err(AppendError::KeyReused) => Reply::KeyReused,
        Err(AppendError::Invalid(_)) => Reply::Invalid,
        Err(error) => panic!("{error}"),
    }
}

/// A journal as one would write it on a page.
#[derive(Default)]
struct Model {
    events: Vec<(u8, Option<String>)>,
    receipts: BTreeMap<[u8; 16], ([u8; 32], u64, u64)>,
    owed: BTreeSet<(i64, TaskId)>,
    seen: BTreeSet<TaskId>,
    erasures: BTreeSet<usize>,
}

impl Model {
    fn version(&self, stream: u8) -> u64 {
        self.events.iter().filter(|(it, _)| *it == stream).count() as u64
    }

    fn before(&self, key: [u8; 16], fingerprint: [u8; 32]) -> Option<Reply> {
        let (earlier, first, end) = self.receipts.get(&key)?;
        Some(if *earlier == fingerprint { Reply::Done(*first, *end, true) } else { Reply::KeyReused })
    }

    fn done(&mut self, key: [u8; 16], fingerprint: [u8; 32], from: usize) -> Reply {
        let (first, end) = (from as u64 + 1, self.events.len() as u64 + 1);
        self.receipts.insert(key, (fingerprint, first, end));
        Reply::Done(first, end, false)
    }

    fn append(&mut self, wish: &Append) -> Reply {
        if wish.writes.iter().all(|write| write.events.is_empty()) {
            return Reply::Invalid;
        }
        if let Some(reply) = self.before(*wish.key.as_bytes(), wish.fingerprint) {
            return reply;
        }
        let from = self.events.len();
        for write in &wish.writes {
            let (number, found) = (write.stream.as_bytes()[0], self.version(write.stream.as_bytes()[0]));
            if write.expected != Expected::Any && write.expected != Expected::Version(found) {
                self.events.truncate(from);
                return Reply::Conflict(number, found);
            }
            for event in &write.events {
                let text = String::from_utf8(event.payload.bytes().unwrap().to_vec()).unwrap();
                self.events.push((number, Some(text)));
            }
        }
        for task in &wish.owes {
            if self.seen.insert(task.id) {
                self.owed.insert((task.due.timestamp_millis(), task.id));
            }
        }
        self.owed.retain(|(_, id)| !wish.settles.contains(id));
        self.done(*wish.key.as_bytes(), wish.fingerprint, from)
    }

    fn erase(&mut self, wish: &Erase) -> Reply {
        if wish.positions.is_empty() {
            return Reply::Invalid;
        }
        if let Some(reply) = self.before(*wish.key.as_bytes(), wish.fingerprint) {
            return reply;
        }
        let from = self.events.len();
        let there = |position: &u64| (1..=from as u64).contains(position);
        let indices: Vec<_> = wish.positions.iter().map(|it| usize::try_from(*it).unwrap().wrapping_sub(1)).collect();
        if !wish.positions.iter().all(there) || indices.iter().any(|index| self.erasures.contains(index)) {
            return Reply::Invalid;
        }
        for index in indices {
            self.events[index].1 = None;
        }
        self.erasures.insert(from);
        self.events.push((wish.stream.as_bytes()[0], Some("erasure".into())));
        self.done(*wish.key.as_bytes(), wish.fingerprint, from)
    }

    fn answer(&mut self, wish: &Wish) -> Reply {
        match wish {
            Wish::Append(append) => self.append(append),
            Wish::Erase(erase) => self.erase(erase),
            Wish::Deliver(id) => {
                let before = self.owed.len();
                self.owed.retain(|(_, it)| it != id);
                Reply::Delivered(self.owed.len() < before)
            }
        }
    }
}

fn event() -> impl Strategy<Value = NewEvent> {
    ("[a-z]{0,12}", 0..100_i64, any::<bool>()).prop_map(|(text, moment, seal)| {
        let bytes = text.into_bytes();
        let key = KeyRef::from_bytes([u8::try_from(moment).unwrap(); 16]);
        let payload = if seal { Payload::Sealed { key, bytes } } else { Payload::Open(bytes) };
        NewEvent { at: at(moment), payload }
    })
}

fn write() -> impl Strategy<Value = Write> {
    let expected = prop_oneof![3 => Just(Expected::Any), 2 => (0..6_u64).prop_map(Expected::Version)];
    (0..4_u8, 0..3_u16, expected, vec(event(), 0..4)).prop_map(|(number, class, expected, events)| Write {
        stream: stream(number),
        class,
        expected,
        events,
    })
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let print = |number: u8| [number; 32];
    let append = (0..25_u64, 0..2_u8, vec(write(), 1..4), vec((0..9_u8, 0..50_i64), 0..3), vec(0..9_u8, 0..3))
        .prop_map(move |(number, fingerprint, writes, owes, settles)| {
            let owes = owes.into_iter().map(|(number, due)| task(number, due)).collect();
            let settles = settles.into_iter().map(|number| task(number, 0).id).collect();
            Wish::Append(Append { key: key(number), fingerprint: print(fingerprint), writes, owes, settles })
        });
    let erase =
        (0..25_u64, 0..2_u8, 0..5_u8, vec(0..20_u64, 0..4)).prop_map(move |(number, fingerprint, name, positions)| {
            let (key, fingerprint) = (key(number), print(fingerprint));
            Wish::Erase(Erase { key, fingerprint, stream: stream(name), at: at(0), positions, reason: Vec::new() })
        });
    let deliver = (0..9_u8).prop_map(|number| Wish::Deliver(task(number, 0).id));
    vec(prop_oneof![8 => append, 2 => erase, 1 => deliver], 1..25)
}

fn ask(journal: &Journal, wish: &Wish) -> Reply {
    match wish.clone() {
        Wish::Append(append) => reply(journal.append(append)),
        Wish::Erase(erase) => reply(journal.erase(erase)),
        Wish::Deliver(id) => Reply::Delivered(journal.delivered(id).unwrap()),
    }
}

/// One by one through two handles, or appends that follow each other all at once.
fn ask_all(world: &World, wishes: &[Wish], at_once: bool) -> Vec<Reply> {
    let (one, other) = (world.open(), world.open());
    if !at_once {
        let handles = [&one, &other].into_iter().cycle();
        return wishes.iter().zip(handles).map(|(wish, journal)| ask(journal, wish)).collect();
    }
    let mut replies = Vec::new();
    for run in wishes.chunk_by(|a, b| matches!((a, b), (Wish::Append(_), Wish::Append(_)))) {
        if let [wish @ (Wish::Erase(_) | Wish::Deliver(_))] = run {
            replies.push(ask(&one, wish));
            continue;
        }
        let submit = |wish: &Wish| match wish {
            Wish::Append(append) => one.submit(append.clone()),
            _ => unreachable!("a run of appends"),
        };
        let tickets: Vec<_> = run.iter().map(submit).collect();
        replies.extend(tickets.into_iter().map(|ticket| reply(ticket.wait())));
    }
    replies
}

fn hold(world: &World, wishes: &[Wish], at_once: bool) -> Result<Head, TestCaseError> {
    let mut model = Model::default();
    let expected: Vec<_> = wishes.iter().map(|wish| model.answer(wish)).collect();
    prop_assert_eq!(ask_all(world, wishes, at_once), expected);
    let journal = world.open();
    let events: Vec<_> = journal.events(1).map(Result::unwrap).collect();
    let there: Vec<_> = events.iter().map(|event| event.stream.as_bytes()[0]).zip(texts(&events)).collect();
    let text = |(index, (stream, text)): (usize, &(u8, Option<String>))| {
        let text = text.clone().unwrap_or_else(|| "(erased)".into());
        (*stream, if model.erasures.contains(&index) { there[index].1.clone() } else { text })
    };
    let expected: Vec<_> = model.events.iter().enumerate().map(text).collect();
    prop_assert_eq!(&there, &expected);
    let owed: BTreeSet<_> = model.owed.iter().map(|(_, id)| *id).collect();
    prop_assert_eq!(journal.owed(at(99), 99).unwrap().into_iter().map(|it| it.id).collect::<BTreeSet<_>>(), owed);
    let head = journal.head().unwrap();
    prop_assert_eq!(journal.verify().unwrap(), Verdict::Sound { head });
    Ok(head)
}

fn run(cases: u32, test: impl Fn(Vec<Wish>, bool) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner.run(&(wishes(), any::<bool>()), |(wishes, at_once)| test(wishes, at_once)).unwrap();
}

#[test]
fn memory_and_file_reply_as_the_model_does() {
    run(96, |wishes, at_once| {
        let in_memory = hold(&World::memory(), &wishes, at_once)?;
        prop_assert_eq!(hold(&World::file(), &wishes, at_once)?, in_memory);
        Ok(())
    });
}

#[test]
fn a_server_replies_as_the_model_does() {
    let Some(server) = prepared() else { return };
    run(48, |wishes, at_once| {
        let world = World::server(&server);
        let twin = World::Memory(Journal::in_memory(world.school()).unwrap());
        prop_assert_eq!(hold(&world, &wishes, at_once)?, hold(&twin, &wishes, at_once)?);
        Ok(())
    });
}

#[test]
fn schools_of_one_server_do_not_see_each_other() {
    let Some(server) = prepared() else { return };
    let worlds = [World::server(&server), World::server(&server), World::server(&server)];
    let journals: Vec<_> = worlds.iter().map(World::open).collect();
    std::thread::scope(|scope| {
        for (number, journal) in journals.iter().enumerate() {
            scope.spawn(move || {
                for event in 0..20 {
                    journal.append(crate::support::note(event, stream(1), &number.to_string())).unwrap();
                }
            });
        }
    });
    for (number, journal) in journals.iter().enumerate() {
        let events: Vec<_> = journal.events(1).map(Result::unwrap).collect();
        assert_eq!(texts(&events), vec![number.to_string(); 20]);
        assert!(matches!(journal.verify().unwrap(), Verdict::Sound { .. }));
        assert_eq!(journal.owed(at(999), 9).unwrap(), []);
    }
    assert_ne!(journals[0].school(), SchoolId::from_bytes([0; 16]));
}
