//! From files into PostgreSQL and back.

use std::fs;
use std::path::Path;

use belisha_policy::Action;
use belisha_school::backup::{self, Restore, RestoreError, Restored};
use belisha_school::lookup::{LookUp, look_up};
use belisha_school::{DataFolder, School, Settings, integrity};
use belisha_store::journal::Verdict;
use belisha_store::keys::Work;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{Logged, SchoolId, days};

use crate::backup::support::{Backed, NOW, content, open, quiet};
use crate::support::{PASSWORD, SCHOOL, at, day, permit};

struct Trust {
    server: belisha_testkit::Postgres,
    admin: Postgres,
}

impl Trust {
    fn start() -> Option<Self> {
        let server = belisha_testkit::Postgres::start()?;
        let admin = Postgres::parse(&server.admin_url()).unwrap();
        install(&admin).unwrap();
        Some(Self { server, admin })
    }

    fn enrol(&self, school: SchoolId, login: &str) -> Postgres {
        enrol(&self.admin, school, "Amber Hill School", login, "p").unwrap();
        Postgres::parse(&self.server.url(login, "p")).unwrap()
    }
}

fn restore(
    backed: &Backed,
    made: &backup::Made,
    folder: &DataFolder,
    store: Option<&Postgres>,
) -> Result<Restored, RestoreError> {
    let what = backed.what(&made.records.file, &made.keys.file, folder);
    backup::restore(&Restore { store, ..what }, at(NOW), &mut quiet)
}

fn open_in(folder: &Path, store: &Postgres) -> School {
    let data = DataFolder::new(folder);
    let mut settings = Settings::load(data.settings_to_read(None).as_deref()).unwrap();
    settings.store = Some(store.clone());
    School::open_with(&data, &settings, Work::log2(4).unwrap(), at(NOW)).unwrap()
}

/// The lines of a person, by somebody who may look them up.
fn look_up_robin(school: &School) -> Vec<Logged> {
    let holder = school.ledger().keys().unlock("coordinator", PASSWORD).unwrap();
    let day = day("2026-11-25");
    let ask = LookUp { person: "Robin Ashgrove".into(), from: day, to: day, purpose: "A parent has asked".into() };
    look_up(school, &permit(Action::LookUpHistory), &holder, &ask, at(NOW)).unwrap().lines
}

#[test]
fn a_school_moves_into_a_database_and_out_of_it() {
    let Some(trust) = Trust::start() else { return };
    let backed = Backed::new();
    backed.test.name_holders();
    backed.test.browse("2026-11-25");
    let before = content(backed.school());
    let looked_up = look_up_robin(backed.school());
    assert_eq!(looked_up.len(), 6);
    let head = integrity::head(backed.school().ledger()).unwrap();
    let made = backed.back_up(NOW);

    let folder = backed.folder("restored");
    let wrong = trust.enrol(SchoolId::from_bytes([9; 16]), "another");
    let refused = restore(&backed, &made, &folder, Some(&wrong));
    assert!(matches!(refused, Err(RestoreError::OtherSchool { .. })), "{refused:?}");
    assert!(!folder.root().exists());

    let own = trust.enrol(backed.school().id(), "amber");
    restore(&backed, &made, &folder, Some(&own)).unwrap();
    let school = open_in(folder.root(), &own);
    assert_eq!(content(&school), before);
    assert_eq!(look_up_robin(&school), looked_up, "the people who may look up still can");
    let verdict = integrity::verify(school.ledger(), Some(head)).unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }));
    assert!(!folder.journal().exists() && !folder.access().exists());
    assert!(folder.keys().join("school.key").exists());
    // Not a second time into the same database, and the folder of the attempt goes again.
    let second = backed.folder("second");
    let refused = restore(&backed, &made, &second, Some(&own));
    assert!(matches!(refused, Err(RestoreError::StoreNotEmpty { .. })), "{refused:?}");
    assert!(!second.root().exists());

    let (out, keys) = (backed.path("records"), backed.path("keys"));
    let now = at("2026-11-25T08:00:01Z");
    let made = backup::write(&school, &out, &keys, &backed.identity.recipient(), now, &mut quiet).unwrap();
    let back = backed.folder("back");
    restore(&backed, &made, &back, None).unwrap();
    let school = open(back.root());
    assert_eq!(content(&school), before);
    assert_eq!(look_up_robin(&school), looked_up);
    assert!(matches!(integrity::verify(school.ledger(), Some(head)).unwrap(), Verdict::Sound { .. }));
}

#[test]
fn a_restore_that_stopped_halfway_in_a_database_goes_on() {
    let Some(trust) = Trust::start() else { return };
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let own = trust.enrol(backed.school().id(), "amber");
    let mut admin = trust.admin.connect().unwrap();
    let folder = backed.folder("restored");
    // The keys get in and the journal does not.
    admin.batch_execute("REVOKE INSERT ON belisha_journal.events FROM belisha_app").unwrap();
    let stopped = restore(&backed, &made, &folder, Some(&own));
    let Err(error @ RestoreError::Halfway { .. }) = stopped else { panic!("{stopped:?}") };
    assert!(error.to_string().contains("run the same restore again"), "{error}");
    let mut settings = crate::support::settings(SCHOOL);
    settings.store = Some(own.clone());
    let mark = fs::read(folder.root().join("restore-unfinished")).unwrap();
    assert!(School::open(&folder, &settings, at(NOW)).is_err(), "no program takes it for a school");
    admin.batch_execute("GRANT INSERT ON belisha_journal.events TO belisha_app").unwrap();
    assert_eq!(days(&own).unwrap().len(), 3, "what is there is whole");
    // Keys that are others are not taken for those.
    backed.note(&crate::backup::support::stream(7));
    let later = backed.back_up("2026-11-25T08:00:01Z");
    let refused = restore(&backed, &later, &backed.folder("other"), Some(&own));
    assert!(matches!(refused, Err(RestoreError::StoreNotEmpty { .. })), "{refused:?}");
    let refused = restore(&backed, &later, &folder, Some(&own));
    assert!(matches!(refused, Err(RestoreError::OtherRestore { .. })), "{refused:?}");
    restore(&backed, &made, &folder, Some(&own)).unwrap();

    // The journal gets in, and the crash comes at the very end.
    let before = content(&open_in(folder.root(), &own));
    fs::write(folder.root().join("restore-unfinished"), b"of another backup").unwrap();
    let refused = restore(&backed, &made, &folder, Some(&own));
    assert!(matches!(refused, Err(RestoreError::StoreNotEmpty { .. })), "another mark: {refused:?}");
    fs::create_dir_all(folder.root()).unwrap();
    fs::write(folder.root().join("restore-unfinished"), mark).unwrap();
    restore(&backed, &made, &folder, Some(&own)).unwrap();
    let school = open_in(folder.root(), &own);
    assert_eq!(content(&school), before);
    assert!(matches!(integrity::verify(school.ledger(), None).unwrap(), Verdict::Sound { .. }));
}

#[test]
fn what_would_lose_something_in_a_database_stays_a_file() {
    let Some(trust) = Trust::start() else { return };
    let backed = Backed::new();
    let log = backed.test.folder.path().join("access");
    // A damaged day; and one with two files in which one number stands for two people, as far as anybody can tell.
    let db = rusqlite::Connection::open(log.join("2026-11-25.db")).unwrap();
    db.execute("UPDATE records SET bytes = bytes + 1 WHERE id = 3", []).unwrap();
    drop(db);
    fs::copy(log.join("2026-11-24.db"), log.join("2026-11-24.2.db")).unwrap();
    let made = backed.back_up(NOW);
    let (own, folder) = (trust.enrol(backed.school().id(), "amber"), backed.folder("restored"));
    let restored = restore(&backed, &made, &folder, Some(&own)).unwrap();
    assert_eq!((restored.days, restored.days_left), (3, vec![day("2026-11-24"), day("2026-11-25")]));
    assert_eq!(days(&own).unwrap(), [day("2026-11-20")]);
    assert_eq!(days(folder.access()).unwrap(), [day("2026-11-24"), day("2026-11-25")]);
}

#[test]
fn a_restore_that_fails_before_the_keys_leaves_a_database_as_it_was() {
    let Some(trust) = Trust::start() else { return };
    let backed = Backed::new();
    let made = backed.back_up(NOW);
    let (own, folder) = (trust.enrol(backed.school().id(), "amber"), backed.folder("restored"));
    let mut admin = trust.admin.connect().unwrap();
    admin.batch_execute("REVOKE INSERT ON belisha_keys.rings FROM belisha_app").unwrap();
    let refused = restore(&backed, &made, &folder, Some(&own));
    assert!(matches!(refused, Err(RestoreError::Key(_))), "{refused:?}");
    assert!(days(&own).unwrap().is_empty() && !folder.root().exists());
    admin.batch_execute("GRANT INSERT ON belisha_keys.rings TO belisha_app").unwrap();
    restore(&backed, &made, &folder, Some(&own)).unwrap();
}
