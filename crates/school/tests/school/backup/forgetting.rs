//! What was erased is forgotten by every backup, and what was kept long enough does not come back.

use std::fs;

use belisha_policy::Action;
use belisha_school::backup::{self, RestoreError, UnknownKeys};
use belisha_school::events::{BreakShown, DayRemoved};
use belisha_school::{Stream, integrity, retention};
use belisha_store::journal::{Payload, Verdict};

use crate::backup::support::{Backed, NOW, content, open, quiet, stream, tree};
use crate::support::{at, day, permit};

#[test]
fn what_was_erased_since_is_erased_again_by_a_restore() {
    let backed = Backed::new();
    backed.note(&stream(2));
    let before = backed.back_up(NOW);
    let erase = permit(Action::EraseRecord);
    retention::erase_by_decision(backed.school(), &erase, stream(2).id, "A false positive", at(NOW)).unwrap();
    let after = backed.back_up("2026-11-25T08:00:01Z");

    // With the keys of that time it could be read. That is why their copies do not live long.
    let restored = backed.restore(&before, "then").unwrap();
    assert_eq!(restored.forgotten, 0);
    let school = open(&backed.path("then"));
    assert!(school.ledger().read_own(&stream(2)).unwrap()[0].read::<BreakShown>().unwrap().is_some());

    let restored = backed.restore_files(&before.records.file, &after.keys.file, "now").unwrap();
    assert_eq!((restored.forgotten, restored.given_up), (2, 0));
    let school = open(&backed.path("now"));
    let journal = school.ledger().journal();
    let there = journal.read_stream(stream(2).id, 0).unwrap();
    assert!(there.len() == 2 && there.iter().all(|event| event.payload == Payload::Erased));
    let said: Vec<u64> = journal.events(1).filter_map(|event| event.unwrap().erased()).flatten().collect();
    assert_eq!(said, there.iter().map(|event| event.position).collect::<Vec<_>>(), "an event names them");
    assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Sound { .. }));
    // The others are as they were.
    assert!(school.ledger().read_own(&stream(3)).unwrap()[0].read::<BreakShown>().unwrap().is_some());
    // A backup of what was restored forgets as well.
    let restored = backed.restore(&after, "after").unwrap();
    assert_eq!(restored.forgotten, 0);
    let school = open(&backed.path("after"));
    assert!(
        school.ledger().read_own(&stream(2)).unwrap().iter().all(|told| told.read::<BreakShown>().unwrap().is_none())
    );
}

#[test]
fn keys_that_are_older_than_the_records_are_refused_with_a_count() {
    let backed = Backed::new();
    let before = backed.back_up(NOW);
    for number in 6..=8 {
        backed.note(&stream(number));
    }
    let after = backed.back_up("2026-11-25T08:00:01Z");
    let refused = backed.restore_files(&after.records.file, &before.keys.file, "restored");
    // Three, and the one that says that a backup was made.
    assert!(matches!(refused, Err(RestoreError::KeysTooOld { events: 4 })), "{refused:?}");
    assert!(!backed.path("restored").exists());
    let drill = backup::drill(&after.records.file, &before.keys.file, &backed.identity, at(NOW), &mut quiet).unwrap();
    assert_eq!((drill.restored.given_up, drill.unreadable), (4, 0));

    let folder = backed.folder("restored");
    let what = backed.what(&after.records.file, &before.keys.file, &folder);
    let what = backup::Restore { unknown: UnknownKeys::GiveUp, ..what };
    let restored = backup::restore(&what, at(NOW), &mut quiet).unwrap();
    assert_eq!((restored.forgotten, restored.given_up), (0, 4));
    let school = open(folder.root());
    assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Sound { .. }));
    assert_eq!(content(&school), content(backed.school()));
    assert!(school.ledger().read_own(&stream(7)).unwrap()[0].read::<BreakShown>().unwrap().is_none());
}

#[test]
fn copies_of_keys_do_not_live_longer_than_35_days() {
    let backed = Backed::new();
    let keys = |name: &str| backed.path("keys").join(name);
    let first = backed.back_up("2026-10-20T08:00:00Z");
    let second = backed.back_up("2026-10-21T09:00:00Z");
    let id = backed.school().id().to_string();
    let others = [
        "belisha-00000000-20200101T000000Z.keys.age".to_owned(),
        format!("belisha-{}-20200101T000000Z.records.age", &id[..8]),
        format!("belisha-{}-2020.keys.age", &id[..8]),
        "readme.txt".to_owned(),
    ];
    for name in &others {
        fs::write(keys(name), "not ours to remove").unwrap();
    }
    // To the second.
    let third = backed.back_up("2026-11-24T08:00:00Z");
    assert!(third.removed.is_empty());
    let fourth = backed.back_up("2026-11-24T08:00:01Z");
    assert_eq!((fourth.removed, fourth.not_removed.len()), (vec![first.keys.file.clone()], 0));
    let fifth = backed.back_up("2026-12-30T08:00:00Z");
    assert_eq!(fifth.removed, [second.keys.file, third.keys.file, fourth.keys.file]);
    assert!(others.iter().all(|name| keys(name).exists()));
    // Records stay as long as somebody wants them, and can be read with the newest keys.
    assert!(backed.restore_files(&first.records.file, &fifth.keys.file, "restored").is_ok());
}

#[test]
fn days_that_have_been_kept_long_enough_do_not_come_back() {
    let backed = Backed::new();
    backed.test.browse("2025-11-26");
    let made = backed.back_up(NOW);
    let folder = backed.folder("restored");
    let what = backed.what(&made.records.file, &made.keys.file, &folder);
    let restored = backup::restore(&what, at("2026-11-28T08:00:00Z"), &mut quiet).unwrap();
    assert_eq!((restored.days, restored.days_removed), (4, vec![day("2025-11-26")]));
    let school = open(folder.root());
    assert_eq!(school.log_days().unwrap().len(), 3);
    let told = school.ledger().read_own(&Stream::DAYS).unwrap();
    assert!(told.iter().any(|told| told.read::<DayRemoved>().unwrap().is_some()), "and the journal says so");
    assert!(!tree(folder.root()).keys().any(|path| path.to_string_lossy().contains("2025-11-26")));
}
