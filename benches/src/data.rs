//! The real data: UT1's lists, and streams of hosts to look up.

use std::collections::BTreeMap;
use std::path::Path;

use belisha_filter::{Compiler, List, Rule};
use belisha_formats::lists;
use belisha_testkit::{test_data, unpack};

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

/// Names, each with the number of the combination of lists that hold it.
pub struct Names {
    /// What the set is called.
    pub title: &'static str,
    /// Each name once.
    pub names: Vec<(String, u16)>,
    /// The lists of each combination, by number.
    pub sets: Vec<Vec<u16>>,
    /// How many lists there are.
    pub lists: u16,
}

impl Names {
    /// Merges lists of names.
    fn merged<'a>(title: &'static str, lines: impl Iterator<Item = (u16, &'a str)>) -> Self {
        let mut of_name: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        let mut lists = 0;
        for (list, line) in lines {
            let of_this = of_name.entry(line).or_default();
            if of_this.last() != Some(&list) {
                of_this.push(list);
            }
            lists = lists.max(list + 1);
        }
        let mut numbers: BTreeMap<Vec<u16>, u16> = BTreeMap::new();
        let mut sets = Vec::new();
        let mut number = |set: Vec<u16>| {
            *numbers.entry(set).or_insert_with_key(|set| {
                sets.push(set.clone());
                u16::try_from(sets.len() - 1).unwrap()
            })
        };
        let names = of_name.into_iter().map(|(name, set)| (name.to_string(), number(set))).collect();
        Self { title, names, sets, lists }
    }

    /// The names of UT1's `domains`.
    pub fn of_ut1(lists: &[lists::List]) -> Self {
        let of_list = |(number, list): (u16, &'_ lists::List)| {
            let lines = list.rules.lines().filter(|line| !line.contains(['/', ':']));
            lines.map(|line| (number, line.to_string())).collect::<Vec<_>>()
        };
        let lines: Vec<(u16, String)> = (0..).zip(lists).flat_map(of_list).collect();
        Self::merged("UT1", lines.iter().map(|(number, line)| (*number, line.as_str())))
    }

    /// UT1 and all other lists of the test data, whatever their format: the names in them, not what their formats mean.
    pub fn of_all(ut1: &[lists::List]) -> Self {
        let mut files = Vec::new();
        gather(&test_data().unwrap().join("lists"), &mut files);
        files.sort_unstable();
        let texts: Vec<String> = files.iter().map(|path| text_of(path)).collect();
        let first = u16::try_from(ut1.len()).unwrap();
        let of_ut1 = (0..).zip(ut1).flat_map(|(number, list)| list.rules.lines().map(move |line| (number, line)));
        let others =
            (first..).zip(&texts).flat_map(|(number, text)| text.lines().map(move |line| (number, name_in(line))));
        let is_name =
            |name: &str| !name.contains(['/', ':']) && matches!(Rule::domain(name), Ok(Rule::Domain(it)) if it == name);
        Self::merged("all", of_ut1.chain(others).filter(|(_, name)| is_name(name)))
    }

    /// The same and as many more as make so many: the first label of one name before the rest of another.
    #[must_use]
    pub fn filled(&self, title: &'static str, count: usize) -> Self {
        let mut random = Random(0x2545_F491_4F6C_DD1D);
        let mut known: hashbrown::HashSet<String, ahash::RandomState> =
            self.names.iter().map(|(name, _)| name.clone()).collect();
        let mut names = self.names.clone();
        while names.len() < count {
            let (label, rest) = (&random.pick(&self.names).0, random.pick(&self.names));
            let Some((_, behind)) = rest.0.split_once('.') else { continue };
            let made = format!("{}.{behind}", label.split('.').next().unwrap_or_default());
            if !made.ends_with(|c: char| c.is_ascii_digit()) && made.len() <= 253 && known.insert(made.clone()) {
                names.push((made, rest.1));
            }
        }
        Self { title, names, sets: self.sets.clone(), lists: self.lists }
    }

    /// Each name once, in the first of its lists, gathered and not yet compiled: as much as rivals are told of it.
    pub fn gathered_once(&self) -> Compiler {
        self.gathered_from(1)
    }

    /// The names of all lists gathered and not yet compiled.
    pub fn gathered(&self) -> Compiler {
        self.gathered_from(usize::MAX)
    }

    /// The names gathered, each from so many of its lists.
    fn gathered_from(&self, lists: usize) -> Compiler {
        let mut compiler = Compiler::new(1);
        let ids: Vec<_> = (0..self.lists).map(|at| compiler.list(List::new("bench", &at.to_string(), 1))).collect();
        for (name, set) in &self.names {
            for list in self.sets.get(usize::from(*set)).unwrap().iter().take(lists) {
                compiler.add(*ids.get(usize::from(*list)).unwrap(), &Rule::from_normalised(name).unwrap());
            }
        }
        compiler
    }
}

fn gather(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if !path.to_string_lossy().contains(".tar") {
            files.push(path);
        }
    }
}

fn text_of(path: &Path) -> String {
    if path.extension().is_some_and(|it| it == "zst") {
        return unpack(path);
    }
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The name in a line of a hosts file, an advertisement list, a resolver's settings or a plain list.
fn name_in(line: &str) -> &str {
    let line = line.split('#').next().unwrap_or_default().trim();
    let line = ["0.0.0.0 ", "127.0.0.1 ", "||", "*.", ".", "local=/", "local-zone: \"", "address=/"]
        .iter()
        .find_map(|start| line.strip_prefix(start))
        .unwrap_or(line)
        .trim_start();
    line.split(['^', '/', '"', ' ', '\t', '$']).next().unwrap_or_default().trim_end_matches('.')
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
    let listed: hashbrown::HashSet<&str, ahash::RandomState> = names.iter().map(|(name, _)| &**name).collect();
    let is_listed = |host: &str| {
        std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, rest)| rest))
            .any(|it| listed.contains(it))
    };
    let is_canonical = |host: &str| host.parse::<belisha_filter::Host>().is_ok_and(|it| it.as_str() == host);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let top = unpack(&test_data().unwrap().join("toplists/top-100k-2016.txt.zst"));
    let top: Vec<&str> = top.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    let subs = ["", "www.", "m.", "api.", "static.", "cdn."];
    let mut miss: Vec<String> = top
        .iter()
        .flat_map(|site| subs.iter().map(move |sub| format!("{sub}{site}")))
        .filter(|host| is_canonical(host) && !is_listed(host))
        .collect();
    random.shuffle(&mut miss);
    miss.truncate(260_000);
    let mut known: hashbrown::HashSet<String, ahash::RandomState> = miss.iter().cloned().collect();
    while miss.len() < 900_000 {
        let (label, (rest, _)) = (&random.pick(names).0, random.pick(names));
        let Some((_, behind)) = rest.split_once('.') else { continue };
        let label = label.split('.').next().unwrap_or_default();
        let made = format!("{label}-{}.{behind}", random.next() % 1000);
        if is_canonical(&made) && !is_listed(&made) && known.insert(made.clone()) {
            miss.push(made);
        }
    }
    random.shuffle(&mut miss);
    let hit: Vec<String> = (0..1_000_000)
        .map(|_| {
            let (name, _) = random.pick(names);
            if random.next().is_multiple_of(2) { name.clone() } else { format!("s{}.{name}", random.next() % 1000) }
        })
        .filter(|host| host.len() <= 253)
        .collect();
    let mix10 = (0..1_000_000)
        .map(|_| if random.next().is_multiple_of(10) { random.pick(&hit).clone() } else { random.pick(&miss).clone() })
        .collect();
    let real = real_hosts();
    let real = real.iter().cycle().take(1_000_000).cloned().collect();
    vec![
        Stream { name: "real", hosts: real },
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

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, usize::try_from(self.next() % (at as u64 + 1)).unwrap());
        }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = usize::try_from(self.next() % of.len() as u64).unwrap();
        of.get(at).unwrap()
    }
}
