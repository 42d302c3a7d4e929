//! What is not the journal of this school is refused with a message that helps, and stays as it is to the last byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use belisha_store::SchoolId;
use belisha_store::journal::{Journal, JournalError};
use belisha_store::postgres::{Postgres, PostgresError};

use crate::support::{SCHOOL, World, note, prepared, stream};

const THEIRS: SchoolId = SchoolId::from_bytes([0xEE; 16]);

/// All there is in a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    fs::read_dir(folder).unwrap().map(Result::unwrap).map(entry).collect()
}

/// What is said of a file, which must not change.
fn refused(folder: &Path) -> JournalError {
    let before = contents(folder);
    let error = Journal::open(&folder.join("journal.db"), SCHOOL).unwrap_err();
    assert!(contents(folder) == before, "something was changed: {error}");
    let message = error.to_string();
    assert!(message.contains("journal.db") && message.contains("Nothing in it was changed"), "{message}");
    error
}

#[test]
fn a_file_that_is_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    for content in [&b"notes of a meeting"[..], &[0; 8_192], b"SQLite format 3\0 and no more"] {
        fs::write(&file, content).unwrap();
        assert!(matches!(refused(folder.path()), JournalError::Foreign { .. }));
    }
    fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE events (position INTEGER PRIMARY KEY)").unwrap();
    // While the other program has it open, and after.
    assert!(matches!(refused(folder.path()), JournalError::Foreign { .. }));
    drop(other);
    assert!(refused(folder.path()).to_string().contains("another program"));
}

#[test]
fn a_journal_of_a_newer_version() {
    let world = World::file();
    world.open().append(note(1, stream(1), "a")).unwrap();
    world.meddle("PRAGMA user_version = 9");
    let error = refused(world.path().parent().unwrap());
    assert!(matches!(error, JournalError::Newer { version: 9, known: 1, .. }), "{error}");
    world.meddle("PRAGMA user_version = 0");
    assert!(matches!(refused(world.path().parent().unwrap()), JournalError::Foreign { .. }));
}

/// As it lies there after its programs were killed: with a log that SQLite would put away if it opened it.
#[test]
fn a_journal_of_another_school() {
    let (theirs, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let journal = Journal::open(&theirs.path().join("journal.db"), THEIRS).unwrap();
    for number in 0..20 {
        journal.append(note(number, stream(1), "a")).unwrap();
    }
    for (name, bytes) in contents(theirs.path()) {
        fs::write(here.path().join(name), bytes).unwrap();
    }
    assert!(contents(here.path())["journal.db-wal"].len() > 1_000);
    assert!(matches!(refused(here.path()), JournalError::OtherSchool { .. }));
    drop(journal);
    assert!(matches!(refused(theirs.path()), JournalError::OtherSchool { .. }));
    assert_eq!(Journal::open(&here.path().join("journal.db"), THEIRS).unwrap().head().unwrap().position, 20);
}

#[test]
fn a_journal_that_does_not_say_whose_it_is() {
    let world = World::file();
    world.open().append(note(1, stream(1), "a")).unwrap();
    for wrong in ["DELETE FROM about", "INSERT INTO about VALUES ('school', x'01')"] {
        world.meddle(wrong);
        let error = Journal::open(&world.path(), SCHOOL).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_name_that_sqlite_would_take_for_something_else() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a?mode=memory.db", "b#c %41.db", "file:d.db", "é\u{1f6a8} \u{202e}.db"] {
        let file = folder.path().join(name);
        Journal::open(&file, SCHOOL).unwrap().append(note(1, stream(1), "a")).unwrap();
        assert!(file.exists(), "{name}");
        assert_eq!(Journal::open(&file, SCHOOL).unwrap().head().unwrap().position, 1);
        assert!(matches!(Journal::open(&file, THEIRS), Err(JournalError::OtherSchool { .. })), "{name}");
    }
}

#[test]
fn no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = Journal::open(&folder.path().join("missing/journal.db"), SCHOOL).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }) && error.to_string().contains("folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::file();
    let journal = world.open();
    journal.append(note(1, stream(1), "a")).unwrap();
    for (name, _) in contents(world.path().parent().unwrap()) {
        let mode = fs::metadata(world.path().with_file_name(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    drop(journal);
}

/// Events that nobody would find must not be acknowledged.
#[cfg(unix)]
#[test]
fn a_file_that_is_moved_while_it_is_open() {
    let world = World::file();
    let journal = world.open();
    journal.append(note(1, stream(1), "a")).unwrap();
    fs::rename(world.path(), world.path().with_file_name("elsewhere.db")).unwrap();
    let error = journal.append(note(2, stream(1), "b")).unwrap_err();
    assert!(error.to_string().contains("moved"), "{error}");
}

#[test]
fn a_server_without_our_schema_or_of_another_school() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    let error = Journal::connect(&admin, SCHOOL).unwrap_err();
    assert!(matches!(error, JournalError::Postgres(PostgresError::NotInstalled { .. })), "{error}");
    drop(server);
    let Some(server) = prepared() else { return };
    let World::Server { url, .. } = World::server(&server) else { return };
    let error = Journal::connect(&Postgres::parse(&url).unwrap(), SCHOOL).unwrap_err();
    assert!(error.to_string().contains("Nothing was changed"), "{error}");
    let error = Journal::connect(&Postgres::parse(&server.admin_url()).unwrap(), SCHOOL).unwrap_err();
    assert!(matches!(error, JournalError::Postgres(PostgresError::NoSchool { .. })), "{error}");
}

/// What a school's own login may do with the tables, whatever program it is used by.
#[test]
fn a_login_can_neither_remove_nor_change_an_event() {
    let Some(server) = prepared() else { return };
    let worlds = [World::server(&server), World::server(&server)];
    worlds[0].open().append(note(1, stream(1), "a")).unwrap();
    let World::Server { url, .. } = &worlds[0] else { return };
    let mut client = Postgres::parse(url).unwrap().connect().unwrap();
    for statement in [
        "DELETE FROM belisha_journal.events",
        "TRUNCATE belisha_journal.events",
        "UPDATE belisha_journal.events SET at = 0",
        "UPDATE belisha_journal.events SET hash = ''",
        "DELETE FROM belisha_journal.receipts",
        "UPDATE belisha_journal.receipts SET first = 1",
        "DELETE FROM belisha_journal.streams",
        "DELETE FROM belisha_journal.tasks",
        "ALTER TABLE belisha_journal.events DISABLE ROW LEVEL SECURITY",
        "INSERT INTO belisha_journal.leases (school, name, holder, until) VALUES (2, 'x', '', 0)",
    ] {
        assert!(client.batch_execute(statement).is_err(), "{statement}");
    }
    let World::Server { url, .. } = &worlds[1] else { return };
    let mut theirs = Postgres::parse(url).unwrap().connect().unwrap();
    for table in ["events", "streams", "receipts", "tasks", "leases"] {
        let seen = theirs.query(&format!("SELECT * FROM belisha_journal.{table}"), &[]).unwrap();
        assert!(seen.is_empty(), "{table}");
    }
}
