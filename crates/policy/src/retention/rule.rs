//! From which day a record's time runs, how long, and what a school may set.

use core::fmt;

use super::period::Period;

/// From when a record's time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// The day on which it was made.
    Made,
    /// The day on which it was made or, if that was later, on which its case was closed.
    LastEntry,
    /// The day on which somebody reviewed it.
    Reviewed,
    /// The day on which it ended: a version superseded, a duty done, a guest's term over.
    Ended,
    /// The day on which the device was released.
    Released,
    /// The birth of the person.
    Born,
    /// The end of the school year in which the pupil left.
    Left,
    /// The day on which the employment ended.
    EmploymentEnded,
    /// The end of the school year in which a pupil left, of an employment otherwise.
    PersonLeft,
    /// The later of the day on which the image was withdrawn and the end of the school year in which the child left.
    ImageWithdrawn,
}

impl Start {
    /// How a setting names it, where a school may choose it: `1 year after leaving`.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::Born => Some("birth"),
            Self::Left => Some("leaving"),
            _ => None,
        }
    }
}

/// What comes behind the period: `after it was made`.
impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "after it was made",
            Self::LastEntry => "after it was made or, if later, closed",
            Self::Reviewed => "after it was reviewed",
            Self::Ended => "after it ended",
            Self::Released => "after the device was released",
            Self::Born => "after birth",
            Self::Left => "after the end of the school year of leaving",
            Self::EmploymentEnded => "after employment ended",
            Self::PersonLeft => "after the end of the school year of leaving (staff: after employment ended)",
            Self::ImageWithdrawn => {
                "after the image was withdrawn or the end of the school year of leaving, whichever is later"
            }
        })
    }
}

/// How long a kind of record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// It may go at once; that it was there stays countable.
    AtOnce,
    /// It may go when this time has passed.
    After(Start, Period),
    /// When this time has passed a person decides. It never goes by itself.
    ThenReview(Start, Period),
    /// Until the person reaches pension age or this long after it was made, whichever is later.
    PensionAge(Period),
    /// The same; but what was found malicious or false goes when that is found.
    PensionAgeUnlessFalse(Period),
    /// As long as the record that it belongs to.
    WithAnother,
    /// As long as the journal.
    Always,
}

impl Rule {
    /// The same rule with a school's own period. A rule without a period stays as it is.
    pub(super) fn with(self, start: Start, period: Period) -> Self {
        match self {
            Self::After(..) => Self::After(start, period),
            Self::ThenReview(..) => Self::ThenReview(start, period),
            Self::PensionAge(_) => Self::PensionAge(period),
            Self::PensionAgeUnlessFalse(_) => Self::PensionAgeUnlessFalse(period),
            Self::AtOnce | Self::WithAnother | Self::Always => self,
        }
    }

    /// What its period is counted from, and the period.
    pub(super) fn counted(self) -> Option<(Start, Period)> {
        match self {
            Self::After(start, period) | Self::ThenReview(start, period) => Some((start, period)),
            Self::PensionAge(period) | Self::PensionAgeUnlessFalse(period) => Some((Start::Made, period)),
            Self::AtOnce | Self::WithAnother | Self::Always => None,
        }
    }
}

/// The rule as words behind "it is kept".
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("not at all: it goes at once, and a count stays"),
            Self::After(Start::EmploymentEnded, period) if *period == Period::days(0) => {
                f.write_str("until employment ends")
            }
            Self::After(start, period) => write!(f, "{period} {start}"),
            Self::ThenReview(start, period) => write!(f, "{period} {start}, then a person reviews it"),
            Self::PensionAge(period) => write!(f, "until pension age or {period} {}, whichever is later", Start::Made),
            Self::PensionAgeUnlessFalse(period) => {
                write!(f, "{}; found malicious or false, it goes at once", Self::PensionAge(*period))
            }
            Self::WithAnother => f.write_str("as long as the record that it belongs to"),
            Self::Always => f.write_str("as long as the journal"),
        }
    }
}

/// What a school may set in place of a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limits {
    /// Nothing.
    Fixed,
    /// The default or anything longer.
    Longer,
    /// Anything from the one to the other.
    Between(Period, Period),
    /// The default or anything longer; or this or anything longer, counted from another day.
    LongerOr(Start, Period),
}

/// What may be set, as words behind "a school may set".
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => f.write_str("nothing"),
            Self::Longer => f.write_str("longer"),
            Self::Between(least, most) => write!(f, "{least} to {most}"),
            Self::LongerOr(start, least) => write!(f, "longer; or {least} {start} or longer"),
        }
    }
}
