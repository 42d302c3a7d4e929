//! What people read when a page is closed.

use std::collections::BTreeSet;

use crate::support::{Client, Names, Origin, Proxy, quick, state};

async fn page(mut client: Client, url: &str) -> (String, Vec<(String, String)>) {
    let answer = client.get(url).await;
    assert_eq!(answer.status, 403, "{url}");
    let fields = answer.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("date")).cloned().collect();
    (answer.text(), fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_reads_the_same_whatever_is_blocked() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut pages = BTreeSet::new();
    for url in [
        "http://wager.test/",
        "http://chat.test/a/long/path?with=a&query",
        "http://locked.test/",
        "http://parts.test/closed",
        "http://37.10.20.30/",
    ] {
        pages.insert(page(proxy.client().await, url).await);
    }
    // And through a tunnel, save that the connection is closed.
    let mut client = proxy.client().await;
    client.send("CONNECT chat.test:443 HTTP/1.1\r\nHost: chat.test:443\r\n\r\n").await;
    let tunnel = client.answer("CONNECT").await;
    assert_eq!((tunnel.status, tunnel.field("connection")), (403, Some("close")));
    assert_eq!(pages.len(), 1, "{pages:?}");
    let (html, fields) = pages.first().unwrap();
    assert_eq!(&tunnel.text(), html);
    let field =
        |name: &str| fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &**value);
    assert_eq!(field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(field("cache-control"), Some("no-store"));
    assert_eq!(field("x-content-type-options"), Some("nosniff"));
    assert_eq!(field("referrer-policy"), Some("no-referrer"));
    assert!(field("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(html.contains("Beacon Primary") && html.contains("0800 1111"), "{html}");
    for word in ["wager", "chat.test", "betting", "Gambling", "Social", "tests"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_why() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let (html, _) = page(proxy.staff().await, "http://www.wager.test/x?secret=1").await;
    for words in [
        "www.wager.test",
        "Gambling",
        "tests/betting: wager.test",
        "the profile staff blocks Gambling",
        "Beacon Primary",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("secret"));
    let (html, _) = page(proxy.staff().await, "http://parts.test/closed/%3Cscript%3E").await;
    assert!(html.contains("parts.test/closed") && !html.contains("<script"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_is_on_a_list_of_unlawful_material() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let (html, _) = page(proxy.staff().await, "http://deep.locked.test/").await;
    assert!(html.contains("Blocked for everyone") && !html.contains("tests/unlawful"), "{html}");
    assert!(!html.contains("<dd>locked.test") && !html.contains(": locked.test"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rules_nothing_is_opened() {
    let origin = Origin::start().await;
    let proxy = Proxy::start(state(None, Names::all(origin.address)), quick()).await;
    let mut client = proxy.client().await;
    for _ in 0..2 {
        let answer = client.get("http://fine.test/").await;
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("no valid rules"), "{}", answer.text());
    }
    client.send("CONNECT fine.test:443 HTTP/1.1\r\nHost: fine.test\r\n\r\n").await;
    assert_eq!(client.answer("CONNECT").await.status, 503);
    assert!(client.is_closed().await);
    assert_eq!(origin.bytes(), Vec::<Vec<u8>>::new());
    for _ in 0..3 {
        let record = proxy.record().await;
        assert_eq!((record.status, &*record.note), (503, "no valid rules"));
    }
}
