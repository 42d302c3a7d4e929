//! Lines out of a stream, however long they are, in bounded memory.

use std::io::{self, Read};

const BUFFER: usize = 128 * 1024;
/// No limit on a line is taken to be higher: a buffer of this size is what it would cost.
const MAX_LIMIT: usize = 1024 * 1024;
/// How much of a line that is too long is kept, for the complaint.
const SAMPLE: usize = 512;

/// A line without its `\n`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Whole(&'a [u8]),
    /// The first bytes of a line over the limit; the rest went by unbuffered.
    TooLong(&'a [u8]),
}

pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    limit: usize,
    ended: bool,
    sample: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        let limit = limit.min(MAX_LIMIT);
        Self {
            input,
            buffer: vec![0; BUFFER.max(limit + 1)],
            start: 0,
            end: 0,
            limit,
            ended: false,
            sample: Vec::new(),
        }
    }

    /// The next line. The last one may lack its `\n`.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        let length = loop {
            let waiting = self.waiting();
            let unsearched = waiting.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                break searched + at;
            }
            searched = waiting.len();
            if self.ended {
                if searched == 0 {
                    return Ok(None);
                }
                break searched;
            }
            if searched > self.limit {
                return self.skip_line().map(Some);
            }
            self.refill()?;
        };
        let from = self.start;
        self.start = self.end.min(from + length + 1);
        let line = self.buffer.get(from..from + length).unwrap_or_default();
        Ok(Some(if length > self.limit {
            Line::TooLong(line.get(..SAMPLE).unwrap_or(line))
        } else {
            Line::Whole(line)
        }))
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = loop {
            match self.input.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.ended = count == 0;
        self.end += count;
        Ok(())
    }

    fn skip_line(&mut self) -> io::Result<Line<'_>> {
        let waiting = self.waiting();
        self.sample = waiting.get(..SAMPLE).unwrap_or(waiting).to_vec();
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.waiting()) {
                self.start += at + 1;
                break;
            }
            self.start = self.end;
            if self.ended {
                break;
            }
            self.refill()?;
        }
        Ok(Line::TooLong(&self.sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time, as a slow decoder does.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(out.len()).min(self.0.len());
            let (now, later) = self.0.split_at(count);
            out[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn all(input: impl Read, limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(input, limit);
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            out.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong(_) => None,
            });
        }
        out
    }

    proptest! {
        /// Lines are what splitting at `\n` gives, whatever the chunks are.
        #[test]
        fn chunks_do_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..300),
            chunk in 1_usize..40,
            limit in 0_usize..30,
        ) {
            let mut expected: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
            if expected.last().is_some_and(|last| last.is_empty()) {
                expected.pop();
            }
            let expected: Vec<_> =
                expected.iter().map(|line| (line.len() <= limit).then(|| line.to_vec())).collect();
            prop_assert_eq!(all(Dribble(&bytes, chunk), limit), expected);
        }
    }

    #[test]
    fn a_line_of_many_megabytes_passes_through_a_small_buffer() {
        let input = io::repeat(b'a').take(8 << 20).chain(&b"\nb\n"[..]);
        let mut lines = Lines::new(input, 4096);
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong(&[b'a'; SAMPLE])));
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"b")));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.buffer.len(), BUFFER);
    }
}
