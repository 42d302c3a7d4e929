//! The agency directory: proposed by the file, put in force by a person, shown to everybody.

use crate::support::{HEAD, School};

const LADO: &str = "[school]\nname = \"Amber Hill School\"\n[groups]\nyear-4 = \"pupils\"\n\
                    [[agencies]]\nname = \"Designated officer\"\npurpose = \"lado\"\ncontact = \"01632 960001\"\n\
                    hours = \"Monday to Friday\"\nchecked = 2025-02-28\n";

/// C-038, R-030: who is called for what, when they answer, and when somebody last made sure.
#[test]
fn agencies_are_proposed_applied_and_listed() {
    let school = School::new();
    let [head, _] = school.name_holders();
    let none = school.reporter(&["agencies", "list"]);
    assert!(none.code == 0 && none.out.contains("nobody is known for lado"), "{}{}", none.out, none.err);
    school.write_settings(LADO);
    let diff = school.reporter(&["settings", "diff"]);
    assert!(
        diff.out.contains("new agency Designated officer for lado: 01632 960001, Monday to Friday"),
        "{}",
        diff.out
    );
    assert!(!school.reporter(&["agencies", "list"]).out.contains("Designated officer:"), "a file alone is a proposal");
    let token = school.login("head", HEAD, &head);
    assert_eq!(school.as_person(&token, &["roles", "grant-status", "head"]).code, 0);
    // A day that is still to come is no day on which anybody checked.
    school.write_settings(&LADO.replace("2025-02-28", "2999-01-01"));
    let early = school.as_person(&token, &["settings", "apply"]);
    assert!(early.code == 78 && early.err.contains("school.toml:10: checked on 2999-01-01"), "{}", early.err);
    school.write_settings(LADO);
    let applied = school.as_person(&token, &["settings", "apply"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    let listed = school.reporter(&["agencies", "list", "--purpose", "lado"]);
    assert!(listed.out.contains("Designated officer: 01632 960001"), "{}", listed.out);
    assert!(listed.out.contains("last checked 2025-02-28, more than 12 months ago"), "{}", listed.out);
    assert!(!listed.out.contains("police"), "{}", listed.out);
    let listed = school.reporter(&["agencies", "list", "--json"]);
    assert_eq!(listed.out.lines().count(), 1, "{}", listed.out);
    assert!(listed.out.contains("\"purpose\":\"lado\"") && listed.out.contains("\"stale\":true"), "{}", listed.out);
    let unknown = school.reporter(&["agencies", "list", "--purpose", "aliens"]);
    assert!(unknown.code == 2 && unknown.err.contains("police, lado,"), "{}", unknown.err);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
