//! The way of AArch64 processors.

use core::arch::aarch64::{vaddvq_u32, vandq_u32, vceqq_u32, vdupq_n_u32, vld1q_u8, vld1q_u32, vreinterpretq_u32_u8};

use super::words::Names;
use super::{Lanes, Portable};
use crate::engine::Line;
use crate::engine::find::{Found, Listed};
use crate::engine::keys::Keys;
use crate::engine::line::{ENTRIES, LOW};
use crate::engine::table::Table;

const _: () = assert!(ENTRIES == 10 && LOW == 24, "the vectors below are of these sizes");

pub(crate) struct Neon;

impl Lanes for Neon {
    type Names = Names;

    /// Gathering bits from a vector costs more here than the words themselves.
    #[inline]
    fn read(keys: &Keys, name: &[u8]) -> Names {
        Portable::read(keys, name)
    }

    fn found(table: Table, file: &[u8], names: &Listed) -> Found {
        names.found_by::<Self>(table, file)
    }

    #[inline]
    fn equal(line: &Line, tag: u32) -> u32 {
        let places = [1_u32, 2, 4, 8];
        // SAFETY: every AArch64 processor has NEON; the loads begin at bytes 24, 40 and 48 of 64, the fourth is of four
        // words.
        let [first, second, third] = unsafe {
            let (low, all, places) = (line.as_ptr().add(LOW), vdupq_n_u32(tag), vld1q_u32(places.as_ptr()));
            [0, 16, 24].map(|at| {
                let equal = vceqq_u32(vreinterpretq_u32_u8(vld1q_u8(low.add(at))), all);
                vaddvq_u32(vandq_u32(equal, places))
            })
        };
        first | second << 4 | third << 6
    }
}
