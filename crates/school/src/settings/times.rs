//! Times by name, as they are written: `evening = { on = "school-nights", hours = ["18:00-21:00"] }`.

use std::collections::BTreeMap;

use belisha_policy::calendar::{Calendar, DaySpan, Days, Interval, MONDAY_TO_FRIDAY, PartOfDay, Which};
use belisha_policy::{During, Part, When};
use chrono::{Weekday, WeekdaySet};
use serde::{Deserialize, Serialize};

use super::names::one_of;

/// Times, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenTimes {
    /// On which days they begin: a kind of them ([`Which`]) such as `school-nights`, or days of the week such as `mon-fri`
    /// or `sat, sun`; every day where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// From when to when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<String>,
    /// Parts of the school day: lessons by their names, or a kind of part ([`PartOfDay`]) such as `lesson` or `evening`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub during: Vec<String>,
}

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

impl WrittenTimes {
    fn when(&self, calendar: &Calendar) -> Result<(Vec<DaySpan>, Vec<During>), String> {
        let days = match &self.on {
            Some(text) => days(text)?,
            None => Days::EVERY,
        };
        if !self.during.is_empty() && (self.on.is_some() || !self.hours.is_empty()) {
            return Err(
                "say either `during` which part of the school day, or `on` which days and at which `hours`".into()
            );
        }
        if self.on.is_none() && self.hours.is_empty() && self.during.is_empty() {
            return Err(
                "these times are never: say `on` which days, at which `hours`, or `during` which lessons".into()
            );
        }
        let during = self.during.iter().map(|text| during(text, calendar)).collect::<Result<_, _>>()?;
        if !self.during.is_empty() {
            return Ok((Vec::new(), during));
        }
        let hours = |text: &String| text.parse::<Interval>().map_err(|error| format!("{text:?} is {error}"));
        let mut hours = self.hours.iter().map(hours).collect::<Result<Vec<_>, _>>()?;
        if hours.is_empty() {
            hours.push(Interval::WHOLE_DAY);
        }
        Ok((hours.into_iter().map(|hours| DaySpan { days, hours }).collect(), during))
    }
}

/// The times of these names together; always, where none is named.
pub(super) fn when(
    names: &[String],
    times: &BTreeMap<String, WrittenTimes>,
    calendar: &Calendar,
) -> Result<When, String> {
    let (mut spans, mut during) = (Vec::new(), Vec::new());
    for name in names {
        let written = times.get(name).ok_or_else(|| one_of("times", name, times.keys().map(String::as_str)))?;
        let (more, parts) = written.when(calendar).map_err(|error| format!("the times {name:?}: {error}"))?;
        spans.extend(more);
        during.extend(parts);
    }
    Ok(When::in_any(spans, during).unwrap_or(When::ALWAYS))
}

/// Checks times that nothing may use yet.
pub(super) fn check(times: &WrittenTimes, calendar: &Calendar) -> Result<(), String> {
    times.when(calendar).map(drop)
}

/// Days of the week: `mon-fri`, `sat`, `mon, wed, fri`.
pub(super) fn weekdays(text: &str) -> Result<WeekdaySet, String> {
    let day = |name: &str| {
        let short = name.trim().to_lowercase().chars().take(3).collect::<String>();
        let known = WEEK.iter().find(|(known, _)| *known == short);
        known.map(|(_, day)| *day).ok_or_else(|| one_of("day of the week", name, WEEK.iter().map(|(name, _)| *name)))
    };
    let mut days = WeekdaySet::EMPTY;
    for part in text.split(',') {
        match part.split_once('-') {
            None => {
                days.insert(day(part)?);
            }
            Some((first, last)) => {
                let (mut at, last) = (day(first)?, day(last)?);
                days.insert(at);
                while at != last {
                    at = at.succ();
                    days.insert(at);
                }
            }
        }
    }
    Ok(days)
}

/// Days: a kind of them, or days of the week.
fn days(text: &str) -> Result<Days, String> {
    if let Ok(which) = text.trim().parse::<Which>() {
        return Ok(Days::which(which));
    }
    let all = Which::ALL.into_iter().map(Which::slug).chain(["mon-fri", "sat, sun"]);
    weekdays(text).map(|weekdays| Days::EVERY.on(weekdays)).map_err(|_| one_of("kind of days", text, all))
}

fn during(text: &str, calendar: &Calendar) -> Result<During, String> {
    let plan = calendar.plan();
    let school_days = |weekdays| Days::SCHOOL_DAYS.on(weekdays);
    if let Ok(part) = text.parse::<PartOfDay>() {
        // Where a part of the day is not written down as hours it may be at any hour.
        let usually = match part {
            PartOfDay::Lesson | PartOfDay::Break => {
                plan.week.iter().map(|it| DaySpan { days: school_days(it.weekdays), hours: it.hours }).collect()
            }
            PartOfDay::ExtendedDay => {
                plan.extended.iter().map(|it| DaySpan { days: Days::EVERY.on(it.weekdays), hours: it.hours }).collect()
            }
            PartOfDay::Night => vec![DaySpan { days: Days::EVERY, hours: plan.night }],
            PartOfDay::BeforeSchool | PartOfDay::Evening => {
                vec![DaySpan { days: Days::SCHOOL_DAYS, hours: Interval::WHOLE_DAY }]
            }
            PartOfDay::DayOff => vec![DaySpan { days: Days::DAYS_OFF, hours: Interval::WHOLE_DAY }],
        };
        return Ok(During { what: Part::Of(part), usually });
    }
    let lessons = plan.lessons.iter().filter(|lesson| lesson.name == text);
    let usually: Vec<DaySpan> =
        lessons.map(|lesson| DaySpan { days: school_days(lesson.weekdays), hours: lesson.hours }).collect();
    if usually.is_empty() {
        let mut known: Vec<&str> = PartOfDay::ALL.into_iter().map(PartOfDay::slug).collect();
        known.extend(plan.lessons.iter().map(|lesson| lesson.name.as_str()));
        return Err(one_of("part of the school day", text, known.into_iter()));
    }
    Ok(During { what: Part::Lesson(text.into()), usually })
}

/// The days of the week on which there is school where nothing else is said.
pub(super) const SCHOOL_WEEK: WeekdaySet = MONDAY_TO_FRIDAY;
