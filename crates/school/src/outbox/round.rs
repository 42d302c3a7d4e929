//! A round: what is owed is read, people are told, and what everybody was told of is settled.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use belisha_policy::PersonId;
use belisha_store::journal::{JournalError, Lease, TaskId};
use chrono::{DateTime, TimeDelta, Utc};

use super::mail::Transport;
use super::people::{Holders, Unreached, address};
use super::slip::{Says, Slip};
use crate::authority::Authority;
use crate::ledger::{Ledger, LedgerError, Owed};

/// The name of the lease.
const LEASE: &str = "belisha reminders";
/// How long it is taken for; another process waits that long for one that ended without giving it back.
const LEASE_TIME: TimeDelta = TimeDelta::seconds(30);
/// The least time between two mails to one person.
const QUIET: TimeDelta = TimeDelta::minutes(15);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// How often it is doubled at most: 85 minutes.
const MOST_DOUBLINGS: u32 = 10;

/// Why a round came to nothing. What is owed stays owed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The journal, the keys, or the people.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<JournalError> for OutboxError {
    fn from(error: JournalError) -> Self {
        LedgerError::from(error).into()
    }
}

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Whether another process does it.
    pub elsewhere: bool,
    /// How many mails were sent.
    pub sent: usize,
    /// How many could not be sent.
    pub failed: usize,
}

/// Tells people of what is owed to them.
pub struct Outbox<T> {
    ledger: Ledger,
    transport: T,
    authority: Authority,
    lease: Option<Lease>,
    /// Who was told of what is owed still. A process that ends forgets it, and people are told again.
    told: HashMap<TaskId, HashSet<PersonId>>,
    paces: HashMap<PersonId, Pace>,
    /// What was last said of those who cannot be reached.
    said: Unreached,
}

/// When somebody may be told next.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    not_before: Option<DateTime<Utc>>,
    failures: u32,
}

impl Pace {
    fn is_free(self, now: DateTime<Utc>) -> bool {
        self.not_before.is_none_or(|not_before| not_before <= now)
    }

    fn was_told(now: DateTime<Utc>) -> Self {
        Self { not_before: now.checked_add_signed(QUIET), failures: 0 }
    }

    fn failed(self, now: DateTime<Utc>) -> Self {
        let pause = FIRST_PAUSE * (1 << self.failures.min(MOST_DOUBLINGS));
        Self { not_before: now.checked_add_signed(pause), failures: self.failures.saturating_add(1) }
    }
}

/// Something that is owed, and who is to be told of it.
struct Due {
    id: TaskId,
    /// Those who handle it and see nothing newer.
    to: BTreeSet<PersonId>,
    /// Those who handle it, and see where it goes on.
    elsewhere: BTreeSet<PersonId>,
}

impl<T: Transport> Outbox<T> {
    /// For a school.
    pub fn new(ledger: Ledger, transport: T) -> Self {
        Self {
            ledger,
            transport,
            authority: Authority::default(),
            lease: None,
            told: HashMap::new(),
            paces: HashMap::new(),
            said: Unreached::default(),
        }
    }

    /// Goes round once.
    ///
    /// # Errors
    /// Journal, keys or people cannot be read, or what was told of cannot be settled.
    pub fn go_round(&mut self, now: DateTime<Utc>) -> Result<Round, OutboxError> {
        if !self.has_lease()? {
            return Ok(Round { elsewhere: true, ..Round::default() });
        }
        self.authority.follow(&self.ledger)?;
        // Before what is owed: whoever is let into a circle after this is not among them, and what is kept from whoever was
        // let in before this is owed to others already.
        let holders = Holders::load(self.ledger.keys(), &self.authority, now)?;
        self.say_who_is_out_of_reach(&holders);
        let due = due(&self.ledger.owed(now)?, &holders);
        self.told.retain(|id, _| due.iter().any(|due| due.id == *id));
        let people: BTreeSet<PersonId> = due.iter().flat_map(|due| due.to.union(&due.elsewhere)).copied().collect();
        let free: BTreeSet<PersonId> = people.into_iter().filter(|person| self.is_free(*person, now)).collect();
        let (round, failed) = self.tell(&due, &free, now)?;
        let reached = |person: &PersonId| free.contains(person) && !failed.contains(person);
        for due in &due {
            let told = self.told.entry(due.id).or_default();
            // Had they been told of this, it would have been now.
            told.extend(due.elsewhere.iter().filter(|person| reached(person)));
            let mut all = due.to.union(&due.elsewhere).peekable();
            if all.peek().is_some() && all.all(|person| told.contains(person)) {
                self.ledger.journal().delivered(due.id)?;
            }
        }
        Ok(round)
    }

    /// Gives the lease back, so that another process need not wait.
    pub fn close(mut self) {
        if let Some(lease) = self.lease.take()
            && let Err(error) = self.ledger.journal().release(&lease)
        {
            tracing::debug!("the lease of the reminders ends by itself: {error}");
        }
    }

    /// Sends a mail to each of those who are owed something that they were not told of. Who failed.
    fn tell(
        &mut self,
        due: &[Due],
        free: &BTreeSet<PersonId>,
        now: DateTime<Utc>,
    ) -> Result<(Round, HashSet<PersonId>), OutboxError> {
        // In no order.
        let mut waiting: HashMap<PersonId, Vec<TaskId>> = HashMap::new();
        for due in due {
            let told = self.told.get(&due.id);
            let new =
                due.to.iter().filter(|person| free.contains(person) && !told.is_some_and(|it| it.contains(person)));
            new.for_each(|person| waiting.entry(*person).or_default().push(due.id));
        }
        let (mut round, mut failed) = (Round::default(), HashSet::new());
        for (person, tasks) in waiting {
            if !self.has_lease()? {
                // Another process has taken over, and tells the rest.
                failed.insert(person);
                continue;
            }
            let Some(address) = address(&self.authority, person) else { continue };
            let pace = self.paces.entry(person).or_default();
            match self.transport.remind(address) {
                Ok(()) => {
                    *pace = Pace::was_told(now);
                    round.sent += 1;
                    for id in tasks {
                        self.told.entry(id).or_default().insert(person);
                    }
                }
                Err(error) => {
                    *pace = pace.failed(now);
                    round.failed += 1;
                    failed.insert(person);
                    tracing::warn!("somebody could not be reminded, and it is tried again: {error}");
                }
            }
        }
        Ok((round, failed))
    }

    /// Whether somebody can be told now.
    fn is_free(&self, person: PersonId, now: DateTime<Utc>) -> bool {
        address(&self.authority, person).is_some() && self.paces.get(&person).is_none_or(|pace| pace.is_free(now))
    }

    /// Whether this process has the lease, and will for a while.
    fn has_lease(&mut self) -> Result<bool, OutboxError> {
        let (now, journal) = (Utc::now(), self.ledger.journal());
        self.lease = match self.lease.take() {
            Some(lease) if lease.until() - now > LEASE_TIME / 2 => Some(lease),
            Some(lease) => journal.prolong(lease, now, LEASE_TIME)?,
            None => journal.lease(LEASE, now, LEASE_TIME)?,
        };
        Ok(self.lease.is_some())
    }

    fn say_who_is_out_of_reach(&mut self, holders: &Holders) {
        let unreached = Unreached::of(holders, &self.authority);
        if unreached != self.said {
            tracing::warn!("{unreached}");
            self.said = unreached;
        }
    }
}

/// Who is to be told of what.
fn due(owed: &[Owed], holders: &Holders) -> Vec<Due> {
    let slip = |owed: &Owed| owed.says.as_deref().and_then(|says| Slip::decode(says));
    let mut elsewhere: BTreeMap<[u8; 16], HashSet<PersonId>> = BTreeMap::new();
    for owed in owed {
        if let Some(Slip { mark, says: Says::InPlaceOf }) = slip(owed) {
            let people = holders.of(&owed.role).iter().map(|holder| holder.person);
            elsewhere.entry(mark).or_default().extend(people);
        }
    }
    let to_tell = |owed: &Owed| {
        let slip = slip(owed);
        if slip.is_some_and(|slip| slip.says == Says::InPlaceOf) {
            return None;
        }
        // What cannot be opened is told of: once too often is better than not at all.
        let elsewhere = slip.and_then(|slip| elsewhere.get(&slip.mark));
        let handle = holders.of(&owed.role).iter().filter(|holder| holder.handles).map(|holder| holder.person);
        let (elsewhere, to) = handle.partition(|person| elsewhere.is_some_and(|it| it.contains(person)));
        Some(Due { id: owed.id, to, elsewhere })
    };
    owed.iter().filter_map(to_tell).collect()
}
