//! What holds of a journal, wherever it is.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use belisha_store::StreamId;
use belisha_store::journal::{
    AppendError, Erase, Event, Expected, Follower, Journal, LONGEST_PAYLOAD, NewEvent, Payload, Projection, TaskId,
    Verdict,
};
use chrono::{DateTime, TimeDelta};

use crate::support::{World, at, key, note, open, sealed, stream, task, texts, wish, write};

type Scenario = fn(&World);

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("an empty journal", an_empty_journal),
    ("what is appended is read back", what_is_appended_is_read_back),
    ("several streams in one piece", several_streams_in_one_piece),
    ("a writer who knows an old version is refused", conflicts),
    ("asking twice does it once", asking_twice_does_it_once),
    ("a key for something else is refused", a_key_for_something_else_is_refused),
    ("a refusal harms no neighbour", a_refusal_harms_no_neighbour),
    ("what cannot be is refused", what_cannot_be_is_refused),
    ("payloads of all sizes", payloads_of_all_sizes),
    ("a clock that goes backwards", a_clock_that_goes_backwards),
    ("many writers leave no gap", many_writers_leave_no_gap),
    ("writers who race decide one after the other", writers_who_race),
    ("tickets are awaited too", tickets_are_awaited_too),
    ("what one does the other sees", what_one_does_the_other_sees),
    ("the same bytes and hashes as in memory", the_same_as_in_memory),
    ("erasing", erasing),
    ("erasing what cannot be erased", erasing_what_cannot_be_erased),
    ("what is owed is told of until it is settled", what_is_owed),
    ("a lease has one holder", a_lease_has_one_holder),
    ("a view followed is a view rebuilt", a_view_followed_is_a_view_rebuilt),
    ("a head of an earlier day", a_head_of_an_earlier_day),
    ("a copy is the journal", a_copy_is_the_journal),
    ("a copy that does not fit", a_copy_that_does_not_fit),
    ("a handle outlives nothing that was submitted", closing),
];

fn sound(journal: &Journal) {
    let head = journal.head().unwrap();
    assert_eq!(journal.verify().unwrap(), Verdict::Sound { head });
}

fn everything(journal: &Journal) -> Vec<Event> {
    journal.events(1).map(Result::unwrap).collect()
}

fn an_empty_journal(world: &World) {
    let journal = world.open();
    let head = journal.head().unwrap();
    assert_eq!(head.position, 0);
    assert_eq!((journal.read(0, 9).unwrap(), journal.read(5, 9).unwrap()), (vec![], vec![]));
    assert_eq!((journal.version(stream(1)).unwrap(), journal.read_stream(stream(1), 0).unwrap()), (0, vec![]));
    assert_eq!(journal.owed(at(0), 9).unwrap(), []);
    assert!(!journal.delivered(TaskId::from_bytes([1; 16])).unwrap());
    sound(&journal);
    assert_eq!(world.open().head().unwrap(), head);
}

fn what_is_appended_is_read_back(world: &World) {
    let journal = world.open();
    let begin = Expected::Version(0);
    let first = journal.append(wish(key(1), stream(1), begin, vec![sealed("a"), open("b")])).unwrap();
    assert_eq!((first.positions, first.again), (1..3, false));
    let second = journal.append(wish(key(2), stream(2), begin, vec![open("")])).unwrap();
    let third = journal.append(wish(key(3), stream(1), Expected::Version(2), vec![open("c")])).unwrap();
    assert_eq!((second.positions, third.positions), (3..4, 4..5));
    let head = journal.head().unwrap();
    assert_eq!((head.position, head.hash), (4, third.head));
    for journal in [journal, world.open()] {
        let events = journal.read(1, 9).unwrap();
        assert_eq!(events, everything(&journal));
        assert_eq!(texts(&events), ["a", "b", "", "c"]);
        assert_eq!(
            events.iter().map(|it| (it.position, it.version)).collect::<Vec<_>>(),
            [(1, 1), (2, 2), (3, 1), (4, 3)]
        );
        assert_eq!((events[0].class, events[0].at, &events[0].payload), (3, at(1), &sealed("a").payload));
        assert_eq!(texts(&journal.read(2, 2).unwrap()), ["b", ""]);
        assert_eq!(texts(&journal.read_stream(stream(1), 0).unwrap()), ["a", "b", "c"]);
        assert_eq!(texts(&journal.read_stream(stream(1), 2).unwrap()), ["c"]);
        assert_eq!(texts(&journal.read_stream(stream(1), 3).unwrap()), [""; 0]);
        assert_eq!(journal.version(stream(1)).unwrap(), 3);
        sound(&journal);
    }
}

fn several_streams_in_one_piece(world: &World) {
    let journal = world.open();
    let mut both = wish(key(1), stream(1), Expected::Version(0), vec![open("a")]);
    both.writes.push(write(stream(2), Expected::Version(0), vec![open("b"), open("c")]));
    // The same stream again counts what comes before it in the same piece.
    both.writes.push(write(stream(1), Expected::Version(1), vec![open("d")]));
    // Nothing is written to this one; it only must not have begun.
    both.writes.push(write(stream(3), Expected::Version(0), vec![]));
    assert_eq!(journal.append(both.clone()).unwrap().positions, 1..5);
    assert_eq!(journal.version(stream(3)).unwrap(), 0);
    both.key = key(2);
    both.writes[0].expected = Expected::Version(2);
    let refused = journal.append(both).unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { stream: it, found: 2 } if it == stream(2)), "{refused}");
    assert_eq!(journal.head().unwrap().position, 4, "all or nothing");
    assert_eq!(texts(&journal.read_stream(stream(1), 0).unwrap()), ["a", "d"]);
    // A stream begins with its first event, and the next number is its.
    journal.append(note(3, stream(3), "e")).unwrap();
    sound(&journal);
}

fn conflicts(world: &World) {
    let (one, other) = (world.open(), world.open());
    let race = |key, expected| wish(key, stream(1), Expected::Version(expected), vec![open("x")]);
    one.append(race(key(1), 0)).unwrap();
    for (number, expected) in [(2, 0), (3, 2), (4, u64::MAX)] {
        let refused = other.append(race(key(number), expected)).unwrap_err();
        assert!(matches!(refused, AppendError::Conflict { stream: it, found: 1 } if it == stream(1)), "{refused}");
    }
    other.append(race(key(5), 1)).unwrap();
    let refused = one.append(race(key(6), 1)).unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { found: 2, .. }), "{refused}");
    // A key that was refused is not used up.
    one.append(race(key(6), 2)).unwrap();
    assert_eq!(one.head().unwrap().position, 3);
}

fn asking_twice_does_it_once(world: &World) {
    let (one, other) = (world.open(), world.open());
    let asked = wish(key(1), stream(1), Expected::Version(0), vec![open("a"), open("b")]);
    let first = one.append(asked.clone()).unwrap();
    let more = note(2, stream(1), "c");
    other.append(more.clone()).unwrap();
    for journal in [&one, &other, &world.open()] {
        let again = journal.append(asked.clone()).unwrap();
        assert!(again.again && again.positions == first.positions && again.head == first.head, "{again:?}");
        assert!(journal.append(more.clone()).unwrap().again);
    }
    let tickets: Vec<_> = (0..5).map(|_| one.submit(note(3, stream(1), "d"))).collect();
    let answers: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap()).collect();
    assert_eq!(answers.iter().filter(|it| !it.again).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|it| it.positions == (4..5)), "{answers:?}");
    assert_eq!(texts(&one.read(1, 9).unwrap()), ["a", "b", "c", "d"]);
}

fn a_key_for_something_else_is_refused(world: &World) {
    let journal = world.open();
    let asked = note(1, stream(1), "a");
    let mut other = note(1, stream(1), "b");
    other.fingerprint = [2; 32];
    let (first, second) = (journal.submit(asked), journal.submit(other.clone()));
    first.wait().unwrap();
    assert!(matches!(second.wait(), Err(AppendError::KeyReused)));
    assert!(matches!(journal.append(other.clone()), Err(AppendError::KeyReused)));
    assert!(matches!(world.open().append(other), Err(AppendError::KeyReused)));
    assert_eq!(journal.head().unwrap().position, 1);
}

fn a_refusal_harms_no_neighbour(world: &World) {
    let journal = world.open();
    let wishes = (0..40).map(|number| {
        let expected = if number % 4 == 3 { Expected::Version(1_000) } else { Expected::Any };
        wish(key(number), stream(u8::try_from(number % 3).unwrap()), expected, vec![open(&number.to_string())])
    });
    let tickets: Vec<_> = wishes.map(|wish| journal.submit(wish)).collect();
    for (number, ticket) in tickets.into_iter().enumerate() {
        assert_eq!(ticket.wait().is_ok(), number % 4 != 3, "{number}");
    }
    let expected: Vec<_> = (0..40).filter(|number| number % 4 != 3).map(|number| number.to_string()).collect();
    assert_eq!(texts(&journal.read(1, 99).unwrap()), expected, "in the order of submitting");
    sound(&journal);
}

fn what_cannot_be_is_refused(world: &World) {
    let journal = world.open();
    let erased = NewEvent { at: at(0), payload: Payload::Erased };
    let long = NewEvent { at: at(0), payload: Payload::Open(vec![0; LONGEST_PAYLOAD + 1]) };
    let mut reserved = note(1, stream(1), "a");
    reserved.writes[0].class = u16::MAX;
    let mut role = note(1, stream(1), "a");
    role.owes.push(task(1, 0));
    role.owes[0].role = "x".repeat(201);
    let wishes = [
        wish(key(1), stream(1), Expected::Any, vec![]),
        wish(key(1), stream(1), Expected::Any, vec![erased]),
        wish(key(1), stream(1), Expected::Any, vec![open("a"), long]),
        reserved,
        role,
    ];
    for wish in wishes {
        assert!(matches!(journal.append(wish.clone()), Err(AppendError::Invalid(_))));
        assert!(matches!(journal.submit(wish).wait(), Err(AppendError::Invalid(_))));
    }
    assert_eq!(journal.head().unwrap().position, 0);
}

fn payloads_of_all_sizes(world: &World) {
    let journal = world.open();
    let sizes = [0, 1, 300, 4_000, 5_000, 100_000, 3_000_000];
    let pattern = |size: usize| (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect::<Vec<_>>();
    let events = sizes.map(|size| NewEvent { at: at(0), payload: Payload::Open(pattern(size)) });
    journal.append(wish(key(1), stream(1), Expected::Any, events.to_vec())).unwrap();
    let read = world.open().read_stream(stream(1), 0).unwrap();
    assert!(read.iter().map(|it| &it.payload).eq(events.iter().map(|it| &it.payload)));
    sound(&journal);
}

fn a_clock_that_goes_backwards(world: &World) {
    let journal = world.open();
    let moments = [at(0), at(-3_600), at(0), DateTime::UNIX_EPOCH, at(-3_600 * 24 * 365 * 90)];
    for (number, moment) in moments.iter().enumerate() {
        let event = NewEvent { at: *moment, payload: Payload::Open(number.to_string().into()) };
        journal.append(wish(key(number as u64), stream(1), Expected::Version(number as u64), vec![event])).unwrap();
    }
    let events = journal.read_stream(stream(1), 0).unwrap();
    assert_eq!(texts(&events), ["0", "1", "2", "3", "4"]);
    assert!(events.iter().map(|event| event.at).eq(moments));
    sound(&journal);
}

fn many_writers_leave_no_gap(world: &World) {
    let handles = [world.open(), world.open()];
    thread::scope(|scope| {
        for writer in 0_u8..6 {
            let journal = &handles[usize::from(writer) % 2];
            scope.spawn(move || {
                for number in 0..25_u64 {
                    let own = u64::from(writer) * 1_000 + number;
                    let mut wish = note(own, stream(writer), &own.to_string());
                    wish.writes[0].expected = Expected::Version(number);
                    wish.writes.push(write(stream(200), Expected::Any, vec![open("all")]));
                    if number % 2 == 0 {
                        journal.append(wish).unwrap();
                    } else {
                        journal.submit(wish).wait().unwrap();
                    }
                }
            });
        }
    });
    let events = everything(&handles[0]);
    assert_eq!(events.len(), 300);
    assert!(events.iter().map(|it| it.position).eq(1..=300));
    for writer in 0_u8..6 {
        let expected: Vec<_> = (0..25).map(|number| (u64::from(writer) * 1_000 + number).to_string()).collect();
        assert_eq!(texts(&handles[1].read_stream(stream(writer), 0).unwrap()), expected);
    }
    assert_eq!(handles[0].version(stream(200)).unwrap(), 150);
    sound(&handles[1]);
}

/// Each reads the version, decides, and writes only if nobody was in between.
fn writers_who_race(world: &World) {
    let handles = [world.open(), world.open()];
    thread::scope(|scope| {
        for writer in 0..4_u64 {
            let journal = &handles[usize::try_from(writer).unwrap() % 2];
            scope.spawn(move || {
                let mut done = 0;
                while done < 10 {
                    let version = journal.version(stream(1)).unwrap();
                    let text = version.to_string();
                    let key = key(writer * 1_000 + done);
                    match journal.append(wish(key, stream(1), Expected::Version(version), vec![open(&text)])) {
                        Ok(_) => done += 1,
                        Err(AppendError::Conflict { found, .. }) => assert!(found > version),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let expected: Vec<_> = (0..40).map(|version| version.to_string()).collect();
    assert_eq!(texts(&handles[0].read_stream(stream(1), 0).unwrap()), expected);
}

/// An executor of one task, which wakes by asking.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn tickets_are_awaited_too(world: &World) {
    let journal = world.open();
    let tickets: Vec<_> = (0..20).map(|number| journal.submit(note(number, stream(1), "x"))).collect();
    for (number, ticket) in (0..).zip(tickets) {
        assert_eq!(block_on(ticket).unwrap().positions, number + 1..number + 2);
    }
    // One that nobody waits for is appended all the same.
    drop(journal.submit(note(20, stream(1), "y")));
    while journal.head().unwrap().position < 21 {
        thread::sleep(Duration::from_millis(1));
    }
}

fn what_one_does_the_other_sees(world: &World) {
    let (one, other) = (world.open(), world.open());
    let (mut near, mut far) = (one.watch().unwrap(), other.watch().unwrap());
    assert!(!near.changed(Duration::ZERO) && !far.changed(Duration::ZERO));
    for number in 0..3 {
        one.append(note(number, stream(1), "x")).unwrap();
        // Far more than the second that is promised: a machine under load must not fail the test.
        assert!(near.changed(Duration::from_secs(30)) && far.changed(Duration::from_secs(30)));
        assert_eq!(other.head().unwrap().position, number + 1);
    }
    let mut late = one.watch().unwrap();
    assert!(!late.changed(Duration::ZERO), "only what comes after");
}

fn the_same_as_in_memory(world: &World) {
    let twins = [world.open(), Journal::in_memory(world.school()).unwrap()];
    for journal in &twins {
        for number in 0..30_u64 {
            let which = stream(u8::try_from(number % 7).unwrap());
            let mut wish = wish(key(number), which, Expected::Any, vec![sealed(&number.to_string()), open("é")]);
            wish.writes.push(write(stream(50), Expected::Any, vec![open("all")]));
            journal.append(wish).unwrap();
        }
        journal.erase(erase(99, vec![4, 1])).unwrap();
    }
    assert_eq!(twins[0].head().unwrap(), twins[1].head().unwrap());
    assert_eq!(everything(&twins[0]), everything(&twins[1]));
}

fn erase(number: u64, positions: Vec<u64>) -> Erase {
    let reason = b"retention".to_vec();
    Erase { key: key(number), fingerprint: [1; 32], stream: stream(90), at: at(9), positions, reason }
}

fn erasing(world: &World) {
    let journal = world.open();
    for number in 0..6 {
        journal.append(wish(key(number), stream(1), Expected::Any, vec![sealed(&format!("canary {number}"))])).unwrap();
    }
    let kept = journal.head().unwrap();
    let gone = journal.erase(erase(10, vec![5, 2, 5])).unwrap();
    assert_eq!(gone.positions, 7..8);
    assert!(journal.erase(erase(10, vec![5, 2, 5])).unwrap().again);
    // What is gone already may be named again.
    journal.erase(erase(11, vec![2, 3])).unwrap();
    for journal in [journal, world.open()] {
        let events = everything(&journal);
        let expected = ["canary 0", "(erased)", "(erased)", "canary 3", "(erased)", "canary 5"];
        assert_eq!(texts(&events)[..6], expected);
        assert_eq!((&events[1].payload, events[1].version), (&Payload::Erased, 2));
        assert_eq!(
            (events[6].erased(), events[7].erased(), events[0].erased()),
            (Some(vec![2, 5]), Some(vec![2, 3]), None)
        );
        assert!(events[6].payload.bytes().unwrap().ends_with(b"retention"));
        assert_eq!(texts(&journal.read_stream(stream(1), 1).unwrap())[0], "(erased)");
        sound(&journal);
        assert!(matches!(journal.verify_against(kept).unwrap(), Verdict::Sound { .. }));
    }
    if let World::File { folder, .. } = world {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let there = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!there("canary 1") && !there("canary 2") && !there("canary 4"));
        }
    }
}

fn erasing_what_cannot_be_erased(world: &World) {
    let journal = world.open();
    journal.append(note(1, stream(1), "a")).unwrap();
    journal.erase(erase(2, vec![1])).unwrap();
    for positions in [vec![], vec![0], vec![3], vec![1, 99], vec![2], vec![u64::MAX]] {
        assert!(matches!(journal.erase(erase(3, positions)), Err(AppendError::Invalid(_))));
    }
    assert_eq!(journal.head().unwrap().position, 2);
    sound(&journal);
}

fn owed(journal: &Journal, now: i64) -> Vec<u8> {
    journal.owed(at(now), 10).unwrap().iter().map(|task| task.id.as_bytes()[0]).collect()
}

fn what_is_owed(world: &World) {
    let (one, other) = (world.open(), world.open());
    let mut first = note(1, stream(1), "a");
    first.owes = vec![task(1, 50), task(2, 10), task(3, 30)];
    one.append(first.clone()).unwrap();
    one.append(first).unwrap();
    assert_eq!(
        (owed(&one, 9), owed(&one, 10), owed(&one, 49), owed(&other, 50)),
        (vec![], vec![2], vec![2, 3], vec![2, 3, 1])
    );
    assert_eq!(one.owed(at(99), 1).unwrap().len(), 1);
    let told = &other.owed(at(99), 9).unwrap()[0];
    assert_eq!((&told.role, told.due, &told.body), (&task(2, 10).role, at(10), &vec![2; 20]));
    // A process that tells and ends before it says so leaves the task to be told of again.
    assert_eq!(owed(&world.open(), 99), [2, 3, 1]);
    assert!(one.delivered(told.id).unwrap());
    assert!(!one.delivered(told.id).unwrap() && !other.delivered(told.id).unwrap());
    // What was settled is not owed again, not even by another wish.
    let mut second = note(2, stream(1), "b");
    second.settles = vec![task(3, 0).id, task(9, 0).id];
    second.owes = vec![task(2, 0), task(4, 5)];
    other.append(second).unwrap();
    assert_eq!((owed(&one, 99), owed(&other, 99)), (vec![4, 1], vec![4, 1]));
    // What follows from what is owed needs no event, and is owed once.
    for _ in 0..2 {
        one.owe(&task(6, 7)).unwrap();
        one.owe(&task(3, 0)).unwrap();
    }
    assert_eq!((owed(&one, 99), owed(&world.open(), 99)), (vec![4, 6, 1], vec![4, 6, 1]));
    assert!(other.delivered(task(6, 0).id).unwrap());
    one.owe(&task(6, 7)).unwrap();
    assert_eq!(owed(&other, 99), [4, 1]);
    // A wish that is refused owes nothing.
    let mut third = wish(key(3), stream(1), Expected::Version(0), vec![open("c")]);
    (third.owes, third.settles) = (vec![task(5, 0)], vec![task(4, 0).id]);
    one.append(third).unwrap_err();
    assert_eq!(owed(&one, 99), [4, 1]);
}

fn a_lease_has_one_holder(world: &World) {
    let (one, other) = (world.open(), world.open());
    let minute = TimeDelta::minutes(1);
    let lease = one.lease("outbox", at(0), minute).unwrap().unwrap();
    assert_eq!(lease.until(), at(60));
    assert!(other.lease("outbox", at(59), minute).unwrap().is_none());
    assert!(one.lease("outbox", at(59), minute).unwrap().is_none(), "the process is not the holder, the lease is");
    assert!(other.lease("something else", at(0), minute).unwrap().is_some());
    let lease = one.prolong(lease, at(50), minute).unwrap().unwrap();
    assert!(other.lease("outbox", at(109), minute).unwrap().is_none());
    // At the instant of its end it has ended.
    let theirs = other.lease("outbox", at(110), minute).unwrap().unwrap();
    one.release(&lease).unwrap();
    assert!(one.prolong(lease, at(111), minute).unwrap().is_none(), "somebody else has it");
    other.release(&theirs).unwrap();
    assert!(one.lease("outbox", at(112), minute).unwrap().is_some());
}

/// How many events each stream has, and what was last said in it.
#[derive(Debug, Default, PartialEq)]
struct Counts(BTreeMap<StreamId, (u64, Option<Vec<u8>>)>);

impl Projection for Counts {
    fn apply(&mut self, event: &Event) {
        let entry = self.0.entry(event.stream).or_default();
        *entry = (entry.0 + 1, event.payload.bytes().map(Into::into));
    }
}

fn a_view_followed_is_a_view_rebuilt(world: &World) {
    let (one, other) = (world.open(), world.open());
    let mut followed = Follower::new(Counts::default());
    for number in 0..20 {
        one.append(note(number, stream(u8::try_from(number % 3).unwrap()), &number.to_string())).unwrap();
        if number % 5 == 0 {
            followed.catch_up(&other).unwrap();
        }
    }
    followed.catch_up(&one).unwrap();
    assert_eq!((followed.catch_up(&one).unwrap(), followed.position()), (0, 20));
    let mut rebuilt = Follower::new(Counts::default());
    assert_eq!(rebuilt.catch_up(&other).unwrap(), 20);
    assert_eq!(followed.view(), rebuilt.view());
    assert_eq!(followed.view().0[&stream(1)], (7, Some(b"19".to_vec())));
    let mut resumed = Follower::resume(Counts::default(), 18);
    assert_eq!(resumed.catch_up(&one).unwrap(), 2);
}

fn a_head_of_an_earlier_day(world: &World) {
    let journal = world.open();
    let mut heads = vec![journal.head().unwrap()];
    for number in 0..5 {
        journal.append(note(number, stream(1), "x")).unwrap();
        heads.push(journal.head().unwrap());
    }
    for head in &heads {
        assert_eq!(journal.verify_against(*head).unwrap(), Verdict::Sound { head: heads[5] });
    }
    let mut other = heads[3];
    other.position = 2;
    assert!(matches!(journal.verify_against(other).unwrap(), Verdict::Broken(_)));
    let verdict = journal.verify().unwrap();
    assert_eq!(verdict.to_string(), format!("sound, and ends with {}", heads[5].hash));
}

fn fill(journal: &Journal) {
    for number in 0..12_u64 {
        let mut wish = note(number, stream(u8::try_from(number % 4).unwrap()), &number.to_string());
        wish.writes[0].events.push(sealed("s"));
        wish.owes.push(task(u8::try_from(number).unwrap(), 5));
        journal.append(wish).unwrap();
    }
    journal.erase(erase(77, vec![3, 8])).unwrap();
    assert!(journal.delivered(task(4, 0).id).unwrap());
}

fn a_copy_is_the_journal(world: &World) {
    // There and back.
    let twin = Journal::in_memory(world.school()).unwrap();
    fill(&twin);
    let mut copy = Vec::new();
    let head = twin.export(&mut copy).unwrap();
    assert_eq!(head, twin.head().unwrap());
    let journal = world.open();
    assert_eq!(journal.import(&copy[..]).unwrap(), head);
    let mut again = Vec::new();
    world.open().export(&mut again).unwrap();
    assert!(copy == again);
    // It is as alive as the first one.
    for journal in [&journal, &world.open()] {
        assert_eq!((journal.head().unwrap(), everything(journal)), (head, everything(&twin)));
        assert!(journal.append(note(3, stream(3), "3")).unwrap().again);
        assert_eq!(owed(journal, 99).len(), 10);
        sound(journal);
    }
    for journal in [&journal, &twin] {
        journal.append(note(200, stream(2), "more")).unwrap();
        journal.append(note(201, stream(60), "new")).unwrap();
    }
    assert_eq!(journal.head().unwrap(), twin.head().unwrap());
    sound(&journal);
}

fn a_copy_that_does_not_fit(world: &World) {
    let (twin, journal) = (Journal::in_memory(world.school()).unwrap(), world.open());
    fill(&twin);
    let mut copy = Vec::new();
    twin.export(&mut copy).unwrap();
    let foreign = Journal::in_memory(belisha_store::SchoolId::from_bytes([0xEE; 16])).unwrap();
    let mut theirs = Vec::new();
    foreign.export(&mut theirs).unwrap();
    assert!(journal.import(&theirs[..]).unwrap_err().to_string().contains("another school"));
    assert!(journal.import(&b"notes of a meeting"[..]).unwrap_err().to_string().contains("no copy"));
    for at in (0..copy.len()).step_by(copy.len() / 40) {
        assert!(journal.import(&copy[..at]).is_err(), "cut at {at}");
        let mut changed = copy.clone();
        changed[at] ^= 4;
        assert!(journal.import(&changed[..]).is_err(), "changed at {at}");
        assert_eq!(journal.head().unwrap().position, 0);
        assert_eq!(owed(&journal, 99), [0; 0]);
    }
    journal.import(&copy[..]).unwrap();
    assert!(journal.import(&copy[..]).unwrap_err().to_string().contains("already holds"));
    sound(&journal);
}

fn closing(world: &World) {
    let journal = world.open();
    let tickets: Vec<_> = (0..50).map(|number| journal.submit(note(number, stream(1), "x"))).collect();
    drop(journal);
    let answers: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap().positions.start).collect();
    assert!(answers.into_iter().eq(1..=50));
    assert_eq!(world.open().head().unwrap().position, 50);
}
