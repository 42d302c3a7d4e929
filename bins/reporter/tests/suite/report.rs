//! Reports, made by the built program.

use std::fs;
use std::path::Path;

use belisha_policy::{AccessRecord, Category, Outcome, Policy, Profile, Replayed, Verdict};
use belisha_store::{AccessLog, SealedToNobody, close_day};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::{CHAIR, HEAD, School};

/// Ten to one at night on 1 July, summer time, which in UTC is 30 June.
fn night() -> DateTime<Utc> {
    "2026-06-30T23:50:00Z".parse().unwrap()
}

/// Eight people who ask for something that is blocked, and in the morning for something that is not.
fn write_log(folder: &Path) {
    let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![]).unwrap();
    let record = |number: u8, after: TimeDelta, observed, host: &str| {
        let address = [10, 0, 0, number].into();
        let verdict = if observed == Outcome::Blocked { Verdict::Allow } else { Verdict::Block };
        let replayed = Replayed {
            verdict,
            profile: "pupils".into(),
            categories: vec![Category::Social],
            rules: vec![],
            ruleset: 1,
        };
        AccessRecord {
            observed,
            host: host.into(),
            group: Some("=year 4".into()),
            path: "/secret/path".into(),
            query: "q=search+words".into(),
            person: Some(format!("p{number}").into()),
            categories: vec![Category::Games],
            replayed: Some(std::sync::Arc::new(replayed)),
            ..AccessRecord::new(night() + after, &policy.identify(address), address)
        }
    };
    let blocked = (0..8).map(|number| record(number, TimeDelta::zero(), Outcome::Blocked, "play.example"));
    let allowed = (0..8).map(|number| record(number, TimeDelta::hours(9), Outcome::Allowed, "learn.example"));
    let mut log = AccessLog::open(folder, SealedToNobody).unwrap();
    log.append(&blocked.chain(allowed).collect::<Vec<_>>()).unwrap();
}

const PERIOD: [&str; 6] = ["report", "web-summary", "--from", "2026-06-29", "--to", "2026-07-03"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    PERIOD.iter().chain(more).copied().collect()
}

fn json(school: &School, more: &[&str]) -> Value {
    let done = school.reporter(&with(&[&["--format", "json", "--out", "-"], more].concat()));
    assert_eq!(done.code, 0, "{}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn a_trial_without_people_gets_its_report() {
    let school = School::new();
    let access = school.path().join("access");
    write_log(&access);
    let open = json(&school, &[]);
    assert_eq!((&open["totals"]["requests"], &open["totals"]["blocked"]), (&16.into(), &8.into()));
    // By the clock at the school, although the file is of the day before in UTC.
    assert_eq!((&open["hours"][0]["blocked"], &open["hours"][9]["allowed"]), (&8.into(), &8.into()));
    let day = &open["days"][2];
    assert_eq!((&day["date"], &day["requests"], &day["gap"]), (&"2026-07-01".into(), &16.into(), &Value::Null));
    assert_eq!((&open["days"][0]["gap"], &open["days"][3]["gap"]), (&"before-log".into(), &"no-lines".into()));
    assert_eq!(open["groups"][0]["group"], "=year 4");
    assert_eq!(open["blocked"]["hosts"][0]["host"], "play.example");
    let games = open["coverage"]["categories"].as_array().unwrap().iter().find(|row| row["category"] == "games");
    assert_eq!(games.unwrap()["entries"], 1);
    assert!(open["notices"][0].as_str().unwrap().contains("No IWF or CTIRU list is loaded"));

    for day in ["2026-06-30", "2026-07-01"] {
        close_day(&access, day.parse().unwrap()).unwrap();
    }
    assert_eq!(json(&school, &[]), open, "closed days say the same");
    let replayed = json(&school, &["--replayed"]);
    assert_eq!((&replayed["view"], &replayed["totals"]["blocked"]), (&"replayed".into(), &8.into()));
    assert_eq!(replayed["would_be_open"]["hosts"][0]["host"], "play.example");
    assert_eq!(replayed["would_be_blocked"]["hosts"][0]["host"], "learn.example");
    assert_eq!(replayed["would_be_blocked"]["categories"][0]["category"], "social");
}

#[test]
fn nothing_of_a_person_is_in_any_form_of_it() {
    let school = School::new();
    write_log(&school.path().join("access"));
    for format in ["html", "csv", "json"] {
        for view in [&[][..], &["--replayed"]] {
            let done = school.reporter(&with(&[&["--format", format, "--out", "-"], view].concat()));
            assert_eq!(done.code, 0, "{}", done.err);
            for secret in ["secret", "search", "10.0.0.", "\"p1\""] {
                let found =
                    done.out.replace("Search words", "").replace("search engines", "").replace("safe search", "");
                let found = found.replace("\"search\"", "").replace("coverage,search,", "");
                assert!(!found.contains(secret), "{format}: {secret}");
            }
        }
    }
    let csv = school.reporter(&with(&["--format", "csv", "--out", "-"])).out;
    assert!(csv.contains("group,'=year 4,blocked,8"), "{csv}");
}

#[test]
fn a_file_that_is_there_is_kept() {
    let school = School::new();
    write_log(&school.path().join("access"));
    let out = school.path().join("summary.html");
    let file = out.to_str().unwrap();
    assert_eq!(school.reporter(&with(&["--out", file])).code, 0);
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Amber Hill School"));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&out).unwrap().permissions()) & 0o777, 0o600);
    fs::write(&out, "mine").unwrap();
    let refused = school.reporter(&with(&["--out", file]));
    assert_eq!((refused.code, fs::read_to_string(&out).unwrap()), (1, "mine".into()));
    assert!(refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(school.reporter(&with(&["--out", file, "--force"])).code, 0);
    assert_eq!(fs::read_to_string(&out).unwrap(), page);
}

#[test]
fn a_damaged_day_is_said_and_left_out_and_a_period_has_an_order() {
    let school = School::new();
    let access = school.path().join("access");
    write_log(&access);
    let file = access.join(&close_day(&access, "2026-07-01".parse().unwrap()).unwrap()[0].name);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 5]).unwrap();
    let done = school.reporter(&with(&["--format", "json", "--out", "-"]));
    let left: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &left["totals"]["requests"], &left["days"][2]["gap"]), (0, &8.into(), &"damaged".into()));
    assert!(done.err.contains("left out") && done.err.contains("2026-07-01"), "{}", done.err);
    let backwards = ["report", "web-summary", "--from", "2026-07-02", "--to", "2026-07-01", "--out", "-"];
    assert_eq!(school.reporter(&backwards).code, 2);
}

/// Once people are named, only those who may read it do.
#[test]
fn once_head_and_chair_are_named_it_takes_somebody_who_may() {
    let school = School::new();
    write_log(&school.path().join("access"));
    let [head, chair] = school.name_holders();
    let ask = with(&["--format", "json", "--out", "-"]);
    let nobody = school.reporter(&ask);
    assert_eq!((nobody.code, nobody.out.as_str()), (1, ""));
    let token = school.login("head", HEAD, &head);
    let seen = school.as_person(&token, &ask);
    assert_eq!(seen.code, 0, "{}", seen.err);
    assert!(seen.out.contains("\"web-summary\""));
    // Governors see sums of a stricter kind: a document of their own.
    let token = school.login("chair", CHAIR, &chair);
    let governor = school.as_person(&token, &ask);
    assert_eq!((governor.code, governor.out.as_str()), (1, ""));
    assert!(governor.err.contains("governors have one of their own"), "{}", governor.err);
}
