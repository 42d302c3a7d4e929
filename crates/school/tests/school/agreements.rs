//! Agreements and consents on the journal, from the first edition to the last.
//!
//! 1. What was followed is what is read anew.
//! 2. Each step holds on files and in PostgreSQL alike.

use std::collections::BTreeMap;

use belisha_aua::{
    Answer, Change, Channel, Command, ConsentFact, Fact, Flag, KeptOut, Key, LocalMinute, Printed, Purpose, Refused,
    Signer, Standing, Subjected, Template, Text, Validity, Way, Why, With, Words,
};
use belisha_formats::mis::claims::{Claims, ListOf, PupilClaim};
use belisha_policy::people::NcYear;
use belisha_policy::retention::RecordClass;
use belisha_policy::{Agreed, Permit, PersonId, WrongPermit};
use belisha_school::agreements::{
    AgreementError, Agreements, Asked, Pictures, act, act_on_document, act_on_pictures, chase, coverage, may_publish,
    subject,
};
use belisha_school::authority::Authority;
use belisha_school::people::{Options, apply, plan};
use belisha_school::{School, retention};
use belisha_store::SchoolId;
use belisha_store::postgres::{Postgres, enrol, install};
use chrono::{DateTime, Utc};
use tempfile::TempDir;

use crate::people::{ADA, BEN, Child, claims, contact, link, options, pupil};
use crate::support::{ANN, SCHOOL, at, day, open};

/// A school, those who belong to it, and the instant that it is.
pub(crate) struct Round {
    _folder: TempDir,
    pub(crate) school: School,
    pub(crate) authority: Authority,
    pub(crate) now: DateTime<Utc>,
}

const RAE: Child<'_> =
    Child { line: 4, number: "3", upn: "", surname: "Vane", forename: "Rae", born: "2021-10-01", class: "RA" };
const QUINN: Child<'_> =
    Child { line: 5, number: "4", upn: "", surname: "Marlow", forename: "Quinn", born: "2008-02-29", class: "13A" };

fn in_year(child: &Child<'_>, year: i8) -> PupilClaim {
    PupilClaim { year: NcYear::new(year), ..pupil(child) }
}

pub(crate) fn everybody() -> Claims {
    Claims {
        contacts: vec![contact("10", "Ashgrove", "Morwen", ""), contact("11", "Ashgrove", "Piran", "")],
        links: vec![
            link("1", 0, Some(false)),
            link("1", 1, Some(false)),
            link("2", 0, Some(false)),
            link("4", 0, Some(false)),
        ],
        ..claims(vec![pupil(&ADA), pupil(&BEN), in_year(&RAE, 0), in_year(&QUINN, 13)])
    }
}

/// Does a test on a school in files, and on one in PostgreSQL where there is one to start.
pub(crate) fn on_both(test: impl Fn(&mut Round)) {
    let folder = TempDir::new().unwrap();
    let school = open(folder.path(), SCHOOL);
    test(&mut Round::of(folder, school));
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::random().unwrap(), "Amber Hill School", "amber_hill", "p").unwrap();
    let folder = TempDir::new().unwrap();
    let settings = format!("store = \"{}\"\n{SCHOOL}", server.url("amber_hill", "p"));
    let school = open(folder.path(), &settings);
    test(&mut Round::of(folder, school));
}

impl Round {
    fn of(folder: TempDir, school: School) -> Self {
        let mut round =
            Self { _folder: folder, school, authority: Authority::default(), now: at("2025-09-01T07:00:00Z") };
        round.import(&everybody());
        round
    }

    pub(crate) fn import(&mut self, claims: &Claims) {
        self.authority.follow(self.school.ledger()).unwrap();
        let options = Options { now: self.now, ..options() };
        let planned = plan(self.authority.roll(), claims, &options).unwrap();
        apply(self.school.ledger(), self.authority.roll(), &planned, None, self.now).unwrap();
        self.follow();
    }

    /// Follows, and holds it against what is read anew.
    pub(crate) fn follow(&mut self) {
        self.authority.follow(self.school.ledger()).unwrap();
        let anew = Agreements::load(self.school.ledger()).unwrap();
        let sorted = |agreements: &Agreements| {
            let of = |entry: &belisha_school::people::Entry| agreements.file(entry.person.id).clone();
            (agreements.book().clone(), self.authority.roll().people().map(of).collect::<Vec<_>>())
        };
        assert_eq!(sorted(self.authority.agreements()), sorted(&anew));
    }

    pub(crate) fn called(&self, name: &str) -> PersonId {
        let called = self.authority.roll().called(name);
        let [one] = called.as_slice() else { unreachable!("{name}") };
        one.person.id
    }

    pub(crate) fn publish(&mut self, name: &str, change: Change, effective: &str) -> Result<(), AgreementError> {
        let template = Template::named(name).unwrap();
        let values: BTreeMap<String, String> =
            template.names().iter().map(|name| ((*name).to_owned(), format!("our {name}"))).collect();
        let text = Text::of(template, &Words { values, ..Words::default() }).unwrap();
        let command = Command::Publish {
            title: template.title.into(),
            change,
            effective: day(effective),
            terms: template.terms(),
            text,
            rests_on: [].into(),
        };
        self.document(name, command)
    }

    fn document(&mut self, name: &str, command: Command) -> Result<(), AgreementError> {
        let permit = Permit::for_tests(ANN, command.action(), self.now);
        act_on_document(&self.school, &self.authority, &permit, &key(name), command, self.now)?;
        self.follow();
        Ok(())
    }

    pub(crate) fn discuss(&mut self, name: &str, class: &str) -> Result<(), AgreementError> {
        let on = belisha_policy::calendar::local(self.now).date_naive();
        self.document(name, Command::Discuss { with: With::Class(class.into()), on })
    }

    fn about(&mut self, whom: &[&str], command: &Subjected) -> Result<Vec<Fact>, AgreementError> {
        let people: Vec<PersonId> = whom.iter().map(|name| self.called(name)).collect();
        let permit = Permit::for_tests(ANN, command.action(ANN, *people.first().unwrap()), self.now);
        let commands = people.into_iter().map(|person| (person, command.clone()).into()).collect();
        let facts = act(&self.school, &self.authority, &permit, commands, self.now)?;
        self.follow();
        Ok(facts)
    }

    pub(crate) fn in_class(&mut self, name: &str, whom: &[&str]) -> Result<Vec<Fact>, AgreementError> {
        self.about(whom, &sign(name, Signer::Themselves, Way::InClass))
    }

    fn on_paper(&mut self, name: &str, whom: &str, parent: &str) -> Result<Vec<Fact>, AgreementError> {
        let dated = belisha_policy::calendar::local(self.now).date_naive();
        let way = Way::Paper { dated, filed: "pupil file".into(), scan: None };
        let parent = Signer::Parent(self.called(parent));
        self.about(&[whom], &sign(name, parent, way))
    }

    pub(crate) fn standing(&self, whom: &str, when: &str) -> Standing {
        let person = &self.authority.roll().person(self.called(whom)).unwrap().person;
        self.authority.agreements().standing(person, at(when))
    }

    /// The profile that the proxy holds somebody to at an instant.
    fn profile(&self, whom: &str, when: &str) -> String {
        let account = self.authority.roll().person(self.called(whom)).unwrap().account.clone().unwrap();
        let policy = &self.school.settings().policy;
        let actor = policy.somebody(&self.authority.who_is(&account, at(when)));
        policy.profile_at(&actor, &policy.moment(at(when))).0.name().to_string()
    }
}

pub(crate) fn key(name: &str) -> Key {
    name.parse().unwrap()
}

fn sign(name: &str, by: Signer, way: Way) -> Subjected {
    let printed = Printed::new("As printed").unwrap();
    Subjected::Sign { key: key(name), major: None, by, printed, way, because: None }
}

pub(crate) fn asks(why: Why, last_day: &str) -> Change {
    Change::Asks { why, grace_until: LocalMinute::end_of(day(last_day)) }
}

/// SC-06: an agreement changes in the middle of the year.
#[test]
fn a_year_of_an_agreement() {
    on_both(|round| {
        round.publish("ks2", asks(Why::Material, "2025-10-31"), "2025-09-01").unwrap();
        assert!(matches!(round.discuss("ks2", "9Z"), Err(AgreementError::NoClass(_))));
        let early = round.in_class("ks2", &["Ada Ashgrove"]);
        assert!(matches!(early, Err(AgreementError::Refused(Refused::DiscussFirst(_)))), "{early:?}");
        round.discuss("ks2", "4A").unwrap();
        // A whole class at once, or nobody of it.
        let mixed = round.in_class("ks2", &["Ada Ashgrove", "Rae Vane"]);
        assert!(matches!(mixed, Err(AgreementError::Refused(Refused::NotForThem(_)))), "{mixed:?}");
        assert!(round.authority.agreements().file(round.called("Ada Ashgrove")).steps().next().is_none());
        round.in_class("ks2", &["Ada Ashgrove", "Ben Birch"]).unwrap();
        round.on_paper("ks2", "Ada Ashgrove", "Morwen Ashgrove").unwrap();
        let covered = coverage(&round.authority, round.now);
        let class = covered.values().next().unwrap();
        assert_eq!((covered.len(), class.asked, class.signed, class.parents), (1, 2, 1, 1));
        assert_eq!(class.percent(), 50);
        round.now = at("2025-11-03T09:00:00Z");
        let chased = chase(&round.authority, round.now);
        assert_eq!(chased.iter().map(|it| it.person).collect::<Vec<_>>(), [round.called("Ben Birch")]);
        assert_eq!(round.standing("Rae Vane", "2025-11-03T09:00:00Z"), Standing::NotAsked);
        // Ben's parent has not signed: he works, and what is for fun is closed to him.
        assert_eq!(round.standing("Ben Birch", "2025-11-03T09:00:00Z"), Standing::Unsigned);
        assert_ne!(
            round.profile("Ben Birch", "2025-11-03T09:00:00Z"),
            round.profile("Ada Ashgrove", "2025-11-03T09:00:00Z")
        );
        let until = at("2025-11-12T16:00:00Z");
        round.about(&["Ben Birch"], &Subjected::LetIn { reason: "the form is on its way".into(), until }).unwrap();
        assert_eq!(round.standing("Ben Birch", "2025-11-12T15:59:00Z"), Standing::LetIn { until });
        assert_eq!(
            round.profile("Ben Birch", "2025-11-12T15:59:00Z"),
            round.profile("Ada Ashgrove", "2025-11-03T09:00:00Z")
        );
        assert_eq!(round.standing("Ben Birch", "2025-11-12T16:00:00Z"), Standing::Unsigned);
        let too_long = Subjected::LetIn { reason: "the form is on its way".into(), until: at("2025-12-18T16:00:00Z") };
        assert!(matches!(round.about(&["Ben Birch"], &too_long), Err(AgreementError::Refused(Refused::TooLong(_)))));
        // In January it says something else.
        round.now = at("2026-01-05T09:00:00Z");
        round.publish("ks2", asks(Why::Material, "2026-01-26"), "2026-01-12").unwrap();
        let until = at("2026-01-27T00:00:00Z");
        assert_eq!(round.standing("Ada Ashgrove", "2026-01-11T12:00:00Z"), Standing::Agreed);
        assert_eq!(round.standing("Ada Ashgrove", "2026-01-26T23:59:59Z"), Standing::Grace { until });
        assert_eq!(round.standing("Ada Ashgrove", "2026-01-27T00:00:00Z"), Standing::Unsigned);
        round.now = at("2026-01-27T08:30:00Z");
        round.discuss("ks2", "4A").unwrap();
        round.in_class("ks2", &["Ada Ashgrove"]).unwrap();
        round.now = at("2026-01-27T08:35:00Z");
        let before = round.authority.clone();
        round.on_paper("ks2", "Ada Ashgrove", "Piran Ashgrove").unwrap();
        assert_eq!(round.standing("Ada Ashgrove", "2026-01-27T08:34:59Z"), Standing::Unsigned);
        assert_eq!(round.standing("Ada Ashgrove", "2026-01-27T08:35:00Z"), Standing::Agreed);
        // Whoever has not seen that writes nothing.
        let stale = std::mem::replace(&mut round.authority, before);
        let again = round.on_paper("ks2", "Ada Ashgrove", "Morwen Ashgrove");
        assert!(matches!(again, Err(AgreementError::Meanwhile)), "{again:?}");
        round.authority = stale;
        let twice = round.on_paper("ks2", "Ada Ashgrove", "Piran Ashgrove");
        assert!(matches!(twice, Err(AgreementError::Refused(Refused::Already(_)))), "{twice:?}");
        // A typing error is put right: nobody is asked.
        round.publish("ks2", Change::Editorial, "2026-02-02").unwrap();
        assert_eq!(round.standing("Ada Ashgrove", "2026-02-02T12:00:00Z"), Standing::Agreed);
    });
}

/// SC-07: at 18 a pupil signs alone, and what a parent said of pictures has to be said anew.
#[test]
fn a_pupil_comes_of_age() {
    on_both(|round| {
        round.publish("older", asks(Why::Material, "2025-10-31"), "2025-09-01").unwrap();
        round.discuss("older", "13A").unwrap();
        round.in_class("older", &["Quinn Marlow"]).unwrap();
        let quinn = round.called("Quinn Marlow");
        let mother = Signer::Parent(round.called("Morwen Ashgrove"));
        let pictures = |round: &Round| Pictures::load(round.school.ledger()).unwrap();
        let say = |round: &Round, fact: ConsentFact| {
            let permit = Permit::for_tests(ANN, fact.action(ANN, quinn), round.now);
            act_on_pictures(&round.school, &round.authority, &pictures(round), &permit, (quinn, fact), round.now)
        };
        let (channel, purpose) = (Channel::Website, Purpose::Group);
        let yes = |by| ConsentFact::Answered { by, answers: vec![Answer { channel, purpose, yes: true }], filed: None };
        let gate = |round: &Round, when: &str| {
            let asked = Asked { channel, purpose, validity: Validity::Joining, words: &[], at: at(when) };
            let permit = Permit::for_tests(ANN, belisha_policy::Action::AskPublication, round.now);
            may_publish(round.authority.roll(), &pictures(round), &permit, &[quinn], &asked).unwrap()
        };
        say(round, yes(mother)).unwrap();
        assert!(gate(round, "2026-02-28T23:59:00Z").is_open());
        assert_eq!(round.standing("Quinn Marlow", "2026-02-28T23:59:00Z"), Standing::Unsigned, "no parent has signed");
        assert_eq!(gate(round, "2026-03-01T00:00:00Z").kept_out, [(quinn, KeptOut::CameOfAge)]);
        assert_eq!(round.standing("Quinn Marlow", "2026-03-01T00:00:00Z"), Standing::Agreed);
        round.now = at("2026-03-02T09:00:00Z");
        let late = say(round, yes(mother));
        assert!(matches!(late, Err(AgreementError::Pictures(_))), "{late:?}");
        say(round, yes(Signer::Themselves)).unwrap();
        assert_eq!(gate(round, "2026-03-02T09:00:00Z").may, [quinn]);
        say(round, ConsentFact::Flagged(Flag::Restricted)).unwrap();
        let out = gate(round, "2026-03-02T09:00:00Z").kept_out;
        assert_eq!(out, [(quinn, KeptOut::Flagged(Flag::Restricted))]);
    });
}

/// What somebody was is known for any minute that is past: a pupil of year 4 was one of year 2, and under another agreement.
#[test]
fn the_past_stays_as_it_was_when_people_move_and_leave() {
    on_both(|round| {
        round.import(&Claims {
            pupils: vec![in_year(&ADA, 2), pupil(&BEN), in_year(&RAE, 0), in_year(&QUINN, 13)],
            ..everybody()
        });
        for name in ["ks1", "ks2"] {
            round.publish(name, asks(Why::Yearly, "2025-10-31"), "2025-09-01").unwrap();
        }
        round.discuss("ks1", "4A").unwrap();
        round.in_class("ks1", &["Ada Ashgrove"]).unwrap();
        round.on_paper("ks1", "Ada Ashgrove", "Morwen Ashgrove").unwrap();
        round.now = at("2026-09-01T07:00:00Z");
        round.import(&Claims {
            pupils: vec![in_year(&ADA, 3), pupil(&BEN), in_year(&RAE, 0), in_year(&QUINN, 13)],
            ..everybody()
        });
        let ada = round.called("Ada Ashgrove");
        let was = subject(round.school.ledger(), ada).unwrap().unwrap();
        let agreements = round.authority.agreements();
        let agreed = |when: &str| agreements.of_person(&was, ada).agreed(at(when));
        assert_eq!(agreed("2025-08-31T12:00:00Z"), Agreed::NotAsked, "nobody knew her");
        assert_eq!(agreed("2026-06-01T12:00:00Z"), Agreed::Yes);
        assert_eq!(agreed("2026-09-02T12:00:00Z"), Agreed::No, "she is a junior by now");
        // Whoever leaves takes what they signed with them, once the law lets it go.
        round.now = at("2026-10-01T07:00:00Z");
        let speaks_for = [ListOf::Pupils].into();
        let left =
            Claims { speaks_for, pupils: vec![pupil(&BEN), in_year(&RAE, 0), in_year(&QUINN, 13)], ..everybody() };
        round.import(&Claims { links: vec![link("2", 0, Some(false))], ..left });
        let kept = retention::plan(&round.school, day("2028-10-01")).unwrap();
        let classes: Vec<RecordClass> = kept.records.iter().map(|(_, class)| *class).collect();
        assert!(classes.contains(&RecordClass::AgreementSignature), "{classes:?}");
        assert!(retention::plan(&round.school, day("2027-08-31")).unwrap().records.is_empty());
    });
}

/// Decisions 2: a notice is written down of a class at once, and inspection begins with it.
#[test]
fn a_notice_is_apart_from_signatures() {
    on_both(|round| {
        let tell = Subjected::Tell { whom: Signer::Themselves, dated: day("2025-09-08") };
        round.about(&["Ada Ashgrove", "Quinn Marlow"], &tell).unwrap();
        let told = |round: &Round, whom: &str, when: &str| {
            let account = round.authority.roll().person(round.called(whom)).unwrap().account.clone().unwrap();
            round.authority.who_is(&account, at(when)).agreement.was_told(at(when))
        };
        assert!(!told(round, "Ada Ashgrove", "2025-09-07T12:00:00Z"));
        assert!(told(round, "Ada Ashgrove", "2025-09-08T12:00:00Z"));
        assert!(!told(round, "Ben Birch", "2025-09-08T12:00:00Z"));
    });
}

/// A permit for one's own class reaches no further.
#[test]
fn a_teacher_acts_for_their_own_class() {
    on_both(|round| {
        round.publish("ks2", asks(Why::Material, "2025-10-31"), "2025-09-01").unwrap();
        let own = |command: &Command| {
            Permit::for_tests(ANN, command.action(), at("2025-09-01T07:00:00Z"))
                .scoped_for_tests(belisha_policy::Scope::Own)
        };
        let command = Command::Discuss { with: With::Class("4A".into()), on: day("2025-09-01") };
        let refused =
            act_on_document(&round.school, &round.authority, &own(&command), &key("ks2"), command.clone(), round.now);
        assert!(matches!(refused, Err(AgreementError::Permit(WrongPermit::OtherPerson))), "{refused:?}");
        let ada = round.called("Ada Ashgrove");
        let signed = sign("ks2", Signer::Themselves, Way::InClass);
        let permit =
            Permit::for_tests(ANN, signed.action(ANN, ada), round.now).scoped_for_tests(belisha_policy::Scope::Own);
        let refused = act(&round.school, &round.authority, &permit, vec![(ada, signed).into()], round.now);
        assert!(matches!(refused, Err(AgreementError::Permit(WrongPermit::OtherPerson))), "{refused:?}");
    });
}
