//! How long each kind of record is kept, as data.
//!
//! A [`RecordClass`] has a [`Rule`]: from which day its time runs and how long. A [`Schedule`] is the rules of one
//! school: the defaults, with what the school has set within their [`Limits`]. [`keep`] tells from the [`Facts`] about a
//! record when it may go, and [`deletable`] whether it may go today, with the holds that rest on it. All of them are
//! pure: the day comes in as an argument, and it is the day at the school, not in UTC.
//!
//! Where the calendar leaves a choice the later day is taken, never the earlier:
//!
//! - What happened during a day has its time run out when the anniversary of that day is *over*. A birthday begins with
//!   its day.
//! - An anniversary that does not exist (29 February, 31 June) is the first of the month after.
//! - Who leaves a school is counted from the end of that school year, 31 August.
//! - A fact that is not known keeps the record.
//!
//! ```
//! use belisha_policy::retention::{Facts, Keep, RecordClass, Schedule, keep};
//! use chrono::NaiveDate;
//!
//! let day = |text: &str| text.parse::<NaiveDate>().unwrap();
//! let mut schedule = Schedule::default();
//! schedule.set("access-log", "6 months")?;
//! let log = Facts::new(day("2026-08-31"));
//! assert_eq!(keep(RecordClass::AccessLog, &log, &schedule), Keep::Until(day("2027-03-02")));
//!
//! // A child of 29 February is twenty-five on 1 March.
//! let case = Facts { born: Some(day("2008-02-29")), ..Facts::new(day("2026-01-15")) };
//! assert_eq!(keep(RecordClass::SafeguardingIncident, &case, &schedule), Keep::ReviewOn(day("2033-03-01")));
//!
//! let refused = schedule.set("access-log", "2 years").unwrap_err();
//! assert_eq!(refused.to_string(), "access-log may be kept for 90 days to 12 months, not for 2 years");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class;
mod facts;
mod hold;
mod period;
mod rule;
mod schedule;

pub use class::{RecordClass, UnknownClass};
pub use facts::{Facts, Image, Keep, keep};
pub use hold::{Kept, LegalHold, Other, Record, Verdict, deletable};
pub use period::{NoPeriod, Period};
pub use rule::{Limits, Rule, Start};
pub use schedule::{Schedule, ScheduleError};
