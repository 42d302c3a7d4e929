//! What a trust sets, in a school.
//!
//! 1. For every baseline, every set of approvals and every policy of a school: each profile in force blocks at least what
//!    the baseline blocks for its audience and nobody has approved, and nothing but that and what it blocks itself.
//! 2. Without a baseline nothing changes.
//! 3. What is kept shut is named, all of it and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use belisha_policy::{Action, Audience, Category, Kind, Profile};
use belisha_school::trust::{TrustError, TrustRules, WrittenApproval, approve, set_baseline, withdraw};
use belisha_school::{Base, SchoolPolicy, Settings, WrittenProfile, in_force, parse_baseline};
use proptest::prelude::*;

use crate::support::{TestSchool, at, permit};

fn slugs() -> impl Strategy<Value = BTreeSet<String>> {
    let ordinary = Category::ALL.iter().filter(|it| it.kind() == Kind::Ordinary);
    let slugs: Vec<String> = ordinary.map(|it| it.slug().to_owned()).collect();
    proptest::sample::subsequence(slugs, 0..8).prop_map(|slugs| slugs.into_iter().collect())
}

fn profile() -> impl Strategy<Value = WrittenProfile> {
    (any::<bool>(), slugs(), slugs()).prop_map(|(pupils, block, allow)| {
        let based_on = if pupils { "pupils" } else { "staff" };
        let allow = allow.difference(&block).cloned().collect();
        WrittenProfile { based_on: based_on.into(), block, allow, ..WrittenProfile::default() }
    })
}

fn profiles(name: &'static str) -> impl Strategy<Value = BTreeMap<String, WrittenProfile>> {
    let named = move |profiles: Vec<WrittenProfile>| {
        profiles.into_iter().enumerate().map(|(number, profile)| (format!("{name}-{number}"), profile)).collect()
    };
    proptest::collection::vec(profile(), 0..4).prop_map(named)
}

fn approvals() -> impl Strategy<Value = Vec<WrittenApproval>> {
    let approval = (any::<bool>(), slugs(), proptest::option::of(0_i64..20));
    proptest::collection::vec(approval, 0..5).prop_map(|approvals| {
        let mut last = BTreeMap::new();
        for (pupils, slugs, until) in approvals {
            let until = until.map(|hours| at("2026-11-25T00:00:00Z") + chrono::TimeDelta::hours(hours));
            last.extend(slugs.into_iter().map(|category| ((pupils, category), until)));
        }
        let written = |((pupils, category), until)| {
            let audience = if pupils { Base::Pupils } else { Base::Staff };
            WrittenApproval { category, audience, until }
        };
        last.into_iter().map(written).collect()
    })
}

fn find<'a>(settings: &'a Settings, name: &str) -> &'a Profile {
    settings.policy.profiles().iter().find(|profile| &**profile.name() == name).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_policy_of_a_school_goes_below_the_baseline(
        baseline in profiles("trust"),
        approvals in approvals(),
        profiles in profiles("school"),
        hours in 0_i64..20,
    ) {
        let file = Settings::load(None).unwrap();
        let now = at("2026-11-25T00:00:00Z") + chrono::TimeDelta::hours(hours);
        let policy = SchoolPolicy { profiles, ..SchoolPolicy::default() };
        let free = file.under(policy.clone()).unwrap();
        let rules = TrustRules { baseline: baseline.clone(), approvals: approvals.clone() };
        let held = file.under_trust(policy.clone(), &rules, now).unwrap();
        for own in free.policy.profiles() {
            let in_force = find(&held, own.name());
            for category in Category::ALL {
                let of_trust = baseline.iter().map(|(name, written)| written.alone(name).unwrap());
                let shut = of_trust.filter(|it| it.audience() == own.audience()).any(|it| it.blocked().any(|it| it == *category));
                let approved = approvals.iter().any(|it| {
                    it.category == category.slug() && it.audience.audience() == own.audience()
                        && it.until.is_none_or(|until| now < until)
                });
                prop_assert_eq!(in_force.blocks(*category), own.blocks(*category) || shut && !approved, "{}", category);
                let named = held.kept_shut.iter().any(|it| it.what == format!("profile {}", own.name()) && it.category == *category);
                prop_assert_eq!(named, shut && !approved && !own.blocks(*category));
            }
        }
        let without = file.under_trust(policy, &TrustRules { baseline: BTreeMap::new(), approvals }, now).unwrap();
        prop_assert_eq!(without.policy.profiles(), free.policy.profiles());
    }
}

const BASELINE: &str = "[profiles.all]\nbased_on = \"pupils\"\nblock = [\"news\"]\n";

/// What is set and approved is in the journal, is found again, and is in force; whoever saw an older state does nothing.
#[test]
fn what_the_trust_set_is_in_the_journal() {
    let test = TestSchool::new();
    let now = at("2026-11-25T09:00:00Z");
    let ledger = test.school.ledger();
    let read = || in_force::in_force(ledger).unwrap().unwrap();
    let (before, profiles) = (read(), parse_baseline(BASELINE, Path::new("baseline.toml")).unwrap());
    let set = permit(Action::SetBaseline);
    set_baseline(ledger, &set, &before, &profiles, now).unwrap();
    assert!(matches!(set_baseline(ledger, &set, &before, &profiles, now), Err(TrustError::Meanwhile)));
    let seen = read();
    assert!(seen.trust.baseline == profiles && seen.policy == before.policy);
    let loosen = permit(Action::LoosenBaseline);
    let games = (Audience::Pupils, &[Category::Games, Category::News][..]);
    let wrong = approve(ledger, &set, &seen, games, None, now);
    assert!(matches!(wrong, Err(TrustError::Permit(_))));
    approve(ledger, &loosen, &seen, games, None, now).unwrap();
    approve(ledger, &loosen, &read(), (Audience::Pupils, &[Category::News]), Some(at("2026-12-01T00:00:00Z")), now)
        .unwrap();
    assert_eq!(read().trust.approvals.len(), 2, "the last of each category counts");
    withdraw(ledger, &loosen, &read(), (Audience::Pupils, &[Category::Games]), now).unwrap();
    let last = read();
    assert_eq!(last.trust.approvals.len(), 1);
    let settings = test.school.settings().under_trust(last.policy.clone(), &last.trust, now).unwrap();
    assert_eq!(settings.loosened_until, Some(at("2026-12-01T00:00:00Z")));
    // A new baseline changes nothing about approvals, and none ends what is kept shut.
    set_baseline(ledger, &set, &last, &BTreeMap::new(), now).unwrap();
    assert!(read().trust.baseline.is_empty() && read().trust.approvals.len() == 1);
}
