//! A file that a disk damaged: what is read is what was written, or an error; never a lie.

use std::fs;
use std::path::Path;

use belisha_store::journal::{Event, Expected, Journal, NewEvent, Payload, Verdict};
use tempfile::TempDir;

use crate::support::{Dice, SCHOOL, at, key, note, sealed, stream, wish};

const STREAMS: u8 = 5;

/// Events of all lengths in several streams, in one append each.
fn fill(journal: &Journal, count: u64) -> Vec<Event> {
    for number in 0..count {
        let length = [3, 40, 300, 5_000][usize::try_from(number).unwrap() % 4];
        let text = format!("{number} ").repeat(length / 2);
        let long = NewEvent { at: at(0), payload: Payload::Open(text.into()) };
        let stream = stream(u8::try_from(number % u64::from(STREAMS)).unwrap());
        journal.append(wish(key(number), stream, Expected::Any, vec![sealed("s"), long])).unwrap();
    }
    journal.events(1).map(Result::unwrap).collect()
}

/// A copy of what lies in a folder, without the index of the log, which no crash leaves in a state to be trusted.
fn copy(from: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    folder
}

/// Nothing that is given out differs from what was written; true where all of it is given out.
fn honest(folder: &Path, written: &[Event], what: &str) -> bool {
    let Ok(journal) = Journal::open(&folder.join("journal.db"), SCHOOL) else { return false };
    let mut whole = true;
    let mut read = Vec::new();
    for event in journal.events(1) {
        match event {
            Ok(event) => read.push(event),
            Err(_) => whole = false,
        }
    }
    assert!(written.starts_with(&read), "{what}: events were read that were never written");
    for number in 0..STREAMS {
        let of_stream: Vec<_> = written.iter().filter(|event| event.stream == stream(number)).cloned().collect();
        match journal.read_stream(stream(number), 0) {
            Ok(events) => assert!(of_stream.starts_with(&events), "{what}: a stream was read that was never written"),
            Err(_) => whole = false,
        }
    }
    if let Ok(head) = journal.head() {
        let sound = matches!(journal.verify(), Ok(Verdict::Sound { .. }));
        assert!(!sound || head.position == read.len() as u64, "{what}: called sound, and not all of it is there");
        // What is appended to it is refused, or stands on what is there.
        if journal.append(note(1_000_000, stream(1), "after")).is_ok() {
            assert_eq!(journal.head().unwrap().position, head.position + 1, "{what}");
            assert!(!sound || matches!(journal.verify(), Ok(Verdict::Sound { .. })), "{what}");
        }
    }
    whole && read.len() == written.len()
}

#[test]
fn a_page_that_was_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let written = fill(&Journal::open(&file, SCHOOL).unwrap(), 80);
    let bytes = fs::read(&file).unwrap();
    assert!(honest(copy(folder.path()).path(), &written, "nothing was done"));
    let mut dice = Dice::new(7);
    let (mut harmless, count) = (0, 120);
    for round in 0..count {
        let damaged = copy(folder.path());
        let mut changed = bytes.clone();
        let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
        let what = format!("round {round} at {at}");
        match round % 4 {
            0 | 1 => changed[at] ^= 1 << dice.below(8),
            2 => {
                let page = at / 4_096 * 4_096;
                changed[page..page + 4_096].fill(0);
            }
            _ => changed.truncate(at),
        }
        fs::write(damaged.path().join("journal.db"), changed).unwrap();
        harmless += usize::from(honest(damaged.path(), &written, &what));
    }
    println!("{harmless} of {count} did no harm");
    assert!(harmless < count / 2);
}

#[test]
fn a_log_that_was_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.db"), SCHOOL).unwrap();
    let written = fill(&journal, 60);
    // As it lies there when everything stops at this moment.
    let stopped = copy(folder.path());
    drop(journal);
    let log = fs::read(stopped.path().join("journal.db-wal")).unwrap();
    assert!(log.len() > 100_000);
    assert!(honest(copy(stopped.path()).path(), &written, "nothing was done"));
    let mut dice = Dice::new(11);
    let mut harmless = 0;
    for round in 0..60 {
        let damaged = copy(stopped.path());
        let mut changed = log.clone();
        let at = usize::try_from(dice.below(if round % 6 == 0 { 60 } else { log.len() as u64 })).unwrap();
        match round % 3 {
            0 => changed[at] ^= 1 << dice.below(8),
            1 => changed.truncate(at),
            _ => changed[at..].iter_mut().take(512).for_each(|byte| *byte = !*byte),
        }
        fs::write(damaged.path().join("journal.db-wal"), changed).unwrap();
        harmless += usize::from(honest(damaged.path(), &written, &format!("round {round} at {at}")));
    }
    println!("{harmless} of 60 did no harm");
}
