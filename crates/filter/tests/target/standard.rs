//! The web platform's own vectors of the URL standard.
//!
//! - What the standard refuses is refused; what it takes is taken, with its scheme, host, port, path and query.
//! - Where we differ, one of the listed deviations says why; there are no other differences, and each is needed.

use std::collections::BTreeMap;

use belisha_filter::{Host, MAX_URL, Target};
use serde_json::Value;

use crate::deviation::{Deviation, Written, deviation, taken_though_refused};
use crate::{cases, text};

/// A URL of the standard as our canonical form would write it if there were no deviations.
fn without_what_is_never_sent(href: &str) -> String {
    let Written { scheme, host, port, rest } = Written::of(href);
    format!("{scheme}://{host}{port}{rest}")
}

/// The same with the deviations that change a host.
fn with_our_host(href: &str) -> String {
    let Written { scheme, host, port, rest } = Written::of(href);
    let host: Host = host.parse().unwrap();
    format!("{scheme}://{}{port}{rest}", host.to_url())
}

const SPECIAL: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// Whether an input stands for itself: it has a scheme of ours, and no base that it could be relative to.
fn is_absolute(case: &Value) -> bool {
    let input: String = text(case, "input").unwrap_or_default().chars().filter(|c| !"\t\n\r".contains(*c)).collect();
    let input = input.trim_matches(|c: char| c <= ' ');
    let Some((scheme, rest)) = input.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    let base = text(case, "base").and_then(|base| base.split(':').next());
    let names_a_host = rest.get(..2).is_some_and(|two| two.chars().all(|c| "/\\".contains(c)));
    SPECIAL.contains(&&*scheme) && (names_a_host || base != Some(&*scheme))
}

/// Compares one input; counts the deviation that explains a difference.
fn check(input: &str, href: Option<&str>, deviations: &mut BTreeMap<Deviation, usize>) {
    let ours = input.parse::<Target>();
    let Some(href) = href else {
        if let Ok(ours) = ours {
            let Some(deviation) = taken_though_refused(input) else {
                unreachable!("the standard refuses {input:?}, and we read {ours}");
            };
            *deviations.entry(deviation).or_insert(0) += 1;
        }
        return;
    };
    let expected = without_what_is_never_sent(href);
    if ours.as_ref().is_ok_and(|target| target.to_string() == expected) {
        return;
    }
    let Some(deviation) = deviation(&Written::of(href), &ours) else {
        unreachable!("{input:?} is {expected} by the standard, and {ours:?} by us");
    };
    if let Ok(target) = &ours {
        // Even then nothing but the host differs.
        assert_eq!(with_our_host(&expected), target.to_string(), "{input:?}");
    }
    *deviations.entry(deviation).or_insert(0) += 1;
}

#[test]
fn urls_are_read_as_the_standard_has_them() {
    let files = ["url/urltestdata.json", "url/ada_extra_urltestdata.json"];
    let Some(vectors) = files.into_iter().map(cases).collect::<Option<Vec<_>>>() else { return };
    let mut deviations = BTreeMap::new();
    let (mut absolute, mut resolved) = (0, 0);
    for case in vectors.iter().flatten() {
        // Where the base is what the standard refuses, the vector is not about the input.
        if text(case, "base").is_some_and(|base| base.parse::<url::Url>().is_err()) {
            continue;
        }
        let href = text(case, "href");
        if is_absolute(case) {
            check(text(case, "input").unwrap(), href, &mut deviations);
            absolute += 1;
        } else if let Some(href) = href.filter(|href| href.split(':').next().is_some_and(|it| SPECIAL.contains(&it))) {
            // What a relative reference comes to is a URL as well.
            check(href, Some(href), &mut deviations);
            resolved += 1;
        }
    }
    println!("{absolute} absolute URLs, {resolved} that others resolved to; {deviations:?}");
    assert!(absolute > 400 && resolved > 50, "the vectors are there");
}

#[test]
fn names_become_ascii_as_the_standard_has_it() {
    let files = ["url/toascii.json", "url/IdnaTestV2.json"];
    let Some(vectors) = files.into_iter().map(cases).collect::<Option<Vec<_>>>() else { return };
    let mut deviations = BTreeMap::new();
    let mut count = 0;
    for case in vectors.iter().flatten() {
        let input = text(case, "input").unwrap();
        // A vector of the function is one of a URL as well, unless a character has a meaning there.
        if input.contains(['/', '\\', '?', '#', '@', ':', '%']) {
            continue;
        }
        let href = text(case, "output").map(|output| format!("http://{output}/"));
        let href = href.filter(|href| *href != "http:///");
        check(&format!("http://{input}/"), href.as_deref(), &mut deviations);
        count += 1;
    }
    println!("{count} names; {deviations:?}");
    assert!(count > 2_500, "the vectors are there");
}

#[test]
fn queries_are_escaped_as_utf_8() {
    let Some(vectors) = cases("url/percent-encoding.json") else { return };
    for case in &vectors {
        let input = text(case, "input").unwrap();
        let expected = case.get("output").and_then(|output| text(output, "utf-8")).unwrap();
        let target: Target = format!("http://a.test/?{input}").parse().unwrap();
        assert_eq!(target.query(), Some(expected), "{input:?}");
    }
    assert!(!vectors.is_empty());
}

#[test]
fn each_deviation_is_one() {
    let mut deviations = BTreeMap::new();
    for (input, href) in [
        ("http://a.test./", "http://a.test./"),
        ("http://[::ffff:10.1.2.3]/", "http://[::ffff:a01:203]/"),
        ("http://a..test/", "http://a..test/"),
        ("http://./", "http://./"),
        ("http://a.test/%00", "http://a.test/%00"),
        ("http://a.test:0/", "http://a.test:0/"),
    ] {
        check(input, Some(href), &mut deviations);
    }
    let long = format!("http://{}/", "a".repeat(64));
    check(&long, Some(&long), &mut deviations);
    check("http://\u{3d000}.test/", None, &mut deviations);
    let long = format!("http://a.test/{}", "a".repeat(MAX_URL));
    check(&long, Some(&long), &mut deviations);
    assert_eq!(deviations.len(), 8, "{deviations:?}");
}
