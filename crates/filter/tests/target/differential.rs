//! Another parser of the same standard, on real URLs and on made-up ones.

use belisha_testkit::{test_data, unpack};
use proptest::prelude::*;

use crate::fuzzed;

/// Pieces of which strange URLs are made.
const PIECES: &[&str] = &[
    "http:",
    "HTTPS:",
    "ws://",
    "ftp:",
    "wss:\\\\",
    "/",
    "//",
    "\\",
    "@",
    ":",
    ":80",
    ":0443",
    ":0",
    ":65536",
    "?",
    "#",
    "[",
    "]",
    "[::1]",
    "[::ffff:7f00:1]",
    "%",
    "%2",
    "%2e",
    "%2E",
    "%00",
    "%252f",
    "%C3%BC",
    "%ff",
    "..",
    ".",
    "a",
    "B",
    "0",
    "7",
    "x",
    "0x",
    "256",
    "127.1",
    "xn--",
    "xn--bcher-kva",
    "b\u{fc}cher",
    "\u{df}",
    "\u{ff0e}",
    "\u{3002}",
    "\u{ad}",
    "\u{200d}",
    "\u{ff21}",
    "\u{2488}",
    "\u{5d0}",
    "\u{1f600}",
    "-",
    "--",
    "_",
    "*",
    " ",
    "\t",
    "\n",
    "\0",
    "\u{7f}",
    "\"",
    "'",
    "<",
    ">",
    "^",
    "`",
    "{",
    "|",
    "}",
    "~",
    "!",
    "$",
    "&",
    "(",
    ";",
    ",",
    "=",
    "+",
    "test",
    "org",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn strange_urls_mean_the_same_to_both(scheme in prop::sample::select(vec!["", "http://", "https:/"]), rest in pieces()) {
        fuzzed::target(format!("{scheme}{rest}").as_bytes());
    }

    #[test]
    fn any_bytes_are_a_target_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        fuzzed::target(&bytes);
        fuzzed::target(&[b"http://a.test/", &*bytes].concat());
    }

    #[test]
    fn any_text_is_a_host_or_an_error(text in prop_oneof![pieces(), "[0-9a-fx.]{1,14}", "\\PC{0,12}"]) {
        fuzzed::host(text.as_bytes());
    }

    #[test]
    fn any_text_is_a_line_or_an_error(
        text in prop_oneof![
            pieces(), "(full:)?[a-z.]{1,9}/\\PC{0,12}", "(text|regexp|ip|port):\\PC{0,12}", "[a-z*.]{1,20}",
            "(ip:[0-9.]{7,15}/[0-9]{1,3}|port:[a-z.]{0,9}:[0-9]{1,6}|regexp:[a-z()|\\[\\]*+?.{}0-9\\\\]{0,12})",
        ],
    ) {
        fuzzed::line(text.as_bytes());
    }

    #[cfg(all(feature = "compile", feature = "regex", feature = "locked"))]
    #[test]
    fn a_changed_ruleset_is_noticed_and_never_followed_astray(changes in prop::collection::vec(any::<u8>(), 0..40)) {
        crate::changed::ruleset(&changes);
    }
}

#[test]
fn real_urls_mean_the_same_to_both() {
    let Some(folder) = test_data() else { return };
    let mut count = 0;
    for file in ["requests/kasztp_urls.txt.zst", "requests/top500_sitelist.txt.zst"] {
        for url in unpack(&folder.join(file)).lines() {
            fuzzed::target(url.as_bytes());
            count += 1;
        }
    }
    let requests = unpack(&folder.join("requests/urlfilter_requests.jsonl.zst"));
    for line in requests.lines() {
        let request: serde_json::Value = serde_json::from_str(line).unwrap();
        fuzzed::target(crate::text(&request, "url").unwrap().as_bytes());
        count += 1;
    }
    println!("{count} URLs");
    assert!(count > 90_000, "the URLs are there");
}
