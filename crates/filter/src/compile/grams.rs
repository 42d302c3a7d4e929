//! The index by grams, as it is made: which four letters each pattern is found by.

use alloc::vec;
use alloc::vec::Vec;

use super::bytes::length;
use crate::patterns::{ANYWHERE, BUCKET, GRAM, MOST_BITS, bit_of};

/// A gram, and where in its pattern it stands.
pub(super) type Placed = (u32, u32);

/// The index as it is gathered.
#[derive(Default)]
pub(super) struct Index {
    /// Gram, pattern, where in the pattern.
    grams: Vec<(u32, u32, u32)>,
    /// Patterns without.
    always: Vec<u32>,
}

impl Index {
    /// Adds a pattern that is found by each of these grams, or that every text is held against.
    pub(super) fn put(&mut self, number: u32, found_by: Option<Vec<Placed>>) {
        match found_by {
            Some(grams) => self.grams.extend(grams.into_iter().map(|(gram, at)| (gram, number, at))),
            None => self.always.push(number),
        }
    }

    /// How many patterns every text is held against.
    pub(super) fn unindexed(&self) -> usize {
        self.always.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.grams.is_empty() && self.always.is_empty()
    }

    /// The section.
    pub(super) fn encode(mut self) -> Vec<u8> {
        // Sixty-four bits for each gram, so that one place in sixty-four of a text is looked at in vain.
        let bits = (self.grams.len() * 64).next_power_of_two().ilog2().clamp(10, MOST_BITS);
        let bucket_of = |gram: u32| bit_of(gram, bits) >> BUCKET;
        self.grams.sort_unstable_by_key(|(gram, number, at)| (bucket_of(*gram), *gram, *number, *at));
        let mut bitmap = vec![0_u8; 1 << (bits - 3)];
        let mut ends = vec![0_u32; (1 << (bits - BUCKET)) + 1];
        for (gram, ..) in &self.grams {
            let bit = bit_of(*gram, bits);
            if let Some(byte) = bitmap.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
            if let Some(end) = ends.get_mut(bucket_of(*gram) + 1) {
                *end += 1;
            }
        }
        let mut end = 0;
        for count in &mut ends {
            end += *count;
            *count = end;
        }
        let mut out = bits.to_le_bytes().to_vec();
        out.extend(length(self.grams.len()));
        out.extend(length(self.always.len()));
        out.extend(bitmap);
        out.extend(ends.iter().flat_map(|end| end.to_le_bytes()));
        out.extend(self.grams.iter().flat_map(|(gram, number, at)| [*gram, *number, *at]).flat_map(u32::to_le_bytes));
        out.extend(self.always.iter().flat_map(|number| number.to_le_bytes()));
        out
    }
}

/// How many patterns have a gram, roughly: what many lists look for, many URLs hold.
pub(super) struct Shares(Vec<u16>);

impl Shares {
    const BITS: u32 = 18;
    /// What it counts that another pattern has the same gram, and how many others at most.
    const WEIGHT: u32 = 10;
    const MOST: u16 = 100;
    /// What it counts that the pattern has to be searched for, since the gram has no place in it.
    const SEARCH: u32 = 200;

    /// Of the grams of all patterns.
    pub(super) fn of(grams: &[Placed]) -> Self {
        let mut shares = vec![0_u16; 1 << Self::BITS];
        for (gram, _) in grams {
            if let Some(share) = shares.get_mut(bit_of(*gram, Self::BITS)) {
                *share = share.saturating_add(1);
            }
        }
        Self(shares)
    }

    /// Of the grams that a pattern may be found by, the one that URLs are least likely to hold.
    pub(super) fn best(&self, grams: &[Placed]) -> Option<Placed> {
        let search = |at: u32| if at == ANYWHERE { Self::SEARCH } else { 0 };
        grams.iter().copied().min_by_key(|(gram, at)| self.cost(*gram) + search(*at))
    }

    /// Whether a good part of all URLs hold a gram.
    pub(super) fn is_common(&self, (gram, _): Placed) -> bool {
        self.cost(gram) >= COMMON
    }

    fn cost(&self, gram: u32) -> u32 {
        let share = self.0.get(bit_of(gram, Self::BITS)).copied().unwrap_or(0);
        commonness(gram) + Self::WEIGHT * u32::from(share.min(Self::MOST))
    }
}

/// Grams that stand nowhere in particular.
pub(super) fn anywhere(grams: Vec<u32>) -> Vec<Placed> {
    grams.into_iter().map(|gram| (gram, ANYWHERE)).collect()
}

/// The grams of a text, from its beginning on.
pub(super) fn grams(text: &[u8]) -> impl Iterator<Item = u32> + '_ {
    text.windows(GRAM).filter_map(|bytes| bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)))
}

/// The gram of a text that URLs are least likely to hold, and where it stands.
pub(super) fn rarest(text: &[u8]) -> Option<(usize, u32)> {
    grams(text).enumerate().min_by_key(|(_, gram)| commonness(*gram))
}

/// How common a gram is, judged by its letters: their shares in English, in thousandths, and those of signs in URLs. One
/// that nearly every URL has counts for more.
pub(super) fn commonness(gram: u32) -> u32 {
    const LETTERS: [u32; 26] =
        [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
    let bytes = gram.to_le_bytes();
    let letters = bytes.iter().map(|byte| match byte {
        b'a'..=b'z' => LETTERS.get(usize::from(byte - b'a')).copied().unwrap_or(0),
        b'.' | b'/' => 90,
        b'0'..=b'9' | b'-' | b'=' | b'&' => 40,
        _ => 10,
    });
    letters.sum::<u32>() + if KNOWN.contains(&&bytes) { COMMON } else { 0 }
}

/// What a gram costs from which on a great part of all URLs are taken to hold it.
const COMMON: u32 = 1000;

/// Grams that a great part of all URLs have: schemes, first and last labels, endings of files.
const KNOWN: [&[u8; GRAM]; 28] = [
    b"http", b"ttps", b"tps:", b"ps:/", b"ttp:", b"tp:/", b"p://", b"s://", b"://w", b"//ww", b"/www", b"www.",
    b".com", b"com/", b".org", b"org/", b".net", b"net/", b".co.", b"html", b".htm", b".php", b"php?", b".js?",
    b".css", b".jpg", b".png", b".gif",
];

/// Grams of which one stands in every text that an expression is found in; nothing where there are none such, or too many.
#[cfg(feature = "regex")]
pub(super) fn grams_of_regex(text: &str) -> Option<Vec<u32>> {
    let mut grams = literal::grams(&crate::patterns::regex::parse(text)?)?;
    grams.sort_unstable();
    grams.dedup();
    Some(grams)
}

#[cfg(not(feature = "regex"))]
pub(super) fn grams_of_regex(_: &str) -> Option<Vec<u32>> {
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
