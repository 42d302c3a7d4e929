//! A writer that is killed at any moment has written what it acknowledged, once and in order; a reader beside it sees
//! at any moment what was written up to then.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use belisha_store::ErrorKind;

use crate::support::{Dice, child, child_folder, date, numbers, open, read};

const FROM: &str = "BELISHA_STORE_TEST_FROM";
const BATCHES: &str = "BELISHA_STORE_TEST_BATCHES";

/// Not a test but what the tests run and kill: appends batches, and says after each how many records there are.
#[test]
fn writer_that_is_killed() {
    let Some(folder) = child_folder() else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (mut next, batches) = (number(FROM), number(BATCHES));
    let mut dice = Dice::new(next);
    let mut log = open(&folder);
    for _ in 0..batches {
        let most = if dice.below(4) == 0 { 3_000 } else { 60 };
        let count = 1 + dice.below(most);
        log.append(&numbers(next, count)).unwrap();
        next += count;
        println!("written {next}");
    }
}

fn writer(folder: &Path, from: u64, batches: u64) -> Command {
    let mut command = child("crash::writer_that_is_killed", folder);
    command.env(FROM, from.to_string()).env(BATCHES, batches.to_string());
    command
}

/// What a line acknowledges. The test harness writes on the same line as it pleases.
fn acknowledged(line: &str) -> Option<u64> {
    line.split_once("written ")?.1.trim().parse().ok()
}

/// Lets a child run until it has acknowledged some batches and a moment longer, and gives the last that it
/// acknowledged.
fn kill_after(mut child: Child, acknowledgements: u64, then: Duration) -> Option<u64> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut last = None;
    for _ in 0..acknowledgements {
        last = lines.by_ref().find_map(|line| acknowledged(&line));
    }
    sleep(then);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.filter_map(|line| acknowledged(&line)).last().or(last)
}

fn seed() -> u64 {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    println!("seed {seed}");
    seed
}

#[test]
fn what_was_acknowledged_is_there_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(seed());
    let mut there = 0;
    for round in 0..25 {
        let child = writer(folder.path(), there, u64::MAX).spawn().unwrap();
        let (acknowledgements, moment) = (1 + dice.below(30), Duration::from_micros(dice.below(4_000)));
        let last = kill_after(child, acknowledgements, moment).expect("a batch was acknowledged");
        let records = read(folder.path(), date("2026-11-02")).unwrap();
        assert!(records.len() as u64 >= last, "round {round}: {last} acknowledged, {} there", records.len());
        assert!(records == numbers(0, records.len() as u64), "round {round}: not those that were written");
        there = records.len() as u64;
    }
}

#[test]
fn a_file_whose_making_was_killed_can_be_used() {
    let mut dice = Dice::new(seed());
    for round in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        let child = writer(folder.path(), 0, u64::MAX).spawn().unwrap();
        let last = kill_after(child, 0, Duration::from_micros(dice.below(25_000))).unwrap_or(0);
        let there = match read(folder.path(), date("2026-11-02")) {
            Ok(records) => records.len() as u64,
            Err(error) if last == 0 && error.kind() == ErrorKind::Missing => 0,
            Err(error) => panic!("round {round}: {error}"),
        };
        assert!(there >= last, "round {round}: {last} acknowledged, {there} there");
        open(folder.path()).append(&numbers(there, 10)).unwrap();
        assert!(read(folder.path(), date("2026-11-02")).unwrap() == numbers(0, there + 10), "round {round}");
    }
}

#[test]
fn a_reader_beside_the_writer_sees_what_was_written_up_to_then() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = writer(folder.path(), 0, 300).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let last = std::thread::spawn(move || lines.filter_map(|line| acknowledged(&line)).last());
    let (mut before, mut readings) = (0, 0);
    let mut done = false;
    while !done {
        done = last.is_finished();
        match read(folder.path(), date("2026-11-02")) {
            Ok(records) => {
                assert!(records == numbers(0, records.len() as u64), "not what was written");
                assert!(records.len() >= before, "it had been more");
                before = records.len();
                readings += 1;
            }
            Err(error) => assert!(before == 0 && error.kind() == ErrorKind::Missing, "{error}"),
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(last.join().unwrap(), Some(before as u64));
    assert!(readings > 1, "{readings}");
}
