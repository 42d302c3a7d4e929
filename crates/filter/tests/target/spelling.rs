//! Those who would walk around a rule by spelling.
//!
//! - However the address of a rule is spelt, the rule is found, and no other.
//! - However its neighbour is spelt, which differs by a letter, a label or a segment, none is found.

mod disguise;

use belisha_filter::{Compiler, List, Rule, Ruleset, Target};
use proptest::prelude::*;

use disguise::Disguise;

/// Lines of a list; none holds what another does.
const RULES: [&str; 8] = [
    "arcade.test",
    "xn--bcher-kva.test",
    "deep.down.example",
    "full:chat.example",
    "shared.test/casino/slots",
    "mirror.example/it's~here",
    "203.0.113.7",
    "2001:db8::c0:7",
];

fn rules() -> Ruleset<Vec<u8>> {
    let mut compiler = Compiler::new(3);
    for line in RULES {
        let list = compiler.list(List::new("test", line, 1));
        compiler.add(list, &Rule::from_normalised(line).unwrap());
    }
    Ruleset::open(compiler.finish().unwrap()).unwrap()
}

fn name_and_path(line: &str) -> (&str, &str) {
    let line = line.strip_prefix("full:").unwrap_or(line);
    line.split_once('/').unwrap_or((line, ""))
}

/// Whether a rule holds an address in plain words.
fn holds(line: &str, host: &str, path: &str) -> bool {
    let (name, prefix) = name_and_path(line);
    if line.contains('/') {
        let segments = |path: &str| path.split('/').map(String::from).collect::<Vec<_>>();
        return host.strip_prefix("www.").unwrap_or(host) == name && segments(path).starts_with(&segments(prefix));
    }
    let is_below = host.strip_suffix(name).is_some_and(|head| head.ends_with('.'));
    host == name || is_below && !line.starts_with("full:")
}

/// Steps away from an address: each gives another one, which no rule of ours may hold.
fn neighbour(host: &str, path: &str, step: usize, at: usize) -> (String, String) {
    let (host, path) = (host.to_string(), path.to_string());
    let labels: Vec<&str> = host.split('.').collect();
    let letter = |text: &str, with: &str| {
        let places: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_alphabetic()).map(|(at, _)| at).collect();
        let Some(place) = places.get(at % places.len().max(1)) else { return text.to_string() };
        format!("{}{with}{}", &text[..*place], &text[place + 1..])
    };
    if host.contains(':') || labels.iter().all(|label| label.parse::<u8>().is_ok()) {
        let last = host.rfind(['.', ':']).unwrap() + 1;
        return (format!("{}{}", &host[..last], (step + at) % 200 + 8), path);
    }
    match step {
        0 => (letter(&host, "q"), path),
        1 => (letter(&host, ""), path),
        2 => (letter(&host, "zz"), path),
        3 => (format!("x{host}"), path),
        4 => (format!("{host}x"), path),
        5 => (format!("{host}.fine.org"), path),
        6 => (format!("{}.org", labels[..labels.len() - 1].join(".")), path),
        7 => (labels[1..].join("."), path),
        8 => (format!("fine.org/{host}").replace('/', "."), path),
        9 => ("fine.org".into(), format!("{host}/{path}")),
        10 => (host, format!("{path}x")),
        11 => (host, letter(&path, "q")),
        12 => (host, path.split('/').rev().collect::<Vec<_>>().join("/")),
        13 => (host, path.split_once('/').map_or(String::new(), |(first, _)| first.into())),
        14 => (host, format!("fine/{path}")),
        _ => (format!("fine.{host}"), path),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn however_it_is_spelt_the_rule_is_found(rule in 0..RULES.len(), choices in prop::collection::vec(any::<u8>(), 0..250)) {
        let (line, mut disguise) = (RULES[rule], Disguise::new(&choices));
        let (name, path) = name_and_path(line);
        // What is below a rule is in it as well.
        let below = line == name && !name.ends_with(|c: char| c.is_ascii_digit()) && disguise.chooses();
        let name = if below { format!("www.{name}") } else { name.to_string() };
        let url = disguise.url(&name, path);
        let rules = rules();
        let target = Target::parse(&url);
        prop_assert!(target.is_ok(), "{}: {target:?}", url.escape_ascii());
        let target = target.unwrap();
        let found: Vec<usize> = rules.classify(&target).hits().map(|hit| hit.id().index()).collect();
        prop_assert_eq!(found, [rule], "{} is {}", url.escape_ascii(), target);
    }

    #[test]
    fn however_its_neighbour_is_spelt_none_is_found(
        (host, path) in neighbours(), choices in prop::collection::vec(any::<u8>(), 0..250),
    ) {
        let url = Disguise::new(&choices).url(&host, &path);
        let rules = rules();
        // A step may lead to what is no name at all, or to an A-label that no letters stand for.
        if let Ok(target) = Target::parse(&url) {
            let findings = rules.classify(&target);
            prop_assert!(findings.hits().next().is_none(), "{} is {target}: {findings:?}", url.escape_ascii());
        } else {
            let checked = format!("http://{host}/").parse::<url::Url>();
            prop_assert!(checked.is_err(), "{} is refused", url.escape_ascii());
        }
    }
}

/// All neighbours of all rules that no rule holds.
fn neighbours() -> impl Strategy<Value = (String, String)> {
    let of_rule = |line: &'static str| {
        let (name, path) = name_and_path(line);
        (0..16).flat_map(move |step| (0..40).map(move |at| neighbour(name, path, step, at)))
    };
    let mut all: Vec<_> = RULES.into_iter().flat_map(of_rule).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|(host, path)| !host.is_empty() && !RULES.iter().any(|line| holds(line, host, path)));
    assert!(all.len() > 300, "there are neighbours: {}", all.len());
    prop::sample::select(all)
}
