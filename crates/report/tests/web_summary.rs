//! What a summary of the web shows, and what it never does:
//! - whatever is summed up, it is the same requests;
//! - each day stands for itself: the tables of a period are the sums of those of its days, so that the difference of two
//!   summaries shows nothing that a summary of single days would not;
//! - a group is shown only for days on which five of it were seen, and what is put together is of five people or more;
//! - a day of fewer than five people shows how many requests there were, and nothing of what they were;
//! - a site is named from five requests on, fifty of them at most;
//! - no name, however hostile, becomes a tag, a formula or another cell.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use belisha_policy::{Attribution, Category, DayCounts, GroupCounts, Navigation, Outcome, Sites, View};
use belisha_report::web_summary::{About, Coverage, CoverageRow, Day, Gap, Material, WebSummary};
use belisha_testkit::program;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use serde_json::Value;

const NAMES: [&str; 8] = [
    "year 9",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://evil.example\")",
    "\"quoted\", and\nbroken",
    "</table><img src=x onerror=alert(1)>",
    "@SUM(1)",
    "\u{202e}gnp.exe",
    "staff & others",
];

fn first() -> NaiveDate {
    "2026-11-02".parse().unwrap()
}

/// Lines of one day: group, outcome, hour, category, host, how often; and how many people each group had.
type Lines = Vec<(usize, usize, usize, usize, usize, u64)>;

fn lines() -> impl Strategy<Value = Lines> {
    proptest::collection::vec((0..6_usize, 0..5_usize, 0..24_usize, 0..4_usize, 0..8_usize, 1..9_u64), 0..12)
}

fn counts(lines: &Lines, people: &[u64]) -> DayCounts {
    let mut day = DayCounts::default();
    for (group, outcome, hour, category, host, requests) in lines {
        let outcome = Outcome::ALL[*outcome];
        day.requests.add(outcome, *requests);
        day.hours[*hour].add(outcome, *requests);
        day.navigation_mut(Navigation::Unknown).add(outcome, *requests);
        day.attribution_mut(Attribution::Individual).add(outcome, *requests);
        let name = (*group > 0).then(|| Arc::from(NAMES[*group]));
        let counts = day.groups.entry(name).or_insert(GroupCounts { people: people[*group], ..GroupCounts::default() });
        counts.requests.add(outcome, *requests);
        if outcome == Outcome::Blocked {
            let categories = &[Category::Games, Category::Gambling, Category::Advertising][..*category];
            day.blocked.requests += requests;
            day.blocked.add_categories(categories, *requests);
            day.blocked.add_host(NAMES[*host], *requests);
        }
    }
    day.people = day.groups.values().map(|it| it.people).sum();
    day
}

fn school_day(at: u64, counts: DayCounts) -> Day {
    let date = first().checked_add_days(Days::new(at)).unwrap();
    Day { date, kind: "a school day".into(), has_school: true, counts: Some(counts), gap: None }
}

fn summary_of(days: &[Day], view: View) -> WebSummary {
    let (from, to) = (days[0].date, days[days.len() - 1].date);
    let about = About { school: "Amber Hill & <Friends>".into(), from, to, made: to, view };
    WebSummary::of(Material { days: days.to_vec(), ..Material::about(about) })
}

fn json_of(days: &[Day]) -> Value {
    serde_json::from_str(&summary_of(days, View::Observed).to_json().unwrap()).unwrap()
}

fn days(of: &[(Lines, Vec<u64>)]) -> Vec<Day> {
    of.iter().zip(0..).map(|((lines, people), at)| school_day(at, counts(lines, people))).collect()
}

/// The numbers of a table by the names of its rows; rows of nothing are none.
fn rows(json: &Value, table: &str, name: &str) -> BTreeMap<String, Vec<u64>> {
    let mut rows = BTreeMap::<String, Vec<u64>>::new();
    for row in json.pointer(table).unwrap().as_array().unwrap() {
        let numbers = ["requests", "allowed", "blocked", "warned", "refused", "failed"];
        let numbers: Vec<u64> = numbers.iter().map(|key| row[key].as_u64().unwrap_or(0)).collect();
        if numbers[0] > 0 {
            rows.insert(row[name].to_string(), numbers);
        }
    }
    rows
}

fn sum(json: &Value, table: &str) -> u64 {
    json.pointer(table).unwrap().as_array().unwrap().iter().map(|row| row["requests"].as_u64().unwrap()).sum()
}

fn number(json: &Value, at: &str) -> u64 {
    json.pointer(at).unwrap().as_u64().unwrap()
}

fn several_days() -> impl Strategy<Value = Vec<(Lines, Vec<u64>)>> {
    proptest::collection::vec((lines(), proptest::collection::vec(1..9_u64, 6)), 1..6)
}

proptest! {
    #[test]
    fn whatever_is_summed_up_it_is_the_same_requests(of in several_days()) {
        let json = json_of(&days(&of));
        let (total, few) = (number(&json, "/totals/requests"), number(&json, "/few_people/requests"));
        prop_assert_eq!(sum(&json, "/days"), total);
        for table in ["/hours", "/navigation", "/attribution"] {
            prop_assert_eq!(sum(&json, table) + few, total, "{}", table);
        }
        prop_assert_eq!(sum(&json, "/groups") + number(&json, "/small_groups/requests") + few, total);
        let hosts = sum(&json, "/blocked/hosts") + number(&json, "/blocked/other_hosts/requests");
        prop_assert_eq!(hosts, number(&json, "/blocked/requests"));
    }

    #[test]
    fn each_day_stands_for_itself(of in several_days()) {
        let days = days(&of);
        let whole = json_of(&days);
        for (table, name) in [("/groups", "group"), ("/hours", "hour"), ("/blocked/categories", "category")] {
            let mut sums = BTreeMap::<String, Vec<u64>>::new();
            for day in &days {
                for (row, numbers) in rows(&json_of(std::slice::from_ref(day)), table, name) {
                    let sum = sums.entry(row).or_insert_with(|| vec![0; numbers.len()]);
                    sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
                }
            }
            prop_assert_eq!(sums, rows(&whole, table, name), "{}", table);
        }
    }

    #[test]
    fn small_groups_hide_each_other(lines in lines(), people in proptest::collection::vec(1..9_u64, 6)) {
        let day = counts(&lines, &people);
        let json = json_of(&[school_day(0, day.clone())]);
        let shown = rows(&json, "/groups", "group");
        if day.people < 5 {
            prop_assert!(shown.is_empty());
            return Ok(());
        }
        let (mut hidden, mut hidden_requests) = (0, 0);
        for (group, counts) in &day.groups {
            let name = serde_json::to_string(&group.as_deref().map(|it| it.replace('\n', "\u{fffd}"))).unwrap();
            if let Some(numbers) = shown.get(&name) {
                prop_assert!(counts.people >= 5);
                prop_assert_eq!(numbers[0], counts.requests.total());
            } else {
                hidden += counts.people;
                hidden_requests += counts.requests.total();
            }
        }
        prop_assert!(hidden == 0 || hidden >= 5, "{} people hide nobody", hidden);
        prop_assert_eq!(number(&json, "/small_groups/requests"), hidden_requests);
    }

    #[test]
    fn sites_are_named_from_five_requests_on(hosts in proptest::collection::vec(0..12_u64, 0..90)) {
        let mut day = DayCounts::default();
        day.people = 9;
        for (at, requests) in hosts.iter().enumerate().filter(|(_, requests)| **requests > 0) {
            day.blocked.requests += requests;
            day.blocked.add_host(&format!("h{at}.example"), *requests);
        }
        day.blocked.add_host("", 40);
        let json = json_of(&[school_day(0, day)]);
        let shown = json["blocked"]["hosts"].as_array().unwrap();
        let mut expected: Vec<u64> = hosts.iter().copied().filter(|requests| *requests >= 5).collect();
        expected.sort_unstable_by(|one, other| other.cmp(one));
        expected.truncate(50);
        prop_assert_eq!(shown.iter().map(|row| row["requests"].as_u64().unwrap()).collect::<Vec<_>>(), expected);
        prop_assert!(shown.iter().all(|row| row["host"] != ""));
    }
}

#[test]
fn a_day_of_few_people_shows_how_many_requests_there_were_and_nothing_else() {
    let lines = vec![(1, 1, 23, 2, 0, 40)];
    let json = json_of(&[school_day(0, counts(&lines, &[4; 6]))]);
    assert_eq!((number(&json, "/totals/blocked"), number(&json, "/few_people/days")), (40, 1));
    assert_eq!((sum(&json, "/hours"), sum(&json, "/groups"), sum(&json, "/attribution")), (0, 0, 0));
    assert_eq!((number(&json, "/blocked/requests"), number(&json, "/small_groups/requests")), (0, 0));
    assert_eq!(json["blocked"]["hosts"].as_array().unwrap().len(), 0);
    assert!(!json.to_string().contains("year 9"));
}

/// A summary with everything in it, all of whose names are hostile.
fn hostile(view: View) -> WebSummary {
    let mut lines = Lines::new();
    for at in 0..240_usize {
        lines.push((at % 6, at % 5, at % 24, at % 4, at % 8, at as u64 % 40 + 5));
    }
    let mut day = counts(&lines, &[20, 30, 5, 9, 3, 8]);
    let mut moved = Sites { requests: 70, ..Sites::default() };
    for name in NAMES {
        moved.add_host(name, 7);
    }
    moved.add_categories(&[Category::Games], 70);
    day.would_close = moved.clone();
    day.would_open = moved;
    let mut all: Vec<Day> = (0..9).map(|at| school_day(at, day.clone())).collect();
    let empty = |at, kind: &str, has_school, gap| Day {
        kind: kind.into(),
        has_school,
        gap: Some(gap),
        counts: None,
        ..school_day(at, DayCounts::default())
    };
    all.push(empty(9, "a school day", true, Gap::NoLines));
    all.push(empty(10, "closed (<b>snow</b>)", false, Gap::NoLines));
    all.push(empty(11, "a school day", true, Gap::Damaged));
    all.push(empty(12, "a school day", true, Gap::Removed));
    all.push(school_day(13, counts(&vec![(1, 1, 23, 2, 0, 40)], &[1; 6])));
    let about = About { school: NAMES[1].into(), from: first(), to: all[13].date, made: all[13].date, view };
    let row = |category: Category, entries| CoverageRow {
        category: category.slug(),
        title: category.title(),
        entries,
        sources: if entries > 0 { vec![NAMES[4].into(), NAMES[2].into()] } else { vec![] },
        age_days: (entries > 0).then_some(41),
    };
    let categories = vec![row(Category::Games, 12_345), row(Category::SelfHarm, 0)];
    let coverage = Coverage { categories, unmapped: vec![NAMES[1].into()] };
    WebSummary::of(Material { days: all, coverage, notices: vec![NAMES[4].into()], ..Material::about(about) })
}

#[test]
fn hostile_names_are_text_in_every_form() {
    for view in [View::Observed, View::Replayed] {
        let summary = hostile(view);
        let html = summary.to_html().unwrap();
        for tag in ["<script", "<img", "<b>", "src=", "href=\"http"] {
            assert!(!html.replace("src=x", "").contains(tag), "{tag}");
        }
        assert!(html.contains("&#60;script&#62;alert(1)") && html.contains("=HYPERLINK"));
        let csv = summary.to_csv().unwrap();
        let mut read = csv::Reader::from_reader(csv.as_bytes());
        for row in read.records() {
            let row = row.unwrap();
            assert_eq!(row.len(), 4);
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
            row[3].parse::<u64>().unwrap();
        }
        assert!(!html.contains('\u{202e}') && !csv.contains('\u{202e}'), "what looks like a picture is a program");
        assert!(csv.contains("'@SUM(1)") && csv.contains("'=HYPERLINK"));
    }
}

#[test]
fn what_is_missing_is_said() {
    let html = hostile(View::Observed).to_html().unwrap();
    for sentence in [
        "1 day with a damaged log, which these numbers leave out: 13 November 2026.",
        "1 day with school and without any line in the log (was it off?): 11 November 2026.",
        "Fewer than five people were seen on 1 day. What was asked for then (40 requests) is in the totals",
        "Closed (&#60;b&#62;snow&#60;/b&#62;); no line",
        "A school day; kept long enough, and removed",
        "Not covered",
        "41 days",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
    assert!(!html.contains("would now be"), "only the other view shows what would change");
}

#[test]
fn the_json_is_of_the_documented_form() {
    let json: Value = serde_json::from_str(&hostile(View::Replayed).to_json().unwrap()).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = include_str!("../../../docs/access-log.md");
    for key in keys {
        assert!(documented.contains(&format!("`{key}`")), "{key} is not described in docs/access-log.md");
    }
    assert_eq!((&json["report"], &json["version"]), (&Value::from("web-summary"), &Value::from(1)));
    assert_eq!(json["would_be_open"]["requests"], 630);
}

/// Headings, tables and pictures can be told by those who hear the page.
#[test]
fn each_chart_has_words_and_each_table_a_caption() {
    let html = hostile(View::Replayed).to_html().unwrap();
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"));
    assert_eq!(html.matches("<h1").count(), 1);
    assert_eq!(html.matches("<table").count(), html.matches("<caption>").count());
    assert!(html.matches("<svg ").count() >= 4);
    assert_eq!(html.matches("<svg ").count(), html.matches("role=\"img\"").count());
    assert_eq!(html.matches("<desc id=").count(), html.matches("<svg ").count());
    assert!(html.matches("<th scope=\"col\">").count() > 20 && html.matches("<th scope=\"row\">").count() > 50);
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are distinct");
    for link in html.split("href=\"#").skip(1) {
        assert!(ids.contains(&link.split('"').next().unwrap()));
    }
}

#[test]
fn a_browser_shows_it_and_has_nothing_to_complain_of() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, hostile(View::Replayed).to_html().unwrap()).unwrap();
    let Some(mut chromium) = program("chromium") else { return };
    chromium
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()));
    let output = chromium.output().unwrap();
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("What the filter knows") && shown.matches("<svg").count() >= 4, "{shown}");
    assert!(!said.contains("CONSOLE"), "{said}");
}
