//! Which encrypted connections a school would look into.
//!
//! Nothing here opens a connection: a ruling says whether it may be, and everybody is told beforehand.

use core::str::FromStr;

use belisha_filter::Host;
use chrono::NaiveDate;

use crate::calendar::Moment;
use crate::category::Category;
use crate::searching::engine;

/// Which encrypted connections of the people of a profile are looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Inspect {
    /// None.
    #[default]
    Nothing,
    /// Those to search engines, video sites and AI chat: where people type what they look for (decisions 17).
    Searches,
    /// All but those to sites of [`PRIVATE`] categories.
    Most,
}

/// What a text that names no [`Inspect`] is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing that could be inspected: nothing, searches and most are")]
pub struct UnknownInspect;

/// Categories whose connections are never looked into: what adults do with their money, and how they write home.
pub const PRIVATE: [Category; 2] = [Category::Finance, Category::Webmail];

/// Categories of sites where people search or ask.
const ASKED: [Category; 3] = [Category::Search, Category::Video, Category::AiChat];

impl Inspect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Searches, Self::Most];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Searches => "searches",
            Self::Most => "most",
        }
    }

    /// Whether a host of these categories is among them.
    pub(crate) fn takes_in(self, host: &Host, categories: impl IntoIterator<Item = Category>) -> bool {
        let mut categories = categories.into_iter();
        match self {
            Self::Nothing => false,
            Self::Searches => engine(host).is_some() || categories.any(|category| ASKED.contains(&category)),
            Self::Most => !categories.any(|category| PRIVATE.contains(&category)),
        }
    }
}

impl FromStr for Inspect {
    type Err = UnknownInspect;

    fn from_str(text: &str) -> Result<Self, UnknownInspect> {
        Self::ALL.into_iter().find(|it| it.slug() == text).ok_or(UnknownInspect)
    }
}

/// What a school has to have written down before any connection is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The day of the impact assessment.
    pub assessed: NaiveDate,
    /// The day from which everybody has been told.
    pub noticed: NaiveDate,
}

impl Inspection {
    /// Whether both days have come, by the clock at the school.
    pub(crate) fn is_allowed(self, moment: &Moment<'_>) -> bool {
        moment.local().date_naive() >= self.assessed.max(self.noticed)
    }
}
