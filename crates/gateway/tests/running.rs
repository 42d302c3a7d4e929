//! The proxy as a process that runs for years: reloads, slow clients, limits, the end.

use std::time::{Duration, Instant};

use belisha_policy::{AccessRecord, Category, Outcome, Phase};
use tokio::time::{sleep, timeout};

use crate::support::{Client, Limits, Names, Origin, Proxy, client_hello, quick, rules, state, usual_rules};

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_drops_nothing_and_holds_for_the_next_request() {
    let (origin, echo) = (Origin::start().await, Origin::echo().await);
    let (web, tls) = (origin.address, echo.address);
    let names = Names::new(move |_, port| vec![if port == 443 { tls } else { web }]);
    let proxy = Proxy::start(state(Some(usual_rules()), names.clone()), quick()).await;
    let mut download = proxy.client().await;
    download.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut tunnel = proxy.client().await;
    tunnel.send("CONNECT fine.test:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(tunnel.answer("CONNECT").await.status, 200);
    let hello = client_hello(Some("fine.test"), 16_384);
    tunnel.send(&hello).await;
    tunnel.bytes(hello.len()).await;
    let mut kept = proxy.client().await;
    assert_eq!(kept.get("http://fine.test/").await.status, 200);
    origin.ticks.add_permits(3);

    let stricter = rules(&[("new", Category::Gambling, &["fine.test"])]);
    let fingerprint = stricter.fingerprint();
    proxy.live.replace(state(Some(stricter), names.clone()));

    assert_eq!(kept.get("http://fine.test/").await.status, 403);
    assert_eq!(proxy.client().await.get("http://wager.test/").await.status, 200);
    tunnel.send("still here").await;
    assert_eq!(tunnel.bytes(10).await, b"still here");
    origin.ticks.add_permits(2);
    sleep(Duration::from_millis(50)).await;
    origin.ticks.close();
    let answer = download.answer("GET").await;
    assert_eq!((answer.status, answer.whole, answer.body.len()), (200, true, 50));
    let records: Vec<AccessRecord> = {
        sleep(Duration::from_millis(50)).await;
        proxy.records.try_iter().collect()
    };
    let blocked = records.iter().find(|record| record.observed == Outcome::Blocked).unwrap();
    assert_eq!((blocked.ruleset, &*blocked.host), (fingerprint, "fine.test"));

    // And without rules at all.
    proxy.live.replace(state(None, names));
    assert_eq!(kept.get("http://fine.test/").await.status, 503);
    tunnel.send("and here").await;
    assert_eq!(tunnel.bytes(8).await, b"and here");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_slow_are_cut_off_and_others_do_not_notice() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let post = "POST http://fine.test/echo HTTP/1.1\r\nHost: x\r\n";
    let beginnings = [
        String::new(),
        "GET http://fine.test/ HTTP/1.1\r\nHost: x\r\nX-A: ".into(),
        "CONNECT fine.test:443 HT".into(),
        format!("{post}Content-Length: 100000\r\n\r\nbegun"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n5;x"),
    ];
    let mut slow = Vec::new();
    for beginning in beginnings.iter().cycle().take(120) {
        let mut client = proxy.client().await;
        client.send(beginning).await;
        slow.push(tokio::spawn(async move {
            // A byte now and then does not help.
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(5) {
                client.send("1").await;
                if timeout(Duration::from_millis(100), client.rest()).await.is_ok() {
                    return Some(begun.elapsed());
                }
            }
            None
        }));
    }
    let mut worst = Duration::ZERO;
    for _ in 0..50 {
        let begun = Instant::now();
        assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200);
        worst = worst.max(begun.elapsed());
    }
    assert!(worst < Duration::from_millis(1500), "{worst:?}");
    for client in slow {
        let cut = client.await.unwrap().expect("cut off");
        assert!(cut < Duration::from_secs(3), "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_cut_off() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("GET http://fine.test/chunked/40000000 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(proxy.record().await.phase, Phase::Opened);
    // It closes when the proxy gives up, long before the end.
    let closed = proxy.record().await;
    assert_eq!(closed.phase, Phase::Closed);
    assert!(closed.bytes < 40_000_000, "{}", closed.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_origin_is_not_held_against_the_client() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // Three times as long as a client might take.
    for _ in 0..6 {
        sleep(Duration::from_millis(200)).await;
        origin.ticks.add_permits(1);
    }
    sleep(Duration::from_millis(100)).await;
    origin.ticks.close();
    let answer = client.answer("GET").await;
    assert_eq!((answer.whole, answer.body.len()), (true, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_byte_does_not_wait_for_the_last() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(timeout(Duration::from_secs(2), client.line()).await.unwrap().unwrap(), "HTTP/1.1 200 OK");
    while client.line().await.unwrap() != "" {}
    for _ in 0..3 {
        origin.ticks.add_permits(1);
        assert_eq!(client.bytes(15).await, b"A\r\n0123456789\r\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_beyond_the_limits_are_refused_and_the_refusal_is_read() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let get = "GET http://fine.test/ HTTP/1.1\r\nHost: x\r\n";
    for (request, status) in [
        (format!("{get}X: {}\r\n\r\n", "a".repeat(1 << 20)), 431),
        (format!("{get}{}\r\n", "X: y\r\n".repeat(20_000)), 431),
        (format!("{get}{}: x\r\n\r\n", "a".repeat(70_000)), 431),
        (format!("GET http://fine.test/{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20)), 414),
        (format!("GET http://fine.test/{} HTTP/1.1\r\nHost: x\r\n\r\n", "\u{e9}".repeat(20_000)), 400),
    ] {
        let mut client = proxy.client().await;
        let (read, mut write) = client.stream.into_inner().into_split();
        let sending = tokio::spawn(async move {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut write, request.as_bytes()).await;
            write
        });
        let mut head = [0; 12];
        let mut read = read;
        tokio::io::AsyncReadExt::read_exact(&mut read, &mut head).await.unwrap();
        assert_eq!(&head, format!("HTTP/1.1 {status}").as_bytes());
        drop(sending.await.unwrap());
        client = proxy.client().await;
        assert_eq!(client.get("http://fine.test/").await.status, 200);
    }
    assert!(origin.faults().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_for_room() {
    let origin = Origin::start().await;
    let limits = Limits { connections: 3, head: Duration::from_secs(10), ..quick() };
    let proxy = Proxy::start(state(Some(usual_rules()), Names::all(origin.address)), limits).await;
    let mut first = Vec::new();
    for _ in 0..3 {
        let mut client = proxy.client().await;
        assert_eq!(client.get("http://fine.test/").await.status, 200);
        first.push(client);
    }
    let mut fourth = proxy.client().await;
    fourth.send("GET http://fine.test/ HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(timeout(Duration::from_millis(300), fourth.try_answer("GET")).await.is_err());
    first.pop();
    assert_eq!(fourth.answer("GET").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_nobody_takes_are_counted_and_hold_nobody_up() {
    let (records, receiver) = belisha_gateway::records::channel(2);
    let policy = crate::support::policy();
    let stranger = policy.stranger();
    for _ in 0..5 {
        let at = "2026-11-02T09:00:00Z".parse().unwrap();
        records.push(AccessRecord::new(at, &stranger, [127, 0, 0, 1].into()));
    }
    assert_eq!((records.lost(), receiver.try_iter().count()), (3, 2));
    drop(receiver);
    let at = "2026-11-02T09:00:00Z".parse().unwrap();
    records.push(AccessRecord::new(at, &stranger, [127, 0, 0, 1].into()));
    assert_eq!(records.lost(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_finishes_what_is_under_way() {
    let origin = Origin::start().await;
    let mut proxy = Proxy::usual(&origin).await;
    let address = proxy.address;
    let mut idle = proxy.client().await;
    assert_eq!(idle.get("http://fine.test/").await.status, 200);
    let mut busy = proxy.client().await;
    busy.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    origin.ticks.add_permits(1);
    sleep(Duration::from_millis(100)).await;
    proxy.begin_stop();
    assert!(idle.is_closed().await);
    origin.ticks.add_permits(1);
    sleep(Duration::from_millis(50)).await;
    origin.ticks.close();
    let answer = busy.answer("GET").await;
    assert_eq!((answer.whole, answer.body.len()), (true, 20));
    let begun = Instant::now();
    let records = proxy.stop().await;
    assert!(begun.elapsed() < Duration::from_millis(500));
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(records.try_iter().filter(|record| record.phase == Phase::Closed).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_is_ended_and_recorded() {
    let (origin, echo) = (Origin::start().await, Origin::echo().await);
    let (web, tls) = (origin.address, echo.address);
    let names = Names::new(move |_, port| vec![if port == 443 { tls } else { web }]);
    let proxy = Proxy::start(state(Some(usual_rules()), names), quick()).await;
    let mut tunnel = Client::connect(proxy.address, None).await;
    tunnel.send("CONNECT fine.test:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tunnel.answer("CONNECT").await;
    let hello = client_hello(None, 16_384);
    tunnel.send(&hello).await;
    tunnel.bytes(hello.len()).await;
    let mut endless = proxy.client().await;
    endless.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    let records = proxy.stop().await;
    assert!((Duration::from_millis(700)..Duration::from_secs(3)).contains(&begun.elapsed()));
    assert!(tunnel.is_closed().await);
    let closed: Vec<AccessRecord> = records.try_iter().filter(|record| record.phase == Phase::Closed).collect();
    assert_eq!(closed.len(), 2, "{closed:?}");
    assert!(closed.iter().any(|record| &*record.method == "CONNECT" && record.bytes == hello.len() as u64));
}

#[test]
fn what_is_shared_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<belisha_gateway::Live>();
    shared::<belisha_gateway::State>();
    shared::<belisha_gateway::Egress>();
    shared::<belisha_gateway::Records>();
    shared::<Limits>();
}
