//! What may never happen when a request is decided.
//!
//! - Nothing that a profile can be told turns unlawful material into an allow.
//! - More knowledge of a target never turns a block into an allow; where it might, the decision says that it needs the
//!   URL, and blocks until then.
//! - A list that nobody has mapped changes nothing.
//! - What is vouched for is allowed, whoever else lists it, unless it is unlawful.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod laws;
mod school;

use belisha_filter::{CategoryId, Compiler, List, Rule, Ruleset, Target};
use belisha_policy::calendar::Moment;
use belisha_policy::{
    CANARIES, Category, Decision, Group, Kind, Layer, Network, Policy, Profile, SignIn, UNMAPPED, Verdict, decide,
    is_help_site,
};
use proptest::prelude::*;

pub(crate) fn rules(lists: &[(CategoryId, Vec<String>)]) -> Ruleset<Vec<u8>> {
    let mut compiler = Compiler::new(5);
    for (at, (category, lines)) in lists.iter().enumerate() {
        let vouched = Category::from_id(*category).is_some_and(|category| category.kind() == Kind::Vouched);
        let list = List::new("test", &format!("list{at}"), category.0);
        let id = compiler.list(if vouched { list.compared_exactly() } else { list });
        for line in lines {
            compiler.add(id, &Rule::from_normalised(line).unwrap());
        }
    }
    Ruleset::open(compiler.finish().unwrap()).unwrap()
}

/// A lesson on a Thursday.
fn now(policy: &Policy) -> Moment<'_> {
    policy.moment("2026-11-26T10:00:00Z".parse().unwrap())
}

fn policy_of(profiles: Vec<Profile>) -> Policy {
    let groups = profiles.iter().map(|it| Group { name: it.name().clone(), profile: it.name().clone() }).collect();
    Policy::new(profiles, groups, vec![]).unwrap()
}

fn starter() -> Policy {
    policy_of(vec![Profile::pupils("pupils"), Profile::staff("staff")])
}

/// A profile after any sequence of changes; those that are refused change nothing.
fn changed(mut profile: Profile, changes: &[(bool, Category)]) -> Profile {
    for (block, category) in changes {
        let next = if *block { profile.clone().block(*category) } else { profile.clone().allow(*category) };
        profile = next.unwrap_or(profile);
    }
    profile
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(Category::ALL)
}

fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a.test", "www.a.test", "x.a.test", "b.test"]);
    prop_oneof![
        name.clone().prop_map(str::to_string),
        name.clone().prop_map(|name| format!("full:{name}")),
        prop::sample::select(vec!["a.test/p", "a.test/p/q", "x.a.test/", "b.test/r"]).prop_map(str::to_string),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn unlawful_material_is_blocked_whatever_the_profile_says(
        changes in prop::collection::vec((any::<bool>(), category()), 0..40),
        also_vouched in any::<bool>(),
    ) {
        let policy = policy_of(vec![changed(Profile::pupils("pupils"), &changes), changed(Profile::staff("staff"), &changes)]);
        for locked in Category::ALL.iter().filter(|category| category.kind() == Kind::Locked) {
            let mut lists = vec![(locked.id(), vec!["a.test".to_string()])];
            if also_vouched {
                lists.push((Category::Allowed.id(), vec!["a.test".to_string()]));
            }
            let rules = rules(&lists);
            let target: Target = "http://a.test/p".parse().unwrap();
            for group in ["pupils", "staff"] {
                let actor = policy.member(group).unwrap();
                for findings in [rules.classify(&target), rules.classify_host(target.host())] {
                    let decision = decide(&actor, &findings, &policy, &now(&policy));
                    prop_assert!(matches!(decision, Decision::Ruled(_)));
                    let ruling = decision.final_ruling();
                    prop_assert_eq!(ruling.verdict(), Verdict::Block);
                    prop_assert!(ruling.decisive().all(|reason| reason.layer() == Layer::Locked));
                }
            }
        }
    }

    #[test]
    fn more_knowledge_never_loosens(
        lists in prop::collection::vec((category(), prop::collection::vec(line(), 1..6)), 1..5),
        changes in prop::collection::vec((any::<bool>(), category()), 0..10),
        host in prop::sample::select(vec!["a.test", "www.a.test", "x.a.test", "y.x.a.test", "b.test"]),
        path in prop::sample::select(vec!["", "p", "p/q", "r/s"]),
    ) {
        let policy = policy_of(vec![changed(Profile::pupils("pupils"), &changes), Profile::staff("staff")]);
        let lists: Vec<_> = lists.into_iter().map(|(category, lines)| (category.id(), lines)).collect();
        let rules = rules(&lists);
        let target: Target = format!("http://{host}/{path}").parse().unwrap();
        let actor = policy.member("pupils").unwrap();
        let by_host = decide(&actor, &rules.classify_host(target.host()), &policy, &now(&policy));
        let by_url = decide(&actor, &rules.classify(&target), &policy, &now(&policy));
        prop_assert!(matches!(by_url, Decision::Ruled(_)), "a URL needs no URL");
        match by_host {
            Decision::Ruled(ruling) => prop_assert!(ruling.verdict() <= by_url.final_ruling().verdict()),
            Decision::NeedsUrl(ruling) => prop_assert_eq!(ruling.verdict(), Verdict::Block),
        }
    }
}

fn verdict(policy: &Policy, rules: &Ruleset<Vec<u8>>, group: &str, url: &str) -> Verdict {
    let target: Target = url.parse().unwrap();
    decide(&policy.member(group).unwrap(), &rules.classify(&target), policy, &now(policy)).final_ruling().verdict()
}

#[test]
fn a_list_nobody_has_mapped_changes_nothing() {
    let rules = rules(&[(UNMAPPED, vec!["a.test".into()])]);
    assert_eq!(verdict(&starter(), &rules, "pupils", "http://a.test/"), Verdict::Allow);
}

#[test]
fn a_path_that_is_vouched_for_opens_that_path_alone() {
    let rules = rules(&[
        (Category::Pornography.id(), vec!["a.test".into()]),
        (Category::SexualEducation.id(), vec!["a.test/lessons".into()]),
    ]);
    let policy = starter();
    assert_eq!(verdict(&policy, &rules, "pupils", "http://a.test/lessons/1"), Verdict::Allow);
    assert_eq!(verdict(&policy, &rules, "pupils", "http://a.test/lessons2"), Verdict::Block);
    let host = "a.test".parse().unwrap();
    let decision = decide(&policy.member("pupils").unwrap(), &rules.classify_host(&host), &policy, &now(&policy));
    assert!(matches!(decision, Decision::NeedsUrl(ref ruling) if ruling.verdict() == Verdict::Block));
}

#[test]
fn the_sentence_names_rule_list_and_profile() {
    let rules = rules(&[(Category::Gambling.id(), vec!["a.test".into()])]);
    let policy = starter();
    let target: Target = "http://www.a.test/".parse().unwrap();
    let ruling =
        decide(&policy.member("staff").unwrap(), &rules.classify(&target), &policy, &now(&policy)).final_ruling();
    let sentence = ruling.to_string();
    assert_eq!(sentence, "Blocked: the profile staff blocks Gambling, and a.test is on the list list0 of test.");
}

#[test]
fn the_narrowest_network_says_who_is_asking() {
    let network = |range: &str, group: &str| Network {
        range: range.parse().unwrap(),
        group: group.into(),
        place: None,
        person: None,
        device: (group == "staff").then(|| "laptop 4".into()),
        sign_in: SignIn::Never,
    };
    let profiles = vec![Profile::staff("staff"), Profile::pupils("pupils")];
    let groups = ["staff", "pupils"].map(|name| Group { name: name.into(), profile: name.into() }).to_vec();
    let networks = vec![network("10.0.0.0/8", "pupils"), network("10.9.0.0/16", "staff")];
    let policy = Policy::new(profiles, groups, networks).unwrap();
    let group = |address: &str| policy.identify(address.parse().unwrap()).group().cloned();
    assert_eq!(group("10.1.2.3").as_deref(), Some("pupils"));
    assert_eq!(group("10.9.2.3").as_deref(), Some("staff"));
    assert_eq!(group("::ffff:10.9.2.3").as_deref(), Some("staff"));
    assert_eq!(group("192.0.2.1"), None);
    let device = |address: &str| policy.identify(address.parse().unwrap()).device().cloned();
    assert_eq!((device("10.1.2.3").as_deref(), device("10.9.2.3").as_deref()), (None, Some("laptop 4")));
    let stranger = policy.identify("192.0.2.1".parse().unwrap());
    assert_eq!(policy.profile_of(&stranger), policy.strictest());
    assert_eq!(&**policy.strictest().name(), "pupils");
}

#[test]
fn pupils_and_staff_have_profiles_of_their_own() {
    assert!(Policy::new(vec![Profile::staff("staff")], vec![], vec![]).is_err());
    assert!(Policy::new(vec![Profile::pupils("pupils")], vec![], vec![]).is_err());
    let policy = starter();
    let rules = rules(&[(Category::AiChat.id(), vec!["a.test".into()])]);
    assert_eq!(verdict(&policy, &rules, "pupils", "http://a.test/"), Verdict::Block);
    assert_eq!(verdict(&policy, &rules, "staff", "http://a.test/"), Verdict::Allow);
}

#[test]
fn every_canary_is_an_address() {
    for canary in CANARIES {
        let target = canary.url.parse::<Target>();
        assert!(target.as_ref().is_ok_and(|target| is_help_site(target.host())), "{}", canary.url);
    }
}
