//! A compiled ruleset: a view over bytes, checked once, then asked.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use crate::adblock::Request;
use crate::engine::Way;
use crate::engine::filter::{CROWDS, Filter};
use crate::engine::find::{Found, Hosts};
use crate::engine::keys::Keys;
use crate::engine::lines::Lines;
use crate::engine::many::Many;
use crate::engine::table::Table;
use crate::few::Few;
use crate::findings::{About, BeyondNames, Entry, Findings};
use crate::hash;
use crate::host::{Host, without_service_label};
use crate::layout::{self, ExactKind, HEADER, Items, MAGIC, SECTION_ENTRY, Section, u32_at, u64_at};
use crate::list::{CategoryId, List, ListId};
use crate::locked::Locked;
use crate::patterns::{Held, NETWORK, Networks, PatternKind, Patterns};
use crate::target::{Authority, Target};
use crate::v2;

/// A compiled ruleset over bytes that someone else holds: a `Vec<u8>`, a slice, a memory map.
///
/// There is no empty ruleset: a compiler without rules gives none, and bytes without rules are refused.
///
/// Opening checks the header and the bounds and reads what is known about the lists, in time that does not grow with
/// the number of rules; [`Ruleset::verify`] checks every byte and belongs after reading a file. Look-ups are quickest
/// where the bytes start at a multiple of 64 in memory, as [`AlignedBytes`](crate::AlignedBytes) do.
///
/// ```
/// # #[cfg(feature = "compile")] {
/// use belisha_filter::{Compiler, List, Rule, Ruleset, Target};
///
/// let mut compiler = Compiler::new(42);
/// let games = compiler.list(List::new("example", "games", 31));
/// compiler.add(games, &Rule::domain("play.example")?);
/// let rules = Ruleset::open(compiler.finish()?)?;
///
/// let target: Target = "http://www.play.example/chess".parse()?;
/// let findings = rules.classify(&target);
/// let hit = findings.hits().next().unwrap();
/// assert_eq!((hit.list().name(), hit.entry().to_string().as_str()), ("games", "play.example"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Ruleset<B> {
    bytes: B,
    rules: u64,
    path_segments: usize,
    sections: [Range<usize>; Section::ALL.len()],
    lists: Vec<List>,
    hosts: Hosts,
    paths: Table,
    version: Version,
    beyond: Option<Box<Beyond>>,
}

/// Rules that are not about one name. Few rulesets have any.
#[derive(Clone)]
struct Beyond {
    patterns: Option<Patterns>,
    locked: Option<Locked>,
}

/// How the tables are laid out.
#[derive(Clone, Copy)]
enum Version {
    /// As format version 2 says.
    Second,
    Third(Way),
}

impl Version {
    fn of(number: u32) -> Self {
        match Way::all().next() {
            Some(way) if number == layout::VERSION => Self::Third(way),
            _ => Self::Second,
        }
    }
}

/// Why bytes are not a ruleset that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesetError {
    /// Not a ruleset at all.
    #[error("the file is not a Belisha ruleset")]
    NotARuleset,
    /// Written by another version.
    #[error(
        "the ruleset has format version {0}, and this program reads versions {oldest} to {newest}",
        oldest = layout::OLDEST,
        newest = layout::VERSION
    )]
    Version(u32),
    /// Cut short, or with something behind its end.
    #[error("the ruleset has {found} bytes, and its header says {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A section that is missing, out of bounds or in contradiction with another.
    #[error("the ruleset is damaged: {0}")]
    Damaged(&'static str),
    /// Some bytes are not those that were written.
    #[error("the ruleset is damaged: its checksum does not agree")]
    Checksum,
    /// No rule in it.
    #[error("the ruleset holds no rules")]
    Empty,
    /// Regular expressions or locked rules, and the crate was built without the feature `regex` or `locked`.
    #[error("the ruleset holds rules of a kind that this program was built without, or they are damaged")]
    Kind,
}

impl<B: AsRef<[u8]>> Ruleset<B> {
    /// Opens bytes. Time: microseconds, whatever the size of the tables, and a nanosecond for each expression.
    pub fn open(bytes: B) -> Result<Self, RulesetError> {
        use RulesetError::{Damaged, Empty, Length, NotARuleset, Version};
        let all = bytes.as_ref();
        if all.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(NotARuleset);
        }
        let short = || Length { expected: HEADER as u64, found: all.len() as u64 };
        let word = |at| u64_at(all, at).ok_or_else(short);
        let version = u32_at(all, layout::header::VERSION).ok_or_else(short)?;
        if !(layout::OLDEST..=layout::VERSION).contains(&version) {
            return Err(Version(version));
        }
        let expected = word(layout::header::LENGTH)?;
        if expected != all.len() as u64 {
            return Err(Length { expected, found: all.len() as u64 });
        }
        let rules = word(layout::header::RULES)?;
        if rules == 0 {
            return Err(Empty);
        }
        let sections = sections(all).ok_or(Damaged("a section lies outside the file"))?;
        let (hosts, paths) = tables(all, version, &sections).ok_or(Damaged("the tables do not agree"))?;
        let mut ruleset = Self {
            rules,
            path_segments: usize::try_from(word(layout::header::PATH_SEGMENTS)?).map_err(|_| Damaged("path length"))?,
            lists: Vec::new(),
            hosts,
            paths,
            version: self::Version::of(version),
            beyond: None,
            sections,
            bytes,
        };
        ruleset.beyond = ruleset.open_beyond().map_err(|NotOpened| RulesetError::Kind)?;
        ruleset.lists = ruleset.read_lists().ok_or(Damaged("the lists do not agree"))?;
        Ok(ruleset)
    }

    /// Checks every byte against the checksum, and that this crate knows every kind of rule that there is. Reads the whole
    /// file once, at about the speed of memory, and some nanoseconds more for each pattern.
    pub fn verify(&self) -> Result<(), RulesetError> {
        let all = self.bytes.as_ref();
        let sum = checksum(all);
        if sum.is_none() || u64_at(all, layout::header::CHECKSUM) != sum {
            return Err(RulesetError::Checksum);
        }
        let patterns = self.beyond.as_ref().and_then(|beyond| beyond.patterns.as_ref());
        if patterns.is_some_and(|patterns| !patterns.are_sound(all)) {
            return Err(RulesetError::Kind);
        }
        Ok(())
    }

    /// What the rules say of a URL. Allocates nothing, unless rules name more than four parts of it.
    pub fn classify<'a>(&'a self, target: &'a Target) -> Findings<'a, B> {
        self.classify_request(&Request::new(target))
    }

    /// What the rules say of a request of which more is known than its URL: rules of ad blockers ask whose page asks for
    /// it, and what for. A list holds a request that one of its `important` rules holds, or any other of its rules and
    /// none of its exceptions.
    pub fn classify_request<'a>(&'a self, request: &Request<'a>) -> Findings<'a, B> {
        let target = request.target();
        let (host, path) = (target.host(), Some(target.rule_path().as_bytes()));
        let found = self.look_up(host);
        if found.is_nothing() && self.beyond.is_none() {
            return Findings::new(self, host, path, found);
        }
        self.findings(found, host, path, Some(target.port()), Some(request))
    }

    /// What the rules say of a host of which no path is known yet, as at CONNECT. Allocates nothing, unless rules
    /// name more than four names that the host is below of.
    ///
    /// Rules about a port hold nothing here; [`Ruleset::classify_authority`] knows it.
    pub fn classify_host<'a>(&'a self, host: &'a Host) -> Findings<'a, B> {
        self.classify_host_at(host, None)
    }

    /// What the rules say of the target of a CONNECT.
    pub fn classify_authority<'a>(&'a self, authority: &'a Authority) -> Findings<'a, B> {
        self.classify_host_at(authority.host(), Some(authority.port()))
    }

    /// What the rules say of a host, and of the port where that is known.
    #[inline]
    pub fn classify_host_at<'a>(&'a self, host: &'a Host, port: Option<u16>) -> Findings<'a, B> {
        self.findings_of_host(self.look_up(host), host, port)
    }

    /// Whether every rule is about one name, and its paths.
    pub(crate) fn is_about_names(&self) -> bool {
        self.beyond.is_none()
    }

    /// What is said of a host of which this was found.
    #[inline]
    pub(crate) fn findings_of_host<'a>(&'a self, found: Found, host: &'a Host, port: Option<u16>) -> Findings<'a, B> {
        if found.is_short() && self.beyond.is_none() {
            return Findings::new(self, host, None, found);
        }
        self.findings(found, host, None, port, None)
    }

    /// The lists, in the order of their ids.
    pub fn lists(&self) -> impl Iterator<Item = &List> {
        self.lists.iter()
    }

    /// What is known about a list.
    pub fn list(&self, id: ListId) -> Option<&List> {
        self.lists.get(id.index())
    }

    /// The category of a list.
    pub fn category(&self, id: ListId) -> Option<CategoryId> {
        self.list(id).map(List::category)
    }

    /// How many rules went into it, doubles left out.
    pub fn rule_count(&self) -> u64 {
        self.rules
    }

    /// A number that tells two rulesets apart: the checksum in the header.
    pub fn fingerprint(&self) -> u64 {
        u64_at(self.bytes.as_ref(), layout::header::CHECKSUM).unwrap_or_default()
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// The names that a host is, or is below of, and that something is said of.
    #[inline]
    fn look_up(&self, host: &Host) -> Found {
        match self.version {
            Version::Third(way) => self.hosts.short(self.bytes.as_ref(), way, host),
            Version::Second => Found::NOT_SHORT,
        }
    }

    /// One step for each of many hosts that are under way.
    pub(crate) fn look_up_many<'a>(&'a self, many: &mut Many<'a>) {
        match self.version {
            Version::Third(way) => way.many(&self.hosts, self.bytes.as_ref(), many),
            Version::Second => many.find_nothing(),
        }
    }

    /// What is said of the names that were found, of the path, and by rules that are not about one name.
    ///
    /// Not for the host of a look-up that is nothing but that: what is written here is copied, and a copy of what was only
    /// just written waits for all that was begun before.
    #[inline(never)]
    fn findings<'a>(
        &'a self,
        found: Found,
        host: &'a Host,
        path: Option<&'a [u8]>,
        port: Option<u16>,
        request: Option<&Request<'_>>,
    ) -> Findings<'a, B> {
        let is_short = found.is_short();
        let mut findings = Findings::new(self, host, path, if is_short { found } else { Found::NOTHING });
        if !is_short {
            self.names(host).iter().for_each(|(length, value)| findings.say_name(*length, *value));
        }
        self.add_paths(&mut findings);
        if let Some(beyond) = &self.beyond {
            self.add_beyond(beyond, &mut findings, port, request);
        }
        findings
    }

    /// The hash of a whole name.
    fn hash_of(&self, name: &[u8]) -> u64 {
        match self.version {
            Version::Third(_) => self.hosts.keys.whole(name),
            Version::Second => v2::whole(&self.hosts.keys, name),
        }
    }

    /// The lengths and values of the names that a host is, or is below of, the shortest first.
    fn names(&self, host: &Host) -> Few<(u8, u16), 8> {
        match self.version {
            Version::Third(_) => self.hosts.long(self.bytes.as_ref(), host.as_str().as_bytes(), host.is_ip()),
            Version::Second => {
                let table = v2::Table::new(self.section(Section::Hosts), self.hosts.table.multiplier);
                table.names(&self.hosts.keys, host, self.section(Section::Values))
            }
        }
    }

    /// The value of a number, without whether patterns are kept by the name.
    #[inline]
    pub(crate) fn value(&self, number: u16) -> Value {
        let words = self.section(Section::Values).as_chunks::<VALUE>().0.get(usize::from(number));
        let word = |at: usize| words.and_then(|words| u32_at(words, 4 * at)).unwrap_or(0);
        Value { below: word(0), alone: word(1), paths: word(2), keeps_patterns: false }
    }

    /// Adds what is said of each prefix of the path that is listed.
    fn add_paths(&self, findings: &mut Findings<'_, B>) {
        let Some(path) = findings.path().filter(|_| findings.paths_of_names() != 0) else { return };
        let bare = bare(findings.host());
        let get = |hash| match self.version {
            Version::Third(_) => self.paths.get(self.bytes.as_ref(), hash),
            Version::Second => v2::Table::new(self.section(Section::Paths), self.paths.multiplier).get(hash),
        };
        let mut state = hash::path_start(self.hash_of(bare.as_bytes()));
        findings.say(u32::from(get(state)), About::path(0));
        let mut end = 0_u32;
        for segment in crate::path::segments(path).take(self.path_segments) {
            state = hash::path_step(state, segment);
            end = end.saturating_add(u32::try_from(segment.len()).unwrap_or(u32::MAX));
            findings.say(u32::from(get(state)), About::path(end));
            end = end.saturating_add(1);
        }
    }

    fn open_beyond(&self) -> Result<Option<Box<Beyond>>, NotOpened> {
        let range = |section: Section| self.sections.get(section as usize - 1).cloned().unwrap_or_default();
        let all = self.bytes.as_ref();
        let patterns =
            [Section::Patterns, Section::Grams, Section::Bound, Section::AdblockGrams, Section::AdblockPages]
                .map(range);
        let [networks, locked] = [Section::Networks, Section::Locked].map(range);
        if patterns.iter().chain([&networks, &locked]).all(Range::is_empty) {
            return Ok(None);
        }
        if !networks.len().is_multiple_of(NETWORK) {
            return Err(NotOpened);
        }
        let has_patterns = patterns.iter().any(|range| !range.is_empty());
        let patterns = has_patterns.then(|| Patterns::open(all, patterns).ok_or(NotOpened));
        let locked = (!locked.is_empty()).then(|| Locked::open(all, locked).ok_or(NotOpened));
        Ok(Some(Box::new(Beyond { patterns: patterns.transpose()?, locked: locked.transpose()? })))
    }

    /// Adds what rules say that are not about one name: a target's where its path is known.
    #[inline(never)]
    fn add_beyond(
        &self,
        beyond: &Beyond,
        findings: &mut Findings<'_, B>,
        port: Option<u16>,
        request: Option<&Request<'_>>,
    ) {
        let (all, host) = (self.bytes.as_ref(), findings.host());
        if let Some(address) = host.ip() {
            let networks = Networks::new(self.section(Section::Networks));
            networks.holding(address, |number, set| findings.say(set, About::network(number)));
        }
        if let Some(patterns) = &beyond.patterns {
            let asked = patterns.asked(host, port, request);
            let mut take = |held: Held| {
                if held.is_exception {
                    findings.except(held.set);
                } else {
                    findings.say_once(held.set, About::pattern(held.number));
                }
            };
            for hash in self.keeping(host).iter() {
                patterns.of_name(all, *hash, &asked, &mut take);
            }
            patterns.of_page(all, &asked, |name| self.hash_of(name), &mut take);
            patterns.anywhere(all, &asked, take);
        }
        if let Some(locked) = &beyond.locked {
            let path = findings.path();
            let of_paths =
                locked.holding(all, host, bare(host), path, |number, set| findings.say(set, About::locked(number)));
            findings.hold_locked_paths(of_paths);
        }
    }

    /// The hashes of the names that a host is below of, or is, and that patterns are kept by.
    fn keeping(&self, host: &Host) -> Few<u64, 4> {
        let mut keeping = Few::new();
        // As a rule no name is listed, which the short way says soonest.
        if let Version::Third(way) = self.version
            && self.hosts.short(self.bytes.as_ref(), way, host).is_nothing()
        {
            return keeping;
        }
        let name = host.as_str().as_bytes();
        for (length, value) in self.names(host).iter() {
            let flags = u32_at(self.section(Section::Values), usize::from(*value) * VALUE + FLAGS).unwrap_or(0);
            if flags & KEEPS_PATTERNS != 0 {
                let start = name.len().saturating_sub(usize::from(*length));
                keeping.push(self.hash_of(name.get(start..).unwrap_or_default()));
            }
        }
        keeping
    }

    /// The rule of a number that is not about the target's own text.
    pub(crate) fn entry_beyond_names(&self, number: BeyondNames) -> Option<Entry<'_>> {
        let (all, beyond) = (self.bytes.as_ref(), self.beyond.as_ref()?);
        Some(match number {
            BeyondNames::Network(number) => Entry::Network(Networks::new(self.section(Section::Networks)).get(number)?),
            BeyondNames::Locked(number) => Entry::Locked(beyond.locked.as_ref()?.get(all, number)?),
            BeyondNames::Pattern(number) => {
                let kept = beyond.patterns.as_ref()?.get(all, number)?;
                let text = core::str::from_utf8(kept.text).ok()?;
                match kept.kind {
                    PatternKind::Text => Entry::Text(text),
                    PatternKind::Regex => Entry::Regex(text),
                    PatternKind::Wildcard => Entry::Wildcard(text),
                    PatternKind::Port => Entry::Port(text, kept.port),
                    PatternKind::Adblock => Entry::Adblock(text),
                }
            }
        })
    }

    /// Whether exceptions of its list take back what a rule says: not what is important, and nothing that is locked.
    pub(crate) fn yields_to_exceptions(&self, number: BeyondNames) -> bool {
        match number {
            BeyondNames::Locked(_) => false,
            BeyondNames::Network(_) => true,
            BeyondNames::Pattern(number) => {
                let patterns = self.beyond.as_ref().and_then(|beyond| beyond.patterns.as_ref());
                let kept = patterns.and_then(|patterns| patterns.get(self.bytes.as_ref(), number));
                kept.and_then(|kept| kept.adblock).is_none_or(|rule| !rule.is_important())
            }
        }
    }

    /// The lists of a set, in order.
    pub(crate) fn set(&self, set: u32) -> SetLists<'_> {
        SetLists(self.set_bytes(set).unwrap_or_default().as_chunks().0.iter())
    }

    fn set_bytes(&self, set: u32) -> Option<&[u8]> {
        let sets = self.section(Section::Sets);
        let count = u32_at(sets, 0)? as usize;
        let set = set as usize;
        let base = count.checked_add(2)?.checked_mul(4)?;
        let offset = |n: usize| base.checked_add(2 * u32_at(sets, 4 + 4 * n)? as usize);
        if set < count { sets.get(offset(set)?..offset(set + 1)?) } else { None }
    }

    pub(crate) fn is_exact(&self, list: ListId) -> bool {
        self.list(list).is_some_and(List::is_exact)
    }

    fn section(&self, section: Section) -> &[u8] {
        let range = self.sections.get(section as usize - 1).cloned().unwrap_or_default();
        self.bytes.as_ref().get(range).unwrap_or_default()
    }

    /// Whether a list holds this very string.
    pub(crate) fn holds_exactly(&self, list: ListId, kind: ExactKind, parts: &[&[u8]]) -> bool {
        let (mut low, mut high) = (0, Items::new(self.section(Section::Exact)).map_or(0, Items::len));
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(entry) = Items::new(self.section(Section::Exact)).and_then(|items| items.get(middle)) else {
                return false;
            };
            match compare(entry, list, kind, parts) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return true,
            }
        }
        false
    }

    fn read_lists(&self) -> Option<Vec<List>> {
        let section = self.section(Section::Lists);
        let count = u32_at(section, 0)?;
        let mut at = 4;
        let mut lists = Vec::new();
        for _ in 0..count {
            let len = u32_at(section, at)? as usize;
            lists.push(List::decode(section.get(at + 4..at + 4 + len)?)?);
            at += 4 + len;
        }
        (at == section.len()).then_some(lists)
    }
}

impl<B> core::fmt::Debug for Ruleset<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ruleset").field("lists", &self.lists.len()).field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The lists of a set, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetLists<'a>(core::slice::Iter<'a, [u8; 2]>);

impl Iterator for SetLists<'_> {
    type Item = ListId;

    #[inline]
    fn next(&mut self) -> Option<ListId> {
        let Self(numbers) = self;
        numbers.next().map(|number| ListId(u16::from_le_bytes(*number)))
    }
}

/// Rules that could not be made ready.
struct NotOpened;

/// Bytes of a value.
pub(crate) const VALUE: usize = 16;
/// Where in a value its flags stand.
pub(crate) const FLAGS: usize = 12;
/// The flag of a value: patterns are kept by the name.
pub(crate) const KEEPS_PATTERNS: u32 = 2;

/// What an entry of the host table means: three sets, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Value {
    /// Lists that hold the name with everything below.
    pub(crate) below: u32,
    /// Lists that hold the name alone.
    pub(crate) alone: u32,
    /// Lists that hold paths of the name.
    pub(crate) paths: u32,
    /// Whether patterns are kept by the name. Not read with the sets: few look-ups ask for it.
    pub(crate) keeps_patterns: bool,
}

/// The name without a service label, of which rules about paths speak.
pub(crate) fn bare(host: &Host) -> &str {
    if host.is_ip() { host.as_str() } else { without_service_label(host.as_str()) }
}

/// XXH3-64 of everything but the checksum itself: of the header, which is the seed for what follows it.
pub(crate) fn checksum(all: &[u8]) -> Option<u64> {
    let mut header = *all.first_chunk::<HEADER>()?;
    header.get_mut(layout::header::CHECKSUM..layout::header::CHECKSUM + 8)?.fill(0);
    let seed = xxhash_rust::xxh3::xxh3_64(&header);
    Some(xxhash_rust::xxh3::xxh3_64_with_seed(all.get(HEADER..)?, seed))
}

/// The tables of hosts, and that of paths; `None` where they have no whole lines, or the filter does not agree with what is
/// said beside its lines.
fn tables(all: &[u8], version: u32, sections: &[Range<usize>; Section::ALL.len()]) -> Option<(Hosts, Table)> {
    let range = |section: Section| sections.get(section as usize - 1);
    let multiplier = u64_at(all, layout::header::MULTIPLIER).filter(|multiplier| multiplier % 2 == 1)?;
    let table = |section| Some(Table { lines: Lines::new(range(section)?)?, multiplier });
    let filter = if version == layout::VERSION {
        let (lines, crowds) = (Lines::new(range(Section::Filter)?)?, range(Section::Crowds)?);
        let agrees = crowds.len() == lines.count * CROWDS && crowds.start.is_multiple_of(CROWDS);
        agrees.then_some(Filter { lines, crowds: crowds.start / CROWDS })?
    } else {
        Filter::default()
    };
    let keys = Keys::new(u64_at(all, layout::header::SEED)?);
    Some((Hosts { keys, filter, table: table(Section::Hosts)? }, table(Section::Paths)?))
}

fn sections(all: &[u8]) -> Option<[Range<usize>; Section::ALL.len()]> {
    let count = u32_at(all, layout::header::SECTIONS)? as usize;
    let mut found = [const { None }; Section::ALL.len()];
    for entry in 0..count.min(64) {
        let at = HEADER + entry * SECTION_ENTRY;
        let id = u32_at(all, at)?;
        let start = usize::try_from(u64_at(all, at + 8)?).ok()?;
        let end = start.checked_add(usize::try_from(u64_at(all, at + 16)?).ok()?)?;
        all.get(start..end)?;
        // A section of a number that we do not know is for a reader that does.
        if let Some(slot) = (id as usize).checked_sub(1).and_then(|index| found.get_mut(index)) {
            *slot = Some(start..end);
        }
    }
    for section in Section::ALL.into_iter().filter(|section| section.is_optional()) {
        found.get_mut(section as usize - 1)?.get_or_insert(0..0);
    }
    found.iter().all(Option::is_some).then(|| found.map(Option::unwrap_or_default))
}

/// The order of the exact strings: list, kind, text.
fn compare(entry: &[u8], list: ListId, kind: ExactKind, parts: &[&[u8]]) -> Ordering {
    // The number goes first in big-endian order, so that the entries sort as bytes.
    let Some(found) = entry.first_chunk().map(|bytes| u16::from_be_bytes(*bytes)) else { return Ordering::Less };
    let head = found.cmp(&list.0).then(entry.get(2).copied().unwrap_or(0).cmp(&(kind as u8)));
    head.then_with(|| entry.get(3..).unwrap_or_default().iter().cmp(parts.iter().copied().flatten()))
}
