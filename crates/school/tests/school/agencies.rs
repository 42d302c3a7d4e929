//! The agency directory of `school.toml`.

use std::path::Path;

use belisha_policy::directory::Purpose;
use belisha_school::{SchoolPolicy, Settings};

fn parse(text: &str) -> Result<Settings, String> {
    let text = format!("[school]\nname = \"A\"\n{text}");
    Settings::parse(&text, Path::new("school.toml")).map_err(|error| error.to_string())
}

const LADO: &str = r#"
[[agencies]]
name = "Designated officer"
purpose = "lado"
contact = "01632 960001"
hours = "Monday to Friday"
checked = 2026-09-01
"#;

/// C-038, R-030: the school's own list has a purpose, contact, hours and a check for each body.
#[test]
fn the_file_lists_agencies() {
    let settings = parse(LADO).unwrap();
    let lado = settings.directory.for_purpose(Purpose::Lado);
    let [lado] = lado[..] else { unreachable!("one is there") };
    assert_eq!(
        (&*lado.contact, &*lado.hours, &*lado.checked.to_string()),
        ("01632 960001", "Monday to Friday", "2026-09-01")
    );
    assert_eq!(settings.directory.missing().count(), 11);
    // A policy that was written before there was a directory reads, and is written as it was.
    let before = r#"{"profiles":{},"groups":{},"retention":{}}"#;
    let read: SchoolPolicy = serde_json::from_str(before).unwrap();
    assert!(read.agencies.is_empty());
    assert_eq!(serde_json::to_string(&read).unwrap(), before);
}

#[test]
fn what_is_wrong_about_agencies_is_said_with_its_line() {
    let with = |from: &str, to: &str| parse(&LADO.replace(from, to)).unwrap_err();
    for (error, said) in [
        (
            with("\"lado\"", "\"ladder\""),
            "school.toml:6: \"ladder\" is no purpose of an agency: police, lado, social-care",
        ),
        (with("contact = \"01632 960001\"\n", ""), "school.toml:4: missing field `contact`"),
        (with("\"Monday to Friday\"", "\" \""), "school.toml:8: say the hours"),
        (with("2026-09-01", "\"September\""), "school.toml:9: "),
        (with("2026-09-01", "2026-09-01T10:00:00Z"), "school.toml:9: checked is a day"),
        (with("hours", "ours"), "school.toml:8: unknown field `ours`"),
        (
            parse(&format!("{LADO}{}", LADO.to_uppercase().to_lowercase().replace("designated", "DESIGNATED")))
                .unwrap_err(),
            "school.toml:12: the agency",
        ),
    ] {
        assert!(error.starts_with(said), "{error}\n{said}");
    }
    let day = |text: &str| text.parse().unwrap();
    let settings = parse(LADO).unwrap();
    assert!(settings.check_days(day("2026-09-01")).is_ok());
    let early = settings.check_days(day("2026-08-31")).unwrap_err().to_string();
    assert!(early.starts_with("school.toml:9: checked on 2026-09-01, which is still to come"), "{early}");
}

#[test]
fn changes_of_agencies_are_told_in_plain_english() {
    let policy = |text: &str| parse(text).unwrap().school_policy;
    let (none, one) = (policy(""), policy(LADO));
    let told = |now: &SchoolPolicy, then: &SchoolPolicy| now.changes(then).join("; ");
    assert_eq!(told(&none, &one), "new agency Designated officer for lado: 01632 960001, Monday to Friday");
    assert_eq!(told(&one, &none), "agency Designated officer for lado goes");
    let checked = policy(&LADO.replace("2026-09-01", "2026-11-01"));
    assert_eq!(told(&one, &checked), "agency Designated officer for lado: checked on 2026-11-01 (was 2026-09-01)");
    let moved = policy(&LADO.replace("960001", "960002"));
    assert_eq!(told(&one, &moved), "agency Designated officer for lado: contact 01632 960002 (was 01632 960001)");
    let review = policy("[review]\nroles = \"6 months\"");
    assert_eq!(told(&none, &review), "new review of roles is due every 6 months");
}
