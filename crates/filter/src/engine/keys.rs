//! The hash of names: the same on every machine, and no branch on the length of a label.
//!
//! A name is read as 64-bit words from its right end; the last word holds what is left, one byte to eight, at its upper
//! end. To both halves of each word a key of its place is added, the two sums are multiplied, and the products and the words
//! are added up (NH hashing, and the words themselves, so that half a word whose partner is the opposite of its key is
//! not lost). A suffix shares all words but its last with the whole name, so that the hashes of all suffixes cost hardly
//! more than one. No name holds a zero byte, so that what is filled up cannot be mistaken.

use crate::host::MAX_NAME;

/// Words that the longest name has.
pub(crate) const WORDS: usize = MAX_NAME.div_ceil(8);

/// Words of a name that goes the short way.
pub(crate) const SHORT_WORDS: usize = 8;
/// The longest name that goes the short way: its length is the number of a bit of a word.
pub(crate) const SHORT: usize = 8 * SHORT_WORDS - 1;

/// What a hash is multiplied by for its place.
const PLACE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The keys of a ruleset, made from its seed: what is added to the halves of each word.
#[derive(Clone)]
pub(crate) struct Keys([u64; WORDS]);

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
        Self(core::array::from_fn(|_| random(&mut state)))
    }

    /// The key of a word.
    #[inline]
    pub(crate) fn key(&self, place: usize) -> u64 {
        let Self(words) = self;
        words.get(place).copied().unwrap_or(0)
    }

    /// The keys of a short name's words.
    #[inline]
    pub(crate) fn short(&self) -> &[u64; SHORT_WORDS] {
        const { assert!(SHORT_WORDS < WORDS, "every short name is a name") };
        let Self(words) = self;
        words.first_chunk().unwrap_or(&[0; SHORT_WORDS])
    }

    /// What a word adds to a hash.
    #[inline]
    pub(crate) fn of_word(&self, place: usize, word: u64) -> u64 {
        product(sum_of_halves(word, self.key(place))).wrapping_add(word)
    }

    /// The hash of bytes that are at most as long as a name; what is longer is cut.
    pub(crate) fn whole(&self, text: &[u8]) -> u64 {
        let words = from_the_right(text).enumerate();
        words.fold(0, |sum, (place, (word, bytes))| sum.wrapping_add(self.of_word(place, last_bytes(word, bytes))))
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
        for (place, (word, bytes)) in from_the_right(name).enumerate() {
            let mut dots = dots_of(word);
            while dots != 0 {
                // The bytes of this word behind the dot; none where the suffix ends with the word before.
                let behind = (dots.trailing_zeros() / 8) as usize;
                dots &= dots - 1;
                let part = if behind == 0 { 0 } else { self.of_word(place, last_bytes(word, behind)) };
                each(sum.wrapping_add(part), 8 * place + behind);
            }
            sum = sum.wrapping_add(self.of_word(place, last_bytes(word, bytes)));
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

/// Where a hash belongs, among however many lines there are: its upper bits say the line.
#[inline]
pub(crate) fn place(hash: u64) -> u64 {
    hash.wrapping_mul(PLACE)
}

/// Which eighth of its line a place is in, for what is said of the line by eighths. Far enough from the upper bits.
#[inline]
pub(crate) fn eighth(place: u64) -> u32 {
    (place >> 32 & 7) as u32
}

/// The line of a place among so many.
#[inline]
pub(crate) fn line_of(place: u64, lines: usize) -> usize {
    // Below `lines`, so that it fits.
    usize::try_from((u128::from(place) * lines as u128) >> 64).unwrap_or(0)
}

/// The last one to eight bytes of a text, of which a word holds them in its lower end, as they are hashed: at the upper end.
#[inline]
pub(crate) fn last_bytes(word: u64, bytes: usize) -> u64 {
    word << ((64 - 8 * bytes) & 63)
}

/// The words of a text from its right end, each with how many bytes it holds. The last byte of a text is the lowest of a
/// word.
pub(crate) fn from_the_right(text: &[u8]) -> impl Iterator<Item = (u64, usize)> {
    let (first, chunks) = text.as_rchunks::<8>();
    let mut filled = [0_u8; 8];
    for (to, from) in filled.iter_mut().rev().zip(first.iter().rev()) {
        *to = *from;
    }
    let first = (!first.is_empty()).then_some((filled, first.len()));
    let words = chunks.iter().rev().map(|chunk| (*chunk, 8)).chain(first);
    words.take(WORDS).map(|(bytes, count)| (u64::from_be_bytes(bytes), count))
}

/// The words of a name of at most [`SHORT`] bytes, zeros where there is none, without a branch on its length where it has
/// eight bytes or more.
#[inline]
pub(crate) fn short_words(name: &[u8]) -> [u64; SHORT_WORDS] {
    let mut words = [0_u64; SHORT_WORDS];
    if name.len() < 8 {
        for (word, (from, _)) in words.iter_mut().zip(from_the_right(name)) {
            *word = from;
        }
        return words;
    }
    for (place, word) in words.iter_mut().enumerate() {
        let end = 8 * (place + 1);
        // A word that begins in front of the name is read at its start and shifted.
        let missing = end.saturating_sub(name.len()).min(8);
        let at = name.len().saturating_sub(end);
        let read = name.get(at..at + 8).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_be_bytes(*chunk));
        *word = read.checked_shr(u32::try_from(8 * missing).unwrap_or(64)).unwrap_or(0);
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
