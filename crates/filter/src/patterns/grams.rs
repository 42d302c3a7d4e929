//! Which patterns may be in a text: an index by four of each pattern's letters that stand together.
//!
//! A bit for each gram says at each place of a text whether it is worth looking further; nearly always it is not. Where it
//! is, a few of the same bits lead to the entries.

use crate::layout::u32_at;

/// Letters of a gram.
pub(crate) const GRAM: usize = 4;
/// Bytes before the bits: how many bits there are as a power of two, how many entries, how many patterns without a gram.
pub(crate) const HEAD: usize = 12;
/// Bytes of an entry: gram, number of the pattern, where in the pattern the gram stands.
pub(crate) const ENTRY: usize = 12;
/// Where a gram stands in a pattern that has no place for it, such as an expression.
pub(crate) const ANYWHERE: u32 = u32::MAX;
/// The most bits, as a power of two: 128 KiB.
pub(crate) const MOST_BITS: u32 = 20;

/// Bits for each bucket of entries, as a power of two.
pub(crate) const BUCKET: u32 = 6;

/// The place of a gram among so many bits.
#[inline]
pub(crate) fn bit_of(gram: u32, bits: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - bits)) as usize
}

/// The index as it lies in a file.
#[derive(Clone, Copy)]
pub(crate) struct Grams<'a> {
    bits: u32,
    bitmap: &'a [u8],
    /// Where the entries of each bucket end, behind where the first begin.
    buckets: &'a [[u8; 4]],
    entries: &'a [[u8; ENTRY]],
    /// Numbers of patterns that have no gram.
    always: &'a [[u8; 4]],
}

/// A pattern that may be in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) pattern: u32,
    /// Where in the text it would begin; nothing where that is open.
    pub(crate) begins: Option<usize>,
}

impl<'a> Grams<'a> {
    /// An index over a section; nothing where its parts are not as long as it says.
    pub(crate) fn new(section: &'a [u8]) -> Option<Self> {
        let bits = u32_at(section, 0).filter(|bits| (BUCKET..=MOST_BITS).contains(bits))?;
        let (entries, always) = (u32_at(section, 4)? as usize, u32_at(section, 8)? as usize);
        let (bitmap, rest) = section.get(HEAD..)?.split_at_checked(1 << (bits - 3))?;
        let (buckets, rest) = rest.split_at_checked(((1 << (bits - BUCKET)) + 1) * 4)?;
        let (entries, rest) = rest.split_at_checked(entries.checked_mul(ENTRY)?)?;
        (rest.len() == always.checked_mul(4)?).then_some(())?;
        Some(Self {
            bits,
            bitmap,
            buckets: buckets.as_chunks().0,
            entries: entries.as_chunks().0,
            always: rest.as_chunks().0,
        })
    }

    /// Calls `each` with what may be in a text; with a pattern more than once where its gram stands more than once.
    pub(crate) fn candidates(&self, text: &[u8], mut each: impl FnMut(Candidate)) {
        for (at, gram) in text.windows(GRAM).enumerate() {
            let gram = gram.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
            let bit = bit_of(gram, self.bits);
            if self.has(bit) {
                self.of_gram(gram, bit >> BUCKET, at, &mut each);
            }
        }
        for pattern in self.always {
            each(Candidate { pattern: u32::from_le_bytes(*pattern), begins: None });
        }
    }

    /// Calls `each` with what this key leads to, of an index by something else than grams.
    pub(crate) fn of_key(&self, key: u32, mut each: impl FnMut(Candidate)) {
        let bit = bit_of(key, self.bits);
        if self.has(bit) {
            self.of_gram(key, bit >> BUCKET, 0, &mut each);
        }
    }

    #[inline]
    fn has(&self, bit: usize) -> bool {
        self.bitmap.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 != 0)
    }

    #[cold]
    fn of_gram(&self, gram: u32, bucket: usize, at: usize, each: &mut impl FnMut(Candidate)) {
        let word = |entry: &[u8; ENTRY], place| u32_at(entry, place).unwrap_or(0);
        let place = |bucket: usize| self.buckets.get(bucket).map_or(0, |at| u32::from_le_bytes(*at) as usize);
        let entries = self.entries.get(place(bucket)..place(bucket + 1)).unwrap_or_default();
        for entry in entries.iter().filter(|entry| word(entry, 0) == gram) {
            let pattern = word(entry, 4);
            match word(entry, 8) {
                ANYWHERE => each(Candidate { pattern, begins: None }),
                offset => {
                    if let Some(begins) = at.checked_sub(offset as usize) {
                        each(Candidate { pattern, begins: Some(begins) });
                    }
                }
            }
        }
    }
}
