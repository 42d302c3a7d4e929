//! What is logged more than once is counted once.

use belisha_formats::access_log::{Dialect, Found, Observed, RequestCounts, Requests};

/// The lines that are requests, by their numbers, and whether they were blocked; in the order in which they came out.
fn requests(dialect: &Dialect, lines: &[String]) -> (Vec<(u64, bool)>, RequestCounts) {
    let (mut requests, mut out) = (Requests::new(), Vec::new());
    let mut give = |number: u64, line: &belisha_formats::access_log::LogLine<'_>| {
        out.push((number, line.observed == Observed::Blocked));
    };
    for (number, line) in (1..).zip(lines) {
        let Found::Line(read) = dialect.parse(line.as_bytes()) else { panic!("{line} is read") };
        requests.push(number, &read, &mut give);
    }
    requests.finish(&mut give);
    (out, requests.counts())
}

/// Lines as `second client result method url`, with the peer behind where there is one.
fn squid(lines: &[&str]) -> Vec<(u64, bool)> {
    let line = |text: &&str| {
        let words: Vec<_> = text.split(' ').collect();
        let peer = words.get(5).unwrap_or(&"HIER_NONE/-");
        let second = 1_756_890_000 + words[0].parse::<u64>().unwrap();
        format!("{second}.000 5 10.0.0.{} {} 0 {} {} - {peer} -", words[1], words[2], words[3], words[4])
    };
    let lines: Vec<_> = lines.iter().map(line).collect();
    let (out, counts) = requests(&Dialect::Squid, &lines);
    let sum = counts.requests + counts.tunnels + counts.challenges + counts.nothing;
    assert_eq!((sum, counts.requests), (lines.len() as u64, out.len() as u64), "every line is accounted for once");
    out
}

#[test]
fn a_tunnel_with_requests_is_the_tunnel() {
    let looked_into = ["0 7 NONE_NONE/200 CONNECT a.example:443", "1 7 TCP_MISS/200 GET https://A.example/x"];
    assert_eq!(squid(&looked_into), [(2, false)]);
    // Browsers open several, and some in vain.
    let several = [
        "0 7 NONE_NONE/200 CONNECT a.example:443",
        "0 7 TCP_TUNNEL/200 CONNECT a.example:443",
        "1 7 TCP_MISS/200 GET https://a.example:443/x",
        "2 7 TCP_MISS/200 GET https://a.example/y",
    ];
    assert_eq!(squid(&several), [(3, false), (4, false)]);
}

#[test]
fn a_tunnel_alone_is_a_request() {
    for lines in [
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443"][..],
        &["0 7 NONE_NONE/200 CONNECT a.example:443"],
        // Another host, port, client, or no tunnel at all.
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 7 TCP_MISS/200 GET https://b.example/"],
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 7 TCP_MISS/200 GET https://a.example:8443/"],
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 8 TCP_MISS/200 GET https://a.example/"],
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 7 TCP_MISS/200 GET http://a.example/"],
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 7 TCP_MISS/200 GET http://a.example:443/"],
        // Too late.
        &["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "301 7 TCP_MISS/200 GET https://a.example/"],
    ] {
        assert_eq!(squid(lines).len(), lines.len(), "{lines:?}");
    }
    let (just, late) = (["0 7 NONE_NONE/200 CONNECT a.example:443", "300 7 TCP_MISS/200 GET https://a.example/"], 2);
    assert_eq!(squid(&just), [(late, false)]);
}

#[test]
fn a_block_inside_a_tunnel_is_one_block() {
    // As OPNsense logs them: the tunnel is denied, or what is inside it.
    let outside = ["0 7 TCP_DENIED/200 CONNECT a.example:443", "0 7 NONE_NONE/403 GET https://a.example/"];
    assert_eq!(squid(&outside), [(2, true)]);
    let inside = ["0 7 NONE_NONE/200 CONNECT a.example:443", "0 7 TCP_DENIED/403 GET https://a.example/"];
    assert_eq!(squid(&inside), [(2, true)]);
    // No page was shown: the tunnel is all there is.
    assert_eq!(squid(&["0 7 TCP_DENIED/403 CONNECT a.example:443"]), [(1, true)]);
    // A block is never made out to be what was allowed later.
    let unblocked = ["0 7 TCP_DENIED/403 CONNECT a.example:443", "9 7 TCP_MISS/200 GET https://a.example/"];
    assert_eq!(squid(&unblocked), [(2, false), (1, true)]);
}

#[test]
fn a_question_for_the_password_is_no_request() {
    let lines = [
        "0 7 TCP_DENIED/407 CONNECT a.example:443",
        "0 7 TCP_DENIED/407 GET http://a.example/",
        "1 7 NONE_NONE/000 NONE error:transaction-end-before-headers",
        "2 7 TCP_MISS/200 GET http://a.example/",
    ];
    assert_eq!(squid(&lines), [(4, false)]);
}

#[test]
fn what_squid_only_looked_at_is_logged_twice() {
    let spliced = ["0 7 NONE_NONE/200 CONNECT a.example:443", "60 7 TCP_TUNNEL/200 CONNECT a.example:443"];
    assert_eq!(squid(&spliced), [(2, false)]);
    // Two tunnels to one host are two.
    let two = ["0 7 TCP_TUNNEL/200 CONNECT a.example:443", "1 7 TCP_TUNNEL/200 CONNECT a.example:443"];
    assert_eq!(squid(&two), [(1, false), (2, false)]);
    // Taken from the wire without the browser knowing, a tunnel has an address at first.
    let transparent = [
        "0 7 NONE_NONE/200 CONNECT 203.0.113.8:443",
        "0 7 NONE_NONE/200 CONNECT 203.0.113.9:443",
        "1 7 TCP_TUNNEL/200 CONNECT a.example:443 ORIGINAL_DST/203.0.113.8",
        "2 7 TCP_MISS/200 GET https://b.example/ ORIGINAL_DST/203.0.113.9",
    ];
    assert_eq!(squid(&transparent), [(4, false), (3, false)]);
}

#[test]
fn e2guardian_writes_tunnels_as_addresses() {
    let line = |url: &str, method: &str, code: u16| {
        format!("1756890169.793\t\t-\t10.0.0.7\t{url}\t{method}\t{code}\t0\t-\t-\t-\t9\t-\t0\t-\t0\t-\tg\t1\t-\t-")
    };
    let lines = [line("https://a.example:443", "CONNECT", 200), line("https://a.example/x", "GET", 200)];
    assert_eq!(requests(&Dialect::E2Guardian5To8, &lines).0, [(2, false)]);
}

#[test]
fn no_more_than_so_many_tunnels_are_held() {
    let lines: Vec<_> = (0..40_000)
        .map(|number| {
            format!("1756890000.000 5 10.0.0.7 TCP_TUNNEL/200 0 CONNECT h{number}.example:443 - HIER_NONE/- -")
        })
        .chain(["1756890001.000 5 10.0.0.7 TCP_MISS/200 0 GET https://h39999.example/ - HIER_NONE/- -".to_owned()])
        .collect();
    let (out, counts) = requests(&Dialect::Squid, &lines);
    assert_eq!((counts.requests, counts.tunnels), (40_000, 1));
    assert!(out.iter().map(|(number, _)| *number).take(7232).eq(1..=7232), "the oldest are let go first");
}

#[test]
fn times_that_leap_are_borne() {
    let lines = [
        "900 7 TCP_TUNNEL/200 CONNECT a.example:443",
        "0 7 TCP_TUNNEL/200 CONNECT b.example:443",
        "901 7 TCP_MISS/200 GET https://a.example/",
        "1 7 TCP_MISS/200 GET https://b.example/",
    ];
    assert_eq!(squid(&lines).len(), 2);
}

#[test]
fn a_device_that_tries_again_and_again_costs_no_more() {
    let blocked = "1756890000.000 5 10.0.0.7 TCP_DENIED/403 0 CONNECT a.example:443 - HIER_NONE/- -".to_owned();
    let allowed = "1756890000.000 5 10.0.0.7 TCP_MISS/200 0 GET https://a.example/ - HIER_NONE/- -".to_owned();
    let lines: Vec<_> = (0..60_000).map(|at| if at % 3 == 2 { allowed.clone() } else { blocked.clone() }).collect();
    let before = std::time::Instant::now();
    let (_, counts) = requests(&Dialect::Squid, &lines);
    assert_eq!((counts.requests, counts.tunnels), (60_000, 0));
    assert!(before.elapsed().as_secs() < 5, "going through all that are held for each would take a minute");
}
