//! Who has signed in, and which profile that gives them.
//!
//! - The most particular rule counts: the class, then the year, then what somebody is.
//! - A pupil is held to a rule for pupils or to none, whatever else they are.
//! - A guest's account, and an account that a class shares, are held to rules of their own kind or to none.
//! - Whom no rule fits is held to the strictest profile for pupils, even where one for staff blocks more.
//! - Order in the settings, capital letters of a class, and the address change nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::people::{NcYear, PersonKind};
use belisha_policy::roles::RoleSet;
use belisha_policy::{
    AccountKind, Attribution, Category, Group, MemberKind, Members, Network, Policy, PolicyError, Profile, SignIn,
    SignedIn,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Every name that the rules below can have.
const NAMES: [&str; 12] = [
    "pupils",
    "staff",
    "governors",
    "visitors",
    "parents",
    "guests",
    "class-accounts",
    "year R",
    "year 4",
    "year 5",
    "class 4A",
    "class 4B",
];

fn profiles() -> Vec<Profile> {
    let strict = [Category::News, Category::Blogs].into_iter().try_fold(Profile::pupils("pupils"), Profile::block);
    // Blocks more than any other, and is for staff.
    let cramped =
        Category::ALL.iter().fold(Profile::staff("cramped"), |it, category| match it.clone().block(*category) {
            Ok(stricter) => stricter,
            Err(_) => it,
        });
    let mut profiles = vec![strict.unwrap(), Profile::pupils("older"), Profile::staff("staff"), cramped];
    // A profile for each rule, so that the profile tells which rule it was.
    profiles.extend(NAMES.iter().map(|name| Profile::pupils(&format!("of {name}"))));
    profiles
}

/// A school in which each of these rules gives a group of its own.
fn school(rules: &[&str]) -> Policy {
    let profiles = profiles();
    let groups = profiles.iter().map(|it| Group { name: it.name().clone(), profile: it.name().clone() }).collect();
    let network = |range: &str, sign_in| Network {
        range: range.parse().unwrap(),
        group: "staff".into(),
        place: Some("Library".into()),
        person: Some("the librarian".into()),
        device: Some("library-1".into()),
        sign_in,
    };
    let networks = vec![network("10.0.0.0/8", SignIn::Ask), network("10.9.0.0/16", SignIn::Never)];
    let rules = rules.iter().map(|name| (name.parse().unwrap(), format!("of {name}").into())).collect();
    Policy::new(profiles, groups, networks).unwrap().with_members(rules).unwrap()
}

fn address() -> IpAddr {
    "10.1.2.3".parse().unwrap()
}

fn pupil(year: &str, class: &str) -> SignedIn {
    SignedIn {
        person: "p-1".into(),
        user: "pupil.1".into(),
        attribution: Attribution::Individual,
        account: AccountKind::Individual,
        kinds: vec![PersonKind::Pupil],
        roles: RoleSet::EMPTY,
        year: year.parse().ok(),
        class: (!class.is_empty()).then(|| class.into()),
        agreement: belisha_policy::Agreement::default(),
    }
}

fn adult(kinds: &[PersonKind]) -> SignedIn {
    SignedIn { kinds: kinds.to_vec(), ..pupil("", "") }
}

fn profile(policy: &Policy, who: &SignedIn) -> String {
    policy.profile_of(&policy.signed_in(address(), &Arc::new(who.clone()))).name().to_string()
}

#[test]
fn the_most_particular_rule_counts() {
    use PersonKind::{Contractor, ExternalBody, Governor, Parent, Pupil, SupportStaff, Teacher, Volunteer};
    let all = school(&NAMES);
    for (who, expected) in [
        (pupil("4", "4A"), "of class 4A"),
        (pupil("4", "4a"), "of class 4A"),
        (pupil("4", "4C"), "of year 4"),
        (pupil("R", "Acorns"), "of year R"),
        (pupil("9", "9X"), "of pupils"),
        (pupil("", ""), "of pupils"),
        (SignedIn { account: AccountKind::Class, kinds: vec![], ..pupil("4", "4B") }, "of class 4B"),
        (SignedIn { account: AccountKind::Class, kinds: vec![], ..pupil("5", "5X") }, "of year 5"),
        (SignedIn { account: AccountKind::Class, kinds: vec![], ..pupil("", "Oaks") }, "of class-accounts"),
        (SignedIn { account: AccountKind::Guest, kinds: vec![Teacher], ..pupil("4", "4A") }, "of guests"),
        (adult(&[Teacher]), "of staff"),
        (adult(&[SupportStaff]), "of staff"),
        (adult(&[Parent, Governor, Teacher]), "of staff"),
        (adult(&[Parent, Governor]), "of governors"),
        (adult(&[Parent, Volunteer]), "of visitors"),
        (adult(&[Contractor]), "of visitors"),
        (adult(&[Parent]), "of parents"),
        (adult(&[ExternalBody]), "pupils"),
        (adult(&[]), "pupils"),
        // A class of which an adult is the teacher is not theirs.
        (SignedIn { class: Some("4A".into()), ..adult(&[Teacher]) }, "of staff"),
        (adult(&[Teacher, Pupil]), "of pupils"),
    ] {
        let said = format!("{:?} {:?} {:?} {:?}", who.account, who.kinds, who.year, who.class);
        assert_eq!(profile(&all, &who), expected, "{said}");
        assert_eq!(profile(&school(&[]), &who), "pupils", "without rules: {said}");
    }
    // Of several that an adult is, one without a rule does not count.
    assert_eq!(profile(&school(&["parents"]), &adult(&[Teacher, Parent])), "of parents");
}

#[test]
fn whoever_has_not_signed_in_is_no_person_and_held_to_the_strictest_for_pupils() {
    let policy = school(&NAMES);
    assert_eq!(&**policy.strictest().name(), "cramped");
    assert_eq!(&**policy.strictest_for_pupils().name(), "pupils");
    let actor = policy.not_signed_in(address());
    assert_eq!(policy.profile_of(&actor), policy.strictest_for_pupils());
    assert_eq!((actor.person(), actor.attribution()), (None, Attribution::AddressOnly));
    assert_eq!(actor.place().map(|it| &**it), Some("Library"));
    assert_eq!(actor.device().map(|it| &**it), Some("library-1"));

    let actor = policy.signed_in(address(), &Arc::new(pupil("4", "4A")));
    assert_eq!((actor.person().map(|it| &**it), actor.attribution()), (Some("p-1"), Attribution::Individual));
    assert_eq!(actor.group().map(|it| &**it), Some("of class 4A"));
    assert_eq!(actor.place().map(|it| &**it), Some("Library"));
    // Nothing fits: a person, and no group.
    let actor = policy.signed_in(address(), &Arc::new(adult(&[])));
    assert_eq!((actor.person().map(|it| &**it), actor.group()), (Some("p-1"), None));
}

#[test]
fn the_narrowest_network_says_whether_to_ask() {
    let policy = school(&[]);
    for (address, asks) in [
        ("10.1.2.3", SignIn::Ask),
        ("::ffff:10.1.2.3", SignIn::Ask),
        ("10.9.2.3", SignIn::Never),
        ("192.0.2.1", SignIn::Never),
    ] {
        assert_eq!(policy.sign_in_at(address.parse().unwrap()), asks, "{address}");
    }
}

#[test]
fn names_lead_back_and_what_is_none_is_refused() {
    for name in NAMES {
        assert_eq!(name.parse::<Members>().unwrap().to_string(), name);
    }
    for (name, same) in
        [("Year 4", "year 4"), ("year 04", "year 4"), ("year  r", "year R"), ("class  Oak Tree ", "class Oak Tree")]
    {
        assert_eq!(name.parse::<Members>().unwrap().to_string(), same);
    }
    for name in ["", "teachers", "Pupils", "year", "year 15", "year ", "class", "class ", "klass 4A", "4A"] {
        let error = name.parse::<Members>().unwrap_err().to_string();
        assert!(error.contains("\"year 4\"") && error.contains("class-accounts"), "{name}: {error}");
    }
}

#[test]
fn rules_that_do_not_agree_are_refused() {
    let policy = |rules: &[(&str, &str)]| {
        let rules = rules.iter().map(|(who, group)| (who.parse().unwrap(), Arc::from(*group))).collect();
        school(&[]).with_members(rules).map(drop)
    };
    assert_eq!(policy(&[("year 4", "older"), ("class 4A", "older")]), Ok(()));
    let twice = policy(&[("class Oak", "older"), ("class OAK", "older")]);
    assert_eq!(twice, Err(PolicyError::Twice { what: "members", name: "class OAK".into() }));
    let error = policy(&[("year 4", "nobody")]).unwrap_err().to_string();
    assert_eq!(error, "the members year 4 have the group \"nobody\", which does not exist");
}

#[test]
fn who_has_signed_in_is_never_printed() {
    let who = SignedIn { person: "secret-login".into(), class: Some("secret-class".into()), ..pupil("4", "") };
    let shown = format!("{who:?}");
    assert!(!shown.contains("secret") && !shown.contains("Pupil"), "{shown}");
}

fn somebody() -> impl Strategy<Value = SignedIn> {
    let account = select(vec![AccountKind::Individual, AccountKind::Class, AccountKind::Guest]);
    let kinds = subsequence(PersonKind::ALL.to_vec(), 0..4);
    let year = proptest::option::of((-2_i8..=14).prop_map(|year| NcYear::new(year).unwrap()));
    let class = proptest::option::of(select(vec!["4A", "4b", "4B", "Oak"]).prop_map(Arc::from));
    (account, kinds, year, class).prop_map(|(account, kinds, year, class)| SignedIn {
        account,
        kinds,
        year,
        class,
        ..pupil("", "")
    })
}

/// The rules that may speak of somebody at all, said again without looking at how they are chosen.
fn may_speak(who: &SignedIn) -> BTreeSet<String> {
    let is = |kind: PersonKind| who.kinds.contains(&kind);
    let child = who.account == AccountKind::Class || who.account == AccountKind::Individual && is(PersonKind::Pupil);
    let mut names = BTreeSet::new();
    if child {
        names.extend(who.year.map(|year| format!("of year {year}")));
        names.extend(who.class.as_ref().map(|class| format!("of class {}", class.to_uppercase())));
    }
    match who.account {
        AccountKind::Guest => drop(names.insert("of guests".into())),
        AccountKind::Class => drop(names.insert("of class-accounts".into())),
        AccountKind::Individual if child => drop(names.insert("of pupils".into())),
        AccountKind::Individual => {
            if is(PersonKind::Teacher) || is(PersonKind::SupportStaff) {
                names.insert("of staff".into());
            }
            if is(PersonKind::Governor) {
                names.insert("of governors".into());
            }
            if is(PersonKind::Parent) {
                names.insert("of parents".into());
            }
            let others =
                [PersonKind::Volunteer, PersonKind::Contractor, PersonKind::Visitor, PersonKind::CommunityUser];
            if others.into_iter().any(is) {
                names.insert("of visitors".into());
            }
        }
    }
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn only_a_rule_that_speaks_of_somebody_gives_them_a_profile(
        who in somebody(),
        rules in subsequence(NAMES.to_vec(), 0..=NAMES.len()).prop_shuffle(),
        ip in any::<[u8; 4]>(),
    ) {
        let policy = school(&rules);
        let given: BTreeSet<String> = rules.iter().map(|rule| format!("of {rule}")).collect();
        let speaks: BTreeSet<String> = may_speak(&who).intersection(&given).cloned().collect();
        let found = profile(&policy, &who);
        if speaks.is_empty() {
            prop_assert_eq!(&found, "pupils");
        } else {
            prop_assert!(speaks.contains(&found), "{} is not among {:?}", found, speaks);
            let class = speaks.iter().find(|rule| rule.starts_with("of class "));
            let year = speaks.iter().find(|rule| rule.starts_with("of year "));
            prop_assert!(class.or(year).is_none_or(|particular| *particular == found));
        }
        // Neither the order of the rules nor the address changes it.
        let mut sorted = rules.clone();
        sorted.sort_unstable();
        prop_assert_eq!(&profile(&school(&sorted), &who), &found);
        let elsewhere = policy.signed_in(IpAddr::from(ip), &Arc::new(who.clone()));
        prop_assert_eq!(policy.profile_of(&elsewhere).name().to_string(), found);
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,40}") {
        if let Ok(members) = text.parse::<Members>() {
            prop_assert_eq!(members.to_string().parse::<Members>(), Ok(members));
        }
    }
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let slugs: BTreeSet<&str> = MemberKind::ALL.iter().map(|kind| kind.slug()).collect();
    assert_eq!(slugs.len(), MemberKind::ALL.len());
}
