//! Rules that a school writes itself: few, looked up beside the ruleset, and compared letter by letter.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::findings::Findings;
use crate::hash;
use crate::host::{Host, without_service_label};
use crate::path::RulePath;
use crate::rule::Rule;

/// The seed of the table. It need not be unknown: a name that collides is compared and costs a step.
const SEED: u64 = 0;

/// No entry in a place of the table.
const EMPTY: u32 = u32::MAX;

/// Rules with a value each, looked up by what a [`Findings`] is about.
///
/// Every rule that holds the target is found, and it is compared as a string: an overlay opens sites, and a hash that
/// happened to agree would open the wrong one. Costs a hash and a look at the table for each label of the host, and
/// one comparison for each rule of a name that agrees; building it costs a sort. Takes about 100 bytes a rule.
///
/// ```
/// use belisha_filter::{Overlay, Rule};
/// # #[cfg(feature = "compile")] {
/// # use belisha_filter::{Compiler, List, Ruleset, Target};
/// # let mut compiler = Compiler::new(1);
/// # let list = compiler.list(List::new("ours", "any", 14));
/// # compiler.add(list, &Rule::domain("other.example")?);
/// # let rules = Ruleset::open(compiler.finish()?)?;
/// let overlay = Overlay::new([(Rule::domain("example.org")?, 'a'), (Rule::url_prefix("example.org/maps")?, 'b')]);
/// let target: Target = "https://www.example.org/maps/1".parse()?;
/// let values: Vec<char> = overlay.matching(&rules.classify(&target)).map(|matched| *matched.value).collect();
/// assert_eq!(values, ['a', 'b']);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Overlay<V> {
    /// Places of `names`, by hash; a power of two, at most half full.
    table: Vec<u32>,
    names: Vec<Named<V>>,
}

/// All rules of one name.
#[derive(Clone, Debug)]
struct Named<V> {
    name: String,
    rules: Vec<Ruled<V>>,
}

#[derive(Clone, Debug)]
struct Ruled<V> {
    about: About,
    value: V,
}

/// What of a name a rule is about.
#[derive(Clone, Debug)]
enum About {
    Below,
    Alone,
    Path(RulePath),
}

/// How much a rule takes in: the narrower it is, the more it says. Ordered from the broadest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// A name of so many labels, and all below it.
    Below(u8),
    /// A name alone.
    Alone,
    /// A name, and the paths that begin with so many segments.
    Path(u16),
}

/// A rule of an overlay that holds a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched<'a, V> {
    /// What it was given with.
    pub value: &'a V,
    /// How much it takes in.
    pub reach: Reach,
}

impl<V> Overlay<V> {
    /// Puts rules together. Several may be about the same name.
    pub fn new<'r>(rules: impl IntoIterator<Item = (Rule<'r>, V)>) -> Self {
        let mut by_name: BTreeMap<String, Vec<Ruled<V>>> = BTreeMap::new();
        for (rule, value) in rules {
            let name = rule.host_name().to_string();
            let about = match rule {
                Rule::Domain(_) => About::Below,
                Rule::Host(_) => About::Alone,
                Rule::UrlPrefix { path, .. } => About::Path(path),
            };
            by_name.entry(name).or_default().push(Ruled { about, value });
        }
        let names: Vec<Named<V>> = by_name.into_iter().map(|(name, rules)| Named { name, rules }).collect();
        let size = (names.len() * 2).next_power_of_two();
        let mut table = alloc::vec![EMPTY; size];
        for (at, named) in names.iter().enumerate() {
            let is_ip = named.name.parse::<core::net::IpAddr>().is_ok();
            let mut place = place(hash::host(SEED, &named.name, is_ip), size);
            while let Some(slot) = table.get_mut(place) {
                if *slot == EMPTY {
                    *slot = u32::try_from(at).unwrap_or(EMPTY);
                    break;
                }
                place = (place + 1) & (size - 1);
            }
        }
        Self { table, names }
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The rules that hold what was looked up: those of the host, the broadest names first, and, where the path is
    /// known, those of the path.
    pub fn matching<'a, B: AsRef<[u8]>>(
        &'a self,
        findings: &Findings<'a, B>,
    ) -> impl Iterator<Item = Matched<'a, V>> + use<'a, V, B> {
        let path = findings.path();
        self.of_host(findings.host()).flat_map(move |OfHost { named, labels, is_whole, takes_paths }| {
            named.rules.iter().filter_map(move |ruled| {
                let reach = match &ruled.about {
                    About::Below => Reach::Below(labels),
                    About::Alone if is_whole => Reach::Alone,
                    About::Path(prefix) if takes_paths => begins_with(path?, prefix)?,
                    About::Alone | About::Path(_) => return None,
                };
                Some(Matched { value: &ruled.value, reach })
            })
        })
    }

    /// The rules about paths of a host of which only the name is known. Whether they hold the request shows when its URL
    /// is known; nothing is here once it is.
    pub fn of_paths<'a, B: AsRef<[u8]>>(
        &'a self,
        findings: &Findings<'a, B>,
    ) -> impl Iterator<Item = &'a V> + use<'a, V, B> {
        let of_host = findings.path().is_none().then(|| self.of_host(findings.host())).into_iter().flatten();
        of_host.filter(|it| it.takes_paths).flat_map(|it| {
            let about_paths = it.named.rules.iter().filter(|ruled| matches!(ruled.about, About::Path(_)));
            about_paths.map(|ruled| &ruled.value)
        })
    }

    /// The names that the host is or is below of, the broadest first.
    fn of_host<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = OfHost<'a, V>> + use<'a, V> {
        let (name, is_ip) = (host.as_str(), host.is_ip());
        let bare = if is_ip { name } else { without_service_label(name) };
        let suffixes = (!self.names.is_empty()).then(|| hash::Suffixes::new(SEED, name, is_ip));
        let labelled = (1..=u8::MAX).zip(suffixes.into_iter().flatten());
        labelled.filter_map(move |(labels, (hash, begin))| {
            let suffix = name.get(begin..)?;
            let named = self.named(hash, suffix)?;
            Some(OfHost { named, labels, is_whole: begin == 0, takes_paths: suffix.len() == bare.len() })
        })
    }

    fn named(&self, hash: u64, name: &str) -> Option<&Named<V>> {
        let size = self.table.len();
        let mut place = place(hash, size);
        loop {
            let named = self.names.get(usize::try_from(*self.table.get(place)?).ok()?)?;
            if named.name == name {
                return Some(named);
            }
            place = (place + 1) & (size - 1);
        }
    }
}

/// A name that a host is, or is below of.
struct OfHost<'a, V> {
    named: &'a Named<V>,
    labels: u8,
    is_whole: bool,
    /// Whether rules about paths of the name are about this host.
    takes_paths: bool,
}

/// Where in a table of a size that is a power of two a hash belongs.
fn place(hash: u64, size: usize) -> usize {
    // The upper half is as long as a machine word can hold anywhere.
    let folded = usize::try_from(hash >> 32).unwrap_or_default();
    folded & (size - 1)
}

/// How many segments a path begins with, where it begins with these.
fn begins_with(path: &[u8], prefix: &RulePath) -> Option<Reach> {
    let prefix = prefix.as_bytes();
    if prefix.is_empty() {
        return Some(Reach::Path(0));
    }
    let rest = path.strip_prefix(prefix)?;
    let segments = prefix.split(|byte| *byte == b'/').count();
    (rest.is_empty() || rest.starts_with(b"/")).then(|| Reach::Path(u16::try_from(segments).unwrap_or(u16::MAX)))
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compile::Compiler;
    use crate::list::List;
    use crate::ruleset::Ruleset;
    use crate::target::Target;

    fn host() -> impl Strategy<Value = &'static str> {
        prop::sample::select(alloc::vec!["a.test", "b.a.test", "www.a.test", "c.b.a.test", "z.test", "10.1.2.3"])
    }

    fn line() -> impl Strategy<Value = String> {
        let path = prop::sample::select(alloc::vec!["", "p", "p/q", "pq", "r"]);
        prop_oneof![
            host().prop_map(str::to_string),
            host().prop_map(|host| alloc::format!("full:{host}")),
            (host(), path).prop_map(|(host, path)| alloc::format!("{host}/{path}")),
        ]
    }

    proptest! {
        /// An overlay finds exactly the rules that a ruleset with one list for each of them finds, by host and by URL;
        /// and of a path it speaks only where the URL is known.
        #[test]
        fn finds_what_a_ruleset_finds(
            lines in prop::collection::vec(line(), 1..12),
            host in host(),
            path in prop::sample::select(alloc::vec!["", "p", "p/q/r", "P/Q", "%70", "pq", "s"]),
        ) {
            let mut compiler = Compiler::new(9);
            for (at, line) in lines.iter().enumerate() {
                let id = compiler.list(List::new("test", &at.to_string(), 14));
                compiler.add(id, &Rule::from_normalised(line).unwrap());
            }
            let rules = Ruleset::open(compiler.finish().unwrap()).unwrap();
            let parsed = lines.iter().enumerate().map(|(at, line)| (Rule::from_normalised(line).unwrap(), at));
            let overlay = Overlay::new(parsed);
            let target: Target = alloc::format!("http://{host}/{path}").parse().unwrap();
            for findings in [rules.classify(&target), rules.classify_host(target.host())] {
                let mut expected: Vec<usize> = findings.lists().map(crate::list::ListId::index).collect();
                expected.sort_unstable();
                let mut found: Vec<usize> = overlay.matching(&findings).map(|matched| *matched.value).collect();
                found.sort_unstable();
                prop_assert_eq!(found, expected);
            }
            let by_host = rules.classify_host(target.host());
            prop_assert_eq!(overlay.of_paths(&by_host).count(), by_host.categories_of_paths().count());
            prop_assert_eq!(overlay.of_paths(&rules.classify(&target)).count(), 0);
        }
    }

    #[test]
    fn the_narrower_rule_reaches_less() {
        let order = [Reach::Below(1), Reach::Below(3), Reach::Alone, Reach::Path(0), Reach::Path(2)];
        assert!(order.is_sorted());
    }
}
