//! Cases that somebody can open, folded from the journal. They live in the memory of whoever holds the key, and nowhere else.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use belisha_incident::{Case, Event};
use belisha_store::StreamId;
use belisha_store::keys::Unlocked;

use super::circle::Circle;
use super::events::{
    ArchivedCase, CarriesOn, CaseArrived, CaseHappened, CaseLeft, CaseOpened, CaseReduced, CasesArchived,
};
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
    /// The version at which it begins: what was before was erased when its words were taken out.
    pub(super) since: u64,
    pub(super) carries_on: Option<CarriesOn>,
}

impl Branch {
    /// As it stands where it reminds.
    pub(super) fn reminded(&self) -> Reminded<'_> {
        let carries_on = self.carries_on.map(|past| past.stream);
        Reminded { stream: self.stream, version: self.version, circle: &self.circle, carries_on }
    }

    /// Takes in what happened next.
    fn go_on(&mut self, told: &Told) -> Result<(), LedgerError> {
        if let Some(happened) = told.read::<CaseHappened>()? {
            self.case.evolve_all(&happened.body.events);
            self.events.extend(happened.body.events);
        } else if let Some(reduced) = told.read::<CaseReduced>()? {
            self.events = reduced.body.events;
            self.case = Case::of(&self.events);
            self.since = told.version;
        }
        self.version = told.version;
        Ok(())
    }
}

impl Branch {
    /// How far the journal has come with it: what is done about a case that was seen is done only while this is the same.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// The cases that somebody can open. Of one that was carried on without somebody, those who can see where it goes on see that.
///
/// It can be [brought up to date](Self::follow) with what was appended since, and is then what a new one would be.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The circles in which the holder is.
    pub(super) circles: Vec<Circle>,
    reach: Reach,
    as_of: AsOf,
    /// The lists that are read, and whose each is.
    lists: BTreeMap<StreamId, Circle>,
    arrived: BTreeMap<StreamId, Arrived>,
    cases: BTreeMap<Reference, Streams>,
    /// Those of them that are closed and were not opened for that.
    closed: BTreeMap<Closed, Circle>,
}

/// A case that is closed, and since where in the journal: in this order the last comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Closed {
    since: Reverse<u64>,
    pub(super) reference: Reference,
}

/// The streams of one case that arrived.
#[derive(Clone, Debug, Default)]
struct Streams {
    /// All of them, in no order.
    ids: BTreeSet<StreamId>,
    /// Those that could be opened and are open, past or not, in the order of their streams.
    branches: Vec<Arc<Branch>>,
    /// Where it stands among those that are closed.
    closed: Option<Closed>,
}

impl Streams {
    /// Where it stands among those that are closed, and whose it is; nothing where it is to be opened. Where any of its streams is
    /// open, all are: whoever sees where a stream goes on does not see it as if it stood still.
    fn rest<'a>(&self, reference: Reference, all: &'a BTreeMap<StreamId, Arrived>) -> Option<(Closed, &'a Circle)> {
        let arrived = || self.ids.iter().filter_map(|id| all.get(id));
        let last = arrived().max_by_key(|it| it.order).filter(|_| arrived().all(|it| it.is_closed))?;
        Some((Closed { since: Reverse(last.order.1), reference }, &last.circle))
    }
}

/// As of when a register is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct AsOf {
    /// Whose it is; nobody's where it was not read yet.
    holder: Option<String>,
    /// The edition of the keys: with each, other things may open.
    keys: u64,
    /// Up to where the journal was read.
    position: u64,
}

/// Where a case is.
#[derive(Clone, Debug)]
struct Arrived {
    reference: Reference,
    circle: Circle,
    /// Whether it is sealed to that circle, and since where in the journal. The last of those that are counts.
    order: (bool, u64),
    is_closed: bool,
}

impl Register {
    /// Reads all that the holder of a key can open, what was brought from other systems with it. The school's own key opens
    /// none.
    pub fn load(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Reach::All, |_| true)
    }

    /// The same without the archive. Whatever in it was carried on is here.
    pub fn load_current(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Reach::Current, |_| true)
    }

    /// What somebody works on: of what is closed, that there is such a case and no more.
    pub fn load_open(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Reach::Open, |_| true)
    }

    /// Reads one case, if there is such a one that the holder can open.
    pub fn find(ledger: &Ledger, with: &Unlocked, reference: Reference) -> Result<Option<Arc<Branch>>, LedgerError> {
        let find = |reach| Self::load_those(ledger, with, reach, |it| it == reference);
        let current = find(Reach::Current)?.branch(reference).cloned();
        current.map_or_else(|| Ok(find(Reach::All)?.branch(reference).cloned()), |branch| Ok(Some(branch)))
    }

    /// Takes in what was appended since. Where they are in a circle no more, something was erased, or it was somebody else's, all
    /// is read anew.
    ///
    /// Cost: one look-up of the keys, and the reading of all events of the journal since, whosever they are; where they are in a
    /// new circle, that of all that is in it.
    ///
    /// # Errors
    /// The journal or the keys cannot be read; it is empty then, and the next time all is read anew.
    pub fn follow(&mut self, ledger: &Ledger, with: &Unlocked) -> Result<(), LedgerError> {
        // What it held goes before all is read anew, and with an error: it is not kept twice, nor by halves.
        let mut before = std::mem::replace(self, Self { reach: self.reach, ..Self::default() });
        let is_same = before.as_of.holder.as_deref() == with.name();
        if is_same && before.take_in_circles(ledger, with)? && before.take_in_since(ledger, with)? {
            *self = before;
            return Ok(());
        }
        drop(before);
        *self = Self::load_those(ledger, with, self.reach, |_| true)?;
        Ok(())
    }

    /// The cases that are open here, in the order of their references, which is none.
    pub fn branches(&self) -> impl Iterator<Item = &Arc<Branch>> {
        self.cases.values().filter_map(|streams| newest(&streams.branches))
    }

    /// The case with a reference, if it is open here.
    pub(super) fn branch(&self, reference: Reference) -> Option<&Arc<Branch>> {
        newest(&self.cases.get(&reference)?.branches)
    }

    /// The cases that are closed and were not opened for that, those that were closed last first, and the circle of each.
    pub(super) fn closed(&self) -> &BTreeMap<Closed, Circle> {
        &self.closed
    }

    /// Opens cases that are not open here, in the order in which they are asked for.
    ///
    /// Cost: about 0.3 ms each, most of it two keys.
    pub(super) fn open(
        &self,
        ledger: &Ledger,
        with: &Unlocked,
        references: &[Reference],
    ) -> Result<Vec<Arc<Branch>>, LedgerError> {
        let mut those = Self { reach: Reach::Current, ..Self::default() };
        for (reference, streams) in references.iter().filter_map(|it| Some((*it, self.cases.get(it)?))) {
            let arrived = streams.ids.iter().filter_map(|id| Some((*id, self.arrived.get(id)?.clone())));
            those.arrived.extend(arrived);
            those.cases.insert(reference, Streams { ids: streams.ids.clone(), ..Streams::default() });
        }
        those.take_in_all_of(ledger, with, &references.iter().copied().collect())?;
        Ok(references.iter().filter_map(|reference| those.branch(*reference).cloned()).collect())
    }

    fn load_those(
        ledger: &Ledger,
        with: &Unlocked,
        reach: Reach,
        wanted: impl Fn(Reference) -> bool,
    ) -> Result<Self, LedgerError> {
        // What changes from here on is not missed when it is followed.
        let (keys, position) = (ledger.keys().edition()?, ledger.head()?.position);
        let as_of = AsOf { holder: with.name().map(str::to_owned), keys, position };
        let mut register = Self { reach, as_of, ..Self::default() };
        let Some(holder) = with.name() else { return Ok(register) };
        register.circles = Circle::held_by(ledger.keys(), holder)?;
        let told_of = register.take_in_lists(ledger, with, &wanted)?;
        register.take_in_all_of(ledger, with, &told_of)?;
        Ok(register)
    }

    /// Reads the lists of circles that were not read yet; gives the cases that they tell of.
    fn take_in_lists(
        &mut self,
        ledger: &Ledger,
        with: &Unlocked,
        wanted: &impl Fn(Reference) -> bool,
    ) -> Result<BTreeSet<Reference>, LedgerError> {
        let mut lists = Vec::new();
        for circle in &self.circles {
            let archive = (self.reach == Reach::All).then(|| circle.archive().id);
            for list in [circle.list().id].into_iter().chain(archive) {
                if self.lists.insert(list, circle.clone()).is_none() {
                    lists.push(list);
                }
            }
        }
        let mut told_of = BTreeSet::new();
        for told in ledger.read_readable(&lists, with)? {
            self.arrive(&told, wanted, &mut told_of)?;
        }
        Ok(told_of)
    }

    /// Reads those streams of cases that are to be open and are not. Of what is closed none stays open.
    fn take_in_all_of(
        &mut self,
        ledger: &Ledger,
        with: &Unlocked,
        cases: &BTreeSet<Reference>,
    ) -> Result<(), LedgerError> {
        let mut to_open = Vec::new();
        for reference in cases {
            let Some(streams) = self.cases.get_mut(reference) else { continue };
            if let Some(before) = streams.closed.take() {
                self.closed.remove(&before);
            }
            if self.reach == Reach::Open
                && let Some((closed, circle)) = streams.rest(*reference, &self.arrived)
            {
                streams.closed = Some(closed);
                streams.branches.clear();
                self.closed.insert(closed, circle.clone());
            } else {
                let is_open = |id: &&StreamId| streams.branches.iter().any(|branch| branch.stream == **id);
                to_open.extend(streams.ids.iter().filter(|id| !is_open(id)));
            }
        }
        self.take_in(&ledger.read_readable(&to_open, with)?)
    }

    /// Takes in the circles in which the holder is now; `false` where they are in one no more. That keys changed hands, or a case
    /// was sealed to others, is otherwise nothing to them: of the latter the lists tell.
    fn take_in_circles(&mut self, ledger: &Ledger, with: &Unlocked) -> Result<bool, LedgerError> {
        let keys = ledger.keys().edition()?;
        if self.as_of.keys == keys {
            return Ok(true);
        }
        let circles = Circle::held_by(ledger.keys(), with.name().unwrap_or_default())?;
        if !self.circles.iter().all(|circle| circles.contains(circle)) {
            return Ok(false);
        }
        self.as_of.keys = keys;
        self.circles = circles;
        let told_of = self.take_in_lists(ledger, with, &|_| true)?;
        self.take_in_all_of(ledger, with, &told_of)?;
        Ok(true)
    }

    /// Takes in what was appended since; `false` where that cannot be.
    fn take_in_since(&mut self, ledger: &Ledger, with: &Unlocked) -> Result<bool, LedgerError> {
        let mut events = Vec::new();
        for event in ledger.journal().events(self.as_of.position + 1) {
            let event = event?;
            // What it holds of that it is not to hold any more.
            if event.erased().is_some() {
                return Ok(false);
            }
            self.as_of.position = event.position;
            if self.lists.contains_key(&event.stream) || self.arrived.contains_key(&event.stream) {
                events.push(event);
            }
        }
        let told = ledger.open_readable(&events, with)?;
        let mut told_of = BTreeSet::new();
        for told in &told {
            self.arrive(told, &|_| true, &mut told_of)?;
        }
        // All that there is of them, for it may be older than their arrival.
        self.take_in_all_of(ledger, with, &told_of)?;
        self.take_in(&told)?;
        Ok(true)
    }

    /// Takes in where cases are, from an event of a list; adds those of which it tells.
    fn arrive(
        &mut self,
        told: &Told,
        wanted: &impl Fn(Reference) -> bool,
        told_of: &mut BTreeSet<Reference>,
    ) -> Result<(), LedgerError> {
        let Some(circle) = self.lists.get(&told.stream) else { return Ok(()) };
        let arrivals = match list_says(told)? {
            ListSays::Arrived(arrivals) => arrivals,
            ListSays::Left(CaseLeft { stream, reference }) => {
                if self.arrived.get(&stream).is_some_and(|arrived| arrived.circle == *circle) {
                    self.arrived.remove(&stream);
                    if let Some(streams) = self.cases.get_mut(&reference) {
                        streams.ids.remove(&stream);
                        streams.branches.retain(|branch| branch.stream != stream);
                        told_of.insert(reference);
                    }
                }
                Vec::new()
            }
        };
        for CaseArrived { stream, reference, is_sealed, is_closed } in
            arrivals.into_iter().filter(|it| wanted(it.reference))
        {
            let arrived = Arrived { reference, circle: circle.clone(), order: (is_sealed, told.position), is_closed };
            let streams = self.cases.entry(reference).or_default();
            match self.arrived.entry(stream) {
                Entry::Vacant(nowhere) => {
                    nowhere.insert(arrived);
                    streams.ids.insert(stream);
                }
                Entry::Occupied(mut last) if last.get().order < arrived.order => {
                    if let Some(branch) = streams.branches.iter_mut().find(|branch| branch.stream == stream)
                        && branch.circle != arrived.circle
                    {
                        Arc::make_mut(branch).circle = arrived.circle.clone();
                    }
                    last.insert(arrived);
                }
                Entry::Occupied(_) => continue,
            }
            told_of.insert(reference);
        }
        Ok(())
    }

    /// Takes in what streams of cases say, as far as those are to be open.
    fn take_in(&mut self, told: &[Told]) -> Result<(), LedgerError> {
        for told in told {
            let Some(Arrived { reference, circle, .. }) = self.arrived.get(&told.stream) else { continue };
            let Some(Streams { branches, closed: None, .. }) = self.cases.get_mut(reference) else { continue };
            if let Some(branch) = branches.iter_mut().find(|branch| branch.stream == told.stream) {
                if told.version > branch.version {
                    Arc::make_mut(branch).go_on(told)?;
                }
            } else if let Some(branch) = opened(told, circle)? {
                let at = branches.partition_point(|it| it.stream < branch.stream);
                branches.insert(at, Arc::new(branch));
            }
        }
        Ok(())
    }
}

/// Of all that somebody can open of one case, that which no other carries on.
fn newest(of_one: &[Arc<Branch>]) -> Option<&Arc<Branch>> {
    let is_past =
        |stream: StreamId| of_one.iter().any(|other| other.carries_on.is_some_and(|past| past.stream == stream));
    of_one.iter().rev().find(|branch| !is_past(branch.stream))
}

/// What of all cases is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    /// The lists without those of the archive, and what of it is not closed.
    #[default]
    Open,
    /// What is closed as well.
    Current,
    /// The archive as well.
    All,
}

/// What an event of a list says of where cases are.
enum ListSays {
    /// They are, or are about to be, in the circle.
    Arrived(Vec<CaseArrived>),
    /// One is there no more.
    Left(CaseLeft),
}

/// The commonest kind is looked for first.
fn list_says(told: &Told) -> Result<ListSays, LedgerError> {
    if let Some(arrived) = told.read::<CaseArrived>()? {
        return Ok(ListSays::Arrived(vec![arrived.body]));
    }
    if let Some(left) = told.read::<CaseLeft>()? {
        return Ok(ListSays::Left(left.body));
    }
    let arrival = |ArchivedCase { stream, reference }: ArchivedCase| CaseArrived {
        stream,
        reference,
        is_sealed: true,
        is_closed: false,
    };
    let archived = told.read::<CasesArchived>()?.map(|archived| archived.body.cases).unwrap_or_default();
    Ok(ListSays::Arrived(archived.into_iter().map(arrival).collect()))
}

/// A case as it began, or as it was after its words were taken out; nothing where that cannot be read, because it was erased or
/// is sealed to others.
fn opened(told: &Told, circle: &Circle) -> Result<Option<Branch>, LedgerError> {
    let (reference, carries_on, events) = if told.version == 1 {
        let Some(opened) = told.read::<CaseOpened>()? else { return Ok(None) };
        let CaseOpened { reference, carries_on, events } = opened.body;
        (reference, carries_on, events)
    } else {
        let Some(reduced) = told.read::<CaseReduced>()? else { return Ok(None) };
        let CaseReduced { reference, carries_on, events } = reduced.body;
        (reference, carries_on, events)
    };
    let case = Case::of(&events);
    let (circle, stream, version) = (circle.clone(), told.stream, told.version);
    Ok(Some(Branch { reference, circle, events, case, stream, version, since: version, carries_on }))
}
