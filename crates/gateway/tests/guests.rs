//! Guests whose time is over, and accounts that are switched off: at the next request, and in what is open.
//!
//! SC-08: a guest's account expires while a tunnel is streaming.

use std::sync::atomic::Ordering;
use std::time::Duration;

use belisha_policy::{Outcome, Phase};
use chrono::DateTime;
use tokio::time::{sleep, timeout};

use crate::support::porter::{Porter, in_a_while};
use crate::support::{Client, Names, Origin, Proxy, client_hello};

const GUEST: &str = "gus:garden";

/// A tunnel of somebody, in which something has moved; its opening record is taken.
async fn tunnel(proxy: &Proxy, shown: &str) -> Client {
    let mut client = proxy.client().await;
    assert_eq!(client.connect_as(shown, "fine.test:443").await.status, 200);
    let hello = client_hello(Some("fine.test"), 16_384);
    client.send(&hello).await;
    assert_eq!(client.bytes(hello.len()).await, hello);
    assert_eq!(proxy.record().await.phase, Phase::Opened);
    client
}

async fn lives(client: &mut Client) -> bool {
    client.send("ping").await;
    timeout(Duration::from_secs(2), client.bytes(4)).await.is_ok_and(|bytes| bytes == b"ping")
}

/// Both kinds of origin: the web on port 80, an echo on 443.
async fn proxy(porter: &std::sync::Arc<Porter>) -> (Proxy, Origin, Origin) {
    let (web, echo) = (Origin::start().await, Origin::echo().await);
    let (http, tls) = (web.address, echo.address);
    let proxy = porter.usual(&web).await;
    let names = Names::new(move |_, port| vec![if port == 443 { tls } else { http }]);
    let policy = crate::support::porter::asking_policy();
    let state = crate::support::state(Some(crate::support::usual_rules()), names);
    proxy.live.replace(belisha_gateway::State { policy, ..state });
    (proxy, web, echo)
}

/// SC-08
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_whose_time_is_over_is_out_in_what_is_open_and_at_the_next_request() {
    let porter = Porter::new();
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::from_millis(2500))));
    let (proxy, web, _echo) = proxy(&porter).await;
    let mut open = tunnel(&proxy, GUEST).await;
    let mut download = proxy.client().await;
    let shown = crate::support::client::basic(GUEST);
    let head = format!("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\nProxy-Authorization: {shown}\r\n\r\n");
    download.send(head).await;
    web.ticks.add_permits(2);
    assert_eq!(proxy.record().await.phase, Phase::Opened);
    assert!(lives(&mut open).await);

    // Nothing but time passes.
    assert!(open.is_closed().await);
    assert!(!download.answer("GET").await.whole);
    let mut closed = [proxy.record().await, proxy.record().await];
    closed.sort_by_key(|record| record.method.clone());
    for (record, method) in closed.iter().zip(["CONNECT", "GET"]) {
        assert_eq!((&*record.method, record.phase, &*record.note), (method, Phase::Closed, "guest_expired"));
        assert_eq!((record.person.as_deref(), record.observed), (Some("guest-gus"), Outcome::Allowed));
    }
    assert_eq!(porter.stills.load(Ordering::SeqCst), 0, "nobody had to be asked");
    ends_with_a_page(&proxy, &porter).await;
}

/// New requests of a guest whose time is over.
async fn ends_with_a_page(proxy: &Proxy, porter: &Porter) {
    let before = porter.checks();
    porter.change("gus", |account| {
        account.until = Some(DateTime::parse_from_rfc3339("2026-07-14T14:30:00+01:00").unwrap());
    });
    let mut client = proxy.client().await;
    for _ in 0..5 {
        let answer = client.get_as(GUEST, "http://fine.test/").await;
        assert_eq!(answer.status, 403);
        let page = answer.text();
        for words in
            ["Your guest account has ended", "14:30 on 14 July 2026", "the person at the school who invited you"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert_eq!(answer.field("proxy-authenticate"), None);
        let record = proxy.record().await;
        assert_eq!((record.observed, record.status, &*record.note), (Outcome::Refused, 403, "guest_expired"));
        assert_eq!((record.person.as_deref(), &*record.profile), (Some("guest-gus"), ""), "and it names them");
    }
    assert_eq!(porter.checks(), before + 1, "that it has ended is remembered too");
    assert_eq!(client.connect_as(GUEST, "fine.test:443").await.status, 403);
    assert_eq!(&*proxy.record().await.note, "guest_expired");
    let mut client = proxy.client().await;
    assert_eq!(client.get_as("gus:wrong", "http://fine.test/").await.status, 407, "only who has the password is told");
    assert_eq!(client.get_as(GUEST, "http://childline.org.uk/").await.status, 200);
    // Their host gives them more time.
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::from_mins(5))));
    assert_eq!(client.get_as(GUEST, "http://fine.test/").await.status, 200);
}

/// SC-08: five more minutes, given while the session goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_moved_keeps_what_is_open_until_the_new_one() {
    let porter = Porter::new();
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::from_secs(2))));
    let (proxy, _web, _echo) = proxy(&porter).await;
    let mut open = tunnel(&proxy, GUEST).await;
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::from_secs(10))));
    sleep(Duration::from_millis(2400)).await;
    assert!(lives(&mut open).await, "beyond the first end");
    // And an end that is brought forward holds as well.
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::ZERO)));
    assert!(open.is_closed().await);
    assert_eq!(&*proxy.record().await.note, "guest_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_switched_off_loses_what_is_open_and_no_other_does() {
    let porter = Porter::new();
    let (proxy, _web, _echo) = proxy(&porter).await;
    let mut leaver = tunnel(&proxy, "ada:amber").await;
    let mut stays = tunnel(&proxy, "ben:beacon:1").await;
    let mut office = proxy.staff().await;
    office.send("CONNECT fine.test:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(office.answer("CONNECT").await.status, 200);
    let hello = client_hello(Some("fine.test"), 16_384);
    office.send(&hello).await;
    office.bytes(hello.len()).await;
    proxy.record().await;

    porter.change("ada", |account| account.is_off = true);
    assert!(leaver.is_closed().await);
    let closed = proxy.record().await;
    assert_eq!((closed.phase, &*closed.note), (Phase::Closed, "account switched off"));
    assert_eq!(closed.person.as_deref(), Some("p-ada"));
    assert!(lives(&mut stays).await && lives(&mut office).await);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(porter.stills.load(Ordering::SeqCst), 2, "once for each who signed in");
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_does_not_know_ends_nothing_but_what_was_to_end() {
    let porter = Porter::new();
    porter.change("gus", |account| account.until = Some(in_a_while(Duration::from_millis(2500))));
    let (proxy, _web, _echo) = proxy(&porter).await;
    let mut pupil = tunnel(&proxy, "ada:amber").await;
    let mut guest = tunnel(&proxy, GUEST).await;
    porter.is_forgetful.store(true, Ordering::SeqCst);
    porter.change("ada", |account| account.is_off = true);
    sleep(Duration::from_millis(300)).await;
    assert!(porter.stills.load(Ordering::SeqCst) > 2, "it is asked again and again");
    assert!(lives(&mut pupil).await && lives(&mut guest).await);
    assert!(guest.is_closed().await);
    assert_eq!(&*proxy.record().await.note, "guest_expired");
    assert!(lives(&mut pupil).await);
    // And when it knows again, what it says holds.
    porter.is_forgetful.store(false, Ordering::SeqCst);
    assert!(pupil.is_closed().await);
    assert_eq!(&*proxy.record().await.note, "account switched off");
}
