//! Networks that ask who it is: 407 until somebody says so, and then each line and each ruling is theirs.

use belisha_gateway::{Live, State, records};
use belisha_policy::Attribution::{self, ClassAccount, CredentialInDoubt, Guest, Individual};
use belisha_policy::{Outcome, Phase, Policy};

use crate::support::client::basic;
use crate::support::porter::{Mood, Porter, asking_policy, patient};
use crate::support::{Client, Names, Origin, Proxy, client_hello, state, usual_rules};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_say_who_they_are_is_asked() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let head = "Host: x\r\n\r\n";
    for (method, request, closes) in [
        ("GET", format!("GET http://fine.test/ HTTP/1.1\r\n{head}"), false),
        ("HEAD", format!("HEAD http://fine.test/ HTTP/1.1\r\n{head}"), false),
        ("GET", format!("GET http://wager.test/ HTTP/1.1\r\n{head}"), false),
        ("POST", format!("POST http://fine.test/echo HTTP/1.1\r\nContent-Length: 4\r\n{head}body"), true),
        ("CONNECT", format!("CONNECT fine.test:443 HTTP/1.1\r\n{head}"), true),
    ] {
        let mut client = proxy.client().await;
        client.send(&request).await;
        let answer = client.answer(method).await;
        assert_eq!(answer.line, "HTTP/1.1 407 Proxy Authentication Required", "{request}");
        assert_eq!(answer.field("proxy-authenticate"), Some("Basic realm=\"Beacon Primary\", charset=\"UTF-8\""));
        if method != "HEAD" {
            let page = answer.text();
            for words in ["Please sign in", "user name and password", "ask your teacher", "0800 1111", "Beacon Primary"]
            {
                assert!(page.contains(words), "{words}: {page}");
            }
        }
        let record = proxy.record().await;
        assert_eq!((record.observed, record.status, &*record.note), (Outcome::Refused, 407, "not signed in"));
        assert_eq!((record.person.as_deref(), record.attribution), (None, Attribution::AddressOnly));
        assert_eq!((record.place.as_deref(), &*record.method), (Some("Library"), method));
        // Where nothing ambiguous follows, the browser goes on with the same connection.
        assert_eq!(answer.field("connection") == Some("close"), closes, "{request}");
        if !closes {
            assert_eq!(client.get_as("ada:amber", "http://fine.test/").await.text(), "hello");
            assert_eq!(proxy.record().await.person.as_deref(), Some("p-ada"));
        }
    }
    assert_eq!(origin.requests().len(), 3);
    proxy.no_more_records();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_by_whoever_it_names() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut client = proxy.client().await;
    // (credentials, person, attribution, group, profile, chat, betting)
    for (shown, person, attribution, group, profile, chat, betting) in [
        ("ada:amber", "p-ada", Individual, Some("pupils"), "pupils", 403, 403),
        ("ben:beacon:1", "p-ben", Individual, Some("older"), "older", 200, 403),
        ("tess:t\u{e9}ss\u{20ac}", "p-tess", Individual, Some("staff"), "staff", 403, 403),
        ("4a:acorn", "class-4a", ClassAccount, None, "pupils", 403, 403),
        ("gus:garden", "guest-gus", Guest, Some("guests"), "guests", 403, 200),
        ("dot:dotty", "p-dot", CredentialInDoubt, Some("pupils"), "pupils", 403, 403),
    ] {
        for (url, status) in [("http://fine.test/", 200), ("http://chat.test/", chat), ("http://wager.test/", betting)]
        {
            assert_eq!(client.get_as(shown, url).await.status, status, "{person} {url}");
            let record = proxy.record().await;
            assert_eq!((record.person.as_deref(), record.attribution), (Some(person), attribution), "{url}");
            assert_eq!((record.group.as_deref(), &*record.profile), (group, profile), "{person} {url}");
            assert_eq!((record.place.as_deref(), record.status, &*record.note), (Some("Library"), status, ""));
        }
        // Whoever comes next on the same connection and says nothing is nobody.
        assert_eq!(client.get("http://fine.test/").await.status, 407);
        assert_eq!(proxy.record().await.person, None);
    }
    // The page is that of the profile.
    let staff = client.get_as("tess:t\u{e9}ss\u{20ac}", "http://wager.test/").await.text();
    let child = client.get_as("ada:amber", "http://wager.test/").await.text();
    assert!(staff.contains("Gambling") && child.contains("closed at school") && !child.contains("Gambling"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_belongs_to_whoever_opened_it() {
    let (origin, porter) = (Origin::echo().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    for (shown, person, host, status) in [
        ("ben:beacon:1", "p-ben", "chat.test", 200),
        ("ada:amber", "p-ada", "chat.test", 403),
        ("ada:amber", "p-ada", "fine.test", 200),
    ] {
        let mut client = proxy.client().await;
        assert_eq!(client.connect_as(shown, &format!("{host}:443")).await.status, status, "{person} {host}");
        if status == 200 {
            let hello = client_hello(Some(host), 16_384);
            client.send(&hello).await;
            assert_eq!(client.bytes(hello.len()).await, hello);
            let opened = proxy.record().await;
            assert_eq!((opened.phase, opened.person.as_deref()), (Phase::Opened, Some(person)));
            drop(client);
        }
        let last = proxy.record().await;
        assert_eq!(
            (last.person.as_deref(), last.attribution, last.status),
            (Some(person), Attribution::Individual, status)
        );
    }
    let mut client = proxy.client().await;
    assert_eq!(client.connect_as("ada:wrong", "fine.test:443").await.status, 407);
    assert!(client.is_closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_shown_is_understood_or_asked_for_again() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    porter.add("zo\u{eb}", "caf\u{e9}", crate::support::porter::pupil("p-zoe", "4", "4A"));
    let proxy = porter.usual(&origin).await;
    let field = |value: &[u8]| [b"Proxy-Authorization: ".as_slice(), value, b"\r\n"].concat();
    let basic = |bytes: &[u8]| field(basic(bytes).as_bytes());
    let long = [b"ada:".as_slice(), &[b'x'; 1100]].concat();
    let wrong = "wrong user name or password";
    let nonsense = "malformed credentials";
    for (fields, status, note) in [
        (basic(b"zo\xeb:caf\xe9"), 200, ""),
        (basic("zo\u{eb}:caf\u{e9}".as_bytes()), 200, ""),
        (field(b"BASIC  YWRhOmFtYmVy"), 200, ""),
        (basic(b"ada:amber "), 407, wrong),
        (basic(b"ada:%61mber"), 407, wrong),
        (basic(b"nobody:amber"), 407, wrong),
        (basic(b"ada"), 407, nonsense),
        (basic(b":amber"), 407, nonsense),
        (basic(b"ada:"), 407, nonsense),
        (basic(b"ada:am\0ber"), 407, nonsense),
        (basic(b"ada\r\nX: y:amber"), 407, nonsense),
        (basic(&long), 407, nonsense),
        (basic(b""), 407, nonsense),
        (field(b""), 407, nonsense),
        (field(b"Basic"), 407, nonsense),
        (field(b"Basic %%%"), 407, nonsense),
        (field(b"Basic \xff\xfe"), 407, nonsense),
        (field(b"Negotiate TlRMTVNTUAAB"), 407, nonsense),
        (field(b"1"), 407, nonsense),
        ([basic(b"ada:amber"), basic(b"ada:amber")].concat(), 407, nonsense),
        ([basic(b"ada:amber"), basic(b"tess:x")].concat(), 407, nonsense),
    ] {
        for method in ["GET http://fine.test/", "CONNECT fine.test:80"] {
            let mut client = proxy.client().await;
            let head = format!("{method} HTTP/1.1\r\nHost: x\r\n");
            client.send([head.as_bytes(), &fields, b"\r\n"].concat()).await;
            let verb = method.split(' ').next().unwrap();
            let shown = String::from_utf8_lossy(&fields).into_owned();
            assert_eq!(client.answer(verb).await.status, status, "{method} {shown:.80}");
            if verb == "GET" || status == 407 {
                assert_eq!(&*proxy.record().await.note, note, "{method} {shown:.80}");
            } else {
                drop(client);
                proxy.record().await;
            }
        }
    }
    assert_eq!(origin.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_to_the_proxy_goes_no_further() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut client = proxy.client().await;
    let shown = basic("ada:amber");
    for name in ["Proxy-Authorization", "proxy-authorization", "PROXY-AUTHORIZATION"] {
        for more in ["", "Connection: Proxy-Authorization\r\n", "Authorization: Basic b3JpZ2luOmFsbA==\r\n"] {
            let head = format!("GET http://fine.test/ HTTP/1.1\r\nHost: x\r\n{more}{name}: {shown}\r\n\r\n");
            client.send(head).await;
            assert_eq!(client.answer("GET").await.status, 200);
        }
    }
    // Also where nobody asked.
    let mut office = proxy.staff().await;
    assert_eq!(office.get_as("ada:amber", "http://fine.test/").await.status, 200);
    let seen = String::from_utf8(origin.bytes().concat()).unwrap().to_lowercase();
    for word in ["proxy-auth", "ada", "amber", &shown.to_lowercase()] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
    assert_eq!(seen.matches("authorization: basic b3jpz2lu").count(), 3, "what is for the origin gets there");
    assert_eq!(origin.requests().len(), 10);
    for _ in 0..10 {
        let line = format!("{:?}", proxy.record().await);
        assert!(!line.contains("amber") && !line.contains("YWRhOm"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_somebody_claims_to_be_in_other_fields_changes_nothing() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let claims = "X-Forwarded-For: 127.0.0.8\r\nX-Real-IP: 127.0.0.8\r\nForwarded: for=127.0.0.8\r\nX-User: tess\r\n\
                  X-Authenticated-User: tess\r\nX-Client-Username: tess\r\nVia: 1.1 office\r\nFrom: tess@beacon.test\r\n";
    let mut client = proxy.client().await;
    client.send(format!("GET http://fine.test/ HTTP/1.1\r\nHost: x\r\n{claims}\r\n")).await;
    assert_eq!(client.answer("GET").await.status, 407);
    assert_eq!((proxy.record().await.person, origin.requests().len()), (None, 0));
    let shown = basic("ada:amber");
    client
        .send(format!("GET http://chat.test/ HTTP/1.1\r\nHost: x\r\n{claims}Proxy-Authorization: {shown}\r\n\r\n"))
        .await;
    assert_eq!(client.answer("GET").await.status, 403);
    let record = proxy.record().await;
    assert_eq!((record.person.as_deref(), record.address.to_string()), (Some("p-ada"), "127.0.0.1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_asks_nothing_that_is_shown_counts() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut office = proxy.staff().await;
    for shown in ["ada:amber", "ada:wrong", "nonsense"] {
        assert_eq!(office.get_as(shown, "http://fine.test/").await.status, 200);
        let record = proxy.record().await;
        assert_eq!((record.person, record.group.as_deref()), (None, Some("staff")));
        assert_eq!(record.attribution, Attribution::AddressOnly);
    }
    assert_eq!(porter.checks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_in_trouble_is_never_stopped_by_a_password_box() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    porter.mood(Mood::Falls);
    let nobody = (None, Attribution::AddressOnly, "pupils".to_owned());
    let who = |record: belisha_policy::AccessRecord| {
        (record.person.map(|it| it.to_string()), record.attribution, record.profile.to_string())
    };
    for shown in ["", "ada:wrong", "nonsense", "ada:amber"] {
        let mut client = proxy.client().await;
        let answer = client.get_as(shown, "http://www.childline.org.uk/").await;
        assert_eq!((answer.status, answer.text()), (200, "hello".into()), "{shown}");
        assert_eq!(who(proxy.record().await), nobody);
        assert_eq!(client.connect_as(shown, "www.childline.org.uk:443").await.status, 200, "{shown}");
        drop(client);
        proxy.record().await;
    }
    assert_eq!(porter.checks(), 0, "nobody waits for the door");
    // Whoever is known is known.
    porter.mood(Mood::Fine);
    let mut client = proxy.client().await;
    client.get_as("tess:t\u{e9}ss\u{20ac}", "http://fine.test/").await;
    client.get_as("tess:t\u{e9}ss\u{20ac}", "http://www.childline.org.uk/").await;
    proxy.record().await;
    assert_eq!(who(proxy.record().await), (Some("p-tess".into()), Attribution::Individual, "staff".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_accounts_are_away_a_lesson_goes_on_and_nobody_gets_more_by_it() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut known = proxy.client().await;
    assert_eq!(known.get_as("ben:beacon:1", "http://chat.test/").await.status, 200);
    proxy.record().await;
    porter.mood(Mood::Away);
    let mut client = proxy.client().await;
    for (shown, url, status) in [
        ("tess:t\u{e9}ss\u{20ac}", "http://fine.test/", 200),
        ("gus:garden", "http://wager.test/", 403),
        ("ada:wrong", "http://chat.test/", 403),
    ] {
        assert_eq!(client.get_as(shown, url).await.status, status, "{url}");
        let record = proxy.record().await;
        assert_eq!((record.person, record.attribution), (None, Attribution::AddressOnly), "{url}");
        assert_eq!((&*record.profile, &*record.note), ("pupils", "sign-in could not be checked"), "{url}");
    }
    // Whoever says nothing is still asked, and whoever was checked a moment ago is still who they are.
    assert_eq!(client.get("http://fine.test/").await.status, 407);
    assert_eq!(known.get_as("ben:beacon:1", "http://chat.test/").await.status, 200);
    porter.mood(Mood::Fine);
    assert_eq!(client.get_as("ada:wrong", "http://fine.test/").await.status, 407, "at once when they are back");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_door_nobody_is_asked_and_everybody_is_held_to_the_strictest() {
    let origin = Origin::start().await;
    let state = State { policy: asking_policy(), ..state(Some(usual_rules()), Names::all(origin.address)) };
    let proxy = Proxy::with_live("127.0.0.1:0", Live::new(state), patient(), records::channel(100)).await;
    let mut client = proxy.client().await;
    for (shown, url, status) in [("", "http://fine.test/", 200), ("ben:beacon:1", "http://chat.test/", 403)] {
        assert_eq!(client.get_as(shown, url).await.status, status);
        let record = proxy.record().await;
        assert_eq!((record.person, &*record.profile, &*record.note), (None, "pupils", "sign-in could not be checked"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_holds_at_the_next_request() {
    let (origin, porter) = (Origin::start().await, Porter::new());
    let proxy = porter.usual(&origin).await;
    let mut client: Client = proxy.client().await;
    assert_eq!(client.get_as("ben:beacon:1", "http://chat.test/").await.status, 200);
    let policy: Policy = asking_policy().with_members(vec![]).unwrap();
    proxy.live.replace(State { policy, ..state(Some(usual_rules()), Names::all(origin.address)) });
    assert_eq!(client.get_as("ben:beacon:1", "http://chat.test/").await.status, 403);
    proxy.live.replace(state(Some(usual_rules()), Names::all(origin.address)));
    assert_eq!(client.get("http://fine.test/").await.status, 200, "and where nobody asks any more, nobody is asked");
}
