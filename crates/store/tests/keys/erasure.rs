//! What is destroyed is in no file of the folder: not in the database, not in its log, not beside it.

use std::collections::HashSet;
use std::fs;

use belisha_store::StreamId;
use belisha_store::keys::{KeyError, KeyStore, Readers, Role, Sealed};

use crate::support::{CASES, Dice, Spot, blocks, open, people, seen, stream, unlock, wrapped};

/// Seals so much, in so many streams, that blocks of all sizes stand on many pages.
fn much(store: &KeyStore, dice: &mut Dice) -> Vec<(StreamId, Sealed)> {
    let seal = |number: u64| {
        let of = stream(u8::try_from(if number < 700 { number % 3 } else { number % 90 }).unwrap());
        (of, store.seal(of, &Readers::School, &number.to_be_bytes()).unwrap())
    };
    let mut sealed: Vec<_> = (0..1_500).map(seal).collect();
    for at in (1..sealed.len()).rev() {
        sealed.swap(at, usize::try_from(dice.below(at as u64 + 1)).unwrap());
    }
    sealed
}

#[test]
fn a_destroyed_key_is_in_no_file() {
    let (spot, mut dice) = (Spot::folder(), Dice::new());
    let (store, other) = (spot.create(), spot.open());
    let mut sealed = much(&store, &mut dice);
    while sealed.len() > 300 {
        let some = sealed.split_off(sealed.len() - usize::try_from(1 + dice.below(200)).unwrap());
        let secrets: HashSet<Vec<u8>> = some.iter().map(|(_, it)| wrapped(spot.path(), it)[..32].to_vec()).collect();
        // The test can see what it looks for.
        assert_eq!(seen(spot.path(), &secrets), some.len());
        let keys: Vec<_> = some.iter().map(|(_, it)| it.key).collect();
        let by = if dice.below(2) == 0 { &store } else { &other };
        assert_eq!(by.erase(&keys).unwrap(), keys.len() as u64);
        assert_eq!(seen(spot.path(), &secrets), 0);
        // Pages fill and split meanwhile.
        for _ in 0..dice.below(40) {
            other.seal(stream(200), &CASES, b"more").unwrap();
        }
    }
    for (of, it) in &sealed {
        assert!(open(&other, *of, it, other.as_school()).is_ok());
    }
    drop((store, other));
    let reopened = spot.open();
    assert!(sealed.iter().all(|(of, it)| open(&reopened, *of, it, reopened.as_school()).is_ok()));
}

#[test]
fn a_destroyed_stream_is_in_no_file() {
    let (spot, mut dice) = (Spot::folder(), Dice::new());
    let store = spot.create();
    let sealed = much(&store, &mut dice);
    for number in [0, 1, 40, 41, 89] {
        let of: Vec<_> = sealed.iter().filter(|(of, _)| *of == stream(number)).collect();
        let secrets: HashSet<Vec<u8>> = of.iter().map(|(_, it)| wrapped(spot.path(), it)[..32].to_vec()).collect();
        assert!(seen(spot.path(), &secrets) == of.len() && !of.is_empty());
        store.erase_stream(stream(number)).unwrap();
        assert_eq!(seen(spot.path(), &secrets), 0);
    }
}

#[test]
fn locks_for_those_who_handed_over_are_in_no_file() {
    let spot = Spot::folder();
    let store = spot.create();
    people(&store, &["old", "new"]);
    let early: Vec<_> = (0..200).map(|it| store.seal(stream(it), &CASES, b"x").unwrap()).collect();
    let locks = || blocks(spot.path()).iter().map(|bytes| bytes[12..87].to_vec()).collect::<HashSet<_>>();
    let of_school = locks();
    assert_eq!(seen(spot.path(), &of_school), 200);
    store.name_role(&Role::CASES, &["old"]).unwrap();
    assert_eq!(seen(spot.path(), &of_school), 0);
    let of_old = locks();
    assert_eq!(seen(spot.path(), &of_old), 200);
    store.rotate(&Role::CASES, &["new"], &unlock(&store, "old")).unwrap();
    assert_eq!(seen(spot.path(), &of_old), 0);
    let new = unlock(&store, "new");
    assert!((0..200).zip(&early).all(|(it, sealed)| open(&store, stream(it), sealed, &new).is_ok()));
}

#[test]
fn an_old_ring_is_in_no_file() {
    let spot = Spot::folder();
    let store = spot.create();
    // Large enough for pages of its own.
    let names: Vec<String> = (0..12).map(|it| format!("holder {it}")).collect();
    people(&store, &names.iter().map(String::as_str).collect::<Vec<_>>());
    store.set_recovery(&["holder 0", "holder 1", "holder 2"], None).unwrap();
    let ring = || -> Vec<u8> {
        let db = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
        db.query_row("SELECT bytes FROM ring", [], |row| row.get(0)).unwrap()
    };
    for name in names.iter().skip(3) {
        let parts: HashSet<Vec<u8>> = ring().chunks_exact(32).map(<[u8]>::to_vec).collect();
        assert!(seen(spot.path(), &parts) > 0);
        store.change_password(name, name, "another").unwrap();
        assert_eq!(seen(spot.path(), &parts), 0);
    }
}

#[test]
fn who_reads_meanwhile_is_waited_for_and_then_told_of() {
    let spot = Spot::folder();
    let store = spot.create();
    let sealed = store.seal(stream(1), &Readers::School, b"x").unwrap();
    let secret = HashSet::from([wrapped(spot.path(), &sealed)]);
    let reader = rusqlite::Connection::open(spot.path().join("data-keys.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM blocks;").unwrap();
    let error = store.erase(&[sealed.key]).unwrap_err();
    assert!(matches!(error, KeyError::Unfinished { .. }) && error.to_string().contains("once more"), "{error}");
    assert!(matches!(open(&store, stream(1), &sealed, store.as_school()), Err(KeyError::Erased)));
    assert_eq!(seen(spot.path(), &secret), 1);
    drop(reader);
    assert_eq!(store.erase(&[sealed.key]).unwrap(), 0);
    assert_eq!(seen(spot.path(), &secret), 0);
}

#[test]
fn no_secret_and_no_name_stands_in_a_file_or_a_message() {
    let spot = Spot::folder();
    let store = spot.create();
    people(&store, &["Wilhelmina Ashdown", "Theodore Blythe"]);
    store.name_role(&Role::CASES, &["Wilhelmina Ashdown"]).unwrap();
    store.set_recovery(&["Wilhelmina Ashdown", "Theodore Blythe"], None).unwrap();
    let holder = unlock(&store, "Wilhelmina Ashdown");
    let seal = store.public_seal(stream(1), &CASES).unwrap();
    store.seal(stream(1), &CASES, b"Wilhelmina wrote this").unwrap();
    for (path, bytes) in crate::support::files(spot.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Wilhelmina") && !text.contains("Theodore"), "{path}");
        assert_eq!(text.contains("AGE-SECRET-KEY"), path.ends_with("school.key"), "{path}");
    }
    let shown = format!("{store:?} {holder:?} {seal:?} {:?} {:?}", spot.place, store.as_school());
    let errors = [
        store.add_holder("Theodore Blythe", "secret words").unwrap_err(),
        store.unlock("Theodore Blythe", "secret words").unwrap_err(),
        store.remove_holder("Theodore Blythe").unwrap_err(),
        store.admit(&Role::CASES, "Nobody Whatever", &holder).unwrap_err(),
    ];
    let said = errors.iter().fold(shown, |said, error| format!("{said} {error} {error:?}"));
    for personal in ["Wilhelmina", "Theodore", "Nobody", "secret words", "AGE-SECRET"] {
        assert!(!said.contains(personal), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn folder_and_key_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let spot = Spot::folder();
    drop(spot.create());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(spot.path()), 0o700);
    assert_eq!(mode(&spot.path().join("school.key")), 0o600);
}
