//! Asking the door: how often, how many at once, and what happens while it is slow, stuck or changing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use belisha_gateway::Limits;
use belisha_policy::Attribution;
use tokio::time::{sleep, timeout};

use crate::support::porter::{Mood, Porter, patient, pupil};
use crate::support::{Client, Origin, Proxy};

const ADA: &str = "ada:amber";
const FINE: &str = "http://fine.test/";

/// One request as somebody, on a connection of its own.
async fn status(proxy: &Proxy, shown: &str) -> u16 {
    proxy.client().await.get_as(shown, FINE).await.status
}

/// Waits until so many checks have begun.
async fn begun(porter: &Porter, checks: usize) {
    timeout(Duration::from_secs(10), async {
        while porter.checks() < checks {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("checks begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_checked_once_and_a_wrong_one_each_time() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut client = proxy.client().await;
    for _ in 0..100 {
        assert_eq!(client.get_as(ADA, FINE).await.status, 200);
    }
    assert_eq!(porter.checks(), 1);
    assert_eq!(status(&proxy, ADA).await, 200, "another connection");
    assert_eq!(porter.checks(), 1);
    for wrong in ["ada:ambe", "ada:amber1", "adaa:mber", "ad:aamber"] {
        for _ in 0..3 {
            assert_eq!(status(&proxy, wrong).await, 407, "{wrong}");
        }
    }
    assert_eq!(porter.checks(), 13);
    assert_eq!(status(&proxy, ADA).await, 200);
    assert_eq!(porter.checks(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changes_about_accounts_holds_at_the_next_request() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut client = proxy.client().await;
    assert_eq!(client.get_as(ADA, FINE).await.status, 200);
    porter.change("ada", |account| account.password = "beryl".into());
    assert_eq!(client.get_as(ADA, FINE).await.status, 407);
    assert_eq!(client.get_as("ada:beryl", FINE).await.status, 200);
    // Somebody who leaves.
    porter.change("ada", |account| account.is_off = true);
    assert_eq!(client.get_as("ada:beryl", FINE).await.status, 407);
    porter.change("ada", |account| account.is_off = false);
    assert_eq!(client.get_as("ada:beryl", FINE).await.status, 200);
    // Another year: another profile.
    assert_eq!(client.get_as("ada:beryl", "http://chat.test/").await.status, 403);
    porter.change("ada", |account| account.who = pupil("p-ada", "6", "6A"));
    assert_eq!(client.get_as("ada:beryl", "http://chat.test/").await.status, 200);
    // A password that others know: from now on the lines say so.
    porter.change("ada", |account| account.who.attribution = Attribution::CredentialInDoubt);
    // The records of the seven requests until now; the last may come after its answer.
    for _ in 0..7 {
        proxy.record().await;
    }
    assert_eq!(client.get_as("ada:beryl", FINE).await.status, 200);
    assert_eq!(proxy.record().await.attribution, Attribution::CredentialInDoubt);
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_of_one_person_are_one_check_and_others_are_served_meanwhile() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    assert_eq!(status(&proxy, "ben:beacon:1").await, 200);
    porter.hold();
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let address = proxy.address;
            tokio::spawn(async move { Client::connect(address, None).await.get_as(ADA, FINE).await.status })
        })
        .collect();
    begun(&porter, 2).await;
    for _ in 0..20 {
        let office = timeout(Duration::from_secs(2), proxy.staff().await.get(FINE)).await;
        assert_eq!(office.expect("the office does not wait").status, 200);
        let known = timeout(Duration::from_secs(2), status(&proxy, "ben:beacon:1")).await;
        assert_eq!(known.expect("whoever is known does not wait"), 200);
        let help = proxy.client().await.get_as(ADA, "http://childline.org.uk/").await;
        assert_eq!(help.status, 200);
    }
    porter.let_go();
    for one in waiting {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(porter.checks(), 2, "one for each of the two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_lesson_signs_in_at_once_and_few_are_checked_at_a_time() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    for number in 0..200 {
        porter.add(&format!("pupil{number}"), "amber", pupil(&format!("p-{number}"), "4", "4A"));
    }
    porter.takes(Duration::from_millis(5));
    let proxy = porter.usual(&origin).await;
    let coming: Vec<_> = (0..200_u16)
        .map(|number| {
            let address = proxy.address;
            tokio::spawn(async move {
                let mut client = Client::connect(address, None).await;
                client.get_as(format!("pupil{number}:amber"), FINE).await.status
            })
        })
        .collect();
    for one in coming {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(porter.checks(), 200);
    let cores = std::thread::available_parallelism().unwrap().get().max(2);
    assert!((2..=cores).contains(&porter.most_at_once.load(Ordering::SeqCst)));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_an_end_to_those_who_wait() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.proxy(&origin, Limits { sign_ins: 5, ..patient() }).await;
    porter.hold();
    let waiting: Vec<_> = ["ada:1", "ada:2", "ada:3", "ada:3"]
        .map(|shown| {
            let address = proxy.address;
            tokio::spawn(async move { Client::connect(address, None).await.get_as(shown, FINE).await.status })
        })
        .into();
    begun(&porter, 2).await;
    sleep(Duration::from_millis(200)).await;
    let answer = proxy.client().await.get_as("ada:4", FINE).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("Many people are signing in"), "{}", answer.text());
    assert_eq!(&*proxy.record().await.note, "too many are signing in");
    assert_eq!(proxy.client().await.connect_as("ada:4", "fine.test:443").await.status, 503);
    porter.let_go();
    for one in waiting {
        assert_eq!(one.await.unwrap(), 407);
    }
    assert_eq!(status(&proxy, ADA).await, 200, "and then there is room");

    // One device does not take all of it.
    let proxy = porter.proxy(&origin, Limits { sign_ins: 100, ..patient() }).await;
    porter.hold();
    let flood: Vec<_> = (0..80)
        .map(|number| {
            let address = proxy.address;
            tokio::spawn(async move {
                Client::connect(address, None).await.get_as(format!("ada:{number}"), FINE).await.status
            })
        })
        .collect();
    let mut refused = 0;
    while refused < 30 {
        refused += usize::from(proxy.record().await.status == 503);
    }
    let elsewhere = {
        let address = proxy.address;
        let from = Some([127, 0, 0, 99].into());
        tokio::spawn(
            async move { Client::connect(address, from).await.get_as("tess:t\u{e9}ss\u{20ac}", FINE).await.status },
        )
    };
    porter.let_go();
    assert_eq!(elsewhere.await.unwrap(), 200);
    let mut answers = [0, 0];
    for one in flood {
        answers[usize::from(one.await.unwrap() == 503)] += 1;
    }
    assert_eq!(answers, [50, 30]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_wants_patience_gets_it_for_a_while() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.proxy(&origin, Limits { sign_in: Duration::from_secs(2), ..patient() }).await;
    porter.mood(Mood::Cautious(3));
    assert_eq!(status(&proxy, ADA).await, 200);
    assert_eq!(porter.checks(), 4);
    // Up to a second, at 50 ms each: more than that is no.
    porter.mood(Mood::Cautious(100_000));
    let slow = tokio::spawn({
        let address = proxy.address;
        async move { Client::connect(address, None).await.get_as("ada:wrong", FINE).await.status }
    });
    begun(&porter, 10).await;
    let others = timeout(Duration::from_secs(2), proxy.staff().await.get(FINE)).await;
    assert_eq!(others.expect("others do not wait").status, 200);
    assert_eq!(slow.await.unwrap(), 407);
    assert!((20..30).contains(&(porter.checks() - 4)), "{}", porter.checks());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_is_stuck_stops_no_lesson() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let limits = Limits { sign_in: Duration::from_millis(300), ..patient() };
    let proxy = porter.proxy(&origin, limits).await;
    porter.hold();
    for (round, shown) in
        ["ben:beacon:1", "tess:t\u{e9}ss\u{20ac}", "ada:wrong", "dot:dotty", "4a:acorn"].iter().enumerate()
    {
        let answer = proxy.client().await.get_as(shown, "http://chat.test/").await;
        assert_eq!(answer.status, 403, "{shown}: the strictest profile");
        let record = proxy.record().await;
        assert_eq!((record.person, &*record.note), (None, "sign-in could not be checked"));
        assert_eq!(porter.checks(), 1, "{round}: nobody else knocks");
    }
    porter.let_go();
    timeout(Duration::from_secs(5), async {
        while status(&proxy, "ada:wrong").await != 407 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("as soon as it answers it is asked again");
    assert_eq!(proxy.client().await.get_as("ben:beacon:1", "http://chat.test/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_falls_over_is_a_door_that_is_away() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    porter.mood(Mood::Falls);
    assert_eq!(status(&proxy, ADA).await, 200);
    assert_eq!(proxy.record().await.person, None);
    porter.mood(Mood::Fine);
    assert_eq!(status(&proxy, ADA).await, 200);
    assert_eq!(proxy.record().await.person.as_deref(), Some("p-ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_switched_off_while_being_checked_is_not_let_in() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    porter.hold();
    let coming = tokio::spawn({
        let address = proxy.address;
        async move { Client::connect(address, None).await.get_as(ADA, FINE).await.status }
    });
    begun(&porter, 1).await;
    porter.change("ada", |account| account.is_off = true);
    porter.let_go();
    assert_eq!(coming.await.unwrap(), 407);
    assert_eq!((porter.checks(), status(&proxy, ADA).await), (2, 407));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_being_checked_leaves_nothing_behind() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    porter.hold();
    let mut client = proxy.client().await;
    client
        .send(format!(
            "GET {FINE} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: {}\r\n\r\n",
            crate::support::client::basic(ADA)
        ))
        .await;
    begun(&porter, 1).await;
    drop(client);
    porter.let_go();
    assert_eq!(status(&proxy, ADA).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_with_much_to_do_is_not_away() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    for number in 0..40 {
        porter.add(&format!("pupil{number}"), "amber", pupil(&format!("p-{number}"), "4", "4A"));
    }
    // All of them together take longer than the patience that there is without any answer.
    let cores = std::thread::available_parallelism().unwrap().get().max(2);
    porter.takes(Duration::from_millis(30) * u32::try_from(cores).unwrap());
    let limits = Limits { sign_in: Duration::from_millis(500), ..patient() };
    let proxy = porter.proxy(&origin, limits).await;
    let coming: Vec<_> = (0..40)
        .map(|number| {
            let address = proxy.address;
            tokio::spawn(async move {
                Client::connect(address, None).await.get_as(format!("pupil{number}:amber"), FINE).await.status
            })
        })
        .collect();
    for one in coming {
        assert_eq!(one.await.unwrap(), 200);
    }
    for _ in 0..40 {
        assert!(proxy.record().await.person.is_some_and(|person| person.starts_with("p-")));
    }
}
