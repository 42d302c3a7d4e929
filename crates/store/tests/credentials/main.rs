//! Sign-ins: the same answers from a file and from PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use belisha_store::SchoolId;
use belisha_store::credentials::{
    Credential, CredentialError, CredentialKey, Credentials, LONGEST, NewCredential, Token,
};
use belisha_store::postgres::{Postgres, enrol, install};
use chrono::{DateTime, TimeDelta, Utc};

const OURS: SchoolId = SchoolId::from_bytes([1; 16]);
const KEY: CredentialKey = CredentialKey::from_bytes([5; 32]);
const THEIRS: SchoolId = SchoolId::from_bytes([2; 16]);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_600_000 + seconds, 0).unwrap()
}

fn nothing(_: &Token) -> Option<Vec<u8>> {
    None
}

/// What holds of both. `again` opens the same sign-ins anew.
fn battery(again: &dyn Fn() -> Credentials) {
    let mut credentials = again();
    let hour = TimeDelta::hours(1);
    let (mine, signed_in) = credentials.issue("p-17", at(0), hour, nothing).unwrap();
    let (other, _) = credentials.issue("p-17", at(0), hour, nothing).unwrap();
    let (colleague, _) = credentials.issue("p-9", at(0), TimeDelta::minutes(1), nothing).unwrap();
    assert_eq!((signed_in.person.as_str(), signed_in.until), ("p-17", at(3_600)));
    assert_eq!(again().check(&mine, at(3_599)).unwrap(), Some(signed_in));
    // At the instant of its end it has ended.
    assert_eq!(credentials.check(&mine, at(3_600)).unwrap(), None);
    let typed: Token = mine.reveal().parse().unwrap();
    assert!(credentials.check(&typed, at(1)).unwrap().is_some());
    let made_up: Token = format!("belisha-{}", "0".repeat(64)).parse().unwrap();
    assert_eq!(credentials.check(&made_up, at(1)).unwrap(), None);
    credentials.revoke(&mine).unwrap();
    credentials.revoke(&mine).unwrap();
    assert_eq!(credentials.check(&mine, at(1)).unwrap(), None);
    assert!(credentials.check(&other, at(1)).unwrap().is_some());
    assert_eq!(credentials.revoke_all("p-17").unwrap(), 1);
    assert_eq!(again().check(&other, at(1)).unwrap(), None);
    assert!(credentials.check(&colleague, at(1)).unwrap().is_some());
    assert_eq!(credentials.sweep(at(59)).unwrap(), 0);
    assert_eq!(credentials.sweep(at(60)).unwrap(), 1);
    for lifetime in [TimeDelta::zero(), TimeDelta::seconds(-1), LONGEST + TimeDelta::seconds(1), TimeDelta::MAX] {
        assert!(matches!(credentials.issue("p-1", at(0), lifetime, nothing), Err(CredentialError::Lifetime)));
    }
}

/// Passwords and second factors, likewise.
fn second_battery(again: &dyn Fn() -> Credentials) {
    let (ann, ben) = ([1; 16], [2; 16]);
    let mut credentials = again();
    let before = credentials.version().unwrap();
    assert_eq!(credentials.credential(ann).unwrap(), None);
    let issued = NewCredential::Issued { hash: "$argon2id$one".into(), at: at(0), lapses: Some(at(60)) };
    assert_eq!(credentials.put(ann, issued).unwrap(), 1);
    let there = again().credential(ann).unwrap().unwrap();
    let hash = Some("$argon2id$one".to_owned());
    let expected = Credential { serial: 1, hash, issued: true, set: at(0), lapses: Some(at(60)), void_since: None };
    assert_eq!(there, expected);
    assert_eq!(credentials.put(ann, NewCredential::Chosen { hash: "$two".into(), at: at(1) }).unwrap(), 2);
    credentials.rehash(ann, &credentials_of(&mut again(), ann), "$three".into()).unwrap();
    let there = credentials_of(&mut again(), ann);
    assert_eq!((there.serial, there.hash.as_deref(), there.issued), (2, Some("$three"), false));
    credentials.put(ann, NewCredential::Void { at: at(5), since: at(3) }).unwrap();
    let there = credentials_of(&mut again(), ann);
    assert_eq!((there.serial, there.hash, there.void_since), (3, None, Some(at(3))));
    assert_eq!(credentials.credential(ben).unwrap(), None);
    // Every change is counted, whoever made it.
    assert!(again().version().unwrap() >= before + 3);
    assert_eq!(credentials.factor(ann).unwrap(), None);
    credentials.put_factor(ann, b"sealed").unwrap();
    assert!(credentials.use_step(ann, 7).unwrap());
    assert!(!again().use_step(ann, 7).unwrap() && !again().use_step(ann, 6).unwrap());
    assert!(credentials.use_step(ann, 8).unwrap() && !credentials.use_step(ben, 8).unwrap());
    assert_eq!(again().factor(ann).unwrap().unwrap().last_step, Some(8));
    // Taken, and there is none; taken again, nothing happens.
    credentials.put_factor(ben, b"sealed").unwrap();
    for _ in 0..2 {
        credentials.remove_factor(ben).unwrap();
        assert_eq!(again().factor(ben).unwrap(), None);
    }
    assert!(again().factor(ann).unwrap().is_some());
    let (token, _) = credentials.issue("p-1", at(0), TimeDelta::hours(1), |_| Some(b"a key".to_vec())).unwrap();
    assert_eq!(again().check(&token, at(1)).unwrap().unwrap().carried.as_deref(), Some(&b"a key"[..]));
}

fn credentials_of(credentials: &mut Credentials, account: [u8; 16]) -> Credential {
    credentials.credential(account).unwrap().unwrap()
}

/// Whoever can write to the file, and has not the school's key, lets nobody in.
#[test]
fn what_somebody_else_wrote_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    let mut credentials = Credentials::open(&file, OURS, KEY).unwrap();
    let (token, _) = credentials.issue("p-1", at(0), TimeDelta::hours(1), nothing).unwrap();
    credentials.put([1; 16], NewCredential::Chosen { hash: "$one".into(), at: at(0) }).unwrap();
    credentials.put([2; 16], NewCredential::Chosen { hash: "$two".into(), at: at(0) }).unwrap();
    let edit = rusqlite::Connection::open(&file).unwrap();
    edit.execute("UPDATE tokens SET person = 'p-head'", []).unwrap();
    assert!(matches!(credentials.check(&token, at(1)), Err(CredentialError::Forged { .. })));
    edit.execute("UPDATE tokens SET person = 'p-1', until = until + 1", []).unwrap();
    assert!(matches!(credentials.check(&token, at(1)), Err(CredentialError::Forged { .. })));
    // One's own hash in another's row, and a whole row under another's name.
    edit.execute("UPDATE credentials SET hash = '$one' WHERE account = ?1", [[2_u8; 16]]).unwrap();
    assert!(matches!(credentials.credential([2; 16]), Err(CredentialError::Forged { .. })));
    edit.execute("UPDATE credentials SET account = ?2 WHERE account = ?1", [[1_u8; 16], [3; 16]]).unwrap();
    assert!(matches!(credentials.credential([3; 16]), Err(CredentialError::Forged { .. })));
    // Another school's program has another key.
    let mut other = Credentials::open(&file, OURS, CredentialKey::from_bytes([6; 32])).unwrap();
    assert!(matches!(other.credential([3; 16]), Err(CredentialError::Forged { .. })));
    // A new password has the account again.
    credentials.put([2; 16], NewCredential::Chosen { hash: "$new".into(), at: at(1) }).unwrap();
    assert_eq!(credentials.credential([2; 16]).unwrap().unwrap().hash.as_deref(), Some("$new"));
}

/// A file of the first format, which had tokens alone.
#[test]
fn a_file_of_format_1_is_taken_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    let old = rusqlite::Connection::open(&file).unwrap();
    old.execute_batch(
        "CREATE TABLE about (school BLOB NOT NULL);
         CREATE TABLE tokens (hash BLOB PRIMARY KEY, person TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
         PRAGMA application_id = 1114399602; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;",
    )
    .unwrap();
    old.execute("INSERT INTO about VALUES (?1)", [OURS.as_bytes()]).unwrap();
    drop(old);
    let mut credentials = Credentials::open(&file, OURS, KEY).unwrap();
    credentials.put([1; 16], NewCredential::Chosen { hash: "$one".into(), at: at(0) }).unwrap();
    drop(credentials);
    assert!(Credentials::open(&file, OURS, KEY).unwrap().credential([1; 16]).unwrap().is_some());
}

#[test]
fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    battery(&|| Credentials::open(&file, OURS, KEY).unwrap());
    second_battery(&|| Credentials::open(&file, OURS, KEY).unwrap());
}

#[test]
fn in_postgres_each_school_for_itself() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, OURS, "Ours", "ours", "p").unwrap();
    enrol(&admin, THEIRS, "Theirs", "theirs", "p").unwrap();
    let ours = Postgres::parse(&server.url("ours", "p")).unwrap();
    let theirs = Postgres::parse(&server.url("theirs", "p")).unwrap();
    battery(&|| Credentials::in_postgres(&ours, OURS, KEY).unwrap());
    second_battery(&|| Credentials::in_postgres(&ours, OURS, KEY).unwrap());
    let mut elsewhere = Credentials::in_postgres(&theirs, THEIRS, KEY).unwrap();
    assert_eq!(elsewhere.credential([1; 16]).unwrap(), None);
    assert!(Credentials::in_postgres(&ours, THEIRS, KEY).is_err());
    let (token, _) =
        Credentials::in_postgres(&ours, OURS, KEY).unwrap().issue("p-1", at(0), TimeDelta::hours(1), nothing).unwrap();
    let mut elsewhere = Credentials::in_postgres(&theirs, THEIRS, KEY).unwrap();
    assert_eq!(elsewhere.check(&token, at(1)).unwrap(), None);
    assert_eq!(elsewhere.revoke_all("p-1").unwrap(), 0);
    // A server that went away and came back is found again.
    let mut mine = Credentials::in_postgres(&ours, OURS, KEY).unwrap();
    server.restart();
    let _ = mine.check(&token, at(1));
    assert!(mine.check(&token, at(1)).unwrap().is_some());
}

#[test]
fn files_that_are_not_ours_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    std::fs::write(&file, "a shopping list").unwrap();
    assert!(matches!(Credentials::open(&file, OURS, KEY), Err(CredentialError::Foreign { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), b"a shopping list");
    std::fs::remove_file(&file).unwrap();
    drop(Credentials::open(&file, OURS, KEY).unwrap());
    assert!(matches!(Credentials::open(&file, THEIRS, KEY), Err(CredentialError::OtherSchool { .. })));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[63] = 9;
    std::fs::write(&file, &bytes).unwrap();
    assert!(matches!(Credentials::open(&file, OURS, KEY), Err(CredentialError::Newer { version: 9, .. })));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn the_file_holds_no_token_and_no_message_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    let mut credentials = Credentials::open(&file, OURS, KEY).unwrap();
    let (token, _) = credentials.issue("p-1", at(0), TimeDelta::hours(1), nothing).unwrap();
    let text = token.reveal();
    let secret: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&text["belisha-".len()..][2 * at..2 * at + 2], 16).unwrap()).collect();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|window| window == secret));
    }
    assert!(!format!("{token:?}").contains(&text[8..20]));
    for wrong in ["", "belisha-", &text[8..], &format!("{text}0"), "belisha-+1"] {
        assert!(wrong.parse::<Token>().is_err(), "{wrong}");
    }
}
