//! What does not fit is refused with what to do, and nothing is changed.

use std::fs;
use std::path::Path;

use belisha_school::backup::{self, BackupError, RestoreError, SettingsFile};
use belisha_school::{DataFolder, School, SchoolError};
use belisha_store::backup::{BackupError as ArchiveError, BackupIdentity, Holds, Manifest, Part};

use crate::backup::support::{Backed, NOW, open, quiet, tree};
use crate::support::{SCHOOL, at, settings};

#[test]
fn records_and_keys_do_not_go_into_one_folder() {
    let backed = Backed::new();
    let records = backed.path("records");
    let recipient = backed.identity.recipient();
    for keys in [records.clone(), records.join("../records"), records.join(".")] {
        let refused = backup::write(backed.school(), &records, &keys, &recipient, at(NOW), &mut quiet);
        assert!(matches!(refused, Err(BackupError::SameFolder)));
    }
    let refused = backup::write(backed.school(), &records, &backed.path("none"), &recipient, at(NOW), &mut quiet);
    assert!(matches!(refused, Err(BackupError::NoFolder { .. })));
    assert!(tree(&records).is_empty());
}

#[test]
fn a_backup_never_overwrites_another() {
    let backed = Backed::new();
    backed.back_up(NOW);
    let before = tree(backed.place.path());
    let refused = backed.try_back_up(at(NOW));
    assert!(matches!(refused, Err(BackupError::Archive(ArchiveError::Exists { .. }))));
    assert_eq!(tree(backed.place.path()), before);
}

#[test]
fn what_a_crash_left_of_a_backup_goes_with_the_next() {
    let backed = Backed::new();
    let id = backed.school().id().to_string();
    let left = [
        backed.path(&format!("records/belisha-{}-20261124T080000Z.records.part", &id[..8])),
        backed.path(&format!("keys/belisha-{}-20261124T080000Z.keys.part", &id[..8])),
    ];
    let other = backed.path("keys/belisha-00000000-20261124T080000Z.keys.part");
    for file in left.iter().chain([&other]) {
        fs::write(file, "half").unwrap();
    }
    // One that is being written is locked.
    let busy = fs::File::open(&left[0]).unwrap();
    busy.try_lock().unwrap();
    backed.back_up(NOW);
    assert!(left[0].exists() && !left[1].exists() && other.exists());
    drop(busy);
    backed.back_up("2026-11-25T08:00:01Z");
    assert!(!left[0].exists());
}

#[test]
fn two_files_that_are_not_a_pair_are_refused() {
    let (backed, other) = (Backed::new(), Backed::new());
    let (made, theirs) = (backed.back_up(NOW), other.back_up(NOW));
    let refused = backed.restore_files(&made.keys.file, &made.keys.file, "restored");
    assert!(matches!(refused, Err(RestoreError::Swapped { expected: "records", .. })), "{refused:?}");
    let refused = backed.restore_files(&made.records.file, &made.records.file, "restored");
    assert!(matches!(refused, Err(RestoreError::Swapped { expected: "keys", .. })), "{refused:?}");
    // Another's are encrypted to another's secret; and where it is the same, they are still another's.
    let refused = backed.restore_files(&theirs.records.file, &theirs.keys.file, "restored");
    assert!(matches!(refused, Err(RestoreError::Archive(ArchiveError::WrongIdentity { .. }))), "{refused:?}");
    let (out, keys) = (other.path("records"), other.path("keys"));
    let now = at("2026-11-25T08:00:01Z");
    let theirs = backup::write(other.school(), &out, &keys, &backed.identity.recipient(), now, &mut quiet).unwrap();
    let refused = backed.restore_files(&made.records.file, &theirs.keys.file, "restored");
    assert!(matches!(refused, Err(RestoreError::TwoSchools { .. })), "{refused:?}");
    let refused = backed.restore_files(Path::new("/no/such/file"), &made.keys.file, "restored");
    assert!(matches!(refused, Err(RestoreError::Archive(ArchiveError::Io { .. }))), "{refused:?}");
    assert!(!backed.path("restored").exists());
}

#[test]
fn only_an_empty_folder_is_restored_into() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    for name in ["journal.db", "school.toml", "notes.txt", "keys/school.key"] {
        let folder = backed.path("full");
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "here before").unwrap();
        let before = tree(&folder);
        assert!(matches!(backed.restore(&made, "full"), Err(RestoreError::NotEmpty { .. })), "{name}");
        assert_eq!(tree(&folder), before);
        fs::remove_dir_all(folder).unwrap();
    }
    fs::create_dir(backed.path("empty")).unwrap();
    backed.restore(&made, "empty").unwrap();
    assert!(matches!(backed.restore(&made, "empty"), Err(RestoreError::NotEmpty { .. })));
}

#[test]
fn a_half_restored_folder_is_no_school_until_it_is_restored_again() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    backed.restore(&made, "restored").unwrap();
    let (folder, mark) = (backed.folder("restored"), backed.path("restored/restore-unfinished"));
    fs::remove_file(folder.rules()).unwrap();
    fs::write(&mark, "somebody was here").unwrap();
    let before = tree(folder.root());
    let opened = School::open(&folder, &settings(SCHOOL), at(NOW)).map(drop);
    let Err(SchoolError::File(error)) = opened else { panic!("{opened:?}") };
    assert!(error.to_string().contains("restore` again into this folder"), "{error}");
    assert!(School::look(&folder, &settings(SCHOOL)).is_err());
    assert_eq!(tree(folder.root()), before);

    // What was never ours is not taken away, and then nothing is.
    fs::write(backed.path("restored/notes.txt"), "keep me").unwrap();
    let before = tree(folder.root());
    assert!(matches!(backed.restore(&made, "restored"), Err(RestoreError::NotEmpty { .. })));
    assert_eq!(tree(folder.root()), before);
    fs::remove_file(backed.path("restored/notes.txt")).unwrap();
    // Nor while another restore is going on.
    let lock = fs::File::open(&mark).unwrap();
    lock.try_lock().unwrap();
    assert!(matches!(backed.restore(&made, "restored"), Err(RestoreError::Busy { .. })));
    drop(lock);
    backed.restore(&made, "restored").unwrap();
    assert!(folder.rules().exists() && !mark.exists());
    open(folder.root());
}

#[test]
fn settings_that_lead_elsewhere_are_put_aside() {
    let backed = Backed::new();
    let file = backed.test.folder.path().join("school.toml");
    let text = format!("store = \"postgres://amber:secret@192.0.2.1:5432/belisha\"\n{SCHOOL}");
    fs::write(&file, &text).unwrap();
    let made = backed.back_up(NOW);
    let restored = backed.restore(&made, "restored").unwrap();
    assert_eq!(restored.settings, SettingsFile::PutAside);
    assert_eq!(fs::read_to_string(backed.path("restored/school.toml.from-backup")).unwrap(), text);
    assert!(!backed.path("restored/school.toml").exists());
}

/// An archive that somebody made who knows the recipient, which is no secret.
fn forge(backed: &Backed, parts: &[(&str, &[u8])], with: impl FnOnce(Manifest) -> Manifest) -> std::path::PathBuf {
    let manifest = Manifest::new(Holds::Records, backed.school().id(), "Amber Hill School", at(NOW));
    let described = parts.iter().map(|(name, bytes)| Part::of_bytes(name, bytes)).collect();
    let manifest = with(manifest.with_parts(described));
    let file = backed.path("forged.records.age");
    let _ = fs::remove_file(&file);
    let mut parts = parts.iter();
    belisha_store::backup::write(&file, &backed.identity.recipient(), &manifest, |_, out| {
        out.take(&mut &parts.next().unwrap().1[..])
    })
    .unwrap();
    file
}

#[test]
fn a_forged_archive_writes_nothing() {
    let backed = Backed::new();
    let keys = backed.back_up(NOW).keys.file;
    let refused = |file: &Path| {
        let refused = backed.restore_files(file, &keys, "restored");
        assert!(!backed.path("restored").exists());
        refused.unwrap_err()
    };
    let same = |manifest| manifest;
    for name in ["keys/school.key", "x", "access/evil", "access/2026-11-23.db.sh", "lists/a/b/c", "credentials.db"] {
        let file = forge(&backed, &[(name, b"x"), ("journal", b"x")], same);
        assert!(matches!(refused(&file), RestoreError::Foreign { .. }), "{name}");
    }
    // No journal, two, one that is none, one that is not last.
    for parts in [&["school.toml"][..], &["journal", "journal-as-found"], &["journal"], &["journal", "school.toml"]] {
        let parts: Vec<(&str, &[u8])> = parts.iter().map(|name| (*name, &b"x"[..])).collect();
        let error = refused(&forge(&backed, &parts, same));
        assert!(matches!(error, RestoreError::Foreign { .. }), "{error}");
    }
    let head = belisha_store::backup::JournalPart { events: 0, hash: Part::of_bytes("x", b"").sha256, sound: true };
    let file = forge(&backed, &[("journal", b"x")], |it| Manifest { journal: Some(head), ..it });
    assert!(matches!(refused(&file), RestoreError::Copy(_)));
    let newer = |it: Manifest| Manifest { format: 2, journal: Some(head), ..it };
    let error = refused(&forge(&backed, &[("journal", b"x")], newer));
    assert!(matches!(error, RestoreError::Archive(ArchiveError::Newer { format: 2, .. })));
    assert!(error.to_string().contains("newer version of Belisha"));
}

#[test]
fn another_secret_opens_nothing() {
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let (folder, other) = (backed.folder("restored"), BackupIdentity::generate());
    let what = backed.what(&made.records.file, &made.keys.file, &folder);
    let refused = backup::restore(&backup::Restore { identity: &other, ..what }, at(NOW), &mut quiet);
    assert!(matches!(refused, Err(RestoreError::Archive(ArchiveError::WrongIdentity { .. }))));
    assert!(!folder.root().exists());
    assert!(DataFolder::new(folder.root()).settings_to_read(None).is_none());
}
