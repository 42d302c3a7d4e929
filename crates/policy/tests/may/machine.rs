//! Sequences of commands about roles: appoint, cover, delegate, collide, review, sit, leave, and let time pass so that
//! things expire.
//!
//! After every step of every sequence:
//! 1. No coalition of two without a handler's role reaches a case about one of them, nor does the other see what the
//!    one asked for; and the subject of an incident or a capture reaches nothing, whatever roles they have.
//! 2. Who handles cases is whom a plain reading of the accepted commands says.
//! 3. What was delegated is worth no more than its giver may do by a role of their own at that instant, and a head
//!    never acts for chair or vice-chair.
//! 4. Nobody has two roles that are kept apart, and whoever approves for the trust is not of those whom they check.
//! 5. The committee has one chair at most and nobody twice, and no seat outlives its term or its holder.
//! 6. Whoever left holds nothing and may nothing, and what they had given is worth nothing.

use std::collections::BTreeSet;

use belisha_policy::may::{About, ActionSet, Answer, Relation, Standing, Topic, may};
use belisha_policy::roles::{Assignments, Command, Delegation, Place, Role, RoleSet, decide};
use belisha_policy::{Action, PersonId};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

const PEOPLE: u8 = 5;

pub(crate) fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number % PEOPLE; 16])
}

pub(crate) fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

fn everybody() -> impl Iterator<Item = PersonId> {
    (0..PEOPLE).map(person)
}

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Give(Command),
}

/// What was asked for so far, whether or not it was granted: enough to ask next for what may well be there.
#[derive(Clone, Debug, Default)]
struct Asked {
    hours: i64,
    appointments: Vec<(Role, PersonId)>,
    delegations: Vec<(PersonId, PersonId)>,
    seats: Vec<PersonId>,
}

fn anybody() -> impl Strategy<Value = PersonId> {
    (0..PEOPLE).prop_map(person)
}

/// Of what there is; nothing where there is nothing.
fn one_of<T: Clone + std::fmt::Debug + 'static>(
    there: &[T],
    command: impl Fn(T) -> Command + 'static,
) -> Option<BoxedStrategy<Step>> {
    (!there.is_empty()).then(|| select(there.to_vec()).prop_map(move |it| Step::Give(command(it))).boxed())
}

/// Mostly those of whom most rules speak.
fn roles() -> impl Strategy<Value = Role> {
    let busy = vec![Role::Head, Role::Chair, Role::ViceChair, Role::Dsl, Role::Coordinator, Role::NetworkManager];
    prop_oneof![select(busy), select(Role::ALL)]
}

fn appointments(now: i64) -> impl Strategy<Value = Command> {
    // Half of them at once.
    let later = prop_oneof![Just(0), 1_i64..50];
    (roles(), anybody(), later, proptest::option::of(1_i64..200)).prop_map(move |(role, person, later, length)| {
        let from = now + later;
        Command::Appoint { role, person, from: at(from), until: length.map(|it| at(from + it)), covers_for: None }
    })
}

/// For somebody who was appointed.
fn covers(now: i64, appointed: &[(Role, PersonId)]) -> Option<BoxedStrategy<Step>> {
    let cover = |appointed: Vec<(Role, PersonId)>| {
        (select(appointed), anybody(), 1_i64..200).prop_map(move |((role, covered), person, length)| {
            let (from, until, covers_for) = (at(now), Some(at(now + length)), Some(covered));
            Step::Give(Command::Appoint { role, person, from, until, covers_for })
        })
    };
    (!appointed.is_empty()).then(|| cover(appointed.to_vec()).boxed())
}

/// Mostly between people who were appointed to something, and of what can be delegated: most others are refused.
fn delegations(now: i64, appointed: &[(Role, PersonId)]) -> impl Strategy<Value = Command> + use<> {
    let appointed: Vec<PersonId> = appointed.iter().map(|it| it.1).chain(everybody()).collect();
    let delegable: Vec<Action> = Action::ALL.iter().copied().filter(|action| action.is_delegable()).collect();
    let action = prop_oneof![9 => select(delegable), 1 => select(Action::ALL)];
    let actions = proptest::collection::btree_set(action, 1..3);
    (select(appointed.clone()), select(appointed), actions, 1_i64..400)
        .prop_map(move |(by, to, actions, length)| Command::Delegate { by, to, actions, until: at(now + length) })
}

fn seats(now: i64) -> impl Strategy<Value = Command> {
    let being = select(vec![Role::Staff, Role::Parent, Role::Pupil]).prop_map(|role| RoleSet::of(&[role]));
    let place = select(vec![Place::Chair, Place::Member]);
    (anybody(), being, place, proptest::option::of(1_i64..400)).prop_map(move |(person, being, place, length)| {
        Command::Seat { person, being, place, represents: None, until: length.map(|it| at(now + it)) }
    })
}

/// What is asked of nobody in particular.
fn other() -> impl Strategy<Value = Command> {
    prop_oneof![
        anybody().prop_map(Command::GrantStatus),
        anybody().prop_map(Command::WithdrawStatus),
        (anybody(), proptest::option::of(anybody())).prop_map(|(person, by)| Command::SetManager { person, by }),
        anybody().prop_map(Command::Review),
        anybody().prop_map(Command::Leave),
    ]
}

struct Sequences;

impl ReferenceStateMachine for Sequences {
    type State = Asked;
    type Transition = Step;

    /// Half of them begin in a school that has whom it must have, and half where nobody was appointed.
    fn init_state() -> BoxedStrategy<Asked> {
        let staffed = [Role::Head, Role::Chair, Role::Dsl, Role::Coordinator];
        let appointments = staffed.into_iter().zip(everybody()).collect();
        prop_oneof![Just(Asked::default()), Just(Asked { appointments, ..Asked::default() })].boxed()
    }

    fn transitions(asked: &Asked) -> BoxedStrategy<Step> {
        let now = asked.hours;
        let mut steps: Vec<(u32, BoxedStrategy<Step>)> = vec![
            (4, appointments(now).prop_map(Step::Give).boxed()),
            (3, delegations(now, &asked.appointments).prop_map(Step::Give).boxed()),
            (2, seats(now).prop_map(Step::Give).boxed()),
            (3, other().prop_map(Step::Give).boxed()),
            (3, (1_i64..60).prop_map(Step::Wait).boxed()),
        ];
        steps.extend(covers(now, &asked.appointments).map(|step| (2, step)));
        let backwards = [
            one_of(&asked.appointments, |(role, person)| Command::End { role, person }),
            one_of(&asked.delegations, |(by, to)| Command::Revoke { by, to }),
            one_of(&asked.seats, Command::Unseat),
        ];
        steps.extend(backwards.into_iter().flatten().map(|step| (1, step)));
        proptest::strategy::Union::new_weighted(steps).boxed()
    }

    fn apply(mut asked: Asked, step: &Step) -> Asked {
        match step {
            Step::Wait(hours) => asked.hours += hours,
            Step::Give(Command::Appoint { role, person, .. }) => asked.appointments.push((*role, *person)),
            Step::Give(Command::Delegate { by, to, .. }) => asked.delegations.push((*by, *to)),
            Step::Give(Command::Seat { person, .. }) => asked.seats.push(*person),
            Step::Give(_) => {}
        }
        asked
    }
}

/// The real thing, and the accepted commands as they were given.
#[derive(Debug, Default)]
struct School {
    state: Assignments,
    accepted: Vec<Command>,
}

impl StateMachineTest for School {
    type SystemUnderTest = Self;
    type Reference = Sequences;

    fn init_test(asked: &Asked) -> Self {
        let mut school = Self::default();
        for (role, person) in asked.appointments.iter().copied() {
            let (from, until, covers_for) = (at(asked.hours), None, None);
            school.carry_out(Command::Appoint { role, person, from, until, covers_for }, from);
        }
        school
    }

    fn apply(mut school: Self, asked: &Asked, step: Step) -> Self {
        if let Step::Give(command) = step {
            school.carry_out(command, at(asked.hours));
        }
        school
    }

    fn check_invariants(school: &Self, asked: &Asked) {
        let now = at(asked.hours);
        for who in everybody() {
            assert_eq!(school.state.given_roles(who, now), school.roles_by_the_book(who, now), "{who:?}");
        }
        school.nobody_reaches_what_is_about_them(now);
        school.delegations_are_worth_what_their_givers_are(now);
        school.roles_kept_apart_never_meet(now);
        school.the_committee_is_one(now);
        for who in everybody().filter(|who| school.has_left(*who)) {
            school.may_nothing(who, now);
        }
    }
}

impl School {
    /// What the static rules refuse changes nothing.
    fn carry_out(&mut self, command: Command, now: DateTime<Utc>) {
        if let Ok(events) = decide(&self.state, &command, now) {
            for event in &events {
                self.state.evolve(event);
            }
            self.accepted.push(command);
        }
    }

    /// The roles that somebody has, read from the commands and from nothing that was made of them.
    fn roles_by_the_book(&self, who: PersonId, now: DateTime<Utc>) -> RoleSet {
        let ends = |given: usize, role: Role, covers: Option<PersonId>| {
            self.accepted.iter().skip(given + 1).any(|later| match later {
                Command::End { role: ended, person } => *ended == role && (*person == who || covers == Some(*person)),
                Command::Leave(person) => *person == who || covers == Some(*person),
                _ => false,
            })
        };
        let mut roles = Vec::new();
        for (given, command) in self.accepted.iter().enumerate() {
            let Command::Appoint { role, person, from, until, covers_for } = command else { continue };
            let is_on = *from <= now && until.is_none_or(|until| now < until);
            if *person == who && is_on && !ends(given, *role, *covers_for) {
                roles.push(*role);
            }
        }
        RoleSet::of(&roles)
    }

    /// Whether their leaving is the last that was said of them.
    fn has_left(&self, who: PersonId) -> bool {
        let names = |command: &Command| match command {
            Command::Appoint { person, .. }
            | Command::Seat { person, .. }
            | Command::GrantStatus(person)
            | Command::Leave(person) => *person == who,
            Command::Delegate { by, to, .. } => *by == who || *to == who,
            _ => false,
        };
        let last = self.accepted.iter().rev().find(|command| names(command));
        matches!(last, Some(Command::Leave(_)))
    }

    fn nobody_reaches_what_is_about_them(&self, now: DateTime<Utc>) {
        let handles = |who: PersonId| {
            let roles = self.roles_by_the_book(who, now);
            roles.iter().any(|role| role.handles_cases() || role == Role::Dpo)
        };
        let standings = everybody().map(|who| self.state.standing(who, RoleSet::of(&[Role::Staff]), now));
        let standings: Vec<(Standing, bool)> = standings.map(|it| (it, handles(it.person))).collect();
        for (subject, subject_handles) in &standings {
            for topic in Topic::ALL.into_iter().filter(|topic| topic.is_record()) {
                // What they asked for themselves they may see.
                assert!(!topic.is_case() || !reaches(subject, topic, subject.person, now), "{subject:?} {topic:?}");
                for (other, handles) in standings.iter().filter(|it| it.0.person != subject.person) {
                    let may_reach = *handles || *subject_handles;
                    assert!(may_reach || !reaches(other, topic, subject.person, now), "{other:?} {topic:?}");
                }
            }
        }
    }

    fn delegations_are_worth_what_their_givers_are(&self, now: DateTime<Utc>) {
        for who in everybody() {
            let standing = self.state.standing(who, RoleSet::EMPTY, now);
            for action in Action::ALL.iter().filter(|action| standing.delegated.has(**action)) {
                assert!(action.is_delegable());
                let gave = self.state.delegations().iter().any(|it| {
                    let giver = self.state.standing(it.by, RoleSet::EMPTY, now);
                    let own = Standing { delegated: ActionSet::EMPTY, ..giver };
                    let is_on = it.to == who && it.actions.contains(action) && it.from <= now && now < it.until;
                    is_on && matches!(may(&own, *action, &About::NOTHING, now), Answer::Permit(_))
                });
                assert!(gave, "{action:?}");
            }
        }
        let acts_for = |it: &Delegation| {
            let governs = |role: Role| self.state.holds(it.by, role, it.from);
            (governs(Role::Chair) || governs(Role::ViceChair)) && self.state.holds(it.to, Role::Head, it.from)
        };
        assert!(!self.state.delegations().iter().any(acts_for));
    }

    fn roles_kept_apart_never_meet(&self, now: DateTime<Utc>) {
        for who in everybody() {
            // What begins later is looked at as well: it was granted already.
            for then in [0, 25, 50, 100].map(|hours| now + TimeDelta::hours(hours)) {
                let roles = self.state.given_roles(who, then);
                let governs = roles.has(Role::Chair) || roles.has(Role::ViceChair);
                let works = roles.has(Role::Head) || roles.has(Role::Dsl) || roles.has(Role::Coordinator);
                assert!(!(governs && works), "{roles:?}");
                let technical = roles.iter().any(Role::is_technical);
                assert!(!(technical && roles.iter().any(Role::handles_cases)), "{roles:?}");
                let wants = [Role::Head, Role::Coordinator, Role::NetworkManager, Role::Technician];
                assert!(!(roles.has(Role::TrustLead) && wants.iter().any(|role| roles.has(*role))), "{roles:?}");
            }
        }
    }

    /// C-003: where no chair was named the coordinators lead.
    fn the_committee_is_one(&self, now: DateTime<Utc>) {
        let committee = self.state.committee(now, |person| !self.has_left(person));
        let chairs: Vec<_> = committee.seats.iter().filter(|seat| seat.place == Place::Chair).collect();
        assert!(chairs.len() <= 1);
        let people: BTreeSet<_> = committee.seats.iter().map(|seat| seat.person).collect();
        assert_eq!(people.len(), committee.seats.len());
        assert!(committee.seats.iter().all(|seat| seat.from <= now && seat.until.is_none_or(|until| now < until)));
        let coordinators: Vec<_> = self.state.holders(Role::Coordinator, now).collect();
        assert_eq!(committee.led_by, chairs.first().map_or(coordinators, |chair| vec![chair.person]));
    }

    fn may_nothing(&self, who: PersonId, now: DateTime<Utc>) {
        let standing = self.state.standing(who, RoleSet::EMPTY, now);
        assert!(standing.roles.is_empty() && !standing.status);
        for action in Action::ALL {
            assert!(!standing.delegated.has(*action));
            assert!(!matches!(may(&standing, *action, &About::NOTHING, now), Answer::Permit(_)));
        }
        assert!(self.state.delegations().iter().all(|it| it.by != who || it.until <= now));
        assert!(!self.state.committee(now, |_| true).seats.iter().any(|seat| seat.person == who));
    }
}

/// Whether somebody sees a record at all, be it on request.
fn reaches(standing: &Standing, topic: Topic, subject: PersonId, now: DateTime<Utc>) -> bool {
    let relation = Relation { subject: standing.person == subject, ..Relation::default() };
    let about = About { relation, ..About::of(topic).person(subject) };
    // Everybody may report, and stop what may be illegal: neither shows anything.
    Action::ALL.iter().filter(|action| !matches!(action, Action::ReportConcern | Action::DeclareIllegal)).any(|action| {
        matches!(may(standing, *action, &about, now), Answer::Permit(permit) if permit.allows(*action).is_ok())
    })
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_gives_anybody_what_is_not_theirs(sequential 1..40 => School);
}
