//! Numbers for enumerations, and the checksum over records.

use std::net::IpAddr;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Replayed, RuleRef, Verdict};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::day::Day;
use super::people::Who;

pub(super) const PHASES: [Phase; 3] = [Phase::Whole, Phase::Opened, Phase::Closed];
pub(super) const NAVIGATIONS: [Navigation; 3] = [Navigation::Navigation, Navigation::SubResource, Navigation::Unknown];

pub(super) fn phase(number: i64) -> Option<Phase> {
    PHASES.into_iter().find(|it| *it as i64 == number)
}

pub(super) fn navigation(number: i64) -> Option<Navigation> {
    NAVIGATIONS.into_iter().find(|it| *it as i64 == number)
}

/// The number of a verdict.
pub(super) fn of_verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => 1,
        Verdict::Block => 2,
        Verdict::Warn => 3,
    }
}

pub(super) fn verdict(number: i64) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|it| i64::from(of_verdict(*it)) == number)
}

pub(super) fn category(number: i64) -> Option<Category> {
    Category::ALL.iter().copied().find(|it| i64::from(it.id().0) == number)
}

pub(super) fn outcome(number: i64) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|it| *it as i64 == number)
}

pub(super) fn attribution(number: i64) -> Option<Attribution> {
    Attribution::ALL.into_iter().find(|it| *it as i64 == number)
}

/// Whom a record is about, as its checksum spells it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whom<'a> {
    Numbers(Who),
    /// In files of version 1.
    Name(Option<&'a str>),
}

/// The checksum over a batch of records, in their order. It is taken over what is written and checked over what the
/// caller gets, so that damage anywhere between shows: in a record, a dictionary, or our own code.
///
/// It finds accidents. Whoever can write to the file can write a fitting checksum as well.
#[derive(Debug, Default)]
pub(super) struct Checksum {
    sum: u64,
    bytes: Vec<u8>,
}

impl Checksum {
    pub(super) fn add(&mut self, record: &AccessRecord, whom: Whom<'_>) {
        self.bytes.clear();
        spell(record, whom, &mut self.bytes);
        self.sum = xxh3_64_with_seed(&self.bytes, self.sum);
    }

    pub(super) fn get(&self) -> i64 {
        self.sum.cast_signed()
    }
}

/// What tells an asker from all others.
pub(super) fn spell_asker(record: &AccessRecord, who: Who, to: &mut Vec<u8>) {
    to.clear();
    to.push(record.attribution as u8);
    address(record.address, to);
    to.extend(who.person.to_le_bytes());
    to.extend(who.device.to_le_bytes());
    label(record.group.as_deref(), to);
    label(record.place.as_deref(), to);
}

/// What tells an answer from all others.
pub(super) fn spell_answer(record: &AccessRecord, to: &mut Vec<u8>) {
    to.clear();
    to.extend([record.phase as u8, record.observed as u8, record.navigation as u8]);
    to.extend(record.port.to_le_bytes());
    to.extend(record.status.to_le_bytes());
    to.extend(record.ruleset.to_le_bytes());
    for part in [&*record.method, &*record.scheme, &*record.note, &*record.profile] {
        text(part, to);
    }
    if let Some(replayed) = &record.replayed {
        replay(replayed, to);
    }
}

/// What tells a reason from all others.
pub(super) fn spell_reason(record: &AccessRecord, to: &mut Vec<u8>) {
    to.clear();
    because(&record.categories, &record.rules, to);
}

/// Every field, each text after its length, so that no two records are spelt alike. The order is part of the format.
fn spell(record: &AccessRecord, whom: Whom<'_>, to: &mut Vec<u8>) {
    // Taken apart by name: a field that is added to the record must be added here, and to the tables.
    let AccessRecord {
        at,
        phase,
        group,
        person: _,
        attribution,
        address,
        device: _,
        place,
        method,
        scheme,
        host,
        port,
        path,
        query,
        observed,
        note,
        status,
        profile,
        categories,
        rules,
        ruleset,
        bytes,
        duration_ms,
        navigation,
        replayed,
    } = record;
    let (_, millisecond) = Day::split(*at);
    to.extend(millisecond.to_le_bytes());
    to.extend([*phase as u8, *attribution as u8, *observed as u8, *navigation as u8]);
    to.extend(port.to_le_bytes());
    to.extend(status.to_le_bytes());
    to.extend(duration_ms.to_le_bytes());
    to.extend(ruleset.to_le_bytes());
    to.extend(bytes.to_le_bytes());
    self::address(*address, to);
    label(group.as_deref(), to);
    match whom {
        Whom::Numbers(Who { person, device }) => {
            to.extend(person.to_le_bytes());
            to.extend(device.to_le_bytes());
        }
        Whom::Name(name) => label(name, to),
    }
    label(place.as_deref(), to);
    for part in [&**method, &**scheme, &**host, &**path, &**note, &**profile] {
        text(part, to);
    }
    because(categories, rules, to);
    if let Whom::Numbers(_) = whom {
        text(query, to);
        to.push(u8::from(replayed.is_some()));
        if let Some(replayed) = replayed {
            replay(replayed, to);
        }
    }
}

fn address(address: IpAddr, to: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => to.extend(address.octets()),
        IpAddr::V6(address) => to.extend(address.octets()),
    }
    to.push(u8::from(address.is_ipv6()));
}

fn replay(replayed: &Replayed, to: &mut Vec<u8>) {
    let Replayed { verdict, profile, categories, rules, ruleset } = replayed;
    to.push(of_verdict(*verdict));
    to.extend(ruleset.to_le_bytes());
    text(profile, to);
    because(categories, rules, to);
}

fn because(categories: &[Category], rules: &[RuleRef], to: &mut Vec<u8>) {
    count(categories.len(), to);
    for category in categories {
        to.extend(category.id().0.to_le_bytes());
    }
    count(rules.len(), to);
    for rule in rules {
        for part in [&*rule.source, &*rule.list, &*rule.entry] {
            text(part, to);
        }
    }
}

fn label(label: Option<&str>, to: &mut Vec<u8>) {
    to.push(u8::from(label.is_some()));
    text(label.unwrap_or_default(), to);
}

fn text(text: &str, to: &mut Vec<u8>) {
    count(text.len(), to);
    to.extend(text.as_bytes());
}

fn count(count: usize, to: &mut Vec<u8>) {
    to.extend((count as u64).to_le_bytes());
}
