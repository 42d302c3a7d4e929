//! The writer thread: when it writes, and what it does when it cannot.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use belisha_policy::AccessRecord;
use belisha_store::{ErrorKind, Limits, LogStatus, Writer};

use crate::support::{Everybody, NOON, at, child_folder, numbered, numbers, read_all, record};

const FILE: &str = "2026-11-02.db";

struct Running {
    sender: Sender<AccessRecord>,
    status: Arc<LogStatus>,
    writer: Writer,
}

impl Running {
    fn start(folder: &Path, limits: Limits) -> Self {
        let (sender, incoming) = mpsc::channel();
        let status = Arc::new(LogStatus::default());
        let writer = Writer::spawn(folder, Everybody, incoming, limits, Arc::clone(&status)).unwrap();
        Self { sender, status, writer }
    }

    fn send(&self, records: impl IntoIterator<Item = AccessRecord>) {
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

const NEVER: Duration = Duration::from_hours(24);

#[test]
fn a_batch_is_written_when_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), Limits { batch: 10, every: NEVER, spool: 100 });
    running.send(numbers(0, 25));
    running.wait(|status| status.written() >= 20);
    let status = running.end();
    assert_eq!((status.written(), status.spooled(), status.lost()), (25, 0, 0));
    assert_eq!((status.failing(), status.last_error()), (false, None));
    assert_eq!(read_all(folder.path()), numbers(0, 25));
}

#[test]
fn a_record_is_written_when_it_has_waited_long_enough() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), Limits { every: Duration::from_millis(50), ..Limits::default() });
    for number in 0..3 {
        running.send([numbered(number)]);
        running.wait(|status| status.written() == number + 1);
    }
    assert_eq!(read_all(folder.path()), numbers(0, 3), "while the writer runs");
    running.end();
}

#[test]
fn what_waits_is_written_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), Limits { every: NEVER, ..Limits::default() });
    // Around midnight, where one batch belongs to two days.
    let records: Vec<_> = (0..100_i64).map(|n| record(NOON + 43_199_950 + n * 7 % 100, "a.example", "/")).collect();
    running.send(records.clone());
    assert_eq!(running.end().written(), 100);
    let (before, after): (Vec<_>, Vec<_>) = records.into_iter().partition(|it| it.at < at(NOON + 43_200_000));
    assert_eq!(read_all(folder.path()), [before, after].concat());
}

/// A folder stands where the file should be: nothing can be opened there, whoever runs the test.
#[test]
fn the_oldest_records_are_kept_and_the_newest_counted_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    fs::create_dir(&file).unwrap();
    let limits = Limits { batch: 4, every: Duration::from_millis(10), spool: 50 };
    let running = Running::start(folder.path(), limits);
    running.send(numbers(0, 30));
    running.wait(|status| status.failing() && status.spooled() == 30);
    assert!(!running.status.is_full());
    running.send(numbers(30, 50));
    running.wait(|status| status.lost() == 30);
    assert_eq!((running.status.written(), running.status.spooled()), (0, 50));
    assert!(running.status.is_full());
    assert_eq!(running.status.last_error(), Some(ErrorKind::InputOutput));

    fs::remove_dir(&file).unwrap();
    running.wait(|status| !status.failing());
    running.send(numbers(80, 5));
    let status = running.end();
    assert_eq!((status.written(), status.spooled(), status.lost()), (55, 0, 30));
    assert_eq!(status.last_error(), Some(ErrorKind::InputOutput), "the last one stays");
    assert!(!status.is_full());
    assert_eq!(read_all(folder.path()), [numbers(0, 50), numbers(80, 5)].concat());
}

#[test]
fn trouble_with_one_day_does_not_double_another() {
    let folder = tempfile::tempdir().unwrap();
    let tomorrow = folder.path().join("2026-11-03.db");
    fs::create_dir(&tomorrow).unwrap();
    let limits = Limits { batch: 1_000, every: Duration::from_millis(200), spool: 1_000 };
    let running = Running::start(folder.path(), limits);
    // Today, tomorrow, today: what comes after tomorrow's waits with it.
    let day = |number: u64| i64::from((20..40).contains(&number)) * 86_400_000;
    let records: Vec<_> = (0..60_u64).map(|n| AccessRecord { at: at(NOON + day(n)), ..numbered(n) }).collect();
    running.send(records.clone());
    running.wait(LogStatus::failing);
    assert_eq!((running.status.written(), running.status.spooled()), (20, 40));
    fs::remove_dir(&tomorrow).unwrap();
    running.wait(|status| !status.failing());
    assert_eq!(running.end().written(), 60);
    let (tomorrows, todays): (Vec<_>, Vec<_>) = records.into_iter().partition(|it| it.at > at(NOON));
    assert_eq!(read_all(folder.path()), [todays, tomorrows].concat());
}

#[test]
fn an_end_in_trouble_counts_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(FILE)).unwrap();
    let running = Running::start(folder.path(), Limits::default());
    running.send(numbers(0, 7));
    let status = running.end();
    assert_eq!((status.written(), status.spooled(), status.lost()), (0, 0, 7));
    assert!(status.failing());
}

/// Not a test but what the next one runs, with `SIGXFSZ` ignored: files may not grow beyond a limit, as on a disk
/// that is full; then they may.
#[cfg(unix)]
#[test]
fn writer_on_a_full_disk() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Some(folder) = child_folder() else { return };
    let old = getrlimit(Resource::Fsize);
    let full = std::env::var("BELISHA_STORE_TEST_ROOM").unwrap().parse().unwrap();
    setrlimit(Resource::Fsize, Rlimit { current: Some(full), maximum: old.maximum }).unwrap();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let limits = Limits { batch: 500, every: Duration::from_millis(20), spool: 100_000 };
    let running = Running::start(&folder, limits);
    for batch in 0..40 {
        running.send(numbers(batch * 500, 500));
        std::thread::sleep(Duration::from_millis(2));
    }
    running.wait(LogStatus::failing);
    println!("kind {:?}", running.status.last_error().unwrap());
    setrlimit(Resource::Fsize, old).unwrap();
    running.wait(|status| !status.failing() && status.written() == 20_000);
    let status = running.end();
    println!("written {} lost {}", status.written(), status.lost());
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_and_doubles_nothing() {
    // The shell ignores the signal, and the program that it becomes inherits that.
    let mut limits = 0;
    for room in [10_000, 60_000, 130_000, 170_000, 200_000, 300_000, 500_000] {
        let folder = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ && exec \"$0\" \"$@\""])
            .arg(program)
            .args(["--exact", "trouble::writer_on_a_full_disk", "--nocapture", "--test-threads=1"])
            .env(crate::support::CHILD, folder.path())
            .env("BELISHA_STORE_TEST_ROOM", room.to_string())
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Ok(output) if output.status.code() != Some(127) => output,
            other => {
                println!("skipped: no shell that can ignore SIGXFSZ ({other:?})");
                return;
            }
        };
        let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("written 20000 lost 0"), "room {room}: {said}\n{log}");
        assert!(read_all(folder.path()) == numbers(0, 20_000), "room {room}");
        assert!(log.matches("ERROR").count() >= 1, "{log}");
        assert_eq!(
            log.matches("ERROR").count(),
            log.matches("INFO").count(),
            "one line as it begins, one as it ends: {log}"
        );
        assert!(!log.contains(".example") && !log.contains("10.20.0.7") && !log.contains("/page"), "{log}");
        limits += 1;
    }
    println!("{limits} limits tried");
}
