//! Whoever has not agreed, at the running proxy and by `check`: each says what the other does.

use std::thread::sleep;
use std::time::Duration;

use belisha_aua::{
    Change, Command, Discussion, ForPupils, LocalMinute, Printed, SignedBy, Signer, Subjected, Template, Terms, Text,
    Way, Why, Words,
};
use belisha_policy::calendar::local;
use belisha_policy::{Permit, PersonId};
use belisha_school::agreements::{act, act_on_document};
use belisha_school::authority::Authority;
use belisha_testkit::finish;
use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::Value;

use crate::sign_in::{Office, curl};
use crate::support::School;

const SETTINGS: &str = r#"
[school]
name = "Amber Hill School"
[egress]
allow = ["127.0.0.1"]
[profiles.pupils]
based_on = "pupils"
inspect = "most"
[profiles.staff]
based_on = "staff"
[members]
pupils = "pupils"
staff = "staff"
[[networks]]
range = "127.0.0.0/8"
group = "pupils"
sign_in = true
[inspection]
assessed = 2026-01-05
noticed = 2026-01-05
[[approved]]
name = "learning platform"
sites = ["learn.test"]
"#;

const OFFICE: PersonId = PersonId::from_bytes([9; 16]);

/// Publishes the agreement for juniors a month ago; its grace was over ten days later.
fn publish(office: &Office) {
    let now = Utc::now() - TimeDelta::days(30);
    let template = Template::named("ks2").unwrap();
    let Terms::Pupils(pupils) = template.terms() else { unreachable!("it is for pupils") };
    let terms = Terms::Pupils(ForPupils { signed_by: SignedBy::Either, discussion: Discussion::NotAsked, ..pupils });
    let values = template.names().into_iter().map(|name| (name.to_owned(), "ours".to_owned())).collect();
    let text = Text::of(template, &Words { values, ..Words::default() }).unwrap();
    let effective = local(now).date_naive();
    let grace_until = LocalMinute::end_of(effective + Days::new(10));
    let change = Change::Asks { why: Why::Material, grace_until };
    let (title, rests_on) = (template.title.into(), [].into());
    let command = Command::Publish { title, change, effective, terms, text, rests_on };
    let permit = Permit::for_tests(OFFICE, command.action(), now);
    let authority = Authority::load(office.school.ledger()).unwrap();
    act_on_document(&office.school, &authority, &permit, &"ks2".parse().unwrap(), command, now).unwrap();
}

fn does(office: &Office, user: &str, command: Subjected) {
    let now = Utc::now();
    let authority = Authority::load(office.school.ledger()).unwrap();
    let person = PersonId::from_bytes(*office.account(user).as_bytes());
    let permit = Permit::for_tests(OFFICE, command.action(OFFICE, person), now);
    act(&office.school, &authority, &permit, vec![(person, command).into()], now).unwrap();
}

/// A paper return, which is logged now.
fn returned() -> Subjected {
    let way = Way::Paper { dated: local(Utc::now()).date_naive(), filed: "pupil file".into(), scan: None };
    let printed = Printed::new("Ada Ashgrove").unwrap();
    let (key, by) = ("ks2".parse().unwrap(), Signer::Themselves);
    Subjected::Sign { key, major: None, by, printed, way, because: None }
}

fn check(school: &School, user: &str, url: &str, at: Option<DateTime<Utc>>) -> Value {
    let mut command = school.proxy();
    command.args(["check", "--json", "--as", &format!("user {user}"), url]);
    if let Some(at) = at {
        command.args(["--at", &at.to_rfc3339()]);
    }
    let done = finish(&mut command);
    assert_eq!(done.code, 0, "{}", done.err);
    serde_json::from_str(done.out.trim()).unwrap()
}

/// What the proxy answers: that it is blocked, or what else becomes of it.
struct Asking<'a> {
    url: &'a str,
    user: String,
}

impl Asking<'_> {
    fn is_blocked(&self, page: &str) -> Option<bool> {
        Some(curl(self.url, Some(&self.user), page)?.out == "403")
    }

    /// Whether it comes to be so within a minute.
    fn comes_to_be(&self, page: &str, blocked: bool) -> bool {
        (0..600).any(|_| {
            let is = self.is_blocked(page) == Some(blocked);
            if !is {
                sleep(Duration::from_millis(100));
            }
            is
        })
    }
}

/// C-043: until a pupil has agreed, what is there for fun is closed and what they learn with is not; a return that is logged
/// opens it within a minute, and so does it to be let in for a time with a reason. R-063: nobody is inspected who was not
/// told, whatever they have signed.
#[test]
fn a_pupil_who_has_not_agreed_is_held_to_the_mild_profile_until_the_return_is_logged() {
    let school = School::with(SETTINGS);
    assert_eq!(school.import("matches", "sport", "matches.test\n").code, 0);
    let office = Office::of(school.path());
    publish(&office);
    let user = format!("ada:{}", office.issue("ada"));
    let (_proxy, url) = school.serve();
    let ada = Asking { url: &url, user };
    let (fun, work) = ("http://matches.test/", "http://sums.test/");
    let Some(blocked) = ada.is_blocked(fun) else { return };
    assert!(blocked && ada.is_blocked(work) == Some(false));
    let (verdict, reason) = ("verdict", "reason");
    assert_eq!(check(&school, "ada", fun, None)[verdict], "block");
    assert_eq!(check(&school, "ada", work, None)[verdict], "allow");
    let said = check(&school, "ada", fun, None)[reason].as_str().unwrap().to_owned();
    assert!(said.contains("pupils until signed"), "{said}");
    // In its grace, and before there was any, nothing was closed.
    let now = Utc::now();
    for days in [25, 40] {
        assert_eq!(check(&school, "ada", fun, Some(now - TimeDelta::days(days)))[verdict], "allow", "{days}");
    }
    // Let in for a time, which then is over.
    let until = Utc::now() + TimeDelta::days(5);
    does(&office, "ada", Subjected::LetIn { reason: "the form is on its way".into(), until });
    assert!(ada.comes_to_be(fun, false));
    assert_eq!(check(&school, "ada", fun, None)[verdict], "allow");
    assert_eq!(check(&school, "ada", fun, Some(until))[verdict], "block");
    does(&office, "ada", Subjected::EndLetIn);
    assert!(ada.comes_to_be(fun, true));
    // The paper comes back.
    does(&office, "ada", returned());
    assert!(ada.comes_to_be(fun, false));
    assert_eq!(check(&school, "ada", fun, Some(until))[verdict], "allow");
    // She has signed, and nobody has told her of inspection.
    let inspects = || check(&school, "ada", "https://sums.test/", None)["inspect"] == true;
    assert!(!inspects());
    does(&office, "ada", Subjected::Tell { whom: Signer::Themselves, dated: local(now).date_naive() });
    assert!(inspects());
    // It is taken back, which holds at once, and changes nothing of what she was told.
    does(&office, "ada", Subjected::Withdraw { key: "ks2".parse().unwrap(), by: Signer::Themselves });
    assert!(ada.comes_to_be(fun, true));
    assert!(inspects());
}

/// C-043: the strict gate opens what the school approved, and what helps children.
#[test]
fn the_strict_gate_is_a_setting() {
    let school = School::with(&format!("{SETTINGS}\n[agreements]\nuntil_signed = \"strict\"\n"));
    assert_eq!(school.import("matches", "sport", "matches.test\n").code, 0);
    let office = Office::of(school.path());
    publish(&office);
    let verdict = |url: &str| check(&school, "ada", url, None)["verdict"].as_str().unwrap().to_owned();
    for (url, expected) in [
        ("http://matches.test/", "block"),
        ("http://sums.test/", "block"),
        ("http://learn.test/", "allow"),
        ("https://www.childline.org.uk/", "allow"),
    ] {
        assert_eq!(verdict(url), expected, "{url}");
    }
    does(&office, "ada", returned());
    assert_eq!(verdict("http://sums.test/"), "allow");
    let explained = finish(school.proxy().arg("check-config"));
    assert!(explained.out.contains("Until somebody has agreed"), "{}{}", explained.out, explained.err);
    let wrong = School::with("[school]\nname = \"Amber Hill\"\n[agreements]\nuntil_signed = \"stern\"\n");
    let refused = finish(wrong.proxy().arg("check-config"));
    assert!(refused.code == 78 && refused.err.contains("school.toml:4"), "{}", refused.err);
}
