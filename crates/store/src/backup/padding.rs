//! How long a backup is says little about what is in it: it is filled up to one of few lengths.
//!
//! Who sees the size of a file from day to day would otherwise see that something long was written on the day on which they
//! found nothing. What fills it up stands inside of the encryption, in frames that every program which knows zstd passes over
//! (RFC 8878, 3.1.2).

use std::io::{self, Write};

/// The least step, and so the least length.
const LEAST: u64 = 1 << 20;
/// Between a length and its double there are so many steps: it never grows by more than an eighth.
const STEPS: u64 = 8;

/// The first of the sixteen magic numbers of frames that are passed over.
const MAGIC: u32 = 0x184D_2A50;
/// What stands in front of the content of such a frame: magic and length.
const HEAD: u64 = 8;
/// The most content in one of ours; the format has room for nearly four times as much.
const MOST: u64 = 1 << 30;

/// Counts what goes through, and fills it up.
pub(super) struct Padded<W> {
    inner: W,
    length: u64,
}

impl<W: Write> Padded<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, length: 0 }
    }

    /// Fills up to the next length that backups have, and gives back what it went to.
    pub(super) fn end(mut self) -> io::Result<W> {
        let mut left = padded(self.length) - self.length;
        while left > 0 {
            // What is left after this frame has room for another, or there is nothing left.
            let frame = if left > MOST + HEAD { MOST } else { left };
            let content = frame - HEAD;
            self.inner.write_all(&MAGIC.to_le_bytes())?;
            self.inner.write_all(&u32::try_from(content).unwrap_or(u32::MAX).to_le_bytes())?;
            io::copy(&mut io::Read::take(io::repeat(0), content), &mut self.inner)?;
            left -= frame;
        }
        Ok(self.inner)
    }
}

impl<W: Write> Write for Padded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The length of a backup of so many packed bytes: more by nothing, or by as much as a frame takes at least.
fn padded(length: u64) -> u64 {
    let fits = |to: u64| to == length || to >= length + HEAD;
    let up = |length: u64| length.next_multiple_of(LEAST.max(length.next_power_of_two() / (2 * STEPS)));
    let to = up(length.max(LEAST));
    if fits(to) { to } else { up(to + 1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lengths_are_few_and_not_much_longer(length in 0_u64..1 << 44) {
            let to = padded(length);
            prop_assert!(to == length || to >= length + HEAD);
            prop_assert!(to <= LEAST.max(length + length / 8) + 2 * LEAST, "{length} became {to}");
            prop_assert_eq!(padded(to), to);
            // From a length to its double there are few.
            let step = LEAST.max(to.next_power_of_two() / (2 * STEPS));
            prop_assert_eq!(to % step, 0);
        }
    }

    #[test]
    fn what_fills_it_up_is_passed_over() {
        for length in [0, 1, 100, 1 << 20, 3 << 20] {
            // What cannot be packed.
            let mut content = vec![0; length];
            getrandom::fill(&mut content).unwrap();
            let mut packed = zstd::Encoder::new(Padded::new(Vec::new()), 1).unwrap();
            packed.write_all(&content).unwrap();
            let filled = packed.finish().unwrap().end().unwrap();
            assert_eq!(filled.len() as u64, padded(filled.len() as u64));
            assert_eq!(zstd::decode_all(&filled[..]).unwrap(), content);
        }
    }

    #[test]
    fn a_gap_too_small_for_a_frame_is_filled_to_the_next_step() {
        for gap in 0..20 {
            let length = LEAST - gap;
            let filling = Padded { inner: Vec::new(), length }.end().unwrap();
            assert_eq!(length + filling.len() as u64, padded(length));
            // Behind something, as it stands in a backup.
            let packed = [zstd::encode_all(&b"content"[..], 1).unwrap(), filling].concat();
            assert_eq!(zstd::decode_all(&packed[..]).unwrap(), b"content");
        }
        assert_eq!((padded(LEAST), padded(LEAST - 8), padded(LEAST - 7)), (LEAST, LEAST, 2 * LEAST));
    }
}
