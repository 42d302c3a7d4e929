//! e2guardian's formats 1 to 8, trap by trap.

use belisha_formats::access_log::{Dialect, LineFault};

use super::common::{all_are, all_fail};

#[test]
fn format_1_is_told_apart_by_what_is_certain() {
    all_are(
        &Dialect::E2Guardian1,
        &[
            (
                "2025.09.03 09:02:49 ada 10.0.0.7 http://a.example/x *DENIED* Banned site: a.example GET 0 0 games 3 403 - pc-12 Year 4 Browser/5.0 (X; Y) - - - -",
                "2025-09-03 09:02:49|10.0.0.7|pc-12|ada|Year 4|GET|http://a.example/x|403||0|0||Blocked|games|Banned site: a.example|",
            ),
            // As older versions write: no zeros in front, and what is blank is left out.
            (
                "2017.1.20 7:28:23 ada 10.0.0.7 http://a.example *DENIED* Site interdit : a.example GET 0 0 games 3 403 -  group3 Browser/5.0 (X; rv:45.0) Y/2  - - ",
                "2017-01-20 07:28:23|10.0.0.7||ada|group3|GET|http://a.example|403||0|0||Blocked|games|Site interdit : a.example|",
            ),
            // Spaces in the user, in the category, and words in the finding that look like a method.
            (
                "2025.09.03 09:02:49 ada vane 10.0.0.7 https://a.example/ *DENIED* Banned phrase: GET RICH 2 GET 42 160 Chat, Games 1 403 text/html 10.0.0.7 pupils - - - - -",
                "2025-09-03 09:02:49|10.0.0.7||ada vane|pupils|GET|https://a.example/|403||42|0|text/html|Blocked|Chat, Games|Banned phrase: GET RICH 2|",
            ),
            // Seconds since 1970 are switched on: the instant is known.
            (
                "2025.09.03 10:02:49 1756890169.793 - 10.0.0.7 https://a.example:443 *SCANNED*  CONNECT 0 0 - 1 200 - - pupils - - - - -",
                "1756890169793|10.0.0.7|||pupils|CONNECT|https://a.example:443|200||0|0||Allowed|||",
            ),
            // Taken from the wire and let pass: neither a method nor a status is known.
            (
                "2025.09.03 09:02:49 - 10.0.0.7 https://a.example - - 5526 0 - 1 0 - 10.0.0.7 Default - - - - -",
                "2025-09-03 09:02:49|10.0.0.7|||Default||https://a.example|0||5526|0||Allowed|||",
            ),
            // Anonymous.
            (
                "2025.09.03 09:02:49  0.0.0.0 http://a.example/x  GET 5 0  1 200 text/html  pupils     ",
                "2025-09-03 09:02:49||||pupils|GET|http://a.example/x|200||5|0|text/html|Allowed|||",
            ),
        ],
    );
    all_fail(
        &Dialect::E2Guardian1,
        &[
            (
                "2025.09.31 09:02:49 ada 10.0.0.7 http://a.example/x  GET 5 0  1 200 text/html  g - - - - -",
                LineFault::Time,
            ),
            (
                "2025.09.03 09:02:49 ada pc-12 http://a.example/x  GET 5 0  1 200 text/html  g - - - - -",
                LineFault::Client,
            ),
            ("2025.09.03 09:02:49 ada 10.0.0.7 http://a.example/x *SCANNED* ", LineFault::Fields),
            ("2025.09.03 09:02:49 ada 10.0.0.7 http://a.example/x  GET 5 0 games", LineFault::Fields),
        ],
    );
}

#[test]
fn format_2_has_quotation_marks_that_nothing_escapes() {
    all_are(
        &Dialect::E2Guardian2,
        &[
            (
                "\"2025.09.03 09:02:49\",\"ada\",\"10.0.0.7\",\"http://a.example/x\",\"*DENIED* Banned phrase: \"free\",\"coins\"\",\"GET\",\"12\",\"160\",\"games, chat\",\"3\",\"403\",\"text/html\",\"pc-12\",\"Year 4\",\"Browser \"x\",\"y\"\",\"-\",\"-\",\"-\",\"-\"",
                "2025-09-03 09:02:49|10.0.0.7|pc-12|ada|Year 4|GET|http://a.example/x|403||12|0|text/html|Blocked|games, chat|Banned phrase: \"free\",\"coins\"|Browser \"x",
            ),
            (
                "\"2025.09.03 09:02:49\",\"\",\"0.0.0.0\",\"http://a.example/x\",\"\",\"GET\",\"12\",\"0\",\"\",\"1\",\"407\",\"\",\"\",\"negotiate_identification\",\"\",\"\",\"\",\"\",\"\"",
                "2025-09-03 09:02:49|||||GET|http://a.example/x|407||12|0||AuthenticationAsked|||",
            ),
        ],
    );
    all_fail(
        &Dialect::E2Guardian2,
        &[
            ("2025.09.03 09:02:49,ada,10.0.0.7", LineFault::Quotes),
            ("\"2025.09.03 09:02:49\",\"ada\",\"10.0.0.7\",\"http://a.example/x\"", LineFault::Fields),
        ],
    );
}

#[test]
fn format_3_is_nearly_that_of_squid() {
    all_are(
        &Dialect::E2Guardian3,
        &[
            (
                "1756890169.793     75 10.0.0.7 TCP_DENIED/403 0 GET http://a.example/x ada vane DEFAULT_PARENT/127.0.0.1 text/html",
                "1756890169793|10.0.0.7||ada vane||GET|http://a.example/x|403|TCP_DENIED|0|75|text/html|Blocked|||",
            ),
            (
                "1756890169.793     75 pc-12 TCP_HIT/200 7 GET http://a.example/x  DEFAULT_PARENT/127.0.0.1 ",
                "1756890169793||pc-12|||GET|http://a.example/x|200|TCP_HIT|7|75||Allowed|||",
            ),
            (
                "1756890169.793      0 10.0.0.7 TCP_DENIED/403 0 - https://127.0.0.1 10.0.0.7 DEFAULT_PARENT/ -",
                "1756890169793|10.0.0.7||10.0.0.7|||https://127.0.0.1|403|TCP_DENIED|0|0||Blocked|||",
            ),
            (
                "1756890169.793      0 10.0.0.7 TCP_MISS/0 76 CONNECT https://a.example:443 - DEFAULT_PARENT/ -",
                "1756890169793|10.0.0.7||||CONNECT|https://a.example:443|0|TCP_MISS|76|0||Allowed|||",
            ),
            (
                "1756890169.793     75 10.0.0.7 TCP_MISS/407 7 GET http://a.example/x - DEFAULT_PARENT/127.0.0.1 -",
                "1756890169793|10.0.0.7||||GET|http://a.example/x|407|TCP_MISS|7|75||AuthenticationAsked|||",
            ),
        ],
    );
}

#[test]
fn format_4_has_tabs() {
    let build_of_smoothwall = "2025.09.03 09:02:49\tada\t10.0.0.7\thttp://a.example/x\t*INFECTED* -POST* Eicar\tPOST\t12\t0\tmalware\t3\t403\ttext/html\t-\tYear 4\tBrowser/1\t\t-\t2\t-\t-\tsecret=1";
    all_are(
        &Dialect::E2Guardian4,
        &[
            (
                "2025.09.03 09:02:49\tada\t10.0.0.7\thttp://a.example/x\t*URLMOD* *DENIED* Banned site: a.example\tGET\t12\t0\tgames\t3\t403\ttext/html\tpc-12\tYear 4\tBrowser/1\t-\t-\t-\t-",
                "2025-09-03 09:02:49|10.0.0.7|pc-12|ada|Year 4|GET|http://a.example/x|403||12|0|text/html|Blocked|games|Banned site: a.example|Browser/1",
            ),
            (
                build_of_smoothwall,
                "2025-09-03 09:02:49|10.0.0.7||ada|Year 4|POST|http://a.example/x|403||12|0|text/html|Blocked|malware|Eicar|Browser/1",
            ),
            // Requests are logged apart as well: a thread's name comes first.
            (
                "2025.09.03 09:02:49 1756890169.793\t-\t2001:db8::7\thttp://a.example/x\thw12: *TRUSTED* Exception site\tGET\t12\t0\t-\t1\t200\t-\t2001:db8::7\tstaff\t-\t-\t-\t-\t-",
                "1756890169793|2001:db8::7|||staff|GET|http://a.example/x|200||12|0||Allowed||Exception site|",
            ),
        ],
    );
    all_fail(
        &Dialect::E2Guardian4,
        &[("2025.09.03 09:02:49\tada\t10.0.0.7\thttp://a.example/x\t\tGET\t12", LineFault::Fields)],
    );
}

#[test]
fn formats_5_to_8_have_more_and_fewer_columns() {
    let line = "1756890169.793\tproxy1\tada\t10.0.0.7\thttp://a.example/x\tGET\t403\t12\ttext/html\tBrowser/1\t-\t75\t-\t500\t*DENIED* Banned site: a.example\t0\tgames\tYear 4\t3";
    let expected = "1756890169793|10.0.0.7||ada|Year 4|GET|http://a.example/x|403||12|75|text/html|Blocked|games|Banned site: a.example|Browser/1";
    let is = |line: &str, expected: &str| all_are(&Dialect::E2Guardian5To8, &[(line, expected)]);
    is(line, expected);
    // 6 and 8 leave the server out; 7 and 8 have two more columns.
    let of_6 = line.replace("proxy1", "");
    is(&of_6, expected);
    let of_8 = format!("{of_6}\tfree coins\t8080:TH::def");
    is(&of_8, expected);
    // logclientnameandip, and names in place of addresses.
    is(&of_8.replace("10.0.0.7\t", "10.0.0.7\tpc-12\t"), &expected.replace("10.0.0.7||", "10.0.0.7|pc-12|"));
    is(&of_8.replace("10.0.0.7\t", "10.0.0.7\t10.0.0.7\t"), expected);
    is(&of_8.replace("10.0.0.7\t", "pc-12\t"), &expected.replace("10.0.0.7||", "|pc-12|"));
    // A browser that calls itself with tabs hides nothing, nor does a search for one.
    is(&of_8.replace("Browser/1", "Bro\twser\t/1"), &expected.replace("Browser/1", "Bro\twser\t/1"));
    is(&of_8.replace("free coins", "free\tcoins"), expected);
    is(&format!("Aug 21 22:08:13 fw e2guardian[77]: {of_8}"), expected);
}

#[test]
fn formats_5_to_8_leave_things_out() {
    all_are(
        &Dialect::E2Guardian5To8,
        &[
            (
                "1756890169.793\t\t\t0.0.0.0\thttps://a.example:443\tCONNECT\t0\t0\t\t\t\t75\t\t0\t\t0\t\tpupils\t1\t\t8443:TM:ip:ipmap",
                "1756890169793||||pupils|CONNECT|https://a.example:443|0||0|75||Unknown|||",
            ),
            (
                "1756890169.793\t\t-\t10.0.0.7\t10.0.0.7\thttps://a.example/x\tPOST\t200\t213\t-\t-\t-\t272\t-\t0\t-\t0\t-\tpupils\t1",
                "1756890169793|10.0.0.7|||pupils|POST|https://a.example/x|200||213|272||Allowed|||",
            ),
            (
                "1756890169.793\t\t-\t10.0.0.7\t10.0.0.7\thttps://a.example:443\tCONNECT\t0\t44894\t-\t-\t-\t184\t-\t0\t-\t0\t-\tpupils\t1",
                "1756890169793|10.0.0.7|||pupils|CONNECT|https://a.example:443|0||44894|184||Allowed|||",
            ),
            (
                "1756890169.793\t\t-\t10.0.0.7\thttps://a.example:443\tCONNECT\t403\t0\t-\t-\t-\t52\t-\t203\t*NETERROR* The site is not responding\t0\t-\tpupils\t1",
                "1756890169793|10.0.0.7|||pupils|CONNECT|https://a.example:443|403||0|52||Failed||The site is not responding|",
            ),
            // Translated, and an origin's own 403 with nothing found.
            (
                "1756890169.793\t\t-\t10.0.0.7\thttps://a.example/x\tGET\t403\t213\t-\t-\t-\t272\t-\t503\t*GESPERRT* Verbotene Seite\t0\tspiele\tpupils\t1",
                "1756890169793|10.0.0.7|||pupils|GET|https://a.example/x|403||213|272||Blocked|spiele|Verbotene Seite|",
            ),
            (
                "1756890169.793\t\t-\t10.0.0.7\thttps://a.example/x\tGET\t403\t213\t-\t-\t-\t272\t-\t0\t-\t0\t-\tpupils\t1",
                "1756890169793|10.0.0.7|||pupils|GET|https://a.example/x|403||213|272||Allowed|||",
            ),
        ],
    );
    all_fail(
        &Dialect::E2Guardian5To8,
        &[
            ("2025.09.03 09:02:49\tada\t10.0.0.7\thttp://a.example/x", LineFault::Time),
            ("1756890169.793\t\t-\t10.0.0.7\thttps://a.example/x\tGET\t200\t213\t-\t-\t-\t272", LineFault::Fields),
            ("1756890169.793\t\t-\t10.0.0.7\thttps://a.example/x", LineFault::Fields),
            (
                "1756890169.793\t\t-\t1<7\thttps://a.example/x\tGET\t200\t213\t-\t-\t-\t272\t-\t0\t-\t0\t-\tpupils\t1",
                LineFault::Client,
            ),
            (
                "1756890169.793\t\t-\t10.0.0.7\t-\tGET\t200\t213\t-\t-\t-\t272\t-\t0\t-\t0\t-\tpupils\t1",
                LineFault::Address,
            ),
        ],
    );
}
