//! What may be shown: the rules that keep a child from being told by small numbers, day by day.

use std::collections::BTreeMap;
use std::sync::Arc;

use belisha_policy::{DayCounts, GroupCounts, Outcomes};

use crate::words::visible;

use super::{Day, DayRow, FewPeople, GroupRow, HostRow, OtherHosts};

/// So many people hide each other.
const PEOPLE: u64 = 5;
/// A site is named from so many requests on.
const REQUESTS: u64 = 5;
/// So many sites are named at most.
const SITES: usize = 50;

/// Of a group; `None` where it is not known.
type Name = Option<Arc<str>>;

/// What the days add up to.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) totals: Outcomes,
    pub(super) not_replayed: u64,
    pub(super) few_people: FewPeople,
    pub(super) days: Vec<DayRow>,
    /// Of days with enough people; its groups are not to be shown.
    pub(super) tables: DayCounts,
    pub(super) groups: Vec<GroupRow>,
    pub(super) small_groups: Outcomes,
}

pub(super) fn gather(days: Vec<Day>) -> Gathered {
    let mut gathered = Gathered::default();
    let mut groups: BTreeMap<Name, Outcomes> = BTreeMap::new();
    for day in days {
        let counts = day.counts.unwrap_or_default();
        let requests = counts.requests.total();
        let few_people = requests > 0 && counts.people < PEOPLE;
        gathered.totals.merge(&counts.requests);
        gathered.not_replayed += counts.not_replayed;
        gathered.days.push(DayRow {
            date: day.date,
            kind: day.kind,
            has_school: day.has_school,
            few_people,
            gap: day.gap,
            counts: (&counts.requests).into(),
        });
        if few_people {
            gathered.few_people.days += 1;
            gathered.few_people.requests += requests;
            continue;
        }
        let (large, small) = large_and_small(&counts.groups);
        for (group, counts) in large {
            groups.entry(group).or_default().merge(&counts);
        }
        gathered.small_groups.merge(&small);
        gathered.tables.merge(counts);
    }
    gathered.groups = rows(groups);
    gathered
}

/// The groups of a day that may be shown, and the sum of the others: people of groups that together are enough to hide
/// each other, or nobody at all.
fn large_and_small(groups: &BTreeMap<Name, GroupCounts>) -> (Vec<(Name, Outcomes)>, Outcomes) {
    let mut by_size: Vec<_> = groups.iter().collect();
    by_size.sort_by_key(|(_, counts)| counts.people);
    let (mut large, mut small, mut people) = (Vec::new(), Outcomes::default(), 0);
    for (group, counts) in by_size {
        if counts.people < PEOPLE || (1..PEOPLE).contains(&people) {
            small.merge(&counts.requests);
            people += counts.people;
        } else {
            large.push((group.clone(), counts.requests));
        }
    }
    (large, small)
}

/// Those with the most requests first, and last those of which the group is not known.
fn rows(groups: BTreeMap<Name, Outcomes>) -> Vec<GroupRow> {
    let row =
        |(group, counts): (Name, Outcomes)| GroupRow { group: group.as_deref().map(visible), counts: (&counts).into() };
    let mut rows: Vec<GroupRow> = groups.into_iter().map(row).collect();
    rows.sort_by_key(|row| (row.group.is_none(), std::cmp::Reverse(row.counts.requests)));
    rows
}

/// The sites that may be named, the most frequent first, and the others.
pub(super) fn hosts(hosts: &BTreeMap<Box<str>, u64>) -> (Vec<HostRow>, OtherHosts) {
    let mut named: Vec<(&str, u64)> = hosts.iter().map(|(host, requests)| (&**host, *requests)).collect();
    named.retain(|(host, requests)| !host.is_empty() && *requests >= REQUESTS);
    named.sort_by_key(|(host, requests)| (std::cmp::Reverse(*requests), *host));
    named.truncate(SITES);
    let shown: u64 = named.iter().map(|(_, requests)| requests).sum();
    let others = OtherHosts {
        hosts: hosts.len().saturating_sub(named.len()) as u64,
        requests: hosts.values().sum::<u64>().saturating_sub(shown),
    };
    let rows = named.into_iter().map(|(host, requests)| HostRow { host: visible(host), requests });
    (rows.collect(), others)
}
