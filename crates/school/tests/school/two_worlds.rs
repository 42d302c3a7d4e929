//! Two schools that differ only in what is hidden from the safeguarding lead: an incident about them of which they are not to know,
//! and that they come to be kept away from cases which they could see. Everybody does the same at random in both, and the lead
//! finds the same: lists, tasks, cases, what is said of what they do, and of what is not there (DESIGN §6.13, decisions 3).
//!
//! In each of the schools, meanwhile: what is owed to somebody is never forgotten, what is held stays held until two lift it, and
//! whoever is kept away stays so (DESIGN §6.3–6.5).

use std::collections::{BTreeMap, BTreeSet};

use belisha_incident::{
    Announced, Body, Breach, Circumstances, Command, Community, Deed, Doer, HarmTest, Outcome, Part, Settled,
};
use belisha_policy::PersonId;
use belisha_school::backup;
use belisha_school::cases::{CaseError, Desk, For, Kept, Reference, Register, Report, receipt, report, tasks};
use belisha_store::backup::BackupIdentity;
use belisha_store::keys::Role;
use chrono::TimeDelta;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::cases::{Staffed, now};

const HEAD: usize = 0;
const LEAD: usize = 2;

/// What somebody does, in both schools or in one.
#[derive(Clone, Debug)]
enum Act {
    /// A teacher tells of something, about nobody.
    Told(u8),
    /// The lead does something about a case.
    ByLead(usize, Doing),
    /// The head does; where the lead is kept away from the case, in the school alone in which they are.
    ByHead(usize, Doing),
    /// Hidden: a teacher tells of the lead.
    ToldOfLead,
    /// Hidden: the head finds out that a case is about the lead, or that they are in conflict over it.
    FoundOut(usize, bool),
    /// Hidden: the head links a case with the one that is about the lead.
    Linked(usize),
    /// Hidden: the head does something about the case that is about the lead.
    OfLead(Doing),
}

/// A command, which is told apart by people only where it is given.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Sort(&'static str, &'static str),
    Note,
    Describe,
    Raise,
    Suspect,
    ConfirmHold,
    Police,
    Test,
    Tell(Body),
    Heard(Body),
    Conclude,
    Answer,
    Close,
    Reopen,
    Announce,
    NameTeacher(Part),
}

fn doing() -> impl Strategy<Value = Doing> {
    let body = || prop::sample::select(Body::ALL);
    prop_oneof![
        3 => prop::sample::select(vec![("N5", "pupils"), ("U8", "pupils"), ("N4", "pupils"), ("S2", "staff")])
            .prop_map(|(kind, track)| Doing::Sort(kind, track)),
        1 => Just(Doing::Note),
        1 => Just(Doing::Describe),
        1 => Just(Doing::Raise),
        1 => Just(Doing::Suspect),
        1 => Just(Doing::ConfirmHold),
        1 => Just(Doing::Police),
        1 => Just(Doing::Test),
        2 => body().prop_map(Doing::Tell),
        1 => body().prop_map(Doing::Heard),
        2 => Just(Doing::Conclude),
        2 => Just(Doing::Answer),
        2 => Just(Doing::Close),
        1 => Just(Doing::Reopen),
        1 => Just(Doing::Announce),
        1 => prop::sample::select(vec![Part::InConflict, Part::Subject]).prop_map(Doing::NameTeacher),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let case = || 0_usize..4;
    prop_oneof![
        3 => any::<u8>().prop_map(Act::Told),
        5 => (case(), doing()).prop_map(|(case, doing)| Act::ByLead(case, doing)),
        5 => (case(), doing()).prop_map(|(case, doing)| Act::ByHead(case, doing)),
        1 => Just(Act::ToldOfLead),
        2 => (case(), any::<bool>()).prop_map(|(case, is_subject)| Act::FoundOut(case, is_subject)),
        1 => case().prop_map(Act::Linked),
        2 => doing().prop_map(Act::OfLead),
    ]
}

/// One of the schools.
struct World {
    staffed: Staffed,
    /// Whether what is hidden happens here.
    is_hiding: bool,
    /// The cases that were told of openly, in their order.
    open: Vec<Reference>,
    /// The first that is about the lead.
    hidden: Option<Reference>,
    /// Those of which the lead knows a copy, and no more.
    frozen: BTreeSet<usize>,
    /// What was ever owed in the cases that the head sees.
    owed: BTreeMap<Reference, BTreeSet<Body>>,
    minute: i64,
    /// What head and lead keep open.
    kept: [Kept; 2],
}

impl World {
    fn new(is_hiding: bool) -> Self {
        let (open, frozen, owed) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        Self {
            staffed: Staffed::new(),
            is_hiding,
            open,
            hidden: None,
            frozen,
            owed,
            minute: 0,
            kept: Default::default(),
        }
    }

    fn desk(&self, of: usize) -> Desk<'_> {
        Desk { now: now() + TimeDelta::minutes(self.minute), ..self.staffed.desk(of) }
    }

    fn told(&self, words: &str, named: Vec<(PersonId, Part)>) -> Reference {
        let at = now() + TimeDelta::minutes(self.minute);
        let told = Report { first_known: at, words: words.into(), named, ..Report::default() };
        let Staffed { test, authority, teacher, .. } = &self.staffed;
        report(&test.school, authority, *teacher, told, None, at).unwrap().reference
    }

    fn command(&self, doing: Doing) -> Command {
        match doing {
            Doing::Sort(kind, track) => {
                Command::Sort { category: kind.parse().unwrap(), severity: None, track: track.parse().unwrap() }
            }
            Doing::Note => Command::NoteEvidence { description: "a note".into(), reference: None, digest: None },
            Doing::Describe => Command::Describe(Circumstances {
                by: [Doer::Visitor].into(),
                deeds: [Deed::Posted].into(),
                breaches: [Breach::PersonalCapture].into(),
                ..Circumstances::default()
            }),
            Doing::Raise => Command::Raise { reason: "worse than it seemed".into() },
            Doing::Suspect => Command::Suspect { first_seen: now() },
            Doing::ConfirmHold => Command::ConfirmHold,
            Doing::Police => Command::GiveToPolice { reference: "26/1".into() },
            Doing::Test => Command::TestHarm(HarmTest { harmed: true, ..HarmTest::default() }),
            Doing::Tell(body) => Command::Settle { body, how: Settled::Told(None) },
            Doing::Heard(body) => Command::Hear { body, what: "they visit".into() },
            Doing::Conclude => Command::Conclude(Outcome::Unfounded),
            Doing::Answer => Command::AnswerReporter,
            Doing::Close => Command::Close,
            Doing::Reopen => Command::Reopen { reason: "it goes on".into() },
            Doing::Announce => {
                Command::Announce(Announced { to: [Community::Parents].into(), text: "It was dealt with".into() })
            }
            Doing::NameTeacher(part) => Command::Name { person: self.staffed.teacher, part },
        }
    }

    /// Does something about a case, and gives what is said of that.
    fn does(&self, of: usize, reference: Reference, doing: Doing) -> String {
        match self.desk(of).act(reference, self.command(doing), None) {
            Ok(acted) => self.same(&format!(
                "{} {:?} {:?} {}",
                acted.case.stage(),
                acted.case.gaps(),
                acted.events,
                acted.is_out_of_sight
            )),
            Err(error) => error.to_string(),
        }
    }

    /// A text without what is different in every school: who has which number, and what cases are called.
    fn same(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let people = [HEAD, 1, LEAD].map(|of| self.staffed.id(of));
        for (number, person) in people.into_iter().chain([self.staffed.teacher]).enumerate() {
            text = text.replace(&format!("{person:?}"), &format!("person {number}"));
            text = text.replace(&person.to_string(), &format!("person {number}"));
        }
        for (number, reference) in self.open.iter().enumerate() {
            text = text.replace(&format!("{reference:?}"), &format!("case {number}"));
            text = text.replace(&reference.to_string(), &format!("case {number}"));
        }
        text
    }

    /// All that the lead finds.
    fn lead_finds(&self) -> Vec<String> {
        let desk = self.desk(LEAD);
        let school = &self.staffed.test.school;
        let mut found = Vec::new();
        for branch in desk.list().unwrap() {
            let number = self.open.iter().position(|it| *it == branch.reference);
            let keys = Role::CASES.name() == branch.circle.key().name();
            found.push(format!("listed {number:?} {keys} {}", branch.version()));
        }
        for branch in desk.list_open().unwrap() {
            found.push(self.same(&format!("open {}", branch.reference)));
        }
        for branch in desk.list_closed(|rows| 0..rows).unwrap().1 {
            found.push(self.same(&format!("closed {}", branch.reference)));
        }
        let today = desk.now.date_naive();
        found.push(format!("{:?}", desk.trends(For::year_to(today)).unwrap()));
        found.push(format!("{:?}", desk.trends(For::others_before(today)).unwrap()));
        for task in desk.tasks().unwrap() {
            found.push(self.same(&format!("task {} {:?} {:?}", task.reference, task.what, task.due)));
        }
        for reference in &self.open {
            found.push(match desk.show(*reference, None) {
                Ok(branch) => {
                    let tasks = tasks(school, &branch);
                    let shown = format!("{:?} {:?} {} {tasks:?}", branch.case, branch.events, branch.version());
                    self.same(&shown)
                }
                Err(error) => error.to_string(),
            });
            let (at, is_answered) = receipt(school, *reference).unwrap();
            found.push(format!("receipt {at} {is_answered}"));
        }
        // The two have no order in the list but that of when they were known: references are random.
        found.sort();
        found
    }

    /// What is true in every school, whatever happens.
    fn is_sound(&mut self) {
        let lead = self.staffed.id(LEAD);
        let nothing = self.desk(LEAD).show("00000-00000".parse().unwrap(), None).unwrap_err().to_string();
        if let Some(hidden) = self.hidden {
            let asked = self.desk(LEAD).show(hidden, None);
            assert!(matches!(&asked, Err(CaseError::NotFound)) && asked.unwrap_err().to_string() == nothing);
        }
        // What is kept open and brought up to date is what is read anew.
        for (kept, desk) in self.kept.iter().zip([HEAD, LEAD].map(|of| self.desk(of))) {
            let keeping = Desk { kept: Some(kept), ..desk };
            assert_eq!(format!("{:?}", keeping.list().unwrap()), format!("{:?}", desk.list().unwrap()));
            // By the lists alone it is known what is closed; nothing is lost by that.
            let all = Register::load_current(self.staffed.test.school.ledger(), desk.unlocked).unwrap();
            let is_closed = |of: Reference| all.branches().any(|it| it.reference == of && it.case.is_closed());
            assert!(keeping.list_closed(|rows| 0..rows).unwrap().1.iter().all(|it| is_closed(it.reference)));
            let listed: BTreeSet<Reference> = keeping.list().unwrap().iter().map(|it| it.reference).collect();
            for branch in all.branches().filter(|it| !listed.contains(&it.reference)) {
                assert!(desk.show(branch.reference, None).is_err(), "{} is in no list", branch.reference);
            }
        }
        let cases = self.desk(HEAD).list().unwrap();
        for branch in &cases {
            let owed = branch.case.owed().chain(branch.case.settled()).map(|owed| owed.duty.body);
            let now: BTreeSet<Body> = owed.collect();
            let before = self.owed.insert(branch.reference, now.clone()).unwrap_or_default();
            assert!(before.is_subset(&now), "{before:?} became {now:?}");
            assert_eq!(branch.case, belisha_incident::Case::of(&branch.events));
        }
        for number in self.frozen.iter().filter(|_| self.is_hiding) {
            let branch = cases.iter().find(|branch| self.open.get(*number) == Some(&branch.reference));
            assert!(branch.is_none_or(|branch| branch.case.is_kept_away(lead)), "whoever is kept away stays so");
        }
    }

    /// Whether it is for the school alone in which it is hidden; what is said of it otherwise.
    fn act(&mut self, act: &Act) -> Option<String> {
        self.minute += 7;
        let find = |world: &Self, number: usize| world.open.get(number).copied();
        match act {
            Act::Told(words) => {
                let reference = self.told(&format!("what I saw, {words}"), Vec::new());
                self.open.push(reference);
                Some("told".into())
            }
            Act::ByLead(number, doing) => Some(self.does(LEAD, find(self, *number)?, *doing)),
            Act::ByHead(number, doing) => {
                let reference = find(self, *number)?;
                if self.frozen.contains(number) {
                    if self.is_hiding {
                        self.does(HEAD, reference, *doing);
                    }
                    return None;
                }
                Some(self.does(HEAD, reference, *doing))
            }
            Act::ToldOfLead => {
                if self.is_hiding {
                    let reference = self.told("about the lead", vec![(self.staffed.id(LEAD), Part::Subject)]);
                    self.hidden.get_or_insert(reference);
                }
                None
            }
            Act::FoundOut(number, is_subject) => {
                let reference = find(self, *number)?;
                let part = if *is_subject { Part::Subject } else { Part::InConflict };
                if self.is_hiding {
                    let name = Command::Name { person: self.staffed.id(LEAD), part };
                    self.desk(HEAD).act(reference, name, None).ok()?;
                }
                self.frozen.insert(*number);
                None
            }
            Act::Linked(number) => {
                let (reference, hidden) = find(self, *number).zip(self.hidden)?;
                self.desk(HEAD).link(reference, hidden).ok()?;
                self.frozen.insert(*number);
                None
            }
            Act::OfLead(doing) => {
                if let Some(hidden) = self.hidden {
                    self.does(HEAD, hidden, *doing);
                }
                None
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_changes_nothing_that_the_lead_finds(acts in prop::collection::vec(act(), 4..22)) {
        let mut worlds = [World::new(true), World::new(false)];
        for act in &acts {
            let [hiding, open] = &mut worlds;
            let said = hiding.act(act);
            // What the head does about a case which is hidden in one school, nobody does in the other.
            open.frozen.clone_from(&hiding.frozen);
            prop_assert_eq!(&said, &open.act(act), "{:?}", act);
            open.frozen.clone_from(&hiding.frozen);
            hiding.is_sound();
            open.is_sound();
            let [hiding, open] = &worlds;
            let (found, expected) = (hiding.lead_finds(), open.lead_finds());
            let differs = found.iter().zip(&expected).find(|(one, other)| one != other);
            prop_assert!(differs.is_none() && found.len() == expected.len(), "{act:?}: {differs:#?}");
        }
    }
}

/// A reference is known to whoever could see the case: what becomes of it elsewhere is not told by its receipt.
#[test]
fn a_receipt_says_no_more_than_the_lead_knows() {
    let mut world = World::new(true);
    world.act(&Act::Told(1));
    let reference = world.open.first().copied().unwrap();
    world.act(&Act::FoundOut(0, true));
    world.act(&Act::ByHead(0, Doing::Answer));
    let school = &world.staffed.test.school;
    let branch = world.desk(HEAD).show(reference, None).unwrap();
    assert!(!format!("{:?}", branch.case.gaps()).contains("Answer"), "the head answered");
    assert!(!receipt(school, reference).unwrap().1);
    // What the lead does is theirs to know.
    world.act(&Act::ByLead(0, Doing::Answer));
    assert!(receipt(&world.staffed.test.school, reference).unwrap().1);
}

/// DESIGN §6.13: the files of a backup are as long with the hidden incident as without it.
#[test]
fn a_backup_is_as_long_with_what_is_hidden_as_without_it() {
    let sizes = [false, true].map(|is_hiding| {
        let mut world = World::new(is_hiding);
        for act in [Act::Told(1), Act::ToldOfLead, Act::OfLead(Doing::Note), Act::Told(2)] {
            world.act(&act);
        }
        let (out, keys) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let recipient = BackupIdentity::generate().recipient();
        let school = &world.staffed.test.school;
        let made = backup::write(school, out.path(), keys.path(), &recipient, now(), &mut |_| {}).unwrap();
        let sizes = [&made.records, &made.keys].map(|file| file.file.metadata().unwrap().len());
        (school.ledger().head().unwrap().position, sizes)
    });
    let [(_, without), (_, with)] = sizes;
    for (with, without) in with.into_iter().zip(without) {
        // In front of what is encrypted age writes some random bytes, up to a few hundred, whatever that is.
        assert_eq!(with >> 20, without >> 20);
        assert!(with.abs_diff(without) < 1_024, "{with} and {without}");
    }
    assert!(sizes[1].0 > sizes[0].0, "more was written in the school in which it is hidden");
}
