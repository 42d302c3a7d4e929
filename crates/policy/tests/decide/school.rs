//! Random schools: profiles with times, exceptions, approved systems, variations, and people who ask.

use std::sync::Arc;

use belisha_filter::Rule;
use belisha_policy::calendar::{DaySpan, Days, PartOfDay, Which};
use belisha_policy::people::PersonKind;
use belisha_policy::roles::{Role, RoleSet};
use belisha_policy::{
    AccountKind, Actor, Agreement, ApprovedSystem, AtTimes, Attribution, Category, CategorySet, During, Exception,
    Group, Inspect, Members, Network, Policy, Profile, Search, SignIn, SignedIn, Variation, Verdict, VideoRestriction,
    When, Who,
};
use chrono::{DateTime, TimeDelta, Utc, WeekdaySet};
use proptest::prelude::*;

/// A few categories, so that lists, profiles and exceptions meet.
pub(crate) fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(vec![
        Category::Gambling,
        Category::Games,
        Category::Shopping,
        Category::Social,
        Category::News,
        Category::Terrorism,
        Category::SexualEducation,
    ])
}

fn ordinary() -> impl Strategy<Value = Category> {
    prop::sample::select(vec![
        Category::Gambling,
        Category::Games,
        Category::Shopping,
        Category::Social,
        Category::News,
    ])
}

fn categories() -> impl Strategy<Value = CategorySet> {
    prop::collection::vec(ordinary(), 0..4).prop_map(|all| all.into_iter().collect())
}

pub(crate) fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(Verdict::ALL.to_vec())
}

pub(crate) fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a.test", "www.a.test", "x.a.test", "b.test", "www.childline.org.uk"]);
    prop_oneof![
        name.clone().prop_map(str::to_string),
        name.clone().prop_map(|name| format!("full:{name}")),
        prop::sample::select(vec!["a.test/p", "a.test/p/q", "x.a.test/", "b.test/r", "b.test/p"])
            .prop_map(str::to_string),
    ]
}

/// A week around the night in which clocks go back in 2026, and one in term.
pub(crate) fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let start = prop::sample::select(vec!["2026-10-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-03-26T00:00:00Z"]);
    (start, 0..7 * 24 * 4_i64)
        .prop_map(|(start, quarters)| start.parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(15 * quarters))
}

fn when() -> impl Strategy<Value = When> {
    let which = prop::sample::select(vec![Which::Every, Which::SchoolDays, Which::SchoolNights, Which::Weekends]);
    let hours = prop::sample::select(vec!["09:00-12:00", "12:00-15:30", "18:00-21:00", "21:00-07:00", "00:00-24:00"]);
    let span = (which, hours).prop_map(|(which, hours)| DaySpan {
        days: Days { which, weekdays: WeekdaySet::ALL },
        hours: hours.parse().unwrap(),
    });
    let lessons = During { what: belisha_policy::Part::Of(PartOfDay::Lesson), usually: vec![] };
    prop_oneof![
        2 => Just(When::ALWAYS),
        3 => prop::collection::vec(span, 1..3).prop_map(|spans| When::in_any(spans, vec![]).unwrap()),
        1 => Just(When::in_any(vec![], vec![lessons]).unwrap()),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    let names = ["everyone", "group pupils", "group staff", "user k.purse", "year 4", "years 7-9", "pupils", "staff"];
    let more = ["class 4A", "role head", "guests", "class-accounts"];
    prop::sample::select([names.as_slice(), more.as_slice()].concat()).prop_map(|text| text.parse().unwrap())
}

fn several() -> impl Strategy<Value = Vec<Who>> {
    prop::collection::vec(who(), 1..3)
}

fn sites() -> impl Strategy<Value = Vec<Rule<'static>>> {
    prop::collection::vec(line(), 0..3).prop_map(|lines| {
        let leak = |line: String| Rule::from_normalised(Box::leak(line.into_boxed_str())).unwrap();
        lines.into_iter().map(leak).collect()
    })
}

fn exception() -> impl Strategy<Value = Exception> {
    (several(), sites(), categories(), verdict(), when(), instant(), 1..200_i64).prop_map(
        |(who, sites, categories, verdict, when, from, hours)| Exception {
            name: "".into(),
            who,
            sites,
            categories,
            verdict,
            when,
            from,
            until: from + TimeDelta::hours(hours),
            purpose: "a test".into(),
            by: "the coordinator".into(),
        },
    )
}

fn profile(name: &'static str, base: fn(&str) -> Profile) -> impl Strategy<Value = Profile> {
    let times = prop::collection::vec((when(), ordinary(), verdict()), 0..4);
    let engines = prop::option::of(Just(vec![Arc::from("kiddle")]));
    let looked_at = (prop::collection::vec(ordinary(), 0..4), prop::sample::select(Inspect::ALL.to_vec()));
    let changes = prop::collection::vec((ordinary(), verdict()), 0..6);
    (changes, times, any::<bool>(), prop::option::of(3..9_i8), engines, looked_at).prop_map(
        move |(changes, times, only_approved, year, engines, (monitored, inspect))| {
            let set = |profile: Profile, (category, verdict)| profile.set(category, verdict).unwrap();
            let mut profile = changes.into_iter().fold(base(name), set);
            for (at, (when, category, verdict)) in times.into_iter().enumerate() {
                let of = |wanted| if verdict == wanted { [category].into_iter().collect() } else { CategorySet::EMPTY };
                let times = AtTimes {
                    name: format!("times {at}").into(),
                    when,
                    block: of(Verdict::Block),
                    warn: of(Verdict::Warn),
                    allow: of(Verdict::Allow),
                };
                // Times that contradict each other make no profile.
                profile = profile.clone().at_times(times).unwrap_or(profile);
            }
            let search = Search { safe: true, video: VideoRestriction::Strict, engines };
            profile = profile.searching(search).inspecting(inspect);
            profile = monitored.into_iter().fold(profile, |profile, category| profile.monitor(category).unwrap());
            if let Some(year) = year.and_then(belisha_policy::people::NcYear::new) {
                profile = profile.from_year(year);
            }
            if only_approved { profile.only_approved() } else { profile }
        },
    )
}

fn variation() -> impl Strategy<Value = Variation> {
    let profile = prop::sample::select(vec!["pupils", "library", "staff"]);
    let places = prop::collection::vec(prop::sample::select(vec!["Library", "Hall"]), 0..2);
    (several(), places, when(), prop::option::of(instant()), profile).prop_map(|(who, places, when, from, profile)| {
        Variation {
            name: "".into(),
            who,
            places: places.into_iter().map(Arc::from).collect(),
            devices: vec![],
            when,
            from,
            until: from.map(|from| from + TimeDelta::hours(30)),
            profile: profile.into(),
            purpose: "a test".into(),
        }
    })
}

/// A school of which everything that can be set may be set.
pub(crate) fn school() -> impl Strategy<Value = Policy> {
    let profiles =
        (profile("pupils", Profile::pupils), profile("library", Profile::pupils), profile("staff", Profile::staff));
    let exceptions = prop::collection::vec(exception(), 0..6);
    let approved = prop::collection::vec((several(), sites()), 0..3);
    (profiles, exceptions, approved, prop::collection::vec(variation(), 0..3)).prop_map(
        |((pupils, library, staff), exceptions, approved, variations)| {
            let group = |name: &str| Group { name: name.into(), profile: name.into() };
            let network = |range: &str, group: &str, sign_in| Network {
                range: range.parse().unwrap(),
                group: group.into(),
                place: Some("Library".into()),
                person: None,
                device: None,
                sign_in,
            };
            let networks =
                vec![network("10.1.0.0/16", "pupils", SignIn::Never), network("10.2.0.0/16", "staff", SignIn::Ask)];
            let members: Vec<(Members, Arc<str>)> = [("pupils", "pupils"), ("staff", "staff"), ("year 9", "library")]
                .map(|(who, group)| (who.parse().unwrap(), group.into()))
                .into();
            let named = |(at, exception): (usize, Exception)| Exception { name: format!("e{at}").into(), ..exception };
            let exceptions: Vec<Exception> = exceptions.into_iter().enumerate().map(named).collect();
            let about_something = |it: &Exception| !it.sites.is_empty() || !it.categories.is_empty();
            let exceptions = exceptions.into_iter().filter(about_something).collect();
            let approved = approved.into_iter().enumerate().filter(|(_, (_, sites))| !sites.is_empty());
            let approved =
                approved.map(|(at, (who, sites))| ApprovedSystem { name: format!("a{at}").into(), sites, who });
            let named = |(at, variation): (usize, Variation)| Variation { name: format!("v{at}").into(), ..variation };
            let groups = vec![group("pupils"), group("library"), group("staff")];
            let policy = Policy::new(vec![pupils, library, staff], groups, networks).unwrap();
            let policy = policy.with_members(members).unwrap();
            let policy = policy.with_exceptions(exceptions).unwrap().with_approved(approved.collect()).unwrap();
            let variations: Vec<Variation> = variations.into_iter().enumerate().map(named).collect();
            // Those that put pupils under a profile for staff make no policy.
            variations.into_iter().fold(policy, |policy, variation| {
                let all = policy.variations().cloned().chain([variation]).collect();
                policy.clone().with_variations(all).unwrap_or(policy)
            })
        },
    )
}

/// What is known of somebody who asks.
#[derive(Clone, Debug)]
pub(crate) enum Asks {
    From(&'static str),
    NotSignedIn,
    Somebody(Arc<SignedIn>),
    Stranger,
}

impl Asks {
    pub(crate) fn actor(&self, policy: &Policy) -> Actor {
        let library = "10.2.3.4".parse().unwrap();
        match self {
            Self::From(address) => policy.identify(address.parse().unwrap()),
            Self::NotSignedIn => policy.not_signed_in(library),
            Self::Somebody(who) => policy.signed_in(library, who),
            Self::Stranger => policy.stranger(),
        }
    }
}

fn signed_in() -> impl Strategy<Value = Asks> {
    let kinds = prop::collection::vec(prop::sample::select(vec![PersonKind::Pupil, PersonKind::Teacher]), 0..2);
    let account = prop::sample::select(vec![AccountKind::Individual, AccountKind::Class, AccountKind::Guest]);
    (kinds, account, prop::option::of(3..10_i8), any::<bool>(), any::<bool>()).prop_map(
        |(kinds, account, year, is_purse, is_head)| {
            Asks::Somebody(Arc::new(SignedIn {
                person: "p".into(),
                user: if is_purse { "K.Purse".into() } else { "t.other".into() },
                attribution: Attribution::Individual,
                account,
                kinds,
                roles: if is_head { RoleSet::of(&[Role::Head]) } else { RoleSet::EMPTY },
                year: year.and_then(belisha_policy::people::NcYear::new),
                class: is_purse.then(|| "4A".into()),
                agreement: Agreement::default(),
            }))
        },
    )
}

pub(crate) fn asks() -> impl Strategy<Value = Asks> {
    prop_oneof![
        2 => Just(Asks::From("10.1.2.3")),
        1 => Just(Asks::NotSignedIn),
        1 => Just(Asks::Stranger),
        6 => signed_in(),
    ]
}

/// Lists of categories, by line.
pub(crate) fn lists() -> impl Strategy<Value = Vec<(Category, Vec<String>)>> {
    prop::collection::vec((category(), prop::collection::vec(line(), 1..5)), 0..5)
}

pub(crate) fn url() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec!["a.test", "www.a.test", "x.a.test", "y.x.a.test", "b.test"]);
    let other = prop::sample::select(vec!["www.childline.org.uk", "www.google.co.uk"]);
    let path = prop::sample::select(vec!["", "p", "p/q", "r/s"]);
    (prop_oneof![6 => host, 1 => other], path).prop_map(|(host, path)| format!("http://{host}/{path}"))
}
