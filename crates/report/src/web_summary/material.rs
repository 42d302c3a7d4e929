//! What a summary is made of.

use belisha_policy::{DayCounts, View};
use chrono::NaiveDate;
use serde::Serialize;

/// Which summary it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The school's name.
    pub school: String,
    /// The first day, at the school.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The day on which it is made.
    pub made: NaiveDate,
    /// What is counted.
    pub view: View,
}

/// Why there is nothing of a day, or not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gap {
    /// The log holds no line of it.
    NoLines,
    /// The log had not begun yet.
    BeforeLog,
    /// It had been kept long enough, and was removed.
    Removed,
    /// The log of it is damaged, and not counted.
    Damaged,
}

/// A day of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its date at the school.
    pub date: NaiveDate,
    /// What the school's calendar says of it, such as `a school day`.
    pub kind: String,
    /// Whether there is school, as far as the calendar knows.
    pub has_school: bool,
    /// What its lines add up to, where there are any.
    pub counts: Option<DayCounts>,
    /// What is missing.
    pub gap: Option<Gap>,
}

/// What the rules of the filter know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Every category that a profile can block.
    pub categories: Vec<CoverageRow>,
    /// Names of lists that nobody has mapped to a category, with their source: they have no action.
    pub unmapped: Vec<String>,
}

/// What the rules know of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// The category, by slug.
    pub category: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Rules about it. 0 is *not covered*.
    pub entries: u64,
    /// Where they come from.
    pub sources: Vec<String>,
    /// Days since the oldest of their lists was made; `None` where there is none.
    pub age_days: Option<u64>,
}

/// What a summary is made of. It holds more than may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Which summary it is.
    pub about: About,
    /// Every day of the period, in the order of the calendar.
    pub days: Vec<Day>,
    /// What the rules know.
    pub coverage: Coverage,
    /// Sentences that a reader must see first.
    pub notices: Vec<String>,
}

impl Material {
    /// A summary of which nothing else is known yet.
    pub fn about(about: About) -> Self {
        Self { about, days: Vec::new(), coverage: Coverage::default(), notices: Vec::new() }
    }
}
