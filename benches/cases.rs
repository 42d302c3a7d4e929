//! A school's incidents: read cold, brought up to date, listed, asked for as pages, and decided about.
//!
//! `BELISHA_CASES` says how many; 10,000 where it does not. They are told through the services, as people tell them, and all but
//! one in twenty are sorted, concluded and closed. Pages are asked for over a socket of this machine, one after the other.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench that cannot go on ends, and says its figures")]

use std::env;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use belisha_console::{Office, serve};
use belisha_incident::{Command, Part, Terms, decide};
use belisha_policy::may::{About, Answer};
use belisha_policy::roles::RoleSet;
use belisha_policy::{Action, PersonId};
use belisha_school::authority::Authority;
use belisha_school::cases::{Desk, Kept, Reference, Register, Report, report};
use belisha_school::founding::{First, found_school};
use belisha_school::sign_in::{Cost, SignIns, TotpSecret};
use belisha_school::{DataFolder, School, Settings};
use belisha_store::keys::{Unlocked, Work};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::Criterion;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const PASSWORD: &str = "an amber light at the crossing";

/// So often each page is asked for.
const PAGES: usize = 400;

/// A school of which the head handles incidents.
struct Place {
    folder: TempDir,
    school: School,
    authority: Authority,
    head: PersonId,
    unlocked: Unlocked,
    second_factor: TotpSecret,
}

impl Place {
    fn new(now: DateTime<Utc>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let settings = settings();
        let work = Work::log2(4).expect("a cost");
        let school = School::open_with(&DataFolder::new(folder.path()), &settings, work, now).expect("a school");
        let keys = school.ledger().keys();
        let sign_ins =
            SignIns::with_costs(school.credentials().expect("sign-ins"), keys.clone(), Cost::TESTS, Cost::TESTS);
        let first = |login: &str| {
            let second_factor = TotpSecret::random().expect("chance");
            let code = second_factor.code_at(now);
            let (surname, forename, password) = (login.to_owned(), "Robin".into(), PASSWORD.into());
            First {
                surname,
                forename,
                login: login.parse().expect("a name"),
                email: None,
                password,
                second_factor,
                code,
            }
        };
        let (head, chair) = (first("tolland"), first("ashgrove"));
        found_school(&school, &sign_ins, &head, &chair, now).expect("a school that is founded");
        let authority = Authority::load(school.ledger()).expect("people");
        let account = authority.roll().account(&"tolland".parse().expect("a name")).expect("the head");
        let person = authority.person_of(account).expect("the head");
        let unlocked = keys.unlock(&person.to_string(), PASSWORD).expect("the head's key");
        Self { folder, authority, head: person, unlocked, second_factor: head.second_factor, school }
    }

    fn desk<'a>(&'a self, kept: Option<&'a Kept>, now: DateTime<Utc>) -> Desk<'a> {
        Desk {
            school: &self.school,
            authority: &self.authority,
            person: self.head,
            unlocked: &self.unlocked,
            now,
            kept,
        }
    }

    fn tell(&self, now: DateTime<Utc>) -> Reference {
        let words = "A message came to a pupil's tablet in the library, from somebody whom nobody knows. ".repeat(3);
        let told = Report { first_known: now, words, ..Report::default() };
        report(&self.school, &self.authority, self.head, told, None, now).expect("a report").reference
    }

    /// So many, of which all but one in twenty go to their end.
    fn fill(&self, number: usize, kept: &Kept, end: DateTime<Utc>) {
        for told in 0..number {
            let at = end - TimeDelta::minutes(i64::try_from(number - told).expect("few"));
            let reference = self.tell(at);
            if told % 20 == 0 {
                continue;
            }
            let desk = self.desk(Some(kept), at);
            let sort = Command::Sort {
                category: "U8".parse().expect("a category"),
                severity: None,
                track: "pupils".parse().expect("a track"),
            };
            let conclude = Command::Conclude("false".parse().expect("an outcome"));
            for command in [sort, conclude, Command::AnswerReporter, Command::Close] {
                desk.act(reference, command, None).expect("what is done about it");
            }
        }
    }
}

fn settings() -> Settings {
    Settings::parse("[school]\nname = \"Amber Hill School\"\n", "school.toml".as_ref()).expect("settings")
}

fn once<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what}: {:.3} s", start.elapsed().as_secs_f64());
    done
}

/// Whether times tell the head that there is an incident about them: two schools with the same incidents, in one of which there is
/// that as well. What is alike has a t between -2 and 2 in nineteen of twenty runs.
fn two_worlds(now: DateTime<Utc>) {
    let open = Place::new(now - TimeDelta::days(366));
    let hiding = Place::new(now - TimeDelta::days(366));
    for place in [&open, &hiding] {
        place.fill(200, &Kept::default(), now);
    }
    let told = Report { first_known: now, words: "about the head".into(), ..Report::default() };
    let named = vec![(hiding.head, Part::Subject)];
    let told = report(&hiding.school, &hiding.authority, hiding.head, Report { named, ..told }, None, now);
    let hidden = told.expect("a report").reference;
    let nothing: Reference = "00000-00000".parse().expect("a reference");
    let desk = hiding.desk(None, now);
    let (kept, other) = (Kept::default(), Kept::default());
    let (keeping, keeping_open) = (hiding.desk(Some(&kept), now), open.desk(Some(&other), now));
    let show = |reference| assert!(desk.show(reference, None).is_err());
    welch("one that is hidden, and none", 500, || show(hidden), || show(nothing));
    let count = |desk: &Desk<'_>| assert_eq!(desk.list().expect("a list").len(), 200);
    welch("the list, read anew", 200, || count(&desk), || count(&open.desk(None, now)));
    welch("the list, kept open", 2_000, || count(&keeping), || count(&keeping_open));
    let tasks = |desk: &Desk<'_>| assert!(!desk.tasks().expect("tasks").is_empty());
    welch("tasks, kept open", 2_000, || tasks(&keeping), || tasks(&keeping_open));
}

/// Welch's t of the times of two, asked in turn.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn welch(what: &str, times: usize, one: impl Fn(), other: impl Fn()) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e6
    };
    let (mut ones, mut others) = (Vec::with_capacity(times), Vec::with_capacity(times));
    for round in 0..times {
        // Whoever comes first finds another state of the caches.
        if round % 2 == 0 {
            ones.push(time(&one));
            others.push(time(&other));
        } else {
            others.push(time(&other));
            ones.push(time(&one));
        }
    }
    // Once in a while somebody else has the core: the longest twentieth of both is left out.
    let told = |mut all: Vec<f64>| {
        all.sort_unstable_by(f64::total_cmp);
        all.truncate(times * 19 / 20);
        let (count, sum) = (all.len() as f64, all.iter().sum::<f64>());
        let mean = sum / count;
        let variance = all.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((one, of_one), (other, of_other)) = (told(ones), told(others));
    let t = (one - other) / (of_one + of_other).sqrt();
    println!("two worlds: {what:<30} {one:9.1} and {other:9.1} us, t {t:5.2}");
}

/// The times of pages, as whoever asks for them waits: one connection each, as `curl` has it.
fn pages(place: &Place, last: Reference) {
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a socket");
    let port = listener.local_addr().expect("an address").port();
    let school = School::look(&DataFolder::new(place.folder.path()), &settings()).expect("a school").expect("a school");
    let office = Arc::new(Office::new(school, settings()).expect("an office"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(serve(listener, office, async {
        let _ = stopped.await;
    }));
    let code = place.second_factor.code_at(Utc::now());
    let form = format!("user=tolland&password={}&code={code}", PASSWORD.replace(' ', "+"));
    let signed_in = ask(port, "POST /sign-in", "", &form);
    let cookie = signed_in.split("set-cookie: ").nth(1).and_then(|it| it.split(';').next()).expect("a sign-in");
    for (name, path) in [
        ("home", "/".to_owned()),
        ("tell", "/tell".to_owned()),
        ("report", "/report".to_owned()),
        ("tasks", "/tasks".to_owned()),
        ("incidents", "/cases".to_owned()),
        ("incidents that are closed", "/cases?closed=yes".to_owned()),
        ("one incident", format!("/cases/{last}")),
    ] {
        let get = format!("GET {path}");
        let mut bytes = 0;
        let time = |_| {
            let start = Instant::now();
            let page = ask(port, &get, cookie, "");
            assert!(page.starts_with("HTTP/1.1 200"), "{page}");
            bytes = page.len();
            start.elapsed()
        };
        let mut times: Vec<Duration> = (0..PAGES).map(time).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get(PAGES * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
        println!("page {name:<32} median {:7.2} ms, p99 {:7.2} ms, {bytes} bytes", at(50), at(99));
    }
    let _ = stop.send(());
    runtime.block_on(serving).expect("a server").expect("a server that ends");
}

/// Asks for a page, or sends a form, and gives the whole answer.
fn ask(port: u16, what: &str, cookie: &str, form: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    let request = format!(
        "{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).expect("a request that is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let number = env::var("BELISHA_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let now = Utc::now();
    // Roles are held since before the first of them.
    let place = Place::new(now - TimeDelta::days(366));
    let kept = Kept::default();
    once(&format!("{number} incidents are told"), || place.fill(number, &kept, now));
    drop(kept);

    let ledger = place.school.ledger();
    // As a program that was just started reads them: nothing of the keys is at hand.
    for _ in 0..3 {
        let unlocked = ledger.keys().unlock(&place.head.to_string(), PASSWORD).expect("the head's key");
        let cold = once("read cold", || Register::load_open(ledger, &unlocked).expect("incidents"));
        println!("incidents that are open: {}", cold.branches().count());
        let all = once("read cold, and what is closed opened", || {
            Register::load_current(ledger, &unlocked).expect("incidents")
        });
        println!("incidents that are seen: {}", all.branches().count());
    }

    let kept = Kept::default();
    let desk = place.desk(Some(&kept), now);
    desk.list_open().expect("a list");
    let mut group = criterion.benchmark_group("cases");
    group.bench_function("listed, a page of the closed ones", |b| {
        b.iter(|| {
            let open = desk.list_open().expect("a list").len();
            let (closed, shown) = desk.list_closed(|_| 0..100).expect("a page");
            assert_eq!(shown.len(), 100);
            assert_eq!(open + closed, black_box(number));
        });
    });
    group.bench_function("tasks", |b| b.iter(|| black_box(desk.tasks().expect("tasks").len())));
    let last = place.tell(now);
    group.bench_function("shown, and that is written down", |b| {
        b.iter(|| black_box(desk.show(last, None).expect("the case").version()));
    });
    let branch = desk.show(last, None).expect("the case");
    let terms = Terms::default();
    let about = About::of(branch.case.topic(|_| RoleSet::EMPTY));
    let Answer::Permit(permit) = place.authority.may(place.head, Action::TriageIncident, &about, now) else {
        unreachable!("the head handles incidents")
    };
    group.bench_function("decided", |b| {
        b.iter(|| {
            let command = Command::NoteEvidence { description: "a message".into(), reference: None, digest: None };
            decide(black_box(&branch.case), &terms, command, &permit).expect("an event").len()
        });
    });
    group.finish();
    pages(&place, last);
    two_worlds(now);
    criterion.final_summary();
}
