//! The tester and the wire are one function: a thousand cases, asked of both.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use belisha_filter::{AlignedBytes, Compiler, List, Rule, Ruleset};
use belisha_gateway::{Egress, Limits, Live, Resolve, Resolving, State, records, serve};
use belisha_policy::Category;
use belisha_school::Settings;
use belisha_school::tester::{Finding, Who, ask};
use chrono::Utc;
use tokio::sync::oneshot;

const SCHOOL: &str = r#"
help_sites = ["listening.test"]
[school]
name = "Amber Hill School"
[times]
always = { hours = ["00:00-24:00"] }
never-now = { on = "mon-sun", hours = ["00:00-00:01"] }
[profiles.seniors]
based_on = "pupils"
from_year = "9"
warn = ["shopping"]
[[profiles.seniors.at]]
times = ["always"]
allow = ["games"]
[profiles.focus]
based_on = "pupils"
only_approved = true
[groups]
focus-room = "focus"
senior-room = "seniors"
[[approved]]
name = "learning platform"
sites = ["learn.test", "chat.test/class"]
[[exceptions]]
name = "trenches"
who = ["group pupils"]
sites = ["violent.test/trenches", "fine.test/quiz"]
from = 2020-01-01
until = 2099-01-01
purpose = "history"
by = "the coordinator"
[[exceptions]]
name = "no quiz"
who = ["group senior-room"]
sites = ["fine.test"]
verdict = "block"
from = 2020-01-01
until = 2099-01-01
purpose = "an examination"
by = "the head"
[[exceptions]]
name = "over"
who = ["everyone"]
sites = ["wager.test"]
from = 2020-01-01
until = 2020-02-01
purpose = "over"
by = "the head"
[[exceptions]]
name = "orders"
who = ["group staff"]
categories = ["shopping"]
from = 2020-01-01
until = 2099-01-01
purpose = "orders"
by = "the head"
[[networks]]
range = "127.0.1.1"
group = "pupils"
[[networks]]
range = "127.0.1.2"
group = "staff"
[[networks]]
range = "127.0.1.3"
group = "senior-room"
[[networks]]
range = "127.0.1.4"
group = "focus-room"
"#;

/// Who asks, by the address they come from.
const WHO: [[u8; 4]; 5] = [[127, 0, 1, 1], [127, 0, 1, 2], [127, 0, 1, 3], [127, 0, 1, 4], [127, 0, 9, 9]];

const HOSTS: [&str; 20] = [
    "wager.test",
    "www.wager.test",
    "violent.test",
    "sub.violent.test",
    "fine.test",
    "www.fine.test",
    "play.test",
    "shop.test",
    "shop.play.test",
    "learn.test",
    "a.learn.test",
    "chat.test",
    "locked.test",
    "listening.test",
    "other.test",
    "lessons.test",
    "www.childline.org.uk",
    "news.test",
    "x.news.test",
    "mixed.test",
];

const PATHS: [&str; 10] =
    ["", "trenches", "trenches/1", "quiz", "QUIZ/2", "class/3", "open", "open/x", "%74renches", "a/../quiz"];

fn rules() -> Ruleset<AlignedBytes> {
    let mut compiler = Compiler::new(11);
    for (category, lines) in [
        (Category::Gambling, &["wager.test", "mixed.test", "listening.test"][..]),
        (Category::Violence, &["violent.test"]),
        (Category::Games, &["play.test", "fine.test/quiz"]),
        (Category::Shopping, &["shop.test", "shop.play.test"]),
        (Category::Social, &["chat.test"]),
        (Category::Terrorism, &["locked.test", "news.test/open"]),
        (Category::SexualEducation, &["lessons.test", "mixed.test/open"]),
        (Category::Pornography, &["lessons.test"]),
    ] {
        let list = List::new("tests", category.slug(), category.id().0);
        let vouched = category == Category::SexualEducation;
        let list = compiler.list(if vouched { list.compared_exactly() } else { list });
        for line in lines {
            compiler.add(list, &Rule::from_normalised(line).unwrap());
        }
    }
    Ruleset::open(compiler.finish().unwrap().into()).unwrap()
}

/// Every name is one origin.
struct One(SocketAddr);

impl fmt::Debug for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("One")
    }
}

impl Resolve for One {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        let found = vec![self.0];
        Box::pin(async move { Ok(found) })
    }
}

/// An origin that answers everything.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 7), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            });
        }
    });
    address
}

/// What the wire says: the status, and whether the page offers to go on.
fn on_the_wire(proxy: SocketAddr, from: [u8; 4], head: &str) -> &'static str {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(from), 0).into()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = socket.connect(proxy).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 8192];
        let mut read = 0;
        while let Ok(more @ 1..) = stream.read(&mut answer[read..]).await {
            read += more;
            // A tunnel stays open: its head is enough.
            if head.starts_with("CONNECT") && answer[..read].windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
        }
        String::from_utf8_lossy(&answer[..read]).into_owned()
    });
    match answer.split(' ').nth(1) {
        Some("200") => "allow",
        Some("403") if answer.contains("I need this page: go on") => "warn",
        Some("403") => "block",
        other => panic!("{other:?}: {answer}"),
    }
}

#[test]
fn a_thousand_cases_are_answered_alike_by_the_tester_and_on_the_wire() {
    let settings = Settings::parse(SCHOOL, Path::new("school.toml")).unwrap();
    let egress = Egress::new(vec!["127.0.0.7/32".parse().unwrap()]).with_resolver(One(origin()));
    let state = State {
        rules: Some(rules()),
        policy: settings.policy.clone(),
        egress,
        school: settings.school.clone(),
        console: None,
        refuse_unlogged: false,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (records, _receiver) = records::channel(10_000);
    let (_stop, stopped) = oneshot::channel::<()>();
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = async {
            let _ = stopped.await;
        };
        tokio::spawn(serve(listener, Arc::new(Live::new(state)), records, Limits::default(), shutdown));
        address
    });
    let (rules, mut said) = (rules(), [0; 3]);
    for from in WHO {
        let who = Who::named(&settings.policy, &Ipv4Addr::from(from).to_string()).unwrap();
        for host in HOSTS {
            for path in PATHS {
                let url = format!("http://{host}/{path}");
                let answer = ask(&rules, &settings.policy, &who, &url, Utc::now());
                let Finding::Found(found) = answer.result else { panic!("{url}") };
                let wire =
                    on_the_wire(address, from, &format!("GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
                assert_eq!(wire, found.verdict, "{url} from {from:?}: {}", found.reason);
                said[["allow", "warn", "block"].iter().position(|it| *it == wire).unwrap()] += 1;
            }
            let answer = ask(&rules, &settings.policy, &who, &format!("https://{host}/"), Utc::now());
            let Finding::Found(found) = answer.result else { panic!("{host}") };
            let wire = on_the_wire(address, from, &format!("CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\n\r\n"));
            // Inside a tunnel there is no page to show.
            let expected = if found.verdict == "warn" { "block" } else { found.verdict };
            assert_eq!(wire, expected, "https://{host} from {from:?}: {}", found.reason);
        }
    }
    // Each answer was given: nothing here is alike because all is blocked.
    assert!(said.iter().all(|count| *count > 10), "{said:?}");
}
