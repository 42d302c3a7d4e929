//! The steps of a look-up that vector instructions speed up: finding dots, hashing suffixes, comparing tags. Every way
//! gives the same.
//!
//! The only module of this crate with `unsafe`: it reads vectors from references to arrays and slices, and enters
//! functions whose instructions were found to be there.

#![cfg_attr(
    all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)),
    expect(unsafe_code, reason = "vector instructions and loads")
)]

use super::find::{Finder, Found, tag, without_first};
use super::keys::{Keys, SHORT_WORDS, dots_of, short_words};
use super::line::{ENTRIES, LOW, Line};

/// Suffixes whose tags are compared at once.
pub(crate) const AT_ONCE: usize = 4;

/// One way of doing these steps.
pub(crate) trait Lanes {
    /// What is read of a name.
    type Read;
    /// The hashes and tags of its suffixes.
    type Suffixes;
    /// Reads a name of at most [`super::keys::SHORT`] bytes.
    fn read(name: &[u8]) -> Self::Read;
    /// Where its dots are: bit 63 for the last byte, 62 for the one before.
    fn dots(read: &Self::Read) -> u64;
    /// The hash of its last so many bytes.
    fn hash(keys: &Keys, read: &Self::Read, length: usize) -> u64;
    /// The first suffixes of two labels or more, the shortest first; the whole name, where there are fewer.
    fn suffixes(keys: &Keys, multiplier: u64, read: &Self::Read) -> Self::Suffixes;
    /// The hash of one of them.
    fn hash_of(suffixes: &Self::Suffixes, at: usize) -> u64;
    /// At which places of a line the lower half of each one's tag stands.
    fn equal(line: &Line, suffixes: &Self::Suffixes) -> [u32; AT_ONCE];
    /// Has the processor fetch a line that is soon to be read.
    fn fetch(line: &Line);
}

/// A short name read without vectors.
pub(crate) struct Words {
    words: [u64; SHORT_WORDS],
    length: usize,
    dots: u64,
}

/// Its suffixes: hashes, and the lower halves of tags.
pub(crate) struct Scalars {
    hashes: [u64; AT_ONCE],
    tags: [u32; AT_ONCE],
}

impl Words {
    #[inline]
    fn hash(&self, keys: &Keys, length: usize) -> u64 {
        let full = self.words.iter().enumerate().take(length / 8);
        let sum = full.fold(0_u64, |sum, (place, word)| sum.wrapping_add(keys.of_word(place, *word)));
        sum.wrapping_add(keys.of_first(&self.words, length))
    }

    #[inline]
    fn suffixes(&self, keys: &Keys, multiplier: u64) -> Scalars {
        let sums = keys.sums(&self.words, self.length / 8);
        // The bare last label is no rule's name.
        let mut left = without_first(self.dots);
        let mut all = Scalars { hashes: [0; AT_ONCE], tags: [0; AT_ONCE] };
        for (hash, slot) in all.hashes.iter_mut().zip(&mut all.tags) {
            let length = (left.leading_zeros() as usize).min(self.length);
            left = without_first(left);
            *hash = sums.get(length / 8).copied().unwrap_or(0).wrapping_add(keys.of_first(&self.words, length));
            #[expect(clippy::cast_possible_truncation, reason = "the lower half is compared first")]
            let low = tag(*hash, multiplier) as u32;
            *slot = low;
        }
        all
    }
}

impl Scalars {
    #[inline]
    fn hash(&self, at: usize) -> u64 {
        self.hashes.get(at).copied().unwrap_or(0)
    }
}

/// The steps that are the same in every way without wide vectors.
macro_rules! scalar_steps {
    () => {
        #[inline]
        fn dots(read: &Words) -> u64 {
            read.dots
        }

        #[inline]
        fn hash(keys: &Keys, read: &Words, length: usize) -> u64 {
            read.hash(keys, length)
        }

        #[inline]
        fn suffixes(keys: &Keys, multiplier: u64, read: &Words) -> Scalars {
            read.suffixes(keys, multiplier)
        }

        #[inline]
        fn hash_of(suffixes: &Scalars, at: usize) -> u64 {
            suffixes.hash(at)
        }
    };
}

/// Without vector instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Portable {
    #[inline]
    fn equal(line: &Line, tag: u32) -> u32 {
        let low = line.get(LOW..LOW + 4 * ENTRIES).unwrap_or_default().as_chunks::<4>().0;
        let bit = |(at, bytes): (usize, &[u8; 4])| u32::from(u32::from_le_bytes(*bytes) == tag) << at;
        low.iter().enumerate().map(bit).fold(0, |all, one| all | one)
    }
}

impl Lanes for Portable {
    type Read = Words;
    type Suffixes = Scalars;

    #[inline]
    fn read(name: &[u8]) -> Words {
        let words = short_words(name);
        // The eight bits of a word go each to its own place in the highest byte.
        let gathered = |word| dots_of(word).wrapping_mul(0x0002_0408_1020_4081) >> 56;
        let dots = words.iter().rev().fold(0, |dots, word| dots >> 8 | gathered(*word) << 56);
        Words { words, length: name.len(), dots }
    }

    scalar_steps!();

    #[inline]
    fn equal(line: &Line, suffixes: &Scalars) -> [u32; AT_ONCE] {
        suffixes.tags.map(|tag| Self::equal(line, tag))
    }

    #[inline]
    fn fetch(_: &Line) {}
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
mod x86 {
    use core::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_castsi128_ps, _mm_cmpeq_epi8, _mm_cmpeq_epi32, _mm_loadu_si128, _mm_movemask_epi8,
        _mm_movemask_ps, _mm_prefetch, _MM_HINT_T0, _mm_set_epi64x, _mm_set1_epi8, _mm_set1_epi32, _mm_add_epi64, _mm_unpackhi_epi64, _mm256_add_epi64, _mm256_extracti128_si256, _mm256_castsi256_ps,
        _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cmpeq_epi32, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_movemask_ps, _mm256_mullo_epi64, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_set1_epi32,
        _mm256_set1_epi64x, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_sub_epi64, _mm512_add_epi32, _mm512_add_epi64,
        _mm512_castsi256_si512, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask, _mm512_extracti64x4_epi64,
        _mm512_loadu_si512, _mm512_mask_cmpeq_epi32_mask, _mm512_maskz_loadu_epi8, _mm512_maskz_loadu_epi32,
        _mm512_maskz_mov_epi8, _mm512_mul_epu32, _mm512_permutexvar_epi32, _mm512_set1_epi8,
        _mm512_set1_epi32, _mm512_shuffle_i64x2, _mm512_srli_epi64, _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi64, _mm_cvtsi128_si64,
    };

    use super::{AT_ONCE, ENTRIES, Keys, LOW, Lanes, Line, Scalars, Words, short_words};
    use crate::engine::find::{Finder, Found};
    use crate::engine::keys::SHORT;

    const _: () = assert!(SHORT == 63 && ENTRIES == 9 && AT_ONCE == 4, "the vectors below are of these sizes");
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

    #[inline]
    fn fetch(line: &Line) {
        // SAFETY: every x86-64 processor has SSE, and a hint reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast::<i8>()) };
    }

    pub(super) struct Sse2;

    impl Lanes for Sse2 {
        type Read = Words;
        type Suffixes = Scalars;

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
            Words { words, length: name.len(), dots }
        }

        scalar_steps!();

        #[inline]
        fn equal(line: &Line, suffixes: &Scalars) -> [u32; AT_ONCE] {
            let last = last_tag(line);
            // SAFETY: every x86-64 processor has SSE2; the loads end at byte 33 of 64.
            let (first, second) = unsafe {
                let low = line.as_ptr().add(LOW).cast::<__m128i>();
                (_mm_loadu_si128(low), _mm_loadu_si128(low.add(1)))
            };
            suffixes.tags.map(|tag| {
                // SAFETY: every x86-64 processor has SSE2.
                let (a, b) = unsafe {
                    let tag = _mm_set1_epi32(tag.cast_signed());
                    let a = _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(first, tag)));
                    (a, _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(second, tag))))
                };
                a.cast_unsigned() | b.cast_unsigned() << 4 | u32::from(last == tag) << 8
            })
        }

        #[inline]
        fn fetch(line: &Line) {
            fetch(line);
        }
    }

    pub(super) struct Avx2;

    #[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
    impl Lanes for Avx2 {
        type Read = Words;
        type Suffixes = Scalars;

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
            Words { words, length: name.len(), dots }
        }

        scalar_steps!();

        #[inline(always)]
        fn equal(line: &Line, suffixes: &Scalars) -> [u32; AT_ONCE] {
            let last = last_tag(line);
            // SAFETY: called from `short_avx2` alone, whose caller has found AVX2; the load ends at byte 33 of 64.
            let low = unsafe { _mm256_loadu_si256(line.as_ptr().add(LOW).cast::<__m256i>()) };
            let mut all = [0; AT_ONCE];
            for (slot, tag) in all.iter_mut().zip(suffixes.tags) {
                // SAFETY: as above.
                let equal = unsafe {
                    let equal = _mm256_cmpeq_epi32(low, _mm256_set1_epi32(tag.cast_signed()));
                    _mm256_movemask_ps(_mm256_castsi256_ps(equal))
                };
                *slot = equal.cast_unsigned() | u32::from(last == tag) << 8;
            }
            all
        }

        #[inline]
        fn fetch(line: &Line) {
            fetch(line);
        }
    }

    pub(super) struct Avx512;

    /// A short name in a vector, its last byte last.
    pub(super) struct Bytes {
        bytes: __m512i,
        dots: u64,
        /// The bit for the length of the whole.
        whole: u64,
    }

    /// The hashes and tags of four suffixes.
    pub(super) struct Vectors {
        hashes: __m256i,
        tags: __m512i,
    }

    #[expect(clippy::inline_always, reason = "the instructions are those of the function that it is inlined into")]
    impl Lanes for Avx512 {
        type Read = Bytes;
        type Suffixes = Vectors;

        #[inline(always)]
        fn read(name: &[u8]) -> Bytes {
            let length = name.len() & SHORT;
            // SAFETY: called from `short_avx512` alone, whose caller has found the instructions. The vector ends with the
            // name's last byte, and the mask lets nothing be read that lies in front of its first.
            let (bytes, dots) = unsafe {
                let start = name.as_ptr().wrapping_add(length).wrapping_sub(64);
                let bytes = _mm512_maskz_loadu_epi8(!(u64::MAX >> length), start.cast::<i8>());
                (bytes, _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(DOT)))
            };
            Bytes { bytes, dots, whole: 1_u64 << (63 - length) }
        }

        #[inline(always)]
        fn dots(read: &Bytes) -> u64 {
            read.dots
        }

        #[inline(always)]
        fn hash(keys: &Keys, read: &Bytes, length: usize) -> u64 {
            // SAFETY: called from `short_avx512` alone.
            unsafe {
                let words = words(keys, read.bytes, u64::MAX >> (length & 63));
                let half = _mm256_add_epi64(_mm512_castsi512_si256(words), _mm512_extracti64x4_epi64::<1>(words));
                let pair = _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
                let one = _mm_add_epi64(pair, _mm_unpackhi_epi64(pair, pair));
                _mm_cvtsi128_si64(one).cast_unsigned().wrapping_sub(keys.short)
            }
        }

        #[inline(always)]
        fn suffixes(keys: &Keys, multiplier: u64, read: &Bytes) -> Vectors {
            let &Bytes { bytes, dots, whole } = read;
            // The bare last label is no rule's name; the whole is its own last suffix.
            let mut left = super::without_first(dots) | whole;
            let mut next = || {
                let rest = u64::MAX >> (left.leading_zeros() & 63);
                left = (left & (rest >> 1)) | whole;
                rest
            };
            let (a, b, c, d) = (next(), next(), next(), next());
            // SAFETY: called from `short_avx512` alone.
            unsafe {
                let (a, b) = (words(keys, bytes, a), words(keys, bytes, b));
                let (c, d) = (words(keys, bytes, c), words(keys, bytes, d));
                let ab = _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
                let cd = _mm512_add_epi64(_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
                // Pairs of a and b from the left and the right half, then of c and d.
                let left = _mm512_shuffle_i64x2::<0b0100_0100>(ab, cd);
                let right = _mm512_shuffle_i64x2::<0b1110_1110>(ab, cd);
                let pairs = _mm512_add_epi64(left, right);
                let halves = _mm512_shuffle_i64x2::<0b1101_1000>(pairs, pairs);
                let sums = _mm256_add_epi64(_mm512_castsi512_si256(halves), _mm512_extracti64x4_epi64::<1>(halves));
                let hashes = _mm256_sub_epi64(sums, _mm256_set1_epi64x(keys.short.cast_signed()));
                let tags = _mm256_mullo_epi64(hashes, _mm256_set1_epi64x(multiplier.cast_signed()));
                Vectors { hashes, tags: _mm512_castsi256_si512(_mm256_srli_epi64::<24>(tags)) }
            }
        }

        #[inline(always)]
        fn hash_of(suffixes: &Vectors, at: usize) -> u64 {
            let mut all = [0_u64; AT_ONCE];
            // SAFETY: called from `short_avx512` alone; the store is of 32 bytes to an array of 32.
            unsafe { _mm256_storeu_si256(all.as_mut_ptr().cast::<__m256i>(), suffixes.hashes) };
            all.get(at).copied().unwrap_or(0)
        }

        #[inline(always)]
        fn equal(line: &Line, suffixes: &Vectors) -> [u32; AT_ONCE] {
            // SAFETY: called from `short_avx512` alone, whose caller has found the instructions.
            unsafe { equal(line, suffixes.tags) }
        }

        #[inline(always)]
        fn fetch(line: &Line) {
            fetch(line);
        }
    }

    /// What each word of a suffix adds to its hash; `rest` is a bit for each byte that is not of it.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    #[inline]
    fn words(keys: &Keys, bytes: __m512i, rest: u64) -> __m512i {
        // SAFETY: a load of 64 bytes from an array of 64. The first word from the right is the last of the vector.
        let keys = unsafe { _mm512_loadu_si512(keys.reversed.as_ptr().cast::<__m512i>()) };
        let suffix = _mm512_maskz_mov_epi8(!rest, bytes);
        let keyed = _mm512_add_epi32(suffix, keys);
        _mm512_add_epi64(_mm512_mul_epu32(keyed, _mm512_srli_epi64::<32>(keyed)), suffix)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    #[inline]
    fn equal(line: &Line, tags: __m512i) -> [u32; AT_ONCE] {
        const ALL: u16 = (1 << ENTRIES) - 1;
        // SAFETY: nine times four bytes from the second on are within the 64 of a line.
        let low = unsafe { _mm512_maskz_loadu_epi32(ALL, line.as_ptr().add(LOW).cast::<i32>()) };
        let at = |half: i32| {
            let tag = _mm512_permutexvar_epi32(_mm512_set1_epi32(half), tags);
            u32::from(_mm512_mask_cmpeq_epi32_mask(ALL, low, tag))
        };
        [at(0), at(2), at(4), at(6)]
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
mod neon {
    use core::arch::aarch64::{
        vaddvq_u32, vandq_u32, vceqq_u32, vdupq_n_u32, vld1q_u32, vld1q_u8, vreinterpretq_u32_u8,
    };

    use super::{AT_ONCE, Keys, LOW, Lanes, Line, Portable, Scalars, Words};

    pub(super) struct Neon;

    impl Lanes for Neon {
        type Read = Words;
        type Suffixes = Scalars;

        /// Gathering bits from a vector costs more here than the words themselves.
        #[inline]
        fn read(name: &[u8]) -> Words {
            Portable::read(name)
        }

        scalar_steps!();

        #[inline]
        fn equal(line: &Line, suffixes: &Scalars) -> [u32; AT_ONCE] {
            let last = crate::layout::u32_at(line, LOW + 32).unwrap_or(0);
            let places = [1_u32, 2, 4, 8];
            // SAFETY: every AArch64 processor has NEON; both loads end at byte 33 of 64, the third is of four words.
            let (first, second, places) = unsafe {
                let low = line.as_ptr().add(LOW);
                let first = vreinterpretq_u32_u8(vld1q_u8(low));
                (first, vreinterpretq_u32_u8(vld1q_u8(low.add(16))), vld1q_u32(places.as_ptr()))
            };
            suffixes.tags.map(|tag| {
                // SAFETY: every AArch64 processor has NEON.
                let (a, b) = unsafe {
                    let tag = vdupq_n_u32(tag);
                    let a = vaddvq_u32(vandq_u32(vceqq_u32(first, tag), places));
                    (a, vaddvq_u32(vandq_u32(vceqq_u32(second, tag), places)))
                };
                a | b << 4 | u32::from(last == tag) << 8
            })
        }

        #[inline]
        fn fetch(_: &Line) {}
    }
}
