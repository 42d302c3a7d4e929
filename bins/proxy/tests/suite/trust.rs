//! The built programs on PostgreSQL: the same answers, and a server that goes away and comes back.

use std::thread;
use std::time::{Duration, Instant};

use belisha_policy::Outcome;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{Place, SchoolId, days, read_day};
use belisha_testkit::{Finished, finish, program};

use crate::support::School;

fn curl(proxy: &str, page: &str) -> Option<Finished> {
    let mut command = program("curl")?;
    Some(finish(command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "-x", proxy, page])))
}

/// Hosts and outcomes in the database, in order.
fn lines(place: &Place) -> Vec<(String, Outcome)> {
    let lines = days(place).unwrap().into_iter().flat_map(|day| read_day(place, day).unwrap()).map(Result::unwrap);
    lines.map(|line| (line.record.host.to_string(), line.record.observed)).collect()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_school_of_a_trust_is_served_from_its_database_and_without_it() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::from_bytes([7; 16]), "Sedge Lane School", "sedge_lane", "p").unwrap();
    let address = server.url("sedge_lane", "p");
    let place = Place::from(Postgres::parse(&address).unwrap());
    let school = School::with(&format!(
        "store = \"{address}\"\n[school]\nname = \"Sedge Lane School\"\n[[networks]]\nrange = \"127.0.0.0/8\"\n\
         group = \"pupils\"\nperson = \"Odile Fenwright\"\n"
    ));
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    assert!(!school.path().join("journal.db").exists(), "nothing of it is in files");
    let (proxy, url) = school.serve();
    let Some(blocked) = curl(&url, "http://wager.test/1") else { return };
    assert_eq!(blocked.out, "403");
    until("the line arrives", || !days(&place).unwrap().is_empty() && lines(&place).len() == 1);
    // The server goes away: lessons go on, and what is logged waits.
    server.stop();
    for number in 2..=4 {
        assert_eq!(curl(&url, &format!("http://wager.test/{number}")).unwrap().out, "403");
    }
    let _ = proxy.line_with("Records are kept in memory meanwhile");
    // New lists cannot be written down, so they are not imported; a new proxy serves by the last good policy.
    let refused = school.import("more", "games", "chess.test\n");
    assert!(refused.code == 74 && refused.err.contains("Nothing was changed"), "{} {}", refused.code, refused.err);
    let (_second, second_url) = school.serve();
    assert_eq!(curl(&second_url, "http://wager.test/5").unwrap().out, "403");
    server.start_again();
    until("the lines that waited arrive", || {
        days(&place).is_ok_and(|days| !days.is_empty()) && lines(&place).len() == 5
    });
    let all = lines(&place);
    assert!(all.iter().all(|(host, outcome)| host == "wager.test" && *outcome == Outcome::Blocked), "{all:?}");
    // Changes of one program are followed by the others.
    assert_eq!(school.import("more", "games", "chess.test\n").code, 0);
    let _ = proxy.line_with("reloaded");
    assert_eq!(curl(&url, "http://chess.test/").unwrap().out, "403");
    let mut client = admin.connect().unwrap();
    let text = client.simple_query("SELECT * FROM belisha_access.names").map(|rows| format!("{rows:?}"));
    assert!(!text.is_ok_and(|text| text.contains("Fenwright")), "no name stands in the database");
}
