//! Signing in with curl, as a person at a terminal would.

use std::net::SocketAddr;

use belisha_policy::{Attribution, Outcome, Phase};
use tokio::task::spawn_blocking;

use crate::support::porter::Porter;
use crate::support::{Origin, Proxy};

/// What curl got: the answer of the proxy to CONNECT, the last answer, the body. `None` without curl.
async fn curl(proxy: SocketAddr, more: &[&str]) -> Option<(String, String, String)> {
    let mut command = belisha_testkit::program("curl")?;
    command.args(["-s", "--noproxy", "", "-m", "15", "-w", "\n%{http_connect} %{http_code}"]);
    command.args(["-x", &format!("http://{proxy}")]).args(more);
    let output = spawn_blocking(move || command.output().expect("curl runs")).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, codes) = text.rsplit_once('\n').unwrap();
    let (connect, code) = codes.split_once(' ').unwrap();
    Some((connect.into(), code.into(), body.into()))
}

async fn person(proxy: &Proxy) -> Option<String> {
    proxy.record().await.person.map(|person| person.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_signs_in_for_a_page() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let fine = "http://fine.test/";
    let Some((_, code, body)) = curl(proxy.address, &[fine]).await else { return };
    assert_eq!(code, "407");
    assert!(body.contains("Please sign in"), "{body}");
    assert_eq!(proxy.record().await.observed, Outcome::Refused);
    for (user, code, who) in [
        ("ada:amber", "200", Some("p-ada")),
        ("ada:wrong", "407", None),
        ("ben:beacon:1", "200", Some("p-ben")),
        ("tess:t\u{e9}ss\u{20ac}", "200", Some("p-tess")),
        ("4a:acorn", "200", Some("class-4a")),
    ] {
        let found = curl(proxy.address, &["--proxy-user", user, fine]).await.unwrap();
        assert_eq!(found.1, code, "{user}");
        assert_eq!(person(&proxy).await.as_deref(), who, "{user}");
    }
    // Asked first, then told; over the same connection, and with a body.
    let asked = ["--proxy-anyauth", "--proxy-user", "ada:amber", "-d", "words", "http://fine.test/echo"];
    let found = curl(proxy.address, &asked).await.unwrap();
    assert_eq!((&*found.1, &*found.2), ("200", "words"));
    assert_eq!((person(&proxy).await, person(&proxy).await.as_deref()), (None, Some("p-ada")));
    let record = {
        curl(proxy.address, &["--proxy-user", "gus:garden", fine]).await.unwrap();
        proxy.record().await
    };
    assert_eq!(record.attribution, Attribution::Guest);
    let seen = String::from_utf8(origin.bytes().concat()).unwrap().to_lowercase();
    assert!(!seen.contains("proxy-"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_signs_in_for_a_tunnel() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let secure = "https://fine.test/";
    let Some((connect, ..)) = curl(proxy.address, &[secure]).await else { return };
    assert_eq!(connect, "407");
    proxy.record().await;
    for (more, connect, who) in [
        (["--proxy-user", "ada:amber", secure], "200", Some("p-ada")),
        (["--proxy-user", "ada:wrong", secure], "407", None),
        (["--proxy-user", "ada:amber", "https://chat.test/"], "403", Some("p-ada")),
        (["--proxy-user", "ben:beacon:1", "https://chat.test/"], "200", Some("p-ben")),
    ] {
        // What answers is no server of TLS: the tunnel is what counts here.
        let found = curl(proxy.address, &more).await.unwrap();
        assert_eq!(found.0, connect, "{more:?}");
        assert_eq!(person(&proxy).await.as_deref(), who, "{more:?}");
        if connect == "200" {
            // A tunnel is told of again when it is over, which may be after curl has gone.
            assert_eq!(proxy.record().await.phase, Phase::Closed, "{more:?}");
        }
        proxy.no_more_records();
    }
    let found = curl(proxy.address, &["https://www.childline.org.uk/"]).await.unwrap();
    assert_eq!(found.0, "200");
}
