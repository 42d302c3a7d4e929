//! What is wrong with a line, without a word of it.

use std::fmt;

/// Why a line could not be read. No more is said, since lines hold personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum LineFault {
    /// It is longer than [`super::MAX_LINE`].
    #[error("it is longer than {} bytes", super::MAX_LINE)]
    TooLong,
    /// A zero byte is in it, as after a crash.
    #[error("it has a zero byte in it, as logs have after a crash")]
    ZeroByte,
    /// It is the last, lacks its end, and is not whole.
    #[error("it is cut off: the log was copied while it was written")]
    CutOff,
    /// It has too few fields, too many, or they cannot be told apart.
    #[error("it has not the fields that a line of this log has")]
    Fields,
    /// A quotation mark is never closed, or something follows one.
    #[error("its quotation marks do not match")]
    Quotes,
    /// The time is none.
    #[error("its time is not one")]
    Time,
    /// The client is neither an address nor a name.
    #[error("its client is neither an address nor a name")]
    Client,
    /// The result or the status is none.
    #[error("its result or status is not one")]
    Status,
    /// A length or a duration is no number.
    #[error("a size or a duration in it is not a number")]
    Number,
    /// It says neither a web address nor a host.
    #[error("it names no web address")]
    Address,
}

impl LineFault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TooLong,
        Self::ZeroByte,
        Self::CutOff,
        Self::Fields,
        Self::Quotes,
        Self::Time,
        Self::Client,
        Self::Status,
        Self::Number,
        Self::Address,
    ];

    fn place(self) -> usize {
        Self::ALL.iter().position(|fault| *fault == self).unwrap_or_default()
    }
}

/// A line that was left out. `Display` is `line 7: its time is not one`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub fault: LineFault,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

/// How many of the first complaints a [`Tally`] keeps; all are counted.
const KEPT: usize = 20;

/// What became of the lines of a log: `lines` is the sum of `read`, `skipped` and what is complained about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines, of every sort.
    pub lines: u64,
    /// Lines that were read.
    pub read: u64,
    /// Blank lines and headings.
    pub skipped: u64,
    bad: [u64; LineFault::ALL.len()],
    first: Vec<Complaint>,
}

impl Tally {
    /// Counts one line.
    pub fn count(&mut self, entry: &super::Entry<'_>) {
        self.lines += 1;
        match entry.found {
            super::Found::Line(_) => self.read += 1,
            super::Found::Skipped => self.skipped += 1,
            super::Found::Bad(fault) => {
                if let Some(count) = self.bad.get_mut(fault.place()) {
                    *count += 1;
                }
                if self.first.len() < KEPT {
                    self.first.push(Complaint { line: entry.line, fault });
                }
            }
        }
    }

    /// Adds what was counted elsewhere; the complaints with the lowest line numbers stay.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.read += other.read;
        self.skipped += other.skipped;
        for (count, more) in self.bad.iter_mut().zip(other.bad) {
            *count += more;
        }
        self.first.extend_from_slice(&other.first);
        self.first.sort_by_key(|complaint| complaint.line);
        self.first.truncate(KEPT);
    }

    /// How many lines were left out.
    pub fn bad(&self) -> u64 {
        self.bad.iter().sum()
    }

    /// How many lines were left out for this reason.
    pub fn bad_for(&self, fault: LineFault) -> u64 {
        self.bad.get(fault.place()).copied().unwrap_or_default()
    }

    /// How many of a thousand lines with something in them were left out, rounded up.
    pub fn bad_per_mille(&self) -> u64 {
        let told = self.lines - self.skipped;
        if told == 0 { 0 } else { self.bad().saturating_mul(1000).div_ceil(told) }
    }

    /// The first complaints, at most 20, by line.
    pub fn complaints(&self) -> &[Complaint] {
        &self.first
    }
}
