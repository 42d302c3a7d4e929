//! `school.toml`: what belongs to the machine, what the school decides, and where something is wrong.

use std::path::Path;

use belisha_policy::Category;
use belisha_policy::retention::RecordClass;
use belisha_school::{STARTER, Settings};

fn parse(text: &str) -> Result<Settings, String> {
    Settings::parse(text, Path::new("school.toml")).map_err(|error| error.to_string())
}

const SCHOOL: &str = r#"
[school]
name = "Amber Hill School"
[profiles.sixth-form]
based_on = "pupils"
allow = ["news", "ai-chat"]
[groups]
year-12 = "sixth-form"
[retention]
access-log = "180 days"
[[networks]]
range = "10.0.0.0/8"
group = "year-12"
"#;

#[test]
fn the_starter_school_is_one() {
    let settings = parse(STARTER).unwrap();
    assert!(settings.store.is_none() && !settings.refuse_unlogged);
    assert!(settings.school_policy.profiles.is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let wrong = [
        ("[school]\nname = \"A\"\nnmae = 1", "school.toml:3: unknown field"),
        ("store = \"mysql://x\"\n[school]\nname = \"A\"", "school.toml:1: this is no address of a PostgreSQL"),
        ("[school]\nname = \"A\"\n[retention]\naccess-log = \"2 years\"", "school.toml:4: access-log may be kept for"),
        ("[school]\nname = \"A\"\n[retention]\nacces-log = \"1 year\"", "school.toml:4: no kind of record"),
        (
            "[school]\nname = \"A\"\n[groups]\n\nyear-4 = \"nobody\"",
            "school.toml:5: the group \"year-4\" has the profile",
        ),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"pupils\"\nallow = [\n\"news\",\n\"nwes\"]",
            "school.toml:7: ",
        ),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"pupils\"\nallow = [\"news\"]\nblock = [\"news\"]",
            "school.toml:5: \"news\" is in both",
        ),
        ("[school]\nname = \"A\"\n[[networks]]\nrange = \"10.0.0.0/8\"\ngroup = \"x\"", "school.toml:4: the network"),
    ];
    for (text, said) in wrong {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with(said), "{error}\nnot {said}");
    }
}

#[test]
fn a_school_sets_its_own_periods() {
    let settings = parse(SCHOOL).unwrap();
    let rule = settings.schedule.rule(RecordClass::AccessLog).to_string();
    assert!(rule.contains("180 days"), "{rule}");
}

#[test]
fn a_policy_in_force_takes_the_place_of_the_proposed_one() {
    let proposed = parse(SCHOOL).unwrap();
    let mut in_force = proposed.school_policy.clone();
    in_force.profiles.get_mut("sixth-form").unwrap().allow.clear();
    in_force.retention.clear();
    let settings = proposed.under(in_force.clone()).unwrap();
    let news: Category = "ai-chat".parse().unwrap();
    let actor = |settings: &Settings| settings.policy.identify("10.1.2.3".parse().unwrap());
    assert!(!proposed.policy.profile_of(&actor(&proposed)).blocks(news));
    assert!(settings.policy.profile_of(&actor(&settings)).blocks(news));
    assert_ne!(settings.schedule, proposed.schedule);
    // A network whose group is only proposed says so, in its line.
    in_force.groups.clear();
    in_force.profiles.clear();
    let error = proposed.under(in_force).unwrap_err().to_string();
    assert!(error.starts_with("school.toml:12: ") && error.contains("settings diff"), "{error}");
}

#[test]
fn changes_are_said_in_plain_english() {
    let now = parse(SCHOOL).unwrap().school_policy;
    assert!(now.changes(&now).is_empty());
    let mut then = now.clone();
    let profile = then.profiles.get_mut("sixth-form").unwrap();
    profile.allow.remove("news");
    profile.block.insert("cooking".into());
    profile.keep_queries = true;
    then.groups.insert("year-13".into(), "sixth-form".into());
    then.retention.insert("access-log".into(), "90 days".into());
    assert_eq!(
        now.changes(&then),
        [
            "profile sixth-form: cooking comes into block",
            "profile sixth-form: news goes from allow",
            "profile sixth-form: keeps queries from now on",
            "new group year-13 has the profile sixth-form",
            "retention of access-log is 90 days (was 180 days)",
        ]
    );
    let gone = belisha_school::SchoolPolicy::default();
    assert_eq!(
        now.changes(&gone),
        [
            "profile sixth-form goes (as pupils, opens ai-chat, news)",
            "group year-12 goes (has the profile sixth-form)",
            "retention of access-log goes (is 180 days)",
        ]
    );
    assert_eq!(gone.changes(&now).len(), 3);
}
