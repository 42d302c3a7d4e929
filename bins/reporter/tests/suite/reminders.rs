//! `belisha-reporter serve` reminds people by mail, over a mail server of our own.
//!
//! What was thought out about who is told what is tested where it lives, in `school`; here is what takes the built program:
//! what stands in a mail, that a process that is killed loses nothing, and that nothing is lost while the server is away.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use belisha_testkit::{Mail, MailServer, Running};

use crate::incidents::{did, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::{REPORTER, SETTINGS, School};

const HEAD: &str = "m.tolland@amberhill.example";
const LEAD: &str = "s.birch@amberhill.example";

/// Longer than the three seconds of a round.
const A_WHILE: Duration = Duration::from_secs(5);

/// Reminds the people of a school through a server.
fn serve(school: &School, server: &MailServer) -> Running {
    let mail = format!(
        "[mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"belisha@amberhill.example\"\n\
         [console]\naddress = \"https://belisha.amberhill.example\"\n",
        server.port()
    );
    school.write_settings(&format!("{SETTINGS}{mail}"));
    let running = Running::start(Command::new(REPORTER).arg("--data").arg(school.path()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]));
    let _ = running.line_with("people are reminded by mail");
    running
}

/// How many came to each.
fn by_address(mails: &[Mail]) -> BTreeMap<&str, usize> {
    mails.iter().fold(BTreeMap::new(), |mut counts, mail| {
        *counts.entry(&*mail.to).or_default() += 1;
        counts
    })
}

#[test]
fn a_report_is_a_mail_without_content_to_each_who_handles_it() {
    staffed(mail_to_each);
}

pub(crate) fn mail_to_each(school: &School, people: &SignedIn) {
    let server = MailServer::start();
    let _running = serve(school, &server);
    let reference = report(school, &people.teacher, &["--words", "Unkind messages", "--named", "ada=victim"]);
    let mails = server.wait_for(2);
    std::thread::sleep(A_WHILE);
    assert_eq!(server.mails(), mails);
    assert_eq!(by_address(&mails), BTreeMap::from([(HEAD, 1), (LEAD, 1)]));
    for mail in &mails {
        let Mail { to, text } = mail;
        assert!(text.contains("Subject: Belisha: something is waiting for you\r\n"), "{text}");
        assert!(text.contains("https://belisha.amberhill.example and look"), "{text}");
        // The random number of a mail may spell a name.
        let small = mail.without_date_and_id().replace(&**to, "").to_lowercase();
        for word in [&*reference.to_lowercase(), "ada", "unkind", "cases", "marsh", "tolland", "birch"] {
            assert!(!small.contains(word), "{word} {text}");
        }
    }
    let words = mails.iter().map(|mail| mail.without_date_and_id().replace(&mail.to, ""));
    assert_eq!(words.collect::<std::collections::BTreeSet<_>>().len(), 1);
}

/// What comes to the lead after a report of messages, and then in one of these worlds.
fn to_the_lead(world: impl Fn(&School, &SignedIn, &str)) -> Vec<String> {
    let mut to_the_lead = Vec::new();
    staffed(|school, people| {
        let server = MailServer::start();
        let first = report(school, &people.teacher, &["--words", "Messages late at night"]);
        world(school, people, &first);
        let _running = serve(school, &server);
        let _ = server.wait_for(2);
        std::thread::sleep(A_WHILE);
        let mails = server.mails();
        to_the_lead = mails.iter().filter(|mail| mail.to == LEAD).map(Mail::without_date_and_id).collect();
    });
    to_the_lead
}

#[test]
fn who_is_found_out_gets_the_same_mails() {
    let without = to_the_lead(|_, _, _| {});
    assert_eq!(without.len(), 1, "{without:?}");
    let reported = to_the_lead(|school, people, _| {
        report(school, &people.technician, &["--words", "More messages", "--named", "s.birch=subject"]);
    });
    assert_eq!(without, reported);
    let carried_on = to_the_lead(|school, people, first| {
        did(school, &people.head, &["name", first, "s.birch", "subject"]);
        did(school, &people.head, &["sort", first, "S1", "staff"]);
    });
    assert_eq!(without, carried_on);
}

#[test]
fn whoever_is_killed_after_sending_and_before_settling_loses_nothing() {
    staffed(killed_between);
}

pub(crate) fn killed_between(school: &School, people: &SignedIn) {
    let server = MailServer::start();
    server.be_silent(true);
    let mut running = serve(school, &server);
    report(school, &people.teacher, &["--words", "Unkind messages"]);
    // It has handed over a mail, and nobody has told it so.
    let first = server.wait_for(1);
    running.kill();
    server.be_silent(false);
    assert_eq!(first.len(), 1);
    let _again = serve(school, &server);
    let counts = server.wait_for(3);
    let counts = by_address(&counts);
    assert!(counts.get(HEAD).is_some_and(|count| *count >= 1), "{counts:?}");
    assert!(counts.get(LEAD).is_some_and(|count| *count >= 1), "{counts:?}");
    std::thread::sleep(A_WHILE);
    assert_eq!(server.mails().len(), 3);
}

#[test]
fn nothing_is_lost_while_the_server_is_away() {
    staffed(server_away);
}

pub(crate) fn server_away(school: &School, people: &SignedIn) {
    let mut server = MailServer::start();
    server.stop();
    let running = serve(school, &server);
    report(school, &people.teacher, &["--words", "Unkind messages"]);
    let said = running.line_with("could not be reminded");
    assert!(!said.contains("amberhill") && said.contains("cannot be reached"), "{said}");
    server.start_again();
    assert_eq!(by_address(&server.wait_for(2)), BTreeMap::from([(HEAD, 1), (LEAD, 1)]));
}

#[test]
fn without_mail_it_is_said_that_nobody_is_reminded() {
    let school = School::new();
    let mut command = Command::new(REPORTER);
    let running = Running::start(command.arg("--data").arg(school.path()).args(["serve", "--listen", "127.0.0.1:0"]));
    let _ = running.line_with("nobody is reminded by mail");
    school.write_settings(&format!(
        "{SETTINGS}[mail]\nserver = \"mail.example\"\nsecurity = \"none\"\nfrom = \"b@a.example\"\n"
    ));
    let refused = school.reporter(&["serve"]);
    assert!(refused.code == 78 && refused.err.contains("school.toml:7: security"), "{}", refused.err);
}
