//! Who may do what when, asked as a network manager asks: the starter file of a preparatory school, and some of its own.

use serde_json::Value;

use crate::support::School;
use belisha_testkit::finish;

const PREP: &str = include_str!("../../../../crates/school/data/prep.toml");

/// What the program says of an address: the verdict, and all that it explains.
fn explained(school: &School, who: &str, at: &str, url: &str) -> (String, String) {
    let asked = finish(school.proxy().args(["check", "--json", "--explain", "--as", who, "--at", at, url]));
    assert_eq!(asked.code, 0, "{}", asked.err);
    let answer: Value = serde_json::from_str(&asked.out).unwrap();
    (answer["verdict"].as_str().unwrap().into(), answer["explanation"].to_string())
}

/// R-016, R-028, SC-09: three people at four times, in a lesson, in the evening, in the holidays, and in the night in which
/// clocks go back, when half past one comes twice.
#[test]
fn three_people_at_four_times_are_answered_and_told_why() {
    let school = School::with(PREP);
    for category in ["games", "news", "social"] {
        assert_eq!(school.import(category, category, &format!("{category}.test\n")).code, 0);
    }
    let (pupil, boarder, teacher) = ("year 4", "group boarding-house", "staff");
    let (lesson, evening) = ("2026-11-25T10:00", "2026-11-25T18:30");
    let (holiday, first, second) = ("2026-12-28T18:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    for (who, at, site, verdict, because) in [
        (
            pupil,
            lesson,
            "games",
            "block",
            "Wednesday 25 November 2026 at 10:00 (lesson P2, Michaelmas), under the profile prep",
        ),
        (boarder, lesson, "games", "block", "From Wednesday 25 November 2026 at 17:30 it is open"),
        (teacher, lesson, "games", "block", "the profile staff blocks Games"),
        (pupil, evening, "games", "block", "Under the profile boarders it is open"),
        (boarder, evening, "games", "allow", "which the profile boarders leaves open at the times \\\"evening\\\""),
        (teacher, evening, "social", "block", "An exception about this site"),
        (pupil, holiday, "games", "block", "a bank holiday (Boxing Day"),
        (boarder, holiday, "games", "allow", "From Monday 28 December 2026 at 19:30 it is blocked"),
        (teacher, holiday, "news", "allow", "the profile staff does not block"),
        (pupil, first, "news", "allow", "Sunday 25 October 2026 at 01:30"),
        (boarder, first, "news", "block", "(by \\\"lights out\\\")"),
        (boarder, second, "news", "block", "Sunday 25 October 2026 at 01:30"),
        (boarder, second, "childline.org.uk", "allow", "helps children"),
        (teacher, second, "news", "allow", "Sunday 25 October 2026 at 01:30"),
    ] {
        let url = if site.contains('.') { site.to_owned() } else { format!("{site}.test") };
        let (said, why) = explained(&school, who, at, &url);
        assert_eq!(said, verdict, "{who} at {at}: {url}: {why}");
        assert!(why.contains(because), "{because} is not in {why}");
    }
}

/// C-067, R-089: social networks are shut, but for a site of one for a class in a lesson, with its purpose, until a day.
/// R-026: a class that is closed to all but the systems of the register reaches these and no other.
#[test]
fn what_is_shut_opens_for_a_purpose_to_some_for_a_time() {
    let school = School::with(
        r#"
        [school]
        name = "Amber Hill School"
        [calendar]
        terms = [{ name = "Autumn", first = 2026-09-03, last = 2026-12-18 }]
        school_hours = [{ hours = "08:30-15:30" }]
        lessons = [{ name = "P1", hours = "09:00-10:00" }, { name = "P2", hours = "10:00-11:00" }]
        [times]
        history = { during = ["P2"] }
        [profiles.at-work]
        based_on = "pupils"
        only_approved = true
        monitor = ["education"]
        [members]
        "year 5" = "at-work"
        "years 6-8" = "pupils"
        staff = "staff"
        [[approved]]
        name = "learning platform"
        sites = ["learn.test"]
        [[exceptions]]
        name = "letters of the front"
        who = ["class 6A"]
        sites = ["museum.social.test"]
        times = ["history"]
        from = 2026-11-23
        until = 2026-11-27
        purpose = "history of the Great War"
        by = "the coordinator"
        [[exceptions]]
        name = "news of the school"
        who = ["role admin"]
        categories = ["social"]
        from = 2026-09-01
        until = 2027-07-31
        purpose = "the school's own page"
        by = "the head"
        "#,
    );
    let import = school.import("networks", "social", "social.test\n");
    assert_eq!(import.code, 0, "{}", import.err);
    assert_eq!(school.import("lessons", "education", "learn.test\nother.test\n").code, 0);
    let verdict = |who: &str, at: &str, url: &str| explained(&school, who, at, url).0;
    for (who, at, url, expected) in [
        ("class 6A", "2026-11-25T10:30", "museum.social.test/letters", "allow"),
        ("class 6A", "2026-11-25T10:30", "social.test", "block"),
        ("class 6A", "2026-11-25T09:30", "museum.social.test", "block"),
        ("class 6A", "2026-12-02T10:30", "museum.social.test", "block"),
        ("class 6B", "2026-11-25T10:30", "museum.social.test", "block"),
        ("staff", "2026-11-25T10:30", "social.test", "block"),
        ("role admin", "2026-11-25T10:30", "social.test", "allow"),
        ("role admin", "2027-08-01T10:30", "social.test", "block"),
        ("year 5", "2026-11-25T10:30", "learn.test", "allow"),
        ("year 5", "2026-11-25T10:30", "other.test", "block"),
    ] {
        assert_eq!(verdict(who, at, url), expected, "{who} at {at}: {url}");
    }
    // What is open and marked is said to be; what is blocked is not marked besides.
    let marked = |url: &str| {
        let asked = finish(school.proxy().args(["check", "--json", "--as", "year 5", url]));
        serde_json::from_str::<Value>(&asked.out).unwrap()["monitor"].clone()
    };
    assert_eq!((marked("learn.test"), marked("other.test")), (true.into(), false.into()));
}

/// R-089: a profile for a time ends by itself, and check-config says when, in the words of the file.
#[test]
fn what_ends_by_itself_says_when() {
    let school = School::with(&format!(
        "{PREP}\n[[variations]]\nname = \"kept to work\"\nwho = [\"user b.vane\"]\nuntil = 2099-12-18\nprofile = \"asleep\"\n\
         purpose = \"agreed with home\"\n"
    ));
    let page = finish(school.proxy().arg("check-config"));
    for text in [
        " 3 July 2027. For orders for the school",
        "\"kept to work\": the profile asleep for user b.vane, until 18 December 2099. For agreed with home.",
        "\"lights out\": the profile asleep for group boarding-house. For sleep.",
    ] {
        assert!(page.out.contains(text), "{text} is not in:\n{}", page.out);
    }
}

/// What is looked into depends on the profile and on what the school has written down; and check-config says that the
/// proxy looks into nothing yet.
#[test]
fn inspection_waits_for_an_assessment_and_a_notice() {
    let settings = |written: &str| {
        format!(
            "[school]\nname = \"A\"\n[profiles.seniors]\nbased_on = \"pupils\"\ninspect = \"searches\"\nallow = [\"ai-chat\"]\n\
             {written}"
        )
    };
    let inspected = |school: &School, at: &str, url: &str| {
        let asked = finish(school.proxy().args(["check", "--json", "--as", "seniors", "--at", at, url]));
        assert_eq!(asked.code, 0, "{}", asked.err);
        serde_json::from_str::<Value>(&asked.out).unwrap()["inspect"].clone()
    };
    let without = School::with(&settings(""));
    assert_eq!(inspected(&without, "2026-11-25T10:00", "https://www.google.co.uk/"), false);
    let page = finish(without.proxy().arg("check-config"));
    assert!(page.out.contains("WARNING: seniors would have encrypted connections inspected"), "{}", page.out);
    let with = School::with(&settings("[inspection]\nassessed = 2026-09-01\nnoticed = 2026-11-02\n"));
    let import = with.import("assistants", "ai-chat", "assistant.test\n");
    assert_eq!(import.code, 0, "{}", import.err);
    for (at, url, expected) in [
        ("2026-11-25T10:00", "https://www.google.co.uk/", true),
        ("2026-11-25T10:00", "https://assistant.test/", true),
        ("2026-11-25T10:00", "http://assistant.test/", false),
        ("2026-11-25T10:00", "https://fine.test/", false),
        ("2026-11-01T23:59", "https://assistant.test/", false),
        ("2026-11-02T00:00", "https://assistant.test/", true),
    ] {
        assert_eq!(inspected(&with, at, url), expected, "{url} at {at}");
    }
    let page = finish(with.proxy().arg("check-config"));
    assert!(page.out.contains("everybody told from 2026-11-02"), "{}", page.out);
    assert!(page.out.contains("the proxy of this version looks into none"), "{}", page.out);
    let half = School::with(&settings("[inspection]\nassessed = 2026-09-01\n"));
    let page = finish(half.proxy().arg("check-config"));
    assert!(page.code == 78 && page.err.contains("missing field `noticed`"), "{}", page.err);
}
