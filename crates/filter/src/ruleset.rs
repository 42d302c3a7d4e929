//! A compiled ruleset: a view over bytes, checked once, then asked.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::findings::{Findings, View};
use crate::hash;
use crate::host::{Host, without_service_label};
use crate::layout::{self, ExactKind, HEADER, MAGIC, SECTION_ENTRY, Section, u32_at, u64_at};
use crate::list::{CategoryId, List, ListId};
use crate::table::Table;
use crate::target::Target;

/// A compiled ruleset over bytes that someone else holds: a `Vec<u8>`, a slice, a memory map.
///
/// There is no empty ruleset: a compiler without rules gives none, and bytes without rules are refused.
///
/// Opening checks the header, the bounds and everything that a look-up relies on but the tables, in time that does not
/// grow with them; [`Ruleset::verify`] checks every byte and belongs after reading a file.
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
    seed: u64,
    rules: u64,
    path_segments: usize,
    sections: [(usize, usize); Section::ALL.len()],
    lists: Vec<ListSpan>,
    exact_sets: Vec<bool>,
}

#[derive(Clone, Copy)]
struct ListSpan {
    at: usize,
    len: usize,
    exact: bool,
    category: CategoryId,
}

/// Why bytes are not a ruleset that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesetError {
    /// Not a ruleset at all.
    #[error("the file is not a Belisha ruleset")]
    NotARuleset,
    /// Written by another version.
    #[error("the ruleset has format version {0}, and this program reads version {version}", version = layout::VERSION)]
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
}

impl<B: AsRef<[u8]>> Ruleset<B> {
    /// Opens bytes. Time: microseconds, whatever the size of the tables.
    pub fn open(bytes: B) -> Result<Self, RulesetError> {
        use RulesetError::{Damaged, Empty, Length, NotARuleset, Version};
        let all = bytes.as_ref();
        if all.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(NotARuleset);
        }
        let short = || Length { expected: HEADER as u64, found: all.len() as u64 };
        let word = |at| u64_at(all, at).ok_or_else(short);
        let version = u32_at(all, layout::header::VERSION).ok_or_else(short)?;
        if version != layout::VERSION {
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
            seed: word(layout::header::SEED)?,
            rules,
            path_segments: usize::try_from(word(layout::header::PATH_SEGMENTS)?).map_err(|_| Damaged("path length"))?,
            sections: sections(all).ok_or(Damaged("a section lies outside the file"))?,
            lists: Vec::new(),
            exact_sets: Vec::new(),
            bytes,
        };
        ruleset.lists = ruleset.read_lists().ok_or(Damaged("the lists do not agree"))?;
        ruleset.exact_sets = ruleset.read_sets().ok_or(Damaged("the sets do not agree"))?;
        ruleset.check_values().ok_or(Damaged("the values do not agree"))?;
        ruleset.check_exact().ok_or(Damaged("the exact strings do not agree"))?;
        for section in [Section::Hosts, Section::Paths] {
            Table::new(ruleset.section(section)).ok_or(Damaged("a table has no whole lines"))?;
        }
        Ok(ruleset)
    }

    /// Checks every byte against the checksum, and every slot. Reads the whole file once.
    pub fn verify(&self) -> Result<(), RulesetError> {
        let all = self.bytes.as_ref();
        let body = all.get(layout::header::CHECKSUM + 8..).unwrap_or_default();
        let head = all.get(..layout::header::CHECKSUM).unwrap_or_default();
        if u64_at(all, layout::header::CHECKSUM) != Some(checksum(head, body)) {
            return Err(RulesetError::Checksum);
        }
        let values = self.section(Section::Values).len() / VALUE;
        let sets = self.exact_sets.len();
        let in_range = |section, count| self.table(section).values().all(|value| usize::from(value) < count);
        if !in_range(Section::Hosts, values) || !in_range(Section::Paths, sets) {
            return Err(RulesetError::Damaged("a slot points nowhere"));
        }
        Ok(())
    }

    /// What the rules say of a URL. Allocates nothing.
    pub fn classify<'a>(&'a self, target: &'a Target) -> Findings<'a, B> {
        self.look_up(View::Url { host: target.host(), path: target.rule_path().as_bytes() })
    }

    /// What the rules say of a host of which no path is known yet, as at CONNECT. Allocates nothing.
    pub fn classify_host<'a>(&'a self, host: &'a Host) -> Findings<'a, B> {
        self.look_up(View::Host(host))
    }

    /// The lists, in the order of their ids.
    pub fn lists(&self) -> impl Iterator<Item = List> {
        (0..self.lists.len()).filter_map(|at| u16::try_from(at).ok()).filter_map(|id| self.list(ListId(id)))
    }

    /// What is known about a list.
    pub fn list(&self, id: ListId) -> Option<List> {
        let span = self.lists.get(usize::from(id.0))?;
        List::decode(self.section(Section::Lists).get(span.at..span.at + span.len)?)
    }

    /// The category of a list, without reading the rest of what is known about it.
    pub fn category(&self, id: ListId) -> Option<CategoryId> {
        self.lists.get(id.index()).map(|span| span.category)
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

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    fn section(&self, section: Section) -> &[u8] {
        let (at, len) = self.sections.get(section as usize - 1).copied().unwrap_or_default();
        self.bytes.as_ref().get(at..at + len).unwrap_or_default()
    }

    fn table(&self, section: Section) -> Table<'_> {
        Table::new(self.section(section)).unwrap_or(Table::EMPTY)
    }

    fn look_up<'a>(&'a self, view: View<'a>) -> Findings<'a, B> {
        let host = view.host();
        let dots = host.as_str().bytes().filter(|byte| *byte == b'.').count();
        // Nearly every host has at most eight labels; the long array is left for the others.
        if dots < 8 { self.walk::<8>(view) } else { self.walk::<{ hash::MAX_LABELS }>(view) }
    }

    fn walk<'a, const N: usize>(&'a self, view: View<'a>) -> Findings<'a, B> {
        let host = view.host();
        let mut hashes = [0_u64; N];
        let mut count = 0;
        hash::suffixes(self.seed, host.as_str(), host.is_ip(), |hash| {
            if let Some(slot) = hashes.get_mut(count) {
                *slot = hash;
                count += 1;
            }
        });
        let table = self.table(Section::Hosts);
        let mut value = Value::default();
        // The bare last label is no rule's name, unless it is all there is of an address.
        let names = hashes.get(..count).unwrap_or_default().iter().enumerate().skip(usize::from(count > 1));
        for (level, hash) in names.rev() {
            let found = table.get(*hash);
            if found != 0 {
                value = self.value(found);
                // A rule for a name alone says nothing of names below it.
                if level + 1 != count {
                    value.alone = 0;
                    value.paths = 0;
                }
                break;
            }
        }
        let stripped = if host.is_ip() { host.as_str() } else { without_service_label(host.as_str()) };
        let mut path_hash = count.checked_sub(1).and_then(|last| hashes.get(last)).copied();
        if stripped.len() != host.as_str().len() {
            path_hash = count.checked_sub(2).and_then(|last| hashes.get(last)).copied();
            value.paths = path_hash.map_or(0, |hash| self.value(table.get(hash)).paths);
        }
        let under_path = match (view, path_hash) {
            (View::Url { path, .. }, Some(hash)) if value.paths != 0 => self.path_set(hash, path),
            _ => 0,
        };
        Findings::new(self, view, value, under_path)
    }

    /// The set of the longest listed prefix of a path; it holds those of all shorter ones.
    fn path_set(&self, host_hash: u64, path: &[u8]) -> u32 {
        let table = self.table(Section::Paths);
        let mut state = hash::path_start(host_hash);
        let mut found = table.get(state);
        for segment in crate::path::segments(path).take(self.path_segments) {
            state = hash::path_step(state, segment);
            let here = table.get(state);
            if here != 0 {
                found = here;
            }
        }
        u32::from(found)
    }

    fn value(&self, index: u16) -> Value {
        let values = self.section(Section::Values);
        let at = usize::from(index) * VALUE;
        let word = |n: usize| u32_at(values, at + 4 * n).unwrap_or(0);
        if index == 0 { Value::default() } else { Value { below: word(0), alone: word(1), paths: word(2) } }
    }

    /// What one host and nothing else says: for finding out which entry of a list it was.
    pub(crate) fn value_of(&self, host_hash: u64) -> Value {
        self.value(self.table(Section::Hosts).get(host_hash))
    }

    /// The set of one path and nothing else.
    pub(crate) fn set_of_path(&self, path_hash: u64) -> u32 {
        u32::from(self.table(Section::Paths).get(path_hash))
    }

    pub(crate) fn path_segments(&self) -> usize {
        self.path_segments
    }

    /// The lists of a set, in order.
    pub(crate) fn set(&self, set: u32) -> impl Iterator<Item = ListId> + '_ {
        self.set_bytes(set).unwrap_or_default().as_chunks::<2>().0.iter().map(|id| ListId(u16::from_le_bytes(*id)))
    }

    fn set_bytes(&self, set: u32) -> Option<&[u8]> {
        let sets = self.section(Section::Sets);
        let count = u32_at(sets, 0)? as usize;
        let set = set as usize;
        let base = 4 + 4 * (count + 1);
        let offset = |n: usize| u32_at(sets, 4 + 4 * n).map(|offset| base + 2 * offset as usize);
        if set < count { sets.get(offset(set)?..offset(set + 1)?) } else { None }
    }

    /// Whether a set holds a list whose rules must be compared string by string.
    pub(crate) fn needs_exact(&self, set: u32) -> bool {
        self.exact_sets.get(set as usize).copied().unwrap_or(false)
    }

    pub(crate) fn is_exact(&self, list: ListId) -> bool {
        self.lists.get(usize::from(list.0)).is_some_and(|span| span.exact)
    }

    /// Whether a list holds this very string.
    pub(crate) fn holds_exactly(&self, list: ListId, kind: ExactKind, parts: &[&[u8]]) -> bool {
        let (mut low, mut high) = (0, self.exact_count().unwrap_or(0));
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(entry) = self.exact(middle) else { return false };
            match compare(entry, list, kind, parts) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return true,
            }
        }
        false
    }

    fn exact_count(&self) -> Option<usize> {
        u32_at(self.section(Section::Exact), 0).map(|count| count as usize)
    }

    fn exact(&self, index: usize) -> Option<&[u8]> {
        let section = self.section(Section::Exact);
        let base = 4 + 4 * (self.exact_count()? + 1);
        let offset = |n: usize| u32_at(section, 4 + 4 * n).map(|offset| base + offset as usize);
        section.get(offset(index)?..offset(index + 1)?)
    }

    fn read_lists(&self) -> Option<Vec<ListSpan>> {
        let section = self.section(Section::Lists);
        let count = u32_at(section, 0)?;
        let mut at = 4;
        let mut lists = Vec::new();
        for _ in 0..count {
            let len = u32_at(section, at)? as usize;
            let list = List::decode(section.get(at + 4..at + 4 + len)?)?;
            lists.push(ListSpan { at: at + 4, len, exact: list.is_exact(), category: list.category() });
            at += 4 + len;
        }
        (at == section.len()).then_some(lists)
    }

    fn read_sets(&self) -> Option<Vec<bool>> {
        let count = u32_at(self.section(Section::Sets), 0)?;
        let mut exact = Vec::new();
        for set in 0..count {
            self.set_bytes(set)?;
            if self.set(set).any(|list| usize::from(list.0) >= self.lists.len()) {
                return None;
            }
            exact.push(self.set(set).any(|list| self.is_exact(list)));
        }
        (count > 0).then_some(exact)
    }

    fn check_values(&self) -> Option<()> {
        let values = self.section(Section::Values);
        let in_range = |at| u32_at(values, at).is_some_and(|set| (set as usize) < self.exact_sets.len());
        (values.len().is_multiple_of(VALUE) && (0..values.len()).step_by(4).all(in_range)).then_some(())
    }

    fn check_exact(&self) -> Option<()> {
        (0..self.exact_count()?).try_for_each(|index| self.exact(index).map(drop))
    }
}

impl<B> core::fmt::Debug for Ruleset<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ruleset").field("lists", &self.lists.len()).field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Bytes of a value.
pub(crate) const VALUE: usize = 12;

/// What a slot of the host table means: three sets, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value {
    /// Lists that hold the name, or one above it, with everything below.
    pub(crate) below: u32,
    /// Lists that hold the name alone.
    pub(crate) alone: u32,
    /// Lists that hold paths of the name.
    pub(crate) paths: u32,
}

pub(crate) fn checksum(head: &[u8], body: &[u8]) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(head);
    hasher.update(body);
    hasher.digest()
}

fn sections(all: &[u8]) -> Option<[(usize, usize); Section::ALL.len()]> {
    let count = u32_at(all, layout::header::SECTIONS)? as usize;
    let mut found = [(usize::MAX, 0); Section::ALL.len()];
    for entry in 0..count.min(64) {
        let at = HEADER + entry * SECTION_ENTRY;
        let id = u32_at(all, at)?;
        let offset = usize::try_from(u64_at(all, at + 8)?).ok()?;
        let len = usize::try_from(u64_at(all, at + 16)?).ok()?;
        all.get(offset..offset.checked_add(len)?)?;
        // A section of a number that we do not know is for a reader that does.
        if let Some(slot) = (id as usize).checked_sub(1).and_then(|index| found.get_mut(index)) {
            *slot = (offset, len);
        }
    }
    found.iter().all(|(offset, _)| *offset != usize::MAX).then_some(found)
}

/// The order of the exact strings: list, kind, text.
fn compare(entry: &[u8], list: ListId, kind: ExactKind, parts: &[&[u8]]) -> Ordering {
    // The number goes first in big-endian order, so that the entries sort as bytes.
    let Some(found) = entry.first_chunk().map(|bytes| u16::from_be_bytes(*bytes)) else { return Ordering::Less };
    let head = found.cmp(&list.0).then(entry.get(2).copied().unwrap_or(0).cmp(&(kind as u8)));
    head.then_with(|| entry.get(3..).unwrap_or_default().iter().cmp(parts.iter().copied().flatten()))
}
