//! While the log takes no records: pupils are refused where the school wants it, sites that help children stay up, and
//! without the setting nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use belisha_gateway::{State, records};
use belisha_policy::{Outcome, Profile};

use crate::support::{Client, Names, Origin, Proxy, policy_of, quick, state, usual_rules};

/// A proxy whose log is full while the switch is on.
async fn proxy(refuse_unlogged: bool, origin: &Origin) -> (Proxy, Arc<AtomicBool>) {
    let full = Arc::new(AtomicBool::new(false));
    let (records, receiver) = records::channel(100);
    let switch = full.clone();
    let records = records.full_when(move || switch.load(Ordering::Relaxed));
    let state = State { refuse_unlogged, ..state(Some(usual_rules()), Names::all(origin.address)) };
    (Proxy::with_records("127.0.0.1:0", state, quick(), (records, receiver)).await, full)
}

async fn tunnel(mut client: Client, host: &str) -> u16 {
    client.send(&format!("CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    client.answer("CONNECT").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn pupils_are_refused_where_the_school_wants_it() {
    let origin = Origin::start().await;
    let (proxy, full) = proxy(true, &origin).await;
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200);
    full.store(true, Ordering::Relaxed);
    let seen = origin.bytes().len();
    let refused = proxy.client().await.get("http://fine.test/").await;
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("cannot keep its log") && refused.text().contains("0800 1111"));
    assert_eq!(tunnel(proxy.client().await, "fine.test").await, 503);
    assert_eq!(proxy.client().await.get("http://wager.test/").await.status, 403, "what is blocked stays blocked");
    assert_eq!(origin.bytes().len(), seen, "nothing reached the origin");
    let _ = proxy.record().await;
    let record = proxy.record().await;
    assert_eq!((record.observed, &*record.note), (Outcome::Refused, "the log takes no records"));

    // Sites that help children, and adults.
    assert_eq!(proxy.client().await.get("http://www.childline.org.uk/").await.status, 200);
    assert_eq!(tunnel(proxy.client().await, "childline.org.uk").await, 200);
    assert_eq!(proxy.staff().await.get("http://fine.test/").await.status, 200);

    full.store(false, Ordering::Relaxed);
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200, "at once when the log is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nobody_notices() {
    let origin = Origin::start().await;
    let (proxy, full) = proxy(false, &origin).await;
    full.store(true, Ordering::Relaxed);
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200);
    assert_eq!(tunnel(proxy.client().await, "fine.test").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_nobody_empties_is_full() {
    let origin = Origin::start().await;
    let state = State { refuse_unlogged: true, ..state(Some(usual_rules()), Names::all(origin.address)) };
    let proxy = Proxy::with_records("127.0.0.1:0", state, quick(), records::channel(1)).await;
    for status in [200, 200, 503] {
        assert_eq!(proxy.client().await.get("http://fine.test/").await.status, status);
    }
    proxy.record().await;
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 503, "it shows that there is room");
    proxy.record().await;
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_in_the_record_only_where_the_profile_keeps_them() {
    let origin = Origin::start().await;
    let policy = policy_of(Profile::pupils("pupils"), Profile::staff("staff").keep_queries());
    let state = State { policy, ..state(Some(usual_rules()), Names::all(origin.address)) };
    let proxy = Proxy::start(state, quick()).await;
    for (client, query) in [(proxy.client().await, ""), (proxy.staff().await, "q=amber+hill")] {
        let mut client = client;
        assert_eq!(client.get("http://fine.test/search?q=amber+hill").await.status, 200);
        let record = proxy.record().await;
        assert_eq!((&*record.path, &*record.query), ("/search", query));
    }
}
