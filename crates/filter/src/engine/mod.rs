//! The tables of the file, format version 2: hash, lines, look-up and building.

#[cfg(feature = "compile")]
pub(crate) mod build;
pub(crate) mod find;
pub(crate) mod keys;
pub(crate) mod line;
mod simd;

pub(crate) use self::simd::Way;
