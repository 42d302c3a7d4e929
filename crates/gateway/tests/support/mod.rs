//! A proxy to test, an origin to test it with, and a client that counts bytes.

pub(crate) mod client;
pub(crate) mod origin;
pub(crate) mod porter;
pub(crate) mod strict;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use belisha_filter::{AlignedBytes, Compiler, List, Rule, Ruleset};
use belisha_gateway::{Egress, Live, Records, Resolve, Resolving, State, records, serve};
use belisha_policy::{AccessRecord, Category, Group, Network, Policy, Profile, SignIn};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use belisha_gateway::Limits;
pub(crate) use client::Client;
pub(crate) use origin::Origin;

/// Where the origins of tests listen: a loopback address of their own, so that the others stay forbidden.
pub(crate) const ORIGIN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);
/// Whoever connects from here is staff; from elsewhere, a pupil.
pub(crate) const STAFF: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 8);

type Lookup = dyn Fn(&str, u16) -> Vec<SocketAddr> + Send + Sync;

/// A resolver that is a function.
#[derive(Clone)]
pub(crate) struct Names(Arc<Lookup>);

impl Names {
    pub(crate) fn new(answer: impl Fn(&str, u16) -> Vec<SocketAddr> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// Every name is this origin, whatever the port.
    pub(crate) fn all(origin: SocketAddr) -> Self {
        Self::new(move |host, _| if host == "missing.test" { Vec::new() } else { vec![origin] })
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        let found = (self.0)(host, port);
        Box::pin(async move { Ok(found) })
    }
}

/// Lists as tests need them.
pub(crate) fn rules(lists: &[(&str, Category, &[&str])]) -> Ruleset<AlignedBytes> {
    let mut compiler = Compiler::new(7);
    for (name, category, lines) in lists {
        let list = List::new("tests", name, category.id().0);
        let vouched = matches!(category, Category::Allowed);
        let list = compiler.list(if vouched { list.compared_exactly() } else { list });
        for line in *lines {
            let rule = if line.contains('/') { Rule::url_prefix(line) } else { Rule::domain(line) };
            compiler.add(list, &rule.expect("a rule"));
        }
    }
    Ruleset::open(compiler.finish().expect("rules").into()).expect("a ruleset")
}

/// The usual lists.
pub(crate) fn usual_rules() -> Ruleset<AlignedBytes> {
    rules(&[
        ("betting", Category::Gambling, &["wager.test", "parts.test/closed"]),
        ("chat", Category::Social, &["chat.test", "xn--bcher-kva.test", "37.10.20.30", "2a0e:bad::2"]),
        ("unlawful", Category::Terrorism, &["locked.test"]),
        ("paths", Category::Gambling, &["mixed.test"]),
        ("ours", Category::Allowed, &["help.wager.test", "mixed.test/open"]),
    ])
}

pub(crate) fn policy() -> Policy {
    policy_of(Profile::pupils("pupils"), Profile::staff("staff"))
}

/// The usual networks with these profiles, named `pupils` and `staff`.
pub(crate) fn policy_of(pupils: Profile, staff: Profile) -> Policy {
    let groups = [("pupils", "pupils"), ("staff", "staff")];
    let groups = groups.map(|(name, profile)| Group { name: name.into(), profile: profile.into() }).to_vec();
    let network = |range: String, group: &str, place: &str| Network {
        range: range.parse().expect("a range"),
        group: group.into(),
        place: Some(place.into()),
        person: None,
        device: None,
        sign_in: SignIn::Never,
    };
    let networks =
        vec![network("127.0.0.0/8".into(), "pupils", "Library"), network(format!("{STAFF}/32"), "staff", "Office")];
    Policy::new(vec![pupils, staff], groups, networks).expect("a policy")
}

pub(crate) fn egress(names: Names) -> Egress {
    Egress::new(vec![IpAddr::V4(ORIGIN).into()]).with_resolver(names)
}

pub(crate) fn state(rules: Option<Ruleset<AlignedBytes>>, names: Names) -> State {
    let egress = egress(names);
    State { rules, policy: policy(), egress, school: "Beacon Primary".into(), console: None, refuse_unlogged: false }
}

/// Limits that a test can wait for.
pub(crate) fn quick() -> Limits {
    Limits {
        head: Duration::from_millis(400),
        stall: Duration::from_millis(400),
        dial: Duration::from_millis(800),
        answer: Duration::from_millis(800),
        hello: Duration::from_millis(400),
        drain: Duration::from_millis(800),
        ..Limits::default()
    }
}

/// A proxy that runs in the test's runtime.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) live: Arc<Live>,
    pub(crate) records: Receiver<AccessRecord>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Proxy {
    pub(crate) async fn start(state: State, limits: Limits) -> Self {
        Self::at("127.0.0.1:0", state, limits).await
    }

    pub(crate) async fn at(address: &str, state: State, limits: Limits) -> Self {
        Self::with_records(address, state, limits, records::channel(10_000)).await
    }

    /// A proxy whose records go into this channel.
    pub(crate) async fn with_records(
        address: &str,
        state: State,
        limits: Limits,
        records: (Records, Receiver<AccessRecord>),
    ) -> Self {
        Self::with_live(address, Live::new(state), limits, records).await
    }

    /// A proxy that goes by all of this.
    pub(crate) async fn with_live(
        address: &str,
        live: Live,
        limits: Limits,
        (records, receiver): (Records, Receiver<AccessRecord>),
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let live = Arc::new(live);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(listener, live.clone(), records, limits, shutdown));
        Self { address, live, records: receiver, stop: Some(stop), task }
    }

    /// A proxy with the usual rules in front of an origin.
    pub(crate) async fn usual(origin: &Origin) -> Self {
        Self::start(state(Some(usual_rules()), Names::all(origin.address)), quick()).await
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address, None).await
    }

    pub(crate) async fn staff(&self) -> Client {
        Client::connect(self.address, Some(STAFF)).await
    }

    /// Tells the proxy to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> Receiver<AccessRecord> {
        self.begin_stop();
        self.task.await.expect("no panic").expect("no error");
        self.records
    }

    pub(crate) fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// The next record; it may be on its way.
    pub(crate) async fn record(&self) -> AccessRecord {
        for _ in 0..500 {
            if let Ok(record) = self.records.try_recv() {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no record came");
    }

    pub(crate) fn no_more_records(&self) {
        let more: Vec<AccessRecord> = self.records.try_iter().collect();
        assert!(more.is_empty(), "{more:?}");
    }
}

/// A `ClientHello` with this name, in records of `size` bytes.
pub(crate) fn client_hello(name: Option<&str>, size: usize) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_be_bytes();
    let mut extensions = vec![0x00, 0x2b, 0, 3, 2, 3, 4];
    if let Some(name) = name {
        let entry = [&[0], length(name.as_bytes()).as_slice(), name.as_bytes()].concat();
        let list = [length(&entry).as_slice(), &entry].concat();
        extensions.extend([&[0, 0], length(&list).as_slice(), &list].concat());
    }
    let body = [&[3, 3], [0x5a; 32].as_slice(), &[0], &[0, 2, 0x13, 0x01], &[1, 0], &length(&extensions), &extensions]
        .concat();
    let message = [&[1], &u32::try_from(body.len()).expect("short").to_be_bytes()[1..], &body].concat();
    let record = |part: &[u8]| [&[22, 3, 1], length(part).as_slice(), part].concat();
    message.chunks(size).flat_map(record).collect()
}
