//! What any bytes are given to: by proptest in every run of the tests, and for as long as one likes by the programs in
//! `fuzz/`.
//!
//! - Nothing panics.
//! - What is read, written and read again is itself.
//! - Where we and another parser of the same standard both take a URL, it is the same host, port, path and query; where
//!   only one of us does, one of the deviations says why.

use std::net::IpAddr;

use belisha_filter::{Authority, Host, Pattern, Rule, RulePath, Scheme, Target, TargetError};

use crate::deviation::{Written, deviation};

/// Bytes as a request line's target or a line of a log.
pub(crate) fn target(input: &[u8]) {
    let ours = Target::parse(input);
    if let Ok(target) = &ours {
        let again: Target = target.to_string().parse().expect("what was written is a target");
        assert_eq!(again, *target);
        assert_eq!(RulePath::fold(target.path().as_bytes()), *target.rule_path());
        assert_eq!(RulePath::fold(target.rule_path().to_string().as_bytes()), *target.rule_path());
    }
    if let Ok(text) = std::str::from_utf8(input) {
        compare(text, &ours);
    }
}

fn compare(text: &str, ours: &Result<Target, TargetError>) {
    match (text.parse::<url::Url>(), ours) {
        (Err(_), Err(_)) => {}
        // They check the A-labels of a name that is all ASCII, as the standard did until 2025.
        (Err(url::ParseError::IdnaError), Ok(target)) if target.host().as_str().contains("xn--") => {}
        (Err(error), Ok(target)) => unreachable!("{text:?}: {error}, and we read {target}"),
        (Ok(theirs), Err(TargetError::Scheme)) => {
            assert!(Scheme::of_url(&theirs).is_none(), "{text:?}: we do not know {}", theirs.scheme());
        }
        (Ok(theirs), Err(error)) => {
            assert!(
                deviation(&Written::of(theirs.as_str()), ours).is_some(),
                "{text:?}: they read {theirs}, and we {error}"
            );
        }
        (Ok(theirs), Ok(target)) => {
            assert_eq!(theirs.scheme(), target.scheme().as_str(), "{text:?}");
            assert_eq!(host_of(&theirs), target.host().as_str(), "{text:?}");
            assert_eq!(theirs.port_or_known_default(), Some(target.port()), "{text:?}");
            // They do not escape it yet, as the standard does since 2023.
            let path = theirs.path().replace('^', "%5E");
            assert!(path == target.path() || holds_drive(&path), "{text:?}: {path}, and ours {}", target.path());
            assert_eq!(theirs.query(), target.query(), "{text:?}");
        }
    }
}

/// Whether a segment looks like the letter of a drive. They let no dot segment go above it, as the standard has it for
/// files alone.
fn holds_drive(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment.as_bytes(), [letter, b':' | b'|'] if letter.is_ascii_alphabetic()))
}

trait OfUrl: Sized {
    fn of_url(url: &url::Url) -> Option<Self>;
}

impl OfUrl for Scheme {
    fn of_url(url: &url::Url) -> Option<Self> {
        [Self::Http, Self::Https, Self::Ws, Self::Wss, Self::Ftp].into_iter().find(|it| it.as_str() == url.scheme())
    }
}

/// Their host without the dot of the root, and an address as the machine that it is.
fn host_of(url: &url::Url) -> String {
    match url.host() {
        Some(url::Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name).to_string(),
        Some(url::Host::Ipv4(ip)) => ip.to_string(),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().to_string(),
        None => String::new(),
    }
}

/// Bytes as the host of a URL, and as the target of a CONNECT.
pub(crate) fn host(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.to_string().parse::<Host>().as_ref(), Ok(&host), "{text:?}");
        assert_eq!(host.to_url().parse::<Host>().as_ref(), Ok(&host), "{text:?}");
        assert_eq!(host.ip(), host.as_str().parse().ok(), "{text:?} is an address, or looks like none");
    }
    if let Ok(authority) = text.parse::<Authority>() {
        assert_eq!(authority.to_string().parse::<Authority>().as_ref(), Ok(&authority), "{text:?}");
    }
    // Without what would end a host, it is the host of a URL too.
    if !text.contains(['/', '\\', '?', '#', '@', ':', '\t', '\n', '\r']) && text.trim_matches(|c| c <= ' ') == text {
        let url = format!("http://{text}/");
        let whole = url.parse::<Target>();
        assert_eq!(whole.as_ref().ok().map(Target::host), text.parse().as_ref().ok(), "{text:?}");
        compare(&url, &whole);
    }
}

/// Bytes as a line of a normalised list.
pub(crate) fn line(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(rule) = Rule::from_normalised(text) {
        let written = rule.to_string();
        assert_eq!(Rule::from_normalised(&written).as_ref(), Ok(&rule), "{text:?} is {written:?}");
    }
    if let Ok(pattern) = Pattern::from_normalised(text) {
        let written = pattern.to_string();
        assert_eq!(Pattern::from_normalised(&written).as_ref(), Ok(&pattern), "{text:?} is {written:?}");
    }
    if let Ok(rule) = Rule::url_prefix(text) {
        let written = rule.to_string();
        assert_eq!(Rule::from_normalised(&written).as_ref(), Ok(&rule), "{text:?} is {written:?}");
    }
}

/// A ruleset with rules of every kind, changed as bytes say (where, and what is laid over it), and asked.
#[cfg(all(feature = "compile", feature = "regex", feature = "locked"))]
pub(crate) fn ruleset(changes: &[u8]) {
    use std::sync::OnceLock;

    use belisha_filter::{Compiler, List, LockKey, Ruleset};

    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| {
        let mut compiler = Compiler::new(7);
        let lists = [List::new("a", "hashed", 1), List::new("b", "exact", 2).compared_exactly()]
            .map(|list| compiler.list(list));
        let key = LockKey::new([7; 32]);
        compiler.lock(key.clone());
        for line in ["a.test", "b.a.test", "full:c.test", "d.test/x/y", "10.0.0.1", "e.test/"] {
            let rule = Rule::from_normalised(line).expect("a rule");
            for list in lists {
                compiler.add(list, &rule);
            }
            compiler.add_locked(lists[0], key.lock(&rule)).expect("the key is there");
        }
        for at in 0..40 {
            compiler.add(lists[0], &Rule::from_normalised(&format!("n{at}.crowd.test")).expect("a rule"));
        }
        for line in
            ["text:poker", "regexp:b(e|a)t+", "ip:10.0.0.0/8", "port:a.test:81", "*.a.test", "poker.*", "port::82"]
        {
            compiler.add_pattern(lists[1], &Pattern::from_normalised(line).expect("a pattern"));
        }
        compiler.finish().expect("a ruleset")
    });
    let mut bytes = whole.clone();
    let (changes, rest) = changes.as_chunks::<3>();
    for [low, high, over] in changes {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
        bytes[at] ^= over;
    }
    // What is left over cuts it short.
    bytes.truncate(bytes.len() - rest.len());
    let is_changed = bytes != *whole;
    let Ok(ruleset) = Ruleset::open(&bytes) else {
        assert!(is_changed, "a whole ruleset is not opened");
        return;
    };
    assert_eq!(ruleset.verify().is_err(), is_changed, "every change is noticed, and nothing else");
    for url in [
        "http://b.a.test:81/poker",
        "http://d.test/x/y/z",
        "http://10.0.0.1:82/",
        "http://n7.crowd.test/bet",
        "http://c.test/",
    ] {
        let target: Target = url.parse().expect("a URL");
        for findings in [ruleset.classify(&target), ruleset.classify_host(target.host())] {
            let told: usize = findings.hits().map(|hit| hit.entry().to_string().len() + hit.list().name().len()).sum();
            std::hint::black_box((told, findings.categories_of_paths().count()));
        }
    }
}
