//! What was acknowledged is there, at the place that was told, once; whatever is killed and whenever: the program, the
//! server, the connection between them, or a single call to the system.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use belisha_store::journal::{Append, AppendError, Appended, Erase, Expected, Journal, Ticket, Verdict};
use belisha_store::postgres::Postgres;

use crate::support::{Dice, SCHOOL, World, at, key, open, prepared, sealed, stream, wish};

/// Where the child finds its journal: a file, or an address and a school.
const JOURNAL: &str = "BELISHA_JOURNAL_TEST";
const SCHOOL_ID: &str = "BELISHA_JOURNAL_TEST_SCHOOL";
/// Which writer it is, and which wish is its next.
const WRITER: &str = "BELISHA_JOURNAL_TEST_WRITER";
const FROM: &str = "BELISHA_JOURNAL_TEST_FROM";
/// How many wishes it has; without end where it is not set.
const COUNT: &str = "BELISHA_JOURNAL_TEST_COUNT";
/// Whether each wish waits for the one before.
const ALONE: &str = "BELISHA_JOURNAL_TEST_ALONE";
/// How often it asks again when the store failed.
const TRIES: &str = "BELISHA_JOURNAL_TEST_TRIES";

fn rounds() -> u64 {
    std::env::var("BELISHA_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(25)
}

fn seed() -> u64 {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    println!("seed {seed}");
    seed
}

/// One wish of a writer: one event to three, which say whose they are.
fn wish_of(writer: u64, number: u64) -> Append {
    let text = |part: u64| format!("{writer}:{number}.{part}");
    let events = (0..=number % 3).map(|part| if part == 1 { sealed(&text(part)) } else { open(&text(part)) });
    let stream = stream(u8::try_from(number % 5).unwrap());
    wish(key(writer << 32 | number), stream, Expected::Any, events.collect())
}

/// Not a test but what the tests run and kill: appends one wish after the other, alone and in crowds, and says of each
/// where it is when that is acknowledged.
#[test]
fn writer_that_is_killed() {
    let Some(place) = std::env::var_os(JOURNAL) else { return };
    let number = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let (writer, from) = (number(WRITER).unwrap(), number(FROM).unwrap());
    let (end, tries) = (from + number(COUNT).unwrap_or(1 << 30), number(TRIES).unwrap_or(0));
    let journal = match std::env::var(SCHOOL_ID) {
        Ok(school) => {
            let server = Postgres::parse(place.to_str().unwrap()).unwrap();
            Journal::connect(&server, school.parse().unwrap()).unwrap()
        }
        Err(_) => Journal::open(Path::new(&place), SCHOOL).unwrap(),
    };
    let mut dice = Dice::new(from + 1);
    let (mut next, alone) = (from, std::env::var_os(ALONE).is_some());
    while next < end {
        let crowd = if alone || dice.below(2) == 0 { 1 } else { 1 + dice.below(40) };
        let numbers = next..end.min(next + crowd);
        next = numbers.end;
        if crowd == 1 {
            tell(&journal, writer, numbers.start, journal.append(wish_of(writer, numbers.start)), tries);
            continue;
        }
        let tickets: Vec<(u64, Ticket)> =
            numbers.map(|number| (number, journal.submit(wish_of(writer, number)))).collect();
        for (number, ticket) in tickets {
            tell(&journal, writer, number, ticket.wait(), tries);
        }
    }
    println!("finished");
}

fn tell(journal: &Journal, writer: u64, number: u64, mut answer: Result<Appended, AppendError>, tries: u64) {
    for _ in 0..tries {
        let Err(AppendError::Failed(_) | AppendError::Unknown(_)) = &answer else { break };
        sleep(Duration::from_millis(50));
        answer = journal.append(wish_of(writer, number));
    }
    let mut out = std::io::stdout().lock();
    match answer {
        Ok(done) => writeln!(out, "written {number} at {}", done.positions.start).unwrap(),
        Err(error) => writeln!(out, "failed {number}: {error}").unwrap(),
    }
}

fn writer(world: &World, writer: u64, from: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    arm(&mut command, world, writer, from);
    command.args(ARGUMENTS);
    command
}

const ARGUMENTS: [&str; 4] = ["--exact", "crash::writer_that_is_killed", "--nocapture", "--test-threads=1"];

fn arm(command: &mut Command, world: &World, writer: u64, from: u64) {
    match world {
        World::Server { url, school, .. } => command.env(JOURNAL, url).env(SCHOOL_ID, school.to_string()),
        _ => command.env(JOURNAL, world.path()),
    };
    command.env(WRITER, writer.to_string()).env(FROM, from.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
}

/// What a line acknowledges: the wish and its place. The test harness writes on the same line as it pleases.
fn acknowledged(line: &str) -> Option<(u64, u64)> {
    let (number, place) = line.split_once("written ")?.1.trim().split_once(" at ")?;
    Some((number.parse().ok()?, place.parse().ok()?))
}

/// A writer at work, and what it says.
struct Writer {
    child: Child,
    said: Receiver<String>,
    acknowledged: BTreeMap<u64, u64>,
}

impl Writer {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, said) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, said, acknowledged: BTreeMap::new() }
    }

    /// Until it has acknowledged so many more, or ended.
    fn wait_for(&mut self, more: u64) {
        for _ in 0..more {
            let Some((number, place)) = self.said.iter().find_map(|line| acknowledged(&line)) else { return };
            self.acknowledged.insert(number, place);
        }
    }

    fn kill(mut self) -> BTreeMap<u64, u64> {
        self.child.kill().unwrap();
        self.finish().0
    }

    /// What it acknowledged, and whether it came to its end.
    fn finish(mut self) -> (BTreeMap<u64, u64>, bool) {
        let mut finished = false;
        for line in &self.said {
            finished |= line.contains("finished");
            self.acknowledged.extend(acknowledged(&line));
        }
        self.child.wait().unwrap();
        (self.acknowledged, finished)
    }
}

/// Holds a journal against all that was ever acknowledged, by writer and wish. Gives for each writer the number of its
/// first wish that is not there.
fn check(journal: &Journal, acknowledged: &[BTreeMap<u64, u64>], what: &str) -> Vec<u64> {
    let verdict = journal.verify().unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }), "{what}: {verdict}");
    let mut there: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); acknowledged.len()];
    let mut expected = None;
    for event in journal.events(1) {
        let event = event.unwrap();
        let text = String::from_utf8(event.payload.bytes().unwrap_or_default().to_vec()).unwrap();
        // The child also erases, and says so.
        let Some((writer, rest)) = text.split_once(':') else { continue };
        let (number, part) = rest.split_once('.').unwrap();
        let (writer, number, part): (usize, u64, u64) =
            (writer.parse().unwrap(), number.parse().unwrap(), part.parse().unwrap());
        if part == 0 {
            let before = there[writer].insert(number, event.position);
            assert_eq!(before, None, "{what}: {text} is there twice");
        }
        assert!(part == 0 || expected == Some((writer, number, part)), "{what}: {text} stands alone");
        expected = (part < number % 3).then_some((writer, number, part + 1));
    }
    assert_eq!(expected, None, "{what}: half a wish");
    for (there, acknowledged) in there.iter().zip(acknowledged) {
        for (number, place) in acknowledged {
            assert_eq!(there.get(number), Some(place), "{what}: {number} was acknowledged");
        }
    }
    there.iter().map(|there| (0..=there.len() as u64).find(|number| !there.contains_key(number)).unwrap()).collect()
}

/// Kills writers at random moments. The next ones ask again for what was not acknowledged.
fn kill_writers(world: &World, rounds: u64, mut meanwhile: impl FnMut(u64)) {
    let mut dice = Dice::new(seed());
    let mut all = [BTreeMap::new(), BTreeMap::new()];
    for round in 0..rounds {
        let count = if round % 3 == 2 { 2 } else { 1 };
        let next =
            |acknowledged: &BTreeMap<u64, u64>| acknowledged.last_key_value().map_or(0, |(number, _)| number + 1);
        let mut writers: Vec<_> = (0..count)
            .map(|number: u64| {
                let from = next(&all[usize::try_from(number).unwrap()]);
                Writer::start(writer(world, number, from).env(TRIES, "200"))
            })
            .collect();
        writers[0].wait_for(dice.below(60));
        meanwhile(round);
        sleep(Duration::from_micros(dice.below(6_000)));
        for (number, writer) in writers.into_iter().enumerate() {
            all[number].extend(writer.kill());
        }
        check(&world.open(), &all, &format!("round {round}"));
    }
    let count = all.iter().map(BTreeMap::len).sum::<usize>();
    println!("{count} wishes acknowledged in {rounds} rounds");
}

#[test]
fn a_writer_to_a_file_is_killed() {
    kill_writers(&World::file(), rounds(), |_| {});
}

/// From the very first call on: a file whose making was cut short can be used.
#[test]
fn the_making_of_a_file_is_killed() {
    let mut dice = Dice::new(seed());
    for round in 0..rounds() {
        let world = World::file();
        let mut child = writer(&world, 0, 0).spawn().unwrap();
        sleep(Duration::from_micros(dice.below(30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let there = check(&world.open(), &[BTreeMap::new()], &format!("round {round}"))[0];
        world.open().append(wish_of(0, there)).unwrap();
    }
}

#[test]
fn a_writer_to_a_server_is_killed() {
    let Some(server) = prepared() else { return };
    kill_writers(&World::server(&server), rounds(), |_| {});
}

/// The writer goes on, and asks again for what failed or is not known.
#[test]
fn the_server_is_killed_and_the_connection_cut() {
    let Some(server) = prepared() else { return };
    let world = World::server(&server);
    let World::Server { url, admin, school } = &world else { return };
    let login = Postgres::parse(url).unwrap().login().to_owned();
    let mut dice = Dice::new(seed());
    let mut all = [BTreeMap::new()];
    let restarts = rounds().div_ceil(10);
    for round in 0..restarts {
        let from = all[0].last_key_value().map_or(0, |(number, _): (&u64, &u64)| number + 1);
        let mut writer = Writer::start(writer(&world, 0, from).env(TRIES, "400"));
        writer.wait_for(1 + dice.below(20));
        for _ in 0..10 {
            writer.wait_for(dice.below(30));
            sleep(Duration::from_micros(dice.below(4_000)));
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1::text::name";
            Postgres::parse(admin).unwrap().connect().unwrap().execute(cut, &[&login]).unwrap();
        }
        writer.wait_for(1 + dice.below(60));
        sleep(Duration::from_micros(dice.below(4_000)));
        server.restart();
        writer.wait_for(5);
        all[0].extend(writer.kill());
        check(&world.open(), &all, &format!("round {round} of {school}"));
    }
    println!("{} wishes acknowledged over {restarts} restarts", all[0].len());
    assert!(all[0].len() > 10);
}

/// Runs the writer of a few wishes under `strace`, which harms the calls that an expression names. Gives what was
/// acknowledged, and whether any call was harmed.
fn under_strace(world: &World, call: &str, harm: &str, count: u64, tries: u64) -> Option<(BTreeMap<u64, u64>, bool)> {
    let mut strace = belisha_testkit::program("strace")?;
    let log = tempfile::NamedTempFile::new().unwrap();
    strace.args(["-f", "-qq", "-e", &format!("trace={call}"), "-e", &format!("inject={call}:{harm}"), "-o"]);
    strace.arg(log.path()).arg(std::env::current_exe().unwrap()).args(ARGUMENTS);
    arm(&mut strace, world, 0, 0);
    strace.env(COUNT, count.to_string()).env(TRIES, tries.to_string());
    let (acknowledged, finished) = Writer::start(&mut strace).finish();
    let harmed = !finished || std::fs::read_to_string(log.path()).unwrap().contains("(INJECTED)");
    Some((acknowledged, harmed))
}

/// A kill leaves what the system has in memory, a power cut does not: so before a wish is acknowledged, whatever was
/// written for it must have been flushed.
#[test]
fn no_acknowledgement_before_a_flush() {
    let Some(mut strace) = belisha_testkit::program("strace") else { return };
    let world = World::file();
    let log = tempfile::NamedTempFile::new().unwrap();
    strace.args(["-f", "-qq", "-e", "trace=pwrite64,fdatasync,fsync,write", "-o"]).arg(log.path());
    strace.arg(std::env::current_exe().unwrap()).args(ARGUMENTS);
    arm(&mut strace, &world, 0, 0);
    let (acknowledged, finished) = Writer::start(strace.env(ALONE, "1").env(COUNT, "50")).finish();
    assert!(finished && acknowledged.len() == 50);
    let (mut unflushed, mut flushes, mut told) = (false, 0, 0);
    for call in std::fs::read_to_string(log.path()).unwrap().lines() {
        if call.contains("pwrite64(") {
            unflushed = true;
        } else if call.contains("sync(") {
            assert!(call.ends_with("= 0"), "{call}");
            (unflushed, flushes) = (false, flushes + 1);
        } else if call.contains("written ") {
            assert!(!unflushed, "{call}");
            told += 1;
        }
    }
    assert!(told >= 50 && flushes >= 50, "{told} told, {flushes} flushes");
}

/// Harms the first, the second, the third call and so on of each thread, until none is left to harm.
fn harm_each(call: &str, harm: &str, count: u64, tries: u64) {
    for number in 1..400 {
        let world = World::file();
        let harm = format!("{harm}:when={number}");
        let Some((acknowledged, harmed)) = under_strace(&world, call, &harm, count, tries) else { return };
        let what = format!("{call}, {harm}");
        check(&world.open(), std::slice::from_ref(&acknowledged), &what);
        // Whoever asks again is answered as if nothing had been.
        let journal = world.open();
        for number in 0..count {
            journal.append(wish_of(0, number)).unwrap();
        }
        assert_eq!(check(&journal, &[acknowledged], &what), [count]);
        if !harmed {
            println!("{what}: none left");
            return;
        }
    }
    panic!("there is no end to it");
}

#[test]
fn killed_at_every_flush() {
    for call in ["fdatasync", "fsync"] {
        harm_each(call, "signal=SIGKILL", 14, 0);
    }
}

#[test]
fn killed_at_every_write() {
    harm_each("pwrite64", "signal=SIGKILL", 5, 0);
}

#[test]
fn every_flush_fails_once() {
    for call in ["fdatasync", "fsync"] {
        harm_each(call, "error=EIO", 14, 0);
        harm_each(call, "error=EIO", 14, 3);
    }
}

#[test]
fn every_write_finds_the_disk_full_once() {
    harm_each("pwrite64", "error=ENOSPC", 6, 0);
    harm_each("pwrite64", "error=EIO", 6, 3);
}

/// From some call on all fail: nothing that comes after is acknowledged, and all before is there.
#[test]
fn a_disk_that_fails_for_good() {
    for (call, error) in [("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO")] {
        for first in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
            let world = World::file();
            let harm = format!("error={error}:when={first}+");
            let Some((acknowledged, _)) = under_strace(&world, call, &harm, 30, 1) else { return };
            check(&world.open(), &[acknowledged], &harm);
        }
    }
}

/// Not a test but what the next ones run where a disk is small or may not be written to. Says what it saw.
#[test]
fn writer_in_a_corner() {
    let Some(folder) = std::env::var_os("BELISHA_JOURNAL_TEST_CORNER").map(PathBuf::from) else { return };
    let file = folder.join("journal.db");
    let filler = folder.join("filler");
    if std::env::var_os("BELISHA_JOURNAL_TEST_READ_ONLY").is_some() {
        match Journal::open(&file, SCHOOL) {
            Ok(journal) => println!("refused {}", journal.append(wish_of(0, 1_000)).unwrap_err()),
            Err(error) => println!("refused {error}"),
        }
        return;
    }
    std::fs::write(&filler, vec![1; 300_000]).unwrap();
    let journal = Journal::open(&file, SCHOOL).unwrap();
    let (mut all, mut number, mut refused) = ([BTreeMap::new()], 0, 0);
    while refused < 20 {
        match journal.append(wish_of(0, number)) {
            Ok(done) => {
                all[0].insert(number, done.positions.start);
            }
            Err(AppendError::Failed(error)) => {
                assert!(error.to_string().contains("Make room") || error.to_string().contains("disk"), "{error}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
        number += 1;
    }
    check(&journal, &all, "full");
    std::fs::remove_file(filler).unwrap();
    for number in 0..number {
        all[0].insert(number, journal.append(wish_of(0, number)).unwrap().positions.start);
    }
    assert_eq!(check(&journal, &all, "room again"), [number]);
    let erase = Erase {
        key: key(u64::MAX),
        fingerprint: [0; 32],
        stream: stream(9),
        at: at(0),
        positions: vec![all[0][&0]],
        reason: vec![],
    };
    journal.erase(erase).unwrap();
    println!("survived with {number} wishes");
}

/// Runs that in a namespace of its own, after a command of the shell that lays out the folder `$0`. `None` where that
/// is not possible here.
fn in_a_corner(folder: &Path, lay_out: &str, read_only: bool) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can mount");
        return None;
    }
    let script = format!("{lay_out} || exit 77; exec \"$@\"");
    let mut unshare = belisha_testkit::program("unshare")?;
    unshare.args(["-m", "sh", "-c", &script]).arg(folder).arg(std::env::current_exe().unwrap());
    unshare.args(["--exact", "crash::writer_in_a_corner", "--nocapture", "--test-threads=1"]);
    unshare.env("BELISHA_JOURNAL_TEST_CORNER", folder);
    if read_only {
        unshare.env("BELISHA_JOURNAL_TEST_READ_ONLY", "1");
    }
    let output = unshare.stdin(Stdio::null()).output().unwrap();
    if matches!(output.status.code(), Some(1 | 77)) {
        println!("skipped: nothing can be mounted here");
        return None;
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[test]
fn a_small_disk_runs_full() {
    let folder = tempfile::tempdir().unwrap();
    let lay_out = "mount -t tmpfs -o size=700k none \"$0\"";
    let Some(said) = in_a_corner(folder.path(), lay_out, false) else { return };
    assert!(said.contains("survived"), "{said}");
}

#[test]
fn a_folder_that_may_only_be_read() {
    let world = World::file();
    for number in 0..5 {
        world.open().append(wish_of(0, number)).unwrap();
    }
    let before = std::fs::read(world.path()).unwrap();
    let folder = world.path().parent().unwrap().to_owned();
    let lay_out = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"";
    let Some(said) = in_a_corner(&folder, lay_out, true) else { return };
    assert!(said.contains("refused") && said.contains("permissions"), "{said}");
    assert!(std::fs::read(world.path()).unwrap() == before);
}
