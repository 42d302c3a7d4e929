//! Keys in PostgreSQL: the battery, each school for itself, and connections that are cut.

use std::cell::Cell;

use belisha_store::SchoolId;
use belisha_store::keys::{KeyError, KeyStore, Place, Readers, Role};
use belisha_store::postgres::{Postgres, enrol, install};

use crate::battery::ALL;
use crate::support::{Spot, files, open, people, stream, unlock, work};

/// A server with schools that are enrolled one after another.
struct Server {
    running: belisha_testkit::Postgres,
    admin: Postgres,
    schools: Cell<u8>,
}

impl Server {
    fn start() -> Option<Self> {
        let running = belisha_testkit::Postgres::start()?;
        let admin = Postgres::parse(&running.admin_url()).unwrap();
        install(&admin).unwrap();
        Some(Self { running, admin, schools: Cell::new(0) })
    }

    fn spot(&self) -> Spot {
        self.schools.set(self.schools.get() + 1);
        let number = self.schools.get();
        let (school, login) = (SchoolId::from_bytes([number; 16]), format!("school_{number}"));
        enrol(&self.admin, school, "A school", &login, "p").unwrap();
        let postgres = Postgres::parse(&self.running.url(&login, "p")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Spot::of(Place::Postgres { postgres, folder: folder.path().join("keys") }, school, folder)
    }
}

#[test]
fn the_battery() {
    let Some(server) = Server::start() else { return };
    for (name, case) in ALL {
        println!("{name}");
        case(&server.spot());
    }
}

#[test]
fn each_school_for_itself_and_the_schools_key_never_there() {
    let Some(server) = Server::start() else { return };
    let (ours, theirs) = (server.spot(), server.spot());
    let (our_store, their_store) = (ours.create(), theirs.create());
    people(&our_store, &["Wilhelmina Ashdown"]);
    let sealed = our_store.seal(stream(1), &Readers::School, b"ours").unwrap();
    assert!(matches!(open(&their_store, stream(1), &sealed, their_store.as_school()), Err(KeyError::Unknown)));
    assert_eq!(their_store.erase(&[sealed.key]).unwrap(), 0);
    assert_eq!(their_store.erase_stream(stream(1)).unwrap(), 0);
    assert!(open(&our_store, stream(1), &sealed, our_store.as_school()).is_ok());
    // A school's folder with another school's login, and the other way about.
    let Place::Postgres { postgres, .. } = &theirs.place else { panic!("it is PostgreSQL") };
    let mixed = Place::Postgres { postgres: postgres.clone(), folder: ours.path().to_owned() };
    for school in [ours.school, theirs.school] {
        assert!(KeyStore::open_at(&mixed, school, work()).is_err());
    }
    // Nobody's name, and no school's key, in anything that the database holds.
    let mut client = server.admin.connect().unwrap();
    let rows =
        client.query("SELECT bytes FROM belisha_keys.rings UNION ALL SELECT bytes FROM belisha_keys.blocks", &[]);
    let text = our_store.school_key();
    let key = text.lines().last().unwrap();
    let rows = rows.unwrap();
    assert!(rows.len() >= 3);
    for row in rows {
        let bytes: Vec<u8> = row.get(0);
        let held = String::from_utf8_lossy(&bytes);
        assert!(!held.contains("Wilhelmina") && !held.contains(key) && !held.contains("AGE-SECRET"));
    }
    assert_eq!(files(ours.path()).len(), 1);
}

#[test]
fn a_server_that_went_away_and_came_back() {
    let Some(server) = Server::start() else { return };
    let spot = server.spot();
    let store = spot.create();
    people(&store, &["a"]);
    let sealed: Vec<_> = (0..4).map(|it| store.seal(stream(1), &Readers::School, &[it]).unwrap()).collect();
    server.running.restart();
    for it in &sealed {
        assert!(open(&store, stream(1), it, store.as_school()).is_ok());
    }
    server.running.restart();
    let more = store.seal(stream(1), &Readers::School, b"more").unwrap();
    server.running.restart();
    people(&store, &["b"]);
    server.running.stop();
    // Keys that are on the disk may be used; new ones cannot be made, and nothing claims that they were.
    assert!(store.seal(stream(2), &Readers::School, b"x").is_err());
    assert!(open(&store, stream(1), &more, store.as_school()).is_err());
    server.running.start_again();
    assert!(open(&store, stream(1), &more, store.as_school()).is_ok());
    store.seal(stream(2), &Readers::School, b"x").unwrap();
    assert_eq!(unlock(&spot.open(), "b").name(), Some("b"));
}

#[test]
fn many_who_erase_and_hand_over_at_once() {
    let Some(server) = Server::start() else { return };
    let spot = server.spot();
    let store = spot.create();
    people(&store, &["a"]);
    store.name_role(&Role::CASES, &["a"]).unwrap();
    let cases = Readers::Role(Role::CASES);
    let sealed: Vec<_> = (0..240_u8).map(|it| (it % 60, store.seal(stream(it % 60), &cases, &[it]).unwrap())).collect();
    let stores: Vec<_> = (0..4).map(|_| spot.open()).collect();
    let a = unlock(&store, "a");
    std::thread::scope(|scope| {
        for (at, store) in stores.iter().enumerate() {
            // Each a quarter, in another order, and some of the neighbours'.
            let keys: Vec<_> = sealed.iter().skip(at % 2).step_by(2).map(|it| it.1.key).collect();
            scope.spawn(move || keys.chunks(40).map(|keys| store.erase(keys).unwrap()).sum::<u64>());
        }
        for _ in 0..5 {
            store.rotate(&Role::CASES, &["a"], &a).unwrap();
        }
    });
    for (of, it) in &sealed {
        assert!(matches!(open(&store, stream(*of), it, &a), Err(KeyError::Erased)));
    }
    let later = store.seal(stream(1), &cases, b"later").unwrap();
    assert!(open(&store, stream(1), &later, &a).is_ok());
}

#[test]
fn the_folders_key_without_the_rows_and_the_rows_without_the_key() {
    let Some(server) = Server::start() else { return };
    let (spot, empty) = (server.spot(), server.spot());
    drop(spot.create());
    let file = spot.path().join("school.key");
    let key = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(spot.try_open(), Err(KeyError::NoKeyFile { .. })));
    assert!(matches!(KeyStore::create(&spot.place, spot.school, work()), Err(KeyError::Exists { .. })));
    assert!(!file.exists());
    std::fs::write(&file, key).unwrap();
    drop(spot.open());
    let text = String::from_utf8(std::fs::read(&file).unwrap()).unwrap();
    std::fs::create_dir(empty.path()).unwrap();
    let theirs = text.replace(&spot.school.to_string(), &empty.school.to_string());
    std::fs::write(empty.path().join("school.key"), theirs).unwrap();
    assert!(matches!(empty.try_open(), Err(KeyError::NoKeys { .. })));
}
