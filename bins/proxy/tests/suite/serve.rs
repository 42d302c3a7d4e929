//! The built proxy, driven with curl.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::School;
use belisha_policy::Outcome;
use belisha_store::{Logged, days, read_day};
use belisha_testkit::{Finished, Origin, finish, program};

const PAGE: &str = "<h1>a page of the origin</h1>";

/// curl through a proxy, silently; the status is the last line.
fn curl(proxy: &str, args: &[&str]) -> Option<Finished> {
    let mut command = program("curl")?;
    command.args(["-s", "-S", "--max-time", "20", "-w", "\n%{http_code}", "-x", proxy]).args(args);
    Some(finish(&mut command))
}

fn records(school: &School) -> Vec<Logged> {
    let folder = school.path().join("access");
    let days = days(&folder).unwrap();
    days.into_iter().flat_map(|day| read_day(&folder, day).unwrap()).map(Result::unwrap).collect()
}

#[test]
fn an_allowed_page_arrives_and_a_listed_one_does_not() {
    let origin = Origin::start(PAGE);
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (_proxy, url) = school.serve();
    let Some(allowed) = curl(&url, &[&format!("http://{}/index.html?q=1", origin.address())]) else { return };
    assert_eq!(allowed.out, format!("{PAGE}\n200"));
    assert_eq!(origin.requests(), 1);
    let pupil = curl(&url, &["http://www.wager.test/"]).unwrap();
    assert!(pupil.out.ends_with("\n403") && pupil.out.contains("0800 1111"), "{}", pupil.out);
    assert!(!pupil.out.contains("wager") && !pupil.out.to_lowercase().contains("gambling"), "{}", pupil.out);
    let staff = curl(&url, &["--interface", "127.0.0.8", "http://www.wager.test/"]).unwrap();
    assert!(staff.out.contains("Gambling") && staff.out.contains("betting: wager.test"), "{}", staff.out);
}

#[test]
fn a_listed_tunnel_is_answered_403_at_once() {
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (_proxy, url) = school.serve();
    let started = Instant::now();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"CONNECT wager.test:443 HTTP/1.1\r\nHost: wager.test:443\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5), "nothing was dialled, so nothing was waited for");
}

#[test]
fn every_request_has_its_line_without_its_query() {
    let origin = Origin::start(PAGE);
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (mut proxy, url) = school.serve();
    let allowed = format!("http://{}/a/b?secret=1", origin.address());
    if curl(&url, &[&allowed]).is_none() {
        return;
    }
    curl(&url, &["--interface", "127.0.0.9", "http://wager.test/c"]).unwrap();
    thread::sleep(Duration::from_millis(1_500));
    proxy.kill();
    let records = records(&school);
    assert_eq!(records.len(), 2, "{records:#?}");
    let (first, second) = (&records[0].record, &records[1].record);
    assert_eq!((first.observed, &*first.path, first.status), (Outcome::Allowed, "/a/b", 200));
    assert_eq!((first.group.as_deref(), first.place.as_deref()), (Some("pupils"), Some("Library")));
    assert_eq!((second.observed, &*second.host, second.status), (Outcome::Blocked, "wager.test", 403));
    assert!((records[0].person, records[1].person.is_some()) == (None, true));
    assert_eq!(&*second.rules[0].entry, "wager.test");
    let raw = fs::read_dir(school.path().join("access")).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let clear = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(raw.into_iter().all(|bytes| !clear(&bytes, b"secret") && !clear(&bytes, b"Fenwright")));
}

#[test]
fn a_killed_proxy_loses_at_most_the_last_second() {
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (mut proxy, url) = school.serve();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let mut answered: Vec<Instant> = Vec::new();
    let until = Instant::now() + Duration::from_secs(4);
    let mut buffer = vec![0_u8; 1 << 16];
    while Instant::now() < until {
        let path = answered.len();
        stream
            .write_all(format!("GET http://wager.test/{path} HTTP/1.1\r\nHost: wager.test\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = Vec::new();
        while !answer.windows(7).any(|window| window == b"</html>") {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the proxy hung up: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..read]);
        }
        answered.push(Instant::now());
        thread::sleep(Duration::from_millis(2));
    }
    let killed = Instant::now();
    proxy.kill();
    let records = records(&school);
    // A second, and the time that a batch takes to be written on a busy machine.
    let old = answered.iter().filter(|at| killed - **at > Duration::from_millis(1_500)).count();
    assert!(answered.len() > 500, "only {} requests", answered.len());
    assert!(records.len() >= old.min(answered.len() - 2_000.min(answered.len())), "{} of {old}", records.len());
    assert!(records.len() >= old, "{} records, and {old} requests were older than a second", records.len());
    for (number, record) in records.iter().enumerate() {
        assert_eq!(&*record.record.path, format!("/{number}"), "in order, none doubled, none missing");
    }
}

#[test]
fn new_rules_are_followed_and_no_connection_is_dropped() {
    let origin = Origin::start(PAGE);
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (proxy, url) = school.serve();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let mut get = |target: &str, end: &str| {
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        let mut buffer = [0_u8; 4096];
        while !answer.contains(end) {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the connection was dropped: {answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        answer
    };
    let allowed = format!("http://{}/", origin.address());
    assert!(get(&allowed, "</h1>").starts_with("HTTP/1.1 200"));
    assert!(get("http://wager.test/", "</html>").starts_with("HTTP/1.1 403"));
    assert_eq!(school.import("here", "games", "127.0.0.1\n").code, 0);
    let _ = proxy.line_with("reloaded");
    assert!(get(&allowed, "</html>").starts_with("HTTP/1.1 403"), "the same connection, the new rules");
    // Settings that are wrong change nothing, and the log says where they are.
    fs::write(school.path().join("school.toml"), "[school]\nnmae = \"A\"\n").unwrap();
    let said = proxy.line_with("school.toml:2");
    assert!(said.contains("The settings in force are as before"), "{said}");
    assert!(get("http://wager.test/", "</html>").starts_with("HTTP/1.1 403"));
    // Rules that are damaged change nothing either.
    fs::write(school.path().join("rules.belisha"), b"damaged").unwrap();
    fs::write(school.path().join("school.toml"), "[school]\nname = \"A\"\n").unwrap();
    let _ = proxy.line_with("The rules in force are as before");
    assert!(get("http://wager.test/", "</html>").starts_with("HTTP/1.1 403"));
}

#[test]
fn damaged_rules_are_replaced_by_the_last_good_ones_and_without_any_only_a_page_is_served() {
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    assert_eq!(school.import("betting", "gambling", "wager.test\nbet.test\n").code, 0);
    let rules = school.path().join("rules.belisha");
    fs::write(&rules, b"damaged").unwrap();
    let check = finish(school.proxy().args(["check", "wager.test"]));
    assert!(check.out.starts_with("block"), "{}", check.out);
    let config = finish(school.proxy().arg("check-config"));
    assert!(config.out.contains("WARNING: the rules in force cannot be used"), "{}", config.out);
    fs::remove_dir_all(school.path().join("generations")).unwrap();
    assert_eq!(finish(school.proxy().args(["check", "wager.test"])).code, 74);
    let origin = Origin::start(PAGE);
    let (_proxy, url) = school.serve();
    let Some(answer) = curl(&url, &[&format!("http://{}/", origin.address())]) else { return };
    assert!(answer.out.ends_with("\n503"), "{}", answer.out);
    assert_eq!(origin.requests(), 0);
}

#[test]
fn a_port_in_use_is_said_with_what_to_do() {
    let school = School::new();
    let (_proxy, url) = school.serve();
    let address = url.strip_prefix("http://").unwrap();
    let second = finish(school.proxy().args(["--listen", address]));
    assert_eq!(second.code, 74);
    assert!(second.err.contains(address) && second.err.contains("--listen"), "{}", second.err);
}

#[test]
fn with_no_arguments_it_serves_the_starter_school_and_says_one_thing_to_try() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_belisha-proxy"));
    let command = command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
    let proxy = belisha_testkit::Running::start(command);
    let line = proxy.line_with("the web is filtered on ");
    let url = format!("http://{}", line.rsplit(' ').next().unwrap());
    assert!(proxy.line_with("No IWF or CTIRU").contains("keep a filter upstream"));
    let tip = proxy.line_with("Try: ");
    let Some(answer) = curl(&url, &[tip.rsplit(' ').next().unwrap()]) else { return };
    assert!(answer.out.ends_with("\n403") && answer.out.contains("closed at school"), "{}", answer.out);
    // This machine is not reachable through the proxy of the starter school.
    let origin = Origin::start(PAGE);
    let refused = curl(&url, &[&format!("http://{}/", origin.address())]).unwrap();
    assert!(!refused.out.ends_with("\n200"), "{}", refused.out);
    assert_eq!(origin.requests(), 0);
}

#[test]
fn a_full_disk_stops_the_log_and_not_the_lesson() {
    let origin = Origin::start(PAGE);
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    // Files of this proxy may have no more than 48 KiB: the day file fills up as a full disk would have it.
    let Some(mut shell) = program("bash") else { return };
    let proxy = env!("CARGO_BIN_EXE_belisha-proxy");
    let line =
        format!("ulimit -f 48; trap '' XFSZ; exec {proxy} --data {} --listen 127.0.0.1:0", school.path().display());
    let proxy = belisha_testkit::Running::start(shell.args(["-c", &line]));
    let started = proxy.line_with("the web is filtered on ");
    let url = format!("http://{}", started.rsplit(' ').next().unwrap());
    let allowed = format!("http://{}/", origin.address());
    let blocked = "http://wager.test/".to_string() + &"long-path".repeat(100);
    let Some(first) = curl(&url, &[&allowed]) else { return };
    assert!(first.out.ends_with("\n200"), "{}", first.out);
    for at in 0..120 {
        assert!(curl(&url, &[&format!("{blocked}{at}")]).unwrap().out.ends_with("\n403"));
    }
    let _ = proxy.line_with("ERROR");
    assert!(curl(&url, &[&allowed]).unwrap().out.ends_with("\n200"), "the lesson goes on");
}
