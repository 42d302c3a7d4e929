//! Days and instants as they are written: with quotes or without, by the clock at the school.

use std::fmt;
use std::str::FromStr;

use belisha_policy::calendar;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::value::Datetime;

/// A day: `2026-09-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenDay(pub NaiveDate);

/// An instant: a day, a day and a time by the clock at the school, or an instant with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenInstant {
    /// From its beginning, or to its end.
    Day(NaiveDate),
    /// By the clock at the school.
    Local(NaiveDateTime),
    /// Wherever.
    Exact(DateTime<FixedOffset>),
}

/// A text that is no day or instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// No day.
    #[error("not a day: write such as 2026-09-01")]
    Day,
    /// No instant.
    #[error("not a day or an instant: write such as 2026-12-18, or 2026-12-18T14:30:00 by the clock at the school")]
    Instant,
}

impl WrittenInstant {
    /// The instant from which something is, where this is its beginning.
    pub fn beginning(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => calendar::start_of(day),
            Self::Local(local) => calendar::instant(local),
            Self::Exact(at) => at.to_utc(),
        }
    }

    /// The instant to which something is, itself not included, where this is its end: a day ends with itself.
    pub fn end(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => calendar::end_of(day),
            Self::Local(_) | Self::Exact(_) => self.beginning(),
        }
    }
}

impl FromStr for WrittenDay {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        text.parse().map(Self).map_err(|_| WrittenError::Day)
    }
}

impl FromStr for WrittenInstant {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let with_t = text.replacen(' ', "T", 1);
        let day = || text.parse().map(Self::Day).ok();
        let local = || {
            let minutes = NaiveDateTime::parse_from_str(&with_t, "%Y-%m-%dT%H:%M");
            with_t.parse::<NaiveDateTime>().or(minutes).map(Self::Local).ok()
        };
        let exact = || DateTime::parse_from_rfc3339(&with_t).map(Self::Exact).ok();
        day().or_else(local).or_else(exact).ok_or(WrittenError::Instant)
    }
}

impl fmt::Display for WrittenDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for WrittenInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Local(local) if local.time() == NaiveTime::MIN => write!(f, "{}T00:00:00", local.date()),
            Self::Local(local) => write!(f, "{}", local.format("%Y-%m-%dT%H:%M:%S")),
            Self::Exact(at) => f.write_str(&at.to_rfc3339()),
        }
    }
}

/// What stands for a day or an instant: a text, or what TOML has for it without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Typed {
    Bare(Datetime),
    Quoted(String),
}

impl Typed {
    fn parse<T: FromStr<Err = WrittenError>, E: Error>(self) -> Result<T, E> {
        match self {
            Self::Bare(datetime) => datetime.to_string().parse(),
            Self::Quoted(text) => text.parse(),
        }
        .map_err(E::custom)
    }
}

macro_rules! as_typed {
    ($($type:ty),*) => {
        $(impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Typed::deserialize(from)?.parse()
            }
        })*
    };
}

as_typed!(WrittenDay, WrittenInstant);
