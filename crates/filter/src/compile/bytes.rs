//! The parts of a file put together.

use alloc::vec::Vec;

use crate::layout::{self, ALIGN, HEADER, MAGIC, SECTION_ENTRY, Section};
use crate::ruleset::checksum;

pub(super) fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()
}

/// A count, then each item behind its length.
pub(super) fn with_lengths(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = length(items.len()).to_vec();
    for item in items {
        out.extend(length(item.len()));
        out.extend(item);
    }
    out
}

/// A count, the offsets of the items and of their end, then the items.
pub(super) fn with_offsets(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = length(items.len()).to_vec();
    let mut offset = 0;
    out.extend(length(offset));
    for item in items {
        offset += item.len();
        out.extend(length(offset));
    }
    out.extend(items.iter().flatten());
    out
}

/// What the header says beside the lengths.
pub(super) struct Head {
    pub(super) seed: u64,
    pub(super) rules: u64,
    pub(super) path_segments: usize,
    /// What hashes are multiplied by for tags.
    pub(super) multiplier: u64,
}

/// A whole file.
pub(super) fn assemble(head: &Head, sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let first = (HEADER + sections.len() * SECTION_ENTRY).next_multiple_of(ALIGN);
    let total = sections.iter().fold(first, |at, (_, bytes)| at + bytes.len().next_multiple_of(ALIGN));
    let mut out = Vec::with_capacity(total);
    out.extend(MAGIC);
    out.extend(layout::VERSION.to_le_bytes());
    out.extend(length(sections.len()));
    out.extend((total as u64).to_le_bytes());
    out.extend(head.seed.to_le_bytes());
    out.extend(head.rules.to_le_bytes());
    out.extend((head.path_segments as u64).to_le_bytes());
    out.extend(0_u64.to_le_bytes());
    out.extend(head.multiplier.to_le_bytes());
    let mut at = first;
    for (section, bytes) in sections {
        out.extend((*section as u32).to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out.extend((at as u64).to_le_bytes());
        out.extend((bytes.len() as u64).to_le_bytes());
        at += bytes.len().next_multiple_of(ALIGN);
    }
    out.resize(first, 0);
    for (_, bytes) in sections {
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(ALIGN), 0);
    }
    let sum = checksum(&out).unwrap_or_default().to_le_bytes();
    if let Some(place) = out.get_mut(layout::header::CHECKSUM..layout::header::CHECKSUM + sum.len()) {
        place.copy_from_slice(&sum);
    }
    out
}
