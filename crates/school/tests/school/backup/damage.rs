//! A backup that was cut or changed anywhere is refused; a school that is damaged is backed up all the same.

use std::fs;

use belisha_school::backup::{self, BrokenJournal, JournalState, RestoreError};
use belisha_school::integrity;
use belisha_store::backup::BackupError as ArchiveError;
use belisha_store::journal::Verdict;

use crate::backup::support::{Backed, NOW, open, quiet, stream, tree};
use crate::support::{at, day};

/// A place in a file, in small steps at its beginning, where the header is.
fn places(length: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| if at < 40 { at * 7 } else { at * length / count }).filter(move |at| *at < length)
}

#[test]
fn a_file_that_was_changed_or_cut_anywhere_is_refused() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let whole = [fs::read(&made.records.file).unwrap(), fs::read(&made.keys.file).unwrap()];
    let bad = backed.path("bad.age");
    let refuse = |which: usize, bytes: &[u8], what: &str| {
        fs::write(&bad, bytes).unwrap();
        let files = if which == 0 { (&bad, &made.keys.file) } else { (&made.records.file, &bad) };
        let refused = backed.restore_files(files.0, files.1, "restored").unwrap_err();
        let kind = |error: &RestoreError| {
            matches!(
                error,
                RestoreError::Archive(
                    ArchiveError::Damaged { .. } | ArchiveError::NotABackup { .. } | ArchiveError::WrongIdentity { .. }
                )
            )
        };
        assert!(kind(&refused), "{what}: {refused}");
        assert!(!backed.path("restored").exists(), "{what}");
    };
    for (which, whole) in whole.iter().enumerate() {
        for place in places(whole.len(), 60) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            refuse(which, &bytes, &format!("a bit at {place} of file {which}"));
        }
        for place in places(whole.len(), 50).chain([whole.len() - 1]) {
            refuse(which, &whole[..place], &format!("cut at {place} of file {which}"));
        }
        refuse(which, &[&whole[..], b"more"].concat(), "something behind its end");
    }
    fs::write(&bad, &whole[0]).unwrap();
    backed.restore_files(&bad, &made.keys.file, "restored").unwrap();
}

/// Changes a table of the journal behind everybody's back.
fn tamper(backed: &Backed, sql: &str) {
    let db = rusqlite::Connection::open(backed.school().folder().journal()).unwrap();
    assert!(db.execute(sql, []).unwrap() > 0);
}

#[test]
fn a_broken_journal_is_backed_up_as_it_is_found_and_restored_when_that_is_asked() {
    let backed = Backed::new();
    tamper(&backed, "UPDATE events SET at = at + 1 WHERE position = 4");
    let made = backed.back_up(NOW);
    let JournalState::Broken(part) = made.journal else { panic!("{:?}", made.journal) };
    assert!(!part.sound && part.events > 5);
    let refused = backed.restore(&made, "restored");
    assert!(matches!(refused, Err(RestoreError::BrokenJournal)), "{refused:?}");
    assert!(!backed.path("restored").exists());

    let folder = backed.folder("restored");
    let what = backed.what(&made.records.file, &made.keys.file, &folder);
    let what = backup::Restore { broken: BrokenJournal::Accept, ..what };
    let restored = backup::restore(&what, at(NOW), &mut quiet).unwrap();
    assert_eq!(restored.journal, Some(part));
    let school = open(folder.root());
    assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Broken(_)), "it stays what it was");
    assert_eq!(school.ledger().read_own(&stream(5)).unwrap().len(), 1, "and the rest is there");
    let drill = backup::drill(&made.records.file, &made.keys.file, &backed.identity, at(NOW), &mut quiet);
    assert!(drill.is_ok() || matches!(drill, Err(RestoreError::Journal(_))), "{drill:?}");
}

#[test]
fn a_journal_that_cannot_be_read_is_backed_up_as_a_file() {
    let backed = Backed::new();
    (0..200).for_each(|_| backed.note(&stream(1)));
    tamper(&backed, "UPDATE events SET hash = 'no hash' WHERE position = 50");
    let made = backed.back_up(NOW);
    assert_eq!(made.journal, JournalState::Unreadable);
    assert!(matches!(backed.restore(&made, "restored"), Err(RestoreError::BrokenJournal)));
    let folder = backed.folder("restored");
    let what = backed.what(&made.records.file, &made.keys.file, &folder);
    let what = backup::Restore { broken: BrokenJournal::Accept, ..what };
    let restored = backup::restore(&what, at(NOW), &mut quiet).unwrap();
    assert_eq!((restored.journal, restored.days), (None, 3));
    let db = rusqlite::Connection::open(folder.journal()).unwrap();
    let events: i64 = db.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert!(events > 200, "nothing is lost");
    assert!(folder.keys().join("school.key").exists());
}

#[test]
fn damaged_days_do_not_keep_the_rest_from_being_backed_up_or_restored() {
    let backed = Backed::new();
    let log = backed.test.folder.path().join("access");
    // A record changed in an open day; a closed day, and an open one, that are nothing any more.
    let db = rusqlite::Connection::open(log.join("2026-11-25.db")).unwrap();
    db.execute("UPDATE records SET bytes = bytes + 1 WHERE id = 3", []).unwrap();
    drop(db);
    fs::write(log.join("2026-11-20.db.zst"), "nothing any more").unwrap();
    fs::write(log.join("2026-11-19.db"), vec![9; 10_000]).unwrap();
    fs::write(log.join("2026-11-19.db-wal"), vec![8; 100]).unwrap();
    let made = backed.back_up(NOW);
    assert_eq!(made.days, 4);
    let restored = backed.restore(&made, "restored").unwrap();
    assert_eq!(restored.days_damaged, [day("2026-11-19"), day("2026-11-20"), day("2026-11-25")]);
    let there = tree(&backed.path("restored/access"));
    let bytes = |name: &str| there[&backed.path("restored/access").join(name)].clone().unwrap();
    assert_eq!(bytes("2026-11-19.db"), vec![9; 10_000], "as they were");
    assert_eq!(bytes("2026-11-19.db-wal"), vec![8; 100]);
    assert_eq!(bytes("2026-11-20.db.zst"), b"nothing any more");
}
