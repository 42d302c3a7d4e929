//! Cases, as services hand them to console and command line.
//!
//! 1. What somebody adds while a case is carried on without somebody is not left behind.
//! 2. Two cases are linked, or neither of them is.

use belisha_formats::mis::claims::{AdultClaim, At, Claims, Said, SourceId};
use belisha_incident::{Command, Custody, Fact, Part, Power};
use belisha_policy::people::{Name, PersonKind};
use belisha_policy::roles::{Command as RoleCommand, Role};
use belisha_policy::{Action, PersonId};
use belisha_school::authority::Authority;
use belisha_school::cases::{CaseError, Desk, Reference, Report, report};
use belisha_school::founding::{First, found_school};
use belisha_school::holders;
use belisha_school::people::{apply, plan};
use belisha_school::sign_in::{Cost, SignIns, TotpSecret};
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};

use crate::people::{ADA, claims, contact, link, options, pupil};
use crate::support::{PASSWORD, TestSchool, at, permit};

/// A school with a head, a chair, a lead and a teacher, of whom the first three have keys.
pub(crate) struct Staffed {
    pub(crate) test: TestSchool,
    pub(crate) authority: Authority,
    pub(crate) people: [(PersonId, Unlocked); 3],
    pub(crate) teacher: PersonId,
}

/// On a Monday of term.
pub(crate) fn now() -> DateTime<Utc> {
    at("2026-05-18T09:00:00Z")
}

impl Staffed {
    pub(crate) fn new() -> Self {
        Self::with_addresses(None, None)
    }

    /// With these addresses of head and chair.
    pub(crate) fn with_addresses(head: Option<&str>, chair: Option<&str>) -> Self {
        let test = TestSchool::new();
        let (school, now) = (&test.school, now());
        let keys = school.ledger().keys();
        let sign_ins = SignIns::with_costs(school.credentials().unwrap(), keys.clone(), Cost::TESTS, Cost::TESTS);
        let first = |surname: &str, forename: &str, login: &str, email: Option<&str>| {
            let second_factor = TotpSecret::random().unwrap();
            let code = second_factor.code_at(now);
            let (surname, forename, password) = (surname.into(), forename.into(), PASSWORD.into());
            let (login, email) = (login.parse().unwrap(), email.map(str::to_owned));
            First { surname, forename, login, email, password, second_factor, code }
        };
        let (head, chair) = (first("Tolland", "Merrin", "head", head), first("Ashgrove", "Robin", "chair", chair));
        found_school(school, &sign_ins, &head, &chair, now).unwrap();
        let adult = |number: &str, surname: &str, forename: &str| AdultClaim {
            at: At { file: "staff.csv".into(), line: 2 },
            ids: [SourceId { system: "wonde-employee", id: number.into() }].into(),
            name: Name::new(surname, forename).unwrap(),
            kind: PersonKind::Teacher,
            title: None,
            login: Some(format!("{}.{}", forename.to_lowercase(), surname.to_lowercase()).parse().unwrap()),
            email: Some(format!("{number}@amberhill.example")),
            joined: None,
            left: Said::Unsaid,
        };
        let staff = Claims {
            source: "wonde".into(),
            adults: vec![adult("1", "Birch", "Sam"), adult("2", "Marsh", "Ivo")],
            ..Claims::default()
        };
        let mut authority = Authority::load(school.ledger()).unwrap();
        let planned = plan(authority.roll(), &staff, &options()).unwrap();
        apply(school.ledger(), authority.roll(), &planned, None, now).unwrap();
        authority.follow(school.ledger()).unwrap();
        let person = |authority: &Authority, login: &str| {
            let account = authority.roll().account(&login.parse().unwrap()).unwrap().clone();
            authority.person_of(&account).unwrap()
        };
        let [head, chair, lead, teacher] =
            ["head", "chair", "sam.birch", "ivo.marsh"].map(|login| person(&authority, login));
        let appoint = RoleCommand::Appoint { role: Role::Dsl, person: lead, from: now, until: None, covers_for: None };
        authority.change(school.ledger(), &permit(Action::AssignRoles), &appoint, now).unwrap();
        authority.follow(school.ledger()).unwrap();
        holders::join(school, lead, PASSWORD, now).unwrap();
        let unlocked = |person: PersonId| keys.unlock(&person.to_string(), PASSWORD).unwrap();
        let heads = unlocked(head);
        let desk = Desk { school, authority: &authority, person: head, unlocked: &heads, now };
        assert!(!desk.admit(&permit(Action::ManageHolders), lead).unwrap().is_empty());
        let people = [head, chair, lead].map(|person| (person, unlocked(person)));
        Self { test, authority, people, teacher }
    }

    /// The desk of head (0), chair (1) or lead (2).
    pub(crate) fn desk(&self, of: usize) -> Desk<'_> {
        let (person, unlocked) = self.people.get(of).unwrap();
        Desk { school: &self.test.school, authority: &self.authority, person: *person, unlocked, now: now() }
    }

    pub(crate) fn id(&self, of: usize) -> PersonId {
        self.people.get(of).unwrap().0
    }

    pub(crate) fn report(&self, words: &str, named: Vec<(PersonId, Part)>) -> Reference {
        let told = Report { first_known: now(), words: words.into(), danger: false, may_be_illegal: false, named };
        report(&self.test.school, &self.authority, self.teacher, told, None, now()).unwrap().reference
    }
}

fn evidence(description: &str) -> Command {
    Command::NoteEvidence { description: description.into(), reference: None, digest: None }
}

#[test]
fn what_is_added_in_the_moment_of_carrying_on_is_not_left_behind() {
    let staffed = Staffed::new();
    let (head, lead) = (staffed.desk(0), staffed.desk(2));
    let reference = staffed.report("messages late at night", Vec::new());
    let seen = head.show(reference, None).unwrap();
    lead.act(reference, evidence("a log of the messages"), None).unwrap();
    // The head names the lead, about a case of which they have not seen the last word.
    let name = Command::Name { person: staffed.id(2), part: Part::Subject };
    let done = head.act_on(&seen, name.clone(), None);
    assert!(matches!(done, Err(CaseError::Meanwhile)), "{done:?}");
    // Looked at again it is done, and the word is in both.
    head.act(reference, name, None).unwrap();
    for desk in [&head, &lead] {
        let branch = desk.show(reference, None).unwrap();
        let noted = |fact: &Fact| matches!(fact, Fact::EvidenceNoted { .. });
        assert_eq!(branch.events.iter().filter(|event| noted(&event.fact)).count(), 1);
    }
    // What comes later is in the one of whoever added it.
    lead.act(reference, evidence("of the lead"), None).unwrap();
    head.act(reference, evidence("of the head"), None).unwrap();
    let words = |desk: &Desk<'_>| format!("{:?}", desk.show(reference, None).unwrap().events);
    assert!(words(&head).contains("of the head") && !words(&head).contains("of the lead"));
    assert!(words(&lead).contains("of the lead") && !words(&lead).contains("of the head"));
}

#[test]
fn two_are_linked_or_neither() {
    let staffed = Staffed::new();
    let lead = staffed.desk(2);
    let (one, other) = (staffed.report("one", Vec::new()), staffed.report("other", Vec::new()));
    let links = |of: Reference| {
        let branch = lead.show(of, None).unwrap();
        branch.events.iter().filter(|event| matches!(event.fact, Fact::Linked { .. })).count()
    };
    let close = |of: Reference| {
        lead.act(
            of,
            Command::Sort { category: "U8".parse().unwrap(), severity: None, track: "pupils".parse().unwrap() },
            None,
        )
        .unwrap();
        for command in [Command::Conclude("false".parse().unwrap()), Command::AnswerReporter, Command::Close] {
            lead.act(of, command, None).unwrap();
        }
    };
    // The second is closed: nothing is written to the first either.
    close(other);
    assert!(lead.link(one, other).is_err());
    assert_eq!((links(one), links(other)), (0, 0));
    assert!(matches!(lead.link(one, one), Err(CaseError::Itself)));
    lead.act(other, Command::Reopen { reason: "it goes on".into() }, None).unwrap();
    lead.link(one, other).unwrap();
    assert_eq!((links(one), links(other)), (1, 1));
}

/// SC-15: a phone goes to the mother, whose identity was seen, and not to the father, against whom an order stands.
#[test]
fn nothing_is_given_to_somebody_against_whom_an_order_stands() {
    let staffed = Staffed::new();
    let family = Claims {
        contacts: vec![contact("10", "Ashgrove", "Morwen", ""), contact("11", "Ashgrove", "Piran", "")],
        links: vec![link("1", 0, Some(false)), link("1", 1, Some(true))],
        ..claims(vec![pupil(&ADA)])
    };
    let (ledger, mut authority) = (staffed.test.school.ledger(), staffed.authority.clone());
    let planned = plan(authority.roll(), &family, &options()).unwrap();
    apply(ledger, authority.roll(), &planned, None, now()).unwrap();
    authority.follow(ledger).unwrap();
    let who = |name: &str| {
        let called = authority.roll().called(name);
        let [one] = called.as_slice() else { unreachable!("{name}") };
        one.person.id
    };
    let desk = Desk { authority: &authority, ..staffed.desk(2) };
    let reference = staffed.report("a phone in the changing room", Vec::new());
    let does = |command: Command| desk.act(reference, command, None);
    does(Command::Name { person: who("Ada Ashgrove"), part: Part::Instigator }).unwrap();
    does(Command::Sort { category: "U10".parse().unwrap(), severity: None, track: "pupils".parse().unwrap() }).unwrap();
    let (bag, what) = ("014".to_owned(), "a phone".to_owned());
    let (custody, power) = (Custody::Confiscated, Power::On);
    does(Command::TakeDevice { bag, what, of: who("ada ashgrove"), custody, power, consent: false }).unwrap();
    let give = |to: PersonId| Command::ReturnDevice { bag: "014".into(), to, checked: "driving licence".into() };
    assert!(matches!(does(give(who("Piran Ashgrove"))), Err(CaseError::CourtOrder)));
    does(give(who("Morwen Ashgrove"))).unwrap();
    assert!(desk.show(reference, None).unwrap().case.devices().next().is_none());
}
