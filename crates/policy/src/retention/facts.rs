//! What is known of a record, and until when that keeps it.

use chrono::{Datelike as _, NaiveDate};

use super::class::RecordClass;
use super::period::Period;
use super::rule::{Rule, Start};
use super::schedule::Schedule;

/// What is known of a record and of the person whom it is about. Days are those at the school.
///
/// A fact that is `None` either did not happen or is not known: both keep the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Facts {
    /// When it was made.
    pub created: NaiveDate,
    /// When somebody reviewed it, last.
    pub reviewed: Option<NaiveDate>,
    /// When it was closed, superseded, done or over, last.
    pub closed: Option<NaiveDate>,
    /// When the device was released.
    pub released: Option<NaiveDate>,
    /// When the person was born; of several the youngest.
    pub born: Option<NaiveDate>,
    /// The last day on which the pupil was on roll; `None` while they are, be it again. Of several the last to leave.
    pub left_school: Option<NaiveDate>,
    /// The last day of the employment; `None` while it lasts, be it a new one.
    pub employment_ended: Option<NaiveDate>,
    /// When the member of staff reaches pension age.
    pub pension_age: Option<NaiveDate>,
    /// When an allegation was found to be malicious or false.
    pub found_false: Option<NaiveDate>,
    /// What became of the images that a consent covers.
    pub image: Image,
    /// The first day on which it may go by the decision of a person who reviewed it or wanted it kept longer.
    pub kept_until: Option<NaiveDate>,
    /// Whether it is not over: a case is open, a version or a change is in force, a duty is not yet met.
    pub open: bool,
}

/// What became of the images that a consent covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Image {
    /// None was ever used.
    None,
    /// One is in use.
    InUse,
    /// The last was withdrawn on this day.
    Withdrawn(NaiveDate),
}

impl Facts {
    /// A record of which nothing is known but the day on which it was made, and which is not open.
    pub const fn new(created: NaiveDate) -> Self {
        Self {
            created,
            reviewed: None,
            closed: None,
            released: None,
            born: None,
            left_school: None,
            employment_ended: None,
            pension_age: None,
            found_false: None,
            image: Image::None,
            kept_until: None,
            open: false,
        }
    }
}

/// Until when a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The first day on which it may go.
    Until(NaiveDate),
    /// The first day on which a person is to decide.
    ReviewOn(NaiveDate),
    /// As long as the record that it belongs to.
    WithAnother,
    /// As long as it is not over.
    WhileOpen,
    /// As long as a fact is not recorded, which these words name: `the date of birth`.
    WhileFactMissing(&'static str),
    /// As long as the journal.
    Always,
}

/// Until when a record of a kind is kept, by what is known of it. Holds are [`deletable`](super::deletable)'s.
///
/// The same answer on every day; a date among the facts that is later never gives an earlier one, and no day gives a
/// panic. But for what goes at once, never a day before the one after it was made.
pub fn keep(class: RecordClass, facts: &Facts, schedule: &Schedule) -> Keep {
    if facts.open {
        return Keep::WhileOpen;
    }
    let kept = match schedule.rule(class) {
        Rule::AtOnce => return Keep::Until(facts.not_before(facts.created)),
        Rule::After(start, period) => first_day(start, period, facts).map(Keep::Until),
        Rule::ThenReview(start, period) => first_day(start, period, facts).map(Keep::ReviewOn),
        Rule::PensionAge(period) => pension(period, facts).map(Keep::Until),
        Rule::PensionAgeUnlessFalse(period) => match (facts.found_false.map(day_after), pension(period, facts)) {
            (Some(found), Ok(pension)) => Ok(Keep::Until(found.min(pension))),
            (Some(found), Err(_)) => Ok(Keep::Until(found)),
            (None, pension) => pension.map(Keep::Until),
        },
        Rule::WithAnother => Ok(Keep::WithAnother),
        Rule::Always => Ok(Keep::Always),
    };
    match kept {
        Ok(Keep::Until(day)) => Keep::Until(day.max(facts.earliest())),
        Ok(Keep::ReviewOn(day)) => Keep::ReviewOn(day.max(facts.earliest())),
        Ok(kept) => kept,
        Err(Unknown(fact)) => Keep::WhileFactMissing(fact),
    }
}

impl Facts {
    /// The first day on which it may go whatever its rule, unless that lets it go at once.
    pub(super) fn earliest(&self) -> NaiveDate {
        self.not_before(day_after(self.created))
    }

    fn not_before(&self, day: NaiveDate) -> NaiveDate {
        self.kept_until.map_or(day, |kept| kept.max(day))
    }
}

/// The words for a fact that is missing.
struct Unknown(&'static str);

/// The first day after the period. What happened during a day is over when the day is; a birthday begins with its day.
fn first_day(start: Start, period: Period, facts: &Facts) -> Result<NaiveDate, Unknown> {
    let school_year = facts.left_school.map(|left| end_of_school_year(left.max(facts.created)));
    let (day, fact) = match start {
        Start::Born => {
            return facts.born.map(|born| period.after(born)).ok_or(Unknown("the date of birth"));
        }
        Start::Made => (Some(facts.created), ""),
        Start::LastEntry => (facts.closed.max(Some(facts.created)), ""),
        Start::Reviewed => (facts.reviewed, "its review"),
        Start::Ended => (facts.closed, "its end"),
        Start::Released => (facts.released, "the release of the device"),
        Start::Left => (school_year, "the day on which the pupil left"),
        Start::EmploymentEnded => (facts.employment_ended, "the end of the employment"),
        // `None` is less than any day: of two days that are known the later counts.
        Start::PersonLeft => (school_year.max(facts.employment_ended), "the day on which the person left"),
        Start::ImageWithdrawn => match facts.image {
            Image::None => (school_year, "the day on which the child left"),
            Image::InUse => (None, "that the image was withdrawn"),
            Image::Withdrawn(day) => (school_year.max(Some(day)), ""),
        },
    };
    day.map(|day| day_after(period.after(day.max(facts.created)))).ok_or(Unknown(fact))
}

fn pension(period: Period, facts: &Facts) -> Result<NaiveDate, Unknown> {
    let pension_age = facts.pension_age.ok_or(Unknown("the day of reaching pension age"))?;
    Ok(pension_age.max(first_day(Start::Made, period, facts)?))
}

fn day_after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

/// The 31 August on which the school year of a day ends.
fn end_of_school_year(day: NaiveDate) -> NaiveDate {
    let year = if day.month() > 8 { day.year() + 1 } else { day.year() };
    NaiveDate::from_ymd_opt(year, 8, 31).unwrap_or(NaiveDate::MAX)
}
