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
