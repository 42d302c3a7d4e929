//! What happens at a school, from the first edition to the last.

use belisha_aua::{Change, Command, Fact, Lacking, Refused, Signer, Standing, State, Subject, Subjected, Way};
use belisha_policy::people::Capacity;

use crate::world::{
    ADA, BARRED, FATHER, MOTHER, OFFICE, UNCLE, World, asks, at, child, day, key, person, printed, yearly,
};

const THEIRS: Signer = Signer::Themselves;

/// A school in which the third edition for juniors is signed by child and parent.
fn under_the_third() -> World {
    let mut world = World::new(child(4, "2016-04-23"), "2024-09-02T08:00:00Z");
    world.publish("ks2", asks("2024-10-31"), "2024-09-02").unwrap();
    world.now = at("2025-09-01T08:00:00Z");
    world.publish("ks2", yearly("2025-10-31"), "2025-09-01").unwrap();
    world.now = at("2026-09-01T08:00:00Z");
    assert_eq!(world.publish("ks2", yearly("2026-10-31"), "2026-09-01").unwrap().to_string(), "v3");
    world.now = at("2026-09-10T08:00:00Z");
    world.discuss("ks2", "4A");
    world.sign("ks2", THEIRS, Way::InClass).unwrap();
    world.sign("ks2", Signer::Parent(MOTHER), world.paper()).unwrap();
    world
}

/// SC-06.
#[test]
fn an_agreement_changes_in_the_middle_of_the_year() {
    let mut world = under_the_third();
    assert_eq!(world.standing("2026-12-01T09:00:00Z"), Standing::Agreed);
    world.now = at("2027-01-05T09:00:00Z");
    assert_eq!(world.publish("ks2", asks("2027-01-26"), "2027-01-12").unwrap().to_string(), "v4");
    // The third is good to the last minute of the 26th.
    assert_eq!(world.under("ks2", "2027-01-11T23:59:00Z").unwrap(), "v3");
    assert_eq!(world.standing("2027-01-11T23:59:00Z"), Standing::Agreed);
    let until = at("2027-01-27T00:00:00Z");
    assert_eq!(world.standing("2027-01-12T00:00:00Z"), Standing::Grace { until });
    assert_eq!(world.standing("2027-01-26T23:59:59Z"), Standing::Grace { until });
    assert_eq!(world.under("ks2", "2027-01-26T23:59:59Z").unwrap(), "v3");
    assert_eq!(world.standing("2027-01-27T00:00:00Z"), Standing::Unsigned);
    assert_eq!(world.under("ks2", "2027-01-27T00:00:00Z"), None);
    // Who comes on the 20th signs the fourth and not the third.
    let mut newcomer = World { file: belisha_aua::File::default(), now: at("2027-01-20T09:00:00Z"), ..world.clone() };
    assert_eq!(newcomer.standing("2027-01-20T09:00:00Z"), Standing::Unsigned);
    let third = Subjected::Sign {
        key: key("ks2"),
        major: Some(3),
        by: Signer::Parent(MOTHER),
        printed: printed(),
        way: newcomer.paper(),
        because: None,
    };
    assert!(matches!(newcomer.try_about(OFFICE, third), Err(Refused::Superseded(_))));
    // A parent alone and a child alone are not enough.
    newcomer.sign("ks2", Signer::Parent(MOTHER), newcomer.paper()).unwrap();
    assert_eq!(newcomer.standing("2027-01-20T09:00:00Z"), Standing::Unsigned);
    let subject = newcomer.subject();
    let states: Vec<State> = newcomer.book.lines(&newcomer.file, &subject, newcomer.now).map(|(_, it)| it).collect();
    assert_eq!(states, [State::Lacking(Lacking::Pupils)]);
    assert!(matches!(newcomer.sign("ks2", THEIRS, Way::InClass), Err(Refused::DiscussFirst(_))));
    newcomer.discuss("ks2", "4A");
    newcomer.sign("ks2", THEIRS, Way::InClass).unwrap();
    assert_eq!(newcomer.standing("2027-01-20T09:00:00Z"), Standing::Agreed);
    // On the 27th paper comes back.
    world.now = at("2027-01-27T08:00:00Z");
    world.discuss("ks2", "4A");
    world.sign("ks2", THEIRS, Way::InClass).unwrap();
    assert_eq!(world.standing("2027-01-27T08:00:00Z"), Standing::Unsigned);
    world.now = at("2027-01-27T08:35:00Z");
    world.sign("ks2", Signer::Parent(FATHER), world.paper()).unwrap();
    assert_eq!(world.standing("2027-01-27T08:34:59Z"), Standing::Unsigned);
    assert_eq!(world.standing("2027-01-27T08:35:00Z"), Standing::Agreed);
    // A correction makes nobody unsigned, and everybody is under it.
    world.now = at("2027-02-01T08:00:00Z");
    assert_eq!(world.publish("ks2", Change::Editorial, "2027-02-03").unwrap().to_string(), "v4.1");
    assert_eq!(world.under("ks2", "2027-02-02T12:00:00Z").unwrap(), "v4");
    assert_eq!(world.under("ks2", "2027-02-03T12:00:00Z").unwrap(), "v4.1");
    assert_eq!(world.standing("2027-02-03T12:00:00Z"), Standing::Agreed);
    // What was, stays as it was.
    assert_eq!(world.standing("2027-01-27T00:00:00Z"), Standing::Unsigned);
    assert_eq!(world.under("ks2", "2026-12-24T12:00:00Z").unwrap(), "v3");
    // Reception is not asked.
    let youngest = Subject::of(&child(0, "2021-10-01"));
    assert_eq!(world.book.standing(&world.file, &youngest, world.now), Standing::NotAsked);
}

/// SC-07: somebody born on 29 February comes of age on 1 March, and signs alone from that day.
#[test]
fn a_pupil_of_age_signs_alone() {
    let mut world = World::new(child(13, "2008-02-29"), "2025-09-01T08:00:00Z");
    world.publish("older", asks("2025-10-31"), "2025-09-01").unwrap();
    world.now = at("2025-09-10T08:00:00Z");
    world.discuss("older", "13A");
    world.sign("older", THEIRS, Way::SignedIn).unwrap();
    world.now = at("2026-02-28T08:00:00Z");
    assert_eq!(world.standing("2026-02-28T23:59:59Z"), Standing::Unsigned);
    assert_eq!(world.standing("2026-03-01T00:00:00Z"), Standing::Agreed);
    let over_time = world.book.over_time(&world.file, &world.subject());
    assert_eq!(over_time.last().unwrap(), &(at("2026-03-01T00:00:00Z"), belisha_policy::Agreed::Yes));
    world.now = at("2026-03-01T08:00:00Z");
    assert_eq!(world.sign("older", Signer::Parent(MOTHER), world.paper()), Err(Refused::OfAge));
}

#[test]
fn whoever_may_not_sign_does_not() {
    let mut world = under_the_third();
    world.file = belisha_aua::File::default();
    for (parent, refused) in
        [(UNCLE, Refused::Responsibility), (BARRED, Refused::WrongParent), (OFFICE, Refused::WrongParent)]
    {
        assert_eq!(world.sign("ks2", Signer::Parent(parent), world.paper()), Err(refused));
    }
    // Of whom it is not known, the office says why, on paper; a link never does.
    let by_uncle = |way: Way| Subjected::Sign {
        key: key("ks2"),
        major: None,
        by: Signer::Parent(UNCLE),
        printed: printed(),
        way,
        because: Some("special guardianship order seen".into()),
    };
    let paper = world.paper();
    assert_eq!(world.try_about(UNCLE, by_uncle(Way::Link)), Err(Refused::Responsibility));
    world.try_about(OFFICE, by_uncle(paper)).unwrap();
    // Nobody signs for somebody else.
    let theirs =
        |way: Way| Subjected::Sign { key: key("ks2"), major: None, by: THEIRS, printed: printed(), way, because: None };
    assert_eq!(world.try_about(MOTHER, theirs(Way::SignedIn)), Err(Refused::NotThey));
    world.try_about(ADA, theirs(Way::SignedIn)).unwrap();
    assert!(matches!(world.try_about(ADA, theirs(Way::SignedIn)), Err(Refused::Already(_))));
    assert_eq!(world.sign("ks2", Signer::Parent(MOTHER), Way::InClass), Err(Refused::NotInClass));
    // It is for juniors, and a teacher is none.
    let mut teacher = World { person: person(ADA, Capacity::Teacher), ..world.clone() };
    assert!(matches!(teacher.sign("ks2", THEIRS, Way::SignedIn), Err(Refused::NotForThem(_))));
    assert_eq!(world.sign("ks3", THEIRS, Way::SignedIn), Err(Refused::NoDocument));
}

#[test]
fn nothing_is_dated_back() {
    let mut world = under_the_third();
    world.file = belisha_aua::File::default();
    let papers = |dated: &str, filed: &str| Way::Paper { dated: day(dated), filed: filed.into(), scan: None };
    for (way, refused) in [
        (papers("2026-08-31", "file"), Refused::Dated),
        (papers("2026-09-11", "file"), Refused::Dated),
        (papers("2026-09-09", " "), Refused::NotFiled),
    ] {
        assert_eq!(world.sign("ks2", Signer::Parent(MOTHER), way), Err(refused));
    }
    world.sign("ks2", Signer::Parent(MOTHER), papers("2026-09-02", "file")).unwrap();
    world.sign("ks2", THEIRS, Way::InClass).unwrap();
    // It was dated the 2nd, and counts from the 10th, when it was logged.
    assert!(matches!(world.standing("2026-09-09T08:00:00Z"), Standing::Grace { .. }));
    assert_eq!(world.standing("2026-09-10T08:00:00Z"), Standing::Agreed);
    // A clock that was put back makes nothing count earlier.
    let mut back = world.clone();
    back.file.evolve(at("2020-01-01T00:00:00Z"), Fact::Withdrawn { key: key("ks2"), by: THEIRS });
    assert!(matches!(back.standing("2026-09-09T08:00:00Z"), Standing::Grace { .. }));
    assert_ne!(back.standing("2026-11-01T08:00:00Z"), Standing::Agreed);
    let early = world.publish("ks2", asks("2026-10-31"), "2026-09-09");
    assert_eq!(early, Err(Refused::TooEarly { effective: day("2026-09-10") }));
    assert_eq!(world.publish("ks2", asks("2026-09-20"), "2026-09-21"), Err(Refused::NoGrace));
    assert_eq!(world.publish("staff", Change::Editorial, "2026-09-21"), Err(Refused::FirstCorrects));
}

/// What another system has counts from when it is brought. It needs no talk in class here, is never of an edition that came
/// later, and undoes no word that was said here.
#[test]
fn what_is_brought_from_another_system_is_older_than_what_is_here() {
    let mut world = World::new(child(4, "2016-04-23"), "2026-09-01T08:00:00Z");
    world.publish("ks2", asks("2026-10-31"), "2026-09-01").unwrap();
    world.now = at("2026-09-10T08:00:00Z");
    let brought = |dated: &str| Way::Imported { dated: day(dated) };
    let mother = Signer::Parent(MOTHER);
    assert_eq!(world.sign("ks2", THEIRS, brought("2026-09-11")), Err(Refused::Dated));
    world.sign("ks2", THEIRS, brought("2025-09-08")).unwrap();
    world.sign("ks2", mother, brought("2025-09-08")).unwrap();
    assert!(matches!(world.sign("ks2", mother, brought("2025-09-08")), Err(Refused::Already(_))));
    assert!(matches!(world.standing("2026-09-09T08:00:00Z"), Standing::Grace { .. }), "nothing is dated back");
    assert_eq!(world.standing("2026-09-10T08:00:00Z"), Standing::Agreed);
    for barred in [UNCLE, BARRED] {
        assert!(world.sign("ks2", Signer::Parent(barred), brought("2025-09-08")).is_err());
    }
    // What is taken back here stays so, however often the list is brought; on paper they may sign anew.
    world.now = at("2026-09-11T08:00:00Z");
    world.try_about(MOTHER, Subjected::Withdraw { key: key("ks2"), by: mother }).unwrap();
    assert_eq!(world.sign("ks2", mother, brought("2025-09-08")), Err(Refused::SaidNo));
    world.sign("ks2", mother, world.paper()).unwrap();
    // The second edition was there from the 12th.
    world.now = at("2026-09-12T08:00:00Z");
    let second = world.publish("ks2", yearly("2026-10-31"), "2026-09-12").unwrap();
    assert_eq!(world.sign("ks2", mother, brought("2026-09-11")), Err(Refused::BeforeEdition(second)));
    world.sign("ks2", mother, brought("2026-09-12")).unwrap();
}

#[test]
fn somebody_is_let_in_for_a_time_with_a_reason() {
    let mut world = under_the_third();
    let let_in = |reason: &str, until: &str| Subjected::LetIn { reason: reason.into(), until: at(until) };
    assert_eq!(
        world.try_about(OFFICE, let_in("a form is on its way", "2026-09-12T12:00:00Z")),
        Err(Refused::NotKeptBack)
    );
    world.file = belisha_aua::File::default();
    world.now = at("2026-11-02T09:00:00Z");
    assert_eq!(world.try_about(OFFICE, let_in(" ", "2026-11-05T12:00:00Z")), Err(Refused::Reason));
    assert!(matches!(world.try_about(OFFICE, let_in("ill", "2026-12-05T12:00:00Z")), Err(Refused::TooLong(_))));
    world.try_about(OFFICE, let_in("the form is on its way", "2026-11-05T12:00:00Z")).unwrap();
    let until = at("2026-11-05T12:00:00Z");
    assert_eq!(world.standing("2026-11-05T11:59:00Z"), Standing::LetIn { until });
    assert_eq!(world.standing("2026-11-05T12:00:00Z"), Standing::Unsigned);
    world.now = at("2026-11-03T09:00:00Z");
    world.try_about(OFFICE, Subjected::EndLetIn).unwrap();
    assert_eq!(world.standing("2026-11-02T10:00:00Z"), Standing::LetIn { until });
    assert_eq!(world.standing("2026-11-03T09:00:00Z"), Standing::Unsigned);
    assert_eq!(world.try_about(OFFICE, Subjected::EndLetIn), Err(Refused::NotKeptBack));
}

/// Decisions 12: where one parent agrees and the other says no, the school decides, and says why.
#[test]
fn where_parents_do_not_agree_the_school_decides() {
    let mut world = under_the_third();
    let decide = |stands: bool| Subjected::Decide { key: key("ks2"), stands, reason: "talked with both".into() };
    assert_eq!(world.try_about(OFFICE, decide(true)), Err(Refused::NothingToDecide));
    world.now = at("2026-11-10T09:00:00Z");
    let no = |parent| Subjected::Withdraw { key: key("ks2"), by: Signer::Parent(parent) };
    assert_eq!(world.try_about(OFFICE, no(BARRED)), Err(Refused::WrongParent));
    world.try_about(OFFICE, no(FATHER)).unwrap();
    assert_eq!(world.standing("2026-11-10T09:00:00Z"), Standing::Unsigned);
    world.now = at("2026-11-11T09:00:00Z");
    world.try_about(OFFICE, decide(true)).unwrap();
    assert_eq!(world.standing("2026-11-11T09:00:00Z"), Standing::Agreed);
    // The mother takes back hers: nobody's is left, whatever was decided.
    world.now = at("2026-11-12T09:00:00Z");
    world.try_about(MOTHER, no(MOTHER)).unwrap();
    assert_eq!(world.standing("2026-11-12T09:00:00Z"), Standing::Unsigned);
    world.now = at("2026-11-13T09:00:00Z");
    world.try_about(OFFICE, decide(false)).unwrap();
    world.sign("ks2", Signer::Parent(MOTHER), world.paper()).unwrap();
    assert_eq!(world.standing("2026-11-13T09:00:00Z"), Standing::Unsigned, "it was decided that it does not hold");
}

/// Who moves up in the summer has the grace of everybody; who moves in the middle of the year has none.
#[test]
fn a_pupil_who_moves_into_another_agreement_has_the_grace_of_all() {
    let mut world = World::new(child(2, "2018-04-23"), "2025-09-01T08:00:00Z");
    for name in ["ks1", "ks2"] {
        world.publish(name, asks("2025-10-31"), "2025-09-01").unwrap();
    }
    world.discuss("ks1", "2A");
    world.sign("ks1", THEIRS, Way::InClass).unwrap();
    world.sign("ks1", Signer::Parent(MOTHER), world.paper()).unwrap();
    world.now = at("2026-09-01T08:00:00Z");
    world.publish("ks2", asks("2026-10-31"), "2026-09-01").unwrap();
    let mut subject = world.subject();
    subject.becomes(at("2026-09-01T06:00:00Z"), &child(3, "2018-04-23"));
    let standing = |when: &str| world.book.standing(&world.file, &subject, at(when));
    assert_eq!(standing("2026-08-31T12:00:00Z"), Standing::Agreed);
    assert_eq!(standing("2026-09-02T12:00:00Z"), Standing::Grace { until: at("2026-11-01T00:00:00Z") });
    assert_eq!(standing("2026-11-01T00:00:00Z"), Standing::Unsigned);
}

/// In a yearly round everybody has the grace, whether they had signed before or come from the year that is not asked.
#[test]
fn a_yearly_round_asks_everybody_together() {
    let mut world = under_the_third();
    world.file = belisha_aua::File::default();
    assert!(matches!(world.standing("2026-10-31T23:59:00Z"), Standing::Grace { .. }));
    assert_eq!(world.standing("2026-11-01T00:00:00Z"), Standing::Unsigned);
    // Whoever takes back their word in the middle of it has no grace.
    world.sign("ks2", THEIRS, Way::InClass).unwrap();
    world.now = at("2026-09-11T08:00:00Z");
    world.try_about(ADA, Subjected::Withdraw { key: key("ks2"), by: THEIRS }).unwrap();
    assert_eq!(world.standing("2026-09-11T08:00:00Z"), Standing::Unsigned);
}

/// A policy is read and acknowledged by the same machine; no access depends on it, and an agreement that rests on it says
/// when it is behind.
#[test]
fn what_is_read_bears_on_no_access() {
    let mut world = World::new(person(ADA, Capacity::Teacher), "2026-09-01T08:00:00Z");
    world.publish("staff", asks("2026-09-30"), "2026-09-01").unwrap();
    let template = belisha_aua::Template::named("policy").unwrap();
    let publish = |terms| Command::Publish {
        title: "Online safety policy".into(),
        change: asks("2026-10-15"),
        effective: day("2026-09-02"),
        terms,
        text: crate::world::text("policy"),
        rests_on: std::collections::BTreeSet::new(),
    };
    world.now = at("2026-09-02T08:00:00Z");
    world.document("online-safety-policy", publish(template.terms())).unwrap();
    let staff = world.book.document(&key("staff")).unwrap();
    assert!(world.book.is_stale(staff), "the policy on which it rests is newer");
    world.sign("staff", THEIRS, Way::SignedIn).unwrap();
    assert_eq!(world.standing("2026-12-01T08:00:00Z"), Standing::Agreed);
    let subject = world.subject();
    let missing = world.book.lines(&world.file, &subject, at("2026-12-01T08:00:00Z")).filter(|(_, it)| !it.is_good());
    assert_eq!(missing.count(), 1);
    let other = Command::Publish {
        title: "x".into(),
        change: asks("2026-10-15"),
        effective: day("2026-09-02"),
        terms: template.terms(),
        text: crate::world::text("policy"),
        rests_on: std::collections::BTreeSet::new(),
    };
    assert_eq!(world.document("staff", other), Err(Refused::OtherKind));
    world.document("staff", Command::Retire).unwrap();
    assert_eq!(world.standing("2026-12-01T08:00:00Z"), Standing::NotAsked);
    assert_eq!(world.sign("staff", THEIRS, Way::SignedIn), Err(Refused::Retired));
}

/// Decisions 2: that somebody was told of inspection is apart from whether they signed.
#[test]
fn a_notice_is_no_signature() {
    let mut world = under_the_third();
    assert_eq!(world.file.told(), None);
    let tell = |whom: Signer, dated: &str| Subjected::Tell { whom, dated: day(dated) };
    assert_eq!(world.try_about(OFFICE, tell(Signer::Parent(BARRED), "2026-09-01")), Err(Refused::WrongParent));
    world.try_about(OFFICE, tell(Signer::Parent(MOTHER), "2026-09-20")).unwrap();
    assert_eq!(world.file.told(), Some(at("2026-09-19T23:00:00Z")));
    world.try_about(OFFICE, tell(THEIRS, "2026-09-01")).unwrap();
    assert_eq!(world.file.told(), Some(world.now), "a notice of days ago counts from when it was written down");
}
