//! The way of processors with AVX-512, up to the instructions that came with Ice Lake and Zen 4: all names of a host in
//! one vector.

use core::arch::x86_64::{
    __m128i, __m512i, _mm_add_epi8, _mm_cvtsi128_si64, _mm_loadl_epi64, _mm_maskz_compress_epi8, _mm_set1_epi8,
    _mm_storel_epi64, _mm512_add_epi32, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpeq_epi32_mask, _mm512_cmpeq_epi64_mask,
    _mm512_cmpneq_epi8_mask, _mm512_cvtepu8_epi64, _mm512_loadu_si512, _mm512_mask_permutexvar_epi64,
    _mm512_maskz_compress_epi8, _mm512_maskz_compress_epi64, _mm512_maskz_loadu_epi8, _mm512_mul_epu32,
    _mm512_or_si512, _mm512_permutexvar_epi8, _mm512_permutexvar_epi64, _mm512_rolv_epi64, _mm512_set1_epi8,
    _mm512_set1_epi32, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shldv_epi64, _mm512_slli_epi64,
    _mm512_srli_epi64, _mm512_storeu_si512, _mm512_sub_epi8, _mm512_sub_epi64,
};

use super::super::words::Names;
use super::super::{Lanes, ShortName};
use super::{DOT, fetch};
use crate::engine::Line;
use crate::engine::filter::{PAIRS, TURN_AT, WORD_AT};
use crate::engine::find::{Found, Hosts, LANES, Listed};
use crate::engine::keys::{Keys, SHORT};
use crate::engine::line::LOW;
use crate::engine::many::Many;
use crate::engine::table::Table;

pub(in super::super) struct Avx512;

entries!(Avx512, "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2");

/// The names of a host in vectors, a lane each.
pub(in super::super) struct Vectors {
    hashes: __m512i,
    /// The length of each, a byte for each lane.
    lengths: __m128i,
    count: u32,
}

/// Numbers in a row: where in a vector of bytes each byte stands.
const fn numbers(first: u8) -> [u8; 64] {
    let mut numbers = [first; 64];
    let mut rest = numbers.as_mut_slice();
    let mut number = first;
    while let Some((next, behind)) = rest.split_first_mut() {
        *next = number;
        number = number.wrapping_add(1);
        rest = behind;
    }
    numbers
}

#[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
impl Vectors {
    /// The number in a lane.
    #[inline(always)]
    fn lane(of: __m512i, lane: u32) -> u64 {
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions.
        let first = unsafe {
            let lane = _mm512_permutexvar_epi64(_mm512_set1_epi64(lane.into()), of);
            _mm_cvtsi128_si64(_mm512_castsi512_si128(lane))
        };
        first.cast_unsigned()
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
        Self::lane(self.hashes, lane)
    }

    #[inline(always)]
    fn store(&self, to: &mut Names) {
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions; stores
        // of 64 and 8 bytes to arrays of as many.
        unsafe {
            _mm512_storeu_si512(to.hashes.as_mut_ptr().cast::<__m512i>(), self.hashes);
            _mm_storel_epi64(to.lengths.as_mut_ptr().cast::<__m128i>(), self.lengths);
        }
        to.count = self.count;
    }

    #[inline(always)]
    fn load(from: &Names) -> Self {
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions; loads of
        // 64 and 8 bytes from arrays of as many.
        unsafe {
            let hashes = _mm512_loadu_si512(from.hashes.as_ptr().cast::<__m512i>());
            let lengths = _mm_loadl_epi64(from.lengths.as_ptr().cast::<__m128i>());
            Self { hashes, lengths, count: from.count }
        }
    }

    #[inline(always)]
    fn held(&self, first: &Line, others: &Line) -> u32 {
        // SAFETY: called from `short` and `many` alone; loads of 64 bytes from lines of 64. The words of
        // a line lie as its bytes do, little-endian.
        let held = unsafe {
            // Of a place only the lowest three bits count, and bits are turned modulo 64.
            let word = _mm512_srli_epi64::<WORD_AT>(self.hashes);
            let [a, b] = PAIRS.map(|pair| _mm512_set1_epi64(pair.cast_signed()));
            let a = _mm512_rolv_epi64(a, _mm512_srli_epi64::<{ TURN_AT[0] }>(self.hashes));
            let b = _mm512_rolv_epi64(b, _mm512_srli_epi64::<{ TURN_AT[1] }>(self.hashes));
            let bits = _mm512_or_si512(a, b);
            let first = _mm512_loadu_si512(first.as_ptr().cast::<__m512i>());
            let others = _mm512_loadu_si512(others.as_ptr().cast::<__m512i>());
            let chosen = _mm512_permutexvar_epi64(word, others);
            let chosen = _mm512_mask_permutexvar_epi64(chosen, 1, word, first);
            _mm512_cmpeq_epi64_mask(_mm512_and_si512(chosen, bits), bits)
        };
        u32::from(held) & !(u32::MAX << (self.count & 31))
    }

    #[inline(always)]
    fn write(&self, held: u32, hashes: &mut [u64; LANES], lengths: &mut [u8; LANES]) {
        // A bit for each of eight lanes.
        let [held, ..] = held.to_le_bytes();
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions; stores
        // of 64 and 8 bytes to arrays of as many.
        unsafe {
            let of_these = _mm512_maskz_compress_epi64(held, self.hashes);
            _mm512_storeu_si512(hashes.as_mut_ptr().cast::<__m512i>(), of_these);
            let of_these = _mm_maskz_compress_epi8(held.into(), self.lengths);
            _mm_storel_epi64(lengths.as_mut_ptr().cast::<__m128i>(), of_these);
        }
    }
}

#[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
impl Lanes for Avx512 {
    type Names = Vectors;

    #[inline(always)]
    fn read(keys: &Keys, name: &[u8]) -> Vectors {
        /// How far from the end of a name its bytes are; and that, less one.
        const FAR: &[u8; 64] = &numbers(0);
        const FAR_LESS_ONE: &[u8; 64] = &numbers(u8::MAX);
        let length = name.len() & SHORT;
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions. The mask
        // lets nothing be read that lies behind the last byte of the name; the other loads are of arrays of 64 bytes.
        unsafe {
            let load = |from: *const u8| _mm512_loadu_si512(from.cast::<__m512i>());
            let text = _mm512_maskz_loadu_epi8(!(u64::MAX << length), name.as_ptr().cast::<i8>());
            // Turned round: the last byte first, zeros behind the first. Places are taken modulo 64.
            #[expect(clippy::cast_possible_truncation, reason = "a short name has at most 63 bytes")]
            let last = _mm512_set1_epi8((length as i8).wrapping_sub(1));
            let bytes = _mm512_permutexvar_epi8(_mm512_sub_epi8(last, load(FAR.as_ptr())), text);
            let dots = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(DOT));
            // What is behind the last dot is no name, unless there is none.
            let ends = dots & dots.wrapping_sub(1) | 1 << length;
            let less_one = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(ends, load(FAR_LESS_ONE.as_ptr())));
            let lengths = _mm512_cvtepu8_epi64(less_one);
            // What each whole word adds to a hash; and the sum of those before each.
            let keys = load(keys.short().as_ptr().cast::<u8>());
            let product = |keyed| _mm512_mul_epu32(keyed, _mm512_srli_epi64::<32>(keyed));
            let each = _mm512_add_epi64(product(_mm512_add_epi32(bytes, keys)), bytes);
            let none = _mm512_setzero_si512();
            let before = _mm512_alignr_epi64::<7>(each, none);
            let before = _mm512_add_epi64(before, _mm512_alignr_epi64::<7>(before, none));
            let before = _mm512_add_epi64(before, _mm512_alignr_epi64::<6>(before, none));
            let before = _mm512_add_epi64(before, _mm512_alignr_epi64::<4>(before, none));
            // The word that each name begins in, as far as it belongs to it, at the upper end. Shifts are taken modulo
            // 64.
            let word = _mm512_srli_epi64::<3>(lengths);
            let shift = _mm512_sub_epi64(_mm512_set1_epi64(56), _mm512_slli_epi64::<3>(lengths));
            let part = _mm512_shldv_epi64(_mm512_permutexvar_epi64(word, bytes), none, shift);
            let keyed = _mm512_add_epi32(part, _mm512_permutexvar_epi64(word, keys));
            let whole = _mm512_permutexvar_epi64(word, before);
            let hashes = _mm512_add_epi64(_mm512_add_epi64(product(keyed), part), whole);
            let lengths = _mm_add_epi8(less_one, _mm_set1_epi8(1));
            Vectors { hashes, lengths, count: ends.count_ones() }
        }
    }

    #[inline(always)]
    fn fetch<T>(it: &T) {
        fetch(it);
    }

    #[inline(always)]
    fn are_same(one: &[u8], other: &[u8]) -> bool {
        let length = one.len();
        if length > SHORT || length != other.len() {
            return one == other;
        }
        let all = !(u64::MAX << length);
        // SAFETY: called from `many` alone, whose caller has found the instructions. The mask lets nothing be read that
        // lies behind the last byte of a text.
        let differ = unsafe {
            let one = _mm512_maskz_loadu_epi8(all, one.as_ptr().cast::<i8>());
            let other = _mm512_maskz_loadu_epi8(all, other.as_ptr().cast::<i8>());
            _mm512_cmpneq_epi8_mask(one, other)
        };
        differ == 0
    }

    #[inline(always)]
    fn found(table: Table, file: &[u8], names: &Listed) -> Found {
        // SAFETY: called from `short` and `many` alone, whose caller has found the instructions.
        unsafe { found(table, file, names) }
    }

    #[inline(always)]
    fn equal(line: &Line, tag: u32) -> u32 {
        // SAFETY: called from `short`, `many` and `found` alone; a load of 64 bytes from a line of 64. No fewer, masked:
        // a load that began at the tags would wait for the next line, though nothing of that is wanted.
        let equal = unsafe {
            let all = _mm512_loadu_si512(line.as_ptr().cast::<__m512i>());
            _mm512_cmpeq_epi32_mask(all, _mm512_set1_epi32(tag.cast_signed()))
        };
        u32::from(equal >> (LOW / 4))
    }
}
