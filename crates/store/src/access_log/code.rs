//! Numbers for enumerations, and the checksum over records.

use belisha_policy::{AccessRecord, Attribution, Navigation, Outcome, Phase};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::day::Day;

pub(super) const PHASES: [Phase; 3] = [Phase::Whole, Phase::Opened, Phase::Closed];
pub(super) const NAVIGATIONS: [Navigation; 3] = [Navigation::Navigation, Navigation::SubResource, Navigation::Unknown];

pub(super) fn phase(number: i64) -> Option<Phase> {
    PHASES.into_iter().find(|it| *it as i64 == number)
}

pub(super) fn navigation(number: i64) -> Option<Navigation> {
    NAVIGATIONS.into_iter().find(|it| *it as i64 == number)
}

pub(super) fn outcome(number: i64) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|it| *it as i64 == number)
}

pub(super) fn attribution(number: i64) -> Option<Attribution> {
    Attribution::ALL.into_iter().find(|it| *it as i64 == number)
}

/// The checksum over a batch of records, in their order. It is taken over what the caller gave and checked over what
/// the caller gets, so that damage anywhere between shows: in a record, a dictionary, or our own code.
///
/// It finds accidents. Whoever can write to the file can write a fitting checksum as well.
pub(super) fn checksum<'a>(records: impl IntoIterator<Item = &'a AccessRecord>) -> i64 {
    let mut bytes = Vec::new();
    let sum = records.into_iter().fold(0, |sum, record| {
        bytes.clear();
        spell(record, &mut bytes);
        xxh3_64_with_seed(&bytes, sum)
    });
    sum.cast_signed()
}

/// Every field, each text after its length, so that no two records are spelt alike. The order is part of the format.
fn spell(record: &AccessRecord, to: &mut Vec<u8>) {
    // Taken apart by name: a field that is added to the record must be added here, and to the tables.
    let AccessRecord {
        at,
        phase,
        group,
        person,
        attribution,
        address,
        place,
        method,
        scheme,
        host,
        port,
        path,
        outcome,
        note,
        status,
        profile,
        categories,
        rules,
        ruleset,
        bytes,
        duration_ms,
        navigation,
    } = record;
    let (_, millisecond) = Day::split(*at);
    to.extend(millisecond.to_le_bytes());
    to.extend([*phase as u8, *attribution as u8, *outcome as u8, *navigation as u8]);
    to.extend(port.to_le_bytes());
    to.extend(status.to_le_bytes());
    to.extend(duration_ms.to_le_bytes());
    to.extend(ruleset.to_le_bytes());
    to.extend(bytes.to_le_bytes());
    match address {
        std::net::IpAddr::V4(address) => to.extend(address.octets()),
        std::net::IpAddr::V6(address) => to.extend(address.octets()),
    }
    to.push(u8::from(address.is_ipv6()));
    for label in [group, person, place] {
        to.push(u8::from(label.is_some()));
        text(label.as_deref().unwrap_or_default(), to);
    }
    for part in [&**method, &**scheme, &**host, &**path, &**note, &**profile] {
        text(part, to);
    }
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

fn text(text: &str, to: &mut Vec<u8>) {
    count(text.len(), to);
    to.extend(text.as_bytes());
}

fn count(count: usize, to: &mut Vec<u8>) {
    to.extend((count as u64).to_le_bytes());
}
