//! What single commands about roles come to; `machine` tries whole sequences of them.

use std::collections::BTreeSet;

use belisha_policy::people::PersonKind;
use belisha_policy::roles::{
    Assignments, Command, Gap, LONGEST_DELEGATION, Place, Refused, Role, RoleSet, Vacancy, decide,
};
use belisha_policy::{Action, PersonId};
use chrono::TimeDelta;

use super::machine::{at, person};

fn appoint(role: Role, number: u8) -> Command {
    Command::Appoint { role, person: person(number), from: at(0), until: None, covers_for: None }
}

/// An hour between each and the next. What the static rules refuse changes nothing.
fn after(commands: &[Command]) -> Assignments {
    let mut state = Assignments::default();
    for (hours, command) in (1..).zip(commands) {
        for event in decide(&state, command, at(hours)).unwrap_or_default() {
            state.evolve(&event);
        }
    }
    state
}

/// SC-01: the attempt to make the head the chair's delegate is refused, with the reason.
#[test]
fn a_head_is_never_the_chairs_delegate() {
    let state = after(&[appoint(Role::Head, 1), appoint(Role::Chair, 2)]);
    let delegate = |by: u8, to: u8| Command::Delegate {
        by: person(by),
        to: person(to),
        actions: BTreeSet::from([Action::ReportCredential]),
        until: at(100),
    };
    assert_eq!(decide(&state, &delegate(2, 1), at(1)), Err(Refused::HeadForChair));
    assert!(decide(&state, &delegate(2, 3), at(1)).is_ok());
    assert_eq!(decide(&state, &appoint(Role::Chair, 1), at(1)), Err(Refused::Both(Role::Head, Role::Chair)));
    // Nor by becoming one of the two afterwards.
    let acts_for_chair = after(&[appoint(Role::Chair, 2), delegate(2, 3)]);
    assert_eq!(decide(&acts_for_chair, &appoint(Role::Head, 3), at(3)), Err(Refused::HeadForChair));
    let has_a_head_act = after(&[appoint(Role::Head, 1), appoint(Role::LinkGovernor, 4), delegate(4, 1)]);
    assert_eq!(decide(&has_a_head_act, &appoint(Role::Chair, 4), at(4)), Err(Refused::HeadForChair));
    assert!(Refused::HeadForChair.to_string().contains("never the delegate of the chair"));
}

/// C-025.
#[test]
fn roles_are_held_shared_covered_and_delegated() {
    let cover = Command::Appoint {
        role: Role::Dsl,
        person: person(3),
        from: at(10),
        until: Some(at(20)),
        covers_for: Some(person(2)),
    };
    let state =
        after(&[appoint(Role::Coordinator, 0), appoint(Role::Coordinator, 1), appoint(Role::Dsl, 2), cover.clone()]);
    assert_eq!(state.holders(Role::Coordinator, at(5)).count(), 2);
    assert!(!state.holds(person(3), Role::Dsl, at(9)) && state.holds(person(3), Role::Dsl, at(10)));
    assert!(!state.holds(person(3), Role::Dsl, at(20)));
    let without_end =
        Command::Appoint { role: Role::Dsl, person: person(4), from: at(10), until: None, covers_for: Some(person(2)) };
    assert_eq!(decide(&state, &without_end, at(5)), Err(Refused::CoverWithoutEnd));
    let far = Command::Delegate {
        by: person(0),
        to: person(4),
        actions: BTreeSet::from([Action::ApproveUnblock]),
        until: at(5) + LONGEST_DELEGATION + TimeDelta::hours(1),
    };
    assert_eq!(decide(&state, &far, at(5)), Err(Refused::Time));
    let second_head = after(&[appoint(Role::Head, 1)]);
    assert_eq!(decide(&second_head, &appoint(Role::Head, 2), at(5)), Err(Refused::Held(Role::Head)));
    let missing: Vec<Role> = second_head.vacancies(at(5)).into_iter().map(|vacancy| vacancy.0).collect();
    assert_eq!(missing, [Role::Coordinator, Role::Dsl, Role::Chair, Role::LinkGovernor, Role::SeniorLeader]);
    let two = after(&[appoint(Role::Head, 1), appoint(Role::Dsl, 1)]);
    assert_eq!(two.collisions(at(5)).len(), 1);
}

fn seat(number: u8, being: Role, place: Place, until: Option<i64>) -> Command {
    let being = RoleSet::of(&[being]);
    Command::Seat { person: person(number), being, place, represents: None, until: until.map(at) }
}

/// C-003: the committee has members with terms, is led by the coordinator unless a chair was seated, and says what it
/// lacks.
#[test]
fn a_committee_is_seated_and_says_what_it_lacks() {
    let everybody = |_: PersonId| true;
    let teaches = |who: PersonId, kind: PersonKind| kind == PersonKind::Teacher && who != person(3);
    let none = after(&[appoint(Role::Coordinator, 1)]);
    assert_eq!(none.committee(at(5), everybody).gaps(teaches), [Gap::Empty]);
    let two = [seat(2, Role::Staff, Place::Member, Some(50)), seat(3, Role::Parent, Place::Member, None)];
    let led = after(&[&[appoint(Role::Coordinator, 1)], &two[..]].concat());
    assert_eq!(led.committee(at(5), everybody).led_by, [person(1)]);
    assert_eq!(led.committee(at(5), everybody).gaps(teaches), [Gap::NoSupportStaff]);
    assert_eq!(led.committee(at(50), everybody).seats.len(), 1, "a term ends");
    let nobody = after(&two).committee(at(60), everybody).gaps(teaches);
    assert_eq!(nobody, [Gap::NoChair, Gap::NoTeachingStaff, Gap::NoSupportStaff]);
    let chaired = after(&[&two[..], &[seat(3, Role::Parent, Place::Chair, None)]].concat());
    let committee = chaired.committee(at(5), everybody);
    assert!(committee.seats.len() == 2 && committee.led_by == [person(3)]);
    assert!(committee.gaps(teaches).contains(&Gap::ChairNotOfStaff));
    for role in [Role::Pupil, Role::Guest, Role::ExternalBody] {
        assert_eq!(decide(&led, &seat(4, role, Place::Member, None), at(5)), Err(Refused::NotSeated(role)));
    }
    assert_eq!(decide(&led, &seat(4, Role::Staff, Place::Member, Some(5)), at(5)), Err(Refused::Time));
    assert_eq!(decide(&led, &Command::Unseat(person(4)), at(5)), Err(Refused::NoSeat));
}

/// two share a role; a review is good for as long as the school says.
#[test]
fn roles_are_shared_and_reviewed() {
    let state = after(&[appoint(Role::Coordinator, 0), appoint(Role::Coordinator, 1)]);
    assert_eq!(state.holders(Role::Coordinator, at(5)).count(), 2);
    let year = "12 months".parse().expect("a period");
    assert!(state.review_is_due(year, at(5)), "never reviewed");
    let reviewed = after(&[appoint(Role::Head, 0), Command::Review(person(0))]);
    assert_eq!(reviewed.last_review(), Some((person(0), at(2))));
    let day = |day: &str| format!("{day}T12:00:00Z").parse().expect("an instant");
    assert!(!reviewed.review_is_due(year, day("1971-01-01")) && reviewed.review_is_due(year, day("1971-01-02")));
    assert!(reviewed.review_is_due("6 months".parse().expect("a period"), day("1970-07-02")));
}

/// C-007, C-099: whom the coordinator answers to, and who is answerable for the filter in the end.
#[test]
fn every_line_of_report_ends_at_the_chair() {
    assert_eq!(Role::Coordinator.answers_to(), [Role::Head, Role::Governor]);
    assert_eq!(Role::ANSWERABLE_FOR_THE_FILTER, [Role::Head, Role::Chair]);
    let works = [Role::Staff, Role::Coordinator, Role::Dsl, Role::DeputyDsl, Role::Head, Role::NetworkManager];
    for role in works.into_iter().chain([Role::Technician, Role::SeniorLeader, Role::Governor]) {
        let (mut above, mut steps) = (vec![role], 0);
        while !above.contains(&Role::Chair) {
            above = above.iter().flat_map(|role| role.answers_to().iter().copied()).collect();
            steps += 1;
            assert!(steps <= Role::ALL.len() && !above.is_empty(), "{role} answers to nobody");
        }
    }
    // Those who must be there are, or it is said who is not.
    assert!(after(&[]).vacancies(at(5)).contains(&Vacancy(Role::Coordinator)));
}
