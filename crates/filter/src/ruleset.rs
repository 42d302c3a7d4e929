//! A compiled ruleset: a view over bytes, checked once, then asked.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use crate::adblock::Request;
use crate::engine::Way;
use crate::engine::find::{self, Filter, Finder, Found};
use crate::engine::keys::Keys;
use crate::engine::line::LINE;
use crate::few::Few;
use crate::findings::{About, BeyondNames, Entry, Findings};
use crate::hash;
use crate::host::{Host, without_service_label};
use crate::layout::{self, ExactKind, HEADER, Items, MAGIC, SECTION_ENTRY, Section, u32_at, u64_at};
use crate::list::{CategoryId, List, ListId};
use crate::locked::Locked;
use crate::patterns::{Held, NETWORK, Networks, PatternKind, Patterns};
use crate::target::{Authority, Target};
use crate::v1;

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
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a box would cost each look-up a step, and there are few rulesets")]
enum Version {
    /// As format version 1 says.
    First { seed: u64 },
    Second {
        keys: Keys,
        way: Way,
        /// What hashes are multiplied by for the tags of both tables.
        multiplier: u64,
    },
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
        let mut ruleset = Self {
            rules,
            path_segments: usize::try_from(word(layout::header::PATH_SEGMENTS)?).map_err(|_| Damaged("path length"))?,
            sections: sections(all, version).ok_or(Damaged("a section lies outside the file"))?,
            lists: Vec::new(),
            version: version_of(all, version).ok_or(Damaged("the tables are of no kind that there is"))?,
            beyond: None,
            bytes,
        };
        ruleset.beyond = ruleset.open_beyond().map_err(|NotOpened| RulesetError::Kind)?;
        ruleset.lists = ruleset.read_lists().ok_or(Damaged("the lists do not agree"))?;
        if ruleset.has_whole_tables() { Ok(ruleset) } else { Err(Damaged("a table has no whole lines")) }
    }

    /// Checks every byte against the checksum, and that this crate knows every kind of rule that there is. Reads the whole
    /// file once, at about the speed of memory, and some nanoseconds more for each pattern.
    pub fn verify(&self) -> Result<(), RulesetError> {
        let all = self.bytes.as_ref();
        let sum = match self.version {
            Version::First { .. } => checksum_v1(all),
            Version::Second { .. } => checksum(all),
        };
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
        let mut findings = self.look_up(target.host(), Some(target.rule_path().as_bytes()));
        if let Some(beyond) = &self.beyond {
            self.add_beyond(beyond, &mut findings, Some(target.port()), Some(request));
        }
        findings
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
        let mut findings = self.look_up(host, None);
        if let Some(beyond) = &self.beyond {
            self.add_beyond(beyond, &mut findings, port, None);
        }
        findings
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

    #[inline]
    fn look_up<'a>(&'a self, host: &'a Host, path: Option<&'a [u8]>) -> Findings<'a, B> {
        let found = match &self.version {
            Version::Second { keys, way, multiplier } => self.finder(keys, *multiplier).short(*way, host),
            Version::First { .. } => Found::NOT_SHORT,
        };
        // Made once and filled in its place: copies of what was only just written are slow.
        let mut findings = Findings::new(self, host, path);
        if !found.is_nothing() {
            self.gather(found, &mut findings);
        }
        findings
    }

    #[inline]
    fn finder<'a>(&'a self, keys: &'a Keys, multiplier: u64) -> Finder<'a> {
        Finder {
            keys,
            filter: Filter::new(self.section(Section::Filter)),
            hosts: find::Table::new(self.section(Section::Hosts), multiplier),
            file: self.bytes.as_ref(),
            values_at: self.sections.get(Section::Values as usize - 1).map_or(0, |range| range.start),
        }
    }

    /// Adds what is said of each suffix of a host that was found, and of the path.
    #[inline(never)]
    fn gather(&self, found: Found, findings: &mut Findings<'_, B>) {
        if found.is_short() {
            return self.add(findings, found);
        }
        let host = findings.host();
        let found = match &self.version {
            Version::First { seed } => v1::Table::new(self.section(Section::Hosts)).suffixes(*seed, host),
            Version::Second { keys, multiplier, .. } => {
                self.finder(keys, *multiplier).long(host.as_str().as_bytes(), host.is_ip())
            }
        };
        self.add(findings, found.iter().copied());
    }

    #[inline]
    fn add(&self, findings: &mut Findings<'_, B>, found: impl Iterator<Item = (u8, u16)>) {
        let host = findings.host();
        let (mut alone, mut paths) = (0, 0);
        for (length, value) in found {
            let value = self.value(value);
            findings.say(value.below, About::below(length));
            // A rule for a name alone says nothing of names below it.
            if usize::from(length) == host.as_str().len() {
                alone = value.alone;
            }
            if value.paths != 0 && usize::from(length) == bare(host).len() {
                paths = value.paths;
            }
        }
        findings.say(alone, About::ALONE);
        match findings.path() {
            None => findings.hold_paths(paths),
            Some(path) if paths != 0 => self.add_paths(findings, bare(host), path),
            Some(_) => {}
        }
    }

    /// Adds what is said of each prefix of a path that is listed.
    fn add_paths(&self, findings: &mut Findings<'_, B>, bare: &str, path: &[u8]) {
        let is_ip = findings.host().is_ip();
        let section = self.section(Section::Paths);
        let (first, second);
        let (host, get): (u64, &dyn Fn(u64) -> u16) = match &self.version {
            Version::First { seed } => {
                let table = v1::Table::new(section);
                first = move |hash| table.get(hash);
                (hash::host(*seed, bare, is_ip), &first)
            }
            Version::Second { keys, multiplier, .. } => {
                let table = find::Table::new(section, *multiplier);
                second = move |hash| table.get(hash);
                (keys.whole(bare.as_bytes()), &second)
            }
        };
        let mut state = hash::path_start(host);
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
            if let Version::Second { keys, .. } = &self.version {
                patterns.of_page(all, &asked, |name| keys.whole(name), &mut take);
            }
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
        let Version::Second { keys, multiplier, way } = &self.version else { return keeping };
        let finder = self.finder(keys, *multiplier);
        // As a rule no name is listed, which the short way says soonest.
        if finder.short(*way, host).is_nothing() {
            return keeping;
        }
        let name = host.as_str().as_bytes();
        for (length, value) in finder.long(name, host.is_ip()).iter() {
            let at = usize::from(*value) * find::VALUE + find::FLAGS;
            let flags = u32_at(self.section(Section::Values), at).unwrap_or(0);
            if flags & find::KEEPS_PATTERNS != 0 {
                let start = name.len().saturating_sub(usize::from(*length));
                keeping.push(keys.whole(name.get(start..).unwrap_or_default()));
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

    fn value(&self, index: u16) -> Value {
        let size = match self.version {
            Version::First { .. } => v1::VALUE,
            Version::Second { .. } => find::VALUE,
        };
        let values = self.section(Section::Values);
        let at = usize::from(index) * size;
        let word = |n: usize| u32_at(values, at + 4 * n).unwrap_or(0);
        Value { below: word(0), alone: word(1), paths: word(2), keeps_patterns: false }
    }

    /// The lists of a set, in order.
    pub(crate) fn set(&self, set: u32) -> impl Iterator<Item = ListId> + '_ {
        self.set_bytes(set).unwrap_or_default().as_chunks::<2>().0.iter().map(|id| ListId(u16::from_le_bytes(*id)))
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

    fn has_whole_tables(&self) -> bool {
        [Section::Hosts, Section::Paths].into_iter().all(|section| self.section(section).len().is_multiple_of(LINE))
    }
}

impl<B> core::fmt::Debug for Ruleset<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ruleset").field("lists", &self.lists.len()).field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Rules that could not be made ready.
struct NotOpened;

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
fn bare(host: &Host) -> &str {
    if host.is_ip() { host.as_str() } else { without_service_label(host.as_str()) }
}

/// XXH3-64 of everything but the checksum itself: of the header, which is the seed for what follows it.
pub(crate) fn checksum(all: &[u8]) -> Option<u64> {
    let mut header = *all.first_chunk::<HEADER>()?;
    header.get_mut(layout::header::CHECKSUM..layout::header::CHECKSUM + 8)?.fill(0);
    let seed = xxhash_rust::xxh3::xxh3_64(&header);
    Some(xxhash_rust::xxh3::xxh3_64_with_seed(all.get(HEADER..)?, seed))
}

/// The same in format version 1.
fn checksum_v1(all: &[u8]) -> Option<u64> {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(all.get(..layout::header::CHECKSUM)?);
    hasher.update(all.get(layout::header::CHECKSUM + 8..)?);
    Some(hasher.digest())
}

/// What the header says of the tables; `None` where it is cut short or says what cannot be.
fn version_of(all: &[u8], version: u32) -> Option<Version> {
    let seed = u64_at(all, layout::header::SEED)?;
    if version == layout::OLDEST {
        return Some(Version::First { seed });
    }
    let multiplier = u64_at(all, layout::header::MULTIPLIER).filter(|multiplier| multiplier % 2 == 1)?;
    Some(Version::Second { keys: Keys::new(seed), way: Way::all().next()?, multiplier })
}

fn sections(all: &[u8], version: u32) -> Option<[Range<usize>; Section::ALL.len()]> {
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
    for section in Section::ALL.into_iter().filter(|section| section.is_optional(version)) {
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
