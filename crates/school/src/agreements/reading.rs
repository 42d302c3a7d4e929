//! Reading what the journal has of people, by the index that says of whom something changed.

use std::collections::{BTreeMap, BTreeSet};

use belisha_policy::PersonId;
use belisha_store::StreamId;

use super::events::{AgreementsChanged, PersonText};
use crate::ledger::{Ledger, LedgerError, Stream, Told};

/// Of whom something changed since a version of the index, and the version at which that is.
pub(super) fn changed(
    ledger: &Ledger,
    since: u64,
    of: impl Fn(AgreementsChanged) -> BTreeSet<PersonText>,
) -> Result<(BTreeSet<PersonId>, u64), LedgerError> {
    let (mut people, mut version) = (BTreeSet::new(), since);
    for told in ledger.read_own_since(&[(Stream::AGREED.id, since)])? {
        if let Some(changed) = told.read::<AgreementsChanged>()? {
            people.extend(of(changed.body).into_iter().map(|person| person.0));
        }
        version = told.version;
    }
    Ok((people, version))
}

/// What a stream of each of some people says after a version, and whose it is; opened together.
pub(super) fn told_of(
    ledger: &Ledger,
    people: &BTreeSet<PersonId>,
    stream: impl Fn(PersonId) -> Stream,
    since: impl Fn(PersonId) -> u64,
) -> Result<Vec<(PersonId, Told)>, LedgerError> {
    let streams: BTreeMap<StreamId, PersonId> = people.iter().map(|person| (stream(*person).id, *person)).collect();
    let since: Vec<(StreamId, u64)> = streams.iter().map(|(stream, person)| (*stream, since(*person))).collect();
    let told = ledger.read_own_since(&since)?;
    Ok(told.into_iter().filter_map(|told| Some((*streams.get(&told.stream)?, told))).collect())
}
