//! Counting line by line, each checked.

use belisha_policy::AccessRecord;
use chrono::Timelike as _;

use super::super::StoreError;
use super::super::people::{DayNumber, Logged};
use super::super::reader::Batches;
use super::counter::{Asked, Counter, Seen, TableKeys, is_locked};

pub(super) fn count(records: &mut impl Batches, counter: &mut Counter) -> Result<(), StoreError> {
    while let Some(batch) = records.next_batch()? {
        for line in &batch {
            count_line(line, counter);
        }
    }
    // After the lines: what stands in them has its name by then.
    let names = records.sealed_names()?.unwrap_or_default().names;
    let key = |(number, kind, key): (i64, i64, i64)| Some((u32::try_from(number).ok().filter(|_| kind == 1)?, key));
    let keys: TableKeys = names.into_iter().filter_map(|(number, kind, id, _)| key((number, kind, id))).collect();
    counter.count_people(&keys);
    Ok(())
}

fn count_line(line: &Logged, counter: &mut Counter) {
    let AccessRecord { at, phase, navigation, observed, replayed, .. } = &line.record;
    let replayed = Seen::replay(replayed.as_deref());
    let seen = Seen { phase: *phase, navigation: *navigation, observed: *observed, replayed };
    let hour = at.hour() as usize;
    let Some(slot) = counter.slot(hour) else { return };
    counter.hour(hour, seen, 1);
    let asked = Asked {
        attribution: line.record.attribution,
        group: line.record.group.clone(),
        person: line.person.map_or(0, DayNumber::get),
        address: line.record.address,
    };
    counter.asker(slot, seen, &asked, 1);
    counter.reason(slot, seen, &line.record.categories, 1);
    let host = if is_locked(&line.record.categories) { "" } else { &line.record.host };
    counter.host(slot, seen, host, 1);
}
