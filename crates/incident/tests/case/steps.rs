//! An allegation against an adult who works with children, step by step.

use belisha_incident::{Body, Category, Command, Gap, HarmTest, Outcome, Part, Progress, Remedy, Settled, Step, Track};
use belisha_policy::Attribution;
use chrono::TimeDelta;

use crate::{CHILD, HEAD, LEAD, OTHER, TEACHER, Told, person};

const ADULT: belisha_policy::PersonId = person(9);

fn steps(told: &Told) -> Vec<Step> {
    told.case.steps(&told.events)
}

/// What is to be done next, and how much is done.
fn next(told: &Told) -> (usize, String) {
    let steps = steps(told);
    let done = steps.iter().filter(|step| step.is_done()).count();
    let next: Vec<&Step> = steps.iter().filter(|step| step.progress == Progress::Next).collect();
    assert!(next.len() <= 1 && steps.iter().all(|step| !step.what.is_empty() && !step.says.is_empty()));
    for step in &steps {
        assert!(step.closes.iter().all(|gap| told.case.gaps().contains(gap)));
        assert!(step.closes.is_empty() || !step.is_done());
    }
    (done, next.first().map(|step| step.what.clone()).unwrap_or_default())
}

/// Does something a minute later, and says what comes next.
fn then(told: &mut Told, command: Command) -> (usize, String) {
    told.now += TimeDelta::minutes(1);
    told.by(HEAD, command);
    next(told)
}

fn tell(body: Body) -> Command {
    Command::Settle { body, how: Settled::Told(None) }
}

fn sort(category: Category) -> Command {
    Command::Sort { category, severity: None, track: Track::Staff }
}

fn met() -> Command {
    Command::TestHarm(HarmTest { harmed: true, ..HarmTest::default() })
}

fn remedy(remedy: Remedy) -> Command {
    Command::Remedy { person: ADULT, remedy, attribution: Attribution::Individual, because: None }
}

#[test]
fn a_serious_allegation_is_led_from_the_first_word_to_the_last() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Victim });
    assert!(steps(&told).is_empty(), "nobody has said yet that it is about an adult");
    let way = [
        (Command::Name { person: ADULT, part: Part::Subject }, 2, "sort it: say what kind it is"),
        (sort(Category::StaffHarm), 3, "tell the head, or say why not"),
        (tell(Body::Head), 4, "test the threshold of harm"),
        (met(), 5, "tell the local authority designated officer (LADO), or say why not"),
        (tell(Body::Lado), 6, "write down what the LADO advises"),
        (Command::Hear { body: Body::Lado, what: "Wait".into() }, 7, "say how the child it was done to is supported"),
        (Command::Support { person: CHILD, how: "A talk".into() }, 8, "say how the adult is supported"),
        (Command::Support { person: ADULT, how: "Their union".into() }, 9, "look into it, two together"),
        (Command::Inquire { with: LEAD }, 10, "say what came of it"),
        (Command::Conclude(Outcome::Substantiated), 11, "decide what is done about the adult"),
        (remedy(Remedy::NeutralSuspension), 11, "decide what is done about the adult"),
        (remedy(Remedy::Dismissal), 12, "tell the Disclosure and Barring Service, or say why not"),
        (tell(Body::Dbs), 13, "tell the Teaching Regulation Agency, or say why not"),
        (tell(Body::Tra), 14, "answer whoever told of it"),
        (Command::AnswerReporter, 15, "close it"),
    ];
    for (command, done, expected) in way {
        let said = format!("{command:?}");
        assert_eq!(then(&mut told, command), (done, expected.to_owned()), "{said}");
    }
    told.by(HEAD, Command::TellParents(CHILD));
    let sorted = Progress::Done { at: told.events[3].at, by: Some(HEAD) };
    assert!(steps(&told).iter().any(|step| step.progress == sorted), "who and when");
    assert_eq!(then(&mut told, Command::Close), (16, String::new()));
    // Opened again, what came of it is to be said anew.
    assert_eq!(then(&mut told, Command::Reopen { reason: "more is known".into() }).1, "say what came of it");
}

#[test]
fn what_is_about_the_head_is_the_chairs_and_the_lados() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: HEAD, part: Part::Subject });
    told.sort(Category::AboutTheHead, Track::Staff);
    assert_eq!(next(&told).1, "tell the chair of governors, or say why not");
    let steps = steps(&told);
    assert!(!steps.iter().any(|step| step.what.contains("tell the head")));
    let lado = steps.iter().find(|step| step.closes == [Gap::Owed(Body::Lado)]).unwrap();
    assert!(lado.says.contains("next working day") && lado.says.contains("nobody questions the adult"));
}

#[test]
fn a_low_level_concern_asks_for_less_and_says_when_it_is_more() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(HEAD, Command::Name { person: ADULT, part: Part::Subject });
    told.sort(Category::StaffLowLevel, Track::Staff);
    told.by(HEAD, Command::TestHarm(HarmTest::default()));
    let about = |told: &Told, what: &str| steps(told).iter().any(|step| step.what.contains(what));
    assert!(!about(&told, "LADO") && !about(&told, "look into it"));
    told.by(HEAD, met());
    assert!(about(&told, "(LADO)") && about(&told, "look into it"));
    // What was not so has nothing to be decided about.
    told.by(HEAD, Command::Conclude(Outcome::Unfounded));
    assert!(!about(&told, "decide what is done"));
}

#[test]
fn pupils_and_what_is_held_have_no_such_steps() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: OTHER, part: Part::Instigator });
    told.sort(Category::Cyberbullying, Track::Pupils);
    assert!(steps(&told).is_empty());
    told.by(LEAD, Command::Name { person: ADULT, part: Part::Subject });
    assert!(!steps(&told).is_empty());
    told.by(TEACHER, Command::Suspect { first_seen: told.now });
    assert!(steps(&told).is_empty(), "then nothing is done but to preserve and refer");
}

#[test]
fn whoever_has_no_part_in_it_is_not_supported_in_it() {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.by(LEAD, Command::Name { person: OTHER, part: Part::InConflict });
    for person in [OTHER, ADULT] {
        let support = Command::Support { person, how: "A talk".into() };
        assert_eq!(told.try_by(LEAD, support), Err(belisha_incident::Refused::NoPart));
    }
}
