//! Cases, as services hand them to console and command line.
//!
//! 1. What somebody adds while a case is carried on without somebody is not left behind.
//! 2. Two cases are linked, or neither of them is.
//! 3. What is in the child-protection file of another system stands here in words no more, in any file.
//! 4. Whatever happens, what somebody keeps open and brings up to date is what they would read anew, and nothing else.

use belisha_formats::mis::claims::{AdultClaim, At, Claims, Said, SourceId};
use belisha_incident::{Body, Command, Custody, Fact, Part, Power, Refused, Settled};
use belisha_policy::people::{Name, PersonKind};
use belisha_policy::retention::{Keep, RecordClass};
use belisha_policy::roles::{Command as RoleCommand, Role};
use belisha_policy::{Action, PersonId};
use belisha_school::School;
use belisha_school::authority::Authority;
use belisha_school::cases::{CaseError, Desk, Kept, Reference, Register, Report, report};
use belisha_school::founding::{First, found_school};
use belisha_school::holders;
use belisha_school::people::{apply, plan};
use belisha_school::retention;
use belisha_school::sign_in::{Cost, SignIns, TotpSecret};
use belisha_store::StreamId;
use belisha_store::journal::Payload;
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};

use crate::people::{ADA, claims, contact, link, options, pupil};
use crate::support::{PASSWORD, SCHOOL, TestSchool, at, permit};

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
        let desk = Desk { school, authority: &authority, person: head, unlocked: &heads, now, kept: None };
        assert!(!desk.admit(&permit(Action::ManageHolders), lead).unwrap().is_empty());
        let people = [head, chair, lead].map(|person| (person, unlocked(person)));
        Self { test, authority, people, teacher }
    }

    /// The desk of head (0), chair (1) or lead (2).
    pub(crate) fn desk(&self, of: usize) -> Desk<'_> {
        let (person, unlocked) = self.people.get(of).unwrap();
        Desk {
            school: &self.test.school,
            authority: &self.authority,
            person: *person,
            unlocked,
            now: now(),
            kept: None,
        }
    }

    pub(crate) fn id(&self, of: usize) -> PersonId {
        self.people.get(of).unwrap().0
    }

    pub(crate) fn report(&self, words: &str, named: Vec<(PersonId, Part)>) -> Reference {
        let told = Report { first_known: now(), words: words.into(), named, ..Report::default() };
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

/// SC-04: a case is kept by when the children in it were born, and not by when it was closed; whatever is not known keeps it.
#[test]
fn a_case_is_kept_by_what_it_is_and_by_who_is_in_it() {
    let staffed = Staffed::new();
    let (ledger, mut authority) = (staffed.test.school.ledger(), staffed.authority.clone());
    let planned = plan(authority.roll(), &claims(vec![pupil(&ADA)]), &options()).unwrap();
    apply(ledger, authority.roll(), &planned, None, now()).unwrap();
    authority.follow(ledger).unwrap();
    let ada = match authority.roll().called("Ada Ashgrove").as_slice() {
        [one] => one.person.id,
        others => unreachable!("{}", others.len()),
    };
    let desk = Desk { authority: &authority, ..staffed.desk(0) };
    let told = |category: &str, track: &str, part: Option<(PersonId, Part)>| {
        let reference = staffed.report("something", part.into_iter().collect());
        let (category, track) = (category.parse().unwrap(), track.parse().unwrap());
        desk.act(reference, Command::Sort { category, severity: None, track }, None).unwrap();
        assert_eq!(desk.keeping(&desk.show(reference, None).unwrap()).1, Keep::WhileOpen);
        desk.act(reference, Command::Conclude("substantiated".parse().unwrap()), None).unwrap();
        for owed in desk.show(reference, None).unwrap().case.owed() {
            let how = Settled::NotApplicable("nothing for them".into());
            desk.act(reference, Command::Settle { body: owed.duty.body, how }, None).unwrap();
        }
        for child in part.into_iter().filter(|(_, part)| part.is_of_pupil()).map(|(child, _)| child) {
            desk.act(reference, Command::Support { person: child, how: "a talk".into() }, None).unwrap();
            desk.act(reference, Command::TellParents(child), None).unwrap();
        }
        desk.act(reference, Command::AnswerReporter, None).unwrap();
        desk.act(reference, Command::Close, None).unwrap();
        desk.keeping(&desk.show(reference, None).unwrap())
    };
    let day = |text: &str| text.parse().unwrap();
    let victim = Some((ada, Part::Victim));
    // Twenty-five years after 22 March 2017; a person decides.
    let protection = (RecordClass::SafeguardingIncident, Keep::ReviewOn(day("2042-03-22")));
    assert_eq!(told("N4", "pupils", victim), protection);
    assert_eq!(told("I7", "pupils", victim), (RecordClass::SexualAbuse, Keep::ReviewOn(day("2101-05-19"))));
    let (pupils, nobody) = ("the day on which the pupil left", "the date of birth");
    assert_eq!(told("N5", "pupils", victim), (RecordClass::PupilIncident, Keep::WhileFactMissing(pupils)));
    assert_eq!(told("N4", "pupils", None), (RecordClass::SafeguardingIncident, Keep::WhileFactMissing(nobody)));
    let subject = Some((staffed.teacher, Part::Subject));
    assert_eq!(told("S2", "staff", subject).0, RecordClass::LowLevelConcern);
    assert_eq!(told("U8", "staff", subject).0, RecordClass::StaffAllegation);
}

/// What the lead's key opens of the events of a stream, and of how many nothing is left.
fn opened(school: &School, stream: StreamId, with: &Unlocked) -> (String, usize) {
    let (mut says, mut erased) = (String::new(), 0);
    for event in school.ledger().journal().events(1).map(Result::unwrap).filter(|event| event.stream == stream) {
        match &event.payload {
            Payload::Sealed { key, bytes } => {
                let plain = school.ledger().keys().open(stream, *key, bytes, with).unwrap();
                says += core::str::from_utf8(&plain).unwrap();
            }
            Payload::Open(_) => unreachable!("a case is sealed"),
            Payload::Erased => erased += 1,
        }
    }
    (says, erased)
}

/// Decisions 13: another system has the child-protection file.
#[test]
fn words_that_the_file_elsewhere_has_are_erased_here() {
    let staffed = Staffed::new();
    let elsewhere = SCHOOL.replacen("[school]", "[school]\ncp_record = \"elsewhere\"", 1);
    let school = staffed.test.again(&elsewhere);
    let (kept, lead) = (Kept::default(), &staffed.people[2].1);
    let desk = Desk { school: &school, kept: Some(&kept), ..staffed.desk(2) };
    staffed.report("something else", Vec::new());
    let reference = staffed.report("a canary in the coal mine", Vec::new());
    let stream = last_case(&staffed);
    let does = |command: Command| desk.act(reference, command, None);
    does(Command::Name { person: staffed.teacher, part: Part::Victim }).unwrap();
    let (category, track) = ("N4".parse().unwrap(), "pupils".parse().unwrap());
    does(Command::Sort { category, severity: None, track }).unwrap();
    does(Command::Support { person: staffed.teacher, how: "a canary again".into() }).unwrap();
    let referral = desk.refer(reference, Body::ProtectionFile, None).unwrap();
    assert!(referral.html.contains("For the child-protection file") && referral.html.contains("a canary in the coal"));
    assert!(matches!(does(Command::TakeOutWords), Err(CaseError::Refused(Refused::NotInFile))));
    let how = Settled::Told(Some("CP-26-114".into()));
    does(Command::Settle { body: Body::ProtectionFile, how }).unwrap();
    does(Command::Hear { body: Body::ProtectionFile, what: "received by their office".into() }).unwrap();
    assert!(opened(&school, stream, lead).0.contains("canary"));
    does(Command::TakeOutWords).unwrap();
    let (says, erased) = opened(&school, stream, lead);
    assert!(!says.contains("canary") && says.contains("CP-26-114") && erased > 5, "{erased}: {says}");
    // What is kept open, what is read anew, and what is added afterwards.
    does(Command::TellParents(staffed.teacher)).unwrap();
    let anew = Desk { kept: None, ..desk };
    let [here, there] = [desk, anew].map(|desk| format!("{:?}", desk.show(reference, None).unwrap()));
    assert_eq!(here, there);
    assert!(!here.contains("canary") && here.contains("CP-26-114") && here.contains("here no more"), "{here}");
    does(evidence("another canary")).unwrap();
    does(Command::TakeOutWords).unwrap();
    does(Command::TakeOutWords).unwrap();
    let (says, now_erased) = opened(&school, stream, lead);
    assert!(!says.contains("canary") && now_erased > erased, "{says}");
    assert_eq!(desk.show(reference, None).unwrap().events.len(), anew.show(reference, None).unwrap().events.len());
    assert!(school.ledger().journal().verify().is_ok());
    // Who is kept away from then on finds it as it was, without the words; the others go on.
    let head = Desk { school: &school, ..staffed.desk(0) };
    let name = Command::Name { person: staffed.id(2), part: Part::Subject };
    head.act(reference, name, None).unwrap();
    head.act(reference, evidence("a third canary"), None).unwrap();
    head.act(reference, Command::TakeOutWords, None).unwrap();
    let [of_lead, heads] = [desk, head].map(|desk| format!("{:?}", desk.show(reference, None).unwrap().events));
    assert!(!heads.contains("canary") && heads.contains("Subject"), "{heads}");
    assert!(!of_lead.contains("Subject"), "{of_lead}");
}

/// What head, chair and lead keep open.
#[derive(Default)]
struct Following {
    registers: [Register; 3],
    kept: [Kept; 3],
}

impl Following {
    /// Brings all up to date, and holds it against what is read anew. Gives how many cases each of them sees.
    fn is_as_read_anew(&mut self, staffed: &Staffed) -> [usize; 3] {
        let ledger = staffed.test.school.ledger();
        let Self { registers, kept } = self;
        let mut each = kept.iter().enumerate();
        registers.each_mut().map(|register| {
            let (of, kept) = each.next().unwrap();
            let desk = staffed.desk(of);
            register.follow(ledger, desk.unlocked).unwrap();
            let anew = Register::load_open(ledger, desk.unlocked).unwrap();
            let shown = |register: &Register| format!("{:#?}", register.branches().collect::<Vec<_>>());
            assert_eq!(shown(register), shown(&anew));
            let keeping = Desk { kept: Some(kept), ..desk };
            assert_eq!(format!("{:?}", keeping.list().unwrap()), format!("{:?}", desk.list().unwrap()));
            for branch in register.branches() {
                let found = |desk: &Desk<'_>| format!("{:?}", desk.show(branch.reference, Some("to compare them")));
                assert_eq!(found(&keeping), found(&desk));
            }
            anew.branches().count()
        })
    }
}

/// The stream of the case that was told of last: its list was told before, and its receipt after.
fn last_case(staffed: &Staffed) -> StreamId {
    let journal = staffed.test.school.ledger().journal();
    let told: Vec<_> = journal.events(1).map(Result::unwrap).collect();
    let incident = RecordClass::SafeguardingIncident.id();
    let [.., list, case, _] = &told[..] else { unreachable!("a case was told of") };
    assert!((list.class, case.class) == (incident, incident) && list.version > 1 && case.version == 1);
    case.stream
}

#[test]
fn what_is_followed_is_what_is_read_anew() {
    let mut staffed = Staffed::new();
    let (mut following, mut now_and_then) = (Following::default(), Following::default());
    assert_eq!(following.is_as_read_anew(&staffed), [0, 0, 0]);
    let (one, two, three) =
        (staffed.report("one", Vec::new()), staffed.report("two", Vec::new()), staffed.report("three", Vec::new()));
    let mut sees = following.is_as_read_anew(&staffed);
    assert_eq!(sees, now_and_then.is_as_read_anew(&staffed));
    assert_eq!(sees, [3, 0, 3]);
    let is = |following: &mut Following, staffed: &Staffed, expected: [usize; 3]| {
        assert_eq!(following.is_as_read_anew(staffed), expected);
    };
    // More and more happens.
    staffed.desk(2).act(one, evidence("a log"), None).unwrap();
    is(&mut following, &staffed, sees);
    staffed.desk(0).link(one, two).unwrap();
    is(&mut following, &staffed, sees);
    // It is about a teacher: those who handle cases of staff have it from now on, and the lead has it no more.
    let name = |person, part| Command::Name { person, part };
    staffed.desk(0).act(two, name(staffed.teacher, Part::Subject), None).unwrap();
    sees = following.is_as_read_anew(&staffed);
    // It goes on without the lead, who finds it as it was, and adds to that.
    staffed.desk(0).act(three, name(staffed.id(2), Part::Subject), None).unwrap();
    is(&mut following, &staffed, sees);
    for of in [0, 2] {
        staffed.desk(of).act(three, evidence("seen by one of them"), None).unwrap();
        is(&mut following, &staffed, sees);
    }
    // Somebody is let in, and a case from which they are kept away has a circle of its own before.
    let head = staffed.id(0);
    staffed.desk(0).act(one, name(staffed.teacher, Part::InConflict), None).unwrap();
    let deputy = RoleCommand::Appoint {
        role: Role::DeputyDsl,
        person: staffed.teacher,
        from: now(),
        until: None,
        covers_for: None,
    };
    let school = &staffed.test.school;
    staffed.authority.change(school.ledger(), &permit(Action::AssignRoles), &deputy, now()).unwrap();
    staffed.authority.follow(school.ledger()).unwrap();
    holders::join(school, staffed.teacher, PASSWORD, now()).unwrap();
    assert!(!staffed.desk(0).admit(&permit(Action::ManageHolders), staffed.teacher).unwrap().is_empty());
    is(&mut following, &staffed, sees);
    let teachers = school.ledger().keys().unlock(&staffed.teacher.to_string(), PASSWORD).unwrap();
    // Who took over the seat of the head keeps nothing of the head's open.
    let kept = Kept::default();
    let heads = Desk { kept: Some(&kept), ..staffed.desk(0) };
    assert_eq!(heads.list().unwrap().len(), sees[0]);
    let teacher = Desk { person: staffed.teacher, unlocked: &teachers, ..heads };
    let anew = Desk { kept: None, ..teacher };
    assert_eq!(format!("{:?}", teacher.list().unwrap()), format!("{:?}", anew.list().unwrap()));
    assert!(head != staffed.teacher && teacher.list().unwrap().len() < sees[0]);
    // What is erased is held no more, and what comes after it is.
    let four = staffed.report("a canary in the coal mine", Vec::new());
    let stream = last_case(&staffed);
    assert_eq!(following.is_as_read_anew(&staffed), [sees[0] + 1, sees[1], sees[2] + 1]);
    let (school, erase) = (&staffed.test.school, permit(Action::EraseRecord));
    retention::erase_by_decision(school, &erase, stream, "told of by mistake", now()).unwrap();
    is(&mut following, &staffed, sees);
    assert!(!format!("{:?}", following.registers).contains("canary"));
    assert!(matches!(staffed.desk(0).show(four, None), Err(CaseError::NotFound)));
    staffed.report("five", Vec::new());
    sees = [sees[0] + 1, sees[1], sees[2] + 1];
    is(&mut following, &staffed, sees);
    // All of it at once comes to the same.
    is(&mut now_and_then, &staffed, sees);
    // What is closed is open here no more; what is opened again is.
    let six = staffed.report("six", Vec::new());
    let close = |staffed: &Staffed| {
        let (category, track) = ("U8".parse().unwrap(), "pupils".parse().unwrap());
        let sort = Command::Sort { category, severity: None, track };
        let conclude = Command::Conclude("false".parse().unwrap());
        for command in [sort, conclude, Command::AnswerReporter, Command::Close] {
            staffed.desk(0).act(six, command, None).unwrap();
        }
    };
    close(&staffed);
    is(&mut following, &staffed, sees);
    let closed = |staffed: &Staffed| {
        let desk = staffed.desk(0);
        let (counted, shown) = desk.list_closed(|rows| 0..rows).unwrap();
        let shown: Vec<_> = shown.iter().map(|branch| branch.reference).collect();
        assert_eq!(shown.len(), counted);
        shown
    };
    assert_eq!(closed(&staffed), [six]);
    assert!(staffed.desk(0).list().unwrap().iter().any(|branch| branch.reference == six));
    staffed.desk(0).act(six, Command::Reopen { reason: "more was said".into() }, None).unwrap();
    assert!(closed(&staffed).is_empty());
    is(&mut following, &staffed, [sees[0] + 1, sees[1], sees[2] + 1]);
    is(&mut now_and_then, &staffed, [sees[0] + 1, sees[1], sees[2] + 1]);
    // Of a stream that goes on without somebody they see what they saw: it is closed to them, and open to the others.
    let conclude = Command::Conclude("false".parse().unwrap());
    for command in [conclude, Command::Close] {
        staffed.desk(0).act(six, command, None).unwrap();
    }
    staffed.desk(0).act(six, Command::Reopen { reason: "it is about the lead".into() }, None).unwrap();
    staffed.desk(0).act(six, name(staffed.id(2), Part::Subject), None).unwrap();
    is(&mut following, &staffed, [sees[0] + 1, sees[1], sees[2] + 1]);
    is(&mut now_and_then, &staffed, [sees[0] + 1, sees[1], sees[2] + 1]);
}

/// Events of journals that were begun before there was more to say are read, and nothing is made up for them.
#[test]
fn what_was_written_with_fewer_fields_is_read() {
    let old = r#"{"at":"2026-03-01T10:00:00Z","by":null,"fact":{"described":{"by":["staff"],"place":"outside"}}}"#;
    let event: belisha_incident::Event = serde_json::from_str(old).unwrap();
    let Fact::Described(circumstances) = &event.fact else { unreachable!("{event:?}") };
    assert!(circumstances.breaches.is_empty() && circumstances.by.len() == 1);
    assert_eq!(serde_json::to_string(&event).unwrap(), old);
}
