//! Rules that are not about one name, against a slow reading of the same rules.
//!
//! - What a ruleset finds is what the patterns say, one by one, by plain means.
//! - Neither the order of patterns nor doubles change a byte.
//! - A locked list holds what its rules held before they were locked, and its file holds none of their letters.
//! - Any byte changed is noticed, and none makes a reader panic.

#![cfg(all(feature = "compile", feature = "regex", feature = "locked"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use belisha_filter::{
    Authority, CompileError, Compiler, Entry, List, ListId, LockKey, Pattern, Rule, Ruleset, RulesetError, Target,
};
use proptest::prelude::*;

type Lists = Vec<Vec<String>>;

fn compile(lists: &Lists, seed: u64) -> Vec<u8> {
    let mut compiler = Compiler::new(seed);
    for (at, lines) in lists.iter().enumerate() {
        let id = compiler.list(List::new("test", &format!("list{at}"), 1));
        for line in lines {
            match Rule::from_normalised(line) {
                Ok(rule) => compiler.add(id, &rule),
                Err(_) => compiler.add_pattern(id, &Pattern::from_normalised(line).unwrap()),
            }
        }
    }
    compiler.finish().unwrap()
}

/// What patterns look at, written out the long way.
fn text_of(target: &Target, whole: bool) -> String {
    let query = target.query().filter(|_| whole).map(|query| format!("?{}", query.to_lowercase())).unwrap_or_default();
    let path = if whole { target.rule_path().to_string() } else { String::new() };
    format!("{}/{path}{query}", target.host())
}

/// One pattern against one URL, or one host at a port.
fn holds(line: &str, target: &Target, port: Option<u16>, whole: bool) -> bool {
    let host = target.host().as_str();
    let below = |name: &str| host == name || host.strip_suffix(name).is_some_and(|head| head.ends_with('.'));
    match line.split_once(':') {
        Some(("text", rest)) => text_of(target, whole).contains(rest),
        Some(("regexp", rest)) => {
            let found = regex::RegexBuilder::new(rest).case_insensitive(true).unicode(true).build().unwrap();
            (whole || !(rest.ends_with('$') || rest.contains(r"\b"))) && found.is_match(&text_of(target, whole))
        }
        Some(("ip", range)) => {
            let (network, bits) = range.split_once('/').unwrap();
            match (network.parse().unwrap(), target.host().ip()) {
                (IpAddr::V4(network), Some(IpAddr::V4(host))) => {
                    let shift = 32 - bits.parse::<u32>().unwrap();
                    u32::from(network) >> shift == u32::from(host) >> shift
                }
                _ => false,
            }
        }
        Some(("port", rest)) => {
            let (name, wanted) = rest.rsplit_once(':').unwrap();
            port == Some(wanted.parse().unwrap()) && (name.is_empty() || below(name))
        }
        _ if line.contains('*') => {
            // The same in the language of expressions.
            let form = line.replace('.', r"\.");
            let form = match form.strip_suffix(r"\.*") {
                Some(head) => format!(r"{}(\.[a-z0-9]+)+", head.replace('*', "[a-z0-9]*")),
                None => form.replace('*', "[a-z0-9]*"),
            };
            let form = regex::Regex::new(&format!(r"^([a-z0-9]+\.)*{form}$")).unwrap();
            target.host().ip().is_none() && form.is_match(host)
        }
        _ => below(line),
    }
}

fn label() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "ab", "www", "poker", "pokers", "ads7", "bet", "cc"])
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(label(), 1..4).prop_map(|labels| format!("{}.test", labels.join(".")))
}

fn line() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "pok",
        "poker",
        "okers.te",
        "/bet",
        "a.test/",
        ".test",
        "q=bet",
        "ads",
        "test:81",
        "cc.test/poker",
        "kers/",
    ]);
    let expression = prop::sample::select(vec![
        "pok[e-g]r",
        "(poker|bet)s?/",
        "^ads[0-9]+",
        "[?&]q=(bet|cc)",
        "bet$",
        r"poker\.test/\b",
        r"\bads",
        "a+b",
        r"^[a-z]{2}\.",
        "PokeR",
        "(ads|(www|cc)\\.poker)",
        "k.r|x?bet",
    ]);
    let form = prop::sample::select(vec![
        "*.poker.test",
        "ads*.a.test",
        "a.*.test",
        "poker.*",
        "*.cc.bet.test",
        "pok*s.test",
        "b*t.*.test",
        "www.poker*",
    ]);
    prop_oneof![
        2 => part.prop_map(|part| format!("text:{part}")),
        2 => expression.prop_map(|part| format!("regexp:{part}")),
        2 => form.prop_filter_map("a form that fixes too little", |form| Pattern::wildcard(form).ok().map(|_| form.to_owned())),
        1 => (name(), 80_u16..83).prop_map(|(name, port)| format!("port:{name}:{port}")),
        1 => (80_u16..83).prop_map(|port| format!("port::{port}")),
        1 => (0_u8..3, 8_u8..=32).prop_map(|(last, bits)| Pattern::network(&format!("10.0.0.{last}/{bits}")).unwrap().to_string()),
        2 => name(),
    ]
}

fn lists() -> impl Strategy<Value = Lists> {
    prop::collection::vec(prop::collection::vec(line(), 0..10), 1..5)
        .prop_filter("an empty ruleset cannot be made", |lists| lists.iter().any(|list| !list.is_empty()))
}

fn url() -> impl Strategy<Value = String> {
    let host = prop_oneof![4 => name(), 1 => (0_u8..4).prop_map(|last| format!("10.0.0.{last}"))];
    let path =
        prop::sample::select(vec!["", "/bet", "/Pokers/x", "/a/poker", "/x?q=bet", "/?Q=CC", "/x?y&q=bet", "/bet?z"]);
    (host, prop::option::of(80_u16..83), path).prop_map(|(host, port, path)| match port {
        Some(port) => format!("http://{host}:{port}{path}"),
        None => format!("http://{host}{path}"),
    })
}

fn told<'a>(found: impl Iterator<Item = ListId> + 'a) -> (BTreeSet<usize>, usize) {
    let found: Vec<usize> = found.map(ListId::index).collect();
    (found.iter().copied().collect(), found.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn finds_what_the_patterns_say(lists in lists(), seed in any::<u64>(), urls in prop::collection::vec(url(), 1..20)) {
        let ruleset = Ruleset::open(compile(&lists, seed)).unwrap();
        ruleset.verify().unwrap();
        let distinct: usize = lists.iter().map(|list| list.iter().collect::<BTreeSet<_>>().len()).sum();
        prop_assert_eq!(ruleset.rule_count(), distinct as u64);
        for url in urls {
            let target: Target = url.parse().unwrap();
            let expected = |port, whole| -> BTreeSet<usize> {
                (0..lists.len()).filter(|at| lists[*at].iter().any(|line| holds(line, &target, port, whole))).collect()
            };
            let findings = ruleset.classify(&target);
            let whole = expected(Some(target.port()), true);
            prop_assert_eq!(told(findings.lists()), (whole.clone(), whole.len()), "{}", url);
            for hit in findings.hits() {
                let written = hit.entry().to_string();
                prop_assert!(lists[hit.id().index()].contains(&written), "{} is a rule of its list", written);
                prop_assert!(holds(&written, &target, Some(target.port()), true), "{} holds {}", written, url);
            }
            let authority: Authority = format!("{}:{}", target.host(), target.port()).parse().unwrap();
            let at_port = expected(Some(target.port()), false);
            prop_assert_eq!(told(ruleset.classify_authority(&authority).lists()), (at_port.clone(), at_port.len()));
            let by_host = expected(None, false);
            prop_assert_eq!(told(ruleset.classify_host(target.host()).lists()), (by_host.clone(), by_host.len()));
            prop_assert!(by_host.is_subset(&at_port) && at_port.is_subset(&whole), "more of a target never loses a list");
        }
    }

    #[test]
    fn neither_order_nor_doubles_matter(lists in lists(), seed in any::<u64>()) {
        let mut shuffled = lists.clone();
        for list in &mut shuffled {
            list.reverse();
            let doubles = list.clone();
            list.extend(doubles);
        }
        prop_assert_eq!(compile(&lists, seed), compile(&shuffled, seed));
    }

    #[test]
    fn changed_bytes_are_noticed_and_never_followed_out_of_bounds(
        at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..12),
    ) {
        let lists = vec![
            vec!["text:poker".into(), "regexp:b(e|a)t+".into(), "ip:10.0.0.0/8".into(), "port:a.test:81".into()],
            vec!["*.a.test".into(), "poker.*".into(), "text:bet".into(), "port::82".into()],
        ];
        let mut forged = compile(&lists, 7);
        let at = at.index(forged.len());
        for (slot, byte) in forged.iter_mut().skip(at).zip(&bytes) {
            *slot ^= byte;
        }
        if let Ok(ruleset) = Ruleset::open(&forged) {
            for url in ["http://x.a.test:81/poker/bet", "http://10.0.0.1:82/", "http://poker.test/"] {
                let _ = ruleset.classify(&url.parse().unwrap()).hits().count();
            }
            prop_assert!(bytes.iter().all(|byte| *byte == 0) || ruleset.verify() == Err(RulesetError::Checksum));
        }
    }

    #[test]
    fn a_locked_list_holds_what_it_held_before(
        names in prop::collection::vec(name(), 1..6), paths in prop::collection::vec((name(), "(bet|a/poker|x)?"), 0..6),
        urls in prop::collection::vec(url(), 1..20), key: [u8; 32],
    ) {
        let own = |name: &str| name.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(name).to_owned();
        let lines: Vec<String> =
            names.into_iter().chain(paths.into_iter().map(|(name, path)| format!("{}/{path}", own(&name)))).collect();
        let open = Ruleset::open(compile(&vec![lines.clone()], 3)).unwrap();
        let (key, mut compiler) = (LockKey::new(key), Compiler::new(3));
        compiler.lock(key.clone());
        let list = compiler.list(List::new("test", "locked", 1));
        for line in &lines {
            let locked = key.lock(&Rule::from_normalised(line).unwrap());
            prop_assert_eq!(locked.to_string().parse(), Ok(locked));
            compiler.add_locked(list, locked).unwrap();
        }
        let locked = Ruleset::open(compiler.finish().unwrap()).unwrap();
        for url in urls {
            let target: Target = url.parse().unwrap();
            let (held, found) = (open.classify(&target), locked.classify(&target));
            prop_assert_eq!(held.lists().count(), found.lists().count(), "{}", url);
            prop_assert!(found.hits().all(|hit| matches!(hit.entry(), Entry::Locked(_))));
            let (held, found) = (open.classify_host(target.host()), locked.classify_host(target.host()));
            prop_assert_eq!(held.lists().count(), found.lists().count());
            prop_assert_eq!(held.categories_of_paths().count(), found.categories_of_paths().count());
        }
        for letters in lines.iter().flat_map(|line| line.split(['.', '/'])).filter(|part| part.len() > 4) {
            let held = locked.as_bytes().windows(letters.len()).any(|part| part == letters.as_bytes());
            prop_assert!(!held, "{} stands in the file", letters);
        }
    }
}

#[test]
fn a_locked_rule_needs_its_key() {
    let mut compiler = Compiler::new(1);
    let list = compiler.list(List::new("test", "locked", 1));
    let rule = LockKey::new([1; 32]).lock(&Rule::domain("a.test").unwrap());
    assert_eq!(compiler.add_locked(list, rule), Err(CompileError::NoKey));
    compiler.lock(LockKey::new([2; 32]));
    compiler.add_locked(list, rule).unwrap();
    let ruleset = Ruleset::open(compiler.finish().unwrap()).unwrap();
    assert_eq!(ruleset.classify_host(&"a.test".parse().unwrap()).lists().count(), 0, "another key finds nothing");
    assert_eq!(format!("{:?}", LockKey::new([1; 32])), "LockKey(…)");
}

#[test]
fn a_long_url_is_looked_at_to_its_end() {
    let ruleset = Ruleset::open(compile(&vec![vec!["text:poker".into()]], 1)).unwrap();
    let filler = "x".repeat(3000);
    for url in [
        format!("http://a.test/{filler}/poker"),
        format!("http://a.test/?{filler}=POKER"),
        "http://a.test/%70oker".into(),
    ] {
        assert_eq!(ruleset.classify(&url.parse().unwrap()).lists().count(), 1, "{url}");
    }
    assert_eq!(ruleset.classify(&format!("http://a.test/{filler}").parse().unwrap()).lists().count(), 0);
}

#[test]
fn what_no_index_helps_with_is_bounded() {
    let compiled = |count: usize| {
        let mut compiler = Compiler::new(1);
        let list = compiler.list(List::new("test", "ports", 1));
        for port in 1..=count {
            compiler.add_pattern(list, &Pattern::port(&format!(":{port}")).unwrap());
        }
        compiler.finish().map(|_| ())
    };
    assert_eq!(compiled(500), Ok(()));
    assert_eq!(compiled(501), Err(CompileError::TooManyUnindexed(501)));
}
