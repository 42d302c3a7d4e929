//! Links by which parents sign, from the office that makes them to the browser of whoever has one; and forms with codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use belisha_testkit::{Browser, MailServer, binary, finish};

use crate::agreements::{CONTACTS, PUPILS, agreements, did, done_owned, lines, publish_juniors, refused, staffed_with};
use crate::browser::{DESK, PHONE, axe, is_for_everybody};
use crate::console::Console;
use crate::support::{REPORTER, School, on_both};

pub(crate) const SETTINGS: &str =
    "[school]\nname = \"Amber Hill School\"\n[console]\naddress = \"https://belisha.amberhill.example\"\n";

/// A school with an agreement for juniors, in which class 4A has signed.
pub(crate) fn begun(school: &School, settings: &str) -> [String; 3] {
    school.write_settings(settings);
    // Morwen alone has an address for mail.
    let line = |line: &str| {
        let last = if line.contains("Priority") {
            "Email"
        } else if line.contains("Morwen") {
            "m@home.example"
        } else {
            ""
        };
        format!("{line},{last}\n")
    };
    let contacts: String = CONTACTS.lines().map(line).collect();
    let [head, office, teacher] = staffed_with(school, PUPILS, &contacts);
    let (code, out, err) = done_owned(school, &head, &publish_juniors(&["--grace-until", "2099-10-31"]));
    assert_eq!(code, 0, "{out}{err}");
    did(school, &teacher, &["discuss", "ks2", "--class", "4A"]);
    did(school, &teacher, &["in-class", "ks2", "--class", "4A"]);
    [head, office, teacher]
}

/// The part of a letter's links that is after the address of the console, with the names on the letters.
pub(crate) fn links_of(page: &str) -> Vec<(String, String)> {
    let letters = page.split("<article").skip(1);
    let of = |letter: &str| {
        let name = letter.split("<strong>").nth(1).unwrap().split('<').next().unwrap();
        let link = letter.split("https://belisha.amberhill.example").nth(1).unwrap().split('<').next().unwrap();
        (name.to_owned(), link.to_owned())
    };
    letters.map(of).collect()
}

/// C-045 and C-046 by a link: for one adult, good once, which shows nothing before it was answered; nobody against whom an order stands gets one.
#[test]
fn a_parent_signs_by_the_link_of_a_letter() {
    on_both(|school| {
        let [head, office, teacher] = begun(school, SETTINGS);
        let letters = school.path().join("letters.html");
        let invite = ["invite", "--class", "4A", "--letters", letters.to_str().unwrap()];
        refused(school, &teacher, &invite, "invite-to-sign is for others");
        assert!(did(school, &office, &invite).contains("2 letters are in"));
        assert_eq!(fs::metadata(&letters).unwrap().permissions().mode() & 0o777, 0o600);
        refused(school, &office, &invite, "there is a file of this name. Nothing was done");
        refused(school, &office, &["invite", "--everybody", "--letters", "nowhere/letters.html"], "no such folder");
        let page = fs::read_to_string(&letters).unwrap();
        assert!(page.contains("<svg") && page.contains("on which day your child was born"), "{page}");
        assert!(!page.contains("Ada"), "a letter names no child");
        let links = links_of(&page);
        let names: Vec<&str> = links.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Morwen Ashgrove", "Piran Ashgrove"], "and not the uncle, against whom an order stands");
        refused(school, &office, &["invite", "Jory", "--letters", "x.html"], "nothing that Jory Ashgrove could sign");
        refused(school, &office, &["invite", "Morwen Ashgrove"], "--letters");
        let console = Console::of(school);
        let [morwen, piran] = [0, 1].map(|at: usize| links.get(at).unwrap().1.clone());
        let ask = |path: &str, fields: &[(&str, &str)]| console.ask(path, None, fields, &[]);
        // Nothing is shown before it was answered, nor to whoever answers wrongly.
        for fields in [&[][..], &[("answer", "2016-04-24")]] {
            let asked = ask(&morwen, fields);
            assert_eq!(asked.code, if fields.is_empty() { 200 } else { 422 });
            for hidden in ["Ashgrove", "Ada", "4A", "computers"] {
                assert!(!asked.body.contains(hidden), "{hidden}: {}", asked.body);
            }
            assert!(asked.body.contains("On which day was your child born?"), "{}", asked.body);
        }
        assert!(ask(&morwen, &[("answer", "2016-04-24")]).body.contains("3 more tries"));
        let opened = ask(&morwen, &[("answer", "2016-04-23")]);
        assert!(opened.code == 200 && opened.body.contains("Ada Ashgrove (4A)"), "{}", opened.body);
        assert!(opened.body.contains("I never arrange to meet someone") && !opened.body.contains("<script"));
        let field = |page: &str, prefix: &str| {
            let (_, rest) = page.split_once(&format!("name=\"{prefix}")).unwrap();
            format!("{prefix}{}", rest.split('"').next().unwrap())
        };
        let (agree, pictures) = (field(&opened.body, "agree."), field(&opened.body, "pictures."));
        let sign = format!("{morwen}/sign");
        let said = [("answer", "2016-04-23"), (agree.as_str(), "yes"), (pictures.as_str(), "group"), ("name", "")];
        assert_eq!(ask(&sign, &said).code, 422, "a name is printed");
        let wrong = [("answer", "2015-01-01"), (agree.as_str(), "yes"), ("name", "Morwen Ashgrove")];
        assert_eq!(ask(&sign, &wrong).code, 422, "whoever does not know the answer signs nothing");
        assert_eq!(ask(&sign, &[("answer", "2016-04-23"), ("name", "Morwen Ashgrove")]).code, 422);
        assert!(did(school, &office, &["standing", "ada"]).contains("grace"));
        let said = [said[0], said[1], said[2], ("name", "Morwen Ashgrove")];
        // A form from elsewhere signs nothing.
        let elsewhere = console.ask(&sign, None, &said, &["Origin: https://elsewhere.example"]);
        assert_eq!(elsewhere.code, 403);
        let done = ask(&sign, &said);
        assert!(done.code == 200 && done.body.contains("You have signed one agreement"), "{}", done.body);
        assert!(done.without_date().contains("clear-site-data: \"cache\"") && !done.body.contains("Ada"));
        assert!(did(school, &office, &["standing", "ada"]).contains("agreed"));
        let standing = did(school, &office, &["standing", "ada", "--json"]);
        assert!(standing.contains("\"way\":\"link\"") && standing.contains("\"capacity\":\"as parent or carer\""));
        let first = pictures.rsplit('.').next().unwrap();
        let gate = |purpose: &str| {
            agreements(school, &office, &["may-publish", "ada", "--in", &format!("{first}:{purpose}")]).0
        };
        assert_eq!((gate("group"), gate("alone")), (0, 1));
        // Once.
        for fields in [&[][..], &said[..1], &said[..]] {
            let again = ask(if fields.len() > 1 { &sign } else { &morwen }, fields);
            assert!(again.code == 410 && again.body.contains("This link was used"), "{}", again.body);
        }
        // The other parent is told nothing of that, and is guessed out after five.
        let other = ask(&piran, &[("answer", "2016-04-23")]);
        assert!(other.body.contains("Ada Ashgrove (4A)") && !other.body.contains("Morwen"), "{}", other.body);
        for _ in 0..5 {
            ask(&piran, &[("answer", "2012-12-12")]);
        }
        let late = ask(&piran, &[("answer", "2016-04-23")]);
        assert!(late.code == 410 && late.body.contains("Too many wrong answers"), "{}", late.body);
        let states: Vec<String> = lines(&did(school, &office, &["links", "--json"]))
            .iter()
            .map(|it| format!("{} {}", it["name"], it["state"]))
            .collect();
        assert_eq!(states.len(), 2);
        assert!(states.contains(&"\"Morwen Ashgrove\" \"used\"".to_owned()), "{states:?}");
        assert!(states.contains(&"\"Piran Ashgrove\" \"too many wrong answers\"".to_owned()), "{states:?}");
        refused(school, &head, &["take-back", "Piran Ashgrove"], "no link that is good");
        // Those are chased who have not signed, and whoever joins is asked with them.
        let folder = school.path().join("mis");
        let joins = "103,,Hale,Wren,02/02/2016,4,4A,wren@amberhill.example\n";
        fs::write(folder.join("pupils.csv"), format!("{PUPILS}{joins}")).unwrap();
        let contacts = format!("{CONTACTS}103,Hale,Merryn,Mother,1,Yes,No\n");
        fs::write(folder.join("contacts.csv"), contacts).unwrap();
        let done =
            finish(binary(REPORTER, "belisha-importer").arg("--data").arg(school.path()).arg("people").arg(&folder));
        assert_eq!(done.code, 0, "{}", done.err);
        let chased = school.path().join("chased.html");
        did(school, &office, &["invite", "--everybody", "--letters", chased.to_str().unwrap()]);
        let names: Vec<String> =
            links_of(&fs::read_to_string(&chased).unwrap()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Lowen Birch", "Merryn Hale", "Piran Ashgrove"]);
        // Whoever guesses links is told nothing, and waits.
        let codes: Vec<u16> = (0..8).map(|at| ask(&format!("/sign/{at:026}"), &[]).code).collect();
        assert!(codes.starts_with(&[404, 404, 404]) && codes.contains(&429), "{codes:?}");
        assert!(did(school, &office, &["links"]).contains("used"));
    });
}

/// Decisions 5: whoever types it sends it; and no name stands in a mail.
#[test]
fn a_link_goes_by_mail_when_somebody_sends_it() {
    let server = MailServer::start();
    let mail = format!(
        "{SETTINGS}[mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"belisha@amberhill.example\"\n",
        server.port()
    );
    let school = School::new();
    let [_, office, _] = begun(&school, &mail);
    refused(&school, &office, &["invite", "--class", "4A", "--mail"], "1 of them has no address for mail");
    assert!(server.mails().is_empty());
    let letters = school.path().join("letters.html");
    let out =
        did(&school, &office, &["invite", "--class", "4A", "--mail", "--code", "--letters", letters.to_str().unwrap()]);
    assert!(out.contains("1 mail was sent.") && out.contains("1 letter is in"), "{out}");
    let told = out.lines().filter(|line| line.starts_with("Tell ")).count();
    assert_eq!(told, 2, "{out}");
    let mails = server.wait_for(1);
    let mail = mails.first().unwrap();
    assert_eq!(mail.to, "m@home.example");
    for hidden in ["Ada", "Ashgrove", "4A", "ks2"] {
        assert!(!mail.text.contains(hidden), "{}", mail.text);
    }
    assert!(
        mail.text.contains("https://belisha.amberhill.example/sign/") && mail.text.contains("a code"),
        "{}",
        mail.text
    );
    // The code, and nothing else, opens it.
    let path = mail.text.split("belisha.amberhill.example").find(|it| it.starts_with("/sign/")).unwrap();
    let path = path.split_whitespace().next().unwrap();
    let code = out.lines().find(|line| line.contains("Morwen")).unwrap().rsplit(' ').next().unwrap();
    let console = Console::of(&school);
    assert!(console.ask(path, None, &[], &[]).body.contains("The code that the school told you"));
    assert_eq!(console.ask(path, None, &[("answer", "2016-04-23")], &[]).code, 422);
    assert_eq!(console.ask(path, None, &[("answer", &code.to_lowercase())], &[]).code, 200);
    // One that was lost is taken back.
    assert!(did(&school, &office, &["take-back", "Morwen Ashgrove"]).contains("taken back"));
    assert_eq!(console.ask(path, None, &[("answer", code)], &[]).code, 410);
}

/// C-047: a class of forms comes back, and is logged by their codes in one piece.
#[test]
fn forms_come_back_and_are_logged_by_their_codes() {
    let school = School::new();
    let [_, office, teacher] = begun(&school, SETTINGS);
    let console = Console::of(&school);
    let forms = school.path().join("forms.html");
    did(&school, &office, &["form", "ks2", "--out", forms.to_str().unwrap()]);
    let page = fs::read_to_string(&forms).unwrap();
    let codes: Vec<String> = page
        .split("aria-label=\"Code ")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
        .collect();
    assert_eq!(codes.len(), 2, "a sheet each for Ada and Ben: {page}");
    let [ada, ben] = [0, 1].map(|at: usize| codes.get(at).unwrap().as_str());
    assert!(ada.starts_with("https://belisha.amberhill.example/returns?sheet=ks2.1."), "{ada}");
    let path = |code: &str| code.split_once(".example").unwrap().1.to_owned();
    // Where people come over TLS, the cookie has a name that no other host can set.
    let ask = |path: &str, token: &str, fields: &[(&str, &str)]| {
        console.ask(path, None, fields, &[&format!("Cookie: __Host-belisha={token}")])
    };
    let get = |path: &str, token: &str| ask(path, token, &[]);
    // A telephone reads one: its sheet, with the parents who may sign it, and what is missing of it alone.
    assert_eq!(get(&path(ada), &teacher).code, 422, "record-paper-return is for others");
    assert_eq!(console.ask(&path(ada), None, &[], &[]).code, 303, "whoever finds the form is asked to sign in");
    let shown = get(&path(ada), &office);
    assert!(
        shown.body.contains("Ada Ashgrove (4A): Our agreement for computers and the internet (v1)"),
        "{}",
        shown.body
    );
    assert!(shown.body.contains("Morwen Ashgrove") && shown.body.contains("Piran") && !shown.body.contains("Jory"));
    assert!(!shown.body.contains("Ada Ashgrove (4A) signed"), "she has signed in class");
    // A scanner reads a pile, one of them twice, and something else between.
    let token = shown.hidden("token");
    let pile = format!("{ada}\n{ben}\r\n{ada}\n5012345678900\n");
    let shown = ask("/returns", &office, &[("token", &token), ("codes", &pile)]);
    assert_eq!(shown.body.matches("<legend>").count(), 2, "{}", shown.body);
    assert!(shown.body.contains("These are no codes of forms") && shown.body.contains("5012345678900"));
    assert!(shown.body.contains("Ben Birch (5A) signed"), "{}", shown.body);
    let parent = |of: &str, name: &str| {
        let before =
            shown.body.split(&format!("name=\"parent.{of}\"")).nth(1).unwrap().split("</select>").next().unwrap();
        let (options, _) = before.split_once(name).unwrap();
        options.rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned()
    };
    let code = |of: &str| of.rsplit('=').next().unwrap().to_owned();
    let (of_ada, of_ben) = (code(ada), code(ben));
    let (morwen, lowen) = (parent(&of_ada, "Morwen Ashgrove"), parent(&of_ben, "Lowen Birch"));
    assert!(shown.body.contains(&format!("value=\"{lowen}\" selected")), "the only one who can have signed");
    let today = chrono::Utc::now().date_naive().to_string();
    let (for_ada, for_ben, own) = (format!("parent.{of_ada}"), format!("parent.{of_ben}"), format!("own.{of_ben}"));
    let kept = [("token", token.as_str()), ("dated", today.as_str()), ("filed", "box 4")];
    let log = |fields: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> = kept.iter().chain(fields).copied().collect();
        ask("/returns/log", &office, &fields)
    };
    // Ben's class has not talked about it: of the whole pile nothing is logged.
    let early = log(&[(&for_ada, &morwen), (&own, "yes"), (&for_ben, &lowen)]);
    assert!(early.code == 422 && early.body.contains("s2 is talked over with the class"), "{}", early.body);
    assert!(did(&school, &office, &["standing", "ada"]).contains("grace"));
    assert_eq!(log(&[]).code, 422);
    let done = log(&[(&for_ada, &morwen), (&for_ben, &lowen)]);
    assert!(done.code == 303 && done.without_date().contains("/returns?logged=2"), "{}", done.without_date());
    assert!(get("/returns?logged=2", &office).body.contains("2 signatures are logged"));
    assert!(did(&school, &office, &["standing", "ada"]).contains("agreed"));
    // Read again, nothing of it is missing.
    assert!(get(&path(ada), &office).body.contains("Nothing of it is missing."));
    let again = log(&[(&for_ada, &morwen)]);
    assert!(again.code == 422 && again.body.contains("They signed v1 already"), "{}", again.body);
}

/// On a phone: the question, the page that is signed, and the thanks; each is for everybody.
#[test]
fn a_link_in_a_browser() {
    let school = School::new();
    let [_, office, _] = begun(&school, SETTINGS);
    let console = Console::of(&school);
    let Some(axe) = axe() else { return };
    let pictures = std::env::var_os("BELISHA_PICTURES").map(std::path::PathBuf::from);
    for (at, (name, size)) in [("phone", PHONE), ("desk", DESK)].into_iter().enumerate() {
        let Some(browser) = Browser::start(size.0, size.1) else { return };
        let letters = school.path().join(format!("letters-{at}.html"));
        did(&school, &office, &["invite", "Piran Ashgrove", "--letters", letters.to_str().unwrap()]);
        let page = fs::read_to_string(&letters).unwrap();
        let look = |what: &str| {
            if let Some(folder) = &pictures {
                browser.picture(&folder.join(format!("link-{what}-{name}.png")));
            }
            is_for_everybody(&browser, &axe, &format!("the {what} of a link on a {name}"));
        };
        browser.open(&format!("file://{}", letters.display()));
        look("letter");
        let (_, link) = links_of(&page).first().unwrap().clone();
        browser.open(&format!("{}{link}", console.base));
        look("question");
        let _ = browser.script("document.querySelector('#answer').value = '2016-04-23'");
        browser.send("main form button");
        look("page");
        if at == 0 {
            browser.click("#yes-1");
        }
        let _ = browser.script("document.querySelector(\"input[value='group']\").click()");
        browser.fill("#name", "Piran Ashgrove");
        browser.send("main form button");
        assert!(browser.text().contains("Thank you"), "{}", browser.text());
        look("thanks");
        browser.open(&format!("{}{link}", console.base));
        assert!(browser.text().contains("This link was used"), "{}", browser.text());
        look("end");
    }
    assert!(did(&school, &office, &["standing", "ada"]).contains("agreed"));
}
