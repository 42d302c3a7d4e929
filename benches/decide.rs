//! What a decision costs beyond the look-up, and how that grows with what a school has set.
//!
//! `classify` is the look-up alone, on the same targets; the difference is what deciding costs. The school has 60
//! profiles, and exceptions about sites and about categories as the name of each bench says.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use belisha_filter::{Compiler, List, Rule, Ruleset, Target};
use belisha_policy::calendar::{DaySpan, Days};
use belisha_policy::{
    AtTimes, Category, CategorySet, Exception, Group, Kind, Members, Policy, Profile, Variation, Verdict, When, Who,
    decide,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// How many profiles the school has.
const PROFILES: usize = 60;

fn evenings() -> When {
    let span = DaySpan { days: Days::SCHOOL_NIGHTS, hours: "18:00-21:00".parse().expect("hours") };
    When::in_any(vec![span], vec![]).expect("a span")
}

fn profile(at: usize) -> Profile {
    let name = format!("profile {at}");
    let base = if at.is_multiple_of(2) { Profile::pupils(&name) } else { Profile::staff(&name) };
    let games = [Category::Games].into_iter().collect();
    let times = AtTimes {
        name: "evening".into(),
        when: evenings(),
        block: CategorySet::EMPTY,
        warn: CategorySet::EMPTY,
        allow: games,
    };
    base.at_times(times).expect("times")
}

fn exception(at: usize, of_sites: bool) -> Exception {
    let site = format!("site{at}.example");
    let ordinary = |category: &&Category| category.kind() == Kind::Ordinary;
    let category = Category::ALL.iter().filter(ordinary).nth(at % 50).copied();
    let who = ["class 4A", "year 9", "user t.teacher", "group profile 2", "staff"][at % 5];
    Exception {
        name: format!("exception {at}").into(),
        who: vec![who.parse().expect("somebody")],
        sites: if of_sites { vec![Rule::domain(&site).expect("a site").into_owned()] } else { vec![] },
        categories: if of_sites { CategorySet::EMPTY } else { category.into_iter().collect() },
        verdict: Verdict::Allow,
        when: evenings(),
        from: "2026-09-01T00:00:00Z".parse().expect("an instant"),
        until: "2027-07-31T00:00:00Z".parse().expect("an instant"),
        purpose: "a lesson".into(),
        by: "the coordinator".into(),
    }
}

/// A school with so many exceptions about sites, and so many about categories.
fn school(sites: usize, categories: usize) -> Policy {
    let profiles: Vec<Profile> = (0..PROFILES).map(profile).collect();
    let groups = profiles.iter().map(|it| Group { name: it.name().clone(), profile: it.name().clone() }).collect();
    let exceptions = (0..sites).map(|at| exception(at, true));
    let exceptions = exceptions.chain((sites..sites + categories).map(|at| exception(at, false)));
    let members: Vec<(Members, Arc<str>)> = vec![("pupils".parse().expect("members"), "profile 2".into())];
    let variation = Variation {
        name: "library".into(),
        who: vec!["years 10-13".parse::<Who>().expect("somebody")],
        places: vec!["Library".into()],
        devices: vec![],
        when: When::ALWAYS,
        from: None,
        until: None,
        profile: "profile 4".into(),
        purpose: "study".into(),
    };
    Policy::new(profiles, groups, vec![])
        .and_then(|policy| policy.with_members(members))
        .and_then(|policy| policy.with_exceptions(exceptions.collect()))
        .and_then(|policy| policy.with_variations(vec![variation]))
        .expect("a policy")
}

/// What is asked for: named by no list, and by one that the profile blocks.
const TARGETS: [(&str, &str); 3] = [
    ("nothing holds it", "http://www.plain.example/a/b"),
    ("one list blocks it", "http://www.wager.example/a"),
    ("an exception names it", "http://www.site3.example/a"),
];

fn deciding(criterion: &mut Criterion) {
    let mut compiler = Compiler::new(3);
    let list = compiler.list(List::new("ours", "betting", Category::Gambling.id().0));
    compiler.add(list, &Rule::domain("wager.example").expect("a rule"));
    let rules = Ruleset::open(compiler.finish().expect("rules")).expect("a ruleset");
    let pupil = Arc::new("class 4A".parse::<Members>().expect("members").example());
    let at = "2026-11-26T19:00:00Z".parse().expect("an instant");
    for (name, url) in TARGETS {
        let target: Target = url.parse().expect("a target");
        let mut group = criterion.benchmark_group(name);
        group.bench_function("classify", |bencher| {
            bencher.iter(|| black_box(rules.classify(black_box(&target)).is_empty()));
        });
        for (sites, categories) in [(0, 0), (50, 3), (500, 30), (5000, 300)] {
            let policy = school(sites, categories);
            let (actor, moment) = (policy.somebody(&pupil), policy.moment(at));
            group.bench_function(format!("decide, {sites} exceptions and {categories} of categories"), |bencher| {
                bencher.iter(|| decide(&actor, &rules.classify(black_box(&target)), &policy, &moment));
            });
        }
        group.finish();
    }
    let policy = school(0, 0);
    criterion.bench_function("moment", |bencher| bencher.iter(|| policy.moment(black_box(at)).kind()));
}

criterion_group!(benches, deciding);
criterion_main!(benches);
