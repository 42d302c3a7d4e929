//! The real data: UT1's lists, and streams of hosts to look up.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use belisha_filter::{Compiler, List, Rule};
use belisha_formats::lists;
use belisha_testkit::test_data;

/// UT1 as normalised rules, by list.
pub fn ut1() -> Vec<lists::List> {
    let path = test_data().unwrap().join("ut1/ut1-squidguard.tar.zst");
    lists::read(&path, None, &lists::Limits::default(), &mut |_| {}).unwrap().lists
}

/// UT1's rules, gathered and not yet compiled.
pub fn gathered(lists: &[lists::List]) -> Compiler {
    let mut compiler = Compiler::new(1);
    for list in lists {
        let id = compiler.list(List::new("ut1", &list.name, 1));
        for line in list.rules.lines() {
            if let Ok(rule) = Rule::from_normalised(line) {
                compiler.add(id, &rule);
            }
        }
    }
    compiler
}

/// Each name of UT1's `domains` and the number of the combination of lists that hold it.
pub fn names(lists: &[lists::List]) -> Vec<(String, u16)> {
    let mut of_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, list) in lists.iter().enumerate() {
        for line in list.rules.lines().filter(|line| !line.contains('/')) {
            of_name.entry(line).or_default().push(number);
        }
    }
    let mut sets: BTreeMap<Vec<usize>, u16> = BTreeMap::new();
    let mut number = |set: Vec<usize>| {
        let next = u16::try_from(sets.len() + 1).unwrap();
        *sets.entry(set).or_insert(next)
    };
    of_name.into_iter().map(|(name, set)| (name.to_string(), number(set))).collect()
}

/// Hosts to look up.
pub struct Stream {
    /// `real`, `miss`, `hit` or `mix10`.
    pub name: &'static str,
    /// The hosts, in canonical form.
    pub hosts: Vec<String>,
}

/// The four streams that `docs/performance.md` explains.
pub fn streams(names: &[(String, u16)]) -> Vec<Stream> {
    let listed: std::collections::HashSet<&str> = names.iter().map(|(name, _)| &**name).collect();
    let is_listed = |host: &str| {
        std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, rest)| rest))
            .any(|it| listed.contains(it))
    };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let labels: Vec<&str> = names.iter().filter_map(|(name, _)| name.split('.').next()).collect();
    let miss: Vec<String> = (0..900_000)
        .map(|_| format!("{}-{}.{}.com", random.pick(&labels), random.next() % 1000, random.pick(&labels)))
        .filter(|host| !is_listed(host))
        .collect();
    let hit: Vec<String> = (0..500_000)
        .map(|_| {
            let (name, _) = random.pick(names);
            if random.next().is_multiple_of(2) { name.clone() } else { format!("s{}.{name}", random.next() % 1000) }
        })
        .collect();
    let mix10 = (0..1_000_000)
        .map(|_| if random.next().is_multiple_of(10) { random.pick(&hit).clone() } else { random.pick(&miss).clone() })
        .collect();
    vec![
        Stream { name: "real", hosts: real_hosts() },
        Stream { name: "mix10", hosts: mix10 },
        Stream { name: "miss", hosts: miss },
        Stream { name: "hit", hosts: hit },
    ]
}

/// The hosts of 30,524 requests of real browsing, in order.
fn real_hosts() -> Vec<String> {
    real_urls()
        .iter()
        .filter_map(|url| url.parse::<belisha_filter::Target>().ok())
        .map(|it| it.host().to_string())
        .collect()
}

/// The URLs of 30,524 requests of real browsing, in order.
pub fn real_urls() -> Vec<String> {
    let text = unpack(&test_data().unwrap().join("requests/urlfilter_requests.jsonl.zst"));
    let url =
        |line: &str| Some(serde_json::from_str::<serde_json::Value>(line).ok()?.get("url")?.as_str()?.to_string());
    text.lines().filter_map(url).collect()
}

/// A request of real browsing.
pub struct BrowserRequest {
    /// What was asked for.
    pub url: String,
    /// The page that asked.
    pub page: String,
    /// As browsers name it: `document`, `image` and so on.
    pub kind: String,
}

/// 30,524 requests of real browsing, in order.
pub fn requests() -> Vec<BrowserRequest> {
    let text = unpack(&test_data().unwrap().join("requests/urlfilter_requests.jsonl.zst"));
    let request = |line: &str| {
        let fields = serde_json::from_str::<serde_json::Value>(line).ok()?;
        let text = |name| Some(fields.get(name)?.as_str()?.to_string());
        Some(BrowserRequest { url: text("url")?, page: text("frameUrl")?, kind: text("cpt")? })
    };
    text.lines().filter_map(request).collect()
}

/// Rules as an ad blocker writes them: names and what is below them, and beginnings of URLs.
pub fn in_adblock_syntax(lists: &[lists::List]) -> String {
    let mut text = String::new();
    for line in lists.iter().flat_map(|list| list.rules.lines()) {
        let end = if line.contains('/') { "\n" } else { "^\n" };
        text.extend(["||", line.strip_prefix("full:").unwrap_or(line), end]);
    }
    text
}

/// The text of a `.zst` file.
pub fn unpack(path: &Path) -> String {
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = usize::try_from(self.next() % of.len() as u64).unwrap();
        of.get(at).unwrap()
    }
}
