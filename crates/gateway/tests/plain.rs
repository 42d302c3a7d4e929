//! Plain requests: what is allowed arrives whole, what belongs to one hop stays behind, each request has one record.

use belisha_policy::{Attribution, Category, Navigation, Outcome, Phase};

use crate::support::origin::filler;
use crate::support::{Client, Origin, Proxy};

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_framing_arrive_whole() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for (path, status, body) in [
        ("length/0", 200, filler(0)),
        ("length/5", 200, filler(5)),
        ("length/5000000", 200, filler(5_000_000)),
        ("chunked/0", 200, filler(0)),
        ("chunked/123456", 200, filler(123_456)),
        ("until-close/70000", 200, filler(70_000)),
        ("trailers", 200, b"ok".to_vec()),
        ("interim", 200, b"after".to_vec()),
        ("no-content", 204, Vec::new()),
        ("not-modified", 304, Vec::new()),
    ] {
        let answer = client.get(&format!("http://fine.test/{path}")).await;
        assert_eq!((answer.status, answer.whole), (status, true), "{path}: {answer:?}");
        assert!(answer.body == body, "{path}: {} bytes", answer.body.len());
    }
    assert_eq!(origin.faults(), Vec::<String>::new());
    // The whole conversation went over one connection of the client, and few to the origin.
    assert!(origin.bytes().len() <= 3, "{}", origin.bytes().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_the_fields_and_no_body() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("HEAD http://fine.test/length/77 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer("HEAD").await;
    assert_eq!((answer.status, answer.field("content-length")), (200, Some("77")));
    let answer = client.get("http://fine.test/not-modified").await;
    assert_eq!((answer.status, answer.field("content-length"), answer.field("etag")), (304, None, Some("\"x\"")));
    client.send("HEAD http://wager.test/ HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.answer("HEAD").await.status, 403);
    // And the connection is still in step.
    assert_eq!(client.get("http://fine.test/").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_requests_arrive_whole() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for size in [0, 1, 70_000, 1_500_000] {
        let body = filler(size);
        for method in ["POST", "PUT", "GET", "PROPFIND"] {
            client
                .send(format!("{method} http://fine.test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"))
                .await;
            let (answer, ()) = tokio::join!(Box::pin(clone_answer(&proxy, method, &body)), client.send(&body));
            assert!(client.answer(method).await.body == body, "{method} {size}");
            assert!(answer == body, "{method} {size} in chunks");
        }
    }
    assert_eq!(origin.faults(), Vec::<String>::new());
}

/// The same body in chunks, over a connection of its own.
async fn clone_answer(proxy: &Proxy, method: &str, body: &[u8]) -> Vec<u8> {
    let mut client = proxy.client().await;
    client
        .send(format!("{method} http://fine.test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"))
        .await;
    for chunk in body.chunks(30_000) {
        client.send(format!("{:x};a=b\r\n", chunk.len())).await;
        client.send(chunk).await;
        client.send("\r\n").await;
    }
    client.send("0\r\nX-Trailer: dropped\r\n\r\n").await;
    client.answer(method).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_expected_is_asked_for() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    let head = "POST http://fine.test/echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    client.send(head).await;
    assert_eq!(client.answer("POST").await.status, 100);
    client.send("body").await;
    assert_eq!(client.answer("POST").await.text(), "body");
    assert!(origin.requests()[0].field("expect").is_none());
    // Nobody is asked for a body that goes nowhere.
    client.send(head.replace("fine.test", "wager.test")).await;
    assert_eq!(client.answer("POST").await.status, 403);
    assert!(client.is_closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_a_row_are_answered_in_order() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    let hosts =
        ["fine.test/length/1", "wager.test/", "fine.test/chunked/2", "parts.test/closed/x", "parts.test/length/3"];
    client.send(hosts.map(|url| format!("GET http://{url} HTTP/1.1\r\nHost: x\r\n\r\n")).concat()).await;
    let mut answers = Vec::new();
    for _ in hosts {
        let answer = client.answer("GET").await;
        answers.push((answer.status, if answer.status == 200 { answer.body.len() } else { 0 }));
    }
    assert_eq!(answers, [(200, 1), (403, 0), (200, 2), (403, 0), (200, 3)]);
    assert_eq!(origin.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_clients_are_answered() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for path in ["length/5", "chunked/5", "until-close/5"] {
        let mut client = proxy.client().await;
        client.send(format!("GET http://fine.test/{path} HTTP/1.0\r\n\r\n")).await;
        let answer = client.answer("GET").await;
        assert!(answer.line.starts_with("HTTP/1.0 200"), "{}", answer.line);
        assert!(answer.field("transfer-encoding").is_none());
        assert_eq!(answer.body, filler(5));
        assert!(client.is_closed().await);
    }
    assert!(origin.requests().iter().all(|request| request.field("via") == Some("1.0 belisha")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_said_all_may_close_its_half() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("GET http://fine.test/length/9 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::io::AsyncWriteExt::shutdown(client.stream.get_mut()).await.unwrap();
    assert_eq!(client.answer("GET").await.body, filler(9));
    assert!(client.is_closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_one_hop_stays_behind() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client
        .send(
            "GET http://pupil:secret@fine.test:80/a/../hop?q=1#fragment HTTP/1.1\r\nHost: wager.test\r\nProxy-Authorization: \
             Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\n\
             TE: trailers\r\nTrailer: X\r\nCookie: a=b\r\nAuthorization: Basic b3JpZ2lu\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
        )
        .await;
    let answer = client.answer("GET").await;
    assert_eq!(answer.line, "HTTP/1.1 200 Fine");
    for name in ["alt-svc", "keep-alive", "connection", "x-hop", "proxy-authenticate", "upgrade"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).count(), 2);
    assert_eq!(answer.field("via"), Some("1.1 belisha"));
    let seen = &origin.requests()[0];
    assert_eq!((&*seen.method, &*seen.target), ("GET", "/hop?q=1"));
    let fields: Vec<String> = seen.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        fields,
        [
            "Host: fine.test",
            "Cookie: a=b",
            "Authorization: Basic b3JpZ2lu",
            "X-Forwarded-For: 10.0.0.1",
            "Via: 1.1 belisha"
        ]
    );
    let raw = origin.bytes().concat();
    assert!(!String::from_utf8_lossy(&raw).to_lowercase().contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_protocol_is_not_passed_on_and_ends_the_connection() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client
        .send(
            "GET http://fine.test/first HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\
             GET http://fine.test/second HTTP/1.1\r\nHost: x\r\n\r\n",
        )
        .await;
    let answer = client.answer("GET").await;
    assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
    assert!(client.is_closed().await);
    let seen = origin.requests();
    assert_eq!(seen.iter().map(|request| &*request.target).collect::<Vec<_>>(), ["/first"]);
    assert!(seen[0].field("upgrade").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_make_no_sense_are_not_passed_on() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for path in ["gzip-coding", "both", "two-lengths", "switch", "credentials", "garbage", "silent-end"] {
        let mut client = proxy.client().await;
        let answer = client.get(&format!("http://fine.test/{path}")).await;
        assert_eq!(answer.status, 502, "{path}");
        assert!(answer.text().contains("makes no sense"), "{path}");
        assert!(answer.field("proxy-authenticate").is_none());
        assert_eq!(client.get("http://fine.test/").await.text(), "hello", "after {path}");
        let record = proxy.record().await;
        assert_eq!(
            (record.observed, record.status, &*record.note),
            (Outcome::Failed, 502, "malformed answer of the origin")
        );
        assert_eq!(proxy.record().await.observed, Outcome::Allowed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_not_passed_on_as_whole() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for path in ["cut-short", "cut-in-chunks"] {
        let mut client = proxy.client().await;
        let answer = client.get(&format!("http://fine.test/{path}")).await;
        assert_eq!((answer.status, answer.whole), (200, false), "{path}");
        assert!(client.is_closed().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_somebody_signed_in_is_nobody_elses() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for (credentials, connections) in
        [("Basic eA==", 1), ("Basic eA==", 1), ("NTLM TlRM", 1), ("NTLM TlRM", 2), ("Basic eA==", 3)]
    {
        let mut client = proxy.client().await;
        client.send(format!("GET http://fine.test/ HTTP/1.1\r\nHost: x\r\nAuthorization: {credentials}\r\n\r\n")).await;
        assert_eq!(client.answer("GET").await.text(), "hello");
        assert_eq!(origin.bytes().len(), connections, "{credentials}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_many_is_nobodys() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for _ in 0..20 {
        assert_eq!(client.get("http://fine.test/two-answers").await.status, 204);
        assert_eq!(client.get("http://fine.test/length/5").await.body, filler(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_origin_closed_is_replaced() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for _ in 0..30 {
        let answer = client.get("http://fine.test/end-after").await;
        assert_eq!((answer.status, answer.text()), (200, "bye".into()));
    }
    assert_eq!(origin.requests().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_that_fail_are_told_in_plain_words() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for (url, status, words, note) in [
        ("http://missing.test/", 502, "was not found", "name not found"),
        ("http://fine.test/silence", 504, "too long", "no answer in time"),
        ("http://fine.test:22/", 403, "not open", "port of another protocol"),
        ("http://10.0.0.1/", 403, "not on the public internet", "address not public"),
    ] {
        let answer = client.get(url).await;
        assert_eq!(answer.status, status, "{url}");
        assert!(answer.text().contains(words), "{url}");
        let record = proxy.record().await;
        assert_eq!((record.status, &*record.note), (status, note), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_site_gets_nothing_whatever_its_spelling() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for target in [
        "http://wager.test/",
        "http://www.wager.test/x",
        "http://WAGER.TEST/",
        "http://wager.test./",
        "http://wager.test:80/",
        "http://wager.test:8080/",
        "http://wager.test:/",
        "http://wager.test:00080/",
        "http://user@wager.test/",
        "http://fine.test@wager.test/",
        "http://a@b@wager.test/",
        "http://fine.test:80@wager.test/",
        "http:wager.test/",
        "http:/wager.test/",
        "http:///wager.test/",
        "http:\\\\wager.test\\x",
        "http://wager%2etest/",
        "http://w%61ger.test/",
        "HTTP://wager.test/",
        "http://wager.test?x",
        "http://wager.test#x",
        "http://ｗager.test/",
        "http://wager。test/",
        "http://wa\u{ad}ger.test/",
        "http://b\u{fc}cher.test/",
        "http://XN--BCHER-KVA.test/",
        "http://B\u{dc}CHER.TEST/",
        "http://bu\u{308}cher.test/",
        "http://37.10.20.30/",
        "http://37.10.5150/",
        "http://0x25.0xa.0x14.0x1e/",
        "http://04502412036/",
        "http://621417502/",
        "http://[::ffff:37.10.20.30]/",
        "http://[2a0e:bad:0::2]/",
        "http://parts.test/closed",
        "http://parts.test/CLOSED/",
        "http://parts.test//closed/x",
        "http://parts.test/./closed",
        "http://parts.test/a/../closed",
        "http://parts.test/%63losed",
        "http://parts.test/%2563losed",
        "http://parts.test/closed;a",
        "http://parts.test/a/%2e%2e/closed",
        "http://parts.test\\closed",
        "http://parts.test/closed?x",
        "http://www.parts.test/closed",
        "http://locked.test/",
        "http://mixed.test/",
        "http://mixed.test/opening",
    ] {
        let mut client = proxy.client().await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: fine.test\r\nConnection: close\r\n\r\n")).await;
        let answer = client.answer("GET").await;
        assert_eq!(answer.status, 403, "{target}");
        assert_eq!(proxy.record().await.observed, Outcome::Blocked, "{target}");
    }
    assert_eq!(origin.bytes(), Vec::<Vec<u8>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_of_a_blocked_site_are_open() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    for target in [
        "http://fine.test/wager.test",
        "http://fine.test/?wager.test",
        "http://wager.test.fine.test/",
        "http://xwager.test/",
        "http://wager.test@fine.test/",
        "http://parts.test/",
        "http://parts.test/closed-circuit",
        "http://parts.test/x?closed",
        "http://help.wager.test/",
        "http://HELP.wager.test./x",
        "http://fine.test/\u{e9}t\u{e9}",
        "http://fine.test/a%20b",
        "http://fine.test//x//",
    ] {
        assert_eq!(client.get(target).await.status, 200, "{target}");
    }
    for target in ["/%C3%A9t%C3%A9", "//x//"] {
        assert!(origin.requests().iter().any(|request| request.target == target), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_not_for_a_proxy_are_explained() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for (request, status, words, note) in [
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n\r\n", 400, "set up a proxy by hand", "not a request to a proxy"),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "set up a proxy by hand", "not a request to a proxy"),
        ("GET https://fine.test/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "not understand", "https or ws without a tunnel"),
        ("GET ws://fine.test/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "not understand", "https or ws without a tunnel"),
        ("GET ftp://fine.test/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "not understand", "malformed address"),
        ("TRACE http://fine.test/ HTTP/1.1\r\nHost: x\r\n\r\n", 405, "not understand", "method not allowed"),
        ("GET http://fine.test/ HTTP/3.0\r\nHost: x\r\n\r\n", 505, "not understand", "not HTTP/1.1 or HTTP/1.0"),
        ("\u{16}\u{3}\u{1}\u{2}", 400, "not understand", "malformed request line"),
    ] {
        let mut client = proxy.client().await;
        client.send(request).await;
        let answer = client.answer("GET").await;
        assert_eq!(answer.status, status, "{request}");
        assert!(answer.text().contains(words), "{request}: {}", answer.text());
        let record = proxy.record().await;
        assert_eq!((record.observed, record.status, &*record.note), (Outcome::Refused, status, note), "{request}");
    }
    assert_eq!(origin.bytes(), Vec::<Vec<u8>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_recorded_as_far_as_it_could_be_read() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    for (request, method, host, port, path) in [
        (
            "POST http://fine.test:81/x?q HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n",
            "POST",
            "fine.test",
            81,
            "/x",
        ),
        ("CONNECT fine.test:443 HTTP/1.1\r\n\r\n", "CONNECT", "fine.test", 443, ""),
        ("GET http://fine..test/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "", 0, ""),
        ("GET\0", "", "", 0, ""),
    ] {
        let mut client = proxy.client().await;
        client.send(request).await;
        assert_eq!(client.answer("GET").await.status, 400);
        let record = proxy.record().await;
        assert_eq!(
            (&*record.method, &*record.host, record.port, &*record.path),
            (method, host, port, path),
            "{request}"
        );
        assert_eq!((record.observed, record.status), (Outcome::Refused, 400));
    }
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_body_that_is_malformed_never_leaves() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client
        .send(
            "POST http://fine.test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer("POST").await.status, 400);
    assert!(client.is_closed().await);
    assert_eq!(origin.bytes(), Vec::<Vec<u8>>::new());
    let record = proxy.record().await;
    assert_eq!((record.observed, &*record.note, &*record.host), (Outcome::Refused, "malformed chunks", "fine.test"));
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_one_record() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let ruleset = proxy.live.load().rules.as_ref().unwrap().fingerprint();
    let mut client = Client::connect(proxy.address, None).await;
    client
        .send("POST http://parts.test:8080/length/9?what=typed HTTP/1.1\r\nHost: x\r\nSec-Fetch-Mode: navigate\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert_eq!(client.answer("POST").await.body.len(), 9);
    let record = proxy.record().await;
    assert_eq!((&*record.method, &*record.scheme, &*record.host, record.port), ("POST", "http", "parts.test", 8080));
    assert_eq!((&*record.path, record.status, record.bytes, record.phase), ("/length/9", 200, 9, Phase::Whole));
    assert_eq!(
        (record.observed, record.navigation, record.ruleset),
        (Outcome::Allowed, Navigation::Navigation, ruleset)
    );
    assert_eq!((record.group.as_deref(), record.place.as_deref()), (Some("pupils"), Some("Library")));
    assert_eq!((&*record.profile, record.attribution), ("pupils", Attribution::AddressOnly));
    assert_eq!(record.address.to_string(), "127.0.0.1");
    assert!(record.categories.is_empty() && record.rules.is_empty() && record.note.is_empty());

    client.send("GET http://www.wager.test/x?what=typed HTTP/1.1\r\nHost: x\r\nSec-Fetch-Mode: no-cors\r\n\r\n").await;
    let page = client.answer("GET").await;
    let record = proxy.record().await;
    assert_eq!((record.observed, record.status, record.navigation), (Outcome::Blocked, 403, Navigation::SubResource));
    assert_eq!(
        (record.bytes, &*record.path, record.categories),
        (page.body.len() as u64, "/x", vec![Category::Gambling])
    );
    let rule = &record.rules[0];
    assert_eq!((&*rule.source, &*rule.list, &*rule.entry), ("tests", "betting", "wager.test"));

    client.get("http://fine.test/chunked/2500").await;
    let (opened, closed) = (proxy.record().await, proxy.record().await);
    assert_eq!(
        (opened.phase, opened.status, opened.bytes, opened.navigation),
        (Phase::Opened, 200, 0, Navigation::Unknown)
    );
    assert_eq!((closed.phase, closed.status, closed.bytes, closed.at), (Phase::Closed, 200, 2500, opened.at));
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_client_gives_up_is_closed_in_the_log() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    client.send("GET http://fine.test/ticking HTTP/1.1\r\nHost: x\r\n\r\n").await;
    origin.ticks.add_permits(1);
    assert_eq!(proxy.record().await.phase, Phase::Opened);
    drop(client);
    let ticks = origin.ticks.clone();
    tokio::spawn(async move {
        while !ticks.is_closed() {
            ticks.add_permits(1);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    let closed = proxy.record().await;
    assert_eq!(closed.phase, Phase::Closed);
    assert!(closed.bytes >= 10, "{}", closed.bytes);
}
