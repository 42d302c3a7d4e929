//! Tables of format version 1, which are still read: lines of eight 64-bit slots, each a 48-bit tag and a 16-bit
//! value, one probe a name.
//!
//! The line comes from the high bits of the hash, the tag is its low 48 bits. A full line spills into the next; a
//! line with an empty slot ends the search. The chance that a probe finds a name that is not there is below
//! 8 · 2⁻⁴⁸, about 3 in 10¹⁴.

use crate::few::Few;
use crate::hash;
use crate::host::Host;

/// Bytes of a line.
const LINE: usize = 64;
/// Bits of a slot that hold the value.
const VALUE_BITS: u32 = 16;
/// Bytes of a value of the host table.
pub(crate) const VALUE: usize = 12;

/// A table as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    lines: u64,
}

impl<'a> Table<'a> {
    /// A table over a section of whole lines.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, lines: (bytes.len() / LINE) as u64 }
    }

    /// The value of a hash, or 0. Costs one cache line as a rule.
    pub(crate) fn get(&self, hash: u64) -> u16 {
        let tag = hash << VALUE_BITS;
        let mut line = ((u128::from(hash) * u128::from(self.lines)) >> 64) as u64;
        for _ in 0..self.lines {
            let Ok(at) = usize::try_from(line * LINE as u64) else { return 0 };
            let Some(slots) = self.bytes.get(at..at + LINE) else { return 0 };
            for slot in slots.as_chunks::<8>().0 {
                let slot = u64::from_le_bytes(*slot);
                if (slot ^ tag) >> VALUE_BITS == 0 && slot != 0 {
                    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the value")]
                    return slot as u16;
                }
                // Lines fill up from their start.
                if slot == 0 {
                    return 0;
                }
            }
            line = if line + 1 == self.lines { 0 } else { line + 1 };
        }
        0
    }

    /// The lengths and values of the names that a host is, or is below of, the shortest first.
    pub(crate) fn suffixes(&self, seed: u64, host: &Host) -> Few<(u8, u16), 8> {
        let name = host.as_str();
        // The bare last label is no rule's name, unless it is all there is of an address.
        let skipped = usize::from(!host.is_ip() && name.contains('.'));
        let mut found = Few::new();
        for (hash, begin) in hash::Suffixes::new(seed, name, host.is_ip()).skip(skipped) {
            let value = self.get(hash);
            if value != 0 {
                found.push((u8::try_from(name.len() - begin).unwrap_or(0), value));
            }
        }
        found
    }
}
