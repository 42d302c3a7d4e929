//! The hash that goes on from one part of a text to the next: of paths from that of their host, segment by segment; of
//! the names of overlays, label by label from the right; and of names in files of format version 1.
//!
//! Our own, versioned with the format, the same on every machine. The seed stands in the file: nobody can craft names
//! that collide in a file that is yet to be compiled.

const LABEL: u64 = 0x9E6C_63D0_6736_51A7;
const LENGTH: u64 = 0xD1B5_4A32_D192_ED03;
const PATH: u64 = 0x8CB9_2BA7_2F3D_8DD7;

/// The product of two numbers, its halves laid over each other.
#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are wanted, one after the other")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

#[inline]
fn absorb(mut state: u64, bytes: &[u8]) -> u64 {
    let (chunks, tail) = bytes.as_chunks::<8>();
    for chunk in chunks {
        state = fold(state ^ u64::from_le_bytes(*chunk), LABEL);
    }
    let mut last = [0_u8; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    // The length goes in beside the tail, so that zero bytes are not padding.
    let length = (bytes.len() as u64).wrapping_mul(LENGTH);
    fold(state ^ u64::from_le_bytes(last), LABEL ^ length)
}

/// The hash of every suffix of a name, the last label first, each with the place at which it begins. `whole` stands for
/// addresses, which have no suffixes.
pub(crate) struct Suffixes<'a> {
    state: u64,
    rest: Option<&'a [u8]>,
    whole: bool,
}

impl<'a> Suffixes<'a> {
    pub(crate) fn new(seed: u64, name: &'a str, whole: bool) -> Self {
        Self { state: fold(seed ^ LENGTH, LABEL) | 1, rest: Some(name.as_bytes()), whole }
    }
}

impl Iterator for Suffixes<'_> {
    type Item = (u64, usize);

    fn next(&mut self) -> Option<(u64, usize)> {
        let rest = self.rest.take()?;
        let dot = if self.whole { None } else { rest.iter().rposition(|byte| *byte == b'.') };
        let begin = dot.map_or(0, |dot| dot + 1);
        self.state = absorb(self.state, rest.get(begin..)?);
        self.rest = dot.and_then(|dot| rest.get(..dot));
        Some((self.state, begin))
    }
}

/// The hash of a whole name.
pub(crate) fn host(seed: u64, name: &str, whole: bool) -> u64 {
    Suffixes::new(seed, name, whole).last().map_or(0, |(hash, _)| hash)
}

/// The hash of the empty path of a host.
#[inline]
pub(crate) fn path_start(host: u64) -> u64 {
    fold(host ^ PATH, LABEL)
}

/// The hash of a path one segment longer.
#[inline]
pub(crate) fn path_step(state: u64, segment: &[u8]) -> u64 {
    absorb(state, segment)
}
