//! Tunnels: opened for TLS to the host that was ruled on, and for nothing else.

use std::time::Duration;

use belisha_policy::{Navigation, Outcome, Phase};

use crate::support::{Client, Limits, Names, Origin, Proxy, client_hello, quick, state, usual_rules};

async fn connect(proxy: &Proxy, to: &str) -> (Client, u16) {
    let mut client = proxy.client().await;
    client.send(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")).await;
    let status = client.answer("CONNECT").await.status;
    (client, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_carries_every_byte_both_ways() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    for size in [16_384, 7] {
        let (mut client, status) = connect(&proxy, "Fine.test.:443").await;
        assert_eq!(status, 200);
        let mut sent = client_hello(Some("fine.TEST"), size);
        client.send(&sent).await;
        assert_eq!(client.bytes(sent.len()).await, sent);
        for round in 0..50_u8 {
            let piece = vec![round; 20_000];
            client.send(&piece).await;
            assert!(client.bytes(piece.len()).await == piece);
            sent.extend(piece);
        }
        assert_eq!(proxy.record().await.phase, Phase::Opened);
        drop(client);
        let closed = proxy.record().await;
        assert_eq!((closed.phase, closed.bytes, closed.status), (Phase::Closed, sent.len() as u64, 200));
        assert_eq!(
            (&*closed.method, &*closed.scheme, &*closed.host, closed.port),
            ("CONNECT", "https", "fine.test", 443)
        );
        assert_eq!((&*closed.path, closed.navigation, closed.observed), ("", Navigation::Unknown, Outcome::Allowed));
    }
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_may_come_in_pieces_or_too_early() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    let hello = client_hello(Some("fine.test"), 100);
    let (mut client, _) = connect(&proxy, "fine.test:443").await;
    for piece in hello.chunks(50) {
        client.send(piece).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(origin.bytes()[0].is_empty() || origin.bytes()[0] == hello);
    }
    assert_eq!(client.bytes(hello.len()).await, hello);

    let mut client = proxy.client().await;
    client.send([b"CONNECT fine.test:443 HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(), &hello, b"more"].concat()).await;
    assert_eq!(client.answer("CONNECT").await.status, 200);
    assert_eq!(client.bytes(hello.len() + 4).await, [&hello, b"more".as_slice()].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_client_or_one_that_wishes_for_more_may_open_a_tunnel() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    for rest in
        ["HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"]
    {
        let mut client = proxy.client().await;
        client.send(format!("CONNECT fine.test:443 {rest}")).await;
        assert_eq!(client.answer("CONNECT").await.status, 200);
        let hello = client_hello(Some("fine.test"), 16_384);
        client.send(&hello).await;
        assert_eq!(client.bytes(hello.len()).await, hello);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_without_a_name_goes_where_the_connect_went() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    for to in ["fine.test:443".to_owned(), format!("{}", origin.address)] {
        let (mut client, status) = connect(&proxy, &to).await;
        assert_eq!(status, 200, "{to}");
        let hello = client_hello(None, 16_384);
        client.send(&hello).await;
        assert_eq!(client.bytes(hello.len()).await, hello);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_tls_to_that_host_gets_no_further() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    let ip = origin.address.to_string();
    for (to, first, note) in [
        ("fine.test:443", client_hello(Some("wager.test"), 16_384), "SNI differs from CONNECT host"),
        ("fine.test:443", client_hello(Some("www.fine.test"), 16_384), "SNI differs from CONNECT host"),
        ("fine.test:443", client_hello(Some("fine%2Etest"), 16_384), "SNI differs from CONNECT host"),
        (&ip, client_hello(Some("wager.test"), 16_384), "SNI differs from CONNECT host"),
        (&ip, client_hello(Some("fine.test"), 16_384), "SNI differs from CONNECT host"),
        ("fine.test:443", b"GET /smuggled HTTP/1.1\r\nHost: wager.test\r\n\r\n".to_vec(), "not TLS inside the tunnel"),
        ("fine.test:80", b"GET / HTTP/1.1\r\nHost: fine.test\r\n\r\n".to_vec(), "not TLS inside the tunnel"),
        ("fine.test:8080", b"SSH-2.0-OpenSSH_9\r\n".to_vec(), "not TLS inside the tunnel"),
        ("fine.test:443", b"\x16\x03\x01".to_vec(), "no TLS inside the tunnel in time"),
    ] {
        let (mut client, status) = connect(&proxy, to).await;
        assert_eq!(status, 200, "{to}");
        client.send(&first).await;
        assert!(client.is_closed().await, "{note}");
        let record = proxy.record().await;
        assert_eq!((record.observed, record.phase, &*record.note), (Outcome::Refused, Phase::Whole, note));
    }
    assert!(origin.bytes().iter().all(Vec::is_empty));
    // A connection that was opened on suspicion and not used is nobody's fault.
    let (client, _) = connect(&proxy, "fine.test:443").await;
    drop(client);
    let record = proxy.record().await;
    assert_eq!((record.observed, record.phase, record.bytes, &*record.note), (Outcome::Allowed, Phase::Whole, 0, ""));
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_host_is_refused_at_once() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    for to in [
        "wager.test:443",
        "www.WAGER.test.:443",
        "wager.test:80",
        "wager%2etest:443",
        "37.10.20.30:443",
        "621417502:443",
        "0x25.10.024.30:443",
        "[::ffff:37.10.20.30]:443",
        "[2a0e:bad::2]:443",
        "locked.test:8443",
        // Some of its pages are open, but in a tunnel nobody sees which page is meant.
        "mixed.test:443",
    ] {
        let mut client = proxy.client().await;
        let hello = client_hello(Some("fine.test"), 16_384);
        client.send([format!("CONNECT {to} HTTP/1.1\r\nHost: fine.test\r\n\r\n").as_bytes(), &hello].concat()).await;
        let answer = client.answer("CONNECT").await;
        assert_eq!((answer.status, answer.field("connection")), (403, Some("close")), "{to}");
        assert!(answer.text().contains("closed at school"));
        assert!(client.is_closed().await);
        assert_eq!((proxy.record().await.observed, proxy.records.try_recv().ok()), (Outcome::Blocked, None), "{to}");
    }
    assert!(origin.bytes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_is_announced_when_the_origin_has_been_reached() {
    let origin = Origin::echo().await;
    let proxy = Proxy::usual(&origin).await;
    for (to, status) in [
        ("missing.test:443", 502),
        ("10.0.0.1:443", 403),
        ("127.0.0.1:443", 403),
        ("[::1]:443", 403),
        ("fine.test:25", 403),
        ("fine.test", 400),
        ("fine.test:", 400),
        ("fine.test:0", 400),
        ("fine.test:4294967739", 400),
        ("u@fine.test:443", 400),
        ("http://fine.test/", 400),
        ("/x:443", 400),
        ("[fine.test]:443", 400),
        ("fine.test:443/x", 400),
    ] {
        let (mut client, found) = connect(&proxy, to).await;
        assert_eq!(found, status, "{to}");
        assert!(client.is_closed().await, "{to}");
        assert_eq!(proxy.record().await.status, status);
    }
    assert!(origin.bytes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_in_which_nothing_moves_is_closed() {
    let origin = Origin::echo().await;
    let limits = Limits { idle: Duration::from_millis(400), ..quick() };
    let proxy = Proxy::start(state(Some(usual_rules()), Names::all(origin.address)), limits).await;
    let (mut client, _) = connect(&proxy, "fine.test:443").await;
    let hello = client_hello(None, 16_384);
    client.send(&hello).await;
    assert_eq!(client.bytes(hello.len()).await, hello);
    // It lives as long as something moves.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send("x").await;
        assert_eq!(client.bytes(1).await, b"x");
    }
    assert!(client.is_closed().await);
}
