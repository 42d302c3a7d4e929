//! What the lines of a day add up to, without anybody's name: the raw material of reports about the web as a whole.
//!
//! These counts are not for people's eyes as they are. A group may have one member and a site one visitor; which of them
//! may be shown is for the report to say.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::sync::Arc;

use crate::access::{Navigation, Outcome};
use crate::actor::Attribution;
use crate::category::Category;

/// Which of the two things that a line can say of a request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// What became of it at the time.
    Observed,
    /// What the rules that somebody asked later would say. Lines without that are counted apart.
    Replayed,
}

/// Requests by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes([u64; Outcome::ALL.len()]);

impl Outcomes {
    /// How many had this outcome.
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.0.get(place(outcome)).copied().unwrap_or_default()
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Counts some more.
    pub fn add(&mut self, outcome: Outcome, requests: u64) {
        if let Some(count) = self.0.get_mut(place(outcome)) {
            *count += requests;
        }
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: &Self) {
        for outcome in Outcome::ALL {
            self.add(outcome, other.get(outcome));
        }
    }
}

/// Outcomes are numbered from 1.
fn place(outcome: Outcome) -> usize {
    usize::from(outcome as u8).saturating_sub(1)
}

/// Requests of a group on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// By what became of them.
    pub requests: Outcomes,
    /// How many people it was at least; where no line names a person, how many devices.
    pub people: u64,
}

/// Requests by category and by host. A request is counted once in each of its categories, and under `None` where it has
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// How many there were.
    pub requests: u64,
    /// By category.
    pub categories: BTreeMap<Option<Category>, u64>,
    /// By canonical host. Under an empty one are those that named none, and those of unlawful material, whose hosts nobody
    /// is told.
    pub hosts: BTreeMap<Box<str>, u64>,
}

impl Sites {
    /// Counts requests in their categories.
    pub fn add_categories(&mut self, categories: &[Category], requests: u64) {
        if categories.is_empty() {
            *self.categories.entry(None).or_default() += requests;
        }
        for category in categories {
            *self.categories.entry(Some(*category)).or_default() += requests;
        }
    }

    /// Counts requests at their host.
    pub fn add_host(&mut self, host: &str, requests: u64) {
        if let Some(count) = self.hosts.get_mut(host) {
            *count += requests;
        } else {
            self.hosts.insert(host.into(), requests);
        }
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        for (category, requests) in other.categories {
            *self.categories.entry(category).or_default() += requests;
        }
        for (host, requests) in other.hosts {
            *self.hosts.entry(host).or_default() += requests;
        }
    }
}

/// What the lines of one day at the school add up to. The second line of a tunnel, which tells of its end, is no request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// Requests by what became of them.
    pub requests: Outcomes,
    /// Lines that tell of an end.
    pub ends: u64,
    /// Requests that other rules were not asked about; always 0 for [`View::Observed`].
    pub not_replayed: u64,
    /// By the hour that the clock at the school showed.
    pub hours: [Outcomes; 24],
    /// By whether somebody went there, in the order of [`Navigation`].
    navigations: [Outcomes; 3],
    /// By how sure it is who asked, in the order of [`Attribution::ALL`].
    attributions: [Outcomes; Attribution::ALL.len()],
    /// How many people asked, at least; where no line names a person, how many devices.
    pub people: u64,
    /// By group.
    pub groups: BTreeMap<Option<Arc<str>>, GroupCounts>,
    /// What was blocked.
    pub blocked: Sites,
    /// What was let through, and other rules would block. Empty for [`View::Observed`].
    pub would_close: Sites,
    /// What was blocked, and other rules would let through. Empty for [`View::Observed`].
    pub would_open: Sites,
}

impl DayCounts {
    /// Those of a kind of request.
    pub fn navigation(&self, navigation: Navigation) -> Outcomes {
        self.navigations.get(usize::from(navigation as u8) - 1).copied().unwrap_or_default()
    }

    /// Where those of a kind of request are counted.
    pub fn navigation_mut(&mut self, navigation: Navigation) -> &mut Outcomes {
        let [navigated, fetched, unknown] = &mut self.navigations;
        match navigation {
            Navigation::Navigation => navigated,
            Navigation::SubResource => fetched,
            Navigation::Unknown => unknown,
        }
    }

    /// Those of which it is this sure who asked.
    pub fn attribution(&self, attribution: Attribution) -> Outcomes {
        self.attributions.get(usize::from(attribution as u8) - 1).copied().unwrap_or_default()
    }

    /// Where those are counted of which it is this sure who asked.
    pub fn attribution_mut(&mut self, attribution: Attribution) -> &mut Outcomes {
        let [individual, class, guest, address, doubt] = &mut self.attributions;
        match attribution {
            Attribution::Individual => individual,
            Attribution::ClassAccount => class,
            Attribution::Guest => guest,
            Attribution::AddressOnly => address,
            Attribution::CredentialInDoubt => doubt,
        }
    }

    /// Counts what another part of the same day's log says. People may stand in both: the larger number of them is what
    /// is known.
    pub fn merge(&mut self, other: Self) {
        self.requests.merge(&other.requests);
        self.ends += other.ends;
        self.not_replayed += other.not_replayed;
        let pairs = self.hours.iter_mut().zip(&other.hours);
        let pairs = pairs.chain(self.navigations.iter_mut().zip(&other.navigations));
        for (mine, theirs) in pairs.chain(self.attributions.iter_mut().zip(&other.attributions)) {
            mine.merge(theirs);
        }
        self.people = self.people.max(other.people);
        for (group, counts) in other.groups {
            match self.groups.entry(group) {
                Entry::Vacant(place) => {
                    place.insert(counts);
                }
                Entry::Occupied(mut place) => {
                    let mine = place.get_mut();
                    mine.requests.merge(&counts.requests);
                    mine.people = mine.people.max(counts.people);
                }
            }
        }
        self.blocked.merge(other.blocked);
        self.would_close.merge(other.would_close);
        self.would_open.merge(other.would_open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_day_add_up_and_people_are_not_counted_twice() {
        let mut one = DayCounts::default();
        for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
            one.requests.add(outcome, at as u64 + 1);
        }
        one.navigation_mut(Navigation::SubResource).add(Outcome::Blocked, 2);
        one.attribution_mut(Attribution::CredentialInDoubt).add(Outcome::Warned, 3);
        one.people = 7;
        one.groups.insert(Some("year 9".into()), GroupCounts { requests: one.requests, people: 4 });
        one.blocked.add_categories(&[Category::Games, Category::Gambling], 2);
        one.blocked.add_categories(&[], 1);
        one.blocked.add_host("wager.example", 3);
        let mut both = one.clone();
        both.merge(one.clone());
        let twice = 2 * (1..=Outcome::ALL.len() as u64).sum::<u64>();
        assert_eq!((both.requests.total(), both.requests.get(Outcome::Warned)), (twice, 10));
        assert_eq!(both.navigation(Navigation::SubResource).get(Outcome::Blocked), 4);
        assert_eq!(both.navigation(Navigation::Navigation).total(), 0);
        assert_eq!(both.attribution(Attribution::CredentialInDoubt).get(Outcome::Warned), 6);
        let group = both.groups.values().next().unwrap();
        assert_eq!((both.people, group.people, group.requests.total()), (7, 4, twice));
        assert_eq!(both.blocked.categories.values().sum::<u64>(), 10);
        assert_eq!(both.blocked.hosts["wager.example"], 6);
        let mut alone = DayCounts::default();
        alone.merge(one.clone());
        assert_eq!(alone, one);
    }
}
