//! A ruleset of which some bytes are others: by proptest in every run of the tests, and for as long as one likes by a
//! program in `fuzz/`.
//!
//! - Every change is noticed, and nothing else is.
//! - A reader that looks before it verifies is never led out of bounds.

use std::sync::OnceLock;

use belisha_filter::adblock::{Request, RequestKind};
use belisha_filter::{Compiler, Host, List, LockKey, Pattern, Rule, Ruleset, Target};

/// A ruleset with rules of every kind, changed as bytes say (where, and what is laid over it), and asked.
pub(crate) fn ruleset(changes: &[u8]) {
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
        for line in [
            "text:poker",
            "regexp:b(e|a)t+",
            "ip:10.0.0.0/8",
            "port:a.test:81",
            "*.a.test",
            "poker.*",
            "port::82",
            "adblock:||a.test^$third-party",
            "adblock:/poker*ads^$script",
            "adblock:@@|http://c",
            "adblock:/b[a-e]t/",
            "adblock:||c.test^$important",
            "adblock:$script,domain=page.test|~x.page.test",
        ] {
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
    let targets = [
        "http://b.a.test:81/poker",
        "http://d.test/x/y/z",
        "http://10.0.0.1:82/",
        "http://n7.crowd.test/bet",
        "http://c.test/",
    ]
    .map(|url| url.parse::<Target>().expect("a URL"));
    let hosts = || targets.iter().map(Target::host);
    let one_by_one: Vec<String> = hosts().map(|host| format!("{:?}", ruleset.classify_host(host))).collect();
    let mut in_a_row = Vec::new();
    ruleset.classify_hosts(hosts(), |findings| in_a_row.push(format!("{findings:?}")));
    assert_eq!(in_a_row, one_by_one);
    for target in &targets {
        let page: Host = "www.page.test".parse().expect("a host");
        let request = Request::new(target).from_page(&page, true).of_kind(RequestKind::Script);
        let asked =
            [ruleset.classify(target), ruleset.classify_request(&request), ruleset.classify_host(target.host())];
        for findings in asked {
            let told: usize = findings.hits().map(|hit| hit.entry().to_string().len() + hit.list().name().len()).sum();
            std::hint::black_box((told, findings.categories_of_paths().count()));
        }
    }
}
