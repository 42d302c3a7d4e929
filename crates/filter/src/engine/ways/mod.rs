//! The steps of a look-up that vector instructions speed up: finding dots, hashing names, asking the filter, comparing
//! tags. Every way gives the same.
//!
//! The only module of this crate with `unsafe`: it reads vectors from references to arrays and slices, and enters
//! functions whose instructions were found to be there.

#![cfg_attr(
    all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)),
    expect(unsafe_code, reason = "vector instructions and loads")
)]

#[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
mod neon;
mod words;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86;

use super::Line;
use super::find::{Found, Hosts, LANES, Listed};
use super::keys::Keys;
use super::many::Many;
use super::table::Table;
pub(crate) use words::{Names, Portable};

/// One way of doing these steps.
pub(crate) trait Lanes {
    /// What is read of a name.
    type Names: ShortName;
    /// Reads a name of at most [`super::keys::SHORT`] bytes.
    fn read(keys: &Keys, name: &[u8]) -> Self::Names;
    /// At which places of a line of a table the lower half of a tag stands, a bit each.
    fn equal(line: &Line, tag: u32) -> u32;
    /// Begins to fetch what will be read soon, or its first bytes, where the processor can be told to.
    fn fetch<T>(_: &T) {}
    /// Whether two texts of the same length are the same.
    fn are_same(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
    /// [`Listed::found_by`] in this way.
    fn found(table: Table, file: &[u8], names: &Listed) -> Found;
}

/// The names that a host is, or is below of, in lanes, the shortest first. The bare last label is none, unless it is all
/// there is.
pub(crate) trait ShortName {
    /// How many there are; only the first [`LANES`] are at hand.
    fn count(&self) -> u32;
    /// The hash of a name; of a lane without one, any number.
    fn hash(&self, lane: u32) -> u64;
    /// Writes them down, to be looked up in the table, or read again.
    fn store(&self, to: &mut Names);
    /// Reads them again.
    fn load(from: &Names) -> Self;
    /// Which names may be listed, a bit for each lane: the first is asked of one line, the others of another.
    fn held(&self, first: &Line, others: &Line) -> u32;
    /// Writes down those that may be listed, one behind the other; what stands behind them is any.
    fn write(&self, held: u32, hashes: &mut [u64; LANES], lengths: &mut [u8; LANES]);
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

    /// [`Hosts::short_by`] in this way.
    #[inline]
    pub(crate) fn short(self, hosts: &Hosts, file: &[u8], name: &[u8]) -> Found {
        match self {
            Self::Portable => hosts.short_by::<Portable>(file, name),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Sse2 => hosts.short_by::<x86::sse2::Sse2>(file, name),
            // SAFETY: `all` found the instructions that the function is compiled with; nothing else makes these ways.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx2 => unsafe { x86::avx2::short(hosts, file, name) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx512 => unsafe { x86::avx512::short(hosts, file, name) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
            Self::Neon => hosts.short_by::<neon::Neon>(file, name),
        }
    }

    /// [`Hosts::many_by`] in this way.
    pub(crate) fn many<'a>(self, hosts: &Hosts, file: &'a [u8], many: &mut Many<'a>) {
        match self {
            Self::Portable => hosts.many_by::<Portable>(file, many),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Sse2 => hosts.many_by::<x86::sse2::Sse2>(file, many),
            // SAFETY: `all` found the instructions that the function is compiled with; nothing else makes these ways.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx2 => unsafe { x86::avx2::many(hosts, file, many) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx512 => unsafe { x86::avx512::many(hosts, file, many) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(miri)))]
            Self::Neon => hosts.many_by::<neon::Neon>(file, many),
        }
    }
}
