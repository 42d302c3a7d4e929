//! Warn and continue: a page with a link, and a site that opens for a while to whoever follows it. And the other name of a
//! search engine, to which connections go where its filter is to be on.

use std::sync::{Arc, Mutex};

use belisha_policy::people::NcYear;
use belisha_policy::{Category, Outcome, Profile};

use crate::support::client::Answer;
use crate::support::origin::filler;
use crate::support::{Client, Names, Origin, Proxy, STAFF, policy_of, quick, rules, state, usual_rules};

/// A proxy that warns staff, and pupils from year 9 on, of betting.
async fn warning(origin: &Origin, from_year: Option<i8>) -> Proxy {
    let warns = |profile: Profile| profile.set(Category::Gambling, belisha_policy::Verdict::Warn).unwrap();
    let mut pupils = warns(Profile::pupils("pupils"));
    if let Some(year) = from_year.and_then(NcYear::new) {
        pupils = pupils.from_year(year);
    }
    let mut state = state(Some(usual_rules()), Names::all(origin.address));
    state.policy = policy_of(pupils, warns(Profile::staff("staff")));
    Proxy::start(state, quick()).await
}

fn link(answer: &Answer) -> String {
    let text = answer.text();
    text.split("href=\"http://go-on")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|rest| format!("http://go-on{rest}"))
        .expect("a link")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_warned_may_go_on_and_it_is_written_down() {
    let origin = Origin::start().await;
    let proxy = warning(&origin, None).await;
    let mut staff = proxy.staff().await;
    let answer = staff.get("http://wager.test/length/5?q=secret").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let text = answer.text();
    assert!(text.contains("Stop and think") && text.contains("Gambling") && !text.contains("secret"), "{text}");
    let record = proxy.record().await;
    assert_eq!((record.observed, &*record.host, record.status), (Outcome::Warned, "wager.test", 403));
    assert!(origin.bytes().is_empty(), "nothing was fetched");

    let going = staff.get(&link(&answer)).await;
    assert_eq!((going.status, going.field("location")), (303, Some("http://wager.test/length/5?q=secret")));
    let record = proxy.record().await;
    assert_eq!(
        (record.observed, &*record.host, &*record.note),
        (Outcome::Allowed, "wager.test", "went on after a warning")
    );
    assert_eq!(&*record.path, "/length/5");

    let answer = staff.get("http://wager.test/length/5").await;
    assert!(answer.status == 200 && answer.body == filler(5), "{answer:?}");
    let record = proxy.record().await;
    assert_eq!((record.observed, &*record.note), (Outcome::Allowed, "went on after a warning"));
    // The site, and not what is below or beside it.
    assert_eq!(staff.get("http://sub.wager.test/").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_for_whoever_was_warned_and_cannot_be_made_up() {
    let origin = Origin::start().await;
    let proxy = warning(&origin, None).await;
    let link = link(&proxy.staff().await.get("http://wager.test/").await);
    let mut other = Client::connect(proxy.address, Some([127, 0, 0, 9].into())).await;
    assert_eq!(other.get(&link).await.status, 410);
    let mut staff = proxy.staff().await;
    assert_eq!(staff.get("http://go-on.belisha.invalid/0123456789abcdef0123456789abcdef").await.status, 410);
    assert_eq!(staff.get("http://wager.test/").await.status, 403, "nobody went on");
}

/// Decisions 8: warn and continue is never offered to primary pupils, nor to anybody who may be one.
#[tokio::test(flavor = "multi_thread")]
async fn primary_pupils_are_blocked_where_others_are_warned() {
    let origin = Origin::start().await;
    for (from_year, offered) in [(None, false), (Some(5), false), (Some(9), true)] {
        let proxy = warning(&origin, from_year).await;
        let answer = proxy.client().await.get("http://wager.test/").await;
        assert_eq!((answer.status, answer.text().contains("go on")), (403, offered), "{from_year:?}");
        assert!(!answer.text().contains("Gambling"), "a pupil's page names no category");
        let expected = if offered { Outcome::Warned } else { Outcome::Blocked };
        assert_eq!(proxy.record().await.observed, expected);
    }
}

/// Inside a tunnel there is no page to show: it opens to whoever went on in the clear.
#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_to_a_site_that_is_warned_of_opens_to_whoever_went_on() {
    let origin = Origin::start().await;
    let proxy = warning(&origin, None).await;
    let connect = async || {
        let mut client = Client::connect(proxy.address, Some(STAFF)).await;
        client.send("CONNECT wager.test:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        client.answer("CONNECT").await.status
    };
    assert_eq!(connect().await, 403);
    let mut staff = proxy.staff().await;
    let answer = staff.get("http://wager.test/").await;
    assert_eq!(staff.get(&link(&answer)).await.status, 303);
    assert_eq!(connect().await, 200);
}

/// REG-D14: connections to a search engine go to the name at which its filter is on, and the request is for the engine.
#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_search_engine_go_where_its_filter_is_on() {
    let origin = Origin::start().await;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (noted, address) = (asked.clone(), origin.address);
    let names = Names::new(move |host, _| {
        noted.lock().unwrap().push(host.to_string());
        vec![address]
    });
    let proxy = Proxy::start(state(Some(rules(&[("x", Category::Gambling, &["wager.test"])])), names), quick()).await;
    let mut pupil = proxy.client().await;
    assert_eq!(pupil.get("http://www.google.co.uk/length/5").await.status, 200);
    let mut tunnel = proxy.client().await;
    tunnel.send("CONNECT www.youtube.com:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(tunnel.answer("CONNECT").await.status, 200);
    assert_eq!(proxy.staff().await.get("http://www.google.co.uk/length/5").await.status, 200);
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, ["forcesafesearch.google.com", "restrictmoderate.youtube.com", "www.google.co.uk"]);
    for request in origin.requests() {
        assert!(request.field("host").is_some_and(|host| host == "www.google.co.uk"), "{request:?}");
    }
}
