//! A program that is killed at any moment has lost nothing that it sealed, and leaves a folder that can be used.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use belisha_store::keys::{HandedOver, KeyError, KeyStore, Place, Readers, Role};
use belisha_store::{KeyRef, StreamId};

use crate::support::{CAPTURES, CASES, Dice, SCHOOL, Spot, child, child_folder, people, stream, unlock, work};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// Not a test but what the tests run and kill: seals for ever, and says each time what.
#[test]
fn sealer_that_is_killed() {
    let Some(folder) = child_folder() else { return };
    let place = Place::Folder(folder);
    let store = match KeyStore::create(&place, SCHOOL, work()) {
        Err(KeyError::Exists { .. }) => KeyStore::open_at(&place, SCHOOL, work()).unwrap(),
        other => other.unwrap(),
    };
    println!("begun");
    let mut dice = Dice::new();
    loop {
        let of = stream(u8::try_from(dice.below(40)).unwrap());
        let readers = [&Readers::School, &CASES, &CAPTURES][usize::try_from(dice.below(3)).unwrap()];
        let sealed = store.seal(of, readers, of.as_bytes()).unwrap();
        println!("sealed {of} {} {}", sealed.key, hex(&sealed.bytes));
    }
}

/// Not a test but what a test runs under `strace`: seals some, going on after each failure.
#[test]
fn sealer_whose_disk_fails() {
    let Some(folder) = child_folder() else { return };
    let Ok(store) = KeyStore::open_at(&Place::Folder(folder), SCHOOL, work()) else { return };
    for number in 0..60_u8 {
        let of = stream(number % 20);
        match store.seal(of, &Readers::School, of.as_bytes()) {
            Ok(sealed) => println!("sealed {of} {} {}", sealed.key, hex(&sealed.bytes)),
            Err(error) => println!("failed {error}"),
        }
        // What was being changed when the disk failed is changed or not, and the store goes on.
        if number % 10 == 9
            && let Err(error) = store.change_password("a", "a", "a")
        {
            println!("failed {error}");
        }
    }
    println!("ended");
}

/// What a line says was sealed. The test harness writes on the same line as it pleases.
fn said(line: &str) -> Option<(StreamId, KeyRef, Vec<u8>)> {
    let mut parts = line.split_once("sealed ")?.1.split(' ');
    let (of, key, bytes) = (parts.next()?, parts.next()?, parts.next()?);
    // The last line may have been cut.
    (bytes.len() == 64).then(|| (of.parse().unwrap(), key.parse().unwrap(), unhex(bytes)))
}

fn kill_after(mut child: Child, lines: usize, then: Duration) -> Vec<(StreamId, KeyRef, Vec<u8>)> {
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut sealed: Vec<_> = out.by_ref().filter_map(|line| said(&line)).take(lines).collect();
    sleep(then);
    child.kill().unwrap();
    child.wait().unwrap();
    sealed.extend(out.filter_map(|line| said(&line)));
    sealed
}

fn all_open(folder: &Path, sealed: &[(StreamId, KeyRef, Vec<u8>)], who: Option<&str>) {
    let store = KeyStore::open_at(&Place::Folder(folder.to_owned()), SCHOOL, work()).unwrap();
    let holder = who.map(|name| unlock(&store, name));
    let asked: Vec<_> = sealed.iter().map(|(of, key, bytes)| (*of, *key, &bytes[..])).collect();
    let opened = store.open_many(&asked, holder.as_ref().unwrap_or(store.as_school())).unwrap();
    for ((of, ..), opened) in sealed.iter().zip(opened) {
        assert_eq!(&opened.unwrap()[..], of.as_bytes());
    }
}

#[test]
fn what_was_sealed_opens_after_the_sealer_was_killed() {
    let (spot, mut dice) = (Spot::folder(), Dice::new());
    let store = spot.create();
    people(&store, &["a", "b"]);
    let mut all = Vec::new();
    for round in 0..25_u32 {
        let child = child("crash::sealer_that_is_killed", spot.path()).spawn().unwrap();
        let lines = 1 + usize::try_from(dice.below(60)).unwrap();
        // Two roles are named, and then change hands, while the other program seals.
        let moment = Duration::from_micros(dice.below(6_000));
        sleep(moment);
        let changed = match round {
            8 => store.name_role(&Role::CASES, &["a"]),
            12 => store.name_role(&Role::CAPTURES, &["a"]),
            16 => store.rotate(&Role::CASES, &["b", "a"], &unlock(&store, "a")),
            _ => Ok(HandedOver::default()),
        };
        assert_eq!(changed.unwrap().damaged, 0);
        let sealed = kill_after(child, lines, moment);
        assert!(!sealed.is_empty(), "round {round}");
        all.extend(sealed);
        all_open(spot.path(), &all, (round >= 8).then_some("a"));
    }
}

#[test]
fn a_disk_that_fails_at_any_wait_and_a_kill_at_any_wait() {
    let Some(strace) = belisha_testkit::program("strace") else { return };
    let mut failures = 0;
    for fault in ["error=EIO", "signal=KILL"] {
        for at in 1..=24 {
            let spot = Spot::folder();
            people(&spot.create(), &["a"]);
            let program = child("crash::sealer_whose_disk_fails", spot.path());
            let mut traced = Command::new(strace.get_program());
            let inject = format!("inject=fdatasync,fsync:{fault}:when={at}");
            traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", &inject]);
            traced.arg(program.get_program()).args(program.get_args());
            let envs = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
            let output = traced.envs(envs).output().unwrap();
            let out = String::from_utf8_lossy(&output.stdout);
            let sealed: Vec<_> = out.lines().filter_map(said).collect();
            failures += out.matches("failed ").count();
            assert_eq!(fault == "error=EIO", out.contains("ended"), "{fault} {at}: {out}");
            all_open(spot.path(), &sealed, Some("a"));
        }
    }
    assert!(failures > 0, "nothing failed");
}

#[test]
fn a_folder_whose_making_was_killed_can_be_used() {
    let mut dice = Dice::new();
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let child = child("crash::sealer_that_is_killed", &keys).spawn().unwrap();
        let sealed = kill_after(child, 0, Duration::from_micros(dice.below(25_000)));
        let place = Place::Folder(keys.clone());
        let opened = KeyStore::open_at(&place, SCHOOL, work());
        match opened {
            Ok(store) => drop(store),
            Err(KeyError::Missing { .. }) if sealed.is_empty() => {
                drop(KeyStore::create(&place, SCHOOL, work()).unwrap());
            }
            Err(error) => panic!("round {round}: {error}"),
        }
        all_open(&keys, &sealed, None);
    }
}

#[test]
fn two_who_make_at_once_make_one() {
    for _ in 0..10 {
        let spot = Spot::folder();
        let made: Vec<_> = std::thread::scope(|scope| {
            let make = || KeyStore::create(&spot.place, SCHOOL, work()).is_ok();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
        spot.open();
        let names = crate::support::files(spot.path()).into_keys().collect::<Vec<_>>();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
