//! A log in chunks of whole lines, in bounded memory.

use std::io::{self, Read};

use super::{Dialect, Found, MAX_LINE};

/// How many bytes a chunk has, unless said otherwise.
const CHUNK: usize = 1 << 20;

/// Reads a log in chunks of whole lines.
///
/// A line of more than [`MAX_LINE`] bytes goes by unbuffered and is complained about; memory stays bounded by twice
/// the size of a chunk.
pub struct Chunks<R> {
    input: R,
    size: usize,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    line: u64,
    offset: u64,
    ended: bool,
}

impl<R: Read> Chunks<R> {
    /// Chunks of about a mebibyte.
    pub fn new(input: R) -> Self {
        Self::with_size(input, CHUNK)
    }

    /// Chunks of about so many bytes, at least as many as the longest line may have.
    pub fn with_size(input: R, bytes: usize) -> Self {
        Self { input, size: bytes.max(MAX_LINE + 2), rest: Vec::new(), line: 1, offset: 0, ended: false }
    }

    /// The next chunk; none at the end.
    ///
    /// # Errors
    /// What the input says.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot say once that the disk failed, and be done")]
    pub fn next(&mut self) -> io::Result<Option<Chunk>> {
        self.next_in(Vec::new())
    }

    /// The next chunk in a buffer that was used before ([`Chunk::into_buffer`]).
    ///
    /// # Errors
    /// What the input says.
    pub fn next_in(&mut self, mut bytes: Vec<u8>) -> io::Result<Option<Chunk>> {
        bytes.clear();
        bytes.append(&mut self.rest);
        self.fill(&mut bytes)?;
        let mut skipped = 0;
        let whole = match memchr::memrchr(b'\n', &bytes) {
            Some(last) => last + 1,
            None if bytes.len() > MAX_LINE && !self.ended => {
                skipped = self.skip_line(&mut bytes)?;
                bytes.len()
            }
            None => bytes.len(),
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        // At the end, what is behind the last whole line is a line as well; it has a chunk of its own.
        if whole < bytes.len() {
            self.rest = bytes.split_off(whole);
        }
        let chunk = Chunk { first_line: self.line, offset: self.offset, skipped, bytes };
        self.line += chunk.line_count();
        self.offset += chunk.bytes.len() as u64 + skipped;
        Ok(Some(chunk))
    }

    /// How many bytes of the log are in the chunks that were given.
    pub fn position(&self) -> u64 {
        self.offset
    }

    /// What is read: a [`super::LogFile`] tells how far it is.
    pub fn input(&self) -> &R {
        &self.input
    }

    fn fill(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && bytes.len() < self.size {
            let room = (self.size - bytes.len()) as u64;
            let count = self.input.by_ref().take(room).read_to_end(bytes)?;
            self.ended = count == 0;
        }
        Ok(())
    }

    /// Passes over what is left of a line that is too long, of which one byte too many is kept; how many bytes went by.
    fn skip_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<u64> {
        let mut skipped = (bytes.len() - (MAX_LINE + 1)) as u64;
        bytes.truncate(MAX_LINE + 1);
        let mut buffer = vec![0; MAX_LINE];
        loop {
            let count = match self.input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            let read = buffer.get(..count).unwrap_or_default();
            if read.is_empty() {
                self.ended = true;
                return Ok(skipped);
            }
            if let Some(at) = memchr::memchr(b'\n', read) {
                self.rest = read.get(at + 1..).unwrap_or_default().to_vec();
                bytes.push(b'\n');
                return Ok(skipped + at as u64);
            }
            skipped += count as u64;
        }
    }
}

/// Whole lines of a log, and which they are.
pub struct Chunk {
    bytes: Vec<u8>,
    first_line: u64,
    offset: u64,
    /// How many bytes of its only line are not in it.
    skipped: u64,
}

impl Chunk {
    /// The number of its first line, from 1.
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Where its first line begins in the log, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where it ends in the log, in bytes.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64 + self.skipped
    }

    /// How many lines are in it.
    pub fn line_count(&self) -> u64 {
        let ended = memchr::memchr_iter(b'\n', &self.bytes).count() as u64;
        ended + u64::from(!self.bytes.ends_with(b"\n") && !self.bytes.is_empty())
    }

    /// What each of its lines is.
    pub fn lines<'a>(&'a self, dialect: &'a Dialect) -> Lines<'a> {
        Lines { dialect, rest: &self.bytes, line: self.first_line, offset: self.offset }
    }

    /// Its memory, to be used again.
    pub fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

/// One line, where it is and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The line, from 1.
    pub line: u64,
    /// Where it begins in the log, in bytes.
    pub offset: u64,
    /// What it is.
    pub found: Found<'a>,
}

/// The lines of a chunk.
pub struct Lines<'a> {
    dialect: &'a Dialect,
    rest: &'a [u8],
    line: u64,
    offset: u64,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, offset) = (self.line, self.offset);
        let ended = memchr::memchr(b'\n', self.rest).and_then(|at| self.rest.split_at_checked(at));
        let found = if let Some((text, behind)) = ended {
            self.rest = behind.get(1..).unwrap_or_default();
            self.offset += text.len() as u64 + 1;
            self.dialect.parse(text)
        } else {
            self.offset += self.rest.len() as u64;
            self.dialect.parse_unended(std::mem::take(&mut self.rest))
        };
        self.line += 1;
        Some(Entry { line, offset, found })
    }
}
