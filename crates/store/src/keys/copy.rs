//! Copies of keys, for the backup that is kept apart. A copy holds what the database holds: nothing in it opens
//! without the school's key or a holder's password.

use std::collections::HashMap;
use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use super::KeyError;
use super::backend::SealedRing;
use super::place::{About, Place};
use super::ring::Ring;
use super::school_key;
use super::secret::Work;
use super::slots::{Block, BlockId, HEAD, MOST, SLOT};
use super::store::{AT_ONCE, KeyStore, lock};
use crate::{SchoolId, StreamId};

const MAGIC: &[u8; 13] = b"BELISHA KEYS\n";
const VERSION: u16 = 1;
/// More than any ring.
const RING: usize = 64 << 20;
/// Id and stream in front of a block's bytes.
const FRONT: usize = 14 + 16;

impl KeyStore {
    /// Writes a copy of all keys, other programs working meanwhile. Copy the journal first and the keys after it: then
    /// every key that the journal's copy needs is in the copy of the keys.
    ///
    /// # Errors
    /// [`Changed`](KeyError::Changed) where keys changed hands meanwhile: make the copy anew.
    pub fn export(&self, to: &mut dyn Write) -> Result<(), KeyError> {
        let ring = lock(&self.0.backend).ring()?;
        let about = About::of(self.0.school, &self.0.secret.public());
        let mut copy = Copying { to, digest: Sha256::new() };
        copy.put(MAGIC)?;
        copy.put(&VERSION.to_be_bytes())?;
        copy.put(&about.school)?;
        copy.put(&about.key_check)?;
        copy.put(&ring.edition.to_be_bytes())?;
        copy.put_long(&ring.bytes)?;
        self.each_block(|block| copy.put_long(&[&block.id.0[..], block.stream.as_bytes(), &block.bytes].concat()))?;
        if lock(&self.0.backend).ring()?.edition != ring.edition {
            return Err(KeyError::Changed);
        }
        copy.put(&0_u32.to_be_bytes())?;
        let digest: [u8; 32] = copy.digest.finalize_reset().into();
        copy.put(&digest)?;
        copy.to.flush().map_err(KeyError::Stream)
    }

    /// Makes keys from a copy, where there are none, and opens them. `key` is the text of `school.key`, which may have
    /// been put in its place already.
    ///
    /// Keys that were erased after the copy was made are in it: erase them again before anything is read.
    ///
    /// # Errors
    /// There are keys already; the copy is not whole, or another school's; the key is not the one. Nothing is changed.
    pub fn restore(
        place: &Place,
        school: SchoolId,
        key: &str,
        from: &mut dyn Read,
        work: Work,
    ) -> Result<Self, KeyError> {
        let (of, secret) = school_key::read_text(key).map_err(|found| KeyError::Copy { found })?;
        let mut reading = Reading { from, digest: Sha256::new(), ended: false };
        let (about, ring) = reading.front()?;
        if about.school != *school.as_bytes() || of != school {
            return Err(KeyError::OtherSchool { place: "the copy".into() });
        }
        if about != About::of(school, &secret.public()) {
            return Err(KeyError::WrongKey { place: "the copy".into() });
        }
        Ring::open(&ring.bytes, &Ring::key(&secret), school, ring.edition)?;
        place.fill(school, &secret, &ring, &mut reading)?;
        Self::open_at(place, school, work)
    }

    /// Takes up a [`restore`](Self::restore) that was cut off: where the keys of the copy are there, each as it is in
    /// the copy, puts the school's key in its place and opens them. Keys that were made since may be there too.
    ///
    /// # Errors
    /// Other keys are there, or not all of these; nothing is changed.
    pub fn take_up(
        place: &Place,
        school: SchoolId,
        key: &str,
        from: &mut dyn Read,
        work: Work,
    ) -> Result<Self, KeyError> {
        let (of, secret) = school_key::read_text(key).map_err(|found| KeyError::Copy { found })?;
        if of != school {
            return Err(KeyError::OtherSchool { place: "the copy".into() });
        }
        place.put_key(school, &secret)?;
        let store = Self::open_at(place, school, work)?;
        if store.holds(&mut Reading { from, digest: Sha256::new(), ended: false })? {
            Ok(store)
        } else {
            Err(KeyError::Exists { place: place.name() })
        }
    }

    /// Whether everything in a copy is here, and the same.
    fn holds(&self, copy: &mut Reading<'_>) -> Result<bool, KeyError> {
        let (about, ring) = copy.front()?;
        let here = lock(&self.0.backend).ring()?;
        if about != About::of(self.0.school, &self.0.secret.public())
            || (here.edition, &here.bytes) != (ring.edition, &ring.bytes)
        {
            return Ok(false);
        }
        loop {
            let some = Iterator::take(copy.by_ref(), AT_ONCE).collect::<Result<Vec<_>, _>>()?;
            if some.is_empty() {
                return Ok(true);
            }
            let ids: Vec<_> = some.iter().map(|block| block.id).collect();
            let (_, here) = lock(&self.0.backend).blocks(&ids)?;
            let here: HashMap<_, _> = here.into_iter().map(|block| (block.id, (block.stream, block.bytes))).collect();
            let is_here = |block: &Block| {
                here.get(&block.id).is_some_and(|(stream, bytes)| (*stream, bytes) == (block.stream, &block.bytes))
            };
            if !some.iter().all(is_here) {
                return Ok(false);
            }
        }
    }
}

struct Copying<'a> {
    to: &'a mut dyn Write,
    digest: Sha256,
}

impl Copying<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        self.digest.update(bytes);
        self.to.write_all(bytes).map_err(KeyError::Stream)
    }

    fn put_long(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        let length = u32::try_from(bytes.len()).map_err(|_| KeyError::TooLong)?;
        self.put(&length.to_be_bytes())?;
        self.put(bytes)
    }
}

struct Reading<'a> {
    from: &'a mut dyn Read,
    digest: Sha256,
    ended: bool,
}

impl Reading<'_> {
    fn front(&mut self) -> Result<(About, SealedRing), KeyError> {
        if self.take::<13>()? != *MAGIC {
            return Err(KeyError::Copy { found: "it does not begin like one" });
        }
        if u16::from_be_bytes(self.take()?) != VERSION {
            return Err(KeyError::Copy { found: "a later version of Belisha made it" });
        }
        let about = About { school: self.take()?, key_check: self.take()? };
        let edition = u64::from_be_bytes(self.take()?);
        let bytes = self.take_long(RING)?;
        Ok((about, SealedRing { edition, bytes }))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], KeyError> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn take_long(&mut self, most: usize) -> Result<Vec<u8>, KeyError> {
        let length = u32::from_be_bytes(self.take()?);
        let fits = usize::try_from(length).ok().filter(|length| *length <= most);
        let length = fits.ok_or(KeyError::Copy { found: "it is damaged" })?;
        // As long as there is something to read, and no longer: a damaged length costs no memory.
        let mut bytes = Vec::new();
        let read = (&mut *self.from).take(length as u64).read_to_end(&mut bytes).map_err(KeyError::Stream)?;
        if read < length {
            return Err(KeyError::Copy { found: "it ends too soon" });
        }
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), KeyError> {
        let read = self.from.read_exact(bytes);
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => KeyError::Copy { found: "it ends too soon" },
            _ => KeyError::Stream(error),
        })?;
        self.digest.update(&*bytes);
        Ok(())
    }

    fn block(&mut self) -> Result<Option<Block>, KeyError> {
        let damaged = KeyError::Copy { found: "it is damaged" };
        let bytes = self.take_long(FRONT + HEAD + usize::from(MOST) * SLOT)?;
        if bytes.is_empty() {
            let digest: [u8; 32] = self.digest.finalize_reset().into();
            let whole = self.take::<32>()? == digest && self.from.read(&mut [0]).map_err(KeyError::Stream)? == 0;
            return if whole { Ok(None) } else { Err(damaged) };
        }
        let Some((id, rest)) = bytes.split_first_chunk() else { return Err(damaged) };
        let Some((stream, bytes)) = rest.split_first_chunk() else { return Err(damaged) };
        let block = Block { id: BlockId(*id), stream: StreamId::from_bytes(*stream), bytes: bytes.to_vec() };
        if block.is_shaped() { Ok(Some(block)) } else { Err(damaged) }
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<Block, KeyError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.block().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}
