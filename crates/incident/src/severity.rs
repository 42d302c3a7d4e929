//! How bad it is, and how soon somebody has to look at it.

use belisha_policy::calendar::Within;
use chrono::TimeDelta;

/// How bad an incident is, from 0 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[repr(u8)]
pub enum Severity {
    /// Written down, and nothing more.
    RecordedOnly = 0,
    /// For the weekly review.
    Weekly = 1,
    /// Within five school days.
    FiveSchoolDays = 2,
    /// On the next school day.
    NextSchoolDay = 3,
    /// On the same day.
    SameDay = 4,
    /// At once.
    Immediate = 5,
}

/// How long what is immediate may wait.
pub(crate) const AT_ONCE: Within = Within::Elapsed(TimeDelta::minutes(15));

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 6] =
        [Self::RecordedOnly, Self::Weekly, Self::FiveSchoolDays, Self::NextSchoolDay, Self::SameDay, Self::Immediate];

    /// The number, 0 to 5.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Within how long somebody has to have looked at it; nothing where nobody need.
    pub fn acknowledged_within(self) -> Option<Within> {
        match self {
            Self::RecordedOnly => None,
            Self::Weekly => Some(Within::Days(7)),
            Self::FiveSchoolDays => Some(Within::SchoolDays(5)),
            Self::NextSchoolDay => Some(Within::SchoolDays(1)),
            Self::SameDay => Some(Within::Days(0)),
            Self::Immediate => Some(AT_ONCE),
        }
    }
}
