//! Rules for ad blockers in a ruleset.
//!
//! - An exception takes back what ordinary rules of its list say, and of no other; an important rule stands.
//! - Of a host alone those rules are known that ask for nothing else.
//! - What is not known of a request is held by no rule that asks for it.
//! - Whatever is read reads back as itself, and no bytes make the reader panic.

#![cfg(all(feature = "compile", feature = "regex"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use belisha_filter::adblock::{NetworkRule, Request, RequestKind};
use belisha_filter::{Compiler, Host, List, ListId, Pattern, Rule, RuleError, Ruleset, Target};
use proptest::prelude::*;

fn compiled(lists: &[&[&str]]) -> Ruleset<Vec<u8>> {
    let mut compiler = Compiler::new(3);
    for (at, lines) in lists.iter().enumerate() {
        let list = compiler.list(List::new("test", &format!("list{at}"), 1));
        for line in *lines {
            compiler.add_pattern(list, &Pattern::Adblock(NetworkRule::parse(line).unwrap()));
        }
    }
    let ruleset = Ruleset::open(compiler.finish().unwrap()).unwrap();
    ruleset.verify().unwrap();
    ruleset
}

fn lists(ruleset: &Ruleset<Vec<u8>>, url: &str, page: Option<(&str, bool)>, kind: Option<RequestKind>) -> Vec<usize> {
    let target: Target = url.parse().unwrap();
    let page: Option<(Host, bool)> = page.map(|(host, is_third)| (host.parse().unwrap(), is_third));
    let mut request = Request::new(&target);
    if let Some((host, is_third)) = &page {
        request = request.from_page(host, *is_third);
    }
    if let Some(kind) = kind {
        request = request.of_kind(kind);
    }
    let findings = ruleset.classify_request(&request);
    let mut found: Vec<usize> = findings.lists().map(ListId::index).collect();
    found.sort_unstable();
    assert_eq!(found.is_empty(), findings.is_empty());
    found
}

fn of_host(ruleset: &Ruleset<Vec<u8>>, host: &str) -> Vec<usize> {
    let host: Host = host.parse().unwrap();
    let mut found: Vec<usize> = ruleset.classify_host(&host).lists().map(ListId::index).collect();
    found.sort_unstable();
    found
}

#[test]
fn exceptions_take_back_what_their_own_list_says() {
    let ruleset = compiled(&[
        &["||ads.example/banner", "@@||ads.example/banner/own^"],
        &["/banner/*.png"],
        &["||ads.example/banner^$important", "@@/banner/"],
    ]);
    assert_eq!(lists(&ruleset, "http://ads.example/banner/1.png", None, None), [0, 1, 2]);
    assert_eq!(lists(&ruleset, "http://ads.example/banner/own/1.png", None, None), [1, 2]);
    assert_eq!(lists(&ruleset, "http://other.example/banner/1.png", None, None), [1]);
    assert_eq!(lists(&ruleset, "http://other.example/banner/1.gif", None, None), [0_usize; 0]);
}

#[test]
fn exceptions_take_back_names_of_their_own_list() {
    let mut compiler = Compiler::new(3);
    let ads = compiler.list(List::new("test", "ads", 1));
    let names = compiler.list(List::new("test", "names", 1));
    for list in [ads, names] {
        compiler.add(list, &Rule::domain("ads.example").unwrap());
        compiler.add(list, &Rule::url_prefix("ads.example/own").unwrap());
    }
    for line in ["@@||ads.example/own^$domain=page.example", "@@||good.ads.example^", "@@||some.ads.example^$script"] {
        compiler.add_pattern(ads, &Pattern::Adblock(NetworkRule::parse(line).unwrap()));
    }
    let ruleset = Ruleset::open(compiler.finish().unwrap()).unwrap();
    let page = Some(("www.page.example", true));
    assert_eq!(lists(&ruleset, "http://ads.example/own/1", page, None), [1]);
    assert_eq!(lists(&ruleset, "http://ads.example/own/1", None, None), [0, 1]);
    assert_eq!(lists(&ruleset, "http://ads.example/1", page, None), [0, 1]);
    assert_eq!(lists(&ruleset, "http://good.ads.example/1", None, None), [1]);
    for (host, expected) in [("good.ads.example", &[1][..]), ("some.ads.example", &[0, 1]), ("ads.example", &[0, 1])] {
        assert_eq!(of_host(&ruleset, host), expected, "{host}");
    }
}

#[test]
fn of_a_host_alone_rules_are_known_that_ask_for_nothing_else() {
    let ruleset = compiled(&[
        &["||a.example^$important", "@@||a.example^"],
        &["||a.example^$domain=~page.example"],
        &["||a.example^$third-party"],
        &["||a.example^$script"],
        &["||a.example/x"],
        &["||a.example^$domain=page.example"],
        &["||a.example:80^"],
    ]);
    assert_eq!(of_host(&ruleset, "www.a.example"), [0, 1]);
    assert_eq!(of_host(&ruleset, "xa.example"), [0_usize; 0]);
}

#[test]
fn rules_of_a_name_with_many_and_rules_of_pages_are_found() {
    let paths: Vec<String> = (0..40).map(|at| format!("||a.example/banner{at}^")).collect();
    let mut lines: Vec<&str> = paths.iter().map(String::as_str).collect();
    lines.extend(["$script,domain=page.example|~x.page.example", "/^https?:/$image,domain=b.example|page.example"]);
    let each: Vec<&[&str]> = lines.iter().map(core::slice::from_ref).collect();
    let ruleset = compiled(&each);
    for (url, page, kind, expected) in [
        ("http://www.a.example/banner7/x", "c.example", RequestKind::Image, &[7][..]),
        ("http://a.example/banner39", "www.page.example", RequestKind::Image, &[39, 41]),
        ("https://c.example/", "page.example", RequestKind::Script, &[40]),
        ("https://c.example/", "y.x.page.example", RequestKind::Script, &[]),
        ("https://c.example/", "a.b.example", RequestKind::Image, &[41]),
        ("https://c.example/", "xb.example", RequestKind::Image, &[]),
    ] {
        assert_eq!(lists(&ruleset, url, Some((page, true)), Some(kind)), expected, "{url} of {page}");
    }
}

#[test]
fn what_is_not_known_is_held_by_no_rule_that_asks_for_it() {
    let ruleset = compiled(&[
        &["||a.example/x^$third-party"],
        &["||a.example/x^$~third-party"],
        &["||a.example/x^$script"],
        &["||a.example/x^$domain=page.example"],
        &["||a.example/x^$domain=~page.example"],
        &["||a.example/X^$match-case"],
    ]);
    let url = "http://www.a.example/x/1";
    assert_eq!(lists(&ruleset, url, None, None), [4]);
    assert_eq!(lists(&ruleset, url, Some(("www.page.example", true)), None), [0, 3]);
    assert_eq!(lists(&ruleset, url, Some(("a.example", false)), Some(RequestKind::Script)), [1, 2, 4]);
    assert_eq!(lists(&ruleset, "http://a.example/X/1", None, None), [4, 5]);
    assert_eq!(lists(&ruleset, "http://a.example/x/1", None, Some(RequestKind::Document)), [0_usize; 0]);
    assert_eq!(lists(&ruleset, "http://xa.example/x/1", None, None), [0_usize; 0]);
}

#[test]
fn what_is_not_supported_is_refused_whole() {
    for line in
        ["example.org##.banner", "||a.example^$csp=x", "||a.example^$removeparam=x", "||a.example^$popup", "! comment"]
    {
        assert_eq!(NetworkRule::parse(line), Err(RuleError::Unsupported), "{line}");
    }
    assert_eq!(NetworkRule::parse("*$third-party"), Err(RuleError::TooBroad));
    assert!(NetworkRule::parse("*$third-party,domain=page.example").is_ok());
}

fn line() -> impl Strategy<Value = String> {
    let part = "(@@)?(\\|\\||\\|)?[a-cA-C/.^*|-]{1,12}";
    let options = "(\\$(~?third-party|script|~image|domain=a\\.b\\|~c\\.a\\.b|important|match-case|all|redirect=x)(,1p|,css|,popup)?)?";
    proptest::string::string_regex(&format!("{part}{options}")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_read_reads_back(line in prop_oneof![line(), "\\PC{0,30}"]) {
        if let Ok(rule) = NetworkRule::parse(&line) {
            let written = rule.to_string();
            prop_assert_eq!(NetworkRule::parse(&written), Ok(rule));
        }
    }

    #[test]
    fn an_index_finds_what_looking_at_every_rule_finds(
        lines in prop::collection::vec(line(), 1..12), path in "[a-cA-C/.-]{0,10}",
    ) {
        let rules: Vec<&str> = lines.iter().map(String::as_str).filter(|line| NetworkRule::parse(line).is_ok()).collect();
        prop_assume!(!rules.is_empty());
        let each: Vec<&[&str]> = rules.iter().map(std::slice::from_ref).collect();
        let together = compiled(&each);
        let url = format!("http://b.a.c/{path}");
        let found = lists(&together, &url, Some(("a.b", true)), Some(RequestKind::Script));
        for (at, rule) in each.iter().enumerate() {
            let alone = !lists(&compiled(&[rule]), &url, Some(("a.b", true)), Some(RequestKind::Script)).is_empty();
            prop_assert_eq!(found.contains(&at), alone, "{:?} {}", rule, url);
        }
    }
}
