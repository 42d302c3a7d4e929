//! What somebody does who has the store itself in hand, and what `verify` says to it.

use belisha_store::journal::{Append, Erase, Expected, Fault, Head, Journal, Place, Verdict};

use crate::support::{World, at, everywhere, key, open, prepared, sealed, stream, task, wish};

/// Nine events in three streams, one of them erased by the last.
fn fill(journal: &Journal) -> Head {
    for number in 0..8_u8 {
        let event = if number % 2 == 0 { sealed("a sealed text") } else { open("an open text") };
        let mut asked: Append = wish(key(number.into()), stream(number % 3), Expected::Any, vec![event]);
        asked.owes.push(task(number, 0));
        journal.append(asked).unwrap();
    }
    journal.erase(erase(20, vec![2])).unwrap();
    journal.head().unwrap()
}

fn erase(number: u64, positions: Vec<u64>) -> Erase {
    Erase { key: key(number), fingerprint: [1; 32], stream: stream(0), at: at(0), positions, reason: vec![] }
}

fn fault(verdict: Verdict) -> Option<Place> {
    match verdict {
        Verdict::Sound { .. } => None,
        Verdict::Broken(fault) => Some(Fault::reveal(&fault)),
    }
}

const SHIFT: &str = "UPDATE events SET position = position + 1000 WHERE MINE AND position > 4;
    UPDATE events SET position = position - 1001 WHERE MINE AND position > 1000;";

/// What is done, and where it shows.
const MEDDLING: &[(&str, &str, Place)] = &[
    ("a payload altered", "UPDATE events SET payload = '\\x61' WHERE MINE AND position = 3", Place::Altered(3)),
    ("a payload emptied", "UPDATE events SET payload = '\\x' WHERE MINE AND position = 4", Place::Altered(4)),
    ("the time", "UPDATE events SET at = at + 1 WHERE MINE AND position = 5", Place::Altered(5)),
    ("the class", "UPDATE events SET class = 4 WHERE MINE AND position = 6", Place::Altered(6)),
    ("the version", "UPDATE events SET version = version + 1 WHERE MINE AND position = 7", Place::Altered(7)),
    ("the event before it", "UPDATE events SET previous = 3 WHERE MINE AND position = 8", Place::Altered(8)),
    ("the stream", "UPDATE events SET stream = 3 WHERE MINE AND position = 1", Place::Altered(1)),
    (
        "the key",
        "UPDATE events SET key = '\\x00112233445566778899aabbccddeeff' WHERE MINE AND position = 3",
        Place::Altered(3),
    ),
    ("sealed made open", "UPDATE events SET key = NULL WHERE MINE AND position = 3", Place::Altered(3)),
    (
        "the hash",
        "UPDATE events SET hash = (SELECT hash FROM events WHERE MINE AND position = 2) WHERE MINE AND position = 4",
        Place::Altered(4),
    ),
    ("what was erased made anew", "UPDATE events SET payload = '\\x61' WHERE MINE AND position = 2", Place::Altered(2)),
    (
        "erased without a word",
        "UPDATE events SET erased = (SELECT hash FROM events WHERE MINE AND position = 1), payload = NULL WHERE MINE AND position = 5",
        Place::Altered(5),
    ),
    (
        "the digest of what was erased",
        "UPDATE events SET erased = (SELECT hash FROM events WHERE MINE AND position = 1) WHERE MINE AND position = 2",
        Place::Altered(2),
    ),
    ("the first removed", "DELETE FROM events WHERE MINE AND position = 1", Place::Missing(1)),
    ("one removed", "DELETE FROM events WHERE MINE AND position = 6", Place::Missing(6)),
    ("one removed and the gap closed", SHIFT_AFTER_REMOVING, Place::Altered(4)),
    ("two changed places", SWAP, Place::Altered(3)),
    ("one put in between", INSERT, Place::Altered(5)),
    ("one put at the end", APPEND, Place::Altered(10)),
    (
        "one put at the front",
        "INSERT INTO events (position, stream, version, previous, class, at, hash, payload) SELECT 0, stream, version, previous, class, at, hash, payload FROM events WHERE MINE AND position = 4",
        Place::Missing(1),
    ),
    ("one put before the front", "UPDATE events SET position = -1 WHERE MINE AND position = 1", Place::Unreadable(1)),
    ("a stream hidden", "UPDATE streams SET version = 1, last = 1 WHERE MINE AND number = 1", Place::Streams),
    ("a stream lengthened", "UPDATE streams SET version = version + 1 WHERE MINE AND number = 2", Place::Streams),
    (
        "a stream invented",
        "INSERT INTO streams (number, id, version, last) VALUES (4, '\\x00112233445566778899aabbccddeeff', 1, 1)",
        Place::Streams,
    ),
    (
        "a stream renamed",
        "UPDATE streams SET id = '\\x00112233445566778899aabbccddeeff' WHERE MINE AND number = 2",
        Place::Altered(2),
    ),
    ("a stream removed", "DELETE FROM streams WHERE MINE AND number = 3", Place::Unreadable(3)),
];

const SHIFT_AFTER_REMOVING: &str = "DELETE FROM events WHERE MINE AND position = 4; SHIFT";
const SWAP: &str = "UPDATE events SET position = 1000 WHERE MINE AND position = 3;
    UPDATE events SET position = 3 WHERE MINE AND position = 4;
    UPDATE events SET position = 4 WHERE MINE AND position = 1000";
const INSERT: &str = "UPDATE events SET position = position + 1000 WHERE MINE AND position > 4;
    UPDATE events SET position = position - 999 WHERE MINE AND position > 1000;
    INSERT INTO events (position, stream, version, previous, class, at, hash, payload)
      SELECT 5, stream, version, previous, class, at, hash, payload FROM events WHERE MINE AND position = 4";
const APPEND: &str = "INSERT INTO events (position, stream, version, previous, class, at, hash, payload)
      SELECT 10, stream, 4, 9, class, at, hash, payload FROM events WHERE MINE AND position = 8";

/// The statements in the tongue of the store: bytes are written `'\x..'`.
fn meddle(world: &World, sql: &str) {
    let sql = sql.replace("SHIFT", SHIFT);
    match world {
        World::Server { .. } => {
            let given = "INSERT INTO events (position";
            let number = "(SELECT school FROM events WHERE MINE LIMIT 1)";
            let sql = sql
                .replace("SELECT 0, stream", &format!("SELECT {number}, 0, stream"))
                .replace("SELECT 5, stream", &format!("SELECT {number}, 5, stream"))
                .replace("SELECT 10, stream", &format!("SELECT {number}, 10, stream"))
                .replace(given, "INSERT INTO events (school, position")
                .replace("streams (number", "streams (school, number")
                .replace("VALUES (4,", &format!("VALUES ({number}, 4,"));
            world.meddle(&sql);
        }
        _ => world.meddle(&sql.replace("'\\x", "x'")),
    }
}

fn each_kind(world: &dyn Fn() -> World) {
    for (name, sql, place) in MEDDLING {
        let world = world();
        let journal = world.open();
        let head = fill(&journal);
        assert_eq!(journal.verify().unwrap(), Verdict::Sound { head });
        meddle(&world, sql);
        for journal in [journal, world.open()] {
            let verdict = journal.verify().unwrap();
            assert_eq!((verdict.to_string().as_str(), format!("{verdict:?}").as_str()), ("broken", "broken"), "{name}");
            assert_eq!(fault(verdict), Some(*place), "{name}");
            assert!(fault(journal.verify_against(head).unwrap()).is_some(), "{name}");
            assert!(journal.export(std::io::sink()).is_err() || *place == Place::Streams, "{name}");
        }
    }
}

#[test]
fn every_meddling_with_a_file_shows() {
    each_kind(&World::file);
}

#[test]
fn every_meddling_with_a_server_shows() {
    let Some(server) = prepared() else { return };
    each_kind(&|| World::server(&server));
}

/// Nobody who reads is given what was altered.
#[test]
fn what_was_altered_is_not_read() {
    everywhere(|kind, world| {
        if kind == "memory" {
            return;
        }
        let journal = world.open();
        fill(&journal);
        meddle(world, "UPDATE events SET payload = '\\x61' WHERE MINE AND position = 4");
        assert!(journal.read(1, 9).is_err(), "{kind}");
        assert_eq!(journal.read(1, 3).unwrap().len(), 3, "{kind}");
        assert_eq!(journal.read(5, 9).unwrap().len(), 5, "{kind}");
        assert_eq!(journal.events(1).filter(Result::is_err).count(), 1, "{kind}: it ends there");
        // Stream 0 has the events 1, 4 and 7, and 9.
        assert_eq!(journal.read_stream(stream(0), 2).unwrap().len(), 2, "{kind}");
        assert!(journal.read_stream(stream(0), 0).is_err(), "{kind}");
        meddle(world, "UPDATE streams SET last = 6 WHERE MINE AND number = 2");
        assert!(journal.read_stream(stream(1), 0).is_err(), "{kind}");
    });
}

/// The end cut off leaves a sound journal of an earlier day: only a head that was kept tells.
#[test]
fn the_end_cut_off_shows_against_a_kept_head() {
    everywhere(|kind, world| {
        if kind == "memory" {
            return;
        }
        let head = fill(&world.open());
        meddle(
            world,
            "DELETE FROM events WHERE MINE AND position > 6;
             UPDATE events SET erased = NULL, payload = '\\x616e206f70656e2074657874'
               WHERE MINE AND position = 2;
             UPDATE streams SET version = 2, last = number + 3 WHERE MINE",
        );
        let journal = world.open();
        assert_eq!(fault(journal.verify().unwrap()), None, "{kind}");
        assert_eq!(fault(journal.verify_against(head).unwrap()), Some(Place::Shorter), "{kind}");
    });
}

/// Somebody who can work out hashes writes the last event anew: only a head that was kept tells.
#[test]
fn another_history_shows_against_a_kept_head() {
    let (one, other) = (World::file(), World::file());
    let head = fill(&one.open());
    let journal = other.open();
    for number in 0..12 {
        journal.append(wish(key(number), stream(1), Expected::Any, vec![open("another")])).unwrap();
    }
    assert_eq!(fault(journal.verify().unwrap()), None);
    assert_eq!(fault(journal.verify_against(head).unwrap()), Some(Place::Other));
}

/// Erased with the right digest, and nothing in the chain names it; or named, and there again.
#[test]
fn what_is_gone_must_be_named_and_what_is_named_gone() {
    everywhere(|kind, world| {
        if kind == "memory" {
            return;
        }
        let journal = world.open();
        fill(&journal);
        // Two events that say the same: the digest of the one that was erased is that of the other.
        let digest = "(SELECT erased FROM events WHERE MINE AND position = 2)";
        meddle(world, &format!("UPDATE events SET erased = {digest}, payload = NULL WHERE MINE AND position = 4"));
        assert_eq!(fault(journal.verify().unwrap()), Some(Place::Lost(4)), "{kind}");
        meddle(
            world,
            "UPDATE events SET payload = (SELECT payload FROM events WHERE MINE AND position = 6), erased = NULL
             WHERE MINE AND position IN (2, 4)",
        );
        assert_eq!(fault(journal.verify().unwrap()), Some(Place::Returned(2)), "{kind}");
    });
}
