//! Where counts come together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use ahash::RandomState;
use belisha_policy::{Attribution, Category, DayCounts, Kind, Navigation, Outcome, Phase, Replayed, Verdict, View};
use chrono::NaiveDate;

use super::SchoolHours;

/// Whether a target is unlawful by what is known of it: nobody is told its host.
pub(super) fn is_locked(categories: &[Category]) -> bool {
    categories.iter().any(|category| category.kind() == Kind::Locked)
}

/// What a line says came of its request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) phase: Phase,
    pub(super) navigation: Navigation,
    pub(super) observed: Outcome,
    pub(super) replayed: Option<(Verdict, &'a [Category])>,
}

impl<'a> Seen<'a> {
    pub(super) fn replay(replayed: Option<&'a Replayed>) -> Option<(Verdict, &'a [Category])> {
        replayed.map(|replayed| (replayed.verdict, &*replayed.categories))
    }

    /// The outcome in a view; `None` where the line is no request, or has nothing to say in it.
    fn outcome(&self, view: View) -> Option<Outcome> {
        match (self.phase, view) {
            (Phase::Closed, _) => None,
            (_, View::Observed) => Some(self.observed),
            (_, View::Replayed) => self.replayed.map(|(verdict, _)| verdict.into()),
        }
    }

    /// Whether other rules would block what went to its origin, or would have, had the origin been there.
    fn would_close(&self, view: View) -> bool {
        let open = matches!(self.observed, Outcome::Allowed | Outcome::Monitored | Outcome::Failed | Outcome::Warned);
        open && view == View::Replayed && self.outcome(view) == Some(Outcome::Blocked)
    }

    /// Whether other rules would let through what was blocked.
    fn would_open(&self, view: View) -> bool {
        let outcome = self.outcome(view);
        let blocked = self.observed == Outcome::Blocked && view == View::Replayed;
        blocked && matches!(outcome, Some(Outcome::Allowed | Outcome::Warned))
    }

    /// Whether the host is asked for.
    pub(super) fn wants_host(&self, view: View) -> bool {
        self.outcome(view) == Some(Outcome::Blocked) || self.would_open(view)
    }
}

/// Whom a line is about.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) attribution: Attribution,
    pub(super) group: Option<Arc<str>>,
    /// 0 where nobody is named.
    pub(super) person: u32,
    pub(super) address: IpAddr,
}

/// Who was seen of a group, or of all.
#[derive(Debug, Default)]
struct Crowd {
    people: HashSet<u32, RandomState>,
    /// Of devices at which nobody is named.
    addresses: HashSet<IpAddr, RandomState>,
}

/// The table key under which each person's number was given out. Within one key a person has one number.
pub(super) type TableKeys = HashMap<u32, i64, RandomState>;

impl Crowd {
    /// How many it was at least. A writer that starts again gives out new numbers, so that those of one of them count.
    fn at_least(&self, keys: &TableKeys) -> u64 {
        let mut by_key: HashMap<i64, u64, RandomState> = HashMap::default();
        for person in &self.people {
            *by_key.entry(keys.get(person).copied().unwrap_or_default()).or_default() += 1;
        }
        let named = by_key.into_values().max().unwrap_or_default();
        named.max(self.addresses.len() as u64)
    }
}

/// Counts, by days of the school.
pub(super) struct Counter {
    view: View,
    /// Which of the days each hour in UTC belongs to, and which hour it is there.
    places: [Option<(usize, u8)>; 24],
    days: Vec<(NaiveDate, DayCounts)>,
    crowds: HashMap<(usize, Option<Arc<str>>), Crowd, RandomState>,
}

impl Counter {
    pub(super) fn new(hours: &SchoolHours, view: View) -> Self {
        let mut days: Vec<(NaiveDate, DayCounts)> = Vec::new();
        let places = hours.map(|hour| {
            let (date, hour) = hour?;
            let at = days.iter().position(|(known, _)| *known == date).unwrap_or_else(|| {
                days.push((date, DayCounts::default()));
                days.len() - 1
            });
            Some((at, hour))
        });
        Self { view, places, days, crowds: HashMap::default() }
    }

    pub(super) fn view(&self) -> View {
        self.view
    }

    /// Which of the days an hour in UTC belongs to; `None` where it is not counted.
    pub(super) fn slot(&self, hour: usize) -> Option<usize> {
        self.places.get(hour).copied().flatten().map(|(slot, _)| slot)
    }

    fn day(&mut self, slot: usize) -> Option<&mut DayCounts> {
        self.days.get_mut(slot).map(|(_, counts)| counts)
    }

    /// Counts lines in an hour in UTC, and what needs nothing else than what came of them.
    pub(super) fn hour(&mut self, hour: usize, seen: Seen<'_>, lines: u64) {
        let view = self.view;
        let Some((slot, hour)) = self.places.get(hour).copied().flatten() else { return };
        let Some(day) = self.day(slot) else { return };
        let Some(outcome) = seen.outcome(view) else {
            let other = if seen.phase == Phase::Closed { &mut day.ends } else { &mut day.not_replayed };
            *other += lines;
            return;
        };
        day.requests.add(outcome, lines);
        day.navigation_mut(seen.navigation).add(outcome, lines);
        if let Some(of_hour) = day.hours.get_mut(usize::from(hour)) {
            of_hour.add(outcome, lines);
        }
        if outcome == Outcome::Blocked {
            day.blocked.requests += lines;
        }
        if let (View::Replayed, Outcome::Blocked, Some((_, categories))) = (view, outcome, seen.replayed) {
            day.blocked.add_categories(categories, lines);
        }
        if let (true, Some((_, categories))) = (seen.would_close(view), seen.replayed) {
            day.would_close.requests += lines;
            day.would_close.add_categories(categories, lines);
        }
        if seen.would_open(view) {
            day.would_open.requests += lines;
        }
    }

    /// Counts lines of whoever asked.
    pub(super) fn asker(&mut self, slot: usize, seen: Seen<'_>, asked: &Asked, lines: u64) {
        let Some(outcome) = seen.outcome(self.view) else { return };
        let Some(day) = self.day(slot) else { return };
        day.attribution_mut(asked.attribution).add(outcome, lines);
        match day.groups.get_mut(&asked.group) {
            Some(group) => group.requests.add(outcome, lines),
            None => day.groups.entry(asked.group.clone()).or_default().requests.add(outcome, lines),
        }
        let crowd = self.crowds.entry((slot, asked.group.clone())).or_default();
        if asked.person == 0 {
            crowd.addresses.insert(asked.address);
        } else {
            crowd.people.insert(asked.person);
        }
    }

    /// Counts lines whose target was found, at the time, to be about something.
    pub(super) fn reason(&mut self, slot: usize, seen: Seen<'_>, categories: &[Category], lines: u64) {
        let view = self.view;
        let Some(day) = self.day(slot) else { return };
        if view == View::Observed && seen.outcome(view) == Some(Outcome::Blocked) {
            day.blocked.add_categories(categories, lines);
        }
        if seen.would_open(view) {
            day.would_open.add_categories(categories, lines);
        }
    }

    /// Counts lines at a host; those whose host is not to be known at an empty one.
    pub(super) fn host(&mut self, slot: usize, seen: Seen<'_>, host: &str, lines: u64) {
        let view = self.view;
        let host = if seen.replayed.is_some_and(|(_, categories)| is_locked(categories)) { "" } else { host };
        let Some(day) = self.day(slot) else { return };
        if seen.outcome(view) == Some(Outcome::Blocked) {
            day.blocked.add_host(host, lines);
        }
        if seen.would_close(view) {
            day.would_close.add_host(host, lines);
        }
        if seen.would_open(view) {
            day.would_open.add_host(host, lines);
        }
    }

    /// Says how many people there were, at the end of a file or of a server's day: numbers mean nothing in another.
    pub(super) fn count_people(&mut self, keys: &TableKeys) {
        let mut everybody: BTreeMap<usize, Crowd> = BTreeMap::new();
        for ((slot, group), crowd) in std::mem::take(&mut self.crowds) {
            let Some((_, day)) = self.days.get_mut(slot) else { continue };
            if let Some(counts) = day.groups.get_mut(&group) {
                counts.people = counts.people.max(crowd.at_least(keys));
            }
            let all = everybody.entry(slot).or_default();
            all.people.extend(crowd.people);
            all.addresses.extend(crowd.addresses);
        }
        for (slot, crowd) in everybody {
            let people = crowd.at_least(keys);
            if let Some(day) = self.day(slot) {
                day.people = day.people.max(people);
            }
        }
    }

    pub(super) fn finish(self) -> BTreeMap<NaiveDate, DayCounts> {
        self.days.into_iter().collect()
    }
}
