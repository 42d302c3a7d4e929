//! Where the proxy goes, and where it does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use belisha_policy::Outcome;
use tokio::net::TcpListener;

use crate::support::{Names, ORIGIN, Origin, Proxy, STAFF, quick, state, usual_rules};

/// A listener that must not be connected to.
async fn canary(address: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    let count = reached.clone();
    tokio::spawn(async move {
        // Counted before it is let go: whoever connected learns of that, and may look at the count at once.
        while let Ok(_connected) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, reached)
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_the_loopback_address_lead_nowhere() {
    let origin = Origin::start().await;
    let (canary, reached) = canary("127.0.0.1:0").await;
    let port = canary.port();
    let names = Names::new(move |host, _| match host {
        "fine.test" => vec![origin.address],
        _ => vec![SocketAddr::new(host.replace(".name.test", "").replace('-', ":").parse().unwrap(), port)],
    });
    let proxy = Proxy::start(state(Some(usual_rules()), names), quick()).await;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "--ffff-7f00-1.name.test",
        "--1.name.test",
        "--7f00-1.name.test",
        "64-ff9b--7f00-1.name.test",
        "--.name.test",
    ] {
        let mut client = proxy.client().await;
        let answer = client.get(&format!("http://{host}:{port}/")).await;
        assert_eq!(answer.status, 403, "{host}");
        let mut client = proxy.client().await;
        client.send(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(matches!(client.answer("CONNECT").await.status, 400 | 403), "{host}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_asked_for_once_and_its_answer_is_what_is_dialled() {
    let origin = Origin::start().await;
    let (canary, reached) = canary("127.0.0.1:0").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, address) = (asked.clone(), origin.address);
    // Public when it is looked at first, and ours when it is looked at again.
    let names = Names::new(move |_, _| {
        vec![if count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) { address } else { canary }]
    });
    let proxy = Proxy::start(state(Some(usual_rules()), names), quick()).await;
    for round in 0..10 {
        let mut client = proxy.client().await;
        client.send("GET http://rebind.test/end-after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let status = client.answer("GET").await.status;
        let times = asked.load(Ordering::SeqCst);
        assert_eq!((status, times), (if round % 2 == 0 { 200 } else { 403 }, round + 1));
        // The origin closes its end; nothing is kept for the next round.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_this_machine_lead_nowhere() {
    let origin = Origin::start().await;
    let mut own = state(Some(usual_rules()), Names::all(origin.address));
    // With the resolver of the system.
    own.egress = belisha_gateway::Egress::new(vec![]);
    let proxy = Proxy::start(own, quick()).await;
    let answer = proxy.client().await.get(&format!("http://localhost:{}/", proxy.address.port())).await;
    assert_eq!((answer.status, &*proxy.record().await.note), (403, "address not public"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_addresses_the_forbidden_are_passed_over() {
    let origin = Origin::start().await;
    let (canary, reached) = canary("127.0.0.1:0").await;
    let dead = SocketAddr::new(ORIGIN.into(), 9999);
    let address = origin.address;
    let names = Names::new(move |_, _| vec![canary, dead, "10.0.0.1:80".parse().unwrap(), address]);
    let proxy = Proxy::start(state(Some(usual_rules()), names), quick()).await;
    assert_eq!(proxy.client().await.get("http://many.test/").await.status, 200);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    let names = Names::new(move |_, _| vec![dead]);
    proxy.live.replace(state(Some(usual_rules()), names));
    assert_eq!(proxy.client().await.get("http://dead.test/").await.status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_does_not_talk_to_itself() {
    // It listens everywhere; even where a school opens these addresses, its own port stays shut.
    let origin = Origin::start().await;
    let open = |names| {
        let mut state = state(Some(usual_rules()), names);
        state.egress = belisha_gateway::Egress::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()])
            .with_resolver(Names::all(origin.address));
        state
    };
    let proxy = Proxy::at("0.0.0.0:0", open(Names::all(origin.address)), quick()).await;
    let port = proxy.address.port();
    let there = SocketAddr::from(([127, 0, 0, 1], port));
    for host in ["127.0.0.1".to_owned(), "127.0.0.9".into(), STAFF.to_string(), "[::ffff:127.0.0.1]".into()] {
        let mut client = crate::support::Client::connect(there, None).await;
        assert_eq!(client.get(&format!("http://{host}:{port}/")).await.status, 403, "{host}");
        let record = proxy.record().await;
        assert_eq!((record.observed, &*record.note), (Outcome::Refused, "the proxy's own address"), "{host}");
    }
    let mut client = crate::support::Client::connect(there, None).await;
    assert_eq!(client.get(&format!("http://{}/", origin.address)).await.status, 200);
    // The same port on an address that is not ours is somebody else's.
    let (other, reached) = canary("127.0.0.5:0").await;
    let at = Proxy::at("127.0.0.1:0", open(Names::all(origin.address)), quick()).await;
    let mut client = crate::support::Client::connect(at.address, None).await;
    client.send(format!("GET http://{other}/ HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let _ = client.answer("GET").await;
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_waits_is_not_used_once_its_address_is_forbidden() {
    let origin = Origin::start().await;
    let proxy = Proxy::usual(&origin).await;
    let mut client = proxy.client().await;
    assert_eq!(client.get("http://fine.test/").await.status, 200);
    let mut closed = state(Some(usual_rules()), Names::all(origin.address));
    closed.egress = belisha_gateway::Egress::new(vec![]).with_resolver(Names::all(origin.address));
    proxy.live.replace(closed);
    assert_eq!(client.get("http://fine.test/").await.status, 403);
    assert_eq!(origin.requests().len(), 1);
}
