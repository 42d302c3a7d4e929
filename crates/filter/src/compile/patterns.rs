//! Rules that are not about one name, indexed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use super::CompileError;
use super::bytes::{length, with_offsets};
use super::sets::{FinalSets, Sets};
use crate::adblock::NetworkRule;
use crate::engine::keys::Keys;
use crate::layout::Section;
use crate::list::List;
use crate::pattern::Pattern;
use crate::patterns::{ANYWHERE, GRAM, MOST_BITS, PatternKind, bit_of, name_above, network_key};

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
        for (pattern, set) in by_pattern {
            made.put(&pattern, final_sets.number(set), keys);
        }
        let unindexed = made.index.always.len().max(made.adblock.always.len());
        if unindexed > MOST_UNINDEXED { Err(CompileError::TooManyUnindexed(unindexed)) } else { Ok(made.sections()) }
    }
}

/// The name that a pattern is kept by.
pub(super) fn kept_by<'p>(pattern: &'p Pattern<'_>) -> Option<&'p str> {
    match pattern {
        Pattern::Wildcard(form) => name_above(form),
        Pattern::Port(name, _) => name.as_deref(),
        Pattern::Adblock(rule) => rule.kept_by(),
        _ => None,
    }
}

/// An index by grams, as it is gathered.
#[derive(Default)]
struct Index {
    /// Gram, pattern, where in the pattern.
    grams: Vec<(u32, u32, u32)>,
    /// Patterns without.
    always: Vec<u32>,
}

#[derive(Default)]
struct Made {
    items: Vec<Vec<u8>>,
    index: Index,
    /// The same of rules of ad blockers, which look at another text.
    adblock: Index,
    has_adblock: bool,
    bound: Vec<(u64, u32)>,
    networks: Vec<u8>,
    ranges: BTreeMap<[u8; 20], u32>,
}

impl Made {
    fn put(&mut self, pattern: &Pattern<'_>, set: u32, keys: &Keys) {
        let number = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let mut item = set.to_le_bytes().to_vec();
        let index = if matches!(pattern, Pattern::Adblock(_)) { &mut self.adblock } else { &mut self.index };
        let mut item_of = |kind: PatternKind, port: Option<u16>, text: &str| {
            item.push(kind as u8);
            item.extend(port.into_iter().flat_map(u16::to_le_bytes));
            item.extend(text.as_bytes());
        };
        let found_by = match pattern {
            Pattern::Network(network) => {
                self.ranges.insert(network_key(*network), set);
                return;
            }
            Pattern::Text(text) => {
                item_of(PatternKind::Text, None, text);
                rarest(text.as_bytes()).map(|(at, gram)| vec![(gram, u32::try_from(at).unwrap_or(ANYWHERE))])
            }
            Pattern::Regex(text) => {
                item_of(PatternKind::Regex, None, text);
                anywhere(grams_of_regex(text))
            }
            Pattern::Port(name, port) => {
                item_of(PatternKind::Port, Some(*port), name.as_deref().unwrap_or_default());
                None
            }
            Pattern::Adblock(rule) => {
                self.has_adblock = true;
                item.push(PatternKind::Adblock as u8);
                item.extend(rule.encode());
                match rule.expression() {
                    Some(expression) => anywhere(grams_of_regex(expression)),
                    None => gram_of_rule(rule).map(|gram| vec![gram]),
                }
            }
            Pattern::Wildcard(form) => {
                item_of(PatternKind::Wildcard, None, form);
                let longest = form.split('*').filter_map(|part| rarest(part.as_bytes()));
                anywhere(longest.map(|(_, gram)| gram).min_by_key(|gram| commonness(*gram)).map(|gram| vec![gram]))
            }
        };
        self.items.push(item);
        match (kept_by(pattern), found_by) {
            (Some(name), _) => self.bound.push((keys.whole(name.as_bytes()), number)),
            (None, Some(grams)) => index.grams.extend(grams.into_iter().map(|(gram, at)| (gram, number, at))),
            (None, None) => index.always.push(number),
        }
    }

    fn sections(mut self) -> Vec<(Section, Vec<u8>)> {
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
            sections.push((Section::Grams, self.index.encode()));
            if self.has_adblock {
                sections.push((Section::AdblockGrams, self.adblock.encode()));
            }
        }
        if !self.networks.is_empty() {
            sections.push((Section::Networks, self.networks));
        }
        sections
    }
}

impl Index {
    fn encode(&mut self) -> Vec<u8> {
        self.grams.sort_unstable();
        // Sixty-four bits for each gram, so that one place in sixty-four of a text is looked at in vain.
        let bits = (self.grams.len() * 64).next_power_of_two().ilog2().clamp(10, MOST_BITS);
        let mut bitmap = vec![0_u8; 1 << (bits - 3)];
        for (gram, ..) in &self.grams {
            let bit = bit_of(*gram, bits);
            if let Some(byte) = bitmap.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
        let mut out = bits.to_le_bytes().to_vec();
        out.extend(length(self.grams.len()));
        out.extend(length(self.always.len()));
        out.extend(bitmap);
        out.extend(self.grams.iter().flat_map(|(gram, number, at)| [*gram, *number, *at]).flat_map(u32::to_le_bytes));
        out.extend(self.always.iter().flat_map(|number| number.to_le_bytes()));
        out
    }
}

fn anywhere(grams: Option<Vec<u32>>) -> Option<Vec<(u32, u32)>> {
    grams.map(|grams| grams.into_iter().map(|gram| (gram, ANYWHERE)).collect())
}

/// The rarest gram of a rule of an ad blocker, and where in its pattern it stands.
fn gram_of_rule(rule: &NetworkRule<'_>) -> Option<(u32, u32)> {
    let parts = rule.fixed_parts();
    let grams = parts.iter().filter_map(|(part, begins)| {
        let (at, gram) = rarest(part.as_bytes())?;
        let at = begins.map_or(ANYWHERE, |begins| u32::try_from(begins + at).unwrap_or(ANYWHERE));
        Some((gram, at))
    });
    // Where one stands whose place is known, it saves looking at every place.
    grams.min_by_key(|(gram, at)| (*at == ANYWHERE, commonness(*gram)))
}

/// The gram of a text that URLs are least likely to hold, and where it stands.
fn rarest(text: &[u8]) -> Option<(usize, u32)> {
    let gram = |bytes: &[u8]| bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let grams = text.windows(GRAM).filter_map(gram).enumerate();
    grams.min_by_key(|(_, gram)| commonness(*gram))
}

/// How common a gram is, judged by its letters: their shares in English, in thousandths, and those of signs in URLs. One
/// that nearly every URL has counts for more.
fn commonness(gram: u32) -> u32 {
    const LETTERS: [u32; 26] =
        [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
    let bytes = gram.to_le_bytes();
    let letters = bytes.iter().map(|byte| match byte {
        b'a'..=b'z' => LETTERS.get(usize::from(byte - b'a')).copied().unwrap_or(0),
        b'.' | b'/' => 90,
        b'0'..=b'9' | b'-' | b'=' | b'&' => 40,
        _ => 10,
    });
    let known = [b"www.", b".com", b"com/", b".org", b"org/", b".net", b"net/", b".co.", b"html", b".php"];
    letters.sum::<u32>() + if known.contains(&&bytes) { 1000 } else { 0 }
}

/// Grams of which one stands in every text that an expression is found in; nothing where there are none such, or too many.
#[cfg(feature = "regex")]
fn grams_of_regex(text: &str) -> Option<Vec<u32>> {
    let mut grams = literal::grams(&crate::patterns::regex::parse(text)?)?;
    grams.sort_unstable();
    grams.dedup();
    Some(grams)
}

#[cfg(not(feature = "regex"))]
fn grams_of_regex(_: &str) -> Option<Vec<u32>> {
    None
}

#[cfg(feature = "regex")]
mod literal {
    use alloc::vec;
    use alloc::vec::Vec;

    use regex_syntax::hir::{Class, Hir, HirKind};

    use super::{commonness, rarest};

    /// The most alternatives that are told apart by grams.
    const MOST: usize = 4096;

    pub(super) fn grams(hir: &Hir) -> Option<Vec<u32>> {
        match hir.kind() {
            HirKind::Concat(parts) => of_concat(parts),
            HirKind::Alternation(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(grams(part)?);
                }
                (all.len() <= MOST).then_some(all)
            }
            HirKind::Capture(capture) => grams(&capture.sub),
            HirKind::Repetition(repetition) if repetition.min > 0 => grams(&repetition.sub),
            HirKind::Literal(_) | HirKind::Class(_) => rarest(&letters(hir)?).map(|(_, gram)| vec![gram]),
            _ => None,
        }
    }

    /// Of what stands one behind the other, the part with the fewest grams, and of those the rarest.
    fn of_concat(parts: &[Hir]) -> Option<Vec<u32>> {
        let mut best: Option<Vec<u32>> = None;
        let mut offer = |grams: Option<Vec<u32>>| {
            let rank = |grams: &Vec<u32>| (grams.len(), grams.iter().map(|gram| commonness(*gram)).max());
            if let Some(grams) = grams
                && best.as_ref().is_none_or(|best| rank(&grams) < rank(best))
            {
                best = Some(grams);
            }
        };
        let mut run = Vec::new();
        for part in parts {
            if let Some(letters) = letters(part) {
                run.extend(letters);
            } else {
                offer(rarest(&run).map(|(_, gram)| vec![gram]));
                run.clear();
                offer(grams(part));
            }
        }
        offer(rarest(&run).map(|(_, gram)| vec![gram]));
        best
    }

    /// The letters that a part stands for, in lower case: texts are.
    fn letters(part: &Hir) -> Option<Vec<u8>> {
        match part.kind() {
            HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
            HirKind::Class(Class::Bytes(class)) => {
                let mut found = None;
                for range in class.ranges() {
                    for byte in range.start()..=range.end() {
                        let byte = byte.to_ascii_lowercase();
                        if *found.get_or_insert(byte) != byte {
                            return None;
                        }
                    }
                }
                found.map(|byte| vec![byte])
            }
            _ => None,
        }
    }
}
