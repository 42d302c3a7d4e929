//! Who may do what to whom.
//!
//! 1. Every role, and every pair of roles, times every action, kind of matter, relation and state of a case gets the
//!    answer that an independent statement of the rules gives.
//! 2. Whoever a case is about gets `NotFound` and nothing else, whatever roles they have.
//! 3. Over sequences of appointing, delegating, colliding, ending, leaving and expiring, no two people without a
//!    handler's role reach a case between them; no delegation is worth more than its giver; nobody who left may
//!    anything.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod machine;
mod printed;
mod sentences;
mod sequences;

use belisha_policy::directory::SchoolKind;
use belisha_policy::may::{About, Answer, CaseState, Handlers, OutsideBody, Relation, Standing, Topic, handlers, may};
use belisha_policy::roles::{Role, RoleSet};
use belisha_policy::{Action, PersonId, Scope, WrongPermit};
use chrono::{DateTime, Utc};

use sentences::{Expected, expected};

const ANN: PersonId = PersonId::from_bytes([1; 16]);
const BEN: PersonId = PersonId::from_bytes([2; 16]);
const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn standing(roles: &[Role]) -> Standing {
    Standing::of(ANN, RoleSet::of(roles))
}

fn relations() -> Vec<Relation> {
    let none = Relation::default();
    vec![
        none,
        Relation { subject: true, ..none },
        Relation { conflicted: true, ..none },
        Relation { own: true, ..none },
        Relation { assigned: true, ..none },
        Relation { requester: true, ..none },
        Relation { saw_until: Some(NOW), ..none },
        Relation { subject: true, own: true, saw_until: Some(NOW), ..none },
        Relation { own: true, assigned: true, ..none },
    ]
}

fn abouts() -> Vec<About> {
    let mut abouts = Vec::new();
    for topic in Topic::ALL {
        for relation in relations() {
            for state in CaseState::ALL {
                for lead_in_conflict in [false, true] {
                    abouts.push(About { relation, state, lead_in_conflict, ..About::of(topic) });
                }
            }
        }
    }
    abouts
}

fn as_expected(answer: &Answer) -> Expected {
    match answer {
        Answer::Permit(permit) if permit.as_of().is_some() => Expected::Frozen,
        Answer::Permit(permit) => Expected::Yes(permit.scope()),
        Answer::Refusal(_) => Expected::No,
        Answer::NotFound => Expected::NotFound,
    }
}

#[test]
fn every_cell_is_as_the_sentences_say() {
    let abouts = abouts();
    let mut cells = 0_u64;
    for one in Role::ALL {
        for other in Role::ALL.iter().filter(|other| *other >= one) {
            for status in [false, true] {
                let actor = Standing { status, ..standing(&[*one, *other]) };
                for action in Action::ALL {
                    for about in &abouts {
                        let answer = as_expected(&may(&actor, *action, about, NOW));
                        let lawful = expected(actor.roles, status, *action, about);
                        assert_eq!(answer, lawful, "{one:?}+{other:?} {action:?} {about:?} status {status}");
                        cells += 1;
                    }
                }
            }
        }
    }
    println!("{cells} cells");
    assert!(cells > 50_000, "{cells}");
}

#[test]
fn whoever_a_case_is_about_finds_nothing() {
    let everything = Standing { status: true, ..standing(Role::ALL) };
    for topic in Topic::ALL.into_iter().filter(|topic| topic.is_case()) {
        for action in Action::ALL {
            for state in CaseState::ALL {
                let relation = Relation { subject: true, own: true, assigned: true, ..Relation::default() };
                let about = About { relation, state, ..About::of(topic) };
                assert_eq!(may(&everything, *action, &about, NOW), Answer::NotFound, "{topic:?} {action:?}");
            }
        }
    }
}

/// Decisions 3: what they had seen they go on seeing, as it was.
#[test]
fn who_is_newly_kept_away_sees_what_they_had_seen() {
    let lead = standing(&[Role::Staff, Role::Dsl]);
    let until = "2026-04-02T17:40:00Z".parse().expect("an instant");
    let relation = Relation { subject: true, saw_until: Some(until), ..Relation::default() };
    let about = About { relation, ..About::of(Topic::DslIncident) };
    let Answer::Permit(permit) = may(&lead, Action::ViewIncident, &about, NOW) else { panic!("they had seen it") };
    assert_eq!(permit.as_of(), Some(until));
    for action in Action::ALL.iter().filter(|action| **action != Action::ViewIncident) {
        assert_eq!(may(&lead, *action, &about, NOW), Answer::NotFound);
    }
}

/// SC-01: about the head, the chair alone; the lead when the chair adds them.
#[test]
fn a_concern_about_the_head_is_the_chairs() {
    let view = |roles: &[Role], relation: Relation| {
        let about = About { relation, ..About::of(Topic::HeadIncident) };
        as_expected(&may(&standing(roles), Action::ViewIncident, &about, NOW))
    };
    let none = Relation::default();
    assert_eq!(view(&[Role::Chair], none), Expected::Yes(Scope::Full));
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Chair | Role::Dpo)) {
        assert_eq!(view(&[*role], none), Expected::NotFound, "{role:?}");
    }
    assert_eq!(view(&[Role::Dsl], Relation { assigned: true, ..none }), Expected::Yes(Scope::OnRequest));
}

#[test]
fn a_permit_for_one_child_opens_no_other() {
    let lead = standing(&[Role::Dsl]);
    let about = About::of(Topic::PupilHistory).person(BEN);
    let Answer::Permit(permit) = may(&lead, Action::LookUpHistory, &about, NOW) else { panic!("the lead may") };
    assert_eq!(permit.allows_about(Action::LookUpHistory, BEN), Ok(()));
    assert_eq!(permit.allows_about(Action::LookUpHistory, ANN), Err(WrongPermit::OtherPerson));
}

fn permit(person: PersonId, roles: &[Role], action: Action, about: &About) -> belisha_policy::Permit {
    let actor = Standing::of(person, RoleSet::of(roles));
    let Answer::Permit(permit) = may(&actor, action, about, NOW) else { panic!("{roles:?} may {action:?}") };
    permit
}

/// SC-03, decisions 6.
#[test]
fn a_hold_is_lifted_by_the_right_two() {
    let held = |topic: Topic| About { state: CaseState::Held, ..About::of(topic) };
    let lift = |topic: Topic, one: &[Role], other: &[Role]| {
        let about = held(topic);
        let first = permit(ANN, one, Action::LiftIllegalHold, &about);
        let second = permit(BEN, other, Action::LiftIllegalHold, &about);
        first.together(&second).and_then(|both| both.allows(Action::LiftIllegalHold))
    };
    let not_a_pair = Err(WrongPermit::NotAPair(Action::LiftIllegalHold));
    let pupil = Topic::ProtectionIncident;
    assert_eq!(lift(pupil, &[Role::Head], &[Role::Dsl]), Ok(()));
    assert_eq!(lift(pupil, &[Role::Dsl], &[Role::Head]), Ok(()));
    assert_eq!(lift(pupil, &[Role::Head, Role::Dsl], &[Role::DeputyDsl]), Ok(()));
    assert_eq!(lift(pupil, &[Role::Head], &[Role::DeputyDsl]), not_a_pair);
    assert_eq!(lift(pupil, &[Role::Dsl], &[Role::DeputyDsl]), not_a_pair);
    let alone = permit(ANN, &[Role::Head, Role::Dsl], Action::LiftIllegalHold, &held(pupil));
    let twice = permit(ANN, &[Role::Head, Role::Dsl], Action::LiftIllegalHold, &held(pupil));
    assert!(matches!(alone.together(&twice), Err(WrongPermit::SamePersonTwice(_))));
}

#[test]
fn breaking_glass_takes_two() {
    let about = About::of(Topic::ProtectionIncident);
    let of = |person, roles: &[Role]| permit(person, roles, Action::BreakGlass, &about);
    assert!(of(ANN, &[Role::Head]).allows(Action::BreakGlass).is_err());
    let both = of(ANN, &[Role::Head]).together(&of(BEN, &[Role::DeputyDsl])).expect("a pair");
    assert_eq!(both.allows(Action::BreakGlass), Ok(()));
    assert!(of(ANN, &[Role::DeputyDsl]).together(&of(BEN, &[Role::Coordinator])).is_err());
}

/// DESIGN 6.4: when nobody is left, the body outside is named and never the subject.
#[test]
fn when_nobody_is_left_the_body_outside_is_named() {
    let head = Standing::of(ANN, RoleSet::of(&[Role::Staff, Role::Head, Role::Dsl]));
    let chair = Standing::of(BEN, RoleSet::of(&[Role::Chair]));
    let people = [head, chair];
    let who = |topic: Topic, kept_away: &[PersonId], kind: SchoolKind| handlers(topic, &people, kept_away, kind, NOW);
    let maintained = SchoolKind::Maintained;
    assert_eq!(who(Topic::PupilIncident, &[], maintained), Handlers::People(vec![ANN]));
    assert_eq!(who(Topic::HeadIncident, &[ANN], maintained), Handlers::People(vec![BEN]));
    assert_eq!(who(Topic::HeadIncident, &[ANN, BEN], maintained), Handlers::Outside(OutsideBody::Lado));
    assert_eq!(
        who(Topic::HeadIncident, &[ANN, BEN], SchoolKind::Academy),
        Handlers::Outside(OutsideBody::TrustAndLado)
    );
    assert_eq!(who(Topic::StaffIncident, &[ANN], maintained), Handlers::Outside(OutsideBody::Lado));
    assert_eq!(who(Topic::PupilIncident, &[ANN], maintained), Handlers::Outside(OutsideBody::SocialCare));
}

#[test]
fn a_refusal_says_who_may() {
    let teacher = standing(&[Role::Staff]);
    let Answer::Refusal(refusal) = may(&teacher, Action::AssignRoles, &About::NOTHING, NOW) else { panic!("refused") };
    assert_eq!(refusal.to_string(), "assign-roles is for others: Headteacher");
    let manager = standing(&[Role::NetworkManager]);
    let Answer::Refusal(refusal) = may(&manager, Action::ApplySettings, &About::NOTHING, NOW) else {
        panic!("refused")
    };
    assert!(refusal.to_string().contains("web filtering management"));
}
