//! The steps of a look-up that vector instructions speed up: finding dots, hashing suffixes, comparing tags. Every way
//! gives the same.
//!
//! The only module of this crate with `unsafe`: it reads vectors from references to arrays and slices, and enters
//! functions whose instructions were found to be there.

#![cfg_attr(
    all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)),
    expect(unsafe_code, reason = "vector instructions and loads")
)]

use super::find::{Finder, Found};
use super::keys::{Keys, SHORT_WORDS, dots_of, last_bytes, short_words};
use super::line::{ENTRIES, LOW, Line};

/// One way of doing these steps.
pub(crate) trait Lanes {
    /// What is read of a name.
    type Read: ShortName;
    /// Reads a name of at most [`super::keys::SHORT`] bytes.
    fn read(name: &[u8]) -> Self::Read;
    /// At which places of a line the lower half of a tag stands.
    fn equal(line: &Line, tag: u32) -> u64;
}

/// A name as a way reads it.
pub(crate) trait ShortName {
    /// Where its dots are: bit 63 for the last byte, 62 for the one before.
    fn dots(&self) -> u64;
    /// The hash of its last so many bytes.
    fn hash(&self, keys: &Keys, length: u32) -> u64;
}

/// A short name read as words.
pub(crate) struct Words {
    words: [u64; SHORT_WORDS],
    dots: u64,
}

impl ShortName for Words {
    #[inline]
    fn dots(&self) -> u64 {
        self.dots
    }

    #[inline]
    fn hash(&self, keys: &Keys, length: u32) -> u64 {
        let (full, bytes) = ((length / 8) as usize, length % 8);
        let sum = |sum: u64, (place, word): (usize, &u64)| sum.wrapping_add(keys.of_word(place, *word));
        let sum = self.words.iter().enumerate().take(full).fold(0, sum);
        let first = self.words.get(full).copied().unwrap_or(0) & last_bytes(bytes as usize);
        sum.wrapping_add(keys.of_word(full, first))
    }
}

/// Without vector instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Lanes for Portable {
    type Read = Words;

    #[inline]
    fn read(name: &[u8]) -> Words {
        let words = short_words(name);
        // The eight bits of a word go each to its own place in the highest byte.
        let gathered = |word| dots_of(word).wrapping_mul(0x0002_0408_1020_4081) >> 56;
        let dots = words.iter().rev().fold(0, |dots, word| dots >> 8 | gathered(*word) << 56);
        Words { words, dots }
    }

    #[inline]
    fn equal(line: &Line, tag: u32) -> u64 {
        let low = line.get(LOW..LOW + 4 * ENTRIES).unwrap_or_default().as_chunks::<4>().0;
        let bit = |(at, bytes): (usize, &[u8; 4])| u64::from(u32::from_le_bytes(*bytes) == tag) << at;
        low.iter().enumerate().map(bit).fold(0, |all, one| all | one)
    }
}

/// Which way this processor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// [`Portable`].
    Portable,
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Sse2,
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Avx2,
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Avx512,
    #[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
    Neon,
}

impl Way {
    /// All that this processor can take, the fastest first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let ways: [Option<Self>; 4] = [
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            x86::has_avx512().then_some(Self::Avx512),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            x86::has_avx2().then_some(Self::Avx2),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Some(Self::Sse2),
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
            Some(Self::Neon),
            #[cfg(not(all(target_arch = "x86_64", not(miri))))]
            None,
            #[cfg(not(all(target_arch = "x86_64", not(miri))))]
            None,
            #[cfg(not(any(
                all(target_arch = "x86_64", not(miri)),
                all(target_arch = "aarch64", target_endian = "little", not(miri))
            )))]
            None,
            Some(Self::Portable),
        ];
        ways.into_iter().flatten()
    }

    /// [`Finder::short_by`] in this way.
    #[inline]
    pub(crate) fn short(self, finder: &Finder<'_>, name: &[u8]) -> Found {
        match self {
            Self::Portable => finder.short_by::<Portable>(name),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Sse2 => finder.short_by::<x86::Sse2>(name),
            // SAFETY: `all` found the instructions that the function is compiled with; nothing else makes these ways.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx2 => unsafe { x86::short_avx2(finder, name) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx512 => unsafe { x86::short_avx512(finder, name) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
            Self::Neon => finder.short_by::<neon::Neon>(name),
        }
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(clippy::cast_ptr_alignment, reason = "every load is one that needs no alignment")]
mod x86 {
    use core::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_add_epi64, _mm_castsi128_ps, _mm_cmpeq_epi8, _mm_cmpeq_epi32, _mm_cvtsi128_si64,
        _mm_loadu_si128, _mm_movemask_epi8, _mm_movemask_ps, _mm_set_epi64x, _mm_set1_epi8, _mm_set1_epi32,
        _mm_unpackhi_epi64, _mm256_add_epi64, _mm256_castsi256_ps, _mm256_castsi256_si128, _mm256_cmpeq_epi8,
        _mm256_cmpeq_epi32, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_movemask_ps,
        _mm256_set_epi64x, _mm256_set1_epi8, _mm256_set1_epi32, _mm512_add_epi32, _mm512_add_epi64,
        _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask, _mm512_extracti64x4_epi64, _mm512_loadu_si512,
        _mm512_mask_cmpeq_epi32_mask, _mm512_maskz_loadu_epi8, _mm512_maskz_loadu_epi32, _mm512_maskz_mov_epi8,
        _mm512_mul_epu32, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_srli_epi64,
    };

    use super::{ENTRIES, Keys, LOW, Lanes, Line, ShortName, Words, short_words};
    use crate::engine::find::{Finder, Found};
    use crate::engine::keys::SHORT;

    const _: () = assert!(SHORT == 63 && ENTRIES == 9, "the vectors below are of these sizes");
    const DOT: i8 = 0x2E;

    /// A processor's instructions, asked for once by the standard library; without it, those that the program was
    /// compiled for.
    macro_rules! has {
        ($($feature:tt),*) => {{
            #[cfg(feature = "std")]
            { $(std::arch::is_x86_feature_detected!($feature))&&* }
            #[cfg(not(feature = "std"))]
            { $(cfg!(target_feature = $feature))&&* }
        }};
    }

    pub(super) fn has_avx2() -> bool {
        has!("avx2", "bmi1", "bmi2", "lzcnt", "popcnt")
    }

    pub(super) fn has_avx512() -> bool {
        has_avx2() && has!("avx512f", "avx512bw", "avx512dq", "avx512vl")
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn short_avx2(finder: &Finder<'_>, name: &[u8]) -> Found {
        finder.short_by::<Avx2>(name)
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn short_avx512(finder: &Finder<'_>, name: &[u8]) -> Found {
        finder.short_by::<Avx512>(name)
    }

    /// The ninth tag's lower half.
    #[inline]
    fn last_tag(line: &Line) -> u32 {
        crate::layout::u32_at(line, LOW + 32).unwrap_or(0)
    }

    pub(super) struct Sse2;

    impl Lanes for Sse2 {
        type Read = Words;

        #[inline]
        fn read(name: &[u8]) -> Words {
            let words = short_words(name);
            let mut dots = 0;
            for pair in words.as_chunks::<2>().0.iter().rev() {
                let [a, b] = pair.map(u64::cast_signed);
                // SAFETY: every x86-64 processor has SSE2.
                let found = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_set_epi64x(a, b), _mm_set1_epi8(DOT))) };
                dots = dots >> 16 | u64::from(found.cast_unsigned()) << 48;
            }
            Words { words, dots }
        }

        #[inline]
        fn equal(line: &Line, tag: u32) -> u64 {
            // SAFETY: every x86-64 processor has SSE2; the loads end at byte 33 of 64.
            let (first, second) = unsafe {
                let low = line.as_ptr().add(LOW).cast::<__m128i>();
                let all = _mm_set1_epi32(tag.cast_signed());
                let first = _mm_cmpeq_epi32(_mm_loadu_si128(low), all);
                let second = _mm_cmpeq_epi32(_mm_loadu_si128(low.add(1)), all);
                (_mm_movemask_ps(_mm_castsi128_ps(first)), _mm_movemask_ps(_mm_castsi128_ps(second)))
            };
            let both = first.cast_unsigned() | second.cast_unsigned() << 4;
            u64::from(both) | u64::from(last_tag(line) == tag) << 8
        }
    }

    pub(super) struct Avx2;

    #[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
    impl Lanes for Avx2 {
        type Read = Words;

        #[inline(always)]
        fn read(name: &[u8]) -> Words {
            let words = short_words(name);
            let mut dots = 0;
            for four in words.as_chunks::<4>().0.iter().rev() {
                let [a, b, c, d] = four.map(u64::cast_signed);
                // SAFETY: called from `short_avx2` alone, whose caller has found AVX2.
                let found = unsafe {
                    let bytes = _mm256_set_epi64x(a, b, c, d);
                    _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(DOT)))
                };
                dots = dots >> 32 | u64::from(found.cast_unsigned()) << 32;
            }
            Words { words, dots }
        }

        #[inline(always)]
        fn equal(line: &Line, tag: u32) -> u64 {
            // SAFETY: called from `short_avx2` alone, whose caller has found AVX2; the load ends at byte 33 of 64.
            let equal = unsafe {
                let low = _mm256_loadu_si256(line.as_ptr().add(LOW).cast::<__m256i>());
                let equal = _mm256_cmpeq_epi32(low, _mm256_set1_epi32(tag.cast_signed()));
                _mm256_movemask_ps(_mm256_castsi256_ps(equal))
            };
            u64::from(equal.cast_unsigned()) | u64::from(last_tag(line) == tag) << 8
        }
    }

    pub(super) struct Avx512;

    /// A short name in a vector, its last byte last.
    pub(super) struct Bytes {
        bytes: __m512i,
        dots: u64,
    }

    #[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
    impl ShortName for Bytes {
        #[inline(always)]
        fn dots(&self) -> u64 {
            self.dots
        }

        #[inline(always)]
        fn hash(&self, keys: &Keys, length: u32) -> u64 {
            // SAFETY: called from `short_avx512` alone; a load of 64 bytes from an array of 64. The first word from the
            // right is the last of the vector.
            unsafe {
                let keys_of_words = _mm512_loadu_si512(keys.reversed.as_ptr().cast::<__m512i>());
                let suffix = _mm512_maskz_mov_epi8(!(u64::MAX >> (length & 63)), self.bytes);
                let keyed = _mm512_add_epi32(suffix, keys_of_words);
                let words = _mm512_add_epi64(_mm512_mul_epu32(keyed, _mm512_srli_epi64::<32>(keyed)), suffix);
                let half = _mm256_add_epi64(_mm512_castsi512_si256(words), _mm512_extracti64x4_epi64::<1>(words));
                let pair = _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
                let one = _mm_add_epi64(pair, _mm_unpackhi_epi64(pair, pair));
                _mm_cvtsi128_si64(one).cast_unsigned().wrapping_sub(keys.short)
            }
        }
    }

    #[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
    impl Lanes for Avx512 {
        type Read = Bytes;

        #[inline(always)]
        fn read(name: &[u8]) -> Bytes {
            let length = name.len() & SHORT;
            // SAFETY: called from `short_avx512` alone, whose caller has found the instructions. The vector ends with the
            // name's last byte, and the mask lets nothing be read that lies in front of its first.
            unsafe {
                let start = name.as_ptr().wrapping_add(length).wrapping_sub(64);
                let bytes = _mm512_maskz_loadu_epi8(!(u64::MAX >> length), start.cast::<i8>());
                Bytes { bytes, dots: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(DOT)) }
            }
        }

        #[inline(always)]
        fn equal(line: &Line, tag: u32) -> u64 {
            const ALL: u16 = (1 << ENTRIES) - 1;
            // SAFETY: called from `short_avx512` alone; nine times four bytes from the second on are within the 64 of a
            // line.
            let equal = unsafe {
                let low = _mm512_maskz_loadu_epi32(ALL, line.as_ptr().add(LOW).cast::<i32>());
                _mm512_mask_cmpeq_epi32_mask(ALL, low, _mm512_set1_epi32(tag.cast_signed()))
            };
            u64::from(equal)
        }
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
mod neon {
    use core::arch::aarch64::{
        vaddvq_u32, vandq_u32, vceqq_u32, vdupq_n_u32, vld1q_u8, vld1q_u32, vreinterpretq_u32_u8,
    };

    use super::{LOW, Lanes, Line, Portable, Words};

    pub(super) struct Neon;

    impl Lanes for Neon {
        type Read = Words;

        /// Gathering bits from a vector costs more here than the words themselves.
        #[inline]
        fn read(name: &[u8]) -> Words {
            Portable::read(name)
        }

        #[inline]
        fn equal(line: &Line, tag: u32) -> u64 {
            let last = crate::layout::u32_at(line, LOW + 32).unwrap_or(0);
            let places = [1_u32, 2, 4, 8];
            // SAFETY: every AArch64 processor has NEON; the loads end at byte 33 of 64, the third is of four words.
            let (first, second) = unsafe {
                let (low, all, places) = (line.as_ptr().add(LOW), vdupq_n_u32(tag), vld1q_u32(places.as_ptr()));
                let first = vceqq_u32(vreinterpretq_u32_u8(vld1q_u8(low)), all);
                let second = vceqq_u32(vreinterpretq_u32_u8(vld1q_u8(low.add(16))), all);
                (vaddvq_u32(vandq_u32(first, places)), vaddvq_u32(vandq_u32(second, places)))
            };
            u64::from(first | second << 4) | u64::from(last == tag) << 8
        }
    }
}
