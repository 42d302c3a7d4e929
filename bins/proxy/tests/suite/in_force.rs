//! What is in force is what the journal says: the file proposes, a person applies, the proxy follows; and where the
//! journal cannot be read, the last good policy serves.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use belisha_policy::{Action, Audience, Category, Permit, PersonId};
use belisha_school::{DataFolder, Settings, in_force, parse_baseline, trust};
use belisha_testkit::{Origin, Running, finish, program};
use chrono::Utc;

use crate::support::School;

const PUPILS_READ_NEWS: &str = r#"
[school]
name = "Amber Hill School"
[egress]
allow = ["127.0.0.1"]
[profiles.year-6]
based_on = "pupils"
allow = ["news"]
[[networks]]
range = "127.0.0.0/8"
group = "year-6"
"#;

fn stricter() -> String {
    PUPILS_READ_NEWS.replace("allow = [\"news\"]", "block = [\"news\"]")
}

fn verdict(school: &School) -> String {
    finish(school.proxy().args(["check", "--as", "year-6", "paper.test"])).out
}

fn applies(folder: &Path) {
    let data = DataFolder::new(folder);
    let file = Settings::load(Some(&data.settings())).unwrap();
    let school = belisha_school::School::look(&data, &file).unwrap().unwrap();
    let permit = Permit::for_tests(PersonId::from_bytes([7; 16]), Action::ApplySettings, Utc::now());
    in_force::apply(school.ledger(), &permit, school.in_force(), school.proposed(), Utc::now()).unwrap();
}

#[test]
fn a_change_of_the_file_is_a_proposal_and_one_that_is_applied_is_followed_within_a_second() {
    let school = School::with(PUPILS_READ_NEWS);
    assert_eq!(school.import("papers", "news", "paper.test\n127.0.0.1\n").code, 0);
    let origin = Origin::start("<h1>news</h1>");
    let (proxy, url) = school.serve();
    let page = format!("http://{}/", origin.address());
    let Some(mut curl) = program("curl") else { return };
    let mut status = || {
        let asked = finish(curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-x", &url, &page]));
        asked.out.lines().last().unwrap_or_default().to_string()
    };
    assert_eq!(status(), "200");
    fs::write(school.path().join("school.toml"), stricter()).unwrap();
    let _ = proxy.line_with("proposes what is not in force");
    assert_eq!(status(), "200", "a file alone changes no policy");
    assert!(verdict(&school).starts_with("allow"), "check says what the proxy does");
    applies(school.path());
    let applied = Instant::now();
    while status() != "403" {
        assert!(applied.elapsed() < Duration::from_secs(10), "it is not followed");
    }
    assert!(verdict(&school).starts_with("block"));
}

#[test]
fn a_journal_that_cannot_be_read_stops_no_lesson_and_loosens_nothing() {
    let school = School::with(&stricter());
    assert_eq!(school.import("papers", "news", "paper.test\n").code, 0);
    drop(school.serve());
    // The file now proposes less; the last good policy is the stricter one.
    fs::write(school.path().join("school.toml"), PUPILS_READ_NEWS).unwrap();
    for file in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(school.path().join(file));
    }
    fs::write(school.path().join("journal.db"), b"a shopping list").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Running::start(school.proxy().args(["serve", "--listen", &port.to_string()]));
    let url = format!("http://{port}");
    let _ = proxy.line_with("Filtering goes on by the last good settings");
    let Some(mut curl) = program("curl") else { return };
    let asked = finish(curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", &url, "http://paper.test/"]));
    assert_eq!(asked.out, "403");
    let checked = finish(school.proxy().args(["check", "--as", "year-6", "paper.test"]));
    assert!(checked.out.starts_with("block") && checked.err.contains("last good"), "{} {}", checked.out, checked.err);
    assert_eq!(fs::read(school.path().join("journal.db")).unwrap(), b"a shopping list", "it stays as it is");
    // Nothing that must be written down can be changed meanwhile.
    let refused = school.import("more", "games", "chess.test\n");
    assert_eq!(refused.code, 74);
    assert!(refused.err.contains("Nothing was changed"), "{}", refused.err);
    assert!(!school.path().join("lists/more").exists());
}

/// The trust's lead sets a baseline and lets the school open something for some seconds: the running proxy follows both,
/// and the end of the time by itself.
#[test]
fn a_running_proxy_follows_the_trusts_baseline_and_what_was_approved() {
    let school = School::with(PUPILS_READ_NEWS);
    assert_eq!(school.import("papers", "news", "paper.test\n127.0.0.1\n").code, 0);
    let origin = Origin::start("<h1>news</h1>");
    let (_proxy, url) = school.serve();
    let page = format!("http://{}/", origin.address());
    let Some(mut curl) = program("curl") else { return };
    let mut status = || {
        let asked = finish(curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-x", &url, &page]));
        asked.out.lines().last().unwrap_or_default().to_string()
    };
    assert_eq!(status(), "200");
    let data = DataFolder::new(school.path());
    let file = Settings::load(Some(&data.settings())).unwrap();
    let looked = || belisha_school::School::look(&data, &file).unwrap().unwrap();
    let lead = |action| Permit::for_tests(PersonId::from_bytes([7; 16]), action, Utc::now());
    let mut until = |wanted: &str, within: Duration| {
        let deadline = Instant::now() + within;
        while status() != wanted {
            assert!(Instant::now() < deadline, "not {wanted}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let profiles =
        parse_baseline("[profiles.all]\nbased_on = \"pupils\"\nblock = [\"news\"]\n", Path::new("b")).unwrap();
    let opened = looked();
    let (ledger, seen) = (opened.ledger(), opened.in_force());
    trust::set_baseline(ledger, &lead(Action::SetBaseline), seen, &profiles, Utc::now()).unwrap();
    until("403", Duration::from_secs(10));
    let opened = looked();
    let (ledger, seen, end) = (opened.ledger(), opened.in_force(), Utc::now() + chrono::TimeDelta::seconds(6));
    let news = (Audience::Pupils, &[Category::News][..]);
    trust::approve(ledger, &lead(Action::LoosenBaseline), seen, news, Some(end), Utc::now()).unwrap();
    until("200", Duration::from_secs(5));
    until("403", Duration::from_secs(15));
    assert!(Utc::now() >= end, "not before its time");
}
