//! A whole Michaelmas at the sample school, with the built programs: people imported, a round opened, forms printed, paper logged, links
//! signed in a browser, a material edition published; at each step the running proxy does with one pupil what `check` says.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use belisha_testkit::{Browser, Running, binary, finish, program, test_data};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};
use serde_json::Value;

use crate::agreements::{did, done_owned, lines, publish_juniors};
use crate::browser::PHONE;
use crate::console::{Answer, Console};
use crate::keys::PEOPLE;
use crate::support::{HEAD, REPORTER, School};

const SETTINGS: &str = r#"[school]
name = "High Moor Preparatory School"
[console]
address = "https://belisha.highmoorps.example"
[egress]
allow = ["127.0.0.1"]
[profiles.pupils]
based_on = "pupils"
[profiles.staff]
based_on = "staff"
[members]
pupils = "pupils"
staff = "staff"
[[networks]]
range = "127.0.0.0/8"
group = "pupils"
sign_in = true
"#;

const FUN: &str = "http://matches.test/";
const OFFICE: &str = "bluebell stamps on the desk";

/// One pupil, at the proxy.
struct Pupil<'a> {
    school: &'a School,
    proxy: &'a str,
    user: String,
    password: String,
}

impl Pupil<'_> {
    /// What the running proxy does with them, once it does what it should, or after a minute.
    fn comes_to_be(&self, closed: bool) {
        let is_closed = || {
            let mut curl = Command::new("curl");
            curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "-x", self.proxy]);
            curl.args(["--proxy-user", &format!("{}:{}", self.user, self.password), FUN]);
            finish(&mut curl).out == "403"
        };
        let is_so = (0..600).any(|_| {
            let is_so = is_closed() == closed;
            if !is_so {
                sleep(Duration::from_millis(100));
            }
            is_so
        });
        assert!(is_so, "it is {} for a minute", if closed { "open" } else { "closed" });
        assert_eq!(self.checked(Utc::now()), closed, "check says otherwise than the proxy does");
    }

    /// Whether `check` says that it is closed to them at an instant.
    fn checked(&self, at: DateTime<Utc>) -> bool {
        let mut check = binary(REPORTER, "belisha-proxy");
        check.arg("--data").arg(self.school.path()).args(["check", "--json", FUN, "--at", &at.to_rfc3339()]);
        let done = finish(check.args(["--as", &format!("user {}", self.user)]));
        assert_eq!(done.code, 0, "{}", done.err);
        let said: Value = serde_json::from_str(done.out.trim()).unwrap();
        said.get("verdict").is_some_and(|verdict| verdict == "block")
    }
}

/// The next minute by the clock at the school that is not too near, as it is typed, and as an instant.
fn soon() -> (String, DateTime<Utc>) {
    let now = Utc::now() + TimeDelta::seconds(100);
    let minute = now.with_second(0).and_then(|it| it.with_nanosecond(0)).unwrap();
    let local: NaiveDateTime = belisha_policy::calendar::local(minute).naive_local();
    (local.format("%Y-%m-%dT%H:%M").to_string(), minute)
}

fn wait_for(minute: DateTime<Utc>) {
    while Utc::now() < minute {
        sleep(Duration::from_millis(200));
    }
}

fn with(json: &str, field: &str) -> Vec<String> {
    lines(json).iter().map(|line| line.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
}

struct Office<'a> {
    console: &'a Console,
    token: &'a str,
}

impl Office<'_> {
    fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.console.ask(path, None, fields, &[&format!("Cookie: __Host-belisha={}", self.token)])
    }

    /// Reads the codes of forms, says that child and first parent signed each, and logs them.
    fn logs(&self, codes: &[&str]) -> usize {
        let token = self.ask("/returns", &[]).hidden("token");
        let shown = self.ask("/returns", &[("token", &token), ("codes", &codes.join("\n"))]);
        let mut fields: Vec<(String, String)> = Vec::new();
        for sheet in shown.body.split("<fieldset>").skip(1) {
            let named = |prefix: &str| {
                let rest = sheet.split(&format!("name=\"{prefix}")).nth(1)?;
                Some(format!("{prefix}{}", rest.split('"').next()?))
            };
            fields.extend(named("own.").map(|name| (name, "yes".to_owned())));
            let parent = sheet.split("<option value=\"").nth(2).and_then(|rest| rest.split('"').next());
            fields.extend(named("parent.").zip(parent.map(str::to_owned)));
        }
        let today = Utc::now().date_naive().to_string();
        let kept = [("token", token.as_str()), ("dated", &today), ("filed", "box 1")];
        let all: Vec<(&str, &str)> =
            kept.into_iter().chain(fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect();
        let done = self.ask("/returns/log", &all);
        assert_eq!(done.code, 303, "{}", done.body);
        fields.len()
    }
}

/// The sample school with its people and a list, and the tokens of its head and its office.
fn begun(mis: &Path) -> (School, String, String) {
    let school = School::new();
    school.write_settings(SETTINGS);
    let [head, _] = school.name_holders();
    let import = |what: &[&str]| {
        let done = finish(binary(REPORTER, "belisha-importer").arg("--data").arg(school.path()).args(what));
        assert_eq!(done.code, 0, "{what:?}: {}{}", done.out, done.err);
    };
    import(&["people", mis.to_str().unwrap()]);
    let staff = school.path().join("staff.csv");
    fs::write(&staff, PEOPLE).unwrap();
    import(&["people", "--part", staff.to_str().unwrap()]);
    let list = school.path().join("matches.txt");
    fs::write(&list, "matches.test\n").unwrap();
    import(&["lists", "--name", "matches", "--category", "sport", list.to_str().unwrap()]);
    let head = school.login("head", HEAD, &head);
    assert_eq!(school.as_person(&head, &["roles", "appoint", "admin", "k.vane"]).code, 0);
    let token = school.admit(&head, "k.vane", OFFICE);
    (school, head, token)
}

/// Twenty parents sign by links on a telephone.
fn twenty_sign(school: &School, token: &str, console: &Console) {
    let letters = school.path().join("letters.html");
    let out = did(school, token, &["invite", "--everybody", "--code", "--letters", letters.to_str().unwrap()]);
    let told: Vec<&str> =
        out.lines().filter(|line| line.starts_with("Tell ")).map(|line| line.rsplit(' ').next().unwrap()).collect();
    let page = fs::read_to_string(&letters).unwrap();
    let links: Vec<&str> = page
        .split("highmoorps.example")
        .filter(|it| it.starts_with("/sign/"))
        .map(|it| it.split('<').next().unwrap())
        .collect();
    assert!(links.len() == told.len() && links.len() > 100, "{} {}", links.len(), told.len());
    let by_link = || {
        let all = did(school, token, &["links", "--json"]);
        with(&all, "state").iter().filter(|state| *state == "used").count()
    };
    if let Some(browser) = Browser::start(PHONE.0, PHONE.1) {
        for (link, code) in links.iter().zip(&told).take(20) {
            browser.open(&format!("{}{link}", console.base));
            browser.fill("#answer", code);
            browser.send("main form button");
            let _ = browser.script("document.querySelectorAll(\"input[value='yes']\").forEach(it => it.click())");
            browser.fill("#name", "As printed");
            browser.send("main form button");
            assert!(browser.text().contains("Thank you"), "{}", browser.text());
        }
        assert_eq!(by_link(), 20);
    }
}

#[test]
fn a_whole_michaelmas() {
    let Some(mis) = test_data().map(|data| data.join("school/prep/mis/wonde")) else { return };
    if program("curl").is_none() {
        return;
    }
    let (school, head, token) = begun(&mis);
    let serving = Running::start(binary(REPORTER, "belisha-proxy").arg("--data").arg(school.path()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]));
    let proxy = serving.line_with("the web is filtered on ");
    let proxy = format!("http://{}", proxy.rsplit(' ').next().unwrap());
    // The round is opened, and its grace is short.
    let (typed, grace) = soon();
    let (code, out, err) = done_owned(&school, &head, &publish_juniors(&["--grace-until", &typed]));
    assert_eq!(code, 0, "{out}{err}");
    let chased = did(&school, &token, &["chase", "--json"]);
    let (names, classes) = (with(&chased, "name"), with(&chased, "class"));
    assert!(names.len() > 100, "{}", names.len());
    let (user, password) = with(&chased, "user")
        .into_iter()
        .find_map(|user| Some((user.clone(), school.issued(&token, &user).ok()?)))
        .unwrap();
    let name = lines(&chased).into_iter().find(|it| it["user"] == user.as_str()).unwrap();
    let name = name["name"].as_str().unwrap();
    assert_eq!(names.iter().filter(|it| *it == name).count(), 1, "another is called so");
    let pupil = Pupil { school: &school, proxy: &proxy, user, password };
    pupil.comes_to_be(false);
    assert!(pupil.checked(grace), "after the grace it would be closed");
    let mut talked: Vec<&String> = classes.iter().collect();
    talked.sort();
    talked.dedup();
    for class in talked {
        did(&school, &head, &["discuss", "ks2", "--class", class]);
    }
    // Forms are printed for everybody who has not signed.
    let forms = school.path().join("forms.html");
    did(&school, &token, &["form", "ks2", "--out", forms.to_str().unwrap()]);
    let page = fs::read_to_string(&forms).unwrap();
    let code = |sheet: &'_ str| sheet.split("aria-label=\"Code ").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (own, others): (Vec<&str>, Vec<&str>) =
        page.split("<article").skip(1).partition(|sheet| sheet.contains(&format!("<strong>{name}</strong>")));
    let (own, others) = (code(own.first().unwrap()), others.into_iter().map(code).collect::<Vec<String>>());
    assert_eq!(others.len() + 1, names.len());
    wait_for(grace);
    pupil.comes_to_be(true);
    // Forty forms come back, and the pupil signs in class, which is not enough.
    did(&school, &head, &["in-class", "ks2", &pupil.user]);
    pupil.comes_to_be(true);
    let console = Console::of(&school);
    let office = Office { console: &console, token: &token };
    let others: Vec<&str> = others.iter().map(String::as_str).take(40).collect();
    let logged = office.logs(&others);
    assert!(logged >= 40, "{logged}");
    // The pupil's own form comes back at last, and opens it within a minute.
    assert_eq!(office.logs(&[own.as_str()]), 1);
    pupil.comes_to_be(false);
    twenty_sign(&school, &token, &console);
    // A material edition: what was signed is good to the end of its grace, and no longer.
    let (typed, grace) = soon();
    let (code, out, err) = done_owned(&school, &head, &publish_juniors(&["--grace-until", &typed]));
    assert_eq!(code, 0, "{out}{err}");
    pupil.comes_to_be(false);
    assert!(pupil.checked(grace) && !pupil.checked(grace - TimeDelta::seconds(1)));
    wait_for(grace);
    pupil.comes_to_be(true);
    did(&school, &head, &["provisional", &pupil.user, "--because", "the form is on its way"]);
    pupil.comes_to_be(false);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
