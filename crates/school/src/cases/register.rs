//! Cases that somebody can open, folded from the journal. They live in the memory of whoever holds the key, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use belisha_incident::{Case, Event};
use belisha_store::StreamId;
use belisha_store::keys::Unlocked;

use super::circle::Circle;
use super::events::{CaseArrived, CaseHappened, CaseOpened};
use super::reference::Reference;
use super::reminders::Reminded;
use crate::ledger::{Ledger, LedgerError, Told};

/// A case as one circle knows it.
#[derive(Clone, Debug)]
pub struct Branch {
    /// What it is called.
    pub reference: Reference,
    /// Who can open it.
    pub circle: Circle,
    /// All that happened, in its order.
    pub events: Vec<Event>,
    /// What follows from that.
    pub case: Case,
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) carries_on: Option<StreamId>,
}

impl Branch {
    /// As it stands where it reminds.
    pub(super) fn reminded(&self) -> Reminded<'_> {
        Reminded { stream: self.stream, version: self.version, circle: &self.circle, carries_on: self.carries_on }
    }
}

/// The cases that somebody can open. Of one that was carried on without somebody, those who can see where it goes on see that.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The circles in which the holder is.
    pub(super) circles: Vec<Circle>,
    branches: BTreeMap<Reference, Branch>,
}

impl Register {
    /// Reads all that the holder of a key can open. The school's own key opens none.
    pub fn load(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, |_| true)
    }

    /// Reads one case, if there is such a one that the holder can open.
    pub fn find(ledger: &Ledger, with: &Unlocked, reference: Reference) -> Result<Option<Branch>, LedgerError> {
        Ok(Self::load_those(ledger, with, |it| it == reference)?.branches.remove(&reference))
    }

    /// The cases, in the order of their references, which is none.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.values()
    }

    /// The cases themselves.
    pub(super) fn into_branches(self) -> impl Iterator<Item = Branch> {
        self.branches.into_values()
    }

    fn load_those(ledger: &Ledger, with: &Unlocked, wanted: impl Fn(Reference) -> bool) -> Result<Self, LedgerError> {
        let Some(holder) = with.name() else { return Ok(Self::default()) };
        let circles = Circle::held_by(ledger.keys(), holder)?;
        let by_list: BTreeMap<StreamId, &Circle> = circles.iter().map(|it| (it.list().id, it)).collect();
        let lists: Vec<StreamId> = by_list.keys().copied().collect();
        // Where each arrived last: sealed to the circle if it ever was, and by the order of the journal.
        let mut arrived: BTreeMap<StreamId, ((bool, u64), Circle)> = BTreeMap::new();
        for told in ledger.read_readable(&lists, with)? {
            let Some(arrival) = told.read::<CaseArrived>()?.map(|it| it.body).filter(|it| wanted(it.reference)) else {
                continue;
            };
            let Some(circle) = by_list.get(&told.stream) else { continue };
            let order = (arrival.is_sealed, told.position);
            let last = arrived.entry(arrival.stream).or_insert_with(|| (order, (*circle).clone()));
            if last.0 < order {
                *last = (order, (*circle).clone());
            }
        }
        let streams: Vec<StreamId> = arrived.keys().copied().collect();
        let told = ledger.read_readable(&streams, with)?;
        let mut branches = Vec::with_capacity(streams.len());
        for events in told.chunk_by(|one, next| one.stream == next.stream) {
            let circle = events.first().and_then(|first| arrived.get(&first.stream)).map(|(_, circle)| circle.clone());
            if let Some(circle) = circle {
                branches.extend(branch(events, circle)?);
            }
        }
        let past: BTreeSet<StreamId> = branches.iter().filter_map(|branch| branch.carries_on).collect();
        let newest = branches.into_iter().filter(|branch| !past.contains(&branch.stream));
        Ok(Self { branches: newest.map(|branch| (branch.reference, branch)).collect(), circles })
    }
}

/// A case from all the events of its stream; nothing where its beginning cannot be read, because it was erased or is sealed
/// to others.
fn branch(told: &[Told], circle: Circle) -> Result<Option<Branch>, LedgerError> {
    let Some(first) = told.first().filter(|first| first.version == 1) else { return Ok(None) };
    let Some(opened) = first.read::<CaseOpened>()? else { return Ok(None) };
    let CaseOpened { reference, carries_on, mut events } = opened.body;
    let mut version = first.version;
    for told in told.get(1..).unwrap_or_default() {
        if let Some(happened) = told.read::<CaseHappened>()? {
            events.extend(happened.body.events);
        }
        version = told.version;
    }
    let case = Case::of(&events);
    let carries_on = carries_on.map(|it| it.stream);
    Ok(Some(Branch { reference, circle, events, case, stream: first.stream, version, carries_on }))
}
