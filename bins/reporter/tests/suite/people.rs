//! People who are in no list, passwords and who gives them to whom, and what is lost and found again.

use std::fs;

use belisha_school::sign_in::TotpSecret;
use chrono::{TimeDelta, Utc};

use crate::keys::{PEOPLE, PUPILS};
use crate::support::{CHAIR, HEAD, Line, School};

const GOVERNORS: &str = "id,forename,surname,role,appointed,term_ends,email\n\
                         G1,Olive,Marsh,Co-opted Governor,2025-09-01,2029-08-31,o.marsh@amberhill.example\n";

/// A code after the last one that was used: that of the next half minute does too.
fn unused(secret: &TotpSecret, last: &str) -> String {
    loop {
        let code = secret.code_at(Utc::now() + TimeDelta::seconds(30));
        if code != last {
            return code;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

/// A volunteer is on the roll, signs in once they have a password, and is off when their time is over. No kind of
/// person of whom a list tells is added by hand.
#[test]
fn a_volunteer_is_added_signs_in_and_leaves() {
    let school = School::new();
    let [head, _] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    assert_eq!(school.import("pupils.csv", PUPILS).code, 0);
    let head = school.login("head", HEAD, &head);
    let did = |arguments: &[&str]| {
        let done = school.as_person(&head, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
        done.out
    };
    let added =
        did(&["people", "add", "Ines Marlow", "--kind", "volunteer", "--user", "i.marlow", "--until", "2036-12-18"]);
    assert!(added.contains("Ines Marlow is on the roll as volunteer, until 2036-12-18."), "{added}");
    did(&["people", "add", "Reading Partners", "--kind", "external-body"]);
    for (arguments, said) in [
        (&["people", "add", "Ben Vane", "--kind", "pupil"][..], "[possible values: volunteer"),
        (&["people", "add", "Ines", "--kind", "visitor"], "forename and surname"),
        (&["people", "add", "X Y", "--kind", "external-body", "--user", "x"], "never signs in"),
        (&["people", "add", "X Y", "--kind", "visitor", "--user", "i.marlow"], "another account has this user name"),
        (&["people", "add", "X Y", "--kind", "visitor", "--until", "2020-01-01"], "over already"),
        (&["people", "until", "s.birch", "2036-01-01"], "come with the lists"),
        (&["people", "until", "i.marlow", "soon"], "not a day: write such as 2026-09-01"),
    ] {
        let refused = school.as_person(&head, arguments);
        assert!(refused.code != 0 && refused.err.contains(said), "{arguments:?}: {}", refused.err);
    }
    let listed = did(&["people", "list"]);
    assert!(listed.contains("volunteer        i.marlow                     has no password"), "{listed}");
    let sheet = school.path().join("marlow.csv");
    let issued = did(&["people", "issue", "i.marlow", "--out", sheet.to_str().unwrap()]);
    assert!(issued.contains("1 password is in"), "{issued}");
    let listed = did(&["people", "list"]);
    assert!(listed.contains("i.marlow                     signs in"), "{listed}");
    assert!(listed.find("s.birch") < listed.find("4A"), "staff first, then pupils: {listed}");
    // A list of staff in which a volunteer is not says nothing of them.
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    assert!(did(&["people", "list"]).contains("i.marlow                     signs in"));
    let today = Utc::now().date_naive().to_string();
    assert!(did(&["people", "until", "i.marlow", &today]).contains(&today));
    assert!(did(&["people", "off", "i.marlow"]).contains("is off"));
    assert!(did(&["people", "list"]).contains("i.marlow                     is switched off or over"));
}

/// Passwords of a class are given to those who have none; and whoever governs, or acts for the trust, gets theirs from
/// the chair, whom the head does not choose.
#[test]
fn passwords_are_given_once_and_to_those_above_by_the_chair() {
    let school = School::new();
    let [head, chair] = school.name_holders();
    for (name, text) in [("staff.csv", PEOPLE), ("pupils.csv", PUPILS), ("governors.csv", GOVERNORS)] {
        assert_eq!(school.import(name, text).code, 0, "{name}");
    }
    let (head, chair) = (school.login("head", HEAD, &head), school.login("chair", CHAIR, &chair));
    let count = std::cell::Cell::new(0);
    let issue = |token: &str, whom: &[&str]| {
        count.set(count.get() + 1);
        let sheet = school.path().join(format!("sheet-{}.csv", count.get()));
        let done = school.as_person(token, &[&["people", "issue", "--out", sheet.to_str().unwrap()], whom].concat());
        (done, fs::read_to_string(sheet).map_or(0, |text| text.lines().count() - 1))
    };
    let (first, rows) = issue(&head, &["--class", "4A"]);
    assert!(first.code == 0 && rows == 1, "{}", first.err);
    let (again, rows) = issue(&head, &["--class", "4A"]);
    assert!(again.code == 1 && rows == 0 && again.err.contains("--anew"), "{}", again.err);
    assert_eq!(issue(&head, &["--class", "4A", "--anew"]).1, 1);
    assert_eq!(issue(&head, &["--pupils"]).1, 1, "the other one");
    assert_eq!(issue(&head, &[]).0.code, 2);
    assert_eq!(issue(&head, &["--class", "4A", "ada"]).0.code, 2);
    let (by_head, rows) = issue(&head, &["o.marsh"]);
    assert!(by_head.code == 1 && rows == 0 && by_head.err.contains("from the chair"), "{}", by_head.err);
    // All staff but those of the chair, and but those who hold a key.
    let (staff, rows) = issue(&head, &["--staff"]);
    assert!(staff.code == 0 && rows == 2 && staff.out.contains("Left out: 1 who govern"), "{}{}", staff.out, staff.err);
    assert_eq!(issue(&chair, &["--staff"]).1, 1);
    let (key, rows) = issue(&chair, &["head"]);
    assert!(key.code == 1 && rows == 0 && key.err.contains("keys recover"), "{}", key.err);
    // The account of somebody who holds a role is for those who give the role.
    assert_eq!(school.as_person(&head, &["roles", "appoint", "admin", "s.birch"]).code, 0);
    let office = school.as_person(&head, &["people", "off", "chair"]);
    assert!(office.code == 1 && office.err.contains("assign-governors is for others"), "{}", office.err);
    assert_eq!(school.as_person(&head, &["people", "off", "s.birch"]).code, 0);
}

/// Whoever holds a key and has lost password and telephone gets both anew from two others who help to recover; one alone
/// never does it, and once three help, the head can be helped as well.
#[test]
fn two_holders_help_a_third() {
    let school = School::new();
    let [head_secret, chair_secret] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    let head = school.login("head", HEAD, &head_secret);
    assert_eq!(school.as_person(&head, &["roles", "appoint", "dsl", "s.birch"]).code, 0);
    let recover = |token: &str, user: &str, with: &str, lines: &[Line<'_>]| {
        school.talk_as(token, &["keys", "recover", user, "--with", with, "--passwords-stdin"], lines)
    };
    let (none, _) = recover(&head, "s.birch", "chair", &[]);
    assert!(none.code == 1 && none.err.contains("holds no key"), "{}", none.err);
    // The key came with the first password of their own.
    let lead = school.admit(&head, "s.birch", "teapot on the bridge");
    assert_eq!(school.as_person(&head, &["keys", "admit", "cases", "s.birch"]).code, 0);
    let (wrong, _) = recover(&head, "s.birch", "chair", &[Line::Text("x"), Line::Text("000000")]);
    assert!(wrong.code == 1 && wrong.err.contains("not right"), "{}", wrong.err);
    // Signing in took a code of the head's: the one after it is waited for.
    let signed_in_with = head_secret.code_at(Utc::now() + TimeDelta::seconds(30));
    let of_head = unused(&head_secret, &signed_in_with);
    let (alone, _) = recover(&head, "s.birch", "head", &[Line::Text(HEAD), Line::Text(&of_head)]);
    assert!(alone.code == 1 && !alone.err.contains("not right"), "{}", alone.err);
    let of_chair = unused(&chair_secret, "");
    let new = "lantern on the harbour";
    let lines = [Line::Text(CHAIR), Line::Text(&of_chair), Line::Text(new), Line::Code];
    let (recovered, secrets) = recover(&head, "s.birch", "chair", &lines);
    assert_eq!(recovered.code, 0, "{}", recovered.err);
    assert_eq!(
        school.as_person(&lead, &["roles", "list"]).code,
        1,
        "who was signed in with the old one is not any more"
    );
    let old = format!("teapot on the bridge\n{}\n", secrets[0].code_at(Utc::now()));
    assert_eq!(school.reporter_told(&["login", "s.birch", "--passwords-stdin"], &old).code, 1);
    let lead = school.login("s.birch", new, &secrets[0]);
    // Three help from now on: the lead and the chair help the head.
    let helpers = ["keys", "helpers", "head", "chair", "s.birch", "--with", "chair", "--passwords-stdin"];
    let of_chair = unused(&chair_secret, &of_chair);
    let (named, _) = school.talk_as(&head, &helpers, &[Line::Text(CHAIR), Line::Text(&of_chair)]);
    assert_eq!(named.code, 0, "{}", named.err);
    assert!(
        school.reporter(&["keys", "list"]).out.contains("s.birch: cases, cases-protection; helps to recover keys;")
    );
    let of_chair = unused(&chair_secret, &of_chair);
    let lines = [Line::Text(CHAIR), Line::Text(&of_chair), Line::Text("a beacon with a new one"), Line::Code];
    let (recovered, secrets) = recover(&lead, "head", "chair", &lines);
    assert_eq!(recovered.code, 0, "{}", recovered.err);
    let head = school.login("head", "a beacon with a new one", &secrets[0]);
    assert_eq!(school.as_person(&head, &["keys", "admit", "captures", "s.birch"]).code, 0, "the key opens what it did");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
