//! Cases that somebody can open, folded from the journal. They live in the memory of whoever holds the key, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use belisha_incident::{Case, Event};
use belisha_store::StreamId;
use belisha_store::keys::Unlocked;

use super::circle::Circle;
use super::events::{ArchivedCase, CaseArrived, CaseHappened, CaseOpened, CasesArchived};
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

impl Branch {
    /// How far the journal has come with it: what is done about a case that was seen is done only while this is the same.
    pub fn version(&self) -> u64 {
        self.version
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
    /// Reads all that the holder of a key can open, what was brought from other systems with it. The school's own key opens
    /// none.
    pub fn load(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Lists::All, |_| true)
    }

    /// The same without the archive: what somebody works on. Whatever in it was carried on is here.
    pub(super) fn load_current(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Lists::Current, |_| true)
    }

    /// Reads one case, if there is such a one that the holder can open.
    pub fn find(ledger: &Ledger, with: &Unlocked, reference: Reference) -> Result<Option<Branch>, LedgerError> {
        let find = |lists| Self::load_those(ledger, with, lists, |it| it == reference);
        let current = find(Lists::Current)?.branches.remove(&reference);
        current.map_or_else(|| Ok(find(Lists::All)?.branches.remove(&reference)), |branch| Ok(Some(branch)))
    }

    /// The cases, in the order of their references, which is none.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.values()
    }

    /// The cases themselves.
    pub(super) fn into_branches(self) -> impl Iterator<Item = Branch> {
        self.branches.into_values()
    }

    fn load_those(
        ledger: &Ledger,
        with: &Unlocked,
        read: Lists,
        wanted: impl Fn(Reference) -> bool,
    ) -> Result<Self, LedgerError> {
        let Some(holder) = with.name() else { return Ok(Self::default()) };
        let circles = Circle::held_by(ledger.keys(), holder)?;
        let mut by_list: BTreeMap<StreamId, &Circle> = circles.iter().map(|it| (it.list().id, it)).collect();
        if read == Lists::All {
            by_list.extend(circles.iter().map(|it| (it.archive().id, it)));
        }
        let lists: Vec<StreamId> = by_list.keys().copied().collect();
        // Where each arrived last: sealed to the circle if it ever was, and by the order of the journal.
        let mut arrived: BTreeMap<StreamId, ((bool, u64), Circle)> = BTreeMap::new();
        for told in ledger.read_readable(&lists, with)? {
            let Some(circle) = by_list.get(&told.stream) else { continue };
            for arrival in arrivals(&told)?.into_iter().filter(|it| wanted(it.reference)) {
                let order = (arrival.is_sealed, told.position);
                let last = arrived.entry(arrival.stream).or_insert_with(|| (order, (*circle).clone()));
                if last.0 < order {
                    *last = (order, (*circle).clone());
                }
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

/// Which lists of cases are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    /// Those of cases that are worked on.
    Current,
    /// Those of the archive as well.
    All,
}

/// What an event of a list says of where cases are.
fn arrivals(told: &Told) -> Result<Vec<CaseArrived>, LedgerError> {
    if let Some(archived) = told.read::<CasesArchived>()? {
        let arrival =
            |ArchivedCase { stream, reference }: ArchivedCase| CaseArrived { stream, reference, is_sealed: true };
        return Ok(archived.body.cases.into_iter().map(arrival).collect());
    }
    Ok(told.read::<CaseArrived>()?.map(|it| it.body).into_iter().collect())
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
