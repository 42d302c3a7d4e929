//! What is not this school's, not ours, or not whole is refused, with a message that says what to do, and stays as it
//! is.

use std::fs;
use std::path::Path;

use belisha_store::SchoolId;
use belisha_store::keys::{KeyError, KeyStore, Place};

use crate::support::{OTHER, SCHOOL, Spot, files, open, stream, work};

use belisha_store::keys::Readers;

/// What opening says of a folder, in which nothing must change.
fn refused(folder: &Path, school: SchoolId) -> KeyError {
    let before = files(folder);
    let place = Place::Folder(folder.to_owned());
    let error = KeyStore::open_at(&place, school, work()).unwrap_err();
    assert!(files(folder) == before, "something was changed: {error}");
    let making = KeyStore::create(&place, school, work());
    assert!(making.is_err() || before.is_empty(), "a second store was made: {error}");
    assert!(files(folder) == before || before.is_empty(), "making changed something: {error}");
    error
}

fn says(error: &KeyError, words: &[&str]) {
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

fn made() -> Spot {
    let spot = Spot::folder();
    spot.create().seal(stream(1), &Readers::School, b"x").unwrap();
    spot
}

#[test]
fn another_schools_folder() {
    let spot = made();
    let error = refused(spot.path(), OTHER);
    assert!(matches!(error, KeyError::OtherSchool { .. }));
    says(&error, &["school.key", "another school", "Nothing was changed"]);
}

#[test]
fn another_schools_keys_beside_our_key() {
    let (spot, theirs) = (made(), Spot::folder());
    drop(KeyStore::create(&theirs.place, OTHER, work()).unwrap());
    fs::copy(theirs.path().join("data-keys.db"), spot.path().join("data-keys.db")).unwrap();
    let error = refused(spot.path(), SCHOOL);
    assert!(matches!(error, KeyError::OtherSchool { .. }));
    says(&error, &["data-keys.db", "another school"]);
}

#[test]
fn another_key_of_the_same_school() {
    let (spot, again) = (made(), made());
    fs::copy(again.path().join("school.key"), spot.path().join("school.key")).unwrap();
    let error = refused(spot.path(), SCHOOL);
    assert!(matches!(error, KeyError::WrongKey { .. }));
    says(&error, &["does not belong", "data-keys.db", "use the key that was made with them"]);
}

#[test]
fn no_key_file() {
    let spot = made();
    let (file, aside) = (spot.path().join("school.key"), spot.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    let error = refused(spot.path(), SCHOOL);
    assert!(matches!(error, KeyError::NoKeyFile { .. }));
    says(&error, &["school.key", "put the file back"]);
    fs::rename(&aside, &file).unwrap();
    spot.open();
}

#[test]
fn a_key_file_that_is_none() {
    let spot = made();
    let file = spot.path().join("school.key");
    let whole = fs::read_to_string(&file).unwrap();
    let wrong = [String::new(), "my notes".into(), whole.replace("AGE-", "AGF-"), whole.replace("# school", "# skool")];
    for text in wrong.map(String::into_bytes).into_iter().chain([vec![0xFF; 900], vec![b'#'; 100_000]]) {
        fs::write(&file, text).unwrap();
        let error = refused(spot.path(), SCHOOL);
        assert!(matches!(error, KeyError::KeyFile { .. }), "{error}");
        says(&error, &["school.key", "put the file back"]);
    }
    fs::write(&file, whole.replace('\n', "\r\n")).unwrap();
    spot.open();
}

#[test]
fn the_key_without_the_keys() {
    let spot = made();
    fs::remove_file(spot.path().join("data-keys.db")).unwrap();
    let error = refused(spot.path(), SCHOOL);
    assert!(matches!(error, KeyError::NoKeys { .. }));
    says(&error, &["data-keys.db", "restore the keys from their backup"]);
}

#[test]
fn a_newer_version_and_what_is_not_ours() {
    let spot = made();
    let file = spot.path().join("data-keys.db");
    let whole = fs::read(&file).unwrap();
    let mut newer = whole.clone();
    newer[63] = 9;
    fs::write(&file, newer).unwrap();
    let error = refused(spot.path(), SCHOOL);
    assert!(matches!(error, KeyError::Newer { version: 9, .. }));
    says(&error, &["format 9", "later version", "use that version"]);
    let mut foreign = whole.clone();
    foreign[68] = 1;
    for bytes in [foreign, b"a shopping list".to_vec(), vec![0; 4_096], whole[..50].to_vec()] {
        fs::write(&file, bytes).unwrap();
        let error = refused(spot.path(), SCHOOL);
        assert!(matches!(error, KeyError::Foreign { .. }), "{error}");
        says(&error, &["data-keys.db", "Nothing in it was changed"]);
    }
    fs::write(&file, whole).unwrap();
    spot.open();
}

#[test]
fn strange_names_of_folders() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a?mode=ro&immutable=1", "100% of it#1", "Schlüssel \u{202e}'\"", "file:x"] {
        let place = Place::Folder(folder.path().join(name));
        let store = KeyStore::create(&place, SCHOOL, work()).unwrap();
        let sealed = store.seal(stream(1), &Readers::School, b"x").unwrap();
        let again = KeyStore::open_at(&place, SCHOOL, work()).unwrap();
        assert!(open(&again, stream(1), &sealed, again.as_school()).is_ok());
        assert!(matches!(KeyStore::open_at(&place, OTHER, work()), Err(KeyError::OtherSchool { .. })));
        assert!(folder.path().join(name).join("data-keys.db").is_file());
    }
}

#[test]
fn where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "x").unwrap();
    let place = Place::Folder(file.join("keys"));
    assert!(matches!(KeyStore::create(&place, SCHOOL, work()), Err(KeyError::Io { .. })));
}
