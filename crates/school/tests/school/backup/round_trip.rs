//! What was backed up is there after a restore, and nothing else is.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use belisha_policy::Action;
use belisha_school::backup::{self, Doing, JournalState, SettingsFile};
use belisha_school::events::{BackedUp, Restored};
use belisha_school::lookup::{LookUp, look_up};
use belisha_school::{Stream, days, integrity};
use belisha_store::journal::Verdict;

use crate::backup::support::{Backed, NOW, SECRET, content, history, open, quiet, stream, tree};
use crate::support::{PASSWORD, at, day, permit, stands_in_files};

#[test]
fn a_restored_school_says_what_it_said() {
    let backed = Backed::new();
    backed.test.name_holders();
    backed.test.browse("2026-11-25");
    backed.note(&history());
    let before = content(backed.school());
    let head = integrity::head(backed.school().ledger()).unwrap();
    let end = backed.school().ledger().head().unwrap();
    let made = backed.back_up(NOW);
    assert!(matches!(made.journal, JournalState::Sound(journal) if journal.head() == end));
    assert_eq!((made.days, made.left_out, made.removed.len()), (3, 0, 0));
    assert!(made.not_noted.is_none());

    let restored = backed.restore(&made, "restored").unwrap();
    assert_eq!((restored.forgotten, restored.given_up, restored.days), (0, 0, 3));
    assert_eq!(restored.settings, SettingsFile::InPlace);
    assert_eq!((restored.made, restored.name.as_str()), (at(NOW), "Amber Hill School"));
    assert!(restored.days_removed.is_empty() && restored.days_damaged.is_empty());
    let school = open(&backed.path("restored"));
    assert_eq!(school.id(), backed.school().id());
    assert_eq!(content(&school), before);
    // The head that was printed before the backup is still good, and new events follow on it.
    let sound = integrity::verify(school.ledger(), Some(head)).unwrap();
    assert!(matches!(sound, Verdict::Sound { .. }));
    let told = school.ledger().read_own(&Stream::BACKUPS).unwrap();
    assert_eq!(told.last().unwrap().read::<Restored>().unwrap().unwrap().body.made, at(NOW));
    // The people hold what they held, with the passwords that they had.
    let holder = school.ledger().keys().unlock("coordinator", PASSWORD).unwrap();
    assert_eq!(school.ledger().read(history().id, &holder).unwrap().len(), 1);
    let (from, to) = (day("2026-11-25"), day("2026-11-25"));
    let ask = LookUp { person: "Robin Ashgrove".into(), from, to, purpose: "A parent has asked".into() };
    let history = look_up(&school, &permit(Action::LookUpHistory), &holder, &ask, at(NOW)).unwrap();
    assert_eq!(history.lines.len(), 6);
    // The school goes on, and can be backed up again.
    assert!(!backed.path("restored/restore-unfinished").exists());
}

#[test]
fn the_journal_says_which_files_were_made() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let told = backed.school().ledger().read_own(&Stream::BACKUPS).unwrap();
    let said = told.last().unwrap().read::<BackedUp>().unwrap().unwrap().body;
    assert_eq!(said.records_sha256, made.records.sha256.to_string());
    assert_eq!(said.keys_sha256, made.keys.sha256.to_string());
    for file in [&made.records, &made.keys] {
        assert_eq!(fs::metadata(&file.file).unwrap().len(), file.bytes);
        assert!(file.is_on_disk().unwrap());
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file.file).unwrap().permissions()),
            0o100_600
        );
    }
    // Nothing but the two files, and nothing is left in the data folder.
    assert_eq!(tree(&backed.path("records")).len() + tree(&backed.path("keys")).len(), 2);
    assert!(!tree(backed.test.folder.path()).keys().any(|path| path.to_string_lossy().contains(".belisha-")));
}

#[test]
fn a_backup_gives_away_nothing_and_records_without_keys_no_payload() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let key = backed.school().ledger().keys().school_key();
    let key = key.lines().last().unwrap();
    for text in [SECRET, "volcanoes.test", "Robin", "ASHGROVE", "bets.test", "Amber Hill", key] {
        for folder in ["records", "keys"] {
            assert!(!stands_in_files(&backed.path(folder), text), "{text} in {folder}");
        }
    }
    let names = tree(backed.place.path()).into_keys().map(|path| path.display().to_string()).collect::<String>();
    assert!(!names.contains("Amber"), "{names}");
    // Whoever has the records and their secret, and not the keys, has what lies open in the data folder and no more.
    let unpacked = backed.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    belisha_store::backup::read(&made.records.file, &backed.identity, |_, part, content| {
        let file = unpacked.join(part.name.replace('/', "_"));
        std::io::copy(content, &mut fs::File::create(file).unwrap()).unwrap();
        Ok::<(), belisha_store::backup::BackupError>(())
    })
    .unwrap();
    // The settings name whom an address belongs to, as they do in the data folder.
    fs::remove_file(unpacked.join("school.toml")).unwrap();
    assert!(stands_in_files(&unpacked, "bets.test"), "the canaries can be seen where they are");
    for text in [SECRET, "Robin", "ASHGROVE", key, "AGE-SECRET-KEY"] {
        assert!(!stands_in_files(&unpacked, text), "{text}");
    }
}

/// Stops the writer whatever happens: a test that fails must not wait for it.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_was_acknowledged_before_is_in_it_while_everything_goes_on() {
    let backed = Backed::new();
    let (stop, writer) = (AtomicBool::new(false), open(backed.test.folder.path()));
    let busy = &stop;
    let (mut last, mut rounds) = (0, 0);
    thread::scope(|scope| {
        let _stops = Stops(&stop);
        scope.spawn(|| {
            let mut minute = 0;
            while !busy.load(Ordering::Relaxed) {
                backed.note(&stream(1));
                backed.test.browse("2026-11-25");
                backed.test.browse("2026-11-24");
                minute += 1;
                if minute % 3 == 0 {
                    // Days are closed under the copy's feet, and lists replaced.
                    days::close_due(&writer, at("2026-11-27T08:00:00Z")).unwrap();
                    let lists = backed.test.folder.path().join("lists");
                    fs::create_dir_all(lists.join(".new")).unwrap();
                    for file in ["source.toml", "gambling.txt"] {
                        fs::write(lists.join(".new").join(file), format!("{minute}\n").repeat(2_000)).unwrap();
                    }
                    fs::rename(lists.join("ut1"), lists.join(".old")).unwrap();
                    fs::rename(lists.join(".new"), lists.join("ut1")).unwrap();
                    fs::remove_dir_all(lists.join(".old")).unwrap();
                }
            }
        });
        for round in 0..12 {
            let events = writer.ledger().read_own(&stream(1)).unwrap().len();
            let made = match backed.try_back_up(at(NOW) + chrono::TimeDelta::seconds(round)) {
                Err(backup::BackupError::Restless) => continue,
                made => made.unwrap(),
            };
            let folder = format!("restored-{round}");
            let restored = backed.restore(&made, &folder).unwrap();
            assert!(restored.days_damaged.is_empty());
            let school = open(&backed.path(&folder));
            let there = content(&school);
            let count = school.ledger().read_own(&stream(1)).unwrap().len();
            assert!(count >= events && count >= last, "{count} of {events}");
            (last, rounds) = (count, rounds + 1);
            let text = |file| fs::read_to_string(backed.path(&folder).join("lists/ut1").join(file)).unwrap();
            let (source, rules) = (text("source.toml"), text("gambling.txt"));
            assert!(source == rules || source.contains("ut1"), "one source, as it was at one moment");
            drop(there);
        }
    });
    assert!(rounds >= 6, "{rounds}");
}

#[test]
fn progress_goes_forward_and_comes_to_its_end() {
    let backed = Backed::new();
    let mut seen: Vec<backup::Progress> = Vec::new();
    let recipient = backed.identity.recipient();
    let (records, keys) = (backed.path("records"), backed.path("keys"));
    let made = backup::write(backed.school(), &records, &keys, &recipient, at(NOW), &mut |now| seen.push(now)).unwrap();
    let folder = backed.folder("restored");
    let what = backed.what(&made.records.file, &made.keys.file, &folder);
    backup::restore(&what, at(NOW), &mut |now| seen.push(now)).unwrap();
    for doing in [Doing::Writing, Doing::Checking, Doing::Restoring] {
        let steps: Vec<_> = seen.iter().filter(|step| step.doing == doing).collect();
        assert!(steps.windows(2).all(|two| two[0].done <= two[1].done), "{doing:?}");
        assert!(steps.last().is_some_and(|last| last.done == last.of && last.of > 0), "{doing:?}");
    }
    assert_eq!(seen.first().unwrap().doing, Doing::Copying);
    assert_eq!(seen.last().unwrap().doing, Doing::Finishing);
}

#[test]
fn a_rehearsal_restores_and_leaves_nothing() {
    let backed = Backed::new();
    backed.test.name_holders();
    backed.note(&history());
    let made = backed.back_up(NOW);
    let before = tree(backed.place.path());
    let drill = backup::drill(&made.records.file, &made.keys.file, &backed.identity, at(NOW), &mut quiet).unwrap();
    assert!(drill.opened > 5 && drill.sealed_to_people == 1, "{drill:?}");
    assert_eq!((drill.erased, drill.unreadable, drill.restored.days), (0, 0, 3));
    assert_eq!(tree(backed.place.path()), before);
    // What a rehearsal left that was cut off goes with the next one.
    let left = backed.path("records/belisha-drill-x");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("restore-unfinished"), "").unwrap();
    fs::write(left.join("journal.db"), "").unwrap();
    backup::drill(&made.records.file, &made.keys.file, &backed.identity, at(NOW), &mut quiet).unwrap();
    assert_eq!(tree(backed.place.path()), before);
}
