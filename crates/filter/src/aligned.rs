//! Bytes that begin where a line of the processor's cache begins.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// Bytes in memory that start at a multiple of 64, so that a line of a ruleset's tables is one line of the processor's
/// cache, not parts of two.
///
/// ```
/// use belisha_filter::AlignedBytes;
/// let bytes = AlignedBytes::from(b"some bytes".as_slice());
/// assert_eq!(bytes.as_ref(), b"some bytes");
/// assert_eq!(bytes.as_ref().as_ptr().addr() % 64, 0);
/// ```
#[derive(Debug, Default)]
pub struct AlignedBytes {
    bytes: Vec<u8>,
    start: usize,
}

const ALIGN: usize = 64;

impl AlignedBytes {
    /// So many zero bytes, to be written over.
    pub fn zeroed(length: usize) -> Self {
        Self::within(alloc::vec![0; length + ALIGN], length)
    }

    /// The same, or an error where there is no memory for them: for lengths that somebody else says.
    pub fn try_zeroed(length: usize) -> Result<Self, TryReserveError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length.saturating_add(ALIGN))?;
        bytes.resize(length + ALIGN, 0);
        Ok(Self::within(bytes, length))
    }

    fn within(mut bytes: Vec<u8>, length: usize) -> Self {
        // Where no address can be had (a compiler that evaluates this), any place is as good.
        let start = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        bytes.truncate(start + length);
        Self { bytes, start }
    }
}

impl AsRef<[u8]> for AlignedBytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl AsMut<[u8]> for AlignedBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..).unwrap_or_default()
    }
}

impl From<&[u8]> for AlignedBytes {
    /// Copies the bytes.
    fn from(from: &[u8]) -> Self {
        let mut aligned = Self::zeroed(from.len());
        aligned.as_mut().copy_from_slice(from);
        aligned
    }
}

impl From<Vec<u8>> for AlignedBytes {
    /// Keeps bytes that lie rightly, and copies others.
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.as_ptr().align_offset(ALIGN) == 0 {
            return Self { bytes, start: 0 };
        }
        Self::from(bytes.as_slice())
    }
}

impl Clone for AlignedBytes {
    fn clone(&self) -> Self {
        Self::from(self.as_ref())
    }
}
