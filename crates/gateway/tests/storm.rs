//! Many at once, and many malformed: nobody gets another's answer, and the origin sees nothing but HTTP by the letter.

use std::time::Duration;

use tokio::time::timeout;

use crate::support::origin::filler;
use crate::support::{Client, Limits, Names, Origin, Proxy, quick, state, usual_rules};

/// A small generator of numbers; the same storm each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("below a usize")
    }
}

async fn patient(origin: &Origin) -> Proxy {
    let limits = Limits { stall: Duration::from_secs(10), head: Duration::from_secs(10), ..quick() };
    let limits = Limits { answer: Duration::from_secs(10), dial: Duration::from_secs(10), ..limits };
    Proxy::start(state(Some(usual_rules()), Names::all(origin.address)), limits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_their_own_answer() {
    let origin = Origin::start().await;
    let proxy = patient(&origin).await;
    let mut clients = Vec::new();
    for number in 0..40 {
        let address = proxy.address;
        clients.push(tokio::spawn(async move {
            let mut dice = Dice(0x9e37_79b9 + number);
            let mut client = Client::connect(address, None).await;
            for round in 0..40 {
                let size = dice.below(60_000);
                let kind = ["length", "chunked", "until-close"][dice.below(3)];
                let host = ["fine.test", "also.fine.test"][dice.below(2)];
                client.send(format!("GET http://{host}/{kind}/{size} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
                if dice.below(10) == 0 {
                    // Leaves in the middle.
                    client = Client::connect(address, None).await;
                    continue;
                }
                let answer = client.answer("GET").await;
                assert_eq!((answer.status, answer.whole), (200, true), "{number} {round} {kind}/{size}");
                assert!(answer.body == filler(size), "{number} {round} {kind}/{size}: {}", answer.body.len());
            }
        }));
    }
    for client in clients {
        client.await.expect("every answer right");
    }
    assert_eq!(origin.faults(), Vec::<String>::new());
}

/// Requests in which a few places are spoilt with what parsers disagree about.
#[tokio::test(flavor = "multi_thread")]
async fn spoilt_requests_reach_the_origin_by_the_letter_or_not_at_all() {
    const WHOLE: [&str; 5] = [
        "POST http://fine.test/echo HTTP/1.1\r\nHost: fine.test\r\nContent-Length: 12\r\nX-A: b\r\n\r\nhello, world",
        "POST http://fine.test/echo HTTP/1.1\r\nHost: fine.test\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "GET http://fine.test/x HTTP/1.1\r\nHost: fine.test\r\nConnection: keep-alive\r\n\r\nGET http://wager.test/y HTTP/1.1\r\nHost: wager.test\r\n\r\n",
        "GET http://fine.test/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET http://fine.test/y HTTP/1.1\r\nHost: wager.test\r\n\r\n",
        "PUT http://fine.test/echo HTTP/1.1\r\nHost: fine.test\r\nContent-Length: 70\r\n\r\nPOST http://wager.test/ HTTP/1.1\r\nHost: wager.test\r\nContent-Length: 0\r\n\r\n",
    ];
    const SPOILS: [&str; 32] = [
        "\r",
        "\n",
        "\r\n",
        "\0",
        " ",
        "\t",
        "\u{b}",
        ":",
        ";",
        ",",
        "\r\n ",
        "Host: wager.test\r\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "0\r\n\r\n",
        "5\r\n",
        "+",
        "-",
        "0x",
        "\u{e9}",
        "/",
        "\\",
        "@wager.test",
        "#",
        "?",
        "%00",
        "HTTP/1.1",
        "Connection: Host\r\n",
        "Proxy-Authorization: Basic YWRhOmFtYmVy\r\n",
        "\r\nProxy-Authorization: 1\r\n",
        "Upgrade: x\r\n",
    ];
    let origin = Origin::start().await;
    let limits = Limits { head: Duration::from_millis(150), stall: Duration::from_millis(150), ..quick() };
    let proxy = Proxy::start(state(Some(usual_rules()), Names::all(origin.address)), limits).await;
    let mut clients = Vec::new();
    for number in 0..60 {
        let address = proxy.address;
        clients.push(tokio::spawn(async move {
            let mut dice = Dice(0x51_7cc1 + number);
            for _ in 0..25 {
                let mut request = WHOLE[dice.below(WHOLE.len())].as_bytes().to_vec();
                for _ in 0..=dice.below(3) {
                    let at = dice.below(request.len());
                    let cut = dice.below(3).min(request.len() - at);
                    request.splice(at..at + cut, SPOILS[dice.below(SPOILS.len())].bytes());
                }
                let mut client = Client::connect(address, None).await;
                client.send(&request).await;
                while let Ok(Some(answer)) = timeout(Duration::from_secs(5), client.try_answer("GET")).await {
                    assert!((200..600).contains(&answer.status), "{:?}", String::from_utf8_lossy(&request));
                }
            }
        }));
    }
    for client in clients {
        client.await.expect("an answer or an end");
    }
    assert_eq!(origin.faults(), Vec::<String>::new());
    let requests = origin.requests();
    assert!(requests.len() > 300, "only {} arrived", requests.len());
    for request in &requests {
        assert!(!request.field("host").unwrap_or_default().ends_with("wager.test"), "{request:?}");
        assert_eq!(request.field("proxy-authorization"), None, "{request:?}");
    }
    // And the proxy is well.
    assert_eq!(proxy.client().await.get("http://fine.test/").await.status, 200);
}
