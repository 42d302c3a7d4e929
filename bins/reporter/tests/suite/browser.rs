//! The console in a browser, as people use it: a case of each track from the first word to the last.

use std::path::PathBuf;

use belisha_testkit::Browser;

use crate::console::Console;
use crate::incidents::{did, report};
use crate::staffed::{LEAD, SignedIn, staffed};
use crate::support::School;

/// A phone, in pixels.
pub(crate) const PHONE: (u32, u32) = (390, 844);
/// A machine on a desk.
pub(crate) const DESK: (u32, u32) = (1280, 900);

/// Somebody at a browser.
struct Person<'a> {
    browser: &'a Browser,
    console: &'a Console,
}

impl Person<'_> {
    fn is(&self, token: &str) {
        self.browser.open(&format!("{}/receipt", self.console.base));
        self.browser.cookie("belisha", token);
    }

    fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.console.base));
    }

    /// Opens a form of a case, fills it in and sends it.
    fn does(&self, reference: &str, verb: &str, fields: &[(&str, &str)]) {
        self.open(&format!("/cases/{reference}"));
        let form = format!("form[action='/cases/{reference}/{verb}']");
        let opened = format!("document.querySelector(\"{form}\").closest('details').open = true");
        let _ = self.browser.script(&opened);
        for (name, value) in fields {
            let field = format!("{form} [name='{name}']");
            let kind = self.browser.script(&format!(
                "return document.querySelector(\"{field}\").tagName + document.querySelector(\"{field}\").type"
            ));
            match kind.as_str().unwrap() {
                "SELECTselect-one" => self.browser.choose(&field, value),
                "INPUTcheckbox" => self.browser.click(&field),
                _ => self.browser.fill(&field, value),
            }
        }
        self.browser.send(&format!("{form} button"));
    }

    fn reads(&self, text: &str) {
        let page = self.browser.text();
        assert!(page.contains(text), "{text:?} is not on the page:\n{page}");
    }

    /// The value that a list has for a title.
    fn value_of(&self, reference: &str, verb: &str, name: &str, title: &str) -> String {
        self.open(&format!("/cases/{reference}"));
        let find = format!(
            "return [...document.querySelectorAll(\"form[action='/cases/{reference}/{verb}'] [name='{name}'] option\")]
                .find(it => it.textContent.includes('{title}')).value"
        );
        self.browser.script(&find).as_str().unwrap().to_owned()
    }
}

fn at_work(school: &School, size: (u32, u32), test: impl Fn(&Person<'_>)) {
    let console = Console::of(school);
    let Some(browser) = Browser::start(size.0, size.1) else { return };
    test(&Person { browser: &browser, console: &console });
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// Of pupils: reported on a phone, and closed when all is done.
#[test]
fn a_case_of_pupils_goes_from_the_report_to_its_end() {
    staffed(case_of_pupils);
}

pub(crate) fn case_of_pupils(school: &School, people: &SignedIn) {
    at_work(school, PHONE, |person| {
        person.is(&people.teacher);
        person.open("/report");
        // What is typed on a phone in under a minute: words, and two names.
        person.browser.fill("#words", "Unkind messages in the class chat since Monday");
        person.browser.fill("#name1", "Ada Ashgrove");
        person.browser.choose("#part1", "victim");
        person.browser.fill("#name2", "ben birch");
        person.browser.choose("#part2", "instigator");
        person.browser.send("main form button");
        person.reads("Your reference");
        let reference = person.browser.script("return document.querySelector('.reference').innerText");
        let reference = reference.as_str().unwrap();
        // The teacher handles no cases.
        person.open(&format!("/cases/{reference}"));
        person.reads("You hold no key yet");
        person.is(&people.lead);
        person.open("/tasks");
        person.reads("Sort it: say what kind it is.");
        person.does(reference, "sort", &[("category", "N5"), ("track", "pupils")]);
        person.reads("sorted it: N5");
        let how = [("by", "pupil"), ("did", "visited"), ("place", "outside"), ("meant", "careless")];
        person.does(reference, "describe", &how);
        for said in ["A pupil", "Outside of school", "Carelessly", "Education and Inspections Act 2006"] {
            person.reads(said);
        }
        let ada = person.value_of(reference, "parents", "person", "Ada");
        let ben = person.value_of(reference, "parents", "person", "Ben");
        person.does(reference, "inquire", &[("person", "i.marsh")]);
        let held = [("person", ben.as_str()), ("step", "detention"), ("shown_by", "class-account")];
        person.does(reference, "step", &held);
        person.reads("The records do not say surely enough who did it");
        person.does(reference, "step", &[("person", &ben), ("step", "conversation"), ("shown_by", "individual")]);
        person.does(reference, "step", &[("person", &ben), ("step", "suspension"), ("shown_by", "individual")]);
        person.reads("is for others");
        person.does(reference, "parents", &[("person", &ada)]);
        person.does(reference, "parents", &[("person", &ben), ("not_yet", "on the advice of social care")]);
        person.does(reference, "support", &[("person", &ada), ("how", "a talk every week")]);
        person.does(reference, "conclude", &[("outcome", "substantiated")]);
        person.does(reference, "answer", &[]);
        person.does(reference, "close", &[]);
        person.reads("closed");
        person.open("/cases");
        assert!(!person.browser.text().contains(reference));
        person.open("/cases?closed=yes");
        person.reads(reference);
        person.does(reference, "reopen", &[("reason", "it goes on")]);
        person.reads("opened it again: it goes on");
    });
}

/// R-003 and SC-01 on the pages, of staff: about the head, handled by the chair, with an outcome of the five.
#[test]
fn a_case_about_the_head_goes_from_the_report_to_its_end() {
    staffed(case_about_the_head);
}

pub(crate) fn case_about_the_head(school: &School, people: &SignedIn) {
    at_work(school, DESK, |person| {
        person.is(&people.head);
        person.open("/tasks");
        let before = person.browser.text();
        let reference =
            report(school, &people.teacher, &["--words", "A picture of a pupil", "--named", "head=subject"]);
        person.open("/tasks");
        assert_eq!(person.browser.text(), before);
        person.open(&format!("/cases/{reference}"));
        person.reads("There is nothing here");
        person.is(&people.chair);
        person.does(&reference, "sort", &[("category", "S3"), ("track", "staff")]);
        person.does(&reference, "harm-test", &[("harmed", "yes")]);
        person.reads("tested the threshold of harm: harmed a child, or may have");
        person.does(&reference, "inquire", &[("person", "i.marsh")]);
        person.reads("Ask the local authority designated officer (LADO) before anybody looks into it");
        for body in ["chair", "lado"] {
            person.does(&reference, "tell", &[("body", body), ("theirs", "26-17")]);
        }
        person.reads("told lado, whose reference is 26-17");
        person.does(&reference, "inquire", &[("person", "i.marsh")]);
        loop {
            person.open(&format!("/cases/{reference}"));
            let owed = "const it = document.querySelector(\"form[action$='/tell'] option:nth-of-type(2)\"); return it && it.value";
            let owed = person.browser.script(owed);
            let Some(owed) = owed.as_str() else { break };
            person.does(&reference, "tell", &[("body", owed), ("not_applicable", "nobody was removed")]);
        }
        person.does(&reference, "conclude", &[("outcome", "unfounded")]);
        person.does(&reference, "answer", &[]);
        person.does(&reference, "close", &[]);
        person.reads("closed");
        person.is(&people.head);
        person.open("/tasks");
        assert_eq!(person.browser.text(), before);
    });
}

/// SC-03 and SC-04 on the pages: what may be illegal is held, and given back by two.
#[test]
fn a_case_that_may_be_illegal_is_held_and_given_back() {
    staffed(case_that_may_be_illegal);
}

pub(crate) fn case_that_may_be_illegal(school: &School, people: &SignedIn) {
    at_work(school, DESK, |person| {
        person.is(&people.technician);
        person.open("/report");
        person.browser.fill("#words", "On a laptop that came back");
        person.browser.click("#may_be_illegal");
        person.browser.send("main form button");
        person.reads("Leave the device as it is");
        let reference = person.browser.script("return document.querySelector('.reference').innerText");
        let reference = reference.as_str().unwrap();
        person.is(&people.lead);
        person.open(&format!("/cases/{reference}"));
        person.reads("preserved and referred");
        for verb in ["sort", "parents", "conclude", "close", "step"] {
            let there = format!("return document.querySelectorAll(\"form[action$='/{verb}']\").length");
            assert_eq!(person.browser.script(&there), 0, "{verb} is not offered");
        }
        person.does(reference, "confirm-hold", &[]);
        person.does(reference, "tell", &[("body", "iwf"), ("not_applicable", "no public address")]);
        person.does(reference, "police", &[("reference", "26/0417")]);
        person.reads("with the police");
        person.is(&people.head);
        loop {
            let code = people.lead_secret.code_at(chrono::Utc::now() + chrono::TimeDelta::seconds(30));
            let fields = [
                ("note", "no further action"),
                ("second", "s.birch"),
                ("second_password", LEAD),
                ("second_code", &code),
            ];
            person.does(reference, "give-back", &fields);
            if !person.browser.text().contains("are not right") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
        person.reads("back from the police");
        person.is(&people.lead);
        person.does(reference, "sort", &[("category", "U8"), ("track", "pupils")]);
        for body in ["police", "local-authority"] {
            person.does(reference, "tell", &[("body", body), ("theirs", "26/0417")]);
        }
        person.does(reference, "conclude", &[("outcome", "unfounded")]);
        person.does(reference, "answer", &[]);
        person.does(reference, "close", &[]);
        person.reads("closed");
    });
}

/// WCAG 2.2 AA, as far as axe-core can tell: nothing is found on any page, on a phone or on a desk.
#[test]
fn nobody_is_kept_out_by_how_a_page_is_made() {
    let Some(axe) = axe() else { return };
    staffed(|school, people| look_at_all(school, people, &axe));
}

fn look_at_all(school: &School, people: &SignedIn, axe: &str) {
    let console = Console::of(school);
    let held = report(school, &people.technician, &["--words", "On a laptop", "--may-be-illegal"]);
    let sorted = report(
        school,
        &people.teacher,
        &["--words", "Unkind messages", "--named", "ada=victim", "--named", "ben=instigator", "--danger"],
    );
    did(school, &people.lead, &["sort", &sorted, "N5", "pupils"]);
    let staff = report(school, &people.teacher, &["--words", "He shouts", "--named", "i.thorn=subject"]);
    did(school, &people.head, &["sort", &staff, "S1", "staff"]);
    did(school, &people.head, &["tell", &staff, "head"]);
    let pictures = std::env::var_os("BELISHA_PICTURES").map(PathBuf::from);
    for (name, size) in [("phone", PHONE), ("desk", DESK)] {
        let Some(browser) = Browser::start(size.0, size.1) else { return };
        let person = Person { browser: &browser, console: &console };
        let look = |page: &str| {
            if let Some(folder) = &pictures {
                browser.picture(&folder.join(format!("{page}-{name}.png")));
            }
            is_for_everybody(&browser, axe, &format!("{page} on a {name}"));
        };
        for page in ["", "sign-in", "first", "password", "worried", "tell", "receipt", "nothing"] {
            person.open(&format!("/{page}"));
            look(if page.is_empty() { "welcome" } else { page });
        }
        person.open("/worried");
        person.browser.fill("#words", "I am worried");
        person.browser.send("main form button");
        look("thanks");
        person.open("/sign-in");
        for (field, text) in [("#user", "head"), ("#password", "x"), ("#code", "000000")] {
            person.browser.fill(field, text);
        }
        person.browser.send("main form button");
        look("sign-in-wrong");
        person.is(&people.lead);
        for page in ["", "report", "tasks", "cases", "register", &format!("cases/{sorted}"), &format!("cases/{held}")] {
            person.open(&format!("/{page}"));
            let _ = browser.script("document.querySelectorAll('details').forEach(it => it.open = true)");
            let of_case = if page.ends_with(&sorted) { "case" } else { "case-held" };
            look(if page.is_empty() {
                "home"
            } else if page.starts_with("cases/") {
                of_case
            } else {
                page
            });
        }
        person.does(&sorted, "refer", &[("body", "social-care")]);
        person.reads("Think of this first");
        look("refer");
        person.open("/cases?reference=nonsense");
        look("cases-not-found");
        person.is(&people.head);
        person.open(&format!("/cases/{staff}"));
        look("case-staff");
        person.open("/keys");
        look("keys");
        person.is(&people.lead);
        person.open("/report");
        person.browser.fill("#words", "x");
        person.browser.fill("#name1", "birch");
        person.browser.choose("#part1", "witness");
        person.browser.send("main form button");
        person.reads("Choose which of them");
        look("report-asked");
        let first = browser.script("return document.querySelector('#who1').options[0].value");
        person.browser.choose("#who1", first.as_str().unwrap());
        person.browser.send("main form button");
        look("reported");
    }
}

/// Nothing is found on a page, and it goes over no edge.
pub(crate) fn is_for_everybody(browser: &Browser, axe: &str, page: &str) {
    let _ = browser.script(axe);
    let found = browser.script(
        "return axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
            .then(it => [it.passes.length > 9, it.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))])",
    );
    assert_eq!(found, serde_json::json!([true, []]), "{page}");
    let wider = browser.script("return document.documentElement.scrollWidth > window.innerWidth");
    assert_eq!(wider, false, "{page} goes over the edge");
}

/// The source of axe-core, which is no part of this repository: `BELISHA_AXE` names the file.
pub(crate) fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("BELISHA_AXE") else {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value != "true"),
            "CI=true, and BELISHA_AXE names no axe-core"
        );
        println!("skipped: BELISHA_AXE does not name the file axe.min.js of axe-core");
        return None;
    };
    Some(std::fs::read_to_string(file).unwrap())
}
