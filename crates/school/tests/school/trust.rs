//! A trust: thirty schools in one PostgreSQL, none of which sees a row of another.

use std::path::Path;

use belisha_policy::{AccessRecord, Action, Outcome};
use belisha_school::lookup::{LookUp, look_up};
use belisha_school::{DataFolder, School, Settings, activation, integrity, rules};
use belisha_store::journal::Verdict;
use belisha_store::keys::{Role, Work};
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{AccessLog, SchoolId, read_day};
use chrono::TimeDelta;
use tempfile::TempDir;

use crate::support::{PASSWORD, SCHOOL, at, day, permit};

/// The schools of the test data: number and name.
fn schools() -> Option<Vec<(String, String)>> {
    let file = belisha_testkit::test_data()?.join("school/trust/schools.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let mut cells = line.split(',');
        Some((cells.next()?.to_string(), cells.next()?.to_string()))
    };
    Some(text.lines().skip(1).filter_map(row).collect())
}

fn open(folder: &Path, address: &str) -> School {
    let text = format!("store = \"{address}\"\n{SCHOOL}");
    let settings = Settings::parse(&text, Path::new("school.toml")).unwrap();
    School::open_with(&DataFolder::new(folder), &settings, Work::log2(4).unwrap(), at("2026-11-25T08:00:00Z")).unwrap()
}

/// Requests of a named pupil, `number` of them.
fn browse(school: &School, number: usize) {
    let policy = &school.settings().policy;
    let device = "10.0.0.7".parse().unwrap();
    let record = |minute: usize| AccessRecord {
        host: format!("page-{minute}.test").into(),
        observed: Outcome::Allowed,
        ..AccessRecord::new(
            at("2026-11-24T10:00:00Z") + TimeDelta::minutes(i64::try_from(minute).unwrap()),
            &policy.identify(device),
            device,
        )
    };
    let mut log = AccessLog::open(school.log_place(), school.seal_names().unwrap()).unwrap();
    log.append(&(0..number).map(record).collect::<Vec<_>>()).unwrap();
}

#[test]
fn thirty_schools_share_one_database_and_see_nothing_of_each_other() {
    let Some(listed) = schools() else { return };
    assert_eq!(listed.len(), 30);
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    let folders = TempDir::new().unwrap();
    let mut opened = Vec::new();
    for (number, (urn, name)) in listed.iter().enumerate() {
        let login = format!("school_{urn}");
        enrol(&admin, SchoolId::random().unwrap(), name, &login, "p").unwrap();
        let address = server.url(&login, "p");
        let school = open(&folders.path().join(urn), &address);
        let loaded = rules::load(school.folder()).unwrap();
        for _ in 0..=number {
            activation::note(
                school.ledger(),
                &loaded.rules,
                name,
                belisha_school::events::SourceChange::Removed,
                at("2026-11-24T10:00:00Z"),
            )
            .unwrap();
        }
        browse(&school, number + 1);
        opened.push((address, school));
    }
    for (number, (address, school)) in opened.iter().enumerate() {
        // One event is the seeded policy.
        assert_eq!(school.ledger().head().unwrap().position, number as u64 + 2);
        assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Sound { .. }));
        assert_eq!(school.log_days().unwrap(), [day("2026-11-24")]);
        assert_eq!(read_day(school.log_place(), day("2026-11-24")).unwrap().map(Result::unwrap).count(), number + 1);
        sees_its_own_rows_alone(address);
    }
    let everything = rows(&admin, "SELECT count(*) FROM belisha_journal.events");
    assert_eq!(everything, (2..=31).sum::<i64>(), "the administrator counts all, so there was something to hide");
    // A folder that is given the login of another school is refused, and nothing is written.
    let (theirs, _) = &opened[1];
    let text = format!("store = \"{theirs}\"\n{SCHOOL}");
    let settings = Settings::parse(&text, Path::new("school.toml")).unwrap();
    let mixed = School::open(opened[0].1.folder(), &settings, at("2026-11-25T08:00:00Z"));
    assert!(mixed.is_err());
    assert_eq!(rows(&admin, "SELECT count(*) FROM belisha_journal.events"), everything);
}

fn rows(postgres: &Postgres, count: &str) -> i64 {
    postgres.connect().unwrap().query_one(count, &[]).unwrap().get(0)
}

/// Whatever table of ours a school's login may read, it finds rows of one school there: its own.
fn sees_its_own_rows_alone(address: &str) {
    let mut client = Postgres::parse(address).unwrap().connect().unwrap();
    let tables = "SELECT table_schema || '.' || table_name FROM information_schema.columns \
                  WHERE column_name = 'school' AND table_schema LIKE 'belisha%' \
                  AND has_table_privilege(quote_ident(table_schema) || '.' || quote_ident(table_name), 'SELECT')";
    let tables: Vec<String> = client.query(tables, &[]).unwrap().iter().map(|row| row.get(0)).collect();
    assert!(tables.len() >= 8, "{tables:?}");
    let mut seen = 0;
    for table in tables {
        let count = format!("SELECT count(*), count(*) FILTER (WHERE school <> belisha.my_school()) FROM {table}");
        let row = client.query_one(&count, &[]).unwrap();
        seen += row.get::<_, i64>(0);
        assert_eq!(row.get::<_, i64>(1), 0, "{table}");
    }
    assert!(seen > 2, "its own rows are there");
}

#[test]
fn a_school_in_postgres_does_what_one_in_files_does() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::random().unwrap(), "Amber Hill School", "amber_hill", "p").unwrap();
    let folder = TempDir::new().unwrap();
    let address = server.url("amber_hill", "p");
    let school = open(folder.path(), &address);
    browse(&school, 5);
    let keys = school.ledger().keys();
    keys.add_holder("coordinator", PASSWORD).unwrap();
    keys.name_role(&Role::HISTORY, &["coordinator"]).unwrap();
    let coordinator = keys.unlock("coordinator", PASSWORD).unwrap();
    let ask = LookUp {
        person: "Robin Ashgrove".into(),
        from: day("2026-11-24"),
        to: day("2026-11-24"),
        purpose: "A teacher is worried after Tuesday's lesson".into(),
    };
    let now = at("2026-11-25T12:00:00Z");
    let history = look_up(&school, &permit(Action::LookUpHistory), &coordinator, &ask, now).unwrap();
    assert_eq!(history.lines.len(), 5);
    // The server restarts under it: what was acknowledged is there, and work goes on.
    let before = school.ledger().head().unwrap();
    server.restart();
    let again = look_up(&school, &permit(Action::LookUpHistory), &coordinator, &ask, now);
    let again = again.or_else(|_| look_up(&school, &permit(Action::LookUpHistory), &coordinator, &ask, now)).unwrap();
    assert_eq!(again.lines.len(), 5);
    assert!(school.ledger().head().unwrap().position > before.position);
    assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Sound { .. }));
    // A second machine needs the school's key; with it, it finds the same school.
    let second = TempDir::new().unwrap();
    let text = format!("store = \"{address}\"\n{SCHOOL}");
    let settings = Settings::parse(&text, Path::new("school.toml")).unwrap();
    let refused = School::open(&DataFolder::new(second.path()), &settings, now);
    let Err(error) = refused else { panic!("it was opened without its key") };
    assert!(error.to_string().contains("school.key"), "{error}");
    std::fs::create_dir_all(second.path().join("keys")).unwrap();
    std::fs::copy(folder.path().join("keys/school.key"), second.path().join("keys/school.key")).unwrap();
    assert_eq!(open(second.path(), &address).id(), school.id());
}
