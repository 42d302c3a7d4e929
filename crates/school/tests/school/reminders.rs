//! What is owed in cases, and whom it is told.
//!
//! 1. Who handles a case is told of it once, and nobody else is.
//! 2. What somebody gets is the same in a world in which they were found out and in one in which they were not.
//! 3. Nothing that is owed is told of less than once, whoever ends when.
//! 4. However much there is, it is one mail, and one in a quarter of an hour.

use std::collections::BTreeMap;

use belisha_incident::{Body, Command, Part, Settled};
use belisha_policy::Action;
use belisha_policy::roles::{Command as RoleCommand, Role};
use belisha_school::holders;
use belisha_school::outbox::{NotSent, Outbox, Round, Smtp, Transport, Unreached};
use belisha_testkit::{Mail, MailServer};
use chrono::{DateTime, TimeDelta, Utc};

use crate::cases::{Staffed, now};
use crate::support::{PASSWORD, permit, settings};

/// Where the mail goes in these tests.
const HEAD: &str = "head@amberhill.example";
const CHAIR: &str = "chair@amberhill.example";
const LEAD: &str = "1@amberhill.example";

/// A post that remembers.
#[derive(Default)]
struct Post {
    sent: Vec<String>,
    /// Nothing gets to these.
    broken: Vec<String>,
}

impl Transport for &mut Post {
    fn remind(&mut self, address: &str) -> Result<(), NotSent> {
        if self.broken.iter().any(|it| it == address) {
            return Err(NotSent::Unreachable);
        }
        self.sent.push(address.into());
        Ok(())
    }
}

impl Post {
    /// How many came to an address.
    fn to(&self, address: &str) -> usize {
        self.sent.iter().filter(|it| *it == address).count()
    }
}

/// A school, and a process that reminds.
struct Reminding {
    staffed: Staffed,
    post: Post,
}

impl Reminding {
    fn new() -> Self {
        Self { staffed: Staffed::with_addresses(Some(HEAD), Some(CHAIR)), post: Post::default() }
    }

    /// Goes round at these minutes after the beginning, as one process.
    fn go_round(&mut self, minutes: &[i64]) -> Vec<Round> {
        let mut outbox = Outbox::new(self.staffed.test.school.ledger().clone(), &mut self.post);
        let rounds = minutes.iter().map(|minute| outbox.go_round(after(*minute)).unwrap()).collect();
        outbox.close();
        rounds
    }

    /// What came to head, chair and lead.
    fn came(&self) -> [usize; 3] {
        [HEAD, CHAIR, LEAD].map(|address| self.post.to(address))
    }
}

fn after(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

const DAY: i64 = 24 * 60;

#[test]
fn a_report_is_one_mail_to_each_who_handles_it_and_none_to_others() {
    let mut school = Reminding::new();
    school.staffed.report("unkind messages", Vec::new());
    let rounds = school.go_round(&[0, 1, 60]);
    assert_eq!(rounds.iter().map(|round| round.sent).collect::<Vec<_>>(), [2, 0, 0]);
    assert_eq!(school.came(), [1, 0, 1]);
    // The day on which it is to be sorted ends, and a working day later once more. Then nobody is told again.
    school.go_round(&[DAY, DAY + 60]);
    assert_eq!(school.came(), [2, 0, 2]);
    school.go_round(&[3 * DAY, 4 * DAY, 30 * DAY]);
    assert_eq!(school.came(), [3, 0, 3]);
}

#[test]
fn what_is_about_somebody_is_never_told_them() {
    let mut school = Reminding::new();
    let (head, chair, lead) = (school.staffed.id(0), school.staffed.id(1), school.staffed.id(2));
    school.staffed.report("about the lead", vec![(lead, Part::Subject)]);
    school.go_round(&[0, DAY, 3 * DAY]);
    assert_eq!(school.came(), [3, 0, 0]);
    school.staffed.report("about the head", vec![(head, Part::Subject)]);
    school.go_round(&[5 * DAY, 9 * DAY]);
    assert_eq!((school.came()[0], school.came()[2]), (3, 0));
    assert!(school.came()[1] > 0);
    let before = school.came();
    school.staffed.report("about the chair", vec![(chair, Part::Subject), (lead, Part::InConflict)]);
    school.go_round(&[20 * DAY, 24 * DAY]);
    assert_eq!((school.came()[1], school.came()[2]), (before[1], 0));
}

/// A report reaches the lead's circle in both worlds. In one of them the lead is found out afterwards.
fn lead_in(worlds: [&dyn Fn(&Reminding); 2], broken: &[&str], starts: &[&[i64]]) -> [BTreeMap<usize, usize>; 2] {
    worlds.map(|world| {
        let mut school = Reminding::new();
        school.post.broken = broken.iter().map(|it| (*it).to_owned()).collect();
        school.staffed.report("messages late at night", Vec::new());
        world(&school);
        // How many had come to the lead at the end of each process.
        let seen = starts.iter().enumerate().map(|(at, minutes)| {
            school.go_round(minutes);
            (at, school.post.to(LEAD))
        });
        seen.collect()
    })
}

#[test]
fn who_is_found_out_gets_what_they_would_have_got() {
    let nothing: &dyn Fn(&Reminding) = &|_| {};
    let reported: &dyn Fn(&Reminding) = &|school| {
        school.staffed.report("more of them", vec![(school.staffed.id(2), Part::Subject)]);
    };
    let carried_on: &dyn Fn(&Reminding) = &|school| {
        let head = school.staffed.desk(0);
        let seen = head.list().unwrap();
        let name = Command::Name { person: school.staffed.id(2), part: Part::Subject };
        let acted = head.act_on(seen.first().unwrap(), name, None).unwrap();
        assert!(!acted.is_out_of_sight);
        let sort = Command::Sort { category: "S1".parse().unwrap(), severity: None, track: "staff".parse().unwrap() };
        head.act(seen.first().unwrap().reference, sort, None).unwrap();
    };
    let starts: [&[i64]; 6] = [&[0], &[1, 20], &[21, DAY], &[DAY + 5], &[DAY + 20], &[3 * DAY, 9 * DAY]];
    for broken in [&[][..], &[HEAD]] {
        for found_out in [reported, carried_on] {
            let [without, with] = lead_in([nothing, found_out], broken, &starts);
            assert_eq!(without, with, "{broken:?}");
            assert!(without.values().any(|mails| *mails > 1), "{without:?}");
        }
    }
}

#[test]
fn who_sees_where_a_case_goes_on_is_told_of_that_and_not_of_the_old_one() {
    let mut school = Reminding::new();
    let reference = school.staffed.report("messages late at night", Vec::new());
    school.go_round(&[0]);
    assert_eq!(school.came(), [1, 0, 1]);
    let name = Command::Name { person: school.staffed.id(2), part: Part::Subject };
    school.staffed.desk(0).act(reference, name, None).unwrap();
    school.go_round(&[20]);
    assert_eq!(school.came(), [2, 0, 1]);
    let close = [
        Command::Sort { category: "S2".parse().unwrap(), severity: None, track: "staff".parse().unwrap() },
        Command::Settle { body: Body::Head, how: Settled::Told(None) },
        Command::Conclude("false".parse().unwrap()),
        Command::AnswerReporter,
        Command::Close,
    ];
    for command in close {
        school.staffed.desk(0).act(reference, command, None).unwrap();
    }
    school.go_round(&[40]);
    assert_eq!(school.came(), [2, 0, 1]);
    // The old one runs late for the lead alone.
    school.go_round(&[2 * DAY]);
    assert_eq!(school.came(), [2, 0, 2]);
}

#[test]
fn who_is_let_into_a_circle_is_told_of_nothing_that_they_are_kept_from() {
    let mut school = Reminding::new();
    let teacher = school.staffed.teacher;
    school.staffed.report("about the teacher", vec![(teacher, Part::InConflict)]);
    // The teacher becomes a deputy, and is let in before anybody was told.
    let (ledger, at) = (school.staffed.test.school.ledger().clone(), now());
    let deputy =
        RoleCommand::Appoint { role: Role::DeputyDsl, person: teacher, from: at, until: None, covers_for: None };
    school.staffed.authority.change(&ledger, &permit(Action::AssignRoles), &deputy, at).unwrap();
    school.staffed.authority.follow(&ledger).unwrap();
    holders::join(&school.staffed.test.school, teacher, PASSWORD, at).unwrap();
    let admitted = school.staffed.desk(0).admit(&permit(Action::ManageHolders), teacher).unwrap();
    assert!(!admitted.is_empty());
    school.go_round(&[0, DAY, 3 * DAY]);
    assert_eq!((school.came(), school.post.to("2@amberhill.example")), ([3, 0, 3], 0));
    // Of the next one they are.
    school.staffed.report("another", Vec::new());
    school.go_round(&[10 * DAY]);
    assert_eq!((school.came(), school.post.to("2@amberhill.example")), ([4, 0, 4], 1));
}

#[test]
fn however_much_there_is_it_is_one_mail_in_a_quarter_of_an_hour() {
    let mut school = Reminding::new();
    for words in ["one", "two", "three"] {
        school.staffed.report(words, Vec::new());
    }
    school.staffed.report("four", vec![(school.staffed.id(2), Part::Subject)]);
    let mut outbox = Outbox::new(school.staffed.test.school.ledger().clone(), &mut school.post);
    assert_eq!(outbox.go_round(after(0)).unwrap().sent, 2);
    school.staffed.report("five", Vec::new());
    assert_eq!(outbox.go_round(after(14)).unwrap().sent, 0);
    assert_eq!(outbox.go_round(after(15)).unwrap().sent, 2);
    assert_eq!(outbox.go_round(after(31)).unwrap().sent, 0);
    outbox.close();
    assert_eq!(school.came(), [2, 0, 2]);
}

#[test]
fn what_cannot_be_sent_waits_and_is_tried_in_growing_pauses() {
    let mut school = Reminding::new();
    school.staffed.report("one", Vec::new());
    school.post.broken = vec![HEAD.into(), LEAD.into()];
    let minutes: Vec<i64> = (0..60).collect();
    let rounds = school.go_round(&minutes);
    let tries = rounds.iter().map(|round| round.failed).sum::<usize>();
    assert!((10..30).contains(&tries), "{tries}");
    // The post of one is well again; the other's waits, also for a process that knows nothing of it. Nobody is told twice.
    school.post.broken = vec![HEAD.into()];
    school.go_round(&[61, 62]);
    school.go_round(&[100]);
    assert_eq!(school.came(), [0, 0, 1]);
    school.post.broken.clear();
    school.go_round(&[200]);
    assert_eq!(school.came(), [1, 0, 1]);
}

#[test]
fn who_has_no_address_is_named_to_nobody_and_not_forgotten() {
    let staffed = Staffed::with_addresses(Some(HEAD), None);
    let mut school = Reminding { staffed, post: Post::default() };
    let ledger = school.staffed.test.school.ledger().clone();
    let look = |school: &Reminding| Unreached::look(&ledger, &school.staffed.authority, now()).unwrap();
    // It is said whether anything is owed to them or not.
    let unreached = look(&school);
    assert_eq!((unreached.people, &unreached.keys[..]), (1, &["cases-head".to_owned()][..]));
    school.staffed.report("about the head", vec![(school.staffed.id(0), Part::Subject)]);
    assert_eq!(look(&school), unreached);
    school.go_round(&[0, DAY]);
    assert_eq!(school.came(), [0, 0, 0]);
    assert!(!ledger.journal().owed(after(0), 9).unwrap().is_empty());
}

#[test]
fn one_process_reminds_at_a_time() {
    let school = Reminding::new();
    school.staffed.report("one", Vec::new());
    let ledger = school.staffed.test.school.ledger();
    let (mut first, mut second) = (Post::default(), Post::default());
    let mut one = Outbox::new(ledger.clone(), &mut first);
    let mut other = Outbox::new(ledger.clone(), &mut second);
    assert_eq!(one.go_round(after(0)).unwrap().sent, 2);
    assert!(other.go_round(after(0)).unwrap().elsewhere);
    one.close();
    assert_eq!(other.go_round(after(0)).unwrap(), Round::default());
}

/// What becomes of a mail to an address, over a connection that is protected like this; and what the server got.
fn by_smtp(security: &str, to: &str) -> (Result<(), NotSent>, Vec<Mail>) {
    let server = MailServer::start();
    let port = server.port();
    let text = format!(
        "[school]\nname = \"A\"\n[mail]\nserver = \"127.0.0.1\"\nport = {port}\nsecurity = \"{security}\"\n\
         from = \"belisha@amberhill.example\""
    );
    let mail = settings(&text).mail.unwrap();
    let sent = Smtp::new(&mail, None).unwrap().remind(to);
    (sent, server.mails())
}

#[test]
fn nothing_is_sent_in_the_clear_where_it_is_to_be_encrypted() {
    let (sent, got) = by_smtp("none", HEAD);
    assert_eq!(sent, Ok(()));
    assert!(got[0].text.contains("Please sign in to Belisha and look.\r\n"), "{}", got[0].text);
    for security in ["tls", "starttls"] {
        assert_eq!(by_smtp(security, HEAD), (Err(NotSent::Unreachable), Vec::new()));
    }
}

#[test]
fn an_address_that_is_none_adds_no_line_to_a_mail() {
    for address in ["", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example>\r\n", "a b@c.example"] {
        assert_eq!(by_smtp("none", address), (Err(NotSent::Address), Vec::new()), "{address}");
    }
}

#[test]
fn what_is_done_is_late_no_more() {
    let mut school = Reminding::new();
    let reference = school.staffed.report("on a laptop that came back", Vec::new());
    let act = |school: &Reminding, command| school.staffed.desk(2).act(reference, command, None).unwrap();
    act(&school, Command::Suspect { first_seen: now() });
    school.go_round(&[1]);
    assert_eq!(school.came(), [1, 0, 1]);
    for body in [Body::Police, Body::Iwf, Body::LocalAuthority] {
        act(&school, Command::Settle { body, how: Settled::Told(None) });
    }
    school.go_round(&[30, 2 * DAY, 9 * DAY]);
    assert_eq!(school.came(), [1, 0, 1]);
}

#[test]
fn what_comes_to_other_people_is_new_to_them_and_late_for_nobody_else() {
    let mut school = Reminding::new();
    let reference = school.staffed.report("shopping in a lesson", Vec::new());
    school.go_round(&[0]);
    // From those who protect children to those who handle what pupils do. No clock runs any more.
    let sort = Command::Sort { category: "U8".parse().unwrap(), severity: None, track: "pupils".parse().unwrap() };
    let acted = school.staffed.desk(2).act(reference, sort, None).unwrap();
    assert!(!acted.is_out_of_sight);
    school.go_round(&[20, 2 * DAY, 9 * DAY]);
    assert_eq!(school.came(), [2, 0, 2]);
}
