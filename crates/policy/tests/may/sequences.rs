//! Sequences of commands about roles.

use std::collections::BTreeSet;

use belisha_policy::may::{About, ActionSet, Answer, Relation, Topic, may};
use belisha_policy::people::PersonKind;
use belisha_policy::roles::{
    Assignments, Command, Gap, LONGEST_DELEGATION, Place, Refused, Role, RoleSet, Vacancy, decide,
};
use belisha_policy::{Action, PersonId};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

const PEOPLE: u8 = 5;

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number % PEOPLE; 16])
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

fn roles() -> impl Strategy<Value = Role> {
    proptest::sample::select(Role::ALL)
}

/// What somebody is at the school.
fn sits() -> impl Strategy<Value = RoleSet> {
    proptest::sample::select(vec![
        RoleSet::of(&[Role::Staff]),
        RoleSet::of(&[Role::Parent]),
        RoleSet::of(&[Role::Pupil]),
    ])
}

/// A command, given some hours after the one before.
fn commands() -> impl Strategy<Value = Vec<(i64, Command)>> {
    let who = || (0..PEOPLE).prop_map(person);
    let actions = || {
        let some = proptest::sample::select(Action::ALL);
        proptest::collection::btree_set(some, 1..3)
    };
    let command = prop_oneof![
        4 => (roles(), who(), 0_i64..200, proptest::option::of(1_i64..200), proptest::option::weighted(0.2, who())).prop_map(
            |(role, person, from, length, covers_for)| {
                let until = length.map(|length| at(from + length));
                Command::Appoint { role, person, from: at(from), until, covers_for }
            }
        ),
        1 => (roles(), who()).prop_map(|(role, person)| Command::End { role, person }),
        3 => (who(), who(), actions(), 1_i64..400)
            .prop_map(|(by, to, actions, until)| Command::Delegate { by, to, actions, until: at(until) }),
        1 => (who(), who()).prop_map(|(by, to)| Command::Revoke { by, to }),
        1 => who().prop_map(Command::GrantStatus),
        1 => who().prop_map(Command::WithdrawStatus),
        1 => (who(), proptest::option::of(who())).prop_map(|(person, by)| Command::SetManager { person, by }),
        2 => (who(), proptest::option::of(1_i64..400), any::<bool>(), sits()).prop_map(|(person, until, leads, being)| {
            let place = if leads { Place::Chair } else { Place::Member };
            Command::Seat { person, being, place, represents: None, until: until.map(at) }
        }),
        1 => who().prop_map(Command::Unseat),
        1 => who().prop_map(Command::Review),
        1 => who().prop_map(Command::Leave),
    ];
    proptest::collection::vec((0_i64..20, command), 0..40)
}

/// Carries out what the static rules allow, and gives the state and the time.
fn carry_out(commands: &[(i64, Command)]) -> (Assignments, i64) {
    let (mut state, mut hours) = (Assignments::default(), 0);
    for (wait, command) in commands {
        hours += wait;
        if let Ok(events) = decide(&state, command, at(hours)) {
            for event in &events {
                state.evolve(event);
            }
        }
    }
    (state, hours)
}

const CASES: [Topic; 9] = [
    Topic::PupilIncident,
    Topic::ProtectionIncident,
    Topic::StaffIncident,
    Topic::HeadIncident,
    Topic::DslIncident,
    Topic::CoordinatorIncident,
    Topic::ChairIncident,
    Topic::StaffCapture,
    Topic::HeadCapture,
];

/// Whether somebody sees a case at all, be it on request.
fn reaches(state: &Assignments, who: PersonId, topic: Topic, subject: PersonId, now: DateTime<Utc>) -> bool {
    let standing = state.standing(who, RoleSet::of(&[Role::Staff]), now);
    let relation = Relation { subject: who == subject, ..Relation::default() };
    let about = About { relation, ..About::of(topic).person(subject) };
    // Sums tell of nobody, and what may be read of nobody in particular is no case.
    Action::ALL.iter().filter(|action| !matches!(action, Action::ReportConcern | Action::DeclareIllegal)).any(|action| {
        matches!(may(&standing, *action, &about, now), Answer::Permit(permit) if permit.allows(*action).is_ok())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// No coalition of two without a handler's role reaches a case about one of them.
    #[test]
    fn two_without_a_handlers_role_reach_nothing(commands in commands(), later in 0_i64..300) {
        let (state, hours) = carry_out(&commands);
        let now = at(hours + later);
        let handles = |who: PersonId| {
            state.given_roles(who, now).iter().any(|role| role.handles_cases() || role == Role::Dpo)
        };
        for subject in (0..PEOPLE).map(person) {
            for other in (0..PEOPLE).map(person).filter(|other| !handles(*other) && !handles(subject)) {
                for topic in CASES {
                    prop_assert!(!reaches(&state, subject, topic, subject, now));
                    prop_assert!(!reaches(&state, other, topic, subject, now), "{other:?} {topic:?}");
                }
            }
        }
    }

    /// The subject reaches nothing, whatever roles they got on the way.
    #[test]
    fn a_subject_reaches_nothing(commands in commands(), later in 0_i64..300) {
        let (state, hours) = carry_out(&commands);
        for subject in (0..PEOPLE).map(person) {
            for topic in CASES {
                prop_assert!(!reaches(&state, subject, topic, subject, at(hours + later)));
            }
        }
    }

    /// What was delegated is worth no more than its giver may do by a role of their own at that instant, and never
    /// outlives its end; and a head never acts for chair or vice-chair.
    #[test]
    fn a_delegation_is_worth_what_its_giver_is(commands in commands(), later in 0_i64..300) {
        let (state, hours) = carry_out(&commands);
        let now = at(hours + later);
        for who in (0..PEOPLE).map(person) {
            let standing = state.standing(who, RoleSet::EMPTY, now);
            for action in Action::ALL.iter().filter(|action| standing.delegated.has(**action)) {
                prop_assert!(action.is_delegable());
                let gave = state.delegations().iter().any(|it| {
                    let giver = state.standing(it.by, RoleSet::EMPTY, now);
                    let own = belisha_policy::may::Standing { delegated: ActionSet::EMPTY, ..giver };
                    it.to == who && it.actions.contains(action) && it.from <= now && now < it.until
                        && matches!(may(&own, *action, &About::NOTHING, now), Answer::Permit(_))
                });
                prop_assert!(gave, "{action:?}");
            }
        }
        let acts_for = |it: &belisha_policy::roles::Delegation| {
            let governs = state.holds(it.by, Role::Chair, it.from) || state.holds(it.by, Role::ViceChair, it.from);
            governs && it.from < it.until && state.holds(it.to, Role::Head, it.from)
        };
        prop_assert!(!state.delegations().iter().any(acts_for));
    }

    /// Nobody has two roles that are kept apart, at any instant.
    #[test]
    fn roles_that_are_kept_apart_never_meet(commands in commands(), when in 0_i64..800) {
        let (state, _) = carry_out(&commands);
        for who in (0..PEOPLE).map(person) {
            let roles = state.given_roles(who, at(when));
            let governs = roles.has(Role::Chair) || roles.has(Role::ViceChair);
            let works = roles.has(Role::Head) || roles.has(Role::Dsl) || roles.has(Role::Coordinator);
            prop_assert!(!(governs && works), "{roles:?}");
            let technical = roles.iter().any(Role::is_technical);
            prop_assert!(!(technical && roles.iter().any(Role::handles_cases)), "{roles:?}");
        }
    }

    /// Whatever was done before: there is one chair at most, nobody sits twice, a term that is over is over, whoever left
    /// does not sit, and where no chair was named the coordinators lead (C-003).
    #[test]
    fn a_committee_has_one_chair_and_nobody_who_left(commands in commands(), who in 0..PEOPLE, later in 0_i64..500) {
        let (mut state, hours) = carry_out(&commands);
        let now = at(hours + later);
        let everybody = |_: PersonId| true;
        let committee = state.committee(now, everybody);
        let chairs: Vec<_> = committee.seats.iter().filter(|seat| seat.place == Place::Chair).collect();
        prop_assert!(chairs.len() <= 1);
        let people: BTreeSet<_> = committee.seats.iter().map(|seat| seat.person).collect();
        prop_assert_eq!(people.len(), committee.seats.len());
        prop_assert!(committee.seats.iter().all(|seat| seat.from <= now && seat.until.is_none_or(|until| now < until)));
        let coordinators: Vec<_> = state.holders(Role::Coordinator, now).collect();
        let leads = chairs.first().map_or(coordinators, |chair| vec![chair.person]);
        prop_assert_eq!(&committee.led_by, &leads);
        let who = person(who);
        prop_assert!(!state.committee(now, |person| person != who).seats.iter().any(|seat| seat.person == who));
        for event in decide(&state, &Command::Leave(who), at(hours)).expect("anybody may leave") {
            state.evolve(&event);
        }
        prop_assert!(!state.committee(now, everybody).seats.iter().any(|seat| seat.person == who));
    }

    /// Whoever approves for the trust what a school loosens has none of the roles that want it.
    #[test]
    fn a_trusts_lead_is_not_of_those_whom_they_check(commands in commands(), when in 0_i64..800) {
        let (state, _) = carry_out(&commands);
        for who in (0..PEOPLE).map(person) {
            let roles = state.given_roles(who, at(when));
            let wants = [Role::Head, Role::Coordinator, Role::NetworkManager, Role::Technician];
            prop_assert!(!(roles.has(Role::TrustLead) && wants.iter().any(|role| roles.has(*role))), "{roles:?}");
        }
    }

    /// Whoever left holds nothing, and nothing that they had given is worth anything.
    #[test]
    fn who_left_may_nothing(commands in commands(), who in 0..PEOPLE, later in 0_i64..300) {
        let (mut state, hours) = carry_out(&commands);
        let who = person(who);
        for event in decide(&state, &Command::Leave(who), at(hours)).expect("anybody may leave") {
            state.evolve(&event);
        }
        let now = at(hours + later);
        let standing = state.standing(who, RoleSet::EMPTY, now);
        prop_assert!(standing.roles.is_empty() && !standing.status);
        for action in Action::ALL {
            prop_assert!(!standing.delegated.has(*action));
            prop_assert!(!matches!(may(&standing, *action, &About::NOTHING, now), Answer::Permit(_)));
        }
        prop_assert!(state.delegations().iter().all(|it| it.by != who || it.until <= at(hours)));
    }
}

fn appoint(role: Role, number: u8) -> Command {
    Command::Appoint { role, person: person(number), from: at(0), until: None, covers_for: None }
}

fn after(commands: &[Command]) -> Assignments {
    carry_out(&commands.iter().map(|command| (1, command.clone())).collect::<Vec<_>>()).0
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
    let error = Refused::HeadForChair.to_string();
    assert!(error.contains("never the delegate of the chair"));
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
