//! What may never happen when a request is decided, over random schools, people and moments.
//!
//! - Nothing that a school can set turns unlawful material into anything but a block (DESIGN 6.1).
//! - More knowledge of a target never loosens: what is ruled on by host is no stricter than what is ruled on by URL, or
//!   the decision says that it needs the URL (6.2).
//! - Ruled on again in words that a person could check, the verdict is the same.
//! - An exception says nothing before it begins and from its end on, whatever the clocks do (6.12).
//! - Nobody who should have signed in and has not is better off for any rule that is about somebody.
//! - No primary pupil, and nobody of whom it is not known that they are none, is offered a warning (decisions 8).
//! - A site that helps children is open, unless it is unlawful.
//! - What is open and of a category that the profile has marked is marked, and nothing else is. Connections may be looked
//!   into where the profile asks for it, from the day on which all is written down; never to help, nor to a private site.
//! - While nothing begins or ends to hold, the ruling is one and the same, in nights in which the clocks change too.
//! - What an explanation says will happen at an instant happens then, and not before.

use std::sync::Arc;

use belisha_filter::{Ruleset, Target};
use belisha_policy::calendar::Moment;
use belisha_policy::{
    Actor, Agreed, Agreement, Audience, By, Category, Decision, Inspect, Inspection, Kind, Layer, Otherwise, PRIVATE,
    Policy, Reason, Ruling, SignedIn, Told, UntilSigned, Verdict, decide, explain, is_help_in_whole,
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::rules;
use crate::school::{Asks, asks, instant, lists, school, url};

fn ruleset(lists: &[(Category, Vec<String>)]) -> Ruleset<Vec<u8>> {
    // There is no ruleset without rules.
    let elsewhere = (Category::News.id(), vec!["elsewhere.test".to_string()]);
    let lists = lists.iter().map(|(category, lines)| (category.id(), lines.clone()));
    rules(&lists.chain([elsewhere]).collect::<Vec<_>>())
}

/// The rules of the layers, said again from the reasons that a ruling gives, and without its order.
fn in_words(ruling: &Ruling, policy: &Policy, actor: &Actor, target: &Target) -> Verdict {
    let at = |layer: Layer| ruling.reasons().iter().filter(move |reason| reason.layer() == layer);
    let profile = policy.profiles().iter().find(|it| it.name() == ruling.profile()).unwrap();
    let strict = || {
        let strictest = at(Layer::Profile).map(Reason::verdict).max().unwrap_or(Verdict::Allow);
        if profile.is_only_approved() { Verdict::Block } else { strictest }
    };
    let said = if at(Layer::Locked).next().is_some() {
        Verdict::Block
    } else if is_help_in_whole(target.host()) {
        Verdict::Allow
    } else if let Some(reason) = at(Layer::Exception).next() {
        reason.verdict()
    } else if at(Layer::Approved).next().is_some() || at(Layer::Vouched).next().is_some() {
        Verdict::Allow
    } else if at(Layer::Search).next().is_some() {
        Verdict::Block
    } else {
        strict()
    };
    if said == Verdict::Warn && !may_be_warned(ruling, policy, actor) { Verdict::Block } else { said }
}

/// Adults, and those of whom it is known that they are past year 6.
fn may_be_warned(ruling: &Ruling, policy: &Policy, actor: &Actor) -> bool {
    let profile = policy.profiles().iter().find(|it| it.name() == ruling.profile()).unwrap();
    let year = actor.year().or(profile.lowest_year());
    profile.audience() == Audience::Staff || year.is_some_and(|year| year.number() > 6)
}

/// How narrow a rule is that holds a target, worked out from its text; `None` where it does not hold it.
fn narrowness(rule: &str, target: &Target) -> Option<(u8, usize)> {
    let host = target.host().as_str();
    if let Some(name) = rule.strip_prefix("full:") {
        return (host == name).then_some((1, 0));
    }
    if let Some((name, path)) = rule.split_once('/') {
        let is_host = host == name || host.strip_prefix("www.") == Some(name);
        let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        let mut asked = target.path().split('/').filter(|it| !it.is_empty());
        let begins = segments.iter().all(|segment| asked.next() == Some(segment));
        return (is_host && begins).then_some((2, segments.len()));
    }
    let below = host == rule || host.strip_suffix(rule).is_some_and(|rest| rest.ends_with('.'));
    below.then(|| (0, rule.split('.').count()))
}

/// What exceptions say of a target, and of a category, worked out from the settings.
fn by_exceptions(policy: &Policy, actor: &Actor, moment: &Moment<'_>, target: &Target) -> Option<Verdict> {
    let holding = policy.exceptions().iter().filter(|exception| exception.holds(actor, moment));
    let about = holding.flat_map(|exception| exception.sites.iter().map(|rule| (rule.to_string(), exception.verdict)));
    let ranked = about.filter_map(|(rule, verdict)| Some((narrowness(&rule, target)?, verdict)));
    ranked.max().map(|(_, verdict)| verdict)
}

fn of_category(policy: &Policy, actor: &Actor, moment: &Moment<'_>, category: Category) -> Verdict {
    let holding = policy.exceptions().iter().filter(|exception| exception.holds(actor, moment));
    let about = holding.filter(|exception| exception.categories.has(category)).map(|exception| exception.verdict).max();
    about.unwrap_or_else(|| policy.profile_at(actor, moment).0.verdict_at(category, moment).0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_laws_hold(policy in school(), asks in asks(), lists in lists(), url in url(), at in instant()) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let (actor, moment) = (asks.actor(&policy), policy.moment(at));
        let by_host = decide(&actor, &rules.classify_host(target.host()), &policy, &moment);
        let by_url = decide(&actor, &rules.classify(&target), &policy, &moment);
        prop_assert!(matches!(by_url, Decision::Ruled(_)), "a URL needs no URL");
        let by_url = by_url.final_ruling();

        match by_host {
            Decision::Ruled(ruling) => prop_assert!(ruling.verdict() <= by_url.verdict(), "{ruling:?} {by_url:?}"),
            Decision::NeedsUrl(ruling) => prop_assert!(ruling.verdict() > Verdict::Allow),
        }
        let is_locked = by_url.categories().iter().any(|category| category.kind() == Kind::Locked);
        if is_locked {
            prop_assert_eq!(by_url.verdict(), Verdict::Block);
            prop_assert!(by_url.decisive().all(|reason| reason.layer() == Layer::Locked));
        } else if is_help_in_whole(target.host()) {
            prop_assert_eq!(by_url.verdict(), Verdict::Allow);
        }
        // Whoever is held to a strictest profile is held to one that is made from those of the school.
        if policy.profile_of(&actor).times() == policy.profiles().iter().find(|it| it.name() == by_url.profile()).unwrap().times() {
            prop_assert_eq!(by_url.verdict(), in_words(&by_url, &policy, &actor, &target), "{:?}", by_url);
        }
        if by_url.verdict() == Verdict::Warn && by_url.audience() == Audience::Pupils {
            let profile = policy.profiles().iter().find(|it| it.name() == by_url.profile()).unwrap();
            prop_assert!(actor.year().or(profile.lowest_year()).is_some_and(|year| !year.is_primary()));
        }
        let shown = |verdict| if verdict == Verdict::Warn && !may_be_warned(&by_url, &policy, &actor) { Verdict::Block } else { verdict };
        let of_sites = by_url.reasons().iter().find(|reason| reason.layer() == Layer::Exception);
        let expected = by_exceptions(&policy, &actor, &moment, &target).map(shown);
        prop_assert_eq!(of_sites.map(Reason::verdict), expected, "{:?}", by_url);
        for reason in by_url.reasons() {
            if let Some(category) = reason.category().filter(|category| category.kind() == Kind::Ordinary) {
                prop_assert_eq!(reason.verdict(), shown(of_category(&policy, &actor, &moment, category)));
            }
            if let By::Exception(name) = reason.by() {
                let exception = policy.exceptions().iter().find(|it| it.name == *name).unwrap();
                prop_assert!((exception.from..exception.until).contains(&at));
                prop_assert!(exception.who.iter().any(|who| who.holds(&actor)));
            }
        }
    }

    #[test]
    fn whoever_has_not_signed_in_gains_nothing(policy in school(), lists in lists(), url in url(), at in instant()) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let findings = rules.classify(&target);
        let moment = policy.moment(at);
        let unproven = policy.not_signed_in("10.2.3.4".parse().unwrap());
        let verdict = decide(&unproven, &findings, &policy, &moment).final_ruling().verdict();
        // Without whatever is for somebody.
        let for_all = |who: &[belisha_policy::Who]| who.contains(&belisha_policy::Who::Everyone);
        let exceptions = policy.exceptions().iter().filter(|it| for_all(&it.who)).cloned().collect();
        let approved = policy.approved().iter().filter(|it| for_all(&it.who)).cloned().collect();
        let bare = policy.clone().with_exceptions(exceptions).unwrap().with_approved(approved).unwrap();
        let bare = bare.with_variations(vec![]).unwrap();
        let moment = bare.moment(at);
        prop_assert_eq!(verdict, decide(&unproven, &findings, &bare, &moment).final_ruling().verdict());
    }

    /// Whoever has not agreed gains nothing by it, whatever the school makes of that; what helps children stays open, and
    /// where it is the mild rule so does what no list speaks of.
    #[test]
    fn whoever_has_not_agreed_gains_nothing(
        policy in school(), asks in asks(), lists in lists(), url in url(), at in instant(),
    ) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let findings = rules.classify(&target);
        let Asks::Somebody(who) = asks else { return Ok(()) };
        let begins = DateTime::<Utc>::MIN_UTC;
        let verdict = |agreed: Agreed, how: UntilSigned| {
            let agreement = Agreement::new(vec![(begins, agreed)], Told::AsEverybody);
            let who = Arc::new(SignedIn { agreement, ..(*who).clone() });
            let policy = policy.clone().with_until_signed(how);
            let actor = policy.signed_in("10.2.3.4".parse().unwrap(), &who);
            decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling().verdict()
        };
        for how in UntilSigned::ALL {
            let agreed = verdict(Agreed::Yes, how);
            prop_assert_eq!(agreed, verdict(Agreed::NotAsked, how));
            prop_assert_eq!(agreed, verdict(Agreed::Meanwhile, how));
            prop_assert!(agreed <= verdict(Agreed::No, how));
        }
        prop_assert_eq!(verdict(Agreed::Yes, UntilSigned::Mild), verdict(Agreed::No, UntilSigned::Chase));
        let is_listed = findings.hits().next().is_some();
        if !is_listed {
            prop_assert_eq!(verdict(Agreed::Yes, UntilSigned::Mild), verdict(Agreed::No, UntilSigned::Mild));
        }
        if is_help_in_whole(target.host()) && !is_listed {
            prop_assert_eq!(verdict(Agreed::No, UntilSigned::Strict), Verdict::Allow);
        }
    }

    /// Decisions 2: nobody is looked into who was not told, whatever they signed.
    #[test]
    fn nobody_is_looked_into_who_was_not_told(
        policy in school(), asks in asks(), lists in lists(), url in url(), at in instant(), later in -2_i64..3,
    ) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let findings = rules.classify(&target);
        let Asks::Somebody(who) = asks else { return Ok(()) };
        let day = at.date_naive() - TimeDelta::days(40);
        let policy = policy.with_inspection(Some(Inspection { assessed: day, noticed: day }));
        let inspects = |told: Told| {
            let who = Arc::new(SignedIn { agreement: Agreement::new(Vec::new(), told), ..(*who).clone() });
            let actor = policy.signed_in("10.2.3.4".parse().unwrap(), &who);
            decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling().inspects()
        };
        prop_assert!(!inspects(Told::Never));
        let told = at + TimeDelta::hours(later);
        prop_assert_eq!(inspects(Told::Since(told)), told <= at && inspects(Told::AsEverybody));
    }

    #[test]
    fn marked_is_what_is_open_and_looked_into_what_may_be(
        policy in school(), asks in asks(), lists in lists(), url in url(), at in instant(), days in -3_i64..3,
    ) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let (findings, actor) = (rules.classify(&target), asks.actor(&policy));
        let ruling = decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling();
        prop_assert!(!ruling.inspects(), "nothing was written down");
        let day = at.date_naive() - TimeDelta::days(days);
        for (assessed, noticed) in [(day, day - TimeDelta::days(30)), (day - TimeDelta::days(30), day)] {
            let policy = policy.clone().with_inspection(Some(Inspection { assessed, noticed }));
            let moment = policy.moment(at);
            let ruling = decide(&actor, &findings, &policy, &moment).final_ruling();
            let profile = policy.profiles().iter().find(|it| it.name() == ruling.profile()).unwrap();
            let categories = ruling.categories();
            if ruling.is_monitored() {
                prop_assert_eq!(ruling.verdict(), Verdict::Allow);
                prop_assert!(categories.iter().any(|category| profile.monitors(*category)));
            } else {
                prop_assert!(ruling.verdict() > Verdict::Allow || !categories.iter().any(|it| profile.monitors(*it)));
            }
            let is_private = categories.iter().any(|category| PRIVATE.contains(category));
            if ruling.inspects() {
                prop_assert!(profile.inspects() > Inspect::Nothing && ruling.verdict() < Verdict::Block);
                prop_assert!(!is_help_in_whole(target.host()) && moment.local().date_naive() >= day);
                prop_assert!(profile.inspects() == Inspect::Searches || !is_private);
            } else if profile.inspects() == Inspect::Most && ruling.verdict() == Verdict::Allow {
                let is_help = is_help_in_whole(target.host())
                    || ruling.reasons().iter().any(|reason| reason.layer() == Layer::Help);
                prop_assert!(is_private || is_help || moment.local().date_naive() < day);
            }
        }
    }

    #[test]
    fn while_nothing_begins_or_ends_the_ruling_is_one(
        policy in school(), asks in asks(), lists in lists(), url in url(), at in instant(), near_change in any::<bool>(),
        parts in prop::collection::vec(0..1000_i32, 6),
    ) {
        // Half of them in the days around a night in which the clocks change.
        let changes = ["2026-10-25T00:30:00Z", "2027-03-28T00:30:00Z"].map(|text| text.parse::<DateTime<Utc>>().unwrap());
        let change = if at.timestamp() % 2 == 0 { changes[0] } else { changes[1] };
        let at = if near_change { change + TimeDelta::minutes(at.timestamp() / 60 % 180 - 60) } else { at };
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let findings = rules.classify(&target);
        let actor = asks.actor(&policy);
        let ruling = |at| decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling();
        let steady = policy.steady_around(&policy.moment(at));
        prop_assert!(steady.contains(&at));
        let now = ruling(at);
        let within = parts.iter().map(|part| steady.start + (steady.end - steady.start) / 1000 * *part);
        for instant in within.chain([steady.start, steady.end - TimeDelta::nanoseconds(1)]) {
            prop_assert_eq!(&ruling(instant), &now, "at {} as at {}, in {:?}", instant, at, &steady);
        }
    }

    #[test]
    fn what_is_said_of_later_comes_then_and_not_before(
        policy in school(), asks in asks(), lists in lists(), url in url(), at in instant(),
    ) {
        let rules = ruleset(&lists);
        let target: Target = url.parse().unwrap();
        let findings = rules.classify(&target);
        let actor = asks.actor(&policy);
        let verdict = |at| decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling().verdict();
        let explained = explain(&actor, &findings, &policy, &policy.moment(at));
        let later = explained.otherwise.iter().find_map(|it| match it {
            Otherwise::Later { at, verdict } => Some((*at, *verdict)),
            _ => None,
        });
        let now = verdict(at);
        let is_locked = explained.otherwise.contains(&Otherwise::Nothing);
        prop_assert_eq!(is_locked, now == Verdict::Block && lists.iter().any(|(category, _)| category.kind() == Kind::Locked)
            && decide(&actor, &findings, &policy, &policy.moment(at)).final_ruling().layer() == Layer::Locked);
        let until = later.map_or(at + TimeDelta::days(7), |(later, _)| later);
        let mut instant = at;
        while instant < until {
            prop_assert_eq!(verdict(instant), now, "at {}", instant);
            instant += TimeDelta::minutes(15);
        }
        if let Some((later, then)) = later {
            prop_assert_eq!(verdict(later), then);
            prop_assert_ne!(then, now);
        }
    }
}
