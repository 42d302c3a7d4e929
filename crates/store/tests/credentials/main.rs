//! Sign-ins: the same answers from a file and from PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use belisha_store::SchoolId;
use belisha_store::credentials::{CredentialError, Credentials, LONGEST, Token};
use belisha_store::postgres::{Postgres, enrol, install};
use chrono::{DateTime, TimeDelta, Utc};

const OURS: SchoolId = SchoolId::from_bytes([1; 16]);
const THEIRS: SchoolId = SchoolId::from_bytes([2; 16]);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_600_000 + seconds, 0).unwrap()
}

/// What holds of both. `again` opens the same sign-ins anew.
fn battery(again: &dyn Fn() -> Credentials) {
    let mut credentials = again();
    let hour = TimeDelta::hours(1);
    let (mine, signed_in) = credentials.issue("p-17", at(0), hour).unwrap();
    let (other, _) = credentials.issue("p-17", at(0), hour).unwrap();
    let (colleague, _) = credentials.issue("p-9", at(0), TimeDelta::minutes(1)).unwrap();
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
        assert!(matches!(credentials.issue("p-1", at(0), lifetime), Err(CredentialError::Lifetime)));
    }
}

#[test]
fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    battery(&|| Credentials::open(&file, OURS).unwrap());
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
    battery(&|| Credentials::in_postgres(&ours, OURS).unwrap());
    assert!(Credentials::in_postgres(&ours, THEIRS).is_err());
    let (token, _) = Credentials::in_postgres(&ours, OURS).unwrap().issue("p-1", at(0), TimeDelta::hours(1)).unwrap();
    let mut elsewhere = Credentials::in_postgres(&theirs, THEIRS).unwrap();
    assert_eq!(elsewhere.check(&token, at(1)).unwrap(), None);
    assert_eq!(elsewhere.revoke_all("p-1").unwrap(), 0);
    // A server that went away and came back is found again.
    let mut mine = Credentials::in_postgres(&ours, OURS).unwrap();
    server.restart();
    let _ = mine.check(&token, at(1));
    assert!(mine.check(&token, at(1)).unwrap().is_some());
}

#[test]
fn files_that_are_not_ours_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    std::fs::write(&file, "a shopping list").unwrap();
    assert!(matches!(Credentials::open(&file, OURS), Err(CredentialError::Foreign { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), b"a shopping list");
    std::fs::remove_file(&file).unwrap();
    drop(Credentials::open(&file, OURS).unwrap());
    assert!(matches!(Credentials::open(&file, THEIRS), Err(CredentialError::OtherSchool { .. })));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[63] = 9;
    std::fs::write(&file, &bytes).unwrap();
    assert!(matches!(Credentials::open(&file, OURS), Err(CredentialError::Newer { version: 9, .. })));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn the_file_holds_no_token_and_no_message_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials.db");
    let mut credentials = Credentials::open(&file, OURS).unwrap();
    let (token, _) = credentials.issue("p-1", at(0), TimeDelta::hours(1)).unwrap();
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
