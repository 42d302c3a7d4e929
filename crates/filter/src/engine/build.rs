//! Lays entries out in lines.

use alloc::vec;
use alloc::vec::Vec;

use super::find::{bits_of, line_of, tag};
use super::line::{ENTRIES, LINE, bit_of, entries, write};

/// An entry before it has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    /// Where its group belongs.
    pub(crate) place: u64,
    pub(crate) hash: u64,
    /// Never 0.
    pub(crate) value: u16,
}

/// How full lines are, in hundredths: more saves bytes, less saves second lines.
const FULL: usize = 90;

/// Bits of the filter for each group.
const FILTER_BITS: usize = 6;

/// What hashes are first multiplied by for a tag; then by the next odd number, and so on.
const MULTIPLIER: u64 = 0xD1B5_4A32_D192_ED03;
/// How many multipliers are tried.
const TRIES: u64 = 32;

/// The bytes of tables, and what hashes are multiplied by for their tags: the first multiplier with which no two entries
/// of a table could be taken for one another. `None` where there is none, which is to say never: two hashes would have to
/// be alike.
///
/// The entries come in the order in which they are laid out, and the bytes depend on nothing else.
pub(crate) fn build<const N: usize>(tables: [&[Placed]; N]) -> Option<([Vec<u8>; N], u64)> {
    let mut multipliers = (0..TRIES).map(|at| MULTIPLIER.wrapping_add(2 * at));
    multipliers.find_map(|multiplier| {
        let laid_out = tables.map(|placed| lay_out(placed, multiplier));
        laid_out.iter().all(Option::is_some).then(|| (laid_out.map(Option::unwrap_or_default), multiplier))
    })
}

fn lay_out(placed: &[Placed], multiplier: u64) -> Option<Vec<u8>> {
    let count = (placed.len() * 100).div_ceil(FULL * ENTRIES).max(1);
    let mut bytes = vec![0_u8; count * LINE];
    let mut used = vec![0_u8; count];
    let (lines, _) = bytes.as_chunks_mut::<LINE>();
    for entry in placed {
        let tag = tag(entry.hash, multiplier);
        let mut at = line_of(entry.place, count);
        loop {
            let (line, used) = (lines.get_mut(at)?, used.get_mut(at)?);
            if entries(line).any(|(other, _)| other == tag) {
                return None;
            }
            if usize::from(*used) < ENTRIES {
                write(line, usize::from(*used), tag, entry.value)?;
                *used += 1;
                break;
            }
            *line.first_mut()? |= 1 << bit_of(entry.place);
            at = if at + 1 == count { 0 } else { at + 1 };
        }
    }
    Some(bytes)
}

/// The bytes of the filter of the groups that entries belong to. Those of a group stand together.
pub(crate) fn filter(placed: &[Placed]) -> Vec<u8> {
    let groups = || placed.chunk_by(|a, b| a.place == b.place).filter_map(<[Placed]>::first);
    let mut words = vec![0_u64; (groups().count() * FILTER_BITS).div_ceil(64).max(1)];
    let count = words.len();
    for group in groups() {
        if let Some(word) = words.get_mut(line_of(group.place, count)) {
            *word |= bits_of(group.place);
        }
    }
    words.into_iter().flat_map(u64::to_le_bytes).collect()
}
