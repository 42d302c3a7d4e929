//! `belisha-importer access-log`, as it is run: companion mode (decisions 14) works from this alone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use belisha_store::SchoolId;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_testkit::{Finished, binary, finish, test_data};
use serde_json::Value;
use tempfile::TempDir;

const IMPORTER: &str = env!("CARGO_BIN_EXE_belisha-importer");

const SETTINGS: &str = r#"
[school]
name = "Amber Hill School"
[profiles.little]
based_on = "pupils"
[groups]
ours = "little"
[members]
"year 4" = "little"
staff = "staff"
[[networks]]
range = "10.0.0.0/8"
group = "ours"
place = "Library"
"#;

const PEOPLE: &str = "UPN,Surname,Forename,DOB,Year,Class,Email\n\
                      K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                      H999233723002,Birch,Ben,24/04/2016,4,4A,ben@amberhill.example\n";

/// A school that has a filter of another make.
struct School(TempDir);

impl School {
    fn new() -> Self {
        Self::with(SETTINGS)
    }

    /// Two pupils, and a list of games that blocks them.
    fn with(settings: &str) -> Self {
        let school = Self(TempDir::new().unwrap());
        fs::create_dir(school.data()).unwrap();
        fs::write(school.data().join("school.toml"), settings).unwrap();
        let games = school.file("games.txt", b"arcade.example\n");
        let done = school.run(&["lists", &games, "--category", "games"]);
        assert_eq!(done.code, 0, "{}", done.err);
        let people = school.file("pupils.csv", PEOPLE.as_bytes());
        let done = school.run(&["people", &people]);
        assert_eq!(done.code, 0, "{}", done.err);
        school
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(IMPORTER);
        command.arg("--data").arg(self.data()).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Finished {
        finish(&mut self.command(args))
    }

    /// Imports logs and gives the first summary.
    fn import(&self, args: &[&str]) -> Value {
        let done = self.run(&[&["access-log", "--json"], args].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        serde_json::from_str(done.out.lines().next().unwrap()).unwrap()
    }

    /// The access log, as the reporter hands it out.
    fn lines(&self) -> Vec<Value> {
        let done = finish(binary(IMPORTER, "belisha-reporter").arg("--data").arg(self.data()).arg("access-log"));
        assert_eq!(done.code, 0, "{}", done.err);
        done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The same with numbers of people in the order in which they appear in a day: the numbers are random.
    fn comparable(&self) -> Vec<Value> {
        let mut numbers = HashMap::<(String, String), usize>::new();
        let mut lines = self.lines();
        for line in &mut lines {
            let day = line["at"].as_str().unwrap()[..10].to_owned();
            for field in ["person", "device"] {
                if !line[field].is_null() {
                    let next = numbers.len();
                    let number = *numbers.entry((day.clone(), format!("{field} {}", line[field]))).or_insert(next);
                    line[field] = number.into();
                }
            }
            // Rules are compiled with a number that nobody can foresee, which is in their fingerprint.
            line["replayed_ruleset"] = Value::Null;
        }
        lines
    }

    fn verify(&self) {
        let done = finish(binary(IMPORTER, "belisha-reporter").arg("--data").arg(self.data()).arg("verify"));
        assert_eq!(done.code, 0, "{}", done.err);
    }
}

fn squid(second: u32, user: &str, host: &str) -> String {
    let at = 1_756_890_169 + second;
    format!(
        "{at}.793     75 10.20.14.60 TCP_MISS/200 1234 GET https://{host}/p/{second}?q=word {user} HIER_DIRECT/203.0.113.8 text/html\n"
    )
}

/// Lines of many days, people and hosts.
fn long_log(lines: u32) -> String {
    let users = ["ada", "ben", "SCHOOL%5Cada", "nobody.here", "-"];
    let host = |n: u32| if n.is_multiple_of(7) { "arcade.example".to_owned() } else { format!("h{}.example", n % 97) };
    (0..lines).map(|n| squid(n * 13, users[n as usize % users.len()], &host(n))).collect()
}

#[test]
fn the_log_of_every_product_becomes_lines_of_ours() {
    let e2_tail = "GET\t1\t0\tgames\t1\t403\ttext/html\tpc-12\tYear 4\tBrowser/1\t-\t-\t-\t-\n";
    let stamped = "1756890169.793\tproxy1\tada\t10.0.0.7\thttps://arcade.example/x\tGET\t403\t12\ttext/html\tBrowser/1\t-\t75\t-\t500\t*DENIED* Banned site\t0\tgames\tYear 4\t3\n";
    for (name, text, format) in [
        ("squid", "1756890169.793 75 10.0.0.7 TCP_DENIED/403 36 GET https://arcade.example/x ada HIER_NONE/- text/html\n".to_owned(), "squid"),
        ("combined", "10.0.0.7 - ada [03/Sep/2025:10:02:49 +0100] \"GET https://arcade.example/x HTTP/1.1\" 403 36 \"-\" \"Browser/1\" TCP_DENIED:HIER_NONE\n".into(), "squid-common"),
        ("e2-1", "2025.09.03 10:02:49 ada 10.0.0.7 https://arcade.example/x *DENIED* Banned site: arcade.example GET 0 0 games 3 403 - pc-12 Year 4 Browser/5.0 - - - -\n".into(), "e2guardian-1"),
        ("e2-2", "\"2025.09.03 10:02:49\",\"ada\",\"10.0.0.7\",\"https://arcade.example/x\",\"*DENIED* Banned site: arcade.example\",\"GET\",\"1\",\"0\",\"games\",\"1\",\"403\",\"\",\"\",\"g\",\"\",\"\",\"\",\"\",\"\"\n".into(), "e2guardian-2"),
        ("e2-4", format!("2025.09.03 10:02:49\tada\t10.0.0.7\thttps://arcade.example/x\t*DENIED* Banned site\t{e2_tail}"), "e2guardian-4"),
        ("e2-5", stamped.into(), "e2guardian-5-8"),
        ("table", "Time,Username,Source IP,Method,Code,URL,Action\n03/09/2025 10:02:49,ada,10.0.0.7,GET,403,https://arcade.example/x,Blocked\n".into(), "table"),
    ] {
        let school = School::new();
        let log = school.file(name, text.as_bytes());
        let done = school.import(&[&log]);
        assert_eq!((&done["format"], &done["requests"]), (&format.into(), &1.into()), "{name}: {done}");
        assert_eq!((&done["observed"]["blocked"], &done["would_be"]["block"]), (&1.into(), &1.into()), "{name}");
        let lines = school.lines();
        let [line] = lines.as_slice() else { panic!("{name}: {} lines", lines.len()) };
        // 10:02:49 on the clock of a school in September is an hour less in UTC.
        assert!(line["at"].as_str().unwrap().starts_with("2025-09-03T09:02:49"), "{name}: {line}");
        for (field, expected) in [
            ("group", "ours"), ("attribution", "individual"), ("address", "10.0.0.7"), ("host", "arcade.example"),
            ("path", "/x"), ("query", ""), ("observed", "blocked"), ("profile", ""), ("replayed_verdict", "block"),
            ("replayed_profile", "little"), ("place", "Library"), ("method", "GET"),
        ] {
            // Year 4 has no group of its own name: members are held to a profile's group.
            let expected = if field == "group" { "little" } else { expected };
            assert_eq!(line[field], expected, "{name}: {field}");
        }
        assert_eq!(line["replayed_categories"], serde_json::json!(["games"]), "{name}");
    }
}

#[test]
fn user_names_are_matched_and_nobody_is_made_up() {
    let school = School::new();
    let users = ["ada", "ADA", "SCHOOL%5Cada", "ada@SCHOOL.LOCAL", "ada@amberhill.example", "intruder", "-"];
    let text: String = users.iter().zip(0..).map(|(user, n)| squid(n, user, "h.example")).collect();
    let done = school.import(&[&school.file("access.log", text.as_bytes())]);
    assert_eq!(done["requests_of_people"], 5);
    assert_eq!((&done["requests_of_unknown_users"], &done["unknown_users"]), (&1.into(), &1.into()));
    assert_eq!(done["requests_without_user"], 1);
    let lines = school.lines();
    let of = |at: usize| (&lines[at]["person"], lines[at]["attribution"].as_str().unwrap(), &lines[at]["group"]);
    assert!((0..5).all(|at| of(at) == of(0) && of(at).1 == "individual"), "{lines:?}");
    // Who is not known here is named as the log names them, and no surer than their address.
    assert!(!of(5).0.is_null() && of(5).0 != of(0).0);
    assert_eq!((of(5).1, of(5).2), ("address-only", &"ours".into()));
    assert!(of(6).0.is_null() && of(6).1 == "address-only");
    // No name stands in the files.
    for file in fs::read_dir(school.data().join("access")).unwrap() {
        let packed = fs::read(file.unwrap().path()).unwrap();
        let bytes = zstd::decode_all(packed.as_slice()).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"intruder"));
    }
}

#[test]
fn a_log_is_imported_once_and_only_what_is_new_of_one_that_grows() {
    let (school, other) = (School::new(), School::new());
    let text = long_log(300);
    let cut = text[..text.len() / 2].rfind('\n').unwrap() + 1;
    let log = school.file("access.log", &text.as_bytes()[..cut]);
    let first = school.import(&[&log]);
    let again = school.import(&[&log]);
    assert_eq!((&again["lines"], &again["imported_before"]), (&0.into(), &first["lines"]));
    // It grows, is renamed and packed; and, with half a line at its end, is given while it is written.
    school.file("access.log", &text.as_bytes()[..text.len() - 20]);
    let grown = school.import(&[&log]);
    assert_eq!(grown["left_out"], 1, "{grown}");
    assert_eq!(grown["complaints"][0], "line 300: it is cut off: the log was copied while it was written");
    let packed = school.file("access.log.1.zst", &zstd::encode_all(text.as_bytes(), 3).unwrap());
    let last = school.import(&[&packed]);
    assert_eq!((&last["lines"], &last["imported_before"]), (&1.into(), &299.into()));
    assert_eq!(school.import(&[&packed])["lines"], 0);
    other.import(&[&other.file("access.log", text.as_bytes())]);
    // Each import gives people numbers of its own.
    let without = |school: &School| -> Vec<Value> {
        let mut lines = school.lines();
        for line in &mut lines {
            line["person"] = line["person"].is_null().into();
            line["replayed_ruleset"] = Value::Null;
        }
        lines
    };
    let by_time = |mut lines: Vec<Value>| {
        lines.sort_by_key(ToString::to_string);
        lines
    };
    assert!(by_time(without(&school)) == by_time(without(&other)));
    assert_eq!(school.lines().len(), 300);
    school.verify();
}

#[test]
fn a_last_line_without_an_end_is_not_imported_twice() {
    let school = School::new();
    let text = squid(1, "ada", "h.example") + &squid(2, "ada", "h.example");
    let log = school.file("access.log", text.trim_end().as_bytes());
    assert_eq!(school.import(&[&log])["requests"], 2);
    school.file("access.log", (text + &squid(3, "ben", "h.example")).as_bytes());
    let grown = school.import(&[&log]);
    assert_eq!((&grown["requests"], &grown["left_out"]), (&1.into(), &0.into()), "{grown}");
    assert_eq!(school.lines().len(), 3);
}

#[test]
fn another_log_that_begins_alike_is_another_log() {
    let school = School::new();
    let head = long_log(100);
    let one = school.file("one.log", (head.clone() + &squid(9_000, "ada", "one.example")).as_bytes());
    let two = school.file("two.log", (head + &squid(9_001, "ada", "two.example")).as_bytes());
    assert_eq!(school.import(&[&one])["requests"], 101);
    let second = school.import(&[&two]);
    assert_eq!((&second["imported_before"], &second["requests"]), (&0.into(), &101.into()));
    // It is said, since it might be a mistake.
    assert_eq!(second["days_with_a_log_before"], 1);
}

#[test]
fn what_is_no_log_or_a_spoilt_one_is_refused_and_changes_nothing() {
    let school = School::new();
    let good = school.file("access.log", long_log(50).as_bytes());
    school.import(&[&good]);
    let before = school.lines();
    let spoilt = long_log(60) + &"what is this\n".repeat(2);
    for (name, content, about) in [
        ("a.log", &b"\x89PNG\r\n\x1a\n0000"[..], "no access log"),
        ("b.log", b"", "is empty"),
        ("c.log", b"<html><body>Sign in</body></html>\n", "not an access log"),
        ("d.log", spoilt.as_bytes(), "2 of 62 lines cannot be read"),
        ("e.zst", &zstd::encode_all(&b"x"[..], 3).unwrap()[..7], "cannot be read to its end"),
        ("f.log", b"Sep  3 09:02:49 mail postfix/smtpd[99]: connect from unknown\n", "no access log"),
    ] {
        let refused = school.run(&["access-log", &school.file(name, content)]);
        assert_eq!(refused.code, 65, "{name}: {} {}", refused.out, refused.err);
        assert!(refused.err.contains(about), "{name}: {}", refused.err);
        assert!(!refused.err.contains("what is this") && !refused.err.contains("ada"), "no content: {}", refused.err);
    }
    assert_eq!(school.run(&["access-log", "no-such.log"]).code, 74);
    assert_eq!(school.run(&["access-log", &good, "--format", "squit"]).code, 2);
    assert_eq!(school.run(&["access-log", &good, "--map", "Url=adress"]).code, 2);
    assert_eq!(school.lines(), before);
    // One bad line of many is left out, and said by its number.
    let page = school.run(&["access-log", &school.file("g.log", (long_log(60) + "what is this\n").as_bytes())]);
    assert_eq!(page.code, 0, "{}", page.err);
    assert!(page.out.contains("left out: line 61: its time is not one"), "{}", page.out);
}

#[test]
fn a_table_with_headings_that_nobody_knows_is_told_what_they_are() {
    let school = School::new();
    let text = "When,Who,Web page\n03/09/2025 10:02,ada,https://h.example/\n";
    let log = school.file("export.csv", text.as_bytes());
    assert_eq!(school.run(&["access-log", &log]).code, 65);
    let done = school.import(&[&log, "--map", "when=time", "--map", "Who=user", "--map", "web page=url"]);
    assert_eq!((&done["requests"], &done["requests_of_people"]), (&1.into(), &1.into()));
    // The log does not say what became of it: it counts as allowed, and that is said.
    assert_eq!((&done["observed"]["allowed"], &done["observed_not_said"]), (&1.into(), &1.into()));
    let lines = school.lines();
    assert_eq!(lines[0]["note"], "the imported log does not say what became of it");
    assert_eq!(lines[0]["address"], "0.0.0.0");
}

#[test]
fn a_dry_run_changes_nothing_and_says_the_same() {
    let school = School::new();
    let log = school.file("access.log", long_log(200).as_bytes());
    let dry = school.import(&[&log, "--dry-run"]);
    assert!(!school.data().join("access").exists() && !school.data().join("importing").exists());
    let done = school.import(&[&log]);
    for field in ["lines", "requests", "days", "observed", "would_be", "unknown_users", "requests_of_people"] {
        assert_eq!(dry[field], done[field], "{field}");
    }
    // And knows what was imported before.
    assert_eq!(school.import(&[&log, "--dry-run"])["lines"], 0);
    // A folder that is not there is not made.
    let nowhere = school.0.path().join("nowhere");
    let log = log.as_str();
    let done = finish(Command::new(IMPORTER).arg("--data").arg(&nowhere).args(["access-log", log, "--dry-run"]));
    assert!(done.code == 0 && !nowhere.exists(), "{}", done.err);
}

#[test]
fn two_imports_do_not_go_at_once() {
    let school = School::new();
    let log = school.file("access.log", long_log(10).as_bytes());
    let lock = fs::File::create(school.data().join("importing.lock")).unwrap();
    lock.lock().unwrap();
    let refused = school.run(&["access-log", &log]);
    assert_eq!(refused.code, 74);
    assert!(refused.err.contains("another import into this school is at work"), "{}", refused.err);
    drop(lock);
    assert_eq!(school.import(&[&log])["requests"], 10);
}

/// A program that is killed at any moment and started again leaves the log that it would have left undisturbed.
#[test]
fn a_kill_at_any_moment_and_the_same_command_again_give_the_same_log() {
    let (undisturbed, killed) = (School::new(), School::new());
    let text = long_log(40_000);
    let log = undisturbed.file("access.log", text.as_bytes());
    let start = Instant::now();
    undisturbed.import(&[&log]);
    let whole = start.elapsed();
    let log = killed.file("access.log", text.as_bytes());
    let mut ended = 0;
    // The same folder again and again: what one leaves, the next finds.
    for part in 1..=40 {
        let mut child = killed.command(&["access-log", &log]).stdout(Stdio::null()).spawn().unwrap();
        sleep(whole * part / 40);
        // It may have come to its end.
        let _ = child.kill();
        ended += u32::from(child.wait().unwrap().success());
    }
    let last = killed.run(&["access-log", &log]);
    assert_eq!(last.code, 0, "{}", last.err);
    assert!(ended < 40, "none was killed");
    assert_eq!(killed.lines().len(), 40_000);
    assert!(killed.comparable() == undisturbed.comparable());
    assert!(!killed.data().join("importing").exists());
    killed.verify();
}

/// The sample of the invented school, counted apart from our own readers.
#[derive(Default, Debug, PartialEq)]
struct Counted {
    lines: u64,
    requests: u64,
    by_day: BTreeMap<String, u64>,
    failed: u64,
    unnamed: u64,
}

/// By spaces alone: the log has neither syslog's prefixes nor 407s, and each tunnel in it is followed by its requests or
/// stands alone.
fn count(text: &str) -> Counted {
    let mut counted = Counted::default();
    let fields: Vec<Vec<&str>> = text.lines().map(|line| line.split_ascii_whitespace().collect()).collect();
    // By client and host, when requests were logged.
    let mut requests = HashMap::<(&str, &str), Vec<f64>>::new();
    for line in fields.iter().filter(|line| line[5] != "CONNECT") {
        if let Some(rest) = line[6].strip_prefix("https://") {
            requests
                .entry((line[2], rest.split(['/', '?']).next().unwrap()))
                .or_default()
                .push(line[0].parse().unwrap());
        }
    }
    for line in &fields {
        counted.lines += 1;
        let at: f64 = line[0].parse().unwrap();
        if line[5] == "CONNECT" {
            let host = line[6].strip_suffix(":443").unwrap();
            let inside = requests
                .get(&(line[2], host))
                .is_some_and(|times| times.iter().any(|it| (0.0..=300.0).contains(&(it - at))));
            if inside {
                continue;
            }
        }
        counted.requests += 1;
        let day = chrono::DateTime::from_timestamp_millis(line[0].replace('.', "").parse().unwrap()).unwrap();
        *counted.by_day.entry(day.date_naive().to_string()).or_default() += 1;
        counted.failed += u64::from(
            line[3].ends_with("/000")
                || line[3].ends_with("/502")
                || line[3].ends_with("/503")
                || line[3].ends_with("/504"),
        );
        counted.unnamed += u64::from(line[7] == "-");
    }
    counted
}

#[test]
fn the_sample_is_imported_alike_into_files_and_into_postgresql() {
    let Some(prep) = test_data().map(|data| data.join("school/prep")) else { return };
    let sample = prep.join("access-sample.log.zst");
    let counted = count(&belisha_testkit::unpack(&sample));
    let school = |settings: &str| {
        let school = School::with(settings);
        assert_eq!(school.run(&["people", prep.join("mis").to_str().unwrap()]).code, 0);
        assert_eq!(school.run(&["lists", prep.join("local_lists").to_str().unwrap()]).code, 0);
        let done = school.import(&[sample.to_str().unwrap()]);
        let days: BTreeMap<String, u64> = serde_json::from_value(done["days"].clone()).unwrap();
        let number = |field: &str| done[field].as_u64().unwrap();
        let seen = Counted {
            lines: number("lines"),
            requests: number("requests"),
            by_day: days,
            failed: done["observed"]["failed"].as_u64().unwrap(),
            unnamed: number("requests_without_user"),
        };
        assert_eq!(seen, counted);
        assert_eq!((number("left_out"), number("unknown_users")), (0, 0));
        assert_eq!(school.import(&[sample.to_str().unwrap()])["lines"], 0);
        school
    };
    let files = school(SETTINGS).comparable();
    assert_eq!(files.len() as u64, counted.requests);
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::from_bytes([7; 16]), "Amber Hill School", "amber_hill", "p").unwrap();
    let in_server = school(&format!("store = \"{}\"\n{SETTINGS}", server.url("amber_hill", "p")));
    assert!(in_server.comparable() == files);
    assert!(!Path::new(&in_server.data()).join("access").exists());
}
