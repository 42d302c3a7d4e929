//! The way of processors with AVX2: the names of a host in vectors of four.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi32_si128, _mm_cvtsi128_si32, _mm_cvtsi128_si64, _mm_loadl_epi64, _mm_shuffle_epi8,
    _mm_srli_si128, _mm_storel_epi64, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256,
    _mm256_blend_epi32, _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi128_si256, _mm256_castsi256_pd,
    _mm256_castsi256_ps, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cmpeq_epi32, _mm256_cmpeq_epi64,
    _mm256_cvtepu8_epi64, _mm256_loadu_si256, _mm256_maskload_epi64, _mm256_movemask_epi8, _mm256_movemask_pd,
    _mm256_movemask_ps, _mm256_mul_epu32, _mm256_or_si256, _mm256_permute2x128_si256, _mm256_permute4x64_epi64,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_shuffle_epi32, _mm256_slli_epi32, _mm256_sllv_epi64, _mm256_srli_epi32,
    _mm256_srli_epi64, _mm256_srlv_epi64, _mm256_storeu_si256,
};
use core::cmp::min;

use super::super::words::Names;
use super::super::{Lanes, Portable, ShortName};
use super::{DOT, fetch};
use crate::engine::Line;
use crate::engine::filter::{PAIRS, TURN_AT, WORD_AT};
use crate::engine::find::{Found, Hosts, LANES, Listed};
use crate::engine::keys::{Keys, SHORT, from_the_right};
use crate::engine::line::LOW;
use crate::engine::many::Many;
use crate::engine::table::Table;

/// Names of a vector.
const QUAD: usize = LANES / 2;
/// Bytes of one.
const WIDTH: usize = 8 * QUAD;

pub(in super::super) struct Avx2;

entries!(Avx2, "avx2,bmi1,bmi2,lzcnt,popcnt");

/// The names of a host in vectors, a lane each.
pub(in super::super) struct Vectors {
    /// The first four, and four more, where there are any.
    hashes: [__m256i; 2],
    /// The length of each, a byte for each lane.
    lengths: __m128i,
    count: u32,
}

/// Which two half lanes a lane is, as a number of it.
const fn halves(lane: u32) -> u64 {
    let lower = 2 * lane as u64;
    lower | (lower + 1) << 32
}

/// The lanes of a mask, one behind the other, a byte each.
const fn lanes_of(mut mask: u32) -> u32 {
    let (mut lanes, mut count) = (0, 0);
    while mask != 0 {
        lanes |= mask.trailing_zeros() << (8 * count);
        mask &= mask - 1;
        count += 1;
    }
    lanes
}

/// The lanes of each mask.
const HELD: [u32; 1 << QUAD] = {
    let mut all = [0; 1 << QUAD];
    let (mut mask, mut rest) = (0, all.as_mut_slice());
    while let Some((one, behind)) = rest.split_first_mut() {
        *one = lanes_of(mask);
        mask += 1;
        rest = behind;
    }
    all
};

/// The same as half lanes.
const HELD_HALVES: [[u64; QUAD]; 1 << QUAD] = {
    let mut all = [[0; QUAD]; 1 << QUAD];
    let (mut mask, mut rest) = (0, all.as_mut_slice());
    while let Some((one, behind)) = rest.split_first_mut() {
        let [a, b, c, d] = lanes_of(mask).to_le_bytes();
        *one = [halves(a as u32), halves(b as u32), halves(c as u32), halves(d as u32)];
        mask += 1;
        rest = behind;
    }
    all
};

#[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
impl Vectors {
    /// The last 32 bytes of a name of at most as many, the last first and zeros behind the first.
    #[inline(always)]
    fn backwards(name: &[u8]) -> __m256i {
        /// Four of these from as many on as there are words behind the first of a name: the mask of those words, where they lie.
        const WHOLE: [i64; 2 * QUAD - 1] = [0, 0, 0, 0, -1, -1, -1];
        /// Four of these from three less as many on: the mask of the first word, where it lies when all are turned round.
        const FIRST: [i64; 2 * QUAD - 1] = [0, 0, 0, -1, 0, 0, 0];
        /// Turns the bytes of halves round.
        const ROUND: [u8; WIDTH] = [
            15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
        ];
        let before_last = name.len().wrapping_sub(1);
        let (whole, first) = match name.first_chunk() {
            // All of the first word that is not of the others.
            Some(first) => (min(before_last / 8, QUAD - 1), u64::from_be_bytes(*first) >> (56 - 8 * (before_last & 7))),
            None => (0, from_the_right(name).next().map_or(0, |(word, _)| word)),
        };
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2. The mask lets whole words be read that
        // lie in front of the name's end, as many as lie in it behind its first byte; the other loads are of as many numbers
        // as a vector holds, from arrays that have three more.
        unsafe {
            let load = |from: *const i64| _mm256_loadu_si256(from.cast::<__m256i>());
            let end = name.as_ptr().wrapping_add(name.len());
            let which = load(WHOLE.as_ptr().add(whole));
            let text = _mm256_maskload_epi64(end.wrapping_sub(WIDTH).cast::<i64>(), which);
            let turned = _mm256_shuffle_epi8(text, load(ROUND.as_ptr().cast::<i64>()));
            let turned = _mm256_permute4x64_epi64::<0x4E>(turned);
            let at = load(FIRST.as_ptr().add(QUAD - 1 - whole));
            _mm256_or_si256(turned, _mm256_and_si256(_mm256_set1_epi64x(first.cast_signed()), at))
        }
    }

    /// Which of four names may be listed, a bit each: the first is asked of one line, the others of another.
    #[inline(always)]
    fn held_in(hashes: __m256i, first: &Line, others: &Line) -> u32 {
        const EVEN: i32 = !1;
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2; loads of 32 bytes from both halves of
        // lines of 64, and of eight where a number below eight is that of one of eight. The words of a line lie as its bytes
        // do, little-endian.
        let held = unsafe {
            // Twice the number of the word in all half lanes, and one more in the upper. Of these numbers only the lowest three
            // bits count; the next says which half of the line it is.
            let lower_halves = _mm256_shuffle_epi32::<0xA0>(hashes);
            let double = _mm256_srli_epi32::<{ WORD_AT.cast_signed() - 1 }>(lower_halves);
            let double = _mm256_and_si256(double, _mm256_set1_epi32(EVEN));
            let word = _mm256_or_si256(double, _mm256_set1_epi64x(halves(0).cast_signed()));
            let lower = _mm256_loadu_si256(others.as_ptr().cast::<__m256i>());
            let upper = _mm256_loadu_si256(others.as_ptr().add(WIDTH).cast::<__m256i>());
            let lower = _mm256_permutevar8x32_epi32(lower, word);
            let upper = _mm256_permutevar8x32_epi32(upper, word);
            let is_upper = _mm256_slli_epi32::<{ 29 - WORD_AT.cast_signed() }>(lower_halves);
            let chosen = _mm256_castps_si256(_mm256_blendv_ps(
                _mm256_castsi256_ps(lower),
                _mm256_castsi256_ps(upper),
                _mm256_castsi256_ps(is_upper),
            ));
            let word_of_first = (Self::lowest(hashes) >> WORD_AT & 7) as usize;
            let of_first = _mm_loadl_epi64(first.as_ptr().add(8 * word_of_first).cast::<__m128i>());
            let chosen = _mm256_blend_epi32::<0b11>(chosen, _mm256_castsi128_si256(of_first));
            let bits = _mm256_or_si256(
                Self::turned::<{ TURN_AT[0].cast_signed() }>(hashes, PAIRS[0]),
                Self::turned::<{ TURN_AT[1].cast_signed() }>(hashes, PAIRS[1]),
            );
            let is_held = _mm256_cmpeq_epi64(_mm256_and_si256(chosen, bits), bits);
            _mm256_movemask_pd(_mm256_castsi256_pd(is_held))
        };
        held.cast_unsigned()
    }

    /// A pair of bits, turned as far as the six bits of each hash from one on say.
    #[inline(always)]
    unsafe fn turned<const FROM: i32>(hashes: __m256i, pair: u64) -> __m256i {
        // SAFETY: the caller has found AVX2.
        unsafe {
            let (from_there, all) = (_mm256_srli_epi64::<FROM>(hashes), _mm256_set1_epi64x(63));
            let left = _mm256_sllv_epi64(_mm256_set1_epi64x(pair.cast_signed()), _mm256_and_si256(from_there, all));
            // One step before and the others here: never all 64 at once.
            let one = _mm256_set1_epi64x((pair >> 1).cast_signed());
            let right = _mm256_srlv_epi64(one, _mm256_andnot_si256(from_there, all));
            _mm256_or_si256(left, right)
        }
    }

    /// The number in the first lane.
    #[inline(always)]
    fn lowest(of: __m256i) -> u64 {
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2.
        unsafe { _mm_cvtsi128_si64(_mm256_castsi256_si128(of)) }.cast_unsigned()
    }

    /// Which names are there.
    #[inline(always)]
    fn all(&self) -> u32 {
        !(u32::MAX << (self.count & 31))
    }

    /// Writes down those of four names that a mask says.
    #[inline(always)]
    fn write_quad(
        (hashes, lengths): (__m256i, __m128i),
        held: u32,
        to_hashes: &mut [u64; QUAD],
        to_lengths: &mut [u8; QUAD],
    ) {
        let held = (held & 0xF) as usize;
        let (lanes, halves) = (HELD.get(held).copied().unwrap_or(0), HELD_HALVES.get(held).unwrap_or(&[0; QUAD]));
        // SAFETY: called from `many` alone, whose caller has found AVX2; a load and a store of 32 bytes from and to arrays of
        // as many.
        let lengths = unsafe {
            let halves = _mm256_loadu_si256(halves.as_ptr().cast::<__m256i>());
            let of_these = _mm256_permutevar8x32_epi32(hashes, halves);
            _mm256_storeu_si256(to_hashes.as_mut_ptr().cast::<__m256i>(), of_these);
            _mm_cvtsi128_si32(_mm_shuffle_epi8(lengths, _mm_cvtsi32_si128(lanes.cast_signed())))
        };
        *to_lengths = lengths.to_le_bytes();
    }
}

#[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
impl ShortName for Vectors {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.count
    }

    #[inline(always)]
    fn hash(&self, lane: u32) -> u64 {
        let [first, second] = self.hashes;
        let of = if lane as usize >= QUAD { second } else { first };
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2. Of a number only the lowest three bits count.
        unsafe { Self::lowest(_mm256_permutevar8x32_epi32(of, _mm256_set1_epi64x(halves(lane).cast_signed()))) }
    }

    #[inline(always)]
    fn store(&self, to: &mut Names) {
        let [first, second] = self.hashes;
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2; stores of 32 bytes to an array
        // of 64, and of eight to one of eight.
        unsafe {
            let hashes = to.hashes.as_mut_ptr().cast::<__m256i>();
            _mm256_storeu_si256(hashes, first);
            _mm256_storeu_si256(hashes.add(1), second);
            _mm_storel_epi64(to.lengths.as_mut_ptr().cast::<__m128i>(), self.lengths);
        }
        to.count = self.count;
    }

    #[inline(always)]
    fn load(from: &Names) -> Self {
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2; loads of 32 bytes from an array of 64, and
        // of eight from one of eight.
        unsafe {
            let hashes = from.hashes.as_ptr().cast::<__m256i>();
            let hashes = [_mm256_loadu_si256(hashes), _mm256_loadu_si256(hashes.add(1))];
            let lengths = _mm_loadl_epi64(from.lengths.as_ptr().cast::<__m128i>());
            Self { hashes, lengths, count: from.count }
        }
    }

    #[inline(always)]
    fn held(&self, first: &Line, others: &Line) -> u32 {
        let [low, high] = self.hashes;
        let mut held = Self::held_in(low, first, others);
        if self.count as usize > QUAD {
            held |= Self::held_in(high, others, others) << QUAD;
        }
        held & self.all()
    }

    #[inline(always)]
    fn write(&self, held: u32, hashes: &mut [u64; LANES], lengths: &mut [u8; LANES]) {
        let [low, high] = self.hashes;
        if let (Some(hashes), Some(lengths)) = (hashes.first_chunk_mut(), lengths.first_chunk_mut()) {
            Self::write_quad((low, self.lengths), held, hashes, lengths);
        }
        if held as usize >> QUAD != 0 {
            let count = (held & 0xF).count_ones() as usize;
            let behind = (hashes.get_mut(count..), lengths.get_mut(count..));
            if let (Some(hashes), Some(lengths)) = behind
                && let (Some(hashes), Some(lengths)) = (hashes.first_chunk_mut(), lengths.first_chunk_mut())
            {
                // SAFETY: called from `many` alone, whose caller has found AVX2.
                let high_lengths = unsafe { _mm_srli_si128::<4>(self.lengths) };
                Self::write_quad((high, high_lengths), held >> QUAD, hashes, lengths);
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
impl Lanes for Avx2 {
    type Names = Vectors;

    #[inline(always)]
    fn read(keys: &Keys, name: &[u8]) -> Vectors {
        /// From lanes, a byte each, to the lower halves of as many words.
        const TO_HALVES: [u32; 8] =
            [0x8080_8000, 0x8080_8000, 0x8080_8001, 0x8080_8001, 0x8080_8002, 0x8080_8002, 0x8080_8003, 0x8080_8003];
        if name.len() > WIDTH {
            return Vectors::load(&Portable::read(keys, name));
        }
        let bytes = Vectors::backwards(name);
        // SAFETY: called from `short` and `many` alone, whose caller has found AVX2.
        let dots = unsafe { _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(DOT))) };
        let dots = u64::from(dots.cast_unsigned());
        // What is behind the last dot is no name, unless there is none.
        let mut ends = dots & dots.wrapping_sub(1) | 1 << (name.len() & SHORT);
        let count = ends.count_ones();
        if count as usize > QUAD {
            return Vectors::load(&Portable::read(keys, name));
        }
        // Always four: how many there are cannot be foreseen. Where there is none, any number.
        let mut lengths = 0;
        for lane in 0..QUAD {
            lengths |= ends.trailing_zeros() << (8 * lane);
            ends &= ends.wrapping_sub(1);
        }
        let less_one = lengths.wrapping_sub(0x0101_0101);
        // SAFETY: as above; the loads are of as many bytes as a vector has, from arrays of as many or more.
        unsafe {
            let load = |from: *const u8| _mm256_loadu_si256(from.cast::<__m256i>());
            let product = |keyed| _mm256_mul_epu32(keyed, _mm256_srli_epi64::<32>(keyed));
            // What each whole word adds to a hash; and the sum of those before each.
            let keys = load(keys.short().as_ptr().cast::<u8>());
            let each = _mm256_add_epi64(product(_mm256_add_epi32(bytes, keys)), bytes);
            let one_before = _mm256_blend_epi32::<0b11>(_mm256_permute4x64_epi64::<0x90>(each), _mm256_setzero_si256());
            let two_before = _mm256_permute2x128_si256::<0x08>(each, each);
            let three_before = _mm256_permute2x128_si256::<0x08>(one_before, one_before);
            let before = _mm256_add_epi64(_mm256_add_epi64(one_before, two_before), three_before);
            // The word that each name begins in, as far as it belongs to it, at the upper end.
            let double = _mm256_set1_epi32((less_one >> 2 & 0x0E0E_0E0E).cast_signed());
            let word = _mm256_shuffle_epi8(double, load(TO_HALVES.as_ptr().cast::<u8>()));
            let word = _mm256_or_si256(word, _mm256_set1_epi64x(halves(0).cast_signed()));
            let shift = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(((!less_one & 0x0707_0707) << 3).cast_signed()));
            let part = _mm256_sllv_epi64(_mm256_permutevar8x32_epi32(bytes, word), shift);
            let keyed = _mm256_add_epi32(part, _mm256_permutevar8x32_epi32(keys, word));
            let whole = _mm256_permutevar8x32_epi32(before, word);
            let hashes = _mm256_add_epi64(_mm256_add_epi64(product(keyed), part), whole);
            let lengths = _mm_cvtsi32_si128(lengths.cast_signed());
            Vectors { hashes: [hashes, _mm256_setzero_si256()], lengths, count }
        }
    }

    #[inline(always)]
    fn fetch<T>(it: &T) {
        fetch(it);
    }

    #[inline(always)]
    fn are_same(one: &[u8], other: &[u8]) -> bool {
        if one.len() != other.len() || one.len() > WIDTH || one.len() < 8 {
            return one == other;
        }
        // SAFETY: called from `many` alone, whose caller has found AVX2.
        let same = unsafe {
            let (one, other) = (Vectors::backwards(one), Vectors::backwards(other));
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(one, other))
        };
        same == -1
    }

    #[inline(always)]
    fn found(table: Table, file: &[u8], names: &Listed) -> Found {
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions.
        unsafe { found(table, file, names) }
    }

    #[inline(always)]
    fn equal(line: &Line, tag: u32) -> u32 {
        // SAFETY: called from `short`, `many` and `found` alone, whose caller has found AVX2; the loads begin at bytes 24 and 32 of
        // 64.
        let (first, second) = unsafe {
            let low = line.as_ptr().add(LOW);
            let all = _mm256_set1_epi32(tag.cast_signed());
            let first = _mm256_cmpeq_epi32(_mm256_loadu_si256(low.cast::<__m256i>()), all);
            let second = _mm256_cmpeq_epi32(_mm256_loadu_si256(low.add(8).cast::<__m256i>()), all);
            (_mm256_movemask_ps(_mm256_castsi256_ps(first)), _mm256_movemask_ps(_mm256_castsi256_ps(second)))
        };
        first.cast_unsigned() | second.cast_unsigned() << 2
    }
}
