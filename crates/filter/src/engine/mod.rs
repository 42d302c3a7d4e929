//! The tables of the file, format version 3: hash, filter, lines, look-up and building.

#[cfg(feature = "compile")]
pub(crate) mod build;
pub(crate) mod filter;
pub(crate) mod find;
pub(crate) mod keys;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod many;
pub(crate) mod table;
mod ways;

pub(crate) use self::ways::Way;

/// Bytes that a processor reads at once, and that tables and filter consist of.
pub(crate) const LINE: usize = 64;

/// A line as it lies in the file.
pub(crate) type Line = [u8; LINE];
