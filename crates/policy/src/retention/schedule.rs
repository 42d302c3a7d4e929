//! The rules of one school.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use core::fmt;

use super::class::RecordClass;
use super::period::Period;
use super::rule::{Limits, Rule, Start};

/// How long one school keeps each kind of record: the defaults, and what it has set within their limits.
///
/// Two with the same rules are equal; `1 year` and `12 months` are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    own: BTreeMap<RecordClass, Rule>,
}

/// Why a school's own period is refused. The schedule is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// No kind of record has this name.
    #[error("no kind of record is called {slug:?}; those with a period of their own are {}", Settable)]
    UnknownClass {
        /// The name.
        slug: String,
    },
    /// Nothing can be set for it.
    #[error("no period can be set for {class}: it is kept {rule}")]
    Fixed {
        /// The kind of record.
        class: RecordClass,
        /// Its rule.
        rule: Rule,
    },
    /// Not a number and a unit.
    #[error("{text:?} is not a period for {class}: write up to 200 years as a number and days, months or years, \
             such as {}", examples(*.class))]
    NotAPeriod {
        /// The kind of record.
        class: RecordClass,
        /// What was written.
        text: String,
    },
    /// A day from which this kind is not counted.
    #[error("{class} is not counted from {word:?}: write {}", examples(*.class))]
    OtherStart {
        /// The kind of record.
        class: RecordClass,
        /// What was written behind `after`.
        word: String,
    },
    /// Outside of what a school may choose.
    #[error("{class} may be kept for {}, not for {given}{}", allowed(*.class, *.start), aside(*.given, *.limit))]
    OutOfRange {
        /// The kind of record.
        class: RecordClass,
        /// From which day.
        start: Start,
        /// What was written.
        given: Period,
        /// What it is too short or too long for.
        limit: Period,
    },
}

impl Schedule {
    /// Sets a school's own period for the kind of record with this slug: `90 days`, `12 months`, `7 years`, and where
    /// there is a choice `25 years after birth`. Without `after` it is counted from the same day as before.
    ///
    /// # Errors
    /// No such kind, not a period, or a period that is not open to the school; each says what would be. Longer than the
    /// default is open for nearly all, shorter only where a range says so.
    pub fn set(&mut self, slug: &str, text: &str) -> Result<(), ScheduleError> {
        let class: RecordClass = slug.parse().map_err(|_| ScheduleError::UnknownClass { slug: slug.to_string() })?;
        let rule = self.rule(class);
        let Some((start, default)) = class.default_rule().counted().filter(|_| class.limits() != Limits::Fixed) else {
            return Err(ScheduleError::Fixed { class, rule });
        };
        let current = rule.counted().map_or(start, |(start, _)| start);
        let (start, given) = read(class, current, text)?;
        let (least, most) = range(class, start, default);
        let limit = if given.covers(least) { most.filter(|most| !most.covers(given)) } else { Some(least) };
        if let Some(limit) = limit {
            return Err(ScheduleError::OutOfRange { class, start, given, limit });
        }
        let set = rule.with(start, given);
        if set == class.default_rule() {
            self.own.remove(&class)
        } else {
            self.own.insert(class, set)
        };
        Ok(())
    }

    /// How long a kind of record is kept.
    pub fn rule(&self, class: RecordClass) -> Rule {
        self.own.get(&class).copied().unwrap_or_else(|| class.default_rule())
    }

    /// Where the school differs from the defaults, in the order of the kinds' numbers.
    pub fn own(&self) -> impl Iterator<Item = (RecordClass, Rule)> {
        self.own.iter().map(|(class, rule)| (*class, *rule))
    }
}

/// Reads `NUMBER UNIT` or `NUMBER UNIT after START`.
fn read(class: RecordClass, current: Start, text: &str) -> Result<(Start, Period), ScheduleError> {
    let not_a_period = || ScheduleError::NotAPeriod { class, text: text.to_string() };
    let mut words = text.split_whitespace();
    let (Some(number), Some(unit)) = (words.next(), words.next()) else { return Err(not_a_period()) };
    let period = Period::parse(number, unit).ok_or_else(not_a_period)?;
    let start = match (words.next(), words.next(), words.next()) {
        (None, ..) => current,
        (Some("after"), Some(word), None) => starts(class)
            .find(|start| start.word() == Some(word))
            .ok_or_else(|| ScheduleError::OtherStart { class, word: word.to_string() })?,
        _ => return Err(not_a_period()),
    };
    Ok((start, period))
}

/// The days from which a kind may be counted, the default first.
fn starts(class: RecordClass) -> impl Iterator<Item = Start> {
    let first = class.default_rule().counted().map(|(start, _)| start);
    let other = if let Limits::LongerOr(start, _) = class.limits() { Some(start) } else { None };
    first.into_iter().chain(other)
}

/// The shortest and the longest that a school may choose when it is counted from a day.
fn range(class: RecordClass, start: Start, default: Period) -> (Period, Option<Period>) {
    match class.limits() {
        Limits::Between(least, most) => (least, Some(most)),
        Limits::LongerOr(other, least) if other == start => (least, None),
        Limits::Fixed | Limits::Longer | Limits::LongerOr(..) => (default, None),
    }
}

/// What may be set, for the error that says so.
fn allowed(class: RecordClass, start: Start) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let Some((_, default)) = class.default_rule().counted() else { return Ok(()) };
        match range(class, start, default) {
            (least, Some(most)) => write!(f, "{least} to {most}"),
            (least, None) => write!(f, "{least} {start} or longer"),
        }
    })
}

/// How many days the one of the two is that is counted in months, where the other is not.
fn aside(given: Period, limit: Period) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let varies = |period: &Period| period.fewest_days() != period.most_days();
        match [given, limit].into_iter().find(varies) {
            Some(months) if !given.is_like(limit) => {
                write!(f, " ({months}: {} to {} days)", months.fewest_days(), months.most_days())
            }
            _ => Ok(()),
        }
    })
}

/// What could be written, for the errors that say so.
fn examples(class: RecordClass) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        if let Limits::Between(least, most) = class.limits() {
            return write!(f, "\"{least}\" or \"{most}\"");
        }
        let Some((_, default)) = class.default_rule().counted() else { return Ok(()) };
        for (at, start) in starts(class).enumerate() {
            let (least, _) = range(class, start, default);
            write!(f, "{}\"{least}", if at == 0 { "" } else { " or " })?;
            start.word().map_or(Ok(()), |word| write!(f, " after {word}"))?;
            f.write_str("\"")?;
        }
        Ok(())
    })
}

/// The slugs of what can be set.
struct Settable;

impl fmt::Display for Settable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settable = RecordClass::ALL.iter().filter(|class| class.limits() != Limits::Fixed);
        for (at, class) in settable.enumerate() {
            write!(f, "{}{class}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
