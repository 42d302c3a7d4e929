//! Lists as their makers publish them.
//!
//! * Every list of the squidGuard collection is read, with as many lines as its index states.
//! * Names and hosts lines of the same list give the same rules.

use std::collections::{BTreeMap, BTreeSet};

use belisha_filter::{Compiler, List, Rule, Ruleset};
use belisha_formats::lists::{Alias, Format, Limits, Progress, read as read_lists};
use belisha_formats::mapping::category_slug;

use crate::common::*;

/// A category of the index: how many lines its files have.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    lines: u64,
    expressions: u64,
}

#[test]
fn every_squidguard_category_is_read_whole() {
    let Some(data) = belisha_testkit::test_data() else { return };
    let index = std::fs::read_to_string(data.join("ut1/categories.tsv")).unwrap();
    let (mut counts, mut aliases) = (BTreeMap::new(), Vec::new());
    for row in index.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let number = |at: usize| columns[at].parse::<u64>().unwrap();
        if columns[4].is_empty() {
            counts.insert(columns[0], Counts { lines: number(1) + number(2), expressions: number(3) });
        } else {
            aliases.push(Alias { name: columns[0].into(), of: columns[4].into() });
        }
    }
    let source = read(&data.join("ut1/ut1-squidguard.tar.zst"));
    assert_eq!(source.aliases, aliases);
    assert_eq!(aliases.len(), 7);
    assert_eq!(source.notes, []);
    assert_eq!(names(&source), counts.keys().copied().collect::<Vec<_>>());
    for list in &source.lists {
        // `adult` has one more file of expressions than the index counts; the rest is exact.
        let more = u64::from(list.name == "adult");
        let read = Counts { lines: list.lines, expressions: list.expressions - more };
        // A few lines were taken out of the largest files after the index was made.
        let stated = &counts[list.name.as_str()];
        assert!(read.lines.abs_diff(stated.lines) <= list.lines / 50, "{}: {read:?}, {stated:?}", list.name);
        assert_eq!(read.expressions, stated.expressions, "{}", list.name);
        let applied = list.expression_rules.lines().count() as u64;
        assert_eq!(applied, stated.expressions, "{}: each can be looked for", list.name);
        assert!(list.malformed <= 1, "{}: {:?}", list.name, list.complaints);
        assert_eq!(list.newest, None, "{}: the archive keeps no times", list.name);
    }
    let rules: u64 = source.lists.iter().map(|list| list.rule_count).sum();
    assert!(rules > 1_100_000, "{rules}");
}

#[test]
fn linked_files_are_lists_of_their_own() {
    let Some(data) = belisha_testkit::test_data() else { return };
    let source = read(&data.join("ut1/ut1-squidguard.tar.zst"));
    let domains = |name: &str| {
        let rules = list(&source, name).rules.lines().filter(|line| !line.contains('/'));
        rules.map(String::from).collect::<Vec<_>>()
    };
    assert!(domains("redirector").len() > 132_000);
    assert_eq!(domains("strict_redirector"), domains("redirector"));
    assert_eq!(domains("strong_redirector"), domains("redirector"));
}

#[test]
fn progress_goes_forward_and_ends_with_the_numbers_read() {
    let Some(data) = belisha_testkit::test_data() else { return };
    let path = data.join("ut1/ut1-squidguard.tar.zst");
    let size = std::fs::metadata(&path).unwrap().len();
    let mut reports: Vec<Progress> = Vec::new();
    let source = read_lists(&path, None, &Limits::default(), &mut |report| reports.push(report)).unwrap();
    assert!(reports.len() > 64 && reports.len() < 500, "{}", reports.len());
    assert!(reports.is_sorted_by_key(|report| (report.bytes_read, report.lines)));
    let last = reports.last().unwrap();
    assert_eq!((last.bytes_read, last.bytes_total), (size, Some(size)));
    assert_eq!(last.lists, source.lists.len() as u64);
}

#[test]
fn names_and_hosts_lines_of_one_list_are_the_same_rules() {
    let Some(data) = belisha_testkit::test_data() else { return };
    for file in ["doh-vpn-proxy-bypass.txt", "nosafesearch.txt", "fake.txt.zst"] {
        let read = |folder: &str| read(&data.join("lists/hagezi").join(folder).join(file));
        let (domains, hosts) = (read("domains"), read("hosts"));
        assert_eq!(domains.lists, hosts.lists, "{file}");
        let list = &domains.lists[0];
        assert_eq!((list.malformed, list.rule_count), (0, list.lines), "{file}");
        assert!(category_slug(&list.name).is_some(), "{}", list.name);
    }
}

#[test]
fn folders_of_plain_lists_are_read_file_by_file() {
    let Some(data) = belisha_testkit::test_data() else { return };
    for folder in ["stevenblack", "shadowwhisperer"] {
        let source = read(&data.join("lists").join(folder));
        assert_eq!(source.lists.len(), std::fs::read_dir(data.join("lists").join(folder)).unwrap().count());
        for list in &source.lists {
            // A list of top-level domains has nothing that may be blocked whole.
            let share = if list.name == "Top_Level" { 1 } else { 500 };
            assert!(list.malformed * share <= list.lines, "{}: {:?}", list.name, list.complaints);
            let unmapped = ["Top_Level", "DNS"].contains(&list.name.as_str());
            assert_eq!(category_slug(&list.name).is_none(), unmapped, "{}", list.name);
        }
    }
}

#[test]
fn addresses_alone_are_rules_too() {
    let Some(data) = belisha_testkit::test_data() else { return };
    for file in ["doh-ipv4.txt", "doh-ipv6.txt", "doh-domains.txt"] {
        let source = read(&data.join("lists/doh").join(file));
        assert_eq!(source.lists[0].malformed, 0, "{file}: {:?}", source.lists[0].complaints);
        assert!(source.lists[0].rule_count > 1000);
    }
}

/// The same list as a hosts file, as names, with wildcards, for two resolvers and for ad blockers: 1,205 lines where every
/// name stands, 714 where those below another are left out.
#[test]
fn one_list_in_six_formats_gives_the_same_answers() {
    let Some(data) = belisha_testkit::test_data() else { return };
    let hagezi = data.join("lists/hagezi");
    for (list, (every, roots)) in
        [("doh-vpn-proxy-bypass", (1205, 714)), ("nosafesearch", (175, 135)), ("fake", (14_043, 7355))]
    {
        let read = |folder: &str| {
            let path = std::fs::read_dir(hagezi.join(folder)).unwrap().map(|entry| entry.unwrap().path());
            let mut path = path.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(list));
            let source = read(&path.next().unwrap());
            assert_eq!(source.lists[0].malformed, 0, "{folder}/{list}: {:?}", source.lists[0].complaints);
            source.lists[0].rules.clone()
        };
        let formats =
            ["hosts", "domains", "wildcard", "dnsmasq", "unbound", "adblock"].map(|folder| (folder, read(folder)));
        let counted = formats.each_ref().map(|(_, rules)| rules.lines().count());
        assert_eq!(counted, [every, every, roots, roots, roots, roots]);
        // What is left when names below others go is the same in all.
        let without_those_below = |rules: &str| -> BTreeSet<String> {
            let names: BTreeSet<&str> = rules.lines().collect();
            let is_below = |name: &str| name.match_indices('.').any(|(at, _)| names.contains(&name[at + 1..]));
            names.iter().filter(|name| !is_below(name)).map(|name| (*name).to_owned()).collect()
        };
        for (folder, rules) in &formats {
            assert_eq!(without_those_below(rules), without_those_below(&formats[0].1), "{folder}/{list}");
        }
        // And so is what a ruleset says of every name of any of them, and of the names around it.
        let rulesets = formats.each_ref().map(|(_, rules)| compiled(rules));
        let names: BTreeSet<&str> = formats.iter().flat_map(|(_, rules)| rules.lines()).collect();
        let said = |name: &str| rulesets.each_ref().map(|ruleset| holds(ruleset, name));
        let mut asked = 0;
        for name in names {
            for host in
                [name.to_owned(), format!("www.{name}"), format!("x{name}"), name.split_once('.').unwrap().1.to_owned()]
            {
                let said = said(&host);
                asked += 1;
                assert!(said.iter().all(|it| *it == said[0]), "{list}: {host}: {said:?}");
            }
        }
        assert_eq!(asked, 4 * every);
    }
}

fn compiled(rules: &str) -> Ruleset<Vec<u8>> {
    let mut compiler = Compiler::new(6);
    let list = compiler.list(List::new("test", "list", 1));
    rules.lines().for_each(|line| compiler.add(list, &Rule::from_normalised(line).unwrap()));
    Ruleset::open(compiler.finish().unwrap()).unwrap()
}

fn holds(ruleset: &Ruleset<Vec<u8>>, host: &str) -> bool {
    host.parse().is_ok_and(|host| !ruleset.classify_host(&host).is_empty())
}

#[test]
fn a_list_read_as_of_another_kind_is_told_apart() {
    let Some(data) = belisha_testkit::test_data() else { return };
    let read_as = |format| {
        let path = data.join("lists/hagezi/hosts/nosafesearch.txt");
        read_lists(&path, Some(format), &Limits::default(), &mut |_| {}).unwrap().lists.remove(0)
    };
    assert_eq!(read_as(Format::Hosts).malformed, 0);
    let wrong = read_as(Format::Domains);
    assert_eq!(wrong.malformed, wrong.lines);
    assert!(wrong.complaints[0].text.starts_with("a line of a hosts file"));
}
