//! The child-protection file is in another system (decisions 13).

use belisha_incident::{
    Body, Category, Command, CpRecord, Fact, Gap, Outcome, Part, Refused, Settled, Stage, Terms, Track,
};

use crate::{CHILD, LEAD, TEACHER, Told};

fn elsewhere() -> Told {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.terms = Terms::default().with_cp_record(CpRecord::Elsewhere);
    told.report(TEACHER);
    told
}

fn tell(reference: Option<&str>) -> Command {
    Command::Settle { body: Body::ProtectionFile, how: Settled::Told(reference.map(str::to_owned)) }
}

fn heard() -> Command {
    Command::Hear { body: Body::ProtectionFile, what: "received by the office on 4 March".into() }
}

#[test]
fn what_is_of_child_protection_goes_into_the_file_and_its_words_go_from_here() {
    let mut told = elsewhere();
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Victim });
    told.sort(Category::SelfHarm, Track::Pupils);
    assert!(told.owed_to().contains(&Body::ProtectionFile));
    // Sorted again it is owed once.
    told.sort(Category::Grooming, Track::Pupils);
    assert_eq!(told.events.iter().filter(|event| event.fact == Fact::FiledElsewhere).count(), 1);
    // What may be illegal waits for the police, with its words.
    assert_eq!(told.try_by(LEAD, Command::TakeOutWords), Err(Refused::Held));
    let two = belisha_policy::Permit::for_tests(LEAD, belisha_policy::Action::LiftIllegalHold, told.now)
        .and_for_tests(crate::HEAD);
    told.with(Command::Return { note: "26/1".into() }, &two).unwrap();
    told.sort(Category::SelfHarm, Track::Pupils);
    // Neither without their reference nor before they say that they have it.
    assert_eq!(told.try_by(LEAD, Command::TakeOutWords), Err(Refused::NotInFile));
    for nothing in [None, Some(" ")] {
        assert_eq!(told.try_by(LEAD, tell(nothing)), Err(Refused::NoFileReference));
    }
    told.by(LEAD, tell(Some("CP-26-114")));
    assert_eq!(told.try_by(LEAD, Command::TakeOutWords), Err(Refused::NotInFile));
    assert!(told.case.gaps().contains(&Gap::FileReceipt));
    told.by(LEAD, heard());
    assert!(told.case.gaps().contains(&Gap::Words) && told.case.is_in_file_elsewhere());
    told.by(LEAD, Command::Support { person: CHILD, how: "speaks with Mx Reed each Tuesday".into() });
    told.by(LEAD, Command::TakeOutWords);
    let left = format!("{:?}", told.events);
    assert!(!left.contains("what I saw") && !left.contains("each Tuesday"), "{left}");
    assert!(left.contains("CP-26-114") && left.contains("received by the office"), "{left}");
    assert!(!told.case.gaps().contains(&Gap::Words));
    told.by(LEAD, Command::TakeOutWords);
    // Whatever is added is there as well before it is over.
    let evidence = Command::NoteEvidence { description: "a log".into(), reference: Some("7".into()), digest: None };
    told.by(LEAD, evidence);
    assert!(told.case.gaps().contains(&Gap::Words));
    told.by(LEAD, Command::TakeOutWords);
    for body in told.owed_to() {
        told.by(LEAD, Command::Settle { body, how: Settled::NotApplicable("nothing for them".into()) });
    }
    told.by(LEAD, Command::TellParents(CHILD));
    told.by(LEAD, Command::Conclude(Outcome::Substantiated));
    told.by(LEAD, Command::AnswerReporter);
    told.by(LEAD, Command::Close);
    assert_eq!(told.case.stage(), Stage::Closed);
}

#[test]
fn what_is_not_of_child_protection_stays_here() {
    let mut told = elsewhere();
    told.sort(Category::Shopping, Track::Pupils);
    assert!(!told.owed_to().contains(&Body::ProtectionFile));
    assert_eq!(told.try_by(LEAD, Command::TakeOutWords), Err(Refused::NotInFile));
    told.by(LEAD, Command::Raise { reason: "she is afraid to go home".into() });
    assert!(told.owed_to().contains(&Body::ProtectionFile));
    // It is nothing for the file after all: the words stay.
    let how = Settled::NotApplicable("it was a misunderstanding".into());
    told.by(LEAD, Command::Settle { body: Body::ProtectionFile, how });
    assert!(!told.case.gaps().contains(&Gap::Words) && !told.case.gaps().contains(&Gap::FileReceipt));
    assert_eq!(told.try_by(LEAD, Command::TakeOutWords), Err(Refused::NotInFile));
    // Where the file is here there is nothing to go anywhere.
    let mut told = Told::at("2026-03-03T10:00:00Z");
    told.report(TEACHER);
    told.sort(Category::SelfHarm, Track::Pupils);
    assert!(!told.owed_to().contains(&Body::ProtectionFile));
}
