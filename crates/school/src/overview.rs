//! The settings at a glance: what each profile makes of each category, and what some may do at two times of a Monday.

use std::sync::Arc;

use belisha_policy::calendar::{Moment, instant};
use belisha_policy::{Actor, Category, Kind, Members, Policy, Profile, Verdict};
use chrono::{DateTime, Datelike, Days, NaiveTime, Utc, Weekday};

/// What a profile makes of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// When no times say otherwise.
    pub verdict: Verdict,
    /// Whether at some times it is otherwise.
    pub varies: bool,
}

/// A row of the table: a category, and what each profile makes of it, in the order of the profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The category.
    pub category: Category,
    /// A cell for each profile.
    pub cells: Vec<Cell>,
}

/// What each profile makes of each ordinary category.
pub fn table(policy: &Policy) -> Vec<Row> {
    let ordinary = Category::ALL.iter().copied().filter(|category| category.kind() == Kind::Ordinary);
    let cell = |profile: &Arc<Profile>, category| {
        let verdict = profile.verdict(category);
        let others = profile.times().iter().filter_map(|times| times.verdict(category));
        Cell { verdict, varies: others.into_iter().any(|other| other != verdict) }
    };
    let row = |category| Row { category, cells: policy.profiles().iter().map(|it| cell(it, category)).collect() };
    ordinary.map(row).collect()
}

/// What somebody may do at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Who, in words.
    pub who: &'static str,
    /// When.
    pub at: DateTime<Utc>,
    /// What the calendar says of it.
    pub moment: String,
    /// The profile, and the variation by which it is that.
    pub profile: String,
    /// The ordinary categories that are open.
    pub open: Vec<Category>,
    /// Those that are open after a warning.
    pub warned: Vec<Category>,
    /// Whether all is closed that nobody approved.
    pub only_approved: bool,
}

/// Whom to ask about: a child, an adult, and somebody who is there for a day.
const WHO: [(&str, &str); 3] = [("a Year 4 pupil", "year 4"), ("a teacher", "staff"), ("a guest", "guests")];

/// Ten in the morning and eight in the evening.
const HOURS: [u32; 2] = [10, 20];

/// What a Year 4 pupil, a teacher and a guest may do on the next Monday at ten and at eight in the evening.
pub fn next_monday(policy: &Policy, now: DateTime<Utc>) -> Vec<Example> {
    let today = policy.moment(now).local().date_naive();
    let mut ahead = (0..7).filter_map(|days| today.checked_add_days(Days::new(days)));
    let Some(monday) = ahead.find(|day| day.weekday() == Weekday::Mon) else { return Vec::new() };
    let times = HOURS.iter().filter_map(|hour| NaiveTime::from_hms_opt(*hour, 0, 0));
    let instants: Vec<DateTime<Utc>> = times.map(|time| instant(monday.and_time(time))).collect();
    let who = WHO.iter().filter_map(|(who, members)| Some((*who, members.parse::<Members>().ok()?)));
    let asked = who.map(|(who, members)| (who, policy.somebody(&Arc::new(members.example()))));
    asked
        .flat_map(|(who, actor)| instants.iter().map(move |at| (who, actor.clone(), *at)).collect::<Vec<_>>())
        .map(|(who, actor, at)| example(policy, who, &actor, &policy.moment(at)))
        .collect()
}

fn example(policy: &Policy, who: &'static str, actor: &Actor, moment: &Moment<'_>) -> Example {
    let (profile, variation) = policy.profile_at(actor, moment);
    let by = variation.map(|variation| format!(" (by \"{variation}\")")).unwrap_or_default();
    let ordinary = || Category::ALL.iter().copied().filter(|category| category.kind() == Kind::Ordinary);
    let that_are =
        |verdict| ordinary().filter(|category| policy.says_of(*category, actor, moment) == verdict).collect::<Vec<_>>();
    Example {
        who,
        at: moment.at(),
        moment: belisha_policy::in_words(moment),
        profile: format!("{}{by}", profile.name()),
        open: that_are(Verdict::Allow),
        warned: that_are(Verdict::Warn),
        only_approved: profile.is_only_approved(),
    }
}
