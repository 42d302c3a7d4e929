//! How long a case took, and what is said of it to the community when it is over.

use belisha_incident::{
    Announced, Category, Circumstances, Command, Community, Doer, Fact, HarmTest, Outcome, Part, Refused, Response,
    Track, lasted,
};
use belisha_policy::Action;
use chrono::TimeDelta;

use crate::{HEAD, LEAD, TEACHER, Told, person};

fn announce(text: &str) -> Command {
    Command::Announce(Announced { to: [Community::Parents, Community::Pupils].into(), text: text.into() })
}

fn closed() -> Told {
    let mut told = Told::at("2026-03-06T15:30:00Z");
    told.report(TEACHER);
    told.now += TimeDelta::minutes(25);
    told.sort(Category::AgainstEthos, Track::Pupils);
    told.now += TimeDelta::days(3);
    told.by(LEAD, Command::Conclude(Outcome::Substantiated));
    told.by(LEAD, Command::AnswerReporter);
    told.by(LEAD, Command::Close);
    told
}

fn times(told: &Told) -> [Option<TimeDelta>; 2] {
    let response = told.case.response().unwrap();
    [response.to_act(), response.to_close()]
}

/// C-069: what somebody says with a report is part of it; what comes next is the first act. To tell of it again is none.
#[test]
fn the_response_is_timed_from_the_first_report() {
    let mut told = Told::at("2026-03-06T15:30:00Z");
    told.by(
        TEACHER,
        Command::Report {
            first_known: told.now - TimeDelta::days(2),
            words: "what I saw".into(),
            danger: false,
            matter: None,
            done_by: Some(Doer::Pupil),
            named: vec![(person(3), Part::Victim)],
        },
    );
    told.now += TimeDelta::minutes(5);
    told.report(HEAD);
    assert_eq!(times(&told), [None, None]);
    told.now += TimeDelta::minutes(5);
    told.sort(Category::AgainstEthos, Track::Pupils);
    assert_eq!(times(&told), [Some(TimeDelta::minutes(10)), None]);
    // To preserve what may be illegal is to act.
    let mut told = Told::at("2026-03-06T15:30:00Z");
    told.report(TEACHER);
    told.now += TimeDelta::hours(1);
    told.by(TEACHER, Command::Suspect { first_seen: told.now });
    assert_eq!(times(&told), [Some(TimeDelta::hours(1)), None]);
}

#[test]
fn what_is_opened_again_is_not_over() {
    let mut told = closed();
    let to_close = TimeDelta::days(3) + TimeDelta::minutes(25);
    assert_eq!(times(&told), [Some(TimeDelta::minutes(25)), Some(to_close)]);
    let said: Vec<_> = told.case.response().into_iter().flat_map(Response::rows).collect();
    assert_eq!(said, [("First acted on", "after 25 minutes".into()), ("Closed", "after 3 days".to_owned())]);
    told.now += TimeDelta::days(1);
    told.by(HEAD, Command::Reopen { reason: "it goes on".into() });
    assert_eq!(times(&told), [Some(TimeDelta::minutes(25)), None]);
    told.by(LEAD, Command::Conclude(Outcome::Substantiated));
    told.by(LEAD, Command::Close);
    assert_eq!(times(&told)[1], Some(to_close + TimeDelta::days(1)));
}

#[test]
fn a_time_is_said_in_its_two_largest_parts() {
    for (minutes, said) in [
        (0, "less than a minute"),
        (1, "1 minute"),
        (60, "1 hour"),
        (125, "2 hours 5 minutes"),
        (1_440, "1 day"),
        (1_441, "1 day"),
        (4_020, "2 days 19 hours"),
    ] {
        assert_eq!(lasted(TimeDelta::minutes(minutes)), said);
    }
}

/// C-069: when it is over, and not before, the community is told that it was dealt with; it stays closed.
#[test]
fn the_community_is_told_of_what_is_over() {
    let mut told = closed();
    assert_eq!(announce("x").action(), Action::AnnounceIncident);
    assert_eq!(told.try_by(HEAD, announce(" ")), Err(Refused::NoReason));
    let nobody = Command::Announce(Announced { to: [].into(), text: "It was dealt with".into() });
    assert_eq!(told.try_by(HEAD, nobody), Err(Refused::NoAudience));
    let before = times(&told);
    told.now += TimeDelta::days(1);
    told.by(HEAD, announce("It was dealt with"));
    let last = told.events.last().unwrap();
    assert!(matches!(&last.fact, Fact::Announced(it) if it.text == "It was dealt with"));
    let sentence = last.told(|_| unreachable!("nobody is named"), |at| at.to_string());
    assert_eq!(sentence, "told the community (Pupils, Parents and carers): It was dealt with");
    assert!(told.case.is_closed() && times(&told) == before);
    told.by(HEAD, Command::Reopen { reason: "it goes on".into() });
    assert_eq!(told.try_by(HEAD, announce("It goes on")), Err(Refused::NotOver));
}

#[test]
fn nothing_is_said_of_what_is_held() {
    let mut told = closed();
    told.by(TEACHER, Command::Suspect { first_seen: told.now });
    assert_eq!(told.try_by(HEAD, announce("It was dealt with")), Err(Refused::Held));
    told.by(LEAD, Command::GiveToPolice { reference: "26/1".into() });
    assert_eq!(told.try_by(HEAD, announce("It was dealt with")), Err(Refused::Held));
}

/// Education Act 2002 s.141F: whatever makes it an allegation against an adult who works with children keeps it from the public, also
/// when it was sorted otherwise later.
#[test]
fn nothing_is_said_of_an_adult_who_works_with_children() {
    let by = |doer| Command::Describe(Circumstances { by: [doer].into(), ..Circumstances::default() });
    let acts: [&dyn Fn(&mut Told); 4] = [
        &|told| told.by(HEAD, Command::Name { person: person(9), part: Part::Subject }),
        &|told| told.by(HEAD, by(Doer::Staff)),
        &|told| told.by(HEAD, by(Doer::Volunteer)),
        &|told| {
            told.sort(Category::StaffLowLevel, Track::Staff);
            told.by(HEAD, Command::TestHarm(HarmTest::default()));
            told.sort(Category::AgainstEthos, Track::Pupils);
        },
    ];
    for act in acts {
        let mut told = Told::at("2026-03-06T15:30:00Z");
        told.report(TEACHER);
        told.sort(Category::AgainstEthos, Track::Pupils);
        assert!(!told.case.is_restricted());
        act(&mut told);
        assert_eq!(told.try_by(HEAD, announce("It was dealt with")), Err(Refused::Restricted));
    }
    let mut told = Told::at("2026-03-06T15:30:00Z");
    told.report(TEACHER);
    told.by(HEAD, by(Doer::Parent));
    assert!(!told.case.is_restricted());
}
