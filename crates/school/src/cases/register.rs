//! Cases that somebody can open, folded from the journal. They live in the memory of whoever holds the key, and nowhere else.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use belisha_incident::{Case, Event};
use belisha_store::StreamId;
use belisha_store::keys::Unlocked;

use super::circle::Circle;
use super::events::{ArchivedCase, CaseArrived, CaseHappened, CaseLeft, CaseOpened, CasesArchived};
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

    /// Takes in what happened next.
    fn go_on(&mut self, told: &Told) -> Result<(), LedgerError> {
        if let Some(happened) = told.read::<CaseHappened>()? {
            self.case.evolve_all(&happened.body.events);
            self.events.extend(happened.body.events);
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
    read: Lists,
    as_of: AsOf,
    /// The lists that are read, and whose each is.
    lists: BTreeMap<StreamId, Circle>,
    arrived: BTreeMap<StreamId, Arrived>,
    /// All that could be opened, past or not; those of one reference in the order of their streams.
    branches: BTreeMap<Reference, Vec<Arc<Branch>>>,
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
}

impl Register {
    /// Reads all that the holder of a key can open, what was brought from other systems with it. The school's own key opens
    /// none.
    pub fn load(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Lists::All, |_| true)
    }

    /// The same without the archive: what somebody works on. Whatever in it was carried on is here.
    pub fn load_current(ledger: &Ledger, with: &Unlocked) -> Result<Self, LedgerError> {
        Self::load_those(ledger, with, Lists::Current, |_| true)
    }

    /// Reads one case, if there is such a one that the holder can open.
    pub fn find(ledger: &Ledger, with: &Unlocked, reference: Reference) -> Result<Option<Arc<Branch>>, LedgerError> {
        let find = |lists| Self::load_those(ledger, with, lists, |it| it == reference);
        let current = find(Lists::Current)?.branch(reference).cloned();
        current.map_or_else(|| Ok(find(Lists::All)?.branch(reference).cloned()), |branch| Ok(Some(branch)))
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
        let mut before = std::mem::replace(self, Self { read: self.read, ..Self::default() });
        let is_same = before.as_of.holder.as_deref() == with.name();
        if is_same && before.take_in_circles(ledger, with)? && before.take_in_since(ledger, with)? {
            *self = before;
            return Ok(());
        }
        drop(before);
        *self = Self::load_those(ledger, with, self.read, |_| true)?;
        Ok(())
    }

    /// The cases, in the order of their references, which is none.
    pub fn branches(&self) -> impl Iterator<Item = &Arc<Branch>> {
        self.branches.values().filter_map(|of_one| newest(of_one))
    }

    /// The case with a reference.
    pub(super) fn branch(&self, reference: Reference) -> Option<&Arc<Branch>> {
        newest(self.branches.get(&reference)?)
    }

    fn load_those(
        ledger: &Ledger,
        with: &Unlocked,
        read: Lists,
        wanted: impl Fn(Reference) -> bool,
    ) -> Result<Self, LedgerError> {
        // What changes from here on is not missed when it is followed.
        let (keys, position) = (ledger.keys().edition()?, ledger.head()?.position);
        let as_of = AsOf { holder: with.name().map(str::to_owned), keys, position };
        let mut register = Self { read, as_of, ..Self::default() };
        let Some(holder) = with.name() else { return Ok(register) };
        register.circles = Circle::held_by(ledger.keys(), holder)?;
        register.take_in_lists(ledger, with, &wanted)?;
        let streams: Vec<StreamId> = register.arrived.keys().copied().collect();
        register.take_in(&ledger.read_readable(&streams, with)?)?;
        Ok(register)
    }

    /// Reads the lists of circles that were not read yet; gives the streams of what is new in them.
    fn take_in_lists(
        &mut self,
        ledger: &Ledger,
        with: &Unlocked,
        wanted: &impl Fn(Reference) -> bool,
    ) -> Result<Vec<StreamId>, LedgerError> {
        let mut lists = Vec::new();
        for circle in &self.circles {
            let archive = (self.read == Lists::All).then(|| circle.archive().id);
            for list in [circle.list().id].into_iter().chain(archive) {
                if self.lists.insert(list, circle.clone()).is_none() {
                    lists.push(list);
                }
            }
        }
        let mut new = Vec::new();
        for told in ledger.read_readable(&lists, with)? {
            new.extend(self.arrive(&told, wanted)?);
        }
        Ok(new)
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
        let new = self.take_in_lists(ledger, with, &|_| true)?;
        self.take_in(&ledger.read_readable(&new, with)?)?;
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
        let mut new = Vec::new();
        for told in &told {
            new.extend(self.arrive(told, &|_| true)?);
        }
        // All that there is of them, for it may be older than their arrival.
        self.take_in(&ledger.read_readable(&new, with)?)?;
        self.take_in(&told)?;
        Ok(true)
    }

    /// Takes in where cases are, from an event of a list; gives the streams of those that are new.
    fn arrive(&mut self, told: &Told, wanted: &impl Fn(Reference) -> bool) -> Result<Vec<StreamId>, LedgerError> {
        let Some(circle) = self.lists.get(&told.stream) else { return Ok(Vec::new()) };
        let arrivals = match list_says(told)? {
            ListSays::Arrived(arrivals) => arrivals,
            ListSays::Left(CaseLeft { stream, reference }) => {
                if self.arrived.get(&stream).is_some_and(|arrived| arrived.circle == *circle) {
                    self.arrived.remove(&stream);
                    if let Some(of_one) = self.branches.get_mut(&reference) {
                        of_one.retain(|branch| branch.stream != stream);
                    }
                }
                Vec::new()
            }
        };
        let mut new = Vec::new();
        for CaseArrived { stream, reference, is_sealed } in arrivals.into_iter().filter(|it| wanted(it.reference)) {
            let arrived = Arrived { reference, circle: circle.clone(), order: (is_sealed, told.position) };
            match self.arrived.entry(stream) {
                Entry::Vacant(nowhere) => {
                    nowhere.insert(arrived);
                    new.push(stream);
                }
                Entry::Occupied(mut last) if last.get().order < arrived.order => {
                    match known(&mut self.branches, reference, stream) {
                        Some(branch) => Arc::make_mut(branch).circle = arrived.circle.clone(),
                        // It was sealed to others until now.
                        None => new.push(stream),
                    }
                    last.insert(arrived);
                }
                Entry::Occupied(_) => {}
            }
        }
        Ok(new)
    }

    /// Takes in what streams of cases say.
    fn take_in(&mut self, told: &[Told]) -> Result<(), LedgerError> {
        for told in told {
            let Some(Arrived { reference, circle, .. }) = self.arrived.get(&told.stream) else { continue };
            if let Some(branch) = known(&mut self.branches, *reference, told.stream) {
                if told.version > branch.version {
                    Arc::make_mut(branch).go_on(told)?;
                }
            } else if let Some(branch) = opened(told, circle)? {
                let of_one = self.branches.entry(*reference).or_default();
                let at = of_one.partition_point(|it| it.stream < branch.stream);
                of_one.insert(at, Arc::new(branch));
            }
        }
        Ok(())
    }
}

/// The branch that is at a stream.
fn known(
    branches: &mut BTreeMap<Reference, Vec<Arc<Branch>>>,
    reference: Reference,
    stream: StreamId,
) -> Option<&mut Arc<Branch>> {
    branches.get_mut(&reference)?.iter_mut().find(|branch| branch.stream == stream)
}

/// Of all that somebody can open of one case, that which no other carries on.
fn newest(of_one: &[Arc<Branch>]) -> Option<&Arc<Branch>> {
    let is_past = |stream: StreamId| of_one.iter().any(|other| other.carries_on == Some(stream));
    of_one.iter().rev().find(|branch| !is_past(branch.stream))
}

/// Which lists of cases are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lists {
    /// Those of cases that are worked on.
    #[default]
    Current,
    /// Those of the archive as well.
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
    let arrival = |ArchivedCase { stream, reference }: ArchivedCase| CaseArrived { stream, reference, is_sealed: true };
    let archived = told.read::<CasesArchived>()?.map(|archived| archived.body.cases).unwrap_or_default();
    Ok(ListSays::Arrived(archived.into_iter().map(arrival).collect()))
}

/// A case as it began; nothing where that cannot be read, because it was erased or is sealed to others.
fn opened(told: &Told, circle: &Circle) -> Result<Option<Branch>, LedgerError> {
    if told.version != 1 {
        return Ok(None);
    }
    let Some(opened) = told.read::<CaseOpened>()? else { return Ok(None) };
    let CaseOpened { reference, carries_on, events } = opened.body;
    let (case, carries_on) = (Case::of(&events), carries_on.map(|it| it.stream));
    let (circle, stream, version) = (circle.clone(), told.stream, told.version);
    Ok(Some(Branch { reference, circle, events, case, stream, version, carries_on }))
}
