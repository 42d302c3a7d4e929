use belisha_filter::{Compiler, List, Rule, Ruleset};
use belisha_gateway::{Egress, Limits, Live, State, records, serve};
use belisha_policy::{Policy, Profile};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let mode = std::env::args().nth(1).unwrap();
    if mode == "origin" {
        let l = tokio::net::TcpListener::bind("127.0.0.7:9000").await.unwrap();
        loop {
            let (mut s, _) = l.accept().await.unwrap();
            s.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let mut b = vec![0; 8192];
                let mut reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n".to_vec();
                reply.extend(vec![b'x'; 1024]);
                while let Ok(n @ 1..) = s.read(&mut b).await {
                    let k = b[..n].windows(4).filter(|w| *w == b"\r\n\r\n").count();
                    for _ in 0..k {
                        if s.write_all(&reply).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    }
    let mut c = Compiler::new(1);
    let l = c.list(List::new("a", "b", 14));
    c.add(l, &Rule::domain("wager.example").unwrap());
    let rules = Ruleset::open(c.finish().unwrap()).unwrap();
    let policy = Policy::new(vec![Profile::pupils("p"), Profile::staff("s")], vec![], vec![]).unwrap();
    let live = Live::new(State {
        rules: Some(rules),
        policy,
        egress: Egress::new(vec!["127.0.0.7/32".parse().unwrap()]),
        school: "X".into(),
    });
    let (r, rx) = records::channel(100_000);
    std::thread::spawn(move || rx.iter().count());
    let l = tokio::net::TcpListener::bind("127.0.0.1:3199").await.unwrap();
    serve(l, Arc::new(live), r, Limits::default(), std::future::pending()).await.unwrap();
}
