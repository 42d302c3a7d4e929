//! The summary of the web, for a school in a folder and for one in a trust's database alike:
//! - days and hours are those of the clock at the school, in the nights in which it changes too;
//! - of a day without lines it is said whether there should have been some;
//! - only somebody who may is given it, once people have been named.

use std::path::Path;

use belisha_policy::{AccessRecord, Action, Outcome, View};
use belisha_school::web_summary::{Ask, Made, WebSummaryError, web_summary};
use belisha_school::{DataFolder, School, days, retention};
use belisha_store::AccessLog;
use belisha_store::keys::Work;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{Place, SchoolId};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{SCHOOL, TestSchool, at, day, permit, settings};

/// Seven devices that are blocked at each of these instants.
fn block(school: &School, instants: &[&str]) {
    let policy = &school.settings().policy;
    let blocked = |(at, number): (DateTime<Utc>, u8)| {
        let address = [10, 1, 1, number].into();
        let host = "play.example".into();
        AccessRecord { observed: Outcome::Blocked, host, ..AccessRecord::new(at, &policy.identify(address), address) }
    };
    let all = instants.iter().flat_map(|instant| (1..8).map(move |number| (at(instant), number)));
    let mut log = AccessLog::open(school.log_place(), school.seal_names().unwrap()).unwrap();
    log.append(&all.map(blocked).collect::<Vec<_>>()).unwrap();
}

fn made(school: &School, from: &str, to: &str) -> Made {
    let ask = Ask { from: day(from), to: day(to), view: View::Observed };
    web_summary(school, None, &ask, at("2026-12-01T09:00:00Z"), &|_, _| ()).unwrap()
}

fn summary(school: &School, from: &str, to: &str) -> Value {
    serde_json::from_str(&made(school, from, to).summary.to_json().unwrap()).unwrap()
}

/// Each hour of the school's clock in which something was blocked, and how often.
fn hours(summary: &Value) -> Vec<(u64, u64)> {
    let hours = summary["hours"].as_array().unwrap().iter();
    let hours = hours.map(|row| (row["hour"].as_u64().unwrap(), row["blocked"].as_u64().unwrap()));
    hours.filter(|(_, blocked)| *blocked > 0).collect()
}

fn gaps(summary: &Value) -> Vec<&str> {
    summary["days"].as_array().unwrap().iter().map(|row| row["gap"].as_str().unwrap_or("counted")).collect()
}

/// Both nights in which the clock changes, and what belongs to the day before or after in UTC.
fn the_clock_at_the_school_counts(school: &School) {
    block(school, &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-24T23:30:00Z", "2026-10-25T23:30:00Z"]);
    // 24 October 23:30 UTC is 00:30 of the 25th, and half past one comes twice.
    let autumn = summary(school, "2026-10-25", "2026-10-25");
    assert_eq!(hours(&autumn), [(0, 7), (1, 14), (23, 7)]);
    assert_eq!(summary(school, "2026-10-24", "2026-10-24")["totals"]["blocked"], 0);
    block(school, &["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T22:30:00Z", "2026-03-29T23:30:00Z"]);
    // Two o'clock follows one: 23:30 UTC is the 30th.
    let spring = summary(school, "2026-03-29", "2026-03-29");
    assert_eq!(hours(&spring), [(0, 7), (2, 7), (23, 7)]);
    assert_eq!(hours(&summary(school, "2026-03-30", "2026-03-30")), [(0, 7)]);
    assert_eq!(spring["blocked"]["hosts"][0]["requests"], 21);
}

#[test]
fn in_a_folder_open_and_closed() {
    let school = TestSchool::new();
    the_clock_at_the_school_counts(&school.school);
    let whole = summary(&school.school, "2026-03-01", "2026-11-01");
    assert!(!days::close_due(&school.school, at("2026-11-26T09:00:00Z")).unwrap().is_empty());
    assert_eq!(summary(&school.school, "2026-03-01", "2026-11-01"), whole);
}

#[test]
fn in_the_database_of_a_trust() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::random().unwrap(), "Amber Hill", "amber", "p").unwrap();
    let text = format!("store = \"{}\"\n{SCHOOL}", server.url("amber", "p"));
    let folder = TempDir::new().unwrap();
    let work = Work::log2(4).unwrap();
    let now = at("2026-11-25T08:00:00Z");
    let school = School::open_with(&DataFolder::new(folder.path()), &settings(&text), work, now).unwrap();
    the_clock_at_the_school_counts(&school);
    server.stop();
    let ask = Ask { from: day("2026-10-25"), to: day("2026-10-25"), view: View::Observed };
    let gone = web_summary(&school, None, &ask, now, &|_, _| ());
    assert!(matches!(gone, Err(WebSummaryError::Log(_) | WebSummaryError::School(_) | WebSummaryError::Ledger(_))));
    server.start_again();
}

#[test]
fn of_a_day_without_lines_it_is_said_why() {
    let school = TestSchool::new();
    let school = &school.school;
    block(school, &["2025-11-04T10:00:00Z", "2026-11-03T10:00:00Z", "2026-11-05T10:00:00Z"]);
    // Lines of a year ago have been kept long enough.
    retention::carry_out(school, day("2026-11-26"), at("2026-11-26T09:00:00Z")).unwrap();
    let Place::Folder(log) = school.log_place() else { unreachable!("it is a folder") };
    let all = std::fs::read_dir(&log).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    assert!(!all.into_iter().any(|name| name.starts_with("2025")));
    let november = summary(school, "2026-11-02", "2026-11-07");
    assert_eq!(gaps(&november), ["before-log", "counted", "no-lines", "counted", "no-lines", "no-lines"]);
    let said = november["days"].as_array().unwrap();
    assert_eq!((&said[2]["has_school"], &said[5]["has_school"]), (&true.into(), &false.into()));
    assert_eq!((&said[5]["kind"], &said[2]["kind"]), (&"a weekend".into(), &"a school day".into()));
    assert_eq!(gaps(&summary(school, "2025-11-04", "2025-11-05")), ["removed", "before-log"]);
}

#[test]
fn a_damaged_day_is_left_out_and_the_others_are_counted() {
    let school = TestSchool::new();
    let school = &school.school;
    block(school, &["2026-11-03T10:00:00Z", "2026-11-04T10:00:00Z"]);
    days::close_due(school, at("2026-11-26T09:00:00Z")).unwrap();
    let file = school.folder().access().join("2026-11-03.db.zst");
    std::fs::write(&file, b"no log at all, but long enough to be looked at").unwrap();
    let made = made(school, "2026-11-03", "2026-11-04");
    assert_eq!(made.left_out.iter().map(|(day, _)| day.to_string()).collect::<Vec<_>>(), ["2026-11-03"]);
    let summary: Value = serde_json::from_str(&made.summary.to_json().unwrap()).unwrap();
    assert_eq!((gaps(&summary), &summary["totals"]["blocked"]), (vec!["damaged", "counted"], &7.into()));
}

#[test]
fn it_takes_somebody_who_may_once_people_are_named() {
    let school = TestSchool::new();
    let ask = Ask { from: day("2026-11-02"), to: day("2026-11-02"), view: View::Observed };
    let now = at("2026-11-25T09:00:00Z");
    let made =
        |permit: Option<&belisha_policy::Permit>, ask: &Ask| web_summary(&school.school, permit, ask, now, &|_, _| ());
    assert!(made(None, &ask).is_ok());
    school.name_holders();
    assert!(matches!(made(None, &ask), Err(WebSummaryError::NotSignedIn)));
    assert!(made(Some(&permit(Action::ReadReport)), &ask).is_ok());
    assert!(matches!(made(Some(&permit(Action::SignReport)), &ask), Err(WebSummaryError::Permit(_))));
    let backwards = Ask { to: ask.from - TimeDelta::days(1), ..ask };
    assert!(matches!(made(Some(&permit(Action::ReadReport)), &backwards), Err(WebSummaryError::Period)));
    let for_ever = Ask { to: ask.from + TimeDelta::days(5_000), ..ask };
    assert!(matches!(made(Some(&permit(Action::ReadReport)), &for_ever), Err(WebSummaryError::Period)));
}

/// Whatever the lists know or not, it stands there.
#[test]
fn what_the_filter_knows_is_said() {
    let school = TestSchool::new();
    let summary = summary(&school.school, "2026-11-02", "2026-11-02");
    let rows = summary["coverage"]["categories"].as_array().unwrap();
    let of = |category: &str| rows.iter().find(|row| row["category"] == category).unwrap();
    assert!(of("gambling")["entries"].as_u64().unwrap() > 0 && of("gambling")["age_days"].as_u64().is_some());
    assert!(rows.iter().all(|row| row["category"] != "terrorism"), "what is locked is not listed");
    let notices = summary["notices"].to_string();
    assert!(notices.contains("No IWF or CTIRU list is loaded") && notices.contains("No list has been imported"));
    std::fs::write(Path::new(&school.school.folder().rules()), b"no rules").unwrap();
    assert!(self::summary(&school.school, "2026-11-02", "2026-11-02")["notices"].to_string().contains("no rules"));
}
