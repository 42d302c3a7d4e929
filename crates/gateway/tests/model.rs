//! What may never happen where people sign in.
//!
//! - No request is answered with more than the profile of whoever it names allows; or, where they cannot be told, than
//!   the strictest profile for pupils does.
//! - Whoever names nobody gets sites that help children, and nothing else.
//! - A line of the log is somebody's only if the request showed their credentials, and they were right at that moment.
//! - Whoever is somebody gets all that their profile allows, whatever happened to others.

use std::sync::Arc;
use std::time::Duration;

use belisha_policy::people::NcYear;
use belisha_policy::{Policy, SignIn, SignedIn, Verdict, decide, is_help_site};
use chrono::Utc;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

use crate::support::porter::{Account, Mood, Porter, asking_policy, in_a_while};
use crate::support::{Client, Origin, Proxy, STAFF, usual_rules};

const HOSTS: [&str; 6] =
    ["fine.test", "chat.test", "wager.test", "locked.test", "www.childline.org.uk", "help.wager.test"];
const SHOWN: [&str; 8] =
    ["", "nonsense", "ada:amber", "ada:other", "ben:beacon:1", "gus:garden", "tess:t\u{e9}ss\u{20ac}", "nobody:amber"];

#[derive(Clone, Debug)]
enum Step {
    Ask { shown: &'static str, host: &'static str, tunnel: bool, office: bool },
    SwitchOff(&'static str),
    SwitchOn(&'static str),
    Password(&'static str, &'static str),
    Year(i8),
    GuestEnds(bool),
    Away,
    Back,
}

fn step() -> impl Strategy<Value = Step> {
    let login = || select(vec!["ada", "ben", "gus"]);
    let ask = (select(SHOWN.to_vec()), select(HOSTS.to_vec()), any::<bool>(), proptest::bool::weighted(0.1))
        .prop_map(|(shown, host, tunnel, office)| Step::Ask { shown, host, tunnel, office });
    prop_oneof![
        12 => ask,
        1 => login().prop_map(Step::SwitchOff),
        1 => login().prop_map(Step::SwitchOn),
        1 => select(vec!["amber", "other"]).prop_map(|password| Step::Password("ada", password)),
        1 => select(vec![4_i8, 6]).prop_map(Step::Year),
        1 => any::<bool>().prop_map(Step::GuestEnds),
        1 => Just(Step::Away),
        1 => Just(Step::Back),
    ]
}

/// What is true at a moment, told apart from the proxy.
struct World {
    policy: Policy,
    rules: belisha_filter::Ruleset<belisha_filter::AlignedBytes>,
    is_away: bool,
}

impl World {
    fn allows(&self, actor: &belisha_policy::Actor, host: &str, tunnel: bool) -> bool {
        let moment = self.policy.moment(chrono::Utc::now());
        let ruling = if tunnel {
            decide(actor, &self.rules.classify_host(&host.parse().unwrap()), &self.policy, &moment)
        } else {
            decide(actor, &self.rules.classify(&format!("http://{host}/").parse().unwrap()), &self.policy, &moment)
        };
        ruling.final_ruling().verdict() == Verdict::Allow
    }
}

/// Whose credentials these are now, and whether they may still be used.
fn owner(porter: &Porter, shown: &str) -> Option<(SignedIn, bool)> {
    let (login, password) = shown.split_once(':')?;
    let Account { password: right, who, until, is_off } = porter.account(login)?;
    let lasts = until.is_none_or(|until| Utc::now() < until);
    (right == password && !is_off).then_some((who, lasts))
}

async fn ask(proxy: &Proxy, shown: &str, host: &str, tunnel: bool, office: bool) -> u16 {
    let mut client = Client::connect(proxy.address, office.then_some(STAFF)).await;
    match (tunnel, shown) {
        (true, "") => {
            client.send(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            client.answer("CONNECT").await.status
        }
        (true, shown) => client.connect_as(shown, &format!("{host}:443")).await.status,
        (false, "") => client.get(&format!("http://{host}/")).await.status,
        (false, shown) => client.get_as(shown, &format!("http://{host}/")).await.status,
    }
}

async fn holds(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut world = World { policy: asking_policy(), rules: usual_rules(), is_away: false };
    for step in steps {
        match step {
            Step::SwitchOff(login) => porter.change(login, |account| account.is_off = true),
            Step::SwitchOn(login) => porter.change(login, |account| account.is_off = false),
            Step::Password(login, password) => porter.change(login, |account| account.password = password.into()),
            Step::Year(year) => porter.change("ada", |account| account.who.year = NcYear::new(year)),
            Step::GuestEnds(now) => {
                let end = if now { Duration::ZERO } else { Duration::from_mins(10) };
                porter.change("gus", |account| account.until = Some(in_a_while(end)));
            }
            Step::Away | Step::Back => {
                world.is_away = matches!(step, Step::Away);
                porter.mood(if world.is_away { Mood::Away } else { Mood::Fine });
            }
            Step::Ask { shown, host, tunnel, office } => {
                let status = ask(&proxy, shown, host, tunnel, office).await;
                let record = proxy.record().await;
                judge(&world, &porter, &step, status, &record)?;
            }
        }
    }
    Ok(())
}

fn judge(
    world: &World,
    porter: &Porter,
    step: &Step,
    status: u16,
    record: &belisha_policy::AccessRecord,
) -> Result<(), TestCaseError> {
    let Step::Ask { shown, host, tunnel, .. } = *step else { return Ok(()) };
    let address = record.address;
    if world.policy.sign_in_at(address) == SignIn::Never {
        let allows = world.allows(&world.policy.identify(address), host, tunnel);
        prop_assert_eq!(status == 200, allows, "{:?}", step);
        prop_assert_eq!(&record.person, &None);
        return Ok(());
    }
    let named = owner(porter, shown);
    let owner = named.clone().and_then(|(who, lasts)| lasts.then_some(who));
    let as_owner = owner
        .as_ref()
        .is_some_and(|who| world.allows(&world.policy.signed_in(address, &Arc::new(who.clone())), host, tunnel));
    let as_nobody = world.allows(&world.policy.not_signed_in(address), host, tunnel);
    let helps = is_help_site(&host.parse().unwrap());
    let strictest = (helps || world.is_away && shown.contains(':')) && as_nobody;
    if status == 200 {
        prop_assert!(as_owner || strictest, "more than is allowed: {:?} {:?}", step, record);
    }
    if let Some(person) = &record.person {
        let who = named.as_ref().map(|(who, _)| &who.person);
        prop_assert_eq!(Some(person), who, "somebody else's line: {:?}", step);
    }
    if owner.is_some() && !world.is_away {
        prop_assert_eq!(status == 200, as_owner, "less than is allowed: {:?} {:?}", step, record);
    }
    if helps {
        prop_assert_eq!(status, 200, "{:?}", step);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gets_more_than_whoever_they_are_may(steps in proptest::collection::vec(step(), 1..40)) {
        Runtime::new().unwrap().block_on(holds(steps))?;
    }
}
