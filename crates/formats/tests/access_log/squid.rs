//! Squid's formats, trap by trap.

use belisha_formats::access_log::{Dialect, Found, LineFault, Observed};

use super::common::{all_are, all_fail};

const NATIVE: &str =
    "1756890169.793     75 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/x ada HIER_DIRECT/203.0.113.8 text/html";

#[test]
fn lines_of_its_own_format() {
    all_are(
        &Dialect::Squid,
        &[
            (
                NATIVE,
                "1756890169793|10.20.14.60||ada||GET|http://a.example/x|200|TCP_MISS|3634|75|text/html|Allowed|||",
            ),
            // A tunnel names host and port, nobody is signed in, and no type is known.
            (
                "1756890169.793 123456 2001:db8::7 TCP_TUNNEL/200 3634 CONNECT a.example:443 - HIER_DIRECT/2001:db8::1 -",
                "1756890169793|2001:db8::7||||CONNECT|a.example:443|200|TCP_TUNNEL|3634|123456||Allowed|||",
            ),
            // Older Squids say NONE, and devices may be logged by name.
            (
                "1756890169.793      0 pc-12.school.example TCP_MEM_HIT/200 12 GET http://a.example/ - NONE/- image/png",
                "1756890169793||pc-12.school.example|||GET|http://a.example/|200|TCP_MEM_HIT|12|0|image/png|Allowed|||",
            ),
            // The clock was set back, and the tag says two things.
            (
                "1756890169.793     -3 10.20.14.60 TCP_MISS_ABORTED/000 0 GET http://a.example/ - HIER_DIRECT/203.0.113.8 -",
                "1756890169793|10.20.14.60||||GET|http://a.example/|0|TCP_MISS_ABORTED|0|0||Allowed|||",
            ),
            // Headers are appended (log_mime_hdrs), with spaces written as they are.
            (
                "1756890169.793     75 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/x ada HIER_DIRECT/203.0.113.8 text/html [User-Agent: X\\r\\nCookie: HIER_NONE/- b] [HTTP/1.1 200 OK\\r\\n]",
                "1756890169793|10.20.14.60||ada||GET|http://a.example/x|200|TCP_MISS|3634|75|text/html|Allowed|||",
            ),
            // uri_whitespace allow: the address has spaces, one of them before something that looks like a peer.
            (
                "1756890169.793     75 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/a b TCP/x c ada HIER_DIRECT/203.0.113.8 text/html",
                "1756890169793|10.20.14.60||ada||GET|http://a.example/a b TCP/x c|200|TCP_MISS|3634|75|text/html|Allowed|||",
            ),
            // A school has Squid write more at the end.
            (
                "1756890169.793     75 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/x - ORIGINAL_DST/203.0.113.8 text/html \"Browser/1 (x)\" -",
                "1756890169793|10.20.14.60||||GET|http://a.example/x|200|TCP_MISS|3634|75|text/html|Allowed|||",
            ),
            // Anonymous, and escaped spaces in a user.
            (
                "1756890169.793     75 0.0.0.0 TCP_MISS/200 3634 GET http://a.example/x SCHOOL\\ada%20vane HIER_DIRECT/203.0.113.8 text/html",
                "1756890169793|||SCHOOL\\ada%20vane||GET|http://a.example/x|200|TCP_MISS|3634|75|text/html|Allowed|||",
            ),
            ("", "skipped"),
            ("  \r", "skipped"),
        ],
    );
}

#[test]
fn lines_that_went_through_the_log_of_a_system() {
    let expected = "1756890169793|10.20.14.60||ada||GET|http://a.example/x|200|TCP_MISS|3634|75|text/html|Allowed|||";
    for before in [
        "<166>Aug 21 22:08:13 fw.school.example (squid-1)[6802]: ",
        "<166>1 2025-08-21T22:08:13+01:00 fw.school.example (squid-1) 6802 - [meta sequenceId=\"1\"] ",
        "Aug  1 22:08:13 fw squid[6802]: ",
        "2025-08-21T22:08:13.123456+01:00 fw squid[6802]: ",
    ] {
        all_are(&Dialect::Squid, &[(&format!("{before}{NATIVE}"), expected)]);
    }
}

#[test]
fn what_became_of_requests() {
    for (result, method, url, peer, expected) in [
        ("TCP_MISS/200", "GET", "http://a.example/", "HIER_DIRECT/203.0.113.8", Observed::Allowed),
        ("TCP_MISS/403", "GET", "http://a.example/", "HIER_DIRECT/203.0.113.8", Observed::Allowed),
        ("TCP_MISS/503", "GET", "http://a.example/", "HIER_DIRECT/203.0.113.8", Observed::Allowed),
        ("TCP_MISS/503", "GET", "http://a.example/", "HIER_NONE/-", Observed::Failed),
        ("TCP_DENIED/403", "GET", "http://a.example/", "HIER_NONE/-", Observed::Blocked),
        ("TCP_DENIED_REPLY/403", "GET", "http://a.example/", "HIER_DIRECT/203.0.113.8", Observed::Blocked),
        ("TCP_DENIED_ABORTED/403", "GET", "http://a.example/", "HIER_NONE/-", Observed::Blocked),
        ("TCP_DENIED/302", "GET", "http://a.example/", "HIER_NONE/-", Observed::Blocked),
        ("TCP_DENIED/200", "CONNECT", "a.example:443", "HIER_NONE/-", Observed::Blocked),
        ("TCP_DENIED/407", "CONNECT", "a.example:443", "HIER_NONE/-", Observed::AuthenticationAsked),
        ("TCP_MISS/407", "GET", "http://a.example/", "FIRSTUP_PARENT/10.0.0.2", Observed::AuthenticationAsked),
        ("NONE_NONE/200", "CONNECT", "a.example:443", "HIER_NONE/-", Observed::Allowed),
        ("NONE_NONE/403", "GET", "https://a.example/", "HIER_NONE/-", Observed::Blocked),
        ("NONE_NONE/503", "GET", "http://a.example/", "HIER_NONE/-", Observed::Failed),
        ("TAG_NONE/400", "GET", "http://a.example/", "HIER_NONE/-", Observed::Refused),
        ("NONE_NONE/400", "NONE", "error:invalid-request", "HIER_NONE/-", Observed::Refused),
        ("NONE_NONE/000", "NONE", "error:transaction-end-before-headers", "HIER_NONE/-", Observed::NoRequest),
        ("NONE_NONE/000", "-", "error:accept-client-connection", "HIER_NONE/-", Observed::NoRequest),
        ("UDP_MISS/000", "ICP_QUERY", "http://a.example/", "HIER_NONE/-", Observed::NoRequest),
        ("TCP_REDIRECT/302", "GET", "http://a.example/", "HIER_NONE/-", Observed::Unknown),
    ] {
        let line = format!("1756890169.793     75 10.20.14.60 {result} 36 {method} {url} - {peer} text/html");
        let Found::Line(read) = Dialect::Squid.parse(line.as_bytes()) else { panic!("{line} is read") };
        assert_eq!(read.observed, expected, "{line}");
        assert_eq!(read.is_tunnel(), method == "CONNECT", "{line}");
    }
}

#[test]
fn lines_that_cannot_be_read() {
    all_fail(
        &Dialect::Squid,
        &[
            (
                "yesterday     75 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Time,
            ),
            (
                "1756890169.793 long 10.20.14.60 TCP_MISS/200 3634 GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Number,
            ),
            (
                "1756890169.793 75 10.20.14.600 TCP_MISS/200 3634 GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Client,
            ),
            (
                "1756890169.793 75 <script> TCP_MISS/200 3634 GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Client,
            ),
            ("1756890169.793 75 10.20.14.60 TCP_MISS 3634 GET http://a.example/x ada HIER_NONE/- -", LineFault::Status),
            (
                "1756890169.793 75 10.20.14.60 TCP_MISS/20 3634 GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Status,
            ),
            (
                "1756890169.793 75 10.20.14.60 TCP_MISS/200 big GET http://a.example/x ada HIER_NONE/- -",
                LineFault::Number,
            ),
            (
                "1756890169.793 75 10.20.14.60 TCP_MISS/200 36 get http://a.example/x ada HIER_NONE/- -",
                LineFault::Fields,
            ),
            ("1756890169.793 75 10.20.14.60 TCP_MISS/200 36 GET http://a.example/x ada", LineFault::Fields),
            ("1756890169.793 75 10.20.14.60 TCP_MISS/200 36 GET http://a.example/x ada HIER_NONE/-", LineFault::Fields),
            ("1756890169.793 75 10.20.14.60 TCP_MISS/200 36 GET", LineFault::Fields),
            ("1756890169.793", LineFault::Fields),
            ("1756890169.793 75 10.20.14.60 TCP_MISS/200 36 GET http://a.\0 ada HIER_NONE/- -", LineFault::ZeroByte),
        ],
    );
}

#[test]
fn lines_of_the_common_and_combined_formats() {
    all_are(
        &Dialect::SquidCommon,
        &[
            (
                "10.20.14.60 - ada [21/Aug/2025:22:08:13 +0100] \"GET http://a.example/x HTTP/1.1\" 200 3634 TCP_MISS:HIER_DIRECT",
                "1755810493000|10.20.14.60||ada||GET|http://a.example/x|200|TCP_MISS|3634|0||Allowed|||",
            ),
            (
                "10.20.14.60 - - [21/Aug/2025:22:08:13 +0100] \"CONNECT a.example:443 HTTP/1.1\" 200 0 \"-\" \"Browser/1.0 (\\\"x\\\")\" TCP_DENIED:HIER_NONE",
                "1755810493000|10.20.14.60||||CONNECT|a.example:443|200|TCP_DENIED|0|0||Blocked|||Browser/1.0 (\\\"x\\\")",
            ),
            // The referer is never read, whatever is in it.
            (
                "10.20.14.60 - ada [21/Aug/2025:22:08:13 +0100] \"GET http://a.example/x HTTP/1.1\" 407 36 \"http://secret.example/?q=1\" \"-\" TCP_DENIED:HIER_NONE",
                "1755810493000|10.20.14.60||ada||GET|http://a.example/x|407|TCP_DENIED|36|0||AuthenticationAsked|||",
            ),
            (
                "10.20.14.60 - ada vane [21/Aug/2025:22:08:13 +0100] \"GET http://a.example/a b\" 200 36 TCP_MISS:HIER_DIRECT",
                "1755810493000|10.20.14.60||ada vane||GET|http://a.example/a b|200|TCP_MISS|36|0||Allowed|||",
            ),
        ],
    );
    all_fail(
        &Dialect::SquidCommon,
        &[
            // Of a web server.
            ("10.0.0.1 - - [21/Aug/2025:22:08:13 +0100] \"GET /x HTTP/1.1\" 200 3634", LineFault::Status),
            ("10.0.0.1 - - [21/Aug/2025:22:08:13 +0100] \"GET /x HTTP/1.1\" 200 3634 \"-\" \"B/1\"", LineFault::Status),
            (
                "10.0.0.1 - - [21/Aug/2025:22:08:13] \"GET http://a/ HTTP/1.1\" 200 3 TCP_MISS:HIER_NONE",
                LineFault::Time,
            ),
            ("10.0.0.1 - - [21/Aug/2025:22:08:13 +0100] GET http://a/ 200 3 TCP_MISS:HIER_NONE", LineFault::Quotes),
            ("10.0.0.1 - - [21/Aug/2025:22:08:13 +0100] \"GET \" 200 3 TCP_MISS:HIER_NONE", LineFault::Address),
        ],
    );
}
