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
        self.add_fields(&Fields::of(record), whom);
    }

    pub(super) fn add_fields(&mut self, fields: &Fields<'_>, whom: Whom<'_>) {
        self.bytes.clear();
        spell(fields, whom, &mut self.bytes);
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

/// What of a record its checksum is over, without a copy of any text: a file is checked by it without making its records.
pub(super) struct Fields<'a> {
    /// Since the day began in UTC.
    pub(super) millisecond: i64,
    pub(super) phase: Phase,
    pub(super) group: Option<&'a str>,
    pub(super) attribution: Attribution,
    pub(super) address: IpAddr,
    pub(super) place: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) observed: Outcome,
    pub(super) note: &'a str,
    pub(super) status: u16,
    pub(super) profile: &'a str,
    pub(super) categories: &'a [Category],
    pub(super) rules: &'a [RuleRef],
    pub(super) ruleset: u64,
    pub(super) bytes: u64,
    pub(super) duration_ms: u32,
    pub(super) navigation: Navigation,
    pub(super) replayed: Option<&'a Replayed>,
}

impl<'a> Fields<'a> {
    fn of(record: &'a AccessRecord) -> Self {
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
        Self {
            millisecond,
            phase: *phase,
            group: group.as_deref(),
            attribution: *attribution,
            address: *address,
            place: place.as_deref(),
            method,
            scheme,
            host,
            port: *port,
            path,
            query,
            observed: *observed,
            note,
            status: *status,
            profile,
            categories,
            rules,
            ruleset: *ruleset,
            bytes: *bytes,
            duration_ms: *duration_ms,
            navigation: *navigation,
            replayed: replayed.as_deref(),
        }
    }
}

/// Every field, each text after its length, so that no two records are spelt alike. The order is part of the format.
fn spell(fields: &Fields<'_>, whom: Whom<'_>, to: &mut Vec<u8>) {
    to.extend(fields.millisecond.to_le_bytes());
    to.extend([fields.phase as u8, fields.attribution as u8, fields.observed as u8, fields.navigation as u8]);
    to.extend(fields.port.to_le_bytes());
    to.extend(fields.status.to_le_bytes());
    to.extend(fields.duration_ms.to_le_bytes());
    to.extend(fields.ruleset.to_le_bytes());
    to.extend(fields.bytes.to_le_bytes());
    address(fields.address, to);
    label(fields.group, to);
    match whom {
        Whom::Numbers(Who { person, device }) => {
            to.extend(person.to_le_bytes());
            to.extend(device.to_le_bytes());
        }
        Whom::Name(name) => label(name, to),
    }
    label(fields.place, to);
    for part in [fields.method, fields.scheme, fields.host, fields.path, fields.note, fields.profile] {
        text(part, to);
    }
    because(fields.categories, fields.rules, to);
    if let Whom::Numbers(_) = whom {
        text(fields.query, to);
        to.push(u8::from(fields.replayed.is_some()));
        if let Some(replayed) = fields.replayed {
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
