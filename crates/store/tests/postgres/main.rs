//! One PostgreSQL: prepared once, a login for each school, and what is refused.

use belisha_store::SchoolId;
use belisha_store::postgres::{Postgres, PostgresError, enrol, install, schools};

fn id(byte: u8) -> SchoolId {
    SchoolId::from_bytes([byte; 16])
}

#[test]
fn a_login_is_its_schools_and_nobody_elses() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    assert!(matches!(admin.school(), Err(PostgresError::NotInstalled { .. })));
    install(&admin).unwrap();
    install(&admin).unwrap();
    assert!(matches!(admin.school(), Err(PostgresError::NoSchool { .. })));
    enrol(&admin, id(1), "Marlbrook Primary", "marlbrook", "it's \\ a \"password\"").unwrap();
    enrol(&admin, id(2), "Sedge Lane School", "sedge_lane", "p2").unwrap();
    let first = Postgres::parse(&server.url("marlbrook", "it's%20%5C%20a%20%22password%22")).unwrap();
    assert_eq!(first.school().unwrap(), id(1));
    first.expect(id(1)).unwrap();
    assert!(matches!(first.expect(id(2)), Err(PostgresError::OtherSchool { .. })));
    let listed = schools(&admin).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1], (id(2), "Sedge Lane School".to_string(), "sedge_lane".to_string()));
    // A school sees no list of schools, and cannot change what the database thinks of it.
    let mut client = first.connect().unwrap();
    assert!(client.query("SELECT * FROM belisha.schools", &[]).is_err());
    assert!(client.batch_execute("SET SESSION AUTHORIZATION sedge_lane").is_err());
    assert!(client.batch_execute("CREATE TABLE belisha.mine (x int)").is_err());
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing_behind() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, id(1), "One", "one", "p").unwrap();
    for login in ["one", "One", "x; DROP TABLE belisha.schools", "", "1a", &"a".repeat(64)] {
        assert!(matches!(enrol(&admin, id(9), "Nine", login, "p"), Err(PostgresError::Login { .. })), "{login}");
    }
    // The same school under another login.
    assert!(enrol(&admin, id(1), "One", "another", "p").is_err());
    assert!(Postgres::parse(&server.url("another", "p")).unwrap().connect().is_err());
    assert_eq!(schools(&admin).unwrap().len(), 1);

    let mut client = admin.connect().unwrap();
    client.execute("UPDATE belisha.about SET version = 99", &[]).unwrap();
    let one = Postgres::parse(&server.url("one", "p")).unwrap();
    assert!(matches!(one.school(), Err(PostgresError::Newer { version: 99, .. })));
    assert!(matches!(install(&admin), Err(PostgresError::Newer { .. })));
}

#[test]
fn addresses_are_read_and_no_message_holds_a_password() {
    for wrong in [
        "",
        "mysql://a:secret@h/d",
        "postgres://",
        "postgres://h/d",
        "postgres://a:secret@h:x/d",
        "postgres://a:secret@h/d?sslmode=require",
    ] {
        let error = Postgres::parse(wrong).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let away = Postgres::parse("postgres://a:secret@127.0.0.1:1/d").unwrap();
    let Err(error) = away.connect() else { panic!("nothing listens there") };
    assert!(!format!("{error} {error:?} {away:?}").contains("secret"));
    assert_eq!(away.server(), "127.0.0.1:1/d");
}
