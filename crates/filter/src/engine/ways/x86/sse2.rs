//! The way that every x86-64 processor can take.

use core::arch::x86_64::{
    __m128i, _mm_castsi128_ps, _mm_cmpeq_epi8, _mm_cmpeq_epi32, _mm_loadu_si128, _mm_movemask_epi8, _mm_movemask_ps,
    _mm_set_epi64x, _mm_set1_epi8, _mm_set1_epi32,
};

use super::super::Lanes;
use super::super::words::Names;
use super::{DOT, fetch};
use crate::engine::Line;
use crate::engine::find::{Found, Listed};
use crate::engine::keys::{Keys, short_words};
use crate::engine::line::LOW;
use crate::engine::table::Table;

pub(in super::super) struct Sse2;

impl Lanes for Sse2 {
    type Names = Names;

    #[inline]
    fn read(keys: &Keys, name: &[u8]) -> Names {
        let words = short_words(name);
        let mut dots = 0;
        for pair in words.as_chunks::<2>().0.iter().rev() {
            let [a, b] = pair.map(u64::cast_signed);
            // SAFETY: every x86-64 processor has SSE2.
            let found = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_set_epi64x(b, a), _mm_set1_epi8(DOT))) };
            dots = dots << 16 | u64::from(found.cast_unsigned());
        }
        Names::new(keys, &words, dots, name.len())
    }

    #[inline]
    fn fetch<T>(it: &T) {
        fetch(it);
    }

    fn found(table: Table, file: &[u8], names: &Listed) -> Found {
        names.found_by::<Self>(table, file)
    }

    #[inline]
    fn equal(line: &Line, tag: u32) -> u32 {
        // SAFETY: every x86-64 processor has SSE2; the loads begin at bytes 24, 40 and 48 of 64.
        let [first, second, third] = unsafe {
            let low = line.as_ptr().add(LOW);
            let all = _mm_set1_epi32(tag.cast_signed());
            [0, 16, 24].map(|at| {
                let equal = _mm_cmpeq_epi32(_mm_loadu_si128(low.add(at).cast::<__m128i>()), all);
                _mm_movemask_ps(_mm_castsi128_ps(equal)).cast_unsigned()
            })
        };
        first | second << 4 | third << 6
    }
}
