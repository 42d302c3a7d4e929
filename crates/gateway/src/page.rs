//! The pages that people see instead of the site: plain HTML without script, readable at any size.

use askama::Template;
use belisha_filter::{Host, Target};
use belisha_policy::{Audience, Category, Layer, Ruling};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, PROXY_AUTHENTICATE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::live::State;
use crate::trouble::Trouble;

/// Nothing is loaded and nothing runs; the one style sheet is known by its hash.
const POLICY: &str = "default-src 'none'; style-src 'sha256-MzFJ53xyZ7oW38FlVUfBLrswR40KEVMn5aoKH24kTuk='; base-uri 'none'; form-action 'none'";

/// What pupils see: the same bytes for every site and every category (decisions 8).
#[derive(Template)]
#[template(path = "closed.html")]
struct Closed<'a> {
    school: &'a str,
    /// Where they can tell somebody, without a password.
    console: Option<&'a str>,
}

/// What staff see: what the site is listed as, and by whom.
#[derive(Template)]
#[template(path = "blocked.html")]
struct Blocked<'a> {
    school: &'a str,
    host: &'a str,
    sentence: String,
    categories: Vec<&'static str>,
    rules: Vec<String>,
}

/// What whoever is warned sees.
#[derive(Template)]
#[template(path = "warned.html")]
struct Warning<'a> {
    school: &'a str,
    host: &'a str,
    /// Why, for staff alone.
    sentence: String,
    link: &'a str,
}

/// What everybody sees when something else is wrong.
#[derive(Template)]
#[template(path = "trouble.html")]
struct Problem<'a> {
    school: &'a str,
    title: &'a str,
    text: &'a str,
}

/// The page for a request that the policy blocks. No query is ever in it.
pub(crate) fn blocked(ruling: &Ruling, host: &Host, state: &State) -> Response<Full<Bytes>> {
    let State { school, console, .. } = state;
    let html = match ruling.audience() {
        Audience::Pupils => Closed { school, console: console.as_deref() }.render(),
        Audience::Staff => {
            let categories = ruling.categories().into_iter().map(Category::title).collect();
            // What is on the lists of unlawful material is shown to nobody.
            let shown = ruling.decisive().filter(|reason| reason.layer() != Layer::Locked);
            let rules =
                shown.map(|reason| format!("{}/{}: {}", reason.source(), reason.list(), reason.entry())).collect();
            Blocked { school, host: host.as_str(), sentence: ruling.to_string(), categories, rules }.render()
        }
    };
    page(StatusCode::FORBIDDEN, html)
}

/// The page for a request of which the policy warns, with the link by which whoever asked goes on.
pub(crate) fn warned(ruling: &Ruling, host: &Host, link: &str, school: &str) -> Response<Full<Bytes>> {
    let sentence = match ruling.audience() {
        Audience::Pupils => String::new(),
        Audience::Staff => ruling.to_string(),
    };
    page(StatusCode::FORBIDDEN, Warning { school, host: host.as_str(), sentence, link }.render())
}

/// The way from the link of a warning to the page.
pub(crate) fn went_on(to: &Target) -> Response<Full<Bytes>> {
    let mut response = page(StatusCode::SEE_OTHER, Ok(String::new()));
    if let Ok(location) = HeaderValue::try_from(to.to_string()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The page for a request that could not be answered.
pub(crate) fn trouble(trouble: Trouble, school: &str) -> Response<Full<Bytes>> {
    let about = trouble.about();
    let mut page = page(about.status, Problem { school, title: about.title, text: &about.text }.render());
    if about.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        page.headers_mut().insert(PROXY_AUTHENTICATE, challenge(school));
    }
    page
}

/// What browsers show above the box for the password (RFC 7617 §2). A name with letters outside ASCII, or with what would
/// need quoting, would come out garbled.
fn challenge(school: &str) -> HeaderValue {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let realm = if !school.is_empty() && school.bytes().all(plain) { school } else { "Your school" };
    let challenge = format!("Basic realm=\"{realm}\", charset=\"UTF-8\"");
    HeaderValue::try_from(challenge)
        .unwrap_or(HeaderValue::from_static("Basic realm=\"Your school\", charset=\"UTF-8\""))
}

fn page(status: StatusCode, html: askama::Result<String>) -> Response<Full<Bytes>> {
    // A template that does not render leaves an empty page with the right status: still nothing gets through.
    let mut response = Response::new(Full::new(Bytes::from(html.unwrap_or_default())));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for group in bytes.chunks(3) {
            let bits =
                group.iter().chain([0, 0].iter()).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
            for place in 0..4 {
                let letter = char::from(LETTERS[bits >> (18 - 6 * place) & 63]);
                out.push(if place <= group.len() { letter } else { '=' });
            }
        }
        out
    }

    #[test]
    fn the_policy_names_the_hash_of_the_style() {
        let html = Closed { school: "x", console: None }.render().unwrap();
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = base64(&Sha256::digest(style));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "the hash is now {hash}");
    }

    #[test]
    fn pages_are_escaped_and_hold_no_script_and_nothing_from_outside() {
        let problem = Problem { school: "<script>alert(1)</script>", title: "a & b", text: "\"" }.render().unwrap();
        assert!(problem.contains("&#60;script&#62;") && problem.contains("a &#38; b"), "{problem}");
        for html in [problem, Closed { school: "S", console: None }.render().unwrap()] {
            assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("url("), "{html}");
            assert!(html.starts_with("<!DOCTYPE html>") && html.contains("lang=\"en-GB\""), "{html}");
            assert_eq!(html.matches("<h1>").count(), 1);
        }
    }

    #[test]
    fn a_pupils_page_says_how_to_ask_and_where_help_is_and_nothing_else() {
        let html = Closed { school: "Amber Hill", console: None }.render().unwrap();
        assert!(!html.contains("/worried"), "{html}");
        let told = Closed { school: "Amber Hill", console: Some("https://belisha.example") }.render().unwrap();
        assert!(told.contains("<a href=\"https://belisha.example/worried\">"), "{told}");
        for words in ["closed at school", "Tell your teacher", "0800 1111", "grown-up you trust", "Amber Hill"] {
            assert!(html.contains(words), "{words}");
        }
        for words in ["categor", "list", "rule", "profile", "blocked"] {
            assert!(!html.replace("listen", "").to_lowercase().contains(words), "{words}");
        }
    }
}
