//! The ways of x86-64 processors.

#![expect(clippy::cast_ptr_alignment, reason = "every load is one that needs no alignment")]

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use crate::engine::find::LANES;
use crate::engine::keys::SHORT;
use crate::engine::line::{ENTRIES, LOW};

/// The functions that a way with instructions of its own is entered by, whose caller has found them.
macro_rules! entries {
    ($way:ident, $instructions:literal) => {
        #[target_feature(enable = $instructions)]
        pub(in super::super) fn short(hosts: &Hosts, file: &[u8], name: &[u8]) -> Found {
            hosts.short_by::<$way>(file, name)
        }

        // Entered once for sixteen hosts, and not copied into callers: there it would have fewer registers.
        #[target_feature(enable = $instructions)]
        #[inline(never)]
        pub(in super::super) fn many<'a>(hosts: &Hosts, file: &'a [u8], many: &mut Many<'a>) {
            hosts.many_by::<$way>(file, many);
        }

        #[target_feature(enable = $instructions)]
        #[inline(never)]
        fn found(table: Table, file: &[u8], names: &Listed) -> Found {
            names.found_by::<$way>(table, file)
        }
    };
}

pub(super) mod avx2;
pub(super) mod avx512;
pub(super) mod sse2;

const _: () = assert!(SHORT == 63 && LANES == 8, "the vectors of all ways are of these sizes");
const _: () = assert!(ENTRIES == 10 && LOW == 24, "and the lines");
/// What ends a label.
const DOT: i8 = 0x2E;

/// A processor's instructions, asked for once by the standard library; without it, those that the program was compiled
/// for.
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
    has_avx2() && has!("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi", "avx512vbmi2")
}

/// Begins to fetch what will be read.
#[inline]
fn fetch<T>(it: &T) {
    // SAFETY: every x86-64 processor has SSE; nothing is read.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(it).cast::<i8>()) }
}
