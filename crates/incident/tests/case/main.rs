//! Cases, from the first word to the last.
//!
//! - What is held stays held, whatever anybody does, until two lift it with a note of the police (DESIGN §6.5).
//! - Whoever it is about is kept away from that moment on (DESIGN §6.3), and so is whoever is in conflict.
//! - A report is always taken.
//! - A case closes only when everything that it asks for is done.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod announcing;
mod circumstances;
mod file;
mod steps;
mod tally;

use belisha_incident::{
    Body, Case, Category, Circumstances, Command, CpRecord, Custody, Doer, Event, Exported, Fact, Gap, HarmTest,
    Imported, Matter, Outcome, Part, Power, Recipient, Refused, Remedy, Settled, Severity, Stage, Terms, Track, decide,
};
use belisha_policy::calendar::Calendar;
use belisha_policy::directory::SchoolKind;
use belisha_policy::may::{Answer, CaseState, Handlers, OutsideBody, Standing, Topic, handlers, may};
use belisha_policy::roles::{Role, RoleSet};
use belisha_policy::{Action, Attribution, Permit, PersonId, WrongPermit};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

const fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

const HEAD: PersonId = person(1);
const LEAD: PersonId = person(2);
const CHILD: PersonId = person(3);
const OTHER: PersonId = person(4);
const TEACHER: PersonId = person(5);
const CHAIR: PersonId = person(6);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn reported(first_known: DateTime<Utc>, named: &[(PersonId, Part)]) -> Command {
    let words = "what I saw".into();
    Command::Report { first_known, words, danger: false, matter: None, done_by: None, named: named.into() }
}

/// A case and what happened in it.
struct Told {
    case: Case,
    events: Vec<Event>,
    now: DateTime<Utc>,
    terms: Terms,
}

impl Told {
    fn at(now: &str) -> Self {
        Self { case: Case::default(), events: Vec::new(), now: at(now), terms: Terms::default() }
    }

    fn try_by(&mut self, who: PersonId, command: Command) -> Result<(), Refused> {
        let permit = Permit::for_tests(who, command.action(), self.now);
        self.with(command, &permit)
    }

    fn with(&mut self, command: Command, permit: &Permit) -> Result<(), Refused> {
        for event in decide(&self.case, &self.terms, command, permit)? {
            self.case.evolve(&event);
            if event.fact == Fact::WordsTakenOut {
                self.events.iter_mut().for_each(|before| *before = before.without_words());
            }
            self.events.push(event);
        }
        assert_eq!(Case::of(&self.events), self.case, "a case is what its events say");
        Ok(())
    }

    fn by(&mut self, who: PersonId, command: Command) {
        let said = format!("{command:?}");
        self.try_by(who, command).unwrap_or_else(|refused| panic!("{said}: {refused}"));
    }

    fn report(&mut self, who: PersonId) {
        self.by(who, reported(self.now, &[]));
    }

    fn sort(&mut self, category: Category, track: Track) {
        self.by(LEAD, Command::Sort { category, severity: None, track });
    }

    fn owed_to(&self) -> Vec<Body> {
        self.case.owed().map(|owed| owed.duty.body).collect()
    }

    fn due(&self, body: Body) -> DateTime<Utc> {
        let owed = self.case.owed().find(|owed| owed.duty.body == body).unwrap();
        Calendar::starter().due(owed.duty.within, owed.since).unwrap()
    }
}

#[test]
fn sc_01_what_is_about_the_head_is_due_over_easter_to_chair_and_lado() {
    let mut told = Told::at("2026-04-02T16:40:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: HEAD, part: Part::Subject });
    told.sort(Category::AboutTheHead, Track::Staff);
    assert_eq!(told.owed_to(), [Body::Chair, Body::Lado]);
    // The end of Tuesday: Friday and Monday are holidays.
    assert_eq!(told.due(Body::Lado), at("2026-04-07T23:00:00Z"));
    assert!(told.case.is_kept_away(HEAD));
    assert!(told.case.relation(HEAD).subject && !told.case.is_kept_away(TEACHER));
    let refused = told.try_by(LEAD, Command::Inquire { with: TEACHER });
    assert_eq!(refused, Err(Refused::LadoFirst));
}

#[test]
fn sc_02_who_told_of_it_and_comes_to_be_the_subject_is_kept_away() {
    let mut told = Told::at("2026-05-11T08:00:00Z");
    told.report(LEAD);
    assert!(told.case.relation(LEAD).own && !told.case.is_kept_away(LEAD));
    told.now += TimeDelta::hours(2);
    told.by(TEACHER, reported(told.now, &[(LEAD, Part::Subject)]));
    told.by(HEAD, Command::Sort { category: Category::StaffHarm, severity: None, track: Track::Staff });
    assert!(told.case.is_kept_away(LEAD));
    assert_eq!(told.due(Body::Lado), at("2026-05-12T23:00:00Z"), "the clock begins with the second report");
}

#[test]
fn what_may_be_illegal_is_referred_and_not_exported_and_what_is_closed_can_be() {
    let mut told = Told::at("2026-05-11T08:00:00Z");
    told.report(TEACHER);
    let export = |name: &str| {
        let (export, to, because) = (name.to_owned(), "Hill School".to_owned(), "The pupil moves".to_owned());
        Command::Export(Exported { export, recipient: Recipient::School, to, because, files: Vec::new() })
    };
    let refer = |body| Command::Refer { body, digest: [1; 32] };
    let receive = || Command::Receive { export: "EX-1".into(), by: "Office".into(), on: told_on() };
    assert_eq!(told.try_by(LEAD, refer(Body::Police)), Err(Refused::NotOwed(Body::Police)));
    assert_eq!(told.try_by(LEAD, refer(Body::Head)), Err(Refused::Inside(Body::Head)));
    told.by(TEACHER, Command::Suspect { first_seen: told.now });
    told.by(LEAD, refer(Body::Police));
    assert!(told.owed_to().contains(&Body::Police), "a document settles nothing");
    assert_eq!(told.try_by(LEAD, export("EX-1")), Err(Refused::NotExported));
    let mut closed = Told::at("2026-05-11T08:00:00Z");
    closed.report(TEACHER);
    closed.sort(Category::Accident, Track::Pupils);
    closed.by(LEAD, Command::Conclude(Outcome::Unfounded));
    closed.by(LEAD, Command::AnswerReporter);
    closed.by(LEAD, Command::Close);
    assert_eq!(closed.try_by(LEAD, receive()), Err(Refused::NoExport));
    closed.by(LEAD, export("EX-1"));
    closed.by(LEAD, receive());
    assert_eq!(closed.try_by(LEAD, receive()), Err(Refused::NoExport), "it is received once");
    assert!(closed.case.is_closed());
}

fn told_on() -> chrono::NaiveDate {
    at("2026-05-12T00:00:00Z").date_naive()
}

#[test]
fn what_belongs_together_keeps_the_same_people_away() {
    let mut told = Told::at("2026-05-11T08:00:00Z");
    told.report(CHILD);
    let kept_away = vec![LEAD];
    told.by(HEAD, Command::Link { to: "K7QF2-M9X4D".into(), kept_away: kept_away.clone() });
    assert!(told.case.is_kept_away(LEAD) && !told.case.is_kept_away(HEAD));
    told.by(HEAD, Command::Link { to: "AAAAA-BBBBB".into(), kept_away });
    assert_eq!(told.case.parts().count(), 1, "once is enough");
}

#[test]
fn who_is_in_danger_now_is_for_social_care_at_once() {
    let mut told = Told::at("2026-05-11T08:00:00Z");
    let danger = Command::Report {
        first_known: told.now,
        words: "now".into(),
        danger: true,
        matter: Some(Matter::Misuse),
        done_by: None,
        named: vec![],
    };
    told.by(CHILD, danger);
    assert_eq!(told.owed_to(), [Body::Dsl, Body::SocialCare]);
    assert_eq!(told.due(Body::SocialCare), at("2026-05-11T08:15:00Z"));
}

#[test]
fn sc_03_and_sc_04_what_may_be_illegal_is_held_given_to_the_police_and_comes_back_as_the_same_case() {
    let mut told = Told::at("2026-03-03T10:12:00Z");
    told.report(TEACHER);
    let first_seen = told.now;
    told.by(TEACHER, Command::Suspect { first_seen });
    assert_eq!(told.case.state(), CaseState::Held);
    assert_eq!(told.owed_to(), [Body::Police, Body::Iwf, Body::LocalAuthority]);
    assert_eq!(told.due(Body::Iwf), at("2026-03-03T10:27:00Z"));
    told.by(LEAD, Command::ConfirmHold);
    assert!(told.case.is_hold_confirmed());
    for command in [
        Command::Close,
        Command::TellParents(CHILD),
        Command::Conclude(Outcome::False),
        Command::Inquire { with: HEAD },
        Command::Sort { category: Category::Shopping, severity: None, track: Track::Pupils },
    ] {
        assert_eq!(told.try_by(LEAD, command), Err(Refused::Held));
    }
    let digest = Command::NoteEvidence { description: "a laptop".into(), reference: None, digest: Some([7; 32]) };
    assert_eq!(told.try_by(LEAD, digest), Err(Refused::NoCopies));
    told.by(LEAD, Command::NoteEvidence { description: "a laptop, sealed".into(), reference: None, digest: None });
    told.by(LEAD, Command::Settle { body: Body::Iwf, how: Settled::NotApplicable("no public address".into()) });
    told.by(LEAD, Command::Settle { body: Body::Police, how: Settled::Told(Some("26/1".into())) });
    told.by(LEAD, Command::GiveToPolice { reference: "26/1".into() });
    let back = Command::Return { note: "no further action, 26/1".into() };
    let alone = Permit::for_tests(LEAD, back.action(), told.now);
    assert!(matches!(told.with(back.clone(), &alone), Err(Refused::Permit(WrongPermit::Alone(_)))));
    told.now += TimeDelta::days(61);
    let two = Permit::for_tests(LEAD, back.action(), told.now).and_for_tests(HEAD);
    told.with(back, &two).unwrap();
    assert_eq!((told.case.stage(), told.case.state()), (Stage::Returned, CaseState::Open));
    told.sort(Category::AbuseImages, Track::Pupils);
    assert_eq!(told.case.stage(), Stage::Sorted(Track::Pupils), "it is not held again for what the police have seen");
    assert_eq!(told.case.first_known(), Some(first_seen));
    assert_eq!(told.case.settled().count(), 2, "what was settled stays so");
    assert!(told.owed_to().contains(&Body::LocalAuthority));
}

#[test]
fn a_pupils_case_closes_when_all_is_done() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(OTHER);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Victim });
    told.by(LEAD, Command::Name { person: OTHER, part: Part::Instigator });
    told.sort(Category::Pornography, Track::Pupils);
    assert_eq!(told.case.sorted(), Some((Category::Pornography, Severity::NextSchoolDay)));
    assert_eq!(told.owed_to(), [Body::Dsl]);
    let missing = [Gap::Owed(Body::Dsl), Gap::Parents, Gap::Support, Gap::Outcome, Gap::Answer];
    assert_eq!(told.try_by(LEAD, Command::Close), Err(Refused::Missing(missing.into())));
    told.by(LEAD, Command::Settle { body: Body::Dsl, how: Settled::Told(None) });
    assert_eq!(
        told.try_by(LEAD, Command::Settle { body: Body::Dsl, how: Settled::Told(None) }),
        Err(Refused::NotOwed(Body::Dsl))
    );
    told.by(LEAD, Command::TellParents(CHILD));
    let silent = Command::DeferParents { child: OTHER, reason: " ".into() };
    assert_eq!(told.try_by(LEAD, silent), Err(Refused::NoReason));
    told.by(LEAD, Command::DeferParents { child: OTHER, reason: "advice of social care".into() });
    told.by(LEAD, Command::Support { person: CHILD, how: "a talk every week".into() });
    told.by(LEAD, Command::Inquire { with: TEACHER });
    let sanction =
        |person, attribution| Command::Remedy { person, remedy: Remedy::Detention, attribution, because: None };
    for (person, attribution, refused) in [
        (OTHER, Attribution::ClassAccount, Refused::Unsure),
        (OTHER, Attribution::CredentialInDoubt, Refused::Unsure),
        (CHILD, Attribution::Individual, Refused::NoPart),
    ] {
        assert_eq!(told.try_by(LEAD, sanction(person, attribution)), Err(refused));
    }
    told.by(LEAD, sanction(OTHER, Attribution::Individual));
    told.by(LEAD, Command::Conclude(Outcome::Substantiated));
    told.by(LEAD, Command::AnswerReporter);
    told.by(LEAD, Command::Close);
    assert_eq!(told.try_by(LEAD, Command::AnswerReporter), Err(Refused::Closed));
    told.report(TEACHER);
    told.by(LEAD, Command::Reopen { reason: "more is known".into() });
    assert_eq!(told.case.stage(), Stage::Sorted(Track::Pupils));
    assert_eq!(told.try_by(LEAD, Command::Reopen { reason: "again".into() }), Err(Refused::Open));
}

/// disciplinary action is for staff, as detention is for pupils, and it stays known of the case.
#[test]
fn what_is_done_about_staff_is_not_done_about_pupils() {
    let step = |person, remedy| Command::Remedy {
        person,
        remedy,
        attribution: Attribution::Individual,
        because: Some("the rules for staff".into()),
    };
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(CHILD);
    told.by(HEAD, Command::Name { person: TEACHER, part: Part::Subject });
    told.by(HEAD, Command::Name { person: OTHER, part: Part::Instigator });
    told.sort(Category::StaffLowLevel, Track::Staff);
    for remedy in Remedy::ALL.iter().copied() {
        let (right, wrong) = if remedy.is_of_adults() { (TEACHER, OTHER) } else { (OTHER, TEACHER) };
        assert_eq!(told.try_by(HEAD, step(wrong, remedy)), Err(Refused::OfOthers(remedy)));
        told.by(HEAD, step(right, remedy));
    }
    assert!(told.case.remedies().eq(Remedy::ALL.iter().copied()) && Remedy::Disciplinary.is_of_adults());
}

#[test]
fn the_head_alone_suspends_and_nobody_is_punished_for_telling_of_an_accident() {
    let (remedy, attribution) = (Remedy::Suspension, Attribution::Individual);
    let suspend = Command::Remedy { person: OTHER, remedy, attribution, because: None };
    assert_eq!(suspend.action(), Action::SuspendPerson);
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(OTHER);
    told.by(LEAD, Command::Name { person: OTHER, part: Part::Instigator });
    told.sort(Category::Accident, Track::Pupils);
    assert_eq!(told.try_by(HEAD, suspend), Err(Refused::SelfReport));
}

/// what is about staff is the head's, and what is about the head the chair's and the local authority's.
#[test]
fn whom_it_is_about_says_who_handles_it() {
    let standing = |who, roles: &[Role]| Standing::of(who, RoleSet::of(roles));
    let people = [
        standing(HEAD, &[Role::Staff, Role::Head]),
        standing(LEAD, &[Role::Staff, Role::Dsl]),
        standing(CHAIR, &[Role::Governor, Role::Chair]),
        standing(TEACHER, &[Role::Staff]),
    ];
    let roles = |who: PersonId| match who {
        HEAD => RoleSet::of(&[Role::Staff, Role::Head]),
        LEAD => RoleSet::of(&[Role::Staff, Role::Dsl]),
        CHAIR => RoleSet::of(&[Role::Governor, Role::Chair]),
        TEACHER => RoleSet::of(&[Role::Staff]),
        _ => RoleSet::EMPTY,
    };
    for (subject, topic, found) in [
        (HEAD, Topic::HeadIncident, Some(CHAIR)),
        (LEAD, Topic::DslIncident, Some(HEAD)),
        (TEACHER, Topic::StaffIncident, Some(HEAD)),
        (OTHER, Topic::StaffIncident, Some(HEAD)),
    ] {
        let mut told = Told::at("2026-03-03T10:00:00Z");
        told.report(CHILD);
        assert_eq!(told.case.topic(roles), Topic::ProtectionIncident, "what nobody has sorted may be anything");
        told.by(LEAD, Command::Name { person: subject, part: Part::Subject });
        assert_eq!(told.case.topic(roles), topic);
        let away: Vec<PersonId> = told.case.kept_away().collect();
        assert_eq!(away, [subject]);
        let handlers = handlers(topic, &people, &away, SchoolKind::Maintained, told.now);
        assert_eq!(handlers, found.map_or(Handlers::Outside(OutsideBody::Lado), |who| Handlers::People(vec![who])));
        let view = may(
            &standing(subject, &[Role::Staff, Role::Head]),
            Action::ViewIncident,
            &told.case.about(subject, roles),
            told.now,
        );
        assert_eq!(view, Answer::NotFound);
    }
}

#[test]
fn nobody_at_the_school_is_left_where_head_and_chair_are_in_it() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: HEAD, part: Part::Subject });
    told.by(LEAD, Command::Name { person: CHAIR, part: Part::InConflict });
    let away: Vec<PersonId> = told.case.kept_away().collect();
    let people = [
        Standing::of(HEAD, RoleSet::of(&[Role::Staff, Role::Head])),
        Standing::of(CHAIR, RoleSet::of(&[Role::Governor, Role::Chair])),
    ];
    let answer = handlers(Topic::HeadIncident, &people, &away, SchoolKind::Maintained, told.now);
    assert_eq!(answer, Handlers::Outside(OutsideBody::Lado));
}

/// What another system had stays as it was there: it can be looked at, linked and described, and somebody who is in it can be
/// named, who is then kept away as from any other. Nothing is owed for it, whatever is named.
#[test]
fn what_was_brought_from_another_system_stays_as_it_was() {
    let mut told = Told::at("2026-11-25T10:00:00Z");
    let imported = Imported {
        system: "cpoms".into(),
        id: Some("17".into()),
        happened: at("2021-03-04T09:02:00Z"),
        words: "what they wrote".into(),
        category: "Bullying".into(),
        status: "Open".into(),
        also: Vec::new(),
        row_digest: [1; 32],
        line: 2,
        file: "log.csv".into(),
        file_digest: [2; 32],
        replaces: None,
    };
    let facts = [Fact::Imported(Box::new(imported)), Fact::Named { person: CHILD, part: Part::Mentioned }];
    for fact in facts {
        let event = Event { at: told.now, by: None, fact };
        told.case.evolve(&event);
        told.events.push(event);
    }
    assert_eq!((told.case.stage(), told.case.first_known()), (Stage::Archived, Some(at("2021-03-04T09:02:00Z"))));
    assert_eq!(told.case.topic(|_| RoleSet::EMPTY), Topic::ProtectionIncident);
    assert!(!told.case.is_kept_away(CHILD), "who is mentioned did nothing that is known");
    let evidence = |digest| Command::NoteEvidence { description: "a letter".into(), reference: None, digest };
    told.by(LEAD, evidence(None));
    assert_eq!(told.try_by(LEAD, evidence(Some([0; 32]))), Err(Refused::NoCopies));
    told.by(LEAD, Command::Link { to: "other".into(), kept_away: vec![OTHER] });
    told.by(LEAD, Command::Name { person: TEACHER, part: Part::Subject });
    assert!(told.case.is_kept_away(TEACHER) && told.case.is_kept_away(OTHER));
    assert_eq!(told.case.topic(|_| RoleSet::EMPTY), Topic::StaffIncident);
    for command in [
        reported(told.now, &[]),
        Command::Suspect { first_seen: told.now },
        Command::Sort { category: Category::Grooming, severity: None, track: Track::Pupils },
        Command::Support { person: CHILD, how: "a talk".into() },
        Command::Reopen { reason: "it goes on".into() },
        Command::Close,
    ] {
        assert_eq!(told.try_by(LEAD, command.clone()), Err(Refused::Archived), "{command:?}");
    }
    assert!(told.case.gaps().is_empty() && told.case.owed().next().is_none());
}

#[test]
fn one_test_of_four_meets_the_threshold() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    assert_eq!(told.try_by(LEAD, Command::TestHarm(HarmTest::default())), Err(Refused::NotSorted));
    told.sort(Category::StaffLowLevel, Track::Staff);
    told.by(LEAD, Command::TestHarm(HarmTest::default()));
    assert!(!told.owed_to().contains(&Body::Lado));
    told.by(LEAD, Command::TestHarm(HarmTest { unsuitable: true, ..HarmTest::default() }));
    assert!(told.owed_to().contains(&Body::Lado));
    let pupils = Command::Sort { category: Category::StaffHarm, severity: None, track: Track::Pupils };
    assert!(matches!(told.try_by(LEAD, pupils), Err(Refused::OtherTrack(_))));
}

#[test]
fn every_kind_has_a_code_of_its_own_and_is_no_worse_than_its_worst() {
    for (at, category) in Category::ALL.iter().enumerate() {
        assert_eq!(category.code().parse(), Ok(*category));
        assert!(category.severity() <= category.worst(), "{category}");
        assert!(!Category::ALL[..at].iter().any(|other| other.code() == category.code()));
        let mut bodies: Vec<Body> = category.duties().iter().map(|duty| duty.body).collect();
        bodies.dedup();
        assert!(!category.is_held_when_suspected() || bodies.contains(&Body::Police), "{category}");
    }
    assert_eq!(Category::ALL.len(), 33);
    assert!("I12".parse::<Category>().is_err());
}

fn commands() -> impl Strategy<Value = Command> {
    let now = at("2026-03-03T10:00:00Z");
    let whom = prop::sample::select(vec![HEAD, LEAD, CHILD, OTHER, TEACHER]);
    let part = prop::sample::select(vec![
        Part::Victim,
        Part::Instigator,
        Part::Witness,
        Part::Mentioned,
        Part::Subject,
        Part::InConflict,
    ]);
    prop_oneof![
        Just(reported(now, &[])),
        Just(Command::Suspect { first_seen: now }),
        Just(Command::ConfirmHold),
        Just(Command::GiveToPolice { reference: "1".into() }),
        Just(Command::Close),
        Just(Command::Reopen { reason: "y".into() }),
        Just(Command::AnswerReporter),
        Just(Command::TakeOutWords),
        Just(Command::Conclude(Outcome::Unfounded)),
        (whom.clone(), part).prop_map(|(person, part)| Command::Name { person, part }),
        (prop::sample::select(Category::ALL), any::<bool>()).prop_map(|(category, staff)| Command::Sort {
            category,
            severity: None,
            track: if staff { Track::Staff } else { Track::Pupils },
        }),
        whom.clone().prop_map(Command::TellParents),
        whom.clone().prop_map(|with| Command::Inquire { with }),
        whom.clone().prop_map(|of| Command::TakeDevice {
            bag: "1".into(),
            what: "a phone".into(),
            of,
            custody: Custody::Confiscated,
            power: Power::On,
            consent: true,
        }),
        whom.clone().prop_map(|witness| Command::SearchDevice {
            bag: "1".into(),
            grounds: "told of".into(),
            witness,
            found: "nothing".into(),
            consent: true,
        }),
        Just(Command::Raise { reason: "worse".into() }),
        prop::sample::select(Doer::ALL)
            .prop_map(|doer| { Command::Describe(Circumstances { by: [doer].into(), ..Circumstances::default() }) }),
        prop::sample::select(Body::ALL).prop_map(|body| Command::Hear { body, what: "answered".into() }),
        whom.prop_map(|person| Command::Support { person, how: "z".into() }),
        (prop::sample::select(Body::ALL), any::<bool>())
            .prop_map(|(body, known)| { Command::Settle { body, how: Settled::Told(known.then(|| "26/2".into())) } }),
        Just(Command::Return { note: "n".into() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_held_stays_held_until_two_lift_it_and_who_is_kept_away_stays_away(
        steps in prop::collection::vec((commands(), any::<bool>()), 1..40),
        is_elsewhere in any::<bool>(),
    ) {
        let mut told = Told::at("2026-03-03T10:00:00Z");
        let cp_record = if is_elsewhere { CpRecord::Elsewhere } else { CpRecord::Here };
        told.terms = Terms::default().with_cp_record(cp_record);
        told.report(TEACHER);
        for (command, two) in steps {
            let was_held = told.case.is_held();
            let is_search = matches!(command, Command::SearchDevice { .. });
            let away: Vec<PersonId> =
                [HEAD, LEAD, CHILD, OTHER, TEACHER].into_iter().filter(|who| told.case.is_kept_away(*who)).collect();
            let settled = told.case.settled().count();
            let (is_return, is_report) =
                (matches!(command, Command::Return { .. }), matches!(command, Command::Report { .. }));
            let permit = Permit::for_tests(LEAD, command.action(), told.now);
            let permit = if two { permit.and_for_tests(HEAD) } else { permit };
            let answer = told.with(command, &permit);
            prop_assert!(!is_report || answer.is_ok(), "a report is always taken");
            if was_held && !told.case.is_held() {
                prop_assert!(is_return && two);
            }
            prop_assert!(!(is_search && was_held) || answer.is_err(), "what is held is not searched");
            let (is_in_file, gone) = (told.case.is_in_file_elsewhere(), format!("{:?}", told.events).contains("here no more"));
            prop_assert!(is_in_file || !gone, "words go where they are elsewhere alone");
            prop_assert!(away.iter().all(|who| told.case.is_kept_away(*who)));
            prop_assert!(told.case.settled().count() >= settled, "what was settled stays so");
            if told.case.stage() == Stage::Closed && answer.is_ok() && !is_report {
                prop_assert!(told.case.owed().next().is_none() && told.case.outcome().is_some());
            }
            told.now += TimeDelta::minutes(7);
        }
        let reported = told.events.iter().filter(|event| matches!(event.fact, Fact::Reported { .. })).count();
        prop_assert!(reported > 0);
    }
}

/// SC-15: a device is kept in a bag until it is given back, and a case is not over before that.
#[test]
fn a_device_is_kept_until_it_is_given_back() {
    let mut told = Told::at("2026-05-18T08:10:00Z");
    told.report(TEACHER);
    told.sort(Category::DeviceRules, Track::Pupils);
    let take = |of, custody, consent| Command::TakeDevice {
        bag: "014".into(),
        what: "a phone".into(),
        of,
        custody,
        power: Power::On,
        consent,
    };
    let back = |bag: &str| Command::ReturnDevice { bag: bag.into(), to: OTHER, checked: "driving licence".into() };
    // Of somebody who is no pupil of the case it takes consent; what is handed in is not taken.
    assert_eq!(told.try_by(LEAD, take(CHILD, Custody::Confiscated, false)), Err(Refused::NotAPupils));
    for (custody, consent) in [(Custody::Confiscated, true), (Custody::HandedIn, false)] {
        told.by(LEAD, take(TEACHER, custody, consent));
        told.by(LEAD, back("014"));
    }
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Instigator });
    told.by(LEAD, take(CHILD, Custody::Confiscated, false));
    assert_eq!(told.try_by(LEAD, take(CHILD, Custody::Confiscated, false)), Err(Refused::BagIsFull("014".into())));
    assert_eq!(told.try_by(LEAD, back("015")), Err(Refused::NoSuchBag("015".into())));
    assert!(told.case.gaps().contains(&Gap::Device));
    // What may be illegal is not given back before the hold is lifted, and more may be taken.
    told.by(LEAD, Command::Suspect { first_seen: told.now });
    assert_eq!(told.try_by(LEAD, back("014")), Err(Refused::Held));
    let two = Permit::for_tests(LEAD, Action::LiftIllegalHold, told.now).and_for_tests(HEAD);
    told.with(Command::Return { note: "26/1".into() }, &two).unwrap();
    told.by(LEAD, back(" 014 "));
    assert!(!told.case.gaps().contains(&Gap::Device) && told.case.devices().next().is_none());
}

/// C-053, C-054, C-055, C-056: what is unlawful is recorded with its law, and is the police's at once; two of the four are held as
/// soon as somebody calls it so.
#[test]
fn what_is_unlawful_is_recorded_with_its_law() {
    for (code, law) in [
        ("I1", "Protection of Children Act 1978"),
        ("I2", "Sexual Offences Act 2003"),
        ("I3", "Criminal Justice and Immigration Act 2008"),
        ("I4", "Public Order Act 1986"),
    ] {
        let category: Category = code.parse().unwrap();
        assert!(category.law().iter().any(|of| of.starts_with(law)), "{code}");
        assert_eq!(category.severity(), Severity::Immediate, "{code}");
        let mut told = Told::at("2026-05-18T09:00:00Z");
        told.report(TEACHER);
        told.sort(category, Track::Pupils);
        assert_eq!(told.case.sorted(), Some((category, Severity::Immediate)), "{code}");
        assert!(told.owed_to().contains(&Body::Police), "{code}");
        assert_eq!(told.case.is_held(), category.is_held_when_suspected(), "{code}");
    }
}

/// C-059, C-061, C-063: misuse that is no crime has kinds of its own, and none is worse than its kind allows.
#[test]
fn misuse_has_kinds_of_its_own() {
    for (code, title) in [("U1", "Private business"), ("U3", "Piracy"), ("U5", "Malware")] {
        let category: Category = code.parse().unwrap();
        assert_eq!(category.title(), title);
        let mut told = Told::at("2026-05-18T09:00:00Z");
        told.report(TEACHER);
        told.sort(category, Track::Pupils);
        assert!(!told.case.is_held() && told.case.sorted().is_some_and(|(of, _)| of == category), "{code}");
    }
}
