//! How long it took: until somebody first acted on a report, and until the case was over.

use alloc::format;
use alloc::string::String;

use belisha_policy::PersonId;
use chrono::{DateTime, TimeDelta, Utc};

use crate::case::{Event, Fact};

/// When somebody first told of a case, when somebody first acted on that, and when it was closed.
///
/// Time goes by the clock, at night and in the holidays too. Whether something was late is another question: each duty has a clock of its
/// own, which knows school days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    reported: DateTime<Utc>,
    acted: Option<DateTime<Utc>>,
    closed: Option<DateTime<Utc>>,
    /// Who told of it last, and when: what they say in the same breath is part of telling.
    telling: (Option<PersonId>, DateTime<Utc>),
}

impl Response {
    /// When somebody first told of it.
    pub fn reported(&self) -> DateTime<Utc> {
        self.reported
    }

    /// When somebody first did something about it; to tell of it is none.
    pub fn acted(&self) -> Option<DateTime<Utc>> {
        self.acted
    }

    /// When it was closed, as long as it is.
    pub fn closed(&self) -> Option<DateTime<Utc>> {
        self.closed
    }

    /// How long it was until somebody acted.
    pub fn to_act(&self) -> Option<TimeDelta> {
        self.acted.map(|acted| self.since_reported(acted))
    }

    /// How long it was until it was closed.
    pub fn to_close(&self) -> Option<TimeDelta> {
        self.closed.map(|closed| self.since_reported(closed))
    }

    /// What is known of it, each with what it is: `("First acted on", "after 3 hours")`.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let row = |what, took: Option<TimeDelta>| took.map(|took| (what, format!("after {}", lasted(took))));
        [row("First acted on", self.to_act()), row("Closed", self.to_close())].into_iter().flatten()
    }

    /// A clock that was put back makes nothing shorter than nothing.
    fn since_reported(&self, at: DateTime<Utc>) -> TimeDelta {
        at.signed_duration_since(self.reported).max(TimeDelta::zero())
    }

    /// Takes in what happened next; begins with the first that somebody told.
    pub(crate) fn evolve(response: Option<Self>, event: &Event) -> Option<Self> {
        let telling = (event.by, event.at);
        let Some(before) = response else {
            let is_told = matches!(event.fact, Fact::Reported { .. });
            return is_told.then_some(Self { reported: event.at, acted: None, closed: None, telling });
        };
        let acts = event.by.is_some() && telling != before.telling;
        let acted = before.acted.or(acts.then_some(event.at));
        Some(match &event.fact {
            Fact::Reported { .. } => Self { telling, ..before },
            Fact::ToldBefore { .. } | Fact::Imported(_) => before,
            Fact::Closed => Self { acted, closed: Some(event.at), ..before },
            Fact::Reopened { .. } => Self { acted, closed: None, ..before },
            _ => Self { acted, ..before },
        })
    }
}

/// A time as people say it: its two largest parts, `2 days 4 hours`.
pub fn lasted(time: TimeDelta) -> String {
    let counted = |number: i64, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let (days, hours, minutes) = (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".into(),
        (0, 0, _) => counted(minutes, "minute"),
        (0, _, 0) => counted(hours, "hour"),
        (0, ..) => format!("{} {}", counted(hours, "hour"), counted(minutes, "minute")),
        (_, 0, _) => counted(days, "day"),
        _ => format!("{} {}", counted(days, "day"), counted(hours, "hour")),
    }
}
