//! The hash of names: the same on every machine, and no branch on the length of a label.
//!
//! A name is read as 64-bit words from its right end, the last word filled up with zero bytes in front. To both halves of
//! each word a key of its place is added, the two sums are multiplied, and the products and the words are added up (NH
//! hashing, and the words themselves, so that half a word whose partner is the opposite of its key is not lost). A suffix shares
//! all words but its first with the whole name, so that the hashes of all suffixes cost hardly more than one. No name holds
//! a zero byte, so that filling up is unambiguous.

use crate::hash::fold;
use crate::host::MAX_NAME;

/// Words that the longest name has.
pub(crate) const WORDS: usize = MAX_NAME.div_ceil(8);

/// Words of a name that goes the short way.
pub(crate) const SHORT_WORDS: usize = 8;
/// The longest name that goes the short way: its length is the number of a bit of a word.
pub(crate) const SHORT: usize = 8 * SHORT_WORDS - 1;

const GROUP: u64 = 0x9E6C_63D0_6736_51A7;

/// The keys of a ruleset, made from its seed.
#[derive(Clone)]
pub(crate) struct Keys {
    /// What is added to the halves of each word.
    words: [u64; WORDS],
    /// The product of the two keys of each word: what a word of 0 would add.
    products: [u64; WORDS],
    /// The sum of the products of a short name's words.
    pub(crate) short: u64,
    /// The keys of a short name's words, in the order of their bytes.
    pub(crate) reversed: [u64; SHORT_WORDS],
}

/// The numbers that a seed stands for (`SplitMix64`).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The product of the two halves of a word.
#[inline]
fn product(word: u64) -> u64 {
    (word & 0xFFFF_FFFF) * (word >> 32)
}

/// The sum of two words, half by half.
#[inline]
fn sum_of_halves(a: u64, b: u64) -> u64 {
    const LOWER: u64 = 0xFFFF_FFFF;
    (a & LOWER).wrapping_add(b & LOWER) & LOWER | ((a >> 32).wrapping_add(b >> 32)) << 32
}

impl Keys {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        let words: [u64; WORDS] = core::array::from_fn(|_| random(&mut state));
        let products = words.map(product);
        let short = products.iter().take(SHORT_WORDS).fold(0, |sum: u64, it| sum.wrapping_add(*it));
        let reversed = core::array::from_fn(|at| words.get(SHORT_WORDS - 1 - at).copied().unwrap_or(0));
        Self { words, products, short, reversed }
    }

    /// What a word adds to a hash.
    #[inline]
    pub(crate) fn of_word(&self, place: usize, word: u64) -> u64 {
        let (Some(key), Some(none)) = (self.words.get(place), self.products.get(place)) else { return 0 };
        product(sum_of_halves(word, *key)).wrapping_sub(*none).wrapping_add(word)
    }

    /// The hash of bytes that are at most as long as a name; what is longer is cut.
    pub(crate) fn whole(&self, text: &[u8]) -> u64 {
        let words = from_the_right(text).enumerate();
        words.fold(0, |sum, (place, word)| sum.wrapping_add(self.of_word(place, word)))
    }

    /// Calls `each` with the hash and length of every name that rules may be about: of every suffix that begins behind a
    /// dot, and of the whole, the shortest first; but not of the bare last label, unless it is all there is. `whole` stands
    /// for addresses, which have no suffixes.
    #[inline]
    pub(crate) fn names(&self, name: &[u8], whole: bool, mut each: impl FnMut(u64, usize)) {
        if whole {
            return each(self.whole(name), name.len());
        }
        let mut is_last = name.contains(&b'.');
        self.suffixes(name, |hash, length| {
            if !core::mem::take(&mut is_last) {
                each(hash, length);
            }
        });
    }

    /// Calls `each` with the hash and length of every suffix that begins behind a dot, and of the whole.
    #[inline]
    fn suffixes(&self, name: &[u8], mut each: impl FnMut(u64, usize)) {
        let mut sum = 0_u64;
        for (place, word) in from_the_right(name).enumerate() {
            let mut dots = dots_of(word);
            // A dot in the last byte of a word ends the suffix that begins there with the word before.
            while dots != 0 {
                let bytes = (dots.leading_zeros() / 8) as usize;
                dots &= !(0x80 << 56 >> (8 * bytes));
                let length = 8 * place + bytes;
                each(sum.wrapping_add(self.of_word(place, word & last_bytes(bytes))), length);
            }
            sum = sum.wrapping_add(self.of_word(place, word));
        }
        each(sum, name.len());
    }
}

/// The highest bit of each byte of a word that is a dot.
#[inline]
pub(crate) fn dots_of(word: u64) -> u64 {
    const LOWER: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let differs = word ^ 0x2E2E_2E2E_2E2E_2E2E;
    !(((differs & LOWER) + LOWER) | differs | LOWER)
}

/// Where a group of names belongs: the hash of the labels that they share, mixed once more.
#[inline]
pub(crate) fn place(hash: u64) -> u64 {
    fold(hash ^ GROUP, GROUP)
}

/// The bits of the last 0 to 7 bytes of a word.
#[inline]
pub(crate) fn last_bytes(bytes: usize) -> u64 {
    !(u64::MAX >> (8 * bytes))
}

/// The words of a text from its right end; the last is filled up with zero bytes in front.
fn from_the_right(text: &[u8]) -> impl Iterator<Item = u64> {
    let (first, chunks) = text.as_rchunks::<8>();
    let mut filled = [0_u8; 8];
    for (to, from) in filled.iter_mut().rev().zip(first.iter().rev()) {
        *to = *from;
    }
    let first = (!first.is_empty()).then_some(filled);
    chunks.iter().rev().copied().chain(first).take(WORDS).map(u64::from_le_bytes)
}

/// The words of a name of at most [`SHORT`] bytes, zeros in front, without a branch on its length where it has eight
/// bytes or more.
#[inline]
pub(crate) fn short_words(name: &[u8]) -> [u64; SHORT_WORDS] {
    let mut words = [0_u64; SHORT_WORDS];
    if name.len() < 8 {
        for (word, from) in words.iter_mut().zip(from_the_right(name)) {
            *word = from;
        }
        return words;
    }
    for (place, word) in words.iter_mut().enumerate() {
        let end = 8 * (place + 1);
        // A word that begins in front of the name is read at its start and shifted.
        let missing = end.saturating_sub(name.len()).min(8);
        let at = name.len().saturating_sub(end);
        let read = name.get(at..at + 8).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_le_bytes(*chunk));
        *word = read.checked_shl(u32::try_from(8 * missing).unwrap_or(64)).unwrap_or(0);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn suffixes(keys: &Keys, name: &str) -> Vec<(u64, usize)> {
        let mut all = Vec::new();
        keys.suffixes(name.as_bytes(), |hash, length| all.push((hash, length)));
        all
    }

    proptest! {
        /// - Every suffix hashes as if it were the whole.
        /// - Suffixes are those behind dots, and the whole.
        #[test]
        fn a_suffix_is_a_name_of_its_own(labels in prop::collection::vec("[a-z0-9-]{1,9}", 1..9), seed: u64) {
            let name: String = labels.join(".");
            let keys = Keys::new(seed);
            let all = suffixes(&keys, &name);
            prop_assert_eq!(all.len(), labels.len());
            for (hash, length) in all {
                let suffix = &name[name.len() - length..];
                prop_assert_eq!(hash, keys.whole(suffix.as_bytes()));
            }
        }
    }

    #[test]
    fn the_longest_name_is_hashed_to_its_first_byte() {
        let keys = Keys::new(7);
        let long = "a".repeat(MAX_NAME);
        let other = String::from("b") + &long[1..];
        assert_ne!(keys.whole(long.as_bytes()), keys.whole(other.as_bytes()));
    }
}
