//! The round as the office runs it on the pages: how far it has come, letters, mail, forms, and a new year.

use std::time::{Duration, Instant};

use belisha_testkit::{Browser, MailServer};

use crate::agreements::{did, lines};
use crate::browser::{DESK, PHONE, axe, is_for_everybody};
use crate::console::{Answer, Console};
use crate::links::{SETTINGS, begun, links_of};
use crate::support::School;

/// Asks as somebody who came over TLS: the cookie has a name that no other host can set.
fn ask(console: &Console, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
    console.ask(path, None, fields, &[&format!("Cookie: __Host-belisha={token}")])
}

fn with_mail(server: &MailServer) -> String {
    format!(
        "{SETTINGS}[mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"belisha@amberhill.example\"\n",
        server.port()
    )
}

/// C-046: sent, chased and covered, by whoever may, from the pages alone.
#[test]
fn a_round_goes_out_from_the_pages() {
    let server = MailServer::start();
    let school = School::new();
    let [head, office, teacher] = begun(&school, &with_mail(&server));
    let console = Console::of(&school);
    let page = |path: &str, token: &str| ask(&console, path, token, &[]);
    assert_eq!(page("/round", &teacher).code, 422, "view-agreements of everybody is for others");
    assert_eq!(page("/round/forms?key=ks2", &teacher).code, 422);
    assert!(!page("/agreements", &teacher).body.contains("/round"));
    assert!(page("/agreements", &office).body.contains("href=\"/round\""));
    let shown = page("/round?class=4A", &office).body;
    assert!(shown.contains("<strong>4A</strong>: Our agreement for computers"), "{shown}");
    assert!(shown.contains("0 of 1 have signed (0 %). Parent missing: 1."), "{shown}");
    assert!(
        shown.contains("<strong>Ada Ashgrove (4A)</strong>")
            && shown.contains("No parent has signed; what there is is good to Saturday 31 October 2099, 23:59.")
    );
    assert!(!shown.contains("Ben Birch"), "of another class");
    assert!(shown.contains("In 4A: 2 to ask, 1 of them with an address for mail."), "{shown}");
    assert!(shown.contains("No agreement is for staff, and some of them are here."), "{shown}");
    assert!(!shown.contains("Begin a new year"), "the office publishes nothing");
    let token = page("/round", &office).hidden("token");
    // One letter for whoever has no address; mail for whoever has.
    let letters =
        ask(&console, "/round/letters", &office, &[("token", &token), ("class", "4A"), ("without_mail", "on")]);
    assert_eq!(letters.code, 200, "{}", letters.body);
    assert!(letters.without_date().contains("attachment; filename=\"letters.html\""));
    let links = links_of(&letters.body);
    let names: Vec<&str> = links.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Piran Ashgrove"]);
    assert_eq!(console.ask(&links[0].1, None, &[], &[]).code, 200, "the link is good");
    assert_eq!(ask(&console, "/round/mail", &teacher, &[("token", &token), ("class", "4A")]).code, 403);
    assert_eq!(ask(&console, "/round/mail", &office, &[("token", &token), ("class", "5A")]).code, 422, "no address");
    assert_eq!(ask(&console, "/round/mail", &office, &[("token", &token), ("class", "4A")]).code, 303);
    let mails = server.wait_for(1);
    assert_eq!(mails[0].to, "m@home.example");
    assert!(!mails[0].text.contains("Ada") && mails[0].text.contains("/sign/"), "{}", mails[0].text);
    let until = Instant::now() + Duration::from_secs(20);
    while !page("/round", &office).body.contains("Mail: 1 of 1 sent. It is over.") {
        assert!(Instant::now() < until, "{}", page("/round", &office).body);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(page("/round", &office).body.contains("2 are good, 0 were used, 0 are over"));
    // Forms for those who are left, with the words for the foot.
    let forms = page("/round/forms?key=ks2&class=5A&back_by=To+the+office+by+Friday", &office);
    assert!(forms.body.contains("Ben Birch") && forms.body.contains("To the office by Friday"), "{}", forms.body);
    assert!(forms.without_date().contains("filename=\"forms-ks2.html\"") && !forms.body.contains("Ada Ashgrove"));
    assert_eq!(page("/round/forms?key=ks2&class=adults", &office).code, 422);
    assert_eq!(page("/round/forms?key=nothing", &office).code, 404);
    // A new year: everybody signs anew.
    let heads = page("/round", &head).hidden("token");
    let year = [("key", "ks2"), ("effective", &today()), ("grace", "2099-10-31")];
    let again = |of: &str, token: &str| {
        let fields: Vec<(&str, &str)> = [("token", token)].into_iter().chain(year).collect();
        ask(&console, "/round/again", of, &fields).code
    };
    assert_eq!(again(&office, &token), 422);
    assert_eq!(again(&head, &heads), 303);
    let listed = lines(&did(&school, &head, &["list", "--json"]));
    assert_eq!(listed[0]["newest"], "v2");
    let chased = page("/round?class=4A", &office).body;
    assert!(chased.contains("Neither pupil nor parent has signed; what there is is good to"), "{chased}");
}

/// A mail server that is away: it is said to whom nothing went, and what was made for them is given again.
#[test]
fn mail_that_does_not_go_is_told_of() {
    let mut server = MailServer::start();
    let school = School::new();
    let [_, office, _] = begun(&school, &with_mail(&server));
    server.stop();
    let console = Console::of(&school);
    let token = ask(&console, "/round", &office, &[]).hidden("token");
    let send = || ask(&console, "/round/mail", &office, &[("token", &token), ("class", "")]).code;
    assert_eq!(send(), 303);
    let until = Instant::now() + Duration::from_mins(1);
    let shown = loop {
        let shown = ask(&console, "/round", &office, &[]).body;
        if shown.contains("It is over.") {
            break shown;
        }
        assert!(Instant::now() < until, "{shown}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(shown.contains("Mail: 0 of 1 sent"), "{shown}");
    assert!(shown.contains("Morwen Ashgrove: The mail server cannot be reached"), "{shown}");
    server.start_again();
    assert_eq!(send(), 303);
    assert_eq!(server.wait_for(1).len(), 1);
}

/// Whoever is sent to sign in goes on to where they wanted to go, and never to somewhere else.
#[test]
fn a_sign_in_goes_on_to_the_page_that_was_wanted() {
    let school = School::new();
    let [_, office, _] = begun(&school, SETTINGS);
    let console = Console::of(&school);
    let wanted = "/returns?sheet=ks2.1.00000000000000000000000000000001";
    let sent = console.ask(wanted, None, &[], &[]);
    let head = sent.without_date();
    let to = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().trim().to_owned();
    assert!(sent.code == 303 && to.starts_with("/sign-in?to=%2Freturns"), "{to}");
    assert_eq!(console.ask(&to, None, &[], &[]).hidden("to"), wanted);
    let on = ask(&console, &to, &office, &[]);
    assert!(on.code == 303 && on.without_date().contains(&format!("location: {wanted}")), "{}", on.without_date());
    for elsewhere in ["//elsewhere.example", "/%5Celsewhere.example", "https:%2F%2Felsewhere.example", "%09//e.example"]
    {
        let on = ask(&console, &format!("/sign-in?to={elsewhere}"), &office, &[]);
        assert!(on.code == 303 && on.without_date().contains("location: /\n"), "{elsewhere}: {}", on.without_date());
    }
}

fn today() -> String {
    chrono::Utc::now().date_naive().to_string()
}

/// The page in a browser, on a phone and on a desk.
#[test]
fn the_round_is_for_everybody() {
    let Some(axe) = axe() else { return };
    let school = School::new();
    // Without an address, so that a browser may come without TLS.
    let [head, office, _] = begun(&school, "[school]\nname = \"Amber Hill School\"\n");
    let says = ["school=Amber Hill", "lado=the officer of the council", "lead=Merrin Tolland"];
    let says = says.iter().flat_map(|say| ["--say", say]);
    let procedure = ["publish", "procedure", "--template", "procedure", "--grace-until", "2099-10-31"];
    did(&school, &head, &procedure.into_iter().chain(says).collect::<Vec<_>>());
    let console = Console::of(&school);
    let pictures = std::env::var_os("BELISHA_PICTURES").map(std::path::PathBuf::from);
    for (name, size) in [("phone", PHONE), ("desk", DESK)] {
        let Some(browser) = Browser::start(size.0, size.1) else { return };
        for (who, token) in [("office", &office), ("head", &head)] {
            browser.open(&format!("{}/receipt", console.base));
            browser.cookie("belisha", token);
            browser.open(&format!("{}/round?class=4A", console.base));
            if let Some(folder) = &pictures {
                browser.picture(&folder.join(format!("round-{who}-{name}.png")));
            }
            is_for_everybody(&browser, &axe, &format!("the round of the {who} on a {name}"));
            let text = browser.text();
            assert!(text.contains("Not confirmed.") && text.contains("Merrin Tolland"), "{text}");
        }
    }
}
