//! What holds wherever the keys are: in memory, in a folder, in PostgreSQL.

use std::collections::HashSet;

use belisha_store::KeyRef;
use belisha_store::keys::{KeyError, KeyStore, Place, Readers, Role, TableKey};

use crate::support::{CAPTURES, CASES, Spot, open, people, stream, unlock, work};

type Case = (&'static str, fn(&Spot));

/// All cases, each at a place of its own.
pub(crate) const ALL: &[Case] = &[
    ("what is sealed opens, here and in another store", what_is_sealed_opens),
    ("a role is opened by its holders alone", a_role_is_opened_by_its_holders_alone),
    ("naming holders takes from the school what was kept for them", naming_holders),
    ("a store that knew nothing of it seals to the new holders", stores_that_knew_nothing),
    ("a role that changed hands is lost to who had it", a_role_that_changed_hands),
    ("one more holder", one_more_holder),
    ("two people together recover, and one alone never", two_people_recover),
    ("two people hand over a role that nobody is left of", two_people_hand_over_a_role),
    ("passwords", passwords),
    ("what is erased is erased for everybody", erased_for_everybody),
    ("a stream is erased whole", a_stream_is_erased_whole),
    ("a stream is moved to other readers", a_stream_is_moved),
    ("what is sealed apart", sealed_apart),
    ("many at once", many_at_once),
    ("stores never share a key", stores_never_share_a_key),
    ("readers beside somebody who hands over", readers_beside_a_hand_over),
    ("what cannot be asked of people and roles", what_cannot_be_asked),
    ("a copy holds everything", a_copy_holds_everything),
    ("a second store is not made over the first", not_made_twice),
];

fn run(spot: impl Fn() -> Spot) {
    for (name, case) in ALL {
        println!("{name}");
        case(&spot());
    }
}

#[test]
fn in_memory() {
    run(Spot::memory);
}

#[test]
fn in_a_folder() {
    run(Spot::folder);
}

fn refused<T>(result: Result<T, KeyError>) -> bool {
    result.err().is_some_and(|error| matches!(error, KeyError::NotAReader))
}

fn what_is_sealed_opens(spot: &Spot) {
    let (store, long) = (spot.create(), vec![7; 100_000]);
    let texts = [&b""[..], b"x", &long];
    let mut sealed = Vec::new();
    // Past the largest block.
    for at in 0..600 {
        sealed.push(store.seal(stream(1), &Readers::School, texts[at % 3]).unwrap());
        assert_eq!(sealed[at].bytes.len(), texts[at % 3].len() + 16);
    }
    let other = spot.open();
    for store in [&store, &store.clone(), &other] {
        for (at, sealed) in sealed.iter().enumerate() {
            assert_eq!(*open(store, stream(1), sealed, store.as_school()).unwrap(), texts[at % 3]);
        }
        // Not in another stream, nor with another key.
        assert!(open(store, stream(2), &sealed[0], store.as_school()).is_err());
        assert!(store.open(stream(1), sealed[1].key, &sealed[0].bytes, store.as_school()).is_err());
        let unknown = store.open(stream(1), KeyRef::from_bytes([9; 16]), &sealed[0].bytes, store.as_school());
        assert!(matches!(unknown, Err(KeyError::Unknown)));
    }
    let keys: HashSet<_> = sealed.iter().map(|it| it.key).collect();
    assert_eq!(keys.len(), sealed.len());
}

fn a_role_is_opened_by_its_holders_alone(spot: &Spot) {
    let store = spot.create();
    people(&store, &["coordinator", "deputy", "technician"]);
    store.name_role(&Role::CASES, &["coordinator", "deputy"]).unwrap();
    store.name_role(&Role::CAPTURES, &["technician"]).unwrap();
    let sealed = store.seal(stream(1), &CASES, b"a concern").unwrap();
    for store in [&store, &spot.open()] {
        for name in ["coordinator", "deputy"] {
            assert_eq!(*open(store, stream(1), &sealed, &unlock(store, name)).unwrap(), b"a concern");
        }
        assert!(refused(open(store, stream(1), &sealed, &unlock(store, "technician"))));
        assert!(refused(open(store, stream(1), &sealed, store.as_school())));
    }
    // Whoever may not read learns nothing of what became of it.
    store.erase(&[sealed.key]).unwrap();
    assert!(refused(open(&store, stream(1), &sealed, &unlock(&store, "technician"))));
    assert!(refused(open(&store, stream(1), &sealed, store.as_school())));
}

fn naming_holders(spot: &Spot) {
    let store = spot.create();
    let early = store.seal(stream(1), &CASES, b"before anybody was named").unwrap();
    let capture = store.seal(stream(2), &CAPTURES, b"another role").unwrap();
    let settings = store.seal(stream(3), &Readers::School, b"the school's").unwrap();
    assert!(open(&store, stream(1), &early, store.as_school()).is_ok());
    people(&store, &["coordinator"]);
    let coordinator = unlock(&store, "coordinator");
    assert_eq!(store.name_role(&Role::CASES, &["coordinator"]).unwrap().blocks, 1);
    for store in [store, spot.open()] {
        assert!(refused(open(&store, stream(1), &early, store.as_school())));
        assert_eq!(*open(&store, stream(1), &early, &coordinator).unwrap(), b"before anybody was named");
        // The rest is as it was; a holder works at the school and opens what the school does.
        assert!(open(&store, stream(2), &capture, store.as_school()).is_ok());
        assert!(open(&store, stream(3), &settings, store.as_school()).is_ok());
        assert!(open(&store, stream(3), &settings, &coordinator).is_ok());
    }
}

fn stores_that_knew_nothing(spot: &Spot) {
    let (office, proxy) = (spot.create(), spot.open());
    // The proxy has keys left in memory, and more to make.
    proxy.seal(stream(1), &CAPTURES, b"the first").unwrap();
    people(&office, &["coordinator"]);
    office.name_role(&Role::CAPTURES, &["coordinator"]).unwrap();
    let coordinator = unlock(&office, "coordinator");
    for number in 0..40 {
        let sealed = proxy.seal(stream(1), &CAPTURES, &[number]).unwrap();
        assert_eq!(*open(&office, stream(1), &sealed, &coordinator).unwrap(), [number]);
        assert!(refused(open(&office, stream(1), &sealed, office.as_school())));
        assert!(refused(open(&proxy, stream(1), &sealed, proxy.as_school())));
    }
}

fn a_role_that_changed_hands(spot: &Spot) {
    let (store, proxy) = (spot.create(), spot.open());
    people(&store, &["old", "new"]);
    store.name_role(&Role::CASES, &["old"]).unwrap();
    let streams: Vec<_> = (1..30).map(stream).collect();
    let mut sealed: Vec<_> = streams.iter().map(|it| proxy.seal(*it, &CASES, b"a case").unwrap()).collect();
    let old = unlock(&store, "old");
    assert!(open(&store, streams[0], &sealed[0], &old).is_ok());
    assert!(refused(store.rotate(&Role::CASES, &["new"], &unlock(&store, "new"))));
    assert!(refused(store.rotate(&Role::CASES, &["new"], store.as_school())));
    let done = store.rotate(&Role::CASES, &["new"], &old).unwrap();
    assert_eq!((done.blocks, done.damaged), (29, 0));
    sealed.extend(streams.iter().map(|it| proxy.seal(*it, &CASES, b"a case").unwrap()));
    let old_again = unlock(&store, "old");
    let new = unlock(&store, "new");
    for (stream, sealed) in streams.iter().cycle().zip(&sealed) {
        assert_eq!(*open(&store, *stream, sealed, &new).unwrap(), b"a case");
        for store in [&store, &proxy] {
            assert!(refused(open(store, *stream, sealed, &old)));
            assert!(refused(open(store, *stream, sealed, &old_again)));
        }
    }
    assert!(refused(store.rotate(&Role::CASES, &["old"], &old)));
    let roles = store.roles().unwrap();
    assert_eq!((roles[0].edition, &roles[0].holders[..]), (2, &["new".to_string()][..]));
    store.remove_holder("old").unwrap();
    assert!(matches!(store.unlock("old", "old"), Err(KeyError::NotUnlocked)));
}

fn one_more_holder(spot: &Spot) {
    let store = spot.create();
    people(&store, &["first", "second"]);
    store.name_role(&Role::CASES, &["first"]).unwrap();
    let sealed = store.seal(stream(1), &CASES, b"a case").unwrap();
    let (first, second) = (unlock(&store, "first"), unlock(&store, "second"));
    assert!(refused(store.admit(&Role::CASES, "second", &second)));
    assert!(refused(store.admit(&Role::CASES, "second", store.as_school())));
    assert!(refused(open(&store, stream(1), &sealed, &second)));
    store.admit(&Role::CASES, "second", &first).unwrap();
    assert!(open(&store, stream(1), &sealed, &second).is_ok());
    assert!(open(&spot.open(), stream(1), &sealed, &second).is_ok());
    assert_eq!(store.roles().unwrap()[0].edition, 1);
}

fn two_people_recover(spot: &Spot) {
    let store = spot.create();
    people(&store, &["head", "chair", "coordinator", "teacher"]);
    store.name_role(&Role::CASES, &["coordinator"]).unwrap();
    let sealed = store.seal(stream(1), &CASES, b"a case").unwrap();
    store.set_recovery(&["head", "chair"], None).unwrap();
    let (head, chair, teacher) = (unlock(&store, "head"), unlock(&store, "chair"), unlock(&store, "teacher"));
    let recover = |two| store.recover("coordinator", two, "new password");
    // Nothing was put by before the coordinator came again.
    assert!(matches!(recover([&head, &chair]), Err(KeyError::NotPutBy)));
    let before = unlock(&store, "coordinator");
    let info = store.holders().unwrap();
    assert!(info.iter().find(|it| it.name == "coordinator").unwrap().recoverable);
    let alone = spot.open();
    let school = store.as_school();
    for two in [[&head, &head], [&chair, &chair], [&head, &teacher], [&head, school], [&before, &chair]] {
        assert!(matches!(recover(two), Err(KeyError::NotTheTwo)));
    }
    for one in [&head, &chair] {
        assert!(refused(open(&alone, stream(1), &sealed, one)));
    }
    recover([&chair, &head]).unwrap();
    assert!(matches!(store.unlock("coordinator", "coordinator"), Err(KeyError::NotUnlocked)));
    let after = spot.open().unlock("coordinator", "new password").unwrap();
    assert_eq!(*open(&store, stream(1), &sealed, &after).unwrap(), b"a case");
    // Other people for recovery only with two of those who are.
    assert!(matches!(store.set_recovery(&["head", "teacher"], None), Err(KeyError::NotTheTwo)));
    assert!(matches!(store.set_recovery(&["head", "teacher"], Some([&head, &teacher])), Err(KeyError::NotTheTwo)));
    store.set_recovery(&["head", "teacher"], Some([&head, &chair])).unwrap();
    assert!(matches!(recover([&head, &chair]), Err(KeyError::NotTheTwo)));
    store.unlock("coordinator", "new password").unwrap();
    recover([&head, &teacher]).unwrap();
}

fn two_people_hand_over_a_role(spot: &Spot) {
    let store = spot.create();
    people(&store, &["head", "chair", "gone", "new"]);
    store.set_recovery(&["head", "chair"], None).unwrap();
    store.name_role(&Role::HISTORY, &["gone"]).unwrap();
    let readers = Readers::Role(Role::HISTORY);
    let sealed = store.seal(stream(1), &readers, b"a look-up").unwrap();
    let (head, chair) = (unlock(&store, "head"), unlock(&store, "chair"));
    assert!(store.roles().unwrap()[0].recoverable);
    assert!(store.recover_role(&Role::HISTORY, &["new"], [&head, &head]).is_err());
    store.recover_role(&Role::HISTORY, &["new"], [&head, &chair]).unwrap();
    assert!(open(&store, stream(1), &sealed, &unlock(&store, "new")).is_ok());
    assert!(refused(open(&store, stream(1), &sealed, &unlock(&store, "gone"))));
}

fn passwords(spot: &Spot) {
    let store = spot.create();
    store.add_holder("Zoë \u{202e}\"';--", "correct horse").unwrap();
    for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
        assert!(matches!(store.unlock("Zoë \u{202e}\"';--", wrong), Err(KeyError::NotUnlocked)));
    }
    assert!(matches!(store.unlock("nobody", "correct horse"), Err(KeyError::NotUnlocked)));
    let name = "Zoë \u{202e}\"';--";
    assert!(matches!(store.change_password(name, "wrong", "next"), Err(KeyError::NotUnlocked)));
    store.change_password(name, "correct horse", "next").unwrap();
    assert!(matches!(store.unlock(name, "correct horse"), Err(KeyError::NotUnlocked)));
    assert_eq!(spot.open().unlock(name, "next").unwrap().name(), Some(name));
}

fn erased_for_everybody(spot: &Spot) {
    let (store, other) = (spot.create(), spot.open());
    let sealed: Vec<_> = (0..10).map(|it| store.seal(stream(1), &Readers::School, &[it]).unwrap()).collect();
    let strange = KeyRef::from_bytes([3; 16]);
    let keys = [sealed[2].key, sealed[7].key, strange];
    // The key was in use in both before.
    assert!(open(&store, stream(1), &sealed[2], store.as_school()).is_ok());
    assert!(open(&other, stream(1), &sealed[2], other.as_school()).is_ok());
    assert_eq!(store.erase(&keys).unwrap(), 2);
    assert_eq!(other.erase(&keys).unwrap(), 0);
    for store in [store, other, spot.open()] {
        for (at, it) in sealed.iter().enumerate() {
            let opened = open(&store, stream(1), it, store.as_school());
            match at {
                2 | 7 => assert!(matches!(opened, Err(KeyError::Erased))),
                _ => assert_eq!(*opened.unwrap(), [u8::try_from(at).unwrap()]),
            }
        }
    }
}

fn a_stream_is_erased_whole(spot: &Spot) {
    let store = spot.create();
    let sealed: Vec<_> = (0..20).map(|_| store.seal(stream(1), &Readers::School, b"x").unwrap()).collect();
    let kept = store.seal(stream(2), &Readers::School, b"y").unwrap();
    assert!(store.erase_stream(stream(1)).unwrap() >= 20);
    assert_eq!(store.erase_stream(stream(1)).unwrap(), 0);
    for it in &sealed {
        assert!(matches!(open(&store, stream(1), it, store.as_school()), Err(KeyError::Erased)));
    }
    assert!(open(&store, stream(2), &kept, store.as_school()).is_ok());
    // The stream can be written to afterwards, and what is written opens.
    let later = store.seal(stream(1), &Readers::School, b"z").unwrap();
    assert_eq!(*open(&store, stream(1), &later, store.as_school()).unwrap(), b"z");
}

fn a_stream_is_moved(spot: &Spot) {
    let store = spot.create();
    people(&store, &["head", "chair"]);
    let outside: Role = "chair-only".parse().unwrap();
    store.name_role(&Role::CASES, &["head"]).unwrap();
    store.name_role(&outside, &["chair"]).unwrap();
    let (head, chair) = (unlock(&store, "head"), unlock(&store, "chair"));
    let about_head = store.seal(stream(1), &CASES, b"about the head").unwrap();
    let ordinary = store.seal(stream(2), &CASES, b"about somebody else").unwrap();
    assert!(open(&store, stream(1), &about_head, &head).is_ok());
    let to = Readers::Role(outside);
    assert!(refused(store.move_stream(stream(1), &to, &chair)));
    assert_eq!(store.move_stream(stream(1), &to, &head).unwrap().blocks, 1);
    assert!(refused(open(&store, stream(1), &about_head, &head)));
    assert_eq!(*open(&store, stream(1), &about_head, &chair).unwrap(), b"about the head");
    assert!(open(&store, stream(2), &ordinary, &head).is_ok());
    // Handing over the first role leaves the moved stream where it is.
    store.rotate(&Role::CASES, &["chair"], &head).unwrap();
    assert!(open(&store, stream(1), &about_head, &chair).is_ok());
    let more = store.seal(stream(1), &to, b"more").unwrap();
    assert!(open(&store, stream(1), &more, &chair).is_ok());
}

fn sealed_apart(spot: &Spot) {
    let store = spot.create();
    people(&store, &["reviewer", "next"]);
    store.name_role(&Role::HISTORY, &["reviewer"]).unwrap();
    let readers = Readers::Role(Role::HISTORY);
    let seal = store.public_seal(stream(1), &readers).unwrap();
    let table = TableKey::random().unwrap();
    let kept = table.sealed(&seal).unwrap();
    let entry = table.seal(b"17", b"a name").unwrap();
    let blob = seal.clone().seal(b"a day's table").unwrap();
    assert_ne!(blob, seal.seal(b"a day's table").unwrap());
    assert!(refused(store.open_apart(&blob, store.as_school())));
    assert!(refused(store.open_table(&kept, store.as_school())));
    store.rotate(&Role::HISTORY, &["next"], &unlock(&store, "reviewer")).unwrap();
    let next = unlock(&store, "next");
    assert!(refused(store.open_apart(&blob, &unlock(&store, "reviewer"))));
    assert_eq!(*store.open_apart(&blob, &next).unwrap(), b"a day's table");
    let opened = spot.open().open_table(&kept, &next).unwrap();
    assert_eq!(*opened.open(b"17", &entry).unwrap(), b"a name");
    assert!(opened.open(b"18", &entry).is_err());
    assert!(TableKey::random().unwrap().open(b"17", &entry).is_err());
    assert!(store.open_table(&blob, &next).is_err());
    store.erase(&[seal.key()]).unwrap();
    assert!(matches!(store.open_apart(&blob, &next), Err(KeyError::Erased)));
    assert!(matches!(store.open_table(&kept, &next), Err(KeyError::Erased)));
}

fn many_at_once(spot: &Spot) {
    let store = spot.create();
    let texts: Vec<[u8; 2]> = (0..700_u16).map(u16::to_be_bytes).collect();
    let school = Readers::School;
    let of = |at: usize| if at < 600 { (stream(1), &school) } else { (stream(u8::try_from(at % 50).unwrap()), &CASES) };
    let payloads: Vec<_> = texts.iter().enumerate().map(|(at, text)| (of(at).0, of(at).1, &text[..])).collect();
    let sealed = store.seal_many(&payloads).unwrap();
    let asked: Vec<_> = sealed.iter().enumerate().map(|(at, it)| (of(at).0, it.key, &it.bytes[..])).collect();
    store.erase(&[sealed[5].key]).unwrap();
    for (at, opened) in spot.open().open_many(&asked, store.as_school()).unwrap().into_iter().enumerate() {
        match at {
            5 => assert!(matches!(opened, Err(KeyError::Erased))),
            _ => assert_eq!(*opened.unwrap(), texts[at]),
        }
    }
    assert!(store.seal_many(&[]).unwrap().is_empty());
    assert!(store.open_many(&[], store.as_school()).unwrap().is_empty());
}

fn stores_never_share_a_key(spot: &Spot) {
    let stores = [spot.create(), spot.open(), spot.open()];
    let keys: Vec<_> = std::thread::scope(|scope| {
        let seal =
            |store: KeyStore| move || (0..200).map(|_| store.seal(stream(1), &CASES, b"x").unwrap().key).collect();
        let threads: Vec<_> = stores
            .iter()
            .flat_map(|store| [store.clone(), store.clone()])
            .map(|store| scope.spawn(seal(store)))
            .collect();
        threads.into_iter().flat_map(|it| -> Vec<KeyRef> { it.join().unwrap() }).collect()
    });
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 6 * 200);
}

fn readers_beside_a_hand_over(spot: &Spot) {
    let (store, proxy, reading) = (spot.create(), spot.open(), spot.open());
    people(&store, &["a"]);
    store.name_role(&Role::CAPTURES, &["a"]).unwrap();
    let a = unlock(&store, "a");
    std::thread::scope(|scope| {
        let rotate = || store.rotate(&Role::CAPTURES, &["a"], &a).map(drop);
        let rounds = scope.spawn(move || (0..30).try_for_each(|_| rotate()));
        let mut number = 0_u32;
        while !rounds.is_finished() {
            let of = stream(u8::try_from(number % 7).unwrap());
            let sealed = proxy.seal(of, &CAPTURES, &number.to_be_bytes()).unwrap();
            assert_eq!(*open(&reading, of, &sealed, &a).unwrap(), number.to_be_bytes());
            number += 1;
        }
        rounds.join().unwrap().unwrap();
    });
    assert_eq!(store.roles().unwrap()[0].edition, 31);
}

fn what_cannot_be_asked(spot: &Spot) {
    let store = spot.create();
    people(&store, &["a", "b"]);
    assert!(matches!(store.add_holder("a", "x"), Err(KeyError::HolderExists)));
    for name in ["", "a\nb", &"x".repeat(129)] {
        assert!(matches!(store.add_holder(name, "x"), Err(KeyError::Name)));
    }
    for name in ["", "Cases", "case files", &"x".repeat(33)] {
        assert!(matches!(name.parse::<Role>(), Err(KeyError::Name)));
    }
    assert!(matches!(store.remove_holder("c"), Err(KeyError::NoSuchHolder)));
    assert!(matches!(store.name_role(&Role::CASES, &[]), Err(KeyError::NoHolders)));
    assert!(matches!(store.name_role(&Role::CASES, &["c"]), Err(KeyError::NoSuchHolder)));
    let a = unlock(&store, "a");
    assert!(matches!(store.rotate(&Role::CASES, &["b"], &a), Err(KeyError::RoleIsFree)));
    store.name_role(&Role::CASES, &["a"]).unwrap();
    assert!(matches!(store.name_role(&Role::CASES, &["b"]), Err(KeyError::RoleIsHeld)));
    assert!(matches!(store.remove_holder("a"), Err(KeyError::StillHolds)));
    for people in [&[][..], &["a"], &["a", "a"]] {
        assert!(matches!(store.set_recovery(people, None), Err(KeyError::TooFew)));
    }
    assert!(matches!(store.set_recovery(&["a", "c"], None), Err(KeyError::NoSuchHolder)));
    assert!(store.holders().unwrap().iter().all(|it| !it.recoverable && !it.recovers));
}

fn a_copy_holds_everything(spot: &Spot) {
    let store = spot.create();
    people(&store, &["coordinator"]);
    store.name_role(&Role::CASES, &["coordinator"]).unwrap();
    let case = store.seal(stream(1), &CASES, b"a case").unwrap();
    let gone = store.seal(stream(1), &CASES, b"gone").unwrap();
    let mine: Vec<_> = (0..90).map(|it| store.seal(stream(2), &Readers::School, &[it]).unwrap()).collect();
    store.erase(&[gone.key]).unwrap();
    let (mut copy, key) = (Vec::new(), store.school_key());
    store.export(&mut copy).unwrap();
    let elsewhere = Spot::folder();
    let take = |bytes: &[u8], school| KeyStore::restore(&elsewhere.place, school, &key, &mut &bytes[..], work());
    for at in (0..copy.len()).step_by(copy.len() / 80) {
        let mut damaged = copy.clone();
        damaged[at] ^= 0x10;
        assert!(take(&damaged, spot.school).is_err(), "byte {at}");
        assert!(take(&copy[..at], spot.school).is_err(), "cut at {at}");
    }
    assert!(take(&[&copy[..], b"x"].concat(), spot.school).is_err());
    let strange = belisha_store::SchoolId::from_bytes([77; 16]);
    assert!(matches!(take(&copy, strange), Err(KeyError::OtherSchool { .. })));
    let other_key = Spot::memory().create().school_key().replace(&"01".repeat(16), &spot.school.to_string());
    let with_other = KeyStore::restore(&elsewhere.place, spot.school, &other_key, &mut &copy[..], work());
    assert!(matches!(with_other, Err(KeyError::WrongKey { .. })));
    let restored = take(&copy, spot.school).unwrap();
    assert!(matches!(take(&copy, spot.school), Err(KeyError::Exists { .. })));
    let coordinator = unlock(&restored, "coordinator");
    assert_eq!(*open(&restored, stream(1), &case, &coordinator).unwrap(), b"a case");
    assert!(matches!(open(&restored, stream(1), &gone, &coordinator), Err(KeyError::Erased)));
    for (at, it) in mine.iter().enumerate() {
        assert_eq!(usize::from(open(&restored, stream(2), it, restored.as_school()).unwrap()[0]), at);
    }
    assert_eq!(restored.holders().unwrap(), store.holders().unwrap());
}

fn not_made_twice(spot: &Spot) {
    assert!(matches!(spot.try_open(), Err(KeyError::Missing { .. })));
    if let Place::Folder(folder) = &spot.place {
        assert!(!folder.exists(), "looking for keys made something");
    }
    let sealed = spot.create().seal(stream(1), &Readers::School, b"x").unwrap();
    assert!(matches!(KeyStore::create(&spot.place, spot.school, work()), Err(KeyError::Exists { .. })));
    let store = spot.open();
    assert!(open(&store, stream(1), &sealed, store.as_school()).is_ok());
}
