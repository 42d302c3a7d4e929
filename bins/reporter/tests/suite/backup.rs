//! Backing up, rehearsing and restoring, as an administrator does it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::School;

/// The only file of a folder.
fn only(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// A secret in a file, and its recipient.
fn backup_key(school: &School, folder: &Path) -> (String, String) {
    let secret = folder.join("secret.txt").display().to_string();
    let made = school.reporter(&["keys", "backup-key", "--out", &secret]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(!made.out.contains("SECRET"), "{}", made.out);
    assert_eq!(school.reporter(&["keys", "backup-key", "--out", &secret]).code, 74, "it is not written over");
    (secret, made.out.trim().to_string())
}

#[test]
fn a_backup_comes_back_into_an_empty_folder_with_the_same_head() {
    let (school, away) = (School::new(), tempfile::tempdir().unwrap());
    let (records, keys) = (away.path().join("records"), away.path().join("keys"));
    let (secret, recipient) = backup_key(&school, away.path());
    let places = ["--out", records.to_str().unwrap(), "--keys-out", keys.to_str().unwrap(), "--recipient", &recipient];
    let made = school.reporter(&[&["backup"], &places[..]].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    let (records, keys) = (only(&records), only(&keys));
    let files = ["--records", records.to_str().unwrap(), "--keys", keys.to_str().unwrap(), "--identity", &secret];
    let drill = school.reporter(&[&["restore", "--drill"], &files[..]].concat());
    assert!(drill.code == 0 && drill.out.contains("nothing was changed"), "{} {}", drill.out, drill.err);
    let there = school.reporter(&[&["restore"], &files[..]].concat());
    assert!(there.code == 1 && there.err.contains("not empty"), "{} {}", there.code, there.err);
    assert_eq!(school.reporter(&["verify"]).code, 0, "what was there is as it was");
    let empty = School::empty();
    let restored = empty.reporter(&[&["restore"], &files[..]].concat());
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert_eq!(empty.reporter(&["verify"]).code, 0);
    // A head that was printed before the backup stands in what came back.
    let head = away.path().join("head.txt");
    assert_eq!(school.reporter(&["head", "--out", head.to_str().unwrap()]).code, 0);
    let status = empty.reporter(&["store", "status"]);
    assert!(status.out.contains("Amber Hill School"), "{} {}", status.out, status.err);
}

#[test]
fn files_that_do_not_fit_are_refused_and_nothing_is_made() {
    let (school, away) = (School::new(), tempfile::tempdir().unwrap());
    let (records, keys) = (away.path().join("records"), away.path().join("keys"));
    let (secret, recipient) = backup_key(&school, away.path());
    let records_text = records.display().to_string();
    let same = ["backup", "--out", &records_text, "--keys-out", &records_text, "--recipient", &recipient];
    let same = school.reporter(&same);
    assert!(same.code == 2 && same.err.contains("one folder"), "{}", same.err);
    let places = ["--out", &records_text, "--keys-out", keys.to_str().unwrap()];
    let nobody = school.reporter(&[&["backup"], &places[..], &["--recipient", "age1nobody"]].concat());
    assert_eq!(nobody.code, 2, "{}", nobody.err);
    assert_eq!(school.reporter(&[&["backup"], &places[..], &["--recipient", &recipient]].concat()).code, 0);
    let (records, keys) = (only(&records), only(&keys));
    let empty = School::empty();
    let try_with = |records: &Path, keys: &Path, secret: &str| {
        let files = ["--records", records.to_str().unwrap(), "--keys", keys.to_str().unwrap(), "--identity", secret];
        let refused = empty.reporter(&[&["restore"], &files[..]].concat());
        assert!(fs::read_dir(empty.path()).unwrap().next().is_none(), "nothing is made: {}", refused.err);
        refused
    };
    assert_eq!(try_with(&keys, &records, &secret).code, 65, "the two files swapped");
    let (other, other_place) = (School::new(), tempfile::tempdir().unwrap());
    let (wrong, _) = backup_key(&other, other_place.path());
    assert_eq!(try_with(&records, &keys, &wrong).code, 65, "the secret of somebody else");
    let cut = away.path().join("cut.records.age");
    let bytes = fs::read(&records).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(try_with(&cut, &keys, &secret).code, 65, "a file that is cut short");
}
