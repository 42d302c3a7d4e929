//! The console, asked by a program: who gets which page, and which form does something.

use std::path::Path;
use std::process::{Command, Stdio};

use belisha_school::sign_in::TotpSecret;
use belisha_testkit::{Running, program};

use crate::incidents::{did, report};
use crate::staffed::{LEAD, SignedIn, staffed};
use crate::support::{Line, REPORTER, School};

/// A console that serves a school, until the test ends.
pub(crate) struct Console {
    _running: Running,
    pub(crate) base: String,
}

impl Console {
    pub(crate) fn of(school: &School) -> Self {
        let running =
            Running::start(Command::new(REPORTER).arg("--data").arg(school.path()).args(["--listen", "127.0.0.1:0"]));
        let line = running.line_with("the console is at");
        let base = line.rsplit(' ').next().unwrap().trim_end_matches('/').to_owned();
        Self { _running: running, base }
    }

    /// Asks for a page, or sends a form where there are fields; as somebody who is signed in, where there is a token.
    pub(crate) fn ask(&self, path: &str, token: Option<&str>, fields: &[(&str, &str)], headers: &[&str]) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--include", "--max-time", "30"]);
        if let Some(token) = token {
            curl.arg("--cookie").arg(format!("belisha={token}"));
        }
        for header in headers {
            curl.arg("--header").arg(header);
        }
        for (name, value) in fields {
            curl.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        self.answer(curl, path)
    }

    /// Sends a form with a file in it, as somebody who is signed in.
    pub(crate) fn send_with_file(
        &self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
        file: (&str, &Path),
    ) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--include", "--max-time", "30"]);
        curl.arg("--cookie").arg(format!("belisha={token}"));
        // Without it there is an answer before the answer.
        curl.args(["--header", "Expect:"]);
        for (name, value) in fields {
            curl.arg("--form-string").arg(format!("{name}={value}"));
        }
        curl.arg("--form").arg(format!("{}=@{}", file.0, file.1.display()));
        self.answer(curl, path)
    }

    fn answer(&self, mut curl: Command, path: &str) -> Answer {
        let output = curl.arg(format!("{}{path}", self.base)).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { code, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(path, Some(token), &[], &[])
    }
}

pub(crate) struct Answer {
    pub(crate) code: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let field = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
        field.split('"').next().unwrap().to_owned()
    }

    pub(crate) fn without_date(&self) -> String {
        let head: Vec<&str> = self.head.lines().filter(|line| !line.starts_with("date:")).collect();
        format!("{}\n{}", head.join("\n"), self.body)
    }
}

/// Does a test with the console of a school, where there is a program to ask it.
fn asked(test: fn(&School, &SignedIn, &Console)) {
    if program("curl").is_some() {
        staffed(|school, people| test(school, people, &Console::of(school)));
    }
}

/// C-087, decisions 9: a child needs no password, is told the same whatever they wrote, and whom they name does not read it.
#[test]
fn a_child_tells_and_whom_they_name_does_not_read_it() {
    staffed(child_tells);
}

pub(crate) fn child_tells(school: &School, people: &SignedIn) {
    if program("curl").is_none() {
        return;
    }
    let console = &Console::of(school);
    let page = console.ask("/worried", None, &[], &[]);
    assert!(page.code == 200 && !page.body.contains("<script"), "{}", page.body);
    assert!(page.body.contains("do not answer it, and do not delete it"), "{}", page.body);
    let form = page.hidden("form");
    let words = "Somebody sends me unkind messages at night";
    let fields = [("form", form.as_str()), ("words", words), ("says", "Ada, 4A")];
    // Sent twice, as when a page is loaded again, it is one report.
    let [thanks, again] = [(), ()].map(|()| console.ask("/worried", None, &fields, &[]));
    for sentence in ["Thank you.", "A grown-up from the safeguarding team will read this on a school day.", "999"] {
        assert!(thanks.body.contains(sentence), "{}", thanks.body);
    }
    assert!(!thanks.body.contains("unkind") && !thanks.body.contains("Ada"), "nothing of it is left on the page");
    assert!(thanks.head.contains("clear-site-data: \"cache\"") && thanks.head.contains("cache-control: no-store"));
    assert_eq!(thanks.without_date(), again.without_date());
    let listed = did(school, &people.lead, &["list", "--json"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let reference = listed.split("\"reference\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let shown = did(school, &people.lead, &["show", &reference]);
    assert!(
        shown.contains(words) && shown.contains("as Ada, 4A") && shown.contains("(nobody who signed in)"),
        "{shown}"
    );
    assert!(shown.contains("answer whoever told of it"), "{shown}");
    // About the lead, by name in the words or where it was asked: the lead finds nothing, the head does.
    let about = [("words", "Mr BIRCH shouts at me"), ("about", "")];
    let asked = [("words", "He writes to me at night"), ("about", "Sam, the teacher")];
    for fields in [about, asked] {
        assert_eq!(console.ask("/worried", None, &fields, &[]).without_date(), thanks.without_date());
    }
    assert_eq!(did(school, &people.lead, &["list"]).lines().count(), 1);
    let heads = did(school, &people.head, &["list", "--json"]);
    assert_eq!(heads.lines().count(), 3, "{heads}");
    // Whoever does not say who they are cannot be answered: it is not asked for.
    let nameless = heads.lines().filter(|line| !line.contains(&reference));
    for line in nameless {
        let reference = line.split("\"reference\":\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(!did(school, &people.head, &["show", reference]).contains("answer whoever told"));
    }
    // Without words it is asked for them, and nothing else is lost.
    let empty = console.ask("/worried", None, &[("form", "x"), ("words", " "), ("says", "Ben \"B\"")], &[]);
    assert!(empty.code == 422 && empty.body.contains("Ben &#34;B&#34;"), "{}", empty.body);
    // An adult is given a reference, and asks with it.
    let told = console.ask("/tell", None, &[("words", "A neighbour films the playground")], &[]);
    let reference = told.body.split("<p class=\"reference\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let receipt = console.ask("/receipt", None, &[("reference", &reference.to_lowercase())], &[]);
    assert!(receipt.body.contains("It was received on"), "{}", receipt.body);
    let none = console.ask("/receipt", None, &[("reference", "00000-00000")], &[]);
    assert!(none.body.contains("no report with this reference"), "{}", none.body);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// What each may ask for: by their sign-in, whatever the address says.
#[test]
fn each_gets_their_pages_and_no_other() {
    asked(pages);
}

fn pages(school: &School, people: &SignedIn, console: &Console) {
    let by_the_lead = report(school, &people.teacher, &["--words", "Late messages", "--named", "s.birch=subject"]);
    let of_the_head = report(school, &people.teacher, &["--words", "A picture", "--named", "head=subject"]);
    let of_pupils = report(school, &people.teacher, &["--words", "Unkind messages", "--named", "ada=victim"]);
    let case = |reference: &str| format!("/cases/{reference}");
    let (lead, head, pupils) = (case(&by_the_lead), case(&of_the_head), case(&of_pupils));
    // nobody, teacher, technician, lead, head, chair
    let tokens = [
        None,
        Some(&people.teacher),
        Some(&people.technician),
        Some(&people.lead),
        Some(&people.head),
        Some(&people.chair),
    ];
    let expected: [(&str, [u16; 6]); 17] = [
        ("/first", [200, 200, 200, 200, 200, 200]),
        ("/password", [200, 200, 200, 200, 200, 200]),
        ("/", [200, 200, 200, 200, 200, 200]),
        ("/sign-in", [200, 303, 303, 303, 303, 303]),
        ("/worried", [200, 200, 200, 200, 200, 200]),
        ("/tell", [200, 200, 200, 200, 200, 200]),
        ("/receipt", [200, 200, 200, 200, 200, 200]),
        ("/report", [303, 200, 200, 200, 200, 200]),
        ("/tasks", [303, 403, 403, 200, 200, 200]),
        ("/cases", [303, 403, 403, 200, 200, 200]),
        (&lead, [303, 403, 403, 404, 200, 404]),
        (&head, [303, 403, 403, 404, 404, 200]),
        (&pupils, [303, 403, 403, 200, 200, 404]),
        ("/agreements", [303, 200, 200, 200, 200, 200]),
        ("/keys", [303, 422, 422, 422, 200, 200]),
        ("/cases/00000-00000", [303, 403, 403, 404, 404, 404]),
        ("/sign-out", [404, 404, 404, 404, 404, 404]),
    ];
    for (path, codes) in expected {
        for (token, code) in tokens.iter().zip(codes) {
            let answer = console.ask(path, token.map(String::as_str), &[], &[]);
            assert_eq!(answer.code, code, "{path} as {token:?}: {}", answer.body);
        }
    }
    // What is not for them and what is not there are the same bytes (DESIGN §6.13).
    for (token, path) in [(&people.lead, &lead), (&people.head, &head), (&people.chair, &pupils)] {
        let nothing = console.get("/cases/00000-00000", token).without_date();
        assert_eq!(console.get(path, token).without_date(), nothing);
        let own = console.get("/report", token).hidden("token");
        let fields = [("token", own.as_str()), ("version", "1")];
        let close = |path: &str| console.ask(&format!("{path}/close"), Some(token), &fields, &[]);
        let gone = |answer: Answer, reference: &str| answer.without_date().replace(reference, "");
        let reference = path.rsplit('/').next().unwrap();
        assert_eq!(gone(close(path), reference), gone(close("/cases/00000-00000"), "00000-00000"));
    }
    // No page of somebody who may see it is in the list of somebody who may not.
    assert!(!console.get("/cases", &people.lead).body.contains(&by_the_lead));
    assert!(console.get("/cases", &people.head).body.contains(&by_the_lead));
}

/// The head lets somebody open what they handle, and makes a document for a body outside, having seen what to think of; nobody else
/// does either.
#[test]
fn the_head_lets_somebody_in_and_the_lead_makes_a_document() {
    asked(|school, people, console| {
        assert_eq!(school.as_person(&people.head, &["roles", "appoint", "coordinator", "i.thorn"]).code, 0);
        let page = console.get("/keys", &people.head);
        let thorn = page.body.split("Ida Thorn").nth(1).unwrap();
        assert!(thorn.contains("Handles and cannot open: Incidents of pupils"), "{thorn}");
        assert!(thorn.contains("They have no key yet"), "{thorn}");
        let lines = [Line::Text(&school.issue(&people.head, "i.thorn")), Line::Text("a harbour in winter"), Line::Code];
        let (chosen, secrets) = school.talk(&["password", "i.thorn", "--passwords-stdin"], &lines);
        assert_eq!(chosen.code, 0, "{}", chosen.err);
        let page = console.get("/keys", &people.head);
        let person = page.hidden("person");
        let lead = console.get("/report", &people.lead).hidden("token");
        let refused = console.ask("/keys", Some(&people.lead), &[("token", &lead), ("person", &person)], &[]);
        assert!(refused.code == 422 && refused.body.contains("is for others"), "{}", refused.body);
        let fields = [("token", page.hidden("token")), ("person", person)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let done = console.ask("/keys", Some(&people.head), &fields, &[]);
        assert!(done.body.contains("Ida Thorn can open from now on: Incidents of pupils"), "{}", done.body);
        let again = console.ask("/keys", Some(&people.head), &fields, &[]);
        assert!(again.code == 422 && again.body.contains("can open it already"), "{}", again.body);
        let coordinator = school.login("i.thorn", "a harbour in winter", &secrets[0]);
        let reference = report(school, &people.teacher, &["--words", "A shop", "--matter", "misuse"]);
        assert!(did(school, &coordinator, &["show", &reference]).contains("A shop"));
        // A document: first what to think of, and nothing is written; then the document, and that it was made.
        let words = "Ada was asked for pictures";
        let reference = report(school, &people.teacher, &["--words", words, "--named", "ada=victim", "--danger"]);
        let path = format!("/cases/{reference}/refer");
        let ask = |token: &str, more: &[(&str, &str)]| {
            let own = console.get("/report", token).hidden("token");
            console.ask(&path, Some(token), &[&[("token", own.as_str())], more].concat(), &[])
        };
        let care = ("body", "social-care");
        let draft = ask(&people.lead, &[care]);
        assert!(draft.code == 200 && draft.body.contains("Ada Ashgrove"), "{}", draft.body);
        assert!(!did(school, &people.lead, &["show", &reference]).contains("made a document"));
        let made = ask(&people.lead, &[care, ("make", "yes")]);
        let named = format!("attachment; filename=\"{reference}-social-care.html\"");
        assert!(made.code == 200 && made.head.contains(&named) && made.body.contains(words), "{}", made.head);
        assert!(did(school, &people.lead, &["show", &reference]).contains("made a document for social-care"));
        assert!(ask(&people.lead, &[("body", "police"), ("make", "yes")]).body.contains("Nothing is owed to"));
        let elsewhere = ask(&people.chair, &[care, ("make", "yes")]);
        assert!(elsewhere.code == 404 && !elsewhere.body.contains(words));
        assert_eq!(school.reporter(&["verify"]).code, 0);
    });
}

/// A form does something only where it comes from a page of ours, with the token of the sign-in that it is for.
#[test]
fn a_form_from_elsewhere_does_nothing() {
    asked(from_elsewhere);
}

fn from_elsewhere(school: &School, people: &SignedIn, console: &Console) {
    let page = console.get("/report", &people.teacher);
    let (own, form) = (page.hidden("token"), page.hidden("form"));
    let other = console.get("/report", &people.technician).hidden("token");
    assert!(own.len() == 64 && own != other);
    let send = |token: &str, headers: &[&str]| {
        let fields = [("token", token), ("form", form.as_str()), ("words", "<script>alert(1)</script>")];
        console.ask("/report", Some(&people.teacher), &fields, headers)
    };
    let host = console.base.trim_start_matches("http://").to_owned();
    for (token, headers) in [
        ("", vec![]),
        (other.as_str(), vec![]),
        (own.as_str(), vec!["Origin: https://evil.example"]),
        (own.as_str(), vec!["Origin: null"]),
        (own.as_str(), vec!["Sec-Fetch-Site: cross-site"]),
        (own.as_str(), vec!["Sec-Fetch-Site: same-site"]),
    ] {
        let refused = send(token, &headers);
        assert!(refused.code == 403 && refused.body.contains("did not come from a page"), "{headers:?}");
    }
    let elsewhere = console.ask("/worried", None, &[("words", "x")], &["Origin: https://evil.example"]);
    assert_eq!(elsewhere.code, 403);
    assert!(did(school, &people.lead, &["list"]).is_empty(), "nothing was written");
    let taken = send(&own, &[&format!("Origin: http://{host}"), "Sec-Fetch-Site: same-origin"]);
    assert_eq!(taken.code, 200);
    // What somebody writes is shown as they wrote it, and is no part of the page.
    let reference = taken.body.split("<p class=\"reference\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let shown = console.get(&format!("/cases/{reference}"), &people.lead).body;
    assert!(shown.contains("&#60;script&#62;alert(1)") && !shown.contains("<script"), "{shown}");
    // A name that several have is asked about, and all that was written is there again.
    let fields =
        [("token", own.as_str()), ("words", "kept"), ("name1", "birch"), ("part1", "witness"), ("name2", "nobody")];
    let asked = console.ask("/report", Some(&people.teacher), &fields, &[]);
    assert!(asked.code == 422 && asked.body.contains("Several people are called birch"), "{}", asked.body);
    assert!(asked.body.contains("Ben Birch (5A)") && asked.body.contains(">kept</textarea>"), "{}", asked.body);
    assert!(asked.body.contains("Nobody here is called nobody"), "{}", asked.body);
}

/// A sign-in ends with signing out and after half an hour; what was written when it was over is not lost.
#[test]
fn a_sign_in_ends_and_what_was_written_is_kept() {
    asked(signing_in);
}

fn signing_in(school: &School, people: &SignedIn, console: &Console) {
    let own = console.get("/report", &people.technician).hidden("token");
    let out = console.ask("/sign-out", Some(&people.technician), &[("token", &own)], &[]);
    assert!(out.code == 303 && out.head.contains("Max-Age=0"), "{}", out.head);
    assert_eq!(console.get("/report", &people.technician).code, 303, "it is over");
    // Whoever sends something then is asked to sign in, and finds it there.
    let late = [("token", own.as_str()), ("form", "f"), ("words", "A long story")];
    let kept = console.ask("/report", Some(&people.technician), &late, &[]);
    assert!(kept.body.contains("name=\"kept.words\" value=\"A long story\""), "{}", kept.body);
    assert!(!kept.body.contains(&own), "the token of before is not");
    let fields = |password: &'static str, code: &str| {
        let fields = [
            ("user", "s.birch"),
            ("password", password),
            ("code", code),
            ("to", "/report"),
            ("kept.words", "A long story"),
            ("kept.form", "f"),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let sign_in = |fields: &[(String, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        console.ask("/sign-in", None, &fields, &[])
    };
    let wrong = sign_in(&fields("wrong", "000000"));
    assert!(wrong.code == 422 && wrong.body.contains("User name, password or code are not right."), "{}", wrong.body);
    assert!(wrong.body.contains("A long story") && !wrong.head.contains("set-cookie"), "{}", wrong.body);
    let signed = loop {
        let code = people.lead_secret.code_at(chrono::Utc::now() + chrono::TimeDelta::seconds(30));
        let answer = sign_in(&fields(LEAD, &code));
        if answer.code == 200 {
            break answer;
        }
        std::thread::sleep(std::time::Duration::from_secs(2));
    };
    let cookie = signed.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    let token = cookie.strip_prefix("belisha=").unwrap().split(';').next().unwrap();
    let sent = [("token", signed.hidden("token")), ("form", signed.hidden("form")), ("words", signed.hidden("words"))];
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = console.ask("/report", Some(token), &sent, &[]);
    assert!(sent.body.contains("Your reference"), "{}", sent.body);
    assert!(did(school, token, &["list"]).contains("reported"));
}

/// Whoever was given a password chooses one of their own and sets up a second factor, and needs nobody for it.
#[test]
fn somebody_begins_in_the_browser() {
    asked(begins);
}

fn begins(school: &School, people: &SignedIn, console: &Console) {
    let given = school.issue(&people.head, "i.thorn");
    let page = console.ask("/first", None, &[], &[]);
    let secret = TotpSecret::from_base32(&page.hidden("secret")).unwrap();
    let send = |path: &str, old: &str, new: &str, again: &str, code: &str| {
        let base32 = secret.base32();
        let fields =
            [("user", "i.thorn"), ("old", old), ("new", new), ("again", again), ("secret", &base32), ("code", code)];
        console.ask(path, None, &fields, &[])
    };
    let now = || secret.code_at(chrono::Utc::now());
    let new = "a kettle, a lamp, a gate";
    // What does not do changes nothing: the password that was given is good for the next try.
    for (old, chosen, again, code, said) in [
        (given.as_str(), new, "another one, a gate", now(), "not the same both times"),
        (given.as_str(), new, new, "000000".to_owned(), "The code of the second factor is not right"),
        (given.as_str(), "short", "short", now(), "A password has at least"),
        ("wrong", new, new, now(), "User name or password is not right"),
    ] {
        let refused = send("/first", old, chosen, again, &code);
        assert!(refused.code == 422 && refused.body.contains(said), "{said}: {}", refused.body);
        assert_eq!(refused.hidden("secret"), secret.base32(), "the key that was typed into the app is the same");
    }
    // Three wrong ones from one address make the fourth wait.
    let done = loop {
        let done = send("/first", &given, new, new, &now());
        if !done.body.contains("Too many tries") {
            break done;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    };
    assert!(done.code == 200 && done.body.contains("This is your password now"), "{}", done.body);
    let next = secret.code_at(chrono::Utc::now() + chrono::TimeDelta::seconds(30));
    let fields = [("user", "i.thorn"), ("password", new), ("code", &next)];
    let signed_in = console.ask("/sign-in", None, &fields, &[]);
    assert!(signed_in.code == 303 && signed_in.head.contains("set-cookie: belisha="), "{}", signed_in.body);
    // From then on it takes the factor that is there, whatever key a form brings.
    let other = TotpSecret::random().unwrap();
    let fields =
        [("user", "i.thorn"), ("old", new), ("new", "an other one, a gate"), ("again", "an other one, a gate")];
    let (key, code) = (other.base32(), other.code_at(chrono::Utc::now()));
    let fields = [&fields[..], &[("secret", &key), ("code", &code)]].concat();
    let refused = console.ask("/first", None, &fields, &[]);
    assert!(refused.body.contains("The code of the second factor is not right"), "{}", refused.body);
}
