//! Whether a record may go today.

use alloc::string::String;
use core::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::class::RecordClass;
use super::facts::{Facts, Keep, keep};
use super::schedule::Schedule;
use crate::person::PersonId;

/// The decision that a record is kept whatever the schedule says: for the police, an inquiry, a subject access request.
#[derive(Clone, PartialEq, Eq)]
pub struct LegalHold {
    /// Why. It may tell of an investigation: it stands in no verdict and no debug output.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who placed it.
    pub by: PersonId,
}

impl fmt::Debug for LegalHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegalHold").field("since", &self.since).field("by", &self.by).finish_non_exhaustive()
    }
}

/// A record, as far as keeping it goes.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its kind.
    pub class: RecordClass,
    /// What is known of it.
    pub facts: Facts,
    /// The holds that rest on it, without those that were lifted.
    pub holds: &'a [LegalHold],
    /// The record that it belongs to; looked at only where its kind is kept with another.
    pub other: Other<'a>,
}

/// The record that another belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Other<'a> {
    /// Nothing is known of it.
    Unknown,
    /// It is there.
    There(&'a Record<'a>),
    /// It has gone.
    Gone,
}

/// What is to become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is to go.
    Delete,
    /// A person is to decide.
    Review,
    /// It stays.
    Keep(Kept),
}

/// Why a record stays. Shown as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// A hold rests on it.
    Held,
    /// It is not over.
    Open,
    /// Its time has not come: the first day on which it may go.
    Until(NaiveDate),
    /// The time for its review has not come: the first day on which it is due.
    ReviewOn(NaiveDate),
    /// Its time cannot be told for want of this fact.
    FactMissing(&'static str),
    /// The record that it belongs to is due for review.
    OtherInReview,
    /// Nothing is known of the record that it belongs to.
    OtherUnknown,
    /// It stays as long as the journal.
    Always,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("A legal hold rests on it."),
            Self::Open => f.write_str("It is still open or in force."),
            Self::Until(day) => write!(f, "It may go on {day}."),
            Self::ReviewOn(day) => write!(f, "It is to be reviewed on {day}."),
            Self::FactMissing(fact) => write!(f, "It stays until {fact} is recorded."),
            Self::OtherInReview => f.write_str("It belongs to a record that is due for review."),
            Self::OtherUnknown => f.write_str("It belongs to a record of which nothing is known here."),
            Self::Always => f.write_str("It is kept as long as the journal."),
        }
    }
}

/// What is to become of a record today. It goes when its time has passed *and* no hold rests on it *and* nothing about
/// it is open.
///
/// A record that belongs to another goes when that one may, and stays for a hold on either. On the day on which it was
/// made, and before it (a clock may be wrong), nothing goes but what its rule lets go at once.
pub fn deletable(record: &Record<'_>, schedule: &Schedule, today: NaiveDate) -> Verdict {
    if !record.holds.is_empty() {
        return Verdict::Keep(Kept::Held);
    }
    let from = |day| if day <= today { Verdict::Delete } else { Verdict::Keep(Kept::Until(day)) };
    match keep(record.class, &record.facts, schedule) {
        Keep::Until(day) => from(day),
        Keep::ReviewOn(day) if day <= today => Verdict::Review,
        Keep::ReviewOn(day) => Verdict::Keep(Kept::ReviewOn(day)),
        Keep::WhileOpen => Verdict::Keep(Kept::Open),
        Keep::WhileFactMissing(fact) => Verdict::Keep(Kept::FactMissing(fact)),
        Keep::Always => Verdict::Keep(Kept::Always),
        Keep::WithAnother => match record.other {
            Other::Unknown => Verdict::Keep(Kept::OtherUnknown),
            Other::Gone => from(record.facts.earliest()),
            Other::There(other) => match deletable(other, schedule, today) {
                Verdict::Delete => from(record.facts.earliest()),
                Verdict::Review => Verdict::Keep(Kept::OtherInReview),
                kept @ Verdict::Keep(_) => kept,
            },
        },
    }
}
