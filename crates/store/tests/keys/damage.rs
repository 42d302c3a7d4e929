//! One bit that is not as it was written: an error, never other words, never a panic. Bits of a neighbour's key do not
//! matter.

use belisha_store::keys::{KeyError, Readers, TableKey};
use proptest::prelude::*;

use crate::support::{CASES, Spot, open, people, stream, unlock};

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

#[test]
fn a_bit_of_what_was_sealed() {
    let store = Spot::memory().create();
    people(&store, &["a"]);
    store.name_role(&belisha_store::keys::Role::CASES, &["a"]).unwrap();
    let a = unlock(&store, "a");
    for readers in [&Readers::School, &CASES] {
        let sealed = store.seal(stream(1), readers, b"some words").unwrap();
        for bytes in flipped(&sealed.bytes) {
            assert!(matches!(store.open(stream(1), sealed.key, &bytes, &a), Err(KeyError::Damaged { .. })));
        }
        for length in 0..sealed.bytes.len() {
            assert!(store.open(stream(1), sealed.key, &sealed.bytes[..length], &a).is_err());
        }
        let seal = store.public_seal(stream(1), readers).unwrap();
        let apart = seal.seal(b"some words").unwrap();
        for bytes in flipped(&apart) {
            assert!(store.open_apart(&bytes, &a).is_err());
        }
        for length in 0..apart.len() {
            assert!(store.open_apart(&apart[..length], &a).is_err());
        }
        let table = TableKey::random().unwrap();
        let entry = table.seal(b"1", b"some words").unwrap();
        assert!(flipped(&entry).all(|bytes| table.open(b"1", &bytes).is_err()));
    }
}

#[test]
fn a_bit_of_a_block() {
    let spot = Spot::folder();
    let sealed = spot.create().seal(stream(1), &Readers::School, b"some words").unwrap();
    let of_key = 88 + 48 * usize::from(sealed.key.as_bytes()[15]);
    let db = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let whole: Vec<u8> = db.query_row("SELECT bytes FROM blocks", [], |row| row.get(0)).unwrap();
    for (bit, bytes) in flipped(&whole).enumerate().step_by(3) {
        db.execute("UPDATE blocks SET bytes = ?1", [&bytes]).unwrap();
        let store = spot.open();
        let opened = open(&store, stream(1), &sealed, store.as_school());
        // Readers and edition say who may open: a bit there is no matter for whoever has the right secret, or one for
        // refusal.
        let matters = bit / 8 < 88 || (of_key..of_key + 48).contains(&(bit / 8));
        match opened {
            Ok(text) => assert!(*text == b"some words" && (!matters || bit / 8 < 8), "bit {bit}"),
            Err(_) => assert!(matters, "bit {bit}"),
        }
    }
    for length in 0..whole.len() {
        db.execute("UPDATE blocks SET bytes = ?1", [&whole[..length]]).unwrap();
        let store = spot.open();
        let _ = open(&store, stream(1), &sealed, store.as_school());
    }
}

#[test]
fn a_block_that_was_passed_off_for_another() {
    let spot = Spot::folder();
    let sealed: Vec<_> = {
        let store = spot.create();
        (1..3).map(|it| store.seal(stream(it), &Readers::School, b"some words").unwrap()).collect()
    };
    let db = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
    // Under the other stream; then with the other's keys.
    db.execute("UPDATE blocks SET stream = ?1 WHERE number = 1", [stream(2).as_bytes()]).unwrap();
    let store = spot.open();
    let as_other = store.open(stream(2), sealed[0].key, &sealed[0].bytes, store.as_school());
    assert!(matches!(as_other, Err(KeyError::Damaged { .. })));
    db.execute("UPDATE blocks SET stream = ?1 WHERE number = 1", [stream(1).as_bytes()]).unwrap();
    db.execute("UPDATE blocks SET bytes = (SELECT bytes FROM blocks WHERE number = 2) WHERE number = 1", []).unwrap();
    let store = spot.open();
    let opened = open(&store, stream(1), &sealed[0], store.as_school());
    assert!(matches!(opened, Err(KeyError::Damaged { .. })));
}

#[test]
fn a_block_that_is_damaged_does_not_stop_a_hand_over() {
    let spot = Spot::folder();
    let store = spot.create();
    people(&store, &["a"]);
    let sealed: Vec<_> = (0..3).map(|it| store.seal(stream(it), &CASES, b"x").unwrap()).collect();
    let db = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
    let mut bytes: Vec<u8> = db.query_row("SELECT bytes FROM blocks WHERE number = 2", [], |row| row.get(0)).unwrap();
    bytes[60] ^= 1;
    db.execute("UPDATE blocks SET bytes = ?1 WHERE number = 2", [&bytes]).unwrap();
    let done = store.name_role(&belisha_store::keys::Role::CASES, &["a"]).unwrap();
    assert_eq!((done.blocks, done.damaged), (2, 1));
    let a = unlock(&store, "a");
    let opened: Vec<_> = (0..3).zip(&sealed).map(|(it, sealed)| open(&store, stream(it), sealed, &a)).collect();
    assert!(opened[0].is_ok() && opened[2].is_ok());
    assert!(matches!(opened[1], Err(KeyError::Damaged { .. })));
}

#[test]
fn a_ring_that_is_damaged_is_refused() {
    let spot = Spot::folder();
    drop(spot.create());
    let db = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
    let damaged = |sql: &str| {
        db.execute_batch(&format!("BEGIN; {sql}; COMMIT")).unwrap();
        assert!(matches!(spot.try_open(), Err(KeyError::Damaged { .. })), "{sql}");
        assert!(spot.try_open().unwrap_err().to_string().contains("backup"));
    };
    // A ring under another number is no ring.
    damaged("UPDATE ring SET edition = edition + 1");
    damaged("UPDATE ring SET edition = edition - 1, bytes = CAST(substr(bytes, 1, 60) || x'0000' AS BLOB)");
    damaged("UPDATE ring SET bytes = 'a text'");
    damaged("DELETE FROM ring");
}

proptest! {
    /// Any bytes at all are refused, by everything that takes bytes.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), key in any::<[u8; 16]>()) {
        thread_local!(static STORE: belisha_store::keys::KeyStore = Spot::memory().create());
        STORE.with(|store| {
            let key = belisha_store::KeyRef::from_bytes(key);
            assert!(store.open(stream(1), key, &bytes, store.as_school()).is_err());
            assert!(store.open_apart(&bytes, store.as_school()).is_err());
            assert!(store.open_apart(&[b"BLs1", &bytes[..]].concat(), store.as_school()).is_err());
            assert!(TableKey::random().unwrap().open(b"", &bytes).is_err());
            let text = String::from_utf8_lossy(&bytes);
            let mut copies = [&bytes[..], &[b"BELISHA KEYS\n\0\x01", &bytes[..]].concat()].map(<[u8]>::to_vec);
            for copy in &mut copies {
                for key in [&*text, &*store.school_key()] {
                    let place = belisha_store::keys::Place::Memory(belisha_store::keys::Memory::default());
                    let work = crate::support::work();
                    let school = crate::support::SCHOOL;
                    let restored = belisha_store::keys::KeyStore::restore(&place, school, key, &mut &copy[..], work);
                    assert!(restored.is_err());
                }
            }
        });
    }
}
