//! Events appended to the journal, beside what the disk itself can do: 4 KiB written over and made durable.
//!
//! Everything here waits for the disk, so it is wall time that is measured; and since other guests of the machine move
//! the disk's figure from one second to the next, the ratios come from short runs of both in turn.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use belisha_store::journal::{Append, Expected, IdempotencyKey, Journal, NewEvent, Payload, Verdict, Write};
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{KeyRef, SchoolId, StreamId};
use chrono::DateTime;
use criterion::{Criterion, Throughput};
use tempfile::TempDir;

/// Callers who wait at once.
const CALLERS: usize = 64;
/// What a sealed event takes.
const PAYLOAD: usize = 300;
/// Events of the journal that is verified.
const EVENTS: u64 = 200_000;

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let folder = TempDir::new().unwrap_or_else(|error| unreachable!("no folder for the bench: {error}"));
    let disk = Disk::new(&folder);
    let file =
        Journal::open(&folder.path().join("journal.db"), school()).unwrap_or_else(|error| unreachable!("{error}"));
    warm(&file);
    ratios("file", &disk, &file);
    group(&mut criterion, "journal/file", Some(&disk), &file);
    drop(file);
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let postgres = on_server(&server);
    warm(&postgres);
    ratios("server", &disk, &postgres);
    group(&mut criterion, "journal/server", None, &postgres);
    criterion.final_summary();
}

fn school() -> SchoolId {
    SchoolId::from_bytes([7; 16])
}

fn on_server(server: &belisha_testkit::Postgres) -> Journal {
    let open = || -> Result<Journal, Box<dyn std::error::Error>> {
        let admin = Postgres::parse(&server.admin_url())?;
        install(&admin)?;
        enrol(&admin, school(), "Bench", "bench", "p")?;
        Ok(Journal::connect(&Postgres::parse(&server.url("bench", "p"))?, school())?)
    };
    open().unwrap_or_else(|error| unreachable!("{error}"))
}

/// The write to the disk that every append comes down to.
struct Disk {
    file: File,
}

impl Disk {
    fn new(folder: &TempDir) -> Self {
        let make = || {
            let file = OpenOptions::new().create_new(true).write(true).open(folder.path().join("raw"))?;
            file.write_all_at(&vec![1; 16 << 20], 0)?;
            file.sync_all()?;
            Ok::<_, std::io::Error>(file)
        };
        Self { file: make().unwrap_or_else(|error| unreachable!("{error}")) }
    }

    fn write(&self, number: u64) {
        let page = [u8::try_from(number % 251).unwrap_or(0); 4_096];
        let done = self.file.write_all_at(&page, number % 4_096 * 4_096).and_then(|()| self.file.sync_data());
        done.unwrap_or_else(|error| unreachable!("{error}"));
    }
}

/// The wish of one caller, who writes to a stream of its own.
fn wish(number: u64) -> Append {
    let mut stream = [0; 16];
    stream.iter_mut().zip((number % CALLERS as u64).to_le_bytes()).for_each(|(to, from)| *to = from);
    let payload = Payload::Sealed { key: KeyRef::from_bytes([3; 16]), bytes: vec![0xA5; PAYLOAD] };
    let event = NewEvent { at: DateTime::UNIX_EPOCH, payload };
    Append {
        key: IdempotencyKey::fresh().unwrap_or_else(|error| unreachable!("{error}")),
        fingerprint: [9; 32],
        writes: vec![Write {
            stream: StreamId::from_bytes(stream),
            class: 1,
            expected: Expected::Any,
            events: vec![event],
        }],
        owes: Vec::new(),
        settles: Vec::new(),
    }
}

/// One caller who waits for each.
fn alone(journal: &Journal, count: u64) {
    for number in 0..count {
        black_box(journal.append(wish(number)).unwrap_or_else(|error| unreachable!("{error}")));
    }
}

/// As many tickets as there are callers; whose comes back asks again.
fn together(journal: &Journal, count: u64) {
    let mut waiting = VecDeque::with_capacity(CALLERS);
    for number in 0..count {
        if waiting.len() == CALLERS {
            answer(waiting.pop_front());
        }
        waiting.push_back(journal.submit(wish(number)));
    }
    for ticket in waiting {
        answer(Some(ticket));
    }
}

fn answer(ticket: Option<belisha_store::journal::Ticket>) {
    black_box(ticket.map(|ticket| ticket.wait().unwrap_or_else(|error| unreachable!("{error}"))));
}

/// As many threads as there are callers.
fn in_threads(journal: &Journal, count: u64) {
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| alone(journal, count / CALLERS as u64));
        }
    });
}

/// Until the log of the file has its size, and the streams their numbers.
fn warm(journal: &Journal) {
    together(journal, 100_000);
    alone(journal, 3_000);
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The median ratio of rates, from short runs in turn, and the quarters beside it.
fn ratios(kind: &str, disk: &Disk, journal: &Journal) {
    let compare = |name: &str, count: u64, work: &dyn Fn(u64)| {
        let mut ratios: Vec<f64> = (0..31)
            .map(|_| {
                let raw = time(|| (0..200).for_each(|number| disk.write(number))) / 200;
                let ours = time(|| work(count)) / u32::try_from(count).unwrap_or(1);
                raw.as_secs_f64() / ours.as_secs_f64()
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        if let [.., low, _, _, _, _, _, _, median, _, _, _, _, _, _, _, high, _, _, _, _, _, _, _] = ratios[..] {
            println!("{kind}: {name}, of the disk's rate: {median:.2} (quarters {low:.2} to {high:.2})");
        }
    };
    compare("one caller", 200, &|count| alone(journal, count));
    compare("64 callers (tickets)", 6_400, &|count| together(journal, count));
    compare("64 callers (threads)", 6_400, &|count| in_threads(journal, count));
}

fn group(criterion: &mut Criterion, name: &str, disk: Option<&Disk>, journal: &Journal) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(100));
    if let Some(disk) = disk {
        group.bench_function("4 KiB written over and made durable", |b| {
            b.iter(|| (0..100).for_each(|number| disk.write(number)));
        });
    }
    group.bench_function("one caller", |b| b.iter(|| alone(journal, 100)));
    group.throughput(Throughput::Elements(6_400));
    group.bench_function("64 callers, tickets", |b| b.iter(|| together(journal, 6_400)));
    group.bench_function("64 callers, threads", |b| b.iter(|| in_threads(journal, 6_400)));
    let missing = EVENTS.saturating_sub(journal.head().map_or(0, |head| head.position));
    together(journal, missing);
    let count = journal.head().map_or(0, |head| head.position);
    group.throughput(Throughput::Elements(count));
    group.sample_size(10).bench_function("verify", |b| {
        b.iter(|| assert!(matches!(journal.verify(), Ok(Verdict::Sound { .. }))));
    });
    group.finish();
}
