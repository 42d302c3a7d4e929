//! Is the journal what was written? And the head to print, against which it can be checked years later.

use std::fmt;
use std::str::FromStr;

use belisha_store::SchoolId;
use belisha_store::journal::{Hash, Head, Place, Verdict};
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};

use crate::events::BreakShown;
use crate::ledger::{Ledger, LedgerError, Stream};

/// The head of a journal as it is printed: whoever has it can tell later whether anything before it was changed. How
/// many events there were does not show in it: that could tell somebody that something was written about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintedHead {
    school: SchoolId,
    /// Where the journal ended, hidden under the school's key.
    hidden: u64,
    hash: Hash,
}

impl PrintedHead {
    fn of(ledger: &Ledger, head: Head) -> Self {
        Self { school: ledger.school(), hidden: head.position ^ Self::veil(ledger, head.hash), hash: head.hash }
    }

    fn head(&self, ledger: &Ledger) -> Head {
        Head { position: self.hidden ^ Self::veil(ledger, self.hash), hash: self.hash }
    }

    /// A number that only the school's programs know, another for each head.
    fn veil(ledger: &Ledger, hash: Hash) -> u64 {
        let veil = ledger.keys().fingerprint(&[b"printed head", hash.as_bytes()]);
        veil.first_chunk().copied().map_or(0, u64::from_be_bytes)
    }
}

/// How the line of a printed head begins.
const MARK: &str = "belisha-head";

/// One line: `belisha-head 1 <school> <hidden> <hash>`.
impl fmt::Display for PrintedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK} 1 {} {:016x} {}", self.school, self.hidden, self.hash)
    }
}

/// A text in which no head stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no head of a journal stands in it: a line that begins with {MARK:?} is expected, as `belisha-reporter head` prints it"
)]
pub struct PrintedHeadError;

/// The first line that is one; what stands around it does not matter.
impl FromStr for PrintedHead {
    type Err = PrintedHeadError;

    fn from_str(text: &str) -> Result<Self, PrintedHeadError> {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(MARK)).ok_or(PrintedHeadError)?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [MARK, "1", school, hidden, hash] = words[..] else { return Err(PrintedHeadError) };
        let (Ok(school), Ok(hidden)) = (school.parse(), u64::from_str_radix(hidden, 16)) else {
            return Err(PrintedHeadError);
        };
        let hash = crate::unhex(hash).map(Hash::from_bytes).ok_or(PrintedHeadError)?;
        Ok(Self { school, hidden, hash })
    }
}

/// Why the journal was not checked, or a break not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntegrityError {
    /// The head is of another school.
    #[error("this head was printed by another school")]
    OtherSchool,
    /// The same person twice, or nobody.
    #[error("two different key holders have to be there")]
    NotTwo,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The head to print today.
pub fn head(ledger: &Ledger) -> Result<PrintedHead, IntegrityError> {
    Ok(PrintedHead::of(ledger, ledger.head()?))
}

/// Checks every event, and against a head that was printed earlier where there is one. Needs no key.
pub fn verify(ledger: &Ledger, against: Option<PrintedHead>) -> Result<Verdict, IntegrityError> {
    let verdict = match against {
        Some(printed) if printed.school != ledger.school() => return Err(IntegrityError::OtherSchool),
        Some(printed) => ledger.journal().verify_against(printed.head(ledger)),
        None => ledger.journal().verify(),
    };
    Ok(verdict.map_err(LedgerError::from)?)
}

/// The place of a break in words, and what it means.
pub fn describe(place: Place) -> String {
    match place {
        Place::Missing(at) => {
            format!("The event of position {at} is missing: it was taken out, or others were put in its place.")
        }
        Place::Altered(at) => format!("The event at position {at} is not what was written there."),
        Place::Stream(at) => format!("The event at position {at} does not follow on the one before it in its stream."),
        Place::Lost(at) => format!("What stood at position {at} is gone, and nothing says that it was erased."),
        Place::Returned(at) => format!("What was erased at position {at} is there again."),
        Place::Streams => "The list of streams does not agree with the events.".into(),
        Place::Shorter => "The journal ends before the head that was printed: its end was cut off.".into(),
        Place::Other => "At the place of the printed head stands another event: the journal was written anew.".into(),
        Place::Unreadable(at) => format!("From position {at} on the store cannot be read: a disk may have failed."),
        _ => "At a place that this version has no words for.".into(),
    }
}

/// Shows where a journal is broken, to two different people who have unlocked their keys. That they saw it is written
/// down first, where the journal can still be written.
pub fn show_break(
    ledger: &Ledger,
    verdict: &Verdict,
    two: [&Unlocked; 2],
    now: DateTime<Utc>,
) -> Result<Option<Place>, IntegrityError> {
    let [Some(first), Some(second)] = two.map(Unlocked::name) else { return Err(IntegrityError::NotTwo) };
    if first == second {
        return Err(IntegrityError::NotTwo);
    }
    let Verdict::Broken(fault) = verdict else { return Ok(None) };
    let shown = BreakShown { to: [first.to_owned(), second.to_owned()] };
    // A journal that is broken may be one that cannot be written; those two must be able to see it all the same.
    if let Err(error) = ledger.note(&Stream::KEYS, Some(first), now, &shown) {
        tracing::error!("it could not be written down that the place of a break was shown: {error}");
    }
    Ok(Some(fault.reveal()))
}
