//! The access log in PostgreSQL, where it differs from files: schools beside each other, a server that is away, and
//! connections that are cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use belisha_policy::AccessRecord;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{
    AccessLog, ErrorKind, Limits, LogStatus, Place, SchoolId, Writer, days, names, person_day, read_day, remove_day,
};

use crate::support::{Dice, Everybody, NOON, at, date, numbers, open, read_all, record};

const DAY: &str = "2026-11-02";

/// A server, and schools that are enrolled at it one after the other.
pub(crate) struct School {
    server: belisha_testkit::Postgres,
    admin: Postgres,
    enrolled: u8,
}

impl School {
    /// A server with room for so many schools; `None` where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let server = belisha_testkit::Postgres::start()?;
        let admin = Postgres::parse(&server.admin_url()).unwrap();
        install(&admin).unwrap();
        Some(Self { server, admin, enrolled: 0 })
    }

    /// Another school's log.
    pub(crate) fn next(&mut self) -> Place {
        self.next_login().into()
    }

    fn next_login(&mut self) -> Postgres {
        self.enrolled += 1;
        let login = format!("school_{}", self.enrolled);
        enrol(&self.admin, SchoolId::from_bytes([self.enrolled; 16]), &login, &login, "p").unwrap();
        Postgres::parse(&self.server.url(&login, "p")).unwrap()
    }

    fn admin(&self) -> postgres::Client {
        self.admin.connect().unwrap()
    }
}

#[test]
fn schools_see_nothing_of_each_other() {
    let Some(mut schools) = School::start() else { return };
    let logins = [schools.next_login(), schools.next_login(), schools.next_login()];
    let of = |school: u64| numbers(school * 1_000, 300);
    for (school, login) in (0..).zip(&logins) {
        open(login).append(&of(school)).unwrap();
    }
    for (school, login) in (0..).zip(&logins) {
        assert!(read_all(login) == of(school));
        let mut client = login.connect().unwrap();
        for table in ["records", "batches", "meanings", "keys", "names"] {
            let theirs = format!("SELECT count(DISTINCT school) FROM belisha_access.{table}");
            assert_eq!(client.query_one(&*theirs, &[]).unwrap().get::<_, i64>(0), 1, "{table}");
        }
    }
    let mut client = logins[0].connect().unwrap();
    let lines: i64 = client.query_one("SELECT count(*) FROM belisha_access.lines", &[]).unwrap().get(0);
    assert_eq!(lines, 300);
    for refused in [
        "SELECT * FROM belisha_access.records_20261102_2",
        "INSERT INTO belisha_access.records_20261102_2 (id) VALUES (1)",
        "INSERT INTO belisha_access.records_20261102_1 VALUES (2, '2026-11-02', 301, 1, 1, 1, 1, 1, 1, '', '', '')",
        "INSERT INTO belisha_access.records_20261102_1 VALUES (1, '2026-11-03', 301, 1, 1, 1, 1, 1, 1, '', '', '')",
        "UPDATE belisha_access.records_20261102_1 SET bytes = 0",
        "DELETE FROM belisha_access.records_20261102_1",
        "TRUNCATE belisha_access.records_20261102_1",
        "UPDATE belisha_access.records SET bytes = 0",
        "DELETE FROM belisha_access.records",
        "DELETE FROM belisha_access.names",
        "TRUNCATE belisha_access.batches",
        "INSERT INTO belisha_access.batches VALUES (2, '2026-11-02', 301, 301, 1)",
        "INSERT INTO belisha_access.records VALUES (2, '2026-11-02', 301, 1, 1, 1, 1, 1, 1, '', '', '')",
        "DROP TABLE belisha_access.records_20261102_1",
        "CREATE TABLE belisha_access.mine (x int)",
    ] {
        assert!(client.batch_execute(refused).is_err(), "{refused}");
    }
    // What is removed is one school's.
    assert!(remove_day(&logins[0], date(DAY)).unwrap());
    assert_eq!(days(&logins[0]).unwrap(), []);
    assert!(read_all(&logins[1]) == of(1) && read_all(&logins[2]) == of(2));
    remove_day(&logins[1], date(DAY)).unwrap();
    remove_day(&logins[2], date(DAY)).unwrap();
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'records_2%'";
    assert_eq!(schools.admin().query_one(left, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn no_row_holds_a_name_and_people_can_read_lines() {
    let Some(mut schools) = School::start() else { return };
    let login = schools.next_login();
    let named = AccessRecord {
        person: Some("Zebediah Quillfeather".into()),
        device: Some("Quillfeather's laptop".into()),
        query: "q=1".into(),
        ..record(NOON + 7_123, "bets.wager.example", "/play")
    };
    open(&login).append(&[named, record(NOON, "2001:db8::1", "")]).unwrap();
    let mut admin = schools.admin();
    for table in ["records", "batches", "meanings", "keys", "names"] {
        let rows = admin.query(&format!("SELECT t::text FROM belisha_access.{table} t"), &[]).unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            let row: String = row.get(0);
            // As text, and as the bytes of one.
            assert!(!row.contains("Quill") && !row.contains("5175696c6c"), "{table}: {row}");
        }
    }
    let sql = "SELECT time::text, \"group\", person, address, url, observed, status, categories::text, replayed \
               FROM belisha_access.lines ORDER BY id";
    let lines = login.connect().unwrap().query(sql, &[]).unwrap();
    let text = |line: usize, column: usize| lines[line].get::<_, Option<String>>(column).unwrap_or("-".into());
    assert_eq!(text(0, 1), "year 9");
    assert!(lines[0].get::<_, Option<i64>>(2).is_some() && lines[1].get::<_, Option<i64>>(2).is_none());
    assert_eq!((text(0, 3), text(0, 4)), ("10.20.0.7".into(), "https://bets.wager.example/play?q=1".into()));
    assert_eq!((text(0, 5), text(0, 7)), ("blocked".into(), r#"["gambling","advertising"]"#.into()));
    assert_eq!(text(1, 4), "https://[2001:db8::1]");
    assert!(text(0, 0).starts_with("2026-11-02 12:00:07.123"), "{}", text(0, 0));
}

#[test]
fn damage_is_found() {
    let Some(mut schools) = School::start() else { return };
    let of = date(DAY);
    for (sql, kind) in [
        ("UPDATE belisha_access.records SET bytes = 7 WHERE id = 2500", "records are not those"),
        ("DELETE FROM belisha_access.records WHERE id = 2500", "missing"),
        ("DELETE FROM belisha_access.records WHERE id = 3000", "end together"),
        ("UPDATE belisha_access.records SET answer = 99999 WHERE id = 7", "makes no sense"),
        ("UPDATE belisha_access.meanings SET value = '{}' WHERE kind = 2 AND id = 1", "not of our making"),
        ("DELETE FROM belisha_access.batches WHERE last = 2048", "no checksum"),
    ] {
        let login = schools.next_login();
        open(&login).append(&numbers(0, 3_000)).unwrap();
        // The last school enrolled has the highest number.
        let sql = format!("{sql} AND school = (SELECT max(number) FROM belisha.schools)");
        assert_eq!(schools.admin().execute(&*sql, &[]).unwrap(), 1, "{sql}");
        let error = read_day(&login, of).and_then(Iterator::collect::<Result<Vec<_>, _>>).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{sql}");
        assert!(error.to_string().contains(kind) && error.to_string().contains(DAY), "{error}");
    }
    for sql in ["DELETE FROM belisha_access.names WHERE kind = 1", "DELETE FROM belisha_access.keys WHERE true"] {
        let login = schools.next_login();
        open(&login).append(&numbers(0, 300)).unwrap();
        let sql = format!("{sql} AND school = (SELECT max(number) FROM belisha.schools)");
        assert!(schools.admin().execute(&*sql, &[]).unwrap() > 0);
        assert_eq!(names(&login, of, &Everybody).unwrap_err().kind(), ErrorKind::Damaged, "{sql}");
        assert_eq!(person_day(&login, of, "p3", &Everybody).unwrap_err().kind(), ErrorKind::Damaged, "{sql}");
        assert_eq!(read_day(&login, of).unwrap().count(), 300, "the records are whole");
    }
}

#[test]
fn a_database_that_is_not_ours_is_refused() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    let error = belisha_store::AccessLog::open(&admin, Everybody).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("install"), "{error}");
    install(&admin).unwrap();
    assert!(days(&admin).unwrap_err().to_string().contains("belongs to no school"));
    enrol(&admin, SchoolId::from_bytes([1; 16]), "One", "one", "p").unwrap();
    let one = Postgres::parse(&server.url("one", "p")).unwrap();
    admin.connect().unwrap().execute("UPDATE belisha.about SET version = 99", &[]).unwrap();
    assert_eq!(days(&one).unwrap_err().kind(), ErrorKind::Newer);
    server.stop();
    let error = days(&one).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(!error.to_string().contains(":p@"), "{error}");
}

/// A thread that writes, the way into it, and how it is doing.
struct Running {
    sender: mpsc::Sender<AccessRecord>,
    status: Arc<LogStatus>,
    writer: Writer,
}

impl Running {
    fn start(place: impl Into<Place>, limits: Limits) -> Self {
        let (sender, incoming) = mpsc::channel();
        let status = Arc::new(LogStatus::default());
        let writer = Writer::spawn(place, Everybody, incoming, limits, Arc::clone(&status)).unwrap();
        Self { sender, status, writer }
    }

    fn send(&self, records: Vec<AccessRecord>) {
        for record in records {
            self.sender.send(record).unwrap();
        }
    }

    fn wait(&self, until: impl Fn(&LogStatus) -> bool) {
        let start = Instant::now();
        while !until(&self.status) {
            assert!(start.elapsed() < Duration::from_mins(1), "{:?}", self.status);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(self) -> Arc<LogStatus> {
        drop(self.sender);
        self.writer.join();
        self.status
    }
}

#[test]
fn while_the_server_is_away_records_wait_and_then_they_are_written_once() {
    let Some(mut schools) = School::start() else { return };
    let place = schools.next();
    let limits = Limits { batch: 50, every: Duration::from_millis(10), spool: 500 };
    let running = Running::start(&place, limits);
    running.send(numbers(0, 200));
    running.wait(|status| status.written() == 200);
    schools.server.stop();
    running.send(numbers(200, 700));
    running.wait(|status| status.failing() && status.lost() == 200);
    assert_eq!(running.status.last_error(), Some(ErrorKind::Unreachable));
    assert_eq!((running.status.spooled(), running.status.is_full()), (500, true));
    schools.server.start_again();
    running.wait(|status| !status.failing());
    running.send(numbers(900, 10));
    let status = running.end();
    assert_eq!((status.written(), status.lost(), status.is_full()), (710, 200, false));
    assert!(read_all(&place) == [numbers(0, 700), numbers(900, 10)].concat());
}

#[test]
fn a_writer_starts_all_the_same_when_the_server_is_away() {
    let Some(mut schools) = School::start() else { return };
    let place = schools.next();
    schools.server.stop();
    let running = Running::start(&place, Limits::default());
    running.wait(LogStatus::failing);
    running.send(numbers(0, 5));
    schools.server.start_again();
    running.wait(|status| status.written() == 5);
    running.end();
    assert!(read_all(&place) == numbers(0, 5));
}

/// Connections are cut at any moment, in the middle of commits too: nothing that was acknowledged is lost, nothing is
/// there twice, and the order stands.
#[test]
fn cut_connections_lose_and_double_nothing() {
    let Some(mut schools) = School::start() else { return };
    let place = schools.next();
    let over = Arc::new(AtomicBool::new(false));
    let cutting = std::thread::spawn({
        let (mut client, over) = (schools.admin(), over.clone());
        move || {
            let mut dice = Dice::new(u64::from(std::process::id()));
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_micros(5_000 + dice.below(60_000)));
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'school_1'";
                client.query(sql, &[]).unwrap();
            }
        }
    });
    let mut log = open_again(&place);
    let (mut next, mut failed) = (0, 0);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        match log.append(&numbers(next, 20)) {
            Ok(()) => next += 20,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
                failed += 1;
            }
        }
    }
    over.store(true, Ordering::Relaxed);
    cutting.join().unwrap();
    while log.append(&numbers(next, 20)).is_err() {}
    println!("{failed} failures, {next} records");
    assert!(failed > 10, "{failed}");
    assert!(read_all(&place) == numbers(0, next + 20));
}

fn open_again(place: &Place) -> AccessLog {
    loop {
        if let Ok(log) = AccessLog::open(place, Everybody) {
            return log;
        }
    }
}

#[test]
fn a_server_that_crashes_keeps_what_it_acknowledged() {
    let Some(mut schools) = School::start() else { return };
    let place = schools.next();
    let mut log = open(&place);
    for round in 0..4 {
        for batch in 0..10 {
            // The first try finds the old connection gone, and the next has a new one.
            let tries = (0..2).filter(|_| log.append(&numbers(round * 200 + batch * 20, 20)).is_ok());
            assert!(tries.take(1).count() == 1, "round {round}");
        }
        schools.server.restart();
        assert!(read_all(&place) == numbers(0, (round + 1) * 200), "round {round}");
    }
}

/// A reader is in no transaction between batches, so that nobody waits for it.
#[test]
fn a_reader_holds_nobody_up() {
    let Some(mut schools) = School::start() else { return };
    let (one, other) = (schools.next(), schools.next());
    open(&one).append(&numbers(0, 5_000)).unwrap();
    let mut reading = read_day(&one, date(DAY)).unwrap();
    assert!(reading.next().unwrap().is_ok());
    // Another school begins another day, and removes it.
    let tomorrow = AccessRecord { at: at(NOON + 86_400_000), ..record(NOON, "a.example", "/") };
    open(&other).append(&[tomorrow]).unwrap();
    assert!(remove_day(&other, date("2026-11-03")).unwrap());
    assert_eq!(reading.map(Result::unwrap).count(), 4_999);
}
