//! Names read as words of eight bytes, and the way without vector instructions.

use super::{Lanes, ShortName};
use crate::engine::Line;
use crate::engine::filter::may_hold;
use crate::engine::find::{Found, LANES, Listed};
use crate::engine::keys::{Keys, SHORT_WORDS, dots_of, last_bytes, short_words};
use crate::engine::line::{ENTRIES, LOW};
use crate::engine::table::Table;

/// The names of a host, each hashed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names {
    pub(super) hashes: [u64; LANES],
    pub(super) lengths: [u8; LANES],
    pub(super) count: u32,
}

impl Names {
    /// What stands for the names of a host that must go the long way.
    pub(crate) const TOO_MANY: Self = Self { hashes: [0; LANES], lengths: [0; LANES], count: u32::MAX };

    /// The hash and length of a name.
    #[inline]
    pub(crate) fn get(&self, lane: u32) -> (u64, u32) {
        let lane = lane as usize % LANES;
        (self.hashes.get(lane).copied().unwrap_or(0), self.lengths.get(lane).copied().unwrap_or(0).into())
    }

    //  The names of a host that was read as words; of its dots, bit 0 stands for the last byte and bit 1 for the one
    // before.
    #[inline]
    pub(super) fn new(keys: &Keys, words: &[u64; SHORT_WORDS], dots: u64, length: usize) -> Self {
        // The hash of so many whole words.
        let mut sums = [0_u64; SHORT_WORDS];
        let mut sum = 0_u64;
        for (place, (to, word)) in sums.iter_mut().zip(words).enumerate() {
            *to = sum;
            sum = sum.wrapping_add(keys.of_word(place, *word));
        }
        // What is behind the last dot is no name, unless there is none.
        let mut ends = dots & dots.wrapping_sub(1) | 1 << (length & 63);
        let count = ends.count_ones();
        let (mut hashes, mut lengths) = ([0; LANES], [0; LANES]);
        for (hash, length) in hashes.iter_mut().zip(&mut lengths).take(count as usize) {
            let bytes = ends.trailing_zeros();
            ends &= ends - 1;
            let before = (bytes.saturating_sub(1) / 8) as usize;
            let part = last_bytes(words.get(before).copied().unwrap_or(0), bytes as usize - 8 * before);
            *hash = sums.get(before).copied().unwrap_or(0).wrapping_add(keys.of_word(before, part));
            *length = u8::try_from(bytes).unwrap_or(0);
        }
        Self { hashes, lengths, count }
    }

    /// Which names may be listed, where those from so many on are asked of another line than was asked of all.
    #[inline]
    pub(crate) fn held_below(&self, level: u32, held: u32, line: &Line) -> u32 {
        held & !(u32::MAX << level) | self.held_in(line, level as usize..self.count as usize)
    }

    /// Which of some lanes a line may hold.
    #[inline]
    fn held_in(&self, line: &Line, lanes: core::ops::Range<usize>) -> u32 {
        let hashes = self.hashes.iter().enumerate().take(lanes.end).skip(lanes.start);
        hashes.fold(0, |held, (lane, hash)| held | u32::from(may_hold(line, *hash)) << lane)
    }
}

impl ShortName for Names {
    #[inline]
    fn count(&self) -> u32 {
        self.count
    }

    #[inline]
    fn hash(&self, lane: u32) -> u64 {
        self.hashes.get(lane as usize).copied().unwrap_or(0)
    }

    #[inline]
    fn store(&self, to: &mut Names) {
        *to = *self;
    }

    #[inline]
    fn load(from: &Names) -> Self {
        *from
    }

    #[inline]
    fn held(&self, first: &Line, others: &Line) -> u32 {
        self.held_in(first, 0..1) | self.held_in(others, 1..self.count as usize)
    }

    #[inline]
    fn write(&self, mut held: u32, hashes: &mut [u64; LANES], lengths: &mut [u8; LANES]) {
        for (to_hash, to_length) in hashes.iter_mut().zip(lengths).take(held.count_ones() as usize) {
            let lane = held.trailing_zeros() as usize;
            held &= held.wrapping_sub(1);
            *to_hash = self.hashes.get(lane).copied().unwrap_or(0);
            *to_length = self.lengths.get(lane).copied().unwrap_or(0);
        }
    }
}

/// Without vector instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Lanes for Portable {
    type Names = Names;

    #[inline]
    fn read(keys: &Keys, name: &[u8]) -> Names {
        let words = short_words(name);
        // The eight bits of a word go each to their own place in the highest byte.
        let gathered = |word| dots_of(word).wrapping_mul(0x0002_0408_1020_4081) >> 56;
        let dots = words.iter().rev().fold(0, |dots, word| dots << 8 | gathered(*word));
        Names::new(keys, &words, dots, name.len())
    }

    fn found(table: Table, file: &[u8], names: &Listed) -> Found {
        names.found_by::<Self>(table, file)
    }

    #[inline]
    fn equal(line: &Line, tag: u32) -> u32 {
        let low = line.get(LOW..LOW + 4 * ENTRIES).unwrap_or_default().as_chunks::<4>().0;
        let bit = |(at, bytes): (usize, &[u8; 4])| u32::from(u32::from_le_bytes(*bytes) == tag) << at;
        low.iter().enumerate().map(bit).fold(0, |all, one| all | one)
    }
}
