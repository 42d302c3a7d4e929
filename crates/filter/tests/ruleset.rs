//! The compiled ruleset against a slow reading of the same rules.
//!
//! - What a ruleset finds is what the rules say, one by one, by string.
//! - Neither the order of rules nor doubles change a byte.
//! - A list that must match exactly finds the same as one that need not.
//! - Hosts looked up in a row are found as each of them is.
//! - More of a target never loses a list: what holds a host holds every URL of it.
//! - Any byte changed is noticed, and no cut or random bytes make a reader panic.

#![cfg(feature = "compile")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use belisha_filter::{Compiler, Host, List, ListId, Pattern, Rule, Ruleset, RulesetError, Target};
use proptest::prelude::*;

type Lists = Vec<Vec<String>>;

fn compile(lists: &Lists, exact: bool, seed: u64) -> Vec<u8> {
    let mut compiler = Compiler::new(seed);
    for (at, lines) in lists.iter().enumerate() {
        let list = List::new("test", &format!("list{at}"), 1);
        let id = compiler.list(if exact { list.compared_exactly() } else { list });
        for line in lines {
            compiler.add(id, &Rule::from_normalised(line).unwrap());
        }
    }
    compiler.finish().unwrap()
}

/// One rule against one URL, by string.
fn holds(line: &str, host: &str, path: &str) -> bool {
    let below = |name: &str| host == name || host.strip_suffix(name).is_some_and(|head| head.ends_with('.'));
    if let Some(name) = line.strip_prefix("full:") {
        return host == name;
    }
    let Some((name, prefix)) = line.split_once('/') else { return below(line) };
    let bare = bare(host);
    bare == name
        && (prefix.is_empty() || path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')))
}

fn bare(host: &str) -> &str {
    let stripped = ["www.", "www7."].iter().find_map(|label| host.strip_prefix(label));
    stripped.filter(|rest| rest.contains('.')).unwrap_or(host)
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "www", "cc"]), 1..4)
        .prop_map(|labels| format!("{}.test", labels.join(".")))
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["x", "y", "x1"]), 0..3).prop_map(|segments| segments.join("/"))
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => name(),
        1 => name().prop_map(|name| format!("full:{name}")),
        2 => (name(), path()).prop_map(|(name, path)| {
            // A rule is stored without its service label.
            format!("{}/{path}", bare(&name))
        }),
    ]
}

fn lists() -> impl Strategy<Value = Lists> {
    prop::collection::vec(prop::collection::vec(line(), 0..12), 1..5)
        .prop_filter("an empty ruleset cannot be made", |lists| lists.iter().any(|list| !list.is_empty()))
}

/// Hosts that names of lists may hold.
fn host() -> impl Strategy<Value = Host> {
    let long = (name(), 40_usize..60, 0_usize..12)
        .prop_map(|(name, length, labels)| format!("{}.{}{name}", "d".repeat(length), "a.".repeat(labels)));
    prop_oneof![name(), long, Just("192.0.2.7".to_string()), Just("[2001:db8::7]".to_string())]
        .prop_map(|name| name.parse().unwrap())
}

fn one_by_one(rules: &Ruleset<impl AsRef<[u8]>>, hosts: &[Host]) -> Vec<String> {
    hosts.iter().map(|host| format!("{host}: {:?}", rules.classify_host(host))).collect()
}

fn in_a_row(rules: &Ruleset<impl AsRef<[u8]>>, hosts: &[Host]) -> Vec<String> {
    let mut all = Vec::new();
    rules.classify_hosts(hosts, |findings| all.push(format!("{}: {findings:?}", findings.host())));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn finds_what_the_rules_say(
        lists in lists(), exact in any::<bool>(), seed in any::<u64>(),
        targets in prop::collection::vec(("(www7?\\.)?", name(), path()), 1..20),
    ) {
        let ruleset = Ruleset::open(compile(&lists, exact, seed)).unwrap();
        ruleset.verify().unwrap();
        for (service, name, path) in targets {
            let host = format!("{service}{name}");
            let target: Target = format!("http://{host}/{path}").parse().unwrap();
            let expected: BTreeSet<usize> =
                (0..lists.len()).filter(|at| lists[*at].iter().any(|line| holds(line, &host, &path))).collect();
            let findings = ruleset.classify(&target);
            let found: Vec<usize> = findings.lists().map(ListId::index).collect();
            prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected.clone());
            prop_assert_eq!(found.len(), expected.len(), "a list is named once");
            for hit in findings.hits() {
                let written = hit.entry().to_string();
                let said = |line: &String| line.strip_prefix("full:").unwrap_or(line) == written && holds(line, &host, &path);
                prop_assert!(lists[hit.id().index()].iter().any(said), "{} is a rule of its list", written);
            }
            let by_host: BTreeSet<usize> =
                ruleset.classify_host(target.host()).lists().map(ListId::index).collect();
            prop_assert!(by_host.is_subset(&expected));
        }
    }

    /// Names of all lengths, addresses, some of them several times in a row, and so many that they do not end where a round of
    /// them does.
    #[test]
    fn hosts_in_a_row_are_found_as_each_of_them_is(
        lists in lists(), exact in any::<bool>(), seed in any::<u64>(),
        hosts in prop::collection::vec((host(), 1_usize..4), 0..80),
    ) {
        let hosts: Vec<Host> = hosts.into_iter().flat_map(|(host, times)| vec![host; times]).collect();
        let rules = Ruleset::open(compile(&lists, exact, seed)).unwrap();
        prop_assert_eq!(in_a_row(&rules, &hosts), one_by_one(&rules, &hosts));
    }

    #[test]
    fn neither_order_nor_doubles_matter(lists in lists(), seed in any::<u64>()) {
        let mut shuffled = lists.clone();
        for list in &mut shuffled {
            list.reverse();
            let doubles = list.clone();
            list.extend(doubles);
        }
        prop_assert_eq!(compile(&lists, true, seed), compile(&shuffled, true, seed));
    }

    #[test]
    fn rules_gathered_by_helpers_are_the_same_rules(lists in lists(), seed in any::<u64>()) {
        let mut compiler = Compiler::new(seed);
        let ids: Vec<ListId> =
            (0..lists.len()).map(|at| compiler.list(List::new("test", &format!("list{at}"), 1).compared_exactly())).collect();
        for (id, lines) in ids.iter().zip(&lists).rev() {
            let mut helper = compiler.helper();
            for line in lines {
                helper.add(*id, &Rule::from_normalised(line).unwrap());
            }
            compiler.join(helper);
        }
        prop_assert_eq!(compiler.finish().unwrap(), compile(&lists, true, seed));
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..400) {
        let mut forged = compile(&vec![vec!["a.test".into(), "b.test/x".into()]], true, 7);
        for (offset, byte) in bytes.iter().enumerate() {
            if let Some(slot) = forged.get_mut(at + offset) {
                *slot = *byte;
            }
        }
        let host: Host = "a.test".parse().unwrap();
        // Whatever the bytes say, a reader that looks before it verifies does not panic.
        if let Ok(ruleset) = Ruleset::open(&forged) {
            let _ = ruleset.classify_host(&host).hits().count();
        }
        prop_assert!(Ruleset::open(&bytes).is_err());
    }
}

#[test]
fn every_changed_bit_and_every_cut_is_noticed() {
    let bytes = compile(&vec![vec!["a.test".into(), "b.test/x".into(), "full:c.test".into()]], true, 7);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let noticed = Ruleset::open(changed).and_then(|ruleset| ruleset.verify());
            assert!(noticed.is_err(), "bit {bit} of byte {at}");
        }
        assert!(Ruleset::open(&bytes[..at]).is_err(), "cut at {at}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(Ruleset::open(longer), Err(RulesetError::Length { .. })));
}

/// A file as a compiler of format version 2 wrote it, with the rules of [`version_2_again`].
const VERSION_2: &[u8] = include_bytes!("data/version-2.rules");

fn version_2_again() -> Vec<u8> {
    let mut compiler = Compiler::new(7);
    let betting = List::new("first", "betting", 14).dated(1_710_000_000).licence("invented");
    let vouched = List::new("third", "vouched", 7).compared_exactly();
    let lists: [(List, &[&str]); 4] = [
        (
            betting,
            &["wager.example", "deep.b.wager.example", "full:odds.example", "192.0.2.7", "shared.example/play/cards"],
        ),
        (List::new("second", "games", 31), &["play.example", "wager.example", "shared.example/play"]),
        (vouched, &["help.play.example", "shared.example/play/help"]),
        // So many that the name above them is crowded, and one that patterns are kept by.
        (
            List::new("fourth", "hosting", 9),
            &[
                "a.crowd.example",
                "b.crowd.example",
                "c.crowd.example",
                "d.crowd.example",
                "e.crowd.example",
                "f.crowd.example",
                "x.f.crowd.example",
                "full:crowd.example",
                "wager.example",
            ],
        ),
    ];
    for (list, lines) in lists {
        let id = compiler.list(list);
        for line in lines {
            compiler.add(id, &Rule::from_normalised(line).unwrap());
        }
        if id.index() == 3 {
            compiler.add_pattern(id, &Pattern::from_normalised("port:play.example:8443").unwrap());
        }
    }
    compiler.finish().unwrap()
}

#[test]
fn version_2_is_read_as_it_was() {
    let old = Ruleset::open(VERSION_2).unwrap();
    old.verify().unwrap();
    let new = Ruleset::open(version_2_again()).unwrap();
    assert!(old.lists().eq(new.lists()));
    assert_eq!((old.rule_count(), new.rule_count()), (20, 20));
    let said = |found: &mut dyn Iterator<Item = belisha_filter::Hit<'_>>| {
        let mut said: Vec<_> = found.map(|hit| (hit.list().name().to_owned(), hit.entry().to_string())).collect();
        said.sort_unstable();
        said
    };
    let mut hits = 0;
    for host in [
        "wager",
        "a.wager",
        "deep.b.wager",
        "x.deep.b.wager",
        "odds",
        "www.odds",
        "play",
        "help.play",
        "shared",
        "www.shared",
        "crowd",
        "a.crowd",
        "x.f.crowd",
        "www.x.f.crowd",
        "g.crowd",
        "a-name-that-is-longer-than-what-goes-the-short-way.because-it-goes-on.a.crowd",
    ] {
        for path in ["", "play", "play/cards/7", "play/help", "plays"] {
            let target: Target = format!("http://{host}.example/{path}").parse().unwrap();
            let found = said(&mut new.classify(&target).hits());
            assert_eq!(said(&mut old.classify(&target).hits()), found, "{target}");
            let of_host = |of: &[u8]| {
                let ruleset = Ruleset::open(of).unwrap();
                let findings = ruleset.classify_host(target.host());
                (said(&mut findings.hits()), findings.categories_of_paths().collect::<BTreeSet<_>>())
            };
            assert_eq!(of_host(VERSION_2), of_host(new.as_bytes()), "{host}");
            let host = [target.host().clone()];
            assert_eq!(in_a_row(&old, &host), one_by_one(&old, &host));
            hits += found.len();
        }
    }
    assert_eq!(hits, 115);
    // An address, and a pattern that a name keeps.
    for (url, count) in [("http://192.0.2.7/", 1), ("http://www.play.example:8443/", 2)] {
        let target: Target = url.parse().unwrap();
        let found = said(&mut new.classify(&target).hits());
        assert_eq!((said(&mut old.classify(&target).hits()), found.len()), (found, count), "{url}");
    }
    for at in 0..VERSION_2.len() {
        let mut changed = VERSION_2.to_vec();
        changed[at] ^= 0x10;
        assert!(Ruleset::open(changed).and_then(|ruleset| ruleset.verify()).is_err(), "byte {at}");
        assert!(Ruleset::open(&VERSION_2[..at]).is_err(), "cut at {at}");
    }
    for version in [1_u8, 4] {
        let mut other = VERSION_2.to_vec();
        other[8] = version;
        assert_eq!(Ruleset::open(other).err(), Some(RulesetError::Version(version.into())));
    }
}

#[test]
fn a_text_too_long_for_its_length_is_cut_between_two_characters() {
    let mut compiler = Compiler::new(1);
    let list = compiler.list(List::new("test", "list", 1).licence(&"\u{e9}".repeat(40_000)));
    compiler.add(list, &Rule::domain("a.test").unwrap());
    let ruleset = Ruleset::open(compiler.finish().unwrap()).unwrap();
    let about = ruleset.list(list).unwrap();
    assert_eq!((about.source(), about.name(), about.licence_text().len()), ("test", "list", 65_534));
}

#[test]
fn there_is_no_empty_ruleset() {
    let mut compiler = Compiler::new(1);
    compiler.list(List::new("test", "nothing", 1));
    assert!(compiler.finish().is_err());
}

#[test]
fn addresses_have_no_names_below_them() {
    let ruleset = Ruleset::open(compile(&vec![vec!["10.1.2.3".into(), "2a0e:bad::2".into()]], false, 3)).unwrap();
    let found = |url: &str| ruleset.classify(&url.parse().unwrap()).lists().count();
    for url in ["http://10.1.2.3/", "http://0xa.1.515/", "http://[::ffff:10.1.2.3]/", "http://[2a0e:bad:0::2]/"] {
        assert_eq!(found(url), 1, "{url}");
    }
    for url in ["http://2.3/", "http://10.1.2.4/", "http://10.1.2.3.test/"] {
        assert_eq!(found(url), 0, "{url}");
    }
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Unpin + std::panic::UnwindSafe>() {}
    shared::<Ruleset<Vec<u8>>>();
    shared::<Target>();
    shared::<Host>();
    shared::<Compiler>();
}
