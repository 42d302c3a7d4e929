//! Rules that are not about one name, indexed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::CompileError;
use super::bytes::with_offsets;
use super::grams::{Index, Placed, Shares, anywhere, commonness, grams, grams_of_regex, rarest};
use super::sets::{FinalSets, Sets};
use crate::adblock::Anatomy;
use crate::engine::keys::Keys;
use crate::layout::Section;
use crate::list::List;
use crate::pattern::Pattern;
use crate::patterns::{ANYWHERE, PatternKind, name_above, network_key, page_key};

/// Patterns that every URL is held against; each costs it some hundred nanoseconds.
const MOST_UNINDEXED: usize = 500;

/// Patterns as they are gathered: each with its list.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered(BTreeSet<(Pattern<'static>, u16)>);

impl Gathered {
    pub(super) fn add(&mut self, pattern: Pattern<'static>, list: u16) {
        self.0.insert((pattern, list));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sections, those that are empty left out. Rules are counted in their lists.
    pub(super) fn sections(
        self,
        keys: &Keys,
        lists: &mut [List],
        sets: &mut Sets,
        final_sets: &mut FinalSets,
    ) -> Result<Vec<(Section, Vec<u8>)>, CompileError> {
        let mut by_pattern: BTreeMap<Pattern<'static>, u32> = BTreeMap::new();
        for (pattern, list) in self.0 {
            if let Some(list) = lists.get_mut(usize::from(list)) {
                list.count_one();
            }
            let set = by_pattern.entry(pattern).or_insert(0);
            *set = sets.with(*set, list);
        }
        let mut made = Made::default();
        // Expressions come first, so that a reader finds them without looking at all the rest.
        let (expressions, others): (Vec<_>, Vec<_>) =
            by_pattern.into_iter().partition(|(pattern, _)| has_expression(pattern));
        for (pattern, set) in expressions.into_iter().chain(others) {
            made.put(&pattern, final_sets.number(set), keys);
        }
        made.sections()
    }
}

fn has_expression(pattern: &Pattern<'_>) -> bool {
    match pattern {
        Pattern::Regex(_) => true,
        Pattern::Adblock(rule) => rule.anatomy().is_some_and(|anatomy| anatomy.expression().is_some()),
        _ => false,
    }
}

/// The name that a pattern is kept by, or may be.
pub(super) fn kept_by<'p>(pattern: &'p Pattern<'_>) -> Option<&'p str> {
    match pattern {
        Pattern::Wildcard(form) => name_above(form),
        Pattern::Port(name, _) => name.as_deref(),
        Pattern::Adblock(rule) => rule.anatomy()?.whole_name(),
        _ => None,
    }
}

#[derive(Default)]
struct Made {
    items: Vec<Vec<u8>>,
    index: Index,
    /// Rules of ad blockers, which look at another text, and may be found in more than one way.
    adblock: Adblock,
    bound: Vec<(u64, u32)>,
    networks: Vec<u8>,
    ranges: BTreeMap<[u8; 20], u32>,
}

impl Made {
    fn put(&mut self, pattern: &Pattern<'_>, set: u32, keys: &Keys) {
        let number = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let mut item = set.to_le_bytes().to_vec();
        let mut item_of = |kind: PatternKind, port: Option<u16>, text: &[u8]| {
            item.push(kind as u8);
            item.extend(port.into_iter().flat_map(u16::to_le_bytes));
            item.extend(text);
        };
        let found_by = match pattern {
            Pattern::Network(network) => {
                self.ranges.insert(network_key(*network), set);
                return;
            }
            Pattern::Text(text) => {
                item_of(PatternKind::Text, None, text.as_bytes());
                rarest(text.as_bytes()).map(|(at, gram)| vec![(gram, u32::try_from(at).unwrap_or(ANYWHERE))])
            }
            Pattern::Regex(text) => {
                item_of(PatternKind::Regex, None, text.as_bytes());
                grams_of_regex(text).map(anywhere)
            }
            Pattern::Port(name, port) => {
                item_of(PatternKind::Port, Some(*port), name.as_deref().unwrap_or_default().as_bytes());
                None
            }
            Pattern::Adblock(rule) => {
                let Some(anatomy) = rule.anatomy() else { return };
                item_of(PatternKind::Adblock, None, &anatomy.encode());
                self.items.push(item);
                return self.adblock.put(number, &anatomy, keys);
            }
            Pattern::Wildcard(form) => {
                item_of(PatternKind::Wildcard, None, form.as_bytes());
                let longest = form.split('*').filter_map(|part| rarest(part.as_bytes()));
                let rarest = longest.map(|(_, gram)| gram).min_by_key(|gram| commonness(*gram));
                rarest.map(|gram| anywhere(vec![gram]))
            }
        };
        self.items.push(item);
        match kept_by(pattern).map(|name| keys.whole(name.as_bytes())) {
            Some(name) => self.bound.push((name, number)),
            None => self.index.put(number, found_by),
        }
    }

    fn sections(mut self) -> Result<Vec<(Section, Vec<u8>)>, CompileError> {
        let has_adblock = !self.adblock.is_empty();
        let [adblock, pages] = self.adblock.settle(&mut self.bound);
        let unindexed = self.index.unindexed().max(adblock.unindexed());
        if unindexed > MOST_UNINDEXED {
            return Err(CompileError::TooManyUnindexed(unindexed));
        }
        for (range, set) in &self.ranges {
            self.networks.extend(range);
            self.networks.extend(set.to_le_bytes());
        }
        let mut sections = Vec::new();
        if !self.items.is_empty() {
            self.bound.sort_unstable();
            let bound = |(hash, number): &(u64, u32)| hash.to_le_bytes().into_iter().chain(number.to_le_bytes());
            sections.push((Section::Patterns, with_offsets(&self.items)));
            sections.push((Section::Bound, self.bound.iter().flat_map(bound).collect()));
            if !self.index.is_empty() {
                sections.push((Section::Grams, self.index.encode()));
            }
            if has_adblock {
                sections.push((Section::AdblockGrams, adblock.encode()));
            }
            if !pages.is_empty() {
                sections.push((Section::AdblockPages, pages.encode()));
            }
        }
        if !self.networks.is_empty() {
            sections.push((Section::Networks, self.networks));
        }
        Ok(sections)
    }
}

/// Rules of ad blockers, until it is known how often each way to find them is taken.
#[derive(Default)]
struct Adblock {
    rules: Vec<Waiting>,
    grams: Vec<Placed>,
    /// What the names of pages are looked up by.
    pages: Vec<u32>,
    /// How many rules each name could keep.
    names: BTreeMap<u64, u32>,
}

/// A rule that waits.
struct Waiting {
    number: u32,
    name: Option<u64>,
    /// Which pages it is for, where it is for some.
    pages: Range<usize>,
    text: Text,
}

/// What the text of a request has to hold.
enum Text {
    /// All of these grams, so that any of them finds the rule.
    Pattern(Range<usize>),
    /// One of these grams at least; nothing is known where there are none.
    Expression(Option<Vec<u32>>),
}

impl Adblock {
    /// Rules that a name keeps at most: each is looked at wherever the name is asked about.
    const MOST_OF_NAME: u32 = 8;

    fn put(&mut self, number: u32, anatomy: &Anatomy<'_>, keys: &Keys) {
        let name = anatomy.whole_name().map(|name| keys.whole(name.as_bytes()));
        let text = match anatomy.expression() {
            Some(expression) => Text::Expression(grams_of_regex(expression)),
            None => Text::Pattern(self.grams_of_pattern(anatomy)),
        };
        if let Some(name) = name {
            *self.names.entry(name).or_default() += 1;
        }
        let start = self.pages.len();
        self.pages.extend(anatomy.pages().map(|page| page_key(keys.whole(page.as_bytes()))));
        self.rules.push(Waiting { number, name, pages: start..self.pages.len(), text });
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn grams_of_pattern(&mut self, anatomy: &Anatomy<'_>) -> Range<usize> {
        let start = self.grams.len();
        // What holds a host whole is found by its name, which is all that is known at a CONNECT.
        let parts = if anatomy.is_about_whole_host() { Vec::new() } else { anatomy.fixed_parts() };
        for (part, begins) in parts {
            let place = |at: usize| begins.and_then(|begins| u32::try_from(begins + at).ok()).unwrap_or(ANYWHERE);
            self.grams.extend(grams(part.as_bytes()).enumerate().map(|(at, gram)| (gram, place(at))));
        }
        start..self.grams.len()
    }

    /// Decides how each rule is found: by a name, which is added to `bound`, by a gram, or by the page that asks. Those found
    /// by grams come first.
    fn settle(self, bound: &mut Vec<(u64, u32)>) -> [Index; 2] {
        let Self { rules, grams, pages, names } = self;
        let (mut by_gram, mut by_page) = (Index::default(), Index::default());
        let shares = Shares::of(&grams);
        let has_few = |name: u64| names.get(&name).is_some_and(|rules| *rules <= Self::MOST_OF_NAME);
        for Waiting { number, name, pages: asking, text } in rules {
            // An expression costs more than anything else does, and a common gram is found in most URLs.
            let (found_by, is_costly) = match text {
                Text::Expression(grams) => (grams.map(anywhere), true),
                Text::Pattern(own) => match shares.best(grams.get(own).unwrap_or_default()) {
                    Some(best) => (Some(vec![best]), shares.is_common(best)),
                    None => (None, true),
                },
            };
            let asking = pages.get(asking).unwrap_or_default();
            match name {
                Some(name) if found_by.is_none() || has_few(name) => bound.push((name, number)),
                _ if is_costly && !asking.is_empty() => by_page.put(number, Some(anywhere(asking.to_vec()))),
                _ => by_gram.put(number, found_by),
            }
        }
        [by_gram, by_page]
    }
}
