//! The question of authority: one role and six, about nothing and about a case.

use std::hint::black_box;

use belisha_policy::may::{About, Relation, Standing, Topic, may};
use belisha_policy::roles::{Role, RoleSet};
use belisha_policy::{Action, PersonId};
use chrono::DateTime;
use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let person = PersonId::from_bytes([1; 16]);
    let teacher = Standing::of(person, RoleSet::of(&[Role::Staff]));
    let many = Standing::of(
        person,
        RoleSet::of(&[Role::Staff, Role::Parent, Role::Head, Role::Dsl, Role::Coordinator, Role::SeniorLeader]),
    );
    let case = About::of(Topic::ProtectionIncident).person(PersonId::from_bytes([2; 16]));
    let own = About { relation: Relation { subject: true, ..Relation::default() }, ..case };
    let mut group = criterion.benchmark_group("may");
    for (name, actor, action, about) in [
        ("one role, refused", &teacher, Action::AssignRoles, &About::NOTHING),
        ("six roles, permitted", &many, Action::AssignRoles, &About::NOTHING),
        ("six roles, a case", &many, Action::CloseIncident, &case),
        ("the subject", &many, Action::ViewIncident, &own),
        ("one role, no sight", &teacher, Action::CloseIncident, &case),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| may(black_box(actor), black_box(action), black_box(about), DateTime::UNIX_EPOCH));
        });
    }
    group.finish();
    criterion.final_summary();
}
