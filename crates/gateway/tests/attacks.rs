//! The visible attack samples, judged as their README says.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use belisha_filter::{AlignedBytes, Ruleset};
use belisha_policy::Category;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::support::{Client, Limits, Names, Origin, Proxy, client_hello, quick, rules, state};

fn lines(folder: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join("policy").join(name)).expect("a policy file");
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(Into::into).collect()
}

fn sample_rules(folder: &Path) -> Ruleset<AlignedBytes> {
    let files = ["blocked_domains.txt", "blocked_urls.txt", "blocked_ips.txt", "exceptions.txt"];
    let lists = files.map(|name| lines(folder, name));
    let [domains, urls, ips, exceptions] =
        lists.each_ref().map(|list| list.iter().map(|line| &**line).collect::<Vec<_>>());
    rules(&[
        ("domains", Category::Gambling, &domains),
        ("urls", Category::Gambling, &urls),
        ("ips", Category::Gambling, &ips),
        ("exceptions", Category::Allowed, &exceptions),
    ])
}

fn cases(folder: &Path, file: &str) -> Vec<BTreeMap<String, Value>> {
    let text = fs::read_to_string(folder.join(file)).expect("a manifest");
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

fn text<'a>(case: &'a BTreeMap<String, Value>, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The README's strings are views of bytes.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("latin-1")).collect()
}

/// A proxy whose names are an origin of the web on every port but 443, and on that an echo; some names lead to a
/// loopback address that must not be reached.
struct Bed {
    web: Origin,
    tls: Origin,
    reached: Arc<AtomicUsize>,
    proxy: Proxy,
}

impl Bed {
    async fn start(folder: &Path) -> Self {
        let (web, tls) = (Origin::start().await, Origin::echo().await);
        let canary = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let forbidden = canary.local_addr().expect("an address");
        let reached = Arc::new(AtomicUsize::new(0));
        let count = reached.clone();
        tokio::spawn(async move {
            while canary.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let (plain, secure, asked) = (web.address, tls.address, AtomicUsize::new(0));
        let names = Names::new(move |host, port| {
            let open: SocketAddr = if port == 443 { secure } else { plain };
            let again = asked.fetch_add(1, Ordering::SeqCst) % 2 == 1;
            match host {
                "loopback.test" => vec![forbidden],
                _ if host.starts_with("rebind") => vec![if again { forbidden } else { open }],
                _ => vec![open],
            }
        });
        let limits = Limits { head: Duration::from_millis(800), ..quick() };
        let proxy = Proxy::start(state(Some(sample_rules(folder)), names), limits).await;
        Self { web, tls, reached, proxy }
    }
}

fn is_blocked(host: &str, blocked: &[String]) -> bool {
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    blocked.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// One raw case: sent as it is, with a bed of its own so that what arrives is its own.
async fn raw(folder: &Path, case: &BTreeMap<String, Value>) -> Result<(), String> {
    let bed = Bed::start(folder).await;
    let mut client = Client::connect(bed.proxy.address, None).await;
    client.send(fs::read(folder.join("raw").join(text(case, "file"))).expect("a request")).await;
    let mut statuses = Vec::new();
    while let Ok(Some(answer)) = timeout(Duration::from_millis(1500), client.try_answer("GET")).await {
        statuses.push(answer.status);
    }
    sleep(Duration::from_millis(50)).await;
    let (seen, faults) = (bed.web.requests(), bed.web.faults());
    let bytes: usize = bed.web.bytes().iter().chain(&bed.tls.bytes()).map(Vec::len).sum();
    let most = case.get("expect_requests").and_then(Value::as_u64).unwrap_or(0);
    let check =
        |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {statuses:?} {seen:?} {faults:?}")) };
    check(faults.is_empty(), "not by the letter")?;
    let blocked = lines(folder, "blocked_domains.txt");
    check(
        seen.iter().all(|request| !is_blocked(request.field("host").unwrap_or_default(), &blocked)),
        "a blocked host",
    )?;
    match text(case, "expect") {
        "must-allow" => check(seen.len() as u64 == most && statuses.contains(&200), "not allowed"),
        "must-block" => check(bytes == 0, "something arrived"),
        "must-reject" => {
            check(bytes == 0, "something arrived")?;
            check(statuses.iter().all(|status| (400..500).contains(status)), "not refused")
        }
        "reject-or-normalise" => {
            check(seen.len() as u64 <= most, "too many requests")?;
            check(!seen.iter().any(|request| request.target.contains("smuggled-")), "smuggled")
        }
        other => Err(format!("unknown expectation {other}")),
    }
}

/// One case of a URL. What arrives anywhere is counted; what a host must be is known.
async fn url(folder: &Path, case: &BTreeMap<String, Value>) -> Result<(), String> {
    let bed = Bed::start(folder).await;
    let rounds = case.get("repeat").and_then(Value::as_u64).unwrap_or(1);
    let mut statuses = Vec::new();
    let tunnels = text(case, "form") == "connect";
    for _ in 0..rounds {
        let mut client = Client::connect(bed.proxy.address, None).await;
        let (target, host) = (latin1(text(case, "target")), latin1(text(case, "host")));
        let method = if tunnels { "CONNECT" } else { "GET" };
        client.send([method.as_bytes(), b" ", &target, b" HTTP/1.1\r\nHost: ", &host, b"\r\n\r\n"].concat()).await;
        let Some(answer) = client.try_answer(method).await else { continue };
        statuses.push(answer.status);
        if tunnels && answer.status == 200 {
            let hello = client_hello(case.get("sni").and_then(Value::as_str), 16_384);
            client.send(&hello).await;
            if text(case, "expect") == "allow" && client.bytes(hello.len()).await != hello {
                return Err("the tunnel does not carry".into());
            }
        }
    }
    sleep(Duration::from_millis(50)).await;
    let arrived = bed.web.requests().len() + bed.tls.bytes().iter().filter(|bytes| !bytes.is_empty()).count();
    let blocked = lines(folder, "blocked_domains.txt");
    let seen = bed.web.requests();
    let check = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {statuses:?} {seen:?}")) };
    check(bed.web.faults().is_empty(), "not by the letter")?;
    check(bed.reached.load(Ordering::SeqCst) == 0, "a private address")?;
    match text(case, "expect") {
        "allow" => check(arrived == 1 && statuses == [200], "not allowed"),
        "block" | "block-or-reject" => check(arrived == 0 && !statuses.contains(&200), "not blocked"),
        "not-blocked-reach" => check(
            !seen.iter().any(|request| is_blocked(request.field("host").unwrap_or_default(), &blocked)),
            "reached",
        ),
        "not-private-reach" => check(true, ""),
        other => Err(format!("unknown expectation {other}")),
    }
}

fn report(what: &str, results: &[(String, Result<(), String>)]) {
    let failed: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).collect();
    println!("attack samples, {what}: {} of {} as expected", results.len() - failed.len(), results.len());
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_samples() {
    let Some(folder) = belisha_testkit::test_data().map(|data| data.join("attacks")) else { return };
    let mut running = Vec::new();
    for case in cases(&folder, "raw/manifest.jsonl") {
        let folder = folder.clone();
        running.push(tokio::spawn(async move {
            (format!("{} {}", text(&case, "id"), text(&case, "note")), raw(&folder, &case).await)
        }));
    }
    let mut results = Vec::new();
    for case in running {
        results.push(case.await.expect("a result"));
    }
    report("raw requests", &results);
}

#[tokio::test(flavor = "multi_thread")]
async fn url_samples() {
    let Some(folder) = belisha_testkit::test_data().map(|data| data.join("attacks")) else { return };
    let unclaimed = ["tls-inspect", "embedded-url", "doh-detect"];
    let needs = |case: &BTreeMap<String, Value>| {
        let needs = case.get("needs").and_then(Value::as_array).cloned().unwrap_or_default();
        needs.iter().filter_map(Value::as_str).any(|need| unclaimed.contains(&need))
    };
    let mut results = Vec::new();
    for case in cases(&folder, "urls/urls.jsonl").into_iter().filter(|case| !needs(case)) {
        results.push((format!("{} {}", text(&case, "id"), text(&case, "variant")), url(&folder, &case).await));
    }
    report("URLs", &results);
}
